"""What an application must say before it can become a card: every field, and the rules between them.

Its names are what outsiders rely on. Nothing here asks a clock, a database or a network:
``now`` and the folder of portraits are arguments. Everything wrong is collected and said at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from issuance import fields
from issuance.errors import ApplicationRefused
from issuance.form import Form
from issuance.intake import load_applications as load_applications  # where callers look for it
from issuance.layout import DESIGNS
from issuance.names import Cut, chinese_name, name_on_card, native_name
from issuance.passport import day_of
from issuance.person import UNKNOWN_DAY, read_person
from keys.lint import MAX_PERMIT_YEARS, latest_permit_day
from verify.days import day_number
from verify.services import CardClass, Service

#: docs/format.md section 3: the plastic lives five years at most; a course of study is renewed every year.
MAX_YEARS = 5
CLASS_YEARS = MappingProxyType(
    {
        CardClass.MERCHANT: MAX_YEARS,
        CardClass.RESIDENT: MAX_YEARS,
        CardClass.STUDENT: 1,
        CardClass.TALENT: MAX_YEARS,
        CardClass.FAMILY: MAX_YEARS,
    }
)
#: Classes whose holders may have no permit of their own (section 3, claim 8: "classes the policy names").
PERMIT_FREE_CLASSES = frozenset({CardClass.TALENT})
NO_PERMIT = "none"
PERMIT_KINDS = ("residence", "visa", "work", NO_PERMIT)
ADULT_YEARS = 18
#: Nobody on record has lived 123 years; an older birth is a slip of the keyboard.
MAX_AGE_YEARS = 122
MAX_PERMIT, MAX_GUARDIAN, MAX_ADDRESS, MAX_REFERENCE = 32, 60, 200, 64


@dataclass(frozen=True, slots=True)
class Application:
    """A checked application; only :func:`parse_application` makes one.

    ``surname`` and ``given_names`` are Latin, as the passport has them; a single name is ``surname``.
    ``services`` gives the last day of a service, or None for one that lasts as long as the card.
    ``portrait`` is the file as it came, not yet looked at. Countries are alpha-3, days are calendar days
    at the desk. ``design`` is the card's look, None for the installation's own.
    """

    surname: str
    given_names: str
    mrz: tuple[str, ...] | None
    nationality: str
    birth: date
    sex: str
    passport: str
    passport_country: str
    passport_expiry: date
    name_native: str | None
    language_native: str | None
    name_chinese: str | None
    permit_kind: str
    permit: str | None
    permit_expiry: date | None
    permit_class: str | None
    card_class: CardClass
    services: Mapping[Service, date | None]
    valid_until: date
    guardian: str | None
    portrait: bytes
    language: str
    phone: str | None
    email: str | None
    address: str | None
    family: str | None
    reference: str | None
    design: str | None = None

    @property
    def card_name(self) -> Cut:
        """The Latin name as it goes onto the card and into claim 169/4; who shows it shows a cut, too."""
        return name_on_card(self.surname, self.given_names)

    @property
    def full_name(self) -> str:
        """``SURNAME, Given names``, at most 120 characters; :attr:`card_name` says whether it was cut."""
        return self.card_name.name

    @property
    def permit_day(self) -> int | None:
        """Claim 8: the permit's last day as a day number, None without a permit."""
        return None if self.permit_expiry is None else day_number(self.permit_expiry)


FIELDS = (
    "mrz", "surname", "given_names", "nationality", "birth", "sex", "passport", "passport_country",
    "passport_expiry", "name_native", "language_native", "name_chinese", "permit_kind", "permit",
    "permit_expiry", "permit_class", "class", "services", "valid_until", "guardian", "portrait", "language",
    "phone", "email", "address", "family", "reference", "design",
)  # fmt: skip


def parse_application(raw: Mapping[str, object], *, now: datetime, base: Path | None) -> Application:
    """Check a raw application, as JSON or CSV gave it.

    ``now`` is aware UTC; ``base`` is the folder below which portraits may be read, None allows base64
    alone. Raises :class:`ApplicationRefused` with a :class:`FieldError` for each thing that is wrong.
    """
    form = Form(raw)
    form.refuse_unknown(FIELDS)
    today = day_of(now)
    person = read_person(form, now)
    permit = _permit(form)
    card_class = form.need(
        "class", fields.one_of({item.label: item for item in CardClass}), CardClass.MERCHANT
    )
    valid_until = _valid_until(form, card_class, today)
    application = Application(
        surname=person.surname,
        given_names=person.given_names,
        mrz=person.mrz,
        nationality=person.nationality,
        birth=person.birth,
        sex=person.sex,
        passport=person.passport,
        passport_country=person.passport_country,
        passport_expiry=person.passport_expiry,
        name_native=form.take("name_native", _native),
        language_native=form.take("language_native", fields.language("3")),
        name_chinese=form.take("name_chinese", _chinese),
        permit_kind=permit.kind,
        permit=permit.number,
        permit_expiry=permit.expiry,
        permit_class=permit.letter,
        card_class=card_class,
        services=_services(form, today, valid_until),
        valid_until=valid_until,
        guardian=form.take("guardian", fields.text(MAX_GUARDIAN)),
        portrait=form.need("portrait", fields.portrait(base), b""),
        language=form.take("language", fields.language("2,3")) or "en",
        phone=form.take("phone", fields.phone),
        email=form.take("email", fields.email),
        address=form.take("address", fields.text(MAX_ADDRESS)),
        family=form.take("family", fields.text(MAX_REFERENCE)),
        reference=form.take("reference", fields.text(MAX_REFERENCE)),
        design=form.take("design", fields.one_of({item: item for item in DESIGNS})),
    )
    _rules(form, application, today)
    if form.errors:
        raise ApplicationRefused(form.errors)
    return application


