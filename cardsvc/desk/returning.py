"""Giving an approval back: nothing of it can be signed any more, and its cases wait for an approver again.

What decides is the first transaction: the approval is ``returned``, and nothing of it is signed after that.
Its cases follow part by part; a process killed in between is followed by one that goes on (:func:`go_on`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from cardsvc.desk.parts import BATCH, stand_back
from cardsvc.desk.signing import give_up
from cardsvc.installation import ServedInstallation
from cardsvc.records import ActState, ApprovalState, CaseRecord, CaseState, PrintState, Transaction

#: What stands beside a print that another process gave up for one that was killed.
_GONE_ON: Final = "approval_returned"


def give_back(
    site: ServedInstallation,
    approval: str,
    expected: ApprovalState,
    *,
    reason: str,
    by: str,
    now: datetime,
    bad: Mapping[int, str] | None = None,
) -> None:
    """Give an approval back that is in state ``expected``; raises ``approval_moved`` where it is not.

    ``bad`` are the signer's words about the cards at some places: their cases are ``failed``.
    """
    with site.store.transaction() as tx:
        give_back_in(tx, approval, expected, reason=reason, by=by, now=now, bad=bad)
        more = _free_some(tx, approval, reason, by, now)
    _free_rest(site, approval, reason, by, now, more=more)


def give_back_in(
    tx: Transaction,
    approval: str,
    expected: ApprovalState,
    *,
    reason: str,
    by: str,
    now: datetime,
    bad: Mapping[int, str] | None = None,
) -> None:
    """What decides, inside a transaction: all there is to do for an act, the named cases of a batch."""
    bad = bad or {}
    tx.approvals.move(approval, expected, ApprovalState.RETURNED)
    for one in tx.approvals.prints(approval):
        if one.case_id is None:
            _give_up(tx, [one.print_id], reason, by, now)
        elif one.place in bad:
            _fail(tx, tx.cases.get(one.case_id), bad[one.place], now)
            _give_up(tx, [one.print_id], reason, by, now)
    act = tx.acts.of_approval(approval)
    if act is not None:
        back = {"state": ActState.WAITING, "approval": None, "challenged": None, "request": None}
        tx.acts.change(act.id, act.state, back)
    tx.audit.append(by, "approval_returned", approval, {"reason": reason}, now)


def go_on(site: ServedInstallation, *, by: str, now: datetime) -> int:
    """Free what a killed process left of approvals that it gave back; returns how many approvals."""
    with site.store.reading() as tx:
        found = tx.approvals.half_returned()
    for approval in found:
        _free_rest(site, approval, _GONE_ON, by, now, more=True)
    return len(found)


def _free_rest(
    site: ServedInstallation, approval: str, reason: str, by: str, now: datetime, *, more: bool
) -> None:
    while more:
        stand_back()
        with site.store.transaction() as tx:
            more = _free_some(tx, approval, reason, by, now)


def _free_some(tx: Transaction, approval: str, reason: str, by: str, now: datetime) -> bool:
    """Free the next cases of a returned approval; whether there may be more."""
    cases = tx.cases.claimed(approval, BATCH)
    _give_up(tx, tx.approvals.prints_of_cases(approval, cases), reason, by, now)
    for case in cases:
        values = {"state": CaseState.SUBMITTED, "approval": None, "card_number": None}
        tx.cases.change(case, values, now=now)
    return len(cases) == BATCH


def _give_up(tx: Transaction, prints: Sequence[str], reason: str, by: str, now: datetime) -> None:
    for intent in tx.prints.get_many(prints).values():
        if intent.state is PrintState.INTENT:
            give_up(tx, intent, reason, by, now)


def _fail(tx: Transaction, case: CaseRecord, words: str, now: datetime) -> None:
    note = {"at": now.isoformat(), "by": "signer", "action": "card_refused", "words": words}
    content = dict(case.content) | {"notes": [*case.content["notes"], note]}
    back = {"approval": None, "card_number": None, "state": CaseState.FAILED, "content": content}
    tx.cases.change(case.id, back, now=now)
