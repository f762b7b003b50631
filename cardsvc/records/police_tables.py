"""The tables of officers' work: scans, requests that two officers make, who is looked for, budgets, reviews.

What an officer asks about somebody is sealed, with a data key for every row (``records.safe``).
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary
from sqlmodel import Field

from cardsvc.records.columns import Instant
from cardsvc.records.tables import Records, table


class RequestKind(StrEnum):
    """What two officers do together."""

    LOOK_UP = "look_up"
    HOT = "hot"
    LIFT = "lift"


class RequestState(StrEnum):
    """``approved`` look-ups become ``answered`` when the answer was read; the others are ``done`` at once."""

    WAITING = "waiting"
    APPROVED = "approved"
    ANSWERED = "answered"
    DONE = "done"
    REFUSED = "refused"


class PoliceScan(Records, table=True):
    """A card that an officer scanned; ``code`` is the SHA-256 of the payload that was shown."""

    __tablename__ = "police_scan"

    id: str = Field(primary_key=True)
    staff: str = Field(index=True)
    card_number: str = Field(foreign_key="card.number")
    code: bytes = Field(sa_type=LargeBinary)
    at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class PoliceRequest(Records, table=True):
    """Something two officers do; ``request`` is what the second one's passkey signs, sealed."""

    __tablename__ = "police_request"
    __table_args__ = (
        CheckConstraint("kind IN ('look_up', 'hot', 'lift')", name="kind_known"),
        CheckConstraint(
            "state IN ('waiting', 'approved', 'answered', 'done', 'refused')", name="state_known"
        ),
        CheckConstraint("second <> asker", name="two_people"),
        CheckConstraint("state IN ('waiting', 'refused') OR second IS NOT NULL", name="vouched"),
    )

    id: str = Field(primary_key=True)
    kind: str
    state: str = Field(index=True)
    asker: str = Field(index=True)
    office: str
    purpose: str
    case_number: str
    key_version: int
    data_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    request: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)
    second: str | None = None
    assertion: bytes | None = Field(default=None, sa_type=LargeBinary)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)


class HotCard(Records, table=True):
    """A card that is looked for, in one case, until a day; its holder is not told."""

    __tablename__ = "hot_card"
    __table_args__ = (
        CheckConstraint("second <> staff", name="two_people"),
        CheckConstraint("lifted_second <> lifted_by", name="two_people_lift"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by_somebody"),
    )

    id: str = Field(primary_key=True)
    card_number: str = Field(foreign_key="card.number", index=True)
    staff: str
    second: str
    office: str
    purpose: str
    case_number: str
    placed_at: datetime = Field(sa_type=Instant)
    until: datetime = Field(sa_type=Instant, index=True)
    lifted_at: datetime | None = Field(default=None, sa_type=Instant)
    lifted_by: str | None = None
    lifted_second: str | None = None


class PoliceCount(Records, table=True):
    """How often something was done in one hour or day (``start``: its number since 1970), and refused."""

    __tablename__ = "police_count"
    __table_args__ = (CheckConstraint("span IN ('hour', 'day')", name="span_known"),)

    kind: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    span: str = Field(primary_key=True)
    start: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    count: int
    refused: int


class LookReview(Records, table=True):
    """A look that was drawn for review, and what the reviewer said of its purpose."""

    __tablename__ = "look_review"
    __table_args__ = (
        CheckConstraint("verdict IN ('fine', 'explain')", name="verdict_known"),
        CheckConstraint("(verdict IS NULL) = (reviewed_at IS NULL)", name="reviewed_then"),
        Index("ix_look_review_verdict", "verdict"),
    )

    look: str = Field(primary_key=True, foreign_key="look.id")
    drawn_by: str
    drawn_at: datetime = Field(sa_type=Instant)
    verdict: str | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = Field(default=None, sa_type=Instant)


POLICE_SCAN, POLICE_REQUEST = table(PoliceScan), table(PoliceRequest)
HOT_CARD, POLICE_COUNT, LOOK_REVIEW = table(HotCard), table(PoliceCount), table(LookReview)
