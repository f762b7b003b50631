"""The fullest cards still fit into their codes, and what leaves a code that is too full leaves in order.

docs/format.md section 2: over budget, the native name leaves the identity code first, then the face is
shrunk, then the application is refused with the numbers. Dated services that do not fit are granted by list.
"""

import random
import statistics
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from issuance.application import MAX_GUARDIAN, parse_application
from issuance.errors import IssuanceError
from issuance.fields import MAX_PASSPORT
from issuance.issuer import (
    GATE_LIMIT,
    IDENTITY_LIMIT,
    MARGIN,
    SMALLER_FACES,
    Holder,
    PrintOrder,
    gate_card,
    identity_card,
    prepare,
)
from issuance.names import MAX_CHINESE, MAX_LATIN, MAX_NATIVE
from issuance.nfc import SMALL_CHIP, ndef_message
from issuance.number import new_number
from issuance.pdf import CardPrinter
from issuance.portrait import prepare_portrait
from issuance.qr import GATE_MAX_VERSION, IDENTITY_MAX_VERSION, modules
from issuance.rehearsal import Rehearsal
from keys.signer import new_signer, sign1
from tests.desk.town import EXAMPLES, NOW, application, at, make_town
from verify import cose, text
from verify.card import MAX_ISSUER, MAX_URI, Card, StatusRef
from verify.days import date_of, day_number
from verify.services import PRINTABLE, CardClass

ISSUER = "cn-yiwu"
FULL_URI = "https://card.yiwu.example.cn/s/".ljust(MAX_URI, "a")
#: An NTAG's UID (ISO/IEC 14443-3, double size).
UID = bytes.fromhex("04a1b2c3d4e5f6")
NOW_S = int(NOW.timestamp())
PHOTO = (EXAMPLES / "portraits" / "abebe.jpg").read_bytes()
FACE = prepare_portrait(PHOTO).face_webp
ALL = dict.fromkeys(sorted(PRINTABLE))

#: Names as people have them, in the scripts that cost most: three bytes a letter.
HOLDER = Holder(
    full_name="VENKATANARASIMHARAJUVARIPETA, Sree Lakshmi Narasimha",
    birth=date(2012, 2, 28),
    sex="F",
    nationality="IND",
    passport="Z12345678",
    passport_country="IND",
    name_native="శ్రీ లక్ష్మీ నరసింహ",
    language_native="tel",
    name_chinese="拉克希米·文卡塔",
    guardian="VENKATANARASIMHARAJUVARIPETA, Sree Ram",
)


def order(**changed: object) -> PrintOrder:
    whole = PrintOrder(
        holder=HOLDER,
        issuer=ISSUER,
        number=new_number(random.Random(1).randrange),
        print_number=12,
        print_id=random.Random(2).randbytes(8),
        status=StatusRef(FULL_URI, 2**17 - 1),
        card_class=CardClass.MERCHANT,
        services=ALL,
        valid_until=date(2031, 3, 1),
        permit_until=date(2026, 6, 30),
        permit_class="A",
        issued_at=NOW_S,
        face=FACE,
    )
    return replace(whole, **changed)  # type: ignore[arg-type]


def rehearsal(issuer: str = ISSUER) -> Rehearsal:
    return Rehearsal(issuer, NOW_S, day_offset_s=28800, permit_free=frozenset())


def sizes(payload: bytes, count: int = 200) -> list[int]:
    """Characters of the payload's code under so many keys, always the same ones."""
    draw = random.Random(3)
    return [
        len(
            text.encode(
                cose.encode_sign1(
                    cose.protected_header(cose.EDDSA, draw.randbytes(8)), payload, draw.randbytes(64)
                )
            )
        )
        for _ in range(count)
    ]


def version(payload: bytes, limit: int) -> int:
    return modules(text.encode(sign1(new_signer(), payload)), max_version=limit).version


def test_fourteen_services_and_three_names_fit_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(ALL) == 14
    prepared = prepare(order(), rehearsal())
    assert not prepared.native_name_left_out
    assert prepared.face == FACE
    assert not prepared.by_list
    gate, identity = max(sizes(prepared.gate)), max(sizes(prepared.identity))
    assert gate <= GATE_LIMIT
    assert identity <= IDENTITY_LIMIT
    assert version(prepared.gate, GATE_MAX_VERSION) <= 11
    assert version(prepared.identity, IDENTITY_MAX_VERSION) <= 25
    with capsys.disabled():
        print(f"\n  fullest usual card: gate {gate} of {GATE_LIMIT}, identity {identity} of {IDENTITY_LIMIT}")


