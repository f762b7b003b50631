"""What every answer carries, how refusals look, and what never leaves: names, numbers, births."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from cardsvc.app import create_app
from cardsvc.errors import ServiceError
from cardsvc.http.headers import MAX_BODY_BYTES, content_policy
from cardsvc.http.logging import make_logger, where
from cardsvc.http.pages import PAGES
from cardsvc.records import RecordsError, Unavailable
from cardsvc.records.errors import translate
from cardsvc.records.sessions import Sessions
from cardsvc.settings import Settings
from keys.errors import KeysError
from tests.desk.town import PUBLIC_URL, application
from tests.service.house import House, TestClient, open_house

#: JSON whose texts no database holds: half a surrogate pair, and a NUL.
HALF = b'{"staff":"a","password":"\\ud800","totp":"123456"}'
NUL = b'{"staff":"a\\u0000","password":"b","totp":"123456"}'
CANARIES = ("KANARIENVOGEL", "Zizibe Quelimane", "X99KANARI", "1987-06-05")


def test_every_answer_is_dressed(house: House) -> None:
    for path in ("/healthz", "/desk", "/api/session", "/no/such/page", "/metrics"):
        headers = house.browser().client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["strict-transport-security"].startswith("max-age=")
        assert "camera=(self)" in headers["permissions-policy"]
        policy = headers["content-security-policy"]
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
    assert house.browser().client.get("/api/session").headers["cache-control"] == "no-store"


def test_only_pages_that_read_codes_may_compile(house: House, tmp_path: Path) -> None:
    for name, scanner in PAGES.items():
        assert ("wasm-unsafe-eval" in content_policy(scanner=scanner)) == (
            name in ("police", "gate", "seller")
        )


def test_a_page_that_is_not_built_says_so(tmp_path: Path, pattern: tuple[Path, dict[str, str]]) -> None:
    pages = tmp_path / "dist"
    (pages / "assets").mkdir(parents=True)
    (pages / "desk.html").write_text("<!doctype html><title>desk</title>")
    (pages / "assets" / "desk-1.js").write_text("1")
    (pages / "assets" / "notes.txt").write_text("not for the browser")
    source, founders = pattern
    with open_house(source, founders, pages=pages) as house:
        client = house.browser().client
        assert client.get("/desk").status_code == 200
        assert client.get("/gate").status_code == 503
        assert "scripts/start" in client.get("/gate").text
        assert "immutable" in client.get("/assets/desk-1.js").headers["cache-control"]
        for accepted, packed in (("gzip, br", True), ("br", False), ("gzip;q=0", False), ("", False)):
            got = client.get("/assets/desk-1.js", headers={"Accept-Encoding": accepted})
            assert (got.headers.get("content-encoding") == "gzip") == packed, accepted
            assert (got.text, got.headers["vary"]) == ("1", "Accept-Encoding")
        for name in ("notes.txt", "..%2fdesk.html", "%2e%2e", "none.js", ".js"):
            assert client.get(f"/assets/{name}").status_code == 404, name
        assert client.get("/", follow_redirects=False).headers["location"] == "/desk"


def test_a_problem_is_a_problem(house: House) -> None:
    answer = house.browser().client.get("/api/session")
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["type"] == "urn:cardsvc:not_signed_in"
    assert (body["title"], body["status"], body["fields"]) == ("Unauthorized", 401, [])
    assert body["instance"] == f"urn:cardsvc:request:{answer.headers['x-request-id']}"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("GET", "/nowhere", None, 404, "no_such_page"),
        ("POST", "/healthz", None, 405, "method_not_allowed"),
        ("POST", "/api/session/password", b"{", 422, "bad_request"),
        ("POST", "/api/session/password", b"[]", 422, "bad_request"),
        ("POST", "/api/session/password", HALF, 422, "bad_request"),
        ("POST", "/api/session/password", NUL, 422, "bad_request"),
        ("POST", "/api/session/password", b"x" * (MAX_BODY_BYTES + 1), 413, "body_too_large"),
        ("GET", "/api/audit?subject=%00", None, 422, "bad_request"),
        ("GET", "/trust/root/%00", None, 422, "bad_request"),
    ],
)
def test_what_is_malformed_is_refused(
    house: House, method: str, path: str, body: bytes | None, status: int, reason: str
) -> None:
    headers = {"content-type": "application/json"} if body else {}
    answer = house.browser().client.request(method, path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)


def test_an_unknown_field_is_named(house: House) -> None:
    body = {"staff": "a", "password": "b", "totp": "123456", "colour": "red"}
    answer = house.browser().client.post("/api/session/password", json=body)
    assert [one["field"] for one in answer.json()["fields"]] == ["colour"]
    assert "red" not in answer.text


def test_a_body_in_many_parts_is_bounded_too(house: House) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 65536 + 1):
            yield b"x" * 65536

    answer = house.browser().client.post("/api/session/password", content=parts())
    assert (answer.status_code, answer.json()["reason"]) == (413, "body_too_large")


class _Failing:
    """A store whose every transaction fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def reading(self) -> Any:
        raise self.error

    transaction = reading


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (Unavailable("disk_full", "no room left"), 507, "disk_full"),
        (Unavailable("database_busy", "try again"), 503, "database_busy"),
        (RecordsError("bad_content", "words with KANARIENVOGEL"), 500, "internal"),
        (KeysError("signer_away", "nobody listens"), 503, "signer_away"),
        (ServiceError("some_refusal", "words"), 422, "some_refusal"),
        (RuntimeError("words with KANARIENVOGEL"), 500, "internal"),
    ],
)
def test_what_fails_below_is_told_in_one_way(
    house: House, error: Exception, status: int, reason: str
) -> None:
    serving = house.app.state.serving
    object.__setattr__(serving, "installation", _Installation(serving.installation, _Failing(error)))
    answer = house.browser().client.post("/api/session/passkey/options")
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert "KANARIENVOGEL" not in answer.text + house.log.getvalue()
    assert house.browser().client.get("/healthz").status_code == 200


