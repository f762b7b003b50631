import base64
import os
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuance.application import (
    CLASS_YEARS,
    FIELDS,
    PERMIT_KINDS,
    Application,
    last_day,
    parse_application,
)
from issuance.errors import ApplicationRefused, FieldError
from issuance.fields import MAX_PORTRAIT_BYTES
from issuance.passport import format_td3
from verify.days import day_number
from verify.services import CardClass, Service

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
TODAY = date(2026, 3, 1)
PORTRAIT = b"\xff\xd8\xff\xe0 not looked at here"
LINES = format_td3(
    surname="Al-Namudhaj", given_names="Salim Qasim", passport="07654321", issuing_state="YEM",
    nationality="YEM", birth=date(1979, 11, 30), sex="M", expiry=date(2030, 6, 30),
)  # fmt: skip
BASE: dict[str, Any] = {
    "surname": "Al-Namudhaj",
    "given_names": "Salim Qasim",
    "nationality": "YEM",
    "birth": "1979-11-30",
    "sex": "M",
    "passport": "07654321",
    "passport_country": "YEM",
    "passport_expiry": "2030-06-30",
    "permit_kind": "residence",
    "permit": "CHN-4711",
    "permit_expiry": "2028-06-30",
    "class": "merchant",
    "services": ["bus", "library"],
    "portrait": base64.b64encode(PORTRAIT).decode(),
}
PASSPORT_FIELDS = list(BASE)[:8]
BY_LINES: dict[str, Any] = {"mrz": list(LINES)} | {k: v for k, v in BASE.items() if k not in PASSPORT_FIELDS}


def parse(raw: Mapping[str, object], base: Path | None = None, now: datetime = NOW) -> Application:
    return parse_application(raw, now=now, base=base)


def reasons(raw: Mapping[str, object], base: Path | None = None) -> list[tuple[str, str]]:
    with pytest.raises(ApplicationRefused) as caught:
        parse(raw, base)
    assert caught.value.reason == "application_refused"
    assert all(str(error) in str(caught.value) for error in caught.value.errors)
    return [(error.field, error.reason) for error in caught.value.errors]


def test_fields_make_an_application() -> None:
    read = parse(BASE)
    assert read.full_name == "Al-Namudhaj, Salim Qasim"
    assert not read.card_name.was_cut
    assert (read.mrz, read.birth, read.passport) == (None, date(1979, 11, 30), "07654321")
    assert read.permit_day == day_number(date(2028, 6, 30))
    assert read.services == {Service.BUS: None, Service.LIBRARY: None}
    assert (read.card_class, read.valid_until) == (CardClass.MERCHANT, date(2031, 2, 28))
    assert (read.portrait, read.language, read.reference) == (PORTRAIT, "en", None)


def test_lines_make_the_same_person() -> None:
    read = parse(BY_LINES)
    assert (read.surname, read.given_names, read.mrz) == ("AL NAMUDHAJ", "SALIM QASIM", LINES)
    assert (read.nationality, read.birth, read.sex) == ("YEM", date(1979, 11, 30), "M")
    assert (read.passport, read.passport_country, read.passport_expiry) == (
        "07654321",
        "YEM",
        date(2030, 6, 30),
    )


def test_lines_and_fields_together_keep_the_typed_name() -> None:
    read = parse(BASE | {"mrz": "".join(LINES)})
    assert (read.surname, read.mrz) == ("Al-Namudhaj", LINES)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("surname", "Al-Namudhai"), ("given_names", "Salim"), ("nationality", "OMN"), ("birth", "1979-11-29"),
        ("sex", "F"), ("passport", "07654322"), ("passport_country", "OMN"),
        ("passport_expiry", "2030-06-29"),
    ],
)  # fmt: skip
def test_where_lines_and_fields_disagree_both_are_shown(field: str, typed: str) -> None:
    raw = BASE | {"mrz": list(LINES), field: typed}
    assert reasons(raw) == [(field, "disagrees")]
    with pytest.raises(ApplicationRefused, match=typed):
        parse(raw)


