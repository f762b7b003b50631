"""The whole service in one process, for measuring and breaking it: records, signer, application, server."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from cardsvc.app import create_app
from cardsvc.desk.issuing import IssuingDesk
from cardsvc.desk.outcomes import Issued, Request
from cardsvc.desk.signing import codes_of
from cardsvc.http.logging import make_logger
from cardsvc.installation import ServedInstallation, open_installation, open_served
from cardsvc.settings import Settings
from cardsvc.setup import initialise
from issuance.application import PERMIT_FREE_CLASSES
from keys.files import Passphrase
from keys.founding import open_signer_service
from keys.service import SignerPolicy
from scripts.bench.issuing import APPROVED, EXAMPLES, SUBMITTED, Applications
from scripts.bench.town import COST, ISSUER

_START_S: Final = 30


def utc_now() -> datetime:
    """The true time."""
    return datetime.now(UTC)


@contextmanager
def opened(
    settings: Settings, clock: Callable[[], datetime] = utc_now
) -> Iterator[tuple[FastAPI, ServedInstallation]]:
    """The application over an installation that is made for it, with its real signer in this process."""
    staff, venues = EXAMPLES / "staff.toml", EXAMPLES / "venues.toml"
    initialise(settings, issuer=ISSUER, staff=staff, venues=venues, now=clock(), cost=COST)
    policy = SignerPolicy(demo=True, permit_free=frozenset(map(int, PERMIT_FREE_CLASSES)))
    signer = open_signer_service(settings.data, Passphrase.from_file(settings.passphrase_file), policy, clock)
    try:
        with open_served(settings, signer) as site:

            @contextmanager
            def opening(_settings: Settings) -> Iterator[ServedInstallation]:
                yield site

            yield create_app(settings, opening=opening, clock=clock, logger=make_logger(io.StringIO())), site
    finally:
        signer.close()


def issued(settings: Settings, count: int) -> list[str]:
    """Issue so many cards, of people who exist for this run; the texts of their gate codes."""
    requests = [Request(place, raw) for place, raw in enumerate(Applications(utc_now()).take(count), 1)]
    with open_installation(settings) as installation:
        desk = IssuingDesk(installation, submitted_by=SUBMITTED, approved_by=APPROVED)
        outcomes = [one for batch in desk.issue(requests, base=EXAMPLES, clock=utc_now) for one in batch]
        prints = [one.print_id for one in outcomes if isinstance(one, Issued)]
        with installation.store.reading() as tx:
            return [codes_of(installation.keyring, tx.prints.get(one)).gate_text for one in prints]


@contextmanager
def listening(app: FastAPI, door: socket.socket, **more: Any) -> Iterator[None]:
    """Serve ``app`` at a bound socket, in a thread; ``more`` is for uvicorn."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, **more))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    end = time.monotonic() + _START_S
    try:
        while not server.started:
            if not thread.is_alive() or time.monotonic() > end:
                raise RuntimeError("the service did not start")
            time.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        thread.join()