def _native(field: str, value: object) -> str:
    return native_name(field, fields.string(field, value))


def _chinese(field: str, value: object) -> str:
    return chinese_name(field, fields.string(field, value))


@dataclass(frozen=True, slots=True)
class _Permit:
    kind: str
    number: str | None
    expiry: date | None
    letter: str | None


def _permit(form: Form) -> _Permit:
    """The permit's own fields; what class and day ask of them is in :func:`_rules`."""
    kind = form.need("permit_kind", fields.one_of({item: item for item in PERMIT_KINDS}), "")
    permit = _Permit(
        kind=kind,
        number=form.take("permit", fields.text(MAX_PERMIT)),
        expiry=form.take("permit_expiry", fields.day),
        letter=form.take("permit_class", fields.one_of({item: item for item in "ABC"})),
    )
    for field in ("permit", "permit_expiry", "permit_class"):
        if kind == NO_PERMIT and form.has(field):
            form.wrong(field, "not_expected", "There is no permit by permit_kind; correct one of the two.")
        elif kind not in ("", NO_PERMIT) and field != "permit_class" and not form.has(field):
            form.wrong(field, "missing", f"A {kind} permit needs this field; fill it in.")
    return permit


def _valid_until(form: Form, card_class: CardClass, today: date) -> date:
    """The plastic's last day: as asked for, or the class's own."""
    asked = form.take("valid_until", fields.day)
    if asked is None:
        return last_day(today, CLASS_YEARS[card_class])
    first, last = today + timedelta(days=1), last_day(today, MAX_YEARS)
    if not first <= asked <= last:
        words = f"A day from {first} to {last} was expected, {asked} came; choose one, or leave it out."
        form.wrong("valid_until", "out_of_range", words)
    return asked


def last_day(start: date, years: int) -> date:
    """The last day of ``years`` years that begin on ``start``: the day before the anniversary."""
    try:
        anniversary = start.replace(year=start.year + years)
    except ValueError:  # 29 February, in a year without one
        anniversary = date(start.year + years, 3, 1)
    return anniversary - timedelta(days=1)


def _services(form: Form, today: date, valid_until: date) -> Mapping[Service, date | None]:
    """The services with their last days; one that ends with the card needs no day of its own."""
    chosen = form.take("services", fields.services) or {}
    for service, last in chosen.items():
        if last is not None and form.fine("valid_until") and not today <= last <= valid_until:
            words = (
                f"{service.label}: a day from {today} to {valid_until} was expected, {last} came; correct it."
            )
            form.wrong("services", "out_of_range", words)
    return MappingProxyType({item: None if last == valid_until else last for item, last in chosen.items()})


def _rules(form: Form, application: Application, today: date) -> None:
    """What one field asks of another, or of the day; judged only where the fields themselves are fine."""
    if application.birth != UNKNOWN_DAY:
        _age_rules(form, application.birth, today)
    ended = {"passport_expiry": application.passport_expiry, "permit_expiry": application.permit_expiry}
    for field, last in ended.items():
        if last is not None and last != UNKNOWN_DAY and form.fine(field) and last < today:
            document = field.partition("_")[0]
            form.wrong(field, "expired", f"The {document} ended on {last}; a valid one is needed.")
    stay, latest = application.permit_expiry, latest_permit_day(today)
    if stay is not None and stay > latest:
        words = f"No permit lasts over {MAX_PERMIT_YEARS} years: a day to {latest} was expected, {stay} came"
        form.wrong("permit_expiry", "out_of_range", f"{words}; read it again.")
    without = application.permit_kind == NO_PERMIT and application.card_class not in PERMIT_FREE_CLASSES
    if without and form.fine("class"):
        words = f"A {application.card_class.label} card needs a permit; give its kind, number and last day."
        form.wrong("permit_kind", "permit_needed", words)
    for one, other in (("name_native", "language_native"), ("language_native", "name_native")):
        if form.has(one) and not form.has(other):
            form.wrong(other, "missing", f"{one} needs this field beside it; fill it in.")


def _age_rules(form: Form, birth: date, today: date) -> None:
    age = _age(birth, today)
    if not 0 <= age <= MAX_AGE_YEARS:
        words = f"A day in the last {MAX_AGE_YEARS} years was expected, {birth} came; read it again."
        form.wrong("birth", "out_of_range", words)
    elif age < ADULT_YEARS and not form.has("guardian"):
        words = f"Who is under {ADULT_YEARS} needs a guardian; give a name or a card number."
        form.wrong("guardian", "missing", words)


def _age(birth: date, today: date) -> int:
    """Full years; negative for a birth in the future."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
