"""A case as one member of staff may see it: what was typed, what is wrong with it, what may be done now."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cardsvc.desk.actor import APPROVER, CLERK, Actor
from cardsvc.desk.approving import findings_of, known_facts, warned
from cardsvc.desk.cases import OPEN, declared_of
from cardsvc.desk.duplicates import Likely, duplicates
from cardsvc.desk.judging import Difference, Told, differences_of, exceptions_of, filled, judge
from cardsvc.installation import Site
from cardsvc.records import CaseRecord, CaseState, Transaction


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a history."""

    at: datetime
    by: str
    action: str
    details: Mapping[str, str]
    note: str | None
    words: str


#: What the audit's names of acts say to people; details that are no secret are put behind.
ACTIONS: Mapping[str, str] = {
    "case_opened": "opened",
    "case_taken_over": "taken over",
    "case_submitted": "submitted",
    "case_recalled": "taken back to be corrected",
    "case_withdrawn": "withdrawn",
    "case_returned": "returned",
    "case_refused": "refused",
    "case_looked_at": "looked at",
    "case_issued": "issued",
    "card_reserved": "card reserved",
    "card_issued": "card signed and recorded",
    "print_given_up": "reservation given up",
    "card_suspended": "suspended",
    "card_reinstated": "holds lifted",
    "card_revoked": "revoked for ever",
    "card_extended": "stay extended",
    "card_granted": "service granted",
    "card_withdrawn": "service withdrawn",
    "card_ended": "ended",
    "replacement_reserved": "new print reserved",
    "act_requested": "act asked for",
    "act_refused": "act refused",
    "act_recorded": "act signed",
    "print_job_made": "sent to print",
    "card_printed": "printed",
    "card_spoiled": "blank spoiled",
    "files_written": "files written",
    "held_back": "held back from printing",
    "issue_repeated": "files written again",
    "chip_reserved": "chip reserved",
    "chip_issued": "chip signed",
    "chip_written": "chip written",
}
#: Members of an audit entry's details that are worth a word.
TELLING = ("act", "card", "reason", "service", "until", "permit_until", "print", "approved_by", "from")


def case_view(site: Site, tx: Transaction, record: CaseRecord, actor: Actor, now: datetime) -> dict[str, Any]:
    """The whole case; personal, and for staff of its offices alone."""
    content, raw = record.content, record.content["application"]
    judged = judge(raw, has_portrait=record.has_portrait, settings=site.settings, now=now)
    over = record.state in (CaseState.ISSUED, CaseState.REFUSED, CaseState.WITHDRAWN)
    likely = [] if over else duplicates(tx, raw, now, actor, besides=record.id)
    exceptions: list[Told] = []
    if judged.application is not None and not over:
        exceptions = exceptions_of(judged.application, findings_of(record), warned(likely), now)
    who = filled(raw, now)
    known = None
    if not over and isinstance(who.get("passport"), str) and isinstance(who.get("passport_country"), str):
        known = known_facts(tx, str(who["passport_country"]), str(who["passport"]))
    differs = differences_of(raw, known, now, declared=declared_of(record))
    openings = tx.cases.openings([record.id]).get(record.id, {})
    return {
        "id": record.id,
        "reference": record.reference,
        "version": record.version,
        "state": record.state.value,
        "office": record.office,
        "owner": record.owner,
        "submitted_by": record.submitted_by,
        "submitted_at": record.submitted_at,
        "decided_by": record.decided_by,
        "decided_at": record.decided_at,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "family": record.family,
        "application": dict(raw),
        "portrait": _portrait(record),
        "errors": []
        if over
        else [told_error(error.field, error.reason, str(error)) for error in judged.errors],
        "warnings": [warning_view(one) for one in likely],
        "exceptions": [told(one) for one in exceptions],
        "differences": [] if over else [difference(one) for one in differs],
        "card_number": record.card_number,
        "refusal": content.get("refusal"),
        "returned": _returned(record),
        "declared": _declared(record),
        "opened_by": sorted(staff for staff, version in openings.items() if version == record.version),
        "allowed": allowed(record, actor, ready=judged.application is not None),
    }


def allowed(record: CaseRecord, actor: Actor, *, ready: bool) -> list[str]:
    """What this member of staff may do with the case as it is now."""
    may = []
    if actor.role == CLERK:
        if record.state in OPEN:
            may += ["edit", "withdraw"] + (["submit"] if ready else [])
        if record.state is CaseState.SUBMITTED:
            may += ["recall", "withdraw"]
    if actor.role == APPROVER and record.state is CaseState.SUBMITTED and record.submitted_by != actor.id:
        may += ["return", "refuse", "approve"]
    return may


def history(tx: Transaction, subject: str, notes: Sequence[Mapping[str, str]] = ()) -> list[Entry]:
    """What the audit knows of a case or a card, with the words that lie sealed beside it, oldest first."""
    waiting = list(notes)
    found = []
    for entry in tx.audit.of_subject(subject):
        details = json.loads(entry.details)
        words = ACTIONS.get(entry.action, entry.action.replace("_", " "))
        telling = {name: str(details[name]) for name in TELLING if details.get(name)}
        note = waiting.pop(0)["words"] if waiting and waiting[0]["action"] == entry.action else None
        said = [f"{name.replace('_', ' ')}: {value}" for name, value in telling.items()]
        at = datetime.fromtimestamp(entry.time, UTC)
        line = "; ".join(filter(None, [words, *said, note]))
        found.append(Entry(at, entry.actor, entry.action, telling, note or None, line))
    return found


def warning_view(one: Likely) -> dict[str, Any]:
    """Somebody who may be the same person, with where the face is."""
    face = f"/api/desk/faces/card/{one.card}" if one.card else f"/api/desk/faces/case/{one.case}"
    return {
        "kind": one.kind,
        "card": one.card,
        "case": one.case,
        "words": one.words,
        "score": one.score,
        "name": one.name,
        "birth": one.birth,
        "face": face,
    }


def told(one: Told) -> dict[str, str]:
    """Reason and words."""
    return {"reason": one.reason, "words": one.words}


def told_error(field: str, reason: str, words: str) -> dict[str, str]:
    """What is wrong with a field."""
    return {"field": field, "reason": reason, "words": words}


def difference(one: Difference) -> dict[str, str]:
    """Where the application is not what was known."""
    return {"field": one.field, "source": one.source, "known": one.known, "now": one.now, "words": one.words}


def _portrait(record: CaseRecord) -> dict[str, Any]:
    made = record.content.get("portrait") if record.has_portrait else None
    return {
        "present": made is not None,
        "size": made["size"] if made else None,
        "crop": made["crop"] if made else None,
        "findings": [told(one) for one in findings_of(record)] if made else [],
    }


def _declared(record: CaseRecord) -> dict[str, str] | None:
    """From which application of a phone the case was made."""
    declared = record.content.get("declared")
    return None if declared is None else {"reference": declared["reference"], "at": declared["at"]}


def _returned(record: CaseRecord) -> dict[str, str] | None:
    """Why a draft came back, while it has not been submitted again."""
    notes = record.content["notes"]
    if record.state not in OPEN or not notes:
        return None
    last: dict[str, str] = notes[-1]
    return {"by": last["by"], "at": last["at"], "words": last["words"]}
