"""Venues for people: operators at the top change their rules, departments look at those of their services."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Path

from cardsvc.http.access import Caller, Serving, roles, running, stepped_up
from cardsvc.readers import shapes, venues
from cardsvc.records import Transaction, VenueRecord

router = APIRouter(prefix="/api", tags=["venues"])

Served = Annotated[Serving, running]
#: Doors are no office's: whoever rules them is an operator whom nobody is above.
Looking = Annotated[Caller, roles("operator", "department", city=True)]
Operator = Annotated[Caller, roles("operator", city=True)]
#: Whoever says what opens a door has just proved who it is.
FreshOperator = Annotated[Caller, stepped_up("operator", city=True)]
VenueId = Annotated[shapes.Slug, Path()]


@router.get("/venues")
def all_venues(serving: Served, caller: Looking) -> shapes.VenuesAnswer:
    """The caller's venues and their rules."""
    with serving.installation.store.reading() as tx:
        counts = _active(tx)
        found = [_venue(tx, one, counts[one.id]) for one in venues.visible(tx, caller)]
    return shapes.VenuesAnswer(venues=found)


@router.post("/venues/{venue}/preview")
def preview_venue(
    serving: Served, caller: Operator, venue: VenueId, body: shapes.VenueEdit
) -> shapes.PreviewAnswer:
    """Say what an edit would change and whom it touches; nothing is changed."""
    found = venues.preview(serving.installation.store, venue, body.config.plain(), serving.clock())
    return shapes.PreviewAnswer(
        version=found.version,
        changes=[shapes.ChangeAnswer.model_validate(one) for one in found.changes],
        readers=found.readers,
        known_within_s=venues.KNOWN_WITHIN_S,
    )


@router.put("/venues/{venue}")
def put_venue(
    serving: Served, caller: FreshOperator, venue: VenueId, body: shapes.VenueEdit
) -> shapes.VenueAnswer:
    """Record or change a venue; its next bundle, in seconds, says so."""
    store = serving.installation.store
    made = venues.put_venue(store, caller, venue, body.version, body.config.plain(), serving.clock())
    with store.reading() as tx:
        return _venue(tx, made, _active(tx)[made.id])


def _active(tx: Transaction) -> Counter[str]:
    """How many readers of each venue are let in."""
    return Counter(one.venue for one in tx.readers.all() if one.state == "active")


def _venue(tx: Transaction, venue: VenueRecord, readers: int) -> shapes.VenueAnswer:
    config, last = venues.plain_config(venue), venues.last_change(tx, venue.id)
    return shapes.VenueAnswer(
        id=venue.id,
        version=venues.version_of(config),
        config=config,
        readers=readers,
        changed=None if last is None else shapes.Changed(by=last.actor, at=last.at),
    )
