"""What a case still lacks, what is unusual about it, and where it differs from what was known.

Nothing here decides: errors stand in the way of submitting, exceptions and differences are what the approver
reads first.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cardsvc.desk.checking import check_application
from cardsvc.errors import ServiceError
from cardsvc.records import Facts
from cardsvc.settings import Settings
from issuance.application import (
    FIELDS,
    NO_PERMIT,
    Application,
    parse_application,
)
from issuance.errors import ApplicationRefused, FieldError, LinesRefused
from issuance.fields import lines as lines_of
from issuance.names import mrz_components
from issuance.passport import PassportLines, day_of, read_lines
from verify.services import PRINTABLE

Raw = Mapping[str, object]
#: Stands for a portrait that was taken and judged by itself; what an application says is judged without it.
_TAKEN = "QUJD"
PORTRAIT = "portrait"
#: The fields a clerk types; the portrait has a way of its own.
TYPED = frozenset(FIELDS) - {PORTRAIT}
#: What a passport says of its holder.
PASSPORT = (
    *("surname", "given_names", "nationality", "birth", "sex"),
    *("passport", "passport_country", "passport_expiry"),
)
_SOURCES = {
    "mrz": "The passport's lines say",
    "card": "The person's last card says",
    "resident": "The resident wrote",
}
#: Names in Latin letters: how they are spelt says less than which letters they have.
_LATIN_NAMES = frozenset({"surname", "given_names", "guardian"})
#: Names, address and services of the longest application stay far below it.
MAX_CHARACTERS = 16_000
#: A permit that ends so soon is extended first, as a rule.
SOON_DAYS = 30
ADULT_YEARS_DAYS = 18 * 365


@dataclass(frozen=True, slots=True)
class Told:
    """A stable reason and words."""

    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a field is not what was known: from the passport's lines, or from the person's last card."""

    field: str
    source: str
    known: str
    now: str
    words: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The application where it holds together, and what is wrong with it where not."""

    application: Application | None
    errors: tuple[FieldError, ...]


def check_shape(raw: Raw) -> None:
    """Refuse what is no application at all; raises ``unknown_field``, ``bad_application``."""
    strangers = sorted(set(raw) - TYPED)
    if strangers:
        named = ", ".join(name[:40] for name in strangers[:5])
        raise ServiceError("unknown_field", f"an application has no field called {named}")
    try:
        size = len(json.dumps(dict(raw), ensure_ascii=False, allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise ServiceError("bad_application", f"an application is plain JSON in Unicode: {error}") from error
    if size > MAX_CHARACTERS:
        raise ServiceError("bad_application", f"the application has {size} bytes of {MAX_CHARACTERS}")


def judge(
    raw: Raw, *, has_portrait: bool, settings: Settings, now: datetime, fit: bool = True, office: str = ""
) -> Judged:
    """Judge an application as it stands; never raises for what stands in it.

    ``fit``: whether its texts are fitted on the card too, which takes as long as all the rest; ``office`` is
    the one that issues it, where it stands on the card for good.
    """
    whole = {name: value for name, value in raw.items() if value is not None and value != ""}
    if has_portrait:
        whole[PORTRAIT] = _TAKEN
    try:
        application = parse_application(whole, now=now, base=None)
        if fit:
            check_application(settings, application, office)
    except ApplicationRefused as error:
        return Judged(None, error.errors)
    except FieldError as error:
        return Judged(None, (error,))
    return Judged(application, ())


def lines_read(raw: Raw, now: datetime) -> PassportLines | None:
    """What the passport's lines say, where they were read and hold together."""
    if not raw.get("mrz"):
        return None
    try:
        return read_lines(lines_of("mrz", raw["mrz"]), now=now)
    except (FieldError, LinesRefused):
        return None


def fields_read(read: PassportLines) -> dict[str, object]:
    """The fields of an application that the lines fill in."""
    return {
        "mrz": list(read.lines),
        "surname": read.surname,
        "given_names": read.given_names,
        "nationality": read.nationality,
        "birth": read.birth.isoformat(),
        "sex": read.sex,
        "passport": read.passport,
        "passport_country": read.issuing_state,
        "passport_expiry": read.expiry.isoformat(),
    }


