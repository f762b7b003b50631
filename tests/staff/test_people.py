"""The staff roll, the tree of offices, and approvers' keys, as an operator and approvers keep them."""

from dataclasses import replace
from typing import Any

import pytest

from tests.service.house import Browser, House

NEW = {"id": "clerk9", "name": "Demo Clerk Nine", "role": "clerk", "office": "Yiwu Centre 02"}


def test_an_operator_puts_somebody_on_the_roll_who_then_signs_in(either_house: House) -> None:
    operator = either_house.as_("operator1")
    made = operator.post("/api/staff", NEW | {"language": "zh"})
    assert (made["state"], made["signs_in_with"], made["invited"]) == ("active", [], False)
    invited = operator.post("/api/staff/clerk9/invitation")
    browser = either_house.browser()
    assert browser.enrol(invited["code"], either_house.device("clerk9"))["staff"]["language"] == "zh"
    row = next(one for one in operator.get("/api/staff")["staff"] if one["id"] == "clerk9")
    assert row["signs_in_with"] == ["passkey"]
    assert either_house.actions("clerk9") == ["staff_added", "invited", "enrolled", "signed_in"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"id": "clerk1"}, "staff_exists"),
        ({"office": "Atlantis"}, "not_your_office"),
        ({"services": ["bus"]}, "bad_staff"),
        ({"role": "king"}, "bad_request"),
        ({"id": "No Spaces Here"}, "bad_request"),
        ({"extra": 1}, "bad_request"),
        ({"name": "nul\0"}, "bad_request"),
    ],
)
def test_a_wrong_member_is_refused_by_name(house: House, changed: dict[str, Any], reason: str) -> None:
    assert house.as_("operator1").reason("POST", "/api/staff", NEW | changed) == reason


def test_a_new_role_ends_sessions_and_counts_at_once(either_house: House) -> None:
    clerk, operator = either_house.as_("clerk1"), either_house.as_("operator1")
    assert clerk.reason("GET", "/api/staff") == "not_your_role"
    operator.call("PATCH", "/api/staff/clerk1", {"role": "printer"})
    assert clerk.reason("GET", "/api/session") == "not_signed_in"
    assert either_house.as_("clerk1").get("/api/session")["staff"]["role"] == "printer"


def test_nobody_changes_the_own_account(house: House) -> None:
    operator = house.as_("operator1")
    assert operator.reason("POST", "/api/staff/operator1/lock") == "nobody_alone"
    assert operator.reason("POST", "/api/staff/operator1/invitation") == "nobody_alone"
    assert operator.reason("PATCH", "/api/staff/operator1", {"role": "approver"}) == "nobody_alone"


def _operator_of_centre_01(house: House) -> Browser:
    body = {"id": "operator2", "name": "Demo Operator Two", "role": "operator", "office": "Yiwu Centre 01"}
    house.as_("operator1").post("/api/staff", body)
    return house.as_("operator2")


def test_an_operator_reaches_the_own_office_and_those_below_alone(house: House) -> None:
    operator = _operator_of_centre_01(house)
    seen = {one["id"] for one in operator.get("/api/staff")["staff"]}
    assert seen == {"clerk1", "chief1", "printer1", "operator2"}
    assert operator.reason("POST", "/api/staff/clerk2/lock") == "staff_not_found"
    assert operator.reason("POST", "/api/staff/clerk2/invitation") == "staff_not_found"
    assert operator.reason("POST", "/api/staff", NEW) == "not_your_office"
    assert operator.reason("PATCH", "/api/staff/clerk1", {"office": "Yiwu"}) == "not_your_office"
    offices = {one["id"] for one in operator.get("/api/offices")["offices"]}
    assert offices == {"Yiwu Centre 01", "Jimingshan Community", "Fotang Old Town", "Trade City Company"}


@pytest.mark.parametrize("role", ["auditor", "department", "dpo"])
def test_whose_word_goes_beyond_offices_is_let_in_at_the_top(house: House, role: str) -> None:
    branch, top = _operator_of_centre_01(house), house.as_("operator1")
    body = {"id": "far1", "name": "Far", "role": role, "office": "Yiwu Centre 01"}
    assert branch.reason("POST", "/api/staff", body) == "only_at_top"
    assert branch.reason("PATCH", "/api/staff/clerk1", {"role": role}) == "only_at_top"
    top.post("/api/staff", body)
    # Whoever invites somebody anew could come in that person's place.
    assert branch.reason("POST", "/api/staff/far1/invitation") == "only_at_top"
    assert branch.reason("PATCH", "/api/staff/far1", {"role": "clerk"}) == "only_at_top"
    assert "far1" in {one["id"] for one in branch.get("/api/staff")["staff"]}
    top.post("/api/staff/far1/invitation")
    branch.call("PATCH", "/api/staff/clerk1", {"role": "operator"})


