from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuance.errors import FieldError, LinesRefused
from issuance.passport import check_digit, format_td3, read_lines, split_lines

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
ERIKA = (
    "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<",
    "C01X0006H1D<<6408125F1710319<<<<<<<<<<<<<<<0",
)


def td1(number: str, tail: str, *, counted: str = "<") -> list[str]:
    """A card with a long number; ``counted`` is what its state counts in place of the first digit."""
    optional = f"{tail}{check_digit(number + counted + tail)}".ljust(15, "<")
    first = f"I<CHE{number}<{optional}"
    second = f"900101{check_digit('900101')}F300101{check_digit('300101')}CHE" + "<" * 11
    whole = first[5:] + second[:7] + second[8:15] + second[18:29]
    return [first, second + str(check_digit(whole)), "ROSSI<<MARIA".ljust(30, "<")]


def td2(number: str, tail: str) -> list[str]:
    optional = f"{tail}{check_digit(number + '<' + tail)}".ljust(7, "<")
    second = f"{number}<UTO900101{check_digit('900101')}<300101{check_digit('300101')}{optional}"
    second = second.replace("UTO", "NLD")
    whole = second[:10] + second[13:20] + second[21:35]
    return ["I<NLD" + "ROSSI<<MARIA".ljust(31, "<"), second + str(check_digit(whole))]


def refused(lines: list[str] | tuple[str, ...]) -> tuple[FieldError, ...]:
    with pytest.raises(LinesRefused) as caught:
        read_lines(lines, now=NOW)
    return caught.value.errors


def test_german_specimen() -> None:
    read = read_lines(ERIKA, now=NOW)
    assert (read.layout, read.surname, read.given_names) == ("TD3", "MUSTERMANN", "ERIKA")
    assert (read.issuing_state, read.nationality, read.sex) == ("DEU", "DEU", "F")
    assert (read.passport, read.birth, read.expiry) == ("C01X0006H", date(1964, 8, 12), date(2017, 10, 31))
    assert not read.name_cut


@pytest.mark.parametrize("counted", ["<", ""])
def test_long_number_td1(counted: str) -> None:
    read = read_lines(td1("AB1234567", "XY89", counted=counted), now=NOW)
    assert (read.layout, read.passport, read.optional) == ("TD1", "AB1234567XY89", ("", ""))


def test_long_number_td2_and_unspecified_sex() -> None:
    read = read_lines(td2("D23145890", "734"), now=NOW)
    assert (read.layout, read.passport, read.sex) == ("TD2", "D23145890734", "X")


def test_long_number_with_a_wrong_digit() -> None:
    lines = td1("AB1234567", "XY89")
    lines[0] = lines[0].replace("XY89", "XY88")
    assert [(error.field, error.reason) for error in refused(lines)] == [("passport", "check_digit")]


def test_number_without_any_check_digit() -> None:
    first, second = ERIKA
    assert [e.field for e in refused((first, second[:9] + "<" + second[10:]))] == ["passport"]


@pytest.mark.parametrize(
    ("place", "field"), [(4, "passport"), (9, "passport"), (14, "birth"), (22, "passport_expiry")]
)
def test_one_wrong_digit_is_said_once_with_its_line(place: int, field: str) -> None:
    first, second = ERIKA
    wrong = second[:place] + ("1" if second[place] != "1" else "2") + second[place + 1 :]
    (error,) = refused((first, wrong))
    assert error.field == field
    assert "the check digit does not fit; read line 2 again" in str(error)


def test_words_for_the_passport_number() -> None:
    first, second = ERIKA
    (error,) = refused((first, "C01X0007" + second[8:]))
    assert str(error) == "Passport number: the check digit does not fit; read line 2 again."


def test_last_digit() -> None:
    first, second = ERIKA
    (error,) = refused((first, second[:-1] + "1"))
    assert (error.field, error.reason) == ("mrz", "check_digit")


@pytest.mark.parametrize(
    ("lines", "field", "reason"),
    [
        ([], "mrz", "unknown_layout"),
        (ERIKA[:1], "mrz", "unknown_layout"),
        ((ERIKA[0], ERIKA[1][:-1]), "mrz", "unknown_layout"),
        ((ERIKA[0].lower(), ERIKA[1]), "mrz", "forbidden_character"),
        (("V" + ERIKA[0][1:], ERIKA[1]), "mrz", "document_code"),
        ((ERIKA[0].replace("D<<", "UTO", 1), ERIKA[1]), "passport_country", "unknown_country"),
        ((ERIKA[0], ERIKA[1].replace("D<<", "UTO", 1)), "nationality", "unknown_country"),
        ((ERIKA[0].replace("ERIKA", "ER1KA"), ERIKA[1]), "surname", "digit_in_name"),
        ((ERIKA[0][:5] + "<" * 39, ERIKA[1]), "surname", "no_name"),
        ((ERIKA[0].replace("ERIKA<<", "ERI<<KA"), ERIKA[1]), "surname", "malformed"),
        ((ERIKA[0], ERIKA[1].replace("F", "Q", 1)), "sex", "malformed"),
    ],
)
def test_each_fault_has_its_reason(lines: tuple[str, ...], field: str, reason: str) -> None:
    assert (field, reason) in [(error.field, error.reason) for error in refused(lines)]


