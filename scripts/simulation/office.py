"""The service: bundles of what is true, readers let in, logs taken. Its use cases are the real ones."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from cardsvc.installation import ServedInstallation
from cardsvc.readers.bundles import month_keys, note_bundle
from cardsvc.readers.enrolling import enrol, make_code
from cardsvc.readers.ingest import Brought, release, take_batch
from cardsvc.readers.places import UNKNOWN
from cardsvc.readers.tokens import LEEWAY_S
from cardsvc.records.readers import ReaderRecord
from cardsvc.trust.publishing import policy_of
from keys.bundle import Snapshot, build_bundle
from keys.keyring import Keyring
from scripts.simulation.city import City
from scripts.simulation.plan import Plan
from scripts.simulation.weather import Line, Weather
from verify.errors import Refused, Unchecked
from verify.reader.client import Answer
from verify.reader.device import Device
from verify.reader.service import ENROL_PATH, Enrolment
from verify.services import Service

EPOCH: Final = 1
_RELEASED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Made:
    """A venue's bundle, and the second of its snapshot: nobody who goes by it knows what came later."""

    data: bytes
    seq: int
    taken: int


@dataclass(slots=True)
class Office:
    """The service of one issuer; ``now`` is the true time."""

    plan: Plan
    city: City
    weather: Weather
    site: ServedInstallation
    keyring: Keyring
    now: Callable[[], int]
    #: Every bundle there was: (venue, seq) → the second of its snapshot.
    taken: dict[tuple[str, int], int] = field(default_factory=dict)
    #: Copies of uploads that the network still holds, and when it gives them up.
    held_back: list[tuple[int, str, Mapping[str, Any]]] = field(default_factory=list)
    _made: dict[str, Made] = field(default_factory=dict)
    _snapshot: Snapshot | None = None
    _at: int = 0

    def instant(self) -> datetime:
        """The true time."""
        return datetime.fromtimestamp(self.now(), UTC)

    def invite(self, venue: str, name: str) -> str:
        """A one-time code for a new reader of that venue."""
        with self.site.store.transaction() as tx:
            by, at = "operator1", self.instant()
            return make_code(tx, venue, by, at, name=name, profile="gate", place=UNKNOWN).code

    def reader(self, name: str) -> ReaderRecord:
        """What the records say of a reader."""
        with self.site.store.reading() as tx:
            return tx.readers.get(name)

    def bundle(self, venue: str) -> Made:
        """The venue's bundle of the newest snapshot; a new one is taken when the last is old enough."""
        if self._snapshot is None or self.now() - self._at >= self.plan.bundle_s:
            self._snapshot, self._at = self.city.snapshot(self.now()), self.now()
        known, at = self._made.get(venue), self._at
        if known is not None and known.taken == at:
            return known
        with self.site.store.transaction() as tx:
            config = tx.venues.get(venue).config
            seq = tx.venues.next_seq(venue, epoch=EPOCH)
        data = build_bundle(
            self._snapshot,
            keyring=self.keyring,
            venue=venue,
            services=[Service[name.upper()] for name in config["services"]],
            policy=policy_of(config).encode(),
            epoch=EPOCH,
            seq=seq,
            now=self._snapshot.taken,
            ttl_s=self.plan.sync_s,
        )
        self.taken[venue, seq] = at
        self._made[venue] = Made(data, seq, at)
        return self._made[venue]

    def take(self, reader: str, batch: Mapping[str, Any]) -> dict[int, tuple[str, str]]:
        """Take an upload as the route does: what became of every record, once it is durable."""
        records = [Brought(one["seq"], base64.b64decode(one["sealed"])) for one in batch["records"]]
        checkpoints = [base64.b64decode(one) for one in batch["checkpoints"]]
        answers = take_batch(self.site, self.reader(reader), records, checkpoints, self.instant())
        return {one.seq: (one.answer, one.reason or "") for one in answers}

    def deliver(self) -> None:
        """Take the copies whose time has come, however old they are."""
        due = [one for one in self.held_back if one[0] <= self.now()]
        self.held_back = [one for one in self.held_back if one[0] > self.now()]
        for _, reader, batch in due:
            self.take(reader, batch)

    def mend(self) -> None:
        """What the service's own thread does: logs that can go on are gone on with."""
        while True:
            with self.site.store.reading() as tx:
                waiting = tx.gate_log.fitting("gap")
            if not sum([release(self.site, one, _RELEASED_AT_ONCE, self.instant()) for one in waiting]):
                return


@dataclass(slots=True)
class Letterbox:
    """The wire of a device that is not let in yet (``verify.reader.client.Client``): it can only enrol."""

    office: Office
    url: str

    def ask(self, method: str, path: str, *, headers: dict[str, str], body: bytes | None = None) -> Answer:
        """Enrol; nothing else is asked before."""
        if (method, path) != ("POST", ENROL_PATH) or body is None:
            raise Refused("service_refused", f"{method} {path} is no enrolment")
        said = json.loads(body)
        store, now = self.office.site.store, self.office.instant()
        found = enrol(store, "127.0.0.1", self.url, said["code"], said["proof"], now)
        answer = json.dumps({"reader": found.reader, "venue": found.venue}).encode()
        return Answer(201, answer, None, "application/json")


@dataclass(slots=True)
class Wire:
    """The service as an enrolled reader sees it (``verify.reader.service.Service``), in any weather."""

    office: Office
    number: int
    enrolment: Enrolment
    device: Device
    #: A bundle came since somebody looked.
    fresh: bool = False

    def bundle(self, etag: str | None) -> tuple[bytes | None, str | None]:
        """The venue's bundle, or nothing where it is the one that ``etag`` names."""
        deaf = self._reach()
        made = self.office.bundle(self.enrolment.venue)
        note_bundle(self.office.site.store, self.office.reader(self.enrolment.reader), made.data)
        self._answer(deaf=deaf)
        if etag == str(made.seq):
            return None, etag
        self.fresh = True
        return made.data, str(made.seq)

    def month_keys(self) -> dict[int, bytes]:
        """The keys of the venue's pseudonyms."""
        deaf = self._reach()
        reader = self.office.reader(self.enrolment.reader)
        found = month_keys(self.office.site, reader, self.office.instant())
        self._answer(deaf=deaf)
        return {month: base64.b64decode(sealed) for month, sealed in found}

    def upload(self, batch: Mapping[str, Any]) -> dict[int, tuple[str, str]]:
        """Bring records; the network may bring them again, at once or hours later."""
        deaf = self._reach()
        answers = self.office.take(self.enrolment.reader, batch)
        for delay in self.office.weather.again():
            if delay:
                self.office.held_back.append((self.office.now() + delay, self.enrolment.reader, batch))
            else:
                answers = self.office.take(self.enrolment.reader, batch)
        self._answer(deaf=deaf)
        return answers

    def _reach(self) -> bool:
        """Whether the answer will be lost; raises where no request arrives, or no token is given for it."""
        office, now = self.office, self.office.now()
        line = office.weather.line(self.number, now)
        if line is Line.DOWN:
            office.weather.counts["requests cut"] += 1
            raise Unchecked("unreachable", "the line is cut")
        if abs(office.weather.clock(self.number, now)) > LEEWAY_S:
            office.weather.counts["requests refused for their clock"] += 1
            raise Refused("service_refused", "the assertion is of another time; is the reader's clock right?")
        return line is Line.DEAF

    def _answer(self, *, deaf: bool) -> None:
        if deaf:
            self.office.weather.counts["answers lost"] += 1
            raise Unchecked("unreachable", "the answer was lost")
