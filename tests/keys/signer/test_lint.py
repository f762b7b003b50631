"""Change one field of a sound card, expect one reason: the policy of the signer, whoever approved."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuance.cardpage import masked
from issuance.errors import FieldError
from issuance.fields import MAX_PASSPORT, MIN_PASSPORT
from issuance.names import latin_name, native_name
from keys.errors import KeysError
from keys.lint import AHEAD_S, FRESH_S, CardPolicy, lint_card, lint_chip
from tests.keys.conftest import NOW, refused
from tests.keys.signer.bench import LAST_DAY, PUBLIC_URL, TODAY, URI, gate_card, identity_card, number_of
from verify import cbor
from verify.card import Card, StatusRef
from verify.cose import ES256, PublicKey
from verify.days import DAY_S, DEFAULT_OFFSET_S, day_number, end_of
from verify.services import CardClass, Service
from verify.status import LIST_SLOTS

POLICY = CardPolicy("cn-yiwu", f"{PUBLIC_URL}/s/", DEFAULT_OFFSET_S, frozenset({int(CardClass.TALENT)}))
EPOCH = int(NOW.timestamp())
#: The generator point of P-256, a sound public key of nobody.
POINT = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


def lint(gate: Card, identity: Card | None = None, by_list: dict[int, int | None] | None = None) -> None:
    other = identity or identity_card(gate)
    lint_card(gate.encode(), other.encode(), by_list=by_list or {}, policy=POLICY, now=EPOCH)


def test_a_sound_card_passes() -> None:
    lint(gate_card(), by_list={int(Service.STANDING): None, int(Service.CREDIT): LAST_DAY})


def test_a_class_that_the_policy_names_needs_no_permit() -> None:
    lint(gate_card(card_class=int(CardClass.TALENT), permit_day=None))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"issuer": "cn-other"}, "wrong_issuer"),
        ({"status": StatusRef("https://card.example.net/s/abc", 1)}, "wrong_status_uri"),
        ({"status": StatusRef(f"{PUBLIC_URL}/s/ABC", 1)}, "wrong_status_uri"),
        ({"status": StatusRef(f"{PUBLIC_URL}/s/abc/1", 1)}, "wrong_status_uri"),
        ({"status": StatusRef(URI, LIST_SLOTS)}, "bad_index"),
        ({"number": number_of(1)[:-1] + "0"}, "bad_number"),
        ({"number": "12345"}, "bad_number"),
        ({"print_id": None}, "no_print_id"),
        ({"print_number": 0}, "bad_print_number"),
        ({"card_class": 9}, "unknown_class"),
        ({"passport": ("A0000001", "KEN")}, "gate_says_too_much"),
        ({"native_name": ("ara", "أمينة")}, "gate_says_too_much"),
        ({"permit_class": "A"}, "gate_says_too_much"),
        ({"chip_uid": bytes(7)}, "gate_says_too_much"),
        ({"chip_key": bytes(16)}, "gate_says_too_much"),
        ({"issued_at": EPOCH - FRESH_S - 1}, "implausible_iat"),
        ({"issued_at": EPOCH + AHEAD_S + 1}, "implausible_iat"),
        ({"not_before": EPOCH}, "implausible_nbf"),
        ({"expires": end_of(LAST_DAY) - 1}, "implausible_exp"),
        ({"expires": end_of(TODAY - 1)}, "implausible_exp"),
        ({"expires": end_of(day_number(date(2031, 3, 3)))}, "implausible_exp"),
        ({"permit_day": None}, "permit_day_missing"),
        ({"permit_day": TODAY - 1}, "permit_over"),
        ({"permit_day": TODAY + 3655}, "implausible_permit"),
        ({"services": 1 << Service.STANDING}, "unprintable_service"),
        ({"services": 1 << 40}, "unprintable_service"),
        ({"service_days": {int(Service.CREDIT): LAST_DAY}}, "unprintable_service"),
        ({"service_days": {int(Service.BUS): TODAY - 1}}, "bad_service_day"),
        ({"service_days": {int(Service.BUS): LAST_DAY + 1}}, "bad_service_day"),
        ({"unknown": {-99999: 1}}, "unknown_claims"),
        ({"city_unknown": {77: 1}}, "unknown_claims"),
    ],
)
def test_one_field_of_the_gate_code(changed: dict[str, Any], reason: str) -> None:
    with refused(reason):
        lint(gate_card(**changed))


def test_a_card_for_a_phone_is_never_signed_here() -> None:
    """A holder's key makes a token of it, which lives two weeks at most and is another key's work."""
    token = gate_card(holder_key=PublicKey(ES256, POINT), expires=end_of(TODAY + 1))
    with refused("gate_says_too_much"):
        lint(token)


@pytest.mark.parametrize("length", range(MIN_PASSPORT, MAX_PASSPORT + 1))
def test_every_passport_number_may_stand_whole_or_masked(length: int) -> None:
    number, gate = "A000000123456789012345"[:length], gate_card()
    for shown in (number, masked(number)):
        lint(gate, replace(identity_card(gate), passport=(shown, "KEN")))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"number": number_of(2)}, "not_same_card"),
        ({"print_number": 2}, "not_same_card"),
        ({"services": 1 << Service.HOSPITAL}, "not_same_card"),
        ({"permit_day": TODAY + 9}, "not_same_card"),
        ({"expires": end_of(LAST_DAY + 1)}, "not_same_card"),
        ({"identity": None}, "not_same_card"),
        ({"passport": None}, "not_same_card"),
        ({"passport": ("A 1", "KEN")}, "bad_passport"),
        ({"passport": ("*" * 8, "KEN")}, "bad_passport"),
        ({"passport": ("A" * 23, "KEN")}, "bad_passport"),
        ({"passport": ("*****1", "KEN")}, "bad_passport"),
        ({"passport": ("*0000001", "KEN")}, "bad_passport"),
        ({"passport": ("A*****01", "KEN")}, "bad_passport"),
        ({"passport": ("A00*****", "KEN")}, "bad_passport"),
        ({"passport": ("*" * 20 + "001", "KEN")}, "bad_passport"),
        ({"passport": ("A0000001", "Kenya")}, "bad_passport"),
        ({"permit_class": "a long class"}, "bad_permit_class"),
        ({"native_name": ("ar", "أمينة")}, "bad_native_name"),
        ({"native_name": ("ara", "<script>")}, "bad_native_name"),
        ({"native_name": ("ara", "ا" * 61)}, "bad_native_name"),
        ({"id": "1"}, "bad_identity"),
        ({"version": "2.0.0"}, "bad_identity"),
        ({"language": "zho"}, "bad_identity"),
        ({"legal_status": "citizen"}, "bad_identity"),
        ({"gender": 4}, "bad_gender"),
        ({"nationality": "Kenya"}, "bad_nationality"),
        ({"birth": None}, "implausible_birth"),
        ({"birth": date(2026, 3, 3)}, "implausible_birth"),
        ({"birth": date(1900, 1, 1)}, "implausible_birth"),
        ({"full_name": None}, "bad_name"),
        ({"full_name": ""}, "bad_name"),
        ({"full_name": "Amina \u202egnp"}, "bad_name"),
        ({"full_name": "Амина"}, "bad_name"),
        ({"full_name": "Amina <b>"}, "bad_name"),
        ({"full_name": "Am1na"}, "bad_name"),
        ({"full_name": " Amina"}, "bad_name"),
        ({"full_name": "-'-"}, "bad_name"),
        ({"full_name": "A" * 121}, "bad_name"),
        ({"second_name": "Amina"}, "bad_chinese_name"),
        ({"second_language": None}, "bad_chinese_name"),
        ({"guardian": "\u202e"}, "bad_guardian"),
        ({"guardian": "x" * 61}, "bad_guardian"),
        ({"photo": None}, "portrait_missing"),
        ({"photo": b"RIFF\x00\x00\x00\x00WEBP"}, "portrait_missing"),
        ({"photo": bytes(300)}, "portrait_missing"),
        ({"photo_format": 1}, "portrait_missing"),
        ({"unknown": {-99999: 1}}, "unknown_claims"),
    ],
)
def test_one_field_of_the_identity_code(changed: dict[str, Any], reason: str) -> None:
    gate = gate_card()
    members: dict[str, Any] = dict(changed)
    unknown = members.pop("unknown", None)
    identity = identity_card(gate, **members)
    if unknown is not None:
        identity = replace(identity, unknown=unknown)
    with refused(reason):
        lint(gate, identity)


#: The signs among which Latin letters stand, their marks, and what people type between them.
SIGNS = [*range(0x20, 0x3000), *range(0xA640, 0xAC00), *range(0xFB00, 0x10000), *range(0x1DF00, 0x1E000)]


def test_a_name_that_the_desk_takes_is_a_name_here() -> None:
    """Else a card is refused after its approver's touch, and nobody sees why: ʻ, ʼ and ʹ are such letters."""
    taken, gate = [], gate_card()
    for sign in map(chr, SIGNS):
        with suppress(FieldError):
            taken.append(latin_name("surname", f"O{sign}ktamov"))
    assert {"Oʻktamov", "Oʼktamov", "Oʹktamov", "O'ktamov", "Oßktamov"} <= set(taken)
    assert len(taken) > 1000
    for name in taken:
        lint(gate, identity_card(gate, full_name=f"{name}, Aziz"))


