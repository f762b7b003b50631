"""The routes of cases: the work list, drafts, portraits, previews, and what becomes of a case."""

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from cardsvc.desk import asks, shapes
from cardsvc.desk.actor import Actor
from cardsvc.desk.asserting import check_decider
from cardsvc.desk.cases import CaseDesk, portrait_of
from cardsvc.desk.caseview import case_view, history, told_error, warning_view
from cardsvc.desk.duplicates import duplicates
from cardsvc.desk.faces import card_face, case_face
from cardsvc.desk.judging import fields_read, judge
from cardsvc.desk.letters import reason_words
from cardsvc.desk.preview import Picture, Sides, as_jpeg, as_png, preview
from cardsvc.desk.worklist import Wanted, worklist
from cardsvc.errors import ServiceError
from cardsvc.http.access import Caller, Serving, roles, running, stepped_up
from issuance.errors import FieldError, LinesRefused
from issuance.fields import lines as lines_of
from issuance.passport import read_lines
from issuance.portrait import Crop, for_browsers

router = APIRouter(prefix="/api/desk", tags=["desk"])

Served = Annotated[Serving, running]
Clerk = Annotated[Caller, roles("clerk")]
Approver = Annotated[Caller, roles("approver")]
#: A refusal is for ever, and no key signs it.
FreshApprover = Annotated[Caller, stepped_up("approver")]
Desk = Annotated[Caller, roles("clerk", "approver")]
Onlooker = Annotated[Caller, roles("clerk", "approver", "printer", "operator")]
CaseId = Annotated[asks.Id, Path(description="The case.")]
#: A portrait and whatever comes with it; the service takes no larger body anyhow.
_JPEG, _WEBP, _PNG = "image/jpeg", "image/webp", "image/png"
_PICTURES: dict[int | str, dict[str, Any]] = {
    200: {"content": {_JPEG: {}, _PNG: {}, _WEBP: {}}, "description": "A picture."}
}


def actor_of(caller: Caller) -> Actor:
    """Who acts, from the session and from nothing else."""
    return Actor(caller.id, caller.role, caller.office, caller.offices, frozenset(caller.services))


def desk_of(serving: Serving, caller: Caller) -> CaseDesk:
    """The desk of one caller, now."""
    return CaseDesk(serving.installation, actor_of(caller), serving.clock())


def view(serving: Serving, caller: Caller, case: str) -> dict[str, Any]:
    """The case as the caller may see it."""
    desk = desk_of(serving, caller)
    with serving.installation.store.reading() as tx:
        return case_view(serving.installation, tx, desk.found(tx, case), desk.actor, desk.now)


