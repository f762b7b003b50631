"""Who leaves the desk has a card on the phone: clerk, approver and holder, each at a screen of their own."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import Person
from tests.web_card.phones import Door, issued, screen_code

SMALL = {"viewport": {"width": 320, "height": 640}, "locale": "en"}


def test_a_card_goes_onto_a_phone_across_the_counter(
    house: House, browser: Browser, staff: Staff, tmp_path: Path
) -> None:
    [(number, _)] = issued(house, tmp_path / "cards", 0)
    clerk, chief, phone = staff["clerk1"], staff["chief1"], Person(browser, house.url, **SMALL)
    clerk.go(f"cards/{number}")
    clerk.button("Put it on a phone").click()
    clerk.accessible()
    # The holder's camera reads the clerk's screen, and opens what it says.
    phone.page.goto(screen_code(clerk.page))
    phone.page.get_by_role("button", name="Add my card").click()
    expect(phone.page.locator(".fingerprint")).to_be_visible()
    digits = str(phone.page.locator(".fingerprint").text_content())
    expect(clerk.page.locator(".fingerprint")).to_have_text(digits)
    expect(clerk.page.get_by_role("dialog")).to_contain_text("Somebody else")

    chief.go("phones")
    expect(chief.page.locator(".fingerprint")).to_have_text(digits)
    chief.accessible()
    chief.button("Same digits").click()
    expect(chief.page.get_by_text("No phone waits.")).to_be_visible()
    expect(clerk.page.get_by_role("dialog")).to_contain_text("The card is on the phone.")
    assert Door.of_now(house, tmp_path, phone.page) == "allow ok"
    phone.accessible()

    clerk.page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).last.click()
    row = clerk.page.locator("[data-part=phones] tbody tr")
    expect(row).to_contain_text(digits)
    row.get_by_role("button", name="Take the card off it").click()
    clerk.page.get_by_role("dialog").get_by_role("button", name="Take the card off it").click()
    expect(row).to_contain_text("Given up")
    phone.page.reload()
    expect(phone.page.locator(".state")).to_contain_text("no longer carries the card")
    phone.close()


def test_a_code_that_is_taken_back_lets_no_phone_in(
    house: House, browser: Browser, staff: Staff, tmp_path: Path
) -> None:
    [(number, _)] = issued(house, tmp_path / "cards", 3)
    clerk, phone = staff["clerk1"], Person(browser, house.url, **SMALL)
    clerk.go(f"cards/{number}")
    clerk.button("Put it on a phone").click()
    code = str(clerk.page.locator(".onetime").text_content())
    clerk.button("Take the code back").click()
    expect(clerk.page.get_by_role("dialog")).to_be_hidden()
    phone.page.goto(f"{house.url}/card")
    phone.page.get_by_label("Code from the desk").fill(code.lower().replace("-", " "))
    phone.page.get_by_role("button", name="Add my card").click()
    expect(phone.page.get_by_role("alert")).to_contain_text("not good any more")
    phone.close()
