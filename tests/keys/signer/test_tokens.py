"""Phones: enrolled by an approver, given tokens that say no more than is approved, for their key alone."""

from dataclasses import replace
from typing import Any

import pytest

from keys.bundle import ListSnapshot
from keys.errors import KeysError
from keys.phonebook import PROOF_S, RENEW, proof_message
from keys.requests import EnrolmentRequest, decode_request
from keys.signer import Signer, new_signer
from keys.signing import TokenProof
from tests.keys.conftest import refused
from tests.keys.signer.bench import (
    PERMIT_DAY,
    PUBLIC_URL,
    TODAY,
    URI,
    Bench,
    gate_card,
    number_of,
    payloads,
)
from verify.card import MAX_TOKEN_LIFE_S, Card, StatusRef
from verify.cose import ES256, protected_header, sign1_tbs, thumbprint, verify_signature
from verify.days import DAY_S, start_of
from verify.identity import Identity
from verify.services import CardClass, Service
from verify.status import LIST_SLOTS, REVOKED, SUSPENDED

LIST = "pho"
PHONE_URI = f"{PUBLIC_URL}/s/{LIST}"
PHONE, OTHER = new_signer(ES256), new_signer(ES256)


def enrolment(bench: Bench, place: int = 1, phone: Signer = PHONE, index: int = 7) -> bytes:
    key = thumbprint(phone.public)
    return EnrolmentRequest(bench.asked(), number_of(place), key, LIST, index).encode()


def enrol(bench: Bench, phone: Signer = PHONE, index: int = 7) -> None:
    request = enrolment(bench, phone=phone, index=index)
    bench.service.enrol_phone(request, bench.approve("chief1", request))


def proof(bench: Bench, phone: Signer = PHONE, once: int = 1, **bent: Any) -> TokenProof:
    raw, time = once.to_bytes(16, "big"), bench.now
    made = TokenProof(phone.public.raw, raw, time, phone.sign(proof_message(RENEW, raw, time)))
    return replace(made, **bent)


def token(bench: Bench, phone: Signer = PHONE, **changed: Any) -> Card:
    card = replace(
        gate_card(1, bench.clock.now),
        status=StatusRef(PHONE_URI, 7),
        holder_key=phone.public,
        print_id=b"phone--1",
        expires=bench.now + MAX_TOKEN_LIFE_S,
        not_before=start_of(TODAY),
    )
    return replace(card, **changed)


@pytest.fixture
def phone(bench: Bench) -> Bench:
    """A signer with one card, and one phone that stands for it."""
    bench.issue(payloads(1))
    enrol(bench)
    return bench


def test_the_enrolled_phone_gets_a_token_signed_by_a_token_key(phone: Bench) -> None:
    payload = token(phone).encode()
    signed = phone.service.sign_token(proof(phone), payload)
    keys = {key.kid: key for key in phone.service._keyring.key_list.keys}
    entry = keys[signed.kid]
    head = protected_header(entry.public.algorithm, signed.kid)
    assert (entry.use.name, signed.algorithm) == ("TOKEN", entry.public.algorithm)
    assert verify_signature(entry.public, sign1_tbs(head, payload), signed.signature)