POINT = {"name": "Hotel point", "parent": "Yiwu Centre 01", "kind": "company", "may": ["file"]}


def test_an_office_may_what_it_is_given_and_no_more(either_house: House) -> None:
    operator = either_house.as_("operator1")
    operator.call("PUT", "/api/offices/Hotel Point", POINT)
    operator.call("PATCH", "/api/staff/printer1", {"office": "Hotel Point"})
    printer = either_house.as_("printer1")
    assert printer.get("/api/session")["staff"]["office"] == "Hotel Point"
    assert printer.reason("GET", "/api/desk/queue") == "office_may_not"
    operator.call("PUT", "/api/offices/Hotel Point", POINT | {"may": ["file", "print"]})
    printer.get("/api/desk/queue")
    own = {"name": "Yiwu", "parent": None, "kind": "centre", "may": ["file"]}
    operator.call("PUT", "/api/offices/Yiwu", own)
    assert printer.reason("GET", "/api/desk/queue") == "office_may_not"


@pytest.mark.parametrize(
    ("office", "changed", "reason"),
    [
        ("Hotel Point", {"parent": "Jimingshan Community", "may": ["file", "print"]}, "bad_office"),
        ("Hotel Point", {"parent": "Atlantis"}, "not_your_office"),
        ("Yiwu Centre 01", {"parent": "Jimingshan Community"}, "office_ring"),
        ("Hotel Point", {"kind": "castle"}, "bad_request"),
        ("Hotel Point", {"may": ["everything"]}, "bad_request"),
    ],
)
def test_a_wrong_office_is_refused(house: House, office: str, changed: dict[str, Any], reason: str) -> None:
    operator = house.as_("operator1")
    assert operator.reason("PUT", f"/api/offices/{office}", POINT | changed) == reason


def test_an_operator_does_not_move_or_empower_the_own_office(house: House) -> None:
    operator = _operator_of_centre_01(house)
    moved = {"name": "x", "parent": "Jimingshan Community", "kind": "centre", "may": ["file"]}
    assert operator.reason("PUT", "/api/offices/Yiwu Centre 01", moved) == "not_your_office"
    own = {"name": "x", "parent": "Yiwu", "kind": "centre", "may": ["file", "police"]}
    assert operator.reason("PUT", "/api/offices/Yiwu Centre 01", own) == "not_your_office"
    assert operator.reason("PUT", "/api/offices/Yiwu Centre 02", moved) == "not_your_office"


# --- approvers' keys


def _approve(house: House, browser: Browser, staff: str, request: str) -> bool:
    begun = browser.post(f"/api/approver-keys/requests/{request}/challenge")
    body = {"credential": house.device(staff).get(begun["options"])}
    done: bool = browser.post(f"/api/approver-keys/requests/{request}/approve", body)["done"]
    return done


def test_two_founders_let_a_third_key_in_and_one_takes_it_away(either_house: House) -> None:
    chief1, chief2 = either_house.enrolled("chief1"), either_house.enrolled("chief2")
    assert chief1.get("/api/session")["approver_key"] == "active"
    library = either_house.enrolled("library1")
    assert library.get("/api/session")["approver_key"] == "waiting"
    listed = chief1.get("/api/approver-keys")
    assert {one["staff"] for one in listed["keys"]} == {"chief1", "chief2"}
    (request,) = listed["requests"]
    assert (request["staff"], request["approvals"], request["needed"]) == ("library1", [], 2)
    assert not _approve(either_house, chief1, "chief1", request["id"])
    assert not _approve(either_house, chief1, "chief1", request["id"])
    assert chief1.get("/api/approver-keys")["requests"][0]["approvals"] == ["chief1"]
    assert _approve(either_house, chief2, "chief2", request["id"])
    assert library.get("/api/session")["approver_key"] == "active"
    key = next(one for one in chief1.get("/api/approver-keys")["keys"] if one["staff"] == "library1")
    assert key["fingerprint"] == request["fingerprint"]
    asked = chief1.call("DELETE", f"/api/approver-keys/{key['credential']}")
    body = {"credential": either_house.device("chief1").get(asked["options"])}
    assert chief1.post(f"/api/approver-keys/requests/{asked['id']}/approve", body)["done"]
    assert library.get("/api/session")["approver_key"] == "none"
    assert "approver_key_remove_done" in either_house.actions("library1")


