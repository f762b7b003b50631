"""What was seeded into drafts, refusals, files and cards stands in no database, no file, no log."""

import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cardsvc.desk import printshop
from cardsvc.records.tables import METADATA
from issuance.portrait import prepare_portrait
from tests.desk.api import make_api
from tests.desk.office import face, make_office

SURNAME, GIVEN, PASSPORT, BIRTH = "Zyxwvcanary", "Qaltrophe", "ZQCANARY7", "1971-03-09"
NATIVE, PHONE, ADDRESS = "قناريتجريبي", "+86 111 2223 3344", "Canary Lane 77"
WORDS = "Canarywords for the holder"
PERMIT = "RPCANARY88"
#: A comment inside the uploaded JPEG (ISO/IEC 10918-1, B.2.4.5): bytes that nothing else has.
MARK = b"canary-portrait-of-nobody"


@cache
def seeds() -> list[bytes]:
    """Every canary in the encodings it could stand in; of the face, pieces out of its middle."""
    words = (SURNAME, GIVEN, PASSPORT, BIRTH, NATIVE, PHONE, ADDRESS, WORDS, PERMIT)
    found = [form.encode() for word in words for form in (word, word.upper(), word.lower())]
    found += [word.encode("utf-16-le") for word in words]
    found += [NATIVE.encode("unicode_escape"), SURNAME.encode().hex().encode()]
    return found + [piece for picture in pictures() for piece in pieces(picture)]


@cache
def pictures() -> tuple[bytes, ...]:
    """The face as it was uploaded, as it is printed, and as the code has it."""
    marked = face()[:2] + b"\xff\xfe" + (len(MARK) + 2).to_bytes(2, "big") + MARK + face()[2:]
    made = prepare_portrait(marked)
    assert MARK in marked
    return marked, made.print_jpeg, made.face_webp


def pieces(picture: bytes) -> list[bytes]:
    """Some of its bytes, raw and in base64 whichever way they are cut."""
    parts = [
        picture[place : place + 24]
        for place in range(len(picture) // 4, len(picture) - 24, len(picture) // 4)
    ]
    encoded = [base64.b64encode(part[shift:])[2:-4] for part in parts for shift in range(3)]
    return [MARK, *parts, *encoded]


def live_through(folder: Path, url: str | None, look: Callable[[], None] = lambda: None) -> None:
    """A draft, an import, a refusal, a withdrawal, a card with a print job; ``look`` while all is open."""
    with make_office(folder, url) as office, make_api(office) as api:
        api.app.state.serving.jobs.stop()
        clerk, chief = api.as_("clerk1"), api.as_("chief1")
        person: dict[str, Any] = {
            "surname": SURNAME, "given_names": GIVEN, "birth": BIRTH, "name_native": NATIVE,
            "language_native": "ara", "phone": PHONE, "address": ADDRESS, "permit": PERMIT,
        }  # fmt: skip
        clerk.draft(**person, passport=PASSPORT + "1", reference="a")
        gone = clerk.draft(**person, passport=PASSPORT + "2", reference="b")
        clerk.post(f"/cases/{gone['id']}/withdraw", {"version": gone["version"]})
        no = clerk.submitted(**person, passport=PASSPORT + "3", reference="c")
        no = chief.post(f"/cases/{no['id']}/return", {"version": no["version"], "words": WORDS})
        no = clerk.post(f"/cases/{no['id']}/submit", {"version": no["version"]})
        refusal = {"version": no["version"], "reason": "other", "words": WORDS}
        chief.post(f"/cases/{no['id']}/refuse", refusal)
        text = f"surname,passport,birth\n{SURNAME},{PASSPORT},{BIRTH}\n"
        clerk.post("/imports", {"name": "x.csv", "text": text}, status=201)
        clerk.get(f"/queue?search={SURNAME}")
        clerk.reason("POST", "/cases", {"application": {SURNAME: PASSPORT}})
        yes = clerk.submitted(**person, passport=PASSPORT, reference="d")
        (card,) = chief.approved(yes["id"])
        clerk.get(f"/cards?search={PASSPORT}")
        clerk.post("/print-jobs", {"cards": [card["number"]]}, status=201)
        printshop.work(office.site, "a", office.clock.now)
        look()


@pytest.fixture(autouse=True)
def _marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every portrait that is uploaded here bears the mark."""
    monkeypatch.setattr("tests.desk.api.face", lambda: pictures()[0])


def caught(data: bytes) -> list[bytes]:
    return [seed for seed in seeds() if seed in data]


def test_no_file_of_the_data_directory_says_anything(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """While it runs, with the write-ahead log; in a backup taken then; and after it was stopped."""

    def look() -> None:
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        found = {str(path): seeds for path in files if (seeds := caught(path.read_bytes()))}
        assert found == {}
        seen.update(path.suffix for path in files if path.stat().st_size)

    def look_and_back_up() -> None:
        (database,) = (path for path in (tmp_path / "data").glob("*.db"))
        with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(copy)) as backup:
            live.backup(backup)
        look()

    seen: set[str] = set()
    copy = tmp_path / "copy.sqlite"
    live_through(tmp_path / "data", None, look_and_back_up)
    assert {".db", ".db-wal", ".part", ".sqlite"} <= seen
    look()
    out, err = capfd.readouterr()
    assert "/api/desk/cases" in err  # The log was written, and is what is looked at.
    assert caught((out + err).encode()) == []


def test_no_row_of_postgresql_says_anything(tmp_path: Path, postgres_url: str) -> None:
    live_through(tmp_path / "data", postgres_url)
    with psycopg.connect(postgres_url) as connection:
        for name in METADATA.tables:
            found = connection.execute(f'SELECT t::text FROM "{name}" t').fetchall()
            rows = "\n".join(row[0] for row in found).encode()
            # Bytes come as \\x…: looked for as they are and as hexadecimal.
            hexes = [seed.hex().encode() for seed in seeds()]
            assert caught(rows) == [], name
            assert [one for one in hexes if one in rows] == [], name
