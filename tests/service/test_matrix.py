"""Every route says who may call it, and keeps its word: each role at each route, and nobody at all."""

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from cardsvc.app import create_app
from cardsvc.http.access import Access, accesses
from cardsvc.http.openapi import operations
from cardsvc.settings import Settings
from cardsvc.staff.powers import NEEDED, ROLES
from tests.service.house import PEOPLE, Browser, House


def _routes() -> list[tuple[str, str, Access]]:
    """Method, path and declaration of every route; fails for one that declares nothing, or two things."""
    found = []
    for route in operations(create_app(Settings())):
        declared = {one.allowed for one in accesses(route.dependant)}
        assert len(declared) == 1, f"{route.path} declares {len(declared)} times who may call it"
        access = next(accesses(route.dependant))
        found += [(method, str(route.path), access) for method in sorted(route.methods or ())]
    return sorted(found, key=lambda one: one[:2])


ROUTES = _routes()


def test_no_route_hides_from_the_matrix() -> None:
    """Nothing is routed but operations: no mount, no bare route, no page of the framework's own."""
    kinds = {type(route.original_route) for route in iter_route_contexts(create_app(Settings()).routes)}
    assert kinds == {APIRoute}
    assert len(ROUTES) > 40


def test_what_opens_something_stands_in_no_address() -> None:
    """Whatever passes a request on may write its address down; codes and tokens travel in bodies."""
    places = {place for _, path, _ in ROUTES for place in re.findall(r"\{(\w+)\}", path)}
    assert not places & {"code", "token", "flow", "password", "totp"}


def test_what_anybody_may_call_is_known() -> None:
    """A new door for strangers is opened here, on purpose, or not at all."""
    open_doors = {path for _, path, access in ROUTES if access.allowed is None}
    assert open_doors <= {
        *(
            "/",
            "/desk",
            "/police",
            "/gate",
            "/seller",
            "/card",
            "/assets/{name}",
            "/favicon.ico",
            "/{name}-worker.js",
        ),
        *("/healthz", "/readyz", "/metrics", "/api/openapi.json"),
        *("/api/session/passkey/options", "/api/session/passkey", "/api/session/password"),
        *("/api/session/ways", "/api/session/oidc", "/api/session/oidc/callback"),
        *("/api/invitations/look", "/api/invitations/passkey/options", "/api/invitations/passkey"),
        *("/api/invitations/password", "/api/invitations/password/confirm"),
        *("/trust/root", "/trust/root/{version}", "/trust/bundle/{venue}", "/trust/issued/{kid}"),
        *("/trust/keys", "/s", "/s/{list_id}", "/.well-known/jwks.json"),
        # Readers: each proves itself by a code, a signed assertion or a token, never by a session.
        *("/api/v1/readers/enrol", "/oauth/token", "/.well-known/oauth-authorization-server"),
        *("/api/v1/readers/{reader}/bundle", "/api/v1/readers/{reader}/month-keys"),
        *("/api/v1/readers/{reader}/records", "/api/v1/verify"),
        # Phones: each proves itself by a code, or by the key that an approver enrolled.
        *("/api/holder/enrol", "/api/holder/renew", "/api/holder/lost", "/api/holder/time"),
        "/api/holder/looks",
        *("/api/holder/phones", "/api/holder/move/offer", "/api/holder/move/look", "/api/holder/move"),
        *("/api/holder/recovery", "/api/holder/recover", "/api/holder/recovery/stop"),
        *("/api/holder/desks", "/api/holder/portraits", "/api/holder/applications"),
        *("/api/holder/applications/state", "/api/holder/applications/withdraw"),
        *("/api/holder/consents", "/api/holder/consents/give", "/api/holder/consents/end"),
        *("/api/holder/standing", "/api/holder/applications/card"),
        "/t",  # what a chip's own address says to whoever holds the chip
    }


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_gets_in_where_it_is_named_and_nowhere_else(house: House, role: str) -> None:
    wrong = []
    browser = house.as_(PEOPLE[role])
    for method, path, access in ROUTES:
        if access.allowed is None:
            continue
        answer = _call(browser, method, path)
        refused = _reason(answer)
        allowed = role in access.allowed
        if allowed == (refused in ("not_your_role", "not_signed_in", "office_may_not")):
            wrong.append((method, path, answer.status_code, refused))
        if allowed and method in ("DELETE", "POST"):
            # Signing out, or up, may have been among them.
            browser = house.as_(PEOPLE[role])
    assert wrong == []


def test_nobody_gets_in_without_a_session(house: House) -> None:
    browser = house.browser()
    for method, path, access in ROUTES:
        answer = _call(browser, method, path)
        if access.allowed is not None:
            assert (answer.status_code, answer.json()["reason"]) == (401, "not_signed_in"), path
        else:
            # 503: the pages are not built where these tests run alone.
            assert answer.status_code < 500 or answer.status_code == 503, path


@pytest.mark.parametrize("role", sorted(NEEDED))
def test_an_office_that_may_nothing_keeps_its_people_out(house: House, role: str) -> None:
    operator = house.as_("operator1")
    empty = {"name": "Closed", "parent": "Yiwu", "kind": "other", "may": []}
    operator.call("PUT", "/api/offices/Closed", empty)
    operator.call("PATCH", f"/api/staff/{PEOPLE[role]}", {"office": "Closed"})
    browser = house.as_(PEOPLE[role])
    for method, path, access in ROUTES:
        if access.allowed is not None and role in access.allowed and access.powers:
            answer = _call(browser, method, path)
            assert answer.json()["reason"] == "office_may_not", path


def test_an_operator_of_a_branch_rules_no_city(house: House) -> None:
    branch = {"id": "operator9", "name": "Branch", "role": "operator", "office": "Choucheng Bank Branch"}
    house.as_("operator1").post("/api/staff", branch)
    browser, wrong = house.as_("operator9"), []
    for method, path, access in ROUTES:
        if access.allowed is None or "operator" not in access.allowed:
            continue
        reason = _reason(_call(browser, method, path))
        if access.city != (reason == "only_at_top"):
            wrong.append((method, path, reason))
        if method in ("DELETE", "POST"):
            browser = house.as_("operator9")  # Signing out, or up, may have been among them.
    assert wrong == []


def test_what_is_of_no_one_office_is_known() -> None:
    """Doors, readers and the audit are nobody's branch: each of their routes says so."""
    city = {path for _, path, access in ROUTES if access.city}
    rooms = (
        "/api/venues",
        "/api/readers",
        "/api/reader-codes",
        "/api/use",
        "/api/audit",
        "/api/oversight/budgets",
    )
    assert city == {
        path for _, path, access in ROUTES if path.startswith(rooms) and access.allowed is not None
    }


@pytest.mark.parametrize("role", sorted(ROLES))
def test_what_wants_a_fresh_proof_is_refused_without(house: House, role: str) -> None:
    browser = house.as_(PEOPLE[role], fresh=False)
    for method, path, access in ROUTES:
        if access.fresh and access.allowed is not None and role in access.allowed:
            assert _call(browser, method, path).json()["reason"] == "step_up_needed", path


def _call(browser: Browser, method: str, path: str) -> Any:
    """Call a route with something in every place of its address."""
    return browser.client.request(method, re.sub(r"\{[^}]+\}", "0123456789abcdef", path))


def _reason(answer: Any) -> str | None:
    """Why a call was refused, None where it was not."""
    if answer.headers.get("content-type") != "application/problem+json":
        return None
    reason: str = answer.json()["reason"]
    return reason
