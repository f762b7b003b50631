"""What leaves the routes of printing: declared answers."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from cardsvc.http.bodies import Answer


class JobAnswer(Answer):
    """A print job."""

    id: str
    state: Literal["waiting", "running", "ready", "released", "failed"]
    done: int
    of: int
    held_back: list["HeldBack"]
    form: str
    printer: str | None
    made_by: str
    made_at: datetime
    cards: list[str]
    blanks: int


class HeldBack(Answer):
    """A card that was not printed, and why."""

    number: str
    reason: str
    words: str


class JobsAnswer(Answer):
    """Print jobs, newest first."""

    jobs: list[JobAnswer]


class ToPrintRow(Answer):
    """An issued card that no job has released yet."""

    model_config = Answer.model_config | {"populate_by_name": True}

    number: str
    name: str
    card_class: str = Field(alias="class")
    office: str
    issued_at: datetime


class ToPrintAnswer(Answer):
    """What waits to be printed."""

    rows: list[ToPrintRow]


class StockRow(Answer):
    """The blanks of an office."""

    office: str
    count: int


class StockAnswer(Answer):
    """Blanks by office."""

    offices: list[StockRow]
