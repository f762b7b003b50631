"""Files of applications: what they tell of other people, how long they are kept, and hostile ones."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cardsvc.desk import imports, parts
from cardsvc.desk.cases import CaseDesk
from cardsvc.desk.judging import Raw
from cardsvc.records import NotFound, Transaction, Unavailable
from tests.desk.api import Api, Person, make_api
from tests.desk.office import as_base64, face, make_office
from tests.desk.town import application


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        yield made
        assert office.town.audit_is_whole()


def row(**changed: Any) -> dict[str, Any]:
    return dict(application(**changed)) | {"portrait": as_base64(face())}


def taken(person: Person, *rows: dict[str, Any]) -> Any:
    return person.post("/imports", {"name": "day.json", "text": json.dumps(rows)}, status=201)


def kept(api: Api, file: str) -> Any:
    with api.office.site.store.reading() as tx:
        return tx.cases.get_import(file).content["rows"]


def test_a_file_tells_nothing_about_people_of_other_offices(api: Api) -> None:
    case = api.as_("clerk1").submitted()
    (card,) = api.as_("chief1").approved(case["id"])
    bare = {"passport": "A0000001", "passport_country": "KEN"}
    near, far = taken(api.as_("clerk1"), row(), bare), taken(api.as_("clerk2"), row(), bare)
    assert (near["rows"][0]["warnings"][0]["card"], near["rows"][0]["warnings"][0]["name"]) == (
        card["number"],
        "Mwangi, Amina Zeynep",
    )
    (warning,) = far["rows"][0]["warnings"]
    assert {name: warning[name] for name in ("card", "case", "name", "birth", "face")} == {
        "card": None,
        "case": None,
        "name": "",
        "birth": None,
        "face": None,
    }
    assert card["number"] not in json.dumps(far)
    assert far["rows"][1]["warnings"] == near["rows"][1]["warnings"] == []
    assert api.office.town.actions(far["import"]) == ["file_taken_in", "file_compared"]


def test_a_big_file_is_compared_in_part(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.as_("clerk1").submitted()
    monkeypatch.setattr(imports, "MOST_COMPARED", 1)
    rows = taken(api.as_("clerk1"), row(), row())["rows"]
    assert [bool(one["warnings"]) for one in rows] == [True, False]


def test_a_row_that_became_a_case_is_dropped_and_the_rest_after_a_week(api: Api) -> None:
    clerk = api.as_("clerk1")
    file = taken(clerk, row(), row(passport="A0000002", reference="b"))["import"]
    first = clerk.post(f"/imports/{file}/accept", {"rows": [1]})
    assert clerk.get(f"/cases/{first['cases'][0]['case']}")["portrait"]["present"]
    assert kept(api, file)[0] == {"row": 1, "application": {}, "refused": []}
    assert kept(api, file)[1]["application"]["passport"] == "A0000002"
    assert clerk.post(f"/imports/{file}/accept", {"rows": [1]}) == first
    shown = clerk.get(f"/imports/{file}")["rows"]
    assert (shown[0]["errors"], shown[0]["case"]) == ([], first["cases"][0]["case"])
    assert imports.forget(api.office.site, api.office.clock.now) == 0
    api.office.clock.pass_by(days=8)
    assert imports.forget(api.office.site, api.office.clock.now) == 1
    with pytest.raises(NotFound):
        kept(api, file)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a." + "汉" * 150, "x"),
        ("a.json", '[{"\\ud800": 1}]'),
        ("a.json", '[{"surname": "\\ud800"}]'),
        ("a.json", '[{"portrait": "\\ud800AAA"}]'),
        ("a.json", '[{"services": {"\\ud800": null}}]'),
        ("a.jsonl", '{"\\ud800": 1, "\\ud800": 2}'),
        ("a.json", "[" * 5000),
        ("a.json", '[{"mrz": 1e999}]'),
    ],
)
def test_hostile_files_and_rows_are_refused(api: Api, name: str, text: str) -> None:
    clerk = api.as_("clerk1")
    answer = clerk.client.post("/api/desk/imports", json={"name": name, "text": text})
    if answer.status_code == 201:
        assert [bool(one["errors"]) for one in answer.json()["rows"]] == [True]
        path = f"/imports/{answer.json()['import']}/accept"
        assert clerk.reason("POST", path, {"rows": [1]}) == "no_such_row"
    else:
        assert answer.status_code == 422, answer.text


def test_no_file_lies_on_a_disk_in_the_clear(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise AssertionError("a file was written")

    monkeypatch.setattr(Path, "write_text", none)
    monkeypatch.setattr(Path, "write_bytes", none)
    assert taken(api.as_("clerk1"), row())["rows"][0]["errors"] == []


def test_rows_become_cases_part_by_part_and_go_on_where_they_were_cut_short(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "BATCH", 1)
    clerk, original = api.as_("clerk1"), CaseDesk.add
    file = taken(clerk, *(row(passport=f"A000000{n}", reference=f"r{n}") for n in range(3)))["import"]
    assert clerk.reason("POST", f"/imports/{file}/accept", {"rows": [1, 2, 9]}) == "no_such_row"
    assert clerk.get("/queue")["rows"] == []

    def add(desk: CaseDesk, tx: Transaction, raw: Raw, known: str | None = None) -> str:
        if raw["reference"] == "r1":
            raise Unavailable("database_busy", "others write")
        return original(desk, tx, raw, known)

    with monkeypatch.context() as patched:
        patched.setattr(CaseDesk, "add", add)
        assert clerk.reason("POST", f"/imports/{file}/accept", {"rows": [1, 2, 3]}) == "database_busy"
    (first,) = clerk.get("/queue")["rows"]
    assert [bool(one["application"]) for one in kept(api, file)] == [False, True, True]
    done = clerk.post(f"/imports/{file}/accept", {"rows": [1, 2, 3]})["cases"]
    assert ([one["row"] for one in done], done[0]["case"]) == ([1, 2, 3], first["id"])
    assert len(clerk.get("/queue")["rows"]) == 3
    assert clerk.get(f"/cases/{done[2]['case']}")["portrait"]["present"]
