"""The tables. They describe the records; all reading and writing goes through SQLAlchemy Core.

Rows written one object at a time cost eight times as much, and a second way of writing
would be a second way to be wrong. Days are numbers counted from 2020-01-01 (``verify.days``), ``iat`` and
``exp`` epoch seconds, as on the card; other times are :class:`~cardsvc.records.columns.Instant`.

Every identifier is drawn at random outside the database, so both databases behave alike and no number tells
how many came before. Text columns have no length of their own: SQLite would not keep it, PostgreSQL would.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, CheckConstraint, Enum, Index, LargeBinary, MetaData, Table, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from cardsvc.records.columns import DayMap, Instant, Numbers

#: Constraints carry fixed names, so that an error can be told and a later migration can find them.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
#: Longest name of a state; the columns are as wide.
STATE_CHARACTERS = 12


class ApplicationState(StrEnum):
    """How far an application came."""

    REFUSED = "refused"
    INTENT = "intent"
    ISSUED = "issued"


class CardState(StrEnum):
    """A card's life. ``revoked`` and ``ended`` are for ever; ``ended`` frees the person for a next card."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    ENDED = "ended"


class PrintState(StrEnum):
    """``intent``: reserved, perhaps signed, seen by nobody. ``orphaned``: given up, its index says 1."""

    INTENT = "intent"
    ISSUED = "issued"
    ORPHANED = "orphaned"


class ListKind(StrEnum):
    """Phones have status lists of their own."""

    PRINT = "print"
    PHONE = "phone"


class EntitlementValue(StrEnum):
    """What a department says beyond the printed right (values 1, 2, 3 of the entitlement lists)."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    UNTIL = "until"


def _names(kind: type[StrEnum]) -> Enum:
    return Enum(
        kind,
        native_enum=False,
        length=STATE_CHARACTERS,
        create_constraint=False,
        values_callable=lambda members: [member.value for member in members],
    )


def _one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    allowed = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_known")


class Records(SQLModel):
    """Base of all tables, with a catalogue of its own; ``StatusList`` becomes ``status_list``."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)

    def __init_subclass__(cls, **options: Any) -> None:
        """Name the table after the class."""
        cls.__tablename__ = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        super().__init_subclass__(**options)


class Person(Records, table=True):
    """One human being; everything personal is sealed.

    Two sealed columns are enough: ``facts`` (all text fields as one JSON object) and ``portrait`` (bytes,
    large and rarely read). Fields are always read together, one seal a row keeps bulk issuing fast, the
    lengths of single fields do not show, and a further field needs no migration.
    """

    id: str = Field(primary_key=True)
    key_version: int
    data_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    passport_index: bytes | None = Field(default=None, sa_type=LargeBinary, unique=True)
    facts: bytes | None = Field(default=None, sa_type=LargeBinary)
    portrait: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)


class Card(Records, table=True):
    """A card: the number that stays, whatever is printed. Its permit's true day is kept here, once."""

    __table_args__ = (
        _one_of("state", CardState),
        CheckConstraint("length(number) = 13", name="thirteen_digits"),
        CheckConstraint("valid_from <= valid_until", name="days_in_order"),
        Index(
            "one_living_card",
            "person_id",
            unique=True,
            sqlite_where=sql("state IN ('active', 'suspended')"),
            postgresql_where=sql("state IN ('active', 'suspended')"),
        ),
        Index("ix_card_person_id", "person_id"),
    )

    number: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id")
    card_class: int
    services: int = Field(sa_type=BigInteger)
    service_days: dict[int, int] = Field(sa_type=DayMap)
    valid_from: int
    valid_until: int
    permit_true_day: int | None = None
    state: CardState = Field(sa_type=_names(CardState))
    iss: str
    created_at: datetime = Field(sa_type=Instant)


