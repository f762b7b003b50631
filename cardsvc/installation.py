"""One opened installation: settings, keys and records together, wired in one place."""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cardsvc.errors import ServiceError
from cardsvc.http.budget import NONCES, Budget
from cardsvc.records import IssuerSettings, RecordKeys, Store, open_store
from cardsvc.settings import STATUS_PATH, Settings
from keys.documents import Documents, Roots
from keys.files import Passphrase
from keys.keyring import Keyring
from keys.signing import SignerFacts, Signing
from verify.card import StatusRef
from verify.keylist import KEYS_TYP, decode_key_list
from verify.root import read_root
from verify.signatures import read_sign

_FONTS = Path(__file__).resolve().parent.parent / "templates" / "fonts"


@dataclass(frozen=True, slots=True)
class Site:
    """What every use case works with, whoever signs: settings and records of one issuer."""

    settings: Settings
    store: Store
    issuer: IssuerSettings
    #: The masters of chip keys by version, once they were asked for (``cardsvc.desk.taps``). Like the store's
    #: keys they are those of the opening: who rotates the records' keys opens the installation anew.
    chip_masters: dict[int, bytes] = field(default_factory=dict, repr=False, compare=False, kw_only=True)

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


@dataclass(frozen=True, slots=True)
class Installation(Site):
    """The console's: its keys are opened in this process."""

    keyring: Keyring


@dataclass(frozen=True, slots=True)
class ServedInstallation(Site):
    """The web service's: no key is here, ``signer`` holds them in a process of its own."""

    signer: Signing
    _nonces: Budget = field(
        default_factory=lambda: Budget(NONCES), init=False, repr=False, compare=False, kw_only=True
    )

    def nonce(self, staff: str, now: datetime) -> bytes:
        """The signer's nonce for what ``staff`` may approve; ``too_often`` for who would take them all."""
        self._nonces.spend(staff, now)
        return self.signer.nonce()

    @property
    def facts(self) -> SignerFacts:
        """What the signer says of itself now."""
        return self.signer.hello()

    @property
    def documents(self) -> Documents:
        """The root documents and the key list that the signer uses now."""
        facts = self.signer.hello()
        key_list = decode_key_list(read_sign(facts.key_list_bytes, KEYS_TYP).payload)
        roots = Roots(facts.roots, tuple(read_root(document) for document in facts.roots))
        return Documents(roots, facts.key_list_bytes, key_list)


def check_initialised(settings: Settings) -> None:
    """Refuse a data directory that `init` never made (``not_initialised``)."""
    if not settings.keys.exists():
        raise ServiceError(
            "not_initialised",
            f"{settings.data} holds no installation: set CARDSVC_DATA to the directory that does;"
            " `cardsvc init` makes a new one",
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
        yield Installation(settings, store, issuer, keyring)
    finally:
        store.close()


@contextmanager
def open_served(settings: Settings, signer: Signing) -> Iterator[ServedInstallation]:
    """Open the records with the keys that ``signer`` gives; they are closed at the end."""
    keys = signer.record_keys()
    store = open_store(settings.database, RecordKeys(keys.masters, keys.newest, keys.blind))
    try:
        with store.reading() as tx:
            issuer = tx.issuer.get()
        facts = signer.hello()
        if (facts.issuer, facts.day_offset_s) != (issuer.iss, issuer.day_offset_s):
            words = (
                f"the signer is of {facts.issuer}, the records of {issuer.iss}: check CARDSVC_DATA of both"
            )
            raise ServiceError("wrong_signer", words)
        if settings.production and facts.demo:
            words = "CARDSVC_PRODUCTION is not set for the signer, which takes over what nobody approved"
            raise ServiceError("unsafe_setting", f"{words}: set it there as it is set here")
        yield ServedInstallation(settings, store, issuer, signer)
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
    return settings.fonts or _FONTS
