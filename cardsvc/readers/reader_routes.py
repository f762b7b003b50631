"""Readers for people: who stands where and how it fares; codes, revocation, and logs that broke."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Path

from cardsvc.readers import quarantine, reports, shapes
from cardsvc.readers.enrolling import make_code, withdraw_code
from cardsvc.readers.kinds import setup_of
from cardsvc.readers.places import UNKNOWN, Position, places, put_place
from cardsvc.readers.venue_routes import FreshOperator, Looking, Operator, Served
from cardsvc.readers.venues import service_at
from cardsvc.records import Transaction
from cardsvc.staff.caller import Caller

router = APIRouter(prefix="/api", tags=["readers"])
#: Characters of a key that a person compares with what the device says.
_FINGERPRINT: Final = 16

ReaderId = Annotated[shapes.Slug, Path()]


@router.get("/readers")
def all_readers(serving: Served, caller: Looking) -> shapes.ReadersAnswer:
    """The readers of the caller's venues, live, and codes that nobody has used yet."""
    now = serving.clock()
    with serving.installation.store.reading() as tx:
        mine, known = set(reports.venues_asked(tx, caller, None)), places(tx)
        readers = [_reader(one) for one in reports.live(tx, caller, now)]
        codes = [
            shapes.WaitingCode(
                reader=one.reader,
                venue=one.venue,
                profile=one.profile,
                kind=known.get(one.reader, UNKNOWN).kind.value,
                site=known.get(one.reader, UNKNOWN).site,
                made_by=one.made_by,
                expires=one.expires_at,
            )
            for one in tx.readers.waiting(now)
            if one.venue in mine
        ]
    return shapes.ReadersAnswer(readers=readers, codes=codes)


@router.post("/reader-codes", status_code=201)
def reader_code(serving: Served, caller: FreshOperator, body: shapes.CodeWanted) -> shapes.CodeAnswer:
    """Make a one-time code for a new reader, with what its installer types."""
    site, now = serving.installation, serving.clock()
    url = site.issuer.public_url
    with site.store.transaction() as tx:
        service = service_at(tx.venues.get(body.venue), body.service)
        made = make_code(
            tx, body.venue, caller.id, now, name=body.name, profile=body.profile, place=body.plain()
        )
    setup = setup_of(
        made.kind,
        reader=made.reader,
        venue=made.venue,
        profile=made.profile,
        service=service,
        url=url,
        code=made.code,
    )
    return shapes.CodeAnswer(
        code=made.code,
        reader=made.reader,
        venue=made.venue,
        profile=made.profile,
        kind=made.kind.value,
        expires=made.expires,
        url=url,
        setup=shapes.SetupAnswer.model_validate(setup),
    )


@router.delete("/reader-codes/{reader}", status_code=204)
def reader_code_ends(serving: Served, caller: Operator, reader: ReaderId) -> None:
    """End a code that nobody has used."""
    with serving.installation.store.transaction() as tx:
        withdraw_code(tx, reader, caller.id, serving.clock())


@router.put("/readers/{reader}/place")
def reader_place(
    serving: Served, caller: Operator, reader: ReaderId, body: shapes.PlaceBody
) -> shapes.ReaderAnswer:
    """Say what kind of reader it is and where it stands; the reader itself need not know."""
    now = serving.clock()
    with serving.installation.store.transaction() as tx:
        tx.readers.get(reader)
        put_place(tx, reader, body.plain())
        details = {"kind": body.kind, "site": body.site, "position": body.position is not None}
        tx.audit.append(caller.id, "reader_placed", reader, details, now)
        return _one(tx, caller, reader, now)


@router.post("/readers/{reader}/revoke")
def revoke_reader(
    serving: Served, caller: FreshOperator, reader: ReaderId, body: shapes.Why
) -> shapes.ReaderAnswer:
    """Let a reader in no more, for ever; what it has serves it until its data is too old."""
    now = serving.clock()
    with serving.installation.store.transaction() as tx:
        if tx.readers.get(reader).state == "active":
            tx.readers.revoke(reader, now)
            tx.audit.append(caller.id, "reader_revoked", reader, {"reason": body.reason}, now)
        return _one(tx, caller, reader, now)


@router.post("/readers/{reader}/go-on")
def reader_goes_on(
    serving: Served, caller: FreshOperator, reader: ReaderId, body: shapes.GoOn
) -> shapes.ReaderAnswer:
    """Believe a broken log again from one record on; what was before it stays where it is."""
    now = serving.clock()
    quarantine.go_on(serving.installation, reader, body.seq, caller.id, body.reason, now)
    serving.jobs.wake()
    with serving.installation.store.reading() as tx:
        return _one(tx, caller, reader, now)


@router.get("/readers/{reader}/quarantine")
def reader_quarantine(serving: Served, caller: Operator, reader: ReaderId) -> shapes.QuarantineAnswer:
    """What of a reader's log waits for somebody, and from where one may go on."""
    found = quarantine.look(serving.installation, reader)
    runs = [
        shapes.RunAnswer(
            reason=one.reason,
            first=one.first,
            last=one.last,
            count=one.count,
            came=one.came,
            recorded_from=None if one.recorded is None else one.recorded[0],
            recorded_to=None if one.recorded is None else one.recorded[1],
        )
        for one in found.runs
    ]
    return shapes.QuarantineAnswer(
        reader=reader, head=found.head, runs=runs, go_on_from=found.go_on_from, missing=found.missing
    )


@router.post("/readers/{reader}/set-aside")
def reader_sets_aside(
    serving: Served, caller: FreshOperator, reader: ReaderId, body: shapes.SetAside
) -> shapes.QuarantineAnswer:
    """Delete what waits for one reason, once somebody has looked; who and why stays in the audit."""
    quarantine.set_aside(serving.installation, reader, body.kind, caller.id, body.reason, serving.clock())
    return reader_quarantine(serving, caller, reader)


def _one(tx: Transaction, caller: Caller, reader: str, now: datetime) -> shapes.ReaderAnswer:
    return next(_reader(one) for one in reports.live(tx, caller, now) if one.reader.id == reader)


def _reader(one: reports.Live) -> shapes.ReaderAnswer:
    reader = one.reader
    return shapes.ReaderAnswer(
        id=reader.id,
        venue=reader.venue,
        profile=reader.profile,
        kind=one.place.kind.value,
        site=one.place.site,
        position=_position(one.place.position),
        state=one.state,
        fingerprint=sha256(reader.public_key).hexdigest()[:_FINGERPRINT],
        enrolled=reader.enrolled_at,
        revoked=reader.revoked_at,
        seen=reader.seen_at,
        data_at=_instant(reader.bundle_iat),
        bundle=f"{reader.bundle_epoch}/{reader.bundle_seq}" if reader.bundle_iat else None,
        records=reader.head_seq,
        vouched=reader.vouched,
        quarantined=dict(one.quarantined),
        wrong_checkpoints=one.wrong_checkpoints,
    )


def _instant(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _position(at: Position | None) -> shapes.PlaceAnswer | None:
    return None if at is None else shapes.PlaceAnswer(latitude=at.latitude, longitude=at.longitude)