def test_an_approver_who_goes_on_signing_spoils_no_request(house: House) -> None:
    """A key that counts is ahead of its earlier answers; each counts when it is given."""
    chief1, chief2 = house.enrolled("chief1"), house.enrolled("chief2")
    house.enrolled("library1")
    house.enrolled("market1")
    first, second = (one["id"] for one in chief1.get("/api/approver-keys")["requests"])
    assert not _approve(house, chief1, "chief1", first)
    assert not _approve(house, chief1, "chief1", second)
    assert _approve(house, chief2, "chief2", second)
    assert _approve(house, chief2, "chief2", first)
    assert chief1.get("/api/approver-keys")["requests"] == []


def test_an_answer_that_does_not_count_takes_no_others_away(house: House) -> None:
    chief1 = house.enrolled("chief1")
    house.enrolled("chief2")
    house.enrolled("library1")
    (request,) = chief1.get("/api/approver-keys")["requests"]
    assert not _approve(house, chief1, "chief1", request["id"])
    house.devices.pop("chief2")
    stranger = house.browser()
    stranger.enrol(house.invitation("chief2"), house.device("chief2"))
    begun = stranger.post(f"/api/approver-keys/requests/{request['id']}/challenge")
    body = {"credential": house.device("chief2").get(begun["options"])}
    at = f"/api/approver-keys/requests/{request['id']}/approve"
    assert stranger.reason("POST", at, body) == "unknown_approver"
    asked = {one["id"]: one["approvals"] for one in chief1.get("/api/approver-keys")["requests"]}
    assert asked[request["id"]] == ["chief1"]


def test_a_founders_code_founds_once(house: House) -> None:
    house.enrolled("chief1")
    assert (
        house.browser().reason("POST", "/api/invitations/look", {"code": house.founders["chief1"]})
        == "invitation_over"
    )


def test_an_approver_with_a_new_invitation_is_no_founder_any_more(house: House) -> None:
    house.enrolled("chief1")
    chief2 = house.enrolled("chief2")
    house.devices.pop("chief1")
    code = house.as_("operator1").post("/api/staff/chief1/invitation")["code"]
    browser = house.browser()
    assert browser.enrol(code, house.device("chief1"))["approver_key"] == "waiting"
    (request,) = chief2.get("/api/approver-keys")["requests"]
    assert browser.reason("POST", f"/api/approver-keys/requests/{request['id']}/challenge") == "nobody_alone"


def test_an_assertion_of_another_request_approves_nothing(house: House) -> None:
    chief1 = house.enrolled("chief1")
    house.enrolled("chief2")
    house.enrolled("library1")
    house.enrolled("market1")
    first, second = chief1.get("/api/approver-keys")["requests"]
    begun = chief1.post(f"/api/approver-keys/requests/{first['id']}/challenge")
    chief1.post(f"/api/approver-keys/requests/{second['id']}/challenge")
    body = {"credential": house.device("chief1").get(begun["options"])}
    at = f"/api/approver-keys/requests/{second['id']}/approve"
    assert chief1.reason("POST", at, body) == "passkey_refused"


def test_an_approval_before_anybody_asked_is_refused(house: House) -> None:
    chief1 = house.enrolled("chief1")
    house.enrolled("library1")
    (request,) = chief1.get("/api/approver-keys")["requests"]
    body = {"credential": house.device("chief1").get({"challenge": "AAAA"})}
    at = f"/api/approver-keys/requests/{request['id']}/approve"
    assert chief1.reason("POST", at, body) == "passkey_refused"


def test_approvals_that_took_too_long_are_asked_for_again(house: House) -> None:
    chief1, chief2 = house.enrolled("chief1"), house.enrolled("chief2")
    house.enrolled("library1")
    (request,) = chief1.get("/api/approver-keys")["requests"]
    assert not _approve(house, chief1, "chief1", request["id"])
    house.clock.pass_by(minutes=10)
    assert not _approve(house, chief2, "chief2", request["id"])
    assert chief2.get("/api/approver-keys")["requests"][0]["approvals"] == ["chief2"]
    assert _approve(house, chief1, "chief1", request["id"])


def _ghost(house: House) -> tuple[Browser, Browser, Browser]:
    """Two founders, and an operator who has put a third approver on the roll."""
    chiefs, operator = (house.enrolled("chief1"), house.enrolled("chief2")), house.as_("operator1")
    person = {"id": "chief9", "name": "Demo Chief Nine", "role": "approver", "office": "Yiwu Centre 02"}
    operator.post("/api/staff", person)
    code = operator.post("/api/staff/chief9/invitation")["code"]
    house.browser().enrol(code, house.device("chief9"))
    return *chiefs, operator


