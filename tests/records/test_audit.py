"""Every way of tampering with the audit is found, at its entry, by its name."""

import multiprocessing
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from cardsvc.records import AuditHead, RecordKeys, RecordsError, Store, Tampering, Transaction, open_store
from cardsvc.records.audit import AuditRecord, entry_hash
from cardsvc.records.engine import begin, open_engine
from tests.records.conftest import KEYS
from tests.records.people import NOW, refusal

ENTRIES = 9


@pytest.fixture
def chain(store: Store) -> Store:
    for number in range(1, ENTRIES + 1):
        with store.transaction() as tx:
            tx.audit.append(
                "clerk1", "issue", f"card{number}", {"n": number}, NOW + timedelta(seconds=number)
            )
    return store


def test_a_whole_chain_holds(chain: Store) -> None:
    with chain.reading() as tx:
        report = tx.verify_audit(tx.audit.head())
    assert report.ok
    assert report.sound == ENTRIES


def test_many_at_once_continue_the_chain(chain: Store) -> None:
    with chain.transaction() as tx:
        first = tx.audit.append("a", "b", "c", {"words": "Ünïcode 漢"}, NOW)
        second = tx.audit.append("a", "b", "c", {}, NOW)
        assert (first.seq, second.seq) == (ENTRIES + 1, ENTRIES + 2)
        assert tx.verify_audit().ok


def test_an_act_rolled_back_leaves_no_entry(chain: Store) -> None:
    def act(tx: Transaction) -> None:
        tx.audit.append("a", "b", "c", {}, NOW)
        tx.cards.get("nothing")

    assert refusal(chain, act) == "card_not_found"
    with chain.reading() as tx:
        assert tx.audit.head().seq == ENTRIES


def _run(connection: Connection, statement: str, **values: object) -> None:
    connection.execute(text(statement), values)


def _move(connection: Connection, source: int, target: int) -> None:
    _run(connection, "UPDATE audit SET seq = :target WHERE seq = :source", source=source, target=target)


def _entry(connection: Connection, seq: int) -> AuditRecord:
    row = connection.execute(text("SELECT * FROM audit WHERE seq = :seq"), {"seq": seq}).one()
    return AuditRecord(**row._mapping)


def _flip(column: str, value: object) -> Callable[[Connection], None]:
    return lambda connection: _run(
        connection, f"UPDATE audit SET {column} = :value WHERE seq = 5", value=value
    )


def _flip_and_rehash(connection: Connection) -> None:
    _flip("actor", "mallory")(connection)
    _run(connection, "UPDATE audit SET hash = :hash WHERE seq = 5", hash=entry_hash(_entry(connection, 5)))


def _delete(connection: Connection) -> None:
    _run(connection, "DELETE FROM audit WHERE seq = 5")


def _delete_and_renumber(connection: Connection) -> None:
    _run(connection, "DELETE FROM audit WHERE seq IN (5, 6)")
    for seq in range(7, ENTRIES + 1):
        _move(connection, seq, seq - 2)


def _truncate(connection: Connection) -> None:
    _run(connection, "DELETE FROM audit WHERE seq > 6")


def _swap(first: int, second: int) -> Callable[[Connection], None]:
    def swap(connection: Connection) -> None:
        _move(connection, first, 99)
        _move(connection, second, first)
        _move(connection, 99, second)

    return swap


def _insert(*, linked: bool, hashed: bool) -> Callable[[Connection], None]:
    def insert(connection: Connection) -> None:
        for seq in range(ENTRIES, 4, -1):
            _move(connection, seq, seq + 1)
        previous = _entry(connection, 4).hash if linked else b"x" * 32
        forged = AuditRecord(5, 1, "mallory", "issue", "card5", "{}", previous, b"x" * 32)
        values = {name: getattr(forged, name) for name in AuditRecord.__slots__}
        values["hash"] = entry_hash(forged) if hashed else forged.hash
        names = ", ".join(f":{name}" for name in values)
        _run(connection, f"INSERT INTO audit ({', '.join(values)}) VALUES ({names})", **values)

    return insert


def _rewrite(connection: Connection) -> None:
    previous = _entry(connection, 4).hash
    for seq in range(5, ENTRIES + 1):
        actor = "mallory" if seq == 5 else "clerk1"
        _run(
            connection,
            "UPDATE audit SET actor = :actor, previous = :previous WHERE seq = :seq",
            actor=actor,
            previous=previous,
            seq=seq,
        )
        previous = entry_hash(_entry(connection, seq))
        _run(connection, "UPDATE audit SET hash = :hash WHERE seq = :seq", hash=previous, seq=seq)


