"""The machine-readable lines of passports and identity cards: ICAO Doc 9303, layouts TD1, TD2 and TD3.

Part 3 section 4 has the rules that all share (characters, names, dates, check digits), part 4 the
passport book (TD3, 2 lines of 44), part 5 the card (TD1, 3 of 30) and part 6 the larger card (TD2,
2 of 36). Reading collects everything that is wrong and names the line to read again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from issuance.countries import ONE_LETTER, country_code
from issuance.errors import FieldError, LinesRefused
from issuance.names import WIDTH_TD3, truncate_name
from verify.days import date_of, day_at

FILLER = "<"
#: Part 3 section 4.9: the weights repeat, letters count from 10, the filler counts nothing.
WEIGHTS = (7, 3, 1)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)} | {FILLER: 0}
#: Of a two-digit year of expiry the century is the one that lies nearest, as Part 3 section 4.8 leaves open.
EXPIRY_WINDOW_YEARS = 50
#: Part 4 section 4.2.2.2, TD3: widths of the number and of the optional data.
NUMBER_WIDTH, PERSONAL_WIDTH = 9, 14

_ONE_LETTER_OF = {code: letter for letter, code in ONE_LETTER.items()}
_LAYOUTS = {(2, 44): "TD3", (3, 30): "TD1", (2, 36): "TD2"}
#: Part 3 section 4.1 and parts 4 to 6: the first letter of the document code. V, visas, are not identities.
_CODES = {"TD3": "P", "TD1": "ACI", "TD2": "ACI"}
_LABELS = {
    "passport": "Passport number", "birth": "Date of birth", "passport_expiry": "Passport expiry",
    "nationality": "Nationality", "passport_country": "Issuing country", "sex": "Sex",
    "surname": "Name", "mrz": "Passport lines",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PassportLines:
    """What checked lines say: names have spaces for fillers, a single one is ``surname``, sex is M, F or X.

    ``name_cut`` says that the name field is full to its last place, so the name may go on. ``optional``
    is what the issuing state put into its own fields, without fillers at the end.
    """

    layout: str
    document_code: str
    issuing_state: str
    surname: str
    given_names: str
    name_cut: bool
    passport: str
    nationality: str
    birth: date
    sex: str
    expiry: date
    optional: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The fields of one layout as they stand in the lines, each still with its fillers."""

    code: str
    state: str
    name: str
    number: str
    number_digit: str
    overflow: str  # optional data that a long number may begin in; empty where the layout has no such rule
    nationality: str
    birth: str
    birth_digit: str
    sex: str
    expiry: str
    expiry_digit: str
    personal: str  # TD3 only: optional data with a check digit of its own
    personal_digit: str
    optional: tuple[str, ...]
    composite: str
    composite_digit: str
    line_of: dict[str, int]


def day_of(now: datetime) -> date:
    """The day at the desk that holds ``now`` (aware), by the issuers' usual offset of +08:00."""
    return date_of(day_at(int(now.timestamp())))


def check_digit(text: str) -> int:
    """The 7-3-1 check digit of part 3 section 4.9, over text of A–Z, 0–9 and < alone."""
    return sum(_VALUES[char] * WEIGHTS[place % 3] for place, char in enumerate(text)) % 10


def digit_fits(text: str, digit: str) -> bool:
    """Whether ``digit`` is the check digit of ``text``."""
    return digit == str(check_digit(text))


def split_lines(text: str) -> tuple[str, ...]:
    """Cut one text into lines, at white space or, where a reader sends none, by the length of the layouts."""
    lines = tuple(text.split())
    if len(lines) != 1:
        return lines
    for count, length in _LAYOUTS:
        if len(text.strip()) == count * length:
            return tuple(lines[0][at : at + length] for at in range(0, count * length, length))
    return lines


