"""Enrolment, tokens, bundles, month keys and uploads, against a small service that judges strictly."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reader.collector import Collector
from tests.reader.door import SEAL, Door, card, world
from tests.verify import world as w
from tests.verify.world import NOW
from verify.errors import CardsvcError, Refused, Unchecked
from verify.reader.client import Client
from verify.reader.device import Device
from verify.reader.keeper import Keeper
from verify.reader.service import Enrolment, Service, enrol
from verify.reader.sync import Bundles, FromService
from verify.reader.uploads import Uploads


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector(SEAL)
    collector.codes["K7F2-9QXM"] = "door-1"
    with collector.serving():
        yield collector


@pytest.fixture
def door(tmp_path: Path) -> Door:
    door = Door(tmp_path / "state")
    door.gate.take(world().trust())
    return door


def online(collector: Collector, door: Door, *, clock: int = NOW) -> Service:
    client = Client(collector.url)
    enrolment = enrol(client, "K7F2-9QXM", door.device, clock)
    return Service(client, enrolment, door.device, clock=lambda: clock, uptime=lambda: 0.0)


def uploads(door: Door, service: Service) -> Uploads:
    return Uploads(door.journal, service, clock=lambda: NOW, uptime=lambda: 0.0)


def bring(uploads: Uploads) -> None:
    """Until nothing waits, as the line of errands does."""
    while not uploads():
        pass


def test_enrolment_is_proved_and_repeatable(collector: Collector, door: Door) -> None:
    client = Client(collector.url)
    first, again = (enrol(client, "K7F2-9QXM", door.device, NOW) for _ in range(2))
    assert first == again == Enrolment(collector.url, "door-1", "centre")
    assert collector.readers["door-1"].key == door.device.public
    assert Enrolment.from_json(first.to_json().encode()) == first


def test_a_code_is_good_for_one_device(collector: Collector, door: Door, tmp_path: Path) -> None:
    enrol(Client(collector.url), "K7F2-9QXM", door.device, NOW)
    thief = Device.open(tmp_path / "thief", make=True)
    with pytest.raises(Refused) as caught:
        enrol(Client(collector.url), "K7F2-9QXM", thief, NOW)
    assert (caught.value.reason, "another device" in str(caught.value)) == ("enrolment_refused", True)


def test_the_devices_keys_are_made_once_and_are_nobody_elses(tmp_path: Path) -> None:
    first, again = (Device.open(tmp_path / "state", make=True) for _ in range(2))
    assert first.public == again.public
    (tmp_path / "state" / "device.pem").chmod(0o644)
    with pytest.raises(Refused) as caught:
        Device.open(tmp_path / "state")
    assert caught.value.reason == "device_key_exposed"
    with pytest.raises(Unchecked) as unknown:
        Device.open(tmp_path / "other")
    assert unknown.value.reason == "not_enrolled"


def test_a_bundle_is_fetched_once_until_it_changes(collector: Collector, door: Door) -> None:
    service = online(collector, door)
    collector.bundle = world().bundle()
    bundle, etag = service.bundle(None)
    assert bundle == collector.bundle
    assert service.bundle(etag) == (None, etag)
    collector.bundle = world(seq=2).bundle()
    assert service.bundle(etag)[0] == collector.bundle
    assert [status for _, path, status in collector.requests if path.endswith("/bundle")] == [200, 304, 200]


def test_bundles_are_asked_for_after_their_ttl_or_as_often_as_was_set(
    collector: Collector, door: Door
) -> None:
    collector.bundle = world().bundle()  # Its ttl is an hour.
    bundles = Bundles(Keeper(door.directory, w.root(), NOW), door.directory, lambda: NOW, lambda trust: None)
    service, chance = online(collector, door), random.Random(1)
    waits = [
        FromService(service, bundles, door.months, clock=lambda: NOW, chance=chance, every_s=every)()
        for every in (0, 15)
    ]
    assert 3240 <= waits[0] <= 3960
    assert 13.5 <= waits[1] <= 16.5


def test_a_token_serves_many_requests_and_is_renewed_when_refused(collector: Collector, door: Door) -> None:
    service = online(collector, door)
    collector.bundle = world().bundle()
    service.bundle(None)
    service.bundle(None)
    collector.tokens.clear()
    service.bundle(None)
    asked = [status for _, path, status in collector.requests if path == "/oauth/token"]
    assert len(asked) == 2


def test_a_token_is_renewed_before_it_runs_out(collector: Collector, door: Door) -> None:
    up = [0.0]
    client = Client(collector.url)
    enrolment = enrol(client, "K7F2-9QXM", door.device, NOW)
    service = Service(client, enrolment, door.device, clock=lambda: NOW, uptime=lambda: up[0])
    for up[0] in (0.0, 569.0, 570.0):
        service.bundle(None)
    assert len([1 for _, path, _ in collector.requests if path == "/oauth/token"]) == 2


def test_another_readers_records_are_out_of_reach(collector: Collector, door: Door, tmp_path: Path) -> None:
    online(collector, door)
    other = Door(tmp_path / "other")
    wrong = Service(
        Client(collector.url),
        Enrolment(collector.url, "door-1", "centre"),
        other.device,
        clock=lambda: NOW,
        uptime=lambda: 0.0,
    )
    with pytest.raises(CardsvcError):
        wrong.bundle(None)


def test_month_keys_are_sealed_to_this_device(collector: Collector, door: Door, tmp_path: Path) -> None:
    service = online(collector, door)
    door.months.keep(service.month_keys())
    assert 202609 in door.months
    name = door.months.pseudonym("9012345678903", 202609)
    assert name is not None
    assert name != door.months.pseudonym("9012345678903", 202610)
    again = Door(tmp_path / "state")
    assert again.months.pseudonym("9012345678903", 202609) == name
    keys = b"".join(collector.month_keys.values())
    kept = (tmp_path / "state" / "month-keys.json").read_bytes()
    assert not any(keys[at : at + 32].hex().encode() in kept for at in range(0, len(keys), 32))


def test_a_log_arrives_whole(collector: Collector, door: Door) -> None:
    service = online(collector, door)
    for number in range(25):
        door.tap(card(number))
    uploads(door, service)()
    collector.check_whole("door-1", 25)
    assert door.journal.standing().waiting == 0
    door.tap(card(1))
    uploads(door, service)()
    collector.check_whole("door-1", 26)


def test_a_long_log_goes_in_batches(
    collector: Collector, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verify.reader.journal.BATCH", 7)
    service = online(collector, door)
    for number in range(24):
        door.tap(card(number))
    batches = uploads(door, service)
    assert batches() == 0  # One, so that a bundle has its turn, and again at once.
    assert door.journal.standing().waiting == 17
    bring(batches)
    collector.check_whole("door-1", 24)
    assert len([1 for _, path, _ in collector.requests if path.endswith("/records")]) == 4


@pytest.mark.parametrize("times", [1, 2, 3, 4, 5])
def test_each_batch_in_parallel_and_more_than_once(collector: Collector, door: Door, times: int) -> None:
    service = online(collector, door)
    for number in range(30):
        door.tap(card(number))
    batch = door.journal.batch(NOW)
    assert batch is not None
    service.bundle(None)  # The token first: the requests in parallel share it.
    answers: list[dict[int, tuple[str, str]]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(service.upload(batch.to_json()))) for _ in range(times)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == times
    assert sorted({answer for one in answers for answer, _ in one.values()}) == (
        ["taken"] if times == 1 else ["known", "taken"]
    )
    for one in answers:
        door.journal.acknowledge(one)
    collector.check_whole("door-1", 30)
    assert door.journal.standing().waiting == 0


def test_an_answer_cut_after_the_commit_loses_and_doubles_nothing(collector: Collector, door: Door) -> None:
    service = online(collector, door)
    for number in range(12):
        door.tap(card(number))
    cuts = [True, True, False]

    def cut(path: str) -> None:
        if path.endswith("/records") and cuts.pop(0):
            raise ConnectionAbortedError

    collector.cut = cut
    for _ in range(2):
        with pytest.raises(Unchecked) as caught:
            uploads(door, service)()
        assert caught.value.reason == "unreachable"
        assert door.journal.standing().waiting == 12
    uploads(door, service)()
    collector.check_whole("door-1", 12)
    assert door.journal.standing().waiting == 0


def test_what_the_service_refuses_stays_and_is_said(collector: Collector, door: Door) -> None:
    service = online(collector, door)
    for number in range(3):
        door.tap(card(number))
    collector.say = lambda seq: ("refused", "cannot_open") if seq == 2 else None
    first = uploads(door, service)
    bring(first)
    standing = door.journal.standing()
    assert (standing.waiting, standing.refused) == (1, 1)
    assert "the service refused 1 records" in door.gate.banner().alarms
    collector.say = lambda seq: None
    bring(first)
    assert door.journal.standing().waiting == 1
    bring(uploads(door, service))  # Offered again at every start.
    collector.check_whole("door-1", 3)
    assert door.journal.standing().waiting == 0


@pytest.mark.parametrize("answer", ["taken", "known", "late", "quarantined"])
def test_what_the_service_has_is_deleted(collector: Collector, door: Door, answer: str) -> None:
    service = online(collector, door)
    door.tap(card(1))
    collector.say = lambda seq: (answer, "")
    uploads(door, service)()
    assert door.journal.standing().waiting == 0


def test_an_answer_about_nothing_that_was_sent_deletes_nothing(collector: Collector, door: Door) -> None:
    service = online(collector, door)
    door.tap(card(1))
    collector.take = lambda name, body: (200, {"answers": [{"seq": 77, "answer": "taken"}]})  # type: ignore[method-assign]
    uploads(door, service)()
    assert door.journal.standing().waiting == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (403, Refused), (429, Unchecked), (503, Unchecked)]
)
def test_an_error_deletes_nothing(
    collector: Collector, door: Door, status: int, kind: type[CardsvcError]
) -> None:
    service = online(collector, door)
    door.tap(card(1))
    collector.take = lambda name, body: (status, {"detail": "no"})  # type: ignore[method-assign]
    with pytest.raises(kind):
        uploads(door, service)()
    assert door.journal.standing().waiting == 1
