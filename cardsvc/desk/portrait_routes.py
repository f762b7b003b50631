"""A portrait as a file of a form: for scripts and scanners; pages send JSON."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from cardsvc.desk import shapes
from cardsvc.desk.case_routes import CaseId, Clerk, Served, desk_of, view
from cardsvc.errors import ServiceError
from cardsvc.http.headers import MAX_BODY_BYTES

router = APIRouter(prefix="/api/desk", tags=["desk"])

MAX_VERSION: Final = 10**9
#: What a form holds (OpenAPI 3.1, section 4.8.14.3): read by hand, so declared by hand.
_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["file", "version"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "version": {"type": "integer", "minimum": 1, "maximum": MAX_VERSION},
    },
}
_BODY: Final = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}


class _InMemory(MultiPartParser):
    """A face never lies in a temporary file, however large the picture."""

    spool_max_size = MAX_BODY_BYTES


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, and the version of the case it is for."""

    data: bytes
    version: int


async def uploaded(request: Request) -> Upload:
    """Read the form; raises ``bad_upload``."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise ServiceError("bad_upload", "a form with the members file and version was expected")
    try:
        form = await _InMemory(request.headers, request.stream(), max_files=1, max_fields=1).parse()
    except (MultiPartException, KeyError) as error:
        raise ServiceError("bad_upload", "the form cannot be read; send file and version") from error
    try:
        return await _read(form)
    finally:
        await form.close()


async def _read(form: FormData) -> Upload:
    file, version = form.get("file"), form.get("version")
    if not isinstance(file, UploadFile) or not isinstance(version, str) or set(form) != {"file", "version"}:
        raise ServiceError("bad_upload", "a form has the members file and version, and no others")
    if not (version.isascii() and version.isdigit() and 1 <= int(version[:11]) <= MAX_VERSION):
        raise ServiceError("bad_upload", "version is the number of the case's version")
    return Upload(await file.read(), int(version))


@router.put("/cases/{case}/portrait", response_model=shapes.CaseAnswer, openapi_extra=_BODY)
def upload_portrait(
    serving: Served, caller: Clerk, case: CaseId, upload: Annotated[Upload, Depends(uploaded)]
) -> Any:
    """Take a portrait from a form."""
    desk_of(serving, caller).set_portrait(case, upload.version, upload.data, None)
    return view(serving, caller, case)
