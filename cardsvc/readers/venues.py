"""Venues and their rules, edited by people who are shown first what an edit changes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from cardsvc.errors import ServiceError
from cardsvc.records import AuditQuery, NotFound, Store, Transaction, VenueRecord
from cardsvc.staff.caller import Caller
from cardsvc.trust.publishing import policy_of
from cardsvc.trust.shelf import AT_MOST_EVERY
from keys.bundle import BUNDLE_TTL_S
from verify.rules import OPENABLE, Policy, is_open
from verify.services import CardClass, Service

#: A reader asks again after its bundle's ttl, a tenth more at worst, and the shelf may be as old as it may.
KNOWN_WITHIN_S: Final = int(BUNDLE_TTL_S * 1.1 + AT_MOST_EVERY.total_seconds())
#: What a preview counts visits of: as long as they are kept.
LOOK_BACK: Final = timedelta(days=30)


#: Settings whose order says nothing.
_SETS: Final = frozenset({"services", "accept", "opens_on", "permit_free"})
#: Settings whose visits are counted.
_COUNTED: Final = frozenset({"accept", "hours"})


@dataclass(frozen=True, slots=True)
class Change:
    """One setting before and after; ``cards`` and ``visits`` say whom it touches, None where nobody can."""

    setting: str
    before: Any
    after: Any
    words: str
    cards: int | None = None
    visits: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What an edit would change."""

    version: str | None
    changes: tuple[Change, ...]
    readers: int


def version_of(config: Mapping[str, Any]) -> str:
    """What changes whenever a venue's settings do."""
    text = json.dumps(dict(config), sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:16]


def services_of(config: Mapping[str, Any]) -> frozenset[int]:
    """The numbers of a venue's services."""
    return frozenset(int(Service[str(name).upper()]) for name in config.get("services", ()))


def visible(tx: Transaction, caller: Caller) -> list[VenueRecord]:
    """The venues that the caller may look at: a department those that serve what it owns."""
    return [one for one in tx.venues.all() if may_see(caller, one)]


def may_see(caller: Caller, venue: VenueRecord) -> bool:
    """Whether a venue is the caller's to look at."""
    return caller.role != "department" or bool(services_of(venue.config) & set(caller.services))


def preview(store: Store, venue: str, config: Mapping[str, Any], now: datetime) -> Preview:
    """What an edit would change, and nothing changed; raises ``bad_venue``."""
    with store.reading() as tx:
        known = _find(tx, venue)
        _check(venue, known, config)
        before = {} if known is None else _without_id(known.config)
        offset = tx.issuer.get().day_offset_s
        changes = tuple(_changes(tx, venue, before, config, now, offset))
        readers = sum(one.venue == venue and one.state == "active" for one in tx.readers.all())
    return Preview(None if known is None else version_of(before), changes, readers)


def put_venue(
    store: Store, caller: Caller, venue: str, version: str | None, config: Mapping[str, Any], now: datetime
) -> VenueRecord:
    """Record or change a venue; readers know within minutes. Raises ``changed_meanwhile``, ``bad_venue``."""
    with store.transaction() as tx:
        known = _find(tx, venue)
        before = {} if known is None else _without_id(known.config)
        if version != (None if known is None else version_of(before)):
            words = f"somebody changed {venue} meanwhile; look at it again"
            raise ServiceError("changed_meanwhile", words)
        _check(venue, known, config)
        tx.venues.put(venue, config)
        settings = sorted(one for one in {*before, *config} if before.get(one) != config.get(one))
        action = "venue_made" if known is None else "venue_changed"
        tx.audit.append(caller.id, action, venue, {"settings": settings, "version": version_of(config)}, now)
        return tx.venues.get(venue)


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who changed a venue last."""

    actor: str
    at: datetime


def last_change(tx: Transaction, venue: str) -> LastChange | None:
    """Who made or changed the venue last, None where it is as ``init`` made it."""
    for action in ("venue_changed", "venue_made"):
        found = tx.audit.search(AuditQuery(subject=venue, action=action, limit=1))
        if found:
            return LastChange(found[0].actor, datetime.fromtimestamp(found[0].time, UTC))
    return None


def service_at(venue: VenueRecord, name: str | None) -> str | None:
    """What holders ask for at a reader of the venue: ``name``, or its only service; raises ``bad_venue``."""
    offered = [str(one) for one in venue.config.get("services", ())]
    if name is None:
        return offered[0] if len(offered) == 1 else None
    if name not in offered:
        raise ServiceError("bad_venue", f"{venue.id} serves {', '.join(offered) or 'nothing'}, not {name}")
    return name


def plain_config(venue: VenueRecord) -> dict[str, Any]:
    """A venue's settings as they are edited."""
    return _without_id(venue.config)


