"""One-time codes, keys, tokens: who is let in as a reader, and who is not."""

import json
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import pytest

from cardsvc.readers.enrolling import CODE_LIFE
from cardsvc.readers.tokens import TOKEN_LIFE
from tests.desk.town import PUBLIC_URL
from tests.readers.devices import LIBRARY, Door, Wire, code_for, door, seal_key
from tests.service.house import House
from verify.days import DAY_S
from verify.errors import Refused
from verify.reader.client import Client
from verify.reader.device import Device, base64url
from verify.reader.journal import Journal
from verify.reader.records import Entry
from verify.reader.service import ENROL_TYP, enrol

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_a_device_with_a_code_is_let_in_and_a_repeated_request_does_no_harm(
    either_house: House, tmp_path: Path
) -> None:
    house, wire, device = either_house, Wire(either_house), Device.open(tmp_path, make=True)
    code, now = code_for(house), int(house.clock.now.timestamp())
    first = enrol(cast(Client, wire), code, device, now)
    assert (first.reader, first.venue) == ("library-1", "library")
    assert enrol(cast(Client, wire), code.lower(), device, now) == first
    with pytest.raises(Refused, match="another device"):
        enrol(cast(Client, wire), code, Device.open(tmp_path / "other", make=True), now)
    assert house.actions("library-1") == ["reader_invited", "reader_enrolled"]


def test_codes_run_out_and_names_are_nobody_elses(house: House, tmp_path: Path) -> None:
    wire, device = Wire(house), Device.open(tmp_path, make=True)
    operator = house.as_("operator1")
    made = operator.post("/api/reader-codes", {"venue": "police", "name": "patrol-7", "profile": "gate"})
    assert (made["reader"], made["profile"]) == ("patrol-7", "gate")
    wanted = {"venue": "police", "name": "patrol-7"}
    assert operator.reason("POST", "/api/reader-codes", wanted) == "name_taken"
    wanted = {"venue": "library", "profile": "police"}
    assert operator.reason("POST", "/api/reader-codes", wanted) == "bad_profile"
    house.clock.now += CODE_LIFE
    with pytest.raises(Refused, match="not known here, or is over"):
        enrol(cast(Client, wire), made["code"], device, int(house.clock.now.timestamp()))