@pytest.mark.parametrize("name", ["ʻ", "ʼʼ", "ʻ-ʻ"])
def test_marks_alone_are_no_name_here_nor_at_the_desk(name: str) -> None:
    gate = gate_card()
    with refused("bad_native_name"):
        lint(gate, replace(identity_card(gate), native_name=("uzb", name)))
    with pytest.raises(FieldError):
        native_name("name_native", name)


@pytest.mark.parametrize(
    "rights", [{99: None}, {int(Service.BUS): TODAY - 1}, {int(Service.CREDIT): LAST_DAY + 1}]
)
def test_a_right_by_list_is_one_that_lists_can_say(rights: dict[int, int | None]) -> None:
    with refused("bad_right"):
        lint(gate_card(), by_list=rights)


def longer(data: bytes) -> bytes:
    return data + b"\x00"


def unordered(data: bytes) -> bytes:
    claims = cbor.decode(data)
    assert isinstance(claims, dict)
    import cbor2

    return cbor2.dumps(dict(reversed(claims.items())))


@pytest.mark.parametrize("bend", [longer, unordered, lambda data: b"", lambda data: data[:-1]])
def test_bytes_that_read_as_a_card_but_are_not_the_one_form(bend: Callable[[bytes], bytes]) -> None:
    gate = gate_card()
    with refused("malformed_payload"):
        lint_card(bend(gate.encode()), identity_card(gate).encode(), by_list={}, policy=POLICY, now=EPOCH)


