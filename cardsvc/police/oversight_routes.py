"""What those who watch the officers call: budgets, and samples of looks for review."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from cardsvc.http.access import Caller, Serving, roles, running
from cardsvc.police import shapes
from cardsvc.police.oversight import Oversight
from cardsvc.police.routes import budgets
from cardsvc.records.look_reviews import ReviewRecord

router = APIRouter(prefix="/api/oversight", tags=["oversight"])

Served = Annotated[Serving, running]
Watcher = Annotated[Caller, roles("operator", "auditor", "dpo", city=True)]
Reviewer = Annotated[Caller, roles("dpo")]
LookId = Annotated[shapes.Id, Path(description="The look.")]


def _oversight(serving: Serving) -> Oversight:
    return Oversight(serving.installation.store, budgets(serving))


@router.get("/budgets", response_model=shapes.BudgetsAnswer)
def spent(serving: Served, caller: Watcher) -> shapes.BudgetsAnswer:
    """What officers looked at in the last days, by number, beside the budgets."""
    return shapes.BudgetsAnswer(
        budgets=[
            shapes.BudgetView.model_validate(
                {
                    "kind": one.count.kind,
                    "scope": one.count.scope,
                    "subject": one.count.subject,
                    "span": one.count.span,
                    "at": one.at,
                    "count": one.count.count,
                    "refused": one.count.refused,
                    "limit": one.limit,
                }
            )
            for one in _oversight(serving).spent(serving.clock())
        ]
    )


@router.get("/looks")
def reviews(serving: Served, caller: Reviewer) -> shapes.ReviewsAnswer:
    """Looks that were drawn: those that wait for a review, and those reviewed last."""
    waiting, reviewed = _oversight(serving).reviews()
    return shapes.ReviewsAnswer(waiting=list(map(_view, waiting)), reviewed=list(map(_view, reviewed)))


@router.post("/looks/draw")
def draw(serving: Served, caller: Reviewer, body: shapes.DrawBody) -> shapes.Drawn:
    """Draw looks at random for review."""
    drawn = _oversight(serving).draw(body.days, body.count, caller.id, serving.clock())
    return shapes.Drawn(drawn=drawn)


@router.post("/looks/{look}/review", status_code=204)
def review(serving: Served, caller: Reviewer, look: LookId, body: shapes.ReviewBody) -> Response:
    """Say whether a look's purpose is fine or has to be explained."""
    _oversight(serving).review(look, body.verdict, caller.id, serving.clock())
    return Response(status_code=204)


def _view(one: ReviewRecord) -> shapes.ReviewView:
    look = one.look
    return shapes.ReviewView.model_validate(
        {
            "look": look.id,
            "card": look.card_number,
            "kind": look.kind.value,
            "staff": look.staff,
            "second": look.second,
            "office": look.office,
            "purpose": look.purpose,
            "case_number": look.case_number,
            "at": look.at,
            "told_from": look.told_from,
            "drawn_by": one.drawn_by,
            "verdict": one.verdict,
            "reviewed_by": one.reviewed_by,
        }
    )
