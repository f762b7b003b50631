"""Phones before readers that ask more of them: a seller who may see one word, a door that wants proof."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from issuance.qr import read_codes
from tests.readers.program import rows, until
from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import Person
from tests.web_card.phones import EVERYTHING, enrol, issued, screen_code
from tests.web_gate.tablets import Tablet

VAULT = """async () => (await fetch("/api/venues/vault", {
  method: "PUT", headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ version: null, config: {
    name: "Vault", role: "gate", services: ["bus"], accept: ["phone-proved"], permit_free: ["talent"],
  } }),
})).status"""


@pytest.fixture(scope="module")
def number(house: House, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A merchant's card, of good standing from the first day."""
    [(made, _)] = issued(house, tmp_path_factory.mktemp("issued") / "cards", 0)
    return made


@pytest.fixture(scope="module")
def phone(house: House, staff: Staff, browser: Browser, number: str) -> Iterator[Person]:
    """The merchant's phone, which carries the card."""
    made = Person(browser, house.url, viewport={"width": 360, "height": 780}, locale="en-GB")
    enrol(made.page, house.url, staff["clerk1"].page, staff["chief1"].page, number)
    yield made
    made.close()


@pytest.fixture(scope="module")
def seller(house: House, staff: Staff, browser: Browser, number: str) -> Iterator[Tablet]:
    """A seller's phone: the operator's address says /gate, and a seller's code leads to /seller."""
    made = Tablet(browser, house, viewport={"width": 360, "height": 780})
    made.let_in(staff["operator1"], "market")
    made.page.wait_for_url("**/seller")
    yield made
    made.close()


def standing(phone: Person) -> str:
    """A fresh code for sellers on the phone's screen."""
    phone.page.goto(f"{phone.url}/card#/more")
    # The service gives no second token within two seconds of the last.
    phone.page.wait_for_timeout(2_100)
    phone.page.get_by_role("link", name="Show a seller my standing").click()
    return screen_code(phone.page)


def test_nothing_is_shown_before_the_holder_agrees(phone: Person) -> None:
    phone.page.goto(f"{phone.url}/card#/standing")
    expect(phone.page.get_by_role("heading", name="For how long do you agree to that?")).to_be_visible()
    phone.accessible()
    expect(phone.page.locator("svg.qr")).to_have_count(0)
    phone.page.get_by_role("button", name="30 days").click()
    expect(phone.page.locator("svg.qr")).to_be_visible()
    expect(phone.page.locator(".state")).to_have_text("The seller sees: good")
    phone.accessible()


def test_a_seller_sees_a_word_and_learns_nothing_else(
    seller: Tablet, phone: Person, number: str, house: House
) -> None:
    code = screen_code(phone.page)
    light = seller.says(code, "good", "ok")
    expect(light.locator("h2")).to_have_text("Good 良好")
    seller.accessible()
    kept = seller.page.evaluate(EVERYTHING) + str(seller.page.locator("body").inner_text())
    assert number not in kept
    assert "SALIM" not in kept.upper()
    seller.next()
    seller.page.wait_for_timeout(4_100)  # Within three whole seconds it is the same scan.
    light = seller.says(code, "deny", "replayed")
    expect(light).to_contain_text("Ask the buyer for a fresh code")
    seller.accessible()
    seller.next()


@pytest.mark.parametrize(
    ("act", "word"),
    [(("grant", "--until"), "Limited 有限"), (("withdraw",), "Unknown 未知")],
    ids=["limited", "unknown"],
)
def test_the_market_office_decides(
    seller: Tablet, phone: Person, number: str, house: House, act: tuple[str, ...], word: str
) -> None:
    day = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
    house.cardsvc(act[0], number, "standing", *(() if len(act) == 1 else (act[1], day)))
    light = seller.scan(standing(phone))
    expect(light.locator("h2")).to_have_text(word)
    seller.accessible()
    seller.next()


def test_sellers_need_no_network_and_their_log_names_nobody(
    seller: Tablet, phone: Person, house: House
) -> None:
    code = standing(phone)
    seller.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    house.kill()
    seller.page.reload()
    seller.says(code, "unknown", "ok")
    house.open()
    seller.page.reload()
    arrived = "SELECT count(*) FROM gate_record WHERE venue = 'market'"
    until(lambda: rows(house, arrived)[0][0] >= 5, "the seller's log did not come")
    assert rows(house, "SELECT count(*) FROM gate_record WHERE venue = 'market' AND who IS NOT NULL") == [
        (0,)
    ]


def test_what_was_agreed_to_is_seen_and_taken_back(phone: Person) -> None:
    page = phone.page
    page.goto(f"{phone.url}/card#/consents")
    expect(page.get_by_role("heading", name="My standing, to sellers who scan my phone")).to_be_visible()
    phone.accessible()
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Nothing of yours is shown to anybody by your consent.")).to_be_visible()
    expect(page.get_by_text("Ended", exact=False).first).to_be_visible()
    for language in ("ar", "zh"):
        page.select_option("select", language)
        phone.accessible()
    page.select_option("select", "en")
    page.goto(f"{phone.url}/card#/standing")
    expect(page.get_by_role("heading", name="For how long do you agree to that?")).to_be_visible()


def test_a_door_that_wants_proof_shows_a_challenge_and_takes_its_answer(
    house: House, staff: Staff, browser: Browser, phone: Person
) -> None:
    operator = staff["operator1"]
    assert operator.page.evaluate(VAULT) == 200
    door = Tablet(browser, house, viewport={"width": 1024, "height": 768})
    assert door.let_in(operator, "vault") == "vault-1"
    door.page.get_by_role("button", name="Begin").click()
    phone.page.goto(f"{house.url}/card#/card")
    door.says(screen_code(phone.page), "deny", "low_assurance")
    door.next()
    door.accessible()
    picture = Image.open(BytesIO(door.page.locator(".proof svg.qr").screenshot()))
    [asked] = read_codes(picture)
    assert asked.startswith(f"{house.url}/card#/answer/")
    phone.page.goto(asked)
    expect(phone.page.locator(".state")).to_have_text("Hold this code to the reader vault-1 now.")
    door.says(screen_code(phone.page), "allow", "ok")
    door.next()
    phone.accessible()
    proved = "SELECT count(*) FROM gate_record WHERE device = 'vault-1' AND assurance = 5 AND opened"
    door.page.locator(".age").click()
    door.page.get_by_role("button", name="Bring the log now").click()
    until(lambda: rows(house, proved) == [(1,)], "the proof was not recorded")
    phone.page.goto(f"{house.url}/card#/answer/bm90aGluZw/vault-1")
    expect(phone.page.get_by_text("This is no reader’s code")).to_be_visible()
    door.close()


@pytest.mark.parametrize("page", ["gate", "seller"])
def test_a_browser_whose_database_cannot_be_read_says_so(house: House, browser: Browser, page: str) -> None:
    made = Person(browser, house.url)
    made.page.add_init_script(
        "IDBDatabase.prototype.transaction = () => { throw new DOMException('broken', 'UnknownError'); }"
    )
    made.page.goto(f"{house.url}/{page}")
    expect(made.page.get_by_role("alert")).to_contain_text("This browser keeps nothing")
    made.close()
