"""Prepare, rehearse, issue once: from a decided print to two signed codes (docs/format.md 2 and 3).

What is to be signed is first made whole, fitted into its codes, signed by a throw-away key and judged by the
real verifying procedure. Only then does the real key sign those very bytes, once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from issuance.cardpage import masked
from issuance.errors import IssuanceError
from issuance.layout import FIRST_LAYOUT
from issuance.rehearsal import Rehearsal
from verify import text
from verify.card import Card, StatusRef
from verify.days import DEFAULT_OFFSET_S, day_at, day_number, end_of, start_of
from verify.identity import FEMALE, MALE, OTHER, VERSION, WEBP, Identity
from verify.services import PRINTABLE, CardClass, Service

#: Version 11-M and 25-M in alphanumeric mode (ISO/IEC 18004 table 7; section 2 of the format).
GATE_LIMIT = 366
IDENTITY_LIMIT = 1451
#: The real signature may deflate to more than the rehearsal's: at most 9 characters in 4,000 samples.
MARGIN = 9
#: Byte limits a face is tried at when the identity code is over its budget.
SMALLER_FACES = (340, 280, 220)
_GENDERS = {"M": MALE, "F": FEMALE, "X": OTHER}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom the card names; the facts that stand on it and in its identity code."""

    full_name: str
    birth: date
    sex: str
    nationality: str
    passport: str
    passport_country: str
    name_native: str | None = None
    language_native: str | None = None
    name_chinese: str | None = None
    language: str | None = None
    guardian: str | None = None


@dataclass(frozen=True, slots=True)
class PrintOrder:
    """One print, decided: who, which rights, which number and status index. Nothing here is chosen later.

    ``layout`` is what it will look like; fields in ``masks`` are coded only as far as that layout shows them.
    """

    holder: Holder
    issuer: str
    number: str
    print_number: int
    print_id: bytes
    status: StatusRef
    card_class: CardClass
    services: Mapping[Service, date | None]
    valid_until: date
    permit_until: date | None
    permit_class: str | None
    issued_at: int
    face: bytes
    smaller_face: Callable[[int], bytes] | None = field(default=None, compare=False)
    day_offset_s: int = DEFAULT_OFFSET_S
    layout: str = FIRST_LAYOUT
    masks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Prepared:
    """The bytes to be signed, checked; ``by_list`` are rights the codes cannot hold, for lists to grant."""

    gate: bytes
    identity: bytes
    by_list: Mapping[Service, date | None]
    native_name_left_out: bool
    face: bytes


@dataclass(frozen=True, slots=True)
class Codes:
    """Two signed codes, as COSE bytes and as the texts that are printed."""

    gate: bytes
    identity: bytes

    @property
    def gate_text(self) -> str:
        """The text of the code on the front."""
        return text.encode(self.gate)

    @property
    def identity_text(self) -> str:
        """The text of the code on the back."""
        return text.encode(self.identity)


def prepare(order: PrintOrder, rehearsal: Rehearsal) -> Prepared:
    """Fit the order into its two codes and rehearse both; refuse with numbers what cannot be."""
    _check_plausible(order)
    gate, by_list = fit_gate(order, rehearsal)
    identity, face, left_out = _fit_identity(order, gate, rehearsal)
    prepared = Prepared(gate.encode(), identity.encode(), by_list, left_out, face)
    rehearsal.check(prepared.gate, gate)
    rehearsal.check(prepared.identity, identity)
    return prepared


def check_sizes(codes: Codes) -> None:
    """See once more, with the real signatures, that both texts keep their limits (``code_too_full``)."""
    _refuse_over("gate", len(codes.gate_text), GATE_LIMIT)
    _refuse_over("identity", len(codes.identity_text), IDENTITY_LIMIT)


