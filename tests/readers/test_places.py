"""Kinds of readers with what their installers type, where readers stand, and codes taken back."""

import tomllib
from pathlib import Path
from typing import Any, cast

import pytest

from cardsvc.readers import reports
from cardsvc.readers.kinds import CONFIGURED, EXTRAS, Kind, setup_of
from cardsvc.readers.places import Position, metres
from tests.city import ROOT
from tests.readers.devices import Door, Wire, door
from tests.service.house import House
from verify.errors import Refused
from verify.reader.client import Client
from verify.reader.config import read_config
from verify.reader.device import Device
from verify.reader.service import enrol
from verify.services import Service
from verify.verdict import Role


def upload(made: Door, *entries: Any) -> None:
    made.service().upload(made.log(list(entries)).to_json())


@pytest.mark.parametrize("kind", sorted(CONFIGURED))
def test_the_configuration_of_a_kind_is_one_that_a_reader_reads(kind: Kind, tmp_path: Path) -> None:
    setup = setup_of(
        kind,
        reader="clinic-3",
        venue="hospital",
        profile="desk",
        service="hospital",
        url="https://card.example.org",
        code="K7F2-9QXM",
    )
    assert setup.enrol == (
        "cardsvc-verify enrol --url https://card.example.org --code K7F2-9QXM --state state"
    )
    assert setup.config is not None
    (tmp_path / "reader.toml").write_text(setup.config, "utf-8")
    config = read_config(tmp_path / "reader.toml")
    assert (config.state, config.online, config.role) == (tmp_path / "state", True, Role.DESK)
    assert config.inputs[0].service == Service.HOSPITAL
    # What its parts need beside the bare program is what the installer is told to fetch.
    needed = {one.kind for one in config.outputs} & {"gpio", "mqtt"}
    assert needed == ({EXTRAS[kind]} if kind in EXTRAS else set())
    assert ("[" in setup.install) == bool(needed)
    # Nothing is fetched by a name that is not ours on any index yet: the wheel is made from the checkout.
    verify = tomllib.loads((ROOT / "verify" / "pyproject.toml").read_text("utf-8"))["project"]
    wheel = f"{verify['name'].replace('-', '_')}-{verify['version']}-py3-none-any.whl"
    assert setup.install.startswith(f"pip install './{wheel}")


def test_a_code_comes_with_what_its_installer_types(house: House) -> None:
    operator = house.as_("operator1")
    made = operator.post("/api/reader-codes", {"venue": "bus", "kind": "bus", "site": "Line 802"})
    assert made["code"] in made["setup"]["enrol"]
    assert made["url"] in made["setup"]["enrol"]
    assert 'service = "bus"' in made["setup"]["config"]
    (waiting,) = operator.get("/api/readers")["codes"]
    assert (waiting["kind"], waiting["site"]) == ("bus", "Line 802")
    assert operator.post("/api/reader-codes", {"venue": "bus", "kind": "tablet"})["setup"]["config"] is None
    several = operator.post("/api/reader-codes", {"venue": "centre", "service": "bicycle"})
    assert 'service = "bicycle"' in several["setup"]["config"]
    wrong = {"venue": "bus", "service": "library"}
    assert operator.reason("POST", "/api/reader-codes", wrong) == "bad_venue"


def test_a_code_can_be_taken_back_until_it_was_used(either_house: House, tmp_path: Path) -> None:
    house, operator = either_house, either_house.as_("operator1")
    made = operator.post("/api/reader-codes", {"venue": "library"})
    operator.call("DELETE", f"/api/reader-codes/{made['reader']}")
    assert operator.reason("DELETE", f"/api/reader-codes/{made['reader']}") == "code_not_found"
    assert operator.get("/api/readers")["codes"] == []
    now = int(house.clock.now.timestamp())
    with pytest.raises(Refused, match="not known here, or is over"):
        enrol(cast(Client, Wire(house)), made["code"], Device.open(tmp_path, make=True), now)
    assert house.actions(made["reader"]) == ["reader_invited", "reader_code_withdrawn"]


def test_a_reader_is_described_by_people(either_house: House, tmp_path: Path) -> None:
    house, made = either_house, door(either_house, tmp_path)
    operator = house.as_("operator1")
    there = {"kind": "desk", "site": "Choucheng branch", "position": {"latitude": 29.3, "longitude": 120.07}}
    answer = operator.call("PUT", f"/api/readers/{made.id}/place", there)
    assert {name: answer[name] for name in there} == there
    operator.call("PUT", f"/api/readers/{made.id}/place", {"kind": "door"})
    (found,) = operator.get("/api/readers")["readers"]
    assert (found["kind"], found["site"], found["position"]) == ("door", None, None)
    assert operator.reason("PUT", "/api/readers/nobody/place", there) == "reader_not_found"
    beyond = there | {"position": {"latitude": 91, "longitude": 0}}
    assert operator.reason("PUT", f"/api/readers/{made.id}/place", beyond) == "bad_request"


