"""Card numbers: 12 random digits and a check digit (docs/format.md section 3, claim 2)."""

from collections.abc import Callable

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_10

from issuance.errors import FieldError

#: Random, so that a number says neither when nor to whom a card was issued.
RANDOM_DIGITS = 12
LENGTH = RANDOM_DIGITS + 1
GROUP = 4


def new_number(rng: Callable[[int], int]) -> str:
    """Make a card number of 13 digits; ``rng(n)`` gives a random integer in [0, n), as ``secrets.randbelow``.

    The check digit is ISO 7064 Mod 11,10: it catches every single wrong digit. Whether the number is
    free is for the database to say.
    """
    digits = f"{rng(10**RANDOM_DIGITS):0{RANDOM_DIGITS}d}"
    return digits + str(mod_11_10.calc_check_digit(digits))


def grouped(number: str) -> str:
    """The number as it is printed: groups of four digits, ``1234 5678 9012 3``."""
    return " ".join(number[at : at + GROUP] for at in range(0, len(number), GROUP))


def check_number(text: str) -> str:
    """Return the 13 bare digits of a typed card number, plain or in printed groups.

    Raises :class:`FieldError` ``wrong_number`` when anything else is there or the check digit does not fit.
    """
    number = text.strip()
    if " " in number:
        number = number.replace(" ", "")
        if text.strip() != grouped(number):
            raise _wrong("the spaces stand in the wrong places; type 13 digits, or groups of four")
    if not (number.isascii() and number.isdigit() and len(number) == LENGTH):
        raise _wrong(f"13 digits were expected, {len(number)} characters came; read the card's front again")
    try:
        mod_11_10.validate(number)
    except ValidationError as error:
        raise _wrong("the check digit does not fit; read the card's front again") from error
    return number


def _wrong(words: str) -> FieldError:
    return FieldError("number", "wrong_number", f"Card number: {words}.")
