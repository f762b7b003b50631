"""Bodies and answers of venues, readers and reports."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from cardsvc.http.bodies import Answer, Body, Line
from cardsvc.readers.kinds import Kind
from cardsvc.readers.places import Place, Position

#: A venue's or reader's id: it stands in addresses and file names.
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
Seconds = Annotated[int, Field(ge=0, le=366 * 86_400)]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Days = Annotated[str, Field(pattern=r"^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$")]


class VerdictAnswer(Answer):
    """The verdict of docs/format.md section 8, and the bundle it was made by."""

    verdict: Literal["allow", "deny", "attention"]
    reason: str
    words: str
    card: str | None
    service: str | None
    valid_until: str | None
    assurance: str | None
    data_age_s: int | None
    offline: bool
    opens: bool
    noted: list[str]
    repeated: bool
    not_judged: list[str]
    view: dict[str, Any] | None
    bundle: dict[str, Any]


class OpenHours(Body):
    """When a venue is open; past midnight belongs to the first day."""

    days: Days
    opens: Clock = Field(alias="from")
    closes: Clock = Field(alias="to")


class VisitQuota(Body):
    """At most so many admissions of one card in so many seconds."""

    count: int = Field(ge=1, le=10_000)
    period_s: Seconds


class VenueConfig(Body):
    """A venue's settings, as ``examples/venues.toml`` writes them."""

    name: Line
    role: Literal["gate", "desk", "seller", "police"] = "gate"
    services: list[str] = Field(default_factory=list, max_length=64)
    accept: list[str] = Field(min_length=1, max_length=5)
    stale_after_s: Seconds = 86_400
    expired_after_s: Seconds = 604_800
    staffed: bool = False
    opens_on: list[str] = Field(default_factory=list, max_length=2)
    permit_free: list[str] = Field(default_factory=list, max_length=8)
    hours: list[OpenHours] = Field(default_factory=list, max_length=32)
    quota: VisitQuota | None = None
    passback_s: Seconds | None = None
    hotlist: bool = False

    def plain(self) -> dict[str, Any]:
        """As it is recorded: what says nothing is left out."""
        found = self.model_dump(mode="json", by_alias=True)
        silent = [name for name, value in found.items() if value in (None, []) and name not in _KEPT]
        silent += [] if self.hotlist else ["hotlist"]
        return {name: value for name, value in found.items() if name not in silent}


#: Written even where they name nothing.
_KEPT = ("services", "opens_on", "permit_free")


class VenueEdit(Body):
    """What a venue shall be; ``version`` is the one that was looked at, None for a new venue."""

    version: str | None = Field(default=None, max_length=64)
    config: VenueConfig


class Changed(Answer):
    """Who changed something last."""

    by: str
    at: datetime


class VenueAnswer(Answer):
    """A venue as it is; ``changed`` is None where nobody has changed it since it was made at ``init``."""

    id: str
    version: str
    config: dict[str, Any]
    readers: int
    changed: Changed | None


class VenuesAnswer(Answer):
    """Venues by id."""

    venues: list[VenueAnswer]


class ChangeAnswer(Answer):
    """One setting that would change, and whom it touches."""

    setting: str
    before: Any
    after: Any
    words: str
    cards: int | None
    visits: int | None


class PreviewAnswer(Answer):
    """What an edit would change; ``visits`` were let in in the last 30 days and would not be any more."""

    version: str | None
    changes: list[ChangeAnswer]
    readers: int
    known_within_s: int


