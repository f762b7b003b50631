"""Which reader asks: the bearer of an access token (RFC 6750)."""

from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends, Path, Request

from cardsvc.errors import ServiceError
from cardsvc.http.access import Serving, running, serving_of
from cardsvc.readers.tokens import token_digest
from cardsvc.records import Unavailable
from cardsvc.records.readers import ReaderRecord

#: A reader's last request is written at most this often: asking for a bundle must not wait for writers.
SEEN_EVERY: Final = timedelta(minutes=1)
_SCHEME: Final = "bearer"


def has_token(request: Request) -> bool:
    """Whether the request shows a token at all."""
    return "authorization" in request.headers


def bearer(request: Request) -> ReaderRecord:
    """The reader whose token the request shows; raises ``not_enrolled`` (401)."""
    serving = serving_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    now = serving.clock()
    found = None
    if scheme.lower() == _SCHEME and token:
        with serving.installation.store.reading() as tx:
            found = tx.readers.of_token(token_digest(token.strip()), now)
    if found is None:
        raise ServiceError("not_enrolled", "only an enrolled reader may ask this, with a token that is good")
    request.scope["state"]["reader"] = found.id
    if found.seen_at is None or abs(now - found.seen_at) >= SEEN_EVERY:
        with suppress(Unavailable), serving.installation.store.transaction() as tx:
            tx.readers.seen(found.id, now)
    return found


def itself(
    reader: Annotated[str, Path(max_length=64)], found: Annotated[ReaderRecord, Depends(bearer)]
) -> ReaderRecord:
    """The reader that the address names, which must be the one that asks (``not_your_reader``)."""
    if found.id != reader:
        raise ServiceError("not_your_reader", f"this token is of {found.id}")
    return found


def of_venue(venue: str, found: Annotated[ReaderRecord, Depends(bearer)]) -> str:
    """A reader of that venue, and no other (``not_your_venue``)."""
    if found.venue != venue:
        raise ServiceError("not_your_venue", f"{found.id} stands at {found.venue}")
    return found.id


#: ``reader: Itself``
Itself = Annotated[ReaderRecord, Depends(itself)]
Served = Annotated[Serving, running]
