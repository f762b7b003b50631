"""Cards that go from phone to phone: signed by the old one or by its recovery key, once, and no other way."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from keys.moves import MOVES_A_DAY, RECOVERIES_A_MONTH, RECOVERY_LIFE_S, RECOVERY_WAIT_S
from keys.phonebook import LOST_PRINT, MOVE, PROOF_S, RECOVER, RECOVERY, proof_message
from keys.signer import Signer, new_signer
from keys.signing import TokenProof
from tests.keys.conftest import refused
from tests.keys.signer.bench import URI, Bench, number_of, payloads
from tests.keys.signer.test_tokens import (
    LIST,
    OTHER,
    PHONE,
    PHONE_URI,
    enrol,
    enrolment,
    proof,
    sign_phones,
    token,
)
from verify.card import StatusRef
from verify.cose import EDDSA, ES256, thumbprint
from verify.days import DAY_S, day_at, start_of
from verify.status import REVOKED, SUSPENDED

NEW, NEXT, CODE = new_signer(ES256), new_signer(ES256), new_signer(ES256)
KEY, NEXT_KEY = thumbprint(NEW.public), thumbprint(NEXT.public)


@pytest.fixture
def phone(bench: Bench) -> Bench:
    """A signer with one card, and one phone that stands for it."""
    bench.issue(payloads(1))
    enrol(bench)
    return bench


def wish(bench: Bench, act: str, by: Signer = PHONE, once: int = 1, **bent: Any) -> TokenProof:
    raw, time = once.to_bytes(16, "little"), bench.now
    made = TokenProof(by.public.raw, raw, time, by.sign(proof_message(act, raw, time)))
    return replace(made, **bent)


def move(bench: Bench, by: Signer = PHONE, into: bytes = KEY, index: int = 8, once: int = 1) -> None:
    bench.service.move_phone(wish(bench, MOVE + into.hex(), by, once), into, LIST, index)


def register(bench: Bench, by: Signer = PHONE, code: Signer = CODE, once: int = 10) -> None:
    code_key = thumbprint(code.public)
    bench.service.register_recovery(wish(bench, RECOVERY + code_key.hex(), by, once), code.public.raw)


def begin(bench: Bench, code: Signer = CODE, into: bytes = KEY, index: int = 8, once: int = 20) -> int:
    return bench.service.begin_recovery(wish(bench, RECOVER + into.hex(), code, once), into, LIST, index)


def code_of(bench: Bench, by: Signer, index: int, once: int = 30) -> bytes:
    """The signature of a token for that phone at that index."""
    today = start_of(day_at(bench.now))
    said = token(bench, by, status=StatusRef(PHONE_URI, index), not_before=today)
    return bench.service.sign_token(proof(bench, by, once), said.encode()).signature


def test_the_old_phone_signs_for_the_new_one_and_is_over(phone: Bench) -> None:
    assert code_of(phone, PHONE, 7)
    move(phone)
    assert code_of(phone, NEW, 8)
    with refused("phone_is_final"):
        code_of(phone, PHONE, 7, once=31)
    assert phone.service.carries(KEY)
    assert not phone.service.carries(NEXT_KEY)
    # An hour is the time that a killed service has to learn of it; then lists must say so.
    sign_phones(phone, {})
    phone.clock.pass_(hours=1)
    with refused("moved_not_listed"):
        sign_phones(phone, {})
    sign_phones(phone, {7: REVOKED})
    assert phone.reopen().carries(KEY)


def test_a_phone_is_believed_once(phone: Bench) -> None:
    move(phone)
    move(phone, once=2)  # The very same once more: who asked may have died before the answer.
    with refused("phone_is_final"):
        move(phone, into=NEXT_KEY, index=9, once=3)
    move(phone, by=NEW, into=NEXT_KEY, index=9, once=4)
    assert code_of(phone, NEXT, 9)


@pytest.mark.parametrize(
    ("bent", "reason"),
    [
        ({"signature": bytes(64)}, "bad_proof"),
        ({"nonce": bytes(16)}, "bad_proof"),
        ({"nonce": b"short"}, "bad_proof"),
        ({"time": 1}, "bad_proof"),
        ({"key": OTHER.public.raw}, "bad_proof"),
    ],
)
def test_without_the_old_phones_own_signature_nothing_moves(
    phone: Bench, bent: dict[str, Any], reason: str
) -> None:
    with refused(reason):
        phone.service.move_phone(wish(phone, MOVE + KEY.hex(), **bent), KEY, LIST, 8)


def test_a_signature_for_one_thing_moves_no_other(phone: Bench) -> None:
    with refused("bad_proof"):
        phone.service.move_phone(wish(phone, MOVE + NEXT_KEY.hex()), KEY, LIST, 8)
    with refused("bad_proof"):
        phone.service.move_phone(wish(phone, RECOVER + KEY.hex()), KEY, LIST, 8)
    with refused("bad_proof"):
        phone.service.move_phone(proof(phone), KEY, LIST, 8)
    with refused("unknown_phone"):
        move(phone, by=OTHER)
    late = wish(phone, MOVE + KEY.hex())
    phone.clock.pass_(seconds=PROOF_S + 1)
    with refused("stale_proof"):
        phone.service.move_phone(late, KEY, LIST, 8)


@pytest.mark.parametrize(
    ("into", "list_id", "index", "reason"),
    [
        (KEY, LIST, 7, "slot_in_use"),
        (KEY, "abc", 9, "wrong_list"),
        (KEY, LIST, 1 << 17, "malformed_request"),
        (KEY, LIST, -1, "malformed_request"),
        (KEY, "long", 9, "malformed_request"),
        (b"short", LIST, 9, "malformed_request"),
        (thumbprint(OTHER.public), LIST, 9, "phone_in_use"),
    ],
    # Keys are made anew in each process, and a name that differs between the workers ends the run.
    ids=["index taken", "other list", "index too high", "index below none", "no list", "no key", "key taken"],
)
def test_the_new_phone_gets_a_free_index_of_a_phones_list(
    phone: Bench, into: bytes, list_id: str, index: int, reason: str
) -> None:
    enrol(phone, OTHER, 5)
    with refused(reason):
        phone.service.move_phone(wish(phone, MOVE + into.hex()), into, list_id, index)


def test_a_held_or_ended_card_goes_nowhere(phone: Bench) -> None:
    register(phone)
    phone.sign_list({1: SUSPENDED})
    sign_phones(phone, {7: SUSPENDED})
    with refused("card_is_held"):
        move(phone)
    with refused("card_is_held"):
        begin(phone)
    phone.sign_list({1: REVOKED})
    with refused("card_is_final"):
        move(phone, once=2)
    with refused("card_is_final"):
        begin(phone, once=21)


def test_a_card_moves_twice_a_day(phone: Bench) -> None:
    hands = [PHONE, *(new_signer(ES256) for _ in range(MOVES_A_DAY + 1))]
    for place, (old, new) in enumerate(pairwise(hands[:-1]), 1):
        move(phone, old, thumbprint(new.public), 10 + place, once=place)
    with refused("too_many_moves"):
        move(phone, hands[-2], thumbprint(hands[-1].public), 30, once=40)
    phone.clock.pass_(seconds=DAY_S + 1)
    move(phone, hands[-2], thumbprint(hands[-1].public), 30, once=41)


def test_a_recovery_key_brings_the_card_a_day_later(phone: Bench) -> None:
    register(phone)
    ready = begin(phone)
    assert ready == phone.now + RECOVERY_WAIT_S
    phone.clock.pass_(seconds=60)
    assert begin(phone, once=21) == ready, "asked again, it says the same"
    with refused("recovery_waits"):
        phone.service.finish_recovery(KEY)
    assert code_of(phone, PHONE, 7), "until then the phone goes on"
    phone.clock.pass_(seconds=RECOVERY_WAIT_S)
    phone.service.finish_recovery(KEY)
    phone.service.finish_recovery(KEY)
    assert code_of(phone, NEW, 8, once=31)
    with refused("phone_is_final"):
        code_of(phone, PHONE, 7, once=32)
    with refused("unknown_recovery"):
        begin(phone, into=NEXT_KEY, index=9, once=22)


def test_the_lost_phone_may_be_stopped_and_its_card_recovered_all_the_same(phone: Bench) -> None:
    register(phone)
    begin(phone)
    sign_phones(phone, {7: REVOKED})
    phone.clock.pass_(seconds=RECOVERY_WAIT_S)
    phone.service.finish_recovery(KEY)
    assert code_of(phone, NEW, 8)
    phone.clock.pass_(hours=2)
    sign_phones(phone, {7: REVOKED})


def test_what_is_stopped_is_over_code_and_all(phone: Bench) -> None:
    register(phone)
    begin(phone)
    phone.service.stop_recovery(KEY)
    phone.clock.pass_(seconds=RECOVERY_WAIT_S)
    with refused("no_recovery"):
        phone.service.finish_recovery(KEY)
    with refused("unknown_recovery"):
        begin(phone, into=NEXT_KEY, once=21)
    assert code_of(phone, PHONE, 7)
    register(phone, once=11)
    phone.service.stop_recovery(thumbprint(PHONE.public))  # The phone was given up: so is its code.
    with refused("unknown_recovery"):
        begin(phone, into=NEXT_KEY, once=22)


def test_a_recovery_nobody_came_back_for_is_forgotten(phone: Bench) -> None:
    register(phone)
    begin(phone)
    with refused("recovery_waits"):
        begin(phone, into=NEXT_KEY, once=21)
    phone.clock.pass_(seconds=RECOVERY_LIFE_S + 1)
    with refused("no_recovery"):
        phone.service.finish_recovery(KEY)
    with refused("phone_in_use"):
        begin(phone, once=22)
    begin(phone, into=NEXT_KEY, once=23)


def test_a_held_card_is_not_recovered_when_its_day_has_come(phone: Bench) -> None:
    register(phone)
    begin(phone)
    phone.sign_list({1: SUSPENDED})
    sign_phones(phone, {7: SUSPENDED})
    phone.clock.pass_(seconds=RECOVERY_WAIT_S)
    with refused("card_is_held"):
        phone.service.finish_recovery(KEY)


def test_moving_ends_the_recovery_of_the_phone_that_moved(phone: Bench) -> None:
    register(phone)
    begin(phone, into=NEXT_KEY, index=9)
    move(phone)
    phone.clock.pass_(seconds=RECOVERY_WAIT_S)
    with refused("no_recovery"):
        phone.service.finish_recovery(NEXT_KEY)


def test_recoveries_are_few(phone: Bench) -> None:
    for place in range(RECOVERIES_A_MONTH):
        new = thumbprint(new_signer(ES256).public)
        register(phone, once=40 + place)
        begin(phone, into=new, index=20 + place, once=50 + place)
        phone.service.stop_recovery(new)
    register(phone, once=60)
    with refused("too_many_recoveries"):
        begin(phone, once=61)
    phone.clock.pass_(days=31)
    begin(phone, once=62)


def test_a_recovery_key_is_registered_by_the_phone_it_is_for(phone: Bench) -> None:
    act = RECOVERY + thumbprint(CODE.public).hex()
    for bad, key, reason in [
        (wish(phone, act, OTHER), CODE.public.raw, "unknown_phone"),
        (wish(phone, act), NEW.public.raw, "bad_proof"),
        (wish(phone, act), b"\x04" + bytes(64), "bad_recovery_key"),
        (wish(phone, act), new_signer(EDDSA).public.raw, "bad_recovery_key"),
        (wish(phone, RECOVERY + thumbprint(PHONE.public).hex()), PHONE.public.raw, "bad_recovery_key"),
    ]:
        with refused(reason):
            phone.service.register_recovery(bad, key)
    register(phone)
    enrol(phone, OTHER, 9)
    with refused("bad_recovery_key"):
        register(phone, OTHER, once=12)
    register(phone, code=NEXT, once=13)
    with refused("unknown_recovery"):
        begin(phone)
    begin(phone, code=NEXT, once=21)


def test_a_recovery_key_moves_nothing_at_once(phone: Bench) -> None:
    register(phone)
    with refused("unknown_phone"):
        move(phone, by=CODE)


def lose(bench: Bench, by: Signer = PHONE, once: int = 70) -> None:
    bench.service.report_print_lost(wish(bench, LOST_PRINT, by, once), LOST_PRINT)


def test_a_lost_print_holds_no_phone(phone: Bench) -> None:
    lose(phone)
    lose(phone, once=71)
    phone.sign_list({1: SUSPENDED})
    assert code_of(phone, PHONE, 7)
    enrol(phone, OTHER, 9)
    with refused("hold_not_lifted"):
        phone.sign_list({})
    # The same card held besides: every index says so, and no phone goes on.
    sign_phones(phone, {7: SUSPENDED, 9: SUSPENDED})
    with refused("card_is_held"):
        phone.service.sign_token(proof(phone, once=33), token(phone).encode())


def test_no_word_of_a_phone_ends_the_hold_of_its_card(phone: Bench) -> None:
    phone.sign_list({1: SUSPENDED})
    lose(phone)
    with refused("card_is_held"):
        code_of(phone, PHONE, 7)
    phone.reinstate(number_of(1))
    assert code_of(phone, PHONE, 7, once=31)


@pytest.mark.parametrize("used", [False, True])
def test_a_hold_counts_at_a_phone_between_two_tokens(phone: Bench, used: bool) -> None:
    """Of a print that was lost before, no index of the print tells of it."""
    if used:
        code_of(phone, PHONE, 7)
        phone.clock.pass_(days=15)
    lose(phone)
    phone.sign_list({1: SUSPENDED})
    sign_phones(phone, {7: SUSPENDED})
    sign_phones(phone, {})  # Of a phone without a token the records say nothing, held or not.
    with refused("card_is_held"):
        code_of(phone, PHONE, 7, once=31)
    phone.reinstate(number_of(1))
    assert code_of(phone, PHONE, 7, once=32)


def replace_print(bench: Bench, print_no: int) -> None:
    """Another print of the card, at the index ``100 + print_no``."""
    changed = {
        "print_number": print_no,
        "print_id": print_no.to_bytes(8),
        "status": StatusRef(URI, 100 + print_no),
    }
    card = payloads(1, bench.clock.now, **changed)
    request = bench.replace_request(number_of(1), card)
    bench.service.sign_cards(request, bench.approve("chief1", request), [card])


def test_another_print_of_a_lost_one_is_not_held_but_of_a_held_card_it_is(phone: Bench) -> None:
    lose(phone)
    phone.sign_list({1: SUSPENDED})
    replace_print(phone, 2)
    phone.sign_list({1: SUSPENDED})
    sign_phones(phone, {7: SUSPENDED})
    phone.sign_list({1: SUSPENDED, 102: SUSPENDED})
    replace_print(phone, 3)
    with refused("hold_not_lifted"):
        phone.sign_list({1: SUSPENDED, 102: SUSPENDED})


def test_a_found_print_is_held_again_when_its_card_is(phone: Bench) -> None:
    lose(phone)
    phone.sign_list({1: SUSPENDED})
    phone.reinstate(number_of(1))
    phone.sign_list({})
    phone.clock.pass_(seconds=1)
    phone.sign_list({1: SUSPENDED})
    with refused("card_is_held"):
        enrol(phone, OTHER, 9)


def test_only_a_phone_of_the_card_reports_its_print(phone: Bench) -> None:
    with refused("unknown_phone"):
        lose(phone, by=OTHER)
    with refused("bad_proof"):
        phone.service.report_print_lost(wish(phone, "lost-phone"), "lost-phone")
    with refused("bad_proof"):
        phone.service.report_print_lost(wish(phone, "renew"), LOST_PRINT)


def test_the_log_says_what_went_where(phone: Bench) -> None:
    register(phone)
    move(phone)
    with phone.service._ledger.transaction() as db:
        rows = db.execute("SELECT actor, action FROM log ORDER BY seq DESC LIMIT 2").fetchall()
    assert rows == [("phone", "phone_moved"), ("phone", "recovery_registered")]
    request = enrolment(phone, phone=PHONE, index=11)
    with refused("phone_in_use"):
        phone.service.enrol_phone(request, phone.approve("chief1", request))
