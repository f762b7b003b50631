"""``cardsvc signer``: the process that holds the keys (docs/signer.md)."""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cardsvc.errors import ServiceError
from cardsvc.installation import check_initialised
from cardsvc.settings import Settings, read_settings
from issuance.application import PERMIT_FREE_CLASSES
from keys.cardsigning import CARDS_PER_APPROVER, CARDS_PER_SUBMITTER, Limits
from keys.disk import check_private_directory
from keys.files import Passphrase
from keys.founding import SignerPlaces, open_signer_service
from keys.server import SignerServer, inherited, listen
from keys.service import SignerPolicy, SigningService

_ROOT = 0


def signer(
    cards_per_submitter: Annotated[
        int,
        typer.Option(min=1, envvar="CARDSVC_CARDS_PER_SUBMITTER", help="Cards a day one person submits."),
    ] = CARDS_PER_SUBMITTER,
    cards_per_approver: Annotated[
        int,
        typer.Option(min=1, envvar="CARDSVC_CARDS_PER_APPROVER", help="Cards a day one person approves."),
    ] = CARDS_PER_APPROVER,
) -> None:
    """Hold the keys and sign what was approved, for the service on this machine, until told to stop."""
    settings = read_settings()
    check_safe(settings)
    service = open_signing(settings, Limits(cards_per_submitter, cards_per_approver))
    try:
        serve(settings, service)
    finally:
        service.close()


def open_signing(settings: Settings, limits: Limits | None = None) -> SigningService:
    """Open the signer of this data directory in this process."""
    policy = SignerPolicy(
        demo=not settings.production,
        permit_free=frozenset(map(int, PERMIT_FREE_CLASSES)),
        limits=limits or Limits(),
    )
    passphrase = Passphrase.from_file(settings.passphrase_file)
    return open_signer_service(settings.data, passphrase, policy, _now)


def check_safe(settings: Settings) -> None:
    """Refuse to hold keys where others could reach them, or with more rights than that takes.

    Raises ``not_initialised``, ``key_file_exposed``, and ``unsafe_setting`` for root in production and for
    a service that would run as root.
    """
    check_initialised(settings)
    places = SignerPlaces(settings.data)
    for directory in (settings.keys, places.directory):
        if directory.exists():
            check_private_directory(directory)
    if settings.production and os.getuid() == _ROOT:
        words = "the signer runs as a user of its own, not as root: see the units in docs/signer.md"
        raise ServiceError("unsafe_setting", words)
    if settings.production and settings.service_uid == _ROOT:
        raise ServiceError("unsafe_setting", "CARDSVC_SERVICE_UID names root, and the service is not root")


def serve(settings: Settings, service: SigningService) -> None:
    """Answer calls until SIGTERM or SIGINT; those in progress end first, and the socket goes."""
    handed_over = inherited()
    path: Path = settings.signer_socket
    server = SignerServer(service, handed_over or listen(path), allowed_uid=settings.service_uid)

    def stop(*_: object) -> None:
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    # One line that scripts wait for; whoever is connected from now on is answered.
    print(f"signer: ready at {path if handed_over is None else 'its socket'}", file=sys.stderr, flush=True)  # noqa: T201 - says it to whoever started the signer
    try:
        server.serve()
    finally:
        if handed_over is None:
            path.unlink(missing_ok=True)


def _now() -> datetime:
    return datetime.now(UTC)