def test_with_a_chip_uid_the_gate_code_fits_and_a_small_chip_holds_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    card = Card.decode(prepare(order(), rehearsal()).gate)
    payload = replace(card, chip_uid=UID).encode()
    size, message = max(sizes(payload)), len(ndef_message(sign1(new_signer(), payload)))
    assert size <= GATE_LIMIT
    assert version(payload, GATE_MAX_VERSION) <= 11
    assert message <= SMALL_CHIP
    with capsys.disabled():
        print(f"\n  with a chip UID: {size} characters, {message} bytes of NDEF")


def test_the_longest_name_of_an_issuer_fits_the_printed_code_and_the_chip() -> None:
    issuer = "x" * MAX_ISSUER
    prepared = prepare(order(issuer=issuer), rehearsal(issuer))
    assert max(sizes(prepared.gate)) <= GATE_LIMIT
    payload = replace(Card.decode(prepared.gate), chip_uid=UID).encode()
    # Two characters over what is printed, but this code is never printed: it stands on the chip alone.
    assert len(ndef_message(sign1(new_signer(), payload))) <= SMALL_CHIP


def face_within(limit: int) -> bytes:
    return prepare_portrait(PHOTO, face_limit=limit).face_webp


def longest(draw: random.Random) -> dict[str, object]:
    """The longest of everything that an application may say, and nothing in it that deflates well."""

    def letters(alphabet: str, count: int) -> str:
        return "".join(draw.choice(alphabet) for _ in range(count))

    latin, ethiopic = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "".join(map(chr, range(0x1200, 0x1240)))
    return application(
        surname=letters(latin, MAX_LATIN // 2),
        given_names=letters(latin, MAX_LATIN - MAX_LATIN // 2 - len(", ")),
        name_native=letters(ethiopic, MAX_NATIVE),
        language_native="amh",
        name_chinese=letters("".join(map(chr, range(0x4E00, 0x5200))), MAX_CHINESE),
        guardian=letters(latin.lower(), MAX_GUARDIAN),
        passport=letters(latin + "0123456789", MAX_PASSPORT),
        services=[service.label for service in ALL],
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_longest_names_there_may_be_become_a_card(seed: int) -> None:
    raw = longest(random.Random(seed))
    read = parse_application(raw, now=NOW, base=EXAMPLES)
    assert len(read.full_name) == MAX_LATIN
    assert not read.card_name.was_cut
    holder = replace(
        HOLDER,
        full_name=read.full_name,
        name_native=read.name_native,
        language_native=read.language_native,
        name_chinese=read.name_chinese,
        guardian=read.guardian,
        passport=read.passport,
    )
    prepared = prepare(order(holder=holder, smaller_face=face_within), rehearsal())
    assert prepared.native_name_left_out
    card = Card.decode(prepared.identity)
    assert card.native_name is None
    assert card.identity is not None
    assert (card.identity.full_name, card.identity.second_name) == (read.full_name, read.name_chinese)
    assert SMALLER_FACES[-1] // 2 < len(prepared.face) <= SMALLER_FACES[0]
    assert max(sizes(prepared.identity)) <= IDENTITY_LIMIT
    assert version(prepared.identity, IDENTITY_MAX_VERSION) <= 25


def test_the_longest_application_is_issued_by_the_desk_and_says_what_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The paper has no room for words that long; here the limits of the codes alone are asked.
    monkeypatch.setattr(CardPrinter, "check_texts", lambda self, page: None)
    with make_town(tmp_path / "data") as town:
        card = town.card(longest(random.Random(4)))
        assert card.notes == ("native_name_not_in_code",)
        codes = town.codes(card.print_id)
        assert len(codes.gate_text) <= GATE_LIMIT
        assert len(codes.identity_text) <= IDENTITY_LIMIT
        reader = town.reader()
        assert [reader.judge(code, NOW) for code in (codes.gate_text, codes.identity_text)] == [
            "allow ok"
        ] * 2


def test_the_native_name_leaves_first_then_the_face_shrinks_then_it_is_refused() -> None:
    draw = random.Random(5)
    tried: list[int] = []

    def smaller(limit: int) -> bytes:
        tried.append(limit)
        return draw.randbytes(limit)

    stages: list[str] = []
    judge = rehearsal()
    for size in range(400, 900, 20):
        tried.clear()
        prepared = prepare(order(face=draw.randbytes(size), smaller_face=smaller), judge)
        # A shrunk face never stands beside a native name that could have left instead.
        assert prepared.native_name_left_out or not tried
        assert tried == list(SMALLER_FACES[: len(tried)])
        stages.append("shrunk" if tried else "left out" if prepared.native_name_left_out else "whole")
    assert stages == sorted(stages, key=["whole", "left out", "shrunk"].index)
    assert set(stages) == {"whole", "left out", "shrunk"}


def never_smaller(limit: int) -> bytes:
    return random.Random(limit).randbytes(900)


@pytest.mark.parametrize("smaller", [None, never_smaller])
def test_what_does_not_fit_at_all_is_refused_with_the_numbers(
    smaller: Callable[[int], bytes] | None,
) -> None:
    with pytest.raises(IssuanceError) as caught:
        prepare(order(face=random.Random(6).randbytes(900), smaller_face=smaller), rehearsal())
    assert caught.value.reason == "code_too_full"
    words = str(caught.value)
    assert f"of {IDENTITY_LIMIT}" in words
    assert 1800 < int(words.split()[4]) < 2200, words

    with pytest.raises(IssuanceError) as caught:
        prepare(order(status=StatusRef(random.Random(7).randbytes(40).hex(), 5)), rehearsal())
    assert caught.value.reason == "code_too_full"
    assert f"of {GATE_LIMIT}" in str(caught.value)


def test_no_signature_makes_a_text_longer_than_the_margin_allows() -> None:
    whole = order()
    gate = gate_card(whole, whole.services)
    payloads = [
        gate.encode(),
        identity_card(whole, gate, with_native=True, face=FACE).encode(),
        # What deflates well is where the signature moves the size most.
        identity_card(whole, gate, with_native=False, face=FACE[:300]).encode(),
    ]
    for payload in payloads:
        found = sizes(payload, 2000)
        assert max(found) - statistics.median(found) <= MARGIN


def test_dated_services_that_do_not_fit_are_granted_by_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = at("2026-03-10 00:00").date()
    days = {service: first + timedelta(days=place) for place, service in enumerate(ALL)}
    raw = application(services={service.label: day.isoformat() for service, day in days.items()})
    with make_town(tmp_path / "data") as town:
        card = town.card(raw)
        code = town.codes(card.print_id).gate_text
        with town.installation.store.reading() as tx:
            printed = Card.decode(tx.prints.get(card.print_id).gate_payload)
            listed = {entry.service: entry.last_day for entry in tx.entitlements.of_card(card.number)}
        assert len(code) <= GATE_LIMIT
        assert 2 <= len(printed.service_days) < len(days)
        assert printed.services == 0
        both = {**printed.service_days, **listed}
        assert not printed.service_days.keys() & listed.keys()
        assert {service: date_of(day or 0) for service, day in both.items()} == days
        # What lasts longest stays printed: it is of use longest where no list is at hand.
        assert max(filter(None, listed.values())) < min(printed.service_days.values())
        for service, day in days.items():
            reader = town.reader(now=at(f"{day} 10:00"))
            assert reader.judge(code, at(f"{day} 15:59:59"), service) == "allow ok"
            assert reader.judge(code, at(f"{day} 16:00:00"), service) == "deny no_entitlement"
    with capsys.disabled():
        print(f"\n  of {len(days)} dated services {len(printed.service_days)} are printed")


def test_the_day_a_card_ends_is_no_day_of_its_own() -> None:
    whole = order(services=dict.fromkeys(ALL, date(2031, 3, 1)))
    prepared = prepare(whole, rehearsal())
    assert not prepared.by_list
    card = Card.decode(prepared.gate)
    assert card.services == sum(1 << service for service in ALL)
    assert card.expires > day_number(date(2031, 3, 1))
