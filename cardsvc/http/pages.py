"""The built pages and what they load, with the headers that pages need."""

import gzip
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from cardsvc.errors import ServiceError
from cardsvc.http.access import anyone
from cardsvc.http.headers import content_policy

#: Every page, and whether it reads codes with the camera (WebAssembly).
PAGES: Final[Mapping[str, bool]] = {
    "desk": False,
    "police": True,
    "gate": True,
    "seller": True,
    "card": False,
}
_TYPES: Final[Mapping[str, str]] = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
#: What gets smaller by packing; pictures are packed already.
_PACKED: Final = frozenset({".js", ".css", ".svg", ".ttf", ".wasm", ".webmanifest"})
#: The build puts a hash of the contents into every name there.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_MISSING: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Pages not built</title>"
    "<h1>The pages are not built yet</h1><p>Run <code>scripts/start</code> once, or build them in"
    " <code>cardsvc/web</code> with <code>npm ci</code> and <code>npm run build</code>.</p></html>"
)


def default_folder() -> Path:
    """Where the set-up builds the pages."""
    return Path(__file__).resolve().parent.parent / "web" / "dist"


def pages_router(folder: Path) -> APIRouter:
    """Routes for every page of the build in ``folder``."""
    router = APIRouter(include_in_schema=False, dependencies=[anyone])

    @router.get("/")
    def start() -> RedirectResponse:
        return RedirectResponse("/desk", 307)

    def page(name: str) -> Response:
        path = folder / f"{name}.html"
        if not path.is_file():
            return HTMLResponse(_MISSING, 503)
        headers = {
            "Content-Security-Policy": content_policy(scanner=PAGES[name]),
            "Cache-Control": "no-cache",
        }
        return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)

    for name in PAGES:
        # The name is bound now: a closure would see the last one.
        router.add_api_route(f"/{name}", lambda name=name: page(name), methods=["GET"], name=name)

    @router.get("/assets/{name}")
    def asset(name: str, request: Request) -> Response:
        path = folder / "assets" / name
        plain = _file(path, _FOR_EVER)
        if path.suffix not in _PACKED:
            return plain
        plain.headers["Vary"] = "Accept-Encoding"
        if not _takes_gzip(request.headers.get("accept-encoding", "")):
            return plain
        headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
        return Response(_packed(path), media_type=_TYPES[path.suffix], headers=headers)

    @router.get("/{name}-worker.js")
    def worker(name: str) -> FileResponse:
        # A service worker governs what lies below its own address, so it stands beside its page.
        if name not in PAGES:
            raise ServiceError("no_such_page", "there is no such file")
        return _file(folder / f"{name}-worker.js", "no-cache")

    @router.get("/favicon.ico")
    def icon() -> FileResponse:
        return _file(folder / "favicon.ico", "public, max-age=86400")

    return router


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding takes gzip (RFC 9110, section 12.5.3)."""
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


@lru_cache(maxsize=512)
def _packed(path: Path) -> bytes:
    """An asset as gzip; its name holds the hash of its contents, so it never changes."""
    return gzip.compress(path.read_bytes(), 9, mtime=0)


def _file(path: Path, cached: str) -> FileResponse:
    kind = _TYPES.get(path.suffix)
    # A name is one segment of the address: it holds no slash, and the two that climb have no known ending.
    if kind is None or not path.is_file():
        raise ServiceError("no_such_page", "there is no such file")
    return FileResponse(path, media_type=kind, headers={"Cache-Control": cached})
