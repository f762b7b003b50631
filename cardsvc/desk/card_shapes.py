"""What leaves the routes of cards and acts: declared answers."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from cardsvc.desk.shapes import HistoryEntry
from cardsvc.http.bodies import Answer


class CardRow(Answer):
    """A card in a list."""

    model_config = Answer.model_config | {"populate_by_name": True}

    number: str
    name: str
    card_class: str = Field(alias="class")
    state: Literal["active", "suspended", "revoked", "ended"]
    valid_until: str
    permit_until: str | None
    office: str


class CardRows(Answer):
    """Cards that fit a search; ``more`` where a narrower one would find others."""

    rows: list[CardRow]
    more: bool


class PrintFacts(Answer):
    """One print of a card; ``made_at`` is when it was dated."""

    print: int
    state: Literal["intent", "issued", "orphaned"]
    status: Literal["valid", "revoked", "replaced"]
    made_at: datetime


class Right(Answer):
    """A service a card opens."""

    service: str
    until: str | None
    by: Literal["print", "list"]


class HoldFacts(Answer):
    """A suspension."""

    reason: str
    by: str
    at: datetime
    lifted_by: str | None
    lifted_at: datetime | None


class ActAnswer(Answer):
    """An act that was asked for."""

    id: str
    card: str
    name: str
    act: str
    reason: str
    service: str | None
    until: str | None
    permit_until: str | None
    chip: str | None
    requested_by: str
    office: str
    at: datetime
    state: Literal["waiting", "asserted", "done", "refused", "returned"]
    decided_by: str | None


class ActsAnswer(Answer):
    """Acts that were asked for."""

    acts: list[ActAnswer]


class ChipFacts(Answer):
    """A chip that carries the card's code, or is to; ``print`` is the print whose code it is."""

    uid: str
    print: int
    signed: bool
    made_at: datetime


class CardAnswer(CardRow):
    """A card with all that belongs to it."""

    name_native: str | None
    name_chinese: str | None
    nationality: str
    birth: str
    passport: str
    valid_from: str
    person_cards: list[str]
    prints: list[PrintFacts]
    chips: list[ChipFacts]
    rights: list[Right]
    withdrawn: list[str]
    holds: list[HoldFacts]
    acts: list[ActAnswer]
    history: list[HistoryEntry]
    face: str


class AskedAnswer(Answer):
    """What became of an act: done at once, or a request that waits. ``card`` where one may see it."""

    done: bool
    act_request: str | None
    card: CardAnswer | None


class ChallengeAnswer(Answer):
    """What a second person's key is asked; no options: the act needs no key."""

    options: dict[str, Any] | None
    expires: datetime


class DecidedAnswer(Answer):
    """A request that was decided, and the card where one may see it."""

    act: ActAnswer
    card: CardAnswer | None