def test_somebody_over_a_hundred_is_typed() -> None:
    lines = format_td3(
        surname="Old", given_names="Ann", passport="1", issuing_state="GBR", nationality="GBR",
        birth=date(1920, 5, 1), sex="F", expiry=date(2030, 1, 1),
    )  # fmt: skip
    assert reasons(BY_LINES | {"mrz": list(lines)}) == [("guardian", "missing")]  # read as a child of five
    assert parse(BY_LINES | {"mrz": list(lines), "birth": "1920-05-01"}).birth == date(1920, 5, 1)


def test_a_name_cut_in_the_lines_is_typed_in_full() -> None:
    names = ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang")
    lines = format_td3(
        surname=names[0], given_names=names[1], passport="1", issuing_state="THA", nationality="THA",
        birth=date(1990, 5, 1), sex="F", expiry=date(2030, 1, 1),
    )  # fmt: skip
    raw = BY_LINES | {"mrz": list(lines)}
    assert reasons(raw) == [("surname", "name_cut")]
    assert reasons(raw | {"surname": names[0]}) == [("given_names", "name_cut")]
    assert parse(raw | {"surname": names[0], "given_names": names[1]}).given_names == names[1]


@pytest.mark.parametrize("field", ["surname", "given_names"])
def test_a_single_name_is_the_surname(field: str) -> None:
    raw = {name: value for name, value in BASE.items() if name not in ("surname", "given_names")}
    read = parse(raw | {field: "Sukarno"})
    assert (read.surname, read.given_names, read.full_name) == ("Sukarno", "", "Sukarno")
    assert reasons(raw) == [("surname", "missing")]


def test_a_very_long_name_is_cut_and_says_so() -> None:
    read = parse(BASE | {"surname": "Ab " * 30, "given_names": "Cdefg " * 20})
    assert read.card_name.was_cut
    assert len(read.full_name) <= 120


def test_wrong_lines_are_told_by_field_and_nothing_is_called_missing() -> None:
    wrong = [LINES[0], LINES[1].replace("07654321", "07654322")]
    assert reasons(BY_LINES | {"mrz": wrong}) == [("passport", "check_digit")]


def test_everything_wrong_is_said_at_once() -> None:
    raw = BASE | {"sex": "W", "birth": "1979-02-30", "class": "king", "colour": "red", "phone": "none"}
    assert reasons(raw) == [
        ("colour", "unknown_field"), ("birth", "no_such_day"), ("sex", "unknown_choice"),
        ("class", "unknown_choice"), ("phone", "malformed"),
    ]  # fmt: skip


def test_an_unknown_field_is_named_with_what_was_meant() -> None:
    with pytest.raises(ApplicationRefused, match="“pasport”; did you mean passport\\?"):
        parse(BASE | {"pasport": "1"})


