"""What the records tell an officer: details after a scan, and what takes a second officer's passkey."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import SLOW_MS
from tests.web_police.patrol import Card, Officer

CASE = "A330782-2026-0117"
#: A look-up as the service lists it.
ASKED = {
    "id": "0" * 32,
    "kind": "look_up",
    "state": "waiting",
    "asker": "officer1",
    "asker_name": "Demo Officer",
    "office": "yiwu-police",
    "purpose": "missing",
    "case_number": CASE,
    "covert_days": 0,
    "until": None,
    "query": {"card": "2026110400017"},
    "at": "2026-01-01T08:00:00Z",
    "expires": "2100-01-01T08:00:00Z",
    "decided": None,
    "second": None,
}


@pytest.fixture(scope="module")
def second(house: House, browser: Browser, staff: Staff, camera: Path) -> Iterator[Officer]:
    """Another officer of the same office, with a phone of his own."""
    one = Officer(browser, house, camera)
    one.enrol(staff.invitations["officer2"])
    one.begin()
    one.set_up()
    yield one
    one.close()


def test_details_are_open_for_five_minutes_after_a_scan(officer: Officer, cards: list[Card]) -> None:
    result = officer.type(cards[0].identity)
    expect(result.locator("figure img")).to_have_count(1)
    officer.button("Details").click()
    portrait = result.locator("figure.large img")
    expect(portrait).to_be_visible()
    assert portrait.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 240
    expect(result.locator("#now-status")).to_contain_text("valid")
    expect(result.locator("#rights")).to_contain_text("Bus")
    expect(result.locator(".on-line")).to_contain_text(cards[0].passport)
    expect(result.locator(".open-for b")).to_have_text(re.compile(r"^4:\d\d$"))
    officer.fits()
    # Phrases are shown meanwhile, and the details are still there.
    officer.button("Phrases").click()
    officer.button("Close").click()
    expect(result.locator("#now-status")).to_be_visible()
    officer.page.evaluate("() => { const right = Date.now; Date.now = () => right() + 301_000; }")
    expect(result.locator(".on-line")).to_contain_text("five minutes after the scan are over")
    expect(result.locator("figure.large")).to_have_count(0)
    expect(result.locator(".on-line")).not_to_contain_text(cards[0].passport)
    officer.blank()


def test_a_spent_budget_is_said_and_nothing_is_told(officer: Officer, cards: list[Card]) -> None:
    refusal = {"reason": "budget_spent", "detail": "your own budget of 120 details on line is spent"}
    officer.page.route("**/api/police/scans", lambda route: route.fulfill(status=429, json=refusal))
    result = officer.type(cards[0].identity)
    officer.button("Details").click()
    expect(result.locator(".told")).to_contain_text("budget for looking is spent")
    expect(result.locator("figure.large")).to_have_count(0)
    officer.page.unroute("**/api/police/scans")
    officer.next()


def test_what_was_asked_about_one_card_is_not_said_beside_the_next(
    officer: Officer, cards: list[Card]
) -> None:
    page = officer.page
    held: list[Route] = []
    page.route("**/api/police/scans", lambda route: held.append(route))
    told = officer.type(cards[0].identity).locator(".told")
    officer.button("Details").click()
    expect(told).to_contain_text("Asking")
    # Phrases are shown meanwhile: it is still being asked about this card.
    officer.button("Phrases").click()
    officer.button("Close").click()
    expect(officer.button("Details")).to_be_disabled()
    officer.next()
    officer.type(cards[1].identity)
    expect(officer.button("Details")).to_be_enabled()
    answered_late(officer, held, 403, {"reason": "code_refused", "detail": "a test"})
    expect(told).to_be_empty()
    page.unroute("**/api/police/scans")
    officer.next()


def answered_late(officer: Officer, held: list[Route], status: int, answer: object) -> None:
    """Answer what was held back, once it was asked, and let the page see to it."""
    for _ in range(SLOW_MS // 50):
        if held:
            break
        officer.page.wait_for_timeout(50)
    (late,) = held
    with officer.page.expect_response(late.request.url):
        late.fulfill(status=status, json=answer)
    officer.page.wait_for_timeout(100)


def test_a_late_answer_does_not_replace_the_screen_in_use(officer: Officer, cards: list[Card]) -> None:
    page = officer.page
    held: list[Route] = []
    page.route("**/api/police/look-ups", lambda route: held.append(route))
    officer.menu("Look up")
    officer.field("Passport number").fill("07654321")
    officer.field("Case number").fill(CASE)
    officer.button("Ask").click()
    officer.home()
    result = officer.type(cards[0].identity)
    answered_late(officer, held, 201, ASKED)
    expect(result).to_be_visible()
    officer.next()
    # It was asked: the next one begins with an empty field. What is typed meanwhile stays.
    officer.menu("Look up")
    passport = officer.field("Passport number")
    expect(passport).to_have_value("")
    held.clear()
    passport.fill("07654321")
    officer.button("Ask").click()
    passport.fill("1234")
    answered_late(officer, held, 201, ASKED)
    officer.home()
    officer.menu("Look up")
    expect(passport).to_have_value("1234")
    page.unroute("**/api/police/look-ups")
    officer.blank()


def test_a_slow_answer_puts_no_older_list_back(officer: Officer) -> None:
    page = officer.page
    officer.menu("Requests")
    expect(page.locator(".sheet")).to_contain_text("No requests")
    held: list[Route] = []
    polls: list[Route] = []

    def slow_once(route: Route) -> None:
        polls.append(route)
        if len(polls) == 1:
            held.append(route)
        elif len(polls) == 2:
            route.fulfill(json={"own": [ASKED], "waiting": []})
        else:
            route.abort()  # Nothing newer mends what the late one did.

    page.route("**/api/police/requests", slow_once)
    expect(page.locator(".request")).to_contain_text(CASE)
    answered_late(officer, held, 200, {"own": [], "waiting": []})
    expect(page.locator(".request")).to_contain_text(CASE)
    page.unroute("**/api/police/requests")
    officer.home()


def test_a_look_up_takes_another_officers_passkey_on_a_phone_of_his_own(
    officer: Officer, second: Officer, cards: list[Card]
) -> None:
    looks_for(officer, cards[1].number)
    one = officer.page.locator(".request").first
    expect(one).to_contain_text(CASE)
    officer.fits()
    # One's own passkey is no second officer's.
    one.get_by_role("button", name="Second officer agrees here").click()
    expect(officer.page.locator(".told").first).to_contain_text("another officer")
    second.menu("Requests")
    waiting = second.page.locator(".request")
    expect(waiting).to_contain_text("Demo Officer")
    expect(waiting).to_contain_text("Missing person")
    second.fits()
    waiting.get_by_role("button", name="Agree with my passkey").click()
    expect(second.page.locator(".request")).to_have_count(0)
    second.home()
    answered(officer, cards[1])


def looks_for(officer: Officer, number: str) -> None:
    """Ask for a card's holder, as an officer without the card does."""
    officer.menu("Look up")
    officer.field("By").select_option("card")
    officer.field("Card number (13 digits)").fill(number)
    officer.field("Purpose").select_option("missing")
    officer.field("Case number").fill(CASE.lower())
    # As it is typed until the field is left: an input method, and the caret, go on.
    expect(officer.field("Case number")).to_have_value(CASE.lower())
    officer.fits()
    officer.button("Ask").click()
    expect(officer.page.locator(".sheet h2")).to_contain_text("Requests")


