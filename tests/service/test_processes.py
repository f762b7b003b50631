"""Several processes behind one address, and the command line beside them."""

import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cardsvc.app import create_app
from cardsvc.cli import app as command
from cardsvc.errors import ServiceError
from cardsvc.installation import open_installation, open_served
from cardsvc.readers.bundles import note_bundle
from cardsvc.settings import Settings, check_served
from cardsvc.staff.lockout import ACCOUNT_FAILURES
from cardsvc.trust.publishing import venue_bundle
from keys.errors import KeysError
from tests.desk.town import PUBLIC_URL, settings_for
from tests.readers.devices import Door, door
from tests.service.house import COOKIE, PASSWORD, Browser, House, TestClient
from verify.errors import CardsvcError
from verify.trust import TrustState, accept


@contextmanager
def _second(house: House) -> Any:
    """Another process' service: a store and an application of its own on the same records."""
    with open_served(house.site.settings, house.site.signer) as site:

        @contextmanager
        def opening(_settings: Settings) -> Any:
            yield site

        app = create_app(house.site.settings, opening=opening, clock=house.clock)
        with TestClient(app, base_url=PUBLIC_URL, headers={"origin": PUBLIC_URL}) as client:
            yield Browser(client)


def test_a_session_of_one_process_is_one_of_all(either_house: House) -> None:
    browser = either_house.enrolled("clerk1")
    with _second(either_house) as other:
        other.client.cookies.set(COOKIE, str(browser.token))
        assert other.get("/api/session")["staff"]["id"] == "clerk1"
        other.call("DELETE", "/api/session")
    assert browser.reason("GET", "/api/session") == "not_signed_in"


def test_a_ceremony_begun_in_one_process_ends_in_another(either_house: House) -> None:
    browser = either_house.enrolled("clerk1")
    body = browser.assertion(either_house.device("clerk1"))
    with _second(either_house) as other:
        assert other.post("/api/session/passkey", body)["staff"]["id"] == "clerk1"
    assert browser.reason("POST", "/api/session/passkey", body) == "flow_over"


def test_failures_are_counted_over_all_processes(either_house: House) -> None:
    browser = either_house.enrolled("clerk1")
    body = {"staff": "clerk1", "password": "wrong wrong wrong", "totp": "000000"}
    with _second(either_house) as other:
        for number in range(ACCOUNT_FAILURES):
            asked = (browser, other)[number % 2]
            assert asked.reason("POST", "/api/session/password", body) == "wrong_credentials"
        for asked in (browser, other):
            again = body | {"password": PASSWORD}
            assert asked.reason("POST", "/api/session/password", again) == "locked_out"


# --- bundles


def test_a_reader_may_be_answered_by_any_process(either_house: House, tmp_path: Path) -> None:
    """It refuses a bundle that is older than its last, whichever of them gives it one."""
    house, made = either_house, door(either_house, tmp_path)
    with _second(house) as other:
        asked = [house.browser().client, other.client]
        state = TrustState.pin(asked[0].get("/trust/root").content, now=int(house.clock.now.timestamp()))
        given: list[tuple[int, str]] = []
        for turn, changed in (
            (0, False),
            (1, False),
            (0, True),
            (1, False),
            (0, False),
            (1, True),
            (0, True),
        ):
            if changed:
                library_is_edited(house)
            house.clock.pass_by(seconds=240)
            answer = bundle_of(asked[turn], made)
            state, trust = accept(state, answer.content, int(house.clock.now.timestamp()))
            given.append((trust.seq, answer.headers["etag"]))
        # One signature a change, whoever asks whom.
        assert [seq for seq, _ in given] == [1, 1, 2, 2, 2, 3, 4]
        assert len({etag for _, etag in given}) == 4
        for client in asked:
            assert bundle_of(client, made, given[-1][1]).status_code == 304


def test_a_process_knows_at_once_what_another_gave_out(either_house: House, tmp_path: Path) -> None:
    """Within the seconds, too, in which it would else ask nobody."""
    house, made = either_house, door(either_house, tmp_path)
    with _second(house) as other:
        first = bundle_of(house.browser().client, made)
        house.clock.pass_by(seconds=15)
        library_is_edited(house)
        later = bundle_of(other.client, made)
        again = bundle_of(house.browser().client, made)
    assert later.content != first.content
    assert again.content == later.content


