"""Status lists: allotting slots, and the snapshot from which all lists of a bundle are made.

docs/format.md section 4. The snapshot is plain numbers for ``verify`` to pack and ``keys`` to sign.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from cardsvc.records.errors import RecordsError
from cardsvc.records.link import Link
from cardsvc.records.office import IssuerRow
from cardsvc.records.permutation import LIST_SIZE, SEED_BYTES, permutation
from cardsvc.records.phones import LOST_PRINT, PHONE, PhoneState
from cardsvc.records.tables import (
    CARD,
    CHIP,
    ENTITLEMENT,
    HOLD,
    PRINT,
    STATUS_LIST,
    CardState,
    EntitlementValue,
    ListKind,
    PrintState,
)
from verify.days import DAY_S, FIRST_DAY_EPOCH

#: Slots of a list that are allotted before the next is opened (docs/format.md section 4).
MOST_USED = LIST_SIZE * 15 // 16
#: RFC 4648 base 32, in lower case; three of them name a list.
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
ID_CHARACTERS = 3
VALID, REVOKED, SUSPENDED = 0, 1, 2

Slot = tuple[str, int]
_VALUES: Mapping[str, int] = {
    EntitlementValue.GRANTED: 1,
    EntitlementValue.WITHDRAWN: 2,
    EntitlementValue.UNTIL: 3,
}


@dataclass(frozen=True, slots=True)
class ListSnapshot:
    """One status list at the instant of the snapshot.

    ``values``: one byte a slot, 0 valid, 1 revoked, 2 suspended, 3 replaced. ``last_exp``: latest exp
    (epoch seconds) of a code in it, None once all have expired, when the list leaves the bundles.
    ``permits``: (index, true day, days printed in codes of that index) for every index at 0 with a permit.
    ``entitlements``: by service asked for, (index, value 1 to 3, last day of a 3). Both in index order.
    """

    id: str
    kind: ListKind
    values: bytearray
    last_exp: int | None
    permits: Sequence[tuple[int, int, tuple[int, ...]]]
    entitlements: Mapping[int, Sequence[tuple[int, int, int | None]]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All lists of one instant, by their ids."""

    iat: int
    lists: Mapping[str, ListSnapshot]


