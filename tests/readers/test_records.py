"""Logs: nothing lost, nothing twice, nothing dropped, whatever a reader or a line does."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PublicKey as SealKey
from nacl.public import SealedBox

from cardsvc.police import work as police_work
from cardsvc.readers import work
from cardsvc.readers.ingest import QUARANTINE_LIFE, RAW_LIFE
from tests.readers.devices import Door, door, seal_key
from tests.service.house import House
from verify.reader.journal import Batch
from verify.reader.records import NO_RECORD, Record, record_hash


def send(made: Door, batch: Batch) -> list[str]:
    """Upload; what became of each record, with the reason where there is one."""
    answers = made.service().upload(batch.to_json())
    return [f"{answer} {reason}".strip() for answer, reason in answers.values()]


def part(batch: Batch, *seqs: int, signed: bool = True) -> Batch:
    """Some records of a batch, in that order."""
    rows = dict(batch.records)
    return Batch(tuple((seq, rows[seq]) for seq in seqs), batch.checkpoints if signed else ())


def forged(made: Door, seq: int, before: bytes, sealed_as: int | None = None, **changed: Any) -> Batch:
    """A record as nobody's journal would write it."""
    device = changed.pop("device", made.id)
    record = Record(device, seq, before, made.entry(**changed))
    sealed = bytes(SealedBox(SealKey(seal_key(made.house).raw)).encrypt(record.encode()))
    return Batch(((sealed_as or seq, sealed),), ())


def standing(made: Door) -> dict[str, Any]:
    """How an operator sees the reader."""
    found = made.house.as_("operator1").get("/api/readers")["readers"]
    return next(one for one in found if one["id"] == made.id)


def counted(house: House) -> int:
    """All verdicts in the counts of all hours."""
    with house.site.store.reading() as tx:
        venues = [one.id for one in tx.venues.all()]
        return sum(number for _, number in tx.gate_log.usage(venues, 0, 1 << 40, None))


def test_a_batch_is_taken_once_however_often_it_comes(either_house: House, tmp_path: Path) -> None:
    made = door(either_house, tmp_path)
    batch = made.log([made.entry(ago=60 - n) for n in range(12)])
    assert send(made, batch) == ["taken"] * 12
    for _ in range(4):
        assert send(made, batch) == ["known"] * 12
    found = standing(made)
    assert (found["records"], found["vouched"], found["quarantined"]) == (12, 12, {})
    assert counted(either_house) == 12


def test_the_same_batch_from_many_threads_counts_once(either_house: House, tmp_path: Path) -> None:
    made = door(either_house, tmp_path)
    batch = made.log([made.entry() for _ in range(40)])
    halves = [batch, part(batch, *range(1, 21)), part(batch, *range(21, 41))]
    token = made.token()
    head = {"Authorization": f"Bearer {token}"}

    def post(one: Batch) -> list[dict[str, Any]]:
        client = made.house.browser().client
        path = f"/api/v1/readers/{made.id}/records"
        got = client.post(path, json=one.to_json(), headers=head)
        assert got.status_code == 200, got.text
        found: list[dict[str, Any]] = got.json()["answers"]
        return found

    with ThreadPoolExecutor(6) as pool:
        answers = [one for some in pool.map(post, halves * 4) for one in some]
    taken = [one["seq"] for one in answers if one["answer"] == "taken"]
    assert len(taken) == len(set(taken))
    either_house.app.state.serving.jobs.run_now()
    found = standing(made)
    assert (found["records"], found["vouched"], found["quarantined"]) == (40, 40, {})
    assert counted(either_house) == 40


