"""The holder's page in a real browser: enrolled, read from the screen, off line, several cards, gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import Person
from tests.web_card.phones import EVERYTHING, EXPORT, KEPT, Door, enrol, issued, screen_code

GONE = "throw new DOMException('gone', 'OperationError');"
SMALL = {"viewport": {"width": 360, "height": 780}, "locale": "ar"}


@pytest.fixture
def phone(house: House, browser: Browser) -> Iterator[Person]:
    """A small phone whose owner reads Arabic."""
    made = Person(browser, house.url, **SMALL)
    yield made
    made.close()


def test_a_card_goes_onto_a_phone_and_off_it_again(
    house: House, staff: Staff, phone: Person, tmp_path: Path
) -> None:
    [(number, passport)] = issued(house, tmp_path / "cards", 0)
    clerk, chief, page = staff["clerk1"].page, staff["chief1"].page, phone.page
    page.goto(f"{house.url}/card")
    expect(page.get_by_role("button", name="أضف بطاقتي")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    phone.accessible()
    enrol(page, house.url, clerk, chief, number)

    code, door = screen_code(page), Door(house, tmp_path)
    assert door.says(code) == "allow ok"
    assert door.says(code, later=10) == "deny replayed"
    assert door.says(code, later=91) == "deny stale_code"
    phone.accessible()

    assert page.evaluate(EXPORT) == "InvalidAccessError"
    kept = page.evaluate(EVERYTHING)
    assert number in kept
    assert passport not in kept

    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    house.kill()
    page.reload()
    expect(page.locator("svg.qr")).to_be_visible()
    expect(page.locator(".note.attention")).to_contain_text("بلا اتصال")
    expect(page.locator(".note.attention")).to_contain_text("البيانات")
    assert Door.says(door, screen_code(page)) == "allow ok"
    house.open()

    page.select_option("select", "en")
    behind = phone.context.new_page()
    behind.goto(f"{house.url}/card")
    expect(behind.locator("svg.qr")).to_be_visible()
    page.get_by_role("link", name="More").click()
    phone.accessible()
    page.get_by_role("button", name="Remove from this phone").click()
    with page.expect_response("**/api/holder/lost") as told:
        page.get_by_role("button", name="Yes").click()
    assert told.value.status == 200  # the index on the list is given up, too
    behind.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(behind.get_by_label("Code from the desk")).to_be_visible()
    page.goto(f"{house.url}/card")
    expect(page.get_by_label("Code from the desk")).to_be_visible()
    kept = page.evaluate(EVERYTHING)
    assert passport not in kept
    assert number not in kept
    assert page.evaluate(KEPT) == []


def test_a_childs_card_lives_on_its_guardians_phone(
    house: House, staff: Staff, phone: Person, tmp_path: Path
) -> None:
    (own, _), (childs, _) = issued(house, tmp_path / "cards", 6, 2)
    clerk, chief, page = staff["clerk1"].page, staff["chief1"].page, phone.page
    page.add_init_script("delete window.CompressionStream")  # An old phone: its codes are read all the same.
    enrol(page, house.url, clerk, chief, own)
    first = page.locator(".latin").text_content()
    enrol(page, house.url, clerk, chief, childs)
    second = page.locator(".latin").text_content()
    assert first != second
    code, door = screen_code(page), Door(house, tmp_path)
    assert door.says(code) == "allow ok"
    phone.accessible()
    switch = page.locator(".switch button")
    expect(switch).to_have_count(2)
    switch.first.click()
    expect(page.locator(".latin")).to_have_text(str(first))
    assert door.says(screen_code(page)) == "allow ok"
    # The card that was shown last is the one that is shown first.
    page.reload()
    expect(page.locator(".latin")).to_have_text(str(first))

    page.goto(f"{house.url}/card#/more")
    page.locator("button.row").last.click()
    page.locator("button.danger").click()
    expect(page.locator(".switch")).to_be_hidden()
    page.goto(f"{house.url}/card#/card")
    expect(page.locator(".latin")).to_have_text(str(second))
    assert door.says(screen_code(page)) == "allow ok"

    # A key that no longer signs.
    page.add_init_script(f"SubtleCrypto.prototype.sign = async () => {{ {GONE} }};")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("البطاقة البلاستيكية")
    expect(page.locator("svg.qr")).to_be_hidden()
    phone.accessible()
    page.goto(f"{house.url}/card#/standing")
    expect(page.locator(".face")).to_be_hidden()
    expect(page.get_by_role("alert")).to_contain_text("البطاقة البلاستيكية")


def test_a_wrong_code_is_said_so(house: House, phone: Person) -> None:
    page = phone.page
    page.goto(f"{house.url}/card")
    page.select_option("select", "fr")
    page.get_by_label("Code du guichet").fill("2222 2222")
    page.get_by_role("button", name="Ajouter ma carte").click()
    expect(page.get_by_role("alert")).to_contain_text("n’est plus bon")


@pytest.mark.parametrize("fails", ["IDBFactory.prototype.open", "IDBDatabase.prototype.transaction"])
def test_a_phone_that_keeps_nothing_says_so(house: House, phone: Person, fails: str) -> None:
    phone.page.add_init_script(f"{fails} = () => {{ throw new DOMException('full', 'UnknownError'); }}")
    phone.page.goto(f"{house.url}/card")
    expect(phone.page.get_by_role("alert")).to_contain_text("لا يمكن حفظ شيء")
    phone.accessible()


def test_a_phone_that_blocks_site_data_says_so(house: House, phone: Person) -> None:
    blocked = f"{{ get: () => {{ {GONE} }} }}"
    for name in ("localStorage", "indexedDB"):
        phone.page.add_init_script(f"Object.defineProperty(window, '{name}', {blocked});")
    phone.page.goto(f"{house.url}/card")
    expect(phone.page.get_by_role("alert")).to_contain_text("لا يمكن حفظ شيء")
