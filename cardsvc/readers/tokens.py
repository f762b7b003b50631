"""Access tokens of readers: client credentials with ``private_key_jwt`` (RFC 6749, RFC 7523)."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from cardsvc.errors import ServiceError
from cardsvc.readers.jwt import Token, bad_token, read_token
from cardsvc.records import Store
from cardsvc.records.reader_tables import ReaderState
from cardsvc.records.readers import ReaderRecord
from verify.cose import ES256, PublicKey

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - an address
GRANT: Final = "client_credentials"
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: A revoked reader's tokens end at once; what was copied off a device ends by itself.
TOKEN_LIFE: Final = timedelta(minutes=10)
#: How far a reader's clock may be off.
LEEWAY_S: Final = 60
#: No assertion is good for longer than this, whatever it says: its jti is remembered for as long.
LONGEST_S: Final = 600
_TOKEN_BYTES: Final = 32
_MAX_JTI: Final = 128


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token, shown this once, and its life in seconds."""

    token: str
    life_s: int


def issue_token(store: Store, address: str, assertion: str, now: datetime) -> Issued:
    """Give a reader a token for its assertion; raises ``invalid_client``.

    ``address`` is the service's, as readers know it; the assertion is for ``address`` + ``/oauth/token``.
    """
    try:
        token = read_token(assertion)
        reader, jti = token.text("sub"), token.text("jti")
        ends = _check_claims(token, reader, address, int(now.timestamp()))
        with store.reading() as tx:
            known = tx.readers.find(reader)
        if known is None or known.state != ReaderState.ACTIVE.value:
            raise bad_token(f"no reader {reader:.64} is enrolled here")
        token.check(PublicKey(ES256, known.public_key), "JWT")
        return _issue(store, known, jti, ends, now)
    except ServiceError as error:
        raise ServiceError("invalid_client", str(error)) from error


def token_digest(token: str) -> bytes:
    """What of a token is kept."""
    return sha256(token.encode("utf-8", "replace")).digest()


def _check_claims(token: Token, reader: str, address: str, now: int) -> datetime:
    """RFC 7523, section 3: who speaks, to whom, and until when; gives until when its jti is remembered."""
    if token.text("iss") != reader or "\0" in reader:
        raise bad_token("iss and sub must both be the reader's id")
    if token.claims.get("aud") not in (address + TOKEN_PATH, [address + TOKEN_PATH]):
        raise bad_token(f"aud must be {address}{TOKEN_PATH}")
    if len(token.text("jti")) > _MAX_JTI:
        raise bad_token(f"jti has at most {_MAX_JTI} characters")
    begins, ends = token.seconds("iat"), token.seconds("exp")
    if "nbf" in token.claims and token.seconds("nbf") > now + LEEWAY_S:
        raise bad_token("the assertion is not good yet; is the reader's clock right?")
    if begins > now + LEEWAY_S or ends <= now - LEEWAY_S:
        raise bad_token("the assertion is of another time; is the reader's clock right?")
    if not begins < ends <= begins + LONGEST_S:
        raise bad_token(f"an assertion is good for at most {LONGEST_S} s")
    return datetime.fromtimestamp(ends + 2 * LEEWAY_S, UTC)


def _issue(store: Store, reader: ReaderRecord, jti: str, ends: datetime, now: datetime) -> Issued:
    used = sha256(f"{reader.id}\0{jti}".encode("utf-8", "replace")).digest()
    made = secrets.token_urlsafe(_TOKEN_BYTES)
    with store.transaction() as tx:
        if not tx.readers.use_assertion(used, ends):
            raise bad_token("this assertion was used before")
        if tx.readers.get(reader.id).state != ReaderState.ACTIVE.value:
            raise bad_token(f"no reader {reader.id} is enrolled here")
        tx.readers.add_token(token_digest(made), reader.id, now + TOKEN_LIFE)
        tx.readers.seen(reader.id, now)
    return Issued(made, int(TOKEN_LIFE.total_seconds()))
