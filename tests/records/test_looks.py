"""Looks at a resident's data: two officers for a look-up, and what the holder may know by when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cardsvc.records import Conflict, LookKind, LookRecord, NotFound, Store
from tests.records.people import NOW, issue, refusal, set_up

DAY = timedelta(days=1)


def look(number: str, name: str = "a", **changes: object) -> LookRecord:
    made = LookRecord(
        id=name * 32,
        card_number=number,
        kind=LookKind.LOOK_UP,
        staff="officer1",
        second="officer2",
        office="police-1",
        purpose="missing_person",
        case_number="A330782-2026-0001",
        at=NOW,
        told_from=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def number(store: Store) -> str:
    set_up(store)
    with store.transaction() as tx:
        return issue(tx, "C1")


def test_a_holder_is_told_of_a_covert_look_up_only_when_its_time_has_come(store: Store, number: str) -> None:
    details = look(
        number, "b", kind=LookKind.DETAILS, second=None, case_number=None, purpose="scan", at=NOW - DAY
    )
    covert = look(number, "c", told_from=NOW + 30 * DAY)
    with store.transaction() as tx:
        other = issue(tx, "C2")
        for item in (covert, look(number), look(other, "d"), replace(details, told_from=details.at)):
            tx.looks.add(item)
    with store.reading() as tx:
        assert [item.id[0] for item in tx.looks.told(number, NOW)] == ["a", "b"]
        assert [item.id[0] for item in tx.looks.told(number, NOW + 30 * DAY)] == ["a", "c", "b"]
        assert [item.id[0] for item in tx.looks.told(number, NOW + 30 * DAY, limit=1)] == ["a"]
        assert tx.looks.get("c" * 32) == covert
        with pytest.raises(NotFound) as missing:
            tx.looks.get("e" * 32)
    assert missing.value.reason == "look_not_found"


def test_a_look_up_names_its_case_and_another_officer(store: Store, number: str) -> None:
    alone = look(number, second="officer1")
    assert refusal(store, lambda tx: tx.looks.add(alone), Conflict) == "same_person_approves"
    for bare in (look(number, second=None), look(number, case_number=None)):
        assert refusal(store, lambda tx, bare=bare: tx.looks.add(bare), Conflict) == "constraint_broken"
