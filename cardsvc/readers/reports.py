"""What readers made of their day: use, refusals, and the three things somebody should look at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hmac import digest as hmac_digest
from typing import Any, Final

from cardsvc.errors import ServiceError
from cardsvc.readers.places import UNKNOWN, Place, metres, places, travel
from cardsvc.readers.venues import visible
from cardsvc.records import AuditQuery, Store, Transaction
from cardsvc.records.gate_log import GateRecordRow, TwiceRow, UsageKey
from cardsvc.records.readers import ReaderRecord
from cardsvc.staff.caller import Caller
from verify.reader.device import PSEUDONYM_BYTES
from verify.reader.months import month_after, month_of

HOUR_S: Final = 3600
_DAY_S: Final = 86_400
#: One card at two doors within a minute is two cards, or a passed-on one.
TWICE_WITHIN_S: Final = 60
#: What nobody in a city travels at, from door to door; a straight line is the shortest way there is.
FASTEST_KM_H: Final = 120
_FASTEST_M_S: Final = FASTEST_KM_H / 3.6
#: Further apart in time than this, any two doors of a city can be reached.
_FAR_WITHIN_S: Final = 2 * 3600
#: Positions are typed from a map, and clocks of readers are some seconds apart.
_NEAR_M: Final = 500
#: Rows in one answer.
MOST: Final = 1000
#: Revocations that are read from the audit at a time.
_AT_ONCE: Final = 10_000
#: As long as raw records are kept.
LOOK_BACK: Final = timedelta(days=30)
#: A reader asks every few minutes; after this long without a word somebody should look.
SILENT_AFTER: Final = timedelta(hours=1)
#: Acts after which a door must not open to the card any more.
_FINAL: Final = "card_revoked"


@dataclass(frozen=True, slots=True)
class Live:
    """A reader and how it stands."""

    reader: ReaderRecord
    place: Place
    state: str
    quarantined: Mapping[str, int]
    wrong_checkpoints: int


@dataclass(frozen=True, slots=True)
class Exposed:
    """A reader that may still judge by data from before a change, until its venue's rules deny by age."""

    reader: ReaderRecord
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Pair:
    """One card at two readers of a venue, sooner than anybody gets from one to the other.

    ``apart_m`` is how far apart they stand, None where only the time says so.
    """

    row: TwiceRow
    sites: tuple[str | None, str | None]
    apart_m: int | None


@dataclass(frozen=True, slots=True)
class Pairs:
    """Such pairs, newest first; ``more``: there are older ones that are not among them."""

    rows: Sequence[Pair]
    more: bool


@dataclass(frozen=True, slots=True)
class Admitted:
    """An admission of a card that had been revoked."""

    record: GateRecordRow
    revoked: datetime


def live(tx: Transaction, caller: Caller, now: datetime) -> list[Live]:
    """The readers of the caller's venues."""
    venues = {one.id: one.config for one in visible(tx, caller)}
    apart, wrong = tx.gate_log.quarantine_counts(), tx.gate_log.wrong_checkpoints()
    known = places(tx)
    return [
        Live(
            one,
            known.get(one.id, UNKNOWN),
            _state(one, venues[one.venue], now),
            apart.get(one.id, {}),
            wrong.get(one.id, 0),
        )
        for one in tx.readers.all()
        if one.venue in venues
    ]


def _state(reader: ReaderRecord, config: Mapping[str, Any], now: datetime) -> str:
    if reader.state != "active":
        return reader.state
    if reader.bundle_iat + int(config.get("stale_after_s", 86_400)) < now.timestamp():
        return "stale"
    if reader.seen_at is None or now - reader.seen_at > SILENT_AFTER:
        return "silent"
    return "active"


def exposed(tx: Transaction, caller: Caller, since: datetime, now: datetime) -> list[Exposed]:
    """Who has not fetched a bundle made after ``since``, and whose data is not too old to admit by.

    Revoked readers count: what they have goes on serving until it expires.
    """
    venues = {one.id: one.config for one in visible(tx, caller)}
    found = []
    for one in tx.readers.all():
        if one.venue not in venues or one.bundle_iat == 0 or one.bundle_iat >= int(since.timestamp()):
            continue
        life = int(venues[one.venue].get("expired_after_s", 604_800))
        until = datetime.fromtimestamp(one.bundle_iat + life, now.tzinfo)
        if until > now:
            found.append(Exposed(one, until))
    return found


def last_revocation(tx: Transaction) -> datetime | None:
    """When a card was revoked last."""
    found = tx.audit.search(AuditQuery(action=_FINAL, limit=1))
    return datetime.fromtimestamp(found[0].time, UTC) if found else None


