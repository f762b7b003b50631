"""Prints and chips: the two-transaction protocol of docs/decisions/0005-issuing.md.

First transaction: ``add_intents`` stores the bytes to be signed, under a reserved index, before any key is
asked. Second transaction: ``issue_many`` stores the signatures, before anybody sees the card. What lies
between is found by ``intents`` at the next start, signed again (to the same bytes) or given up by ``orphan``.
"""

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, bindparam, case, delete, func, insert, select, update

from cardsvc.records.desk_tables import APPROVAL_PRINT
from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, chunks, record, values_of
from cardsvc.records.people import Vault
from cardsvc.records.tables import CARD, CHIP, PRINT, PrintState

REVOKED, REPLACED = 1, 3
#: Columns that are stored as they are; identity_payload is sealed and comes apart.
_PLAIN = tuple(column for column in PRINT.c if column.name != "identity_payload")


@dataclass(frozen=True, slots=True)
class NewPrint:
    """A print to be reserved: what will be signed, by which key, under which status index.

    ``identity_payload`` holds names and a face; it is sealed under the card's person. ``permit_day`` is claim
    -70001/8 as it will be printed; ``iat`` and ``exp`` are epoch seconds; ``layout`` is a design's version.
    """

    card_number: str
    print_no: int
    cti: bytes
    list_id: str
    list_index: int
    gate_payload: bytes
    identity_payload: bytes | None
    signing_kid: bytes
    iat: int
    exp: int
    permit_day: int | None
    layout: str = "green@1"


@dataclass(frozen=True, slots=True)
class PrintRecord:
    """A recorded print. ``identity_payload`` is opened; None if there is none or the person was erased.

    ``status`` is 0, 1 (revoked) or 3 (replaced); whether the card is suspended is the snapshot's to say.
    """

    id: str
    card_number: str
    print_no: int
    cti: bytes
    list_id: str
    list_index: int
    gate_payload: bytes
    identity_payload: bytes | None
    signing_kid: bytes
    gate_signature: bytes | None
    identity_signature: bytes | None
    state: PrintState
    iat: int
    exp: int
    permit_day: int | None
    status: int
    layout: str = "green@1"


@dataclass(frozen=True, slots=True)
class Signatures:
    """The raw signatures of one print; no identity signature where the card has no identity code."""

    print_id: str
    gate: bytes
    identity: bytes | None


@dataclass(frozen=True, slots=True)
class ChipRecord:
    """The code of one chip; an intent while ``signature`` is None. ``uid`` is upper-case hex."""

    uid: str
    print_id: str
    payload: bytes
    signing_kid: bytes
    signature: bytes | None
    permit_day: int | None
    created_at: datetime


