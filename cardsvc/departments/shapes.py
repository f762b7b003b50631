"""Bodies and answers of departments."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from cardsvc.departments.lists import MOST_LINES
from cardsvc.desk.asks import Credential, Words
from cardsvc.http.bodies import Answer, Body

#: What a spreadsheet may hold where a card's number should be; longer cells are none.
Cell = Annotated[str, Field(max_length=100)]


class LineBody(Body):
    """One line of a file: its number there, a card's number, and the last day; none: to the card's end."""

    line: int = Field(ge=1, le=1_000_000)
    number: Cell
    until: Annotated[date | None, Field(strict=False)] = None


class ListBody(Body):
    """Cards to grant a service to, or to withdraw it from; every line has a number of its own."""

    act: Literal["grant", "withdraw"]
    reason: Words
    lines: list[LineBody] = Field(min_length=1, max_length=MOST_LINES)


class TouchBody(Body):
    """What the department's key answered."""

    credential: Credential


class LineAnswer(Answer):
    """A line: ready, done; or unchanged, refused, failed, with a reason."""

    line: int
    number: str
    until: date | None
    state: str
    reason: str | None


class ListAnswer(Answer):
    """A list; ``counts`` has how many lines are in which state."""

    id: str
    service: str
    act: str
    state: str
    reason: str
    made_by: str
    made_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    counts: dict[str, int]


class WholeList(ListAnswer):
    """A list with its lines."""

    lines: list[LineAnswer]


class ListsAnswer(Answer):
    """A service's lists, newest first."""

    lists: list[ListAnswer]


class TouchWanted(Answer):
    """What the department's key is to sign."""

    options: dict[str, object]
    expires: datetime


class ServiceAnswer(Answer):
    """A service of the caller's: how many living cards hold it, and which venues serve it."""

    service: str
    holding: int
    venues: list[str]


class ServicesAnswer(Answer):
    """The caller's services."""

    services: list[ServiceAnswer]


class RightAnswer(Answer):
    """What a department said of one card beyond its print: granted, until a day, withdrawn."""

    number: str
    value: str
    until: date | None
    by: str
    at: datetime


class RightsAnswer(Answer):
    """Rights by card number; ``next`` is the card to go on after, None at the end."""

    rights: list[RightAnswer]
    next: str | None
