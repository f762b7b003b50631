"""Personal fields cannot be read, moved or kept after erasing."""

from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from cardsvc.records import NotFound, RecordKeys, RecordsError, Store, make_record_keys, open_store
from cardsvc.records.engine import begin, open_engine
from cardsvc.records.sealing import passport_index
from cardsvc.records.tables import METADATA
from tests.records.conftest import KEYS
from tests.records.people import CANARY, NOW, facts, issue, new_card, new_print, set_up

FACE = b"portrait " + CANARY.encode()


def _add(store: Store, passport: str = "C123456") -> str:
    with store.transaction() as tx:
        return tx.people.add(facts(passport), FACE, now=NOW)


def _sql(url: str, statement: str, **values: object) -> None:
    engine = open_engine(url)
    with begin(engine, write=True) as connection:
        connection.execute(text(statement), values)
        connection.commit()
    engine.dispose()


def _swap(url: str, table: str, column: str) -> None:
    """Give each of the two rows the other one's value."""
    engine = open_engine(url)
    with begin(engine, write=True) as connection:
        first, second = connection.execute(text(f"SELECT id, {column} FROM {table}")).all()
        for row, value in ((first.id, second[1]), (second.id, first[1])):
            update = text(f"UPDATE {table} SET {column} = :value WHERE id = :id")
            connection.execute(update, {"value": value, "id": row})
        connection.commit()
    engine.dispose()


def test_facts_and_portrait_come_back(store: Store) -> None:
    person = _add(store)
    with store.reading() as tx:
        assert tx.people.facts(person) == facts()
        assert tx.people.portrait(person) == FACE


def test_a_passport_finds_its_person_however_it_is_written(store: Store) -> None:
    person = _add(store)
    with store.reading() as tx:
        assert tx.people.find_by_passport("uto", "c 123-456") == person
        assert tx.people.find_by_passport("XXX", "C123456") is None
        assert tx.people.find_by_passport("UTO", "C123457") is None


def test_one_passport_is_one_person(store: Store) -> None:
    _add(store)
    with pytest.raises(RecordsError) as caught:
        _add(store, "c123456")
    assert caught.value.reason == "passport_in_use"


def test_an_update_moves_the_passport(store: Store) -> None:
    person = _add(store)
    with store.transaction() as tx:
        tx.people.update(person, facts("NEW1"), b"new")
    with store.reading() as tx:
        assert tx.people.find_by_passport("UTO", "NEW1") == person
        assert tx.people.find_by_passport("UTO", "C123456") is None
        assert tx.people.portrait(person) == b"new"


def test_updating_nobody_is_refused(store: Store) -> None:
    with pytest.raises(NotFound), store.transaction() as tx:
        tx.people.update("nobody", facts(), b"")


@pytest.mark.parametrize(
    "bad", [{"surname": "A"}, {**facts(), "passport": None}, {**facts(), "passport": " - "}]
)
def test_facts_without_a_passport_are_refused(store: Store, bad: dict[str, str | None]) -> None:
    with pytest.raises(RecordsError) as caught, store.transaction() as tx:
        tx.people.add(bad, b"", now=NOW)
    assert caught.value.reason == "bad_passport"


@pytest.mark.parametrize("column", ["facts", "portrait", "data_key"])
def test_swapped_ciphertexts_do_not_open(store: Store, url: str, column: str) -> None:
    """Two people's values exchanged, each still sound where it was."""
    first, second = _add(store), _add(store, "D1")
    _swap(url, "person", column)
    for person in (first, second):
        with pytest.raises(RecordsError) as caught, store.reading() as tx:
            tx.people.portrait(person) if column == "portrait" else tx.people.facts(person)
        assert caught.value.reason == "seal_broken"


def test_a_value_in_another_column_does_not_open(store: Store, url: str) -> None:
    person = _add(store)
    _sql(url, "UPDATE person SET portrait = facts")
    with pytest.raises(RecordsError) as caught, store.reading() as tx:
        tx.people.portrait(person)
    assert caught.value.reason == "seal_broken"


def test_an_identity_payload_in_another_print_does_not_open(store: Store, url: str) -> None:
    set_up(store)
    with store.transaction() as tx:
        person = tx.people.add(facts(), FACE, now=NOW)
        card = new_card(person)
        tx.cards.add(card, now=NOW)
        tx.prints.add_intents([new_print(tx, card, 1), new_print(tx, card, 2)])
    _swap(url, "print", "identity_payload")
    with pytest.raises(RecordsError) as caught, store.reading() as tx:
        tx.prints.of_card(card.number)
    assert caught.value.reason == "seal_broken"


