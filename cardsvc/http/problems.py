"""Errors as RFC 9457 problem details: one place that says which refusal is which HTTP status."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from cardsvc.errors import Explained, ServiceError
from cardsvc.records import Conflict, NotFound, RecordsError, Unavailable
from issuance.errors import FieldError, FieldsRefused
from keys.errors import KeysError
from verify.errors import CardsvcError, Unchecked

PROBLEM_TYPE: Final = "application/problem+json"

#: The one refusal that stops a city's doors from learning.
LISTS_REFUSED: Final = "lists_refused"
#: Refusals whose words stand in the log too, as an error: only an operator can act on them. What a database
#: says is told by kinds and numbers alone (cardsvc/records/errors.py); no other words from below are kept.
_ALARMS: Final = frozenset({LISTS_REFUSED, "database_error"})
#: The first match counts: a reason says more than a kind of error does.
_BY_REASON: Final[Mapping[str, int]] = {
    "disk_full": 507,
    "not_signed_in": 401,
    "not_enrolled": 401,
    "no_such_document": 404,
    "history_not_kept": 501,
    "wrong_credentials": 401,
    "passkey_refused": 401,
    "oidc_refused": 401,
    "locked_out": 429,
    "too_often": 429,
    "founder_waits": 409,
    "not_your_role": 403,
    "not_your_office": 403,
    "not_your_service": 403,
    "not_your_reader": 403,
    "not_your_venue": 403,
    "enrolment_refused": 403,
    "name_taken": 409,
    "cannot_go_on": 409,
    "office_may_not": 403,
    "only_at_top": 403,
    "step_up_needed": 403,
    "foreign_origin": 403,
    "nobody_alone": 403,
    "no_such_page": 404,
    "invitation_over": 410,
    "flow_over": 410,
    "body_too_large": 413,
    "not_acceptable": 406,
    "changed_meanwhile": 409,
    "open_first": 409,
    "case_not_open": 409,
    "case_not_submitted": 409,
    "several_submitters": 409,
    "family_waits": 409,
    "cannot_approve": 409,
    "own_submission": 403,
    "own_request": 403,
    "budget_spent": 429,
    "not_your_scan": 403,
    "scan_over": 410,
    "request_over": 410,
    "not_agreed": 409,
    "not_an_officer": 403,
    "phone_refused": 403,
    "phone_unknown": 403,
    "consent_needed": 403,
    "card_stands_otherwise": 409,
    "bad_proof": 403,
    "stale_proof": 409,
    "too_many_phones": 409,
    "not_your_approval": 403,
    "no_approver_key": 409,
    "approval_over": 410,
    "card_is_final": 409,
    "act_not_open": 409,
    "held_again": 409,
    "signer_away": 503,
    "not_ready": 503,
    "signer_unavailable": 503,
    "signer_failed": 503,
    "ledger_failed": 503,
    "pages_missing": 503,
    LISTS_REFUSED: 503,
    "oidc_unavailable": 503,
}
_BY_KIND: Final[Sequence[tuple[type[CardsvcError], int]]] = (
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
    (RecordsError, 500),
    (Unchecked, 503),
    (ServiceError, 422),
    (KeysError, 422),
    (CardsvcError, 422),
)


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    reason: str
    words: str


class Problem(BaseModel):
    """RFC 9457, section 3; ``type`` is ``urn:cardsvc:REASON``. Some reasons bring members of their own."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    reason: str
    fields: list[FieldProblem] = Field(default_factory=list)
    instance: str


def status_of(error: CardsvcError) -> int:
    """The HTTP status of a refusal."""
    known = _BY_REASON.get(error.reason)
    if known is not None:
        return known
    return next(status for kind, status in _BY_KIND if isinstance(error, kind))


def problem(
    request_id: str,
    status: int,
    reason: str,
    words: str,
    *,
    fields: Sequence[tuple[str, str, str]] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, object] | None = None,
) -> JSONResponse:
    """One problem as an answer; ``members`` of its own stand beside those of every problem."""
    body = {
        "type": f"urn:cardsvc:{reason}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": words,
        "reason": reason,
        "fields": [{"field": name, "reason": why, "words": said} for name, why, said in fields],
        "instance": f"urn:cardsvc:request:{request_id}",
    }
    body |= dict(members or {})
    return JSONResponse(body, status, dict(headers or {}), PROBLEM_TYPE)


def refusal(request_id: str, error: CardsvcError) -> JSONResponse:
    """A refusal of ours as an answer; what only an operator can act on keeps its words to the log."""
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return bare_failure(request_id)
    if isinstance(error, FieldsRefused):
        named = [(one.field, one.reason, str(one)) for one in error.errors]
        return problem(request_id, status, error.reason, "Something is still wrong here.", fields=named)
    if isinstance(error, FieldError):
        named = [(error.field, error.reason, str(error))]
        return problem(request_id, status, error.reason, str(error), fields=named)
    if isinstance(error, Explained):
        fields, members = error.fields, error.members
        return problem(request_id, status, error.reason, str(error), fields=fields, members=members)
    return problem(request_id, status, error.reason, str(error))


def bare_failure(request_id: str) -> JSONResponse:
    """What nobody foresaw: an id to look up in the log, and nothing else."""
    return problem(request_id, 500, "internal", "something failed here; the log has it under this instance")


def id_of(request: Request) -> str:
    """The id that the log knows this request by."""
    return str(request.scope.get("state", {}).get("request_id", "-"))


def install_problems(app: FastAPI) -> None:
    """Give every error of ``app`` the one form. What is not ours is left to the outermost layer."""

    def ours(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, CardsvcError)  # noqa: S101  # registered for that family alone
        request.scope["state"]["refused"] = error.reason
        if error.reason in _ALARMS:
            request.scope["state"]["alarm"] = str(error)
        return refusal(id_of(request), error)

    def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for that one alone
        request.scope["state"]["refused"] = "bad_request"
        fields = [_field(one) for one in error.errors()]
        return problem(id_of(request), 422, "bad_request", "the request is not as described", fields=fields)

    def plain(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101  # registered for that one alone
        status = error.status_code
        reason = _PLAIN.get(status, "bad_request")
        request.scope["state"]["refused"] = reason
        return problem(id_of(request), status, reason, str(error.detail), headers=error.headers)

    app.add_exception_handler(CardsvcError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)


_PLAIN: Final[Mapping[int, str]] = {404: "no_such_page", 405: "method_not_allowed", 400: "bad_request"}


def _field(error: Mapping[str, Any]) -> tuple[str, str, str]:
    # The value itself is left out: it may be personal.
    name = ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0])
    return name, str(error["type"]), str(error["msg"])
