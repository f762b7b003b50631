"""From phone to phone across a table, back by a code on paper, and what is lost each by itself."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import Person
from tests.web_card.phones import Door, enrol, issued, screen_code

SMALL = {"viewport": {"width": 360, "height": 780}, "locale": "en"}
#: What a scan says of a card that is not good, as its holder is told.
STATES = {
    "suspended": "Scans say “suspended”",
    "permit_over": "Scans say “suspended”",
    "expired": "Scans say “expired”",
    "revoked": "Scans say “not valid”",
}
LOOK_AT = "async ([number]) => (await fetch(`/api/desk/faces/card/${number}`)).status"


@pytest.fixture
def phones(house: House, browser: Browser) -> Iterator[list[Person]]:
    """Three phones on one table."""
    made = [Person(browser, house.url, **SMALL) for _ in range(3)]
    yield made
    for one in made:
        one.close()


def written(page: Page, house: House) -> str:
    """Make a recovery code and write it down."""
    page.goto(f"{house.url}/card#/paper")
    page.get_by_role("button", name="Make a code").click()
    letters = str(page.locator(".written").text_content()).replace(" ", "")
    page.get_by_label("The last four letters").fill("2222")
    page.get_by_role("button", name="I have it on paper").click()
    expect(page.get_by_text("That is not what stands there.")).to_be_visible()
    page.get_by_label("The last four letters").fill(letters[-4:].lower())
    page.get_by_role("button", name="I have it on paper").click()
    expect(page.get_by_text("The code on your paper is good from now on.")).to_be_visible()
    assert letters not in str(page.content())
    return letters


def test_a_card_moves_to_another_phone_and_back_by_paper(
    house: House, staff: Staff, phones: list[Person], tmp_path: Path
) -> None:
    old, new, found = phones
    [(number, _)] = issued(house, tmp_path / "cards", 0)
    enrol(old.page, house.url, staff["clerk1"].page, staff["chief1"].page, number)

    # Both lie on one table: the old one's camera opens what the new one shows.
    new.page.goto(f"{house.url}/card")
    new.page.get_by_role("link", name="Move from my old phone").click()
    new.page.get_by_role("button", name="Show a code").click()
    expect(new.page.locator(".reference")).to_be_visible()
    new.accessible()
    digits = str(new.page.locator(".fingerprint").text_content())
    new.page.reload()  # the key lies in the phone before anybody signs for it
    old.page.goto(screen_code(new.page))
    old.page.get_by_role("button", name="Continue").click()
    expect(old.page.locator(".fingerprint")).to_have_text(digits)
    old.accessible()
    old.page.get_by_role("button", name="Yes, move the card").click()
    expect(old.page.get_by_text("The card is on the other phone now")).to_be_visible()
    expect(new.page.get_by_label("Hold this code to the reader")).to_be_visible()
    assert Door.of_now(house, tmp_path, new.page) == "allow ok"

    letters = written(new.page, house)
    new.accessible()
    found.page.goto(f"{house.url}/card#/recover")
    found.page.get_by_label("The 24 letters").fill(letters[:-1] + ("3" if letters[-1] == "2" else "2"))
    found.page.get_by_role("button", name="Ask for my card").click()
    expect(found.page.get_by_text("A letter is wrong or missing.")).to_be_visible()
    found.page.get_by_label("The 24 letters").fill(letters)
    found.page.get_by_label("Stop the lost phone at once").uncheck()
    found.accessible()
    found.page.get_by_role("button", name="Ask for my card").click()
    expect(found.page.get_by_text("Your card is on its way")).to_be_visible()
    found.accessible()

    # It was not lost: the phone says so, and stops it, code and all.
    new.page.goto(f"{house.url}/card")
    expect(new.page.get_by_text("Somebody with your recovery code")).to_be_visible()
    new.accessible()
    new.page.get_by_role("button", name="Stop it").click()
    new.page.get_by_role("button", name="Yes").click()
    expect(new.page.get_by_text("Somebody with your recovery code")).to_be_hidden()
    found.page.reload()
    expect(found.page.locator(".state")).to_contain_text("no longer carries the card")


def test_what_is_lost_and_who_looked(
    house: House, staff: Staff, phones: list[Person], tmp_path: Path
) -> None:
    own, other, _ = phones
    clerk, chief = staff["clerk1"].page, staff["chief1"].page
    [(number, _)] = issued(house, tmp_path / "cards", 3)
    for one in (own, other):
        enrol(one.page, house.url, clerk, chief, number)
    assert clerk.evaluate(LOOK_AT, [number]) == 200
    page = own.page
    page.goto(f"{house.url}/card#/more")
    page.get_by_role("link", name="Who looked at my data").click()
    expect(page.get_by_text("The desk compared your portrait")).to_be_visible()
    own.accessible()

    page.goto(f"{house.url}/card#/lost")
    expect(page.get_by_text("Phones with this card")).to_be_visible()
    page.get_by_role("button", name="That phone is lost").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Phones with this card")).to_be_hidden()
    page.get_by_role("button", name="Chip or tag lost").click()
    own.accessible()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("The plastic card is reported lost.")).to_be_visible()
    other.page.reload()
    expect(other.page.locator(".state")).to_contain_text("no longer carries the card")
    page.goto(f"{house.url}/card")
    assert Door.of_now(house, tmp_path, page) == "allow ok"
    states(page)


def states(page: Page) -> None:
    """The page, however the service answers: what a scan will say, what to do about it, what ends soon."""
    told: dict[str, Any] = {}

    def answer(route: Route) -> None:
        came = route.fetch()
        said = came.json()
        route.fulfill(
            response=came, json=said | {"state": told["state"], "card": said["card"] | told["card"]}
        )

    page.route("**/api/holder/renew", answer)
    soon = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    told |= {"state": "valid", "card": {"permit_until": soon, "valid_until": soon}}
    page.reload()
    expect(page.get_by_text("Your permit ends in")).to_be_visible()
    expect(page.get_by_text("This card ends in")).to_be_visible()
    for state, words in STATES.items():
        told |= {"state": state, "card": {}}
        page.reload()
        expect(page.locator(".state")).to_contain_text(words)
        expect(page.locator("svg.qr")).to_be_hidden()


@pytest.mark.parametrize("minutes", [-3, 3])
def test_a_phone_whose_clock_is_wrong_shows_good_codes(
    house: House, browser: Browser, staff: Staff, tmp_path: Path, minutes: int
) -> None:
    [(number, _)] = issued(house, tmp_path / "cards", 5 if minutes > 0 else 7)
    phone = Person(browser, house.url, **SMALL, reduced_motion="reduce")
    phone.page.add_init_script(f"const right = Date.now; Date.now = () => right() + {minutes * 60_000};")
    enrol(phone.page, house.url, staff["clerk1"].page, staff["chief1"].page, number)
    assert Door.of_now(house, tmp_path, phone.page) == "allow ok"
    phone.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    phone.context.set_offline(True)  # the service's time is remembered
    phone.page.reload()
    expect(phone.page.locator("svg.qr")).to_be_visible()
    assert Door.of_now(house, tmp_path, phone.page) == "allow ok"
    moving = (
        "() => [...document.querySelectorAll('*')].filter((one) => {"
        " const { animationDuration, transitionDuration } = getComputedStyle(one);"
        " return parseFloat(animationDuration) + parseFloat(transitionDuration) > 0.01; }).length"
    )
    assert phone.page.evaluate(moving) == 0
    phone.close()
