"""Acts on cards that somebody asks for and somebody else allows.

A card is held by one person at once, and a department takes its own service away at once: both only tighten.
What ends a card, prints it anew or loosens anything waits for a second person; what the signer must be told
of (a hold lifted, a longer stay, a grant, another print) waits for that person's key.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from cardsvc.desk import asserting
from cardsvc.desk.actor import APPROVER, CLERK, DEPARTMENT, OPERATOR, Actor
from cardsvc.desk.cases import checked_words
from cardsvc.desk.chipacts import check_chip, reserve_chip
from cardsvc.desk.enacting import (
    CHIP,
    EXTEND,
    GRANT,
    REINSTATE,
    REVOKE,
    check_holds,
    do_act,
    finish_act,
)
from cardsvc.desk.life import NOBODY, CardLife, People, check_last_day, checked_reason
from cardsvc.desk.returning import give_back_in
from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records import (
    ActRecord,
    ActState,
    ApprovalPrintRecord,
    ApprovalRecord,
    ApprovalState,
    Conflict,
    NewAct,
    NotFound,
    Transaction,
)
from issuance.chips.tags import TagKind
from issuance.number import check_number
from keys.requests import (
    Asked,
    CardItem,
    ExtendRequest,
    GrantRequest,
    ReinstateRequest,
    ReplaceRequest,
)
from verify.days import date_of, day_number
from verify.services import Service

SUSPEND, REPLACE, WITHDRAW = "suspend", "replace", "withdraw"
#: Who may ask for which act.
_ASKS: Final[Mapping[str, frozenset[str]]] = {
    SUSPEND: frozenset({CLERK, APPROVER, OPERATOR}),
    REVOKE: frozenset({CLERK, APPROVER}),
    REINSTATE: frozenset({CLERK, APPROVER}),
    EXTEND: frozenset({CLERK, APPROVER}),
    REPLACE: frozenset({CLERK, APPROVER}),
    CHIP: frozenset({CLERK, APPROVER}),
    GRANT: frozenset({DEPARTMENT}),
    WITHDRAW: frozenset({DEPARTMENT}),
}
#: Acts that one person does alone, at once.
AT_ONCE: Final = frozenset({SUSPEND, WITHDRAW})
#: Acts that need a second person and no key: the signer signs what only tightens.
WITHOUT_KEY: Final = frozenset({REVOKE})


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; days as dates, a chip by its UID and its kind."""

    act: str
    reason: str
    service: Service | None = None
    until: date | None = None
    permit_until: date | None = None
    chip: str | None = None
    tag: TagKind | None = None


