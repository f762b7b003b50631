"""Putting a card on the hotlist and lifting it, once two officers agreed.

The list is made from the records with every police bundle, and signed by the signer under its own rules; the
holder is not told of it, and a scan shows it beside every verdict as a note like any other.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from cardsvc.errors import ServiceError
from cardsvc.police.asking import CARD, ENTRY, Asked
from cardsvc.records import Transaction
from cardsvc.records.hotlist import HotRecord
from cardsvc.records.police_tables import RequestKind

#: Who is looked for longer is put on the list again, by two officers who look at the case again.
LONGEST: Final = timedelta(days=180)


def check(
    tx: Transaction, kind: RequestKind, query: Mapping[str, str], until: datetime | None, now: datetime
) -> None:
    """Refuse a wish that could not be done: ``bad_until``, ``card_not_found``, ``not_on_the_hotlist``."""
    if kind is RequestKind.HOT:
        if until is None or not now < until <= now + LONGEST:
            words = f"a card is looked for until a day of the next {LONGEST.days}"
            raise ServiceError("bad_until", words)
        tx.cards.get(query[CARD])
        return
    found = tx.hotlist.get(query[ENTRY])
    if found.lifted_at is not None or found.until <= now:
        raise ServiceError("not_on_the_hotlist", "this entry of the hotlist has ended already")


def enact(tx: Transaction, asked: Asked, second: str, now: datetime) -> None:
    """Do what was agreed on; in the next police bundle."""
    if asked.kind is RequestKind.LIFT:
        tx.hotlist.lift(asked.query[ENTRY], asked.asker, second, now)
        tx.audit.append(asked.asker, "hotlist_lifted", asked.query[ENTRY], {"request": asked.id}, now)
        return
    entry = HotRecord(
        id=asked.id,
        card_number=asked.query[CARD],
        staff=asked.asker,
        second=second,
        office=asked.office,
        purpose=asked.purpose,
        case_number=asked.case_number,
        placed_at=now,
        until=datetime.fromtimestamp(asked.until, UTC),
    )
    tx.hotlist.add(entry)
    details = {"card": entry.card_number, "until": asked.until, "case": asked.case_number}
    tx.audit.append(asked.asker, "hotlist_placed", entry.id, details, now)
