"""The OpenAPI document is true: whatever is sent by whomever, the answer is one it declares, and no 5xx."""

import pytest

from cardsvc.app import create_app
from cardsvc.http.openapi import operations
from cardsvc.settings import Settings
from cardsvc.staff.powers import ROLES
from tests.service.api_fuzz import described, roles_of, try_out
from tests.service.house import PEOPLE, House

#: Of each kind, right and wrong, where the role may call; scripts/fuzz_api.py sends thousands.
EXAMPLES = 1


def test_every_operation_is_described_with_its_problems() -> None:
    app = create_app(Settings())
    document = app.openapi()
    seen = 0
    for route in operations(app):
        for method in (route.methods or ()) if route.include_in_schema else ():
            told = document["paths"][route.path_format][method.lower()]
            assert {"4XX", "5XX"} <= set(told["responses"]), route.path
            assert "422" not in told["responses"]
            assert told["description"], route.path
            seen += 1
    assert seen > 40
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize("role", [*sorted(ROLES), "nobody"])
def test_answers_are_as_declared(either_house: House, role: str) -> None:
    sent = 0
    for operation in described():
        allowed = roles_of(operation)
        # Closed doors are the matrix's matter.
        if role in allowed or (role == "nobody" and not allowed):
            token = None if role == "nobody" else either_house.as_(PEOPLE[role]).token
            sent += try_out(either_house, operation, token, EXAMPLES)
    assert sent > 0
