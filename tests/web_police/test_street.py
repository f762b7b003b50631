"""Really issued cards before the camera: good, changed, foreign, shown twice, too late, revoked."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.verify import world
from tests.web.conftest import Staff
from tests.web.house import House
from tests.web_card.phones import enrol, screen_code
from tests.web_police import pictures
from tests.web_police.patrol import Card, Officer
from verify import text


@pytest.mark.parametrize("way", list(pictures.WAYS))
def test_a_card_before_the_camera_is_valid_however_it_is_held(
    way: str, officer: Officer, cards: list[Card]
) -> None:
    officer.scan(pictures.WAYS[way](cards[0].back()))
    result = officer.verdict("allow", "ok")
    expect(result.locator(".banner h2")).to_have_text("Valid 有效")
    expect(result.locator(".holder")).to_contain_text(cards[0].passport)
    expect(result.locator("#note dd")).to_have_text("none")
    face = result.locator("figure img")
    assert face.evaluate("image => image.decode().then(() => image.naturalWidth)") == 48
    assert face.evaluate("image => image.clientWidth") >= 120
    expect(officer.page.locator(".top .data")).to_contain_text("online · data")


def test_the_gate_code_has_no_face(officer: Officer, cards: list[Card]) -> None:
    officer.scan(pictures.clean(pictures.page(cards[0].pdf, 0)))
    expect(officer.verdict("allow", "ok").locator(".no-face")).to_be_visible()


def test_one_changed_character_is_refused(officer: Officer, cards: list[Card]) -> None:
    shown = cards[0].identity
    place = len(shown) // 2
    changed = shown[:place] + ("A" if shown[place] != "A" else "B") + shown[place + 1 :]
    officer.scan(pictures.clean(pictures.code_alone(changed)))
    officer.verdict("deny")


def test_a_changed_passport_is_refused_and_shows_nobody(officer: Officer, cards: list[Card]) -> None:
    code, passport = text.decode(cards[0].identity), cards[0].passport.encode()
    assert code.count(passport) == 1
    other = passport[:-1] + (b"1" if passport[-1:] != b"1" else b"2")
    officer.scan(pictures.clean(pictures.code_alone(text.encode(code.replace(passport, other)))))
    result = officer.verdict("deny", "bad_signature")
    expect(result.locator(".holder")).to_have_count(0)
    result.get_by_role("button", name="Details").click()
    expect(result.locator(".told")).to_contain_text("refuses this code")


def test_another_citys_card_could_not_be_checked_here_or_there(officer: Officer) -> None:
    officer.scan(pictures.clean(pictures.code_alone(text.encode(world.code(world.IDENTITY_CODE)))))
    result = officer.verdict("attention", "unknown_key")
    expect(result.locator(".banner h2")).to_have_text("Cannot check 无法核验")
    result.get_by_role("button", name="Details").click()
    expect(result.locator(".told")).to_contain_text("could not check")


def test_a_picture_of_the_gallery(officer: Officer, cards: list[Card], tmp_path: Path) -> None:
    officer.blank()
    cards[0].back().save(tmp_path / "card.jpg")
    officer.page.locator(".tools input").set_input_files(tmp_path / "card.jpg")
    officer.verdict("allow", "ok")
    officer.next()


def test_what_befalls_the_camera_or_the_phone_is_over_by_itself(
    officer: Officer, cards: list[Card], camera: Path
) -> None:
    page = officer.page
    hint = page.locator(".scan .hint")
    page.add_init_script(NO_MEMORY)
    page.evaluate("() => sessionStorage.setItem('no memory', '1')")
    page.reload()
    expect(hint).to_contain_text("This reader has a fault")
    officer.ready()
    pictures.film(pictures.clean(cards[0].back()), camera)
    page.evaluate(NO_DATABASE)
    page.evaluate(UNPLUG)
    expect(hint).to_contain_text("The camera cannot be used")
    expect(hint).to_contain_text("This reader has a fault")
    page.evaluate("() => window.mend()")
    officer.verdict("allow", "ok")
    officer.blank()


UNPLUG = "() => document.querySelector('video').srcObject.getTracks().forEach((track) => track.stop())"
#: The reader of pictures cannot be compiled, by either of the ways it takes: not as the page starts, and not
#: for the first picture.
NO_MEMORY = """
if (sessionStorage.getItem("no memory")) {
  sessionStorage.removeItem("no memory");
  for (const way of ["instantiate", "instantiateStreaming"]) {
    const right = WebAssembly[way];
    let times = 2;
    WebAssembly[way] = async (...what) => {
      if (times-- > 0) throw new WebAssembly.RuntimeError("out of memory");
      return right.apply(WebAssembly, what);
    };
  }
}
"""
#: What the shift has kept cannot be read.
NO_DATABASE = """() => {
  const { prototype } = IDBDatabase, right = prototype.transaction;
  prototype.transaction = function (stores, mode, ...more) {
    const reads = this.name === "cardsvc-shift" && mode === undefined;
    if (reads) throw new DOMException("closed", "InvalidStateError");
    return right.call(this, stores, mode, ...more);
  };
  window.mend = () => { prototype.transaction = right; };
}"""


def test_light_and_zoom_of_the_phone_are_used(officer: Officer) -> None:
    officer.page.evaluate(
        """() => {
          const { prototype } = MediaStreamTrack;
          prototype.getCapabilities = () => ({ torch: true, zoom: { min: 1, max: 4, step: 0.5 } });
          prototype.getSettings = () => window.asked ?? {};
          prototype.applyConstraints = async ({ advanced: [wanted] }) => {
            if (window.refuses) throw new DOMException("a test", "OperationError");
            window.asked = { ...window.asked, ...wanted };
          };
        }"""
    )
    officer.menu()
    officer.home()  # The camera is begun anew.
    officer.fits()
    officer.button("Light").click()
    expect(officer.button("Light")).to_have_attribute("aria-pressed", "true")
    officer.field("Zoom").fill("2.5")
    assert officer.page.evaluate("() => window.asked") == {"torch": True, "zoom": 2.5}
    # A camera that is kept on for the next scan is as it was left, and the page says so.
    officer.menu()
    officer.home()
    expect(officer.button("Light")).to_have_attribute("aria-pressed", "true")
    expect(officer.field("Zoom")).to_have_value("2.5")
    officer.page.evaluate("() => { window.refuses = true; }")
    officer.button("Light").click()
    officer.field("Zoom").fill("4")
    expect(officer.field("Zoom")).to_have_value("2.5")
    expect(officer.button("Light")).to_have_attribute("aria-pressed", "true")
    officer.blank()


def test_a_clock_set_back_never_gives_green(officer: Officer, cards: list[Card]) -> None:
    officer.skew(-600)
    officer.scan(pictures.clean(cards[0].back()))
    officer.verdict("attention", "clock_suspect")
    officer.skew(0)
    officer.blank()


def test_a_phones_code_is_good_once_and_for_a_minute(
    officer: Officer, house: House, staff: Staff, cards: list[Card]
) -> None:
    clerk, chief = staff["clerk1"].page, staff["chief1"].page
    holder = officer.context.browser.new_context()  # type: ignore[union-attr]  # it has one
    phone = holder.new_page()
    enrol(phone, house.url, clerk, chief, cards[1].number)
    shown = screen_code(phone)
    holder.close()
    officer.update()  # The phone card was made after this morning's bundle.
    expect(officer.type(shown)).to_have_attribute("data-reason", "ok")
    officer.skew(5)  # Longer than a camera takes for two pictures of one code.
    officer.page.reload()  # What was seen is remembered by the phone, not by the page.
    expect(officer.type(shown)).to_have_attribute("data-reason", "replayed")
    officer.skew(180)
    officer.page.reload()
    expect(officer.type(shown)).to_have_attribute("data-reason", "stale_code")
    officer.skew(0)
    officer.blank()


def test_a_killed_service_and_a_reloaded_page_scan_on_and_the_next_bundle_tells_of_what_was_revoked(
    officer: Officer, house: House, cards: list[Card]
) -> None:
    page = officer.page
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    house.kill()
    house.cardsvc("suspend", cards[2].number, "--reason", "a test")
    house.cardsvc("revoke", cards[1].number, "--reason", "a test")
    officer.scan(pictures.clean(cards[1].back()))
    result = officer.verdict("allow", "ok")  # It cannot know yet, and says how old its data is.
    officer.button("Details").click()
    expect(result.locator(".on-line")).to_contain_text("does not answer")
    expect(page.locator(".top .data")).to_contain_text("offline · data")
    started = page.evaluate('() => performance.getEntriesByName("ready")[0].startTime')
    measured = page.evaluate('() => performance.getEntriesByName("frame to verdict")[0].duration')
    print(f" cold start without a network {started:.0f} ms, frame to verdict {measured:.0f} ms ")
    house.open()
    officer.blank()
    officer.update()
    result = officer.type(cards[1].identity)
    expect(result).to_have_attribute("data-reason", "revoked")
    officer.type_next(cards[2].identity)
    expect(result).to_have_attribute("data-reason", "suspended")
    expect(result.locator(".for-holder p")).not_to_be_empty()
    officer.next()


def test_axe_finds_nothing_serious_by_day_and_by_night(officer: Officer, cards: list[Card]) -> None:
    schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for scheme in schemes:
        officer.page.emulate_media(color_scheme=scheme)
        officer.ready()
        officer.fits()
        for card in cards[:2]:
            officer.type(card.identity)
            officer.fits()
            officer.next()
    officer.button("Phrases").click()
    officer.fits()
    officer.home()
    for entry in ("Checks", "Requests", "Look up", "Hotlist", "Data"):
        officer.menu(entry)
        expect(officer.page.locator(".sheet h2")).to_contain_text(entry)
        officer.fits()
        officer.home()
