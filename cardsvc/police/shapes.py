"""What comes to and leaves the officers' routes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from cardsvc.http.bodies import Answer, Body, Line
from cardsvc.police.purposes import COVERT, OPEN

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{13}$")]
#: The longest text a QR code holds (ISO/IEC 18004, alphanumeric), with room.
Code = Annotated[str, StringConstraints(min_length=1, max_length=4500)]
#: Letters, digits and a few marks, four digits at least: a case number, not a name or a sentence.
CaseNumber = Annotated[
    str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9/()-]{0,15}(?:[0-9]{4})[A-Z0-9/()-]{0,20}$")
]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Passport = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{3,20}$")]
Purpose = Literal["identity", "missing", "accident", "document", "investigation", "wanted"]
Kind = Literal["look_up", "hot", "lift"]


class Shift(Answer):
    """A shift that has begun; ``now`` is the service's time. Purposes, and the most days to be covert."""

    staff: str
    name: str
    office: str
    ends: datetime
    now: datetime
    purposes: tuple[str, ...] = OPEN + COVERT
    covert: tuple[str, ...] = COVERT
    covert_days: int


class PhoneCode(Answer):
    """A one-time code that makes this phone a reader, and the name it will have (docs/readers.md)."""

    code: str
    reader: str
    venue: str
    url: str
    expires: datetime


class ScanBody(Body):
    """A code as it was scanned."""

    code: Code


class RightView(Answer):
    """A service, and its last day where it ends before the card."""

    service: str
    until: str | None


class PrintView(Answer):
    """One print of the card and what became of it."""

    print: int
    status: Literal["valid", "lost", "revoked", "replaced"]
    made_at: datetime


class Who(Answer):
    """The least that tells one person from another, and how the card stands now."""

    number: str
    name: str
    name_native: str | None
    language_native: str | None
    name_chinese: str | None
    birth: str
    sex: str
    nationality: str
    card_class: Annotated[str, Field(alias="class")]
    status: Literal["valid", "suspended", "revoked", "expired", "permit_over"]
    permit_until: str | None
    valid_until: str
    office: str
    hotlist: bool


class Details(Who):
    """Everything after a scan; ``until`` is when the scan opens nothing any more."""

    scan: str
    until: datetime
    passport: str
    passport_country: str
    services: list[RightView]
    prints: list[PrintView]


class Found(Who):
    """Somebody who was looked up; the portrait is a JPEG in base64."""

    portrait: str


class FoundAnswer(Answer):
    """Whom a look-up found."""

    found: list[Found]


class ByPassport(Body):
    """A passport's number, and the country that gave it (alpha-3)."""

    by: Literal["passport"]
    passport: Passport
    country: Country


class ByCard(Body):
    """A card's number."""

    by: Literal["card"]
    card: Number


class ByName(Body):
    """Words of a name, in Latin letters or as the card has them, and the day of birth."""

    by: Literal["name"]
    name: Line
    birth: Day


class Vouched(Body):
    """Why, and in which case."""

    purpose: Purpose
    case_number: CaseNumber


class LookUpBody(Vouched):
    """Somebody looked for without the card."""

    query: Annotated[ByPassport | ByCard | ByName, Field(discriminator="by")]
    covert_days: Annotated[int, Field(ge=0, le=365)] | None = None


class HotBody(Vouched):
    """A card to be looked for, through the last day named."""

    card: Number
    until: Day


class Agreeing(Body):
    """A passkey's answer: ``PublicKeyCredential.toJSON()``."""

    credential: dict[str, Any]


class Options(Answer):
    """What a passkey is to sign (``PublicKeyCredentialRequestOptionsJSON``)."""

    options: dict[str, Any]


class RequestView(Answer):
    """A request of two officers; ``query`` says who or what is asked about."""

    id: str
    kind: Kind
    state: Literal["waiting", "approved", "answered", "done", "refused", "over"]
    asker: str
    asker_name: str
    office: str
    purpose: str
    case_number: str
    covert_days: int
    until: datetime | None
    query: dict[str, str]
    at: datetime
    expires: datetime
    decided: datetime | None
    second: str | None


class RequestsAnswer(Answer):
    """One's own requests of this shift, and others' that wait for one's passkey."""

    own: list[RequestView]
    waiting: list[RequestView]


class HotView(Answer):
    """A card that is looked for."""

    id: str
    card: str
    purpose: str
    case_number: str
    office: str
    placed_by: str
    placed_at: datetime
    until: datetime


class HotAnswer(Answer):
    """The hotlist as it is now, newest first; ``next`` is where to go on, None at its end."""

    total: int
    next: str | None
    entries: list[HotView]


class BudgetView(Answer):
    """What was counted in one hour or day, beside its limit; ``refused`` were too many."""

    kind: Literal["details", "look_up"]
    scope: Literal["person", "unit", "all"]
    subject: str
    span: Literal["hour", "day"]
    at: datetime
    count: int
    refused: int
    limit: int


class BudgetsAnswer(Answer):
    """Counts of the last days, the newest first."""

    budgets: list[BudgetView]


class DrawBody(Body):
    """How many looks to draw, of how many days."""

    days: Annotated[int, Field(ge=1, le=366)]
    count: Annotated[int, Field(ge=1, le=50)]


class Drawn(Answer):
    """How many looks were drawn."""

    drawn: int


class ReviewBody(Body):
    """What the reviewer says of a look's purpose."""

    verdict: Literal["fine", "explain"]


class ReviewView(Answer):
    """A look that was drawn for review."""

    look: str
    card: str
    kind: Literal["details", "look_up"]
    staff: str
    second: str | None
    office: str
    purpose: str
    case_number: str | None
    at: datetime
    told_from: datetime
    drawn_by: str
    verdict: Literal["fine", "explain"] | None
    reviewed_by: str | None


class ReviewsAnswer(Answer):
    """What waits for a review, and what was reviewed last."""

    waiting: list[ReviewView]
    reviewed: list[ReviewView]
