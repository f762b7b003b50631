"""Bad lines and changing shifts: what was typed goes where it belongs, in the name of who typed it."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.web.applicants import HANEUL, HANEULS_PAPERS, SALIM
from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import PORTRAITS, Person
from tests.web.test_desk_batches import ask
from tests.web.test_desk_people import opened
from tests.web.test_desk_trouble import colleague, come_by_password, take_password

#: Longer than any screen of the desk waits before it asks again what changes by the second.
SLOW_S = 2.5
#: What is done every ten seconds is done a hundred times in one; and a hundred times of it.
HURRY = """const often = setInterval;
window.setInterval = (act, ms, ...more) => often(act, ms === 10_000 ? 10 : ms, ...more);"""
FAR = """() => new Promise((done) => {
  let times = 0;
  const ticks = setInterval(() => { if (++times === 100) { clearInterval(ticks); done(); } }, 10_000);
})"""


@pytest.fixture
def clerk(staff: Staff) -> Iterator[Person]:
    """The first clerk, with a line that is well again afterwards."""
    person = staff["clerk1"]
    yield person
    person.page.unroute_all()


def expire(person: Person) -> None:
    """End the session behind the back of an open case, which learns of it as somebody types."""
    person.context.clear_cookies()
    person.field("Phone").fill("+8657900000202")
    expect(person.button("Sign in with a passkey")).to_be_visible()


def test_a_draft_opened_again_is_the_one_that_is_submitted(clerk: Person) -> None:
    clerk.queue()
    clerk.read_passport(HANEUL)
    clerk.fill({name: value for name, value in HANEULS_PAPERS.items() if name != "Permit number"})
    clerk.portrait(PORTRAITS / "haneul.jpg")
    clerk.saved()
    case = clerk.named()
    clerk.queue()
    clerk.page.go_back()
    clerk.field("E-mail").fill("haneul@example.org")
    clerk.saved()
    clerk.field("Permit number").fill("W7654321")
    # At once: what was typed last is not saved yet.
    clerk.page.keyboard.press("Control+Enter")
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_visible()
    stored = ask(clerk, "GET", f"/cases/{case}", None)
    assert (stored["state"], stored["application"]["permit"]) == ("submitted", "W7654321")


def test_an_approval_that_is_left_is_given_back_and_one_being_signed_is_not_left(
    staff: Staff, clerk: Person
) -> None:
    chief = staff["chief1"]
    case = ask(clerk, "GET", "/queue?state=submitted", None)["rows"][0]["id"]
    opened(chief, case)
    dialog = chief.page.get_by_role("dialog")
    asked: list[Route] = []
    chief.page.route("**/api/desk/approvals", lambda route: asked.append(route))
    with chief.page.expect_request("**/api/desk/approvals"):
        chief.page.keyboard.press("y")
    expect(dialog).to_contain_text("Preparing")
    chief.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    with chief.page.expect_response(lambda one: one.request.method == "DELETE") as returned:
        asked[0].continue_()
    assert returned.value.status == 204
    assert ask(chief, "GET", f"/cases/{case}", None)["state"] == "submitted"

    chief.page.unroute_all()
    signed: list[Route] = []
    chief.page.route("**/sign", lambda route: signed.append(route))
    chief.page.keyboard.press("y")
    with chief.page.expect_request("**/sign"):
        chief.button("Sign with my passkey").click()
    # A browser lets nobody keep a second Escape from closing a dialog.
    for _ in range(2):
        chief.page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_disabled()
    expect(dialog.get_by_role("button", name="Close")).to_be_disabled()
    signed[0].continue_()
    expect(dialog).to_contain_text("Issued")
    chief.page.keyboard.press("Escape")
    expect(chief.page.locator(".casehead")).to_contain_text("Issued")
    chief.page.unroute_all()


def test_a_passport_goes_to_the_case_that_waits_for_it_whoever_came_back(clerk: Person) -> None:
    def declare(route: Route) -> None:
        answer = route.fetch()
        since = {"declared": {"reference": "7KM3-QXTA", "at": "2026-01-01T00:00:00Z"}}
        route.fulfill(response=answer, json=answer.json() | (since if answer.ok else {}))

    # As one that came from a phone does.
    clerk.page.route(re.compile("/api/desk/cases/[^/]+$"), declare)
    clerk.go("new")
    clerk.button("Empty form").click()
    expect(clerk.field("Surname")).to_be_visible()
    case = clerk.named()
    expire(clerk)
    clerk.button("Sign in with a passkey").click()
    expect(clerk.field("Phone")).to_be_focused()
    expect(clerk.field("Phone")).to_have_value("+8657900000202")
    clerk.read_passport(SALIM)
    expect(clerk.field("Passport number")).to_have_value("07654321")
    assert clerk.named() == case
    clerk.saved()
    assert ask(clerk, "GET", f"/cases/{case}", None)["application"]["phone"] == "+8657900000202"


def test_nothing_is_saved_in_the_name_of_who_comes_next(staff: Staff, house: House, clerk: Person) -> None:
    other = Person(staff.browser, house.url)
    totp = take_password(other, colleague(staff["operator1"], "clerk9"))

    clerk.go("new")
    clerk.button("Empty form").click()
    clerk.field("Surname").fill("SPECIMEN")
    clerk.saved()
    case = clerk.named()
    beside = clerk.context.new_page()
    beside.goto(clerk.page.url)
    expect(beside.get_by_label("Surname", exact=True)).to_have_value("SPECIMEN")
    expire(clerk)
    come_by_password(clerk, "clerk9", totp)
    expect(clerk.page.locator(".who")).to_contain_text("Demo Clerk Nine")
    # In all windows of the browser.
    expect(beside.locator(".who")).to_contain_text("Demo Clerk Nine")
    expect(beside.get_by_role("heading", name="Work queue")).to_be_visible()
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_visible()
    clerk.page.evaluate("window.dispatchEvent(new Event('online'))")
    stored = ask(other, "GET", f"/cases/{case}", None)
    assert (stored["owner"], stored["application"]) == ("clerk1", {"surname": "SPECIMEN"})
    other.close()

    clerk.button("Sign out").click()
    expect(beside.get_by_role("heading", name="Sign in")).to_be_visible()
    beside.close()
    clerk.button("Sign in with a passkey").click()
    expect(clerk.page.get_by_role("navigation")).to_be_visible()


def test_who_leaves_has_left(clerk: Person) -> None:
    clerk.go("new")
    clerk.button("Empty form").click()
    clerk.field("Surname").fill("SPECIMEN")
    clerk.saved()
    dialog = clerk.page.get_by_role("dialog")
    clerk.page.route(re.compile("/api/desk/cases/"), lambda route: route.abort())
    clerk.field("Given names").fill("Unsent")
    clerk.button("Sign out").click()
    expect(dialog).to_contain_text("has not reached the service")
    clerk.accessible()
    dialog.get_by_role("button", name="Stay signed in").click()
    expect(clerk.field("Given names")).to_have_value("Unsent")
    clerk.page.unroute_all()
    clerk.saved()

    clerk.page.route("**/api/session", lambda route: route.abort())
    clerk.button("Sign out").click()
    expect(dialog).to_contain_text("You are still signed in")
    clerk.page.unroute_all()
    dialog.get_by_role("button", name="Try again").click()
    expect(clerk.button("Sign in with a passkey")).to_be_visible()
    assert clerk.page.url == f"{clerk.url}/desk"
    clerk.page.reload()
    clerk.button("Sign in with a passkey").click()
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_visible()


def test_a_screen_that_waits_for_its_owner_asks_for_nothing(clerk: Person) -> None:
    clerk.queue()
    beside = clerk.context.new_page()
    beside.add_init_script(HURRY)
    beside.goto(clerk.page.url)
    expect(beside.get_by_role("heading", name="Work queue")).to_be_visible()
    clerk.context.clear_cookies()
    expect(beside.get_by_role("heading", name="Sign in")).to_be_visible()
    asked: list[str] = []
    beside.on("request", lambda request: asked.append(request.url))
    beside.evaluate(FAR)
    beside.evaluate("dispatchEvent(new Event('focus'))")
    beside.evaluate(FAR)
    assert [url for url in asked if "/api/desk/" in url] == []
    clerk.page.reload()
    with beside.expect_response(lambda one: "/api/desk/queue" in one.url and one.ok):
        clerk.button("Sign in with a passkey").click()
    expect(beside.get_by_role("heading", name="Work queue")).to_be_visible()
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_visible()
    beside.close()


def test_a_slow_line_shows_what_it_brings(clerk: Person) -> None:
    def late(route: Route) -> None:
        time.sleep(SLOW_S)
        route.continue_()

    clerk.page.route("**/api/desk/phones", late)
    clerk.go("phones")
    expect(clerk.page.locator("main .empty")).to_be_visible()
