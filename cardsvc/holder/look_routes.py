"""The route by which a phone learns who looked at its card."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter

from cardsvc.desk.case_routes import Served
from cardsvc.holder import looking
from cardsvc.holder.proofs import Proof, proof_of
from cardsvc.http.access import anyone
from cardsvc.http.bodies import Answer

router = APIRouter(tags=["phones"])


class Look(Answer):
    """A look at the card; ``purpose`` is one of the police's, or ``likeness`` at the desk."""

    at: datetime
    kind: Literal["details", "look_up", "desk"]
    office: str
    purpose: str


class Looks(Answer):
    """What the holder may know of by now, newest first."""

    looks: list[Look]


@router.post("/api/holder/looks", dependencies=[anyone], response_model=Looks)
def looks(serving: Served, body: Proof) -> Any:
    """Who looked at the card; the phone proves its key (``looks``)."""
    return {"looks": looking.looks_at(serving.installation, proof_of(body), serving.clock())}
