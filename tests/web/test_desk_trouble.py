"""What goes wrong at desks: no mouse, a service that dies, two people at one case, weak eyes."""

import re
import time
from pathlib import Path

import pyotp
from playwright.sync_api import FileChooser, expect

from tests.web.applicants import HANEUL, HANEULS_PAPERS, SALIM
from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import PORTRAITS, Person
from tests.web.test_desk_day import file_salim
from tests.web.test_desk_people import opened
from tests.web_card.phones import issued

PASSWORD = "four words that nobody guesses"
#: What the focused thing is called.
NAMED = (
    "(document.activeElement.labels?.[0]?.innerText ?? document.activeElement.getAttribute('aria-label')"
    " ?? document.activeElement.innerText ?? '').trim()"
)


def tab_to(person: Person, name: str) -> None:
    """Press Tab until the thing with this name has the focus, as somebody without a mouse does."""
    for _ in range(80):
        person.page.keyboard.press("Tab")
        focused = person.page.evaluate(NAMED)
        if focused.split("\n")[0] == name:
            return
    raise AssertionError(f"Tab never came to {name!r}")


def chooses(person: Person) -> FileChooser:
    """Enter on the field for files, which has the focus."""
    with person.page.expect_file_chooser() as chooser:
        person.page.keyboard.press("Enter")
    return chooser.value


def test_the_keyboard_alone_makes_a_card(staff: Staff) -> None:
    clerk, chief = staff["clerk1"], staff["chief1"]
    keyboard = clerk.page.keyboard
    # From now on the browser hands every choice of a file to the test, and never gives one up by itself.
    clerk.page.on("filechooser", lambda _: None)
    tab_to(clerk, "Sign out")
    keyboard.press("Enter")
    expect(clerk.page.get_by_role("heading", name="Sign in")).to_be_focused()
    tab_to(clerk, "Sign in with a passkey")
    keyboard.press("Enter")
    # Letters act once the screen has taken the focus.
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_focused()

    keyboard.press("n")
    expect(clerk.field("The passport's lines")).to_be_focused()
    keyboard.type("\n".join(HANEUL))
    keyboard.press("Enter")
    expect(clerk.page.get_by_role("form", name="Application")).to_be_visible()
    for name, value in HANEULS_PAPERS.items():
        tab_to(clerk, name)
        if clerk.page.evaluate("document.activeElement.tagName") == "SELECT":
            label = clerk.page.evaluate(
                "value => [...document.activeElement.options].find((one) => one.value === value).label", value
            )
            words = label.partition(" ·")[0]  # What follows is on no key of hers.
            for _ in range(5):
                keyboard.type(words)
                if clerk.page.evaluate("document.activeElement.value") == value:
                    break
                clerk.page.wait_for_timeout(1_200)  # A machine that stalled: another word begins in a second.
            else:
                raise AssertionError(f"{words!r} cannot be chosen by typing")
        else:
            keyboard.press("Control+a")
            keyboard.type(value)
    tab_to(clerk, "Take or choose")
    keyboard.press("Enter")
    tab_to(clerk, "Choose a file")
    # Who gives the choice up is still where they were.
    chooses(clerk)
    clerk.page.evaluate("document.activeElement.dispatchEvent(new Event('cancel', {bubbles: true}))")
    chooses(clerk).set_files(PORTRAITS / "haneul.jpg")
    tab_to(clerk, "Use this portrait")
    keyboard.press("Enter")
    expect(clerk.page.get_by_role("dialog")).to_be_hidden()
    clerk.saved()
    keyboard.press("Control+Enter")
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_focused()

    chief.queue()
    expect(chief.button("Next")).to_be_visible()
    chief.page.keyboard.press("j")
    expect(chief.button("Approve")).to_be_visible()
    chief.page.keyboard.press("y")
    expect(chief.button("Sign with my passkey")).to_be_enabled()
    tab_to(chief, "Sign with my passkey")
    chief.page.keyboard.press("Enter")
    expect(chief.page.get_by_role("dialog")).to_contain_text("Issued")


def test_a_service_that_dies_loses_nothing(staff: Staff, house: House) -> None:
    clerk = staff["clerk1"]
    clerk.go("new")
    clerk.button("Empty form").click()
    clerk.field("Surname").fill("SPECIMEN")
    clerk.saved()
    house.kill()
    clerk.field("Given names").fill("Persistent")
    expect(clerk.page.locator(".saved.offline")).to_contain_text("Kept here")
    clerk.field("Passport number").fill("SPEC00042")
    clerk.queue()
    house.open()
    clerk.page.go_back()
    expect(clerk.field("Passport number")).to_have_value("SPEC00042")
    clerk.saved()
    clerk.page.reload()
    expect(clerk.field("Given names")).to_have_value("Persistent")
    expect(clerk.field("Passport number")).to_have_value("SPEC00042")


