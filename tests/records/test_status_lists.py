"""Slots, snapshots and entitlements."""

import dataclasses
import itertools
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsvc.records import (
    CardState,
    Conflict,
    EntitlementRecord,
    EntitlementValue,
    ListKind,
    NotFound,
    Store,
)
from cardsvc.records import status as status_module
from cardsvc.records.permutation import LIST_SIZE, permutation
from tests.records.people import IAT, NOW, TODAY, YEAR_S, facts, issue, new_card, new_print, set_up, slot_of
from verify.days import DAY_S, end_of


@settings(max_examples=3)
@given(st.binary(min_size=32, max_size=32))
def test_the_slots_are_a_bijection(seed: bytes) -> None:
    slot = permutation(seed)
    assert set(map(slot, range(LIST_SIZE))) == set(range(LIST_SIZE))


def test_the_order_depends_on_the_seed_and_shows_no_order_of_issue() -> None:
    first, second = permutation(b"a" * 32), permutation(b"b" * 32)
    order = [first(number) for number in range(2000)]
    assert order != [second(number) for number in range(2000)]
    again = permutation(b"a" * 32)
    assert order == [again(number) for number in range(2000)]
    rising = sum(later > earlier for earlier, later in itertools.pairwise(order))
    assert 850 < rising < 1150
    steps = [abs(later - earlier) for earlier, later in itertools.pairwise(order)]
    # Two random slots are a third of the list apart on average.
    assert 0.30 < sum(steps) / len(steps) / LIST_SIZE < 0.37


@pytest.mark.parametrize("number", [-1, LIST_SIZE])
def test_no_slot_outside_the_list(number: int) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        permutation(b"a" * 32)(number)


def test_a_seed_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        permutation(b"short")