def test_size_comes_before_work() -> None:
    gate = gate_card()
    with refused("payload_too_large"):
        lint_card(bytes(513), identity_card(gate).encode(), by_list={}, policy=POLICY, now=EPOCH)


UID = bytes.fromhex("04a1b2c3d4e5f6")


def test_a_chip_repeats_its_print_for_one_uid() -> None:
    printed = gate_card(issued_at=EPOCH - 90 * DAY_S)
    now = replace(printed, issued_at=EPOCH, chip_uid=UID, permit_day=TODAY + 400)
    lint_chip(now.encode(), UID, printed, policy=POLICY, now=EPOCH)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"chip_uid": bytes(7)}, "wrong_chip"),
        ({"chip_uid": None}, "wrong_chip"),
        ({"services": 1 << Service.HOSPITAL}, "not_same_card"),
        ({"number": number_of(2)}, "not_same_card"),
        ({"expires": end_of(LAST_DAY) + DAY_S}, "not_same_card"),
        ({"passport": ("A0000001", "KEN")}, "not_same_card"),
        ({"print_number": 2}, "not_same_card"),
        ({"issued_at": EPOCH - FRESH_S - 1}, "implausible_iat"),
        ({"permit_day": TODAY - 1}, "permit_over"),
        ({"permit_day": None}, "permit_day_missing"),
    ],
)
def test_one_field_of_a_chips_code(changed: dict[str, Any], reason: str) -> None:
    printed = gate_card()
    chip = replace(printed, **({"chip_uid": UID} | changed))
    with refused(reason):
        lint_chip(chip.encode(), UID, printed, policy=POLICY, now=EPOCH)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_whatever_comes_is_refused_with_a_reason(gate: bytes, identity: bytes) -> None:
    with pytest.raises(KeysError):
        lint_card(gate, identity, by_list={}, policy=POLICY, now=EPOCH)


def test_a_year_has_a_leap_day() -> None:
    at = NOW.replace(year=2028, month=2, day=29)
    epoch = int(at.timestamp())
    gate = gate_card(now=at, expires=end_of(day_number(date(2033, 2, 28))), permit_day=TODAY + 800)
    lint_card(gate.encode(), identity_card(gate).encode(), by_list={}, policy=POLICY, now=epoch)
    later = gate_card(now=at, expires=end_of(day_number(date(2033, 3, 1))), permit_day=TODAY + 800)
    with refused("implausible_exp"):
        lint_card(later.encode(), identity_card(later).encode(), by_list={}, policy=POLICY, now=epoch)


def test_the_clock_of_the_signer_decides_and_not_the_payload() -> None:
    then = NOW - timedelta(days=30)
    with refused("implausible_iat"):
        lint(gate_card(now=then))