class Prints:
    """Reserving, issuing and ending prints."""

    def __init__(self, link: Link, vault: Vault) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link
        self._vault = vault

    def add_intent(self, new: NewPrint) -> str:
        """Reserve one print and return its id; raises ``cti_in_use``, ``index_in_use``."""
        return self.add_intents([new])[0]

    def add_intents(self, prints: Sequence[NewPrint]) -> list[str]:
        """Reserve many prints in one statement; ids in the order given."""
        people = self._people_of([new.card_number for new in prints])
        extra = {"gate_signature": None, "identity_signature": None, "state": PrintState.INTENT, "status": 0}
        rows = []
        for new in prints:
            row_id = secrets.token_hex(16)
            row = values_of(new) | extra | {"id": row_id}
            if new.identity_payload is not None:
                row["identity_payload"] = self._vault.seal(
                    people[new.card_number], new.identity_payload, "print", "identity_payload", row_id
                )
            rows.append(row)
        self._link.run(insert(PRINT), rows)
        return [str(row["id"]) for row in rows]

    def issue(self, print_id: str, gate_signature: bytes, identity_signature: bytes | None) -> None:
        """Store the signatures of one intent; raises ``not_an_intent``."""
        self.issue_many([Signatures(print_id, gate_signature, identity_signature)])

    def issue_many(self, signatures: Sequence[Signatures]) -> None:
        """Store the signatures of many intents; if any is no intent, raises ``not_an_intent``: roll back."""
        statement = (
            update(PRINT)
            .where(PRINT.c.id == bindparam("print_id"), PRINT.c.state == PrintState.INTENT)
            .values(
                gate_signature=bindparam("gate"),
                identity_signature=bindparam("identity"),
                state=PrintState.ISSUED,
            )
        )
        touched = self._link.run(statement, [values_of(item) for item in signatures])
        if touched != len(signatures):
            raise Conflict(
                "not_an_intent",
                f"of {len(signatures)} prints only {touched} wait for signatures, not all",
            )

    def orphan(self, print_id: str) -> None:
        """Give an intent up: it is never issued, and its index says revoked. Raises ``not_an_intent``.

        An index that is final already stays as it is: lists may have said it.
        """
        final = case((PRINT.c.status == 0, REVOKED), else_=PRINT.c.status)
        statement = (
            update(PRINT)
            .where(PRINT.c.id == print_id, PRINT.c.state == PrintState.INTENT)
            .values(state=PrintState.ORPHANED, status=final)
        )
        if not self._link.run(statement):
            raise Conflict("not_an_intent", f"the print {print_id} is not waiting for its signature")

    def mark_replaced(self, print_ids: Sequence[str]) -> int:
        """Let the indices of these prints say 3, for ever; those already final stay. Returns how many.

        Only what was issued is replaced: a reservation is issued or given up by its own approval.
        """
        issued = (PRINT.c.state == PrintState.ISSUED) & (PRINT.c.status == 0)
        statement = update(PRINT).where(PRINT.c.id == bindparam("print_id"), issued)
        return self._link.run(statement.values(status=REPLACED), [{"print_id": item} for item in print_ids])

    def get(self, print_id: str) -> PrintRecord:
        """The print of that id; raises ``print_not_found``."""
        found = self._where(PRINT.c.id == print_id)
        if not found:
            raise NotFound("print_not_found", f"there is no print {print_id}")
        return found[0]

    def get_many(self, print_ids: Sequence[str]) -> dict[str, PrintRecord]:
        """Those of ``print_ids`` that exist."""
        return {item.id: item for part in chunks(print_ids) for item in self._where(PRINT.c.id.in_(part))}

    def intents(self, limit: int = 500) -> list[PrintRecord]:
        """Up to ``limit`` prints that wait for their signatures, oldest first.

        Those that wait for somebody's approval are not among them: no command may finish them.
        """
        approved = select(APPROVAL_PRINT.c.print_id)
        return self._where((PRINT.c.state == PrintState.INTENT) & PRINT.c.id.not_in(approved), limit)

    def signed_by_key(self) -> dict[bytes, int]:
        """How many prints and chips each card key signed or will sign."""
        signed: Counter[bytes] = Counter()
        for kid in (PRINT.c.signing_kid, CHIP.c.signing_kid):
            for key, count in self._link.tuples(select(kid, func.count()).group_by(kid)):
                signed[bytes(key)] += count
        return dict(signed)

    def signed_hashes(self) -> Iterator[bytes]:
        """SHA-256 of the payload of every signed gate and chip code, for the signer to compare."""
        statement = select(PRINT.c.gate_payload).where(PRINT.c.gate_signature.is_not(None))
        chips = select(CHIP.c.payload).where(CHIP.c.signature.is_not(None))
        for rows in (statement, chips):
            for (payload,) in self._link.tuples(rows):
                yield sha256(payload).digest()

    def count_signed(self) -> int:
        """How many these are."""
        prints = select(func.count().label("number")).where(PRINT.c.gate_signature.is_not(None))
        chips = select(func.count().label("number")).where(CHIP.c.signature.is_not(None))
        return sum(int(self._link.all(one)[0]["number"]) for one in (prints, chips))

    def of_key(self, kid: bytes) -> list[PrintRecord]:
        """The issued prints of one card key: what it genuinely signed."""
        return self._where((PRINT.c.signing_kid == kid) & (PRINT.c.state == PrintState.ISSUED))

    def of_card(self, number: str) -> list[PrintRecord]:
        """Every print of a card, oldest first."""
        return sorted(self._where(PRINT.c.card_number == number), key=lambda item: item.print_no)

    def current_of(self, number: str) -> PrintRecord | None:
        """The newest issued print of a card."""
        issued = [item for item in self.of_card(number) if item.state is PrintState.ISSUED]
        return issued[-1] if issued else None

    def issued_among(self, numbers: Sequence[str]) -> set[str]:
        """The cards that have a print which was issued."""
        found: set[str] = set()
        for part in chunks(numbers):
            issued = (PRINT.c.state == PrintState.ISSUED) & PRINT.c.card_number.in_(part)
            found |= {row["card_number"] for row in self._link.all(select(PRINT.c.card_number).where(issued))}
        return found

    def _people_of(self, numbers: Sequence[str]) -> dict[str, str]:
        """The person of every card, each one's key opened."""
        people: dict[str, str] = {}
        for part in chunks(numbers):
            rows = self._link.all(select(CARD.c.number, CARD.c.person_id).where(CARD.c.number.in_(part)))
            people |= {row["number"]: row["person_id"] for row in rows}
        missing = [number for number in numbers if number not in people]
        if missing:
            raise NotFound("card_not_found", f"there is no card {missing[0]}")
        self._vault.load(people.values())
        return people

    def _where(self, condition: ColumnElement[bool], limit: int | None = None) -> list[PrintRecord]:
        statement = (
            select(PRINT, CARD.c.person_id)
            .join(CARD, CARD.c.number == PRINT.c.card_number)
            .where(condition)
            .order_by(PRINT.c.iat, PRINT.c.id)
            .limit(limit)
        )
        rows = self._link.all(statement)
        self._vault.load(row["person_id"] for row in rows)
        opened = []
        for row in rows:
            values = {column.name: row[column.name] for column in _PLAIN}
            person, sealed = row["person_id"], row["identity_payload"]
            if sealed is not None and self._vault.knows(person):
                sealed = self._vault.unseal(person, sealed, "print", "identity_payload", row["id"])
            else:
                sealed = None
            values["identity_payload"] = sealed
            opened.append(PrintRecord(**values))
        return opened