def read_lines(lines: Sequence[str], *, now: datetime) -> PassportLines:
    """Read the lines of a TD1, TD2 or TD3 document.

    ``now`` (aware UTC) settles the century: nobody is born in the future, and an expiry lies within 50
    years. Whether the document has expired is not judged here. Raises :class:`LinesRefused` with one
    error for each thing that is wrong.
    """
    lines = tuple(line.strip() for line in lines)
    layout = _layout(lines)
    parts = {"TD1": _td1, "TD2": _td2, "TD3": _td3}[layout](lines)
    reader = _Reader(parts, day_of(now))
    number, overflow = reader.number()
    surname, given_names = reader.name()
    if parts.code[0] not in _CODES[layout] or (parts.code[1] == "V" and layout != "TD3"):
        reader.wrong("mrz", "document_code", f"{parts.code} is no passport or identity card", line=1)
    read = PassportLines(
        layout=layout,
        document_code=parts.code.rstrip(FILLER),
        issuing_state=reader.country("passport_country", parts.state),
        surname=surname,
        given_names=given_names,
        name_cut=not parts.name.endswith(FILLER),
        passport=number,
        nationality=reader.country("nationality", parts.nationality),
        birth=reader.day("birth", parts.birth, parts.birth_digit, _birth_year),
        sex=reader.sex(),
        expiry=reader.day("passport_expiry", parts.expiry, parts.expiry_digit, _expiry_year),
        optional=tuple(text.rstrip(FILLER) for text in (*overflow, *parts.optional)),
        lines=lines,
    )
    reader.sums()
    if reader.errors:
        raise LinesRefused(reader.errors)
    return read


def _layout(lines: tuple[str, ...]) -> str:
    lengths = {len(line) for line in lines}
    layout = _LAYOUTS.get((len(lines), lengths.pop())) if len(lengths) == 1 else None
    came = " + ".join(str(len(line)) for line in lines[:4]) or "none"
    if layout is None:
        words = f"2 of 44, 2 of 36 or 3 of 30 characters were expected, {came} came; read them again."
        raise LinesRefused([FieldError("mrz", "unknown_layout", f"Passport lines: {words}")])
    errors = []
    for place, line in enumerate(lines, 1):
        strange = sorted(set(line) - _VALUES.keys())
        if strange:
            named = " ".join(char if char.isprintable() else f"U+{ord(char):04X}" for char in strange)
            words = f"Passport lines: {named} cannot stand there; read line {place} again."
            errors.append(FieldError("mrz", "forbidden_character", words))
    if not errors and layout == "TD2" and lines[0].startswith("IDFRA"):
        words = "French identity cards of before 2021 have a layout of their own; use the passport."
        errors.append(FieldError("mrz", "unknown_layout", f"Passport lines: {words}"))
    if errors:
        raise LinesRefused(errors)
    return layout


def format_td3(
    *,
    surname: str,
    given_names: str,
    passport: str,
    issuing_state: str,
    nationality: str,
    birth: date,
    sex: str,
    expiry: date,
    document_code: str = "P",
    optional: str = "",
) -> tuple[str, str]:
    """Write the two lines of a passport book (part 4 section 4.2), for examples and tests.

    Names may have marks and any case; a name that does not fit is cut as :func:`truncate_name` says, and
    then the name field ends with a letter. Raises :class:`FieldError` for what the lines cannot hold.
    """
    number = _field("passport", passport, NUMBER_WIDTH)
    personal = _field("mrz", optional, PERSONAL_WIDTH)
    state, nation = (
        _field("mrz", _ONE_LETTER_OF.get(code, code), 3) for code in (issuing_state, nationality)
    )
    first = _field("mrz", document_code, 2) + state + truncate_name(surname, given_names, WIDTH_TD3).name
    born, ends = (_with_digit(f"{day:%y%m%d}") for day in (birth, expiry))
    # The digit of an empty personal number may be a filler (part 4 section 4.2.2.2).
    personal = _with_digit(personal) if optional else personal + FILLER
    second = (
        _with_digit(number) + nation + born + _field("sex", sex.replace("X", FILLER), 1) + ends + personal
    )
    return first, second + str(check_digit(second[:10] + second[13:20] + second[21:43]))


