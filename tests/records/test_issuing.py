"""The two-transaction protocol and the constraints under it."""

import dataclasses
import hmac
import threading

import pytest

from cardsvc.records import (
    ApplicationState,
    CardState,
    Conflict,
    NewApplication,
    NewPerson,
    NotFound,
    PrintState,
    RecordKeys,
    RecordsError,
    Signatures,
    Store,
    Transaction,
)
from tests.records.people import NOW, facts, issue, new_card, new_number, new_print, refusal, set_up

REQUEST = NewApplication("desk-1", b"d" * 32, ApplicationState.INTENT, "clerk1", "chief1", family="fam")


@pytest.fixture(autouse=True)
def _issuer(store: Store) -> None:
    set_up(store)


def _reserve(store: Store) -> tuple[str, str]:
    """The first transaction, whole; returns card number and print id."""
    with store.transaction() as tx:
        person = tx.people.add(facts(), b"face", now=NOW)
        card = new_card(person)
        tx.cards.add(card, now=NOW)
        tx.applications.add(dataclasses.replace(REQUEST, person_id=person, card_number=card.number), now=NOW)
        print_id = tx.prints.add_intent(new_print(tx, card))
        tx.audit.append("clerk1", "intent", card.number, {"print": print_id}, NOW)
    return card.number, print_id


def test_what_was_reserved_is_found_after_a_crash_and_finished(store: Store) -> None:
    number, print_id = _reserve(store)
    with store.transaction() as tx:
        (intent,) = tx.prints.intents()
        assert (intent.id, intent.card_number, intent.gate_payload) == (print_id, number, b"gate")
        assert intent.identity_payload is not None
        assert intent.identity_payload.startswith(b"identity of ")
        tx.prints.issue(print_id, b"g" * 64, b"i" * 64)
        assert tx.applications.mark_issued([number]) == 1
    with store.reading() as tx:
        assert tx.prints.intents() == []
        current = tx.prints.current_of(number)
        assert current is not None
        assert (current.gate_signature, current.identity_signature) == (b"g" * 64, b"i" * 64)
        found = tx.applications.by_reference("desk-1")
        assert found is not None
        assert (found.state, found.card_number) == (ApplicationState.ISSUED, number)
        assert tx.applications.by_references(["desk-1", "desk-2"]) == {"desk-1": found}
        assert tx.applications.of_family("fam") == [found]
        assert tx.applications.of_card(number) == tx.applications.get(found.id) == found


