"""Passports on a reader at the wrong moment: in a field, off line, twice; and answers that come late."""

from playwright.sync_api import Request, Route, expect

from tests.web.applicants import HANEUL, SALIM
from tests.web.conftest import Staff
from tests.web.people import Person
from tests.web.test_desk_batches import ask

#: All that runs at once on an answer has run.
DRAWN = "new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))"


def test_a_passport_read_into_a_field_opens_a_case_of_its_own(staff: Staff) -> None:
    clerk = staff["clerk1"]
    clerk.queue()
    clerk.read_passport(HANEUL)
    clerk.field("Address").fill("1 Example Road")
    clerk.field("Nationality").fill("kor")
    # Small letters as they were typed, until the field is left.
    expect(clerk.field("Nationality")).to_have_value("kor")
    clerk.field("Address").focus()
    expect(clerk.field("Nationality")).to_have_value("KOR")
    clerk.saved()
    first = clerk.named()
    before = ask(clerk, "GET", f"/cases/{first}", None)["application"]
    for name in ("Address", "Sex"):
        clerk.go(f"case/{first}")
        clerk.field(name).focus()
        clerk.read_passport(SALIM)
        expect(clerk.field("Passport number")).to_have_value("07654321")
        assert clerk.named() != first
        clerk.go(f"case/{first}")
        expect(clerk.field("Address")).to_have_value("1 Example Road")
        clerk.saved()
        assert ask(clerk, "GET", f"/cases/{first}", None)["application"] == before


def test_a_passport_without_a_network_is_said_and_read_once_by_two_enters(staff: Staff) -> None:
    clerk = staff["clerk1"]
    page = clerk.page
    clerk.queue()
    page.route("**/api/desk/mrz", lambda route: route.abort())
    page.keyboard.type("\n".join(SALIM) + "\n")
    expect(page.get_by_role("alert")).to_be_visible()
    lines = clerk.field("The passport's lines")
    expect(lines).to_have_value("\n".join(SALIM))
    expect(lines).to_be_focused()

    page.unroute_all()
    held: list[Route] = []
    made: list[Request] = []
    page.route("**/api/desk/mrz", lambda route: held.append(route))
    page.on("request", lambda one: made.append(one) if one.url.endswith("/desk/cases") else None)
    with page.expect_request("**/api/desk/mrz"):
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.evaluate(DRAWN)
    for one in held:
        one.continue_()
    expect(page.get_by_role("form", name="Application")).to_be_visible()
    page.unroute_all()
    assert len(made) == 1


def test_a_late_answer_calls_nobody_back(staff: Staff) -> None:
    clerk = staff["clerk1"]
    clerk.go("new")
    late(clerk)
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_visible()
    assert clerk.page.url.endswith("#/queue")


def late(clerk: Person) -> None:
    """Begin an empty form, go to the queue, and let the answer come."""
    held: list[Route] = []
    clerk.page.route("**/api/desk/cases", lambda route: held.append(route))
    with clerk.page.expect_request("**/api/desk/cases"):
        clerk.button("Empty form").click()
    clerk.page.get_by_role("link", name="Work queue").click()
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_visible()
    with clerk.page.expect_response("**/api/desk/cases"):
        held[0].continue_()
    clerk.page.evaluate(DRAWN)
    clerk.page.unroute_all()
