"""What strangers may send: neither deep bodies nor endless beginnings cost the service anything."""

import json
from datetime import timedelta

import pytest

from cardsvc.errors import ServiceError
from cardsvc.http.access import counted_as
from cardsvc.http.bodies import MAX_DEPTH
from cardsvc.http.budget import ADDRESSES, BEGINNINGS, NONCES, WINDOW, Budget
from tests.desk.town import NOW
from tests.service.house import House


def _deep(levels: int) -> object:
    value: object = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize("levels", [MAX_DEPTH, 275, 900, 100_000])
@pytest.mark.parametrize("path", ["/api/session/password", "/api/session/passkey"])
def test_a_body_that_goes_too_deep_is_refused(house: House, path: str, levels: int) -> None:
    text = '{"credential":' + '{"a":' * levels + "1" + "}" * levels + "}"
    answer = house.browser().client.post(path, content=text, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["reason"] == "bad_request"


@pytest.mark.parametrize("levels", [MAX_DEPTH, 275, 900])
def test_a_draft_that_goes_too_deep_is_refused(house: House, levels: int) -> None:
    clerk = house.as_("clerk1")
    body = json.loads(json.dumps({"application": _deep(levels)}))
    assert clerk.reason("POST", "/api/desk/cases", body) == "bad_request"


def test_strangers_begin_so_often_a_minute(house: House) -> None:
    browser = house.browser()
    for _ in range(BEGINNINGS):
        house.app.state.serving.beginnings.spend("testclient", house.clock.now)
    password = {"staff": "clerk1", "password": "wrong wrong wrong", "totp": "000000"}
    for path, body in (("passkey/options", None), ("password", password)):
        answer = browser.client.post(f"/api/session/{path}", json=body)
        assert (answer.status_code, answer.json()["reason"]) == (429, "too_often")
    house.clock.now += WINDOW
    browser.post("/api/session/passkey/options")


def test_one_address_takes_nothing_from_another() -> None:
    budget = Budget(limit=2)
    for address in ("192.0.2.1", "192.0.2.2") * 2:
        budget.spend(address, NOW)
    with pytest.raises(ServiceError, match="wait a minute"):
        budget.spend("192.0.2.1", NOW + WINDOW - timedelta(seconds=1))
    budget.spend("192.0.2.1", NOW + WINDOW)


def test_one_approver_leaves_the_signers_nonces_to_the_others(house: House) -> None:
    chief1, chief2 = house.enrolled("chief1"), house.enrolled("chief2")
    house.enrolled("library1")
    (request,) = chief1.get("/api/approver-keys")["requests"]
    at = f"/api/approver-keys/requests/{request['id']}/challenge"
    for _ in range(NONCES):
        chief1.post(at)
    answer = chief1.client.post(at)
    assert (answer.status_code, answer.json()["reason"]) == (429, "too_often")
    chief2.post(at)
    house.clock.now += WINDOW
    chief1.post(at)


def test_what_is_counted_has_a_limit() -> None:
    budget = Budget()
    for number in range(ADDRESSES):
        budget.spend(str(number), NOW)
    with pytest.raises(ServiceError, match="wait a minute"):
        budget.spend("one more", NOW)


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_host_with_a_whole_network_counts_once(host: str, counted: str) -> None:
    assert counted_as(host) == counted
