"""Settings, transactions and the errors a database makes."""

import sqlite3
import stat
import subprocess
import sys
import traceback
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import errors as postgres_errors
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from cardsvc.records import (
    BundleRecord,
    Conflict,
    IssuerSettings,
    NotFound,
    RecordKeys,
    RecordsError,
    StaffMember,
    Store,
    Transaction,
    Unavailable,
    issuer_of,
    open_store,
)
from cardsvc.records import engine as engine_module
from cardsvc.records.columns import epoch_s
from cardsvc.records.engine import begin, open_engine
from cardsvc.records.errors import translate
from tests.records.people import NOW, facts, refusal, set_up
from tests.records.postgres import answers, own_database, temporary_cluster


def test_sqlite_is_opened_durable_and_strict(sqlite_url: str, tmp_path: Path) -> None:
    engine = open_engine(sqlite_url)
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    with begin(engine, write=True) as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}
    engine.dispose()
    assert found == expected
    assert stat.S_IMODE((tmp_path / "records.db").stat().st_mode) == 0o600


def test_postgres_is_opened_durable(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    with begin(engine, write=True) as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
    with begin(engine, write=False) as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "repeatable read"
    engine.dispose()


def test_a_reader_sees_one_state_and_writes_nothing(store: Store) -> None:
    set_up(store)
    with store.reading() as reader:
        assert reader.issuer.get().epoch == 1
        with store.transaction() as tx:
            tx.issuer.raise_epoch(2)
        assert reader.issuer.get().epoch == 1
        with pytest.raises(RecordsError) as caught:
            reader.issuer.raise_epoch(3)
        assert caught.value.reason == "read_only"
    with store.transaction() as tx:
        assert tx.issuer.get().epoch == 2


def test_every_thread_finds_a_connection(store: Store) -> None:
    """As many as answer requests, and the jobs' thread: a writer among them may read beside."""
    with ExitStack() as stack:
        for _ in range(41):
            stack.enter_context(store.reading()).venues.all()
        with store.transaction() as tx, store.reading():
            tx.venues.put("library", {"services": [3]})


def test_a_second_writer_waits_then_gives_up(
    url: str, keys: RecordKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_MS", 100)
    store = open_store(url, keys)
    with store.transaction(), pytest.raises(Unavailable) as caught, store.transaction():
        pass
    store.close()
    assert caught.value.reason == "database_busy"


def test_a_transaction_is_worth_nothing_once_it_has_ended(store: Store) -> None:
    with store.transaction() as tx:
        pass
    with pytest.raises(RecordsError) as caught:
        tx.issuer.get()
    assert caught.value.reason == "database_error"


def test_the_issuer_is_fixed_once(store: Store) -> None:
    set_up(store)
    with pytest.raises(Conflict) as caught, store.transaction() as tx:
        tx.issuer.init(IssuerSettings("other", "http://elsewhere", 0, 1))
    assert caught.value.reason == "already_initialised"
    for epoch in (0, 1):
        with pytest.raises(Conflict) as caught, store.transaction() as tx:
            tx.issuer.raise_epoch(epoch)
        assert caught.value.reason == "epoch_falls"


def test_whose_records_these_are_is_read_without_keys(url: str, keys: RecordKeys) -> None:
    assert issuer_of(url) is None
    store = open_store(url, keys, create=True)
    assert issuer_of(url) is None
    set_up(store)
    found = issuer_of(url)
    with store.reading() as tx:
        assert found == tx.issuer.get()
    store.close()


def test_the_number_of_a_venues_bundles_never_falls(store: Store) -> None:
    with store.transaction() as tx:
        tx.venues.put("library", {"services": [3]})
        assert [tx.venues.next_seq("library", 1) for _ in range(3)] == [1, 2, 3]
        tx.venues.put("library", {"services": [3, 15]})
        assert tx.venues.next_seq("library", 2) == 4
        venue = tx.venues.get("library")
        assert (venue.config, venue.seq, venue.epoch) == ({"services": [3, 15]}, 4, 2)
        assert tx.venues.all() == [venue]
    with pytest.raises(Conflict) as caught, store.transaction() as tx:
        tx.venues.next_seq("library", 1)
    assert caught.value.reason == "epoch_falls"


def test_the_latest_bundle_of_a_venue_is_kept(store: Store) -> None:
    with store.transaction() as tx:
        tx.venues.put("library", {"services": [3]})
        assert tx.venues.bundle("library") is None
        for epoch, seq, kept in ((1, 7, 7), (1, 8, 8), (1, 6, 8), (1, 8, 8), (2, 5, 5)):
            made = BundleRecord(epoch, seq, NOW, mark=seq)
            tx.venues.keep_bundle("library", made, f"{epoch}/{seq}".encode())
            last = tx.venues.bundle("library")
            assert last == BundleRecord(epoch, kept, NOW, mark=kept)
            assert tx.venues.bundle_bytes("library") == f"{epoch}/{kept}".encode()
    with pytest.raises(NotFound) as caught, store.reading() as tx:
        tx.venues.bundle_bytes("bus")
    assert caught.value.reason == "no_bundle"


def test_staff_come_and_go(store: Store) -> None:
    clerk = StaffMember("clerk1", "clerk", "east", (3, 15))
    chief = StaffMember("chief1", "chief", "east", ())
    with store.transaction() as tx:
        tx.staff.put(StaffMember("clerk1", "clerk", "west", (1,)))
        tx.staff.put(clerk)
        tx.staff.put(chief)
        assert tx.staff.all() == [chief, clerk]
        tx.staff.remove("chief1")
        assert tx.staff.all() == [clerk]
        assert tx.staff.get("clerk1") == clerk


def test_a_full_disk_is_named_and_leaves_nothing(sqlite_url: str, keys: RecordKeys) -> None:
    store = open_store(sqlite_url, keys)

    def fill(tx: Transaction) -> None:
        # The database may not grow: what SQLite then says is what it says on a full disk.
        tx._link._connection.exec_driver_sql("PRAGMA max_page_count = 1")
        tx.people.add(facts("P1"), b"x" * 1_000_000, now=NOW)

    assert refusal(store, fill, Unavailable) == "disk_full"
    store.close()
    again = open_store(sqlite_url, keys)
    with again.transaction() as tx:
        assert tx.people.find_by_passport("UTO", "P1") is None
        tx.people.add(facts("P1"), b"x" * 1_000_000, now=NOW)
    again.close()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (postgres_errors.DiskFull, "disk_full"),
        (postgres_errors.LockNotAvailable, "database_busy"),
        (postgres_errors.DeadlockDetected, "database_busy"),
        (postgres_errors.UndefinedTable, "database_too_old"),
        (postgres_errors.AdminShutdown, "database_unavailable"),
        (postgres_errors.ConnectionFailure, "database_unavailable"),
        (postgres_errors.SyntaxError, "database_error"),
        (psycopg.OperationalError, "database_unavailable"),
    ],
)
def test_what_postgres_says_is_told(kind: type[psycopg.Error], reason: str) -> None:
    assert translate(OperationalError("", {}, kind("words"))).reason == reason


