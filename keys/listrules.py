"""What a list may say, held against what was approved and what earlier lists said (docs/format.md section 4).

Tightening is always signed. Loosening is not, without an approved act: 1 and 3 never change back; a hold is
lifted by a reinstatement; a permit lasts to the last day that was signed or approved; a right by list was
granted by who owns it; an hour after a later print was signed, the earlier ones are over; a later print of a
held card is held.

An act lifts what it lifts at once and for ever. Lists may go on saying the opposite, from snapshots of before
or because the records learn of it later, and bring nothing back: not until one has shown what was lifted, or
a day is over. What a later snapshot takes away then is a decision of its own, and remembered.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from keys.bundle import LIFETIME, LIST_LEAD, Entitlement, ListSnapshot
from keys.errors import KeysError
from verify.days import DAY_S, day_at
from verify.services import Service
from verify.status import AS_PRINTED, GRANTED, GRANTED_TO_DAY, REPLACED, REVOKED, SUSPENDED, VALID, WITHDRAWN

#: Why a list is refused: the records say what nobody approved here, and somebody has to look.
REASONS: Final = frozenset(
    {
        *("final_status", "hold_not_lifted", "not_granted", "replaced_not_listed", "moved_not_listed"),
        *("permit_not_approved", "permit_over", "permit_not_listed", "unknown_slot", "list_missing"),
    }
)
#: How long an approved act waits for the list that shows it.
LIFT_S: Final = DAY_S
#: Prints leave the lists a day after their end; what was never signed here, when no card can live any more.
AFTER_EXP_S: Final = DAY_S
UNKNOWN_LIFE_S: Final = (5 * 366 + 2) * DAY_S
#: How long the records may lag behind what was signed, the earlier print of a card or a phone whose card went
#: to another go on saying 0, the later print say nothing: they learn of it in a transaction of their own, and
#: a service that was killed before it runs it at its next start.
REPLACED_S: Final = 3600
_FINAL: Final = (REVOKED, REPLACED)
_GIVEN: Final = (GRANTED, GRANTED_TO_DAY)
#: What has an index of its own: prints, and phones.
_HOLDERS: Final = ("slot", "phone")


class Slot(NamedTuple):
    """An index whose codes were signed here, and what is approved for it; a list has 100,000 of them.

    ``at`` is when its print was signed, 0 for a phone. A snapshot of ``lift_until`` or before holds nothing:
    after an act that is a day ahead, then the second of the first snapshot that showed it.
    """

    place: int
    number: str
    at: int
    exp: int
    held: int
    lift_until: int
    permit_day: int | None

    @property
    def is_phone(self) -> bool:
        """Whether ``exp`` rises with the next token: what a list says of it counts at any time."""
        return self.at == 0


@dataclass(frozen=True, slots=True)
class _Right:
    """What is approved for a card and service: the last day (None: to the card's end, -1: nothing).

    A snapshot of ``lift_until`` or before withdraws nothing, as it holds nothing at a :class:`Slot`.
    """

    last_day: int | None
    withdrawn: bool
    lift_until: int


_NO_RIGHT: Final = _Right(-1, False, 0)


@dataclass(slots=True)
class Judged:
    """What a list changes in the ledger once it is signed, and what nobody approved, by reason.

    ``taken`` is its snapshot's epoch second.
    """

    taken: int
    finals: list[tuple[int, int]] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    #: What the list shows to be free, or granted, for the first time since the act.
    lifted: list[int] = field(default_factory=list)
    withdrawn: list[tuple[str, int]] = field(default_factory=list)
    granted_again: list[tuple[str, int]] = field(default_factory=list)
    #: What a demo's console did beyond the ledger: later permits, longer rights.
    permits: list[tuple[str, int]] = field(default_factory=list)
    rights: list[tuple[str, int, int | None]] = field(default_factory=list)
    unapproved: list[tuple[str, str]] = field(default_factory=list)


def judge_list(
    db: sqlite3.Connection, one: ListSnapshot, *, taken: int, now: int, offset_s: int, demo: bool
) -> Judged:
    """Hold one list against the ledger; ``taken`` is its snapshot's epoch second.

    Raises ``final_status`` for a 1 or 3 that changed, in a demo too. Everything else that nobody approved is
    given back, to be refused, or taken over from a demo's console.
    """
    judged = Judged(taken)
    iat = taken - int(LIST_LEAD.total_seconds())
    slots = _slots(db, one.uri)
    _judge_finals(db, one, slots, iat, judged)
    spoken = one.statuses.keys() | one.permit_days.keys()
    window = _Window.of(iat, offset_s)
    for slot in slots.values():
        # Most slots are valid, and their permits last: nothing to ask about.
        lasts = slot.permit_day is None or slot.permit_day >= window.last
        quiet = lasts and not slot.held and slot.lift_until <= now
        told = slot.place in spoken
        if (slot.exp > iat and not quiet) or (told and (slot.exp > iat or slot.is_phone)):
            _judge_slot(one, slot, window, now, judged)
    _judge_replaced(db, one, slots, taken, judged)
    _judge_moved(db, one, slots, taken, judged)
    _judge_strangers(one, slots, judged, demo)
    _judge_rights(db, one, slots, iat, now, judged, demo)
    return judged


def living_lists(db: sqlite3.Connection, iat: int) -> set[str]:
    """The uris of all lists in which something that was signed here may live at ``iat``.

    Few lists have hundreds of thousands of indices: from each a step leads to the next.
    """
    found: set[str] = set()
    for table in _HOLDERS:
        rows = db.execute(
            f"WITH RECURSIVE list (uri) AS (SELECT min(uri) FROM {table} UNION ALL"  # noqa: S608 - the tables are named above
            f" SELECT (SELECT min(uri) FROM {table} WHERE uri > list.uri) FROM list WHERE uri IS NOT NULL)"
            f" SELECT uri FROM list WHERE EXISTS"
            f" (SELECT 1 FROM {table} WHERE {table}.uri = list.uri AND exp > ?)",
            (iat,),
        )
        found |= {uri for (uri,) in rows}
    return found


def write_judged(db: sqlite3.Connection, uri: str, judged: Judged, now: int) -> None:
    """Remember what the list says."""
    db.executemany(
        "INSERT OR REPLACE INTO final VALUES (?, ?, ?, ?)",
        [(uri, index, value, now) for index, value in judged.finals],
    )
    for table in _HOLDERS:
        db.executemany(
            f"UPDATE {table} SET held = 1 WHERE uri = ? AND idx = ?",  # noqa: S608 - the tables are named above
            [(uri, index) for index in judged.held],
        )
        db.executemany(
            f"UPDATE {table} SET held = 0, lift_until = ? WHERE uri = ? AND idx = ?",  # noqa: S608 - likewise
            [(judged.taken, uri, index) for index in judged.lifted],
        )
    db.executemany(
        "INSERT INTO granted (number, service, last_day, withdrawn) VALUES (?, ?, -1, 1)"
        " ON CONFLICT DO UPDATE SET withdrawn = 1",
        judged.withdrawn,
    )
    db.executemany(
        "UPDATE granted SET withdrawn = 0, lift_until = ? WHERE number = ? AND service = ?",
        [(judged.taken, number, service) for number, service in judged.granted_again],
    )
    for number, day in judged.permits:
        extend_permit(db, number, day)
    for number, service, last_day in judged.rights:
        grant(db, {number: last_day}, service, lift_until=judged.taken)


@dataclass(frozen=True, slots=True)
class _Window:
    """Which days a list must name: ``first`` is the first that ends after its iat, ``last`` after its exp."""

    first: int
    last: int

    @classmethod
    def of(cls, iat: int, offset_s: int) -> "_Window":
        """The window of a list dated ``iat`` (as ``verify.permits.permit_rows`` has it)."""
        return cls(day_at(iat, offset_s), day_at(iat + int(LIFETIME.total_seconds()), offset_s))


def _judge_slot(one: ListSnapshot, slot: Slot, window: _Window, now: int, judged: Judged) -> None:
    value, day = one.statuses.get(slot.place, VALID), slot.permit_day
    over = day is not None and day < window.first
    if value == SUSPENDED and not over and not slot.held and slot.lift_until < judged.taken:
        judged.held.append(slot.place)
    if value == VALID and slot.held:
        _unapproved(judged, "hold_not_lifted", one, slot.place, "nobody approved the end of its hold")
    if value == VALID and (slot.held or _is_shown(slot.lift_until, judged.taken, now)):
        judged.lifted.append(slot.place)
    if day is None:
        return
    said = one.permit_days.get(slot.place)
    if said is not None and said > day:
        reason, words = "permit_not_approved", "nobody approved so long a permit"
    elif value == VALID and over:
        reason, words = "permit_over", "its permit is over and it says valid"
    elif value == VALID and said is None and day < window.last and slot.at <= judged.taken - REPLACED_S:
        # Just signed, its codes still say the true day themselves: silence about it lengthens no stay.
        reason, words = "permit_not_listed", "its permit ends and is not in the list"
    else:
        return
    _unapproved(judged, reason, one, slot.place, words)
    # Where the list is silent, the true day lies beyond it.
    judged.permits.append((slot.number, window.last if said is None else said))


def _is_shown(lift_until: int, taken: int, now: int) -> bool:
    """Whether an act waits to be shown, and a snapshot of ``taken`` is not from before it."""
    return lift_until > now and lift_until - LIFT_S <= taken


def _judge_finals(
    db: sqlite3.Connection, one: ListSnapshot, slots: dict[int, Slot], iat: int, judged: Judged
) -> None:
    before = {
        index: (value, at)
        for index, value, at in db.execute("SELECT idx, value, at FROM final WHERE uri = ?", (one.uri,))
    }
    for index, (value, at) in before.items():
        if one.statuses.get(index, VALID) == value:
            continue
        ends = slots[index].exp + AFTER_EXP_S if index in slots else at + UNKNOWN_LIFE_S
        if ends > iat:
            words = f"{one.uri} index {index} says {value} for ever, not {one.statuses.get(index, VALID)}"
            raise KeysError("final_status", words)
    for index, value in one.statuses.items():
        if value in _FINAL and index not in before:
            judged.finals.append((index, value))


def _judge_replaced(
    db: sqlite3.Connection, one: ListSnapshot, slots: dict[int, Slot], taken: int, judged: Judged
) -> None:
    """A lost card does not open doors again because nobody says that it was replaced."""
    # The few later prints lead; the other order would look each of a hundred thousand slots up.
    rows = db.execute(
        "SELECT old.idx FROM slot AS new CROSS JOIN slot AS old"
        " ON old.number = new.number AND old.print_no < new.print_no"
        " WHERE new.print_no > 1 AND new.at <= ? AND old.uri = ? GROUP BY old.idx",
        (taken - REPLACED_S, one.uri),
    )
    for (index,) in rows:
        if one.statuses.get(index, VALID) == VALID and slots[index].exp > taken:
            words = "a later print of its card was signed, and it says valid"
            _unapproved(judged, "replaced_not_listed", one, index, words)


def _judge_moved(
    db: sqlite3.Connection, one: ListSnapshot, slots: dict[int, Slot], taken: int, judged: Judged
) -> None:
    """A phone whose card went to another one opens no doors any more."""
    rows = db.execute(
        "SELECT idx FROM phone JOIN moved USING (thumbprint) WHERE uri = ? AND moved.at <= ?",
        (one.uri, taken - REPLACED_S),
    )
    for (index,) in rows:
        if one.statuses.get(index, VALID) != REVOKED and slots[index].exp > taken:
            words = "its card went to another phone, and it does not say revoked"
            _unapproved(judged, "moved_not_listed", one, index, words)


def _judge_strangers(one: ListSnapshot, slots: dict[int, Slot], judged: Judged, demo: bool) -> None:
    """Indices that were never signed here may be tightened, and nothing else; a demo's console signs too."""
    if demo:
        return
    for index in one.permit_days.keys() - slots.keys():
        _unapproved(judged, "unknown_slot", one, index, "nothing was signed here for this index")


def _judge_rights(
    db: sqlite3.Connection,
    one: ListSnapshot,
    slots: dict[int, Slot],
    iat: int,
    now: int,
    judged: Judged,
    demo: bool,
) -> None:
    for service, rows in one.entitlements.items():
        approved = _approved_rights(db, one.uri, int(service))
        concerned = rows.keys() | {index for index, slot in slots.items() if slot.number in approved}
        for index in sorted(concerned):
            slot, right = slots.get(index), rows.get(index, Entitlement(AS_PRINTED))
            if slot is None:
                if right.value in _GIVEN and not demo:
                    _unapproved(judged, "unknown_slot", one, index, "nothing was signed here for this index")
            elif one.statuses.get(index, VALID) == VALID and (
                slot.exp > iat or (slot.is_phone and right.value in _GIVEN)
            ):
                # At any other status no door opens to it, whatever is granted.
                before = approved.get(slot.number, _NO_RIGHT)
                _judge_right(one, slot, service, right, before, now, judged)


def _judge_right(
    one: ListSnapshot,
    slot: Slot,
    service: Service,
    right: Entitlement,
    before: _Right,
    now: int,
    judged: Judged,
) -> None:
    if right.value == WITHDRAWN:
        if not before.withdrawn and before.lift_until < judged.taken:
            judged.withdrawn.append((slot.number, int(service)))
        return
    if before.withdrawn:
        _unapproved(judged, "not_granted", one, slot.place, f"{service.label} was withdrawn from it")
    if before.withdrawn or _is_shown(before.lift_until, judged.taken, now):
        judged.granted_again.append((slot.number, int(service)))
    if right.value == AS_PRINTED:
        return
    day = None if right.value == GRANTED else right.last_day
    if before.last_day is not None and (day is None or day > before.last_day):
        _unapproved(judged, "not_granted", one, slot.place, f"nobody granted it {service.label} so long")
        judged.rights.append((slot.number, int(service), day))


def _approved_rights(db: sqlite3.Connection, uri: str, service: int) -> dict[str, _Right]:
    rows = db.execute(
        "SELECT number, last_day, withdrawn, lift_until FROM granted WHERE service = ?1"
        " AND number IN"
        " (SELECT number FROM slot WHERE uri = ?2 UNION SELECT number FROM phone WHERE uri = ?2)",
        (service, uri),
    )
    return {number: _Right(last_day, bool(withdrawn), lift) for number, last_day, withdrawn, lift in rows}


def _slots(db: sqlite3.Connection, uri: str) -> dict[int, Slot]:
    rows = db.execute(
        " UNION ALL ".join(
            f"SELECT idx, {table}.number, {at}, exp, held, lift_until, permit_day FROM {table}"  # noqa: S608 - both are named below
            f" JOIN card ON card.number = {table}.number WHERE uri = ?1"
            for table, at in (("slot", "at"), ("phone", "0"))
        ),
        (uri,),
    )
    return {row[0]: Slot._make(row) for row in rows}


def _unapproved(judged: Judged, reason: str, one: ListSnapshot, index: int, words: str) -> None:
    judged.unapproved.append((reason, f"{one.uri} index {index}: {words}"))


def inherit_hold(db: sqlite3.Connection, number: str, uri: str, index: int) -> None:
    """Hold a new print as the card's others are held: a replacement ends no hold.

    A print that was reported lost is suspended by itself; then the card's phones tell whether it is held.
    """
    others = (
        "SELECT max(held), max(lift_until) FROM ("
        "SELECT held, lift_until FROM slot LEFT JOIN lost_print USING (uri, idx)"
        " WHERE slot.number = ?1 AND (uri, idx) <> (?2, ?3) AND lost_print.at IS NULL"
        " UNION ALL SELECT held, lift_until FROM phone LEFT JOIN final USING (uri, idx)"
        " LEFT JOIN moved USING (thumbprint)"
        " WHERE phone.number = ?1 AND value IS NULL AND moved.at IS NULL)"
    )
    held, lift_until = db.execute(others, (number, uri, index)).fetchone()
    if held is not None:
        change = "UPDATE slot SET held = ?, lift_until = ? WHERE uri = ? AND idx = ?"
        db.execute(change, (held, lift_until, uri, index))


def lift_holds(db: sqlite3.Connection, number: str, now: int) -> None:
    """End the holds of every index of a card; a lost print was found."""
    db.execute("DELETE FROM lost_print WHERE number = ?", (number,))
    for table in _HOLDERS:
        change = f"UPDATE {table} SET held = 0, lift_until = ? WHERE number = ?"  # noqa: S608 - the tables are named above
        db.execute(change, (now + LIFT_S, number))


def lengthen_stay(db: sqlite3.Connection, number: str, day: int, *, today: int, now: int) -> None:
    """Let lists say the later day from now on; it ends no hold.

    A permit that is over suspends as a hold does. The records learn of the later day after the ledger, and a
    list between both would look like a hold here.
    """
    for table in _HOLDERS:
        change = (
            f"UPDATE {table} SET lift_until = ?1 WHERE number = ?2 AND held = 0"  # noqa: S608 - the tables are named above
            " AND (SELECT permit_day FROM card WHERE card.number = ?2) <= ?3"
        )
        db.execute(change, (now + LIFT_S, number, today))
    extend_permit(db, number, day)


def extend_permit(db: sqlite3.Connection, number: str, day: int) -> None:
    """Let lists say the later day; an earlier one changes nothing."""
    db.execute(
        "UPDATE card SET permit_day = ? WHERE number = ? AND (permit_day IS NULL OR permit_day < ?)",
        (day, number, day),
    )


def grant(db: sqlite3.Connection, days: Mapping[str, int | None], service: int, *, lift_until: int) -> None:
    """Let lists grant the service to each card's day, in place of what was; a withdrawal ends."""
    db.executemany(
        "INSERT INTO granted (number, service, last_day, lift_until) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET last_day = excluded.last_day, withdrawn = 0,"
        " lift_until = excluded.lift_until",
        [(number, service, last_day, lift_until) for number, last_day in days.items()],
    )


def grant_beside(db: sqlite3.Connection, number: str, days: Mapping[int, int | None]) -> None:
    """Let lists grant what a print was signed with beside its codes, by service.

    Where a department has spoken about the service, its word stands: the request may be older than that.
    """
    db.executemany(
        "INSERT INTO granted (number, service, last_day) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(number, service, last_day) for service, last_day in days.items()],
    )