@router.get("/queue", response_model=shapes.QueueAnswer)
def queue(
    serving: Served,
    caller: Onlooker,
    state: Annotated[str | None, Query(max_length=20)] = None,
    office: Annotated[str | None, Query(max_length=100)] = None,
    search: Annotated[str | None, Query(max_length=200)] = None,
    waiting_for: Annotated[str | None, Query(max_length=20)] = None,
    before: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Any:
    """The work of the caller's offices."""
    wanted = Wanted(state, office, search, waiting_for, before, limit)
    return worklist(serving.installation, actor_of(caller), wanted, serving.clock())


@router.post("/cases", status_code=201, response_model=shapes.CaseAnswer)
def create(serving: Served, caller: Clerk, body: asks.Draft) -> Any:
    """Open a draft."""
    return view(serving, caller, desk_of(serving, caller).create(body.application))


@router.get("/cases/{case}", response_model=shapes.CaseAnswer)
def read(serving: Served, caller: Desk, case: CaseId) -> Any:
    """A case; that an approver opened it is recorded."""
    desk_of(serving, caller).open(case)
    return view(serving, caller, case)


@router.put("/cases/{case}", response_model=shapes.CaseAnswer)
def save(serving: Served, caller: Clerk, case: CaseId, body: asks.Save) -> Any:
    """Save what the clerk sees."""
    desk_of(serving, caller).save(case, body.version, body.application)
    return view(serving, caller, case)


@router.post("/cases/{case}/portrait", response_model=shapes.CaseAnswer)
def set_portrait(serving: Served, caller: Clerk, case: CaseId, body: asks.PortraitBody) -> Any:
    """Take a portrait, or cut the one there anew."""
    crop = None if body.crop is None else Crop(body.crop.x, body.crop.y, body.crop.w, body.crop.h)
    data = None if body.base64 is None else _decoded(body.base64)
    desk_of(serving, caller).set_portrait(case, body.version, data, crop)
    return view(serving, caller, case)


@router.get("/cases/{case}/portrait", response_class=Response, responses=_PICTURES)
def portrait(
    serving: Served,
    caller: Desk,
    case: CaseId,
    kind: Annotated[str, Query(pattern="^(original|print|face)$")] = "print",
) -> Response:
    """The portrait as it came (HEIC as JPEG, pixel for pixel), as it is printed, or as the code has it."""
    desk = desk_of(serving, caller)
    with serving.installation.store.reading() as tx:
        record = desk.found(tx, case)
        made, original = portrait_of(tx, record), tx.cases.portrait(case)
    data = for_browsers(original) if kind == "original" and original is not None else None
    if made is not None and kind != "original":
        data = made.print_jpeg if kind == "print" else made.face_webp
    if data is None:
        raise ServiceError("portrait_missing", "there is no portrait yet")
    return Response(data, media_type=_type_of(data))


@router.get("/faces/{kind}/{subject}", response_class=Response, responses=_PICTURES)
def face(
    serving: Served,
    caller: Desk,
    kind: Annotated[str, Path(pattern="^(case|card)$")],
    subject: Annotated[str, Path(pattern="^[0-9a-f]{13,32}$")],
) -> Response:
    """A face to compare with another, of a case of one's offices or of any card."""
    found = case_face if kind == "case" else card_face
    return Response(found(serving.installation, actor_of(caller), subject, serving.clock()), media_type=_JPEG)


@router.post("/mrz", response_model=shapes.LinesAnswer)
def lines(serving: Served, caller: Clerk, body: asks.Lines) -> Any:
    """Read passport lines; nothing is stored."""
    try:
        given = body.lines if body.lines is not None else body.text or ""
        read = read_lines(lines_of("mrz", given), now=serving.clock())
    except LinesRefused as refused:
        return {"application": {}, "errors": [_wrong(error) for error in refused.errors]}
    except FieldError as error:
        return {"application": {}, "errors": [_wrong(error)]}
    return {"application": fields_read(read), "errors": []}


@router.post("/cases/{case}/mrz", response_model=shapes.LinesAnswer)
def lines_of_case(serving: Served, caller: Clerk, case: CaseId, body: asks.Lines) -> Any:
    """The same, beside a case; nothing is stored."""
    return lines(serving, caller, body)


@router.post("/preview", response_model=shapes.PreviewAnswer)
def preview_typed(serving: Served, caller: Clerk, body: asks.PreviewBody) -> Any:
    """Both sides of what is typed, not saved yet."""
    sides, has_portrait = _sides(serving, caller, body.case, body.application)
    judged = judge(
        body.application,
        has_portrait=has_portrait,
        settings=serving.settings,
        now=serving.clock(),
    )
    errors = [_wrong(error) for error in judged.errors]
    return {
        "front": _data_url(as_jpeg(sides.front)),
        "back": _data_url(as_jpeg(sides.back)),
        "errors": errors,
    }


@router.get("/cases/{case}/preview/{side}.png", response_class=Response, responses=_PICTURES)
def preview_case(
    serving: Served, caller: Desk, case: CaseId, side: Annotated[str, Path(pattern="^(front|back)$")]
) -> Response:
    """One side of the card that a case would become."""
    sides, _ = _sides(serving, caller, case, None)
    return Response(as_png(sides.front if side == "front" else sides.back), media_type=_PNG)


@router.post("/cases/{case}/submit", response_model=shapes.CaseAnswer)
def submit(serving: Served, caller: Clerk, case: CaseId, body: asks.Versioned) -> Any:
    """Hand a case over to an approver."""
    desk_of(serving, caller).submit(case, body.version)
    return view(serving, caller, case)


@router.post("/cases/{case}/recall", response_model=shapes.CaseAnswer)
def recall(serving: Served, caller: Clerk, case: CaseId, body: asks.Versioned) -> Any:
    """Take a submitted case back to correct it."""
    desk_of(serving, caller).recall(case, body.version)
    return view(serving, caller, case)


@router.post("/cases/{case}/withdraw", response_model=shapes.CaseAnswer)
def withdraw(serving: Served, caller: Clerk, case: CaseId, body: asks.Versioned) -> Any:
    """End a case that nobody wants any more."""
    desk_of(serving, caller).withdraw(case, body.version)
    return view(serving, caller, case)


@router.post("/cases/{case}/return", response_model=shapes.CaseAnswer)
def give_back(serving: Served, caller: Approver, case: CaseId, body: asks.Returning) -> Any:
    """Back to the clerk, with words."""
    check_decider(serving.installation, caller.id)
    desk_of(serving, caller).give_back(case, body.version, body.words)
    return view(serving, caller, case)


@router.post("/cases/{case}/refuse", response_model=shapes.CaseAnswer)
def refuse(serving: Served, caller: FreshApprover, case: CaseId, body: asks.Refusing) -> Any:
    """Refuse a case, with a letter in the resident's language."""
    check_decider(serving.installation, caller.id)
    desk_of(serving, caller).refuse(case, body.version, body.reason, body.words)
    return view(serving, caller, case)


@router.post("/cases/{case}/refuse/preview", response_model=shapes.LetterAnswer)
def refusal_letter(serving: Served, caller: Approver, case: CaseId, body: asks.Refusing) -> Any:
    """The letter that a refusal would send; nothing is decided and nothing stored."""
    letter = desk_of(serving, caller).letter(case, body.version, body.reason, body.words)
    return {"letter": letter}


@router.get("/refusal-reasons", response_model=shapes.ReasonsAnswer)
def refusal_reasons(caller: Desk) -> Any:
    """Why a case may be refused, in the caller's language."""
    words = reason_words("zh" if caller.language.startswith("zh") else "en")
    return {"reasons": [{"reason": reason, "words": said} for reason, said in words.items()]}


@router.get("/cases/{case}/history", response_model=shapes.HistoryAnswer)
def case_history(serving: Served, caller: Desk, case: CaseId) -> Any:
    """What happened to a case."""
    desk = desk_of(serving, caller)
    with serving.installation.store.reading() as tx:
        record = desk.found(tx, case)
        return {"entries": history(tx, case, record.content["notes"])}


@router.get("/cases/{case}/similar", response_model=shapes.WarningsAnswer)
def similar(serving: Served, caller: Desk, case: CaseId) -> Any:
    """Who may be the same person."""
    desk = desk_of(serving, caller)
    with serving.installation.store.reading() as tx:
        raw = desk.found(tx, case).content["application"]
        found = duplicates(tx, raw, desk.now, desk.actor, besides=case)
    return {"warnings": [warning_view(one) for one in found]}


def _sides(
    serving: Serving, caller: Caller, case: str | None, typed: dict[str, Any] | None
) -> tuple[Sides, bool]:
    desk, picture, raw = desk_of(serving, caller), None, typed
    if case is not None:
        with serving.installation.store.reading() as tx:
            record = desk.found(tx, case)
            made = portrait_of(tx, record)
        raw = record.content["application"] if raw is None else raw
        picture = None if made is None else Picture(made.print_jpeg, made.face_webp)
    drawn = preview(serving.installation, raw or {}, picture, office=caller.office, now=desk.now)
    return drawn, picture is not None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.partition("base64,")[2] or text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ServiceError("portrait_format", "the portrait is no base64; take it again") from error


def _wrong(error: FieldError) -> dict[str, str]:
    return told_error(error.field, error.reason, str(error))


def _data_url(jpeg: bytes) -> str:
    return f"data:{_JPEG};base64,{base64.b64encode(jpeg).decode()}"


def _type_of(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return _PNG
    return _WEBP if data[8:12] == b"WEBP" else _JPEG
