"""The first two approvers: whatever stops on the way, their passkeys reach the signer."""

from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from cardsvc import cli_staff
from cardsvc.cli import app as command
from cardsvc.records import Unavailable
from cardsvc.staff import founding, invitations
from keys.errors import KeysError
from tests.service.house import House


def _begin(house: House, staff: str) -> tuple[Any, str, dict[str, Any]]:
    browser, code = house.browser(), house.founders[staff]
    begun = browser.post("/api/invitations/passkey/options", {"code": code})
    credential = house.device(staff).create(begun["options"])
    body = {"code": code, "flow": begun["flow"], "credential": credential, "label": "Test"}
    return browser, "/api/invitations/passkey", body


def _known(house: House) -> list[str]:
    return [one.staff for one in house.site.signer.approvers()]


def _step(house: House) -> bool:
    serving = house.app.state.serving
    return founding.Founding(serving.installation, serving.clock).step()


def test_what_was_not_recorded_spends_no_code(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise Unavailable("disk_full", "no room")

    browser, at, body = _begin(house, "chief1")
    with monkeypatch.context() as bent:
        bent.setattr(invitations, "admit", full)
        assert browser.reason("POST", at, body) == "disk_full"
    assert _known(house) == []
    assert house.enrolled("chief1").get("/api/session")["approver_key"] == "active"


def test_a_founder_waits_for_a_signer_that_is_away(
    either_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise KeysError("signer_away", "nobody listens")

    browser, at, body = _begin(either_house, "chief1")
    with monkeypatch.context() as bent:
        bent.setattr(type(either_house.site.signer), "found_approver", away)
        assert browser.post(at, body)["approver_key"] == "waiting"
        assert not _step(either_house)
        # The jobs run beside the test: once the signer is back, they may found before the next line.
        operator = either_house.as_("operator1")
        assert operator.reason("POST", "/api/staff/chief1/invitation") == "founder_waits"
    either_house.app.state.serving.jobs.run_now()
    assert browser.get("/api/session")["approver_key"] == "active"
    assert not _step(either_house)
    assert either_house.actions("chief1").count("approver_key_founded") == 1


def test_a_signer_that_was_told_before_a_crash_is_told_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = type(house.site.signer)
    real = signer.found_approver

    def told_and_lost(*given: Any) -> None:
        real(*given)
        raise KeysError("bad_frame", "the answer was cut off")

    browser, at, body = _begin(house, "chief1")
    with monkeypatch.context() as bent:
        bent.setattr(signer, "found_approver", told_and_lost)
        browser.post(at, body)
    assert _known(house) == ["chief1"]
    house.app.state.serving.jobs.run_now()
    assert browser.get("/api/session")["approver_key"] == "active"
    assert "approver_key_founded" in house.actions("chief1")


def test_an_operator_does_not_spoil_a_founders_code(house: House) -> None:
    assert house.as_("operator1").reason("POST", "/api/staff/chief1/invitation") == "founder_waits"
    house.clock.now += timedelta(days=5)
    assert house.as_("operator1").reason("POST", "/api/staff/chief1/invitation") == "founder_waits"


def test_the_console_renews_an_open_founders_code_in_production(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = house.site.settings
    real = {"production": True, "key_passphrase_file": demo.demo_passphrase_file}
    settings = demo.model_copy(update=real)
    monkeypatch.setattr(cli_staff, "read_settings", lambda: settings)
    refused = CliRunner().invoke(command, ["staff", "invite", "clerk1"])
    assert refused.exit_code != 0
    renewed = CliRunner().invoke(command, ["staff", "invite", "chief1", "--json"])
    assert renewed.exit_code == 0, renewed.output
    code = renewed.stdout.split("#/invitation/")[1].split('"')[0]
    assert (
        house.browser().reason("POST", "/api/invitations/look", {"code": house.founders["chief1"]})
        == "invitation_over"
    )
    assert house.browser().enrol(code, house.device("chief1"))["approver_key"] == "active"
    assert _known(house) == ["chief1"]
    used = CliRunner().invoke(command, ["staff", "invite", "chief1"])
    assert used.exit_code != 0


def test_a_locked_founder_registers_nothing(house: House) -> None:
    browser, at, body = _begin(house, "chief1")
    house.as_("operator1").post("/api/staff/chief1/lock")
    assert browser.reason("POST", at, body) == "invitation_over"
    assert browser.reason("POST", "/api/invitations/look", {"code": body["code"]}) == "invitation_over"
    assert _known(house) == []
