"""Somebody at a desk: a browser window with a passkey of their own, who notices what a page must not do."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from tests.web.house import House

AXE = Path(__file__).resolve().parents[2] / "cardsvc" / "web" / "node_modules" / "axe-core" / "axe.min.js"
PORTRAITS = Path(__file__).resolve().parents[2] / "examples" / "portraits"
#: WCAG 2.2 AA and what came before it.
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = {"serious", "critical"}
#: Answers that need drawing or signing, on a slow core with others at work.
SLOW_MS = 30_000

PASSKEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
#: Collects what the content security policy reports, from before the page's first line of script.
WATCH = (
    "document.addEventListener('securitypolicyviolation',"
    " (event) => console.error('CSP ' + event.violatedDirective + ' ' + event.blockedURI))"
)


class Person:
    """A member of staff in a window of their own."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        self.url = url
        self.wrong: list[str] = []
        settings: dict[str, Any] = {"viewport": {"width": 1366, "height": 768}, "locale": "en-GB"}
        self.context = browser.new_context(**{**settings, **context})
        self.context.set_default_timeout(SLOW_MS)
        self.page: Page = self.context.new_page()
        self.page.add_init_script(WATCH)
        self.page.on("request", self._asked)
        self.page.on("console", lambda message: self._said(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.devtools = self.context.new_cdp_session(self.page)
        self.devtools.send("WebAuthn.enable")
        made = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": PASSKEY})
        self.authenticator = {"authenticatorId": made["authenticatorId"]}

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.wrong.append(f"fetched from elsewhere: {request.url}")

    def _said(self, text: str) -> None:
        if text.startswith("CSP") or "Content Security Policy" in text:
            self.wrong.append(text)

    def newest_bundle(self, house: House, button: str) -> None:
        """Press it until the page has a bundle of all that was done; every 15 seconds one is signed."""
        asks = self.page.get_by_role("button", name=button)
        for _ in range(SLOW_MS // 1000):
            # A press while the page asks by itself asks for nothing more.
            with suppress(TimeoutError):
                with self.page.expect_response("**/bundle", timeout=SLOW_MS / 6) as answered:
                    asks.click()
                expect(asks).to_be_enabled()
                # What it has already, it is not sent again; a page that was just opened asks for all.
                if answered.value.status == 304 and house.tells_all(answered.value.headers["etag"]):
                    return
            self.page.wait_for_timeout(1000)
        raise AssertionError("the service has no newer bundle")

    def close(self) -> None:
        """Leave; fails if the page did anything it must not."""
        self.context.close()
        assert self.wrong == [], self.wrong

    def enrol(self, invitation: str) -> "Person":
        """Open the invitation and make a passkey."""
        self.page.goto(invitation)
        self.button("Make my passkey").click()
        expect(self.page.get_by_role("navigation")).to_be_visible()
        return self

    def queue(self) -> None:
        """To the work queue, once it is there."""
        self.go("queue")
        expect(self.page.get_by_role("heading", name="Work queue")).to_be_visible()

    def named(self) -> str:
        """The id of the case on the screen."""
        return self.page.url.rpartition("/")[2]

    def go(self, place: str) -> None:
        """To a place of the desk, in this window; to where one is already, anew."""
        there = f"{self.url}/desk#/{place}"
        if self.page.url == there:
            self.page.reload()
        else:
            self.page.goto(there)
        expect(self.page.locator("main h1")).to_be_visible()

    def button(self, name: str) -> Locator:
        """A button by its words."""
        return self.page.get_by_role("button", name=name, exact=False)

    def field(self, name: str) -> Locator:
        """A field of the form by its label."""
        return self.page.get_by_label(name, exact=True)

    def fill(self, fields: dict[str, str]) -> None:
        """Fill in the form as a clerk does; choices by what they read."""
        for name, value in fields.items():
            found = self.field(name)
            if found.evaluate("node => node.tagName") == "SELECT":
                found.select_option(label=value) if " " in value else found.select_option(value)
            else:
                found.fill(value)

    def read_passport(self, lines: tuple[str, str]) -> None:
        """Put a passport on a keyboard-wedge reader: both lines in a blink, whatever the page shows."""
        self.page.keyboard.type("\n".join(lines) + "\n")
        expect(self.page.locator("[data-field=mrz]")).to_have_value("\n".join(lines))

    def portrait(self, picture: Path) -> None:
        """Choose a file as the portrait; its face is found by itself."""
        self.page.get_by_role("button", name="Take or choose").click()
        dialog = self.page.get_by_role("dialog")
        dialog.locator("input[type=file]").set_input_files(picture)
        dialog.get_by_role("button", name="Use this portrait").click()
        expect(dialog).to_be_hidden()

    def saved(self) -> None:
        """Wait until everything typed has been answered for."""
        expect(self.page.locator(".saved.saved")).to_have_text("Saved")

    def accessible(self) -> None:
        """Nothing serious by axe on the page as it stands."""
        if not self.page.evaluate("'axe' in window"):
            # As a debugger would: a script tag of a test's would break the page's own policy.
            self.page.evaluate(AXE.read_text("utf-8"))
        rules = {"runOnly": {"type": "tag", "values": AXE_RULES}}
        found = self.page.evaluate("rules => axe.run(document, rules)", rules)
        bad = [
            (one["id"], [node["target"] for node in one["nodes"]], one["help"])
            for one in found["violations"]
            if one["impact"] in SERIOUS
        ]
        assert bad == [], f"{self.page.url}: {bad}"
