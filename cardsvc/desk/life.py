"""What becomes of a card after it was issued: held, freed, ended, printed anew, extended, granted, withdrawn.

Every act is one transaction with its audit entry. Readers learn of it with their next bundle; nothing here
touches the plastic, but for ``replace``.
"""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime

from cardsvc.desk import orders
from cardsvc.desk.checking import check_texts
from cardsvc.desk.designs import design_of, designs
from cardsvc.desk.facts import holder_of, optional_text_of
from cardsvc.desk.roles import check_desk_role
from cardsvc.desk.signing import LIVING, CrashPoint, card_signer, finish, nowhere
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, Site
from cardsvc.records import (
    CardRecord,
    CardState,
    EntitlementRecord,
    EntitlementValue,
    PrintRecord,
    Transaction,
)
from issuance.application import PERMIT_FREE_CLASSES
from issuance.issuer import Prepared, PrintOrder, prepare
from issuance.layout import FIRST_LAYOUT
from issuance.number import check_number
from issuance.portrait import face_within
from issuance.rehearsal import Rehearsal
from keys.lint import MAX_PERMIT_YEARS, latest_permit_day
from verify.card import CTI_BYTES, Card
from verify.days import date_of, day_at, day_number
from verify.services import CardClass, Service

#: The system user of the command line: the demo's stand-in for people, and audited under this name.
CONSOLE = "console"
#: Stands for the approver where one person alone may act; no id of staff has brackets.
NOBODY = "(nobody)"
DEPARTMENT_ROLE = "department"
#: Characters of a reason: a sentence for the audit, which is kept for ever, and no letter.
MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class People:
    """Who acts, and who approved it; the console stands for both where nobody is named."""

    by: str = CONSOLE
    approved_by: str = CONSOLE


