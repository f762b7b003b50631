"""A real reader's device, log and wire, with the service behind it in the same process."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from tests.desk.town import PUBLIC_URL
from tests.service.house import House, TestClient
from verify.cose import PublicKey
from verify.keylist import KeyUse
from verify.reader.client import Answer, Client
from verify.reader.device import Device
from verify.reader.journal import Batch, Journal
from verify.reader.records import Entry
from verify.reader.service import Enrolment, Service, enrol

LIBRARY = 3


class Wire:
    """The reader's HTTP client, without a network."""

    url = PUBLIC_URL

    def __init__(self, house: House) -> None:
        self._client = TestClient(house.app, base_url=PUBLIC_URL)
        self.asked: list[tuple[str, str, int]] = []

    def ask(
        self, method: str, path: str, *, headers: dict[str, str], body: bytes | None = None, limit: int = 0
    ) -> Answer:
        got = self._client.request(method, path, headers=headers, content=body)
        self.asked.append((method, path, got.status_code))
        kind = got.headers.get("content-type", "")
        return Answer(got.status_code, got.content, got.headers.get("etag"), kind)


@dataclass
class Door:
    """An enrolled reader."""

    house: House
    state: Path
    device: Device
    enrolment: Enrolment
    wire: Wire

    @property
    def id(self) -> str:
        return self.enrolment.reader

    def service(self, **changed: Any) -> Service:
        """Its side of the service; a new one has no token yet."""
        clock: Callable[[], int] = lambda: int(self.house.clock.now.timestamp())  # noqa: E731 - short
        enrolment = replace(self.enrolment, **changed)
        return Service(cast(Client, self.wire), enrolment, self.device, clock=clock, uptime=lambda: 0.0)

    def token(self) -> str:
        """An access token of its own."""
        service = self.service()
        service.month_keys()
        assert service._token is not None
        return service._token

    def journal(self, **changed: Any) -> Journal:
        """Its log."""
        given = {"reader": self.id, "device": self.device, "sign_every": 5} | changed
        return Journal(self.state / "journal.sqlite", **given)

    def entry(self, ago: int = 0, **changed: Any) -> Entry:
        """A verdict of some seconds ago: a card let into the library."""
        entry = Entry(
            time=int(self.house.clock.now.timestamp()) - ago,
            direction="in",
            venue=self.enrolment.venue,
            service=LIBRARY,
            who=sha256(b"somebody").digest()[:16],
            month=202603,
            answer="allow",
            reason="ok",
            bundle=(1, 1),
            opened=True,
            assurance=1,
        )
        return replace(entry, **changed)

    def log(self, entries: list[Entry], **changed: Any) -> Batch:
        """Those verdicts in the log, as they are sent."""
        journal, seal = self.journal(**changed), seal_key(self.house)
        for entry in entries:
            journal.append(entry, seal)
        batch = journal.batch(int(self.house.clock.now.timestamp()))
        journal.close()
        assert batch is not None
        return batch


def seal_key(house: House) -> PublicKey:
    """What readers seal their logs to."""
    keys = house.site.documents.key_list.keys
    return next(key.public for key in keys if key.use is KeyUse.SEAL)


def code_for(house: House, venue: str = "library", **wanted: Any) -> str:
    """A one-time code from an operator."""
    made = house.as_("operator1").post("/api/reader-codes", {"venue": venue} | wanted)
    return str(made["code"])


def door(house: House, state: Path, venue: str = "library", **wanted: Any) -> Door:
    """A reader that somebody enrolled."""
    device, wire = Device.open(state, make=True), Wire(house)
    now = int(house.clock.now.timestamp())
    enrolment = enrol(cast(Client, wire), code_for(house, venue, **wanted), device, now)
    return Door(house, state, device, enrolment, wire)
