"""A desk's day in a real browser: from invitations to a card whose printed codes verify off line."""

import json
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.applicants import LONG_GIVEN, LONG_SURNAME, SALIM, SALIMS_PAPERS
from tests.web.conftest import Staff
from tests.web.house import BIN, House
from tests.web.people import PORTRAITS, Person

HEIC = Path(__file__).parents[1] / "issuance" / "pictures" / "salim.heic"
#: Resolves when the camera shows something.
FIRST_PICTURE = (
    "video => video.videoWidth > 0"
    " || new Promise((seen) => video.addEventListener('loadeddata', () => seen(true)))"
)
CHOOSE = "([tongue, theme]) => Object.assign(localStorage, {'desk.language': tongue, 'desk.theme': theme})"
SCREENS = [
    (1366, 768, "en", "dark"),
    (1366, 768, "zh", "light"),
    (820, 1180, "zh", "dark"),
    (820, 1180, "en", "light"),
]


def file_salim(clerk: Person) -> str:
    """From the passport reader to the submission; the case's id."""
    clerk.queue()
    clerk.read_passport(SALIM)
    clerk.fill(SALIMS_PAPERS)
    clerk.portrait(PORTRAITS / "salim.jpg")
    clerk.saved()
    case = clerk.named()
    clerk.button("Submit for approval").click()
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_visible()
    return case


def test_from_the_passport_to_a_card_that_verifies_off_line(
    staff: Staff, house: House, tmp_path: Path
) -> None:
    clerk, chief, printer = staff["clerk1"], staff["chief1"], staff["printer1"]
    case = file_salim(clerk)

    chief.queue()
    expect(chief.button("Next")).to_be_visible()
    chief.page.keyboard.press("j")
    expect(chief.page.get_by_role("heading", level=1)).to_contain_text("AL-NAMUDHAJ, Salim Qasim")
    expect(chief.page.get_by_role("heading", level=1)).to_contain_text("سالم قاسم النموذج")
    assert chief.named() == case
    chief.page.keyboard.press("y")
    chief.button("Sign with my passkey").click()
    dialog = chief.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Issued")
    number = dialog.get_by_role("link").inner_text().replace(" ", "")

    printer.go("print")
    printer.button("Print 1 card").click()
    with printer.page.expect_popup() as popup:
        printer.page.get_by_role("link", name="Open the file").click()
    page = tmp_path / "cards.pdf"
    page.write_bytes(printer.context.request.get(popup.value.url or printer.url).body())
    verify(house, tmp_path, page, number)

    printer.button("Printed").click()
    printer.button("Finish the job").click()
    expect(printer.page.get_by_text("Nothing waits to be printed.")).to_be_visible()


def verify(house: House, folder: Path, page: Path, number: str) -> None:
    """Judge the page as a gate does, with a root document, a bundle, and no network."""
    root, bundle = folder / "root.cose", folder / "centre.cose"
    house.cardsvc("root", "--out", str(root))
    house.cardsvc("bundle", "centre", "--out", str(bundle))
    command = [str(BIN / "cardsvc-verify"), "check", "--role", "desk"]
    files = ["--root", str(root), "--bundle", str(bundle), "--image", str(page)]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["verdict"] for answer in answers] == ["allow", "allow"], done.stderr
    assert {answer["card"] for answer in answers} == {number}


def test_what_is_wrong_stands_beside_its_field(staff: Staff) -> None:
    clerk = staff["clerk1"]
    clerk.go("new")
    clerk.button("Empty form").click()
    expect(clerk.page.locator(".error")).to_have_count(0)
    clerk.fill({"Surname": "SPECIMEN", "Date of birth": "2190-01-01"})
    clerk.saved()
    birth = clerk.field("Date of birth")
    expect(birth).to_have_attribute("aria-invalid", "true")
    words = birth.evaluate("node => document.getElementById(node.getAttribute('aria-describedby')).innerText")
    assert "2190-01-01" in words
    clerk.button("Submit for approval").click()
    expect(clerk.field("Passport number")).to_have_attribute("aria-invalid", "true")
    expect(clerk.page.locator(".form :focus")).to_have_count(1)