def test_who_changes_meanwhile_is_asked_for_anew(either_house: House) -> None:
    chief1, chief2, operator = _ghost(either_house)
    (asked,) = chief1.get("/api/approver-keys")["requests"]
    at = f"/api/approver-keys/requests/{asked['id']}"
    options = chief1.post(f"{at}/challenge")["options"]
    operator.call("PATCH", "/api/staff/chief9", {"office": "Yiwu"})
    body = {"credential": either_house.device("chief1").get(options)}
    assert chief1.reason("POST", f"{at}/approve", body) == "request_not_found"
    (anew,) = chief2.get("/api/approver-keys")["requests"]
    assert (anew["id"] != asked["id"], anew["office"], anew["approvals"]) == (True, "Yiwu", [])
    assert not _approve(either_house, chief1, "chief1", anew["id"])
    assert _approve(either_house, chief2, "chief2", anew["id"])
    key = next(one for one in chief1.get("/api/approver-keys")["keys"] if one["staff"] == "chief9")
    assert (key["office"], key["roll"]) == ("Yiwu", None)


def test_the_screen_shows_what_the_request_says(house: House) -> None:
    chief1, _, _ = _ghost(house)
    (asked,) = chief1.get("/api/approver-keys")["requests"]
    chief1.post(f"/api/approver-keys/requests/{asked['id']}/challenge")
    with house.site.store.transaction() as tx:
        tx.staff.put(replace(tx.staff.get("chief9"), office="Yiwu"))
    assert chief1.get("/api/approver-keys")["requests"][0]["office"] == "Yiwu Centre 02"


def test_a_key_that_says_something_else_than_the_roll_is_shown(house: House) -> None:
    chief1, _, operator = _ghost(house)
    assert [one["roll"] for one in chief1.get("/api/approver-keys")["keys"]] == [None, None]
    operator.call("PATCH", "/api/staff/chief2", {"role": "clerk"})
    key = next(one for one in operator.get("/api/approver-keys")["keys"] if one["staff"] == "chief2")
    assert (key["role"], key["roll"]["role"], key["roll"]["state"]) == ("approver", "clerk", "active")
    operator.post("/api/staff/chief1/lock")
    key = next(one for one in operator.get("/api/approver-keys")["keys"] if one["staff"] == "chief1")
    assert key["roll"]["state"] == "locked"


def test_who_is_no_approver_any_more_asks_for_nothing(house: House) -> None:
    chief1, _, operator = _ghost(house)
    operator.call("PATCH", "/api/staff/chief9", {"role": "clerk"})
    assert chief1.get("/api/approver-keys")["requests"] == []


@pytest.mark.parametrize("label", ["\u3000key", "a\u200bb", "\u202eyek", "x" * 101, ""])
def test_a_label_that_the_signer_refuses_is_refused_at_once(house: House, label: str) -> None:
    browser, code = house.browser(), house.invitation("library1")
    begun = browser.post("/api/invitations/passkey/options", {"code": code})
    credential = house.device("library1").create(begun["options"])
    body = {"flow": begun["flow"], "credential": credential, "label": label}
    answer = browser.client.post("/api/invitations/passkey", json=body | {"code": code})
    assert (answer.status_code, [one["field"] for one in answer.json()["fields"]]) == (422, ["label"])


def test_an_approver_turns_a_request_down(house: House) -> None:
    chief1 = house.enrolled("chief1")
    library = house.enrolled("library1")
    (request,) = chief1.get("/api/approver-keys")["requests"]
    chief1.call("DELETE", f"/api/approver-keys/requests/{request['id']}")
    assert chief1.get("/api/approver-keys")["requests"] == []
    assert library.get("/api/session")["approver_key"] == "none"


def test_the_last_two_approvers_keys_stay(house: House) -> None:
    chief1, _ = house.enrolled("chief1"), house.enrolled("chief2")
    key = next(one for one in chief1.get("/api/approver-keys")["keys"] if one["staff"] == "chief2")
    asked = chief1.call("DELETE", f"/api/approver-keys/{key['credential']}")
    body = {"credential": house.device("chief1").get(asked["options"])}
    at = f"/api/approver-keys/requests/{asked['id']}/approve"
    assert chief1.reason("POST", at, body) == "too_few_approvers"
