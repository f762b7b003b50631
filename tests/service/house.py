"""The whole service over a demonstration's data: its real signer in this process, a clock set by hand."""

import io
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
from argon2 import PasswordHasher
from fastapi import FastAPI

from cardsvc.app import create_app
from cardsvc.http.headers import cookie_name
from cardsvc.http.logging import make_logger
from cardsvc.installation import ServedInstallation, open_served
from cardsvc.settings import Settings
from cardsvc.setup import initialise
from cardsvc.staff.invitations import invite
from cardsvc.staff.passwords import Passwords
from cardsvc.staff.sessions import open_session
from issuance.application import PERMIT_FREE_CLASSES
from keys.files import Passphrase
from keys.founding import open_signer_service
from keys.service import SignerPolicy
from tests.desk.town import CHEAP, EXAMPLES, NOW, PUBLIC_URL, settings_for
from tests.webauthn_device import Device

with warnings.catch_warnings():
    # Starlette would rather have another client than the one that is locked here; this one still serves.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

HOST = "card.example.org"
PASSWORD = "correct horse battery staple"
COOKIE = cookie_name(https=True)
#: One member of staff for each role, as the demonstration has them.
PEOPLE = {
    "clerk": "clerk1",
    "approver": "chief1",
    "printer": "printer1",
    "operator": "operator1",
    "officer": "officer1",
    "department": "library1",
    "auditor": "auditor1",
    "dpo": "dpo1",
}


@dataclass
class Clock:
    """Goes where it is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Browser:
    """One browser: a jar of cookies and pages of the service."""

    client: TestClient

    def call(self, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
        """The answer's JSON, None where there is none; fails unless the status is the one expected."""
        answer = self.client.request(method, path, json=body)
        wanted = {200, 201, 202, 204} if status is None else {status}
        assert answer.status_code in wanted, f"{method} {path}: {answer.status_code} {answer.text[:1000]}"
        return answer.json() if answer.content else None

    def get(self, path: str, **how: Any) -> Any:
        return self.call("GET", path, **how)

    def post(self, path: str, body: Any = None, **how: Any) -> Any:
        return self.call("POST", path, body, **how)

    def reason(self, method: str, path: str, body: Any = None) -> str:
        """Why a call is refused."""
        answer = self.client.request(method, path, json=body)
        assert answer.status_code >= 400, answer.text[:500]
        assert answer.headers["content-type"] == "application/problem+json"
        reason: str = answer.json()["reason"]
        return reason

    @property
    def token(self) -> str | None:
        """The session's token, as the browser holds it."""
        return self.client.cookies.get(COOKIE)

    def enrol(self, code: str, device: Device, **bent: Any) -> Any:
        """Take an invitation with a passkey."""
        begun = self.post("/api/invitations/passkey/options", {"code": code})
        made = {"credential": device.create(begun["options"], **bent), "label": "Test"}
        return self.post("/api/invitations/passkey", {"code": code, "flow": begun["flow"], **made})

    def enrol_password(self, code: str, clock: Clock, password: str = PASSWORD) -> pyotp.TOTP:
        """Take an invitation with a password; gives the second factor."""
        begun = self.post("/api/invitations/password", {"code": code, "password": password})
        assert begun["totp_svg"].startswith("<svg")
        totp = pyotp.parse_uri(begun["totp_uri"])
        assert isinstance(totp, pyotp.TOTP)
        body = {"code": code, "flow": begun["flow"], "totp": totp.at(clock.now)}
        self.post("/api/invitations/password/confirm", body)
        return totp

    def sign_in(self, device: Device, **bent: Any) -> Any:
        """Sign in with a passkey."""
        return self.post("/api/session/passkey", self.assertion(device, **bent))

    def assertion(self, device: Device, **bent: Any) -> dict[str, Any]:
        """The body of a sign-in with a passkey."""
        begun = self.post("/api/session/passkey/options")
        return {"flow": begun["flow"], "credential": device.get(begun["options"], **bent)}


@dataclass
class House:
    """A running service."""

    app: FastAPI
    site: ServedInstallation
    clock: Clock
    log: io.StringIO
    founders: Mapping[str, str]
    devices: dict[str, Device] = field(default_factory=dict)

    def browser(self, **headers: str) -> Browser:
        """A browser that nobody has signed in with."""
        sent = {"origin": PUBLIC_URL} | headers
        return Browser(TestClient(self.app, base_url=PUBLIC_URL, headers=sent))

    def device(self, staff: str) -> Device:
        """Somebody's passkey; the same one each time."""
        return self.devices.setdefault(staff, Device(HOST, PUBLIC_URL))

    def invitation(self, staff: str) -> str:
        """A new invitation from the console."""
        with self.site.store.transaction() as tx:
            return invite(tx, staff, "console", self.clock.now).code

    def enrolled(self, staff: str) -> Browser:
        """A browser in which somebody has just made a passkey and is signed in; founders found the signer."""
        browser = self.browser()
        code = self.founders.get(staff) or self.invitation(staff)
        browser.enrol(code, self.device(staff))
        return browser

    def as_(self, staff: str, *, fresh: bool = True) -> Browser:
        """A browser with a session that was opened behind the scenes."""
        browser = self.browser()
        with self.site.store.transaction() as tx:
            token, _ = open_session(tx, staff, "passkey", self.clock.now, fresh=fresh)
        browser.client.cookies.set(COOKIE, token)
        return browser

    def actions(self, subject: str) -> list[str]:
        """What the audit says of somebody, oldest first."""
        with self.site.store.reading() as tx:
            return [entry.action for entry in tx.audit.of_subject(subject)]


class Log(io.StringIO):
    """What the service writes; its errors are repeated where pytest shows them with a test that fails."""

    def write(self, text: str) -> int:
        """Keep ``text``."""
        if '"level": "error"' in text:
            sys.stderr.write(text + "\n")
        return super().write(text)


def make_data(data: Path, database_url: str | None = None) -> dict[str, str]:
    """What ``init`` makes; gives the founders' codes."""
    settings = settings_for(data, database_url)
    staff, venues = EXAMPLES / "staff.toml", EXAMPLES / "venues.toml"
    made = initialise(settings, issuer="cn-yiwu", staff=staff, venues=venues, now=NOW, cost=CHEAP)
    codes = made["founding_codes"]
    assert isinstance(codes, dict)
    return codes


@contextmanager
def open_house(
    data: Path, founders: Mapping[str, str], database_url: str | None = None, **changed: Any
) -> Iterator[House]:
    """The service over that data, running."""
    settings: Settings = settings_for(data, database_url).model_copy(update=changed)
    clock, log = Clock(), Log()
    policy = SignerPolicy(not settings.production, frozenset(map(int, PERMIT_FREE_CLASSES)))
    signer = open_signer_service(data, Passphrase.from_file(settings.passphrase_file), policy, clock)
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    try:
        with open_served(settings, signer) as site:

            @contextmanager
            def opening(_settings: Settings) -> Iterator[ServedInstallation]:
                yield site

            app = create_app(settings, opening=opening, clock=clock, passwords=cheap, logger=make_logger(log))
            with TestClient(app, base_url=PUBLIC_URL):
                yield House(app, site, clock, log, founders)
    finally:
        signer.close()
