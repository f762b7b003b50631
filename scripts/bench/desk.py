"""``desk``: the commonest calls of the desk against empty routes of the same shape.

An empty route takes the same request, asks the same sign-in check behind the same layers of the same server,
and answers as many bytes that were ready before: what it spares is what the desk itself takes. Server and
client are one process, and its processor time is what is compared: waiting for a core or a disk is not in it.
"""

import base64
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

from fastapi import FastAPI, Response

from cardsvc.desk import asks
from cardsvc.http.access import Caller, roles
from cardsvc.http.headers import cookie_name
from cardsvc.settings import Settings
from cardsvc.staff.sessions import open_session
from scripts.bench.issuing import EXAMPLES, SUBMITTED, Applications
from scripts.bench.measure import Lap, Row, against, duels, require, timed
from scripts.bench.peers import Peers
from scripts.bench.town import Town
from scripts.serving import listening, opened

#: Cases in the office; the list shows fifty of them.
CASES: Final = 120
START_S: Final = 30
ROUNDS: Final = 15
EMPTY: Final = "an empty route of the same shape"
Clerk = Annotated[Caller, roles("clerk")]


@dataclass(frozen=True, slots=True)
class Call:
    """One call; ``target`` is the least share of an empty route's rate, so that a setback shows."""

    work: str
    method: str
    path: str
    target: float
    body: Callable[[], object] = lambda: None
    done: Callable[[], None] = lambda: None


class Line:
    """A clerk's connection, kept open as a browser keeps it."""

    def __init__(self, port: int, token: str) -> None:
        """Connect to a port of this machine."""
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
        self._headers = {
            "Cookie": f"{cookie_name(https=False)}={token}",
            "Origin": f"http://localhost:{port}",
            "Content-Type": "application/json",
        }

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """The answer's bytes; anything but success is no measurement."""
        self._line.request(method, path, None if body is None else json.dumps(body), self._headers)
        answer = self._line.getresponse()
        data = answer.read()
        require(answer.status < 300, f"{method} {path}: {answer.status} {data[:300]!r}")
        return data


class Draft:
    """A case that is saved again and again: every save changes its phone number, and makes a new version."""

    def __init__(self, version: int, application: dict[str, object]) -> None:
        """Begin with what is stored."""
        self._version, self._application = version, application

    def body(self) -> object:
        """What the next save sends."""
        phone = f"+86579{self._version:08}"
        return {"version": self._version, "application": self._application | {"phone": phone}}

    def saved(self) -> None:
        """It was stored."""
        self._version += 1


def run(town: Town, _peers: Peers) -> Iterator[Row]:
    """A row a call."""
    with served(town.folder / "desk") as (app, line):
        for place, call in enumerate(calls(line)):
            ready = line.ask(call.method, call.path, call.body())
            call.done()
            add_empty(app, call.method, f"/bench/{place}", ready)
            empty = {EMPTY: empty_of(line, call, f"/bench/{place}")}
            duel = duels(ours_of(line, call), empty, rounds=ROUNDS)[EMPTY]
            yield against("desk", call.work, EMPTY, duel, unit="ms", scale=1e3, target=call.target)


def ours_of(line: Line, call: Call) -> Lap:
    """The call itself."""

    def once() -> None:
        line.ask(call.method, call.path, call.body())
        call.done()

    return timed(once, time.process_time)


def empty_of(line: Line, call: Call, path: str) -> Lap:
    """The same request to the empty route."""
    return timed(lambda: line.ask(call.method, path, call.body()), time.process_time)


def calls(line: Line) -> list[Call]:
    """An office with work in it, and what its clerk does all day."""
    raws = Applications(datetime.now(UTC)).take(CASES)
    portrait = base64.b64encode((EXAMPLES / str(raws[0]["portrait"])).read_bytes()).decode()
    for raw in raws:
        fields = {name: value for name, value in raw.items() if name != "portrait"}
        case = json.loads(line.ask("POST", "/api/desk/cases", {"application": fields}))
    path, application = f"/api/desk/cases/{case['id']}", case["application"]
    taken = json.loads(line.ask("POST", f"{path}/portrait", {"version": case["version"], "base64": portrait}))
    draft, typed = Draft(taken["version"], application), {"case": case["id"], "application": application}
    return [
        Call("who is signed in", "GET", "/api/session", 0.8),
        Call("the list of work, 50 cases", "GET", "/api/desk/queue?limit=50", 0.2),
        Call("open a case", "GET", path, 0.4),
        Call("save a draft", "PUT", path, 0.3, draft.body, draft.saved),
        Call("preview of both sides", "POST", "/api/desk/preview", 0.05, lambda: typed),
    ]


def add_empty(app: FastAPI, method: str, path: str, ready: bytes) -> None:
    """A route with the same sign-in check and the same body that does nothing and answers ``ready``."""

    def get(caller: Clerk) -> Response:
        return Response(ready, media_type="application/json")

    def put(caller: Clerk, body: asks.Save) -> Response:
        return Response(ready, media_type="application/json")

    def post(caller: Clerk, body: asks.PreviewBody) -> Response:
        return Response(ready, media_type="application/json")

    routes: dict[str, Callable[..., Response]] = {"GET": get, "PUT": put, "POST": post}
    app.add_api_route(path, routes[method], methods=[method])


@contextmanager
def served(folder: Path) -> Iterator[tuple[FastAPI, Line]]:
    """The service over an installation of its own, as it runs everywhere, and a clerk who is signed in."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = int(door.getsockname()[1])
        settings = Settings(data=folder, database_url=None, public_url=f"http://localhost:{port}")
        with opened(settings) as (app, site), listening(app, door):
            with site.store.transaction() as tx:
                token, _ = open_session(tx, SUBMITTED, "passkey", datetime.now(UTC), fresh=True)
            yield app, Line(port, token)
