"""Apply at home, be expected at the desk, go home with the card on the phone that applied."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.web.applicants import SALIM
from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import PORTRAITS, Person
from tests.web_card.phones import EVERYTHING, Door, screen_code

SMALL = {"viewport": {"width": 360, "height": 780}, "locale": "en"}
PASSPORT = "07654321"


@pytest.fixture
def phone(house: House, browser: Browser) -> Iterator[Person]:
    """A small phone at home."""
    made = Person(browser, house.url, **SMALL)
    yield made
    made.close()


def filled(phone: Person) -> None:
    """Salim's papers, as they lie on his table: his slip of the finger is found at once."""
    page = phone.page
    lines = page.get_by_label("Passport lines")
    lines.fill("\n".join((SALIM[0], SALIM[1].replace("4YEM", "5YEM"))))
    slip = "Passport number: the check digit does not fit. Read line 2 again."
    expect(page.get_by_text(slip)).to_be_visible()
    lines.fill("".join(SALIM))  # as a hand scanner sends them
    expect(page.get_by_text("The check digits fit.")).to_be_visible()
    expect(page.get_by_label("Passport number")).to_have_value(PASSPORT)
    phone.fill(
        {
            "Given names": "Salem Qasim",
            "Name in your own script": "سالم قاسم النموذج",
            "Language of that name": "ara",
            "Permit to stay": "residence",
            "Permit number": "Y1234567",
            "Permit valid until": "2031-06-30",
            "Kind of card": "merchant",
            "Telephone": "+86 579 8523 0000",
        }
    )
    expect(page.get_by_label("Bus")).to_be_checked()

    def judge(route: Route) -> None:
        expect(page.locator(".filed input:enabled")).to_have_count(0)  # one picture at a time
        route.continue_()

    page.route("**/api/holder/portraits", judge)
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Choose a picture").click()
    chooser.value.set_files(PORTRAITS / "salim.jpg")
    expect(page.locator("canvas.print")).to_be_visible()
    page.unroute("**/api/holder/portraits")


def test_from_home_to_the_card(
    house: House, browser: Browser, staff: Staff, phone: Person, tmp_path: Path
) -> None:
    page, clerk = phone.page, staff["clerk1"]
    page.goto(f"{house.url}/card")
    page.get_by_role("link", name="Apply for a card").click()
    page.get_by_role("button", name="Begin").click()
    filled(phone)
    phone.accessible()
    page.get_by_role("button", name="Done").click()
    page.get_by_label("Desk").select_option("Yiwu Centre 01")
    page.get_by_label("afternoon").check()
    phone.accessible()
    page.get_by_role("button", name="Send to the desk").click()
    expect(page.get_by_text("The desk has not opened it yet.")).to_be_visible()

    # What he typed can still be changed.
    page.locator("a.row").first.click()
    page.get_by_role("link", name="Change").click()
    expect(page.get_by_text("The portrait was sent.")).to_be_visible()
    page.get_by_label("Chinese name").fill("萨利姆")
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Send the changes").click()
    page.locator("a.row").first.click()
    expect(page.locator("svg.qr")).to_be_visible()
    phone.accessible()
    assert PASSPORT in page.evaluate(EVERYTHING)

    # The desk knows he is coming, and tells him what to bring.
    clerk.go("phoned")
    clerk.page.get_by_label("Find by name").fill("namudhaj")
    clerk.accessible()
    clerk.page.locator("tbody a").click()
    expect(clerk.button("Say when to come")).to_be_visible()
    clerk.accessible()
    clerk.page.keyboard.press("m")
    dialog = clerk.page.get_by_role("dialog")
    dialog.get_by_label("Passport").check()
    clerk.accessible()
    coming = dialog.get_by_label("Day", exact=True)
    coming.fill(coming.input_value().replace("-", ""))
    coming.press("Enter")
    expect(dialog).to_be_hidden()
    page.reload()
    expect(page.get_by_text("Come on")).to_be_visible()
    expect(page.get_by_text("your passport")).to_be_visible()

    # At the counter a scanner reads his screen, whatever the clerk's shows; one key makes the case.
    text = screen_code(page)
    clerk.queue()
    clerk.page.keyboard.type(text + "\n")
    expect(clerk.page.get_by_text("The scanned phone is the one that sent this.")).to_be_visible()
    clerk.page.keyboard.press("t")
    expect(clerk.page.get_by_text("From a phone")).to_be_visible()
    expect(clerk.field("Surname")).to_have_value("AL NAMUDHAJ")
    clerk.read_passport(SALIM)
    declared = clerk.page.locator("[data-part=declared]")
    expect(declared).to_contain_text("Salem Qasim")
    clerk.field("Surname").fill("AL-NAMUDHAJ")
    clerk.accessible()
    page.reload()
    expect(page.get_by_text("The desk works on it.")).to_be_visible()
    assert PASSPORT not in page.evaluate(EVERYTHING)
    clerk.saved()
    clerk.button("Submit for approval").click()
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_visible()
    approve(staff["chief1"])

    # The card comes to the phone that applied; the approver sees that it stood at the counter.
    page.reload()
    expect(page.get_by_text("Your card is ready.").first).to_be_visible()
    page.get_by_role("button", name="Put the card on this phone").click()
    expect(page.locator(".fingerprint")).to_be_visible()
    chief = staff["chief1"]
    chief.go("phones")
    expect(chief.page.get_by_text("a clerk scanned this phone’s screen then")).to_be_visible()
    chief.button("Same digits").click()
    expect(chief.page.get_by_text("No phone waits.")).to_be_visible()
    expect(page.get_by_label("Hold this code to the reader")).to_be_visible()
    assert Door.of_now(house, tmp_path, page) == "allow ok"


