"""Who may call a route. Every route declares it; one that does not is a mistake that a test finds.

``caller: Annotated[Caller, roles("clerk")]`` asks for a session and a role, ``signed_in`` for any session,
``stepped_up("approver")`` for a fresh proof besides, and ``dependencies=[anyone]`` for nobody in particular.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from cardsvc.errors import ServiceError
from cardsvc.http.headers import cookie_name
from cardsvc.http.serving import Serving
from cardsvc.records import Transaction, Unavailable
from cardsvc.staff.caller import Caller, check_top
from cardsvc.staff.powers import NEEDED, ROLES
from cardsvc.staff.sessions import current

__all__ = [
    "Access",
    "Caller",
    "Serving",
    "accesses",
    "anyone",
    "is_fresh",
    "roles",
    "running",
    "serving_of",
    "signed_in",
    "stepped_up",
]
#: A session's last use is written at most this often: reading a page must not wait for writers each time.
SEEN_EVERY: Final = timedelta(minutes=1)
#: What a network gives to one host or household (RFC 6177): whoever has one has all its addresses.
_HOST_BITS: Final = 64


def serving_of(request: Request) -> Serving:
    """The running service of a request."""
    serving = getattr(request.app.state, "serving", None)
    if not isinstance(serving, Serving):
        raise ServiceError("not_ready", "the service is starting or stopping; try again in a moment")
    return serving


async def _running(request: Request) -> Serving:
    """Not a plain function: FastAPI sends those into a thread, which costs as much as a check."""
    return serving_of(request)


#: ``serving: Annotated[Serving, running]``
running = Depends(_running)


class Access:
    """What a route declares; its kinds keep it."""

    def __init__(
        self, allowed: frozenset[str] | None, *, fresh: bool = False, powers: bool = True, city: bool = False
    ) -> None:
        """``allowed`` roles, None for anyone at all; ``fresh``: only soon after a step-up.

        ``powers``: the caller's office must allow what the role does. ``city``: it is of no one office, and
        of the operators those alone may who have nobody above them.
        """
        self.allowed = allowed
        self.fresh = fresh
        self.powers = powers
        self.city = city


class Anyone(Access):
    """No check at all; not a plain function, since each of those costs a change of thread."""

    def __init__(self) -> None:
        """No roles are asked for."""
        super().__init__(None)

    async def __call__(self) -> None:
        """Nobody is refused."""


class ByRole(Access):
    """A session of somebody with one of the roles."""

    def __call__(self, request: Request) -> Caller:
        """The caller, or a refusal."""
        serving = serving_of(request)
        now = serving.clock()
        caller, seen_at, may = _caller_of(request, serving, now)
        request.scope["state"]["staff"] = caller.id
        allowed = self.allowed or frozenset()
        if caller.role not in allowed:
            wanted = ", ".join(sorted(allowed))
            words = f"this is for {wanted}; {caller.id} is {caller.role}"
            raise ServiceError("not_your_role", words)
        needed = NEEDED.get(caller.role)
        if self.powers and needed is not None and needed not in may:
            raise ServiceError("office_may_not", f"{caller.office} is not allowed to {needed}")
        if self.city and caller.role == "operator":
            check_top(caller)
        if self.fresh and not is_fresh(caller, now):
            raise ServiceError("step_up_needed", "prove once more that it is you, then repeat this")
        if abs(now - seen_at) >= SEEN_EVERY:
            # Reading goes on where nothing can be written: on a full disk, or behind a busy writer.
            with suppress(Unavailable), serving.installation.store.transaction() as tx:
                tx.sessions.seen(bytes.fromhex(caller.session), now)
        return caller


def is_fresh(caller: Caller, now: datetime) -> bool:
    """Whether the session was proved in the last minutes; a provider's never is until its holder steps up."""
    return caller.stepped_up_until is not None and caller.stepped_up_until > now


def roles(*names: str, city: bool = False) -> Any:
    """A session of somebody of one of these roles; ``city``: of operators, one at the top."""
    return Depends(ByRole(_known(names), city=city))


def stepped_up(*names: str, city: bool = False) -> Any:
    """The same, with a fresh proof: a passkey's touch, or a code, in the last minutes."""
    return Depends(ByRole(_known(names), fresh=True, city=city))


#: A session of anybody.
signed_in: Any = Depends(ByRole(ROLES, powers=False))
#: Whoever asks, without a session.
anyone: Any = Depends(Anyone())


def accesses(dependant: Dependant) -> Iterator[Access]:
    """Every declaration of a route."""
    for one in dependant.dependencies:
        if isinstance(one.call, Access):
            yield one.call
        yield from accesses(one)


def session_token(request: Request, serving: Serving) -> str | None:
    """The token in the session's cookie."""
    https = serving.settings.origin.startswith("https://")
    return request.cookies.get(cookie_name(https=https))


def address_of(request: Request) -> str:
    """Where a request came from, as failures are counted; behind a proxy, uvicorn has put it right."""
    return counted_as(request.client.host) if request.client is not None else "unknown"


def counted_as(host: str) -> str:
    """What an address counts as: IPv6 by its /64, IPv4 as itself, also where IPv6 carries it."""
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> _HOST_BITS << _HOST_BITS)}/{_HOST_BITS}"


def caller_in(tx: Transaction, token: str | None, now: datetime) -> tuple[Caller, datetime, frozenset[str]]:
    """Who holds the token, when it was last used, and what the person's office may do."""
    session, member = current(tx, token, now)
    above = tx.offices.above(member.office)
    # Nobody may what an office above does not, whatever was given before that one lost it.
    may = frozenset.intersection(*(frozenset(office.may) for office in above)) if above else frozenset()
    caller = Caller(
        id=member.id,
        name=member.name,
        role=member.role,
        office=member.office,
        offices=tx.offices.below(member.office),
        above=tuple(office.id for office in above) or (member.office,),
        services=tuple(member.services),
        language=member.language,
        session=session.id.hex(),
        method=session.method,
        stepped_up_until=session.stepped_up_until,
    )
    return caller, session.seen_at, may


def _caller_of(request: Request, serving: Serving, now: datetime) -> tuple[Caller, datetime, frozenset[str]]:
    token = session_token(request, serving)
    with serving.installation.store.reading() as tx:
        return caller_in(tx, token, now)


def _known(names: tuple[str, ...]) -> frozenset[str]:
    if not names or not ROLES.issuperset(names):
        raise ValueError(f"roles are some of {sorted(ROLES)}, not {names}")
    return frozenset(names)