def _field(field: str, text: str, width: int) -> str:
    if len(text) > width or not set(text) <= _VALUES.keys():
        words = f"at most {width} of A–Z, 0–9 and < were expected, “{text}” came; correct it."
        raise FieldError(field, "malformed", f"{_LABELS[field]}: {words}")
    return text.ljust(width, FILLER)


def _with_digit(text: str) -> str:
    return text + str(check_digit(text))


class _Reader:
    """Takes the fields one by one and keeps what is wrong with them."""

    def __init__(self, parts: _Parts, today: date) -> None:
        self.parts = parts
        self.today = today
        self.errors: list[FieldError] = []

    def wrong(self, field: str, reason: str, what: str, *, line: int | None = None) -> None:
        line = line or self.parts.line_of[field]
        self.errors.append(FieldError(field, reason, f"{_LABELS[field]}: {what}; read line {line} again."))

    def number(self) -> tuple[str, tuple[str, ...]]:
        """The document number and, where a layout has it, the rest of the optional data behind it."""
        parts = self.parts
        if parts.number_digit == FILLER and parts.overflow.rstrip(FILLER):
            return self.long_number()
        number = parts.number.rstrip(FILLER)
        if not digit_fits(parts.number, parts.number_digit):
            self.wrong("passport", "check_digit", "the check digit does not fit")
        elif not number or FILLER in number:
            self.wrong("passport", "malformed", "letters and digits without a gap were expected")
        return number, (parts.overflow,) if parts.overflow else ()

    def long_number(self) -> tuple[str, tuple[str, ...]]:
        """A number of more than nine characters, as parts 5 and 6 write it.

        A filler stands in place of the check digit, and the optional data begins with the rest of the
        number, its check digit and a filler. Some states count the first filler as a place, some do not.
        """
        rest, _, overflow = self.parts.overflow.partition(FILLER)
        tail, digit = rest[:-1], rest[-1:]
        number = self.parts.number + tail
        fits = tail and any(digit_fits(self.parts.number + gap + tail, digit) for gap in (FILLER, ""))
        if not fits:
            self.wrong("passport", "check_digit", "the check digit of the long number does not fit")
        elif FILLER in number:
            self.wrong("passport", "malformed", "letters and digits without a gap were expected")
        return number, (overflow,)

    def name(self) -> tuple[str, str]:
        """Surname and given names (part 3 section 4.6); digits there are letters that were read wrong."""
        surname, _, given = self.parts.name.rstrip(FILLER).partition(FILLER * 2)
        if any(char.isdigit() for char in surname + given):
            self.wrong("surname", "digit_in_name", "a digit stands in the name")
        elif not surname + given:
            self.wrong("surname", "no_name", "the name is missing")
        elif surname.startswith(FILLER) or given.startswith(FILLER) or FILLER * 2 in given:
            self.wrong("surname", "malformed", "one << was expected, between surname and given names")
        surname, given = (" ".join(part.split(FILLER)).strip() for part in (surname, given))
        return (surname, given) if surname else (given, "")

    def country(self, field: str, text: str) -> str:
        code = country_code(text)
        if code is None:
            self.wrong(field, "unknown_country", f"{text} is no code of a country")
        return code or ""

    def sex(self) -> str:
        sex = {"M": "M", "F": "F", FILLER: "X"}.get(self.parts.sex)
        if sex is None:
            self.wrong("sex", "malformed", f"M, F or < was expected, {self.parts.sex} came")
        return sex or ""

    def day(self, field: str, text: str, digit: str, year_of: Callable[[int, str, date], int]) -> date:
        if not digit_fits(text, digit):
            self.wrong(field, "check_digit", "the check digit does not fit")
        elif FILLER in text and set(text) <= set("0123456789<"):
            words = f"the passport gives no full date ({text}); type the fields instead of its lines."
            self.errors.append(FieldError(field, "incomplete_date", f"{_LABELS[field]}: {words}"))
        else:
            try:
                return date(year_of(int(text[:2]), text[2:], self.today), int(text[2:4]), int(text[4:]))
            except ValueError:
                self.wrong(field, "malformed", f"{text} is no date (YYMMDD)")
        return date.min

    def sums(self) -> None:
        """The check digits that belong to no single field: optional data (TD3) and the whole."""
        parts = self.parts
        empty = not parts.personal.strip(FILLER) and parts.personal_digit in (FILLER, "")
        if not empty and not digit_fits(parts.personal, parts.personal_digit):
            self.wrong("mrz", "check_digit", "the check digit of the personal number does not fit", line=2)
        alone = not any(error.reason == "check_digit" for error in self.errors)
        if alone and not digit_fits(parts.composite, parts.composite_digit):
            self.wrong("mrz", "check_digit", "the last check digit, over the whole, does not fit", line=2)