def use(
    tx: Transaction, caller: Caller, since: datetime, until: datetime, venue: str | None
) -> list[tuple[UsageKey, int]]:
    """Counts by hour; a department sees those of its services."""
    if until < since or until - since > timedelta(days=92):
        raise ServiceError("bad_request", "ask for at most 92 days, the first before the last")
    first, last = (int(one.timestamp()) // HOUR_S for one in (since, until))
    services = list(caller.services) if caller.role == "department" else None
    return tx.gate_log.usage(venues_asked(tx, caller, venue), first, last, services)


def by_day(rows: Sequence[tuple[UsageKey, int]], day_offset_s: int) -> list[tuple[UsageKey, int]]:
    """The same counts with the first hour of the issuer's day in place of the hour."""
    counts: Counter[UsageKey] = Counter()
    for key, number in rows:
        day = (key.hour * HOUR_S + day_offset_s) // _DAY_S
        counts[replace(key, hour=(day * _DAY_S - day_offset_s) // HOUR_S)] += number
    return list(counts.items())


def refusals(rows: Sequence[tuple[UsageKey, int]]) -> list[tuple[str, str, int]]:
    """(venue, reason, count) of what was not allowed, most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for key, number in rows:
        if key.answer != "allow":
            counts[key.venue, key.reason] += number
    return [(venue, reason, number) for (venue, reason), number in counts.most_common()]


def twice(tx: Transaction, caller: Caller, venue: str | None, now: datetime) -> Pairs:
    """Cards at two readers of one venue within a minute, or faster than anybody travels between them.

    Between venues nobody can tell: by design.
    """
    since = int((now - LOOK_BACK).timestamp())
    asked, known = venues_asked(tx, caller, venue), places(tx)
    nobody = travel(known.values(), near_m=_NEAR_M, metres_s=_FASTEST_M_S, within_s=_FAR_WITHIN_S)
    rows = tx.gate_log.twice(asked, since, TWICE_WITHIN_S, nobody, MOST + 1)
    pairs = [_pair(row, known) for row in rows[:MOST]]
    return Pairs([one for one in pairs if _too_fast(one)], more=len(rows) > MOST)


def _too_fast(pair: Pair) -> bool:
    took = pair.row.second_time - pair.row.first_time
    return took <= TWICE_WITHIN_S or (
        pair.apart_m is not None and pair.apart_m > _NEAR_M + _FASTEST_M_S * took
    )


def _pair(row: TwiceRow, known: Mapping[str, Place]) -> Pair:
    one, other = known.get(row.first_reader, UNKNOWN), known.get(row.second_reader, UNKNOWN)
    apart = None
    if one.position is not None and other.position is not None:
        apart = round(metres(one.position, other.position))
    return Pair(row, (one.site, other.site), apart)


def admitted_while_revoked(store: Store, caller: Caller, now: datetime) -> list[Admitted]:
    """Admissions of cards after their revocation; for whom a pseudonym of each venue and month is made."""
    since = now - LOOK_BACK
    with store.reading() as tx:
        offset = tx.issuer.get().day_offset_s
        month, last = (month_of(int(one.timestamp()), offset) for one in (since, now))
        months = [month]
        while month < last:  # Three of them where February lies between.
            month = month_after(month)
            months.append(month)
        gone = _revocations(tx, since)
        found: list[Admitted] = []
        for venue in visible(tx, caller):
            for month in months:
                key = tx.readers.month_key(venue.id, month)
                if key is not None and gone:
                    found += _admitted(tx, key, gone, since)
    return sorted(found, key=lambda one: -one.record.time)[:MOST]


def venues_asked(tx: Transaction, caller: Caller, venue: str | None) -> list[str]:
    """The ids of the caller's venues, or the one that was asked for if it is among them."""
    mine = [one.id for one in visible(tx, caller)]
    if venue is None:
        return mine
    if venue not in mine:
        tx.venues.get(venue)
        raise ServiceError("not_your_service", f"{venue} serves nothing that is yours")
    return [venue]


def _revocations(tx: Transaction, since: datetime) -> dict[str, datetime]:
    # Also cards that were revoked before: nothing may let them in now.
    found: dict[str, datetime] = {}
    query = AuditQuery(action=_FINAL, limit=_AT_ONCE)
    while page := tx.audit.search(query):
        found |= {entry.subject: datetime.fromtimestamp(entry.time, since.tzinfo) for entry in page}
        query = replace(query, before=page[-1].seq)
    return found


def _admitted(tx: Transaction, key: bytes, gone: Mapping[str, datetime], since: datetime) -> list[Admitted]:
    names = {hmac_digest(key, number.encode(), "sha256")[:PSEUDONYM_BYTES]: number for number in gone}
    rows = tx.gate_log.admitted(list(names), int(since.timestamp()))
    return [
        Admitted(row, gone[names[row.who]])
        for row in rows
        if row.who is not None and row.time > gone[names[row.who]].timestamp()
    ]