def answered(officer: Officer, card: Card) -> None:
    """Read the answer; nothing of it stays on the phone."""
    opened(officer).click()
    found = officer.page.locator(".found .holder")
    expect(found.locator("img")).to_be_visible()
    name = found.locator(".name b").first.inner_text()
    officer.fits()
    kept = officer.keeps()
    assert [one for one in (card.number, card.passport, name) if one in kept] == []
    officer.page.evaluate("() => { const right = Date.now; Date.now = () => right() + 301_000; }")
    expect(officer.page.locator(".found")).to_contain_text("closed")
    officer.blank()


def opened(officer: Officer) -> Locator:
    return officer.page.locator(".request").first.get_by_role("button", name="Open the answer")


def test_who_is_looked_for_is_noted_beside_the_verdict_like_any_other_fact(
    officer: Officer, second: Officer, cards: list[Card]
) -> None:
    officer.menu("Hotlist")
    expect(officer.page.locator(".sheet")).to_contain_text("Nobody is looked for")
    officer.button("Add a card").click()
    officer.field("Card number (13 digits)").fill(cards[0].number)
    officer.field("Last day").fill((datetime.now(UTC) + timedelta(days=30)).date().isoformat())
    officer.field("Case number").fill(CASE)
    officer.fits()
    officer.button("Ask").click()
    expect(officer.page.locator(".request").first).to_contain_text("Put on the hotlist")
    agreed(second)
    expect(officer.page.locator(".request").first).to_have_attribute("data-state", "done")
    officer.home()
    officer.update()
    result = officer.type(cards[0].identity)
    expect(result).to_have_attribute("data-reason", "ok")
    expect(result.locator("#note dd")).to_have_text("call duty desk")
    # Nothing else of the page tells a holder who looks at it.
    plain = result.get_attribute("class")
    assert plain == "result allow"
    officer.next()
    officer.menu("Hotlist")
    officer.fits()
    officer.button("Ask to lift").click()
    expect(officer.page.locator(".request").first).to_contain_text("Lift from the hotlist")
    agreed(second)
    expect(officer.page.locator(".request").first).to_have_attribute("data-state", "done")
    officer.home()
    officer.menu("Hotlist")
    expect(officer.page.locator(".sheet")).to_contain_text("Nobody is looked for")
    officer.home()


