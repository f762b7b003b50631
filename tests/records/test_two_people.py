"""Nobody decides alone what two must: the databases refuse it, whatever the code above them does."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from cardsvc.records import (
    ActState,
    ApprovalRecord,
    ApprovalState,
    CaseState,
    Conflict,
    NewAct,
    Store,
    Transaction,
)
from tests.records.people import NOW, facts, new_card, new_number

CLERK, CHIEF = "clerk1", "chief1"


def approval(submitter: str, approver: str) -> ApprovalRecord:
    return ApprovalRecord(
        id="a" * 32,
        state=ApprovalState.WAITING,
        submitter=submitter,
        approver=approver,
        office="centre",
        request=b"request",
        assertion=None,
        made_at=NOW,
        expires=NOW + timedelta(minutes=9),
    )


def issued_case(tx: Transaction, submitter: str, decider: str | None) -> None:
    case = tx.cases.add("7KM3-QXTA", "centre", submitter, {"application": {}}, now=NOW)
    values = {"state": CaseState.ISSUED, "submitted_by": submitter, "decided_by": decider, "decided_at": NOW}
    tx.cases.change(case, values, now=NOW)


def decided_act(tx: Transaction, asker: str, decider: str, kind: str = "revoke") -> None:
    person = tx.people.add(facts(), b"", now=NOW)
    number = new_number()
    tx.cards.add(new_card(person, number), now=NOW)
    act = tx.acts.add(NewAct(number, kind, "lost", None, None, "centre", asker), now=NOW)
    tx.acts.change(act, ActState.WAITING, {"state": ActState.DONE, "decided_by": decider, "decided_at": NOW})


def refusal(store: Store, act: Callable[[Transaction], None]) -> str:
    with pytest.raises(Conflict) as caught, store.transaction() as tx:
        act(tx)
    return caught.value.reason


def test_an_approval_is_another_persons(store: Store) -> None:
    assert refusal(store, lambda tx: tx.approvals.add(approval(CLERK, CLERK), [])) == "same_person_approves"
    with store.transaction() as tx:
        tx.approvals.add(approval(CLERK, CHIEF), [])


def test_a_case_is_decided_by_another_person(store: Store) -> None:
    assert refusal(store, lambda tx: issued_case(tx, CLERK, CLERK)) == "same_person_approves"
    with store.transaction() as tx:
        issued_case(tx, CLERK, CHIEF)


def test_no_case_is_issued_by_nobody(store: Store) -> None:
    assert refusal(store, lambda tx: issued_case(tx, CLERK, None)) == "constraint_broken"


@pytest.mark.parametrize("kind", ["revoke", "reinstate", "extend", "replace"])
def test_an_act_is_allowed_by_another_person(store: Store, kind: str) -> None:
    assert refusal(store, lambda tx: decided_act(tx, CLERK, CLERK, kind)) == "same_person_approves"
    with store.transaction() as tx:
        decided_act(tx, CLERK, CHIEF, kind)


def test_a_department_grants_its_own_service_alone(store: Store) -> None:
    with store.transaction() as tx:
        decided_act(tx, "library1", "library1", "grant")
