"""What readers call (docs/readers.md): enrolment, tokens, bundles, month keys, records, verdicts on line."""

import base64
import binascii
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Path, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from cardsvc.errors import ServiceError
from cardsvc.http.access import ByRole, address_of, anyone
from cardsvc.http.bodies import Answer, Body
from cardsvc.readers.bearer import Itself, Served, bearer, has_token, of_venue
from cardsvc.readers.bundles import month_keys, note_bundle
from cardsvc.readers.enrolling import enrol
from cardsvc.readers.ingest import Brought, take_batch
from cardsvc.readers.judging import Judges
from cardsvc.readers.shapes import VerdictAnswer
from cardsvc.readers.tokens import ASSERTION, GRANT, TOKEN_PATH, issue_token
from cardsvc.records.readers import ReaderRecord
from cardsvc.setup import service_named
from cardsvc.trust.routes import answer as documented
from cardsvc.trust.routes import shelf_of
from cardsvc.trust.shelf import Shelf
from verify.reader.journal import BATCH
from verify.trustdocs import BUNDLE_TYP
from verify.verdict import Role
from verify.verifier import Direction, Presentation

router = APIRouter(tags=["readers"], dependencies=[anyone])

#: A sealed record has some 300 bytes; ten times that, in base64.
MAX_SEALED: Final = 4096
#: A batch of 500 comes with six; a reader that signs every record still gets them all in.
MAX_CHECKPOINTS: Final = BATCH + 1
#: The longest text a QR code holds (ISO/IEC 18004, alphanumeric), with room.
MAX_CODE: Final = 4500

Shelved = Annotated[Shelf, Depends(shelf_of)]


class Enrolment(Body):
    """A device that wants in."""

    code: str = Field(min_length=1, max_length=32)
    proof: str = Field(min_length=1, max_length=4096)


class Enrolled(Answer):
    """What the device is called, where it stands, and how much of a card it may show."""

    reader: str
    venue: str
    profile: str


class TokenAnswer(Answer):
    """An access token (RFC 6749, section 5.1)."""

    access_token: str
    token_type: str
    expires_in: int


class TokenRefusal(Answer):
    """Why there is none (RFC 6749, section 5.2); ``detail`` as in every other refusal of ours."""

    error: str
    error_description: str
    detail: str


class SealedRecord(Body):
    """A record as the reader sealed it."""

    seq: int = Field(ge=1, lt=1 << 62)
    sealed: str = Field(max_length=MAX_SEALED)


class Batch(Body):
    """Records, oldest first, and the signatures that vouch for them."""

    records: list[SealedRecord] = Field(max_length=BATCH)
    checkpoints: list[Annotated[str, Field(max_length=MAX_SEALED)]] = Field(max_length=MAX_CHECKPOINTS)


class RecordAnswer(Answer):
    """What became of one record: taken, known, late, quarantined; or refused, and the reader keeps it."""

    seq: int
    answer: str
    reason: str | None


class BatchAnswer(Answer):
    """What became of all of them, once it is durable."""

    answers: list[RecordAnswer]


class MonthKeyAnswer(Answer):
    """A key sealed to the reader (base64); month as 202611."""

    month: int
    sealed: str


class MonthKeysAnswer(Answer):
    """The keys of this month and the next."""

    keys: list[MonthKeyAnswer]


