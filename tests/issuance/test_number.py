from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuance.errors import FieldError
from issuance.number import check_number, grouped, new_number


def standard(digits: str) -> str:
    """ISO 7064 hybrid system Mod 11,10 written out from the standard's own recursion."""
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def test_known_number() -> None:
    assert standard("0794") == "5"  # the example of the standard itself
    assert new_number(lambda _: 79462) == "000000079462" + standard("000000079462")
    assert grouped("0000000794621") == "0000 0007 9462 1"


def test_leading_zeros_stay() -> None:
    assert new_number(lambda _: 0).startswith("0" * 12)


def test_all_digits_can_come() -> None:
    assert new_number(lambda bound: bound - 1).startswith("9" * 12)


@given(st.integers(0, 10**12 - 1))
def test_round_trip_and_every_single_wrong_digit(digits: int) -> None:
    number = new_number(lambda _: digits)
    assert check_number(number) == check_number(f" {grouped(number)} ") == number
    for place in range(13):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        with pytest.raises(FieldError):
            check_number(wrong)


@pytest.mark.parametrize(
    "text", ["", "123", "00000007946211", "000000079462a", "000 00007 9462 1", "٠" * 13, "²" * 13]
)
def test_not_a_number(text: str) -> None:
    with pytest.raises(FieldError) as caught:
        check_number(text)
    assert (caught.value.field, caught.value.reason) == ("number", "wrong_number")


@given(st.text(max_size=30))
def test_no_stray_error(text: str) -> None:
    with suppress(FieldError):
        assert len(check_number(text)) == 13
