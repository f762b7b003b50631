"""Applications: what was asked for, by whom, and what became of it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, insert, select, update

from cardsvc.records import sealing
from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, chunks, record, values_of
from cardsvc.records.sealing import RecordKeys
from cardsvc.records.tables import APPLICATION, ApplicationState


@dataclass(frozen=True, slots=True)
class NewApplication:
    """A request to be recorded; ``reason`` says why it was refused, without personal data.

    ``request_digest`` and ``family`` are given as they are and stored as keyed hashes.
    """

    reference: str | None
    request_digest: bytes
    state: ApplicationState
    submitted_by: str
    approved_by: str | None
    person_id: str | None = None
    card_number: str | None = None
    family: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ApplicationRecord:
    """A recorded request; ``request_digest`` is what :meth:`Applications.digest` makes of the one given."""

    id: str
    reference: str | None
    person_id: str | None
    card_number: str | None
    request_digest: bytes
    state: ApplicationState
    reason: str | None
    submitted_by: str
    approved_by: str | None
    family: bytes | None
    created_at: datetime


class Applications:
    """Recording applications and following them up."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Work inside the transaction of ``link``; what could tell a person is hashed with ``keys``."""
        self._link = link
        self._keys = keys

    def digest(self, request_digest: bytes) -> bytes:
        """What stands in the records for a request of this digest: compare a record's with it."""
        return sealing.request_index(self._keys, request_digest)

    def add(self, application: NewApplication, *, now: datetime) -> str:
        """Record one application and return its id.

        Raises ``duplicate_reference``, and ``same_person_approves`` if nobody else approved it.
        """
        return self.add_many([application], now=now)[0]

    def add_many(self, applications: Sequence[NewApplication], *, now: datetime) -> list[str]:
        """Record many in one statement; ids in the order given."""
        rows = [
            self._values(application) | {"id": secrets.token_hex(16), "created_at": now}
            for application in applications
        ]
        self._link.run(insert(APPLICATION), rows)
        return [str(row["id"]) for row in rows]

    def get(self, application: str) -> ApplicationRecord:
        """The application of that id; raises ``application_not_found``."""
        found = self._where(APPLICATION.c.id == application)
        if not found:
            raise NotFound("application_not_found", f"there is no application {application}")
        return found[0]

    def by_reference(self, reference: str) -> ApplicationRecord | None:
        """The application with the desk's own id, if it came before."""
        return next(iter(self._where(APPLICATION.c.reference == reference)), None)

    def by_references(self, references: Sequence[str]) -> dict[str, ApplicationRecord]:
        """Those of ``references`` that came before."""
        found: dict[str, ApplicationRecord] = {}
        for part in chunks(references):
            for row in self._where(APPLICATION.c.reference.in_(part)):
                found[str(row.reference)] = row
        return found

    def of_card(self, number: str) -> ApplicationRecord | None:
        """The application a card came from."""
        return next(iter(self._where(APPLICATION.c.card_number == number)), None)

    def of_family(self, family: str) -> list[ApplicationRecord]:
        """The applications that belong together."""
        return self._where(APPLICATION.c.family == sealing.family_index(self._keys, family))

    def mark_issued(self, card_numbers: Sequence[str]) -> int:
        """Note that the cards of these intents exist now; returns how many applications changed."""
        statement = (
            update(APPLICATION)
            .where(APPLICATION.c.card_number == bindparam("number"))
            .where(APPLICATION.c.state == ApplicationState.INTENT)
            .values(state=ApplicationState.ISSUED)
        )
        return self._link.run(statement, [{"number": number} for number in card_numbers])

    def replace_refused(self, application: str, by: NewApplication) -> None:
        """Put a corrected request in the place of a refused one, whose reference it bears.

        Raises ``application_not_refused``: what was accepted is never overwritten.
        """
        statement = (
            update(APPLICATION)
            .where(APPLICATION.c.id == application, APPLICATION.c.state == ApplicationState.REFUSED)
            .values(self._values(by))
        )
        if not self._link.run(statement):
            raise Conflict("application_not_refused", f"the application {application} is not a refused one")

    def _values(self, new: NewApplication) -> dict[str, object]:
        family = None if new.family is None else sealing.family_index(self._keys, new.family)
        return values_of(new) | {"request_digest": self.digest(new.request_digest), "family": family}

    def _where(self, condition: ColumnElement[bool]) -> list[ApplicationRecord]:
        statement = select(APPLICATION).where(condition).order_by(APPLICATION.c.created_at, APPLICATION.c.id)
        return [record(ApplicationRecord, row) for row in self._link.all(statement)]