def filled(raw: Raw, now: datetime) -> dict[str, object]:
    """The application with what the lines say where nothing was typed: whom a case is about."""
    read = lines_read(raw, now)
    typed = {name: value for name, value in raw.items() if value not in (None, "")}
    return typed if read is None else fields_read(read) | typed


def exceptions_of(
    application: Application, findings: Iterable[Told], warnings: Iterable[Told], now: datetime
) -> list[Told]:
    """What an approver should think about before anything else."""
    today, found = day_of(now), [*warnings]
    if application.mrz is None:
        found.append(Told("typed_by_hand", "The passport's lines were not read; everything was typed."))
    if application.card_name.was_cut:
        found.append(Told("name_cut", f"The name is too long and is printed as “{application.full_name}”."))
    if application.passport_expiry < application.valid_until:
        words = f"The passport ends on {application.passport_expiry}, before the card."
        found.append(Told("passport_ends_first", words))
    if application.permit_kind == NO_PERMIT:
        found.append(Told("no_permit", "This class of card was applied for without a permit."))
    elif application.permit_expiry and application.permit_expiry < today + timedelta(days=SOON_DAYS):
        words = f"The permit ends on {application.permit_expiry}, within {SOON_DAYS} days."
        found.append(Told("permit_ends_soon", words))
    if application.birth > today - timedelta(days=ADULT_YEARS_DAYS):
        found.append(Told("child", f"A child; the guardian is {application.guardian}."))
    for service in sorted(set(application.services) - PRINTABLE):
        words = f"{service.label} was asked for; it is granted by list and stands on no card."
        found.append(Told("service_by_list", words))
    return [*found, *findings]


def differences_of(
    raw: Raw, known: Facts | None, now: datetime, *, declared: Raw | None = None
) -> list[Difference]:
    """What was typed otherwise than the lines have it, and what changed since the person's last card.

    ``declared`` is what the resident said of the passport before anybody at the desk had read it.
    """
    found = []
    read = lines_read(raw, now)
    if read is not None:
        for field, value in fields_read(read).items():
            typed = raw.get(field)
            if field != "mrz" and typed not in (None, "") and not _same(field, value, typed):
                found.append(_difference(field, "mrz", value, typed))
    if declared is not None:
        who, said = filled(raw, now), filled(declared, now)
        for field in PASSPORT:
            before, typed = said.get(field), who.get(field)
            if before not in (None, "") and typed not in (None, "") and not _same(field, before, typed):
                found.append(_difference(field, "resident", before, typed))
    if known is not None:
        who = filled(raw, now)
        for field in sorted(TYPED & set(known)):
            before, typed = known[field], who.get(field)
            if before not in (None, "") and typed not in (None, "") and not _same(field, before, typed):
                found.append(_difference(field, "card", before, typed))
    return found


def _same(field: str, known: object, now: object) -> bool:
    """Whether nobody needs to look: a name counts by its letters, whatever its case, hyphens and accents."""
    if known == now:
        return True
    if field not in _LATIN_NAMES or not (isinstance(known, str) and isinstance(now, str)):
        return False
    ours, theirs = mrz_components(known), mrz_components(now)
    # ``Müller`` is MUELLER in some passports and MULLER in others.
    return bool(ours) and (ours == theirs or mrz_components(_plain(known)) == mrz_components(_plain(now)))


def _plain(name: str) -> str:
    """A name without its accents."""
    return "".join(sign for sign in unicodedata.normalize("NFD", name) if not unicodedata.combining(sign))


def _difference(field: str, source: str, known: object, now: object) -> Difference:
    where = _SOURCES[source]
    return Difference(field, source, str(known), str(now), f"{where} “{known}”, the application “{now}”.")


def display_name(fields: Raw) -> str:
    """How a list names somebody: as on the card, as far as it is known."""
    parts = [fields.get("surname"), fields.get("given_names")]
    return ", ".join(part for part in parts if isinstance(part, str) and part)


def iso(day: date | None) -> str | None:
    """A day for outside."""
    return None if day is None else day.isoformat()