class Metadata(Answer):
    """Authorization server metadata (RFC 8414, section 2)."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]


class Shown(Body):
    """A code that somebody shows at a venue."""

    code: str = Field(max_length=MAX_CODE)
    venue: str = Field(max_length=64)
    service: str | None = Field(default=None, max_length=32)
    direction: str = Field(default="in", pattern="^(in|out)$")


@router.post("/api/v1/readers/enrol", status_code=201)
def enrol_reader(request: Request, serving: Served, body: Enrolment) -> Enrolled:
    """Let a device in that has a one-time code and proves its key; repeated, the answer is the same."""
    site = serving.installation
    url = site.issuer.public_url
    found = enrol(site.store, address_of(request), url, body.code, body.proof, serving.clock())
    return Enrolled(reader=found.reader, venue=found.venue, profile=found.profile)


_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": TokenRefusal, "description": "No request of RFC 6749."},
    401: {"model": TokenRefusal, "description": "The assertion is not believed."},
}


@router.post(TOKEN_PATH, response_model=TokenAnswer, responses=_REFUSED)
def token(
    serving: Served,
    grant_type: Annotated[str, Form()] = "",
    client_assertion_type: Annotated[str, Form()] = "",
    client_assertion: Annotated[str, Form()] = "",
) -> Response:
    """Give a reader an access token for an assertion that it signed (RFC 7523, section 2.2)."""
    if grant_type != GRANT:
        return _refused(400, "unsupported_grant_type", f"grant_type is {GRANT}")
    if client_assertion_type != ASSERTION or not client_assertion:
        return _refused(400, "invalid_request", f"client_assertion_type is {ASSERTION}, with an assertion")
    site = serving.installation
    try:
        made = issue_token(site.store, site.issuer.public_url, client_assertion, serving.clock())
    except ServiceError as error:
        return _refused(401, error.reason, str(error))
    found = TokenAnswer(access_token=made.token, token_type="Bearer", expires_in=made.life_s)  # noqa: S106 - a kind, no secret
    return JSONResponse(found.model_dump())


def _refused(status: int, error: str, words: str) -> Response:
    found = TokenRefusal(error=error, error_description=words, detail=words)
    return JSONResponse(found.model_dump(), status)


@router.get("/.well-known/oauth-authorization-server")
def metadata(serving: Served) -> Metadata:
    """Say how readers get tokens (RFC 8414)."""
    address = serving.installation.issuer.public_url
    return Metadata(
        issuer=address,
        token_endpoint=address + TOKEN_PATH,
        jwks_uri=f"{address}/.well-known/jwks.json",
        grant_types_supported=[GRANT],
        response_types_supported=[],
        token_endpoint_auth_methods_supported=["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported=["ES256"],
    )


_SIGNED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {BUNDLE_TYP: {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "Unchanged."},
}
#: Readers ask each time and are told when nothing changed; nobody in between keeps it.
_FOR_READERS: Final = {"Cache-Control": "private, no-cache"}


@router.get("/api/v1/readers/{reader}/bundle", response_class=Response, responses=_SIGNED)
def reader_bundle(request: Request, serving: Served, shelf: Shelved, reader: Itself) -> Response:
    """Give a reader its venue's bundle."""
    found = shelf.bundle(reader.venue)
    note_bundle(serving.installation.store, reader, found.data)
    return documented(request, found, BUNDLE_TYP, _FOR_READERS)


@router.get(
    "/trust/bundle/{venue}", response_class=Response, responses=_SIGNED, dependencies=[Depends(of_venue)]
)
def bundle(request: Request, venue: Annotated[str, Path(max_length=64)], shelf: Shelved) -> Response:
    """Give a venue's bundle to one of its readers."""
    return documented(request, shelf.bundle(venue), BUNDLE_TYP, _FOR_READERS)


@router.get("/api/v1/readers/{reader}/month-keys")
def reader_month_keys(serving: Served, reader: Itself) -> MonthKeysAnswer:
    """Give a reader the keys of its venue's pseudonyms, sealed to it."""
    found = month_keys(serving.installation, reader, serving.clock())
    return MonthKeysAnswer(keys=[MonthKeyAnswer(month=month, sealed=sealed) for month, sealed in found])


@router.post("/api/v1/readers/{reader}/records")
def reader_records(serving: Served, reader: Itself, body: Batch) -> BatchAnswer:
    """Take a reader's log, idempotent on device and seq; answered after the commit."""
    batch = [Brought(one.seq, _bytes(one.sealed)) for one in body.records]
    checkpoints = [_bytes(one) for one in body.checkpoints]
    answers = take_batch(serving.installation, reader, batch, checkpoints, serving.clock())
    serving.jobs.wake()
    return BatchAnswer(answers=[RecordAnswer.model_validate(one) for one in answers])


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise ServiceError("bad_request", f"expected base64: {error}") from error


_TRIAL: Final = ByRole(frozenset({"operator"}))


def reader_or_operator(request: Request) -> ReaderRecord | None:
    """The reader that asks; None for an operator who tries a code out."""
    if has_token(request):
        return bearer(request)
    _TRIAL(request)
    return None


async def judges_of(request: Request, shelf: Shelved) -> Judges:
    """The judges of the running service."""
    judges = getattr(request.app.state, "judges", None)
    if not isinstance(judges, Judges) or judges.installation is not shelf.installation:
        judges = request.app.state.judges = Judges(shelf.installation, shelf)
    return judges


@router.post("/api/v1/verify", response_class=JSONResponse, responses={200: {"model": VerdictAnswer}})
def verify(
    serving: Served,
    body: Shown,
    judges: Annotated[Judges, Depends(judges_of)],
    reader: Annotated[ReaderRecord | None, Depends(reader_or_operator)],
) -> JSONResponse:
    """Judge a code as a reader of that venue would; what was seen of phone codes is shared by all."""
    if reader is not None and reader.venue != body.venue:
        raise ServiceError("not_your_venue", f"{reader.id} stands at {reader.venue}")
    service = None if body.service is None else int(service_named(body.service))
    role = Role.GATE if reader is None else Role(reader.profile)
    shown = Presentation(body.code, service, Direction(body.direction))
    verdict, bundle = judges.judge(body.venue, role, shown, serving.clock())
    return JSONResponse(verdict.to_json() | {"offline": False, "bundle": bundle})