def test_without_the_signer_every_process_gives_the_last_bundle(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = door(house, tmp_path)
    last = bundle_of(house.browser().client, made)
    library_is_edited(house)
    house.clock.pass_by(minutes=5)

    def away(*_: object) -> bytes:
        raise KeysError("signer_away", "the signer does not answer")

    monkeypatch.setattr(type(house.site.signer), "sign_bundle", away)
    with _second(house) as other:
        assert bundle_of(other.client, made).content == last.content
        house.clock.pass_by(hours=1)
        assert bundle_of(other.client, made).status_code == 503


def test_what_is_known_of_a_reader_takes_no_step_back(house: House, tmp_path: Path) -> None:
    made = door(house, tmp_path)
    first = bundle_of(house.browser().client, made).content
    library_is_edited(house)
    house.clock.pass_by(seconds=15)
    bundle_of(house.browser().client, made)
    with house.site.store.reading() as tx:
        reader = tx.readers.get(made.id)
    assert (reader.bundle_epoch, reader.bundle_seq) == (1, 2)
    note_bundle(house.site.store, replace(reader, bundle_seq=0), first)
    with house.site.store.reading() as tx:
        assert tx.readers.get(made.id) == reader


def test_a_bundle_from_the_console_is_not_followed_by_an_older_one(house: House, tmp_path: Path) -> None:
    """A reader that was given one on a stick asks the service again once it has a network."""
    made = door(house, tmp_path)
    bundle_of(house.browser().client, made)
    with open_installation(house.site.settings) as console:
        carried = venue_bundle(console, "library", house.clock)
    assert bundle_of(house.browser().client, made).content == carried


def bundle_of(client: TestClient, made: Door, etag: str = "") -> Any:
    """What one process gives a reader."""
    head = {"Authorization": f"Bearer {made.token()}", "If-None-Match": etag}
    return client.get(f"/api/v1/readers/{made.id}/bundle", headers=head)


def library_is_edited(house: House) -> None:
    """Something that every reader of the library must know: it opens at other hours."""
    with house.site.store.transaction() as tx:
        config = dict(tx.venues.get("library").config)
        hours = [{"days": "mon-fri", "from": "08:00", "to": f"{18 + len(config.get('hours', ()))}:00"}]
        tx.venues.put("library", config | {"hours": hours})
        tx.audit.append("operator1", "venue_changed", "library", {}, house.clock.now)


# --- the command line


def _run(house: House, monkeypatch: pytest.MonkeyPatch, *words: str, **more: str) -> Result:
    settings = house.site.settings
    monkeypatch.setenv("CARDSVC_DATA", str(settings.data))
    monkeypatch.setenv("CARDSVC_PUBLIC_URL", PUBLIC_URL)
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(command, list(words))


def _reason(result: Result) -> str:
    assert isinstance(result.exception, CardsvcError), result.output
    return result.exception.reason


def test_the_console_invites_who_cannot_sign_in_yet(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.enrolled("clerk1")
    result = _run(house, monkeypatch, "staff", "invite", "--all", "--json")
    rows = {row["staff"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert "clerk1" not in rows
    assert rows["clerk2"]["url"].startswith(f"{PUBLIC_URL}/desk#/invitation/")
    browser, code = house.browser(), rows["chief1"]["url"].rpartition("/")[2]
    # A founder who never came keeps the founder's right under the new code; the old code is void.
    assert browser.post("/api/invitations/look", {"code": code})["founder"] is True
    assert browser.enrol(code, house.device("chief1"))["approver_key"] == "active"
    old = house.founders["chief1"]
    assert house.browser().reason("POST", "/api/invitations/look", {"code": old}) == "invitation_over"


def test_the_console_of_a_real_service_lets_operators_in_alone(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    word = tmp_path / "word"
    word.write_bytes(house.site.settings.demo_passphrase_file.read_bytes())
    word.chmod(0o600)
    real = {"CARDSVC_PRODUCTION": "true", "CARDSVC_KEY_PASSPHRASE_FILE": str(word)}
    assert _reason(_run(house, monkeypatch, "staff", "invite", "clerk1", **real)) == "approval_needed"
    assert _run(house, monkeypatch, "staff", "invite", "operator1", **real).exit_code == 0
    result = _run(house, monkeypatch, "staff", "invite", "--all", "--json", **real)
    assert {json.loads(line)["staff"] for line in result.stdout.splitlines()} == {
        "operator1",
        "chief1",
        "chief2",
    }
    assert "clerk1, clerk2" in result.stderr


def test_an_invitation_has_the_address_of_the_records(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_DATA", str(house.site.settings.data))
    monkeypatch.delenv("CARDSVC_PUBLIC_URL", raising=False)
    result = CliRunner().invoke(command, ["staff", "invite", "clerk1", "--json"])
    assert json.loads(result.stdout)["url"].startswith(f"{PUBLIC_URL}/desk#/invitation/")
    # The one that is set is where the pages are now.
    elsewhere = {"CARDSVC_PUBLIC_URL": "http://localhost:8765"}
    result = _run(house, monkeypatch, "staff", "invite", "clerk1", "--json", **elsewhere)
    assert json.loads(result.stdout)["url"].startswith("http://localhost:8765/desk#/invitation/")


def test_invite_wants_names_or_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _reason(_run(house, monkeypatch, "staff", "invite")) == "bad_request"
    assert _reason(_run(house, monkeypatch, "staff", "invite", "nobody")) == "staff_not_found"


def test_a_checkpoint_from_the_console_and_the_check_against_it(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "note"
    made = json.loads(_run(house, monkeypatch, "audit", "checkpoint", "--out", str(out), "--json").stdout)
    checked = _run(house, monkeypatch, "audit", "verify", "--checkpoint", str(out), "--json")
    assert json.loads(checked.stdout)["checkpoints"] == 1
    named = ("audit", "verify", "--checkpoint", str(out), "--key", made["key"])
    assert _run(house, monkeypatch, *named).exit_code == 0
    out.write_bytes(out.read_bytes().replace(b"/audit\n3\n", b"/audit\n2\n"))
    assert _reason(_run(house, monkeypatch, *named)) == "bad_checkpoint"
    assert _reason(_run(house, monkeypatch, "audit", "checkpoint")) == "bad_setting"
    place = str(tmp_path / "elsewhere")
    assert _run(house, monkeypatch, "audit", "checkpoint", CARDSVC_CHECKPOINTS=place).exit_code == 0
    assert len(list(Path(place).iterdir())) == 1


def test_what_the_console_proves_is_checked_where_nothing_is_installed(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old, entry, growth = (str(tmp_path / name) for name in ("old", "entry", "growth"))
    key = json.loads(_run(house, monkeypatch, "audit", "checkpoint", "--out", old, "--json").stdout)["key"]
    made = [("prove", "2", "--out", entry), ("prove", "--since", old, "--out", growth), ("tiles", f"{old}.d")]
    for words in made:
        assert json.loads(_run(house, monkeypatch, "audit", *words, "--json").stdout)["key"] == key
    monkeypatch.setattr(house.site.settings, "data", tmp_path / "nowhere")
    checked = ("audit", "verify", "--proof", entry, "--proof", growth, "--tiles", f"{old}.d", "--key", key)
    told = _run(house, monkeypatch, *checked, "--checkpoint", old, "--json").stdout.splitlines()
    assert [(one["ok"], one["size"]) for one in map(json.loads, told)] == [(True, 3)] * 3
    assert _reason(_run(house, monkeypatch, *checked)) == "bad_proof_file"
    assert _reason(_run(house, monkeypatch, "audit", "verify", "--proof", entry)) == "bad_key"
    assert _reason(_run(house, monkeypatch, "audit", "prove", "--out", entry)) == "bad_request"
    gone = ("--out", str(tmp_path / "no" / "way"))
    assert (
        _reason(_run(house, monkeypatch, "audit", "verify", "--proof", gone[1], "--key", key)) == "unreadable"
    )


def test_the_user_of_the_service_checks_the_audit_without_keys(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With production settings its directory holds the signer's socket and no keys."""
    url = house.site.settings.database
    monkeypatch.setattr(house.site.settings, "data", tmp_path)
    real = {"CARDSVC_PRODUCTION": "true", "CARDSVC_DATABASE_URL": url}
    for words in (("verify",), ("checkpoint",), ("prove", "1", "--out", str(tmp_path / "proof"))):
        assert _reason(_run(house, monkeypatch, "audit", *words, **real)) == "signer_away"


def test_a_real_service_wants_a_real_signer(house: House) -> None:
    """One of a demonstration takes over what nobody approved."""
    settings = house.site.settings.model_copy(update={"production": True})
    with (
        pytest.raises(ServiceError, match="CARDSVC_PRODUCTION") as refused,
        open_served(settings, house.site.signer),
    ):
        pass
    assert refused.value.reason == "unsafe_setting"


@pytest.mark.parametrize("place", [None, "DATA/checkpoints"])
def test_a_real_service_keeps_checkpoints_elsewhere(tmp_path: Path, place: str | None) -> None:
    named = place and place.replace("DATA", str(tmp_path))
    settings = settings_for(tmp_path).model_copy(update={"production": True, "checkpoints": named})
    with pytest.raises(ServiceError, match="CARDSVC_CHECKPOINTS") as refused:
        check_served(settings)
    assert refused.value.reason == "unsafe_setting"