def colleague(operator: Person, name: str) -> str:
    """One more clerk in the office of the first; the address of the invitation."""
    operator.go("staff")
    operator.button("Add somebody").click()
    dialog = operator.page.get_by_role("dialog")
    dialog.get_by_label("Staff name").fill(name)
    dialog.get_by_label("Name", exact=True).fill("Demo Clerk Nine")
    dialog.get_by_label("Office").select_option("Yiwu Centre 01")
    dialog.get_by_role("button", name="Save").click()
    row = operator.page.get_by_role("row", name=re.compile(name))
    row.get_by_role("button", name="Invite").click()
    return operator.page.get_by_role("dialog").locator("code").inner_text()


def test_two_clerks_on_one_case(staff: Staff) -> None:
    first, second = staff["clerk1"], staff.come(colleague(staff["operator1"], "clerk9"))

    first.queue()
    first.read_passport(SALIM)
    case = first.named()
    second.go(f"case/{case}")
    second.field("Phone").fill("+8657900000101")
    second.saved()
    first.field("E-mail").fill("salim@example.org")
    first.saved()
    expect(first.field("Phone")).to_have_value("+8657900000101")

    second.field("Phone").fill("+8657900000102")
    second.field("Address").fill("1 Example Road")
    second.saved()
    first.field("Address").fill("2 Example Road")
    conflict = first.page.get_by_role("alert")
    expect(conflict).to_contain_text("clerk9 changed the same meanwhile")
    expect(conflict).to_contain_text("1 Example Road")
    first.button("Keep mine").click()
    first.saved()
    second.page.reload()
    expect(second.field("Address")).to_have_value("2 Example Road")
    expect(second.field("Phone")).to_have_value("+8657900000102")
    second.close()


def test_what_was_begun_stands_again_for_who_is_in_again(staff: Staff) -> None:
    clerk, chief, printer = staff["clerk1"], staff["chief1"], staff["printer1"]
    opened(chief, file_salim(clerk))
    chief.page.keyboard.press("y")
    chief.button("Sign with my passkey").click()
    expect(chief.page.get_by_role("dialog")).to_contain_text("Issued")
    page, dialog = printer.page, printer.page.get_by_role("dialog")
    printer.go("print")
    page.get_by_role("button", name=re.compile("^Print [0-9]+ card")).click()
    page.locator(".job").get_by_role("button", name="Printed").click()
    spoiled = dialog.get_by_role("checkbox").first
    number = str(dialog.locator(".tick").first.inner_text())
    spoiled.check()

    printer.context.clear_cookies()
    dialog.get_by_role("button", name="Finish the job").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_focused()
    # Nothing of it is seen, read out or pressed.
    expect(dialog).to_have_count(0)
    body = page.locator("body")
    seen, read = body.inner_text(), body.aria_snapshot()
    assert [one for one in (number, "Demo Printer", "Blanks used") if one in seen + read] == []
    printer.accessible()
    page.keyboard.press("q")
    printer.button("Sign in with a passkey").click()

    expect(dialog).to_have_count(1)
    expect(spoiled).to_be_checked()
    expect(dialog.get_by_role("alert")).to_contain_text("this was not done")
    dialog.get_by_role("button", name="Finish the job").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".job")).to_contain_text("Finished")


def test_a_service_that_outlasts_the_card_is_where_its_error_leads(staff: Staff) -> None:
    clerk = staff["clerk1"]
    clerk.go("new")
    clerk.button("Empty form").click()
    clerk.fill({"Class of the card": "merchant", "Card valid until": "20300101"})
    clerk.page.locator("[data-service=bus]").check()
    days = clerk.page.locator("details", has_text="Last days of single services")
    days.locator("summary").click()
    days.locator("input").first.fill("20290101")
    days.locator("summary").click()
    expect(days.locator("input").first).to_be_hidden()
    clerk.saved()
    clerk.fill({"Card valid until": "2028-01-01"})
    # It opens where the day is that is wrong.
    expect(days.locator("input").first).to_be_visible()
    clerk.button("Submit for approval").click()
    clerk.page.locator(".todo").get_by_role("button", name="What the card opens").click()
    group = clerk.page.get_by_role("group", name="What the card opens")
    expect(group).to_be_focused()
    expect(group).to_have_accessible_description(re.compile("2029-01-01"))