def test_the_same_passport_again_is_seen_at_once(staff: Staff) -> None:
    clerk = staff["clerk1"]
    file_salim(clerk)
    clerk.queue()
    clerk.read_passport(SALIM)
    tile = clerk.page.locator(".tile.warnings")
    expect(tile).to_contain_text("The same passport")
    expect(tile.locator("img.face").first).to_be_visible()


def test_a_refusal_is_a_letter_in_the_residents_language(staff: Staff) -> None:
    clerk, chief = staff["clerk1"], staff["chief1"]
    case = file_salim(clerk)
    chief.go(f"case/{case}")
    chief.page.keyboard.press("x")
    chief.field("Reason").select_option("permit_missing")
    chief.field("The office adds").fill("The number is another person's.")
    chief.page.get_by_role("dialog").get_by_role("button", name="Refuse").click()
    letters = chief.page.get_by_role("dialog").locator(".letter")
    expect(letters.locator("[lang=ar]")).to_be_visible()
    expect(letters.locator("[lang=en]")).to_be_visible()
    assert letters.locator("[lang=ar]").evaluate("node => getComputedStyle(node).direction") == "rtl"


def test_the_camera_takes_a_portrait(staff: Staff) -> None:
    clerk = staff["clerk1"]
    clerk.go("new")
    clerk.button("Empty form").click()
    clerk.button("Take or choose").click()
    clerk.button("Camera").click()
    clerk.page.locator("video").evaluate(FIRST_PICTURE)
    clerk.button("Take the picture").click()
    frame = clerk.page.get_by_role("group", name="Frame of the portrait")
    before = frame.bounding_box()
    frame.press("-")
    frame.press("ArrowLeft")
    after = frame.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] < before["width"]
    clerk.page.keyboard.press("Escape")
    expect(clerk.page.get_by_role("dialog")).to_be_hidden()
    expect(clerk.button("Take or choose")).to_be_focused()


def test_a_phones_picture_is_used_unseen_and_framed_afterwards(staff: Staff) -> None:
    clerk = staff["clerk1"]
    clerk.go("new")
    clerk.button("Empty form").click()
    clerk.button("Take or choose").click()
    dialog = clerk.page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(HEIC)
    expect(dialog).to_contain_text("This browser cannot show the picture.")
    dialog.get_by_role("button", name="Use this portrait").click()
    expect(dialog).to_be_hidden()
    clerk.button("Change").click()
    dialog.get_by_role("group", name="Frame of the portrait").press("-")
    dialog.get_by_role("button", name="Use this portrait").click()
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize(("width", "height", "language", "scheme"), SCREENS)
def test_long_names_fit_every_screen(
    staff: Staff, width: int, height: int, language: str, scheme: str
) -> None:
    clerk = staff["clerk1"]
    page = clerk.page
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(CHOOSE, [language, scheme])
    try:
        clerk.go("new")
        page.reload()
        page.locator(".ways button").first.click()
        for field, value in (
            ("surname", LONG_SURNAME), ("given_names", LONG_GIVEN),
            ("name_native", "عبد الرحمن بن عبد العزيز بن محمد النموذج التجريبي الطويل جدا"),
            ("name_chinese", "阿卜杜勒拉赫曼"),
        ):  # fmt: skip
            page.locator(f"[data-field={field}]").fill(value)
        expect(page.locator(".saved.saved")).to_be_visible()
        fits(clerk)
        clerk.accessible()
        clerk.queue()
        expect(page.locator("tbody tr").first).to_contain_text("SPECIMENOPOULOU")
        fits(clerk)
        clerk.accessible()
    finally:
        page.evaluate("localStorage.clear()")
        page.set_viewport_size({"width": 1366, "height": 768})
        page.reload()


def fits(person: Person) -> None:
    """Nothing is wider than the window."""
    wide = person.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide[0] <= wide[1], f"{person.page.url} is {wide[0]} wide in {wide[1]}"
