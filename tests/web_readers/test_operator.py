"""An operator lets a reader in, sees it live, changes its venue's rules, mends its log, and ends it.

The reader is the real program, installed as the page says; the service and the signer are real processes.
"""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.readers.program import gate, rows, until
from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import Person
from tests.web_readers.doors import hurry, install, run, typed, wanted

#: A page asks again every ten seconds, and the reader every second.
LIVE_MS = 30_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader's own folder."""
    return tmp_path_factory.mktemp("reading-room")


@pytest.fixture(scope="module")
def card(house: House, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A card that holds the library: its number and its gate code."""
    return house.card(tmp_path_factory.mktemp("card"), services=["library"])


def row(person: Person, text: str) -> Locator:
    """A row of any table on the page."""
    return person.page.get_by_role("row", name=re.compile(text))


def listed(person: Person, reader: str) -> Locator:
    """A reader in the list of readers."""
    return person.page.locator("table.readers tbody tr", has_text=reader)


def test_a_reader_is_let_in_from_the_page_and_judges_a_card(
    house: House, staff: Staff, place: Path, card: tuple[str, str]
) -> None:
    operator = staff["operator1"]
    operator.go("readers")
    expect(operator.page.get_by_text("No reader yet.")).to_be_visible()
    operator.accessible()
    name = wanted(operator, "library", "Desk", Site="Reading room 阅览室", Position="29.3060, 120.0750")
    assert name == "library-1"
    operator.accessible()
    code = operator.page.locator(".onetime").inner_text()
    assert code in typed(operator, "enrol").inner_text()
    install(operator, place)
    selftest = run(typed(operator, "selftest").inner_text(), place)
    assert selftest.returncode == 0, selftest.stdout
    assert "knows library-1" in selftest.stdout
    hurry(place)

    operator.page.get_by_text("See it come").click()
    expect(listed(operator, "library-1")).to_contain_text("Reading room 阅览室")
    with gate(place) as reader:
        reader.says(lambda said: "banner" in said and "library" in said["banner"])
        assert reader.tap(card[1]) == "ok"
        # Nobody touches the page: it asks by itself.
        expect(listed(operator, "library-1").locator("td").last).to_have_text("1", timeout=LIVE_MS)
        expect(listed(operator, "library-1")).to_contain_text("Active")
    operator.accessible()
    operator.page.get_by_role("link", name="library-1").first.click()
    expect(operator.page.get_by_text("It asks, and its data is fresh.")).to_be_visible()
    operator.accessible()
    # Shown this once: the page of the code is gone, and says nothing any more.
    operator.go("readers/new")
    expect(operator.page.locator(".onetime")).to_have_count(0)


def test_what_was_admitted_is_counted_and_drawn(staff: Staff) -> None:
    operator = staff["operator1"]
    operator.go("use")
    expect(operator.page.locator(".totals .allow dd")).to_have_text("1")
    expect(operator.page.get_by_role("img", name="By hour")).to_be_visible()
    operator.page.get_by_text("The same as a table").click()
    expect(operator.page.locator(".behind tbody tr")).to_have_count(1)
    expect(operator.page.get_by_text("Nobody was refused.")).to_be_visible()
    operator.accessible()
    operator.page.get_by_role("button", name="30 days").click()
    expect(operator.page.get_by_role("img", name="By day")).to_be_visible()
    expect(operator.page.locator(".totals .allow dd")).to_have_text("1")


def test_an_edit_is_seen_before_it_is_saved_and_at_the_door_after_the_next_sync(
    house: House, staff: Staff, place: Path, card: tuple[str, str]
) -> None:
    operator = staff["operator1"]
    operator.go("venues")
    operator.accessible()
    operator.go("venues/library")
    operator.page.get_by_text("Printed code", exact=True).click()
    preview = operator.page.locator(".changes")
    expect(preview).to_contain_text("Printed code")
    expect(preview).to_contain_text("1 visit of the last 30 days would be refused")
    expect(operator.page.get_by_text("The 1 reader here knows within 5 minutes")).to_be_visible()
    operator.accessible()
    with gate(place) as reader:
        reader.says(lambda said: "banner" in said and "library" in said["banner"])
        assert reader.tap(card[1]) == "ok"
        operator.button("Save these rules").click()
        expect(operator.page.get_by_text("Change something on the left")).to_be_visible()
        said = [""]

        def asked_again() -> bool:
            said[0] = reader.tap(card[1])
            return said[0] != "ok"

        until(asked_again, "the rules did not reach the door")
        assert said[0] == "low_assurance"
        counted = "SELECT count(*) FROM gate_record WHERE reason = 'low_assurance'"
        until(lambda: rows(house, counted) != [(0,)], "the refusal did not arrive")
    operator.go("use")
    expect(row(operator, "Printed code not enough")).to_be_visible(timeout=LIVE_MS)


def test_two_who_edit_at_once_are_told_and_nothing_is_lost(house: House, staff: Staff) -> None:
    one = staff["operator1"]
    one.go("staff")
    one.button("Add somebody").click()
    dialog = one.page.get_by_role("dialog")
    for label, text in (("Staff name", "operator2"), ("Name", "Demo Operator Two")):
        dialog.get_by_label(label, exact=True).fill(text)
    dialog.get_by_label("Role").select_option("operator")
    dialog.get_by_label("Office").select_option("Yiwu")
    dialog.get_by_role("button", name="Save").click()
    one.page.get_by_role("row", name=re.compile("operator2")).get_by_role("button", name="Invite").click()
    two = staff.come(one.page.get_by_role("dialog").locator("code").inner_text())

    for person in (one, two):
        person.go("venues/library")
    two.field("Name").fill("City library, evenings")
    two.button("Save these rules").click()
    expect(two.page.get_by_text("Change something on the left")).to_be_visible()
    # Another setting: both edits hold, and the first operator sees it before saving.
    one.page.get_by_text("Staff stand by").click()
    meeting = one.page.get_by_role("alert")
    expect(meeting).to_contain_text("operator2 changed this venue while you were editing")
    expect(meeting).to_contain_text("You changed different things")
    expect(one.field("Name")).to_have_value("City library, evenings")
    meeting.get_by_role("button", name="Continue").click()
    one.button("Save these rules").click()
    expect(one.page.get_by_text("Change something on the left")).to_be_visible()
    # The same setting: the page asks which counts.
    two.page.reload()
    two.field("Name").fill("Two's name")
    one.field("Name").fill("One's name")
    two.button("Save these rules").click()
    expect(two.page.get_by_text("Change something on the left")).to_be_visible()
    expect(meeting).to_contain_text("Two's name")
    expect(one.button("Save these rules")).to_be_disabled()
    one.accessible()
    meeting.get_by_role("button", name="Keep mine").click()
    one.button("Save these rules").click()
    expect(one.page.get_by_text("Change something on the left")).to_be_visible()
    assert (
        json.loads(rows(house, "SELECT config FROM venue WHERE id = 'library'")[0][0])["name"] == "One's name"
    )
    two.close()


def test_a_venue_of_a_new_kind_is_made_without_a_file(staff: Staff) -> None:
    operator = staff["operator1"]
    operator.go("venues/new")
    operator.field("Id").fill("Reading Room")
    expect(operator.page.get_by_text("Small letters, digits and hyphens, beginning")).to_be_visible()
    operator.field("Id").fill("reading-room")
    operator.field("Name").fill("Community reading room 社区书房")
    operator.field("Kind").select_option("desk")
    operator.page.get_by_text("Community doors").click()
    operator.button("Add hours").click()
    operator.field("Closes").fill("2130")
    operator.field("Closes").blur()
    expect(operator.field("Closes")).to_have_value("21:30")
    expect(operator.page.get_by_text("A new venue.", exact=False).first).to_be_visible()
    operator.accessible()
    operator.button("Make this venue").click()
    expect(operator.page.get_by_text("Change something on the left")).to_be_visible()
    operator.go("venues")
    expect(row(operator, "Community reading room")).to_contain_text("Community doors")


def test_a_broken_log_is_looked_into_and_gone_on_with(
    house: House, staff: Staff, place: Path, card: tuple[str, str]
) -> None:
    """The service lost its newest record, as after a restore of a backup of yesterday."""
    ((head,),) = rows(house, "SELECT head_seq FROM reader")
    with closing(sqlite3.connect(house.data / "cardsvc.db", timeout=20)) as database, database:
        database.execute("UPDATE reader SET head_seq = head_seq - 1")
        database.execute("DELETE FROM gate_record WHERE seq = ?", (head,))
    with gate(place) as reader:
        reader.says(lambda said: "banner" in said and "library" in said["banner"])
        reader.tap(card[1])
        until(lambda: rows(house, "SELECT count(*) FROM quarantined") == [(1,)], "nothing was kept apart")
    operator = staff["operator1"]
    operator.go("readers")
    expect(listed(operator, "library-1")).to_contain_text("1 waits")
    operator.page.get_by_role("link", name="1 waits").click()
    expect(operator.page.get_by_text(f"Record {head} has not come.")).to_be_visible()
    expect(operator.page.get_by_text("Something is missing before these")).to_be_visible()
    operator.accessible()
    operator.button(f"Go on from record {head + 1}").click()
    dialog = operator.page.get_by_role("dialog")
    expect(dialog).to_contain_text("The 1 missing record is given up")
    operator.accessible()
    dialog.get_by_label("What happened").fill("restored from the backup of yesterday")
    dialog.get_by_role("button", name="Go on").click()
    expect(operator.page.get_by_text("Records that wait")).to_be_hidden(timeout=LIVE_MS)
    until(lambda: rows(house, "SELECT head_seq FROM reader") == [(head + 1,)], "the log did not go on")
    (last,) = rows(house, "SELECT details FROM audit WHERE action = 'reader_goes_on'")
    assert json.loads(last[0])["reason"] == "restored from the backup of yesterday"


def test_a_revoked_card_shows_who_may_still_accept_it(
    house: House, staff: Staff, card: tuple[str, str]
) -> None:
    operator = staff["operator1"]
    operator.go("readers")
    expect(operator.page.get_by_text("No card has been revoked yet")).to_be_visible()
    house.cardsvc("revoke", card[0], "--reason", "stolen")
    expect(operator.page.get_by_text("on line and knows within minutes")).to_be_visible(timeout=LIVE_MS)
    with closing(sqlite3.connect(house.data / "cardsvc.db", timeout=20)) as database, database:
        database.execute("UPDATE reader SET seen_at = seen_at - 7200")
    expect(operator.page.get_by_text("is not on line and has fetched nothing since")).to_be_visible(
        timeout=LIVE_MS
    )
    expect(listed(operator, "library-1")).to_contain_text("Silent")


def test_a_reader_that_was_revoked_is_let_in_no_more_at_once(
    house: House, staff: Staff, place: Path, card: tuple[str, str]
) -> None:
    operator = staff["operator1"]
    with gate(place) as reader:
        until(lambda: reader.tap(card[1]) == "revoked", "the revocation did not reach the door")
        operator.go("readers/library-1")
        operator.button("Revoke this reader").click()
        dialog = operator.page.get_by_role("dialog")
        expect(dialog).to_contain_text("For ever")
        operator.accessible()
        dialog.get_by_label("Reason").fill("stolen from the wall")
        dialog.get_by_role("button", name="Revoke this reader").click()
        expect(operator.page.get_by_text("It is let in no more")).to_be_visible()
        ((head,),) = rows(house, "SELECT head_seq FROM reader")
        # Its token was good for minutes yet; from this moment nothing of it is taken.
        assert reader.tap(card[1]) == "revoked"
        reader.says(lambda said: "not_enrolled" in json.dumps(said) or "refused" in json.dumps(said))
    assert rows(house, "SELECT head_seq, state FROM reader") == [(head, "revoked")]
    operator.go("readers")
    expect(operator.page.get_by_role("button", name=re.compile(r"^Revoked\s*1$"))).to_be_visible()


def test_a_code_is_taken_back_by_keyboard_alone(staff: Staff, house: House) -> None:
    operator = staff["operator1"]
    name = wanted(operator, "hotel", "Tablet")
    expect(operator.page.get_by_role("img", name=re.compile("tablet's camera"))).to_be_visible()
    operator.page.locator("main").focus()
    operator.page.keyboard.press("r")
    expect(row(operator, name)).to_contain_text("Hotels")
    operator.page.get_by_role("button", name=f"Take back the code for {name}").focus()
    operator.page.keyboard.press("Enter")
    expect(operator.page.get_by_text("Codes on their way")).to_be_hidden()
    assert rows(
        house, "SELECT count(*) FROM reader_enrolment WHERE used_at IS NULL AND expires_at > made_at + 600"
    ) == [(0,)]


@pytest.mark.parametrize("size", [(1366, 768), (1024, 768)], ids=["desk", "tablet"])
def test_every_page_in_chinese_by_night(house: House, staff: Staff, size: tuple[int, int]) -> None:
    operator = staff["operator1"]
    operator.page.set_viewport_size({"width": size[0], "height": size[1]})
    operator.go("readers")
    operator.button("中文").click()
    operator.page.get_by_role("button", name="深色").click()
    for place in (
        "readers",
        "readers/library-1",
        "readers/new",
        "venues",
        "venues/library",
        "venues/new",
        "use",
    ):
        operator.go(place)
        operator.page.wait_for_load_state("networkidle")
        operator.accessible()
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert operator.page.evaluate(overflow) <= 0, place
        said = operator.page.locator("main").inner_text()
        assert re.search("[\u4e00-\u9fff]", said), place
    operator.button("English").click()
    operator.page.get_by_role("button", name="Light colours").click()
    operator.page.set_viewport_size({"width": 1366, "height": 768})