def test_a_lost_table_means_migrate(store: Store, sqlite_url: str) -> None:
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.execute("DROP TABLE staff")
    connection.close()
    opened = open_store(sqlite_url, store._keys)
    with pytest.raises(Unavailable) as caught, opened.reading() as tx:
        tx.staff.all()
    opened.close()
    assert caught.value.reason == "database_too_old"


def test_a_file_that_is_no_database(tmp_path: Path, keys: RecordKeys) -> None:
    path = tmp_path / "letters.db"
    path.write_bytes(b"not a database " * 1000)
    with pytest.raises(Unavailable) as caught:
        open_store(f"sqlite:///{path}", keys)
    assert caught.value.reason == "database_damaged"


def test_a_server_that_is_not_there(keys: RecordKeys) -> None:
    with pytest.raises(Unavailable) as caught:
        open_store("postgresql://nobody:secretword@127.0.0.1:9/none", keys)
    assert caught.value.reason == "database_unavailable"
    assert "secretword" not in str(caught.value)


def test_a_database_that_is_not_there_is_named(postgres_database: str, keys: RecordKeys) -> None:
    missing = make_url(postgres_database).set(database="cardsvc_nowhere")
    with pytest.raises(Unavailable, match="no database cardsvc_nowhere") as caught:
        open_store(missing.render_as_string(hide_password=False), keys, create=True)
    assert caught.value.reason == "database_unavailable"


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://root:secretword@h/d", "secretword"]
)
@pytest.mark.parametrize("create", [True, False])
def test_other_databases_are_refused(keys: RecordKeys, url: str, create: bool) -> None:
    with pytest.raises(RecordsError) as caught:
        open_store(url, keys, create=create)
    assert caught.value.reason == "unknown_database"


def test_a_password_with_signs_of_an_address_is_not_shown(keys: RecordKeys) -> None:
    url = "postgresql://cardsvc:p@ss:secretword@127.0.0.1/x"
    with pytest.raises(RecordsError, match="%40") as caught:
        open_store(url, keys)
    assert caught.value.reason == "unknown_database"
    assert "secretword" not in "".join(traceback.format_exception(caught.value))


def test_a_folder_that_cannot_be_made(tmp_path: Path, keys: RecordKeys) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable) as caught:
        open_store(f"sqlite:///{tmp_path}/file/records.db", keys, create=True)
    assert caught.value.reason == "database_unavailable"


def test_create_makes_and_opens(tmp_path: Path, keys: RecordKeys) -> None:
    store = open_store(f"sqlite:///{tmp_path}/deep/folder/records.db", keys, create=True)
    set_up(store)
    store.close()


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        epoch_s(datetime(2026, 1, 1))  # noqa: DTZ001  # the mistake under test


def test_importing_the_records_opens_and_makes_nothing(tmp_path: Path) -> None:
    """Habit 8: nothing at import. The audit hook would see a file opened for writing or a socket."""
    program = (
        "import sys\n"
        "seen = []\n"
        "def watch(event, args):\n"
        "    writing = event == 'open' and args[1] not in ('r', 'rb', None)\n"
        "    if writing or event in ('socket.connect', 'sqlite3.connect'):\n"
        "        seen.append((event, args))\n"
        "sys.addaudithook(watch)\n"
        "import cardsvc.records\n"
        "print(seen)\n"
    )
    command = [sys.executable, "-B", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_temporary_cluster_serves_where_no_server_runs() -> None:
    with temporary_cluster() as server:
        if server is None:
            pytest.skip("PostgreSQL's server programs are not installed")
        with own_database(server) as url:
            assert answers(url)
    assert not answers(server)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "database_busy"),
        (sqlite3.SQLITE_PROTOCOL, "database_busy"),
        (sqlite3.SQLITE_FULL, "disk_full"),
        (sqlite3.SQLITE_NOTADB, "database_damaged"),
        (sqlite3.SQLITE_IOERR_FSYNC, "database_unavailable"),
        (sqlite3.SQLITE_ERROR, "database_error"),
    ],
)
def test_what_sqlite_says_is_told(code: int, reason: str) -> None:
    said = sqlite3.OperationalError("words")
    said.sqlite_errorcode = code
    assert translate(OperationalError("", {}, said)).reason == reason


def test_who_finds_no_connection_left_may_come_again() -> None:
    assert translate(NoConnectionLeft()).reason == "database_busy"
