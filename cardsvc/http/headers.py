"""What every answer carries, whatever made it, and what every request must bear.

One ASGI layer around the application: a request's id, the limit of its body, the origin of what changes
something, and the headers that keep browsers strict (Content Security Policy level 3, Fetch, RFC 6797).
"""

import secrets
from collections.abc import Iterable, Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cardsvc.errors import ServiceError
from cardsvc.http.problems import refusal

#: A portrait at its largest is 5 MiB as base64; a CSV of ten thousand applications is half of that.
MAX_BODY_BYTES: Final = 8 * 1024 * 1024
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: The prefix holds the cookie to this host, this path and https (RFC 6265bis, section 4.1.3.2).
SECURE_COOKIE: Final = "__Host-cardsvc"
PLAIN_COOKIE: Final = "cardsvc"

_CSP: Final = (
    "default-src 'none'; script-src 'self'{wasm}; style-src 'self'; img-src 'self' data: blob:;"
    " font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; manifest-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: No page, no picture and no script of anybody else may use an answer of the service.
_ALWAYS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), publickey-credentials-get=(self),"
    " publickey-credentials-create=(self), geolocation=(), microphone=(), payment=(), usb=(), serial=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_HSTS: Final = "max-age=63072000; includeSubDomains"


def content_policy(*, scanner: bool = False) -> str:
    """The content security policy; pages that read codes may compile WebAssembly."""
    return _CSP.format(wasm=" 'wasm-unsafe-eval'" if scanner else "")


def cookie_name(*, https: bool) -> str:
    """What the session's cookie is called."""
    return SECURE_COOKIE if https else PLAIN_COOKIE


class Shell:
    """The layer: id, limits and origin on the way in, headers on the way out."""

    def __init__(self, app: ASGIApp, *, origin: str, max_body: int = MAX_BODY_BYTES) -> None:
        """Wrap ``app``; ``origin`` is the one that browsers of the staff show."""
        self._app = app
        self._origin = origin
        self._https = origin.startswith("https://")
        self._cookie = cookie_name(https=self._https)
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), request_id)
            await send(message)

        try:
            self._check_text(scope)
            self._check_origin(scope)
            body = await self._whole(Headers(scope=scope), receive)
        except ServiceError as error:
            scope["state"]["refused"] = error.reason
            await refusal(request_id, error)(scope, receive, dressed)
            return
        await self._app(scope, _replay(body, receive), dressed)

    def _dress(self, headers: MutableHeaders, request_id: str) -> None:
        headers["X-Request-Id"] = request_id
        for name, value in _ALWAYS.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", content_policy())
        headers.setdefault("Cache-Control", "no-store")
        if self._https:
            headers.setdefault("Strict-Transport-Security", _HSTS)

    def _check_text(self, scope: Scope) -> None:
        # Neither database holds a NUL in a text, and no address of ours has one.
        if b"%00" in scope.get("query_string", b"") or "\0" in scope["path"]:
            raise ServiceError("bad_request", "an address holds no NUL")

    def _check_origin(self, scope: Scope) -> None:
        """Whatever changes something comes from our own pages, or from a program that has no cookie."""
        if scope["method"] in SAFE_METHODS:
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None and not _has_cookie(headers.getlist("cookie"), self._cookie):
            return
        if origin != self._origin:
            words = f"this must come from {self._origin}; another page, or none, asked for it"
            raise ServiceError("foreign_origin", words)

    async def _whole(self, headers: Headers, receive: Receive) -> bytes:
        """The whole body: size first, then work."""
        said = headers.get("content-length", "0")
        if not said.isdigit() or int(said) > self._max_body:
            raise self._too_large()
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            part = message.get("body", b"")
            size += len(part)
            if size > self._max_body:
                raise self._too_large()
            parts.append(part)
            more = message.get("more_body", False)
        return b"".join(parts)

    def _too_large(self) -> ServiceError:
        return ServiceError("body_too_large", f"a request has at most {self._max_body} bytes")


def _has_cookie(lines: Iterable[str], name: str) -> bool:
    return any(part.strip().partition("=")[0] == name for line in lines for part in line.split(";"))


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
