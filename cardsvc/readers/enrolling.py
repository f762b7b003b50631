"""One-time codes, and the devices that bring them (docs/readers.md, "Enrolment")."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from nacl.exceptions import CryptoError
from nacl.public import PublicKey as SealKey
from nacl.public import SealedBox

from cardsvc.errors import ServiceError
from cardsvc.readers.jwt import from_base64url, key_of, read_token
from cardsvc.readers.kinds import Kind
from cardsvc.readers.places import Place, put_place
from cardsvc.records import NotFound, Store, Transaction
from cardsvc.records.reader_tables import ReaderState
from cardsvc.records.readers import EnrolmentRecord, ReaderRecord
from cardsvc.staff.lockout import check_open, count_failure
from verify.cose import PublicKey
from verify.verdict import Role

ENROL_TYP: Final = "cardsvc-enrol+jwt"
#: Nobody mistakes these for one another, read aloud or copied by hand.
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP: Final = 4
#: 39 bits: with a hundred guesses an address and quarter of an hour, nobody finds one while it is good.
_CHARACTERS: Final = 8
CODE_LIFE: Final = timedelta(days=1)
#: A new device's clock may be off, and a proof is worth nothing without its code.
PROOF_LIFE: Final = timedelta(hours=1)
#: How much of a card a venue's reader may show; a gate shows nothing, anywhere.
PROFILES: Final = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class Given:
    """A code that was made, shown this once."""

    code: str
    reader: str
    venue: str
    profile: str
    kind: Kind
    expires: datetime


def make_code(
    tx: Transaction,
    venue: str,
    by: str,
    now: datetime,
    *,
    name: str | None,
    profile: str | None,
    place: Place,
) -> Given:
    """Make a code for one new reader of a venue; raises ``venue_not_found``, ``bad_profile``, ``name_taken``.

    Without a ``name`` the reader is called after its venue; ``profile`` is the venue's role or ``gate``.
    """
    role = str(tx.venues.get(venue).config.get("role", "gate"))
    chosen = profile or role
    if chosen not in PROFILES or chosen not in ("gate", role):
        raise ServiceError("bad_profile", f"a reader of {venue} is gate or {role}, not {chosen}")
    if name is not None and tx.readers.name_taken(name):
        raise ServiceError("name_taken", f"there is, was or will be a reader {name}; give another name")
    reader = name or _free_name(tx, venue)
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_CHARACTERS))
    code = f"{letters[:_GROUP]}-{letters[_GROUP:]}"
    expires = now + CODE_LIFE
    values = {"reader": reader, "venue": venue, "profile": chosen, "made_by": by, "made_at": now}
    tx.readers.offer(code, values | {"expires_at": expires})
    put_place(tx, reader, place)
    details = {"venue": venue, "profile": chosen, "kind": place.kind.value}
    tx.audit.append(by, "reader_invited", reader, details, now)
    return Given(code, reader, venue, chosen, place.kind, expires)


def withdraw_code(tx: Transaction, reader: str, by: str, now: datetime) -> None:
    """End the code that waits for a reader of that name; raises ``code_not_found``. The name stays taken."""
    if not tx.readers.withdraw_offer(reader, now):
        raise NotFound("code_not_found", f"no code waits for a reader {reader}; it was used, or is over")
    tx.audit.append(by, "reader_code_withdrawn", reader, {}, now)


def enrol(store: Store, address: str, url: str, code: str, proof: str, now: datetime) -> EnrolmentRecord:
    """Let a device in; the same code and key again get the same answer. Raises ``enrolment_refused``.

    ``address`` is where failures are counted; ``url`` what the device was told the service is called.
    """
    with store.transaction() as tx:
        check_open(tx, None, address, now)
        refused = None
        try:
            enrolment, public, seal = _proved(tx, url, code, proof, now)
            _take(tx, enrolment, public, seal, now)
        except ServiceError as error:
            count_failure(tx, None, address, now)
            refused = ServiceError("enrolment_refused", str(error))
    # Raised outside: the failure that was counted stays counted.
    if refused is not None:
        raise refused
    return enrolment


def _proved(
    tx: Transaction, url: str, code: str, proof: str, now: datetime
) -> tuple[EnrolmentRecord, PublicKey, bytes]:
    token = read_token(proof)
    key, seal = key_of(token.claims.get("jwk")), from_base64url(token.text("seal"))
    token.check(key, ENROL_TYP)
    token.text("jti")
    if token.text("aud") != url:
        raise ServiceError("wrong_audience", f"this service is called {url}; enrol at that address")
    if token.text("code") != code:
        raise ServiceError("bad_token", "the proof is for another code")
    if abs(token.seconds("iat") - now.timestamp()) > PROOF_LIFE.total_seconds():
        raise ServiceError("clock_suspect", "the device's clock is more than an hour off; set it right")
    try:
        SealedBox(SealKey(seal)).encrypt(b"")  # A point that nothing can be sealed to is refused here.
    except (CryptoError, ValueError, TypeError) as error:
        raise ServiceError("bad_token", "seal must be an X25519 key of 32 bytes") from error
    found = tx.readers.offered(code.strip().upper())
    if found is None or (found.used_at is None and found.expires_at <= now):
        raise ServiceError("bad_code", "this code is not known here, or is over; ask for another")
    return found, key, seal


def _take(tx: Transaction, found: EnrolmentRecord, key: PublicKey, seal: bytes, now: datetime) -> None:
    known = tx.readers.find(found.reader)
    if known is None:
        reader = ReaderRecord(
            id=found.reader,
            venue=found.venue,
            profile=found.profile,
            state=ReaderState.ACTIVE.value,
            public_key=key.raw,
            seal_key=seal,
            enrolled_at=now,
            seen_at=now,
        )
        tx.readers.add(reader)
        tx.readers.use(found, now)
        details = {"venue": found.venue, "profile": found.profile, "key": sha256(key.raw).hexdigest()[:16]}
        tx.audit.append(found.reader, "reader_enrolled", found.reader, details, now)
    elif (known.public_key, known.seal_key, known.state) != (key.raw, seal, ReaderState.ACTIVE.value):
        raise ServiceError("code_used", "another device used this code; ask for another")


def _free_name(tx: Transaction, venue: str) -> str:
    number = 1
    while tx.readers.name_taken(f"{venue}-{number}"):
        number += 1
    return f"{venue}-{number}"