def test_a_hotlist_that_no_screen_holds_is_shown_to_its_end(officer: Officer) -> None:
    entries = [
        {
            "id": f"{number:032x}",
            "card": "2026110400017",
            "purpose": "wanted",
            "case_number": f"A33{number:04d}",
            "office": "yiwu-police",
            "placed_by": "officer1",
            "placed_at": "2026-01-01T08:00:00Z",
            "until": "2100-01-01T08:00:00Z",
        }
        for number in range(60)
    ]

    def part(route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query).get("after")
        some = entries[:50] if asked is None else entries[50:]
        after = entries[49]["id"] if asked is None else None
        assert asked in (None, [entries[49]["id"]])
        route.fulfill(json={"total": 60, "next": after, "entries": some})

    officer.page.route("**/api/police/hotlist*", part)
    officer.menu("Hotlist")
    expect(officer.page.locator(".request")).to_have_count(50)
    expect(officer.page.locator(".sheet")).to_contain_text("Shown 50 / 60")
    officer.button("Show more").click()
    expect(officer.page.locator(".request")).to_have_count(60)
    expect(officer.page.locator(".request").last).to_contain_text("A330059")
    expect(officer.page.get_by_role("button", name="Show more")).to_have_count(0)
    officer.fits()
    officer.page.unroute("**/api/police/hotlist*")
    officer.home()


def agreed(second: Officer) -> None:
    """The other officer agrees to what waits."""
    second.menu("Requests")
    second.button("Agree with my passkey").click()
    expect(second.page.locator(".sheet")).to_contain_text("No requests")
    second.home()


def test_a_second_officer_may_touch_the_key_on_the_phone_of_who_asked(
    officer: Officer, second: Officer, cards: list[Card]
) -> None:
    looks_for(officer, cards[2].number)
    # The last test that the second officer's key is used in: a copy's count makes the other one a clone.
    held = officer.devtools.send("WebAuthn.getCredentials", officer.authenticator)["credentials"]
    (theirs,) = second.devtools.send("WebAuthn.getCredentials", second.authenticator)["credentials"]
    officer.devtools.send("WebAuthn.clearCredentials", officer.authenticator)
    officer.devtools.send("WebAuthn.addCredential", {**officer.authenticator, "credential": theirs})
    officer.button("Second officer agrees here").click()
    expect(opened(officer)).to_be_visible()
    officer.devtools.send("WebAuthn.clearCredentials", officer.authenticator)
    for one in held:
        officer.devtools.send("WebAuthn.addCredential", {**officer.authenticator, "credential": one})
    answered(officer, cards[2])
