"""One installation a file and one browser; everybody in a window of their own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.web.house import House
from tests.web.people import SLOW_MS, Person

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]  # fmt: skip
CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running installation that the tests of one file share."""
    made = House(tmp_path_factory.mktemp("house") / "data")
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, with an empty profile of its own."""
    expect.set_options(timeout=SLOW_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Staff:
    """Everybody of an installation: who is asked for the first time makes a passkey from the invitation."""

    def __init__(self, house: House, browser: Browser) -> None:
        self.house = house
        self.browser = browser
        self.invitations = house.invitations
        self._inside: dict[str, Person] = {}

    def __getitem__(self, name: str) -> Person:
        if name not in self._inside:
            self._inside[name] = self.come(self.invitations[name])
        return self._inside[name]

    def come(self, invitation: str) -> Person:
        """Somebody new, by the address of an invitation."""
        return Person(self.browser, self.house.url).enrol(invitation)

    def close(self) -> None:
        """Everybody leaves; what a page did and must not do fails here."""
        for one in self._inside.values():
            one.close()


@pytest.fixture(scope="module")
def staff(house: House, browser: Browser) -> Iterator[Staff]:
    """The demonstration's staff."""
    everybody = Staff(house, browser)
    yield everybody
    everybody.close()
