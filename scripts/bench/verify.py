"""``verify``: ``POST /api/v1/verify`` against an empty route of the same shape, on the same server.

The empty route takes the same body, asks whose token it is, behind the same layers, and answers as many bytes
that were ready before: what it spares is the check itself. Cards are issued ones, judged by the venue's own
bundle; none is judged twice within a round. Server and client are one process for the rate, which goes by
processor time; for the slowest answers the clock on the wall counts, and both take turns.
"""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request, Response

from cardsvc.installation import ServedInstallation
from cardsvc.readers.bearer import bearer
from cardsvc.readers.device_routes import Shown
from cardsvc.readers.tokens import TOKEN_LIFE, token_digest
from cardsvc.records.readers import ReaderRecord
from cardsvc.settings import Settings
from scripts.bench.measure import Duel, Row, against, duels, require, timed
from scripts.bench.peers import Peers
from scripts.bench.town import Town
from scripts.gatelogs import Scribe
from scripts.serving import issued, listening, opened, utc_now
from verify.keylist import KeyUse

CARDS, REQUESTS, ROUNDS = 64, 2_000, 31
PATH, EMPTY_PATH, TOKEN = "/api/v1/verify", "/bench/empty", "a-token-for-one-run"
RATE_TARGET, SLOWEST_TARGET = 0.8, 1 / 1.5
EMPTY: Final = "an empty route of the same shape"
Asking = Annotated[ReaderRecord, Depends(bearer)]


class Line:
    """A reader's connection, kept open."""

    def __init__(self, port: int) -> None:
        """Connect to a port of this machine."""
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}

    def ask(self, path: str, body: bytes) -> bytes:
        """The answer's bytes; anything but success is no measurement."""
        self._line.request("POST", path, body, self._headers)
        answer = self._line.getresponse()
        data = answer.read()
        require(answer.status == 200, f"{path}: {answer.status} {data[:300]!r}")
        return data


def run(town: Town, _peers: Peers) -> Iterator[Row]:
    """Two rows: the rate, and the slowest of a hundred answers."""
    with served(town.folder / "verify") as (app, line, codes):
        bodies = [
            json.dumps({"code": code, "venue": "library", "service": "library"}).encode() for code in codes
        ]
        ready = line.ask(PATH, bodies[0])
        require(b'"allow"' in ready, f"a sound card was not allowed: {ready!r}")
        add_empty(app, ready)
        turn = {path: cycle(bodies) for path in (PATH, EMPTY_PATH)}

        def once(path: str) -> None:
            line.ask(path, next(turn[path]))

        ours, empty = (timed(lambda path=path: once(path), time.process_time) for path in (PATH, EMPTY_PATH))  # type: ignore[misc]  # a lambda's default
        duel = duels(ours, {EMPTY: empty}, rounds=ROUNDS, turn_s=0.1)[EMPTY]
        work = "processor time of a request, gate code"
        yield against("verify", work, EMPTY, duel, unit="ms", scale=1e3, target=RATE_TARGET)
        slowest = Duel(*(slow(line, path, bodies) for path in (PATH, EMPTY_PATH)))
        work = f"slowest of a hundred, {REQUESTS:,} requests"
        yield against("verify", work, EMPTY, slowest, unit="ms", scale=1e3, target=SLOWEST_TARGET)


def slow(line: Line, path: str, bodies: list[bytes]) -> float:
    """Seconds that ninety-nine of a hundred answers took at most."""
    took = []
    for number in range(REQUESTS):
        begun = time.perf_counter()
        line.ask(path, bodies[number % len(bodies)])
        took.append(time.perf_counter() - begun)
    return sorted(took)[REQUESTS * 99 // 100]


def add_empty(app: FastAPI, ready: bytes) -> None:
    """A route with the same body and the same token that does nothing and answers ``ready``."""

    def empty(body: Shown, reader: Asking, request: Request) -> Response:
        return Response(ready, media_type="application/json")

    app.add_api_route(EMPTY_PATH, empty, methods=["POST"])


@contextmanager
def served(folder: Path) -> Iterator[tuple[FastAPI, Line, list[str]]]:
    """The service as it runs everywhere, a reader's connection to it, and cards."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = int(door.getsockname()[1])
        settings = Settings(data=folder, database_url=None, public_url=f"http://localhost:{port}")
        with opened(settings) as (app, site), listening(app, door):
            enrol(site)
            yield app, Line(port), issued(settings, CARDS)


def enrol(site: ServedInstallation) -> None:
    """A reader at the library, with a token."""
    seal = next(key.public for key in site.documents.key_list.keys if key.use is KeyUse.SEAL)
    reader, now = Scribe("library-1", "library", 3, seal).enrolled(utc_now()), utc_now()
    with site.store.transaction() as tx:
        tx.readers.add(reader)
        tx.readers.add_token(token_digest(TOKEN), reader.id, now + 10 * TOKEN_LIFE)
