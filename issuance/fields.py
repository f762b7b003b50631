"""One reader for each kind of field in an application: a raw value in, a checked value out, or a FieldError.

Every reader takes the field's name first, so that the error can name it, and a value of any type,
since applications come from JSON that anybody may have written.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import TypeVar

from issuance.countries import country_code
from issuance.errors import FieldError
from issuance.names import clean
from issuance.passport import split_lines
from verify.services import Service

T = TypeVar("T")
#: What reads one field.
Reader = Callable[[str, object], T]

#: A photograph straight from a camera; more is no portrait but an accident or an attack.
MAX_PORTRAIT_BYTES = 10 * 2**20
#: Four characters of base64 for three bytes, and room for a ``data:`` prefix.
MAX_PORTRAIT_TEXT = MAX_PORTRAIT_BYTES * 4 // 3 + 100
PORTRAIT_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")
#: E.164: at most 15 digits; shorter than 5 reaches nobody from outside.
MIN_PHONE_DIGITS, MAX_PHONE_DIGITS = 5, 15
MAX_PHONE_TEXT = 24
#: RFC 5321 section 4.5.3.1, with the two angle brackets taken off.
MAX_EMAIL, MAX_EMAIL_LOCAL = 254, 64
#: Doc 9303 parts 4 to 6: nine characters, or what a TD1 card can carry over into its optional data.
MIN_PASSPORT, MAX_PASSPORT = 3, 22
#: Longer than any layout (90), short enough to name what came.
MAX_LINES_TEXT = 200
#: Nothing on a card lies before; and two-digit years typed as four (0027) are caught.
FIRST_YEAR = 1900
#: What an error message repeats of a value.
MAX_SHOWN = 40

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PASSPORT = re.compile(rf"[A-Z0-9]{{{MIN_PASSPORT},{MAX_PASSPORT}}}")
_PHONE = re.compile(r"\+?[0-9 ()./-]+")
_EMAIL = re.compile(rf"[^@\s]{{1,{MAX_EMAIL_LOCAL}}}@[^@\s.]+(\.[^@\s.]+)+")
_DATA_URL = re.compile(r"data:image/[a-z0-9.+-]+;base64,")


def shown(value: object) -> str:
    """A value as an error repeats it: quoted, short, on one line."""
    text = value if isinstance(value, str) else repr(value)
    return "“" + "".join(c if c.isprintable() else "�" for c in text[:MAX_SHOWN]) + "”"


def text(limit: int) -> Reader[str]:
    """Make a reader of free text of at most ``limit`` printable characters on one line."""

    def read(field: str, value: object) -> str:
        return clean(field, string(field, value), limit)

    return read


def string(field: str, value: object) -> str:
    """Insist on text."""
    if not isinstance(value, str):
        raise FieldError(field, "not_text", f"Text was expected, {shown(value)} came; put it in quotes.")
    return value


def day(field: str, value: object) -> date:
    """An ISO 8601 calendar date, ``2027-01-31``, and no other of its many forms."""
    written = string(field, value).strip()
    if _DAY.fullmatch(written):
        try:
            read = date.fromisoformat(written)
        except ValueError as error:
            words = f"{shown(written)} is not in the calendar; correct day or month."
            raise FieldError(field, "no_such_day", words) from error
        if read.year >= FIRST_YEAR:
            return read
    words = f"A date like 2027-01-31 was expected, {shown(written)} came; type year, month, day."
    raise FieldError(field, "malformed", words)


def one_of(options: Mapping[str, T]) -> Reader[T]:
    """Make a reader that takes one of the named ``options``, exactly as spelt."""

    def read(field: str, value: object) -> T:
        chosen = string(field, value).strip()
        if chosen not in options:
            words = f"One of {', '.join(options)} was expected, {shown(chosen)} came; choose one."
            raise FieldError(field, "unknown_choice", words)
        return options[chosen]

    return read


def country(field: str, value: object) -> str:
    """An alpha-3 code of ISO 3166-1 or Doc 9303-3; Germany's D becomes DEU."""
    code = country_code(string(field, value).strip())
    if code is None:
        words = f"{shown(value)} is no code of a country; type its three capital letters, such as YEM."
        raise FieldError(field, "unknown_country", words)
    return code


def language(letters: str) -> Reader[str]:
    """Make a reader of ISO 639 codes; ``letters`` is a range such as ``2,3`` or a number such as ``3``."""

    def read(field: str, value: object) -> str:
        code = string(field, value).strip()
        if not re.fullmatch(rf"[a-z]{{{letters}}}", code):
            wanted = letters.replace(",", " or ")
            words = f"A language code of {wanted} small letters (ISO 639) was expected, {shown(value)} came."
            raise FieldError(field, "malformed", f"{words} Look it up, such as ara for Arabic.")
        return code

    return read


def passport_number(field: str, value: object) -> str:
    """A document number in capitals and digits; spaces and hyphens, printed for reading only, go."""
    number = re.sub(r"[ -]", "", string(field, value)[: 4 * MAX_PASSPORT])
    if not _PASSPORT.fullmatch(number):
        words = (
            f"{MIN_PASSPORT} to {MAX_PASSPORT} capital letters and digits were expected, {shown(value)} came"
        )
        raise FieldError(field, "malformed", f"Passport number: {words}; type it as on the passport's page.")
    return number