class Chips:
    """The codes written on chips: the same two steps as for prints."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add_intent(
        self,
        uid: str,
        print_id: str,
        payload: bytes,
        signing_kid: bytes,
        *,
        permit_day: int | None,
        now: datetime,
    ) -> None:
        """Reserve the chip and store the bytes to be signed; raises ``chip_in_use``."""
        chip = ChipRecord(uid.upper(), print_id, payload, signing_kid, None, permit_day, now)
        self._link.run(insert(CHIP), [values_of(chip)])

    def forget_intent(self, uid: str) -> None:
        """Let go of bytes that nobody has signed, so that others may take their place."""
        self._link.run(delete(CHIP).where(CHIP.c.uid == uid.upper(), CHIP.c.signature.is_(None)))

    def issue(self, uid: str, signature: bytes) -> None:
        """Store the signature; raises ``not_an_intent`` if there already is one."""
        statement = update(CHIP).where(CHIP.c.uid == uid.upper(), CHIP.c.signature.is_(None))
        if not self._link.run(statement.values(signature=signature)):
            raise Conflict("not_an_intent", f"the chip {uid} is not waiting for its signature")

    def get(self, uid: str) -> ChipRecord | None:
        """The code of the chip with that UID (hex)."""
        return next(iter(self._where(CHIP.c.uid == uid.upper())), None)

    def of_print(self, print_id: str) -> list[ChipRecord]:
        """The chips that carry the code of a print."""
        return self._where(CHIP.c.print_id == print_id)

    def of_key(self, kid: bytes) -> list[ChipRecord]:
        """The chip codes that one card key signed."""
        return self._where((CHIP.c.signing_kid == kid) & CHIP.c.signature.is_not(None))

    def intents(self) -> list[ChipRecord]:
        """The chips that wait for their signature, oldest first."""
        return self._where(CHIP.c.signature.is_(None))

    def _where(self, condition: ColumnElement[bool]) -> list[ChipRecord]:
        statement = select(CHIP).where(condition).order_by(CHIP.c.created_at, CHIP.c.uid)
        return [record(ChipRecord, row) for row in self._link.all(statement)]