def test_what_lacks_something_waits_apart_and_is_taken_when_it_comes(
    either_house: House, tmp_path: Path
) -> None:
    made = door(either_house, tmp_path)
    batch = made.log([made.entry() for _ in range(6)])
    assert send(made, part(batch, 6, 5, 4)) == ["quarantined gap"] * 3
    assert standing(made)["quarantined"] == {"gap": 3}
    assert send(made, part(batch, 1, 2)) == ["taken"] * 2
    assert send(made, part(batch, 3)) == ["taken"]
    either_house.app.state.serving.jobs.run_now()
    found = standing(made)
    assert (found["records"], found["vouched"], found["quarantined"]) == (6, 6, {})
    assert send(made, batch) == ["known"] * 6
    assert counted(either_house) == 6


def test_what_is_not_of_this_log_is_kept_apart_and_never_dropped(either_house: House, tmp_path: Path) -> None:
    made = door(either_house, tmp_path)
    batch = made.log([made.entry() for _ in range(3)])
    assert send(made, batch) == ["taken"] * 3
    with either_house.site.store.reading() as tx:
        last = tx.readers.get(made.id).head_hash
    assert send(made, forged(made, 3, NO_RECORD)) == ["quarantined other_record"]
    assert send(made, forged(made, 4, NO_RECORD)) == ["quarantined broken_chain"]
    assert send(made, forged(made, 4, last, device="bus-1")) == ["quarantined foreign_device"]
    assert send(made, forged(made, 4, last, venue="bus")) == ["quarantined wrong_venue"]
    assert send(made, forged(made, 9, last, sealed_as=4)) == ["quarantined wrong_seq"]
    assert send(made, forged(made, 4, last, reason="a\0b")) == ["quarantined malformed"]
    for wild in (1 << 33, 1 << 52, 1 << 63):
        assert send(made, forged(made, 4, last, time=wild)) == ["quarantined malformed"]
    assert send(made, Batch(((4, b"\xff" * 80),), ())) == ["quarantined not_sealed_to_us"]
    again = forged(made, 4, NO_RECORD)
    assert send(made, again) == send(made, again) == ["quarantined broken_chain"]
    apart = standing(made)["quarantined"]
    assert apart == {
        "other_record": 1,
        "broken_chain": 2,
        "foreign_device": 1,
        "wrong_venue": 1,
        "wrong_seq": 1,
        "malformed": 4,
        "not_sealed_to_us": 1,
    }
    assert counted(either_house) == 3
    assert send(made, forged(made, 4, last)) == ["taken"]
    assert "records_quarantined" in either_house.actions(made.id)


def test_a_signature_over_another_log_shows(house: House, tmp_path: Path) -> None:
    made = door(house, tmp_path / "one")
    other = door(house, tmp_path / "other")
    batch = made.log([made.entry() for _ in range(2)])
    foreign = other.log([other.entry() for _ in range(2)])
    send(made, Batch(batch.records, foreign.checkpoints))
    found = standing(made)
    assert (found["records"], found["vouched"], found["quarantined"]) == (2, 0, {"bad_checkpoint": 1})
    # The device itself signs for a record that it did not send.
    (tmp_path / "again").mkdir()
    twin = replace(made, state=tmp_path / "again")
    wrong = twin.log([twin.entry(reason="other") for _ in range(2)])
    send(made, Batch((), wrong.checkpoints))
    assert standing(made)["wrong_checkpoints"] == 1
    assert "checkpoint_wrong" in house.actions(made.id)
    send(made, batch)
    assert standing(made)["vouched"] == 2


def test_late_facts_are_taken_and_flagged_and_a_clock_ahead_keeps_nothing_longer(
    either_house: House, tmp_path: Path
) -> None:
    house, made = either_house, door(either_house, tmp_path)
    day = 86_400
    batch = made.log([made.entry(ago=3 * day), made.entry(ago=10), made.entry(ago=-4000 * day)])
    assert send(made, batch) == ["late", "taken", "taken"]
    house.app.state.serving.jobs.run_now()
    assert _raw(house) == 3
    house.clock.now += RAW_LIFE
    house.app.state.serving.jobs.run_now()
    assert _raw(house) == 0
    assert counted(house) == 3
    assert send(made, batch) == ["known"] * 3
    assert counted(house) == 3


