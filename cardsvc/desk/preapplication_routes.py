"""The routes of applications from phones, for the desk."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, StringConstraints

from cardsvc.desk import asks, shapes
from cardsvc.desk.case_routes import Served, desk_of
from cardsvc.desk.cases import unpacked
from cardsvc.desk.preapplications import Meeting, PreDesk
from cardsvc.http.access import Caller, roles
from cardsvc.http.bodies import Answer, Body

router = APIRouter(prefix="/api/desk/preapplications", tags=["desk"])

Clerk = Annotated[Caller, roles("clerk")]
Desk = Annotated[Caller, roles("clerk", "approver")]
Reference = Annotated[str, Path(max_length=20, description="The reference, however it was typed.")]
Half = Literal["am", "pm"]


class PreRow(Answer):
    """A line of the list. ``day`` and ``half`` are the wish, or what the desk answered (``confirmed``)."""

    model_config = Answer.model_config | {"populate_by_name": True}

    reference: str
    state: Literal["waiting", "taken"]
    name: str
    name_native: Any = None
    name_chinese: Any = None
    nationality: Any = None
    card_class: Any = Field(default=None, alias="class")
    office: str | None
    day: date | None
    half: Half | None
    confirmed: bool
    bring: list[str]
    sent_at: datetime
    together: bool
    has_portrait: bool
    lines: bool
    case: str | None


class PreRows(Answer):
    """The list."""

    rows: list[PreRow]


class PreView(PreRow):
    """All of one; ``fingerprint`` stands on the phone's own screen."""

    application: asks.Fields
    errors: list[shapes.Wrong]
    findings: list[shapes.Told]
    fingerprint: str
    kept_until: date
    family: list[PreRow]


class Count(Answer):
    """How many wait."""

    waiting: int


class Taking(Body):
    """Take over: with the digits of the phone's screen where it was scanned; ``alone`` without the family."""

    seen: Annotated[str, StringConstraints(max_length=40)] | None = None
    alone: bool = False


class TakenRow(Answer):
    """A case that was made."""

    reference: str
    case: str


class Taken(Answer):
    """The cases, the one that was asked for among them."""

    cases: list[TakenRow]


class MeetingBody(Body):
    """When and where to come."""

    office: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    day: Annotated[date, Field(strict=False)]
    half: Half


class Answering(Body):
    """What the resident is told: when to come, and what to bring."""

    meeting: MeetingBody | None = None
    bring: Annotated[list[str], Field(max_length=10)] = Field(default_factory=list)


@router.get("", response_model=PreRows)
def rows(
    serving: Served,
    caller: Desk,
    search: Annotated[str, Query(max_length=200)] = "",
    day: date | None = None,
) -> Any:
    """Applications from phones that want to come to the caller's offices."""
    return {"rows": PreDesk(desk_of(serving, caller)).rows(search, day)}


@router.get("/count", response_model=Count)
def count(serving: Served, caller: Desk) -> Any:
    """How many of them there are."""
    return {"waiting": PreDesk(desk_of(serving, caller)).count()}


@router.get("/{reference}", response_model=PreView)
def view(serving: Served, caller: Clerk, reference: Reference) -> Any:
    """All of one, for whoever has its reference in hand; the look is recorded."""
    return PreDesk(desk_of(serving, caller)).view(reference)


@router.get(
    "/{reference}/portrait",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "A picture."}},
)
def portrait(serving: Served, caller: Clerk, reference: Reference) -> Response:
    """The portrait as it would be printed."""
    printed, _ = unpacked(PreDesk(desk_of(serving, caller)).picture(reference))
    return Response(printed, media_type="image/jpeg")


@router.post("/{reference}/take", status_code=201, response_model=Taken)
def take(serving: Served, caller: Clerk, reference: Reference, body: Taking) -> Any:
    """Make drafts of it, and of all that came together with it."""
    return {"cases": PreDesk(desk_of(serving, caller)).take(reference, body.seen, alone=body.alone)}


@router.post("/{reference}/answer", response_model=PreView)
def answer(serving: Served, caller: Clerk, reference: Reference, body: Answering) -> Any:
    """Say when to come, and what to bring."""
    asked = body.meeting
    meeting = None if asked is None else Meeting(asked.office, asked.day, asked.half)
    return PreDesk(desk_of(serving, caller)).answer(reference, meeting, body.bring)


@router.delete("/{reference}", status_code=204, response_class=Response)
def drop(serving: Served, caller: Clerk, reference: Reference) -> Response:
    """Delete what nobody means."""
    PreDesk(desk_of(serving, caller)).drop(reference)
    return Response(status_code=204)
