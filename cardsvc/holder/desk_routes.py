"""The routes of phones for staff."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path

from cardsvc.desk import asks
from cardsvc.desk.case_routes import Served, actor_of
from cardsvc.holder.enrolling import spoken
from cardsvc.holder.phonedesk import PhoneDesk, SeenPhone
from cardsvc.http.access import Caller, Serving, roles
from cardsvc.http.bodies import Answer
from cardsvc.records.phones import PhoneWay

router = APIRouter(tags=["phones"])

Desk = Annotated[Caller, roles("clerk", "approver")]
Approver = Annotated[Caller, roles("approver")]
Number = Annotated[asks.Number, Path(description="The card's number.")]
PhoneId = Annotated[asks.Id, Path(description="The phone.")]


class Code(Answer):
    """A one-time code, shown this once."""

    phone: str
    code: str
    url: str
    expires: datetime


class PhoneView(Answer):
    """A phone as staff sees it; ``fingerprint`` stands on the phone's own screen too.

    ``seen``, of a phone that asks after its own application: whether a clerk had scanned its screen then.
    """

    id: str
    card: str
    name: str
    state: str
    how: str
    office: str
    made_by: str
    made_at: datetime
    expires: datetime
    approver: str | None
    fingerprint: str
    token_until: int
    ready_at: datetime | None
    seen: bool | None


class PhoneRows(Answer):
    """Several phones."""

    phones: list[PhoneView]


class Challenge(Answer):
    """What the approver's key is to sign."""

    options: dict[str, Any]
    expires: datetime


def _desk(serving: Serving, caller: Caller) -> PhoneDesk:
    return PhoneDesk(serving.installation, actor_of(caller), serving.clock())


def _view(seen: SeenPhone) -> dict[str, Any]:
    one = seen.phone
    return {
        "id": one.id,
        "card": one.card_number,
        "name": seen.name,
        "state": one.state,
        "how": one.how or PhoneWay.CODE,
        "office": one.office,
        "made_by": one.made_by,
        "made_at": one.made_at,
        "expires": one.expires_at,
        "approver": one.approver,
        "fingerprint": spoken(one.thumbprint),
        "token_until": one.exp,
        "ready_at": one.ready_at,
        "seen": seen.key_seen,
    }


@router.post("/api/desk/cards/{number}/phones", status_code=201, response_model=Code)
def invite(serving: Served, caller: Desk, number: Number) -> Any:
    """Make a one-time code with which the holder's phone may ask for the card."""
    made = _desk(serving, caller).invite(number)
    url = f"{serving.installation.issuer.public_url}/card#{made.code}"
    return Code(phone=made.phone, code=made.code, url=url, expires=made.expires)


@router.get("/api/desk/cards/{number}/phones", response_model=PhoneRows)
def of_card(serving: Served, caller: Desk, number: Number) -> Any:
    """Every phone of a card."""
    return {"phones": [_view(one) for one in _desk(serving, caller).of_card(number)]}


@router.get("/api/desk/phones", response_model=PhoneRows)
def waiting(serving: Served, caller: Desk) -> Any:
    """Phones that brought a code and wait for an approver."""
    return {"phones": [_view(one) for one in _desk(serving, caller).waiting()]}


@router.post("/api/desk/phones/{phone}/challenge", response_model=Challenge)
def challenge(serving: Served, caller: Approver, phone: PhoneId) -> Any:
    """What the approver's key is to sign for a phone."""
    options, expires = _desk(serving, caller).challenge(phone)
    return {"options": options, "expires": expires}


@router.post("/api/desk/phones/{phone}/approve", response_model=PhoneView)
def approve(serving: Served, caller: Approver, phone: PhoneId, body: asks.Signed) -> Any:
    """Let the phone carry the card."""
    return _view(_desk(serving, caller).approve(phone, body.credential))


@router.post("/api/desk/phones/{phone}/revoke", response_model=PhoneView)
def revoke(serving: Served, caller: Desk, phone: PhoneId) -> Any:
    """Take the card off a phone, for ever."""
    return _view(_desk(serving, caller).revoke(phone))
