"""The tables of readers: who they are, what lets them in, and what their logs say.

No name and no card number stands here: a visit knows its card by a pseudonym, the same within one venue and
month. What would let a device in is stored as a hash; the keys that pseudonyms are made with are sealed.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Boolean, CheckConstraint, Index, LargeBinary, Text
from sqlmodel import Field

from cardsvc.records.columns import Instant
from cardsvc.records.tables import Records, table


class ReaderState(StrEnum):
    """A revoked reader never comes back; its device enrols again under another id."""

    ACTIVE = "active"
    REVOKED = "revoked"


class Reader(Records, table=True):
    """A reader; ``head_seq`` and ``head_hash`` end its unbroken log, ``vouched`` is what it signed for."""

    __table_args__ = (CheckConstraint("state IN ('active', 'revoked')", name="state_known"),)

    id: str = Field(primary_key=True)
    venue: str = Field(foreign_key="venue.id", index=True)
    profile: str
    state: str
    public_key: bytes = Field(sa_type=LargeBinary)
    seal_key: bytes = Field(sa_type=LargeBinary)
    enrolled_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    seen_at: datetime | None = Field(default=None, sa_type=Instant)
    bundle_epoch: int
    bundle_seq: int = Field(sa_type=BigInteger)
    bundle_iat: int = Field(sa_type=BigInteger)
    head_seq: int = Field(sa_type=BigInteger)
    head_hash: bytes = Field(sa_type=LargeBinary)
    vouched: int = Field(sa_type=BigInteger)


class ReaderEnrolment(Records, table=True):
    """A one-time code, kept as a keyed hash, and what the device that brings it will be."""

    code: bytes = Field(primary_key=True, sa_type=LargeBinary)
    reader: str = Field(unique=True)
    venue: str = Field(foreign_key="venue.id", index=True)
    profile: str
    made_by: str
    made_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class ReaderPlace(Records, table=True):
    """What kind of reader it is and where it stands, for people; kept from its code on, by its name.

    Latitude and longitude are hundred-thousandths of a degree (about a metre), both or neither.
    """

    __table_args__ = (CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="whole_position"),)

    reader: str = Field(primary_key=True)
    kind: str
    site: str | None = None
    latitude: int | None = None
    longitude: int | None = None


class ReaderToken(Records, table=True):
    """An access token; ``id`` is its SHA-256."""

    id: bytes = Field(primary_key=True, sa_type=LargeBinary)
    reader: str = Field(foreign_key="reader.id", index=True)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class ReaderAssertion(Records, table=True):
    """An assertion that was used (RFC 7523, section 3, jti); ``id`` hashes reader and jti."""

    id: bytes = Field(primary_key=True, sa_type=LargeBinary)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class SeenCode(Records, table=True):
    """A phone's code that was shown on line; ``at`` in epoch seconds."""

    id: bytes = Field(primary_key=True, sa_type=LargeBinary)
    at: int = Field(sa_type=BigInteger, index=True)


class MonthKey(Records, table=True):
    """What a venue's pseudonyms of one month (202611) are made with, sealed."""

    id: str = Field(primary_key=True)
    venue: str = Field(foreign_key="venue.id", index=True)
    month: int
    key_version: int
    data_key: bytes = Field(sa_type=LargeBinary)
    secret: bytes = Field(sa_type=LargeBinary)


class GateRecord(Records, table=True):
    """One verdict of a reader's log (docs/readers.md, "Records"); it goes at ``gone_after``, a midnight.

    ``gone_after`` is in the key because PostgreSQL keeps a table for each such day; (device, seq) alone is
    one record, which the reader's chain sees to.
    """

    __table_args__ = (
        Index("ix_gate_record_who_time", "who", "time"),
        Index("ix_gate_record_venue_time", "venue", "time"),
        {"postgresql_partition_by": "RANGE (gone_after)"},
    )

    device: str = Field(primary_key=True, foreign_key="reader.id")
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    hash: bytes = Field(sa_type=LargeBinary)
    time: int = Field(sa_type=BigInteger)
    direction: str
    venue: str
    service: int | None = None
    who: bytes | None = Field(default=None, sa_type=LargeBinary)
    month: int | None = None
    answer: str
    reason: str
    bundle_epoch: int
    bundle_seq: int = Field(sa_type=BigInteger)
    opened: bool = Field(sa_type=Boolean)
    noted: list[str] = Field(sa_type=JSON)
    missed: int = Field(sa_type=BigInteger)
    assurance: int | None = None
    late: bool = Field(sa_type=Boolean)
    received_at: datetime = Field(sa_type=Instant)
    gone_after: datetime = Field(primary_key=True, sa_type=Instant, index=True)


class Quarantined(Records, table=True):
    """What a reader brought and does not fit, as it came: sealed; ``digest`` is the SHA-256 of that."""

    reader: str = Field(primary_key=True, foreign_key="reader.id")
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    reason: str = Field(index=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    received_at: datetime = Field(sa_type=Instant, index=True)


class GateCheckpoint(Records, table=True):
    """A device's signature over its log up to ``seq``; ``waiting`` until that record is here."""

    __table_args__ = (CheckConstraint("state IN ('waiting', 'fits', 'wrong')", name="state_known"),)

    reader: str = Field(primary_key=True, foreign_key="reader.id")
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    signed: bytes = Field(sa_type=LargeBinary)
    state: str = Field(index=True)
    received_at: datetime = Field(sa_type=Instant)


class Usage(Records, table=True):
    """How many verdicts of one kind a venue gave in one hour (epoch hours); service 0: none was asked for."""

    hour: int = Field(primary_key=True, sa_type=BigInteger)
    venue: str = Field(primary_key=True)
    service: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    direction: str = Field(primary_key=True)
    answer: str = Field(primary_key=True)
    reason: str = Field(primary_key=True, sa_type=Text)
    opened: bool = Field(primary_key=True, sa_type=Boolean)
    count: int = Field(sa_type=BigInteger)


READER, ENROLMENT, TOKEN = table(Reader), table(ReaderEnrolment), table(ReaderToken)
READER_PLACE = table(ReaderPlace)
ASSERTION, SEEN_CODE, MONTH_KEY = table(ReaderAssertion), table(SeenCode), table(MonthKey)
GATE_RECORD, QUARANTINED = table(GateRecord), table(Quarantined)
GATE_CHECKPOINT, USAGE = table(GateCheckpoint), table(Usage)
