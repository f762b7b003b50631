"""Cases at rest: nothing reads without the keys, nothing opens in another place, old keys can leave."""

import pytest
from sqlalchemy import select, update

from cardsvc.records import NotFound, RecordKeys, RecordsError, Store
from cardsvc.records.desk_tables import CASE_FILE
from cardsvc.records.link import Link
from cardsvc.records.store import open_store
from cardsvc.records.traces import CASE
from tests.records.people import CANARY, NOW

CONTENT = {"application": {"surname": CANARY}, "changes": {}, "notes": []}


def add(store: Store, reference: str = "7KM3-QXTA") -> str:
    with store.transaction() as tx:
        return tx.cases.add(reference, "centre", "clerk1", CONTENT, now=NOW)


def test_what_goes_in_comes_out_and_pictures_can_be_destroyed(store: Store) -> None:
    case = add(store)
    with store.transaction() as tx:
        assert tx.cases.get(case).content == CONTENT
        assert not tx.cases.get(case).has_portrait
        tx.cases.change(case, {"portrait": b"original", "picture": b"made"}, now=NOW)
    with store.transaction() as tx:
        assert tx.cases.portrait(case) == b"original"
        assert tx.cases.portrait(case, "picture") == b"made"
        assert tx.cases.get(case).has_portrait
        tx.cases.change(case, {"portrait": None, "picture": None}, now=NOW)
    with store.reading() as tx:
        assert tx.cases.portrait(case) is None
        with pytest.raises(NotFound):
            tx.cases.get("0" * 32)


def test_a_sealed_case_opens_in_its_own_row_alone(store: Store) -> None:
    one, other = add(store, "a"), add(store, "b")
    with store.transaction() as tx:
        link: Link = tx.cases._link  # The test plays who writes into the database behind our back.
        row = link.first(select(CASE_FILE).where(CASE_FILE.c.id == one))
        assert row is not None
        stolen = {name: row[name] for name in ("content", "data_key")}
        link.run(update(CASE_FILE).where(CASE_FILE.c.id == other).values(stolen))
    with store.reading() as tx, pytest.raises(RecordsError) as caught:
        tx.cases.get(other)
    assert caught.value.reason == "seal_broken"


def test_old_master_keys_can_leave(url: str, keys: RecordKeys, store: Store) -> None:
    case = add(store)
    later = RecordKeys({1: keys.master[1], 2: b"n" * 32}, 2, keys.blind)
    second = open_store(url, later)
    with second.transaction() as tx:
        assert tx.cases.rewrap() == 1
        assert tx.cases.rewrap() == 0
    second.close()
    third = open_store(url, RecordKeys({2: b"n" * 32}, 2, keys.blind))
    with third.reading() as tx:
        assert tx.cases.get(case).content == CONTENT
    third.close()


def test_traces_lead_back_and_say_nothing(store: Store) -> None:
    with store.transaction() as tx:
        tx.traces.put(CASE, "one", [("word", CANARY), ("word", "ADA")])
        tx.traces.put(CASE, "two", [("word", CANARY)])
        assert tx.traces.follow([("word", CANARY)], 9) == [(CASE, "one"), (CASE, "two")]
        assert tx.traces.with_all(CASE, [("word", CANARY), ("word", "ADA")]) == ["one"]
        assert tx.traces.follow([("passport", CANARY)], 9) == []
        tx.traces.put(CASE, "two", [("word", CANARY), ("word", "EVE")])
        assert tx.traces.follow([("word", CANARY), ("word", "EVE")], 1) == [(CASE, "two")]
        tx.traces.put(CASE, "one", [])
        assert tx.traces.with_all(CASE, [("word", "ADA")]) == []
