"""Lists of cards that a department grants its service to, or withdraws it from.

A list is read first: every line says what would become of it, and nothing is done. Then one touch of the
department's key allows all its grants, the signer takes note, and any process carries the lines out, some at
a time; a withdrawal and an earlier day need no key, for they only tighten. A department learns of a card no
more than whether it can be granted its own service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from cardsvc.desk import asserting
from cardsvc.desk.cases import checked_words
from cardsvc.desk.life import NOBODY, CardLife, People
from cardsvc.desk.parts import in_parts
from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records import (
    ACT_RECORDED,
    CardRecord,
    Conflict,
    EntitlementRecord,
    EntitlementValue,
    Transaction,
    Unavailable,
)
from cardsvc.records.cards import LIVING
from cardsvc.records.rights import RightsLineRecord, RightsListRecord
from cardsvc.records.rights_tables import LineState, ListState
from cardsvc.staff.caller import Caller
from issuance.errors import FieldError
from issuance.number import check_number
from keys.errors import KeysError
from keys.requests import MAX_NUMBERS, Asked, GrantRequest, challenge_of
from verify.days import day_at, day_number
from verify.errors import CardsvcError
from verify.services import Service

GRANT, WITHDRAW = "grant", "withdraw"
#: Lines of one list: as many as one touch of a key may grant.
MOST_LINES: Final = MAX_NUMBERS
#: Lines carried out in one transaction: others wait for it.
AT_ONCE: Final = 50
#: A list that nobody carried out is wanted by nobody; one that was is looked at again within a month.
OPEN_KEPT: Final = timedelta(days=7)
DONE_KEPT: Final = timedelta(days=30)
#: What of a text that is no card's number is kept, to be recognised: its digits, and no more of them.
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line as it came: its number in the file, what should be a card's number, and a last day."""

    line: int
    number: str
    until: date | None


def make_list(
    tx: Transaction,
    caller: Caller,
    service: Service,
    act: str,
    reason: str,
    wanted: Sequence[Wanted],
    now: datetime,
    day_offset_s: int,
) -> str:
    """Read a list and keep it, with what would become of each line; nothing is done yet."""
    check_owner(caller, service)
    today = day_at(int(now.timestamp()), day_offset_s)
    reader = _Reader(tx, service, act, today, wanted)
    lines = [reader.read(one) for one in wanted]
    values = {
        "service": int(service),
        "act": act,
        "reason": checked_words(reason),
        "made_by": caller.id,
        "made_at": now,
    }
    row = tx.rights_lists.add(values, lines)
    details = {"service": service.label, "act": act, "lines": len(lines)}
    tx.audit.append(caller.id, "rights_list_made", row, details, now)
    return row


def check_owner(caller: Caller, service: Service) -> None:
    """Let a department see and change its own services alone; raises ``not_your_service``."""
    if int(service) not in caller.services:
        raise ServiceError(
            "not_your_service", f"{caller.id} does not own {service.label}; its department does"
        )


def found(tx: Transaction, caller: Caller, row: str) -> RightsListRecord:
    """A list of the caller's services; raises ``list_not_found``, ``not_your_service``."""
    record = tx.rights_lists.get(row)
    check_owner(caller, Service(record.service))
    return record


def challenge(
    site: ServedInstallation, caller: Caller, row: str, now: datetime, *, fresh: bool
) -> tuple[dict[str, Any], datetime]:
    """What the department's key is to sign, and until when; raises ``no_approver_key``, ``nothing_to_do``.

    Earlier days are taken before the signer has seen the key (:func:`_shorten`): as with a withdrawal, who
    asks for them has proved in the last minutes who it is (``fresh``), or gets ``step_up_needed``.
    """
    with site.store.reading() as tx:
        record = _open(tx, caller, row, GRANT)
        lines = tx.rights_lists.lines(row, state=LineState.READY)
        shorter = _shorter(tx, record, lines)
    if not lines:
        raise ServiceError("nothing_to_do", "no line of this list can be granted; see why beside each")
    if shorter and not fresh:
        words = f"{len(shorter)} cards would get an earlier day: prove once more that it is you"
        raise ServiceError("step_up_needed", f"{words}, then repeat this")
    keys = asserting.keys_of(site, caller.id)
    asked = Asked(caller.id, caller.above, site.nonce(caller.id, now), int(now.timestamp()))
    request = GrantRequest(asked, {one.number: one.last_day for one in lines}, record.service).encode()
    expires = now + asserting.LIFE
    with site.store.transaction() as tx:
        _open(tx, caller, row, GRANT)
        values = {"request": request, "expires": expires, "decided_by": caller.id}
        tx.rights_lists.move(row, ListState.OPEN, values)
    return asserting.options(site, keys, request), expires


