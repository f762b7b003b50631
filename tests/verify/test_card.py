"""Claims to a card and back: old samples, tolerated forms, everything else malformed."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verify import world as w
from tests.verify.world import CHIP_CODE, CODE, IDENTITY_CODE, PERSON, TOKEN_CARD
from verify import text
from verify.card import Card, StatusRef
from verify.cose import decode_sign1
from verify.days import DAY_S, date_of, day_at, day_number, end_of, start_of
from verify.errors import Refused
from verify.identity import Identity
from verify.services import PRINTABLE, CardClass, Service

#: A chip code as it was written when the format was settled; cards live for years.
OLD_SAMPLE = (
    "NCF2B0E00FFWTWGSLK/-4%49WFD4$F./E59M49BYAL73DZ-DVFFQ4F D0FA7*96DL6WW66:6FA7AK6KF3/$ND8GCF3E-I600"
    "CF3J:IHAKR49X507H0QS0H+0FGWDIK QEIEC7%E%2C+EDNXEOPCPVC1.06%E0FDAF3MWEW9E0G7Q:5GEC-TCB$CBECP9ESZC"
    "CPE0ECMOC10099235LX50WY10:8*JK2YOR0TLS0W$0EN0PA1311UK1:71UJOLZEF-18XN4YA0%7469MWA27B%38: 939HS:A"
    ":H7I0O*NF5EOA04-%T*PUNANCIUBIIJR3I4ETUUIHV828K26S61*-F0:H91KNTSMKPBO0XCL0HTO/1-6L8IDIRNYRB"
)


@pytest.mark.parametrize("card", [CODE, IDENTITY_CODE, CHIP_CODE, TOKEN_CARD])
def test_round_trip(card: Card) -> None:
    payload = card.encode()
    assert Card.decode(payload) == card
    assert Card.decode(payload).encode() == payload


def test_the_order_of_claims_on_the_wire_is_settled_for_ever() -> None:
    claims = w.claims_of(IDENTITY_CODE)
    assert list(claims) == [1, 2, 4, 5, 6, 7, 169, 65535, -70001]
    assert list(claims[-70001]) == [1, 2, 4, 5, 7, 8, 10]
    assert claims[65535] == {"status_list": {"idx": 7, "uri": w.URI}}
    assert claims[169][8] == "19900228"
    assert claims[169][13] == "KEN"


words = st.text(min_size=1, max_size=9)
days = st.integers(0, 1_999_999)
moments = st.integers(2 * DAY_S, 253_402_300_799 - 2 * DAY_S)
people = st.builds(
    Identity,
    full_name=st.none() | words,
    birth=st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    gender=st.none() | st.integers(1, 3),
    photo=st.none() | st.binary(max_size=30),
    unknown=st.dictionaries(st.integers(100, 200), st.integers(0, 9), max_size=2),
)
cards = st.builds(
    Card,
    issuer=words,
    number=st.text(min_size=1, max_size=20),
    expires=moments,
    not_before=moments,
    issued_at=moments,
    card_class=st.integers(0, 99),
    services=st.integers(0, 2**52).map(lambda mask: mask & ~1),
    print_number=st.integers(0, 9999),
    status=st.builds(StatusRef, uri=words, index=st.integers(0, 2**40)),
    print_id=st.none() | st.binary(min_size=8, max_size=8),
    identity=st.none() | people,
    permit_day=st.none() | days,
    service_days=st.dictionaries(st.integers(1, 52), days, max_size=3),
    chip_uid=st.none() | st.binary(max_size=10),
    passport=st.none() | st.tuples(words, words),
    native_name=st.none() | st.tuples(words, words),
    unknown=st.dictionaries(st.integers(300, 400), words, max_size=2),
    city_unknown=st.dictionaries(st.integers(-9, -1) | st.integers(11, 99), words, max_size=2),
)


@given(cards)
def test_any_card_round_trips(card: Card) -> None:
    assert Card.decode(card.encode()) == card


scalars = st.none() | st.integers() | st.text() | st.binary()
labels = st.integers(-70001, 170) | st.just(-70001)
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(labels, inner))


@given(anything)
def test_nothing_but_our_refusal_comes_of_anything_else(item: Any) -> None:
    with pytest.raises(Refused) as caught:
        Card.from_claims(item if isinstance(item, dict) else {-70001: item})
    assert caught.value.reason == "malformed"


CITY, PERSON_CLAIM = -70001, 169
BAD: list[tuple[int | None, Any, Any]] = [
    (None, 1, ""), (None, 1, "ten letters"), (None, 1, b"cn-yiwu"), (None, 2, "9" * 21), (None, 2, 12),
    (None, 4, "2030"), (None, 4, True), (None, 4, 2**53), (None, 4, 0), (None, 5, -1), (None, 6, 2**52),
    (None, 7, bytes(7)), (None, 7, "x" * 8), (None, 8, {}), (None, 8, {1: {}}), (None, 8, None),
    (None, 65535, {}), (None, 65535, {"status_list": {"idx": 1}}),
    (None, 65535, {"status_list": {"uri": "u"}}),
    (None, 65535, {"status_list": {"idx": True, "uri": "u"}}), (None, 65535, None), (None, 169, None),
    (None, 169, []), (None, CITY, None), (None, CITY, []), (None, CITY, {}),
    (CITY, 1, "merchant"), (CITY, 2, -2), (CITY, 2, 2**53), (CITY, 2, b"\x02"), (CITY, 3, "04a1"),
    (CITY, 4, ["A1"]), (CITY, 4, ["A1", "KEN", "x"]), (CITY, 4, ["A1", 7]), (CITY, 4, "A1"), (CITY, 5, None),
    (CITY, 6, {0: 5}), (CITY, 6, {53: 5}), (CITY, 6, {"3": 5}), (CITY, 6, {3: "x"}), (CITY, 6, {3: -1}),
    (CITY, 6, {3: 2**40}), (CITY, 6, [3, 5]), (CITY, 7, ["swa"]), (CITY, 8, -1), (CITY, 8, "2028-01-01"),
    (CITY, 8, None), (CITY, 9, bytes(15)), (CITY, 10, 1),
    (PERSON_CLAIM, 4, 5), (PERSON_CLAIM, 8, 19900228), (PERSON_CLAIM, 8, "1990-2-28"),
    (PERSON_CLAIM, 8, "19900231"),
    (PERSON_CLAIM, 8, "٢٠٢٠٠١٠١"), (PERSON_CLAIM, 9, "M"), (PERSON_CLAIM, 9, True), (PERSON_CLAIM, 16, 5),
    (PERSON_CLAIM, 16, "not hex"), (PERSON_CLAIM, 17, "webp"), (PERSON_CLAIM, 13, 398),
]  # fmt: skip


@pytest.mark.parametrize(("where", "label", "value"), BAD)
def test_malformed_claims(where: int | None, label: Any, value: Any) -> None:
    claims = w.claims_of(IDENTITY_CODE)
    (claims if where is None else claims[where])[label] = value
    with pytest.raises(Refused) as caught:
        Card.from_claims(claims)
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize("label", [1, 2, 4, 5, 6, 65535, CITY])
def test_missing_claims(label: int) -> None:
    claims = w.claims_of()
    del claims[label]
    with pytest.raises(Refused, match="must be a map" if label == CITY else "missing"):
        Card.from_claims(claims)


@pytest.mark.parametrize(
    ("label", "value", "member", "read"),
    [
        (8, "1990-02-28", "birth", date(1990, 2, 28)),
        (8, "19900228", "birth", date(1990, 2, 28)),
        (16, "52494646", "photo", b"RIFF"),
        (16, "5249AAbb", "photo", b"RI\xaa\xbb"),
        (16, b"RIFF", "photo", b"RIFF"),
        (13, "KE", "nationality", "KE"),
    ],
)
def test_where_the_specification_contradicts_itself_both_are_read(
    label: int, value: Any, member: str, read: Any
) -> None:
    assert getattr(Identity.from_claim({label: value}), member) == read


@pytest.mark.parametrize("face", [[{0: b"x", 1: 0}], {0: b"x", 1: 0}])
def test_unknown_members_are_kept(face: Any) -> None:
    identity = Identity.from_claim({**PERSON.to_claim(), 62: face, 99: 1})
    assert identity.unknown == {62: face, 99: 1}
    assert identity.to_claim()[62] == face
    assert Identity.from_claim(identity.to_claim()) == identity


def test_bit_0_of_the_mask_is_ignored() -> None:
    assert Card.from_claims(bent(2, 0b1111)).services == 0b1110
    assert Card.from_claims(bent(2, 2**53 - 1)).services == 2**53 - 2


def bent(label: int, value: Any) -> dict[Any, Any]:
    claims = w.claims_of()
    claims[CITY][label] = value
    return claims


def test_integers_that_are_not_in_shortest_form_read_the_same() -> None:
    payload = CODE.encode()
    longer = payload.replace(b"\x05\x1a", b"\x18\x05\x1b\x00\x00\x00\x00", 1)
    assert longer != payload
    assert Card.decode(longer) == CODE


@pytest.mark.parametrize(
    ("unknown", "critical"), [({}, False), ({11: 1}, False), ({-1: None}, True), ({"x": 1}, False)]
)
def test_negative_keys_of_the_city_are_critical(unknown: dict[Any, Any], critical: bool) -> None:
    assert Card.decode(replace(CODE, city_unknown=unknown).encode()).has_unknown_critical is critical


def test_printed_rights() -> None:
    card = replace(CODE, services=1 << 3 | 1 << 52, service_days={3: 5, 9: 7})
    assert [card.printed_until(n) for n in (1, 3, 9, 52)] == [None, 5, 7, -1]
    assert replace(CODE, services=1).printed_until(0) is None
    assert card.printed_until(53) is None
    assert card.printed_until(-1) is None


def test_sizes_of_the_format() -> None:
    fourteen = sum(1 << service for service in PRINTABLE)
    gate = w.code(services=fourteen, status=StatusRef("https://card.yiwu.example/s/abc12", 131_071))
    assert len(PRINTABLE) == 14
    assert len(w.text_of(gate)) <= 366
    assert len(gate) <= 250
    chip = w.code(CHIP_CODE, services=fourteen, chip_key=None)
    assert len(w.text_of(chip)) <= 366
    assert len(w.text_of(w.phone_code())) <= 672


@pytest.mark.parametrize("offset", [0, 28_800, 19_800, -43_200, 50_400])
def test_days(offset: int) -> None:
    assert (day_number(date(2020, 1, 1)), date_of(0)) == (0, date(2020, 1, 1))
    for day in (0, 59, 60, 2457, 100_000):
        assert day_number(date_of(day)) == day
        assert end_of(day, offset) == 1_577_836_800 + 86_400 * (day + 1) - offset == start_of(day + 1, offset)
        assert day_at(end_of(day, offset) - 1, offset) == day
        assert day_at(end_of(day, offset), offset) == day + 1


def test_numbers_of_services_and_classes_are_never_used_again() -> None:
    assert [service.label for service in Service] == [
        *("bus", "hospital", "library", "bicycle", "parking", "payment", "hotel", "community", "standing"),
        *("credit", "exchange", "enterprise", "purchase", "desk", "network", "scenic", "campus"),
    ]
    assert list(map(int, Service)) == list(range(1, 18))
    assert [kind.label for kind in CardClass] == ["merchant", "resident", "student", "talent", "family"]
    assert set(Service) - PRINTABLE == {Service.STANDING, Service.CREDIT, Service.EXCHANGE}


def test_an_old_sample_reads_and_verifies_for_ever() -> None:
    assert Card.decode(decode_sign1(text.decode(OLD_SAMPLE)).payload) == replace(
        CHIP_CODE, service_days={4: 2500}
    )
    verdict = w.judge(OLD_SAMPLE, service=4)
    assert (verdict.answer, verdict.reason, verdict.opens) == ("attention", "status_unknown", False)
    assert w.judge(OLD_SAMPLE, service=3).reason == "ok"
    assert text.decode(OLD_SAMPLE) == w.code(CHIP_CODE, service_days={4: 2500})
