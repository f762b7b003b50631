"""The routes of departments: their services, whom they granted them to, and lists."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from cardsvc.departments import lists, shapes
from cardsvc.desk import asks
from cardsvc.errors import ServiceError
from cardsvc.http.access import Caller, Serving, is_fresh, roles, running, stepped_up
from cardsvc.readers.venues import services_of
from cardsvc.records import EntitlementValue, Transaction
from cardsvc.records.rights import RightsListRecord
from cardsvc.setup import service_named
from verify.days import date_of
from verify.services import Service

router = APIRouter(prefix="/api/services", tags=["departments"])

#: Rights in one answer; a page shows fewer, a file takes all.
MOST_RIGHTS = 1000
#: Lists that are shown; older ones are looked for in the audit.
MOST_LISTS = 50

Served = Annotated[Serving, running]
Owner = Annotated[Caller, roles("department")]
#: Many doors shut at once: whoever does that has just proved who it is.
FreshOwner = Annotated[Caller, stepped_up("department")]
ServiceName = Annotated[str, Path(max_length=32)]
ListId = Annotated[asks.Id, Path(alias="list")]


@router.get("")
def mine(serving: Served, caller: Owner) -> shapes.ServicesAnswer:
    """The caller's services."""
    with serving.installation.store.reading() as tx:
        venues = {one.id: services_of(one.config) for one in tx.venues.all()}
        found = [
            shapes.ServiceAnswer(
                service=Service(one).label,
                holding=tx.reach.holding(one),
                venues=[venue for venue, served in venues.items() if one in served],
            )
            for one in caller.services
        ]
    return shapes.ServicesAnswer(services=found)


@router.get("/{service}/rights")
def rights(
    serving: Served,
    caller: Owner,
    service: ServiceName,
    after: Annotated[str, Query(max_length=20)] = "",
    value: Annotated[EntitlementValue | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RIGHTS)] = 100,
) -> shapes.RightsAnswer:
    """What was said of cards beyond their print, by number."""
    named = service_named(service)
    lists.check_owner(caller, named)
    with serving.installation.store.reading() as tx:
        found = tx.entitlements.of_service(
            int(named), after=after, values=() if value is None else (value,), limit=limit
        )
    rows = [
        shapes.RightAnswer(
            number=one.card_number,
            value=one.value.value,
            until=None if one.last_day is None else date_of(one.last_day),
            by=one.actor,
            at=one.changed_at,
        )
        for one in found
    ]
    return shapes.RightsAnswer(rights=rows, next=rows[-1].number if len(rows) == limit else None)


@router.get("/{service}/lists")
def service_lists(serving: Served, caller: Owner, service: ServiceName) -> shapes.ListsAnswer:
    """A service's lists of the last month, newest first."""
    named = service_named(service)
    lists.check_owner(caller, named)
    with serving.installation.store.reading() as tx:
        found = tx.rights_lists.of_service(int(named), MOST_LISTS)
        counts = tx.rights_lists.counts([one.id for one in found])
    return shapes.ListsAnswer(lists=[shapes.ListAnswer(**_list(one, counts[one.id])) for one in found])


@router.post("/{service}/lists", status_code=201)
def new_list(serving: Served, caller: Owner, service: ServiceName, body: shapes.ListBody) -> shapes.WholeList:
    """Read a list of cards: what would become of each line. Nothing is done yet."""
    site, named = serving.installation, service_named(service)
    if len({one.line for one in body.lines}) < len(body.lines):
        raise ServiceError("bad_request", "every line has a number of its own")
    wanted = [lists.Wanted(one.line, one.number, one.until) for one in body.lines]
    with site.store.transaction() as tx:
        row = lists.make_list(
            tx, caller, named, body.act, body.reason, wanted, serving.clock(), site.issuer.day_offset_s
        )
        return _whole(tx, caller, row)


@router.get("/{service}/lists/{list}")
def one_list(serving: Served, caller: Owner, service: ServiceName, row: ListId) -> shapes.WholeList:
    """A list with what became of each line."""
    lists.check_owner(caller, service_named(service))
    with serving.installation.store.reading() as tx:
        return _whole(tx, caller, row)


@router.delete("/{service}/lists/{list}", status_code=204)
def drop_list(serving: Served, caller: Owner, service: ServiceName, row: ListId) -> None:
    """Put a list away that was not carried out."""
    lists.check_owner(caller, service_named(service))
    lists.drop(serving.installation, caller, row, serving.clock())


@router.post("/{service}/lists/{list}/challenge")
def touch_wanted(serving: Served, caller: Owner, service: ServiceName, row: ListId) -> shapes.TouchWanted:
    """What the department's key is to sign, so that the list's grants hold."""
    lists.check_owner(caller, service_named(service))
    now = serving.clock()
    options, expires = lists.challenge(serving.installation, caller, row, now, fresh=is_fresh(caller, now))
    return shapes.TouchWanted(options=options, expires=expires)


@router.post("/{service}/lists/{list}/grant")
def grant_list(
    serving: Served, caller: Owner, service: ServiceName, row: ListId, body: shapes.TouchBody
) -> shapes.WholeList:
    """Grant what the list says; lines are carried out from now on, and say what became of them."""
    lists.check_owner(caller, service_named(service))
    lists.grant(serving.installation, caller, row, body.credential, serving.clock())
    serving.jobs.wake()
    return one_list(serving, caller, service, row)


@router.post("/{service}/lists/{list}/withdraw")
def withdraw_list(serving: Served, caller: FreshOwner, service: ServiceName, row: ListId) -> shapes.WholeList:
    """Withdraw from every card of the list."""
    lists.check_owner(caller, service_named(service))
    lists.withdraw(serving.installation, caller, row, serving.clock())
    serving.jobs.wake()
    return one_list(serving, caller, service, row)


def _whole(tx: Transaction, caller: Caller, row: str) -> shapes.WholeList:
    found = lists.found(tx, caller, row)
    lines = [
        shapes.LineAnswer(
            line=one.line,
            number=one.number,
            until=None if one.last_day is None else date_of(one.last_day),
            state=one.state.value,
            reason=one.reason,
        )
        for one in tx.rights_lists.lines(row)
    ]
    return shapes.WholeList(**_list(found, tx.rights_lists.counts([row])[row]), lines=lines)


def _list(one: RightsListRecord, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "id": one.id,
        "service": Service(one.service).label,
        "act": one.act,
        "state": one.state.value,
        "reason": one.reason,
        "made_by": one.made_by,
        "made_at": one.made_at,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "counts": counts,
    }
