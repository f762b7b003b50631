"""Readers that are always on line: the same code, the same verdict, and one memory for all."""

from pathlib import Path
from typing import Any

from cardsvc.installation import open_installation
from cardsvc.readers.judging import SharedSeen
from tests.desk.town import Town, application
from tests.readers.devices import Door, door
from tests.readers.test_venues import trust_of
from tests.service.house import House
from verify import text
from verify.services import Service
from verify.store import SeenInMemory
from verify.verifier import Direction, Presentation, Verifier


def ask(made: Door, token: str, code: str, status: int = 200, **more: Any) -> dict[str, Any]:
    client = made.house.browser().client
    body = {"code": code, "venue": "library", "service": "library"} | more
    got = client.post("/api/v1/verify", json=body, headers={"Authorization": f"Bearer {token}"})
    assert got.status_code == status, got.text
    found: dict[str, Any] = got.json()
    return found


def test_the_same_code_gets_the_same_verdict_on_line_and_off(either_house: House, tmp_path: Path) -> None:
    house, made = either_house, door(either_house, tmp_path)
    token = made.token()
    with open_installation(house.site.settings) as console:
        town = Town(console)
        issued, other = town.card(application()), town.card(application(2, services=["bus"]))
        codes = town.codes(issued.print_id)
        signed = [codes.gate, codes.identity, town.codes(other.print_id).gate]
        shown = [*map(text.encode, signed), "nonsense", ""]
        for revoke in (True, False):
            _, trust = trust_of(made)
            verifier = Verifier(trust, seen=SeenInMemory())
            for code in shown:
                for way in Direction:
                    now = int(house.clock.now.timestamp())
                    wanted = verifier.judge(Presentation(code, Service.LIBRARY, way), now).to_json()
                    found = ask(made, token, code, direction=way.value)
                    assert found.pop("bundle")["seq"] == trust.seq
                    assert found == wanted | {"offline": False}
            if revoke:
                town.life(house.clock.now).revoke(issued.number, "stolen")
            house.clock.pass_by(seconds=59)
        assert ask(made, token, shown[0])["reason"] == "revoked"


def test_a_reader_asks_for_its_own_venue_and_sees_what_its_profile_may(house: House, tmp_path: Path) -> None:
    desk = door(house, tmp_path / "a", "centre")
    gate = door(house, tmp_path / "b", "centre", profile="gate")
    with open_installation(house.site.settings) as console:
        town = Town(console)
        code = text.encode(town.codes(town.card(application()).print_id).identity)
    full = ask(desk, desk.token(), code, venue="centre")
    assert full["view"]["name"]
    assert ask(gate, gate.token(), code, venue="centre")["view"] == {}
    assert ask(gate, gate.token(), code, status=403)["reason"] == "not_your_venue"
    assert ask(gate, "nobody", code, status=401)["reason"] == "not_enrolled"
    assert ask(gate, gate.token(), code, venue="centre", status=422, service="flying")["reason"]


def test_an_operator_may_try_a_code_out_and_nobody_else_of_the_staff(house: House) -> None:
    body = {"code": "nonsense", "venue": "library"}
    found = house.as_("operator1").post("/api/v1/verify", body)
    assert (found["verdict"], found["reason"]) == ("deny", "not_ours")
    assert house.as_("clerk1").reason("POST", "/api/v1/verify", body) == "not_your_role"
    assert house.browser().reason("POST", "/api/v1/verify", body) == "not_signed_in"
    body["venue"] = "nowhere"
    assert house.as_("operator1").reason("POST", "/api/v1/verify", body) == "venue_not_found"


def test_a_phones_code_is_first_seen_once_whichever_process_sees_it(either_house: House) -> None:
    one, other = SharedSeen(either_house.site.store), SharedSeen(either_house.site.store)
    assert one.when_seen(b"k" * 40) is None
    assert one.first_seen(b"k" * 40, 1_000) is None
    assert other.first_seen(b"k" * 40, 1_005) == 1_000
    assert other.when_seen(b"k" * 40) == 1_000
