"""A browser that becomes a reader, and what is shown to it."""

import re
import urllib.request
from hashlib import sha256
from typing import Any

from playwright.sync_api import Browser, Locator, expect

from tests.web.house import House
from tests.web.people import SLOW_MS, Person

#: As a hand scanner does: a key a millisecond, whatever else this machine has to do.
TYPE_FAST = """text => {
  for (const key of [...text, "Enter"]) dispatchEvent(new KeyboardEvent("keydown", { key }));
}"""
SKEW = """
const skew = Number(localStorage.getItem("skew"));
const right = Date.now;
if (skew) Date.now = () => right() + skew;
"""
CODE = """async ([venue]) => (await fetch("/api/reader-codes", {
  method: "POST", headers: { "Content-Type": "application/json" },
  body: JSON.stringify({
    venue, kind: "tablet", name: null, profile: null, site: null, position: null, service: null,
  }),
})).json()"""


class Tablet(Person):
    """A browser window that is a reader."""

    def __init__(self, browser: Browser, house: House, **context: Any) -> None:
        super().__init__(browser, house.url, **{"viewport": {"width": 1280, "height": 800}, **context})
        self.house = house
        self.page.add_init_script(SKEW)

    def let_in(self, operator: Person, venue: str, page: str = "gate") -> str:
        """By a one-time code of the operator's, and the root document's fingerprint; the reader's name."""
        made = operator.page.evaluate(CODE, [venue])
        self.page.goto(f"{self.url}/{page}#{made['code']}")
        self.accessible()
        self.page.locator("form button.next").click()
        shown = self.page.locator("code.fingerprint")
        expect(shown).to_be_visible()
        with urllib.request.urlopen(f"{self.url}/trust/root", timeout=SLOW_MS / 1000) as answer:
            wanted = sha256(answer.read()).hexdigest()[:32]
        assert re.sub(r"\s", "", str(shown.text_content())) == wanted
        self.accessible()
        self.page.locator(".pair button.next").click()
        return str(made["reader"])

    def scan(self, code: str) -> Locator:
        """A hand scanner types the code; the light that follows."""
        expect(self.page.locator(".finder")).to_be_visible()
        self.page.evaluate(TYPE_FAST, code)
        light = self.page.locator(".light")
        expect(light).to_be_visible()
        return light

    def says(self, code: str, answer: str, reason: str) -> Locator:
        """The same, which must have this answer for this reason; then the next."""
        light = self.scan(code)
        expect(light).to_have_attribute("data-reason", reason)
        expect(light).to_have_class(re.compile(rf"\b{answer}\b"))
        return light

    def next(self) -> None:
        self.page.locator(".staff > button.next").click()
        expect(self.page.locator(".light")).to_have_count(0)
