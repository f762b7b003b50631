"""Tokens for sellers: for a fresh key that an enrolled phone names, and telling nothing but a standing."""

from dataclasses import replace
from typing import Any

import pytest

from keys.phonebook import RENEW, STANDING, proof_message
from keys.signer import Signer, new_signer
from keys.signing import TokenProof
from tests.keys.conftest import refused
from tests.keys.signer.bench import PERMIT_DAY, TODAY, URI, Bench, number_of, payloads
from tests.keys.signer.test_tokens import PHONE, enrol, sign_phones
from verify.card import Card, StatusRef
from verify.cose import ES256, protected_header, sign1_tbs, thumbprint, verify_signature
from verify.days import DAY_S, day_at, start_of
from verify.identity import Identity
from verify.services import CardClass, Service
from verify.status import REVOKED, SUSPENDED

SELLERS, NEXT = new_signer(ES256), new_signer(ES256)
GOOD: dict[str, Any] = {"services": 1 << Service.STANDING}
LIMITED: dict[str, Any] = {"service_days": {int(Service.STANDING): TODAY}}


def proof(bench: Bench, key: Signer = SELLERS, once: int = 1, by: Signer = PHONE, **bent: Any) -> TokenProof:
    raw, time = once.to_bytes(16, "big"), bench.now
    act = bent.pop("act", STANDING + thumbprint(key.public).hex())
    made = TokenProof(by.public.raw, raw, time, by.sign(proof_message(act, raw, time)))
    return replace(made, **bent)


def token(bench: Bench, key: Signer = SELLERS, **changed: Any) -> bytes:
    """A token of a day for a card of no standing."""
    card = Card(
        issuer="cn-yiwu",
        number="0123456789abcdef0123",
        expires=bench.now + DAY_S,
        not_before=start_of(day_at(bench.now, 8 * 3600), 8 * 3600),
        issued_at=bench.now,
        card_class=0,
        services=0,
        print_number=0,
        status=None,
        print_id=b"seller-1",
        holder_key=key.public,
        permit_day=TODAY,
    )
    return replace(card, **changed).encode()


@pytest.fixture
def phone(bench: Bench) -> Bench:
    """A signer with one card, and one phone that stands for it."""
    bench.issue(payloads(1))
    enrol(bench)
    return bench


def test_a_phone_has_a_token_signed_for_another_key_of_its_own(phone: Bench) -> None:
    payload = token(phone)
    signed = phone.service.sign_standing(proof(phone), payload)
    keys = {key.kid: key for key in phone.service._keyring.key_list.keys}
    entry = keys[signed.kid]
    assert entry.use.name == "TOKEN"
    head = protected_header(entry.public.algorithm, signed.kid)
    assert verify_signature(entry.public, sign1_tbs(head, payload), signed.signature)
    with phone.service._ledger.transaction() as db:
        rows = db.execute("SELECT action, details FROM log ORDER BY seq DESC LIMIT 1").fetchall()
    # Neither the key nor the subject: nobody tells from the log which token was whose.
    assert rows == [("standing_signed", f'{{"number":"{number_of(1)}"}}')]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"issuer": "cn-other"}, "wrong_issuer"),
        ({"holder_key": None, "status": StatusRef(URI, 7)}, "wrong_holder_key"),
        ({"holder_key": NEXT.public}, "bad_proof"),
        ({"number": number_of(1)}, "bad_subject"),
        ({"number": "AMINA HADDAD"}, "bad_subject"),
        ({"status": StatusRef(URI, 7)}, "token_says_too_much"),
        ({"card_class": int(CardClass.MERCHANT)}, "token_says_too_much"),
        ({"print_number": 1}, "token_says_too_much"),
        ({"services": 1 << Service.BUS}, "token_says_too_much"),
        ({"service_days": {int(Service.BUS): TODAY}}, "token_says_too_much"),
        ({"identity": Identity(id=number_of(1))}, "token_says_too_much"),
        ({"passport": ("A0000001", "KEN")}, "token_says_too_much"),
        ({"chip_uid": b"1234"}, "token_says_too_much"),
        ({"permit_day": None}, "permit_day_missing"),
        ({"permit_day": PERMIT_DAY}, "token_says_too_much"),
        ({"permit_day": TODAY - 1}, "permit_over"),
        ({"service_days": {int(Service.STANDING): TODAY + 9}}, "token_says_too_much"),
        ({"print_id": None}, "no_print_id"),
        ({"unknown": {99: 1}}, "unknown_claims"),
        (GOOD, "right_not_granted"),
        (LIMITED, "right_not_granted"),
    ],
)
def test_change_one_thing(phone: Bench, changed: dict[str, Any], reason: str) -> None:
    with refused(reason):
        phone.service.sign_standing(proof(phone), token(phone, **changed))


def test_a_token_lives_a_day_from_now(phone: Bench) -> None:
    for changed, reason in (
        ({"expires": phone.now + DAY_S + 1}, "malformed_payload"),
        ({"issued_at": phone.now - 3600, "expires": phone.now}, "implausible_iat"),
        ({"expires": phone.now}, "implausible_exp"),
        ({"not_before": phone.now}, "implausible_nbf"),
    ):
        with refused(reason):
            phone.service.sign_standing(proof(phone), token(phone, **changed))


def test_a_standing_is_as_good_as_its_department_granted(phone: Bench) -> None:
    phone.add("market1", "department", (int(Service.STANDING),))
    phone.grant(number_of(1), Service.STANDING, TODAY)
    with refused("right_not_granted"):
        phone.service.sign_standing(proof(phone), token(phone, **GOOD))
    assert phone.service.sign_standing(proof(phone, once=2), token(phone, **LIMITED)).signature
    phone.grant(number_of(1), Service.STANDING)
    assert phone.service.sign_standing(proof(phone, NEXT, once=3), token(phone, NEXT, **GOOD)).signature


def test_each_key_is_used_once_and_is_no_phones(phone: Bench) -> None:
    assert phone.service.sign_standing(proof(phone), token(phone)).signature
    with refused("key_used"):
        phone.service.sign_standing(proof(phone, once=2), token(phone, print_id=b"seller-2"))
    with refused("key_used"):
        phone.service.sign_standing(proof(phone, PHONE, once=3), token(phone, PHONE))


def test_only_the_phones_own_proof_of_now_and_for_this_counts(phone: Bench) -> None:
    for bent, reason in (
        ({"act": RENEW}, "bad_proof"),
        ({"by": NEXT}, "unknown_phone"),
        ({"time": phone.now + 1}, "bad_proof"),
    ):
        with refused(reason):
            phone.service.sign_standing(proof(phone, **bent), token(phone))
    sound = proof(phone)
    phone.service.sign_standing(sound, token(phone))
    with refused("stale_proof"):
        phone.service.sign_standing(sound, token(phone))


def test_a_card_or_phone_that_is_held_or_over_shows_nothing(phone: Bench) -> None:
    phone.sign_list({1: SUSPENDED})
    with refused("card_is_held"):
        phone.service.sign_standing(proof(phone), token(phone))
    phone.reinstate(number_of(1))
    sign_phones(phone, {7: REVOKED})
    with refused("phone_is_final"):
        phone.service.sign_standing(proof(phone, once=2), token(phone))