def _without_id(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != "id"}


def _find(tx: Transaction, venue: str) -> VenueRecord | None:
    try:
        return tx.venues.get(venue)
    except NotFound:
        return None


def _check(venue: str, known: VenueRecord | None, config: Mapping[str, Any]) -> None:
    policy = policy_of(config)
    if policy.stale_after_s > policy.expired_after_s:
        raise ServiceError("bad_venue", "data must not expire before it is stale")
    if config.get("hotlist") and config.get("role") != "police":
        raise ServiceError("bad_venue", "the hotlist is for police patrols alone")
    if not OPENABLE.issuperset(policy.opens_on):
        raise ServiceError("bad_venue", f"a door may open on {sorted(OPENABLE)} only")
    if known is not None and known.config.get("role", "gate") != config.get("role", "gate"):
        # Its readers show as much of a card as they were enrolled for.
        words = f"{venue} has readers of the role {known.config.get('role', 'gate')}; make another venue"
        raise ServiceError("bad_venue", words)


def _changes(
    tx: Transaction,
    venue: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
    offset: int,
) -> Iterable[Change]:
    differing = [one for one in sorted({*before, *after}) if _differs(one, before.get(one), after.get(one))]
    # Rules on hours and assurance keep out together, so their visits are counted once.
    counted = bool(before) and not _COUNTED.isdisjoint(differing)
    lost = _lost(tx, venue, policy_of(after), now, offset) if counted else 0
    for setting in differing:
        old, wanted = before.get(setting), after.get(setting)
        if setting == "services":
            yield from _service_changes(tx, old or [], wanted or [])
        elif setting == "permit_free":
            yield from _permit_changes(tx, old or [], wanted or [])
        elif setting in _COUNTED and counted:
            words = f"{lost} of the visits of the last {LOOK_BACK.days} days would be refused"
            yield Change(setting, old, wanted, words, visits=lost)
        else:
            yield Change(setting, old, wanted, _words(setting, old, wanted))


def _differs(setting: str, old: Any, wanted: Any) -> bool:
    if setting in _SETS:
        return {*(old or ())} != {*(wanted or ())}
    return bool(old != wanted)


def _service_changes(tx: Transaction, old: list[str], wanted: list[str]) -> Iterable[Change]:
    for name in sorted({*old} ^ {*wanted}):
        cards = tx.reach.holding(int(Service[name.upper()]))
        gained = name in wanted
        words = f"{cards} cards hold {name}: they {'get in' if gained else 'are not judged for it'} here"
        yield Change("services", None if gained else name, name if gained else None, words, cards=cards)


def _permit_changes(tx: Transaction, old: list[str], wanted: list[str]) -> Iterable[Change]:
    for name in sorted({*old} ^ {*wanted}):
        cards = tx.reach.without_permit(int(CardClass[name.upper()]))
        free = name in wanted
        words = f"{cards} cards of {name} have no permit day: they are {'let in' if free else 'refused'} here"
        yield Change("permit_free", None if free else name, name if free else None, words, cards=cards)


def _words(setting: str, old: Any, wanted: Any) -> str:
    return f"{setting.replace('_', ' ')}: {_said(old)} becomes {_said(wanted)}"


def _said(value: Any) -> str:
    return "nothing" if value in (None, []) else json.dumps(value, ensure_ascii=False)


def _lost(tx: Transaction, venue: str, policy: Policy, now: datetime, offset: int) -> int:
    """Of those let in in the last month, how many the rules on hours and assurance would keep out."""
    since = int((now - LOOK_BACK).timestamp())
    accepted = {int(level) for level in policy.accept}
    return sum(
        visits
        for time, assurance, visits in tx.gate_log.admissions(venue, since, offset)
        if (assurance is not None and assurance not in accepted) or not is_open(policy.hours, time, offset)
    )