def test_the_way_between_two_places() -> None:
    trade_city, hangzhou = Position(29.3360, 120.1080), Position(30.2460, 120.2100)
    assert metres(trade_city, hangzhou) == pytest.approx(101_700, rel=0.01)
    assert metres(trade_city, trade_city) == 0


def put_at(made: Door, latitude: float, longitude: float = 120.07) -> None:
    there = {"kind": "door", "site": f"Branch {latitude}"}
    position = {"position": {"latitude": latitude, "longitude": longitude}}
    made.house.as_("operator1").call("PUT", f"/api/readers/{made.id}/place", there | position)


def test_a_card_that_was_faster_than_any_bus_is_shown(either_house: House, tmp_path: Path) -> None:
    """Two branches 10 km apart: ten minutes are enough by car, three are not."""
    house, operator = either_house, either_house.as_("operator1")
    one, two, somewhere = (door(house, tmp_path / name) for name in ("a", "b", "c"))
    for made, latitude in ((one, 29.30), (two, 29.39)):
        put_at(made, latitude)
    driver, twin = {"who": b"d" * 16}, {"who": b"t" * 16}
    upload(one, one.entry(ago=1200, **driver), one.entry(ago=900, **twin))
    upload(two, two.entry(ago=600, **driver), two.entry(ago=720, **twin))
    # Nobody knows where this one stands, so nothing is said of it.
    upload(somewhere, somewhere.entry(ago=600, **twin))
    (row,) = operator.get("/api/use/twice")["rows"]
    assert (row["first_site"], row["second_site"], row["apart_s"]) == ("Branch 29.3", "Branch 29.39", 180)
    assert row["apart_m"] == pytest.approx(10_007, abs=10)


@pytest.mark.parametrize(("latitude", "longitude"), [(29.39, 120.07), (29.30, 120.1732), (29.236, 119.9961)])
def test_the_way_is_counted_to_the_second(
    either_house: House, tmp_path: Path, latitude: float, longitude: float
) -> None:
    """Some 10,010 m to the north, the east and the south-west are 286 seconds behind the first 500 m."""
    house = either_house
    one, two = door(house, tmp_path / "a"), door(house, tmp_path / "b")
    put_at(one, 29.30)
    put_at(two, latitude, longitude)
    way = metres(Position(29.30, 120.07), Position(latitude, longitude))
    seconds = int((way - 500) / (120 / 3.6))
    late, soon = {"who": b"l" * 16}, {"who": b"s" * 16}
    upload(one, one.entry(ago=900, **late), one.entry(ago=900, **soon))
    upload(two, two.entry(ago=900 - seconds - 1, **late), two.entry(ago=900 - seconds, **soon))
    (row,) = house.as_("operator1").get("/api/use/twice")["rows"]
    assert (row["apart_s"], row["apart_m"]) == (seconds, round(way))


def test_no_number_of_ordinary_ways_hides_one_that_was_too_fast(either_house: House, tmp_path: Path) -> None:
    """One after the other at both branches, time and again: 20,164 pairs, and all of them newer."""
    house = either_house
    one, two = door(house, tmp_path / "a"), door(house, tmp_path / "b")
    put_at(one, 29.30)
    put_at(two, 29.39)
    often, twin = {"who": b"o" * 16}, {"who": b"t" * 16}
    upload(one, one.entry(ago=5000, **twin), *(one.entry(ago=2000 - n, **often) for n in range(142)))
    upload(two, two.entry(ago=4880, **twin), *(two.entry(ago=142 - n, **often) for n in range(142)))
    answer = house.as_("operator1").get("/api/use/twice")
    assert [(row["apart_s"], answer["more"]) for row in answer["rows"]] == [(120, False)]


def test_an_answer_that_has_no_room_says_so(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = door(house, tmp_path / "a"), door(house, tmp_path / "b")
    upload(one, one.entry(ago=500), one.entry(ago=100))
    upload(two, two.entry(ago=490), two.entry(ago=90))
    operator = house.as_("operator1")
    answer = operator.get("/api/use/twice")
    assert (len(answer["rows"]), answer["more"]) == (2, False)
    monkeypatch.setattr(reports, "MOST", 1)
    answer = operator.get("/api/use/twice")
    assert ([row["apart_s"] for row in answer["rows"]], answer["more"]) == ([10], True)
