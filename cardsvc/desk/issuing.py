"""Issuing cards, so that nothing is lost and nothing is doubled (docs/decisions/0005-issuing.md).

1. Applications are checked and portraits made, outside any transaction.
2. One transaction decides, reserves numbers and status indices, and stores the very bytes to be signed.
3. The card key signs them.
4. A second transaction stores the signatures, durable before anybody sees a card.

A process killed between 2 and 4 leaves intents, which :func:`cardsvc.desk.signing.recover` finishes at the
next start: signing is deterministic, so the same bytes come out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from cardsvc.desk import orders, printing
from cardsvc.desk.facts import facts_of, holder_of
from cardsvc.desk.outcomes import Issued, Outcome, Refused, Request, audited_name, refusal, request_digest
from cardsvc.desk.roles import check_desk_role
from cardsvc.desk.signing import LIVING, CrashPoint, card_signer, finish, nowhere
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, fonts_folder
from cardsvc.records import (
    ApplicationRecord,
    ApplicationState,
    AuditEntry,
    CardState,
    Facts,
    NewApplication,
    NewPerson,
    PrintState,
    Slot,
    Transaction,
)
from issuance.application import PERMIT_FREE_CLASSES, Application, parse_application
from issuance.errors import ApplicationRefused, FieldError
from issuance.issuer import Prepared, PrintOrder, prepare
from issuance.portrait import Portrait, prepare_portrait
from issuance.rehearsal import Rehearsal
from verify.card import Card
from verify.days import day_at
from verify.errors import CardsvcError

#: Large enough that two syncs to disk hardly count, small enough that a transaction is over in a second.
BATCH = 100
#: Which field of the application a name on the card comes from, where it is not called the same.
_FIELD_OF_NAME = {"name": "surname"}


@dataclass(slots=True)
class _Candidate:
    """An application that keeps its own rules, on its way through one batch."""

    place: int
    reference: str
    digest: bytes
    application: Application
    facts: Facts
    portrait: Portrait
    person: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Reserved:
    """A candidate that gets a card: what will be signed, and where its fate will be written."""

    candidate: _Candidate
    order: PrintOrder
    prepared: Prepared
    slot: Slot


class IssuingDesk:
    """Issues for one pair of people: who submits and who approves (never the same person)."""

    def __init__(
        self,
        installation: Installation,
        *,
        submitted_by: str,
        approved_by: str,
        crash_point: CrashPoint = nowhere,
    ) -> None:
        """Check both names against the staff roll; the submitter's office goes on the card."""
        self._installation, self._store = installation, installation.store
        self._submitted_by, self._approved_by, self._reach = submitted_by, approved_by, crash_point
        if submitted_by == approved_by:
            words = f"{submitted_by} cannot approve what {submitted_by} submitted; another person must"
            raise ServiceError("same_person_approves", words)
        with self._store.reading() as tx:
            submitter, approver = tx.staff.get(submitted_by), tx.staff.get(approved_by)
        check_desk_role(submitter)
        check_desk_role(approver)
        self._office = submitter.office

    def issue(
        self, requests: Iterable[Request], *, base: Path, clock: Callable[[], datetime]
    ) -> Iterator[list[Outcome]]:
        """Issue batch after batch; an outcome for every request, in order.

        ``base`` is the folder portraits are read from; ``clock`` is asked twice a batch: to check the
        applications, and inside the transaction that reserves the cards, which it dates.
        """
        waiting = iter(requests)
        while batch := list(islice(waiting, BATCH)):
            yield self._issue_batch(batch, base, clock)

    def _issue_batch(
        self, batch: Sequence[Request], base: Path, clock: Callable[[], datetime]
    ) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        candidates = []
        began = clock()
        for request in batch:
            checked = self._check(request, base, began)
            if isinstance(checked, Refused):
                outcomes[request.place] = checked
            else:
                candidates.append(checked)
        self._reach("checked")
        with self._store.transaction() as tx:
            # Taken while no other process writes: whoever waited here is not dated before it began.
            now = clock()
            fresh = self._decide(tx, candidates, outcomes, now)
            reserved = self._reserve(tx, fresh, outcomes, now)
            print_ids = self._record(tx, reserved, now)
            self._audit_refusals(tx, outcomes.values(), now)
        self._reach("reserved")
        self._finish(reserved, print_ids, outcomes, now)
        return [outcomes[request.place] for request in batch]

    def _finish(
        self,
        reserved: Sequence[_Reserved],
        print_ids: Sequence[str],
        outcomes: dict[int, Outcome],
        now: datetime,
    ) -> None:
        """Steps 3 and 4; a card that could not be signed is a refusal, and the others go on."""
        if not reserved:
            return
        with self._store.reading() as tx:
            intents = list(tx.prints.get_many(print_ids).values())
        failed = finish(self._installation, intents, actor=self._approved_by, now=now, reach=self._reach)
        for one, print_id in zip(reserved, print_ids, strict=True):
            candidate, error = one.candidate, failed.get(print_id)
            if error is not None:
                words = f"The card {one.order.number} was given up, since it could not be signed: {error}"
                outcomes[candidate.place] = _refuse(candidate, "card", "not_signed", words)
                continue
            outcomes[candidate.place] = Issued(
                candidate.place,
                candidate.reference,
                one.order.number,
                print_id,
                False,
                tuple(candidate.notes),
            )

    def _check_names(self, application: Application) -> None:
        """Refuse names that the card has no room or no letters for, before anything is reserved for it."""
        printer = printing.printer_for(fonts_folder(self._installation.settings))
        try:
            printer.check_names(
                name=application.full_name,
                name_native=application.name_native,
                language_native=application.language_native,
                name_chinese=application.name_chinese,
            )
        except FieldError as error:
            name = _FIELD_OF_NAME.get(error.field, error.field)
            raise FieldError(name, error.reason, str(error)) from error

    def _check(self, request: Request, base: Path, now: datetime) -> _Candidate | Refused:
        """Step 1: the application's own rules, and the portrait."""
        raw = request.raw
        if isinstance(raw, ApplicationRefused):
            return refusal(request.place, None, raw)
        try:
            application = parse_application(raw, now=now, base=base)
            self._check_names(application)
            portrait = prepare_portrait(application.portrait)
        except (ApplicationRefused, FieldError) as error:
            return refusal(request.place, raw.get("reference"), error)
        digest = request_digest(raw, application.portrait)
        facts = facts_of(application, self._office)
        candidate = _Candidate(
            request.place, application.reference or "", digest, application, facts, portrait
        )
        if application.card_name.was_cut:
            candidate.notes.append("name_cut")
        return candidate

    def _decide(
        self, tx: Transaction, candidates: Sequence[_Candidate], outcomes: dict[int, Outcome], now: datetime
    ) -> list[_Candidate]:
        """Step 2, who gets a new card: nobody twice, whether by reference or by passport."""
        for one in candidates:
            # Without an id of the desk's own, the request is its own id: repeated, it makes no second card.
            one.reference = one.reference or f"request-{tx.applications.digest(one.digest).hex()[:32]}"
        known = tx.applications.by_references([one.reference for one in candidates])
        fresh: list[_Candidate] = []
        passports: set[tuple[str, str]] = set()
        references: set[str] = set()
        for one in candidates:
            passport = (one.application.passport_country, one.application.passport)
            before = known.get(one.reference)
            if before is not None and before.state is not ApplicationState.REFUSED:
                outcomes[one.place] = self._repeat(tx, one, before, now)
            elif one.reference in references or passport in passports:
                words = "The same person or reference stands twice among these applications; leave one out."
                outcomes[one.place] = _refuse(one, "reference", "stands_twice", words)
            elif (living := self._living_card(tx, one, passport, now)) is not None:
                outcomes[one.place] = _refuse(one, "passport", "living_card_exists", living)
            else:
                fresh.append(one)
                passports.add(passport)
                references.add(one.reference)
        return fresh

    def _living_card(
        self, tx: Transaction, one: _Candidate, passport: tuple[str, str], now: datetime
    ) -> str | None:
        """What to do about a living card of this person, whom the passport tells; None: there is none.

        A card past its last day makes room for the next one, unless it is held: no hold is walked round.
        """
        one.person = tx.people.find_by_passport(*passport)
        living = None if one.person is None else tx.cards.living_of(one.person)
        if living is None:
            return None
        if living.valid_until >= day_at(int(now.timestamp()), self._installation.issuer.day_offset_s):
            return f"This person has the card {living.number}; replace it, or extend its permit instead."
        if living.state is not CardState.ACTIVE:
            return f"This person's last card {living.number} is held; reinstate or revoke it first."
        tx.cards.set_state(living.number, CardState.ENDED)
        tx.audit.append(self._submitted_by, "card_ended", living.number, {"reason": "its last day"}, now)
        return None

    def _repeat(self, tx: Transaction, one: _Candidate, before: ApplicationRecord, now: datetime) -> Outcome:
        """The same request again: the same card, audited; another request under the same id is refused."""
        number = before.card_number
        if before.request_digest != tx.applications.digest(one.digest) or number is None:
            words = f"The reference {one.reference} belongs to another application; give this one its own."
            return _refuse(one, "reference", "reference_in_use", words)
        printed = [it for it in tx.prints.of_card(number) if it.state is not PrintState.ORPHANED]
        if not printed:
            words = f"The card {number} was given up before it was signed; apply under another reference."
            return _refuse(one, "reference", "given_up", words)
        if len(printed) != 1:
            words = f"The card {number} was printed anew since; `cardsvc replace` makes another print."
            return _refuse(one, "reference", "printed_anew", words)
        state = tx.cards.get(number).state
        if state not in LIVING:
            words = f"The card {number} is {state.value}, which is for ever; apply under another reference."
            return _refuse(one, "reference", "card_is_final", words)
        if state is CardState.SUSPENDED:
            one.notes.append("suspended")
        identity = printed[0].identity_payload
        if one.application.name_native and identity and Card.decode(identity).native_name is None:
            one.notes.append("native_name_not_in_code")
        tx.audit.append(self._submitted_by, "issue_repeated", number, {"print": 1}, now)
        return Issued(one.place, one.reference, number, printed[0].id, True, tuple(one.notes))

    def _reserve(
        self, tx: Transaction, fresh: Sequence[_Candidate], outcomes: dict[int, Outcome], now: datetime
    ) -> list[_Reserved]:
        """Step 2, what is signed: every card fitted and rehearsed; one that cannot be is refused."""
        if not fresh:
            return []
        issuer = self._installation.issuer
        rehearsal = Rehearsal(
            issuer.iss,
            int(now.timestamp()),
            day_offset_s=issuer.day_offset_s,
            permit_free=PERMIT_FREE_CLASSES,
        )
        slots, numbers = tx.status.allot(len(fresh), now=now), orders.draw_numbers(tx, len(fresh))
        reserved: list[_Reserved] = []
        for one, slot, number in zip(fresh, slots, numbers, strict=True):
            holder = holder_of(one.facts)
            order = orders.first_order(
                self._installation, one.application, holder, one.portrait, number, slot, now
            )
            try:
                prepared = prepare(order, rehearsal)
            except CardsvcError as error:
                outcomes[one.place] = _refuse(one, "application", error.reason, str(error))
                continue
            if prepared.native_name_left_out:
                one.notes.append("native_name_not_in_code")
            reserved.append(_Reserved(one, order, prepared, slot))
        return reserved

    def _record(self, tx: Transaction, reserved: Sequence[_Reserved], now: datetime) -> list[str]:
        """Step 2, the rows: people, cards, intents, rights by list, applications, audit; gives print ids."""
        if not reserved:
            return []
        people = _record_people(tx, [one.candidate for one in reserved], now)
        signer = card_signer(tx, self._installation.keyring, now, len(reserved))
        gates = [Card.decode(one.prepared.gate) for one in reserved]
        rows = list(zip(reserved, gates, people, strict=True))
        tx.cards.add_many([orders.card_row(one.order, gate, who) for one, gate, who in rows], now=now)
        print_ids = tx.prints.add_intents(
            [
                orders.print_row(one.order, gate, one.prepared, one.slot, signer.public.kid)
                for one, gate, _ in rows
            ]
        )
        tx.entitlements.put_many(
            [
                row
                for one in reserved
                for row in orders.by_list_rows(
                    one.order.number, one.prepared.by_list, actor=self._approved_by, now=now
                )
            ]
        )
        tx.applications.add_many([self._application(one, who) for one, _, who in rows], now=now)
        tx.audit.append_many(
            AuditEntry(
                self._submitted_by,
                "card_reserved",
                one.order.number,
                {"reference": one.candidate.reference, "approved_by": self._approved_by, "print": 1},
                now,
            )
            for one in reserved
        )
        return print_ids

    def _application(self, one: _Reserved, person: str) -> NewApplication:
        return NewApplication(
            reference=one.candidate.reference,
            request_digest=one.candidate.digest,
            state=ApplicationState.INTENT,
            submitted_by=self._submitted_by,
            approved_by=self._approved_by,
            person_id=person,
            card_number=one.order.number,
            family=one.candidate.application.family,
        )

    def _audit_refusals(self, tx: Transaction, outcomes: Iterable[Outcome], now: datetime) -> None:
        """Refusals are acts too; fields and reasons are recorded, never what stood in the fields."""
        tx.audit.append_many(
            AuditEntry(
                self._submitted_by,
                "application_refused",
                outcome.reference or f"place {outcome.place}",
                {"errors": [f"{audited_name(name)}: {reason}" for name, reason, _ in outcome.errors]},
                now,
            )
            for outcome in outcomes
            if isinstance(outcome, Refused)
        )


def _record_people(tx: Transaction, candidates: Sequence[_Candidate], now: datetime) -> list[str]:
    new = [one for one in candidates if one.person is None]
    people = [NewPerson(one.facts, one.portrait.print_jpeg) for one in new]
    for one, person in zip(new, tx.people.add_many(people, now=now), strict=True):
        one.person = person
    for one in candidates:
        if one.person is not None and one not in new:
            tx.people.update(one.person, one.facts, one.portrait.print_jpeg)
    return [one.person for one in candidates if one.person is not None]


def _refuse(one: _Candidate, name: str, reason: str, words: str) -> Refused:
    return Refused(one.place, one.reference, ((name, reason, words),))
