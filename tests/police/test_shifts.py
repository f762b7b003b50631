"""Shifts: signed in until their end, whatever the phone does meanwhile; phones become readers of patrols."""

import shutil
from pathlib import Path
from typing import cast

from tests.desk.town import PUBLIC_URL
from tests.police.conftest import Beat
from tests.readers.devices import Door, Wire
from tests.service.house import House, open_house
from verify.reader.client import Client
from verify.reader.device import Device
from verify.reader.service import enrol
from verify.trust import TrustState, accept

SHIFT = "/api/police/shift"


def test_a_shift_lasts_its_hours_without_an_idle_end(house: House) -> None:
    officer = house.enrolled("officer1")
    begun = officer.post(SHIFT)
    assert begun["staff"] == "officer1"
    assert begun["office"] == "Yiwu Police"
    house.clock.pass_by(hours=7, minutes=59)
    officer.get("/api/police/requests")
    house.clock.pass_by(minutes=1)
    assert officer.reason("GET", "/api/police/requests") == "not_signed_in"
    assert "shift_begun" in house.actions("officer1")


def test_without_a_shift_an_officer_is_forgotten_as_anybody_else(house: House) -> None:
    officer = house.enrolled("officer1")
    house.clock.pass_by(minutes=30)
    assert officer.reason("GET", "/api/police/requests") == "not_signed_in"


def test_a_shift_is_no_longer_for_being_begun_twice(house: House) -> None:
    officer = house.enrolled("officer1")
    ends = officer.post(SHIFT)["ends"]
    house.clock.pass_by(hours=7)
    device = house.device("officer1")
    begun = officer.post("/api/session/step-up/options")
    officer.post("/api/session/step-up", {"flow": begun["flow"], "credential": device.get(begun["options"])})
    assert officer.post(SHIFT)["ends"] == ends


def test_the_hours_are_a_setting_of_twelve_at_most(
    tmp_path: Path, pattern: tuple[Path, dict[str, str]]
) -> None:
    source, founders = pattern
    shutil.copytree(source, tmp_path / "data")
    with open_house(tmp_path / "data", founders, shift_hours=2) as house:
        officer = house.enrolled("officer1")
        officer.post(SHIFT)
        house.clock.pass_by(hours=2)
        assert officer.reason("GET", "/api/police/requests") == "not_signed_in"


def test_signing_out_ends_the_shift(beat: Beat) -> None:
    beat.first.post(SHIFT)
    beat.first.call("DELETE", "/api/session")
    assert beat.first.reason("GET", "/api/police/requests") == "not_signed_in"


def test_a_phone_becomes_a_reader_of_the_patrols(beat: Beat, tmp_path: Path) -> None:
    """By a code that the officer's session gave: no operator is asked, and the audit says whose it is."""
    house, wire = beat.house, Wire(beat.house)
    given = beat.first.post("/api/police/phones")
    assert (given["venue"], given["url"]) == ("police", PUBLIC_URL)
    device, now = Device.open(tmp_path, make=True), int(house.clock.now.timestamp())
    door = Door(house, tmp_path, device, enrol(cast(Client, wire), given["code"], device, now), wire)
    assert door.id == given["reader"]
    bundle = house.browser().client.get(
        f"/api/v1/readers/{door.id}/bundle", headers={"Authorization": f"Bearer {door.token()}"}
    )
    root = house.site.signer.hello().roots[-1]
    _, trust = accept(TrustState.pin(root, now=now), bundle.content, now)
    assert trust.venue == "police"
    batch = door.log([door.entry(service=None)])
    answers = door.service().upload(batch.to_json())
    assert answers == {1: ("taken", "")}
    assert house.actions(door.id)[:1] == ["reader_invited"]
    with house.site.store.reading() as tx:
        (invited,) = [one for one in tx.audit.of_subject(door.id) if one.action == "reader_invited"]
    assert invited.actor == "officer1"


def test_a_code_for_a_phone_takes_a_touch_of_ones_key(house: House) -> None:
    house.enrolled("officer1")
    tired = house.as_("officer1", fresh=False)
    assert tired.reason("POST", "/api/police/phones") == "step_up_needed"


def test_a_city_without_patrols_says_so(beat: Beat) -> None:
    with beat.house.site.store.transaction() as tx:
        tx.venues.put("police", dict(tx.venues.get("police").config) | {"role": "desk", "hotlist": False})
    assert beat.first.reason("POST", "/api/police/phones") == "no_police_venue"