def grant(
    site: ServedInstallation, caller: Caller, row: str, credential: Mapping[str, Any], now: datetime
) -> None:
    """Take the key's answer and tell the signer; the lines are carried out from then on."""
    with site.store.transaction() as tx:
        record = _open(tx, caller, row, GRANT)
        if record.decided_by != caller.id or record.request is None:
            raise ServiceError("credential_missing", "ask for a challenge first, then touch the key")
        if record.expires is None or record.expires <= now:
            raise ServiceError("act_over", "the challenge ran out; ask for another")
        answer = asserting.packed(asserting.read_credential(caller.id, credential))
        tx.rights_lists.move(row, ListState.OPEN, {"state": ListState.ASSERTED, "assertion": answer})
    tell_signer(site, row, now)


def withdraw(site: ServedInstallation, caller: Caller, row: str, now: datetime) -> None:
    """Have a list of withdrawals carried out; no key is needed for what only tightens."""
    with site.store.transaction() as tx:
        _open(tx, caller, row, WITHDRAW)
        if not tx.rights_lists.lines(row, state=LineState.READY, limit=1):
            raise ServiceError(
                "nothing_to_do", "no line of this list is to be withdrawn; see why beside each"
            )
        values = {"state": ListState.WORKING, "decided_by": caller.id, "decided_at": now}
        tx.rights_lists.move(row, ListState.OPEN, values)


def drop(site: ServedInstallation, caller: Caller, row: str, now: datetime) -> None:
    """Put a list away that was not carried out."""
    with site.store.transaction() as tx:
        record = found(tx, caller, row)
        if record.state is not ListState.OPEN:
            raise ServiceError("list_over", f"the list is {record.state.value}; it cannot be dropped")
        tx.rights_lists.move(row, ListState.OPEN, {"state": ListState.DROPPED})
        tx.audit.append(caller.id, "rights_list_dropped", row, {}, now)


def tell_signer(site: ServedInstallation, row: str, now: datetime) -> None:
    """Have the signer take note of a list whose key has spoken; again, it finds it noted."""
    try:
        _tell(site, row, now)
    except Conflict as error:
        if error.reason != "list_moved":
            raise
        with site.store.reading() as tx:
            if tx.rights_lists.get(row).state not in (ListState.WORKING, ListState.DONE):
                raise
        # Another process told it meanwhile: the jobs take whatever is asserted.


def _tell(site: ServedInstallation, row: str, now: datetime) -> None:
    with site.store.reading() as tx:
        record = tx.rights_lists.get(row)
    if record.state is not ListState.ASSERTED or record.request is None or record.assertion is None:
        return
    _shorten(site, record, now)
    approval = asserting.unpacked(record.assertion)
    try:
        site.signer.record_act(record.request, approval)
    except KeysError as error:
        if not asserting.is_kept(error.reason, record.expires, now):
            with site.store.transaction() as tx:
                back = {"state": ListState.OPEN, "assertion": None}
                tx.rights_lists.move(row, ListState.ASSERTED, back)
                tx.audit.append(approval.staff, "act_not_believed", row, {"reason": error.reason}, now)
        raise
    with site.store.transaction() as tx:
        tx.rights_lists.move(row, ListState.ASSERTED, {"state": ListState.WORKING, "decided_at": now})
        details = {"act": GRANT, "request": row, "approved": challenge_of(record.request).hex()}
        tx.audit.append(approval.staff, ACT_RECORDED, row, details, now)


def _shorten(site: ServedInstallation, record: RightsListRecord, now: datetime) -> None:
    """Have the records say an earlier day before the signer hears of it, for cards granted to a later one.

    The signer takes note of all lines at once, the records follow some at a time, and a bundle that says more
    than is granted is refused. Said before, it only tightens: wherever a process is killed, the next one goes
    on, and the lines are carried out with all others.
    """
    with site.store.reading() as tx:
        waiting = _shorter(tx, record, tx.rights_lists.lines(record.id, state=LineState.READY))
    if not waiting or record.decided_by is None:
        return
    life = CardLife(site, People(record.decided_by, NOBODY), now)
    for lines in in_parts(waiting):
        with site.store.transaction() as tx:
            if tx.rights_lists.get(record.id).state is not ListState.ASSERTED:
                return
            for line in _shorter(tx, record, lines):
                _carried_out(tx, life, record, line)


def _shorter(
    tx: Transaction, record: RightsListRecord, lines: Sequence[RightsLineRecord]
) -> list[RightsLineRecord]:
    """Of these lines those whose cards are granted the service to a later day, or to their end."""
    held = _held(tx, record.service, [one.number for one in lines])
    return [one for one in lines if one.last_day is not None and _lasts(held.get(one.number), one.last_day)]