@pytest.mark.parametrize(
    ("bent", "words"),
    [
        ({"aud": "https://elsewhere.example"}, "is called"),
        ({"iat": 1}, "clock"),
        ({"code": "AAAA-AAAA"}, "another code"),
        ({"seal": base64url(bytes(31))}, "X25519"),
        ({"seal": base64url(bytes(32))}, "X25519"),
        ({"jwk": {"kty": "EC", "crv": "P-256", "x": base64url(bytes(32)), "y": base64url(bytes(32))}}, "fit"),
        ({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": base64url(bytes(32))}}, "P-256"),
        ({"jti": 7}, "jti"),
    ],
)
def test_a_proof_that_proves_something_else_is_refused(
    house: House, tmp_path: Path, bent: dict[str, Any], words: str
) -> None:
    device, code = Device.open(tmp_path, make=True), code_for(house)
    claims: dict[str, Any] = {
        "aud": PUBLIC_URL,
        "iat": int(house.clock.now.timestamp()),
        "jti": "one",
        "code": code,
        "jwk": device.jwk(),
        "seal": base64url(device.seal_public),
    }
    browser = house.browser()
    body = {"code": code, "proof": device.jws(claims | bent, ENROL_TYP)}
    refused = browser.call("POST", "/api/v1/readers/enrol", body, status=403)
    assert refused["reason"] == "enrolment_refused"
    assert words in refused["detail"]
    wrong_type = {"code": code, "proof": device.jws(claims, "JWT")}
    assert browser.reason("POST", "/api/v1/readers/enrol", wrong_type) == "enrolment_refused"
    browser.post("/api/v1/readers/enrol", {"code": code, "proof": device.jws(claims, ENROL_TYP)})


def test_who_guesses_codes_is_locked_out(house: House, tmp_path: Path) -> None:
    browser = house.browser()
    reasons = {
        browser.reason("POST", "/api/v1/readers/enrol", {"code": "AAAA-AAAA", "proof": "a.b.c"})
        for _ in range(101)
    }
    assert reasons == {"enrolment_refused", "locked_out"}


def _ask(made: Door, signer: Device | None = None, typ: str = "JWT", **bent: Any) -> tuple[int, str]:
    """Status and error of a request for a token; None takes a claim away."""
    now = int(made.house.clock.now.timestamp())
    claims = {
        "iss": made.id,
        "sub": made.id,
        "aud": f"{PUBLIC_URL}/oauth/token",
        "iat": now,
        "exp": now + 300,
    }
    claims = {name: value for name, value in (claims | {"jti": "x"} | bent).items() if value is not None}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": (signer or made.device).jws(claims, typ),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    got = made.wire.ask("POST", "/oauth/token", headers=headers, body=urlencode(form).encode())
    return got.status, json.loads(got.body).get("error", "")


def test_an_assertion_is_good_once_and_says_nothing_else(either_house: House, tmp_path: Path) -> None:
    made = door(either_house, tmp_path)
    now = int(either_house.clock.now.timestamp())
    other = Device.open(tmp_path / "other", make=True)
    no = (401, "invalid_client")
    assert _ask(made, other) == no
    assert _ask(made, typ="cardsvc-enrol+jwt") == no
    for bent in (
        {"iss": "bus-1"},
        {"sub": "bus-1", "iss": "bus-1"},
        {"aud": PUBLIC_URL},
        {"aud": ["https://other.example", f"{PUBLIC_URL}/oauth/token"]},
        {"jti": None},
        {"jti": "j" * 200},
        {"exp": None},
        {"exp": now - 61, "iat": now - 361},
        {"exp": now + 100_000},
        {"iat": now + 120, "exp": now + 200},
        {"nbf": now + 120},
        {"sub": "a\0b", "iss": "a\0b"},
        {"sub": "\ud800", "iss": "\ud800"},
        {"jti": "\ud800"},
    ):
        assert _ask(made, **bent) == no, bent
    assert _ask(made) == (200, "")
    assert _ask(made) == no
    assert _ask(made, jti="y") == (200, "")


def test_what_is_no_request_of_the_standard_is_named(house: House) -> None:
    for form, error in (
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_request"),
    ):
        got = house.browser().client.post("/oauth/token", data=form)
        assert (got.status_code, got.json()["error"]) == (400, error)
    found = house.browser().get("/.well-known/oauth-authorization-server")
    assert found["token_endpoint"] == f"{PUBLIC_URL}/oauth/token"
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]


def test_tokens_end_with_their_time_and_with_their_reader(either_house: House, tmp_path: Path) -> None:
    house, made = either_house, door(either_house, tmp_path)
    head = {"Authorization": f"Bearer {made.token()}"}
    path = f"/api/v1/readers/{made.id}/month-keys"
    assert made.wire.ask("GET", path, headers=head).status == 200
    house.clock.now += TOKEN_LIFE
    assert made.wire.ask("GET", path, headers=head).status == 401
    head = {"Authorization": f"Bearer {made.token()}"}
    operator = house.as_("operator1")
    assert operator.post(f"/api/readers/{made.id}/revoke", {"reason": "stolen"})["state"] == "revoked"
    assert made.wire.ask("GET", path, headers=head).status == 401
    with pytest.raises(Refused, match="no reader library-1 is enrolled"):
        made.service().month_keys()


def test_a_reader_that_was_never_on_line_brings_its_log_once_it_is_enrolled_under_its_id(
    either_house: House, tmp_path: Path
) -> None:
    house, at = either_house, int(either_house.clock.now.timestamp())
    alone = Journal(
        tmp_path / "journal.sqlite", reader="branch-desk", device=Device.open(tmp_path, make=True)
    )
    for ago in (20 * DAY_S, 10 * DAY_S, 60):
        entry = Entry(at - ago, "in", "library", LIBRARY, None, None, "allow", "ok", (1, 1), True)
        alone.append(entry, seal_key(house))
    alone.close()
    made = door(house, tmp_path, name="branch-desk")
    answers = made.service().upload(made.log([]).to_json())
    assert [answer for answer, _ in answers.values()] == ["late", "late", "taken"]
