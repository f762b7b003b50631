"""The address of a chip, opened by a phone or a reader on line: words or JSON, no number, once."""

from collections.abc import Iterator

import pytest

from cardsvc.desk.taps import personalise_chip
from cardsvc.http.budget import TAPS
from cardsvc.installation import open_installation
from tests.desk.test_taps import STATION, UID, Chip
from tests.desk.town import NOW, PUBLIC_URL, Issued, Town, application
from tests.service.fixtures import house as house
from tests.service.fixtures import pattern as pattern
from tests.service.house import House


@pytest.fixture
def town(house: House) -> Iterator[Town]:
    """The console of the same installation."""
    with open_installation(house.site.settings) as installation:
        yield Town(installation)


@pytest.fixture
def card(town: Town) -> Issued:
    return town.card(application())


@pytest.fixture
def chip(town: Town, card: Issued) -> Chip:
    station = bytes(STATION.public_key)
    return Chip(personalise_chip(town.installation, town.life(NOW), card.number, UID, NOW, station))


def path(address: str) -> str:
    assert address.startswith(f"{PUBLIC_URL}/t?")
    return address.removeprefix(PUBLIC_URL)


def test_a_tap_is_good_once_and_names_nobody(house: House, town: Town, card: Issued, chip: Chip) -> None:
    browser, address = house.browser(), path(chip.tap())
    first = browser.client.get(address)
    assert first.json() == {"genuine": True, "reason": "ok", "services": ["bus", "library"]}
    assert first.headers["cache-control"] == "no-store"
    assert card.number not in first.text
    assert browser.get(address) == {"genuine": False, "reason": "replayed", "services": []}
    town.life(NOW).suspend(card.number, "lost")
    assert browser.get(path(chip.tap())) == {"genuine": True, "reason": "suspended", "services": []}


def test_a_browser_is_told_in_words(house: House, town: Town, card: Issued, chip: Chip) -> None:
    client = house.browser().client
    address = path(chip.tap())
    accept = {"accept": "text/html,application/xhtml+xml"}
    for words in ("genuine and good today", "shown before"):
        told = client.get(address, headers=accept)
        assert told.headers["content-type"] == "text/plain; charset=utf-8"
        assert words in told.text
    town.life(NOW).revoke(card.number, "fraud")
    assert "not good today" in client.get(path(chip.tap()), headers=accept).text


@pytest.mark.parametrize("query", ["", "?p=00&c=00", f"?p={'zz' * 16}&c={'00' * 8}", f"?p={'00' * 16}"])
def test_what_is_no_tap_is_a_problem(house: House, query: str) -> None:
    assert house.browser().client.get(f"/t{query}").status_code in (400, 422)


def test_a_made_up_tap_is_no_card(house: House) -> None:
    told = house.browser().get(f"/t?p={'00' * 16}&c={'00' * 8}")
    assert told == {"genuine": False, "reason": "bad_signature", "services": []}


def test_strangers_taps_cost_the_signer_one_question(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, signer, asked = house.browser(), house.site.signer, []
    original = signer.record_keys
    monkeypatch.setattr(signer, "record_keys", lambda: asked.append(1) or original())
    for _ in range(3):
        assert not browser.get(f"/t?p={'00' * 16}&c={'00' * 8}")["genuine"]
    assert len(asked) == 1
    for _ in range(TAPS - 3):
        house.app.state.serving.taps.spend("testclient", house.clock.now)
    answer = browser.client.get(f"/t?p={'00' * 16}&c={'00' * 8}")
    assert (answer.status_code, answer.json()["reason"]) == (429, "too_often")
