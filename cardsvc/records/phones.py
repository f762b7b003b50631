"""Phones that carry a card: each with an index of its own, from whichever way; and prints reported lost."""

import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    LargeBinary,
    and_,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import UniqueConstraint as Unique
from sqlmodel import Field

from cardsvc.records.columns import DayMap, Instant
from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, record
from cardsvc.records.sealing import RecordKeys, phone_code_index
from cardsvc.records.tables import PRINT, Records, table


class PhoneState(StrEnum):
    """``invited``: a code was made; ``waiting``: a phone brought it; ``revoked`` is for ever."""

    INVITED = "invited"
    WAITING = "waiting"
    ACTIVE = "active"
    REVOKED = "revoked"


class PhoneWay(StrEnum):
    """How a phone came by its card: the desk's code, its own application, the phone before it, or a paper."""

    CODE = "code"
    ASKED = "asked"
    MOVED = "moved"
    RECOVERED = "recovered"


class Phone(Records, table=True):
    """One phone of one card. ``token_days``: permit days written into its tokens, each with the last exp.

    ``how`` is a :class:`PhoneWay`, empty for a code; ``predecessor`` is the phone whose card this one took;
    ``ready_at`` is when a recovery may be finished; ``recovery`` is the thumbprint of the phone's recovery
    key.
    """

    __table_args__ = (
        CheckConstraint("state IN ('invited', 'waiting', 'active', 'revoked')", name="state_known"),
        Unique("list_id", "list_index"),
        Index("ix_phone_recovery", "recovery", unique=True),
    )

    id: str = Field(primary_key=True)
    card_number: str = Field(foreign_key="card.number", index=True)
    code: bytes = Field(sa_type=LargeBinary, unique=True)
    state: str = Field(index=True)
    office: str
    made_by: str
    made_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    public_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    thumbprint: bytes | None = Field(default=None, sa_type=LargeBinary, unique=True)
    list_id: str | None = Field(default=None, foreign_key="status_list.id")
    list_index: int | None = None
    request: bytes | None = Field(default=None, sa_type=LargeBinary)
    approver: str | None = None
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    iat: int = Field(default=0, sa_type=BigInteger)
    exp: int = Field(default=0, sa_type=BigInteger)
    token_days: dict[int, int] = Field(sa_type=DayMap)
    how: str | None = None
    predecessor: str | None = None
    active_at: datetime | None = Field(default=None, sa_type=Instant)
    ready_at: datetime | None = Field(default=None, sa_type=Instant)
    recovery: bytes | None = Field(default=None, sa_type=LargeBinary)
    recovery_at: datetime | None = Field(default=None, sa_type=Instant)


class PhoneOffer(Records, table=True):
    """A new phone's key under a short code, so that the old phone can sign for it."""

    __tablename__ = "phone_offer"

    code: bytes = Field(primary_key=True, sa_type=LargeBinary)
    public_key: bytes = Field(sa_type=LargeBinary)
    thumbprint: bytes = Field(sa_type=LargeBinary, unique=True)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class LostPrint(Records, table=True):
    """A print that its holder reported lost: its index is suspended until another print replaces it."""

    __tablename__ = "lost_print"

    print_id: str = Field(primary_key=True, foreign_key="print.id")
    reported_at: datetime = Field(sa_type=Instant)


PHONE, PHONE_OFFER, LOST_PRINT = table(Phone), table(PhoneOffer), table(LostPrint)


@dataclass(frozen=True, slots=True)
class PhoneRecord:
    """A phone; ``iat`` and ``exp`` (epoch seconds) are those of its newest token, 0 before the first."""

    id: str
    card_number: str
    code: bytes
    state: str
    office: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    token_days: Mapping[int, int]
    public_key: bytes | None = None
    thumbprint: bytes | None = None
    list_id: str | None = None
    list_index: int | None = None
    request: bytes | None = None
    approver: str | None = None
    revoked_at: datetime | None = None
    iat: int = 0
    exp: int = 0
    how: str | None = None
    predecessor: str | None = None
    active_at: datetime | None = None
    ready_at: datetime | None = None
    recovery: bytes | None = None
    recovery_at: datetime | None = None