TAMPERINGS: list[tuple[str, Callable[[Connection], None], int, Tampering]] = [
    ("time", _flip("time", 7), 5, Tampering.ALTERED),
    ("actor", _flip("actor", "mallory"), 5, Tampering.ALTERED),
    ("action", _flip("action", "revoke"), 5, Tampering.ALTERED),
    ("subject", _flip("subject", "card7"), 5, Tampering.ALTERED),
    ("details", _flip("details", '{"n": 5}'), 5, Tampering.ALTERED),
    ("previous", _flip("previous", b"y" * 32), 5, Tampering.ALTERED),
    ("hash", _flip("hash", b"y" * 32), 5, Tampering.ALTERED),
    ("flip and rehash", _flip_and_rehash, 5, Tampering.ALTERED),
    ("delete", _delete, 5, Tampering.DELETED),
    ("delete two and renumber", _delete_and_renumber, 5, Tampering.DELETED),
    ("truncate", _truncate, 7, Tampering.TRUNCATED),
    ("swap neighbours", _swap(5, 6), 5, Tampering.REORDERED),
    ("swap far apart", _swap(5, 8), 5, Tampering.REORDERED),
    ("insert, linked and hashed", _insert(linked=True, hashed=True), 5, Tampering.INSERTED),
    ("insert, linked", _insert(linked=True, hashed=False), 5, Tampering.INSERTED),
    ("insert, hashed", _insert(linked=False, hashed=True), 5, Tampering.INSERTED),
    ("insert, plain", _insert(linked=False, hashed=False), 5, Tampering.INSERTED),
    ("all rewritten", _rewrite, ENTRIES, Tampering.REWRITTEN),
]


@pytest.mark.parametrize(("name", "tamper", "seq", "kind"), TAMPERINGS, ids=[row[0] for row in TAMPERINGS])
def test_tampering_is_named(
    chain: Store, url: str, name: str, tamper: Callable[[Connection], None], seq: int, kind: Tampering
) -> None:
    with chain.reading() as tx:
        remembered = tx.audit.head()
    engine = open_engine(url)
    with begin(engine, write=True) as connection:
        tamper(connection)
        connection.commit()
    engine.dispose()
    with chain.reading() as tx:
        report = tx.verify_audit(remembered)
    assert report.fault is not None
    assert (report.fault.seq, report.fault.kind) == (seq, kind), report.fault.words
    assert report.sound == seq - 1 or kind in (Tampering.ALTERED, Tampering.INSERTED)


def test_a_value_of_a_foreign_type_is_tampering_too(sqlite_url: str, keys: RecordKeys) -> None:
    store = open_store(sqlite_url, keys)
    with store.transaction() as tx:
        tx.audit.append("a", "b", "c", {}, NOW)
    engine = open_engine(sqlite_url)
    with begin(engine, write=True) as connection:
        _run(connection, "UPDATE audit SET time = 1.5")
        connection.commit()
    engine.dispose()
    with store.reading() as tx:
        report = tx.verify_audit()
    store.close()
    assert report.fault is not None
    assert report.fault.kind is Tampering.ALTERED


def test_an_empty_chain_with_a_remembered_head_was_cut(store: Store) -> None:
    with store.reading() as tx:
        assert tx.verify_audit().ok
        report = tx.verify_audit(AuditHead(3, b"h" * 32))
    assert report.fault is not None
    assert report.fault.kind is Tampering.TRUNCATED


def _append_some(url: str, who: str, times: int) -> None:
    store = open_store(url, KEYS)
    for number in range(times):
        with store.transaction() as tx:
            tx.audit.append(who, "act", str(number), {}, NOW)
            tx.audit.append(who, "act", str(number), {}, NOW)
    store.close()


def test_processes_and_threads_share_one_chain(url: str, keys: RecordKeys) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append_some, args=(url, f"process{n}", 20)) for n in range(2)]
    threads = [threading.Thread(target=_append_some, args=(url, f"thread{n}", 20)) for n in range(2)]
    for worker in [*workers, *threads]:
        worker.start()
    for worker in [*workers, *threads]:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    store = open_store(url, keys)
    with store.reading() as tx:
        report = tx.verify_audit()
    store.close()
    assert report.ok
    assert report.sound == 4 * 20 * 2


@pytest.mark.parametrize("place", ["actor", "action", "subject", "details"])
def test_half_a_character_is_refused_as_bad_details(store: Store, place: str) -> None:
    texts = {"actor": "clerk1", "action": "tried", "subject": "somebody", "details": "why"} | {
        place: "\ud800"
    }
    with pytest.raises(RecordsError) as caught, store.transaction() as tx:
        tx.audit.append(texts["actor"], texts["action"], texts["subject"], {"reason": texts["details"]}, NOW)
    assert caught.value.reason == "bad_details"
