"""The routes by which a holder agrees, takes back, and gets tokens to show to sellers."""

import base64
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter

from cardsvc.desk.case_routes import Served
from cardsvc.holder import consents
from cardsvc.holder.proofs import Bytes64, Proof, bytes_of, proof_of
from cardsvc.http.access import anyone
from cardsvc.http.bodies import Answer
from cardsvc.records.consents import ConsentKind, ConsentRecord

router = APIRouter(tags=["phones"])

Kind = Literal["standing"]


class Giving(Proof):
    """What is agreed to, and for how many days; the signature says it too."""

    kind: Kind
    days: Literal[1, 30, 365]


class Ending(Proof):
    """What is taken back; the signature says it too."""

    kind: Kind


class Naming(Proof):
    """The P-256 point of a key that was made for one token alone; the signature names its thumbprint."""

    holder: Bytes64


class ConsentView(Answer):
    """A consent; ``used`` is when a token was last made under it."""

    kind: Kind
    given: datetime
    until: datetime
    ended: datetime | None
    used: datetime | None


class ConsentsAnswer(Answer):
    """All of them, newest first; ``time`` is the service's."""

    consents: list[ConsentView]
    time: int


class StandingAnswer(Answer):
    """A token for sellers (COSE_Sign1 in base64); ``expires`` and ``time`` in epoch seconds."""

    token: str
    expires: int
    time: int


@router.post("/api/holder/consents", dependencies=[anyone], response_model=ConsentsAnswer)
def every(serving: Served, body: Proof) -> Any:
    """What the holder agreed to; the proof is over ``consents``."""
    now = serving.clock()
    return _all(consents.consents(serving.installation, proof_of(body), now), now)


@router.post("/api/holder/consents/give", dependencies=[anyone], response_model=ConsentsAnswer)
def give(serving: Served, body: Giving) -> Any:
    """Agree for so many days; the proof is over ``consent:KIND:DAYS``."""
    now = serving.clock()
    return _all(
        consents.give(serving.installation, proof_of(body), ConsentKind(body.kind), body.days, now), now
    )


@router.post("/api/holder/consents/end", dependencies=[anyone], response_model=ConsentsAnswer)
def end(serving: Served, body: Ending) -> Any:
    """Take a consent back; the proof is over ``end-consent:KIND``."""
    now = serving.clock()
    return _all(consents.end(serving.installation, proof_of(body), ConsentKind(body.kind), now), now)


@router.post("/api/holder/standing", dependencies=[anyone], response_model=StandingAnswer)
def standing(serving: Served, body: Naming) -> Any:
    """A token that says the card's standing to sellers; the proof is over ``standing:THUMBPRINT``."""
    now = serving.clock()
    made = consents.standing_token(serving.installation, proof_of(body), bytes_of(body.holder), now)
    token = base64.b64encode(made.token).decode()
    return {"token": token, "expires": made.expires, "time": int(now.timestamp())}


def _all(found: list[ConsentRecord], now: datetime) -> dict[str, Any]:
    shown = [
        {
            "kind": str(one.kind),
            "given": one.given_at,
            "until": one.until,
            "ended": one.ended_at,
            "used": one.used_at,
        }
        for one in found
    ]
    return {"consents": shown, "time": int(now.timestamp())}
