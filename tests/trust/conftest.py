"""A city whose service runs, with its signer in the same process, and whose console can still be used."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest

from cardsvc.app import create_app
from cardsvc.http.logging import make_logger
from cardsvc.installation import ServedInstallation, open_installation, open_served
from cardsvc.settings import Settings
from cardsvc.setup import initialise
from issuance.application import PERMIT_FREE_CLASSES
from keys.files import Passphrase
from keys.founding import open_signer_service
from keys.service import SignerPolicy
from tests.desk.town import CHEAP, EXAMPLES, NOW, Town, settings_for

with warnings.catch_warnings():
    # Starlette would rather have another client than the one that is locked here; this one still serves.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient


@dataclass
class Hand:
    """A clock that goes where it is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@dataclass
class City:
    """The running service, its console, the clock of both, and what the service logs."""

    town: Town
    web: TestClient
    clock: Hand
    log: StringIO


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A demo: its console signs with keys in its own process, beside the signer."""
    settings, clock, log = settings_for(tmp_path), Hand(), StringIO()
    staff, venues = EXAMPLES / "staff.toml", EXAMPLES / "venues.toml"
    initialise(settings, issuer="cn-yiwu", staff=staff, venues=venues, now=NOW, cost=CHEAP)

    @contextmanager
    def opening(settings: Settings) -> Iterator[ServedInstallation]:
        policy = SignerPolicy(demo=True, permit_free=frozenset(map(int, PERMIT_FREE_CLASSES)))
        signer = open_signer_service(
            settings.data, Passphrase.from_file(settings.passphrase_file), policy, clock
        )
        try:
            with open_served(settings, signer) as served:
                yield served
        finally:
            signer.close()

    app = create_app(settings, opening=opening, clock=clock, logger=make_logger(log))
    with open_installation(settings) as console, TestClient(app) as web:
        yield City(Town(console), web, clock, log)
