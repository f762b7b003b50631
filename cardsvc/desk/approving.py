"""Beginning an approval: what an approver is about to put a name to, reserved and ready to be signed.

One approval names the cases of one submitter and one office. All of them can be reserved, or none is: what
stands in the way is named by case. What is unusual has to be opened first, and of a big batch a sample
besides: nobody approves five hundred people unseen.
"""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cardsvc.desk import asserting
from cardsvc.desk.actor import Actor
from cardsvc.desk.cases import CaseDesk, ChangedMeanwhile, check_version, declared_of, portrait_of
from cardsvc.desk.duplicates import Likely, duplicates
from cardsvc.desk.facts import facts_of
from cardsvc.desk.judging import Difference, Told, differences_of, exceptions_of, judge
from cardsvc.desk.outcomes import Outcome, Refused, request_digest
from cardsvc.desk.parts import in_parts
from cardsvc.desk.reserving import Candidate, Reserved, Reserving
from cardsvc.desk.signing import CrashPoint, nowhere
from cardsvc.errors import Explained, ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records import (
    ApprovalPrintRecord,
    ApprovalRecord,
    ApprovalState,
    CaseRecord,
    CaseState,
    Conflict,
    Facts,
    Transaction,
)
from cardsvc.records.sealing import normalised
from keys.requests import MAX_CARDS, Asked, CardItem, IssueRequest
from keys.signing import Approver
from verify.days import day_number
from verify.errors import CardsvcError

#: From so many cases on, a sample must be opened though nothing is unusual about it.
BIG_BATCH: Final = 10
#: One in so many of a big batch, and never fewer than two.
SAMPLE: Final = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """One case as the approver sees it before the key is touched."""

    case: str
    name: str
    number: str
    differences: Sequence[Difference]
    exceptions: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Begun:
    """A reservation that waits for the approver's key."""

    approval: str
    options: dict[str, Any]
    cards: Sequence[Shown]
    expires: datetime


@dataclass(frozen=True, slots=True)
class _Weighed:
    record: CaseRecord
    candidate: Candidate
    differences: Sequence[Difference]
    exceptions: Sequence[Told]
    unusual: bool


