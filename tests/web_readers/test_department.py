"""A department grants and withdraws its own service, card by card and from a list, and sees nothing else.

The door is the real reader program; the list is a spreadsheet's, with names in it that nobody must see.
"""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.readers.program import Gate, gate, rows, until
from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import Person
from tests.web_readers.doors import hurry, install, wanted

CANARY = "Canary-Nightingale"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library door's own folder."""
    return tmp_path_factory.mktemp("library-door")


@pytest.fixture(scope="module")
def card(house: House, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Last year's card: it opens the bus and no library."""
    return house.card(tmp_path_factory.mktemp("card"), services=["bus"], reference="last-year")


@pytest.fixture(scope="module")
def library(house: House, staff: Staff) -> Person:
    """The library's own member of staff, whose key two approvers have let in."""
    library = staff["library1"]
    for approver in ("chief1", "chief2"):
        person = staff[approver]
        person.go("keys")
        person.button("Let this key approve").click()
        expect(person.page.get_by_role("status")).to_have_text("Signed")
    return library


def carried_out(library: Person, button: str, counts: str) -> None:
    """Press it, touch the key, and see every line done."""
    library.button(button).click()
    expect(library.page.locator(".note.green")).to_contain_text(counts)


def becomes(reader: Gate, code: str, reason: str) -> None:
    """Tap until the door knows: it asks every quarter of a minute here."""
    until(lambda: reader.tap(code) == reason, f"the door never said {reason}")


def test_before_its_key_is_let_in_a_department_is_told_what_to_do(
    house: House, staff: Staff, card: tuple[str, str]
) -> None:
    library = staff["library1"]
    library.go("services/library")
    expect(library.page.get_by_role("heading", name="Grant and withdraw")).to_be_visible()
    expect(library.page.get_by_role("link", name="Cards")).to_have_count(0)
    library.accessible()
    library.field("Number").fill(card[0])
    library.field("Reason").fill("a member since today")
    library.button("Read it").click()
    library.button("Grant 1").click()
    expect(library.page.get_by_role("alert")).to_contain_text("have one registered and approved first")
    library.button("Drop it").click()
    expect(library.page.get_by_text("Dropped", exact=True)).to_be_visible()


def test_a_grant_opens_the_door_to_last_years_card_and_a_withdrawal_shuts_it(
    house: House, staff: Staff, library: Person, place: Path, card: tuple[str, str]
) -> None:
    number, code = card
    operator = staff["operator1"]
    wanted(operator, "library", "Desk")
    install(operator, place)
    hurry(place)
    with gate(place) as reader:
        reader.says(lambda said: "banner" in said and "library" in said["banner"])
        assert reader.tap(code) == "no_entitlement"

        library.go("services/library")
        library.field("Number").fill(number)
        library.field("Last day").fill("2031 1 31")
        library.field("Reason").fill("a member since nine o'clock")
        library.button("Read it").click()
        expect(library.page.get_by_text("1 card would be granted it.")).to_be_visible()
        expect(library.page.get_by_role("cell", name="2031-01-31")).to_be_visible()
        library.accessible()
        carried_out(library, "Grant 1", "1 card done.")
        becomes(reader, code, "ok")

        library.go("services/library")
        expect(library.page.get_by_role("row", name=re.compile("Granted to a day"))).to_contain_text(
            "2031-01-31"
        )
        library.accessible()
        library.page.get_by_role("button", name="Withdraw", exact=True).click()
        library.field("Number").fill(number)
        library.field("Reason").fill("books never came back")
        library.button("Read it").click()
        carried_out(library, "Withdraw 1", "1 card done.")
        becomes(reader, code, "entitlement_withdrawn")


def test_a_list_of_a_spreadsheet_is_carried_out_line_by_line(
    house: House, library: Person, place: Path, card: tuple[str, str], tmp_path: Path
) -> None:
    number, code = card
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    lines = [
        "姓名,卡号,班级,截止日期",
        f"{CANARY},{number},3B,2030/6/30",
        f"Other {CANARY},{wrong},3B,",
        f"{CANARY},{number},3B,",
    ]
    file = tmp_path / "term.csv"
    file.write_bytes("\r\n".join(lines).encode("gb18030"))
    sent: list[str] = []
    library.page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    library.go("services/library")
    library.page.locator("input[type=file]").set_input_files(file)
    expect(library.page.get_by_text("Not read, and not sent: 姓名, 班级")).to_be_visible()
    library.accessible()
    library.field("Reason").fill("the spring term")
    library.button("Read it").click()
    expect(library.page.get_by_text("1 card would be granted it.")).to_be_visible()
    expect(library.page.get_by_text("2 lines are left out; why stands beside each.")).to_be_visible()
    expect(library.page.get_by_role("row", name=re.compile("^3 "))).to_contain_text("No card has this number")
    expect(library.page.get_by_role("row", name=re.compile("^4 "))).to_contain_text("stands higher up")
    library.accessible()
    with gate(place) as reader:
        reader.says(lambda said: "banner" in said and "library" in said["banner"])
        carried_out(library, "Grant 1", "1 card done.")
        becomes(reader, code, "ok")
    with library.page.expect_download() as coming:
        library.button("Save the result").click()
    result = Path(coming.value.path()).read_text("utf-8").splitlines()
    assert result == [
        "line,number,until,state,reason",
        f"2,{number},2030-06-30,done,",
        f"3,{wrong},,refused,wrong_number",
        f"4,{number},,refused,twice_in_list",
    ]
    library.go("services/library")
    with library.page.expect_download() as coming:
        library.button("Save as a list").click()
    assert f"{number},2030-06-30,until" in Path(coming.value.path()).read_text("utf-8")
    # The names of the list never left the window; the reader's disk holds no name and no number.
    assert sent
    assert not any(CANARY in one or "Canary" in one for one in sent)
    everything = b"".join(path.read_bytes() for path in (place / "state").iterdir() if path.is_file())
    assert not any(word.encode() in everything for word in (CANARY, number, "Example"))
    records = json.dumps([list(map(str, row)) for row in rows(house, "SELECT * FROM rights_line")])
    assert CANARY not in records


def test_a_stay_extended_opens_the_door_again(
    house: House, library: Person, place: Path, card: tuple[str, str]
) -> None:
    """A suspension shuts it, and a longer stay with the hold lifted opens it, to the same plastic."""
    number, code = card
    with gate(place) as reader:
        reader.says(lambda said: "banner" in said and "library" in said["banner"])
        house.cardsvc("suspend", number, "--reason", "permit being renewed")
        becomes(reader, code, "suspended")
        house.cardsvc("extend", number, "--permit-until", "2032-06-30")
        house.cardsvc("reinstate", number, "--reason", "the stay was extended")
        becomes(reader, code, "ok")


def test_what_is_not_a_departments_stays_out_of_its_sight(house: House, library: Person) -> None:
    for place, heading in (("readers", "Readers"), ("venues", "Venues"), ("use", "Use")):
        library.go(place)
        expect(library.page.get_by_role("heading", level=1)).to_contain_text(heading)
        library.page.wait_for_load_state("networkidle")
        library.accessible()
    expect(library.page.get_by_text("Admitted while revoked")).to_have_count(0)
    library.go("venues")
    expect(library.page.get_by_role("row", name=re.compile("City library"))).to_be_visible()
    expect(library.page.get_by_role("row", name=re.compile("City buses"))).to_have_count(0)
    library.go("venues/library")
    expect(library.field("Name")).to_be_disabled()
    expect(library.button("Save these rules")).to_have_count(0)
    library.go("services/hospital")
    expect(library.page.get_by_text("This service belongs to another department.")).to_be_visible()