@pytest.mark.parametrize("position", [0, 12, -1])
def test_one_changed_bit_does_not_open(store: Store, url: str, position: int) -> None:
    person = _add(store)
    engine = open_engine(url)
    with begin(engine, write=True) as connection:
        sealed = bytearray(connection.execute(text("SELECT facts FROM person")).scalar_one())
        sealed[position] ^= 1
        connection.execute(text("UPDATE person SET facts = :facts"), {"facts": bytes(sealed)})
        connection.commit()
    engine.dispose()
    with pytest.raises(RecordsError) as caught, store.reading() as tx:
        tx.people.facts(person)
    assert caught.value.reason == "seal_broken"


def test_an_erased_person_is_gone_for_ever(store: Store, url: str) -> None:
    set_up(store)
    with store.transaction() as tx:
        number = issue(tx, "C123456")
        person = tx.cards.get(number).person_id
        tx.people.erase(person)
        with pytest.raises(NotFound):
            tx.people.facts(person)
    with store.reading() as tx:
        for read in (tx.people.facts, tx.people.portrait):
            with pytest.raises(NotFound):
                read(person)
        assert tx.people.find_by_passport("UTO", "C123456") is None
        (printed,) = tx.prints.of_card(number)
        assert printed.identity_payload is None
        assert printed.gate_payload == b"gate"
    engine = open_engine(url)
    with begin(engine, write=False) as connection:
        row = connection.execute(text("SELECT data_key, passport_index, facts, portrait FROM person")).one()
    engine.dispose()
    assert tuple(row) == (None, None, None, None)


def test_no_name_in_any_file(sqlite_url: str, tmp_path: Path) -> None:
    store = open_store(sqlite_url, KEYS)
    set_up(store)
    with store.transaction() as tx:
        issue(tx, "C123456")
    # While the store is open the write-ahead log has not been folded in: all files are looked at as they lie.
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert any(name.endswith("-wal") and data for name, data in files.items())
    _assert_no_canary(b"".join(files.values()))
    store.close()
    _assert_no_canary(b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file()))


def test_no_name_in_a_dump(postgres_url: str) -> None:
    store = open_store(postgres_url, KEYS)
    set_up(store)
    with store.transaction() as tx:
        issue(tx, "C123456")
    store.close()
    with psycopg.connect(postgres_url) as connection:
        dump = b""
        for table in METADATA.tables:
            with connection.cursor().copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as copy:
                dump += b"".join(bytes(part) for part in copy)
    assert b"cn-yiwu" in dump
    _assert_no_canary(dump)


def _assert_no_canary(data: bytes) -> None:
    lower = data.lower()
    for word in (CANARY, "C123456"):
        assert word.lower().encode() not in lower
        assert word.encode().hex().encode() not in lower


def test_a_new_master_key_takes_over(url: str) -> None:
    old = open_store(url, KEYS)
    people = [_add(old, f"P{number}") for number in range(5)]
    old.close()
    rotated = open_store(url, RecordKeys({1: KEYS.master[1], 2: b"n" * 32}, 2, KEYS.blind))
    with rotated.transaction() as tx:
        assert [tx.people.rewrap(limit=3) for _ in range(3)] == [3, 2, 0]
    rotated.close()
    only_new = open_store(url, RecordKeys({2: b"n" * 32}, 2, KEYS.blind))
    with only_new.reading() as tx:
        assert tx.people.facts(people[0])["passport"] == "P0"
    only_new.close()
    without = open_store(url, KEYS)
    with pytest.raises(RecordsError) as caught, without.reading() as tx:
        tx.people.facts(people[0])
    assert caught.value.reason == "master_key_missing"
    without.close()


@pytest.mark.parametrize(
    ("master", "current", "blind"),
    [
        ({1: b"short"}, 1, b"b" * 32),
        ({1: b"m" * 32}, 2, b"b" * 32),
        ({1: b"m" * 32}, 1, b"m" * 32),
        ({1: b"m" * 32, 2: b"m" * 32}, 1, b"b" * 32),
        ({1: b"m" * 32}, 1, b""),
    ],
)
def test_unsafe_keys_are_refused(master: dict[int, bytes], current: int, blind: bytes) -> None:
    with pytest.raises(RecordsError) as caught:
        RecordKeys(master, current, blind)
    assert caught.value.reason == "bad_record_keys"


def test_keys_do_not_show_themselves() -> None:
    keys = make_record_keys()
    assert repr(keys.blind) not in repr(keys)
    assert repr(keys.master[1]) not in repr(keys)


@given(st.text("AZ09", min_size=1, max_size=3), st.text("AZ09", min_size=2, max_size=12))
def test_the_index_keeps_country_and_number_apart(country: str, number: str) -> None:
    index = passport_index(KEYS, country, number)
    assert index == passport_index(KEYS, f" {country.lower()} ", f"-{number} ")
    assert index != passport_index(KEYS, country + number[0], number[1:])
