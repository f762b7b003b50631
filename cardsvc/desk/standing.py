"""How a card stands today, in one word for people."""

from datetime import datetime

from cardsvc.installation import Site
from cardsvc.records import CardRecord, CardState
from verify.days import day_at


def standing(site: Site, card: CardRecord, now: datetime) -> str:
    """``valid``, or the first of what speaks against it: revoked, suspended, expired, permit_over."""
    today = day_at(int(now.timestamp()), site.issuer.day_offset_s)
    if card.state in (CardState.REVOKED, CardState.ENDED):
        return "revoked"
    if card.state is CardState.SUSPENDED:
        return "suspended"
    if card.valid_until < today:
        return "expired"
    if card.permit_true_day is not None and card.permit_true_day < today:
        return "permit_over"
    return "valid"
