"""The routes of cards and of the acts on them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from cardsvc.desk import asks, card_shapes
from cardsvc.desk.acts import CardActs, Wish
from cardsvc.desk.cards import act_view, card_view, cards_found
from cardsvc.desk.case_routes import Served, actor_of
from cardsvc.desk.chipacts import message_of, note_written
from cardsvc.errors import ServiceError
from cardsvc.http.access import Caller, Serving, is_fresh, roles
from cardsvc.records import ActState, NotFound
from cardsvc.setup import service_named
from issuance import fields
from issuance.chips.tags import TagKind

router = APIRouter(prefix="/api/desk", tags=["cards"])

Desk = Annotated[Caller, roles("clerk", "approver", "operator")]
Acting = Annotated[Caller, roles("clerk", "approver", "operator", "department")]
Deciding = Annotated[Caller, roles("approver", "department")]
Number = Annotated[asks.Number, Path(description="The card's number.")]
ActId = Annotated[asks.Id, Path(description="The request.")]
Writing = Annotated[Caller, roles("clerk", "approver")]
Uid = Annotated[str, Path(pattern="^[0-9A-Fa-f]{8,20}$", description="The chip's number.")]
#: An NDEF message as a file (nfcpy and most encoders take it so); it has no registered type of its own.
NDEF: Final = "application/octet-stream"
_MESSAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {NDEF: {"schema": {"type": "string", "format": "binary"}}}}
}


def _acts(serving: Serving, caller: Caller) -> CardActs:
    return CardActs(serving.installation, actor_of(caller), serving.clock())


def _card(serving: Serving, caller: Caller, number: str) -> dict[str, Any] | None:
    """The card, where the caller may see it: a department acts on cards and sees none."""
    if caller.role == "department":
        return None
    try:
        return card_view(serving.installation, actor_of(caller), number, serving.clock())
    except NotFound:
        return None


def _decided(serving: Serving, caller: Caller, act: str) -> dict[str, Any]:
    with serving.installation.store.reading() as tx:
        record = tx.acts.get(act)
        seen = act_view(tx, record)
    if caller.role == "department":
        seen["name"] = ""
    return {"act": seen, "card": _card(serving, caller, record.card_number)}


@router.get("/cards", response_model=card_shapes.CardRows)
def search(serving: Served, caller: Desk, search: Annotated[str, Query(max_length=200)] = "") -> Any:
    """Cards by number, passport or words of the name."""
    return cards_found(serving.installation, actor_of(caller), search)


@router.get("/cards/{number}", response_model=card_shapes.CardAnswer)
def read(serving: Served, caller: Desk, number: Number) -> Any:
    """A card with all that belongs to it."""
    return card_view(serving.installation, actor_of(caller), number, serving.clock())


@router.post("/cards/{number}/acts", response_model=card_shapes.AskedAnswer, responses={202: {
    "model": card_shapes.AskedAnswer, "description": "It waits for somebody else."}})  # fmt: skip
def ask(serving: Served, caller: Acting, number: Number, body: asks.ActBody, response: Response) -> Any:
    """Do an act at once, or ask for it."""
    wish = Wish(
        act=body.act,
        reason=body.reason,
        service=None if body.service is None else service_named(body.service),
        until=None if body.until is None else fields.day("until", body.until),
        permit_until=None if body.permit_until is None else fields.day("permit_until", body.permit_until),
        chip=body.chip,
        tag=None if body.tag is None else TagKind(body.tag),
    )
    request = _acts(serving, caller).ask(number, wish)
    response.status_code = 200 if request is None else 202
    return {"done": request is None, "act_request": request, "card": _card(serving, caller, number)}


@router.get("/cards/{number}/chips/{uid}", response_class=Response, responses=_MESSAGE)
def message(serving: Served, caller: Writing, number: Number, uid: Uid, tag: TagKind) -> Response:
    """What is to be written on a chip whose code was signed: one NDEF message."""
    card_view(serving.installation, actor_of(caller), number, serving.clock())
    data = message_of(serving.installation, number, uid, tag)
    headers = {
        "Content-Disposition": f'attachment; filename="{uid.lower()}.ndef"',
        "Cache-Control": "no-store",
    }
    return Response(data, media_type=NDEF, headers=headers)


@router.post("/cards/{number}/chips/{uid}/written", response_model=card_shapes.CardAnswer)
def written(serving: Served, caller: Writing, number: Number, uid: Uid) -> Any:
    """Say that the message lies on the chip."""
    actor, now = actor_of(caller), serving.clock()
    card_view(serving.installation, actor, number, now)
    note_written(serving.installation, number, uid, by=caller.id, now=now)
    return card_view(serving.installation, actor, number, now)


@router.get("/acts", response_model=card_shapes.ActsAnswer)
def waiting(serving: Served, caller: Acting, state: Annotated[str, Query(max_length=20)] = "waiting") -> Any:
    """Acts that were asked for and wait; or those in another state."""
    if state not in set(ActState):
        raise ServiceError("unknown_state", f"acts are {', '.join(ActState)}")
    found = _acts(serving, caller).waiting(frozenset({ActState(state)}))
    with serving.installation.store.reading() as tx:
        seen = [act_view(tx, one) for one in found]
    if caller.role == "department":
        seen = [one | {"name": ""} for one in seen]
    return {"acts": seen}


@router.post("/acts/{act}/challenge", response_model=card_shapes.ChallengeAnswer)
def challenge(serving: Served, caller: Deciding, act: ActId) -> Any:
    """What the second person's key is to sign."""
    options, expires = _acts(serving, caller).challenge(act)
    return {"options": options, "expires": expires}


@router.post("/acts/{act}/approve", response_model=card_shapes.DecidedAnswer)
def approve(serving: Served, caller: Deciding, act: ActId, body: asks.MaybeSigned) -> Any:
    """Allow it."""
    acts = _acts(serving, caller)
    acts.approve(act, body.credential, fresh=is_fresh(caller, serving.clock()))
    return _decided(serving, caller, act)


@router.post("/acts/{act}/refuse", response_model=card_shapes.DecidedAnswer)
def refuse(serving: Served, caller: Acting, act: ActId, body: asks.WordsBody) -> Any:
    """Refuse it, or take one's own wish back."""
    _acts(serving, caller).refuse(act, body.words)
    return _decided(serving, caller, act)
