"""Requests as the OpenAPI document describes them, and as it does not, sent as somebody; answers checked."""

import warnings
from functools import cache
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from cardsvc.app import create_app
from cardsvc.settings import Settings
from tests.service.house import COOKIE, House

with warnings.catch_warnings():
    # It brings plugins and clients of its own, whose deprecations are not ours.
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

TRUE_TO_ITS_WORD = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: 501: lists of the past are not kept (Token Status List, section 8.4). 503: the pages are not built.
HONEST = (501, 503)
#: What a stranger would send that no description allows.
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
BASE = "https://card.example.org"


@cache
def described() -> list[Any]:
    """Every operation of the document; the same for every house."""
    schema = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
    return [result.ok() for result in schema.get_all_operations()]


def roles_of(operation: Any) -> set[str]:
    """The roles that the document names for it."""
    return set(operation.definition.raw["x-roles"])


def try_out(house: House, operation: Any, token: str | None, examples: int) -> int:
    """Send examples of both kinds; gives how many were sent, and fails for the first answer that lies."""
    sent = 0
    for mode in MODES:

        @settings(
            max_examples=examples,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Any) -> None:
            nonlocal sent
            sent += 1
            answer = send(house, case, token)
            assert answer.status_code < 500 or answer.status_code in HONEST, answer.text
            case.validate_response(answer, checks=TRUE_TO_ITS_WORD)

        try:
            run()
        except Unsatisfiable:
            # Nothing about it can be wrong: it has no parameters and no body.
            continue
    return sent


def send(house: House, case: Any, token: str | None) -> Any:
    """The answer to one generated request."""
    browser = house.browser()
    if token is not None:
        browser.client.cookies.set(COOKIE, token)
    return send_by(browser.client, case)


def send_by(client: Any, case: Any) -> Any:
    """The answer to one generated request, sent by a client that is signed in or not."""
    made = requests.Request(**case.as_transport_kwargs(base_url=BASE)).prepare()
    body = made.body.encode("utf-8", "surrogatepass") if isinstance(made.body, str) else made.body
    ours = ("content-length", "cookie")
    headers = {name: value for name, value in made.headers.items() if name.lower() not in ours}
    return client.request(
        str(made.method), str(made.url), content=body, headers=headers, follow_redirects=False
    )
