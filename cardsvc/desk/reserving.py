"""The first half of issuing: decide who gets a card, reserve it, and store the very bytes to be signed.

All of it happens inside one transaction of the caller's, for the command and for the desk alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cardsvc.desk import likeness, orders
from cardsvc.desk.facts import holder_of
from cardsvc.desk.outcomes import Issued, Outcome, Refused
from cardsvc.desk.signing import LIVING
from cardsvc.installation import Site
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
from cardsvc.records.traces import PERSON_KIND
from issuance.application import PERMIT_FREE_CLASSES, Application
from issuance.issuer import Prepared, PrintOrder, prepare
from issuance.portrait import Portrait
from issuance.rehearsal import Rehearsal
from verify.card import Card
from verify.days import day_at
from verify.errors import CardsvcError

#: Which key will sign the next so many cards: asked inside the transaction that reserves them.
KeyChoice = Callable[[Transaction, datetime, int], bytes]


@dataclass(slots=True)
class Candidate:
    """An application that keeps its own rules, on its way through one batch."""

    place: int
    reference: str
    digest: bytes
    application: Application
    facts: Facts
    portrait: Portrait
    person: str | None = None
    #: This person's card past its last day: it ends when the new one is recorded.
    makes_room: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reserved:
    """A candidate that gets a card: what will be signed, and where its fate will be written."""

    candidate: Candidate
    order: PrintOrder
    prepared: Prepared
    slot: Slot


@dataclass(frozen=True, slots=True)
class Reserving:
    """Reserves cards for one pair of people: who submitted and who approves."""

    installation: Site
    submitted_by: str
    approved_by: str
    key_for: KeyChoice

    def decide(
        self, tx: Transaction, candidates: Sequence[Candidate], outcomes: dict[int, Outcome], now: datetime
    ) -> list[Candidate]:
        """Say who gets a new card: nobody twice, whether by reference or by passport. Writes nothing."""
        for one in candidates:
            # Without an id of the desk's own, the request is its own id: repeated, it makes no second card.
            one.reference = one.reference or f"request-{tx.applications.digest(one.digest).hex()[:32]}"
        known = tx.applications.by_references([one.reference for one in candidates])
        fresh: list[Candidate] = []
        passports: set[tuple[str, str]] = set()
        references: set[str] = set()
        for one in candidates:
            passport = (one.application.passport_country, one.application.passport)
            before = known.get(one.reference)
            if before is not None and before.state is not ApplicationState.REFUSED:
                outcomes[one.place] = self._repeat(tx, one, before)
            elif one.reference in references or passport in passports:
                words = "The same person or reference stands twice among these applications; leave one out."
                outcomes[one.place] = refuse(one, "reference", "stands_twice", words)
            elif (living := self._living_card(tx, one, passport, now)) is not None:
                outcomes[one.place] = refuse(one, "passport", "living_card_exists", living)
            else:
                fresh.append(one)
                passports.add(passport)
                references.add(one.reference)
        return fresh

    def _living_card(
        self, tx: Transaction, one: Candidate, passport: tuple[str, str], now: datetime
    ) -> str | None:
        """What to do about a living card of this person, whom the passport tells; None: there is none.

        A card past its last day makes room for the next one, unless it is held: no hold is walked round.
        """
        one.makes_room = None
        one.person = tx.people.find_by_passport(*passport)
        living = None if one.person is None else tx.cards.living_of(one.person)
        if living is None:
            return None
        if living.valid_until >= day_at(int(now.timestamp()), self.installation.issuer.day_offset_s):
            return f"This person has the card {living.number}; replace it, or extend its permit instead."
        if living.state is not CardState.ACTIVE:
            return f"This person's last card {living.number} is held; reinstate or revoke it first."
        one.makes_room = living.number
        return None

    def _repeat(self, tx: Transaction, one: Candidate, before: ApplicationRecord) -> Outcome:
        """The same request again: the same card; another request under the same id is refused."""
        number = before.card_number
        if before.request_digest != tx.applications.digest(one.digest) or number is None:
            words = f"The reference {one.reference} belongs to another application; give this one its own."
            return refuse(one, "reference", "reference_in_use", words)
        printed = [it for it in tx.prints.of_card(number) if it.state is not PrintState.ORPHANED]
        if not printed:
            words = f"The card {number} was given up before it was signed; apply under another reference."
            return refuse(one, "reference", "given_up", words)
        if len(printed) != 1:
            words = f"The card {number} was printed anew since; `cardsvc replace` makes another print."
            return refuse(one, "reference", "printed_anew", words)
        state = tx.cards.get(number).state
        if state not in LIVING:
            words = f"The card {number} is {state.value}, which is for ever; apply under another reference."
            return refuse(one, "reference", "card_is_final", words)
        if state is CardState.SUSPENDED:
            one.notes.append("suspended")
        identity = printed[0].identity_payload
        if one.application.name_native and identity and Card.decode(identity).native_name is None:
            one.notes.append("native_name_not_in_code")
        return Issued(one.place, one.reference, number, printed[0].id, True, tuple(one.notes))

    def reserve(
        self, tx: Transaction, fresh: Sequence[Candidate], outcomes: dict[int, Outcome], now: datetime
    ) -> list[Reserved]:
        """Make what is signed: every card fitted and rehearsed; one that cannot be is refused."""
        if not fresh:
            return []
        issuer = self.installation.issuer
        rehearsal = Rehearsal(
            issuer.iss,
            int(now.timestamp()),
            day_offset_s=issuer.day_offset_s,
            permit_free=PERMIT_FREE_CLASSES,
        )
        slots, numbers = tx.status.allot(len(fresh), now=now), orders.draw_numbers(tx, len(fresh))
        reserved: list[Reserved] = []
        for one, slot, number in zip(fresh, slots, numbers, strict=True):
            holder = holder_of(one.facts)
            order = orders.first_order(
                self.installation, one.application, holder, one.portrait, number, slot, now
            )
            try:
                prepared = prepare(order, rehearsal)
            except CardsvcError as error:
                outcomes[one.place] = refuse(one, "application", error.reason, str(error))
                continue
            if prepared.native_name_left_out:
                one.notes.append("native_name_not_in_code")
            reserved.append(Reserved(one, order, prepared, slot))
        return reserved

    def record(self, tx: Transaction, reserved: Sequence[Reserved], now: datetime) -> list[str]:
        """Write the rows: people, cards, intents, rights by list, applications, audit; gives print ids."""
        if not reserved:
            return []
        self._make_room(tx, reserved, now)
        people = _record_people(tx, [one.candidate for one in reserved], now)
        kid = self.key_for(tx, now, len(reserved))
        gates = [Card.decode(one.prepared.gate) for one in reserved]
        rows = list(zip(reserved, gates, people, strict=True))
        tx.cards.add_many([orders.card_row(one.order, gate, who) for one, gate, who in rows], now=now)
        print_ids = tx.prints.add_intents(
            [orders.print_row(one.order, gate, one.prepared, one.slot, kid) for one, gate, _ in rows]
        )
        tx.entitlements.put_many(
            [
                row
                for one in reserved
                for row in orders.by_list_rows(
                    one.order.number, one.prepared.by_list, actor=self.approved_by, now=now
                )
            ]
        )
        tx.applications.add_many([self._application(one, who) for one, _, who in rows], now=now)
        tx.audit.append_many(
            AuditEntry(
                self.submitted_by,
                "card_reserved",
                one.order.number,
                {"reference": one.candidate.reference, "approved_by": self.approved_by, "print": 1},
                now,
            )
            for one in reserved
        )
        return print_ids

    def _make_room(self, tx: Transaction, reserved: Sequence[Reserved], now: datetime) -> None:
        ended = [one.candidate.makes_room for one in reserved if one.candidate.makes_room is not None]
        for number in ended:
            tx.cards.set_state(number, CardState.ENDED)
        tx.audit.append_many(
            AuditEntry(self.submitted_by, "card_ended", number, {"reason": "its last day"}, now)
            for number in ended
        )

    def _application(self, one: Reserved, person: str) -> NewApplication:
        return NewApplication(
            reference=one.candidate.reference,
            request_digest=one.candidate.digest,
            state=ApplicationState.INTENT,
            submitted_by=self.submitted_by,
            approved_by=self.approved_by,
            person_id=person,
            card_number=one.order.number,
            family=one.candidate.application.family,
        )


def _record_people(tx: Transaction, candidates: Sequence[Candidate], now: datetime) -> list[str]:
    new = [one for one in candidates if one.person is None]
    people = [NewPerson(one.facts, one.portrait.print_jpeg) for one in new]
    for one, person in zip(new, tx.people.add_many(people, now=now), strict=True):
        one.person = person
    for one in candidates:
        if one.person is not None and one not in new:
            tx.people.update(one.person, one.facts, one.portrait.print_jpeg)
    named = [(one.person, likeness.of_facts(one.facts)) for one in candidates if one.person is not None]
    tx.traces.put_many(PERSON_KIND, named)
    return [one.person for one in candidates if one.person is not None]


def refuse(one: Candidate, name: str, reason: str, words: str) -> Refused:
    """The outcome of a candidate that gets no card."""
    return Refused(one.place, one.reference, ((name, reason, words),))
