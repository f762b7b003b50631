"""What officers' phones call (docs/police.md): shifts, scans, look-ups and the hotlist."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from cardsvc.errors import ServiceError
from cardsvc.http.access import Caller, Serving, address_of, roles, running, stepped_up
from cardsvc.police import shapes
from cardsvc.police.asking import CARD, ENTRY, Asked
from cardsvc.police.budgets import Budgets, budgets_of
from cardsvc.police.lookups import LookUps
from cardsvc.police.scans import Scans, Unseen
from cardsvc.police.shifts import begin_shift, phone_code
from cardsvc.police.two import MOST, TwoOfficers, Wish
from cardsvc.readers.judging import Judges
from cardsvc.records import Transaction
from cardsvc.records.police import RequestRecord
from cardsvc.records.police_tables import RequestKind, RequestState
from cardsvc.staff.session_routes import party_of
from cardsvc.trust.routes import shelf_of
from cardsvc.trust.shelf import Shelf
from verify.days import day_number, end_of

router = APIRouter(prefix="/api/police", tags=["police"])

Served = Annotated[Serving, running]
Officer = Annotated[Caller, roles("officer")]
#: Asking about somebody who is not there takes a touch of one's own passkey, too.
Asking = Annotated[Caller, stepped_up("officer")]
RequestId = Annotated[shapes.Id, Path(description="The request.")]
ScanId = Annotated[shapes.Id, Path(description="The scan.")]
EntryId = Annotated[shapes.Id, Path(description="The entry of the hotlist.")]
AfterEntry = Annotated[shapes.Id | None, Query(description="The entry to go on behind.")]
_PORTRAIT: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}


def budgets(serving: Serving) -> Budgets:
    """The budgets in force."""
    site = serving.installation
    return budgets_of(site.settings.police_budgets, site.issuer.day_offset_s)


async def judges_of(request: Request, shelf: Annotated[Shelf, Depends(shelf_of)]) -> Judges:
    """Judges that remember no phone code: what one officer saw, another may look at, too."""
    judges = getattr(request.app.state, "police_judges", None)
    if not isinstance(judges, Judges) or judges.installation is not shelf.installation:
        judges = request.app.state.police_judges = Judges(shelf.installation, shelf, seen=Unseen())
    return judges


def _scans(serving: Serving, judges: Judges, caller: Caller) -> Scans:
    return Scans(serving.installation, judges, budgets(serving), caller)


def _two(serving: Serving, caller: Caller) -> TwoOfficers:
    site = serving.installation
    return TwoOfficers(site.store, party_of(serving), budgets(serving), site.settings.covert_days, caller)


@router.post("/shift")
def shift(serving: Served, caller: Asking) -> shapes.Shift:
    """Begin a shift: the session lasts until its end."""
    now, site = serving.clock(), serving.installation
    return shapes.Shift(
        staff=caller.id,
        name=caller.name,
        office=caller.office,
        ends=begin_shift(site, caller, now),
        now=now,
        covert_days=site.settings.covert_days,
    )


@router.post("/phones", status_code=201)
def phone(serving: Served, caller: Asking) -> shapes.PhoneCode:
    """Give this officer's phone a one-time code to become a reader of the patrols with."""
    site = serving.installation
    found = phone_code(site, caller, serving.clock())
    return shapes.PhoneCode(
        code=found.code,
        reader=found.reader,
        venue=found.venue,
        url=site.issuer.public_url,
        expires=found.expires,
    )


@router.post("/scans")
def scan(
    serving: Served,
    caller: Officer,
    body: shapes.ScanBody,
    judges: Annotated[Judges, Depends(judges_of)],
) -> shapes.Details:
    """Tell what the records say of the card whose code was scanned."""
    told = _scans(serving, judges, caller).scan(body.code, serving.clock())
    return shapes.Details.model_validate(told)


@router.get("/scans/{scan}/portrait", response_class=Response, responses=_PORTRAIT)
def scan_portrait(
    serving: Served, caller: Officer, scan: ScanId, judges: Annotated[Judges, Depends(judges_of)]
) -> Response:
    """The large portrait of a card one has scanned in the last five minutes."""
    picture = _scans(serving, judges, caller).portrait(scan, serving.clock())
    return Response(picture, media_type="image/jpeg")


@router.post("/look-ups", status_code=201)
def look_up(serving: Served, caller: Asking, body: shapes.LookUpBody) -> shapes.RequestView:
    """Ask for somebody without the card; another officer has to agree."""
    wish = Wish(
        RequestKind.LOOK_UP, body.purpose, body.case_number, body.query.model_dump(), body.covert_days
    )
    return _asked(serving, caller, wish)


