"""How many cards a rule touches."""

from sqlalchemy import ColumnElement, func, select

from cardsvc.records.cards import LIVING
from cardsvc.records.link import Link
from cardsvc.records.tables import CARD, ENTITLEMENT, EntitlementValue


class Reach:
    """Counts of living cards."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def holding(self, service: int) -> int:
        """Cards that hold a service: by print and not withdrawn, or granted since."""
        printed = CARD.c.services.op("&")(1 << service) != 0
        named = select(ENTITLEMENT.c.card_number).where(ENTITLEMENT.c.service == service)
        withdrawn = named.where(ENTITLEMENT.c.value == EntitlementValue.WITHDRAWN)
        granted = named.where(ENTITLEMENT.c.value != EntitlementValue.WITHDRAWN)
        holds = (printed & CARD.c.number.not_in(withdrawn)) | CARD.c.number.in_(granted)
        return self._living(holds)

    def without_permit(self, card_class: int) -> int:
        """Cards of a class that have no permit day."""
        return self._living((CARD.c.card_class == card_class) & CARD.c.permit_true_day.is_(None))

    def _living(self, condition: ColumnElement[bool]) -> int:
        query = select(func.count().label("number")).where(CARD.c.state.in_(LIVING), condition)
        row = self._link.first(query.select_from(CARD))
        return 0 if row is None else int(row["number"])