def test_a_log_that_begins_anew_is_kept_apart_though_its_numbers_were_forgotten(
    either_house: House, tmp_path: Path
) -> None:
    house, made = either_house, door(either_house, tmp_path / "first")
    assert send(made, made.log([made.entry() for _ in range(6)])) == ["taken"] * 6
    house.clock.now += RAW_LIFE + timedelta(days=10)
    house.app.state.serving.jobs.run_now()
    assert _raw(house) == 0
    # The journal alone was lost: the same keys begin at 1 again, the first minutes by a clock that stood.
    (tmp_path / "again").mkdir()
    anew = replace(made, state=tmp_path / "again")
    month, ahead = 31 * 86_400, -400 * 86_400
    batch = anew.log([anew.entry(ago=ago) for ago in (month, month - 5, 60, 40, ahead)])
    assert send(anew, batch) == ["quarantined other_record"] * 5
    assert send(anew, part(batch, 3, 4)) == ["quarantined other_record"] * 2
    assert send(anew, part(batch, 5)) == ["quarantined other_record"]
    assert standing(made)["quarantined"] == {"other_record": 5}
    assert counted(house) == 6


def test_a_clock_that_was_never_set_makes_no_record_known(house: House, tmp_path: Path) -> None:
    made = door(house, tmp_path / "first")
    send(made, made.log([made.entry() for _ in range(3)]))
    house.clock.now += RAW_LIFE + timedelta(days=1)
    house.app.state.serving.jobs.run_now()
    (tmp_path / "again").mkdir()
    anew = replace(made, state=tmp_path / "again")
    assert send(anew, anew.log([anew.entry(time=5), anew.entry(time=9)])) == ["quarantined other_record"] * 2


def test_what_somebody_went_on_without_is_kept_when_it_comes_after_all(
    either_house: House, tmp_path: Path
) -> None:
    house, made = either_house, door(either_house, tmp_path)
    batch = made.log([made.entry() for _ in range(5)])
    send(made, part(batch, 1, 4, 5))
    operator, path = house.as_("operator1"), f"/api/readers/{made.id}/go-on"
    assert operator.reason("POST", path, {"seq": 5, "reason": "not the first"}) == "cannot_go_on"
    operator.post(path, {"seq": 4, "reason": "its disk was lost"})
    house.app.state.serving.jobs.run_now()
    assert send(made, part(batch, 2, 3)) == ["quarantined other_record"] * 2
    assert standing(made)["quarantined"] == {"other_record": 2}
    assert send(made, part(batch, 1, 4, 5)) == ["known"] * 3


