"""Installing a reader as its page says: two files into an empty folder, and the lines that are shown."""

import re
import shlex
import subprocess
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.readers.program import BIN, PATIENCE_S
from tests.web.people import Person


def wanted(person: Person, venue: str, kind: str, **fields: str) -> str:
    """Ask for a code as an operator does; the reader's name."""
    person.go("readers/new")
    person.field("Venue").select_option(venue)
    person.page.locator(".kindcard", has_text=kind).first.click()
    for name, value in fields.items():
        person.field(name).fill(value)
    person.button("Make a code").click()
    expect(person.page.locator(".onetime")).to_be_visible()
    label = person.page.get_by_text("One-time code for").inner_text()
    return label.removeprefix("One-time code for ")


def install(person: Person, place: Path) -> None:
    """Save both files into ``place`` and type the line that enrols."""
    for name in ("reader.toml", "root.cose"):
        with person.page.expect_download() as coming:
            person.page.locator("main").get_by_text(name, exact=True).first.click()
        coming.value.save_as(place / name)
    done = run(typed(person, "enrol").inner_text(), place)
    assert done.returncode == 0, done.stderr
    assert "enrolled as" in done.stdout


def typed(person: Person, command: str) -> Locator:
    """A line to type."""
    return person.page.locator(".typed code", has_text=re.compile(rf"^cardsvc-verify {command} "))


def run(line: str, place: Path) -> "subprocess.CompletedProcess[str]":
    """Run a line that a page shows, in the reader's folder."""
    program, *arguments = shlex.split(line)
    assert program == "cardsvc-verify"
    return subprocess.run(
        [BIN / program, *arguments],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def hurry(place: Path, *changes: tuple[str, str]) -> None:
    """Have the reader speak JSON and ask every 15 seconds, for a test that does not wait for minutes."""
    config = place / "reader.toml"
    text = config.read_text("utf-8")
    pace = ("[service]\n", "[service]\nupload_s = 1\nsync_s = 15\n")
    for old, new in (pace, ("bell = true", 'form = "json"'), *changes):
        assert old in text, old
        text = text.replace(old, new)
    config.write_text(text, "utf-8")