class Approving:
    """The approver's side, for one member of staff at one instant."""

    def __init__(
        self, site: ServedInstallation, actor: Actor, now: datetime, *, reach: CrashPoint = nowhere
    ) -> None:
        """``reach`` is for tests alone."""
        self._site, self._actor, self._now, self._reach = site, actor, now, reach
        self._desk = CaseDesk(site, actor, now)

    def begin(self, cases: Mapping[str, int], *, apart: bool = False) -> Begun:
        """Reserve the cards of these cases and build the request for the key.

        ``cases`` name the version of each that the approver looked at; ``apart``: members of a family may go
        without the others. Raises ``changed_meanwhile``, ``open_first``, ``own_submission``,
        ``several_submitters``, ``family_waits``, ``cannot_approve``, ``no_approver_key``.
        """
        if not 0 < len(cases) <= MAX_CARDS:
            raise ServiceError("too_many_cases", f"1 to {MAX_CARDS} cases are approved at once")
        with self._site.store.reading() as tx:
            records = [self._desk.found(tx, case) for case in cases]
            submitter, office = self._checked(tx, records, apart=apart)
            for one in records:
                check_version(one, cases[one.id])
            weighed = [self._weigh(tx, place, record) for place, record in enumerate(records)]
            must_open = self._unopened(tx, weighed)
            offices = tuple(one.id for one in tx.offices.above(office)) or (office,)
        if must_open:
            words = f"{len(must_open)} of these cases have to be opened and looked at first"
            raise Explained("open_first", words, members={"must_open": must_open})
        # Questions to another process are asked before the writing transaction begins.
        keys = asserting.keys_of(self._site, self._actor.id)
        nonce = self._site.nonce(self._actor.id, self._now)
        asked = Asked(submitter, offices, nonce, int(self._now.timestamp()))
        kid = self._site.signer.card_kid(len(weighed))
        begun = self._reserve(weighed, asked, kid, office, keys)
        self._reach("reserved")
        return begun

    def _checked(self, tx: Transaction, records: Sequence[CaseRecord], *, apart: bool) -> tuple[str, str]:
        """The one submitter and office of these cases."""
        wrong = [one for one in records if one.state is not CaseState.SUBMITTED]
        if wrong:
            fields = [(one.id, "case_not_submitted", f"This case is {one.state.value}.") for one in wrong]
            raise Explained("cannot_approve", "some of these cases wait for nobody's approval", fields=fields)
        together = {(str(one.submitted_by), one.office) for one in records}
        if any(submitter == self._actor.id for submitter, _ in together):
            raise ServiceError("own_submission", "who submitted a case does not approve it; another must")
        if len(together) > 1:
            words = "one approval names one submitter's cases of one office; approve them one after the other"
            raise ServiceError("several_submitters", words)
        if not apart:
            self._check_families(tx, records)
        return together.pop()

    def _check_families(self, tx: Transaction, records: Sequence[CaseRecord]) -> None:
        """A family is issued together: nobody of it who still waits may be left out unnoticed."""
        chosen, waiting = {one.id for one in records}, []
        for family in sorted({one.family for one in records if one.family is not None}):
            waiting += [
                one.id
                for one in tx.cases.of_family(family)
                if one.id not in chosen
                and one.state in (CaseState.DRAFT, CaseState.SUBMITTED, CaseState.FAILED)
            ]
        if waiting:
            words = f"{len(waiting)} more of the family wait; approve them together, or part them"
            raise Explained("family_waits", words, members={"waiting": waiting})

    def _weigh(self, tx: Transaction, place: int, record: CaseRecord) -> _Weighed:
        raw = record.content["application"]
        judged = judge(
            raw,
            has_portrait=record.has_portrait,
            settings=self._site.settings,
            now=self._now,
            office=record.office,
        )
        portrait = portrait_of(tx, record)
        if judged.application is None or portrait is None:
            fields = [(record.id, error.reason, f"{error.field}: {error}") for error in judged.errors]
            raise Explained("cannot_approve", "some of these cases cannot become cards", fields=fields)
        likely = duplicates(tx, raw, self._now, self._actor, besides=record.id)
        exceptions = exceptions_of(judged.application, findings_of(record), warned(likely), self._now)
        known = known_facts(tx, judged.application.passport_country, judged.application.passport)
        reference = record.reference if record.attempts == 0 else f"{record.reference}/{record.attempts + 1}"
        candidate = Candidate(
            place,
            reference,
            request_digest(raw, portrait.print_jpeg),
            judged.application,
            facts_of(judged.application, record.office),
            portrait,
        )
        differences = differences_of(raw, known, self._now, declared=declared_of(record))
        return _Weighed(record, candidate, differences, exceptions, bool(exceptions or differences))

    def _unopened(self, tx: Transaction, weighed: Sequence[_Weighed]) -> list[str]:
        """Cases that must be looked at and were not: the unusual ones, and a sample of a big batch.

        The sample is drawn by a keyed hash, so that asking again draws no other one, and nobody foresees it.
        """
        opened = tx.cases.openings([one.record.id for one in weighed])
        must = {one.record.id for one in weighed if one.unusual}
        if len(weighed) >= BIG_BATCH:
            drawn = sorted(
                weighed, key=lambda one: tx.traces.key(("sample", f"{one.record.id}/{one.record.version}"))
            )
            must |= {one.record.id for one in drawn[: max(2, len(weighed) // SAMPLE)]}
        seen = {
            one.record.id
            for one in weighed
            if opened.get(one.record.id, {}).get(self._actor.id) == one.record.version
        }
        return [one.record.id for one in weighed if one.record.id in must - seen]

    def _reserve(
        self,
        weighed: Sequence[_Weighed],
        asked: Asked,
        kid: bytes,
        office: str,
        keys: Sequence[Approver],
    ) -> Begun:
        """Claim the cases; then numbers, indices and the bytes to be signed, part by part; then the request.

        What stands in the way after all gives everything back.
        """
        reserving = Reserving(self._site, asked.submitter, self._actor.id, lambda *_: kid)
        with self._site.store.reading() as tx:
            _decided(reserving, tx, weighed, self._now)
        record = ApprovalRecord(
            id=secrets.token_hex(16),
            state=ApprovalState.WAITING,
            submitter=asked.submitter,
            approver=self._actor.id,
            office=office,
            request=b"",
            assertion=None,
            made_at=self._now,
            expires=self._now + asserting.LIFE,
        )
        self._claim(record, weighed)
        try:
            reserved: list[Reserved] = []
            for part in in_parts(weighed):
                reserved += self._reserve_part(record.id, reserving, part)
                self._reach("part")
            request = IssueRequest(asked, kid, tuple(map(_item, reserved))).encode()
            with self._site.store.transaction() as tx:
                tx.approvals.ask(record.id, request)
        except CardsvcError:
            # If it cannot be given back now either, it runs out.
            with suppress(CardsvcError):
                asserting.return_approval(
                    self._site, record.id, by=self._actor.id, now=self._now, reason="not_reserved"
                )
            raise
        shown = [_shown(one, card) for one, card in zip(weighed, reserved, strict=True)]
        return Begun(record.id, asserting.options(self._site, keys, request), shown, record.expires)

    def _claim(self, record: ApprovalRecord, weighed: Sequence[_Weighed]) -> None:
        """From here on nobody else changes or approves these cases."""
        seen = {one.record.id: one.record.version for one in weighed}
        with self._site.store.transaction() as tx:
            tx.approvals.add(record)
            if not tx.cases.claim(seen, record.id, now=self._now):
                for one in tx.cases.get_many(list(seen)):
                    if (one.version, one.approval) != (seen[one.id], record.id):
                        raise ChangedMeanwhile(one.owner, one.version, {})
            details = {"cases": list(seen), "submitted_by": record.submitter}
            tx.audit.append(self._actor.id, "approval_begun", record.id, details, self._now)

    def _reserve_part(
        self, approval: str, reserving: Reserving, part: Sequence[_Weighed]
    ) -> Sequence[Reserved]:
        """Reserve these, or raise ``cannot_approve``, or ``approval_moved`` if they were given back."""
        outcomes: dict[int, Outcome] = {}
        with self._site.store.transaction() as tx:
            if tx.approvals.get(approval).state is not ApprovalState.WAITING:
                raise Conflict("approval_moved", f"the approval {approval} was given back meanwhile")
            fresh = _decided(reserving, tx, part, self._now)
            reserved = reserving.reserve(tx, fresh, outcomes, self._now)
            if outcomes:
                raise _cannot(part, outcomes)
            print_ids = reserving.record(tx, reserved, self._now)
            rows = zip(part, reserved, print_ids, strict=True)
            prints = []
            for one, card, print_id in rows:
                prints.append(ApprovalPrintRecord(approval, one.candidate.place, print_id, one.record.id))
                values = {"card_number": card.order.number, "attempts": one.record.attempts + 1}
                tx.cases.change(one.record.id, values, now=self._now)
            tx.approvals.add_prints(prints)
        return reserved


def findings_of(record: CaseRecord) -> list[Told]:
    """What was found about a case's portrait."""
    return [Told(*one) for one in record.content.get("portrait", {}).get("findings", ())]


def warned(likely: Sequence[Likely]) -> list[Told]:
    """Likely duplicates, as exceptions say them."""
    return [Told(one.kind, one.words) for one in likely]


def known_facts(tx: Transaction, country: str, passport: str) -> Facts | None:
    """What the last card of this passport's holder says."""
    if not (normalised(country) and normalised(passport)):
        return None
    person = tx.people.find_by_passport(country, passport)
    issued = person is not None and any(
        tx.prints.current_of(card.number) is not None for card in tx.cards.of_person(person)
    )
    return tx.people.facts(person) if person is not None and issued else None


def _decided(
    reserving: Reserving, tx: Transaction, weighed: Sequence[_Weighed], now: datetime
) -> list[Candidate]:
    """All of them, if every one may get a card; else raises ``cannot_approve``."""
    outcomes: dict[int, Outcome] = {}
    fresh = reserving.decide(tx, [one.candidate for one in weighed], outcomes, now)
    if outcomes:
        raise _cannot(weighed, outcomes)
    return fresh


def _shown(one: _Weighed, card: Reserved) -> Shown:
    return Shown(
        one.record.id,
        one.candidate.application.full_name,
        card.order.number,
        one.differences,
        [*one.exceptions, *map(_note, one.candidate.notes)],
    )


def _item(reserved: Reserved) -> CardItem:
    by_list = {
        int(service): None if until is None else day_number(until)
        for service, until in reserved.prepared.by_list.items()
    }
    return CardItem.of(reserved.prepared.gate, reserved.prepared.identity, by_list)


_NOTES: Final = {
    "name_cut": "The name is too long for the card and was cut.",
    "native_name_not_in_code": "The name in its own script is printed, and too long for the code.",
}


def _note(note: str) -> Told:
    return Told(note, _NOTES.get(note, note))


def _cannot(weighed: Sequence[_Weighed], outcomes: dict[int, Outcome]) -> Explained:
    fields = []
    for one in weighed:
        outcome = outcomes.get(one.candidate.place)
        if isinstance(outcome, Refused):
            fields += [(one.record.id, reason, words) for _, reason, words in outcome.errors]
        elif outcome is not None:
            fields.append((one.record.id, "already_issued", f"The card {outcome.number} is this case's."))
    words = "some of these cases cannot become cards; nothing was reserved"
    return Explained("cannot_approve", words, fields=fields)
