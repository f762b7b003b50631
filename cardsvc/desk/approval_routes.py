"""The routes of approvals: begin, sign, look, give back."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from cardsvc.desk import asks, asserting, shapes
from cardsvc.desk.approving import Approving
from cardsvc.desk.case_routes import Served, actor_of
from cardsvc.desk.caseview import difference, told
from cardsvc.errors import ServiceError
from cardsvc.http.access import Caller, roles

router = APIRouter(prefix="/api/desk/approvals", tags=["approving"])
Approver = Annotated[Caller, roles("approver")]
ApprovalId = Annotated[asks.Id, Path(description="The approval.")]


@router.post("", status_code=201, response_model=shapes.ApprovalAnswer)
def begin(serving: Served, caller: Approver, body: asks.Approve) -> Any:
    """Reserve the cards of these cases, and ask for the approver's key."""
    approving = Approving(serving.installation, actor_of(caller), serving.clock())
    begun = approving.begin({one.id: one.version for one in body.cases}, apart=body.apart)
    cards = [
        {
            "case": one.case,
            "name": one.name,
            "number": one.number,
            "differences": [difference(it) for it in one.differences],
            "exceptions": [told(it) for it in one.exceptions],
        }
        for one in begun.cards
    ]
    return {
        "approval": begun.approval,
        "options": begun.options,
        "cards": cards,
        "must_open": [],
        "expires": begun.expires,
    }


@router.post("/{approval}/sign", response_model=shapes.SignedAnswer)
def sign(serving: Served, caller: Approver, approval: ApprovalId, body: asks.Signed) -> Any:
    """Take the key's answer; the cards exist when this returns."""
    cards = asserting.sign_approval(
        serving.installation, approval, body.credential, by=caller.id, now=serving.clock()
    )
    return {"cards": cards}


@router.get("/{approval}", response_model=shapes.ApprovalState)
def read(serving: Served, caller: Approver, approval: ApprovalId) -> Any:
    """Where an approval of one's own stands: for a page that lost its connection."""
    record, cards = asserting.outcome(serving.installation, approval, by=caller.id)
    return {
        "approval": record.id,
        "state": record.state.value,
        "approver": record.approver,
        "expires": record.expires,
        "cards": cards,
    }


@router.delete("/{approval}", status_code=204, response_class=Response)
def give_back(serving: Served, caller: Approver, approval: ApprovalId) -> Response:
    """Give the reservation back; its cases wait again."""
    record, _ = asserting.outcome(serving.installation, approval, by=caller.id)
    if record.state.value != "waiting":
        raise ServiceError("approval_over", f"the approval is {record.state.value}")
    asserting.return_approval(
        serving.installation, approval, by=caller.id, now=serving.clock(), reason="given_back"
    )
    return Response(status_code=204)
