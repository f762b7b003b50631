"""The venue whose bundles officers' phones carry."""

from cardsvc.errors import ServiceError
from cardsvc.records import Transaction


def police_venue(tx: Transaction) -> str:
    """The first venue of the role ``police``, by its id; raises ``no_police_venue``."""
    for venue in tx.venues.all():
        if venue.config.get("role") == "police":
            return venue.id
    raise ServiceError("no_police_venue", "no venue has the role police: an operator adds one")
