"""The gate: judged, recorded, acted on; what cannot be recorded opens for nobody."""

import sqlite3
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from nacl.public import PublicKey, SealedBox

from tests.reader.door import SEAL, Door, card, world
from tests.verify import world as w
from tests.verify.world import NOW, World
from verify.days import DAY_S
from verify.errors import Unchecked
from verify.reader.outputs import Command
from verify.reader.records import Record, record_hash
from verify.rules import Hours, Policy, Quota
from verify.store import SeenInMemory
from verify.verdict import Answer, Role
from verify.verifier import Direction, Presentation


@pytest.fixture
def door(tmp_path: Path) -> Door:
    door = Door(tmp_path / "state")
    door.gate.take(world().trust())
    return door


NEITHER = ("no_data", "no_seal_key")


def records(door: Door) -> list[Record]:
    batch = door.journal.batch(door.now)
    assert batch is not None
    return [Record.decode(bytes(SealedBox(SEAL).decrypt(sealed))) for _, sealed in batch.records]


def test_a_sound_card_opens_and_is_recorded(door: Door) -> None:
    shown = door.tap(card(1))
    assert (shown.verdict.reason, shown.verdict.opens, shown.signal.light, shown.seq) == (
        "ok",
        True,
        "green",
        1,
    )
    (record,) = records(door)
    entry = record.entry
    assert (record.device, record.seq, entry.time, entry.venue) == ("door-1", 1, NOW, w.VENUE)
    assert (entry.answer, entry.reason, entry.opened, entry.bundle) == ("allow", "ok", True, (1, 1))


def test_refusals_are_recorded_too(door: Door) -> None:
    lights = [door.tap(code).signal.light for code in ("nonsense", w.text_of(w.code(by=w.STRANGER)), card(2))]
    assert lights == ["red", "amber", "green"]
    assert [record.entry.reason for record in records(door)] == ["not_ours", "unknown_key", "ok"]


def test_the_records_are_one_chain(door: Door) -> None:
    for number in range(5):
        door.tap(card(number))
    found = records(door)
    for before, after in pairwise(found):
        assert after.before == record_hash(before.encode())


def test_before_the_first_bundle_nobody_goes_in_and_everybody_out(tmp_path: Path) -> None:
    door = Door(tmp_path / "state")
    entering, leaving = door.tap(card(1)).verdict, door.tap(card(1), out=True).verdict
    assert (entering.answer, entering.reason, entering.opens) == (Answer.ATTENTION, "no_data", False)
    assert (leaving.answer, leaving.opens, leaving.noted) == (
        Answer.ALLOW,
        True,
        ("no_seal_key", "no_data")[::-1],
    )
    assert door.gate.banner().alarms == (
        "NO DATA: nobody is let in",
        "2 verdicts were not recorded: no key is here to seal the log to; this reader needs a newer bundle",
    )
    door.gate.take(world().trust())
    assert door.tap(card(1)).verdict.opens
    (record,) = records(door)
    assert record.missed == 2


def test_without_a_key_to_seal_to_nobody_goes_in(tmp_path: Path) -> None:
    door = Door(tmp_path / "state")
    door.gate.take(World().trust())
    assert [door.tap(card(1)).verdict.reason, door.tap(card(1), out=True).verdict.opens] == [
        "no_seal_key",
        True,
    ]
    assert door.tap("nonsense").verdict.reason == "not_ours"


def test_a_full_log_lets_nobody_in_and_counts_them(tmp_path: Path) -> None:
    door = Door(tmp_path / "state", max_kib=160)
    door.gate.take(world().trust())
    code, taken = card(1), 0
    while door.tap(code).verdict.opens:
        taken += 1
        assert taken < 2_000
        before = door.gate.banner().alarms
    assert before[0].endswith("% full: bring this reader on line, or raise its max_mib")
    entering, leaving = door.tap(code).verdict, door.tap(code, out=True).verdict
    assert (entering.answer, entering.reason, entering.opens) == (Answer.ATTENTION, "journal_full", False)
    assert leaving.opens
    banner = door.gate.banner()
    assert banner.alarms == (
        "3 verdicts were not recorded:"
        " the log has no room left: bring this reader on line, or raise its max_mib",
    )
    assert banner.waiting == taken
    batch = door.journal.batch(NOW)
    assert batch is not None
    door.journal.acknowledge({seq: ("taken", "") for seq, _ in batch.records})
    assert door.tap(code).verdict.opens
    assert door.gate.banner().alarms == ()
    record = records(door)[-1]
    assert (record.seq, record.missed) == (taken + 1, 3)