class CardActs:
    """The acts of one member of staff on cards, at one instant."""

    def __init__(self, site: ServedInstallation, actor: Actor, now: datetime) -> None:
        """Act as ``actor`` at ``now``."""
        self._site, self._actor, self._now = site, actor, now

    def ask(self, number: str, wish: Wish) -> str | None:
        """Do what one person may at once (None), or file it for another and return the request's id.

        Raises ``not_your_role``, ``not_your_service``, ``card_is_final``, ``already_asked`` and what the act
        itself refuses.
        """
        if self._actor.role not in _ASKS[wish.act]:
            wanted = ", ".join(sorted(_ASKS[wish.act]))
            raise ServiceError("not_your_role", f"{wish.act} is asked for by {wanted}")
        reason = checked_reason(wish.reason)
        _check_wish(wish)
        if wish.act in AT_ONCE:
            self._do_at_once(number, wish, reason)
            return None
        # Both read, one asks the signer: before others have to wait.
        life = self._life(self._actor.id, NOBODY)
        chip = self._checked_chip(life, number, wish)
        with self._site.store.transaction() as tx:
            card = life.living(tx, check_number(number))
            if wish.act == EXTEND and wish.permit_until is not None:
                life.check_extension(card, wish.permit_until)
            if wish.act == GRANT:
                self._check_owner(wish.service)
                # Before the signer hears of it: what the records refuse afterwards, both disagree about.
                check_last_day(card, None if wish.until is None else day_number(wish.until))
            else:
                self._actor.check_office(card_office(tx, card.number), "card_not_found", f"card {number}")
            for other in tx.acts.of_card(card.number):
                what = (wish.act, wish.service and int(wish.service), chip)
                same = (other.act, other.service, other.chip) == what
                if same and other.state in (ActState.WAITING, ActState.ASSERTED):
                    raise Conflict("already_asked", f"{other.requested_by} asked for it already; it waits")
            last = wish.permit_until if wish.act == EXTEND else wish.until
            act = tx.acts.add(
                NewAct(
                    card_number=card.number,
                    act=wish.act,
                    reason=reason,
                    service=None if wish.service is None else int(wish.service),
                    last_day=None if last is None else day_number(last),
                    office=self._actor.office,
                    requested_by=self._actor.id,
                    chip=chip,
                    holds=tx.cards.held_by(card.number) if wish.act == REINSTATE else None,
                ),
                now=self._now,
            )
            details = {"act": wish.act, "request": act}
            tx.audit.append(self._actor.id, "act_requested", card.number, details, self._now)
        return act

    def waiting(self, states: frozenset[ActState]) -> list[ActRecord]:
        """Requests that this member of staff may look at."""
        with self._site.store.reading() as tx:
            actor = self._actor
            return tx.acts.page_of(states, GRANT, offices=actor.offices, services=actor.services)

    def found(self, tx: Transaction, act: str) -> ActRecord:
        """A request of the actor's offices or services; any other is ``act_not_found``."""
        record = tx.acts.get(act)
        if not self._may_see(record):
            raise NotFound("act_not_found", f"there is no request {act}")
        return record

    def challenge(self, act: str) -> tuple[dict[str, Any] | None, datetime]:
        """What the second person's key is to sign; None for an act that needs no key.

        Raises ``act_not_open``, ``own_request``, ``not_your_role``, ``no_approver_key``, ``held_again``.
        """
        with self._site.store.reading() as tx:
            record = self._decidable(tx, act)
            offices = tuple(one.id for one in tx.offices.above(record.office)) or (record.office,)
        life = self._life(record.requested_by, NOBODY)
        with self._site.store.reading() as tx:
            card = life.living(tx, record.card_number)
            check_holds(tx, record)
            if record.act == EXTEND and record.last_day is not None:
                life.check_extension(card, date_of(record.last_day))
        expires = self._now + asserting.LIFE
        if record.act in WITHOUT_KEY:
            return None, expires
        keys = asserting.keys_of(self._site, self._actor.id)
        nonce, made_at = self._site.nonce(self._actor.id, self._now), int(self._now.timestamp())
        asked = Asked(record.requested_by, offices, nonce, made_at)
        if record.act == REPLACE:
            request = self._reserve_replacement(record, asked, expires)
        else:
            kid = self._site.signer.card_kid(1) if record.act == CHIP else b""
            with self._site.store.transaction() as tx:
                self._decidable(tx, act)
                if record.act == CHIP:
                    card = life.living(tx, record.card_number)
                    request = reserve_chip(self._site, tx, card, record, asked, kid, self._now)
                else:
                    request = _request_of(record, asked)
                values = {"challenged": self._actor.id, "request": request, "expires": expires}
                tx.acts.change(act, ActState.WAITING, values)
        return asserting.options(self._site, keys, request), expires

    def approve(self, act: str, credential: Mapping[str, Any] | None, *, fresh: bool = False) -> None:
        """Allow what another asked for, with the key where one is needed; it is done when this returns.

        What needs no key needs a session that was proved in the last minutes (``fresh``): a session alone may
        be the identity provider's doing. Raises ``credential_missing``, ``step_up_needed``, ``act_not_open``,
        ``held_again``, and what the signer or the card refuses.
        """
        with self._site.store.reading() as tx:
            record = self._decidable(tx, act)
        if record.act in WITHOUT_KEY:
            asserting.check_decider(self._site, self._actor.id)
            if not fresh:
                raise ServiceError("step_up_needed", "prove once more that it is you, then repeat this")
            do_act(self._site, record, self._actor.id, self._now, ActState.WAITING)
            return
        if credential is None or record.challenged != self._actor.id:
            raise ServiceError("credential_missing", "ask for a challenge first, then touch the key")
        if record.expires is None or record.expires <= self._now:
            raise ServiceError("act_over", "the challenge ran out; ask for another")
        if record.approval is not None:
            asserting.sign_approval(self._site, record.approval, credential, by=self._actor.id, now=self._now)
            return
        answer = asserting.packed(asserting.read_credential(self._actor.id, credential))
        with self._site.store.transaction() as tx:
            check_holds(tx, record)
            tx.acts.change(act, ActState.WAITING, {"state": ActState.ASSERTED, "assertion": answer})
        finish_act(self._site, act, self._now)

    def refuse(self, act: str, words: str) -> None:
        """Refuse what another asked for, or take one's own wish back; the words are kept out of the audit."""
        checked_words(words)
        with self._site.store.reading() as tx:
            record = self.found(tx, act)
            if record.state is not ActState.WAITING:
                raise ServiceError("act_not_open", f"the request is {record.state.value}")
        if record.requested_by != self._actor.id and self._actor.role != APPROVER:
            raise ServiceError("not_your_role", "an approver refuses it, or who asked takes it back")
        if record.requested_by != self._actor.id:
            asserting.check_decider(self._site, self._actor.id)
        if record.approval is not None:
            asserting.return_approval(
                self._site, record.approval, by=self._actor.id, now=self._now, reason="refused"
            )
        own = record.requested_by == self._actor.id
        values = {
            "state": ActState.RETURNED if own else ActState.REFUSED,
            "decided_by": None if own else self._actor.id,
            "decided_at": self._now,
        }
        with self._site.store.transaction() as tx:
            tx.acts.change(act, ActState.WAITING, values)
            details = {"act": record.act, "request": act}
            tx.audit.append(self._actor.id, "act_refused", record.card_number, details, self._now)

    def _do_at_once(self, number: str, wish: Wish, reason: str) -> None:
        """Whoever finds a card may hold it, at whatever office: it harms nobody for long."""
        life = self._life(self._actor.id, NOBODY)
        if wish.act == SUSPEND:
            life.suspend(number, reason)
        elif wish.service is not None:
            self._check_owner(wish.service)
            life.withdraw(number, wish.service)

    def _checked_chip(self, life: CardLife, number: str, wish: Wish) -> str | None:
        """The number of the chip that is named, if one is; it is looked at again when it is reserved."""
        if wish.chip is None or wish.tag is None:
            return None
        with self._site.store.reading() as tx:
            card = life.living(tx, check_number(number))
            self._actor.check_office(card_office(tx, card.number), "card_not_found", f"card {number}")
            return check_chip(self._site, tx, card, wish.chip, wish.tag, self._now)

    def _check_owner(self, service: Service | None) -> None:
        if service is None or service not in self._actor.services:
            words = f"{self._actor.id} does not own {service.label if service else 'it'}; its department does"
            raise ServiceError("not_your_service", words)

    def _decidable(self, tx: Transaction, act: str) -> ActRecord:
        record = self.found(tx, act)
        if record.state is not ActState.WAITING:
            raise ServiceError("act_not_open", f"the request is {record.state.value}")
        wanted = DEPARTMENT if record.act == GRANT else APPROVER
        if self._actor.role != wanted:
            raise ServiceError("not_your_role", f"{record.act} is allowed by {wanted}")
        if record.act != GRANT and record.requested_by == self._actor.id:
            raise ServiceError("own_request", "who asks for an act does not allow it; another must")
        return record

    def _may_see(self, record: ActRecord) -> bool:
        if record.act == GRANT:
            return record.service in self._actor.services
        return record.office in self._actor.offices

    def _reserve_replacement(self, record: ActRecord, asked: Asked, expires: datetime) -> bytes:
        """Reserve the new print, as for a new card; an earlier challenge of the request is given back."""
        kid = self._site.signer.card_kid(1)
        life = self._life(record.requested_by, self._actor.id)
        with self._site.store.transaction() as tx:
            before = self._decidable(tx, record.id).approval
            if before is not None:
                give_back_in(
                    tx, before, ApprovalState.WAITING, reason="asked_anew", by=self._actor.id, now=self._now
                )
            card, _, print_id, prepared = life.reserve_replacement(
                tx, record.card_number, record.reason, lambda: kid
            )
            by_list = {
                int(service): None if until is None else day_number(until)
                for service, until in prepared.by_list.items()
            }
            item = CardItem.of(prepared.gate, prepared.identity, by_list)
            request = ReplaceRequest(asked, kid, card.number, item).encode()
            approval = ApprovalRecord(
                id=secrets.token_hex(16),
                state=ApprovalState.WAITING,
                submitter=record.requested_by,
                approver=self._actor.id,
                office=record.office,
                request=request,
                assertion=None,
                made_at=self._now,
                expires=expires,
            )
            tx.approvals.add(approval, [ApprovalPrintRecord(approval.id, 0, print_id, None)])
            values = {"challenged": self._actor.id, "approval": approval.id, "expires": expires}
            tx.acts.change(record.id, ActState.WAITING, values)
        return request

    def _life(self, by: str, approved_by: str) -> CardLife:
        return CardLife(self._site, People(by, approved_by), self._now)