def approve(chief: Person) -> None:
    """The approver opens the only case that waits, and signs it."""
    chief.queue()
    expect(chief.button("Next")).to_be_visible()
    chief.page.keyboard.press("j")
    expect(chief.page.get_by_text("written on the phone")).to_be_visible()
    chief.page.keyboard.press("y")
    chief.button("Sign with my passkey").click()
    dialog = chief.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Issued")
    dialog.get_by_role("button", name="Close", exact=True).first.click()


def test_a_refusal_is_read_in_the_residents_language(house: House, staff: Staff, phone: Person) -> None:
    page, clerk, chief = phone.page, staff["clerk1"], staff["chief1"]
    page.goto(f"{house.url}/card#/apply")
    page.get_by_role("button", name="Begin").click()
    filled(phone)
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Add a family member").click()
    page.get_by_label("Given names").fill("Layan")
    page.select_option("header select", "ar")
    page.locator("form button.first").click()
    page.get_by_role("button", name="أرسل إلى المكتب").click()
    expect(page.get_by_text("لم يفتحه المكتب بعد")).to_have_count(2)
    page.locator("a.row").first.click()
    reference = str(page.locator(".reference").text_content())

    clerk.go("phoned")
    clerk.page.get_by_label("Find by name").fill(reference.lower().replace("-", " "))
    clerk.page.keyboard.press("Enter")
    expect(clerk.page.locator(".ref")).to_have_text(reference)
    expect(clerk.button("Make cases of all 2")).to_be_visible()
    clerk.page.keyboard.press("t")
    expect(clerk.page.get_by_text("From a phone, reference")).to_be_visible()
    expect(clerk.page.locator(".kin li")).to_have_count(2)
    clerk.read_passport(SALIM)
    clerk.saved()
    case = clerk.named()
    clerk.button("Submit for approval").click()
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_visible()
    chief.go(f"case/{case}")
    chief.page.keyboard.press("x")
    dialog = chief.page.get_by_role("dialog")
    dialog.get_by_role("combobox").first.select_option("permit_missing")
    dialog.get_by_role("textbox").fill("The number is another person's.")
    dialog.get_by_role("button", name="Refuse").click()
    expect(dialog.get_by_role("button", name="Refuse")).to_be_hidden()
    page.reload()
    letter = page.locator(".letter")
    expect(letter).to_have_attribute("dir", "rtl")
    expect(letter).to_contain_text(reference)
    phone.accessible()
