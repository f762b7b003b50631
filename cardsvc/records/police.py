"""What officers do, as it is kept: scans, requests of two officers, and counts of both."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select, tuple_, update

from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.police_tables import (
    POLICE_COUNT,
    POLICE_REQUEST,
    POLICE_SCAN,
    RequestKind,
    RequestState,
)
from cardsvc.records.safe import Safe, rewrap
from cardsvc.records.sealing import RecordKeys


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """A scan, good for its officer until it ends; ``code`` is the SHA-256 of what was shown."""

    id: str
    staff: str
    card_number: str
    code: bytes
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request of two officers; ``request`` is opened: the bytes that the second one's passkey signs."""

    id: str
    kind: RequestKind
    state: RequestState
    asker: str
    office: str
    purpose: str
    case_number: str
    request: bytes
    made_at: datetime
    expires_at: datetime
    second: str | None = None
    assertion: bytes | None = None
    decided_at: datetime | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CountRecord:
    """How often something was done, and refused, in one hour or day of one scope."""

    kind: str
    scope: str
    subject: str
    span: str
    start: int
    count: int
    refused: int


class PoliceScans:
    """Scans for the few minutes in which they open something."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, scan: ScanRecord) -> None:
        """Record a scan."""
        self._link.run(insert(POLICE_SCAN), [values_of(scan)])

    def get(self, scan: str) -> ScanRecord:
        """That scan; raises ``scan_not_found``."""
        row = self._link.first(select(POLICE_SCAN).where(POLICE_SCAN.c.id == scan))
        if row is None:
            raise NotFound("scan_not_found", "there is no such scan; scan the card again")
        return record(ScanRecord, row)

    def open_of(self, staff: str, code: bytes, now: datetime) -> ScanRecord | None:
        """The scan of the same code by the same officer that is still good."""
        same = (POLICE_SCAN.c.staff == staff) & (POLICE_SCAN.c.code == code)
        row = self._link.first(select(POLICE_SCAN).where(same, POLICE_SCAN.c.expires_at > now))
        return None if row is None else record(ScanRecord, row)

    def forget(self, before: datetime) -> int:
        """Delete scans that ended before then; returns how many. The looks they opened stay."""
        return self._link.run(delete(POLICE_SCAN).where(POLICE_SCAN.c.expires_at < before))


class PoliceRequests:
    """Requests of two officers."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Work inside the transaction of ``link``; what is asked is sealed with ``keys``."""
        self._link, self._keys = link, keys
        self._safe = Safe(keys, POLICE_REQUEST.name)

    def add(self, request: RequestRecord) -> None:
        """Record a request."""
        values = values_of(request) | self._safe.make(request.id)
        values["request"] = self._safe.seal(request.id, "request", request.request)
        self._link.run(insert(POLICE_REQUEST), [values])

    def get(self, request: str) -> RequestRecord:
        """That request; raises ``request_not_found``, also once what it asked was destroyed."""
        row = self._link.first(select(POLICE_REQUEST).where(POLICE_REQUEST.c.id == request))
        if row is None or row["data_key"] is None:
            raise NotFound("request_not_found", "there is no such request")
        return self._opened(row)

    def of(self, asker: str, since: datetime, limit: int) -> list[RequestRecord]:
        """Somebody's own requests, newest first."""
        mine = (POLICE_REQUEST.c.asker == asker) & (POLICE_REQUEST.c.made_at > since)
        return self._all(mine, limit)

    def waiting(self, offices: Collection[str], asker: str, now: datetime, limit: int) -> list[RequestRecord]:
        """Requests of these offices that wait for somebody who is not ``asker``, newest first."""
        open_ = (POLICE_REQUEST.c.state == RequestState.WAITING) & (POLICE_REQUEST.c.expires_at > now)
        theirs = POLICE_REQUEST.c.office.in_(sorted(offices)) & (POLICE_REQUEST.c.asker != asker)
        return self._all(open_ & theirs, limit)

    def move(
        self,
        request: str,
        expected: RequestState,
        values: Mapping[str, object],
    ) -> None:
        """Change a request that is in that state; raises ``request_moved`` for one that is not any more."""
        same = (POLICE_REQUEST.c.id == request) & (POLICE_REQUEST.c.state == expected)
        if not self._link.run(update(POLICE_REQUEST).where(same).values(dict(values))):
            raise Conflict("request_moved", "this request was decided meanwhile; look again")

    def forget(self, before: datetime) -> int:
        """Destroy what requests made before then asked; who asked, and in which case, stays."""
        old = (POLICE_REQUEST.c.made_at < before) & POLICE_REQUEST.c.data_key.is_not(None)
        return self._link.run(update(POLICE_REQUEST).where(old).values(data_key=None))

    def rewrap(self, limit: int = 1000) -> int:
        """Move up to ``limit`` data keys to the current master version; returns how many, 0 when done."""
        return rewrap(self._link, self._keys, POLICE_REQUEST, limit)

    def _all(self, which: ColumnElement[bool], limit: int) -> list[RequestRecord]:
        known = POLICE_REQUEST.c.data_key.is_not(None)
        newest = POLICE_REQUEST.c.made_at.desc(), POLICE_REQUEST.c.id
        rows = self._link.all(select(POLICE_REQUEST).where(which, known).order_by(*newest).limit(limit))
        return [self._opened(row) for row in rows]

    def _opened(self, row: RowMapping) -> RequestRecord:
        self._safe.load(row["id"], row["key_version"], row["data_key"])
        opened = self._safe.unseal(row["id"], "request", row["request"])
        values = {name: row[name] for name in RequestRecord.__dataclass_fields__}
        values |= {"kind": RequestKind(row["kind"]), "state": RequestState(row["state"]), "request": opened}
        return RequestRecord(**values)