def test_a_stolen_reader_fills_no_database_and_an_honest_one_loses_nothing(
    either_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cardsvc.readers.ingest.MOST_WAITING", 3)
    monkeypatch.setattr("cardsvc.readers.ingest.MOST_SIGNATURES", 2)
    house, made = either_house, door(either_house, tmp_path)
    batch = made.log([made.entry() for _ in range(8)], sign_every=1)
    assert send(made, part(batch, 2, 3, 4)) == ["quarantined gap"] * 3
    assert send(made, part(batch, 5, 6)) == ["refused too_many_waiting"] * 2
    assert send(made, part(batch, 2, 7)) == ["refused too_many_waiting"] * 2
    assert standing(made)["quarantined"] == {"gap": 3}
    (tmp_path / "again").mkdir()
    twin = replace(made, state=tmp_path / "again")
    send(made, Batch((), twin.log([twin.entry(reason="other") for _ in range(8)], sign_every=1).checkpoints))
    with house.site.store.reading() as tx:
        assert tx.gate_log.unfitting_checkpoints(made.id) == 8
    # What was missing comes, though as much waits as may: then there is room again.
    assert send(made, part(batch, 1)) == ["taken"]
    house.app.state.serving.jobs.run_now()
    assert send(made, part(batch, 5, 6, 7, 8)) == ["taken"] * 4
    found = standing(made)
    assert (found["records"], found["vouched"], found["quarantined"]) == (8, 8, {})
    assert counted(house) == 8


def test_signatures_that_nothing_can_be_compared_with_are_forgotten(house: House, tmp_path: Path) -> None:
    made = door(house, tmp_path)
    batch = made.log([made.entry() for _ in range(2)])
    send(made, Batch((), batch.checkpoints))
    with house.site.store.reading() as tx:
        assert tx.gate_log.unfitting_checkpoints(made.id) == 1
    house.clock.now += QUARANTINE_LIFE
    house.app.state.serving.jobs.run_now()
    with house.site.store.reading() as tx:
        assert tx.gate_log.unfitting_checkpoints(made.id) == 0


def test_what_waits_is_kept_for_a_person_but_not_for_ever(house: House, tmp_path: Path) -> None:
    made = door(house, tmp_path)
    batch = made.log([made.entry() for _ in range(3)])
    send(made, part(batch, 3))
    house.clock.now += QUARANTINE_LIFE
    house.app.state.serving.jobs.run_now()
    assert standing(made)["quarantined"] == {}


def test_a_person_lets_a_broken_log_go_on(either_house: House, tmp_path: Path) -> None:
    house, made = either_house, door(either_house, tmp_path)
    batch = made.log([made.entry() for _ in range(6)])
    assert send(made, part(batch, 1)) == ["taken"]
    assert send(made, part(batch, 4, 5, 6)) == ["quarantined gap"] * 3
    operator = house.as_("operator1")
    path = f"/api/readers/{made.id}/go-on"
    assert operator.reason("POST", path, {"seq": 3, "reason": "a guess"}) == "cannot_go_on"
    operator.post(path, {"seq": 4, "reason": "its disk was lost"})
    house.app.state.serving.jobs.run_now()
    found = standing(made)
    assert (found["records"], found["vouched"], found["quarantined"]) == (6, 6, {})
    assert counted(house) == 4
    assert "reader_goes_on" in house.actions(made.id)


def test_nothing_is_answered_before_it_is_durable(house: House, tmp_path: Path) -> None:
    made = door(house, tmp_path)
    batch = made.log([made.entry() for _ in range(2)])
    answers = made.service().upload(batch.to_json())
    assert set(answers) == {1, 2}
    with house.site.store.reading() as tx:
        kept = tx.gate_log.hashes(made.id, [1, 2])
    first = Record(made.id, 1, NO_RECORD, made.entry())
    assert kept[1] == record_hash(first.encode())
    assert kept[2] == record_hash(Record(made.id, 2, kept[1], made.entry()).encode())


def test_a_batch_that_is_none_is_refused_whole(house: House, tmp_path: Path) -> None:
    made = door(house, tmp_path)
    head = {"Authorization": f"Bearer {made.token()}"}
    path = f"/api/v1/readers/{made.id}/records"
    client = house.browser().client
    for records, checkpoints in (
        ([{"seq": 1, "sealed": "no base64!"}], []),
        ([{"seq": 0, "sealed": ""}], []),
        ([{"seq": n, "sealed": ""} for n in range(1, 502)], []),
        ([], ["?"]),
    ):
        got = client.post(path, json={"records": records, "checkpoints": checkpoints}, headers=head)
        assert got.status_code == 422
    other = client.post(
        "/api/v1/readers/bus-1/records", json={"records": [], "checkpoints": []}, headers=head
    )
    assert (other.status_code, other.json()["reason"]) == (403, "not_your_reader")


def _raw(house: House) -> int:
    with house.site.store.reading() as tx:
        return len(tx.gate_log.hashes("library-1", range(1, 100)))


@pytest.mark.parametrize("job", [work.Turning, work.Forgetting, police_work.Forgetting])
def test_a_clock_that_is_set_back_stops_no_forgetting(house: House, job: Any) -> None:
    step, clock = job(house.app.state.serving), house.clock
    clock.pass_by(days=1)
    step.step()
    clock.pass_by(days=-1)
    step.step()
    assert step._last == clock.now
