"""The tables of the people who work here: offices, ways to sign in, sessions, approvers' keys that wait.

What would let somebody in is never stored as it is: codes, session tokens and flow names as SHA-256,
passwords as Argon2id, TOTP secrets sealed. Addresses are keyed hashes: they are somebody's.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKeyConstraint, LargeBinary, Text
from sqlmodel import Field

from cardsvc.records.columns import Instant
from cardsvc.records.tables import Records, table


class SignInMethod(StrEnum):
    """How a session was opened."""

    PASSKEY = "passkey"
    PASSWORD = "password"  # noqa: S105  # the name of a way, not a secret
    OIDC = "oidc"


class Office(Records, table=True):
    """A place in the tree of offices; ``may`` says what its people may do, whatever their role."""

    id: str = Field(primary_key=True)
    name: str
    parent: str | None = Field(default=None, foreign_key="office.id", index=True)
    kind: str
    may: list[str] = Field(sa_type=JSON)


class Credential(Records, table=True):
    """A passkey (WebAuthn level 3, section 4); ``public_key`` is its COSE key."""

    id: str = Field(primary_key=True)
    staff: str = Field(foreign_key="staff.id", index=True)
    user_handle: bytes = Field(sa_type=LargeBinary)
    public_key: bytes = Field(sa_type=LargeBinary)
    sign_count: int = Field(sa_type=BigInteger)
    label: str
    created_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Secret(Records, table=True):
    """A password and the second factor beside it; ``totp_step`` is the last time step used, never again."""

    staff: str = Field(primary_key=True, foreign_key="staff.id")
    password_hash: str = Field(sa_type=Text)
    totp: bytes = Field(sa_type=LargeBinary)
    key_version: int
    totp_step: int = Field(sa_type=BigInteger)
    changed_at: datetime = Field(sa_type=Instant)


class Session(Records, table=True):
    """An open session; ``id`` is the SHA-256 of the token in the cookie."""

    id: bytes = Field(primary_key=True, sa_type=LargeBinary)
    staff: str = Field(foreign_key="staff.id", index=True)
    method: str
    created_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant, index=True)
    stepped_up_until: datetime | None = Field(default=None, sa_type=Instant)
    #: Seconds without a request after which it ends; what the version before opens has half an hour.
    idle_s: int = Field(default=1800, sa_column_kwargs={"server_default": "1800"})


class Invitation(Records, table=True):
    """A one-time code with which a person makes a first, or after a loss a new, way to sign in."""

    id: bytes = Field(primary_key=True, sa_type=LargeBinary)
    staff: str = Field(foreign_key="staff.id", index=True)
    founder: bool
    made_by: str
    made_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Flow(Records, table=True):
    """A ceremony between its two requests: its challenge, for whom and for what; used up by the second."""

    id: bytes = Field(primary_key=True, sa_type=LargeBinary)
    purpose: str
    challenge: bytes = Field(sa_type=LargeBinary)
    staff: str | None = None
    data: dict[str, Any] = Field(sa_type=JSON)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class Attempt(Records, table=True):
    """Failed sign-ins of one account or one address, counted for every process and every way in."""

    id: bytes = Field(primary_key=True, sa_type=LargeBinary)
    failures: int
    since: datetime = Field(sa_type=Instant)
    locked_until: datetime | None = Field(default=None, sa_type=Instant)


class ApproverRequest(Records, table=True):
    """An approver's key that waits for existing approvers; ``approvals``: who approved it, and when."""

    __table_args__ = (
        CheckConstraint("kind IN ('add', 'remove')", name="kind_known"),
        CheckConstraint("state IN ('waiting', 'done', 'gone')", name="state_known"),
        ForeignKeyConstraint(["staff"], ["staff.id"]),
    )

    id: str = Field(primary_key=True)
    kind: str
    staff: str = Field(index=True)
    credential: str
    label: str
    request: bytes = Field(sa_type=LargeBinary)
    approvals: dict[str, Any] = Field(sa_type=JSON)
    state: str
    made_at: datetime = Field(sa_type=Instant)


OFFICE, CREDENTIAL, SECRET, SESSION = table(Office), table(Credential), table(Secret), table(Session)
INVITATION, FLOW, ATTEMPT = table(Invitation), table(Flow), table(Attempt)
APPROVER_REQUEST = table(ApproverRequest)
