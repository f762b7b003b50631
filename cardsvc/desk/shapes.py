"""What leaves the routes of cases, approvals, families and files: declared answers."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from cardsvc.desk.asks import Fields
from cardsvc.http.bodies import Answer


class Told(Answer):
    """A reason and words."""

    reason: str
    words: str


class Wrong(Answer):
    """What is wrong with one field."""

    field: str
    reason: str
    words: str


class Likely(Answer):
    """Somebody who may be the same person."""

    kind: Literal["same_passport", "same_person_new_passport", "similar"]
    card: str | None
    case: str | None
    words: str
    score: float
    name: str
    birth: str | None
    face: str | None


class Differs(Answer):
    """Where an application is not what was known."""

    field: str
    source: Literal["mrz", "card", "resident"]
    known: str
    now: str
    words: str


class Box(Answer):
    """A crop."""

    x: int
    y: int
    w: int
    h: int


class PortraitFacts(Answer):
    """What is known of a case's portrait; ``size`` is the upright picture's."""

    present: bool
    size: list[int] | None
    crop: Box | None
    findings: list[Told]


class Refusal(Answer):
    """Why a case was refused, and the letter by language."""

    reason: str
    words: str
    language: str
    letter: dict[str, str]


class LetterAnswer(Answer):
    """A letter by language, before it is sent."""

    letter: dict[str, str]


class Returned(Answer):
    """Who sent a draft back, and why."""

    by: str
    at: datetime
    words: str


class Declared(Answer):
    """The application of a phone that a case was made of."""

    reference: str
    at: datetime


class CaseAnswer(Answer):
    """A case."""

    id: str
    reference: str
    version: int
    state: Literal["draft", "submitted", "approving", "issued", "refused", "withdrawn", "failed"]
    office: str
    owner: str
    submitted_by: str | None
    submitted_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime
    family: str | None
    application: Fields
    portrait: PortraitFacts
    errors: list[Wrong]
    warnings: list[Likely]
    exceptions: list[Told]
    differences: list[Differs]
    card_number: str | None
    refusal: Refusal | None
    returned: Returned | None
    declared: Declared | None
    opened_by: list[str]
    allowed: list[str]


class Why(Answer):
    """Why a draft waits: a reason, the field it is about, and words."""

    field: str | None
    reason: str
    words: str


class Row(Answer):
    """A line of the work list."""

    id: str
    reference: str
    name: str
    name_native: Any = None
    name_chinese: Any = None
    nationality: Any = None
    state: str
    waiting_for: Literal["clerk", "approval", "printing", "nobody"]
    why: list[Why]
    since: datetime
    owner: str
    submitted_by: str | None
    office: str
    family: str | None
    version: int
    card_number: str | None


class QueueAnswer(Answer):
    """A page of the work list."""

    rows: list[Row]
    counts: dict[str, int]
    next: str | None


class HistoryEntry(Answer):
    """One thing that happened."""

    at: datetime
    by: str
    action: str
    details: dict[str, str]
    note: str | None
    words: str


class HistoryAnswer(Answer):
    """What happened, oldest first."""

    entries: list[HistoryEntry]


class WarningsAnswer(Answer):
    """Who may be the same person."""

    warnings: list[Likely]


class LinesAnswer(Answer):
    """What the passport's lines say."""

    application: Fields
    errors: list[Wrong]


class PreviewAnswer(Answer):
    """Both sides as data URLs, and what is still wrong."""

    front: str
    back: str
    errors: list[Wrong]


class ReasonsAnswer(Answer):
    """Why a case may be refused."""

    reasons: list[Told]


class ShownCard(Answer):
    """A case in an approval."""

    case: str | None
    name: str
    number: str
    differences: list[Differs]
    exceptions: list[Told]


class ApprovalAnswer(Answer):
    """What the approver's key is asked."""

    approval: str
    options: dict[str, Any]
    cards: list[ShownCard]
    must_open: list[str]
    expires: datetime


class SignedCardAnswer(Answer):
    """What became of one card."""

    case: str | None
    number: str
    state: Literal["issued", "failed"]
    words: str


class SignedAnswer(Answer):
    """What became of an approval."""

    cards: list[SignedCardAnswer]


class ApprovalState(Answer):
    """Where an approval stands."""

    approval: str
    state: Literal["waiting", "asserted", "done", "returned"]
    approver: str
    expires: datetime
    cards: list[SignedCardAnswer]


class FamilyMember(Answer):
    """A case of a family."""

    case: str
    name: str
    state: str
    card_number: str | None
    is_guardian: bool


class FamilyAnswer(Answer):
    """A family; ``ready`` when everybody who is still in it may be approved."""

    id: str
    guardian: str | None
    cases: list[FamilyMember]
    ready: bool


class ImportRow(Answer):
    """A row of an import."""

    row: int
    application: Fields
    errors: list[Wrong]
    warnings: list[Likely]
    case: str | None


class ImportAnswer(Answer):
    """A file of applications, looked through."""

    model_config = Answer.model_config | {"populate_by_name": True}

    id: str = Field(alias="import")
    rows: list[ImportRow]


class AcceptedRow(Answer):
    """A row that became a case."""

    row: int
    case: str


class AcceptedAnswer(Answer):
    """The cases of an import."""

    cases: list[AcceptedRow]
