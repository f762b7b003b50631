"""One JSON line a request: id, route, status, time, staff id. Never an address line, a query or a body."""

import logging
import sys
import time
import traceback
from typing import Any, Final, TextIO

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cardsvc.http.metrics import Metrics
from cardsvc.http.problems import bare_failure

#: Methods as RFC 9110 names them; what else came is one label, so that nobody fills the figures.
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE: Final = "-"
#: The web server's lines of its own coming and going: where it listens, its process, no request's values.
_OWN_LIFE: Final = ("uvicorn.error", "server")


def make_logger(stream: TextIO | None = None) -> Any:
    """A logger of its own that writes JSON lines, standard error where no ``stream`` is named."""
    return structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )


class ToStructlog(logging.Handler):
    """Hands lines of libraries on, by their template: values, which could be personal, stay out.

    What the web server says of itself comes whole.
    """

    def __init__(self, logger: Any) -> None:
        """Write to ``logger``."""
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; an exception as its kind and place."""
        more = {"failure": where(record.exc_info[1])} if record.exc_info and record.exc_info[1] else {}
        words = record.getMessage() if (record.name, record.module) == _OWN_LIFE else str(record.msg)
        tell = self._logger.info
        if record.levelno >= logging.WARNING:
            tell = self._logger.error if record.levelno >= logging.ERROR else self._logger.warning
        tell("library", source=record.name, words=words[:200], **more)


def where(error: BaseException | None) -> str:
    """The kind of an exception and the lines it passed; its words may hold what was being handled."""
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"


class RequestLog:
    """The outermost layer: times every answer, and turns what nobody caught into a bare 500."""

    def __init__(self, app: ASGIApp, *, logger: Any, metrics: Metrics) -> None:
        """Wrap ``app``."""
        self._app, self._logger, self._metrics = app, logger, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0
        state: dict[str, Any] = scope.setdefault("state", {})

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001  # the last resort: logged by kind and place, answered bare
            request_id = str(state.get("request_id", NO_ROUTE))
            self._logger.error("failure", request=request_id, failure=where(error))
            if not status:
                await bare_failure(request_id)(scope, receive, watched)
        finally:
            self._tell(scope, state, status, time.perf_counter() - begun)

    def _tell(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        self._metrics.answered(method, route, status, seconds)
        told = {"refused": state["refused"]} if "refused" in state else {}
        if told:
            self._metrics.refused.labels(told["refused"]).inc()
        if "alarm" in state:
            self._logger.error(
                told["refused"], request=state.get("request_id", NO_ROUTE), words=state["alarm"]
            )
        self._logger.info(
            "request",
            request=state.get("request_id", NO_ROUTE),
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            staff=state.get("staff"),
            **told,
        )
