"""People: sealed facts and portraits, found by passport without being readable."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, insert, select, update

from cardsvc.records import sealing
from cardsvc.records.desk_tables import TRACE
from cardsvc.records.errors import NotFound, RecordsError
from cardsvc.records.link import Link, chunks
from cardsvc.records.sealing import RecordKeys
from cardsvc.records.tables import PERSON
from cardsvc.records.traces import PERSON_KIND

#: What a fact may be: plain JSON. Dates go in as ISO 8601 text.
Fact = str | int | bool | None | Sequence[str]
Facts = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be recorded. ``facts`` must name ``passport`` and ``passport_country``."""

    facts: Facts
    portrait: bytes


class Vault:
    """The data keys in use in one transaction; whoever seals or opens a personal field asks here."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Unwrap with ``keys`` what ``link`` reads."""
        self._link = link
        self.keys = keys
        self._open: dict[str, AESGCM] = {}

    def make(self, person: str) -> tuple[int, bytes]:
        """A new data key for a new person: master version and wrapped key, to be stored."""
        data_key = sealing.new_data_key()
        self._open[person] = AESGCM(data_key)
        return sealing.wrap(self.keys, person, data_key)

    def load(self, people: Iterable[str]) -> None:
        """Unwrap the keys of many people with few statements; whoever is erased stays unopened."""
        missing = sorted({person for person in people if person not in self._open})
        for part in chunks(missing):
            statement = select(PERSON.c.id, PERSON.c.key_version, PERSON.c.data_key).where(
                PERSON.c.id.in_(part), PERSON.c.data_key.is_not(None)
            )
            for row in self._link.all(statement):
                data_key = sealing.unwrap(self.keys, row["id"], row["key_version"], row["data_key"])
                self._open[row["id"]] = AESGCM(data_key)

    def knows(self, person: str) -> bool:
        """Whether the key of ``person`` is open here."""
        return person in self._open

    def seal(self, person: str, plain: bytes, table: str, column: str, row: str) -> bytes:
        """Seal a field of ``person`` for its place."""
        return sealing.seal(self._cipher(person), plain, table, column, row)

    def unseal(self, person: str, sealed: bytes, table: str, column: str, row: str) -> bytes:
        """Open a field of ``person`` from its place."""
        return sealing.unseal(self._cipher(person), sealed, table, column, row)

    def forget(self, person: str) -> None:
        """Drop the key of an erased person."""
        self._open.pop(person, None)

    def _cipher(self, person: str) -> AESGCM:
        self.load([person])
        cipher = self._open.get(person)
        if cipher is None:
            raise NotFound("person_not_found", f"there is no person {person}, or the person was erased")
        return cipher


