"""An act that another person allowed: the signer is told, the card is changed, the audit names both.

Any process may do it, and again: killed in between, the next one goes on where the first one stopped.
"""

from datetime import datetime

from cardsvc.desk import asserting
from cardsvc.desk.chipacts import sign_chip
from cardsvc.desk.life import NOBODY, CardLife, People
from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records import ACT_RECORDED, ActRecord, ActState, Conflict, Transaction, Unavailable
from keys.errors import KeysError
from keys.requests import challenge_of
from verify.days import date_of
from verify.errors import CardsvcError
from verify.services import Service

REVOKE, REINSTATE, EXTEND, GRANT = "revoke", "reinstate", "extend", "grant"
CHIP = "chip"


def finish_act(site: ServedInstallation, act: str, now: datetime) -> None:
    """Tell the signer and change the card, for an act whose answer is stored; again it finds it done."""
    try:
        _finish(site, act, now)
    except Conflict as error:
        if error.reason != "act_moved":
            raise
        with site.store.reading() as tx:
            if tx.acts.get(act).state is not ActState.DONE:
                raise
        # Another process did it meanwhile: the recovery takes whatever is asserted.


def _finish(site: ServedInstallation, act: str, now: datetime) -> None:
    with site.store.reading() as tx:
        record = tx.acts.get(act)
    if record.state is not ActState.ASSERTED or record.request is None or record.assertion is None:
        return
    approval = asserting.unpacked(record.assertion)
    try:
        with site.store.reading() as tx:
            check_holds(tx, record)
        if record.act == CHIP:
            sign_chip(site, record, approval, now)
        else:
            site.signer.record_act(record.request, approval)
    except KeysError as error:
        if not asserting.is_kept(error.reason, record.expires, now):
            with site.store.transaction() as tx:
                tx.acts.change(act, ActState.ASSERTED, {"state": ActState.WAITING, "assertion": None})
                details = {"act": record.act, "reason": error.reason}
                tx.audit.append(approval.staff, "act_not_believed", record.card_number, details, now)
        raise
    except ServiceError:
        # A chip that was asked for anew meanwhile, a card that was held again: this request is over.
        with site.store.transaction() as tx:
            tx.acts.change(act, ActState.ASSERTED, {"state": ActState.RETURNED, "decided_at": now})
        raise
    try:
        do_act(site, record, approval.staff, now, ActState.ASSERTED)
    except Unavailable:
        raise  # The records could not be written; what was allowed stays so, and recover_acts does it.
    except CardsvcError:
        # The card is not what it was when it was asked: the request ends, the card stays as it is.
        with site.store.transaction() as tx:
            tx.acts.change(act, ActState.ASSERTED, {"state": ActState.RETURNED, "decided_at": now})
            _audit_recorded(tx, record, approval.staff, now)
        raise


def do_act(
    site: ServedInstallation, record: ActRecord, approver: str, now: datetime, expected: ActState
) -> None:
    """Change the card and close the request, in one transaction.

    Raises ``act_moved`` if it is no longer as ``expected``: whoever took it back meanwhile was faster.
    """
    alone = record.requested_by == approver
    life = CardLife(site, People(record.requested_by, NOBODY if alone else approver), now)
    last = None if record.last_day is None else date_of(record.last_day)
    with site.store.transaction() as tx:
        done = {"state": ActState.DONE, "decided_by": approver, "decided_at": now}
        tx.acts.change(record.id, expected, done)
        if record.act == REVOKE:
            life.revoke(record.card_number, record.reason, within=tx)
        elif record.act == REINSTATE:
            check_holds(tx, record)
            life.reinstate(record.card_number, record.reason, within=tx)
        elif record.act == EXTEND and last is not None:
            life.extend(record.card_number, last, within=tx)
        elif record.act == GRANT and record.service is not None:
            life.grant(record.card_number, Service(record.service), last, within=tx)
        _audit_recorded(tx, record, approver, now)


def check_holds(tx: Transaction, record: ActRecord) -> None:
    """Let a reinstatement end no hold that was placed after it was asked for; raises ``held_again``."""
    if record.act == REINSTATE and not set(tx.cards.held_by(record.card_number)) <= set(record.holds or ()):
        words = f"the card {record.card_number} was held again after this was asked for; look at that hold"
        raise ServiceError("held_again", f"{words}, refuse this request, and have it asked for anew")


def _audit_recorded(tx: Transaction, record: ActRecord, approver: str, now: datetime) -> None:
    """Name the request that the signer took note of: both compare their lists at every start.

    Chips are compared by what was signed for them.
    """
    if record.request is not None and record.act != CHIP:
        details = {"act": record.act, "request": record.id, "approved": challenge_of(record.request).hex()}
        tx.audit.append(approver, ACT_RECORDED, record.card_number, details, now)


def recover_acts(site: ServedInstallation, now: datetime) -> int:
    """Finish the acts that a killed process left asserted; returns how many went through.

    One that failed does not count: it may fail again at once, and whoever goes on while there is work would
    never rest.
    """
    with site.store.reading() as tx:
        left = tx.acts.page({ActState.ASSERTED})
    settled = 0
    for record in left:
        try:
            finish_act(site, record.id, now)
            settled += 1
        except CardsvcError as error:
            if error.reason in asserting.UNREACHED:
                return settled
    return settled
