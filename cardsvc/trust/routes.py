"""Trust documents for readers and for everybody: roots, status lists, keys, bundles.

All but the bundles are public and may be kept by caches; none says more than a card's own code and a bit.
Status lists follow the IETF Token Status List (sections 8 and 9): CWT or JWT by what is asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import JSONResponse, Response

from cardsvc.errors import ServiceError
from cardsvc.http.access import Serving, anyone, running
from cardsvc.http.bodies import Answer
from cardsvc.trust.shelf import Document, Shelf
from keys.bundle import TTL_S
from verify.cose import EDDSA, PublicKey
from verify.keylist import KeyUse
from verify.status import STATUS_TYP
from verify.status_jwt import jwt_kid, to_base64url
from verify.trustdocs import ISSUED_TYP, ROOT_TYP

JWT_MEDIA: Final = "application/statuslist+jwt"
#: A change is at every reader within five minutes, caches on the way included.
LIST_AGE_S: Final = 60
#: Root documents change every year or two, key lists every quarter.
ROOT_AGE_S: Final = 3600
#: What never changes may be kept for a year (RFC 9111 knows no longer age in use).
FOR_EVER_S: Final = 365 * 86_400
assert LIST_AGE_S <= TTL_S  # noqa: S101 - section 8.1: no cache keeps a list longer than its ttl

router = APIRouter(tags=["trust"], dependencies=[anyone])


class Aggregation(Answer):
    """Where all status lists are (Token Status List, section 9.3)."""

    status_lists: list[str]


class KeySet(Answer):
    """A JSON Web Key Set (RFC 7517, section 5)."""

    keys: list[dict[str, str]]


async def shelf_of(request: Request, serving: Annotated[Serving, running]) -> Shelf:
    """The shelf of the running service; a restarted one begins with an empty one."""
    shelf = getattr(request.app.state, "trust_shelf", None)
    if not isinstance(shelf, Shelf) or shelf.installation is not serving.installation:
        shelf = request.app.state.trust_shelf = Shelf(serving.installation, serving.clock)
    return shelf


Shelved = Annotated[Shelf, Depends(shelf_of)]


def _content(*media: str) -> dict[int | str, dict[str, Any]]:
    """How the OpenAPI document describes signed bytes."""
    body = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": dict.fromkeys(media, body)}, 304: {"description": "Unchanged."}}


@router.get("/trust/root", response_class=Response, responses=_content(ROOT_TYP))
def newest_root(request: Request, shelf: Shelved) -> Response:
    """Give the newest root document."""
    return _document(request, Document(shelf.documents().roots.signed[-1]), ROOT_TYP, ROOT_AGE_S)


@router.get("/trust/root/{version}", response_class=Response, responses=_content(ROOT_TYP))
def one_root(request: Request, version: Annotated[int, Path(ge=1, le=10_000)], shelf: Shelved) -> Response:
    """Give a root document by its version, for readers that follow the chain."""
    signed = shelf.documents().roots.signed
    if version > len(signed):
        raise ServiceError("no_such_document", f"the newest root document is {len(signed)}")
    return _document(request, Document(signed[version - 1]), ROOT_TYP, FOR_EVER_S)


@router.get("/s", responses={200: {"model": Aggregation}})
def aggregation(shelf: Shelved) -> JSONResponse:
    """Name every status list (Token Status List, section 9.3)."""
    found = Aggregation(status_lists=sorted(one.uri for one in shelf.lists().values()))
    return JSONResponse(found.model_dump(), headers=_headers(LIST_AGE_S))


@router.get("/s/{list_id}", response_class=Response, responses=_content(STATUS_TYP, JWT_MEDIA))
def status_list(
    request: Request,
    list_id: Annotated[str, Path(max_length=8)],
    shelf: Shelved,
    time: Annotated[str | None, Query(max_length=20, description="Not supported (section 8.4).")] = None,
) -> Response:
    """Give a status list as CWT, or as JWT where that is asked for."""
    if time is not None:
        raise ServiceError("history_not_kept", "lists of the past are not kept; ask without time")
    media = preferred(request.headers.get("accept"), (STATUS_TYP, JWT_MEDIA))
    if media is None:
        raise ServiceError("not_acceptable", f"a list is {STATUS_TYP} or {JWT_MEDIA}")
    found = shelf.lists().get(list_id)
    if found is None:
        raise ServiceError("no_such_document", f"there is no status list {list_id}")
    return _document(request, found.jwt if media == JWT_MEDIA else found.cwt, media, LIST_AGE_S)


class KeySetResponse(JSONResponse):
    """A key set under its own media type (RFC 7517, section 8.5.2)."""

    media_type = "application/jwk-set+json"


@router.get("/.well-known/jwks.json", response_class=KeySetResponse, responses={200: {"model": KeySet}})
def jwks(serving: Annotated[Serving, running], shelf: Shelved) -> JSONResponse:
    """Give the keys that sign status lists, for verifiers that speak JSON (RFC 7517)."""
    now = int(serving.clock().timestamp())
    keys = shelf.documents().key_list.keys
    status = [_jwk(key.public) for key in keys if key.use is KeyUse.STATUS and key.trust_until > now]
    found = KeySet(keys=status).model_dump()
    return KeySetResponse(found, headers=_headers(ROOT_AGE_S))


@router.get("/trust/issued/{kid}", response_class=Response, responses=_content(ISSUED_TYP))
def issued(
    request: Request, kid: Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")], shelf: Shelved
) -> Response:
    """Give the list of what a distrusted key really signed."""
    return _document(request, shelf.issued(bytes.fromhex(kid)), ISSUED_TYP, LIST_AGE_S)


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """The media type to answer with (RFC 9110, section 12.5.1); of equals the first, None if none will do."""
    ranges = [_range(part) for part in (accept or "*/*").lower().split(",") if part.strip()]
    best, quality = None, 0.0
    for media in offered:
        kind = media.partition("/")[0]
        matching = [
            (rank, found)
            for name, found in ranges
            for rank, wanted in enumerate(("*/*", f"{kind}/*", media))
            if name == wanted
        ]
        found = max(matching, default=(0, 0.0))[1]
        if found > quality:
            best, quality = media, found
    return best


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
    try:
        return name, min(max(float(quality), 0.0), 1.0)
    except ValueError:
        return name, 0.0


def _jwk(public: PublicKey) -> dict[str, str]:
    common = {"kid": jwt_kid(public), "use": "sig"}
    if public.algorithm == EDDSA:
        return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": to_base64url(public.raw), **common}
    x, y = public.raw[1:33], public.raw[33:]
    points = {"x": to_base64url(x), "y": to_base64url(y)}
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", **points, **common}


def _document(request: Request, document: Document, media: str, age_s: int) -> Response:
    return answer(request, document, media, _headers(age_s))


def _headers(age_s: int) -> dict[str, str]:
    """Public, and for pages of other origins too: there is nothing in it that is anybody's secret."""
    return {
        "Cache-Control": f"public, max-age={age_s}",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Accept",
    }


def answer(request: Request, document: Document, media: str, headers: Mapping[str, str]) -> Response:
    """The document under those headers, or 304 to who has it already (RFC 9110, section 13.1.2)."""
    named = {**headers, "ETag": document.etag}
    asked = request.headers.get("if-none-match", "")
    if asked == "*" or document.etag in {tag.strip().removeprefix("W/") for tag in asked.split(",")}:
        return Response(status_code=304, headers=named)
    return Response(document.data, headers=named, media_type=media)