@pytest.mark.parametrize("field", [f for f in BASE if f not in ("given_names", "services")])
def test_each_needed_field(field: str) -> None:
    raw = {name: value for name, value in BASE.items() if name != field}
    if field == "surname":
        del raw["given_names"]
    assert reasons(raw) == [(field, "missing")]
    assert reasons(raw | {field: "  "}) == [(field, "missing")]


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"passport_expiry": "2026-02-28"}, "passport_expiry", "expired"),
        ({"permit_expiry": "2026-02-28"}, "permit_expiry", "expired"),
        ({"permit_expiry": "2036-03-02"}, "permit_expiry", "out_of_range"),
        ({"permit_expiry": "9999-12-31"}, "permit_expiry", "out_of_range"),
        ({"guardian": "Jos\ufffd"}, "guardian", "forbidden_character"),
        ({"birth": "2026-03-02", "guardian": "A"}, "birth", "out_of_range"),
        ({"birth": "1903-02-28"}, "birth", "out_of_range"),
        ({"birth": "0079-11-30"}, "birth", "malformed"),
        ({"birth": "30.11.1979"}, "birth", "malformed"),
        ({"birth": "19791130"}, "birth", "malformed"),
        ({"birth": 19791130}, "birth", "not_text"),
        ({"nationality": "UTO"}, "nationality", "unknown_country"),
        ({"nationality": "yem"}, "nationality", "unknown_country"),
        ({"passport": "0765/4321"}, "passport", "malformed"),
        ({"permit_kind": "none"}, "permit", "not_expected"),
        ({"permit_kind": "none", "permit": None, "permit_expiry": None}, "permit_kind", "permit_needed"),
        ({"permit_class": "D"}, "permit_class", "unknown_choice"),
        ({"class": "student", "valid_until": "2031-03-01"}, "valid_until", "out_of_range"),
        ({"valid_until": "2026-03-01"}, "valid_until", "out_of_range"),
        ({"services": ["rocket"]}, "services", "unknown_service"),
        ({"services": ["bus", "bus"]}, "services", "duplicate"),
        ({"services": "bus"}, "services", "malformed"),
        ({"services": [["bus"]]}, "services", "unknown_service"),
        ({"services": {"bus": "2026-02-28"}}, "services", "out_of_range"),
        ({"services": {"bus": "2031-03-01"}}, "services", "out_of_range"),
        ({"services": {"bus": "soon"}}, "services", "malformed"),
        ({"name_native": "سالم"}, "language_native", "missing"),
        ({"language_native": "ara"}, "name_native", "missing"),
        ({"name_native": "سالم", "language_native": "ar"}, "language_native", "malformed"),
        ({"name_native": "س\u202e", "language_native": "ara"}, "name_native", "forbidden_character"),
        ({"name_chinese": "Salim"}, "name_chinese", "not_chinese"),
        ({"language": "english"}, "language", "malformed"),
        ({"phone": "1234"}, "phone", "malformed"),
        ({"phone": "+86 579 8523 0000 ext 3"}, "phone", "malformed"),
        ({"email": "salim@localhost"}, "email", "malformed"),
        ({"email": "a b@example.org"}, "email", "malformed"),
        ({"address": "A" * 201}, "address", "too_long"),
        ({"guardian": "A" * 61}, "guardian", "too_long"),
        ({"reference": "A" * 65}, "reference", "too_long"),
        ({"reference": "a\x00b"}, "reference", "forbidden_character"),
        ({"portrait": "no base64!"}, "portrait", "malformed"),
        ({"mrz": ["A" * 44, "B" * 300]}, "mrz", "too_long"),
        ({"mrz": {"line": 1}}, "mrz", "not_text"),
    ],
)
def test_each_rule_has_its_reason(changes: dict[str, object], field: str, reason: str) -> None:
    assert (field, reason) in reasons(BASE | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"passport_expiry": "2026-03-01", "permit_expiry": "2026-03-01"},
        {"permit_expiry": "2036-03-01"},
        {"birth": "2026-03-01", "guardian": "Mother, 1234 5678 9012 3"},
        {"class": "talent", "permit_kind": "none", "permit": None, "permit_expiry": None},
        {"class": "student", "services": {"campus": "2026-07-31"}},
        {"class": "student", "valid_until": "2031-02-28"},
        {"valid_until": "2026-03-02"},
        {"name_native": "سالم", "language_native": "ara", "name_chinese": "萨利姆", "language": "ar"},
        {"phone": "+86 (579) 8523-0000", "email": "salim.q@mail.example.org", "permit_class": "B"},
        {"passport": "AB 123-456", "sex": "X", "nationality": "D", "services": []},
    ],
)
def test_what_is_allowed(changes: dict[str, object]) -> None:
    parse(BASE | changes)


def test_a_minor_needs_a_guardian_until_the_birthday() -> None:
    assert reasons(BASE | {"birth": "2008-03-02"}) == [("guardian", "missing")]
    assert parse(BASE | {"birth": "2008-03-01"}).guardian is None