class People:
    """Recording, finding, reading and erasing people."""

    def __init__(self, link: Link, vault: Vault) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link
        self._vault = vault

    def add(self, facts: Facts, portrait: bytes, *, now: datetime) -> str:
        """Record one person and return the id; raises ``passport_in_use``."""
        return self.add_many([NewPerson(facts, portrait)], now=now)[0]

    def add_many(self, people: Sequence[NewPerson], *, now: datetime) -> list[str]:
        """Record many people in one statement; ids in the order given."""
        rows = []
        for person in people:
            row_id = secrets.token_hex(16)
            version, wrapped = self._vault.make(row_id)
            sealed = self._sealed(row_id, person.facts, person.portrait)
            row = {"id": row_id, "key_version": version, "data_key": wrapped, "created_at": now}
            rows.append(row | sealed)
        self._link.run(insert(PERSON), rows)
        return [str(row["id"]) for row in rows]

    def update(self, person: str, facts: Facts, portrait: bytes) -> None:
        """Replace facts, portrait and passport, as a later application states them.

        Raises ``person_not_found``, also once erased, and ``passport_in_use``.
        """
        statement = update(PERSON).where(PERSON.c.id == person).values(self._sealed(person, facts, portrait))
        self._link.run(statement)

    def find_by_passport(self, country: str, number: str) -> str | None:
        """The id of the person with this passport, if one is recorded."""
        wanted = sealing.passport_index(self._vault.keys, country, number)
        row = self._link.first(select(PERSON.c.id).where(PERSON.c.passport_index == wanted))
        return None if row is None else str(row["id"])

    def untraced(self, limit: int) -> list[str]:
        """People whom no trace leads to: recorded before there were traces, and never written since."""
        traced = select(TRACE.c.subject).where(TRACE.c.kind == PERSON_KIND, TRACE.c.subject == PERSON.c.id)
        unerased = PERSON.c.data_key.is_not(None) & ~traced.exists()
        statement = select(PERSON.c.id).where(unerased).order_by(PERSON.c.id).limit(limit)
        found = [str(row["id"]) for row in self._link.all(statement)]
        self._vault.load(found)
        return found

    def facts(self, person: str) -> dict[str, Fact]:
        """The opened facts; sequences come back as lists. Raises ``person_not_found``, also once erased."""
        facts: dict[str, Fact] = json.loads(self._opened(person, "facts"))
        return facts

    def facts_of(self, people: Sequence[str]) -> dict[str, dict[str, Fact]]:
        """The opened facts of those who are recorded and not erased."""
        self._vault.load(people)
        found: dict[str, dict[str, Fact]] = {}
        for part in chunks(people):
            kept = PERSON.c.id.in_(part) & PERSON.c.facts.is_not(None)
            for row in self._link.all(select(PERSON.c.id, PERSON.c.facts).where(kept)):
                person = str(row["id"])
                found[person] = json.loads(
                    self._vault.unseal(person, row["facts"], "person", "facts", person)
                )
        return found

    def portrait(self, person: str) -> bytes:
        """The opened portrait."""
        return self._opened(person, "portrait")

    def erase(self, person: str) -> None:
        """Destroy the person's data key and index: nothing sealed under it can ever be opened again.

        The row stays as a name for the person's cards, empty. Copies sealed elsewhere (identity payloads of
        prints) become unreadable with it.
        """
        gone = {"data_key": None, "passport_index": None, "facts": None, "portrait": None}
        if not self._link.run(update(PERSON).where(PERSON.c.id == person).values(gone)):
            raise NotFound("person_not_found", f"there is no person {person}")
        self._vault.forget(person)

    def rewrap(self, limit: int = 1000) -> int:
        """Move up to ``limit`` data keys to the current master version; returns how many, 0 when done."""
        keys = self._vault.keys
        statement = (
            select(PERSON.c.id, PERSON.c.key_version, PERSON.c.data_key)
            .where(PERSON.c.key_version != keys.current, PERSON.c.data_key.is_not(None))
            .limit(limit)
        )
        moved = []
        for row in self._link.all(statement):
            data_key = sealing.unwrap(keys, row["id"], row["key_version"], row["data_key"])
            version, wrapped = sealing.wrap(keys, row["id"], data_key)
            moved.append({"row_id": row["id"], "key_version": version, "data_key": wrapped})
        self._link.run(update(PERSON).where(PERSON.c.id == bindparam("row_id")), moved)
        return len(moved)

    def _sealed(self, person: str, facts: Facts, portrait: bytes) -> dict[str, bytes]:
        country, number = facts.get("passport_country"), facts.get("passport")
        if not isinstance(country, str) or not isinstance(number, str):
            raise RecordsError("bad_passport", "a person's facts must name passport and passport_country")
        try:
            plain = json.dumps(dict(facts), ensure_ascii=False, sort_keys=True).encode()
        except (TypeError, ValueError) as error:
            raise RecordsError("bad_facts", f"a person's facts must be plain JSON: {error}") from error
        return {
            "passport_index": sealing.passport_index(self._vault.keys, country, number),
            "facts": self._vault.seal(person, plain, "person", "facts", person),
            "portrait": self._vault.seal(person, portrait, "person", "portrait", person),
        }

    def _opened(self, person: str, column: str) -> bytes:
        row = self._link.first(select(PERSON.c[column]).where(PERSON.c.id == person))
        if row is None or row[column] is None:
            raise NotFound("person_not_found", f"there is no person {person}, or the person was erased")
        return self._vault.unseal(person, row[column], "person", column, person)