def test_a_failed_first_transaction_leaves_nothing(store: Store) -> None:
    def fall() -> None:
        with store.transaction() as tx:
            issue(tx, "C1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fall()
    with store.reading() as tx:
        assert tx.people.find_by_passport("UTO", "C1") is None
        assert tx.prints.intents() == []


def test_signatures_are_stored_once(store: Store) -> None:
    _, print_id = _reserve(store)
    with store.transaction() as tx:
        tx.prints.issue(print_id, b"g" * 64, None)
    with pytest.raises(Conflict) as caught, store.transaction() as tx:
        tx.prints.issue(print_id, b"h" * 64, None)
    assert caught.value.reason == "not_an_intent"
    with store.reading() as tx:
        assert tx.prints.get(print_id).gate_signature == b"g" * 64


def test_one_wrong_signature_in_a_batch_rolls_all_back(store: Store) -> None:
    _, print_id = _reserve(store)
    batch = [Signatures(print_id, b"g" * 64, None), Signatures("unknown", b"g" * 64, None)]
    with pytest.raises(Conflict), store.transaction() as tx:
        tx.prints.issue_many(batch)
    with store.reading() as tx:
        assert tx.prints.get(print_id).state is PrintState.INTENT


def test_an_orphan_is_never_issued(store: Store) -> None:
    _, print_id = _reserve(store)
    with store.transaction() as tx:
        tx.prints.orphan(print_id)
    with store.reading() as tx:
        orphan = tx.prints.get(print_id)
        assert (orphan.state, orphan.status) == (PrintState.ORPHANED, 1)
    for change in ("issue", "orphan"):
        with pytest.raises(Conflict), store.transaction() as tx:
            tx.prints.issue(print_id, b"g" * 64, None) if change == "issue" else tx.prints.orphan(print_id)


def test_hundreds_in_one_transaction(store: Store) -> None:
    with store.transaction() as tx:
        people = tx.people.add_many([NewPerson(facts(f"P{n}"), b"face") for n in range(600)], now=NOW)
        cards = [new_card(person) for person in people]
        tx.cards.add_many(cards, now=NOW)
        slots = tx.status.allot(600, now=NOW)
        template = new_print(tx, cards[0])
        prints = [
            dataclasses.replace(
                template,
                card_number=card.number,
                cti=n.to_bytes(8, "big"),
                list_id=slot[0],
                list_index=slot[1],
            )
            for n, (card, slot) in enumerate(zip(cards, slots, strict=True))
        ]
        ids = tx.prints.add_intents(prints)
    with store.transaction() as tx:
        assert len(tx.prints.intents(limit=1000)) == 600
        tx.prints.issue_many([Signatures(print_id, b"g" * 64, b"i" * 64) for print_id in ids])
    with store.reading() as tx:
        assert tx.prints.intents() == []
        found = tx.prints.get_many(ids)
        assert [found[print_id].card_number for print_id in ids] == [card.number for card in cards]
        assert tx.cards.taken([card.number for card in cards] + ["free"]) == {card.number for card in cards}


def test_one_living_card_a_person(store: Store) -> None:
    number, _ = _reserve(store)
    with store.reading() as tx:
        person = tx.cards.get(number).person_id
    for _state in ("active", "suspended"):
        assert refusal(store, lambda tx: tx.cards.add(new_card(person), now=NOW)) == "living_card_exists"
        with store.transaction() as tx:
            tx.cards.suspend(number, reason="lost", by="clerk1", now=NOW)
    with store.transaction() as tx:
        tx.cards.set_state(number, CardState.ENDED)
        assert tx.cards.living_of(person) is None
        second = new_card(person)
        tx.cards.add(second, now=NOW)
        tx.cards.revoke(second.number)
        third = new_card(person)
        tx.cards.add(third, now=NOW)
        living = tx.cards.living_of(person)
        assert living is not None
        assert living.number == third.number
        assert len(tx.cards.of_person(person)) == 3


@pytest.mark.parametrize(
    ("field", "reason"),
    [("cti", "cti_in_use"), ("slot", "index_in_use"), ("print_no", "print_number_in_use")],
)
def test_nothing_is_reserved_twice(store: Store, field: str, reason: str) -> None:
    number, print_id = _reserve(store)

    def again(tx: Transaction) -> None:
        first = tx.prints.get(print_id)
        card = dataclasses.replace(new_card("unused"), number=number)
        new = new_print(tx, card, print_no=1 if field == "print_no" else 2)
        if field == "cti":
            new = dataclasses.replace(new, cti=first.cti)
        if field == "slot":
            new = dataclasses.replace(new, list_id=first.list_id, list_index=first.list_index)
        tx.prints.add_intent(new)

    assert refusal(store, again, Conflict) == reason


def test_a_number_is_given_once(store: Store) -> None:
    number, _ = _reserve(store)

    def again(tx: Transaction) -> None:
        other = tx.people.add(facts("D1"), b"", now=NOW)
        tx.cards.add(new_card(other, number), now=NOW)

    assert refusal(store, again, Conflict) == "number_in_use"


def test_a_card_needs_its_person_and_thirteen_digits(store: Store) -> None:
    for person, number in (("nobody", new_number()), (None, "123")):
        with pytest.raises(Conflict) as caught, store.transaction() as tx:
            tx.cards.add(new_card(person or tx.people.add(facts(), b"", now=NOW), number), now=NOW)
        assert caught.value.reason == "constraint_broken"


def test_nobody_approves_his_own_request(store: Store) -> None:
    for approver in ("clerk1", None):
        with pytest.raises(Conflict) as caught, store.transaction() as tx:
            tx.applications.add(dataclasses.replace(REQUEST, approved_by=approver), now=NOW)
        assert caught.value.reason == ("same_person_approves" if approver else "constraint_broken")


def test_a_reference_is_used_once_unless_it_was_refused(store: Store) -> None:
    refused = dataclasses.replace(REQUEST, state=ApplicationState.REFUSED, reason="passport_expired")
    with store.transaction() as tx:
        first = tx.applications.add(refused, now=NOW)
        tx.applications.add_many([dataclasses.replace(REQUEST, reference=None)] * 2, now=NOW)
    with pytest.raises(Conflict) as caught, store.transaction() as tx:
        tx.applications.add(REQUEST, now=NOW)
    assert caught.value.reason == "duplicate_reference"
    with store.transaction() as tx:
        tx.applications.replace_refused(first, REQUEST)
        assert tx.applications.get(first).state is ApplicationState.INTENT
    with pytest.raises(Conflict) as caught, store.transaction() as tx:
        tx.applications.replace_refused(first, REQUEST)
    assert caught.value.reason == "application_not_refused"


def test_revoked_is_for_ever(store: Store) -> None:
    number, print_id = _reserve(store)
    with store.transaction() as tx:
        tx.cards.revoke(number)
        tx.cards.revoke(number)
    for change in (
        lambda tx: tx.cards.set_state(number, CardState.ACTIVE),
        lambda tx: tx.cards.suspend(number, reason="r", by="b", now=NOW),
        lambda tx: tx.cards.reinstate(number, by="b", now=NOW),
        lambda tx: tx.cards.set_state(number, CardState.ENDED),
    ):
        with pytest.raises(Conflict) as caught, store.transaction() as tx:
            change(tx)
        assert caught.value.reason == "card_is_final"
    with store.transaction() as tx:
        assert tx.prints.mark_replaced([print_id]) == 0
        assert tx.prints.get(print_id).status == 1


def test_holds_are_placed_and_lifted(store: Store) -> None:
    number, _ = _reserve(store)
    with store.transaction() as tx:
        tx.cards.suspend(number, reason="lost", by="clerk1", now=NOW)
        tx.cards.suspend(number, reason="police", by="police1", now=NOW)
        assert tx.cards.get(number).state is CardState.SUSPENDED
        assert tx.cards.reinstate(number, by="chief1", now=NOW) == 2
        assert tx.cards.get(number).state is CardState.ACTIVE
        assert {(hold.reason, hold.lifted_by) for hold in tx.cards.holds(number)} == {
            ("lost", "chief1"),
            ("police", "chief1"),
        }
    with pytest.raises(Conflict) as caught, store.transaction() as tx:
        tx.cards.reinstate(number, by="chief1", now=NOW)
    assert caught.value.reason == "not_suspended"


def test_chips_follow_the_same_two_steps(store: Store) -> None:
    _, print_id = _reserve(store)
    with store.transaction() as tx:
        tx.chips.add_intent("04a1b2", print_id, b"payload", b"k" * 8, permit_day=7, now=NOW)
    with store.transaction() as tx:
        (chip,) = tx.chips.intents()
        tx.chips.issue(chip.uid, b"s" * 64)
        signed = tx.chips.get("04A1B2")
        assert signed is not None
        assert signed.signature == b"s" * 64
        assert tx.chips.of_print(print_id) == [signed]
        assert tx.chips.get("00") is None

    def add(tx: Transaction) -> None:
        tx.chips.add_intent("04A1B2", print_id, b"p", b"k" * 8, permit_day=None, now=NOW)

    assert refusal(store, add, Conflict) == "chip_in_use"
    assert refusal(store, lambda tx: tx.chips.issue("04A1B2", b"t" * 64), Conflict) == "not_an_intent"


def test_what_is_missing_is_named(store: Store) -> None:
    with store.reading() as tx:
        for ask, reason in (
            (tx.cards.get, "card_not_found"),
            (tx.prints.get, "print_not_found"),
            (tx.applications.get, "application_not_found"),
            (tx.people.facts, "person_not_found"),
            (tx.staff.get, "staff_not_found"),
            (tx.venues.get, "venue_not_found"),
        ):
            with pytest.raises(NotFound) as caught:
                ask("nothing")
            assert caught.value.reason == reason
        assert tx.prints.current_of("nothing") is None
    with pytest.raises(NotFound), store.transaction() as tx:
        tx.cards.set_permit_true_day("nothing", 1)
    with pytest.raises(NotFound), store.transaction() as tx:
        tx.prints.add_intent(new_print(tx, new_card("nobody")))


def test_writers_in_parallel_never_share_an_index(store: Store) -> None:
    slots: list[tuple[str, int]] = []
    failures: list[RecordsError] = []

    def work() -> None:
        try:
            for _ in range(10):
                with store.transaction() as tx:
                    slots.extend(tx.status.allot(5, now=NOW))
        except RecordsError as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(slots) == len(set(slots)) == 200
    assert len({list_id for list_id, _ in slots}) == 1


def test_prints_and_chips_count_against_their_key(store: Store) -> None:
    _, print_id = _reserve(store)
    with store.transaction() as tx:
        tx.chips.add_intent("0A", print_id, b"p", b"k" * 8, permit_day=None, now=NOW)
        tx.chips.add_intent("0B", print_id, b"p", b"c" * 8, permit_day=None, now=NOW)
        assert tx.prints.signed_by_key() == {b"k" * 8: 2, b"c" * 8: 1}


def test_families_and_requests_are_stored_as_keyed_hashes(store: Store, keys: RecordKeys) -> None:
    refused_one = dataclasses.replace(REQUEST, state=ApplicationState.REFUSED)
    with store.transaction() as tx:
        application = tx.applications.add(refused_one, now=NOW)
        record = tx.applications.get(application)
        assert record.request_digest == tx.applications.digest(REQUEST.request_digest)
        assert record.family == hmac.new(keys.blind, b"family\0fam", "sha256").digest()
        assert record.request_digest == hmac.new(keys.blind, b"request\0" + b"d" * 32, "sha256").digest()
        tx.applications.replace_refused(application, dataclasses.replace(REQUEST, family="other"))
        assert tx.applications.of_family("fam") == []
        (again,) = tx.applications.of_family("other")
        assert again.request_digest == record.request_digest
