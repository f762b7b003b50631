"""Applications that residents sent from their phones: seen, answered and taken over by the desk.

Taken over, everything is typed already: a draft with all fields and the portrait. What the resident said of
the passport stays beside it and is compared once a clerk has read the real one; lines that a resident typed
are no reading of a passport. Nothing of it is left where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from cardsvc.desk import likeness
from cardsvc.desk.cases import OPEN, CaseDesk
from cardsvc.desk.families import Families
from cardsvc.desk.judging import PORTRAIT, display_name, filled, judge, lines_read
from cardsvc.errors import ServiceError
from cardsvc.records import Transaction
from cardsvc.records.preapplications import PreRecord, PreState
from issuance.names import mrz_components
from keys.approvals import fingerprint_of
from verify.days import date_of, day_number

#: What a resident may be asked to bring; every language has words for each.
BRING: Final = ("passport", "permit", "portrait", "guardian", "company", "school", "family")
HALVES: Final = ("am", "pm")
#: A week's work of a centre; more are found by their reference.
MOST: Final = 500
#: So long a case may be on its way, and so long its phone may ask for the card afterwards.
KEPT_TAKEN: Final = timedelta(days=180)
#: Who is late for an appointment comes the week after.
KEPT_AFTER: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Meeting:
    """When and where the resident is asked to come."""

    office: str
    day: date
    half: str


class PreDesk:
    """What a clerk does with applications from phones, at one instant."""

    def __init__(self, desk: CaseDesk) -> None:
        """Act as the member of staff whose desk it is."""
        self._desk, self._site = desk, desk.installation

    def rows(self, search: str = "", day: date | None = None) -> list[dict[str, Any]]:
        """Those that want to come to the actor's offices; the next to come stand first."""
        with self._site.store.reading() as tx:
            found = tx.preapplications.waiting(self._desk.actor.offices, MOST)
            rows = [self._row(one) for one in found if _fits(one, search, self._desk)]
        if day is not None:
            rows = [row for row in rows if row["day"] == day]
        return sorted(rows, key=lambda row: (row["day"] is None, row["day"] or date.min, row["half"] or ""))

    def count(self) -> int:
        """How many want to come to the actor's offices."""
        with self._site.store.reading() as tx:
            return tx.preapplications.count_waiting(self._desk.actor.offices)

    def view(self, reference: str) -> dict[str, Any]:
        """All of one; whoever has its reference in hand may see it, at any office. The look is audited."""
        with self._site.store.transaction() as tx:
            record = self._found(tx, reference)
            tx.audit.append(self._desk.actor.id, "preapplication_seen", record.reference, {}, self._desk.now)
            raw = record.content.get("application", {})
            errors = self._errors(record)
            portrait = record.content.get(PORTRAIT)
            return self._row(record) | {
                "application": dict(raw),
                "errors": errors,
                "findings": []
                if portrait is None
                else [{"reason": reason, "words": words} for reason, words in portrait["findings"]],
                "fingerprint": fingerprint_of(record.thumbprint),
                "kept_until": record.expires_at.date(),
                "case": record.case_id,
                "family": [self._row(one) for one in self._family(tx, record) if one.id != record.id],
            }

    def picture(self, reference: str) -> bytes:
        """The portrait as it would be printed; raises ``portrait_missing``."""
        with self._site.store.reading() as tx:
            record = self._found(tx, reference)
            found = tx.preapplications.picture(record.id)
        if found is None:
            raise ServiceError("portrait_missing", "there is no portrait yet")
        return found

    def take(self, reference: str, seen: str | None, *, alone: bool) -> list[dict[str, str]]:
        """Make drafts of it, and of all that came together with it unless ``alone``.

        ``seen`` are the digits that stood on the phone's screen, where it was scanned: they bind the phone's
        key to who stands at the desk. Raises ``other_phone`` where they are not those of the application.
        Taken over twice, it is the same case.
        """
        with self._site.store.transaction() as tx:
            record = self._found(tx, reference)
            if seen is not None and _digits(seen) != _digits(fingerprint_of(record.thumbprint)):
                words = "the digits on this phone are not those of the phone that sent it"
                raise ServiceError("other_phone", words)
            wanted = [record] if alone else self._family(tx, record)
            taken = {one.id: self._take(tx, one, one.id == record.id and seen is not None) for one in wanted}
        self._join(wanted, taken)
        return [{"reference": one.reference, "case": taken[one.id]} for one in wanted]

    def answer(self, reference: str, meeting: Meeting | None, bring: Sequence[str]) -> dict[str, Any]:
        """Say when to come, and what to bring.

        Raises ``bad_wish``, ``unknown_thing``, ``preapplication_taken``.
        """
        strangers = sorted(set(bring) - set(BRING))
        if strangers:
            raise ServiceError("unknown_thing", f"a resident can be asked for {', '.join(BRING)}")
        with self._site.store.transaction() as tx:
            record = self._waiting(tx, reference)
            values: dict[str, Any] = {"content": dict(record.content) | {"bring": list(dict.fromkeys(bring))}}
            if meeting is not None:
                self._check(tx, meeting)
                values |= {
                    "meeting_office": meeting.office,
                    "meeting_day": day_number(meeting.day),
                    "meeting_half": meeting.half,
                    "expires_at": max(record.expires_at, kept_for(meeting.day)),
                }
            tx.preapplications.change(record.id, PreState.WAITING, values)
            details = {"bring": len(bring), "meeting": meeting is not None}
            tx.audit.append(
                self._desk.actor.id, "preapplication_answered", record.reference, details, self._desk.now
            )
        return self.view(reference)

    def drop(self, reference: str) -> None:
        """Delete what nobody means; raises ``preapplication_taken``."""
        with self._site.store.transaction() as tx:
            record = self._waiting(tx, reference)
            tx.preapplications.forget(record.id)
            tx.audit.append(
                self._desk.actor.id, "preapplication_dropped", record.reference, {}, self._desk.now
            )

    def _take(self, tx: Transaction, record: PreRecord, seen: bool) -> str:
        if record.case_id is not None:
            return record.case_id
        actor, now = self._desk.actor, self._desk.now
        raw = dict(record.content["application"])
        declared = {"application": raw, "reference": record.reference, "at": record.updated_at.isoformat()}
        # The passport was not read yet: what its lines said on the phone is typed text like all the rest.
        begun = filled(raw, now) | {"reference": record.reference}
        begun.pop("mrz", None)
        pictures = {
            "described": record.content.get(PORTRAIT),
            "portrait": tx.preapplications.picture(record.id, "portrait"),
            "picture": tx.preapplications.picture(record.id),
        }
        case = self._desk.add_declared(tx, begun, declared, pictures)
        values: dict[str, Any] = {
            "state": PreState.TAKEN,
            "case_id": case,
            "taken_by": actor.id,
            "taken_at": now,
            "key_seen": seen,
            "expires_at": now + KEPT_TAKEN,
            "content": None,
            "portrait": None,
            "picture": None,
            "data_key": None,
        }
        tx.preapplications.change(record.id, PreState.WAITING, values)
        details = {"reference": record.reference, "seen": seen}
        tx.audit.append(actor.id, "preapplication_taken", case, details, now)
        return case

    def _join(self, records: Sequence[PreRecord], taken: Mapping[str, str]) -> None:
        """People who came together are a family at the desk; who leads them is the guardian."""
        with self._site.store.reading() as tx:
            cases = tx.cases.get_many([taken[one.id] for one in records])
        alone = [case.id for case in cases if case.family is None and case.state in OPEN]
        known = next((case.family for case in cases if case.family is not None), None)
        if len(cases) < 2 or not alone:
            return
        families = Families(self._desk)
        if known is None:
            head = next((taken[one.id] for one in records if one.content.get("head")), None)
            families.make([case.id for case in cases], head)
            return
        for case in alone:
            families.add(known, case)

    def _errors(self, record: PreRecord) -> list[dict[str, str]]:
        """What is wrong with it still; nothing where it was taken over."""
        if record.state is not PreState.WAITING:
            return []
        judged = judge(
            record.content["application"],
            has_portrait=record.has_portrait,
            settings=self._site.settings,
            now=self._desk.now,
        )
        return [
            {"field": error.field, "reason": error.reason, "words": str(error)} for error in judged.errors
        ]

    def _found(self, tx: Transaction, reference: str) -> PreRecord:
        return tx.preapplications.of_reference(spelled(reference))

    def _waiting(self, tx: Transaction, reference: str) -> PreRecord:
        record = self._found(tx, reference)
        if record.state is not PreState.WAITING:
            raise ServiceError("preapplication_taken", "it was taken over; go on with the case")
        return record

    def _family(self, tx: Transaction, record: PreRecord) -> list[PreRecord]:
        """Those that came together, who leads them first; the one alone where nobody came along."""
        found = [record] if record.family is None else tx.preapplications.of_family(record.family)
        return sorted(found, key=lambda one: (not one.content.get("head"), one.made_at, one.id))

    def _check(self, tx: Transaction, meeting: Meeting) -> None:
        offices = {one.id for one in tx.offices.all() if "file" in one.may}
        if meeting.office not in offices or meeting.half not in HALVES or meeting.day < self._desk.now.date():
            raise ServiceError("bad_wish", "choose a desk that takes applications, and half a day to come")

    def _row(self, record: PreRecord) -> dict[str, Any]:
        raw = record.content.get("application", {})
        who = filled(raw, self._desk.now) if raw else {}
        day = record.meeting_day if record.meeting_office else record.wish_day
        return {
            "reference": record.reference,
            "state": record.state.value,
            "name": display_name(who),
            "name_native": who.get("name_native"),
            "name_chinese": who.get("name_chinese"),
            "nationality": who.get("nationality"),
            "class": who.get("class"),
            "office": record.meeting_office or record.office,
            "day": None if day is None else date_of(day),
            "half": record.meeting_half if record.meeting_office else record.wish_half,
            "confirmed": record.meeting_office is not None,
            "bring": list(record.content.get("bring", ())),
            "sent_at": record.updated_at,
            "together": record.family is not None,
            "has_portrait": record.has_portrait,
            "lines": bool(raw) and lines_read(raw, self._desk.now) is not None,
            "case": record.case_id,
        }


def spelled(reference: str) -> str:
    """A reference however it was typed: ``7km3 qxta`` is ``7KM3-QXTA``."""
    letters = "".join(one for one in reference.upper() if one.isalnum())
    return f"{letters[:4]}-{letters[4:8]}"


def kept_for(day: date) -> datetime:
    """How long an application is kept for an appointment of that day."""
    return datetime.combine(day, datetime.min.time(), UTC) + KEPT_AFTER


def _digits(fingerprint: str) -> str:
    return "".join(one for one in fingerprint.lower() if one.isalnum())


def _fits(record: PreRecord, search: str, desk: CaseDesk) -> bool:
    """Whether every word of the search is a word of a name, or it is the reference or the passport."""
    if not search.strip():
        return True
    who = filled(record.content["application"], desk.now)
    known = {text for _, text in [*likeness.words_of(who), *likeness.traces(likeness.identity_of(who))]}
    words = set(mrz_components(search)) or set(search.upper().split())
    return spelled(search) == record.reference or words <= known
