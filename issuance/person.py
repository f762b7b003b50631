"""Who an application is about: from the passport's lines, typed, or both where they agree."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from issuance import fields
from issuance.errors import FieldError
from issuance.fields import Reader
from issuance.form import Form
from issuance.names import check_same_name, full_name, latin_name
from issuance.passport import PassportLines, read_lines

T = TypeVar("T")
#: Stands in for a day that is missing or wrong (no field takes one so early); an error is beside it.
UNKNOWN_DAY = date.min
_SEXES = {"M": "M", "F": "F", "X": "X"}


@dataclass(frozen=True, slots=True)
class Person:
    """What a passport says of its holder; a single name is ``surname``, ``mrz`` None where all was typed."""

    surname: str
    given_names: str
    mrz: tuple[str, ...] | None
    nationality: str
    birth: date
    sex: str
    passport: str
    passport_country: str
    passport_expiry: date


def read_person(form: Form, now: datetime) -> Person:
    """Read the passport's fields of an application, keeping what is wrong in ``form``."""

    def read(field: str, value: object) -> PassportLines:
        return read_lines(fields.lines(field, value), now=now)

    lines = form.take("mrz", read)
    surname, given_names = _names(form, lines)
    return Person(
        surname=surname,
        given_names=given_names,
        mrz=lines.lines if lines else None,
        nationality=_fact(form, "nationality", fields.country, lines.nationality if lines else None, ""),
        birth=_birth(form, lines),
        sex=_fact(form, "sex", fields.one_of(_SEXES), lines.sex if lines else None, ""),
        passport=_fact(form, "passport", fields.passport_number, lines.passport if lines else None, ""),
        passport_country=_fact(
            form, "passport_country", fields.country, lines.issuing_state if lines else None, ""
        ),
        passport_expiry=_fact(
            form, "passport_expiry", fields.day, lines.expiry if lines else None, UNKNOWN_DAY
        ),
    )


def _fact(form: Form, field: str, read: Reader[T], line: T | None, stand_in: T) -> T:
    """One fact from the lines, typed, or both; ``line`` is None where no lines could be read."""
    if not form.has(field):
        if line is not None:
            return line
        # Lines that cannot be read have their error already; that the field is missing would be no news.
        return stand_in if form.has("mrz") else form.need(field, read, stand_in)
    typed = form.take(field, read)
    if typed is None:
        return stand_in
    if line is not None and typed != line:
        _disagree(form, field, typed, line)
    return typed


def _birth(form: Form, lines: PassportLines | None) -> date:
    """The birth; the lines have two digits of the year, so the century of a typed one rules."""
    line = lines.birth if lines else None
    typed = form.take("birth", fields.day) if line and form.has("birth") else None
    if line and typed and f"{typed:%y%m%d}" == f"{line:%y%m%d}":
        return typed
    return _fact(form, "birth", fields.day, line, UNKNOWN_DAY)


def _disagree(form: Form, field: str, typed: object, line: object) -> None:
    words = f"Typed is {typed}, the passport's lines say {line}; correct whichever was read wrong."
    form.wrong(field, "disagrees", words)


def _latin(field: str, value: object) -> str:
    return latin_name(field, fields.string(field, value))


def _names(form: Form, lines: PassportLines | None) -> tuple[str, str]:
    """Surname and given names. Typed ones rule: they have the marks and the length that the lines lack."""
    surname, given = form.take("surname", _latin) or "", form.take("given_names", _latin) or ""
    if not form.fine("surname", "given_names"):
        return "", ""
    if lines is None:
        if not (surname or given) and not form.has("mrz"):
            form.wrong("surname", "missing", "A name is missing; type it as on the passport's page.")
    elif not (surname or given) and not lines.name_cut:
        return lines.surname, lines.given_names
    elif lines.name_cut and (not surname or (lines.given_names and not given)):
        line = full_name(lines.surname, lines.given_names)
        words = f"The passport's lines have room for “{line}” only; type the whole name as on its page."
        form.wrong("given_names" if surname else "surname", "name_cut", words)
    else:
        try:
            check_same_name(surname, given, lines.surname, lines.given_names, cut=lines.name_cut)
        except FieldError as error:
            form.errors.append(error)
    return (surname, given) if surname else (given, "")