def test_an_enrolment_reads_back_and_is_approved_by_another_person(bench: Bench) -> None:
    bench.issue(payloads(1))
    request = enrolment(bench)
    assert decode_request(request).encode() == request
    with refused("approval_needed"):
        bench.service.enrol_phone(request, None)
    own = EnrolmentRequest(bench.asked("chief1"), number_of(1), thumbprint(PHONE.public), LIST, 7).encode()
    with refused("same_person_approves"):
        bench.service.enrol_phone(own, bench.approve("chief1", own))
    with refused("unknown_phone"):
        bench.service.sign_token(proof(bench), token(bench).encode())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"issuer": "cn-other"}, "wrong_issuer"),
        ({"holder_key": OTHER.public}, "wrong_holder_key"),
        ({"holder_key": None}, "wrong_holder_key"),
        ({"identity": Identity(id=number_of(1))}, "token_says_too_much"),
        ({"passport": ("A0000001", "KEN")}, "token_says_too_much"),
        ({"native_name": ("ara", "أمينة")}, "token_says_too_much"),
        ({"permit_class": "A"}, "token_says_too_much"),
        ({"chip_uid": b"1234"}, "token_says_too_much"),
        ({"status": StatusRef(PHONE_URI, 8)}, "wrong_slot"),
        ({"status": StatusRef(URI, 7)}, "wrong_slot"),
        ({"status": StatusRef("https://card.example.net/s/pho", 7)}, "wrong_status_uri"),
        ({"print_id": None}, "no_print_id"),
        ({"number": number_of(2)}, "not_same_card"),
        ({"card_class": int(CardClass.RESIDENT)}, "not_same_card"),
        ({"print_number": 2}, "not_same_card"),
        ({"permit_day": PERMIT_DAY + 1}, "permit_not_approved"),
        ({"permit_day": TODAY - 1}, "permit_over"),
        ({"permit_day": None}, "permit_day_missing"),
        ({"services": 1 << Service.BUS | 1 << Service.CREDIT}, "right_not_granted"),
        ({"services": 0, "service_days": {int(Service.HOSPITAL): TODAY}}, "right_not_granted"),
        ({"unknown": {99: 1}}, "unknown_claims"),
    ],
)
def test_change_one_thing(phone: Bench, changed: dict[str, Any], reason: str) -> None:
    with refused(reason):
        phone.service.sign_token(proof(phone), token(phone, **changed).encode())


@pytest.mark.parametrize(
    ("shift", "reason"),
    [
        ({"expires": 1}, "malformed_payload"),
        ({"issued_at": -3600, "expires": -3600}, "implausible_iat"),
        ({"not_before": -DAY_S}, "implausible_nbf"),
        ({"expires": -MAX_TOKEN_LIFE_S}, "implausible_exp"),
    ],
)
def test_a_token_is_of_now_and_lives_fourteen_days_at_most(
    phone: Bench, shift: dict[str, int], reason: str
) -> None:
    sound = token(phone)
    bent = {name: getattr(sound, name) + seconds for name, seconds in shift.items()}
    with refused(reason):
        phone.service.sign_token(proof(phone), token(phone, **bent).encode())


def test_fewer_rights_and_a_shorter_stay_may_always_be_said(phone: Bench) -> None:
    less = token(phone, services=1 << Service.BUS, permit_day=PERMIT_DAY - 1, expires=phone.now + DAY_S)
    assert phone.service.sign_token(proof(phone), less.encode()).signature


def test_a_right_by_list_may_be_said_to_its_day(phone: Bench) -> None:
    phone.add("market1", "department", (int(Service.CREDIT),))
    phone.grant(number_of(1), Service.CREDIT, TODAY + 3)
    longer = token(phone, service_days={int(Service.CREDIT): TODAY + 4})
    with refused("right_not_granted"):
        phone.service.sign_token(proof(phone, once=1), longer.encode())
    granted = token(phone, service_days={int(Service.CREDIT): TODAY + 3})
    assert phone.service.sign_token(proof(phone, once=2), granted.encode()).signature


@pytest.mark.parametrize(
    ("bent", "reason"),
    [
        ({"signature": bytes(64)}, "bad_proof"),
        ({"signature": b""}, "bad_proof"),
        ({"nonce": b"short"}, "bad_proof"),
        ({"nonce": bytes(16)}, "bad_proof"),
        ({"time": 1}, "bad_proof"),
        ({"time": -1}, "bad_proof"),
        ({"key": OTHER.public.raw}, "bad_proof"),
        ({"key": b"\x04" + bytes(64)}, "bad_proof"),
        ({"key": b""}, "bad_proof"),
    ],
)
def test_without_the_phones_own_proof_nothing_is_signed(
    phone: Bench, bent: dict[str, Any], reason: str
) -> None:
    with refused(reason):
        phone.service.sign_token(proof(phone, **bent), token(phone).encode())


def test_a_proof_is_of_now_and_good_once(phone: Bench) -> None:
    old = proof(phone)
    assert phone.service.sign_token(old, token(phone).encode()).signature
    with refused("stale_proof"):
        phone.service.sign_token(old, token(phone).encode())
    late = proof(phone, once=2)
    phone.clock.pass_(seconds=PROOF_S + 1)
    with refused("stale_proof"):
        phone.service.sign_token(late, token(phone).encode())