class Application(Records, table=True):
    """One request for a card; ``reference`` is the desk's own id and makes a repeated request harmless.

    ``request_digest`` and ``family`` are keyed hashes (``sealing``): equal ones are found, none is guessed.
    """

    __table_args__ = (
        _one_of("state", ApplicationState),
        CheckConstraint("submitted_by <> approved_by", name="two_people"),
        CheckConstraint("state = 'refused' OR approved_by IS NOT NULL", name="approved"),
    )

    id: str = Field(primary_key=True)
    reference: str | None = Field(default=None, unique=True)
    person_id: str | None = Field(default=None, foreign_key="person.id")
    card_number: str | None = Field(default=None, foreign_key="card.number", index=True)
    request_digest: bytes = Field(sa_type=LargeBinary)
    state: ApplicationState = Field(sa_type=_names(ApplicationState))
    reason: str | None = Field(default=None, sa_type=Text)
    submitted_by: str
    approved_by: str | None = Field(default=None)
    family: bytes | None = Field(default=None, sa_type=LargeBinary, index=True)
    created_at: datetime = Field(sa_type=Instant)


class Print(Records, table=True):
    """One piece of plastic: its status index, the bytes to be signed, and the signatures once they exist.

    ``status`` holds what never changes back (0, 1 revoked, 3 replaced). 2 is worked out in every snapshot
    from holds and the permit's true day, so that no job has to run when a permit ends.
    """

    __table_args__ = (
        _one_of("state", PrintState),
        CheckConstraint("status IN (0, 1, 3)", name="status_final"),
        CheckConstraint("state <> 'issued' OR gate_signature IS NOT NULL", name="issued_signed"),
        Unique("card_number", "print_no"),
        Unique("list_id", "list_index"),
        Index("ix_print_state", "state"),
        Index("ix_print_exp", "exp"),
        Index("ix_print_signing_kid", "signing_kid"),
    )

    id: str = Field(primary_key=True)
    card_number: str = Field(foreign_key="card.number")
    print_no: int
    cti: bytes = Field(sa_type=LargeBinary, unique=True)
    list_id: str = Field(foreign_key="status_list.id")
    list_index: int
    gate_payload: bytes = Field(sa_type=LargeBinary)
    identity_payload: bytes | None = Field(default=None, sa_type=LargeBinary)
    signing_kid: bytes = Field(sa_type=LargeBinary)
    gate_signature: bytes | None = Field(default=None, sa_type=LargeBinary)
    identity_signature: bytes | None = Field(default=None, sa_type=LargeBinary)
    state: PrintState = Field(sa_type=_names(PrintState))
    iat: int = Field(sa_type=BigInteger)
    exp: int = Field(sa_type=BigInteger)
    permit_day: int | None = None
    status: int
    #: Design and version it was printed with; what was printed before there were several is the first.
    layout: str = Field(default="green@1", sa_column_kwargs={"server_default": "green@1"})


class Chip(Records, table=True):
    """The code written on one chip; it shares its print's status index. No signature yet: an intent."""

    uid: str = Field(primary_key=True)
    print_id: str = Field(foreign_key="print.id", index=True)
    payload: bytes = Field(sa_type=LargeBinary)
    signing_kid: bytes = Field(sa_type=LargeBinary, index=True)
    signature: bytes | None = Field(default=None, sa_type=LargeBinary)
    permit_day: int | None = None
    created_at: datetime = Field(sa_type=Instant)


class StatusList(Records, table=True):
    """A status list: how many of its slots are allotted, and the seed of the order they are allotted in.

    Slots are only allotted in the ``epoch`` the list was opened in: a restored backup does not know which
    slots were given away since.
    """

    __table_args__ = (
        _one_of("kind", ListKind),
        CheckConstraint("used >= 0 AND used <= size", name="slots_used"),
    )

    id: str = Field(primary_key=True)
    kind: ListKind = Field(sa_type=_names(ListKind))
    epoch: int
    size: int
    used: int
    seed: bytes = Field(sa_type=LargeBinary)
    opened_at: datetime = Field(sa_type=Instant)


