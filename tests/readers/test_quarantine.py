"""What waits of a broken log: looked into in words, gone on with, or set aside by somebody with a reason."""

from pathlib import Path

from tests.readers.devices import door
from tests.readers.test_records import forged, part, send, standing
from tests.service.house import House
from verify.reader.journal import Batch


def test_what_waits_is_shown_in_runs_with_the_readers_own_times(either_house: House, tmp_path: Path) -> None:
    house, made = either_house, door(either_house, tmp_path)
    batch = made.log([made.entry(ago=600 - n) for n in range(8)])
    send(made, part(batch, 1))
    send(made, part(batch, 4, 5, 8))
    send(made, Batch(((2, b"\xff" * 80),), ()))
    found = house.as_("operator1").get(f"/api/readers/{made.id}/quarantine")
    assert (found["head"], found["go_on_from"], found["missing"]) == (1, 4, 2)
    runs = [(one["reason"], one["first"], one["last"], one["count"]) for one in found["runs"]]
    assert runs == [("gap", 4, 5, 2), ("gap", 8, 8, 1), ("not_sealed_to_us", 2, 2, 1)]
    readable, _, unreadable = found["runs"]
    assert readable["recorded_to"] > readable["recorded_from"]
    assert unreadable["recorded_from"] is None
    house.as_("operator1").post(f"/api/readers/{made.id}/go-on", {"seq": 4, "reason": "its disk was lost"})
    house.app.state.serving.jobs.run_now()
    found = house.as_("operator1").get(f"/api/readers/{made.id}/quarantine")
    assert (found["head"], found["go_on_from"], found["missing"]) == (5, 8, 2)


def test_two_records_of_one_number_are_nothing_to_go_on_with(house: House, tmp_path: Path) -> None:
    made = door(house, tmp_path)
    batch = made.log([made.entry() for _ in range(3)])
    send(made, part(batch, 1))
    send(made, part(batch, 3))
    send(made, forged(made, 3, b"\x07" * 32))
    found = house.as_("operator1").get(f"/api/readers/{made.id}/quarantine")
    assert (found["go_on_from"], found["missing"]) == (None, 0)


def test_who_sets_something_aside_says_why_and_nothing_else_goes(either_house: House, tmp_path: Path) -> None:
    house, made = either_house, door(either_house, tmp_path)
    batch = made.log([made.entry() for _ in range(3)])
    send(made, part(batch, 1, 3))
    send(made, Batch(tuple((9, bytes([n]) * 80) for n in range(4)), ()))
    assert standing(made)["quarantined"] == {"gap": 1, "not_sealed_to_us": 4}
    operator, path = house.as_("operator1"), f"/api/readers/{made.id}/set-aside"
    assert operator.reason("POST", path, {"kind": "not_sealed_to_us"}) == "bad_request"
    left = operator.post(path, {"kind": "not_sealed_to_us", "reason": "a test device, thrown away"})
    assert [one["reason"] for one in left["runs"]] == ["gap"]
    assert standing(made)["quarantined"] == {"gap": 1}
    operator.post(path, {"kind": "not_sealed_to_us", "reason": "once more"})
    assert house.actions(made.id).count("records_set_aside") == 1
    send(made, part(batch, 2))
    house.app.state.serving.jobs.run_now()
    assert (standing(made)["records"], standing(made)["quarantined"]) == (3, {})


def test_what_turns_out_to_be_broken_waits_no_longer_for_it(either_house: House, tmp_path: Path) -> None:
    house, made = either_house, door(either_house, tmp_path)
    batch = made.log([made.entry() for _ in range(2)])
    send(made, part(batch, 1))
    send(made, forged(made, 3, b"\x07" * 32))
    assert standing(made)["quarantined"] == {"gap": 1}
    house.clock.pass_by(days=20)
    send(made, part(batch, 2))
    house.app.state.serving.jobs.run_now()
    assert standing(made)["quarantined"] == {"broken_chain": 1}
    house.clock.pass_by(days=69, hours=23)
    house.app.state.serving.jobs.run_now()
    assert standing(made)["quarantined"] == {"broken_chain": 1}
    house.clock.pass_by(hours=2)
    house.app.state.serving.jobs.run_now()
    assert standing(made)["quarantined"] == {}