def test_another_phone_needs_an_enrolment_of_its_own(phone: Bench) -> None:
    with refused("unknown_phone"):
        phone.service.sign_token(proof(phone, OTHER), token(phone, OTHER).encode())
    with refused("slot_in_use"):
        enrol(phone, OTHER, 7)
    with refused("phone_in_use"):
        enrol(phone, PHONE, 8)
    enrol(phone, PHONE, 7)  # The very same again changes nothing.
    enrol(phone, OTHER, 8)
    there = token(phone, OTHER, status=StatusRef(PHONE_URI, 8))
    assert phone.service.sign_token(proof(phone, OTHER), there.encode()).signature


def test_phones_have_lists_of_their_own(bench: Bench) -> None:
    bench.issue(payloads(1))
    request = EnrolmentRequest(bench.asked(), number_of(1), thumbprint(PHONE.public), "abc", 7).encode()
    with refused("wrong_list"):
        bench.service.enrol_phone(request, bench.approve("chief1", request))


def sign_phones(bench: Bench, statuses: dict[int, int], permits: dict[int, int] | None = None) -> None:
    one = ListSnapshot(PHONE_URI, statuses, permits or {}, {}, slots=LIST_SLOTS)
    bench.service.sign_status_list(one, bench.now)


def test_a_phone_that_was_revoked_gets_no_token_for_ever(phone: Bench) -> None:
    phone.service.sign_token(proof(phone), token(phone).encode())
    sign_phones(phone, {7: REVOKED})
    with refused("phone_is_final"):
        phone.service.sign_token(proof(phone, once=2), token(phone).encode())
    with pytest.raises(KeysError, match="for ever") as caught:
        sign_phones(phone, {})
    assert caught.value.reason == "final_status"


def test_a_held_card_has_no_token_and_a_held_phone_is_freed_by_an_act(phone: Bench) -> None:
    phone.service.sign_token(proof(phone), token(phone).encode())
    phone.sign_list({1: SUSPENDED})
    sign_phones(phone, {7: SUSPENDED})
    with refused("card_is_held"):
        phone.service.sign_token(proof(phone, once=2), token(phone).encode())
    with refused("hold_not_lifted"):
        sign_phones(phone, {})
    phone.reinstate(number_of(1))
    sign_phones(phone, {})
    assert phone.service.sign_token(proof(phone, once=3), token(phone).encode()).signature


def test_a_phone_whose_token_ran_out_meanwhile_is_freed_with_its_card(phone: Bench) -> None:
    """No list speaks of its index any more, so none could show that the hold is over."""
    phone.service.sign_token(proof(phone), token(phone).encode())
    phone.sign_list({1: SUSPENDED})
    sign_phones(phone, {7: SUSPENDED})
    phone.clock.pass_(days=20)
    phone.reinstate(number_of(1))
    phone.clock.pass_(days=2)
    phone.sign_list({})
    fresh = token(phone, not_before=start_of(TODAY + 22))
    assert phone.service.sign_token(proof(phone, once=2), fresh.encode()).signature
    enrol(phone, OTHER, index=8)


def test_a_card_that_is_over_has_no_phone(phone: Bench) -> None:
    phone.sign_list({1: REVOKED})
    with refused("card_is_final"):
        phone.service.sign_token(proof(phone), token(phone).encode())
    with refused("card_is_final"):
        enrol(phone, OTHER, 8)


def test_an_unknown_card_has_no_phone(bench: Bench) -> None:
    request = enrolment(bench, place=3)
    with refused("unknown_card"):
        bench.service.enrol_phone(request, bench.approve("chief1", request))


def test_the_ledger_says_who_enrolled_and_what_was_signed(phone: Bench) -> None:
    phone.service.sign_token(proof(phone), token(phone).encode())
    with phone.service._ledger.transaction() as db:
        rows = db.execute("SELECT actor, action FROM log ORDER BY seq DESC LIMIT 2").fetchall()
    assert rows == [("phone", "token_signed"), ("chief1", "phone_enrolled")]
    assert phone.reopen().sign_token(proof(phone, once=2), token(phone).encode()).signature
