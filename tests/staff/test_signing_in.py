"""Signing in as people do it, and every named attack on it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from cardsvc.staff import lockout, passwords
from cardsvc.staff.lockout import ACCOUNT_FAILURES, LOCKED
from cardsvc.staff.sessions import IDLE, LONGEST
from tests.service.house import COOKIE, PASSWORD, Browser, House
from tests.webauthn_device import USER_PRESENT, USER_VERIFIED, Device

Bend = Callable[[House, Device, dict[str, Any]], None]


def test_an_invitation_becomes_a_passkey_that_signs_in(either_house: House) -> None:
    code = either_house.invitation("clerk1")
    browser, device = either_house.browser(), either_house.device("clerk1")
    told = browser.post("/api/invitations/look", {"code": code})
    assert (told["staff"], told["role"], told["founder"]) == ("clerk1", "clerk", False)
    session = browser.enrol(code, device)
    assert session["staff"]["name"] == "Demo Clerk One"
    assert session["signed_in_with"] == "passkey"
    assert browser.get("/api/session") == session
    browser.call("DELETE", "/api/session")
    assert browser.reason("GET", "/api/session") == "not_signed_in"
    assert browser.sign_in(device)["staff"]["id"] == "clerk1"
    assert either_house.actions("clerk1") == ["invited", "enrolled", "signed_in", "signed_out", "signed_in"]


def test_a_password_and_a_code_sign_in(either_house: House) -> None:
    clock, browser = either_house.clock, either_house.browser()
    totp = browser.enrol_password(either_house.invitation("clerk1"), clock)
    clock.pass_by(seconds=30)
    body = {"staff": "clerk1", "password": PASSWORD, "totp": totp.at(clock.now)}
    assert either_house.browser().post("/api/session/password", body)["signed_in_with"] == "password"


def test_a_code_of_the_second_factor_works_once(either_house: House) -> None:
    clock, browser = either_house.clock, either_house.browser()
    totp = browser.enrol_password(either_house.invitation("clerk1"), clock)
    # The code that confirmed the enrolment is used up as well.
    body = {"staff": "clerk1", "password": PASSWORD, "totp": totp.at(clock.now)}
    assert browser.reason("POST", "/api/session/password", body) == "wrong_credentials"
    clock.pass_by(seconds=60)
    body["totp"] = totp.at(clock.now)
    browser.post("/api/session/password", body)
    assert browser.reason("POST", "/api/session/password", body) == "wrong_credentials"
    before = body | {"totp": totp.at(clock.now - timedelta(seconds=30))}
    assert browser.reason("POST", "/api/session/password", before) == "wrong_credentials"


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong wrong wrong"}, {"totp": "000000"}, {"staff": "nobody"}]
)
def test_whatever_is_wrong_the_words_are_the_same(house: House, wrong: dict[str, str]) -> None:
    browser = house.browser()
    totp = browser.enrol_password(house.invitation("clerk1"), house.clock)
    house.clock.pass_by(seconds=30)
    body = {"staff": "clerk1", "password": PASSWORD, "totp": totp.at(house.clock.now)} | wrong
    answer = browser.client.post("/api/session/password", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (401, "wrong_credentials")
    assert answer.json()["detail"] == "the name, the password or the code is wrong"


@pytest.mark.parametrize("role", ["chief1", "operator1", "officer1", "library1"])
def test_who_approves_or_looks_people_up_needs_a_passkey(house: House, role: str) -> None:
    code = house.founders.get(role) or house.invitation(role)
    body = {"password": PASSWORD}
    assert (
        house.browser().reason("POST", "/api/invitations/password", body | {"code": code}) == "passkey_needed"
    )


def _with_role(house: House, staff: str, role: str) -> None:
    with house.site.store.transaction() as tx:
        tx.staff.put(replace(tx.staff.get(staff), role=role))


def test_a_password_does_not_follow_into_a_role_with_passkeys(house: House) -> None:
    browser = house.browser()
    totp = browser.enrol_password(house.invitation("clerk1"), house.clock)
    begun = browser.post("/api/session/step-up/options")
    house.clock.pass_by(minutes=2)
    _with_role(house, "clerk1", "operator")
    code = {"totp": totp.at(house.clock.now)}
    assert browser.reason("POST", "/api/session/step-up", {"flow": begun["flow"], **code}) == "passkey_needed"
    house.clock.pass_by(minutes=2)
    body = {"staff": "clerk1", "password": PASSWORD, "totp": totp.at(house.clock.now)}
    assert house.browser().reason("POST", "/api/session/password", body) == "passkey_needed"


def test_a_password_begun_as_a_clerk_is_not_an_operators(house: House) -> None:
    browser, code = house.browser(), house.invitation("clerk1")
    begun = browser.post("/api/invitations/password", {"code": code, "password": PASSWORD})
    _with_role(house, "clerk1", "operator")
    totp = pyotp.parse_uri(begun["totp_uri"])
    assert isinstance(totp, pyotp.TOTP)
    body = {"code": code, "flow": begun["flow"], "totp": totp.at(house.clock.now)}
    assert browser.reason("POST", "/api/invitations/password/confirm", body) == "passkey_needed"


def test_a_new_role_with_passkeys_takes_the_password_away(house: House) -> None:
    browser = house.browser()
    browser.enrol_password(house.invitation("clerk1"), house.clock)
    operator = house.as_("operator1")
    assert operator.call("PATCH", "/api/staff/clerk1", {"role": "operator"})["signs_in_with"] == []
    assert browser.reason("GET", "/api/session") == "not_signed_in"


@pytest.mark.parametrize("weak", ["short", "clerk1clerk1clerk1", "aaaaaaaaaaaaaaaa"])
def test_a_weak_password_is_refused_beside_its_field(house: House, weak: str) -> None:
    code = house.invitation("clerk1")
    answer = house.browser().client.post("/api/invitations/password", json={"code": code, "password": weak})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["fields"]] == ["password"]


# --- every check of WebAuthn, left out once


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://card.example.org.evil.example"},
        {"rp_id": "evil.example"},
        {"kind": "webauthn.create"},
        {"flags": USER_VERIFIED},
        {"flags": USER_PRESENT},
        {"cross_origin": True},
        {"counter": 1},
    ],
    ids=["origin", "rp id", "type", "presence", "verification", "foreign frame", "counter"],
)
def test_a_sign_in_that_misses_a_check_is_refused(house: House, bent: dict[str, Any]) -> None:
    browser = house.enrolled("clerk1")
    device = house.device("clerk1")
    browser.sign_in(device)
    browser.sign_in(device)
    assert (
        browser.reason("POST", "/api/session/passkey", browser.assertion(device, **bent)) == "passkey_refused"
    )
    assert browser.sign_in(device)["staff"]["id"] == "clerk1"


def _other_challenge(house: House, device: Device, body: dict[str, Any]) -> None:
    body["credential"] = house.browser().assertion(device)["credential"]


def _other_signature(house: House, device: Device, body: dict[str, Any]) -> None:
    body["credential"]["response"]["signature"] = house.browser().assertion(device)["credential"]["response"][
        "signature"
    ]


def _unknown_credential(house: House, device: Device, body: dict[str, Any]) -> None:
    body["credential"]["id"] = body["credential"]["rawId"] = "bm9ib2R5IGhhcyBpdA"


def _anothers_credential(house: House, device: Device, body: dict[str, Any]) -> None:
    house.enrolled("clerk2")
    name = house.device("clerk2").get({"challenge": "AAAA"})["id"]
    body["credential"]["id"] = body["credential"]["rawId"] = name


def _another_account(house: House, device: Device, body: dict[str, Any]) -> None:
    house.enrolled("clerk2")
    body["credential"]["response"]["userHandle"] = house.device("clerk2").user_handle


def _no_account(house: House, device: Device, body: dict[str, Any]) -> None:
    body["credential"]["response"]["userHandle"] = None


def _id_and_raw_id_differ(house: House, device: Device, body: dict[str, Any]) -> None:
    body["credential"]["rawId"] = "bm9ib2R5IGhhcyBpdA"


@pytest.mark.parametrize(
    "bend",
    [
        _other_challenge,
        _other_signature,
        _unknown_credential,
        _anothers_credential,
        _another_account,
        _no_account,
        _id_and_raw_id_differ,
    ],
)
def test_a_credential_that_was_tampered_with_is_refused(house: House, bend: Bend) -> None:
    browser, device = house.enrolled("clerk1"), house.device("clerk1")
    body = browser.assertion(device)
    bend(house, device, body)
    assert browser.reason("POST", "/api/session/passkey", body) == "passkey_refused"


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"kind": "webauthn.get"},
        {"flags": USER_VERIFIED},
        {"flags": USER_PRESENT},
        {"cross_origin": True},
    ],
    ids=["origin", "rp id", "type", "presence", "verification", "foreign frame"],
)
def test_an_enrolment_that_misses_a_check_is_refused_and_the_invitation_stays(
    house: House, bent: dict[str, Any]
) -> None:
    code, device, browser = house.invitation("clerk1"), house.device("clerk1"), house.browser()
    begun = browser.post("/api/invitations/passkey/options", {"code": code})
    body = {"flow": begun["flow"], "credential": device.create(begun["options"], **bent)}
    assert browser.reason("POST", "/api/invitations/passkey", body | {"code": code}) == "passkey_refused"
    assert browser.enrol(code, device)["staff"]["id"] == "clerk1"


def test_one_answer_to_a_challenge_is_looked_at_and_no_second(either_house: House) -> None:
    browser, device = either_house.enrolled("clerk1"), either_house.device("clerk1")
    body = browser.assertion(device)
    browser.post("/api/session/passkey", body)
    assert browser.reason("POST", "/api/session/passkey", body) == "flow_over"


def test_a_challenge_grows_old(house: House) -> None:
    browser = house.enrolled("clerk1")
    body = browser.assertion(house.device("clerk1"))
    house.clock.pass_by(minutes=6)
    assert browser.reason("POST", "/api/session/passkey", body) == "flow_over"


def test_a_challenge_of_one_ceremony_serves_no_other(house: House) -> None:
    browser, device = house.enrolled("clerk1"), house.device("clerk1")
    begun = browser.post("/api/session/step-up/options")
    body = {"flow": begun["flow"], "credential": device.get(begun["options"])}
    assert browser.reason("POST", "/api/session/passkey", body) == "flow_over"


# --- invitations


def test_a_replayed_enrolment_is_refused(either_house: House) -> None:
    code, browser = either_house.invitation("clerk1"), either_house.browser()
    begun = browser.post("/api/invitations/passkey/options", {"code": code})
    body = {"flow": begun["flow"], "credential": either_house.device("clerk1").create(begun["options"])}
    browser.post("/api/invitations/passkey", body | {"code": code})
    thief = either_house.browser()
    assert thief.reason("POST", "/api/invitations/passkey", body | {"code": code}) == "invitation_over"
    assert thief.reason("POST", "/api/invitations/passkey/options", {"code": code}) == "invitation_over"
    assert (
        thief.reason("POST", "/api/invitations/password", {"code": code, "password": PASSWORD})
        == "invitation_over"
    )
    assert thief.reason("POST", "/api/invitations/look", {"code": code}) == "invitation_over"


def test_a_ceremony_begun_before_the_invitation_was_used_is_refused(house: House) -> None:
    code, browser, thief = house.invitation("clerk1"), house.browser(), house.browser()
    begun = thief.post("/api/invitations/passkey/options", {"code": code})
    browser.enrol(code, house.device("clerk1"))
    other = Device(house.device("clerk1").rp_id, house.device("clerk1").origin)
    body = {"flow": begun["flow"], "credential": other.create(begun["options"])}
    assert thief.reason("POST", "/api/invitations/passkey", body | {"code": code}) == "invitation_over"


def test_an_invitation_grows_old(house: House) -> None:
    code = house.invitation("clerk1")
    house.clock.pass_by(days=5)
    assert house.browser().reason("POST", "/api/invitations/look", {"code": code}) == "invitation_over"


def test_a_later_invitation_ends_an_earlier_one(house: House) -> None:
    first, second = house.invitation("clerk1"), house.invitation("clerk1")
    assert house.browser().reason("POST", "/api/invitations/look", {"code": first}) == "invitation_over"
    assert house.browser().post("/api/invitations/look", {"code": second})["staff"] == "clerk1"


def test_a_flow_of_one_invitation_serves_no_other(house: House) -> None:
    mine, theirs = house.invitation("clerk1"), house.invitation("clerk2")
    browser = house.browser()
    begun = browser.post("/api/invitations/passkey/options", {"code": mine})
    body = {"flow": begun["flow"], "credential": house.device("clerk1").create(begun["options"])}
    assert browser.reason("POST", "/api/invitations/passkey", body | {"code": theirs}) == "passkey_refused"


def test_nobodys_passkey_becomes_somebody_elses(house: House) -> None:
    house.enrolled("clerk1")
    browser, device, code = house.browser(), house.device("clerk1"), house.invitation("clerk2")
    begun = browser.post("/api/invitations/passkey/options", {"code": code})
    body = {"flow": begun["flow"], "credential": device.create(begun["options"])}
    assert browser.reason("POST", "/api/invitations/passkey", body | {"code": code}) == "credential_in_use"


def test_recovery_ends_every_session_and_every_way_in(either_house: House) -> None:
    lost, device = either_house.enrolled("clerk1"), either_house.device("clerk1")
    body = lost.assertion(device)
    made = either_house.as_("operator1").post("/api/staff/clerk1/invitation")
    assert made["url"] == f"https://card.example.org/desk#/invitation/{made['code']}"
    assert lost.reason("GET", "/api/session") == "not_signed_in"
    assert lost.reason("POST", "/api/session/passkey", body) == "passkey_refused"
    either_house.devices.pop("clerk1")
    either_house.browser().enrol(made["code"], either_house.device("clerk1"))
    assert either_house.actions("clerk1")[-3:] == ["recovered", "enrolled", "signed_in"]


# --- sessions


def test_a_token_that_somebody_planted_is_never_taken_up(either_house: House) -> None:
    browser, device = either_house.enrolled("clerk1"), either_house.device("clerk1")
    browser.call("DELETE", "/api/session")
    for planted in ("planted" * 6, "x"):
        browser.client.cookies.clear()
        browser.client.cookies.set(COOKIE, planted)
        browser.sign_in(device)
        tokens = {one.value for one in browser.client.cookies.jar}
        assert tokens - {planted}
        thief = either_house.browser()
        thief.client.cookies.set(COOKIE, planted)
        assert thief.reason("GET", "/api/session") == "not_signed_in"


def test_signing_in_again_and_stepping_up_bring_new_tokens(either_house: House) -> None:
    browser, device = either_house.enrolled("clerk1"), either_house.device("clerk1")
    first = browser.token
    browser.sign_in(device)
    second = browser.token
    either_house.clock.pass_by(minutes=6)
    _step_up(browser, device)
    third = browser.token
    assert len({first, second, third}) == 3
    old = either_house.browser()
    old.client.cookies.set(COOKIE, str(second))
    assert old.reason("GET", "/api/session") == "not_signed_in"


def test_a_session_ends_idle_and_at_the_end_of_the_day(house: House) -> None:
    idle = house.as_("clerk1")
    house.clock.pass_by(seconds=IDLE.total_seconds() - 1)
    idle.get("/api/session")
    house.clock.pass_by(seconds=IDLE.total_seconds())
    assert idle.reason("GET", "/api/session") == "not_signed_in"
    busy, left = house.as_("clerk1"), LONGEST.total_seconds()
    while left > 1200:
        house.clock.pass_by(seconds=1200)
        left -= 1200
        busy.get("/api/session")
    house.clock.pass_by(seconds=left)
    assert busy.reason("GET", "/api/session") == "not_signed_in"


def test_the_cookie_is_out_of_reach(house: House) -> None:
    browser, device = house.enrolled("clerk1"), house.device("clerk1")
    answer = browser.client.post("/api/session/passkey", json=browser.assertion(device))
    (cookie,) = answer.headers.get_list("set-cookie")
    name, *attributes = [part.strip() for part in cookie.split(";")]
    assert name.startswith("__Host-cardsvc=")
    assert set(attributes) == {"HttpOnly", "Path=/", "SameSite=strict", "Secure"}


def test_the_records_hold_no_token(house: House) -> None:
    browser = house.enrolled("clerk1")
    token = str(browser.token)
    for path in house.site.settings.data.rglob("*"):
        if path.is_file():
            assert token.encode() not in path.read_bytes(), path


def test_another_page_changes_nothing(house: House) -> None:
    browser = house.enrolled("operator1")
    for origin in (
        "https://evil.example",
        "null",
        "http://card.example.org",
        "https://card.example.org:8443",
    ):
        answer = browser.client.post("/api/staff/clerk1/lock", headers={"origin": origin})
        assert (answer.status_code, answer.json()["reason"]) == (403, "foreign_origin")
    del browser.client.headers["origin"]
    answer = browser.client.post("/api/staff/clerk1/lock")
    assert (answer.status_code, answer.json()["reason"]) == (403, "foreign_origin")
    assert browser.get("/api/session")["staff"]["id"] == "operator1"


def test_changing_staff_wants_a_fresh_proof(house: House) -> None:
    browser, device = house.enrolled("operator1"), house.device("operator1")
    house.clock.pass_by(minutes=6)
    assert browser.reason("POST", "/api/staff/clerk1/lock") == "step_up_needed"
    _step_up(browser, device)
    assert browser.post("/api/staff/clerk1/lock")["state"] == "locked"


def test_a_step_up_takes_the_same_persons_passkey_alone(house: House) -> None:
    browser = house.enrolled("operator1")
    house.enrolled("clerk1")
    begun = browser.post("/api/session/step-up/options")
    body = {"flow": begun["flow"], "credential": house.device("clerk1").get(begun["options"])}
    assert browser.reason("POST", "/api/session/step-up", body) == "passkey_refused"


def test_a_code_steps_up_who_has_no_passkey(house: House) -> None:
    browser = house.browser()
    totp = browser.enrol_password(house.invitation("clerk1"), house.clock)
    begun = browser.post("/api/session/step-up/options")
    assert begun["options"] is None
    used = {"flow": begun["flow"], "totp": totp.at(house.clock.now)}
    assert browser.reason("POST", "/api/session/step-up", used) == "wrong_credentials"
    house.clock.pass_by(minutes=6)
    begun = browser.post("/api/session/step-up/options")
    body = {"flow": begun["flow"], "totp": totp.at(house.clock.now)}
    assert browser.post("/api/session/step-up", body)["stepped_up_until"] is not None


# --- lock-out


def _fail_by_password(house: House, browser: Browser) -> None:
    body = {"staff": "clerk1", "password": "wrong wrong wrong", "totp": "000000"}
    assert browser.reason("POST", "/api/session/password", body) == "wrong_credentials"


def _fail_by_passkey(house: House, browser: Browser) -> None:
    body = browser.assertion(house.device("clerk1"), origin="https://evil.example")
    assert browser.reason("POST", "/api/session/passkey", body) == "passkey_refused"


def _fail_by_step_up(house: House, browser: Browser) -> None:
    begun = browser.post("/api/session/step-up/options")
    credential = house.device("clerk1").get(begun["options"], rp_id="evil.example")
    body = {"flow": begun["flow"], "credential": credential}
    assert browser.reason("POST", "/api/session/step-up", body) == "passkey_refused"


@pytest.mark.parametrize("fail", [_fail_by_password, _fail_by_passkey, _fail_by_step_up])
def test_lock_out_by_one_way_holds_for_every_other(
    either_house: House, fail: Callable[[House, Browser], None]
) -> None:
    browser, device = either_house.enrolled("clerk1"), either_house.device("clerk1")
    for _ in range(ACCOUNT_FAILURES):
        fail(either_house, browser)
    assert browser.reason("POST", "/api/session/passkey", browser.assertion(device)) == "locked_out"
    body = {"staff": "clerk1", "password": PASSWORD, "totp": "000000"}
    assert browser.reason("POST", "/api/session/password", body) == "locked_out"
    begun = browser.post("/api/session/step-up/options")
    step = {"flow": begun["flow"], "credential": device.get(begun["options"])}
    assert browser.reason("POST", "/api/session/step-up", step) == "locked_out"
    assert "locked_out" in either_house.actions("clerk1")
    either_house.clock.pass_by(seconds=LOCKED.total_seconds())
    assert browser.sign_in(device)["staff"]["id"] == "clerk1"


@pytest.mark.parametrize("staff", ["officer1", "clerk1", "nobody"])
def test_passwords_that_open_nothing_keep_nobody_out(either_house: House, staff: str) -> None:
    officer, device = either_house.enrolled("officer1"), either_house.device("officer1")
    body = {"staff": staff, "password": PASSWORD, "totp": "000000"}
    for _ in range(ACCOUNT_FAILURES):
        assert officer.reason("POST", "/api/session/password", body) == "wrong_credentials"
    # Whoever types them is told the same, whose name it is and whether there is one.
    assert officer.reason("POST", "/api/session/password", body) == "locked_out"
    assert officer.sign_in(device)["staff"]["id"] == "officer1"
    assert officer.reason("POST", "/api/session/password", body) == "locked_out"


def test_nobody_waits_long_for_a_password_to_be_checked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "WAIT_S", 0.01)
    turn = house.app.state.serving.passwords._turn
    for _ in range(passwords.AT_ONCE):
        turn.acquire()
    body = {"staff": "clerk1", "password": PASSWORD, "totp": "000000"}
    answer = house.browser().client.post("/api/session/password", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (429, "too_often")
    turn.release()
    assert house.browser().reason("POST", "/api/session/password", body) == "wrong_credentials"


def test_an_operator_forgives(house: House) -> None:
    browser, device = house.enrolled("clerk1"), house.device("clerk1")
    for _ in range(ACCOUNT_FAILURES):
        _fail_by_password(house, browser)
    house.as_("operator1").post("/api/staff/clerk1/unlock")
    assert browser.sign_in(device)["staff"]["id"] == "clerk1"


def test_one_address_cannot_try_every_account(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_limits(), "address", 5)
    browser = house.enrolled("clerk1")
    for number in range(5):
        body = {"staff": f"guess{number}", "password": PASSWORD, "totp": "000000"}
        assert browser.reason("POST", "/api/session/password", body) == "wrong_credentials"
    assert browser.reason("POST", "/api/invitations/look", {"code": "x" * 32}) == "locked_out"
    sign_in = browser.assertion(house.device("clerk1"))
    assert browser.reason("POST", "/api/session/passkey", sign_in) == "locked_out"


def test_guessing_invitations_counts_against_the_address(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_limits(), "address", 3)
    browser = house.browser()
    for _ in range(3):
        assert browser.reason("POST", "/api/invitations/look", {"code": "x" * 32}) == "invitation_over"
    assert browser.reason("POST", "/api/invitations/look", {"code": "x" * 32}) == "locked_out"


def test_a_locked_account_has_no_way_in(house: House) -> None:
    browser, device = house.enrolled("clerk1"), house.device("clerk1")
    house.as_("operator1").post("/api/staff/clerk1/lock")
    assert browser.reason("GET", "/api/session") == "not_signed_in"
    assert browser.reason("POST", "/api/session/passkey", browser.assertion(device)) == "passkey_refused"


def _limits() -> dict[str, int]:
    return lockout._LIMITS


def _step_up(browser: Browser, device: Device) -> None:
    begun = browser.post("/api/session/step-up/options")
    body = {"flow": begun["flow"], "credential": device.get(begun["options"])}
    browser.post("/api/session/step-up", body)