def card_office(tx: Transaction, number: str) -> str:
    """The office a card belongs to: that of its case, or of who filed its application."""
    case = tx.cases.of_card(number)
    if case is not None:
        return case.office
    filed = tx.applications.of_card(number)
    return "" if filed is None else tx.staff.get(filed.submitted_by).office


def _request_of(record: ActRecord, asked: Asked) -> bytes:
    if record.act == REINSTATE:
        return ReinstateRequest(asked, record.card_number).encode()
    if record.act == EXTEND and record.last_day is not None:
        return ExtendRequest(asked, record.card_number, record.last_day).encode()
    if record.act == GRANT and record.service is not None:
        return GrantRequest(asked, {record.card_number: record.last_day}, record.service).encode()
    raise ServiceError("act_not_open", f"{record.act} is decided without a key")


def _check_wish(wish: Wish) -> None:
    if wish.act in (GRANT, WITHDRAW) and wish.service is None:
        raise ServiceError("service_missing", f"{wish.act} names a service")
    if wish.act == EXTEND and wish.permit_until is None:
        raise ServiceError("day_missing", "extend names the permit's new last day")
    if (wish.act == CHIP) is not (wish.chip is not None and wish.tag is not None):
        raise ServiceError("chip_missing", "chip names the chip's number and kind; nothing else does")
