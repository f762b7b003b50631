"""What tests of the page share: cards to carry, what a phone keeps, its screen read, and a door."""

import json
import shutil
import time
import urllib.request
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from issuance.qr import read_codes
from tests.web.house import House
from tests.web.people import SLOW_MS
from verify.services import Service
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.verifier import Presentation, Verifier

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
#: Everything that a page may keep, as text.
EVERYTHING = """async () => {
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie];
  for (const { name } of await indexedDB.databases()) {
    const opening = indexedDB.open(name);
    const db = await new Promise((ok) => { opening.onsuccess = () => ok(opening.result); });
    for (const store of db.objectStoreNames) {
      const all = db.transaction(store).objectStore(store).getAll();
      await new Promise((ok) => { all.onsuccess = ok; });
      found.push(JSON.stringify(all.result));
    }
    db.close();
  }
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) found.push(request.url);
  }
  return found.join("\\n");
}"""
#: Every card that the phone keeps, as the page has it.
KEPT = """() => new Promise((ok) => {
  const opening = indexedDB.open("card");
  opening.onsuccess = () => {
    const reading = opening.result.transaction("cards").objectStore("cards").getAll();
    reading.onsuccess = () => { opening.result.close(); ok(reading.result); };
  };
})"""
#: What becomes of somebody's wish to carry the key away.
EXPORT = (
    f"async () => {{ const [kept] = await ({KEPT})(); return crypto.subtle.exportKey('pkcs8',"
    " kept.keys.privateKey).then(() => 'given away', (error) => error.name); }"
)
#: The approver's touch, in the approver's own window.
APPROVE = """async ([phone]) => {
  const post = async (path, body) => (await fetch(path, {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
  })).json();
  const begun = await post(`/api/desk/phones/${phone}/challenge`, {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
  const credential = await navigator.credentials.get({ publicKey });
  return post(`/api/desk/phones/${phone}/approve`, { credential: credential.toJSON() });
}"""
INVITE = (
    """async ([number]) => (await fetch(`/api/desk/cards/${number}/phones`, { method: "POST" })).json()"""
)


def issued(house: House, folder: Path, *places: int) -> list[tuple[str, str]]:
    """The demonstration's cards at those places: numbers, and passports that phones must not keep."""
    folder.mkdir()
    (folder / "portraits").mkdir()
    every = json.loads((EXAMPLES / "applications.json").read_text("utf-8"))["applications"]
    chosen = [every[place] for place in places]
    file = folder / "some.json"
    file.write_text(json.dumps({"applications": chosen}), "utf-8")
    for raw in chosen:
        shutil.copy(EXAMPLES / raw["portrait"], folder / raw["portrait"])
    arguments = ("--submitted-by", "clerk1", "--approved-by", "chief1", "--out", str(folder), "--json")
    rows = [json.loads(line) for line in house.cardsvc("issue", str(file), *arguments).splitlines()]
    passports = [raw.get("passport") or str(raw["mrz"][1][:9]).rstrip("<") for raw in chosen]
    return [(str(row["number"]), passport) for row, passport in zip(rows, passports, strict=False)]


def enrol(page: Page, url: str, clerk: Page, chief: Page, number: str) -> None:
    """A clerk's code, brought by the phone; an approver's touch after both compared the digits."""
    invited: dict[str, Any] = clerk.evaluate(INVITE, [number])
    page.goto(f"{url}/card#{invited['code']}")
    page.locator("form button.first").click()
    expect(page.locator(".fingerprint")).to_be_visible()
    waiting = chief.evaluate("async () => (await (await fetch('/api/desk/phones')).json()).phones")
    shown = {one["id"]: one["fingerprint"] for one in waiting}
    assert shown[invited["phone"]] == page.locator(".fingerprint").text_content()
    assert chief.evaluate(APPROVE, [invited["phone"]])["state"] == "active"
    expect(page.locator("svg.qr")).to_be_visible()


def screen_code(page: Page) -> str:
    """The text of the code on the screen, by somebody else's reader."""
    picture = Image.open(BytesIO(page.locator("svg.qr").screenshot()))
    [text] = read_codes(picture.resize((picture.width * 2, picture.height * 2)))
    return text


class Door:
    """A reader of the bus, with the bundle of now and a memory for codes."""

    def __init__(self, house: House, folder: Path) -> None:
        with urllib.request.urlopen(f"{house.url}/trust/root", timeout=SLOW_MS / 1000) as answer:
            root = answer.read()
        house.cardsvc("bundle", "centre", "--out", str(folder / "bundle"))
        state = TrustState.pin(root, now=int(time.time()))
        _, self._trust = accept(state, (folder / "bundle").read_bytes(), int(time.time()))
        self._seen = SeenInMemory()

    @classmethod
    def of_now(cls, house: House, folder: Path, page: Page) -> str:
        """What such a door says to what a phone shows; its token is first, since a door must know of it."""
        code = screen_code(page)
        return cls(house, folder).says(code)

    def says(self, code: str, later: int = 0) -> str:
        """What the door answers so many seconds from now."""
        judge = Verifier(self._trust, seen=self._seen).judge
        verdict = judge(Presentation(code, Service.BUS), int(time.time()) + later)
        return f"{verdict.answer} {verdict.reason}"
