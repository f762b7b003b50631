"""A tablet as a reader, in Chromium: let in, scanning, off line, in two modes, and ended."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.readers.program import rows, until
from tests.verify import world
from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import Person
from tests.web_card.phones import enrol, issued, screen_code
from tests.web_gate.tablets import CODE, Tablet
from tests.web_police import pictures
from verify import text

#: Minutes by which a clock is set back.
BACK_MS = -10 * 60_000
#: A card held before the scanner in the very moment the door is shown, before a frame of it was painted.
TYPE_AS_IT_OPENS = """text => new MutationObserver((_, watcher) => {
  if (document.querySelector(".finder") === null) return;
  watcher.disconnect();
  for (const key of [...text, "Enter"]) dispatchEvent(new KeyboardEvent("keydown", { key }));
}).observe(document.body, { childList: true, subtree: true })"""

UNPLUG = "() => document.querySelector('video').srcObject.getTracks().forEach((track) => track.stop())"
#: After one last touch, what is waited for without any comes at once, and again in its time.
HURRY = """() => {
  const later = window.setTimeout;
  window.setTimeout = (act, ms, ...more) => later(act, ms === 45_000 ? 500 : ms, ...more);
  window.calm = () => { window.setTimeout = later; };
  dispatchEvent(new Event("pointerdown"));
}"""
CALM = "() => window.calm()"
#: What a light says stands for a moment; all of it is noted.
LISTEN = """() => {
  window.said = "";
  const note = () => { window.said += document.querySelector(".light")?.innerText ?? ""; };
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
#: An hour takes a second, and what is asked by the hour is counted.
HOURS = """const often = setInterval;
window.setInterval = (act, ms, ...more) => often(act, ms === 3_600_000 ? 1_000 : ms, ...more);
const { prototype } = ServiceWorkerRegistration, { update } = prototype;
window.asks = 0;
prototype.update = function () { window.asks += 1; return update.call(this); };
"""


@dataclass
class Card:
    """A card of the demonstration, as it was issued."""

    number: str
    gate: str
    identity: str
    pdf: Path


@pytest.fixture(scope="module")
def cards(house: House, tmp_path_factory: pytest.TempPathFactory) -> list[Card]:
    """Of somebody who reads Arabic, and of somebody with a very long name."""
    folder = tmp_path_factory.mktemp("issued") / "cards"
    return [
        Card(
            number,
            *(
                (folder / f"{number}.{kind}.txt").read_text("ascii").strip("\r\n")
                for kind in ("gate", "identity")
            ),
            folder / f"{number}.pdf",
        )
        for number, _ in issued(house, folder, 0, 11)
    ]


@pytest.fixture(scope="module")
def card(cards: list[Card]) -> Card:
    """The first of them."""
    return cards[0]


@pytest.fixture(scope="module")
def tablet(house: House, staff: Staff, browser: Browser, card: Card) -> Iterator[Tablet]:
    """A tablet at the library; the card is older than its first data."""
    made = Tablet(browser, house)
    assert made.let_in(staff["operator1"], "library") == "library-1"
    yield made
    made.close()


def test_a_tablet_is_let_in_and_its_camera_admits_a_card(tablet: Tablet, card: Card, camera: Path) -> None:
    page = tablet.page
    expect(page.get_by_role("button", name="Library")).to_have_attribute("aria-pressed", "true")
    tablet.accessible()
    pictures.film(pictures.clean(pictures.page(card.pdf, 0)), camera)
    page.get_by_role("button", name="Begin").click()
    light = page.locator(".light.allow")
    expect(light).to_have_attribute("data-reason", "ok")
    expect(light).to_contain_text("Allowed 通过")
    expect(light).to_contain_text("Compare the face on the card with the person")
    tablet.accessible()
    expect(page.locator(".age")).to_contain_text("on line · data")
    # Held there, it counts once.
    tablet.next()
    expect(page.locator(".hint")).to_contain_text("Hold the code")
    pictures.film(pictures.Image.new("RGB", pictures.FRAME, (90, 90, 90)), camera)
    page.reload()


def test_a_camera_that_was_unplugged_is_taken_up_again(tablet: Tablet, card: Card, camera: Path) -> None:
    page = tablet.page
    expect(page.locator(".hint")).to_contain_text("Hold the code")
    pictures.film(pictures.clean(pictures.page(card.pdf, 0)), camera)
    page.evaluate(UNPLUG)
    expect(page.locator(".hint")).to_contain_text("The camera cannot be used")
    expect(page.locator(".light.allow")).to_be_visible()
    tablet.next()
    pictures.film(pictures.Image.new("RGB", pictures.FRAME, (90, 90, 90)), camera)
    page.reload()


def test_a_code_typed_as_the_door_opens_is_not_lost(tablet: Tablet, card: Card) -> None:
    page = tablet.page
    page.locator(".age").click()
    page.evaluate(TYPE_AS_IT_OPENS, card.gate)
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".light.allow")).to_have_attribute("data-reason", "ok")
    tablet.next()


