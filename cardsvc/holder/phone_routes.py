"""What a phone asks for, proved by its own key."""

import base64
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from cardsvc.desk import asks
from cardsvc.desk.case_routes import Served
from cardsvc.holder import enrolling, losing, tokens
from cardsvc.holder.enrolling import spoken
from cardsvc.holder.proofs import Bytes64, Proof, bytes_of, proof_of
from cardsvc.http.access import address_of, anyone
from cardsvc.http.bodies import Answer, Body

router = APIRouter(tags=["phones"])


class Bringing(Body):
    """A code, and the key the phone made for it; ``proof`` signs the code."""

    code: Annotated[str, StringConstraints(min_length=9, max_length=9, pattern=r"^[0-9A-Za-z-]+$")]
    key: Bytes64
    proof: Bytes64


class Brought(Answer):
    """The phone waits now; ``time`` is the service's."""

    state: str
    fingerprint: str
    time: int


class Losing(Proof):
    """What was lost; the signature says it too. ``phone`` is another one of the card, by its id."""

    what: Literal["print", "chip", "phone"]
    phone: asks.Id | None = None


class RightView(Answer):
    """A service, and its last day where it ends before the card."""

    service: str
    until: str | None


class CardShown(Answer):
    """What the holder's page shows."""

    number: str
    card_class: Annotated[str, Field(alias="class")]
    name: str
    name_native: str | None
    language_native: str | None
    name_chinese: str | None
    valid_until: str
    permit_until: str | None
    services: list[RightView]
    print_lost: bool


class Notice(Answer):
    """Somebody with the recovery code wants the card on another phone; this one may stop it."""

    phone: str
    fingerprint: str
    ready: int


class RenewedAnswer(Answer):
    """How the card stands, and a token (COSE_Sign1 in base64) where one was signed.

    ``ready`` is the epoch second from which a recovery brings the card; days end at the issuer's midnight,
    ``day_offset_s`` east of UTC.
    """

    state: str
    time: int
    day_offset_s: int
    card: CardShown | None
    token: str | None
    ready: int | None
    notices: list[Notice]


class PhoneOfCard(Answer):
    """A phone of the card; ``this`` is the one that asks, ``token_until`` in epoch seconds."""

    id: str
    state: Literal["waiting", "active", "revoked"]
    how: Literal["code", "asked", "moved", "recovered"]
    fingerprint: str
    since: datetime
    token_until: int
    this: bool


class PhonesOfCard(Answer):
    """All of them, newest first."""

    phones: list[PhoneOfCard]


class Done(Answer):
    """It is done."""

    done: bool


@router.post("/api/holder/enrol", dependencies=[anyone], response_model=Brought)
def enrol(request: Request, serving: Served, body: Bringing) -> Any:
    """Bring a code from the desk, with a key that the phone made and cannot give away."""
    now = serving.clock()
    key, proof = bytes_of(body.key), bytes_of(body.proof)
    found = enrolling.bring(serving.installation, address_of(request), body.code, key, proof, now)
    return Brought(state=found.state, fingerprint=spoken(found.thumbprint), time=int(now.timestamp()))


@router.post("/api/holder/renew", dependencies=[anyone], response_model=RenewedAnswer)
def renew(serving: Served, body: Proof) -> Any:
    """How the card stands, and a fresh token; the phone proves its key."""
    now = serving.clock()
    made = tokens.renew(serving.installation, proof_of(body), now)
    token = None if made.token is None else base64.b64encode(made.token).decode()
    return {
        "state": made.state,
        "time": int(now.timestamp()),
        "day_offset_s": serving.installation.issuer.day_offset_s,
        "card": made.card,
        "token": token,
        "ready": None if made.ready_at is None else int(made.ready_at.timestamp()),
        "notices": [
            {"phone": one.phone, "fingerprint": one.fingerprint, "ready": int(one.ready_at.timestamp())}
            for one in made.notices
        ],
    }


@router.post("/api/holder/lost", dependencies=[anyone], response_model=Done)
def lost(serving: Served, body: Losing) -> Any:
    """Report the print, the chip or the phone as lost; what is not lost stays good."""
    losing.report_lost(serving.installation, proof_of(body), body.what, body.phone, serving.clock())
    return Done(done=True)


@router.post("/api/holder/phones", dependencies=[anyone], response_model=PhonesOfCard)
def phones(serving: Served, body: Proof) -> Any:
    """The phones of the card; the phone that asks proves its key (``phones``)."""
    return {"phones": losing.phones_of(serving.installation, proof_of(body), serving.clock())}


@router.get("/api/holder/time", dependencies=[anyone])
def time(serving: Served) -> dict[str, int]:
    """The service's clock, for phones whose own is wrong."""
    return {"time": int(serving.clock().timestamp())}