def phone(field: str, value: object) -> str:
    """A telephone number: digits, with or without + and the usual signs between them."""
    number = clean(field, string(field, value), MAX_PHONE_TEXT)
    if not _PHONE.fullmatch(number) or not (
        MIN_PHONE_DIGITS <= sum(char.isdigit() for char in number) <= MAX_PHONE_DIGITS
    ):
        words = f"5 to 15 digits were expected, {shown(number)} came; type it like +86 579 8523 0000."
        raise FieldError(field, "malformed", words)
    return number


def email(field: str, value: object) -> str:
    """An address with one @ and a domain; whether it takes mail only a message can tell."""
    address = clean(field, string(field, value), MAX_EMAIL)
    if not _EMAIL.fullmatch(address):
        raise FieldError(
            field, "malformed", f"name@domain was expected, {shown(address)} came; type it again."
        )
    return address


def lines(field: str, value: object) -> tuple[str, ...]:
    """The passport's lines: a list of them, or one text as a keyboard-wedge reader sends it."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "\n".join(value[:4])
    written = string(field, value)
    if len(written) > MAX_LINES_TEXT:
        words = (
            f"Passport lines: at most {MAX_LINES_TEXT} characters fit, {len(written)} came; read them again."
        )
        raise FieldError(field, "too_long", words)
    return split_lines(written)


def services(field: str, value: object) -> dict[Service, date | None]:
    """Services by name: a list, or a mapping from name to last day (null: as long as the card)."""
    if isinstance(value, list):
        pairs = [(name, None) for name in value]
    elif isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        words = f'A list of names or {{"name": "last day"}} was expected, {shown(value)} came; correct it.'
        raise FieldError(field, "malformed", words)
    known = {service.label: service for service in Service}
    if strangers := [name for name, _ in pairs if not isinstance(name, str) or name not in known]:
        named = ", ".join(_stranger(name, known) for name in strangers[:5])
        words = f"There is no service {named}; choose among {', '.join(known)}."
        raise FieldError(field, "unknown_service", words)
    chosen: dict[Service, date | None] = {}
    for name, last in pairs:
        if known[name] in chosen:
            raise FieldError(field, "duplicate", f"{name} is named twice; leave one out.")
        chosen[known[name]] = None if last is None else day(field, last)
    return chosen


def _stranger(name: object, known: Mapping[str, Service]) -> str:
    close = get_close_matches(name[:MAX_SHOWN], known, 1) if isinstance(name, str) else []
    return shown(name) + (f" (did you mean {close[0]}?)" if close else "")


def portrait(base: Path | None) -> Reader[bytes]:
    """Make a reader of portraits: base64, with or without ``data:``, or a path below ``base``.

    What ends like a picture's file name (.jpg, .png, .heic …) is a path, all else is base64; no
    base64 has a full stop. Without a ``base`` no path is followed. What is in the bytes is not judged here.
    """

    def read(field: str, value: object) -> bytes:
        written = string(field, value).strip()
        if len(written) > MAX_PORTRAIT_TEXT:
            raise _too_large(field)
        if not written.startswith("data:") and written.lower().endswith(PORTRAIT_ENDINGS):
            return _file(field, written, base)
        return _base64(field, written)

    return read


def _base64(field: str, written: str) -> bytes:
    try:
        data = base64.b64decode(_DATA_URL.sub("", written, count=1), validate=True)
    except (binascii.Error, ValueError) as error:
        words = "This is neither base64 nor the path of a .jpg, .png, .webp or .heic; take it again."
        raise FieldError(field, "malformed", words) from error
    if len(data) > MAX_PORTRAIT_BYTES:
        raise _too_large(field)
    return data


def _file(field: str, written: str, base: Path | None) -> bytes:
    """Read a file below ``base``, links followed, its size checked before it is read."""
    inside = PurePosixPath(written.replace("\\", "/"))
    if base is None or inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
        words = f"{shown(written)} leads out of the applications' folder; give base64 or a path inside it."
        raise FieldError(field, "path_not_allowed", words)
    try:
        path = (base / inside).resolve(strict=True)
        if not path.is_relative_to(base.resolve()) or not path.is_file():
            words = f"{shown(written)} is no file inside the applications' folder; put it there."
            raise FieldError(field, "path_not_allowed", words)
        if path.stat().st_size > MAX_PORTRAIT_BYTES:
            raise _too_large(field)
        with path.open("rb") as file:  # one byte more, for a file that grows meanwhile
            data = file.read(MAX_PORTRAIT_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:  # no such file, a NUL in its name, a loop of links
        words = f"{shown(written)} cannot be read beside the applications; put the file there."
        raise FieldError(field, "unreadable", words) from error
    if len(data) > MAX_PORTRAIT_BYTES:
        raise _too_large(field)
    return data


def _too_large(field: str) -> FieldError:
    limit = MAX_PORTRAIT_BYTES // 2**20
    return FieldError(field, "too_large", f"At most {limit} MiB are read; save the portrait smaller.")
