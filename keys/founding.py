"""The signer's own directory: made once by ``init``, opened by every start (docs/signer.md).

``DATA/signer`` holds the ledger, the key of the audit's checkpoints and the socket. The first people who may
approve are founders: each gets a code, good once, whose hash alone is kept.
"""

from base64 import b32encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import Final

from keys.approvals import APPROVER
from keys.files import STANDARD_COST, Cost, Passphrase
from keys.keyring import Keyring
from keys.ledger import Ledger, LedgerFacts
from keys.service import SignerPolicy, SigningService
from keys.signer import memory_signer, new_secret, open_key, seal_key
from verify.cose import EDDSA

#: 160 bits: nobody guesses a code, so its hash needs no salt; 32 characters to type.
_CODE_BYTES: Final = 20
_CHECKPOINT_USE: Final = "checkpoint"


@dataclass(frozen=True, slots=True)
class SignerPlaces:
    """Where the signer's things lie under the data directory."""

    data: Path

    @property
    def directory(self) -> Path:
        """The signer's own directory, of mode 0700."""
        return self.data / "signer"

    @property
    def ledger(self) -> Path:
        """What it remembers."""
        return self.directory / "ledger.db"

    @property
    def checkpoint_key(self) -> Path:
        """The key that signs checkpoints of the audit."""
        return self.directory / "checkpoint.key"

    @property
    def socket(self) -> Path:
        """Where it listens, if nothing else is said."""
        return self.directory / "socket"


@dataclass(frozen=True, slots=True)
class Founder:
    """Somebody who may approve from the beginning."""

    staff: str
    office: str


def found_signer(
    data: Path,
    passphrase: Passphrase,
    facts: LedgerFacts,
    founders: Sequence[Founder],
    *,
    now: datetime,
    cost: Cost = STANDARD_COST,
) -> dict[str, str]:
    """Make the signer's ledger and key, and a founding code for every founder; gives the codes by person.

    Run again after a crash it goes on: founders whose code was not used get a new one, the old is void.
    """
    places = SignerPlaces(data)
    ledger = Ledger.open(places.ledger) if places.ledger.exists() else Ledger.create(places.ledger, facts)
    try:
        if not places.checkpoint_key.exists():
            secret = new_secret(EDDSA)
            seal_key(places.checkpoint_key, secret, EDDSA, _CHECKPOINT_USE, passphrase, cost=cost)
        codes: dict[str, str] = {}
        with ledger.transaction() as db:
            for founder in founders:
                query = "SELECT 1 FROM founder WHERE staff = ? AND used IS NOT NULL"
                if db.execute(query, (founder.staff,)).fetchone():
                    continue
                code = b32encode(token_bytes(_CODE_BYTES)).decode().lower()
                row = (sha256(code.encode()).digest(), founder.staff, APPROVER, founder.office)
                db.execute("DELETE FROM founder WHERE staff = ?", (founder.staff,))
                db.execute("INSERT INTO founder VALUES (?, ?, ?, ?, NULL)", row)
                codes[founder.staff] = code
            details = {"founders": sorted(codes)}
            ledger.log(int(now.timestamp()), "console", "founding_codes_made", facts.issuer, details)
    finally:
        ledger.close()
    return codes


def founders_open(data: Path) -> frozenset[str]:
    """Founders whose code was never used, as the signer's ledger of a data directory says."""
    places = SignerPlaces(data)
    if not places.ledger.exists():
        return frozenset()
    ledger = Ledger.open(places.ledger)
    try:
        with ledger.transaction() as db:
            return frozenset(staff for (staff,) in db.execute("SELECT staff FROM founder WHERE used IS NULL"))
    finally:
        ledger.close()


def open_signer_service(
    data: Path, passphrase: Passphrase, policy: SignerPolicy, clock: Callable[[], datetime]
) -> SigningService:
    """Open the signer of a data directory, with its keyring in ``keys/``.

    Raises as ``Keyring.open``, ``Ledger.open`` and ``open_key`` do.
    """
    places = SignerPlaces(data)
    keyring = Keyring.open(data / "keys", passphrase)
    ledger = Ledger.open(places.ledger)
    try:
        public, secret = open_key(places.checkpoint_key, passphrase, use=_CHECKPOINT_USE)
        return SigningService(keyring, ledger, memory_signer(secret, public.algorithm), policy, clock)
    except BaseException:
        ledger.close()
        raise
