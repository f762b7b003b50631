"""One installation a file, a browser whose camera sees pictures of the test's, and officers with phones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.web.conftest import CHROMIUM, FLAGS
from tests.web.conftest import Staff as Staff
from tests.web.conftest import house as house
from tests.web.conftest import staff as staff
from tests.web.house import House
from tests.web.people import SLOW_MS
from tests.web_police import pictures
from tests.web_police.patrol import Card, Officer, issue


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every camera of this browser sees; nothing to begin with."""
    path = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    pictures.film(pictures.NOTHING, path)
    return path


@pytest.fixture(scope="module")
def browser(camera: Path) -> Iterator[Browser]:
    """Debian's Chromium, with that camera."""
    expect.set_options(timeout=SLOW_MS)
    with sync_playwright() as playwright:
        arguments = [*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def cards(house: House, tmp_path_factory: pytest.TempPathFactory) -> list[Card]:
    """Three of the demonstration's cards."""
    return issue(house, tmp_path_factory.mktemp("cards") / "out", 0, 1, 2)


@pytest.fixture(scope="module")
def officer(
    house: House, browser: Browser, staff: Staff, camera: Path, cards: list[Card]
) -> Iterator[Officer]:
    """An officer on duty, whose phone was let in."""
    one = Officer(browser, house, camera)
    one.enrol(staff.invitations["officer1"])
    one.begin()
    one.set_up()
    yield one
    one.close()
