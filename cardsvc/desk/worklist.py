"""The desk's list of work: cases by what they wait for, found by name, passport, reference or card."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cardsvc.desk import likeness
from cardsvc.desk.actor import Actor
from cardsvc.desk.approving import findings_of
from cardsvc.desk.cases import OPEN, declared_of
from cardsvc.desk.caseview import told_error
from cardsvc.desk.judging import differences_of, display_name, exceptions_of, filled, judge
from cardsvc.errors import ServiceError
from cardsvc.installation import Site
from cardsvc.records import CaseRecord, CaseState, Page, Transaction
from cardsvc.records.sealing import normalised
from cardsvc.records.traces import CASE, PERSON_KIND
from issuance.errors import FieldError
from issuance.names import mrz_components
from issuance.number import check_number

CLERK_WAITS, APPROVAL, PRINTING, NOBODY = "clerk", "approval", "printing", "nobody"
#: Which states a case is in while it waits for somebody; an issued one waits until it is printed.
_WAITING: dict[str, tuple[CaseState, ...]] = {
    CLERK_WAITS: tuple(OPEN),
    APPROVAL: (CaseState.SUBMITTED, CaseState.APPROVING),
    PRINTING: (CaseState.ISSUED,),
    NOBODY: (CaseState.ISSUED, CaseState.REFUSED, CaseState.WITHDRAWN),
}
MAX_PAGE = 200
MAX_SEARCH = 200
#: Words beside a row: the first few errors say enough.
MOST_WHY = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the list: everything is optional."""

    state: str | None = None
    office: str | None = None
    search: str | None = None
    waiting_for: str | None = None
    before: str | None = None
    limit: int = 50


def worklist(site: Site, actor: Actor, wanted: Wanted, now: datetime) -> dict[str, Any]:
    """Rows, counts by state, and where the next page begins."""
    offices = _offices(actor, wanted.office)
    limit = max(1, min(wanted.limit, MAX_PAGE))
    with site.store.reading() as tx:
        ids = None if not (wanted.search or "").strip() else cases_found(tx, str(wanted.search))
        cards = None
        if wanted.waiting_for == PRINTING:
            cards = [number for number, _ in tx.print_jobs.unprinted(offices=offices)]
        place = _place(wanted.before)
        records = tx.cases.page(Page(offices, _states(wanted), ids, cards, place, limit + 1))
        numbers = [one.card_number for one in records if one.card_number is not None]
        unprinted = {number for number, _ in tx.print_jobs.unprinted(MAX_PAGE, numbers)}
        rows = [_row(site, record, unprinted, now) for record in records[:limit]]
        counts = tx.cases.counts(offices)
    if wanted.waiting_for is not None:
        rows = [row for row in rows if row["waiting_for"] == wanted.waiting_for]
    more = records[limit - 1] if len(records) > limit else None
    return {
        "rows": rows,
        "counts": {state.value: counts.get(state, 0) for state in CaseState},
        "next": None if more is None else _cursor(more),
    }


def things_of(search: str) -> list[likeness.Thing]:
    """What a typed search looks for: every word has to fit, whatever it is."""
    return [(likeness.WORD, word) for word in mrz_components(search) or tuple(search.upper().split())]


def cases_found(tx: Transaction, search: str) -> list[str]:
    """Cases by words of a name, a passport, a reference or a card's number."""
    search = search.strip()[:MAX_SEARCH]
    found = set(tx.traces.with_all(CASE, things_of(search)))
    found |= set(tx.traces.with_all(CASE, [(likeness.WORD, word) for word in search.upper().split()]))
    for thing in ((likeness.PASSPORT, normalised(search)), (likeness.REFERENCE, search)):
        found |= set(tx.traces.with_all(CASE, [thing]))
    found |= set(tx.traces.with_all(CASE, [(likeness.REFERENCE, search.upper())]))
    number = card_number(search)
    case = None if number is None else tx.cases.of_card(number)
    return sorted(found if case is None else found | {case.id})


