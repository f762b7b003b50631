"""An officer's phone: what its camera sees, what its page says, and everything that it keeps."""

import urllib.request
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from tests.web.house import House
from tests.web.people import Person
from tests.web_card.phones import issued
from tests.web_police import pictures

#: Set before the page's own code: the phone's clock is as wrong as is asked for.
SKEW = """
const skew = Number(sessionStorage.getItem("skew"));
const right = Date.now;
if (skew) Date.now = () => right() + skew;
"""
#: As a hand scanner does: a key a millisecond, whatever else this machine has to do.
TYPE_FAST = """text => {
  for (const key of [...text, "Enter"]) dispatchEvent(new KeyboardEvent("keydown", { key }));
}"""
#: Everything that a page keeps, bytes as Latin-1 and the bodies of caches, too.
EVERYTHING = """async () => {
  const text = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const said = (thing) => {
    if (thing instanceof Uint8Array) return text(thing);
    if (thing instanceof ArrayBuffer) return text(new Uint8Array(thing));
    if (Array.isArray(thing)) return thing.map(said).join(" ");
    if (thing === null || typeof thing !== "object") return String(thing);
    return Object.entries(thing).map(([name, value]) => name + " " + said(value)).join(" ");
  };
  const found = [localStorage, sessionStorage].map((one) => JSON.stringify(one));
  found.push(document.cookie, location.href);
  for (const { name } of await indexedDB.databases()) {
    const opening = indexedDB.open(name);
    const db = await new Promise((ok) => { opening.onsuccess = () => ok(opening.result); });
    for (const store of db.objectStoreNames) {
      for (const call of ["getAll", "getAllKeys"]) {
        const all = db.transaction(store).objectStore(store)[call]();
        await new Promise((ok) => { all.onsuccess = ok; });
        found.push(name + " " + store + " " + said(all.result));
      }
    }
    db.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      found.push(request.url);
      if (!/[.](wasm|ttf)$/.test(request.url)) found.push(await (await cache.match(request)).text());
    }
  }
  return found.join("\\n");
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll("button, .button, select, .field input")]
  .map((target) => [target.textContent || target.id, target.getBoundingClientRect()])
  .filter(([, box]) => box.width < 48 || box.height < 48).map(([name]) => name)"""


@dataclass(frozen=True)
class Card:
    """An issued card: what is printed on it, and the passport number that phones must not keep."""

    number: str
    passport: str
    pdf: Path
    identity: str
    gate: str

    def back(self) -> Image.Image:
        """The side with the face and the dense code, as it is printed."""
        return pictures.page(self.pdf, 1)


def issue(house: House, folder: Path, *places: int) -> list[Card]:
    """Issue the demonstration's cards at those places."""

    def read(number: str, name: str) -> str:
        return (folder / f"{number}.{name}.txt").read_text("ascii").strip("\r\n")

    return [
        Card(number, passport, folder / f"{number}.pdf", read(number, "identity"), read(number, "gate"))
        for number, passport in issued(house, folder, *places)
    ]


class Officer(Person):
    """An officer with a phone of 360 by 780 points."""

    def __init__(self, browser: Browser, house: House, camera: Path, **context: Any) -> None:
        """A new phone with nothing on it."""
        super().__init__(browser, house.url, **{"viewport": {"width": 360, "height": 780}, **context})
        self.house = house
        self.camera = camera
        self.said: list[str] = []
        self.page.add_init_script(SKEW)
        self.page.on("console", lambda message: self.said.append(message.text))

    def enrol(self, invitation: str) -> "Officer":
        """Make a passkey from the invitation, which then shows the way to this page."""
        self.page.goto(invitation)
        self.button("Make my passkey").click()
        expect(self.page.get_by_role("link", name="/police")).to_be_visible()
        return self

    def begin(self) -> None:
        """Open the page and begin a shift with the passkey."""
        self.page.goto(f"{self.url}/police")
        self.button("Begin the shift").click()

    def set_up(self) -> None:
        """Compare the root document, once a phone, and be ready to scan."""
        self.button("Show the service's root document").click()
        with urllib.request.urlopen(f"{self.url}/trust/root") as answer:
            shown = self.page.locator(".compare code").inner_text().replace(" ", "")
            assert shown == sha256(answer.read()).hexdigest()[: len(shown)]
        self.button("It is the same").click()
        self.ready()

    def ready(self) -> None:
        """Wait until the camera looks for a code."""
        expect(self.page.locator(".scan .hint")).to_contain_text("frame")

    def scan(self, picture: Image.Image) -> None:
        """The camera sees another picture: it is read anew when the page is."""
        pictures.film(picture, self.camera)
        self.page.reload()

    def blank(self) -> None:
        """Nothing before the camera, and the page ready."""
        self.scan(pictures.NOTHING)
        self.ready()

    def type(self, code: str) -> Locator:
        """What a hand scanner types; the result."""
        self.ready()
        self.page.evaluate(TYPE_FAST, code)
        result = self.page.locator(".result")
        expect(result).to_be_visible()
        return result

    def type_next(self, code: str) -> None:
        """What a hand scanner types while a verdict is on the screen."""
        self.page.evaluate(TYPE_FAST, code)

    def verdict(self, answer: str, reason: str | None = None) -> Locator:
        """The verdict on the screen."""
        result = self.page.locator(f".result.{answer}")
        expect(result).to_be_visible()
        if reason is not None:
            expect(result).to_have_attribute("data-reason", reason)
        return result

    def next(self) -> None:
        """Ready for the next card."""
        self.button("Scan next").click()
        self.ready()

    def menu(self, entry: str | None = None) -> None:
        """Open the menu, and an entry of it."""
        self.page.locator(".tools").get_by_role("button", name="More").click()
        if entry is not None:
            self.page.locator("nav").get_by_role("button", name=entry).click()

    def home(self) -> None:
        """Back to the camera from a sheet."""
        while self.page.locator(".sheet .foot").count():
            self.page.locator(".sheet .foot button").last.click()
        self.ready()

    def update(self) -> None:
        """Ask for the newest bundle, and wait for it."""
        self.page.locator(".top .data").click()
        self.newest_bundle(self.house, "Update data")
        self.home()

    def skew(self, seconds: int) -> None:
        """Set the phone's clock, from the next load on."""
        self.page.evaluate("ms => sessionStorage.setItem('skew', ms)", seconds * 1000)

    def keeps(self) -> str:
        """Everything that the phone keeps, as text."""
        return str(self.page.evaluate(EVERYTHING))

    def fits(self) -> None:
        """Nothing serious by axe, and nothing to touch under 48 px."""
        self.accessible()
        assert self.page.evaluate(SMALL_TARGETS) == []