def test_what_stands_in_no_line_is_named_in_words_that_can_be_written_down() -> None:
    (error,) = refused((ERIKA[0][:-2] + "\ud800é", ERIKA[1]))
    assert error.reason == "forbidden_character"
    assert "é U+D800 cannot" in str(error)
    str(error).encode()


def test_all_faults_are_said_at_once() -> None:
    first, second = ERIKA
    errors = refused((first.replace("ERIKA", "ER1KA"), second.replace("F", "Q").replace("D<<", "XYZ")))
    assert [error.field for error in errors] == ["surname", "nationality", "sex"]


@pytest.mark.parametrize(
    ("born", "read_as"),
    [
        ("260228", 2026),
        ("260301", 2026),
        ("260302", 1926),
        ("270101", 1927),
        ("990101", 1999),
        ("000229", 2000),
    ],
)
def test_nobody_is_born_in_the_future(born: str, read_as: int) -> None:
    first, second = ERIKA
    second = second[:13] + born + str(check_digit(born)) + second[20:43]
    second += str(check_digit(second[:10] + second[13:20] + second[21:43]))
    assert read_lines((first, second), now=NOW).birth.year == read_as


def test_born_today_where_it_is_already_tomorrow_in_greenwich_terms() -> None:
    evening = datetime(2026, 2, 28, 20, tzinfo=UTC)  # at the desk it is 1 March
    lines = format_td3(
        surname="Neu", given_names="Kind", passport="X1", issuing_state="DEU", nationality="DEU",
        birth=date(2026, 3, 1), sex="F", expiry=date(2031, 1, 1),
    )  # fmt: skip
    assert read_lines(lines, now=evening).birth == date(2026, 3, 1)


def test_incomplete_and_impossible_dates() -> None:
    first, second = ERIKA
    for born, reason in (("64<<<<", "incomplete_date"), ("640231", "malformed"), ("64AB12", "malformed")):
        changed = second[:13] + born + str(check_digit(born)) + second[20:43]
        changed += str(check_digit(changed[:10] + changed[13:20] + changed[21:43]))
        (error,) = refused((first, changed))
        assert (error.field, error.reason) == ("birth", reason)


def test_lines_from_a_keyboard_wedge() -> None:
    assert split_lines("".join(ERIKA)) == ERIKA
    assert split_lines("\r\n".join(ERIKA) + "\n") == ERIKA
    assert split_lines("A" * 50) == ("A" * 50,)


@given(st.lists(st.text("AB1<", min_size=36, max_size=44), max_size=3) | st.lists(st.text(), max_size=4))
def test_no_stray_error(lines: list[str]) -> None:
    with suppress(LinesRefused):
        assert read_lines(lines, now=NOW).lines


LETTERS = st.text("ABCÄÖñ' -", max_size=30).filter(lambda text: any(char.isalpha() for char in text))


@given(
    surname=LETTERS,
    given_names=LETTERS | st.just(""),
    passport=st.text("ABCXYZ0123456789", min_size=1, max_size=9),
    birth=st.dates(date(1926, 3, 2), date(2026, 3, 1)),
    sex=st.sampled_from("MFX"),
    expiry=st.dates(date(1976, 1, 1), date(2075, 12, 31)),
    optional=st.text("ABC123", max_size=14),
    nationality=st.sampled_from(["DEU", "YEM", "GBD", "UNO", "XXA", "RKS", "EUE", "XPO"]),
)
def test_what_is_written_reads_back(
    surname: str,
    given_names: str,
    passport: str,
    birth: date,
    sex: str,
    expiry: date,
    optional: str,
    nationality: str,
) -> None:
    lines = format_td3(
        surname=surname, given_names=given_names, passport=passport, issuing_state="DEU",
        nationality=nationality, birth=birth, sex=sex, expiry=expiry, optional=optional,
    )  # fmt: skip
    assert [len(line) for line in lines] == [44, 44]
    read = read_lines(lines, now=NOW)
    assert (read.passport, read.birth, read.sex, read.expiry) == (passport, birth, sex, expiry)
    assert (read.nationality, read.issuing_state, read.optional) == (nationality, "DEU", (optional,))


def test_the_writer_refuses_what_does_not_fit() -> None:
    with pytest.raises(FieldError, match="at most 9"):
        format_td3(
            surname="A", given_names="B", passport="A123456789", issuing_state="DEU", nationality="DEU",
            birth=date(2000, 1, 1), sex="M", expiry=date(2030, 1, 1),
        )  # fmt: skip
