"""The OpenAPI document, made true: every answer that may come is in it, problems included."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from cardsvc.http.access import Access, accesses
from cardsvc.http.problems import PROBLEM_TYPE, Problem

_REF = "#/components/schemas/{model}"


def install_openapi(app: FastAPI) -> None:
    """Have ``app.openapi()`` give the true document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the way FastAPI's manual gives for this


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    own = Problem.model_json_schema(ref_template=_REF)
    schemas.update(own.pop("$defs", {}))
    schemas["Problem"] = own
    problem = {"schema": {"$ref": _REF.format(model="Problem")}}
    for route in operations(app):
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                _complete(operation, list(accesses(route.dependant)), problem)
    return document


def operations(app: FastAPI) -> Iterator[RouteContext]:
    """Every route that carries out something, wherever it was declared."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            yield route


def _complete(operation: dict[str, Any], declared: list[Access], problem: dict[str, Any]) -> None:
    answers = operation["responses"]
    answers.pop("422", None)
    for status, words in _problems(declared):
        answers.setdefault(status, {"description": words, "content": {PROBLEM_TYPE: problem}})
    operation["x-roles"] = sorted({role for one in declared for role in one.allowed or ()})


def _problems(declared: list[Access]) -> Iterator[tuple[str, str]]:
    if any(one.allowed is not None for one in declared):
        yield "401", "Nobody is signed in."
        yield "403", "Not for this role or office, from another page, or a fresh proof is needed."
    yield "4XX", "The request cannot be carried out; the reason says why."
    yield "5XX", "The service cannot do it now."