def test_a_clinics_tablet_shows_the_face_to_compare(
    house: House, staff: Staff, browser: Browser, cards: list[Card]
) -> None:
    clinic = Tablet(browser, house, viewport={"width": 1024, "height": 768})
    clinic.let_in(staff["operator1"], "hospital")
    clinic.page.get_by_role("button", name="Begin").click()
    light = clinic.says(cards[1].identity, "allow", "ok")
    expect(light).to_contain_text("Compare the face with the person")
    expect(light).to_contain_text("FERNÁNDEZ-EJEMPLO")
    assert (
        light.locator("figure img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 48
    )
    clinic.accessible()
    clinic.close()


def test_what_could_not_be_checked_is_no_forgery_and_is_decided_by_a_person(
    tablet: Tablet, house: House
) -> None:
    foreign = text.encode(world.code(world.CODE))
    light = tablet.says(foreign, "attention", "unknown_key")
    expect(light).to_contain_text("Cannot check 无法核验")
    tablet.accessible()
    tablet.page.evaluate(LISTEN)
    light.get_by_role("button", name="Let in after seeing their papers").dblclick()
    expect(light).to_have_count(0)
    assert "Let in by hand" in tablet.page.evaluate("window.said")
    by_hand = "SELECT reason, opened FROM gate_record WHERE noted LIKE '%by_hand%'"
    tablet.page.locator(".age").click()
    tablet.page.get_by_role("button", name="Bring the log now").click()
    until(lambda: rows(house, by_hand) == [("unknown_key", 1)], "the decision was not recorded")
    tablet.accessible()
    tablet.page.get_by_role("button", name="Close").click()


def test_whoever_comes_after_one_let_in_by_hand_has_a_light_of_their_own(tablet: Tablet, card: Card) -> None:
    light = tablet.says(text.encode(world.code(world.CODE)), "attention", "unknown_key")
    by_hand = light.get_by_role("button", name="Let in after seeing their papers")
    by_hand.click()
    expect(by_hand).to_have_count(0)
    light = tablet.says(card.gate, "allow", "ok")
    tablet.page.wait_for_timeout(2_000)  # The first one's is over after one and a half.
    expect(light).to_have_attribute("data-reason", "ok")
    tablet.next()


def test_a_newer_page_is_taken_up_as_soon_as_nobody_is_before_the_door(tablet: Tablet, card: Card) -> None:
    page = tablet.page
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.add_init_script(HOURS)
    page.reload()
    tablet.says(card.gate, "allow", "ok")
    page.wait_for_function("() => window.asks > 1")
    page.evaluate(
        "() => { window.older = true; navigator.serviceWorker.dispatchEvent(new Event('controllerchange')); }"
    )
    page.wait_for_timeout(500)
    assert page.evaluate("() => window.older")
    page.locator(".staff > button.next").click()
    page.wait_for_function("() => window.older === undefined")
    tablet.says(card.gate, "allow", "ok")
    tablet.next()


def test_a_phones_code_is_good_once(
    tablet: Tablet, house: House, staff: Staff, browser: Browser, card: Card
) -> None:
    phone = Person(browser, house.url, viewport={"width": 360, "height": 780})
    enrol(phone.page, house.url, staff["clerk1"].page, staff["chief1"].page, card.number)
    tablet.page.locator(".age").click()
    tablet.newest_bundle(house, "Ask for data now")
    tablet.page.get_by_role("button", name="Close").click()
    code = screen_code(phone.page)
    tablet.says(code, "allow", "ok")
    tablet.next()
    tablet.page.wait_for_timeout(4_100)  # Within three whole seconds it is the same scan.
    tablet.says(code, "deny", "replayed")
    tablet.next()
    phone.close()


def test_without_the_service_it_goes_on_and_its_log_arrives_once(
    tablet: Tablet, house: House, card: Card
) -> None:
    page = tablet.page
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    house.kill()
    page.reload()
    for _ in range(3):
        tablet.says(card.gate, "allow", "ok")
        tablet.next()
    page.locator(".age").click()
    waiting = page.locator(".fact", has_text="Records that wait").locator("dd")
    expect(waiting).to_contain_text(re.compile(r"^[1-9][0-9]* · "))
    every = int(str(waiting.text_content()).split(" · ")[1].removesuffix(" in all"))
    head = "SELECT head_seq FROM reader WHERE id = 'library-1'"
    ((before,),) = rows(house, head)
    assert before <= every - 3
    house.open()
    page.get_by_role("button", name="Bring the log now").click()
    until(lambda: rows(house, head) == [(every,)], "the log did not come")
    expect(waiting).to_contain_text(re.compile(r"^0 · "))
    taken = "SELECT count(*), max(seq) FROM gate_record WHERE device = 'library-1'"
    assert rows(house, taken) == [(every, every)]
    assert rows(house, "SELECT count(*) FROM quarantined") == [(0,)]
    page.get_by_role("button", name="Close").click()


def test_a_clock_set_back_never_gives_green(tablet: Tablet, card: Card) -> None:
    page = tablet.page
    page.evaluate(f"() => localStorage.setItem('skew', {BACK_MS})")
    page.reload()
    tablet.says(card.gate, "attention", "clock_suspect")
    page.evaluate("() => localStorage.removeItem('skew')")
    # What it asks for as it begins is answered before anything else is done.
    with page.expect_response("**/bundle"):
        page.reload()


def test_a_revoked_card_is_refused_after_the_next_bundle_in_its_holders_language(
    tablet: Tablet, house: House, card: Card
) -> None:
    page = tablet.page
    house.cardsvc("revoke", card.number, "--reason", "a test")
    tablet.says(card.identity, "allow", "ok")  # It cannot know yet.
    tablet.next()
    page.locator(".age").click()
    tablet.newest_bundle(house, "Ask for data now")
    page.get_by_role("button", name="Close").click()
    light = tablet.says(card.identity, "deny", "revoked")
    expect(light.locator(".for-holder p").first).to_have_attribute("dir", "rtl")
    expect(light.locator(".for-holder p").first).to_have_text("يرجى مراجعة مركز الخدمة")
    tablet.accessible()
    tablet.next()
    # Leaving is always allowed.
    page.get_by_role("button", name="Direction: In").click()
    light = tablet.says(card.identity, "allow", "ok")
    expect(light).to_contain_text("Goodbye")
    tablet.next()
    page.get_by_role("button", name="Direction: Out").click()


def test_a_kiosk_shows_its_light_and_keeps_its_settings_to_the_staff(tablet: Tablet, card: Card) -> None:
    page = tablet.page
    page.locator(".age").click()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Kiosk").click()
    page.get_by_label("Staff code").fill("2468")
    tablet.accessible()
    page.get_by_role("button", name="Begin").click()
    light = tablet.says(card.identity, "deny", "revoked")
    expect(light.locator("button")).to_have_count(0)
    tablet.accessible()
    expect(light).to_have_count(0)
    page.locator(".age").click()
    page.get_by_label("Staff code").fill("1357")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not the code")
    tablet.accessible()
    expect(page.get_by_role("button", name="Open")).to_be_enabled()
    page.get_by_label("Staff code").fill("2468")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Status")).to_be_visible()
    # Left alone it is a door again, and locked, whatever was open.
    page.evaluate(HURRY)
    expect(page.locator(".finder")).to_be_visible()
    page.evaluate(CALM)
    page.locator(".age").click()
    page.get_by_label("Staff code").fill("2468")
    page.evaluate(HURRY)
    expect(page.locator(".finder")).to_be_visible()
    page.evaluate(CALM)
    page.locator(".age").click()
    expect(page.get_by_label("Staff code")).to_have_value("")
    page.get_by_label("Staff code").fill("2468")
    page.get_by_role("button", name="Open").click()


def test_a_reader_is_ended_by_its_name_and_nothing_of_it_stays(tablet: Tablet) -> None:
    page = tablet.page
    page.get_by_text("End this reader", exact=True).first.click()
    end = page.locator(".reset button")
    expect(end).to_be_disabled()
    page.get_by_label("Type the reader's name").fill("library-1")
    end.click()
    expect(page.get_by_label("One-time code")).to_be_visible()
    kept = page.evaluate("""async () => {
      const opening = indexedDB.open("cardsvc-reader");
      const db = await new Promise((ok) => { opening.onsuccess = () => ok(opening.result); });
      const counts = await Promise.all([...db.objectStoreNames].map((name) => new Promise((ok) => {
        const counting = db.transaction(name).objectStore(name).count();
        counting.onsuccess = () => ok(counting.result);
      })));
      db.close();
      return [counts.reduce((sum, one) => sum + one, 0), localStorage.getItem("gate.settings")];
    }""")
    assert kept == [0, None]


def test_a_tablet_in_chinese_says_in_chinese_what_to_do_where_it_is_refused(
    house: House, staff: Staff, browser: Browser
) -> None:
    tablet = Tablet(browser, house, locale="zh-CN")
    page, told = tablet.page, tablet.page.locator(".told")
    page.goto(f"{house.url}/gate#K7F2-9QXM")
    enrols = page.get_by_role("button", name="启用", exact=True)
    enrols.click()
    expect(told).to_contain_text("请核对代码和本机时间")
    expect(told.locator("[lang=en]")).to_contain_text("(enrolment_refused)")
    tablet.accessible()
    page.route("**/trust/root", lambda route: route.abort())
    page.get_by_label("一次性代码").fill(staff["operator1"].page.evaluate(CODE, ["library"])["code"])
    enrols.click()
    expect(told).to_contain_text("连不上服务器")
    expect(told.locator("[lang=en]")).to_contain_text("(unreachable)")
    tablet.accessible()
    page.unroute_all()
    page.get_by_role("button", name="重试").click()
    expect(page.locator("code.fingerprint")).to_be_visible()
    tablet.close()