def test_an_operator_reads_what_the_database_said(house: House) -> None:
    serving = house.app.state.serving
    failing = _Failing(RecordsError("database_error", "SQLite refused: OperationalError 15"))
    object.__setattr__(serving, "installation", _Installation(serving.installation, failing))
    answer = house.browser().client.post("/api/session/passkey/options")
    assert "OperationalError 15" not in answer.text
    told = [line for line in house.log.getvalue().splitlines() if "OperationalError 15" in line]
    assert [json.loads(line)["request"] for line in told] == [answer.json()["instance"].rpartition(":")[2]]


class _Installation:
    """An installation with another store."""

    def __init__(self, real: Any, store: Any) -> None:
        self._real, self.store = real, store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_a_full_disk_of_either_database_is_known() -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    assert translate(OperationalError("x", {}, full)).reason == "disk_full"
    assert translate(OperationalError("x", {}, psycopg.errors.DiskFull())).reason == "disk_full"


@pytest.mark.parametrize("reason", ["disk_full", "database_busy"])
def test_the_staff_read_on_where_nothing_can_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    clerk = house.as_("clerk1")
    house.clock.pass_by(minutes=2)

    def full(*_: object) -> None:
        raise Unavailable(reason, "try again")

    monkeypatch.setattr(Sessions, "seen", full)
    assert clerk.get("/api/session")["staff"]["id"] == "clerk1"


def test_ready_says_what_is_missing(house: House) -> None:
    assert house.browser().client.get("/readyz").json() == {"ready": True, "records": "ok", "signer": "ok"}
    serving = house.app.state.serving
    failing = _Failing(Unavailable("database_unavailable", "gone"))
    object.__setattr__(serving, "installation", _Installation(serving.installation, failing))
    answer = house.browser().client.get("/readyz")
    assert (answer.status_code, answer.json()["records"]) == (503, "database_unavailable")
    assert "cardsvc_ready 0.0" in house.browser().client.get("/metrics").text


