"""The readers' log by days, and writers that write beside each other: PostgreSQL's own ways, cleanly kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors as postgres_errors

from cardsvc.records import Conflict, NotAlone, RecordKeys, Store, open_store
from cardsvc.records.errors import translate_driver
from cardsvc.records.gate_log import GateRecordRow
from cardsvc.records.readers import ReaderRecord
from tests.records.people import set_up

#: Some time in the afternoon: what is of this day goes thirty days after its midnight.
NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
TODAY = datetime(2026, 3, 2, tzinfo=UTC)
LIFE, DAY = timedelta(days=30), timedelta(days=1)


def verdict(seq: int, day: datetime = TODAY, device: str = "door-1") -> GateRecordRow:
    """A record of that day."""
    return GateRecordRow(
        device=device,
        seq=seq,
        hash=bytes(32),
        time=int(day.timestamp()) + 60,
        direction="in",
        venue="library",
        service=3,
        who=b"somebody" * 2,
        month=202603,
        answer="attention",
        reason="data_stale",
        bundle_epoch=1,
        bundle_seq=7,
        opened=True,
        noted=["data_stale", 'a "quoted"\tword\\'],
        missed=0,
        assurance=None,
        late=False,
        received_at=NOW,
        gone_after=day + LIFE,
    )


def with_doors(store: Store, *names: str) -> Store:
    """The records with some readers in them."""
    set_up(store)
    with store.transaction() as tx:
        tx.venues.put("library", {})
        for name in names or ("door-1",):
            tx.readers.add(ReaderRecord(name, "library", "gate", "active", b"k", b"s", NOW))
    return store


@pytest.fixture
def postgres(postgres_url: str, keys: RecordKeys) -> Any:
    """Records in PostgreSQL whose days are made, and gone after the test."""
    store = with_doors(open_store(postgres_url, keys))
    with store.transaction() as tx:
        tx.gate_log.days.turn(NOW, LIFE)
    yield store
    store.close()
    with psycopg.connect(postgres_url) as connection:
        for (name,) in connection.execute(TABLES).fetchall():
            connection.execute(f"DROP TABLE gate_days.{name}")


TABLES = "SELECT relname FROM pg_class WHERE relname LIKE 'until%' AND relkind = 'r'"


def where(url: str) -> dict[int, str]:
    """In which table every record lies."""
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT seq, tableoid::regclass::text FROM gate_record").fetchall())


def test_a_record_comes_back_as_it_went_in(store: Store) -> None:
    with_doors(store)
    rows = [verdict(1), verdict(2)]
    with store.transaction() as tx:
        tx.gate_log.add(rows)
    with store.reading() as tx:
        assert tx.gate_log.admitted([b"somebody" * 2], 0) == rows
        assert tx.gate_log.hashes("door-1", [1, 2, 3]) == {1: bytes(32), 2: bytes(32)}


def test_what_the_records_do_not_allow_is_named_where_it_is_copied(store: Store) -> None:
    with_doors(store)
    for rows in ([verdict(1, device="nobody")], [verdict(1), verdict(1)]):
        with pytest.raises(Conflict) as caught, store.transaction() as tx:
            tx.gate_log.add(rows)
        assert caught.value.reason == "constraint_broken"


def test_a_full_disk_is_named_where_it_is_copied() -> None:
    assert translate_driver(postgres_errors.DiskFull("no room")).reason == "disk_full"


def test_each_day_lies_in_a_table_of_its_own_and_goes_with_it(postgres: Store, postgres_url: str) -> None:
    with postgres.transaction() as tx:
        tx.gate_log.add([verdict(1), verdict(2, TODAY + DAY), verdict(3, TODAY - DAY)])
    assert where(postgres_url) == {
        1: "gate_days.until_20260401",
        2: "gate_days.until_20260402",
        3: "gate_days.rest",
    }
    for days, left in ((29, {1, 2, 3}), (30, {2, 3}), (31, {3})):
        with postgres.transaction() as tx:
            tx.gate_log.days.turn(TODAY + days * DAY, LIFE)
        assert set(where(postgres_url)) == left
    with postgres.transaction() as tx:
        assert tx.gate_log.forget(NOW + 31 * DAY, NOW, 10) == 1
    assert where(postgres_url) == {}


def test_a_week_without_that_work_loses_nothing(postgres: Store, postgres_url: str) -> None:
    late = TODAY + 9 * DAY
    with postgres.transaction() as tx:
        tx.gate_log.add([verdict(1, late)])
        tx.gate_log.days.turn(NOW + 9 * DAY, LIFE)
        tx.gate_log.add([verdict(2, late), verdict(3, late + DAY)])
    with postgres.transaction() as tx:
        assert tx.gate_log.days.turn(NOW + 9 * DAY, LIFE) == []
    assert where(postgres_url) == {
        1: "gate_days.rest",
        2: "gate_days.rest",
        3: "gate_days.until_20260411",
    }


def test_logs_are_taken_beside_each_other_and_beside_who_writes_alone(
    postgres_url: str, keys: RecordKeys
) -> None:
    store = with_doors(open_store(postgres_url, keys), "door-1", "door-2")
    with store.beside() as one:
        held = one.readers.hold("door-1")
        one.gate_log.add([verdict(1)])
        with store.beside() as other:
            held_too = other.readers.hold("door-2")
            other.gate_log.add([verdict(1, device="door-2")])
            other.readers.move_head(held_too, 1, bytes(32))
        with store.transaction() as alone:
            alone.audit.append("somebody", "looked", "door-2", {}, NOW)
        one.readers.move_head(held, 1, bytes(32))
    with store.reading() as tx:
        assert [one.head_seq for one in tx.readers.all()] == [1, 1]
        assert tx.verify_audit().ok
    store.close()


def test_nothing_is_audited_beside_others(store: Store) -> None:
    with_doors(store)
    with pytest.raises(NotAlone), store.beside() as tx:
        tx.audit.append("somebody", "looked", "door-1", {}, NOW)


def test_a_log_that_went_on_meanwhile_is_not_moved(store: Store) -> None:
    with_doors(store)
    with store.transaction() as tx:
        before = tx.readers.hold("door-1")
        tx.readers.move_head(before, 5, bytes(32))
        with pytest.raises(Conflict) as caught:
            tx.readers.move_head(before, 3, bytes(32))
    assert caught.value.reason == "log_moved"
