"""One opened installation: settings, keys and records together, wired in one place."""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cardsvc.errors import ServiceError
from cardsvc.records import IssuerSettings, RecordKeys, Store, open_store
from cardsvc.settings import STATUS_PATH, Settings
from keys.files import Passphrase
from keys.keyring import Keyring
from verify.card import StatusRef


@dataclass(frozen=True, slots=True)
class Installation:
    """What every use case works with."""

    settings: Settings
    keyring: Keyring
    store: Store
    issuer: IssuerSettings

    def status_ref(self, list_id: str, index: int) -> StatusRef:
        """Where the fate of a print is written, as its code says it."""
        return StatusRef(f"{self.issuer.public_url}{STATUS_PATH}{list_id}", index)

    @contextmanager
    def issuing_alone(self) -> Iterator[None]:
        """Hold the right to sign cards: one process at a time, so that an old intent is surely nobody's."""
        path = self.settings.data / "issuing.lock"
        with ExitStack() as stack:
            try:
                lock = stack.enter_context(path.open("wb"))
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                words = "another `cardsvc issue` or `replace` runs on this data directory; wait for its end"
                raise ServiceError("issuing_busy", words) from error
            except OSError as error:
                words = f"{path} cannot be locked: {error.strerror or error}; check its owner, mode and disk"
                raise ServiceError("cannot_lock", words) from error
            yield


def check_initialised(settings: Settings) -> None:
    """Refuse a data directory that `init` never made (``not_initialised``)."""
    if not settings.keys.exists():
        raise ServiceError(
            "not_initialised",
            f"{settings.data} holds no installation: run `cardsvc init`, or set CARDSVC_DATA",
        )


@contextmanager
def open_installation(settings: Settings) -> Iterator[Installation]:
    """Open what ``init`` made; the records are closed at the end."""
    check_initialised(settings)
    keyring = Keyring.open(settings.keys, Passphrase.from_file(settings.passphrase_file))
    store = open_store(settings.database, record_keys(keyring))
    try:
        with store.reading() as tx:
            issuer = tx.issuer.get()
        check_keyring(keyring, issuer.iss, issuer.day_offset_s)
        yield Installation(settings, keyring, store, issuer)
    finally:
        store.close()


def check_keyring(keyring: Keyring, issuer: str, day_offset_s: int) -> None:
    """Refuse a keyring of another issuer, or one whose days begin elsewhere: readers refuse its cards."""
    listed = keyring.key_list
    if (listed.issuer, listed.day_offset_s) != (issuer, day_offset_s):
        raise ServiceError(
            "wrong_keyring",
            f"the key list in {keyring.directory} is of {listed.issuer} (day offset {listed.day_offset_s} s),"
            f" the installation of {issuer} ({day_offset_s} s): put the keys back that belong to it",
        )


def record_keys(keyring: Keyring) -> RecordKeys:
    """The keyring's secrets as the records want them."""
    keys = keyring.record_keys()
    return RecordKeys(keys.masters, keys.newest, keys.blind)


def fonts_folder(settings: Settings) -> Path:
    """Where the typefaces are."""
    return settings.fonts or Path(__file__).resolve().parent.parent / "templates" / "fonts"
