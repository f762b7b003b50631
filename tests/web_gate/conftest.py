"""One installation, and one browser whose camera sees what a test puts before it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.web.conftest import CHROMIUM, FLAGS
from tests.web.conftest import house as house
from tests.web.conftest import staff as staff
from tests.web.people import SLOW_MS
from tests.web_police import pictures


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera films; it is read anew whenever a page starts its camera."""
    film = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    pictures.film(pictures.Image.new("RGB", pictures.FRAME, (90, 90, 90)), film)
    return film


@pytest.fixture(scope="module")
def browser(camera: Path) -> Iterator[Browser]:
    """Debian's Chromium with that camera."""
    expect.set_options(timeout=SLOW_MS)
    with sync_playwright() as playwright:
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()