class Entitlement(Records, table=True):
    """What holds now for one card and service beyond the print; how it came about is in the audit."""

    __table_args__ = (
        _one_of("value", EntitlementValue),
        CheckConstraint("(value = 'until') = (last_day IS NOT NULL)", name="until_a_day"),
        Index("ix_entitlement_service", "service"),
    )

    card_number: str = Field(primary_key=True, foreign_key="card.number")
    service: int = Field(primary_key=True)
    value: EntitlementValue = Field(sa_type=_names(EntitlementValue))
    last_day: int | None = None
    actor: str
    reason: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=Instant)


class Hold(Records, table=True):
    """A suspension; it lasts until it is lifted, whatever happens to the permit."""

    id: str = Field(primary_key=True)
    card_number: str = Field(foreign_key="card.number", index=True)
    reason: str = Field(sa_type=Text)
    placed_by: str
    placed_at: datetime = Field(sa_type=Instant)
    lifted_by: str | None = Field(default=None)
    lifted_at: datetime | None = Field(default=None, sa_type=Instant)


class Venue(Records, table=True):
    """A venue: its settings, and the number of its last bundle, which never falls."""

    id: str = Field(primary_key=True)
    config: dict[str, Any] = Field(sa_type=JSON)
    seq: int = Field(sa_type=BigInteger)
    epoch: int


class VenueBundle(Records, table=True):
    """The newest signed bundle of a venue, for every process to give out.

    ``mark`` is the number of the newest audit entry of a change that it shows.
    """

    venue: str = Field(primary_key=True, foreign_key="venue.id")
    epoch: int
    seq: int = Field(sa_type=BigInteger)
    made_at: datetime = Field(sa_type=Instant)
    mark: int = Field(sa_type=BigInteger)
    data: bytes = Field(sa_type=LargeBinary)


class StaffState(StrEnum):
    """Who is locked signs in by no way, until somebody unlocks."""

    ACTIVE = "active"
    LOCKED = "locked"


class Staff(Records, table=True):
    """A member of staff: role, office, and the services of the department he or she may grant."""

    __table_args__ = (_one_of("state", StaffState),)

    id: str = Field(primary_key=True)
    role: str
    office: str
    services: Sequence[int] = Field(sa_type=Numbers)
    # The database's own defaults: the version before, still running beside this one, knows no such columns.
    name: str = Field(default="", sa_column_kwargs={"server_default": sql("''")})
    language: str = Field(default="en", sa_column_kwargs={"server_default": "en"})
    state: StaffState = Field(
        default=StaffState.ACTIVE,
        sa_type=_names(StaffState),
        sa_column_kwargs={"server_default": StaffState.ACTIVE.value},
    )


class Issuer(Records, table=True):
    """The one row that ``init`` fixes."""

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    iss: str
    public_url: str
    day_offset_s: int
    epoch: int


class Audit(Records, table=True):
    """One act; ``hash`` covers all other fields and the hash of the entry before."""

    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    time: int = Field(sa_type=BigInteger)
    actor: str
    action: str
    subject: str = Field(index=True)
    details: str = Field(sa_type=Text)
    previous: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)


class DistrustedKey(Records, table=True):
    """A card or token key that was stolen: distrusted for ever (docs/format.md section 5)."""

    kid: bytes = Field(primary_key=True, sa_type=LargeBinary)
    reason: str = Field(sa_type=Text)
    distrusted_by: str
    distrusted_at: datetime = Field(sa_type=Instant)


def table(model: type[Records]) -> Table:
    """The Core table behind a model."""
    return Records.metadata.tables[str(model.__tablename__)]


METADATA = Records.metadata
PERSON, CARD, APPLICATION, PRINT = table(Person), table(Card), table(Application), table(Print)
CHIP, STATUS_LIST, ENTITLEMENT, HOLD = table(Chip), table(StatusList), table(Entitlement), table(Hold)
VENUE, STAFF, ISSUER, AUDIT = table(Venue), table(Staff), table(Issuer), table(Audit)
DISTRUSTED_KEY, VENUE_BUNDLE = table(DistrustedKey), table(VenueBundle)