class PositionBody(Body):
    """Degrees of WGS 84."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class PlaceBody(Body):
    """What kind of reader it is, and where it stands."""

    kind: Literal["bus", "door", "desk", "tablet", "system", "phone"]
    site: Line | None = None
    position: PositionBody | None = None

    def plain(self) -> Place:
        """As the records keep it."""
        at = self.position
        position = None if at is None else Position(at.latitude, at.longitude)
        return Place(Kind(self.kind), self.site, position)


class CodeWanted(PlaceBody):
    """A code for one new reader; ``service`` is what holders will ask for at it, for its configuration."""

    kind: Literal["bus", "door", "desk", "tablet", "system"] = "door"
    venue: Slug
    name: Slug | None = None
    profile: Literal["gate", "desk", "seller", "police"] | None = None
    service: str | None = Field(default=None, max_length=32)


class SetupAnswer(Answer):
    """What an installer types, and the text of ``reader.toml`` where the kind has one."""

    install: str
    enrol: str
    config: str | None


class CodeAnswer(Answer):
    """A one-time code, shown this once."""

    code: str
    reader: str
    venue: str
    profile: str
    kind: str
    expires: datetime
    url: str
    setup: SetupAnswer


class PlaceAnswer(Answer):
    """Where a reader stands."""

    latitude: float
    longitude: float


class WaitingCode(Answer):
    """A code that nobody has used yet."""

    reader: str
    venue: str
    profile: str
    kind: str
    site: str | None
    made_by: str
    expires: datetime


class ReaderAnswer(Answer):
    """A reader, live; ``state`` is active, stale, silent or revoked."""

    id: str
    venue: str
    profile: str
    kind: str
    site: str | None
    position: PlaceAnswer | None
    state: str
    fingerprint: str
    enrolled: datetime
    revoked: datetime | None
    seen: datetime | None
    data_at: datetime | None
    bundle: str | None
    records: int
    vouched: int
    quarantined: dict[str, int]
    wrong_checkpoints: int


class ReadersAnswer(Answer):
    """Readers by venue."""

    readers: list[ReaderAnswer]
    codes: list[WaitingCode]


class Why(Body):
    """Why somebody does it, for the audit."""

    reason: Line


class GoOn(Body):
    """From which record on a broken log is believed again."""

    seq: int = Field(ge=1, lt=1 << 62)
    reason: Line


class SetAside(Body):
    """Which of what waits is deleted, by its reason, and why."""

    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    reason: Line


class RunAnswer(Answer):
    """Records that came apart for one reason, one after the other; ``first`` is 0 for signatures.

    ``recorded_from`` and ``recorded_to`` are the reader's clock, None where nobody can read it.
    """

    reason: str
    first: int
    last: int
    count: int
    came: datetime
    recorded_from: datetime | None
    recorded_to: datetime | None


class QuarantineAnswer(Answer):
    """Where the unbroken log ends, what waits, and from where one may go on, with how many missing."""

    reader: str
    head: int
    runs: list[RunAnswer]
    go_on_from: int | None
    missing: int


class ExposedReader(Answer):
    """A reader whose data is older than a change."""

    reader: str
    venue: str
    data_at: datetime | None
    until: datetime | None


class ExposedAnswer(Answer):
    """Who may still judge by what was before ``since``; ``last`` is when a card was revoked last, if ever."""

    since: datetime
    last: datetime | None
    readers: list[ExposedReader]


class UseRow(Answer):
    """How many verdicts of one kind in one hour."""

    hour: datetime
    venue: str
    service: str | None
    direction: str
    verdict: str
    reason: str
    opened: bool
    count: int


class UseAnswer(Answer):
    """Use by hour and venue; the city's day begins ``day_offset_s`` east of UTC's."""

    day_offset_s: int
    rows: list[UseRow]


class ReasonRow(Answer):
    """How often a venue refused for one reason."""

    venue: str
    reason: str
    count: int


class ReasonsAnswer(Answer):
    """Refusals by reason, most frequent first."""

    rows: list[ReasonRow]


class TwiceAnswerRow(Answer):
    """One card at two readers of a venue in too short a time; ``apart_m`` where both stand on the map."""

    venue: str
    first_reader: str
    first_site: str | None
    first: datetime
    second_reader: str
    second_site: str | None
    second: datetime
    apart_s: int
    apart_m: int | None


class TwiceAnswer(Answer):
    """Such pairs, newest first: within so many seconds, or faster than that.

    ``more``: there were older ones in the month that one answer has no room for.
    """

    within_s: int
    fastest_km_h: int
    rows: list[TwiceAnswerRow]
    more: bool


class RevokedRow(Answer):
    """A revoked card that was let in; which one is not said."""

    venue: str
    reader: str
    at: datetime
    revoked: datetime
    data_seq: int
    after_s: int


class RevokedAnswer(Answer):
    """Admissions of cards that had been revoked."""

    rows: list[RevokedRow]