def people_found(tx: Transaction, search: str) -> list[str]:
    """People with cards by words of a name or a passport."""
    search = search.strip()[:MAX_SEARCH]
    found = set(tx.traces.with_all(PERSON_KIND, things_of(search)))
    found |= set(tx.traces.with_all(PERSON_KIND, [(likeness.WORD, word) for word in search.upper().split()]))
    found |= set(tx.traces.with_all(PERSON_KIND, [(likeness.PASSPORT, normalised(search))]))
    return sorted(found)


def card_number(text: str) -> str | None:
    """A card's number, if the text is one."""
    try:
        return check_number(text)
    except FieldError:
        return None


def _row(site: Site, record: CaseRecord, unprinted: set[str], now: datetime) -> dict[str, Any]:
    fields = filled(record.content["application"], now)
    waits = NOBODY
    why: list[dict[str, str | None]] = []
    if record.state in OPEN:
        waits = CLERK_WAITS
        judged = judge(
            record.content["application"],
            has_portrait=record.has_portrait,
            settings=site.settings,
            now=now,
        )
        why = [{**told_error(one.field, one.reason, str(one))} for one in judged.errors[:MOST_WHY]]
        if record.content["notes"]:
            note = record.content["notes"][-1]["words"]
            why.insert(0, {"field": None, "reason": "returned", "words": note})
    elif record.state in (CaseState.SUBMITTED, CaseState.APPROVING):
        waits = APPROVAL
        why = _unusual(site, record, now)
    elif record.state is CaseState.ISSUED and record.card_number in unprinted:
        waits = PRINTING
    return {
        "id": record.id,
        "reference": record.reference,
        "name": display_name(fields),
        "name_native": fields.get("name_native"),
        "name_chinese": fields.get("name_chinese"),
        "nationality": fields.get("nationality"),
        "state": record.state.value,
        "waiting_for": waits,
        "why": why,
        "since": record.updated_at,
        "owner": record.owner,
        "submitted_by": record.submitted_by,
        "office": record.office,
        "family": record.family,
        "version": record.version,
        "card_number": record.card_number,
    }


def _unusual(site: Site, record: CaseRecord, now: datetime) -> list[dict[str, str | None]]:
    """What an approver reads first, but for other people like this one: those take a search each."""
    raw = record.content["application"]
    # Its texts were fitted when it was submitted, and are again before it is approved.
    judged = judge(raw, has_portrait=record.has_portrait, settings=site.settings, now=now, fit=False)
    if judged.application is None:
        return []
    found: list[dict[str, str | None]] = []
    for one in differences_of(raw, None, now, declared=declared_of(record)):
        found.append({"field": one.field, "reason": "disagrees", "words": one.words})
    for told in exceptions_of(judged.application, findings_of(record), (), now):
        found.append({"field": None, "reason": told.reason, "words": told.words})
    return found[:MOST_WHY]


def _offices(actor: Actor, office: str | None) -> Sequence[str]:
    if office is None:
        return sorted(actor.offices)
    return [office] if office in actor.offices else []


def _states(wanted: Wanted) -> Sequence[CaseState]:
    if wanted.state is not None:
        try:
            return [CaseState(wanted.state)]
        except ValueError:
            raise ServiceError("unknown_state", "there is no such state of a case") from None
    if wanted.waiting_for is None:
        return ()
    if wanted.waiting_for not in _WAITING:
        raise ServiceError("unknown_state", f"cases wait for {', '.join(_WAITING)}")
    return _WAITING[wanted.waiting_for]


def _cursor(record: CaseRecord) -> str:
    place = json.dumps([int(record.updated_at.timestamp()), record.id])
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(before: str | None) -> tuple[datetime, str] | None:
    if before is None:
        return None
    try:
        at, case = json.loads(base64.urlsafe_b64decode(before))
        return datetime.fromtimestamp(int(at), UTC), str(case)
    except (ValueError, TypeError, binascii.Error, OverflowError, OSError):
        raise ServiceError("bad_cursor", "this is no place in the list; begin again") from None