def test_an_application_that_does_not_run_says_so() -> None:

    client = TestClient(
        create_app(Settings(public_url=PUBLIC_URL), logger=make_logger()), base_url=PUBLIC_URL
    )
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "not_ready")


def test_another_address_than_the_one_fixed_is_refused(pattern: tuple[Path, dict[str, str]]) -> None:
    source, founders = pattern
    with (
        pytest.raises(ServiceError) as refused,
        open_house(source, founders, public_url="https://other.example.org"),
    ):
        pass
    assert refused.value.reason == "wrong_public_url"


# --- what is written down


def test_a_line_names_route_and_person_and_nothing_else(house: House) -> None:
    browser = house.as_("auditor1")
    browser.client.get(f"/api/audit?subject={CANARIES[0]}&limit=1")
    browser.client.get(f"/api/{CANARIES[2]}")
    lines = [json.loads(line) for line in house.log.getvalue().splitlines()]
    asked = next(line for line in lines if line.get("route") == "/api/audit")
    assert set(asked) == {
        "event",
        "level",
        "timestamp",
        "request",
        "method",
        "route",
        "status",
        "ms",
        "staff",
    }
    assert (asked["staff"], asked["status"]) == ("auditor1", 200)
    assert re.fullmatch(r"[0-9a-f]{16}", asked["request"])
    unknown = next(line for line in lines if line.get("status") == 404)
    assert unknown["route"] == "-"
    assert not any(canary in house.log.getvalue() for canary in CANARIES)


def test_a_failure_is_logged_by_kind_and_place_alone() -> None:
    try:
        raise ValueError(CANARIES[0])
    except ValueError as error:
        said = where(error)
    assert said.startswith("ValueError at test_answers.py:")
    assert CANARIES[0] not in said


def test_seeded_people_are_in_no_log_figure_database_or_journal(either_house: House) -> None:
    """A clerk types them, an approver reads them; nothing below the pages may hold them readable."""
    clerk = either_house.as_("clerk1")
    raw = application(
        surname=CANARIES[0],
        given_names=CANARIES[1],
        passport=CANARIES[2],
        birth=CANARIES[3],
        reference=None,
    )
    raw.pop("portrait")
    case = clerk.post("/api/desk/cases", {"application": raw})
    assert CANARIES[0] in json.dumps(clerk.get(f"/api/desk/cases/{case['id']}"))
    clerk.get(f"/api/desk/queue?search={CANARIES[0]}")
    clerk.client.post("/api/desk/mrz", json={"lines": [f"P<UTO{CANARIES[0]}<<X", CANARIES[2]]})
    clerk.client.put(f"/api/desk/cases/{case['id']}", json={"version": 999, "application": raw})
    body = {"staff": CANARIES[0], "password": CANARIES[1], "totp": "123456"}
    either_house.browser().client.post("/api/session/password", json=body)
    written = {"log": either_house.log.getvalue(), "metrics": clerk.client.get("/metrics").text}
    for path in either_house.site.settings.data.rglob("*"):
        if path.is_file():
            written[str(path)] = path.read_bytes().decode("latin-1")
    if either_house.site.settings.database.startswith("postgresql"):
        written["dump"] = _dump(either_house.site.settings.database)
    assert len(written) > 5
    for name, text in written.items():
        for canary in CANARIES:
            assert canary not in text, f"{canary} in {name}"
            assert canary.encode("utf-16-le").decode("latin-1") not in text, f"{canary} in {name}"


def _dump(url: str) -> str:
    """Every row of every table, as PostgreSQL writes it."""
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = []
        for (name,) in names:
            with connection.cursor().copy(f'COPY (SELECT * FROM "{name}") TO STDOUT') as copy:
                rows += [bytes(part).decode() for part in copy]
    # bytea comes in hexadecimal; both forms are searched.
    plain = "".join(rows)
    return plain + "".join(
        bytes.fromhex(one).decode("latin-1") for one in re.findall(r"\\\\x((?:[0-9a-f]{2})+)", plain)
    )
