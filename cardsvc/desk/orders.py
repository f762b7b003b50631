"""From what the desk and the records know to what the card says, and back into rows."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from cardsvc.desk.designs import DEFAULT_DESIGN, designs
from cardsvc.installation import Site
from cardsvc.records import EntitlementRecord, EntitlementValue, NewCard, NewPrint, Slot, Transaction
from issuance.application import Application
from issuance.issuer import Holder, Prepared, PrintOrder
from issuance.number import new_number
from issuance.portrait import Portrait, face_within
from verify.card import CTI_BYTES, Card
from verify.days import date_of, day_at, day_number
from verify.services import Service


def draw_numbers(tx: Transaction, count: int) -> list[str]:
    """Fresh card numbers: random, so that a number tells nothing of when or for whom it was drawn."""
    numbers: set[str] = set()
    while len(numbers) < count:
        drawn = {new_number(secrets.randbelow) for _ in range(count - len(numbers))}
        numbers |= drawn - tx.cards.taken(sorted(drawn))
    return list(numbers)


def first_order(
    installation: Site,
    application: Application,
    holder: Holder,
    portrait: Portrait,
    number: str,
    slot: Slot,
    now: datetime,
) -> PrintOrder:
    """The first print of a new card, in the newest version of its design."""
    layout = designs().newest(application.design or DEFAULT_DESIGN)
    return PrintOrder(
        holder=holder,
        issuer=installation.issuer.iss,
        number=number,
        print_number=1,
        print_id=secrets.token_bytes(CTI_BYTES),
        status=installation.status_ref(*slot),
        card_class=application.card_class,
        services=application.services,
        valid_until=application.valid_until,
        permit_until=application.permit_expiry,
        permit_class=application.permit_class,
        issued_at=int(now.timestamp()),
        face=portrait.face_webp,
        smaller_face=FaceWithin(portrait.print_jpeg),
        day_offset_s=installation.issuer.day_offset_s,
        layout=layout.id,
        masks=layout.masks,
    )


class FaceWithin:
    """Makes the face anew within a limit of bytes."""

    def __init__(self, portrait: bytes) -> None:
        """Keep the printed portrait to make it from."""
        self._portrait = portrait

    def __call__(self, limit: int) -> bytes:
        """The face in at most ``limit`` bytes."""
        return face_within(self._portrait, limit)


def card_row(order: PrintOrder, gate: Card, person: str) -> NewCard:
    """The row of a new card: the rights as its first print has them."""
    return NewCard(
        number=order.number,
        person_id=person,
        card_class=int(order.card_class),
        services=gate.services,
        service_days=gate.service_days,
        valid_from=day_at(order.issued_at, order.day_offset_s),
        valid_until=day_number(order.valid_until),
        permit_true_day=None if order.permit_until is None else day_number(order.permit_until),
        iss=order.issuer,
    )


def print_row(order: PrintOrder, gate: Card, prepared: Prepared, slot: Slot, kid: bytes) -> NewPrint:
    """The row of a print that is reserved: the very bytes to be signed."""
    return NewPrint(
        card_number=order.number,
        print_no=order.print_number,
        cti=order.print_id,
        list_id=slot[0],
        list_index=slot[1],
        gate_payload=prepared.gate,
        identity_payload=prepared.identity,
        signing_kid=kid,
        iat=order.issued_at,
        exp=gate.expires,
        permit_day=gate.permit_day,
        layout=order.layout,
    )


def by_list_rows(
    number: str, rights: Mapping[Service, date | None], *, actor: str, now: datetime
) -> Iterable[EntitlementRecord]:
    """Rights that the codes cannot hold, to be granted by list."""
    for service, until in rights.items():
        yield EntitlementRecord(
            card_number=number,
            service=int(service),
            value=EntitlementValue.GRANTED if until is None else EntitlementValue.UNTIL,
            last_day=None if until is None else day_number(until),
            actor=actor,
            reason="application",
            changed_at=now,
        )


def rights_today(
    mask: int,
    days: Mapping[int, int],
    entitlements: Iterable[EntitlementRecord],
    today: int,
) -> dict[Service, date | None]:
    """The rights a new print should carry: as printed, with everything granted and withdrawn since."""
    rights: dict[Service, date | None] = {service: None for service in Service if mask >> service & 1}
    rights |= {Service(service): date_of(day) for service, day in days.items()}
    for entry in entitlements:
        service = Service(entry.service)
        if entry.value is EntitlementValue.WITHDRAWN:
            rights.pop(service, None)
        else:
            rights[service] = None if entry.last_day is None else date_of(entry.last_day)
    return {
        service: until for service, until in rights.items() if until is None or day_number(until) >= today
    }