class StatusLists:
    """Allotting status indices and taking snapshots."""

    def __init__(self, link: Link, issuer: IssuerRow) -> None:
        """Work inside the transaction of ``link``; day offset and epoch come from ``issuer``."""
        self._link = link
        self._issuer = issuer

    def allot(self, count: int, kind: ListKind = ListKind.PRINT, *, now: datetime) -> list[Slot]:
        """Reserve ``count`` indices that were never used; (list id, index) each. Opens lists as needed.

        Lists of an earlier epoch are left as they are: after a restore from backup nobody knows which of
        their slots were given away since. Raises ``not_initialised``, ``lists_exhausted``.
        """
        slots: list[Slot] = []
        while len(slots) < count:
            list_id, used, seed = self._open_list(kind, now)
            take = min(count - len(slots), MOST_USED - used)
            slot = permutation(seed)
            slots += [(list_id, slot(number)) for number in range(used, used + take)]
            change = update(STATUS_LIST).where(STATUS_LIST.c.id == list_id).values(used=used + take)
            self._link.run(change)
        return slots

    def snapshot(self, iat: int, services: Iterable[int] = ()) -> Snapshot:
        """Every list as of ``iat`` (epoch seconds), with the entitlements of ``services``.

        Take it in a reading transaction: all parts then show one state. Prints count until a day after exp.
        """
        found = {row["id"]: _Draft(row["kind"]) for row in self._link.all(select(STATUS_LIST))}
        # A permit whose last day is at or before this one has ended at iat (end_of(day) <= iat).
        offset_s = self._issuer.get().day_offset_s
        last_ended = (iat + offset_s - FIRST_DAY_EPOCH) // DAY_S - 1
        self._fill(found, iat, last_ended)
        self._fill_phones(found, iat, last_ended)
        for service in services:
            self._add_entitlements(found, iat, int(service))
        return Snapshot(iat, {list_id: draft.finish(list_id) for list_id, draft in found.items()})

    def _open_list(self, kind: ListKind, now: datetime) -> tuple[str, int, bytes]:
        epoch = self._issuer.get().epoch
        statement = select(STATUS_LIST).where(
            STATUS_LIST.c.kind == kind, STATUS_LIST.c.epoch == epoch, STATUS_LIST.c.used < MOST_USED
        )
        row = self._link.first(statement.order_by(STATUS_LIST.c.opened_at, STATUS_LIST.c.id))
        if row is not None:
            return row["id"], row["used"], row["seed"]
        list_id, seed = self._free_id(), secrets.token_bytes(SEED_BYTES)
        fresh = {"id": list_id, "kind": kind, "epoch": epoch, "size": LIST_SIZE, "used": 0}
        self._link.run(insert(STATUS_LIST), [fresh | {"seed": seed, "opened_at": now}])
        return list_id, 0, seed

    def _free_id(self) -> str:
        taken = {row["id"] for row in self._link.all(select(STATUS_LIST.c.id))}
        if len(taken) >= len(BASE32) ** ID_CHARACTERS:
            raise RecordsError("lists_exhausted", "every three-character list id is in use")
        while True:
            list_id = "".join(secrets.choice(BASE32) for _ in range(ID_CHARACTERS))
            if list_id not in taken:
                return list_id

    def _fill(self, drafts: Mapping[str, "_Draft"], iat: int, last_ended: int) -> None:
        held = self._held(iat)
        chip_days = self._chip_days(iat)
        statement = (
            select(
                PRINT.c.list_id,
                PRINT.c.list_index,
                PRINT.c.status,
                PRINT.c.exp,
                PRINT.c.permit_day,
                CARD.c.permit_true_day,
                (PRINT.c.state == PrintState.INTENT).label("unsigned"),
                # Compared in the database: an enum for each of 300,000 rows would cost more than the rest.
                CARD.c.state.in_((CardState.REVOKED, CardState.ENDED)).label("final"),
            )
            .join(CARD, CARD.c.number == PRINT.c.card_number)
            .where(PRINT.c.exp > iat - DAY_S)
        )
        for list_id, index, status, exp, printed, true_day, unsigned, final in self._link.tuples(statement):
            draft = drafts[list_id]
            if exp > draft.last_exp:
                draft.last_exp = exp
            if status == VALID and final:
                status = REVOKED
            if status == VALID and (
                (list_id, index) in held or (true_day is not None and true_day <= last_ended)
            ):
                status = SUSPENDED
            draft.values[index] = status
            # Of what nobody has signed there is no code, and the signer lets a list say nothing good of it.
            if status == VALID and true_day is not None and exp > iat and not unsigned:
                days = chip_days.get((list_id, index), ())
                draft.permits.append((index, true_day, days if printed is None else (printed, *days)))

    def _fill_phones(self, drafts: Mapping[str, "_Draft"], iat: int, last_ended: int) -> None:
        """Phones that were approved; one that was given up says so for ever, its index is no other's."""
        final = CARD.c.state.in_((CardState.REVOKED, CardState.ENDED)) | (PHONE.c.state == PhoneState.REVOKED)
        held = select(HOLD.c.id).where(HOLD.c.card_number == CARD.c.number, HOLD.c.lifted_at.is_(None))
        statement = (
            select(
                PHONE.c.list_id,
                PHONE.c.list_index,
                PHONE.c.exp,
                PHONE.c.token_days,
                CARD.c.permit_true_day,
                final.label("final"),
                (held.exists() | (CARD.c.state == CardState.SUSPENDED)).label("held"),
            )
            .join(CARD, CARD.c.number == PHONE.c.card_number)
            .where(PHONE.c.approver.is_not(None), final | (PHONE.c.exp > iat - DAY_S))
        )
        for list_id, index, exp, days, true_day, over, suspended in self._link.tuples(statement):
            draft = drafts[list_id]
            draft.last_exp = max(draft.last_exp, exp)
            if over:
                draft.values[index] = REVOKED
            elif suspended or (true_day is not None and true_day <= last_ended):
                draft.values[index] = SUSPENDED
            elif true_day is not None and exp > iat:
                told = tuple(sorted(day for day, until in days.items() if until > iat))
                draft.permits.append((index, true_day, told))

    def _held(self, iat: int) -> set[Slot]:
        statement = (
            select(PRINT.c.list_id, PRINT.c.list_index)
            .join(CARD, CARD.c.number == PRINT.c.card_number)
            .outerjoin(HOLD, (HOLD.c.card_number == CARD.c.number) & HOLD.c.lifted_at.is_(None))
            .where(HOLD.c.id.is_not(None) | (CARD.c.state == CardState.SUSPENDED), PRINT.c.exp > iat - DAY_S)
        )
        lost = (
            select(PRINT.c.list_id, PRINT.c.list_index)
            .join(LOST_PRINT, LOST_PRINT.c.print_id == PRINT.c.id)
            .where(PRINT.c.exp > iat - DAY_S)
        )
        return {(list_id, index) for one in (statement, lost) for list_id, index in self._link.tuples(one)}

    def _chip_days(self, iat: int) -> dict[Slot, tuple[int, ...]]:
        statement = (
            select(PRINT.c.list_id, PRINT.c.list_index, CHIP.c.permit_day)
            .join(CHIP, CHIP.c.print_id == PRINT.c.id)
            .where(CHIP.c.permit_day.is_not(None), PRINT.c.exp > iat)
        )
        days: defaultdict[Slot, tuple[int, ...]] = defaultdict(tuple)
        for list_id, index, day in self._link.tuples(statement):
            days[list_id, index] += (day,)
        return days

    def _add_entitlements(self, drafts: Mapping[str, "_Draft"], iat: int, service: int) -> None:
        for draft in drafts.values():
            draft.entitlements[service] = []
        statement = (
            select(PRINT.c.list_id, PRINT.c.list_index, ENTITLEMENT.c.value, ENTITLEMENT.c.last_day)
            .join(ENTITLEMENT, ENTITLEMENT.c.card_number == PRINT.c.card_number)
            .where(ENTITLEMENT.c.service == service, PRINT.c.exp > iat, PRINT.c.status == VALID)
            # What is taken away is so from the moment of signing on, before the records know of it.
            .where((PRINT.c.state != PrintState.INTENT) | (ENTITLEMENT.c.value == EntitlementValue.WITHDRAWN))
        )
        phones = (
            select(PHONE.c.list_id, PHONE.c.list_index, ENTITLEMENT.c.value, ENTITLEMENT.c.last_day)
            .join(ENTITLEMENT, ENTITLEMENT.c.card_number == PHONE.c.card_number)
            .where(ENTITLEMENT.c.service == service, PHONE.c.exp > iat, PHONE.c.state == PhoneState.ACTIVE)
        )
        both = (row for one in (statement, phones) for row in self._link.tuples(one))
        for list_id, index, value, last_day in both:
            drafts[list_id].entitlements[service].append((index, _VALUES[value], last_day))


class _Draft:
    """A list snapshot while it is being filled."""

    __slots__ = ("entitlements", "kind", "last_exp", "permits", "values")

    def __init__(self, kind: ListKind) -> None:
        self.kind = kind
        self.values = bytearray(LIST_SIZE)
        self.last_exp = 0
        self.permits: list[tuple[int, int, tuple[int, ...]]] = []
        self.entitlements: dict[int, list[tuple[int, int, int | None]]] = {}

    def finish(self, list_id: str) -> ListSnapshot:
        self.permits.sort()
        for rows in self.entitlements.values():
            rows.sort(key=lambda row: row[0])
        return ListSnapshot(
            list_id, self.kind, self.values, self.last_exp or None, self.permits, self.entitlements
        )