@router.get("/requests")
def requests(serving: Served, caller: Officer) -> shapes.RequestsAnswer:
    """One's own requests of this shift, and others' that wait for a second officer."""
    now = serving.clock()
    own, waiting = _two(serving, caller).listed(now)
    with serving.installation.store.reading() as tx:
        return shapes.RequestsAnswer(
            own=[_view(tx, one, now) for one in own], waiting=[_view(tx, one, now) for one in waiting]
        )


@router.post("/requests/{request}/challenge")
def challenge(serving: Served, caller: Officer, request: RequestId) -> shapes.Options:
    """What the second officer's passkey is to sign."""
    return shapes.Options(options=_two(serving, caller).challenge(request, serving.clock()))


@router.post("/requests/{request}/approve")
def approve(
    serving: Served, caller: Officer, request: RequestId, body: shapes.Agreeing, http: Request
) -> shapes.RequestView:
    """Agree to another officer's request, on one's own phone or on the other's."""
    now = serving.clock()
    done = _two(serving, caller).approve(request, body.credential, address_of(http), now)
    return _viewed(serving, done, now)


@router.post("/requests/{request}/refuse")
def refuse(serving: Served, caller: Officer, request: RequestId) -> shapes.RequestView:
    """Refuse another officer's request, or take one's own back."""
    now = serving.clock()
    return _viewed(serving, _two(serving, caller).refuse(request, now), now)


@router.post("/look-ups/{request}/answer")
def answer(serving: Served, caller: Officer, request: RequestId) -> shapes.FoundAnswer:
    """Whom a look-up found, once another officer has agreed; recorded before it is given."""
    found = LookUps(serving.installation, caller.id).answer(request, serving.clock())
    return shapes.FoundAnswer(found=[shapes.Found.model_validate(one) for one in found])


@router.get("/hotlist")
def hotlist(serving: Served, caller: Officer, after: AfterEntry = None) -> shapes.HotAnswer:
    """The cards that are looked for now, some at a time."""
    now = serving.clock()
    with serving.installation.store.reading() as tx:
        entries = tx.hotlist.now(now, MOST + 1, after)
        total = tx.hotlist.count(now)
    more, entries = len(entries) > MOST, entries[:MOST]
    return shapes.HotAnswer(
        total=total,
        next=entries[-1].id if more else None,
        entries=[
            shapes.HotView(
                id=one.id,
                card=one.card_number,
                purpose=one.purpose,
                case_number=one.case_number,
                office=one.office,
                placed_by=one.staff,
                placed_at=one.placed_at,
                until=one.until,
            )
            for one in entries
        ],
    )


@router.post("/hotlist", status_code=201)
def place(serving: Served, caller: Asking, body: shapes.HotBody) -> shapes.RequestView:
    """Ask for a card to be looked for; another officer has to agree."""
    until = _end_of(body.until, serving.installation.issuer.day_offset_s)
    query = {CARD: body.card}
    return _asked(serving, caller, Wish(RequestKind.HOT, body.purpose, body.case_number, query, None, until))


@router.post("/hotlist/{entry}/lift", status_code=201)
def lift(serving: Served, caller: Asking, entry: EntryId) -> shapes.RequestView:
    """Ask for a card to be looked for no more; another officer has to agree."""
    with serving.installation.store.reading() as tx:
        found = tx.hotlist.get(entry)
    query = {ENTRY: entry, CARD: found.card_number}
    return _asked(serving, caller, Wish(RequestKind.LIFT, found.purpose, found.case_number, query))


def _asked(serving: Serving, caller: Caller, wish: Wish) -> shapes.RequestView:
    now = serving.clock()
    return _viewed(serving, _two(serving, caller).ask(wish, now), now)


def _viewed(serving: Serving, record: RequestRecord, now: datetime) -> shapes.RequestView:
    with serving.installation.store.reading() as tx:
        return _view(tx, record, now)


def _view(tx: Transaction, record: RequestRecord, now: datetime) -> shapes.RequestView:
    asked = Asked.decode(record.request)
    over = record.state is RequestState.WAITING and record.expires_at <= now
    return shapes.RequestView(
        id=record.id,
        kind=record.kind.value,
        state="over" if over else record.state.value,
        asker=record.asker,
        asker_name=tx.staff.get(record.asker).name,
        office=record.office,
        purpose=record.purpose,
        case_number=record.case_number,
        covert_days=asked.covert_days,
        until=datetime.fromtimestamp(asked.until, UTC) if asked.until else None,
        query=dict(asked.query),
        at=record.made_at,
        expires=record.expires_at,
        decided=record.decided_at,
        second=record.second,
    )


def _end_of(day: str, offset_s: int) -> datetime:
    try:
        return datetime.fromtimestamp(end_of(day_number(date.fromisoformat(day)), offset_s), UTC)
    except (ValueError, OverflowError) as error:
        raise ServiceError("bad_until", f"{day} is no day of the calendar") from error