def test_the_day_is_the_desk_s() -> None:
    late = datetime(2026, 2, 28, 16, tzinfo=UTC)  # 00:00 on 1 March at the desk
    with pytest.raises(ApplicationRefused):
        parse(BASE | {"permit_expiry": "2026-02-28"}, now=late)
    parse(BASE | {"permit_expiry": "2026-02-28"}, now=late.replace(hour=15, minute=59))


def test_service_days() -> None:
    read = parse(BASE | {"services": {"bus": None, "library": "2027-01-31", "credit": "2031-02-28"}})
    assert read.services == {Service.BUS: None, Service.LIBRARY: date(2027, 1, 31), Service.CREDIT: None}


def test_no_class_outlives_the_plastic() -> None:
    assert set(CLASS_YEARS) == set(CardClass)
    assert all(1 <= years <= 5 for years in CLASS_YEARS.values())
    assert last_day(date(2028, 2, 29), 1) == date(2029, 2, 28)
    assert last_day(date(2026, 1, 1), 5) == date(2030, 12, 31)


def test_portrait_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "salim.JPG").write_bytes(PORTRAIT)
    assert parse(BASE | {"portrait": "photos/salim.JPG"}, tmp_path).portrait == PORTRAIT
    url = "data:image/jpeg;base64," + BASE["portrait"]
    assert parse(BASE | {"portrait": url}, tmp_path).portrait == PORTRAIT


def test_portraits_that_lead_astray(tmp_path: Path) -> None:
    base = tmp_path / "in"
    base.mkdir()
    (tmp_path / "out.jpg").write_bytes(PORTRAIT)
    (base / "link.jpg").symlink_to(tmp_path / "out.jpg")
    (base / "loop.jpg").symlink_to(base / "loop.jpg")
    (base / "folder.jpg").mkdir()
    os.mkfifo(base / "pipe.jpg")
    for path in ("../out.jpg", str(tmp_path / "out.jpg"), "a/../../out.jpg", "..\\out.jpg", "C:\\out.jpg",
                 "link.jpg", "folder.jpg", "pipe.jpg"):  # fmt: skip
        assert reasons(BASE | {"portrait": path}, base) == [("portrait", "path_not_allowed")], path
    for path in ("none.jpg", "loop.jpg", "a\0.jpg", "x" * 300 + ".jpg"):
        assert reasons(BASE | {"portrait": path}, base) == [("portrait", "unreadable")], path
    assert reasons(BASE | {"portrait": "salim.jpg"}, None) == [("portrait", "path_not_allowed")]
    for path in ("a.jpeg", "a.png", "a.webp", "a.heic", "A.HEIF"):
        (base / path).write_bytes(PORTRAIT)
        assert parse(BASE | {"portrait": path}, base).portrait == PORTRAIT


def test_portraits_too_large(tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(MAX_PORTRAIT_BYTES + 1)
    assert reasons(BASE | {"portrait": "huge.png"}, tmp_path) == [("portrait", "too_large")]
    assert reasons(BASE | {"portrait": "A" * (MAX_PORTRAIT_BYTES * 4 // 3 + 200)}) == [
        ("portrait", "too_large")
    ]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=10), JUNK, max_size=6))
def test_no_stray_error(changes: dict[str, object]) -> None:
    read: Application | None = None
    errors: tuple[FieldError, ...] = ()
    try:
        read = parse(BASE | changes)
    except ApplicationRefused as refused:
        errors = refused.errors
    assert (read is None) == bool(errors)
    assert all(error.reason and str(error).isprintable() for error in errors)
    assert read is None or read.birth <= TODAY <= read.passport_expiry


def test_the_page_tells_every_field_and_every_choice() -> None:
    paper = Path(__file__).parents[2] / "docs" / "cards.md"
    page = paper.read_text("utf-8").split("## An application")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`([a-z_]+)`", row)]
    assert sorted(told) == sorted(FIELDS)
    choices = {*PERMIT_KINDS, *(one.label for one in CardClass), *(one.label for one in Service)}
    assert {choice for choice in choices if f"`{choice}`" not in page} == set()
