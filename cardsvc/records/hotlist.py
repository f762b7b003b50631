"""Who is looked for: cards, each in a case and until an instant, and their places in the lists."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select, update

from cardsvc.records.columns import epoch_s
from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.phones import PHONE
from cardsvc.records.police_tables import HOT_CARD
from cardsvc.records.tables import PRINT, PrintState
from verify.days import DAY_S


@dataclass(frozen=True, slots=True)
class HotRecord:
    """A card on the hotlist; ``staff`` asked for it, ``second`` agreed."""

    id: str
    card_number: str
    staff: str
    second: str
    office: str
    purpose: str
    case_number: str
    placed_at: datetime
    until: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_second: str | None = None


class Hotlist:
    """Putting cards on the list, lifting them, and saying where they stand in the status lists."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, hot: HotRecord) -> None:
        """Look for a card from now on; raises ``same_person_approves``."""
        self._link.run(insert(HOT_CARD), [values_of(hot)])

    def get(self, hot: str) -> HotRecord:
        """That entry; raises ``not_on_the_hotlist``."""
        row = self._link.first(select(HOT_CARD).where(HOT_CARD.c.id == hot))
        if row is None:
            raise NotFound("not_on_the_hotlist", "there is no such entry of the hotlist")
        return record(HotRecord, row)

    def lift(self, hot: str, by: str, second: str, now: datetime) -> None:
        """Look for it no more in that case; raises ``not_on_the_hotlist`` where that ended already."""
        living = (HOT_CARD.c.id == hot) & _living(now)
        values = {"lifted_at": now, "lifted_by": by, "lifted_second": second}
        if not self._link.run(update(HOT_CARD).where(living).values(values)):
            raise Conflict("not_on_the_hotlist", "this entry of the hotlist has ended already")

    def now(self, now: datetime, limit: int, after: str | None = None) -> list[HotRecord]:
        """What is looked for now, newest first, behind the entry ``after``; raises ``not_on_the_hotlist``."""
        statement = select(HOT_CARD).where(_living(now)).order_by(HOT_CARD.c.placed_at.desc(), HOT_CARD.c.id)
        if after is not None:
            last = self.get(after)
            behind = (HOT_CARD.c.placed_at == last.placed_at) & (HOT_CARD.c.id > last.id)
            statement = statement.where((HOT_CARD.c.placed_at < last.placed_at) | behind)
        return [record(HotRecord, row) for row in self._link.all(statement.limit(limit))]

    def count(self, now: datetime) -> int:
        """How many entries there are now."""
        row = self._link.first(select(func.count().label("number")).where(_living(now)))
        return 0 if row is None else int(row["number"])

    def of_card(self, number: str, now: datetime) -> list[HotRecord]:
        """Why a card is looked for now; nothing where it is not."""
        mine = select(HOT_CARD).where(HOT_CARD.c.card_number == number, _living(now))
        return [record(HotRecord, row) for row in self._link.all(mine.order_by(HOT_CARD.c.placed_at))]

    def indices(self, now: datetime) -> Mapping[str, Sequence[int]]:
        """By list, the indices of every print and phone of the cards that are looked for.

        Replaced prints and phones that were given up count, too: whoever shows one is who is looked for.
        """
        cards = select(HOT_CARD.c.card_number).where(_living(now))
        found: defaultdict[str, set[int]] = defaultdict(set)
        prints = select(PRINT.c.list_id, PRINT.c.list_index).where(
            PRINT.c.card_number.in_(cards),
            PRINT.c.exp > epoch_s(now) - DAY_S,
            PRINT.c.state == PrintState.ISSUED,
        )
        phones = select(PHONE.c.list_id, PHONE.c.list_index).where(
            PHONE.c.card_number.in_(cards), PHONE.c.approver.is_not(None)
        )
        for statement in (prints, phones):
            for list_id, index in self._link.tuples(statement):
                found[list_id].add(index)
        return {list_id: sorted(places) for list_id, places in found.items()}


def _living(now: datetime) -> ColumnElement[bool]:
    return HOT_CARD.c.lifted_at.is_(None) & (HOT_CARD.c.until > now)