class CardLife:
    """The acts on one card after the other, for one pair of people at one instant."""

    def __init__(self, installation: Site, people: People, now: datetime) -> None:
        """Check the people; ``now`` dates every act."""
        self._installation, self._store, self.people, self._now = (
            installation,
            installation.store,
            people,
            now,
        )
        if people.by == people.approved_by != CONSOLE:
            words = f"{people.by} cannot approve what {people.by} asks for; another person must"
            raise ServiceError("same_person_approves", words)
        with self._store.reading() as tx:
            for name in _staff(people):
                tx.staff.get(name)

    def suspend(self, number: str, reason: str) -> dict[str, object]:
        """Place a hold: readers deny it as ``suspended`` from their next bundle on."""
        reason = checked_reason(reason)
        return self._change_at_desk(
            number,
            "suspended",
            lambda tx, card: tx.cards.suspend(card.number, reason=reason, by=self.people.by, now=self._now),
            {"reason": reason},
        )

    def reinstate(self, number: str, reason: str, *, within: Transaction | None = None) -> dict[str, object]:
        """Lift every hold of a card; a print that was reported lost was found."""
        reason = checked_reason(reason)

        def lift(tx: Transaction, card: CardRecord) -> None:
            found = tx.phones.found_prints(card.number)
            if not found or card.state is CardState.SUSPENDED:
                tx.cards.reinstate(card.number, by=self.people.by, now=self._now)

        return self._change_at_desk(number, "reinstated", lift, {"reason": reason}, within)

    def revoke(self, number: str, reason: str, *, within: Transaction | None = None) -> dict[str, object]:
        """End a card for ever."""
        reason = checked_reason(reason)
        return self._change_at_desk(
            number, "revoked", lambda tx, card: tx.cards.revoke(card.number), {"reason": reason}, within
        )

    def extend(
        self, number: str, permit_until: date, *, within: Transaction | None = None
    ) -> dict[str, object]:
        """Record a longer stay: the same plastic, known at every door after its next sync. Lifts no hold."""

        def later(tx: Transaction, card: CardRecord) -> None:
            self.check_extension(card, permit_until)
            tx.cards.set_permit_true_day(card.number, day_number(permit_until))

        details: dict[str, object] = {"permit_until": permit_until.isoformat()}
        return self._change_at_desk(number, "extended", later, details, within)

    def check_extension(self, card: CardRecord, permit_until: date) -> None:
        """Raise ``no_permit``, ``not_longer``, ``day_passed``, ``too_far`` unless the stay may be so long."""
        day = day_number(permit_until)
        if card.permit_true_day is None:
            raise ServiceError("no_permit", f"the card {card.number} has no permit that could be extended")
        if day <= card.permit_true_day:
            words = f"the permit runs until {date_of(card.permit_true_day)}; give a later day"
            raise ServiceError("not_longer", words)
        if day < self._today:
            raise ServiceError("day_passed", f"{permit_until} has passed; give the day the new permit ends")
        if permit_until > latest_permit_day(date_of(self._today)):
            words = f"{permit_until} is more than {MAX_PERMIT_YEARS} years ahead; look at the permit again"
            raise ServiceError("too_far", words)

    def grant(
        self, number: str, service: Service, until: date | None, *, within: Transaction | None = None
    ) -> dict[str, object]:
        """Grant a service to the card's end, or to a last day; doors learn it with their next bundle."""
        if until is not None and day_number(until) < self._today:
            raise ServiceError("day_passed", f"{until} has passed; give a day to come")
        value = EntitlementValue.GRANTED if until is None else EntitlementValue.UNTIL
        return self._entitle(number, service, value, until, within)

    def withdraw(self, number: str, service: Service) -> dict[str, object]:
        """Take a service away, whatever is printed."""
        return self._entitle(number, service, EntitlementValue.WITHDRAWN, None)

    def replace(
        self,
        number: str,
        reason: str,
        *,
        design: str | None = None,
        clock: Callable[[], datetime] | None = None,
        reach: CrashPoint = nowhere,
    ) -> tuple[str, dict[str, object]]:
        """Make another print of the card: the old index says 3, the new claims carry the rights of today.

        The design stays what it was unless another is asked for; its newest version is printed.
        ``clock`` is asked inside the writing transaction, and dates the print; without it, the instant of
        this object does. Raises ``not_signed`` when the key could not sign: then the card is as it was.
        """
        if not isinstance(self._installation, Installation):
            raise TypeError("without a keyring a replacement is signed by the signer, after an approval")
        keyring = self._installation.keyring
        with self._store.transaction() as tx:
            self._now = self._now if clock is None else clock()
            card, order, print_id, _ = self.reserve_replacement(
                tx, number, reason, lambda: card_signer(tx, keyring, self._now, 1).public.kid, design
            )
        reach("reserved")
        with self._store.reading() as tx:
            intent = tx.prints.get(print_id)
        failed = finish(
            self._installation, [intent], actor=self.people.approved_by, now=self._now, reach=reach
        )
        if failed:
            words = f"the new print was not signed, and the card is as it was: {failed[print_id]}"
            raise ServiceError("not_signed", words)
        return print_id, self._answer(
            card, "replaced", {"print": order.print_number, "state": card.state.value}
        )

    def reserve_replacement(
        self,
        tx: Transaction,
        number: str,
        reason: str,
        kid: Callable[[], bytes],
        design: str | None = None,
    ) -> tuple[CardRecord, PrintOrder, str, Prepared]:
        """Reserve another print inside a transaction; ``kid`` is asked for the key that shall sign it."""
        reason = checked_reason(reason)
        self._check_roles(tx)
        card = self.living(tx, number)
        order, slot = self._next_order(tx, card, design)
        check_texts(
            self._installation.settings,
            tx.people.facts(card.person_id),
            layout=order.layout,
            card_class=order.card_class,
            valid_until=order.valid_until,
            permit_until=order.permit_until,
        )
        rehearsal = Rehearsal(
            order.issuer,
            order.issued_at,
            day_offset_s=order.day_offset_s,
            permit_free=PERMIT_FREE_CLASSES,
        )
        prepared = prepare(order, rehearsal)
        row = orders.print_row(order, Card.decode(prepared.gate), prepared, slot, kid())
        print_id = tx.prints.add_intent(row)
        details = {"reason": reason, "print": order.print_number, "approved_by": self.people.approved_by}
        tx.audit.append(self.people.by, "replacement_reserved", card.number, details, self._now)
        return card, order, print_id, prepared

    @property
    def _today(self) -> int:
        return day_at(int(self._now.timestamp()), self._installation.issuer.day_offset_s)

    def _transaction(self, within: Transaction | None) -> AbstractContextManager[Transaction]:
        """A transaction of the act's own, or the caller's, where more belongs to the same step."""
        return self._store.transaction() if within is None else nullcontext(within)

    def _check_roles(self, tx: Transaction) -> None:
        """Acts on the card as such are the desk's; raises ``not_your_role``."""
        for name in _staff(self.people):
            check_desk_role(tx.staff.get(name))

    def _change_at_desk(
        self,
        number: str,
        action: str,
        act: Callable[[Transaction, CardRecord], object],
        details: dict[str, object],
        within: Transaction | None = None,
    ) -> dict[str, object]:
        def checked(tx: Transaction, card: CardRecord) -> None:
            self._check_roles(tx)
            act(tx, card)

        return self._change(number, action, checked, details, within)

    def _change(
        self,
        number: str,
        action: str,
        act: Callable[[Transaction, CardRecord], object],
        details: dict[str, object],
        within: Transaction | None,
    ) -> dict[str, object]:
        with self._transaction(within) as tx:
            card = self.living(tx, number)
            act(tx, card)
            recorded = details | {"approved_by": self.people.approved_by}
            tx.audit.append(self.people.by, f"card_{action}", card.number, recorded, self._now)
        return self._answer(card, action, details)

    def entitle(
        self, tx: Transaction, number: str, service: Service, value: EntitlementValue, last_day: int | None
    ) -> None:
        """Grant or withdraw inside a transaction: many of them are one. ``last_day`` is a day number."""
        self._check_owner(tx, service)
        card = self.living(tx, number)
        check_last_day(card, last_day)
        entry = EntitlementRecord(
            card.number, int(service), value, last_day, self.people.by, "command", self._now
        )
        tx.entitlements.put(entry)
        action = "withdrawn" if value is EntitlementValue.WITHDRAWN else "granted"
        details = _entitled(service, last_day) | {"approved_by": self.people.approved_by}
        tx.audit.append(self.people.by, f"card_{action}", card.number, details, self._now)

    def _entitle(
        self,
        number: str,
        service: Service,
        value: EntitlementValue,
        until: date | None,
        within: Transaction | None = None,
    ) -> dict[str, object]:
        last_day = None if until is None else day_number(until)
        with self._transaction(within) as tx:
            self.entitle(tx, number, service, value, last_day)
            card = tx.cards.get(check_number(number))
        action = "withdrawn" if value is EntitlementValue.WITHDRAWN else "granted"
        return self._answer(card, action, _entitled(service, last_day))

    def _check_owner(self, tx: Transaction, service: Service) -> None:
        """A service belongs to a department; nobody else of the staff grants or withdraws it."""
        if self.people.by == CONSOLE:
            return
        member = tx.staff.get(self.people.by)
        if member.role != DEPARTMENT_ROLE or service not in member.services:
            raise ServiceError(
                "not_your_service", f"{member.id} does not own {service.label}; its department does"
            )

    def living(self, tx: Transaction, number: str) -> CardRecord:
        """The card of that number, which must not have come to its end; raises ``card_is_final``."""
        card = tx.cards.get(check_number(number))
        if card.state not in LIVING:
            raise ServiceError(
                "card_is_final", f"the card {card.number} is {card.state.value}, which is for ever"
            )
        return card

    def _next_order(
        self, tx: Transaction, card: CardRecord, design: str | None
    ) -> tuple[PrintOrder, tuple[str, int]]:
        facts, portrait = tx.people.facts(card.person_id), tx.people.portrait(card.person_id)
        printed: list[PrintRecord] = tx.prints.of_card(card.number)
        if card.permit_true_day is not None and card.permit_true_day < self._today:
            words = f"the permit ended on {date_of(card.permit_true_day)}; extend it first, then replace"
            raise ServiceError("permit_ended", words)
        if card.valid_until < self._today:
            raise ServiceError("card_over", f"the card ended on {date_of(card.valid_until)}; issue a new one")
        (slot,) = tx.status.allot(1, now=self._now)
        layout = designs().newest(design or design_of(printed[-1].layout if printed else FIRST_LAYOUT))
        rights = orders.rights_today(
            card.services, card.service_days, tx.entitlements.of_card(card.number), self._today
        )
        order = PrintOrder(
            holder=holder_of(facts),
            issuer=card.iss,
            number=card.number,
            print_number=max((one.print_no for one in printed), default=0) + 1,
            print_id=secrets.token_bytes(CTI_BYTES),
            status=self._installation.status_ref(*slot),
            card_class=CardClass(card.card_class),
            services=rights,
            valid_until=date_of(card.valid_until),
            permit_until=None if card.permit_true_day is None else date_of(card.permit_true_day),
            permit_class=optional_text_of(facts, "permit_class"),
            issued_at=int(self._now.timestamp()),
            face=face_within(portrait),
            smaller_face=orders.FaceWithin(portrait),
            day_offset_s=self._installation.issuer.day_offset_s,
            layout=layout.id,
            masks=layout.masks,
        )
        return order, slot

    def _answer(self, card: CardRecord, action: str, details: dict[str, object]) -> dict[str, object]:
        return {"card": card.number, "action": action, **details}


def check_last_day(card: CardRecord, last_day: int | None) -> None:
    """Raise ``beyond_card`` for a right that outlives the card."""
    if last_day is not None and last_day > card.valid_until:
        words = f"the card ends on {date_of(card.valid_until)}; give no day, or an earlier one"
        raise ServiceError("beyond_card", words)


def _entitled(service: Service, last_day: int | None) -> dict[str, object]:
    """A right, as the audit and the console name it."""
    return {"service": service.label, "until": None if last_day is None else date_of(last_day).isoformat()}


def _staff(people: People) -> set[str]:
    """The people who must be on the staff roll."""
    return ({people.by} | ({people.approved_by} - {NOBODY})) - {CONSOLE}


def checked_reason(text: str) -> str:
    """A reason that says something; raises ``reason_missing`` and ``reason_too_long``."""
    reason = text.strip()
    if not reason:
        raise ServiceError("reason_missing", "the reason is blank; say in a few words why")
    if len(reason) > MAX_REASON:
        words = f"the reason has {len(reason)} characters of {MAX_REASON}; say it shorter"
        raise ServiceError("reason_too_long", words)
    return reason
