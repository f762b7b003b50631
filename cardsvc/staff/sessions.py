"""Sessions: opaque tokens, idle and absolute ends, a new token whenever somebody proves who they are."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from cardsvc.errors import ServiceError
from cardsvc.records import NotFound, SessionRecord, StaffMember, StaffState, Transaction, hashed

#: A desk left alone over a tea break is still signed in, one left over lunch is not.
IDLE: Final = timedelta(minutes=30)
#: A working day.
LONGEST: Final = timedelta(hours=10)
#: How long a proof counts as fresh: a handful of approvals.
FRESH: Final = timedelta(minutes=5)
_TOKEN_BYTES: Final = 32


def open_session(
    tx: Transaction, staff: str, method: str, now: datetime, *, fresh: bool
) -> tuple[str, SessionRecord]:
    """Open a session under a token that nobody has seen before; the token is for the cookie alone."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session = SessionRecord(
        id=hashed(token),
        staff=staff,
        method=method,
        created_at=now,
        seen_at=now,
        ends_at=now + LONGEST,
        stepped_up_until=now + FRESH if fresh else None,
    )
    tx.sessions.add(session, now)
    return token, session


def current(tx: Transaction, token: str | None, now: datetime) -> tuple[SessionRecord, StaffMember]:
    """The open session of a token and whose it is; raises ``not_signed_in``."""
    session = tx.sessions.find(token) if token else None
    if (
        session is None
        or session.ends_at <= now
        or session.seen_at + timedelta(seconds=session.idle_s) <= now
    ):
        raise _nobody()
    try:
        member = tx.staff.get(session.staff)
    except NotFound:
        raise _nobody() from None
    if member.state is not StaffState.ACTIVE:
        raise _nobody()
    return session, member


def renew(tx: Transaction, session: SessionRecord, now: datetime) -> tuple[str, SessionRecord]:
    """After a step-up: the same session under a new token, the old one is worth nothing."""
    if not tx.sessions.end(session.id):
        raise _nobody()
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    renewed = replace(session, id=hashed(token), seen_at=now, stepped_up_until=now + FRESH)
    tx.sessions.add(renewed, now)
    return token, renewed


def _nobody() -> ServiceError:
    return ServiceError("not_signed_in", "sign in first")
