"""What readers made of their day, for people: who may still be wrong, use, refusals, and what to look at."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from cardsvc.errors import ServiceError
from cardsvc.readers import reports, shapes
from cardsvc.readers.venue_routes import Looking, Operator, Served
from verify.verdict import service_label

router = APIRouter(prefix="/api", tags=["venues"])

OneVenue = Annotated[shapes.Slug | None, Query()]


@router.get("/readers/exposed")
def exposed(
    serving: Served, caller: Looking, since: Annotated[AwareDatetime | None, Query()] = None
) -> shapes.ExposedAnswer:
    """Who may still accept a card revoked just now, or at ``since``."""
    now = serving.clock()
    with serving.installation.store.reading() as tx:
        last = reports.last_revocation(tx)
        from_then = since or last or now
        found = reports.exposed(tx, caller, from_then, now)
    rows = [
        shapes.ExposedReader(
            reader=one.reader.id,
            venue=one.reader.venue,
            data_at=datetime.fromtimestamp(one.reader.bundle_iat, UTC),
            until=one.until,
        )
        for one in found
    ]
    return shapes.ExposedAnswer(since=from_then, last=last, readers=rows)


Since = Annotated[AwareDatetime, Query()]
Step = Annotated[Literal["hour", "day"], Query()]


@router.get("/use")
def use_by_hour(
    serving: Served, caller: Looking, since: Since, until: Since, venue: OneVenue = None, by: Step = "hour"
) -> shapes.UseAnswer:
    """Count verdicts by hour or the issuer's day, venue, service and reason."""
    with serving.installation.store.reading() as tx:
        found = reports.use(tx, caller, _sane(since), _sane(until), venue)
    offset = serving.installation.issuer.day_offset_s
    if by == "day":
        found = reports.by_day(found, offset)
    rows = [
        shapes.UseRow(
            hour=datetime.fromtimestamp(key.hour * reports.HOUR_S, UTC),
            venue=key.venue,
            service=service_label(key.service or None),
            direction=key.direction,
            verdict=key.answer,
            reason=key.reason,
            opened=key.opened,
            count=number,
        )
        for key, number in found
    ]
    return shapes.UseAnswer(day_offset_s=offset, rows=rows)


@router.get("/use/refusals")
def refusals(
    serving: Served, caller: Looking, since: Since, until: Since, venue: OneVenue = None
) -> shapes.ReasonsAnswer:
    """Count refusals by venue and reason."""
    with serving.installation.store.reading() as tx:
        found = reports.refusals(reports.use(tx, caller, _sane(since), _sane(until), venue))
    rows = [shapes.ReasonRow(venue=venue_, reason=reason, count=count) for venue_, reason, count in found]
    return shapes.ReasonsAnswer(rows=rows)


@router.get("/use/twice")
def same_card_twice(serving: Served, caller: Looking, venue: OneVenue = None) -> shapes.TwiceAnswer:
    """Find cards that two readers of one venue let in sooner than anybody gets from one to the other."""
    with serving.installation.store.reading() as tx:
        found = reports.twice(tx, caller, venue, serving.clock())
    rows = [
        shapes.TwiceAnswerRow(
            venue=one.row.venue,
            first_reader=one.row.first_reader,
            first_site=one.sites[0],
            first=datetime.fromtimestamp(one.row.first_time, UTC),
            second_reader=one.row.second_reader,
            second_site=one.sites[1],
            second=datetime.fromtimestamp(one.row.second_time, UTC),
            apart_s=one.row.second_time - one.row.first_time,
            apart_m=one.apart_m,
        )
        for one in found.rows
    ]
    return shapes.TwiceAnswer(
        within_s=reports.TWICE_WITHIN_S, fastest_km_h=reports.FASTEST_KM_H, rows=rows, more=found.more
    )


@router.get("/use/revoked")
def admitted_while_revoked(serving: Served, caller: Operator) -> shapes.RevokedAnswer:
    """Find admissions of cards that had been revoked; which card it was is not said."""
    found = reports.admitted_while_revoked(serving.installation.store, caller, serving.clock())
    rows = [
        shapes.RevokedRow(
            venue=one.record.venue,
            reader=one.record.device,
            at=datetime.fromtimestamp(one.record.time, UTC),
            revoked=one.revoked,
            data_seq=one.record.bundle_seq,
            after_s=one.record.time - int(one.revoked.timestamp()),
        )
        for one in found
    ]
    return shapes.RevokedAnswer(rows=rows)


def _sane(instant: datetime) -> datetime:
    """Years that both databases and Python count in."""
    if not 2020 <= instant.year <= 2200:
        raise ServiceError("bad_request", "ask for years from 2020 to 2200")
    return instant
