"""Whether the process lives, whether it can work, and its figures."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from cardsvc.http.access import Serving, anyone, running
from cardsvc.http.bodies import Answer
from verify.errors import CardsvcError

router = APIRouter(tags=["health"], dependencies=[anyone])


class Alive(Answer):
    """The process answers."""

    alive: Literal[True]


class Ready(Answer):
    """What the process needs, and whether it has it."""

    ready: bool
    records: str
    signer: str


@router.get("/healthz")
def healthz() -> Alive:
    """Say that the process lives."""
    return Alive(alive=True)


@router.get("/readyz", responses={503: {"model": Ready, "description": "Something it needs is missing."}})
def readyz(serving: Annotated[Serving, running]) -> Ready:
    """Say whether records and signer answer."""
    found = {"records": _records(serving), "signer": _signer(serving)}
    ready = set(found.values()) == {"ok"}
    serving.metrics.ready.set(ready)
    answer = Ready(ready=ready, **found)
    if ready:
        return answer
    return JSONResponse(answer.model_dump(), 503)  # type: ignore[return-value]  # the one answer with a status of its own


@router.get("/api/openapi.json", include_in_schema=False)
def openapi(request: Request) -> JSONResponse:
    """Give the description of every interface."""
    return JSONResponse(request.app.openapi())


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(serving: Annotated[Serving, running]) -> Response:
    """Give the figures, for Prometheus."""
    return serving.metrics.page()


def _records(serving: Serving) -> str:
    try:
        with serving.installation.store.reading() as tx:
            tx.issuer.get()
    except CardsvcError as error:
        return error.reason
    return "ok"


def _signer(serving: Serving) -> str:
    try:
        serving.installation.signer.hello()
    except CardsvcError as error:
        return error.reason
    return "ok"
