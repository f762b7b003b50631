"""The service over an office, called as pages call it: one client a member of staff."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

from cardsvc.app import create_app
from cardsvc.http.headers import cookie_name
from cardsvc.staff.sessions import open_session
from tests.desk.office import Office, as_base64, face
from tests.desk.town import PUBLIC_URL, application

with warnings.catch_warnings():
    # Starlette would rather have another client than the one that is locked here; this one still serves.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient


@dataclass
class Api:
    """Signed-in staff, by id."""

    app: FastAPI
    office: Office
    clients: dict[str, TestClient] = field(default_factory=dict)

    def as_(self, staff: str, *, fresh: bool = True) -> "Person":
        """A member of staff with a session of now; not ``fresh``: as a provider opens it."""
        client = TestClient(self.app, base_url=PUBLIC_URL, headers={"origin": PUBLIC_URL})
        with self.office.site.store.transaction() as tx:
            token, _ = open_session(tx, staff, "passkey", self.office.clock.now, fresh=fresh)
        client.cookies.set(cookie_name(https=True), token)
        return Person(staff, client, self.office)


@dataclass
class Person:
    """One member of staff before a screen."""

    id: str
    client: TestClient
    office: Office

    def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """The answer's JSON; fails unless the status is the one expected."""
        answer = self.client.request(method, f"/api/desk{path}", json=body)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return (
            answer.json() if answer.content and "json" in answer.headers["content-type"] else answer.content
        )

    def get(self, path: str, *, status: int = 200) -> Any:
        return self.call("GET", path, status=status)

    def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        return self.call("POST", path, {} if body is None else body, status=status)

    def reason(self, method: str, path: str, body: Any = None) -> str:
        """Why a call is refused."""
        answer = self.client.request(method, f"/api/desk{path}", json=body)
        assert answer.status_code >= 400, answer.text[:500]
        assert answer.headers["content-type"] == "application/problem+json"
        reason: str = answer.json()["reason"]
        return reason

    def draft(self, **changed: Any) -> Any:
        """A whole draft with a portrait."""
        raw = {name: value for name, value in application(**changed).items() if name != "portrait"}
        case = self.post("/cases", {"application": raw}, status=201)
        body = {"version": case["version"], "base64": as_base64(face())}
        return self.post(f"/cases/{case['id']}/portrait", body)

    def submitted(self, **changed: Any) -> Any:
        case = self.draft(**changed)
        return self.post(f"/cases/{case['id']}/submit", {"version": case["version"]})

    def begun(self, *cases: str, **how: Any) -> Any:
        """An approval of these cases, as they are."""
        return self.post("/approvals", {"cases": self.seen(*cases), **how}, status=201)

    def seen(self, *cases: str) -> list[dict[str, Any]]:
        """Cases with their versions of now, as a page sends them."""
        return [{"id": case, "version": self.office.case(case).version} for case in cases]

    def approved(self, *cases: str, **how: Any) -> Any:
        """Open, begin, touch the key."""
        for case in cases:
            self.get(f"/cases/{case}")
        begun = self.begun(*cases, **how)
        credential = self.office.device(self.id).get(begun["options"])
        return self.post(f"/approvals/{begun['approval']}/sign", {"credential": credential})["cards"]


@contextmanager
def make_api(office: Office) -> Iterator[Api]:
    """The application of the service, running over the office's records and signer."""

    @contextmanager
    def opening(_settings: object) -> Iterator[Any]:
        yield office.site

    app = create_app(office.site.settings, opening=opening, clock=office.clock)
    with TestClient(app, base_url=PUBLIC_URL):
        yield Api(app, office)