def _birth_year(short: int, month_day: str, today: date) -> int:
    """The latest century that does not put the birth into the future."""
    century = today.year - today.year % 100
    in_future = (century + short, month_day) > (today.year, f"{today:%m%d}")
    return century + short - (100 if in_future else 0)


def _expiry_year(short: int, month_day: str, today: date) -> int:
    """The century that puts the expiry within 50 years of today."""
    first = today.year - EXPIRY_WINDOW_YEARS
    return first + (short - first) % 100


def _td3(lines: tuple[str, ...]) -> _Parts:
    """Part 4 section 4.2."""
    first, second = lines
    return _Parts(
        code=first[:2], state=first[2:5], name=first[5:],
        number=second[:9], number_digit=second[9], overflow="", nationality=second[10:13],
        birth=second[13:19], birth_digit=second[19], sex=second[20],
        expiry=second[21:27], expiry_digit=second[27],
        personal=second[28:42], personal_digit=second[42], optional=(second[28:42],),
        composite=second[:10] + second[13:20] + second[21:43], composite_digit=second[43],
        line_of=_line_of(name=1, number=2, rest=2),
    )  # fmt: skip


def _td2(lines: tuple[str, ...]) -> _Parts:
    """Part 6 section 4.2."""
    first, second = lines
    return _Parts(
        code=first[:2], state=first[2:5], name=first[5:],
        number=second[:9], number_digit=second[9], overflow=second[28:35], nationality=second[10:13],
        birth=second[13:19], birth_digit=second[19], sex=second[20],
        expiry=second[21:27], expiry_digit=second[27],
        personal="", personal_digit="", optional=(),
        composite=second[:10] + second[13:20] + second[21:35], composite_digit=second[35],
        line_of=_line_of(name=1, number=2, rest=2),
    )  # fmt: skip


def _td1(lines: tuple[str, ...]) -> _Parts:
    """Part 5 section 4.2."""
    first, second, third = lines
    return _Parts(
        code=first[:2], state=first[2:5], name=third,
        number=first[5:14], number_digit=first[14], overflow=first[15:30], nationality=second[15:18],
        birth=second[:6], birth_digit=second[6], sex=second[7],
        expiry=second[8:14], expiry_digit=second[14],
        personal="", personal_digit="", optional=(second[18:29],),
        composite=first[5:30] + second[:7] + second[8:15] + second[18:29], composite_digit=second[29],
        line_of=_line_of(name=3, number=1, rest=2),
    )  # fmt: skip


def _line_of(*, name: int, number: int, rest: int) -> dict[str, int]:
    """Where each field stands, so that an error can say which line to read again."""
    return {
        "surname": name, "passport": number, "passport_country": 1,
        "nationality": rest, "birth": rest, "sex": rest, "passport_expiry": rest,
    }  # fmt: skip
