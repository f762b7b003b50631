"""Families and files of applications over the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.api import Api, make_api
from tests.desk.office import make_office


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        yield made
        assert office.town.audit_is_whole()


def test_a_family_is_issued_together_or_parted_knowingly(api: Api) -> None:
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    mother = clerk.submitted()
    child = clerk.draft(
        passport="A0000002", given_names="Layla", birth="2019-05-01", **{"class": "family"}, reference="child"
    )
    assert ("guardian", "missing") in [(one["field"], one["reason"]) for one in child["errors"]]
    family = clerk.post("/families", {"cases": [child["id"]], "guardian": mother["id"]}, status=201)
    assert [(one["state"], one["is_guardian"]) for one in family["cases"]] == [
        ("submitted", True),
        ("draft", False),
    ]
    assert not family["ready"]
    child = clerk.get(f"/cases/{child['id']}")
    assert child["application"]["guardian"] == "Mwangi, Amina Zeynep"
    assert child["errors"] == []
    chief.get(f"/cases/{mother['id']}")
    assert chief.reason("POST", "/approvals", {"cases": chief.seen(mother["id"])}) == "family_waits"
    clerk.post(f"/cases/{child['id']}/submit", {"version": child["version"]})
    assert clerk.get(f"/families/{family['id']}")["ready"]
    cards = chief.approved(mother["id"], child["id"])
    assert [card["state"] for card in cards] == ["issued", "issued"]


def test_one_member_may_be_refused_and_the_others_issued(api: Api) -> None:
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    one, other = clerk.submitted(), clerk.submitted(passport="A0000002", given_names="Ali", reference="b")
    clerk.post("/families", {"cases": [one["id"], other["id"]], "guardian": one["id"]}, status=201)
    chief.post(f"/cases/{other['id']}/refuse", {"version": other["version"], "reason": "incomplete"})
    assert chief.approved(one["id"])[0]["state"] == "issued"


def test_a_file_is_looked_through_and_taken_over_once(api: Api) -> None:
    clerk = api.as_("clerk1")
    columns = "surname,given_names,nationality,birth,sex,passport,passport_country,passport_expiry"
    columns += ",permit_kind,permit,permit_expiry,class,services"
    good = (
        "Haddad,Rami,JOR,1988-04-03,M,N1234567,JOR,2031-01-01,residence,RP1,2027-01-01,merchant,bus;library"
    )
    bad = good.replace("1988-04-03", "1988-04-31").replace("N1234567", "N7654321")
    taken = clerk.post(
        "/imports", {"name": "day.csv", "text": f"{columns}\n{good}\n{bad}\nx,y\n"}, status=201
    )
    errors = [[(one["field"], one["reason"]) for one in row["errors"]] for row in taken["rows"]]
    assert errors == [
        [("portrait", "missing")],
        [("birth", "no_such_day"), ("portrait", "missing")],
        [("application", "malformed")],
    ]
    path = f"/imports/{taken['import']}"
    first = clerk.post(f"{path}/accept", {"rows": [2]})
    assert clerk.post(f"{path}/accept", {"rows": [2]}) == first
    assert clerk.get(path)["rows"][0]["case"] == first["cases"][0]["case"]
    assert clerk.reason("POST", f"{path}/accept", {"rows": [4]}) == "no_such_row"
    case = clerk.get(f"/cases/{first['cases'][0]['case']}")
    assert case["application"]["services"] == {"bus": None, "library": None}
    assert api.as_("clerk2").reason("GET", path) == "import_not_found"


def test_a_file_that_is_none_is_refused_whole(api: Api) -> None:
    clerk = api.as_("clerk1")
    assert clerk.reason("POST", "/imports", {"name": "day.exe", "text": "x"}) == "unknown_form"
    assert clerk.reason("POST", "/imports", {"name": "day.json", "text": "{"}) == "malformed"
