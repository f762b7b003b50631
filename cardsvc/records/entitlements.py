"""Entitlements: what a department grants or takes away after the card was printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from cardsvc.records.link import Link, chunks, record, values_of
from cardsvc.records.tables import ENTITLEMENT, EntitlementValue


@dataclass(frozen=True, slots=True)
class EntitlementRecord:
    """What holds for one card and service; ``last_day`` (from 2020-01-01) belongs to ``until`` alone."""

    card_number: str
    service: int
    value: EntitlementValue
    last_day: int | None
    actor: str
    reason: str
    changed_at: datetime


class Entitlements:
    """Setting and reading entitlements. Who may set which is the use case's to decide."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def put(self, entitlement: EntitlementRecord) -> None:
        """Let this hold from now on instead of whatever held."""
        self.put_many([entitlement])

    def put_many(self, entitlements: Sequence[EntitlementRecord]) -> None:
        """Set many in two statements; the last one given for a card and service holds."""
        latest = {(item.card_number, int(item.service)): item for item in entitlements}
        for card_number, service in latest:
            self.clear(card_number, service)
        rows = [values_of(item) | {"service": service} for (_, service), item in latest.items()]
        self._link.run(insert(ENTITLEMENT), rows)

    def clear(self, card_number: str, service: int) -> int:
        """Go back to the printed right; returns how many there were, 0 or 1."""
        same = (ENTITLEMENT.c.card_number == card_number) & (ENTITLEMENT.c.service == int(service))
        return self._link.run(delete(ENTITLEMENT).where(same))

    def of_card(self, card_number: str) -> list[EntitlementRecord]:
        """What holds for a card beyond its print, by service."""
        return self.of_cards([card_number])

    def of_cards(self, numbers: Sequence[str]) -> list[EntitlementRecord]:
        """What holds for many cards."""
        found: list[EntitlementRecord] = []
        for part in chunks(numbers):
            statement = select(ENTITLEMENT).where(ENTITLEMENT.c.card_number.in_(part))
            ordered = statement.order_by(ENTITLEMENT.c.card_number, ENTITLEMENT.c.service)
            found += [record(EntitlementRecord, row) for row in self._link.all(ordered)]
        return found

    def of_service(
        self, service: int, *, after: str = "", values: Sequence[EntitlementValue] = (), limit: int
    ) -> list[EntitlementRecord]:
        """What holds for one service beyond print, by card number, from the card after ``after`` on."""
        query = select(ENTITLEMENT).where(ENTITLEMENT.c.service == service, ENTITLEMENT.c.card_number > after)
        if values:
            query = query.where(ENTITLEMENT.c.value.in_(values))
        rows = self._link.all(query.order_by(ENTITLEMENT.c.card_number).limit(limit))
        return [record(EntitlementRecord, row) for row in rows]