def test_a_log_that_fails_lets_nobody_in(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.tap(card(1))
    door.journal.close()
    shown = door.tap(card(1))
    assert (shown.verdict.reason, shown.verdict.opens) == ("journal_unusable", False)
    assert door.tap(card(1), out=True).verdict.opens
    assert "LOG FAILS: nobody is let in" in door.gate.banner().alarms


def test_a_mistake_of_ours_lets_nobody_in(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr("verify.verifier.read_code", broken)
    assert (door.tap(card(1)).verdict.reason, door.tap(card(2)).verdict.opens) == ("reader_fault", False)
    assert door.tap(card(1), out=True).verdict.opens


def test_a_lamp_that_fails_holds_up_nobody(door: Door) -> None:
    def broken() -> None:
        raise Unchecked("output_failed", "no lamp")

    def foreign() -> None:
        raise ValueError("a library's own")

    for door.screen.fail in (broken, foreign):
        assert door.tap(card(1)).verdict.opens
    assert door.log == ["output_failed: no lamp", "output_failed: ValueError: a library's own"]


def test_what_waited_while_the_gate_hung_opens_nothing_but_the_way_out(door: Door) -> None:
    up = [0.0]
    door.gate._uptime = lambda: up[0]
    for up[0], way in ((0.0, Direction.IN), (0.0, Direction.OUT), (4.0, Direction.IN)):
        door.gate.shown(Presentation(card(1), 3, way))
    door.gate.end()
    up[0] = 12.0
    door.gate.run(threading.Event())
    found = [(shown.verdict.reason, shown.verdict.opens) for shown in door.screen.shown]
    assert found == [("reader_fault", False), ("ok", True), ("ok", True)]
    assert door.log == ["reader_fault: this was shown 12 s ago, while this reader hung: show it again"]
    assert [record.entry.opened for record in records(door)] == [False, True, True]


def test_the_same_scan_again_writes_no_record(door: Door) -> None:
    phone = w.phone_code()
    first, again = door.tap(phone), door.tap(phone)
    assert (first.verdict.opens, again.verdict.opens, again.signal.light) == (True, False, "green")
    assert (first.seq, again.seq) == (1, None)


def tight(door: Door) -> None:
    """Let this door have a quota of one visit, which is used up; its clock stands half a minute later."""
    door.gate.take(world(policy=replace(Policy(), quota=Quota(1, DAY_S)).encode()).trust())
    assert door.tap(w.phone_code()).verdict.opens
    door.now += 35


def test_a_phone_that_was_refused_stays_refused_at_the_second_reading(tmp_path: Path) -> None:
    lamp = tmp_path / "lamp"
    told = Command(["/bin/sh", "-c", f"echo >> {lamp}"], ["allow", "deny"], 5)
    door = Door(tmp_path / "state", outputs=[told])
    tight(door)
    phone = w.phone_code(door.now)
    first = door.tap(phone)
    door.now += 2
    again = door.tap(phone)
    assert (first.verdict.reason, first.signal.light) == ("quota_used", "red")
    assert (again.verdict.reason, again.signal.light, again.verdict.repeated) == ("quota_used", "red", True)
    assert (again.verdict.opens, again.phrase, again.seq) == (False, first.phrase, None)
    assert lamp.read_text() == "\n\n"  # The visit and the refusal: a picture read twice is one event.
    assert [record.entry.reason for record in records(door)] == ["ok", "quota_used"]


def test_each_of_two_phones_is_shown_its_own_verdict_again(door: Door) -> None:
    tight(door)
    refused, sound = w.phone_code(door.now), w.phone_code(door.now, replace(w.TOKEN_CARD, number="9" * 13))
    lights = [door.tap(code).signal.light for code in (refused, sound, refused, sound)]
    assert lights == ["red", "green", "red", "green"]
    assert len(records(door)) == 3


def test_a_phone_that_could_not_be_recorded_is_not_let_in_by_a_second_reading(tmp_path: Path) -> None:
    door = Door(tmp_path / "state")
    door.gate.take(World().trust())  # No key to seal to.
    phone = w.phone_code()
    for _ in range(2):
        shown = door.tap(phone)
        assert (shown.verdict.reason, shown.signal.light) == ("no_seal_key", "amber")


def test_whoever_is_let_in_on_old_data_is_not_sent_to_the_staff(tmp_path: Path) -> None:
    door = Door(tmp_path / "state")
    policy = replace(Policy(), opens_on=frozenset({"data_stale"}))
    door.gate.take(world(policy=policy.encode()).trust())
    door.now += 2 * DAY_S
    shown = door.tap(card(1))
    assert (shown.verdict.reason, shown.signal.light, shown.phrase.pictogram) == ("data_stale", "green", "✔")
    assert shown.phrase.texts["en"] == "Please go ahead"
    assert door.tap(card(1), out=True).phrase.texts["en"] == "Goodbye"
    entry = records(door)[0].entry
    assert (entry.answer, entry.reason, entry.opened) == ("attention", "data_stale", True)
    door.gate.take(world().trust())
    assert door.tap(card(1)).phrase.texts["en"].endswith("please ask the staff")


def test_a_second_reading_shows_green_where_the_policy_opened_on_old_data(tmp_path: Path) -> None:
    door = Door(tmp_path / "state")
    door.gate.take(world(policy=replace(Policy(), opens_on=frozenset({"data_stale"})).encode()).trust())
    door.now += 2 * DAY_S
    phone = w.phone_code(door.now)
    first, again = door.tap(phone), door.tap(phone)
    assert [one.verdict.reason for one in (first, again)] == ["data_stale", "data_stale"]
    assert [one.signal.light for one in (first, again)] == ["green", "green"]
    assert [one.verdict.opens for one in (first, again)] == [True, False]


def test_a_second_reading_whose_first_is_not_known_is_never_green(tmp_path: Path) -> None:
    seen = SeenInMemory()
    door = Door(tmp_path / "state", seen=seen)
    door.gate.take(world().trust())
    phone = w.phone_code()
    door.tap(phone)
    door.journal.close()
    door = Door(tmp_path / "state", seen=seen)  # Started again within three seconds.
    door.gate.take(world().trust())
    shown = door.tap(phone)
    assert (shown.verdict.answer, shown.verdict.reason) == (Answer.ATTENTION, "replayed")
    assert (shown.signal.light, shown.verdict.opens, shown.seq) == ("amber", False, 2)
    assert door.tap(phone).verdict.reason == "replayed"
    leaving = door.tap(phone, out=True)
    assert (leaving.verdict.opens, leaving.seq) == (True, 3)
    again = door.tap(phone, out=True)
    assert (again.verdict.opens, again.seq) == (True, None)


def test_going_out_does_not_show_the_way_in(door: Door) -> None:
    phone = w.phone_code()
    assert door.tap(phone, out=True).verdict.opens
    shown = door.tap(phone)
    assert (shown.signal.light, shown.verdict.opens) == ("amber", False)


def test_quota_counts_admissions_and_survives_a_restart(tmp_path: Path) -> None:
    policy = replace(Policy(), quota=Quota(2, DAY_S)).encode()
    trust = world(policy=policy).trust()
    door = Door(tmp_path / "state")
    door.gate.take(trust)
    assert [door.tap(card(1)).verdict.reason for _ in range(2)] == ["ok", "ok"]
    door.journal.close()
    door = Door(tmp_path / "state")
    door.gate.take(trust)
    assert door.tap(card(1)).verdict.reason == "quota_used"
    assert door.tap(card(2)).verdict.reason == "ok"
    door.now += DAY_S + 1
    assert door.tap(card(1)).verdict.reason in ("ok", "data_stale")


def test_passback_until_the_card_has_gone_out(tmp_path: Path) -> None:
    door = Door(tmp_path / "state")
    door.gate.take(world(policy=replace(Policy(), passback_s=600).encode()).trust())
    reasons = [door.tap(card(1)).verdict.reason, door.tap(card(1)).verdict.reason]
    door.tap(card(1), out=True)
    reasons.append(door.tap(card(1)).verdict.reason)
    door.now += 601
    reasons.append(door.tap(card(1)).verdict.reason)
    assert reasons == ["ok", "passback", "ok", "ok"]


def test_hours(tmp_path: Path) -> None:
    door = Door(tmp_path / "state", now=NOW)
    door.gate.take(world(policy=replace(Policy(), hours=(Hours(1, 0, 601),)).encode()).trust())
    assert door.tap(card(1)).verdict.reason == "ok"
    door.now += 60
    assert door.tap(card(1)).verdict.reason == "outside_hours"
    assert door.tap(card(1), out=True).verdict.opens


def test_a_clock_before_the_data_says_so(door: Door) -> None:
    door.now -= 365 * DAY_S
    assert door.tap(card(1)).verdict.reason == "clock_suspect"
    assert "CLOCK WRONG: set it right" in door.gate.banner().alarms


def test_the_banner_tells_the_datas_age(door: Door) -> None:
    door.now += 2 * DAY_S
    banner = door.gate.banner()
    assert str(banner) == "centre · data 2 days old · 0 records waiting · data stale: sync it"
    door.now += 6 * DAY_S
    assert "DATA EXPIRED: sync it" in door.gate.banner().alarms


def test_words_come_in_the_holders_language_first(tmp_path: Path) -> None:
    door = Door(tmp_path / "state")
    door.gate.take(world().trust())
    native = w.text_of(w.code(w.IDENTITY_CODE, native_name=("kor", "하다드 아미나")))
    assert list(door.tap(native).phrase.texts) == ["ko", "zh", "en"]
    assert list(door.tap(card(1)).phrase.texts) == ["zh", "en"]
    assert door.tap(native, out=True).phrase.texts["ko"] == "안녕히 가세요"


def test_pseudonyms_need_the_months_key(door: Door) -> None:
    door.tap(card(1))
    box = SealedBox(PublicKey(door.device.seal_public))
    door.months.keep({202609: bytes(box.encrypt(bytes(range(32))))})
    for number in (1, 1, 2):
        door.tap(card(number))
    door.tap("nonsense")
    without, first, again, other, nobody = (record.entry for record in records(door))
    assert (without.who, without.month, nobody.who) == (None, None, None)
    assert first.who == again.who != other.who
    assert first.month == 202609
    assert card(1).encode() not in (first.who or b"")


def test_a_sellers_record_names_nobody(tmp_path: Path) -> None:
    door = Door(tmp_path / "state", role=Role.SELLER)
    door.gate.take(world().trust())
    door.tap(card(1), None)
    (record,) = records(door)
    assert record.entry.who is None


def test_the_disk_holds_no_name_and_no_number(tmp_path: Path) -> None:
    door = Door(tmp_path / "state", role=Role.POLICE)
    door.gate.take(world(policy=replace(Policy(), quota=Quota(9, DAY_S)).encode()).trust())
    door.tap(w.text_of(w.code(w.IDENTITY_CODE)))
    door.tap(w.code(w.IDENTITY_CODE), out=True)
    with sqlite3.connect(tmp_path / "state" / "journal.sqlite") as database:
        assert database.execute("SELECT count(*) FROM records").fetchone() == (2,)
        assert database.execute("SELECT count(*) FROM visits").fetchone() == (2,)
    person = w.IDENTITY_CODE
    assert person.identity is not None
    assert person.passport is not None
    assert person.identity.photo is not None
    canaries = [
        person.number.encode(),
        b"HADDAD",
        b"Amina",
        "阿米娜".encode(),
        person.passport[0].encode(),
        person.identity.photo[:16],
        w.text_of(w.code(w.IDENTITY_CODE))[:40].encode(),
    ]
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        data = path.read_bytes()
        assert not [canary for canary in canaries if canary in data], path.name