def gate_card(order: PrintOrder, services: Mapping[Service, date | None]) -> Card:
    """The claims of the gate code: no name, no passport, no face."""
    last_day = day_number(order.valid_until)
    mask, days = 0, {}
    for service, until in services.items():
        if until is None or day_number(until) >= last_day:
            mask |= 1 << service
        else:
            days[int(service)] = day_number(until)
    return Card(
        issuer=order.issuer,
        number=order.number,
        expires=end_of(last_day, order.day_offset_s),
        not_before=start_of(day_at(order.issued_at, order.day_offset_s), order.day_offset_s),
        issued_at=order.issued_at,
        card_class=order.card_class,
        services=mask,
        print_number=order.print_number,
        status=order.status,
        print_id=order.print_id,
        permit_day=None if order.permit_until is None else day_number(order.permit_until),
        service_days=days,
    )


def identity_card(order: PrintOrder, gate: Card, *, with_native: bool, face: bytes) -> Card:
    """The claims of the identity code: the gate code's, and what is printed beside it."""
    holder = order.holder
    native = None
    if with_native and holder.name_native and holder.language_native:
        native = (holder.language_native, holder.name_native)
    passport = masked(holder.passport) if "passport" in order.masks else holder.passport
    identity = Identity(
        id=order.number,
        version=VERSION,
        language="eng",
        full_name=holder.full_name,
        birth=holder.birth,
        gender=_GENDERS[holder.sex],
        nationality=holder.nationality,
        guardian=holder.guardian,
        photo=face,
        photo_format=WEBP,
        second_name=holder.name_chinese,
        second_language="zho" if holder.name_chinese else None,
    )
    return replace(
        gate,
        identity=identity,
        passport=(passport, holder.passport_country),
        permit_class=order.permit_class,
        native_name=native,
    )


def _check_plausible(order: PrintOrder) -> None:
    """What no rule of the desk may have let through (docs/decisions/0005-issuing.md)."""
    today = day_at(order.issued_at, order.day_offset_s)
    if day_number(order.valid_until) < today:
        raise IssuanceError(
            "implausible_dates", f"the card would be over before it is issued: {order.valid_until}"
        )
    if order.permit_until is not None and day_number(order.permit_until) < today:
        raise IssuanceError("implausible_dates", f"the permit ended on {order.permit_until}")
    if day_number(order.holder.birth) > today:
        raise IssuanceError("implausible_dates", f"a birth on {order.holder.birth} lies ahead")
    if not order.face:
        raise IssuanceError("portrait_missing", "no card without a face: take or upload a portrait")


def fit_gate(order: PrintOrder, rehearsal: Rehearsal) -> tuple[Card, dict[Service, date | None]]:
    """Print what fits: dated services leave for the lists, the soonest to end first (section 3, claim 6)."""
    by_list = {service: until for service, until in order.services.items() if service not in PRINTABLE}
    printed = {service: until for service, until in order.services.items() if service in PRINTABLE}
    dated = [service for until, service in sorted((u, s) for s, u in printed.items() if u is not None)]
    while True:
        card = gate_card(order, printed)
        size = len(rehearsal.text(card.encode()))
        if size <= GATE_LIMIT - MARGIN:
            return card, by_list
        if not (card.service_days and dated):
            _refuse_over("gate", size + MARGIN, GATE_LIMIT)
        service = dated.pop(0)
        by_list[service] = printed.pop(service)


def _fit_identity(order: PrintOrder, gate: Card, rehearsal: Rehearsal) -> tuple[Card, bytes, bool]:
    """Over budget, the native name leaves first, then the face is shrunk, then it is refused (section 2)."""
    budget = IDENTITY_LIMIT - MARGIN
    size = 0
    for with_native, limit in ((True, 0), (False, 0), *((False, limit) for limit in SMALLER_FACES)):
        face = order.face
        if limit:
            if order.smaller_face is None:
                break
            face = order.smaller_face(limit)
        card = identity_card(order, gate, with_native=with_native, face=face)
        size = len(rehearsal.text(card.encode()))
        if size <= budget:
            return card, face, order.holder.name_native is not None and card.native_name is None
    _refuse_over("identity", size + MARGIN, IDENTITY_LIMIT)
    raise AssertionError("the last size tried was over the limit")


def _refuse_over(code: str, size: int, limit: int) -> None:
    if size > limit:
        raise IssuanceError(
            "code_too_full",
            f"the {code} code needs {size} characters of {limit}; shorten the name or the services",
        )