def carry_out(site: ServedInstallation, row: str, now: datetime) -> int:
    """Do some lines of a list, one transaction; how many. Any number of processes may."""
    with site.store.reading() as tx:
        record = tx.rights_lists.get(row)
    if record.state is not ListState.WORKING or record.decided_by is None:
        return 0
    life = CardLife(site, People(record.decided_by, NOBODY), now)
    with site.store.transaction() as tx:
        if tx.rights_lists.get(row).state is not ListState.WORKING:
            return 0
        lines = tx.rights_lists.lines(row, state=LineState.READY, limit=AT_ONCE)
        held = _held(tx, record.service, [one.number for one in lines])
        tx.rights_lists.settle(
            replace(one, state=LineState.DONE)
            if _says(held.get(one.number), record.act, one.last_day)
            else _carried_out(tx, life, record, one)
            for one in lines
        )
        if len(lines) < AT_ONCE:
            tx.rights_lists.move(row, ListState.WORKING, {"state": ListState.DONE})
            counts = tx.rights_lists.counts([row])[row]
            tx.audit.append(record.decided_by, "rights_list_done", row, dict(counts), now)
    return len(lines)


def _carried_out(
    tx: Transaction, life: CardLife, record: RightsListRecord, line: RightsLineRecord
) -> RightsLineRecord:
    """One line; a card that came to its end meanwhile fails alone."""
    try:
        life.entitle(
            tx, line.number, Service(record.service), _value(record.act, line.last_day), line.last_day
        )
    except Unavailable:
        raise
    except CardsvcError as error:
        return replace(line, state=LineState.FAILED, reason=error.reason)
    return replace(line, state=LineState.DONE)


def _open(tx: Transaction, caller: Caller, row: str, act: str) -> RightsListRecord:
    record = found(tx, caller, row)
    if record.state is not ListState.OPEN or record.act != act:
        raise ServiceError("list_over", f"the list is {record.act}, {record.state.value}; look at it again")
    return record


def _held(tx: Transaction, service: int, numbers: Sequence[str]) -> dict[str, EntitlementRecord]:
    """What was said of these cards and the service beyond their print."""
    return {one.card_number: one for one in tx.entitlements.of_cards(numbers) if one.service == service}


def _lasts(held: EntitlementRecord | None, day: int) -> bool:
    """Whether what is granted lasts longer than to that day."""
    if held is None or held.value is EntitlementValue.WITHDRAWN:
        return False
    return held.last_day is None or held.last_day > day


def _says(held: EntitlementRecord | None, act: str, last_day: int | None) -> bool:
    """Whether the records say it already."""
    return held is not None and (held.value, held.last_day) == (_value(act, last_day), last_day)


def _value(act: str, last_day: int | None) -> EntitlementValue:
    if act == WITHDRAW:
        return EntitlementValue.WITHDRAWN
    return EntitlementValue.GRANTED if last_day is None else EntitlementValue.UNTIL


class _Reader:
    """Reads lines one after the other, and knows which cards came before."""

    def __init__(
        self, tx: Transaction, service: Service, act: str, today: int, wanted: Sequence[Wanted]
    ) -> None:
        self._service, self._act, self._today = service, act, today
        numbers = sorted({number for number in map(_number, wanted) if number is not None})
        self._cards = tx.cards.get_many(numbers)
        self._held = _held(tx, service, numbers)
        self._seen: set[str] = set()

    def read(self, one: Wanted) -> dict[str, object]:
        """The line as it is recorded."""
        number, day = _number(one), None if one.until is None else day_number(one.until)
        state, reason = (LineState.REFUSED, "wrong_number") if number is None else self._judge(number, day)
        return {
            "line": one.line,
            "number": number or _digits(one.number),
            # Days before ours are refused below; the records need not hold them.
            "last_day": day if day is None or day >= 0 else None,
            "state": state,
            "reason": reason,
        }

    def _judge(self, number: str, last_day: int | None) -> tuple[LineState, str | None]:
        card, reason = self._cards.get(number), None
        if number in self._seen:
            reason = "twice_in_list"
        elif card is None:
            reason = "card_not_found"
        elif card.state not in LIVING:
            reason = "card_is_final"
        elif self._act == GRANT:
            reason = self._day_refused(card, last_day)
        self._seen.add(number)
        if reason is not None:
            return LineState.REFUSED, reason
        if card is not None and self._is_so(card, self._held.get(number), last_day):
            return LineState.UNCHANGED, "already_so"
        return LineState.READY, None

    def _day_refused(self, card: CardRecord, last_day: int | None) -> str | None:
        if card.valid_until < self._today:
            return "card_over"
        if last_day is not None and last_day < self._today:
            return "day_passed"
        return "beyond_card" if last_day is not None and last_day > card.valid_until else None

    def _is_so(self, card: CardRecord, held: EntitlementRecord | None, last_day: int | None) -> bool:
        """Whether it holds already, by a list or by print."""
        if held is not None:
            return _says(held, self._act, last_day)
        printed = bool(card.services >> int(self._service) & 1)
        if self._act == WITHDRAW:
            return not printed
        return printed and card.service_days.get(int(self._service)) == last_day


def _number(one: Wanted) -> str | None:
    try:
        return check_number(one.number)
    except FieldError:
        return None


def _digits(text: str) -> str:
    """What of a text that is no card's number may be shown again: it may as well be somebody's name."""
    return "".join(mark for mark in text if mark.isascii() and mark.isdigit())[:_SHOWN]