class PoliceCounts:
    """Counting in hours and days, for every process of the service."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``: writers take turns, so no count is lost."""
        self._link = link

    def at(self, kind: str, places: Sequence[tuple[str, str, str, int]]) -> list[CountRecord]:
        """The counts at (scope, subject, span, start), in their order; zeros where nothing was counted."""
        wanted = [(kind, *place) for place in places]
        rows = self._link.all(select(POLICE_COUNT).where(_at(wanted)))
        found = {(one.kind, one.scope, one.subject, one.span, one.start): one for one in _counts(rows)}
        return [found.get(place) or CountRecord(*place, 0, 0) for place in wanted]

    def put(self, counts: Sequence[CountRecord]) -> None:
        """Write these counts in place of those before."""
        places = [(one.kind, one.scope, one.subject, one.span, one.start) for one in counts]
        self._link.run(delete(POLICE_COUNT).where(_at(places)))
        self._link.run(insert(POLICE_COUNT), [values_of(one) for one in counts])

    def since(self, hour: int, day: int) -> list[CountRecord]:
        """All counts of hours from ``hour`` and days from ``day`` on, newest first."""
        hours = (POLICE_COUNT.c.span == "hour") & (POLICE_COUNT.c.start >= hour)
        days = (POLICE_COUNT.c.span == "day") & (POLICE_COUNT.c.start >= day)
        columns = POLICE_COUNT.c
        order = (columns.span, columns.start.desc(), columns.count.desc(), columns.scope, columns.subject)
        return _counts(self._link.all(select(POLICE_COUNT).where(hours | days).order_by(*order)))

    def forget(self, hour: int, day: int) -> int:
        """Delete counts of hours before ``hour`` and of days before ``day``."""
        hours = (POLICE_COUNT.c.span == "hour") & (POLICE_COUNT.c.start < hour)
        days = (POLICE_COUNT.c.span == "day") & (POLICE_COUNT.c.start < day)
        return self._link.run(delete(POLICE_COUNT).where(hours | days))


def _at(places: Sequence[tuple[str, str, str, str, int]]) -> ColumnElement[bool]:
    """The counts of these kinds, scopes, subjects, spans and starts."""
    columns = POLICE_COUNT.c
    place = tuple_(columns.kind, columns.scope, columns.subject, columns.span, columns.start)
    return place.in_(places)


def _counts(rows: Iterable[RowMapping]) -> list[CountRecord]:
    return [record(CountRecord, row) for row in rows]
