"""The routes by which a card goes from phone to phone, and comes back to a new one."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import StringConstraints

from cardsvc.desk import asks
from cardsvc.desk.case_routes import Served
from cardsvc.holder import moving, recovering
from cardsvc.holder.enrolling import spoken
from cardsvc.holder.proofs import Bytes64, Proof, bytes_of, proof_of
from cardsvc.http.access import address_of, anyone
from cardsvc.http.bodies import Answer, Body

router = APIRouter(tags=["phones"])

Code = Annotated[str, StringConstraints(min_length=9, max_length=9, pattern=r"^[0-9A-Za-z-]+$")]


class Offer(Answer):
    """The code under which the old phone finds this one's key; ``url`` holds it behind ``#``."""

    code: str
    url: str
    fingerprint: str
    expires: datetime


class ByCode(Proof):
    """A proof, and the code that the new phone shows."""

    code: Code


class Offered(Answer):
    """Whom the old phone would sign for: the thumbprint of its key, and the digits that both screens show."""

    thumbprint: str
    fingerprint: str


class Carried(Answer):
    """What became of the phone that shall carry the card; ``ready`` is an epoch second."""

    state: str
    fingerprint: str
    ready: int | None
    time: int


class Registering(Proof):
    """A recovery key's public half, as a P-256 point."""

    recovery: Bytes64


class Recovering(Body):
    """What the recovery key signs (``recover:`` and the new thumbprint), and the new key (``carry``)."""

    recovery: Proof
    phone: Proof


class Stopping(Proof):
    """The phone that waits for a recovery."""

    phone: asks.Id


class Done(Answer):
    """It is done."""

    done: bool


@router.post("/api/holder/move/offer", dependencies=[anyone], response_model=Offer)
def offer(request: Request, serving: Served, body: Proof) -> Any:
    """A new phone's key under a code, for ten minutes; its proof is over ``offer``."""
    now = serving.clock()
    serving.beginnings.spend(address_of(request), now)
    made = moving.offer(serving.installation, proof_of(body), now)
    url = f"{serving.installation.issuer.public_url}/card#/give/{made.code}"
    return Offer(code=made.code, url=url, fingerprint=spoken(made.thumbprint), expires=made.expires)


@router.post("/api/holder/move/look", dependencies=[anyone], response_model=Offered)
def look(request: Request, serving: Served, body: ByCode) -> Any:
    """The key behind a code, for a phone that carries a card; its proof is over ``look``."""
    now = serving.clock()
    key = moving.offered(serving.installation, address_of(request), proof_of(body), body.code, now)
    return Offered(thumbprint=key.hex(), fingerprint=spoken(key))


@router.post("/api/holder/move", dependencies=[anyone], response_model=Carried)
def move(request: Request, serving: Served, body: ByCode) -> Any:
    """The card goes to the phone behind the code; the proof is over ``move:`` and its thumbprint."""
    now = serving.clock()
    new = moving.move(serving.installation, address_of(request), proof_of(body), body.code, now)
    return _carried(str(new.state), new.thumbprint, None, now)


@router.post("/api/holder/recovery", dependencies=[anyone], response_model=Done)
def register(serving: Served, body: Registering) -> Any:
    """Keep a recovery key; the proof is over ``recovery:`` and its thumbprint."""
    recovering.register(serving.installation, proof_of(body), bytes_of(body.recovery), serving.clock())
    return Done(done=True)


@router.post("/api/holder/recover", dependencies=[anyone], response_model=Carried)
def recover(request: Request, serving: Served, body: Recovering) -> Any:
    """A lost phone's card shall come to this one, a day later unless a phone of the card stops it."""
    now = serving.clock()
    by, phone = proof_of(body.recovery), proof_of(body.phone)
    new = recovering.begin(serving.installation, address_of(request), by, phone, now)
    return _carried("recovering", new.thumbprint, new.ready_at, now)


@router.post("/api/holder/recovery/stop", dependencies=[anyone], response_model=Done)
def stop(serving: Served, body: Stopping) -> Any:
    """End a recovery and the code behind it; the proof is over ``stop-recovery:`` and the waiting phone."""
    recovering.stop(serving.installation, proof_of(body), body.phone, serving.clock())
    return Done(done=True)


def _carried(state: str, key: bytes | None, ready: datetime | None, now: datetime) -> Carried:
    at = None if ready is None else int(ready.timestamp())
    return Carried(state=state, fingerprint=spoken(key), ready=at, time=int(now.timestamp()))