def test_a_day_sent_with_enter_is_the_day_that_was_typed(staff: Staff, house: House, tmp_path: Path) -> None:
    [(number, _)] = issued(house, tmp_path / "cards", 1)
    clerk, auditor = staff["clerk1"], staff["auditor1"]
    clerk.go(f"cards/{number}")
    clerk.button("Extend the stay").click()
    dialog = clerk.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("A new permit.")
    day = dialog.get_by_label("Permit now valid until")
    day.fill("2032531")
    expect(day).to_have_accessible_description("A day such as 2027-06-30 was expected.")
    expect(dialog.get_by_role("button", name="Extend the stay")).to_be_disabled()
    clerk.accessible()
    day.fill("20320531")
    with clerk.page.expect_request("**/api/desk/cards/*/acts") as asked:
        day.press("Enter")
    assert asked.value.post_data_json["permit_until"] == "2032-05-31"
    expect(dialog).to_be_hidden()

    auditor.go("audit")
    auditor.field("From").fill("20990101")
    auditor.page.keyboard.press("Enter")
    expect(auditor.page.get_by_text("No entry fits.")).to_be_visible()
    auditor.field("From").fill("20200101")
    auditor.field("To").fill("20991231")
    auditor.page.keyboard.press("Enter")
    expect(auditor.page.locator("tbody tr").first).to_be_visible()
    auditor.field("To").fill("20200101")
    auditor.page.keyboard.press("Enter")
    expect(auditor.page.get_by_text("No entry fits.")).to_be_visible()


PLACES = {
    "clerk1": ["queue", "new", "import", "cards", "print"],
    "chief1": ["approve", "acts", "keys"],
    "operator1": ["staff"],
    "auditor1": ["audit"],
}


def test_axe_finds_nothing_serious(staff: Staff, house: House) -> None:
    for name, places in PLACES.items():
        person = staff[name]
        for place in places:
            person.go(place)
            expect(person.page.get_by_role("heading", level=1)).to_be_visible()
            person.page.wait_for_load_state("networkidle")
            person.accessible()
    clerk = staff["clerk1"]
    clerk.queue()
    clerk.page.keyboard.press("?")
    expect(clerk.page.get_by_role("dialog")).to_contain_text("Single letters are shortcuts")
    clerk.accessible()
    clerk.page.keyboard.press("Escape")


def take_password(clerk: Person, invitation: str) -> pyotp.TOTP:
    """Open the invitation and choose a password; where its codes come from."""
    clerk.page.goto(invitation)
    clerk.button("Use a password instead").click()
    clerk.field("Password").fill(PASSWORD)
    clerk.button("Continue").click()
    clerk.page.get_by_text("Cannot scan?").click()
    totp = pyotp.parse_uri(clerk.page.locator("code.wrap").inner_text())
    assert isinstance(totp, pyotp.TOTP)
    clerk.field("Code of the moment").fill(totp.now())
    clerk.accessible()
    clerk.button("Finish").click()
    expect(clerk.page.get_by_role("navigation")).to_be_visible()
    return totp


def come_by_password(clerk: Person, name: str, totp: pyotp.TOTP) -> None:
    """Sign in right after the password was chosen."""
    clerk.button("Use a password instead").click()
    clerk.field("Staff name").fill(name)
    clerk.field("Password").fill(PASSWORD)
    # A code works once: this is the next one, which counts half a minute ahead.
    clerk.field("Code of the moment").fill(totp.at(int(time.time()) + 30))
    clerk.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(clerk.page.get_by_role("navigation")).to_be_visible()


def test_a_password_and_a_code_do_where_no_passkey_is(staff: Staff, house: House) -> None:
    clerk = Person(staff.browser, house.url)
    totp = take_password(clerk, staff.invitations["clerk2"])
    clerk.button("Sign out").click()
    come_by_password(clerk, "clerk2", totp)
    clerk.close()


def test_strangers_see_a_door(staff: Staff, house: House) -> None:
    stranger = Person(staff.browser, house.url)
    stranger.page.goto(f"{house.url}/desk")
    expect(stranger.button("Sign in with a passkey")).to_be_visible()
    stranger.accessible()
    stranger.button("Use a password instead").click()
    stranger.field("Staff name").fill("clerk1")
    stranger.field("Password").fill("a guess, and a long one")
    stranger.field("Code of the moment").fill("123456")
    stranger.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(stranger.page.get_by_role("alert")).to_be_visible()
    stranger.page.goto(f"{house.url}/desk#/invitation/{'x' * 32}")
    expect(stranger.page.get_by_text("Ask your operator for a new invitation.")).to_be_visible()
    stranger.close()