def test_the_next_list_opens_when_one_is_full(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(store)
    assert LIST_SIZE * 15 / 16 == status_module.MOST_USED
    monkeypatch.setattr(status_module, "MOST_USED", 10)
    with store.transaction() as tx:
        slots = tx.status.allot(7, now=NOW) + tx.status.allot(7, now=NOW) + tx.status.allot(13, now=NOW)
        phones = tx.status.allot(1, ListKind.PHONE, now=NOW)
    assert len(set(slots)) == 27
    used = [list_id for list_id, _ in slots]
    lists = list(dict.fromkeys(used))
    assert [used.count(list_id) for list_id in lists] == [10, 10, 7]
    assert all(len(list_id) == 3 and set(list_id) <= set(status_module.BASE32) for list_id in lists)
    assert phones[0][0] not in lists


def test_every_status_at_its_index(store: Store) -> None:
    set_up(store)
    with store.transaction() as tx:
        valid, held, revoked, ended, none = (issue(tx, f"P{n}") for n in range(5))
        tx.cards.suspend(held, reason="lost", by="clerk1", now=NOW)
        tx.cards.revoke(revoked)
        tx.cards.set_permit_true_day(ended, TODAY - 1)
        tx.cards.set_permit_true_day(none, None)
        replaced = tx.prints.of_card(valid)[0]
        card = dataclasses.replace(new_card("unused"), number=valid)
        tx.prints.issue(tx.prints.add_intent(new_print(tx, card, 2)), b"g" * 64, None)
        tx.prints.mark_replaced([replaced.id])
        given_up = tx.prints.add_intent(new_print(tx, card, 3))
        tx.prints.orphan(given_up)
        orphan = tx.prints.get(given_up)
        slots = {number: slot_of(tx, number) for number in (valid, held, revoked, ended, none)}
    with store.reading() as tx:
        ((list_id, snapshot),) = tx.status.snapshot(IAT).lists.items()
    assert snapshot.id == list_id
    assert snapshot.kind is ListKind.PRINT
    assert len(snapshot.values) == LIST_SIZE
    assert snapshot.last_exp == IAT + YEAR_S
    expected = {
        slots[valid][1]: 0,
        slots[held][1]: 2,
        slots[revoked][1]: 1,
        slots[ended][1]: 2,
        slots[none][1]: 0,
        replaced.list_index: 3,
        orphan.list_index: 1,
    }
    assert {index: snapshot.values[index] for index in expected} == expected
    assert sum(map(bool, snapshot.values)) == 5
    # Only an index at 0 whose holder has a permit stands in the permit list.
    assert list(snapshot.permits) == [(slots[valid][1], TODAY + 100, (TODAY + 100,))]


def test_a_permit_ends_with_its_last_day_at_the_issuer(store: Store) -> None:
    set_up(store)
    with store.transaction() as tx:
        number = issue(tx, "P1", permit=TODAY)
        list_id, index = slot_of(tx, number)
    end = end_of(TODAY, 28_800)
    with store.reading() as tx:
        assert tx.status.snapshot(end - 1).lists[list_id].values[index] == 0
        assert tx.status.snapshot(end).lists[list_id].values[index] == 2
    with store.transaction() as tx:
        tx.cards.set_permit_true_day(number, TODAY + 30)
    with store.reading() as tx:
        extended = tx.status.snapshot(end).lists[list_id]
        assert extended.values[index] == 0
        assert list(extended.permits) == [(index, TODAY + 30, (TODAY,))]


def test_extending_lifts_no_hold(store: Store) -> None:
    set_up(store)
    with store.transaction() as tx:
        number = issue(tx, "P1", permit=TODAY - 5)
        list_id, index = slot_of(tx, number)
        tx.cards.suspend(number, reason="police", by="police1", now=NOW)
        tx.cards.set_permit_true_day(number, TODAY + 30)
        assert tx.status.snapshot(IAT).lists[list_id].values[index] == 2
        tx.cards.reinstate(number, by="police1", now=NOW + timedelta(seconds=1))
        assert tx.status.snapshot(IAT).lists[list_id].values[index] == 0


def test_a_bare_state_counts_as_well(store: Store) -> None:
    set_up(store)
    with store.transaction() as tx:
        suspended, over = issue(tx, "P1"), issue(tx, "P2")
        tx.cards.set_state(suspended, CardState.SUSPENDED)
        tx.cards.set_state(over, CardState.ENDED)
        slots = [slot_of(tx, suspended), slot_of(tx, over)]
        lists = tx.status.snapshot(IAT).lists
    assert [lists[list_id].values[index] for list_id, index in slots] == [2, 1]


def test_expired_prints_go_back_to_0_a_day_later(store: Store) -> None:
    set_up(store)
    exp = IAT + 10
    with store.transaction() as tx:
        number = issue(tx, "P1", exp=exp)
        list_id, index = slot_of(tx, number)
        tx.cards.revoke(number)
    with store.reading() as tx:
        before = tx.status.snapshot(exp + DAY_S - 1).lists[list_id]
        after = tx.status.snapshot(exp + DAY_S).lists[list_id]
    assert (before.values[index], before.last_exp) == (1, exp)
    assert (after.values[index], after.last_exp) == (0, None)


def test_days_written_on_chips_count_as_printed(store: Store) -> None:
    set_up(store)
    with store.transaction() as tx:
        number = issue(tx, "P1", permit=TODAY + 5)
        current = tx.prints.current_of(number)
        assert current is not None
        for uid, day in (("0A", TODAY + 5), ("0B", TODAY + 9), ("0C", None)):
            tx.chips.add_intent(uid, current.id, b"p", b"k" * 8, permit_day=day, now=NOW)
        tx.cards.set_permit_true_day(number, TODAY + 9)
        (found,) = tx.status.snapshot(IAT).lists[current.list_id].permits
    index, true_day, printed = found
    assert (index, true_day) == (current.list_index, TODAY + 9)
    assert sorted(printed) == [TODAY + 5, TODAY + 5, TODAY + 9]


def _entitlement(
    number: str, service: int, value: EntitlementValue, day: int | None = None
) -> EntitlementRecord:
    return EntitlementRecord(number, service, value, day, "library1", "asked", NOW)


def test_entitlements_stand_at_every_live_index(store: Store) -> None:
    set_up(store)
    with store.transaction() as tx:
        granted, until, withdrawn, revoked, expired = (
            issue(tx, f"P{n}", exp=IAT if n == 4 else IAT + YEAR_S) for n in range(5)
        )
        tx.entitlements.put_many(
            [
                _entitlement(granted, 3, EntitlementValue.WITHDRAWN),
                _entitlement(granted, 3, EntitlementValue.GRANTED),
                _entitlement(until, 3, EntitlementValue.UNTIL, TODAY + 9),
                _entitlement(withdrawn, 3, EntitlementValue.WITHDRAWN),
                _entitlement(withdrawn, 2, EntitlementValue.GRANTED),
                _entitlement(revoked, 3, EntitlementValue.GRANTED),
                _entitlement(expired, 3, EntitlementValue.GRANTED),
            ]
        )
        tx.prints.mark_replaced([tx.prints.of_card(revoked)[0].id])
        slots = {number: slot_of(tx, number) for number in (granted, until, withdrawn)}
        list_id = slots[granted][0]
    with store.reading() as tx:
        lists = tx.status.snapshot(IAT, [3, 1]).lists[list_id].entitlements
    assert set(lists) == {1, 3}
    assert list(lists[1]) == []
    assert list(lists[3]) == sorted(
        [(slots[granted][1], 1, None), (slots[until][1], 3, TODAY + 9), (slots[withdrawn][1], 2, None)]
    )


def test_of_what_nobody_signed_a_list_says_nothing_good(store: Store) -> None:
    """The signer refuses every other word about an index that it does not know."""
    set_up(store)
    with store.transaction() as tx:
        card = new_card(tx.people.add(facts("P1"), b"portrait", now=NOW), permit=TODAY + 2)
        tx.cards.add(card, now=NOW)
        waiting = new_print(tx, card)
        print_id = tx.prints.add_intent(waiting)
        tx.entitlements.put(_entitlement(card.number, 3, EntitlementValue.GRANTED))
        tx.entitlements.put(_entitlement(card.number, 2, EntitlementValue.WITHDRAWN))
    index = waiting.list_index

    def said() -> tuple[int, list[int], dict[int, list[int]]]:
        with store.reading() as tx:
            found = tx.status.snapshot(IAT, [2, 3]).lists[waiting.list_id]
        rights = {service: [row[1] for row in rows] for service, rows in found.entitlements.items()}
        return found.values[index], [day for _, day, _ in found.permits], rights

    assert said() == (0, [], {2: [2], 3: []})
    with store.transaction() as tx:
        tx.cards.suspend(card.number, reason="lost", by="clerk1", now=NOW)
    assert said() == (2, [], {2: [2], 3: []})
    with store.transaction() as tx:
        tx.cards.reinstate(card.number, by="clerk1", now=NOW)
        tx.prints.issue(print_id, b"g" * 64, b"i" * 64)
    assert said() == (0, [TODAY + 2], {2: [2], 3: [1]})


def test_an_entitlement_is_replaced_and_cleared(store: Store) -> None:
    set_up(store)
    with store.transaction() as tx:
        number = issue(tx, "P1")
        tx.entitlements.put(_entitlement(number, 3, EntitlementValue.UNTIL, TODAY))
        tx.entitlements.put(_entitlement(number, 3, EntitlementValue.WITHDRAWN))
        assert [item.value for item in tx.entitlements.of_card(number)] == [EntitlementValue.WITHDRAWN]
        assert tx.entitlements.clear(number, 3) == 1
        assert tx.entitlements.of_card(number) == []


@pytest.mark.parametrize(
    ("value", "day"),
    [(EntitlementValue.UNTIL, None), (EntitlementValue.GRANTED, TODAY)],
    ids=["until", "granted"],
)
def test_only_until_has_a_day(store: Store, value: EntitlementValue, day: int | None) -> None:
    set_up(store)
    with pytest.raises(Conflict), store.transaction() as tx:
        tx.entitlements.put(_entitlement(issue(tx, "P1"), 3, value, day))


def test_a_snapshot_needs_the_issuer(store: Store) -> None:
    with pytest.raises(NotFound) as caught, store.reading() as tx:
        tx.status.snapshot(IAT)
    assert caught.value.reason == "not_initialised"


def test_a_later_epoch_opens_fresh_lists(store: Store) -> None:
    set_up(store)
    with store.transaction() as tx:
        ((before, _),) = tx.status.allot(1, now=NOW)
        tx.issuer.raise_epoch(2)
        after = {list_id for list_id, _ in tx.status.allot(2, now=NOW)}
        assert len(after) == 1
        assert before not in after
        # The old list is still published: its cards live on.
        assert set(tx.status.snapshot(IAT).lists) == {before, *after}