class Phones:
    """Who carries which card."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Work inside the transaction of ``link``; ``keys`` hash the one-time codes."""
        self._link, self._keys = link, keys

    def invite(self, code: str, values: Mapping[str, object]) -> None:
        """Record a one-time code for a phone of a card."""
        row = {
            **values,
            "code": phone_code_index(self._keys, code),
            "state": PhoneState.INVITED,
            "token_days": {},
        }
        self._link.run(insert(PHONE), [row])

    def invited(self, code: str) -> PhoneRecord | None:
        """The phone that the code was made for, whatever became of it."""
        row = self._link.first(select(PHONE).where(PHONE.c.code == phone_code_index(self._keys, code)))
        return None if row is None else record(PhoneRecord, row)

    def get(self, phone: str) -> PhoneRecord:
        """That phone; raises ``phone_not_found``."""
        row = self._link.first(select(PHONE).where(PHONE.c.id == phone))
        if row is None:
            raise NotFound("phone_not_found", f"there is no phone {phone}")
        return record(PhoneRecord, row)

    def of_key(self, thumbprint: bytes) -> PhoneRecord | None:
        """The phone with that key."""
        row = self._link.first(select(PHONE).where(PHONE.c.thumbprint == thumbprint))
        return None if row is None else record(PhoneRecord, row)

    def of_recovery(self, thumbprint: bytes) -> PhoneRecord | None:
        """The phone whose recovery key that is."""
        row = self._link.first(select(PHONE).where(PHONE.c.recovery == thumbprint))
        return None if row is None else record(PhoneRecord, row)

    def succeed(self, values: Mapping[str, object]) -> None:
        """Record a phone that waits to take another one's card; it has a key, and no code from the desk."""
        row = {**values, "code": os.urandom(32), "state": PhoneState.WAITING, "token_days": {}}
        self._link.run(insert(PHONE), [row])

    def ask(self, values: Mapping[str, object]) -> str:
        """Record a phone that waits for an approver without a code, and return its id."""
        fixed = {"id": secrets.token_hex(16), "code": os.urandom(32), "state": PhoneState.WAITING}
        self._link.run(insert(PHONE), [fixed | {"token_days": {}} | dict(values)])
        return str(fixed["id"])

    def unsettled(self, before: datetime, now: datetime, limit: int = 100) -> list[PhoneRecord]:
        """Phones that wait for another's card since ``before``, and phones given up whose code still stands.

        A recovery whose day has not passed by ``now`` only waits; one that its phone may fetch comes last, so
        that hundreds of them hide no move that was cut short.
        """
        waits = (PHONE.c.state == PhoneState.WAITING) & (PHONE.c.how == PhoneWay.RECOVERED)
        open_now = or_(~waits, PHONE.c.ready_at <= now, PHONE.c.expires_at <= now)
        succeeding = PHONE.c.state == PhoneState.WAITING, PHONE.c.predecessor.is_not(None)
        given_up = PHONE.c.state == PhoneState.REVOKED, PHONE.c.recovery.is_not(None)
        found = or_(and_(*succeeding, PHONE.c.made_at <= before, open_now), and_(*given_up))
        statement = select(PHONE).where(found).order_by(waits, PHONE.c.made_at, PHONE.c.id)
        return [record(PhoneRecord, row) for row in self._link.all(statement.limit(limit))]

    def offer(self, code: str, key: bytes, thumbprint: bytes, expires: datetime, now: datetime) -> None:
        """Keep a new phone's key under a code; what ran out is forgotten, as is what it offered before."""
        old = (PHONE_OFFER.c.expires_at <= now) | (PHONE_OFFER.c.thumbprint == thumbprint)
        self._link.run(delete(PHONE_OFFER).where(old))
        row = {"public_key": key, "thumbprint": thumbprint, "expires_at": expires}
        self._link.run(insert(PHONE_OFFER), [row | {"code": phone_code_index(self._keys, code)}])

    def offered(self, code: str, now: datetime) -> bytes | None:
        """The key that was offered under a code."""
        found = (PHONE_OFFER.c.code == phone_code_index(self._keys, code)) & (PHONE_OFFER.c.expires_at > now)
        row = self._link.first(select(PHONE_OFFER.c.public_key).where(found))
        return None if row is None else bytes(row["public_key"])

    def of_card(self, number: str) -> list[PhoneRecord]:
        """Every phone of a card, oldest first."""
        statement = select(PHONE).where(PHONE.c.card_number == number)
        rows = self._link.all(statement.order_by(PHONE.c.made_at, PHONE.c.id))
        return [record(PhoneRecord, row) for row in rows]

    def waiting(self, offices: Collection[str], now: datetime) -> list[PhoneRecord]:
        """Phones that brought their code and wait for an approver of one of the offices."""
        statement = select(PHONE).where(
            PHONE.c.state == PhoneState.WAITING,
            PHONE.c.predecessor.is_(None),
            PHONE.c.office.in_(sorted(offices)),
            PHONE.c.expires_at > now,
        )
        rows = self._link.all(statement.order_by(PHONE.c.made_at, PHONE.c.id))
        return [record(PhoneRecord, row) for row in rows]

    def change(self, phone: str, expected: PhoneState, values: Mapping[str, object]) -> None:
        """Change a phone that is in that state; raises ``phone_moved`` for one that is not any more."""
        statement = update(PHONE).where(PHONE.c.id == phone, PHONE.c.state == expected)
        if not self._link.run(statement.values(dict(values))):
            raise Conflict("phone_moved", "this phone was changed meanwhile; look again")

    def report_lost(self, print_id: str, now: datetime) -> bool:
        """Note a lost print; False where it was reported before."""
        known = select(LOST_PRINT.c.print_id).where(LOST_PRINT.c.print_id == print_id)
        if self._link.first(known) is not None:
            return False
        self._link.run(insert(LOST_PRINT), [{"print_id": print_id, "reported_at": now}])
        return True

    def found_prints(self, number: str) -> int:
        """Forget that prints of a card were lost: somebody brought them back. How many there were."""
        prints = select(PRINT.c.id).where(PRINT.c.card_number == number)
        return self._link.run(delete(LOST_PRINT).where(LOST_PRINT.c.print_id.in_(prints)))

    def is_lost(self, print_id: str) -> bool:
        """Whether that print was reported lost."""
        return self._link.first(select(LOST_PRINT).where(LOST_PRINT.c.print_id == print_id)) is not None
