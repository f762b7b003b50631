"""A running service with cards of its own, and officers who have passkeys."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from cardsvc.desk.outcomes import Issued
from cardsvc.installation import open_installation
from tests.desk.town import Town, application
from tests.records.conftest import postgres_database as postgres_database
from tests.records.conftest import postgres_url as postgres_url
from tests.service.fixtures import either_house as either_house
from tests.service.fixtures import house as house
from tests.service.fixtures import pattern as pattern
from tests.service.house import Browser, House
from verify import text

CASE = "A330782-2026-0117"


@dataclass
class Beat:
    """Two officers, the cards of a town, and the clock that all of them go by."""

    house: House
    town: Town
    first: Browser
    second: Browser
    cards: list[Issued] = field(default_factory=list)

    def identity(self, place: int = 0) -> str:
        """The text of the code on the back of a card."""
        return text.encode(self.town.codes(self.cards[place].print_id).identity)

    def gate(self, place: int = 0) -> str:
        return text.encode(self.town.codes(self.cards[place].print_id).gate)

    def scan(self, place: int = 0, by: Browser | None = None) -> Any:
        return (by or self.first).post("/api/police/scans", {"code": self.identity(place)})

    def ask(self, query: dict[str, str], **changed: Any) -> Any:
        """The first officer's request for somebody without a card."""
        return self.first.post("/api/police/look-ups", wish(query, **changed))

    def agree(self, request: str, by: str = "officer2", screen: Browser | None = None, **how: Any) -> Any:
        """An officer touches a key, on a phone of one's own or on somebody else's ``screen``."""
        at = screen or {"officer1": self.first, "officer2": self.second}[by]
        begun = at.post(f"/api/police/requests/{request}/challenge")
        credential = self.house.device(by).get(begun["options"])
        return at.post(f"/api/police/requests/{request}/approve", {"credential": credential}, **how)

    def answer(self, request: str) -> Any:
        return self.first.post(f"/api/police/look-ups/{request}/answer")["found"]

    def looks(self, number: str, days: int = 400) -> list[Any]:
        """Every look at a card, whenever its holder may be told."""
        with self.house.site.store.reading() as tx:
            return tx.looks.told(number, self.house.clock.now + timedelta(days=days))


def wish(query: dict[str, str], **changed: Any) -> dict[str, Any]:
    return {"query": query, "purpose": "missing", "case_number": CASE} | changed


def make_beat(house: House) -> Iterator[Beat]:
    officers = [house.enrolled(name) for name in ("officer1", "officer2")]
    with open_installation(house.site.settings) as console:
        town = Town(console)
        raws = [application(), application(2, surname="Aydin", given_names="Selin", birth="1985-07-09")]
        yield Beat(house, town, officers[0], officers[1], [town.card(one) for one in raws])


@pytest.fixture
def beat(house: House) -> Iterator[Beat]:
    yield from make_beat(house)


@pytest.fixture
def either_beat(either_house: House) -> Iterator[Beat]:
    """The same on SQLite and on PostgreSQL."""
    yield from make_beat(either_house)
