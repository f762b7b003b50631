"""The tables of the desk: cases, families, imports, approvals, acts that wait for somebody, print jobs.

What is personal lies in sealed columns under a data key of the row's own (``cardsvc.records.safe``); what has
to be found without being opened is a keyed hash (:class:`Trace`).
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, Text
from sqlmodel import Field

from cardsvc.records.columns import Instant
from cardsvc.records.tables import Records, _names, _one_of, table


class CaseState(StrEnum):
    """How far a case came; ``issued``, ``refused`` and ``withdrawn`` are the end of it."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVING = "approving"
    ISSUED = "issued"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class ApprovalState(StrEnum):
    """``waiting`` for the approver's key; ``asserted``: it has spoken, signatures are to come."""

    WAITING = "waiting"
    ASSERTED = "asserted"
    DONE = "done"
    RETURNED = "returned"


class ActState(StrEnum):
    """``asserted`` as for an approval; ``refused`` by a person, ``returned`` because it ran out."""

    WAITING = "waiting"
    ASSERTED = "asserted"
    DONE = "done"
    REFUSED = "refused"
    RETURNED = "returned"


class JobState(StrEnum):
    """``ready``: every page was read back, or its card is named as held back."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    RELEASED = "released"
    FAILED = "failed"


class ItemState(StrEnum):
    """One card of a print job."""

    WAITING = "waiting"
    READY = "ready"
    HELD_BACK = "held_back"
    RELEASED = "released"
    SPOILED = "spoiled"


class CaseFile(Records, table=True):
    """One application on its way from draft to card."""

    __table_args__ = (
        _one_of("state", CaseState),
        CheckConstraint("submitted_by <> decided_by", name="two_people"),
        CheckConstraint("state <> 'issued' OR decided_by IS NOT NULL", name="decided"),
        Index("ix_case_file_office_state", "office", "state"),
    )

    id: str = Field(primary_key=True)
    reference: str = Field(unique=True)
    version: int
    state: CaseState = Field(sa_type=_names(CaseState))
    office: str
    owner: str
    submitted_by: str | None = None
    submitted_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant, index=True)
    family: str | None = Field(default=None, foreign_key="family_file.id", index=True)
    approval: str | None = Field(default=None, foreign_key="approval.id", index=True)
    attempts: int = 0
    card_number: str | None = Field(default=None, foreign_key="card.number", index=True)
    key_version: int
    data_key: bytes = Field(sa_type=LargeBinary)
    content: bytes = Field(sa_type=LargeBinary)
    portrait: bytes | None = Field(default=None, sa_type=LargeBinary)
    picture: bytes | None = Field(default=None, sa_type=LargeBinary)


class CaseOpening(Records, table=True):
    """That an approver has looked at one version of a case."""

    case_id: str = Field(primary_key=True, foreign_key="case_file.id")
    staff: str = Field(primary_key=True)
    version: int
    opened_at: datetime = Field(sa_type=Instant)


class FamilyFile(Records, table=True):
    """Cases that are accepted together and issued together; the guardian's case is one of them."""

    id: str = Field(primary_key=True)
    guardian: str | None = None
    office: str
    made_by: str
    made_at: datetime = Field(sa_type=Instant)


class Trace(Records, table=True):
    """A keyed hash by which a case or a person is found: a passport, a part of a name, a likeness."""

    __table_args__ = (Index("ix_trace_subject", "kind", "subject"),)

    key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)


class ImportFile(Records, table=True):
    """A file of applications that a clerk looks through before it becomes cases."""

    id: str = Field(primary_key=True)
    office: str
    made_by: str
    made_at: datetime = Field(sa_type=Instant)
    key_version: int
    data_key: bytes = Field(sa_type=LargeBinary)
    content: bytes = Field(sa_type=LargeBinary)


class Approval(Records, table=True):
    """What one approver approves with one touch of a key; ``request`` are the very bytes the key signs."""

    __table_args__ = (
        _one_of("state", ApprovalState),
        CheckConstraint("submitter <> approver", name="two_people"),
    )

    id: str = Field(primary_key=True)
    state: ApprovalState = Field(sa_type=_names(ApprovalState), index=True)
    submitter: str
    approver: str
    office: str
    request: bytes = Field(sa_type=LargeBinary)
    assertion: bytes | None = Field(default=None, sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=Instant)
    expires: datetime = Field(sa_type=Instant)


class ApprovalPrint(Records, table=True):
    """A print that waits for an approval: nobody else may sign it."""

    approval: str = Field(primary_key=True, foreign_key="approval.id")
    place: int = Field(primary_key=True)
    print_id: str = Field(foreign_key="print.id", unique=True)
    case_id: str | None = Field(default=None, foreign_key="case_file.id")


class ActRequest(Records, table=True):
    """An act on a card that one person asked for and another must allow."""

    __table_args__ = (
        _one_of("state", ActState),
        # A department grants its own service by itself, with its own key.
        CheckConstraint("requested_by <> decided_by OR act = 'grant'", name="two_people"),
    )

    id: str = Field(primary_key=True)
    card_number: str = Field(foreign_key="card.number", index=True)
    act: str
    reason: str = Field(sa_type=Text)
    service: int | None = None
    last_day: int | None = None
    state: ActState = Field(sa_type=_names(ActState), index=True)
    office: str
    requested_by: str
    requested_at: datetime = Field(sa_type=Instant)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    approval: str | None = Field(default=None, foreign_key="approval.id")
    challenged: str | None = None
    request: bytes | None = Field(default=None, sa_type=LargeBinary)
    assertion: bytes | None = Field(default=None, sa_type=LargeBinary)
    expires: datetime | None = Field(default=None, sa_type=Instant)
    chip: str | None = None
    holds: list[str] | None = Field(default=None, sa_type=JSON)


class PrintJob(Records, table=True):
    """Cards to be printed together; whoever holds the lease works on it, and it runs out by itself."""

    __table_args__ = (_one_of("state", JobState),)

    id: str = Field(primary_key=True)
    state: JobState = Field(sa_type=_names(JobState), index=True)
    office: str
    form: str
    printer: str | None = None
    made_by: str
    made_at: datetime = Field(sa_type=Instant)
    worker: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    blanks: int = 0
    key_version: int
    data_key: bytes | None = Field(default=None, sa_type=LargeBinary)


class PrintItem(Records, table=True):
    """One card of a print job, in its place."""

    __table_args__ = (_one_of("state", ItemState),)

    job: str = Field(primary_key=True, foreign_key="print_job.id")
    place: int = Field(primary_key=True)
    card_number: str = Field(foreign_key="card.number", index=True)
    print_id: str = Field(foreign_key="print.id", index=True)
    state: ItemState = Field(sa_type=_names(ItemState))
    reason: str | None = None
    words: str | None = Field(default=None, sa_type=Text)


class BlankStock(Records, table=True):
    """How many blank cards an office has."""

    __table_args__ = (CheckConstraint("blanks >= 0", name="not_below_nothing"),)

    office: str = Field(primary_key=True)
    blanks: int
    counted_by: str
    counted_at: datetime = Field(sa_type=Instant)


CASE_FILE, CASE_OPENING, FAMILY_FILE = table(CaseFile), table(CaseOpening), table(FamilyFile)
TRACE, IMPORT_FILE, APPROVAL, APPROVAL_PRINT = (
    table(Trace),
    table(ImportFile),
    table(Approval),
    table(ApprovalPrint),
)
ACT_REQUEST, PRINT_JOB, PRINT_ITEM = table(ActRequest), table(PrintJob), table(PrintItem)
BLANK_STOCK = table(BlankStock)
