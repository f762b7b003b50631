"""One reader: all that ``cardsvc-verify gate`` puts together, but for its sources, its lamps and its time."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from scripts.simulation.office import Letterbox, Office, Wire
from scripts.simulation.plan import BEGIN, Plan
from scripts.simulation.weather import Weather
from verify.errors import CardsvcError
from verify.reader.client import Client
from verify.reader.config import Config
from verify.reader.device import Device
from verify.reader.outputs import Shown
from verify.reader.run import ENROLMENT, Reader
from verify.reader.service import Enrolment, Service, enrol
from verify.store import StateDirectory
from verify.verdict import Role
from verify.verifier import Presentation

#: A journal is signed so seldom that the uploads do most of the signing.
_SIGN_EVERY: Final = 100
_JOURNAL_MIB: Final = 32
#: A gate whose root document cannot be read as of now (its clock is years wrong) is started again so soon.
_TRY_AGAIN_S: Final = 300.0
_NEVER: Final = threading.Event()


class PowerLoss(BaseException):
    """The reader's power is gone, at a point of its work; nothing of ours may catch it."""


@dataclass(slots=True)
class Door:
    """A reader with its state on a disk; ``now`` is the true time, which it does not know."""

    number: int
    name: str
    venue: str
    place: Path
    office: Office
    now: Callable[[], int]
    weather: Weather
    plan: Plan
    reader: Reader | None = None
    #: Where it loses its power the next time it comes by.
    doomed: str | None = None
    log: list[str] = field(default_factory=list)
    _wire: Wire | None = None
    _starts: int = 0

    def clock(self) -> int:
        """What its clock says."""
        return self.now() + self.weather.clock(self.number, self.now())

    def enrol(self, url: str, root: bytes) -> None:
        """Make its keys, and be let in by a one-time code."""
        device = Device.open(self.place, make=True)
        client = cast(Client, Letterbox(self.office, url))
        enrolment = enrol(client, self.office.invite(self.venue, self.name), device, self.now())
        StateDirectory(self.place).write(ENROLMENT, enrolment.to_json().encode())
        (self.place / "root.cose").write_bytes(root)

    def start(self) -> bool:
        """Switch it on; False where it refuses to start (and is tried again)."""
        self._starts += 1
        seed = f"{self.plan.seed}/{self.name}/{self._starts}"
        try:
            self.reader = Reader(
                self._config(),
                clock=self.clock,
                uptime=lambda: float(self.now() - BEGIN),
                log=self.log.append,
                at=self._pass,
                service=self._service,
                chance=random.Random(seed),  # noqa: S311 - jitter, no secret
            )
        except CardsvcError as error:
            self.log.append(f"it does not start: {error}")
            self.reader = None
        return self.reader is not None

    def stop(self) -> None:
        """Switch it off. What is on its disk is what it had written."""
        if self.reader is not None:
            self.reader.close()
            self.reader = None

    def tap(self, presentation: Presentation) -> Shown | None:
        """Show it a card; None where nobody sees an answer: it does not start, or its power goes just now."""
        if self.reader is None and not self.start():
            return None
        assert self.reader is not None  # noqa: S101 - start() said so
        if not self.reader.gate.has_trust:
            self.reader.tick()
        try:
            return self.reader.gate.handle(presentation)
        except PowerLoss:
            self.stop()
            return None

    def step(self) -> float:
        """Its errands; gives the seconds until it has some again."""
        if self.reader is None and not self.start():
            return _TRY_AGAIN_S
        assert self.reader is not None  # noqa: S101 - start() said so
        try:
            wait = self.reader.line.step()
        except PowerLoss:
            self.stop()
            return 1.0
        if self._wire is not None and self._wire.fresh:
            self._wire.fresh = False
            # What the errand handed to the gate is taken up; the gate's own loop ends where it says so.
            self.reader.gate.end()
            self.reader.gate.run(_NEVER)
        return max(1.0, wait)

    def bundle_seq(self) -> int | None:
        """Which bundle it goes by."""
        seq = None if self.reader is None else self.reader.gate.bundle
        return None if seq is None else seq[1]

    @property
    def waiting(self) -> int:
        """How many records it still has."""
        return 0 if self.reader is None else self.reader.gate.banner().waiting

    def _pass(self, point: str) -> None:
        if point == self.doomed:
            self.doomed = None
            raise PowerLoss(point)

    def _service(self, enrolment: Enrolment, device: Device) -> Service:
        self._wire = Wire(self.office, self.number, enrolment, device)
        return cast(Service, self._wire)

    def _config(self) -> Config:
        return Config(
            state=self.place,
            root=self.place / "root.cose",
            reader=None,
            venue=None,
            role=Role.GATE,
            languages=("zh", "en"),
            online=True,
            ca=None,
            sync_s=0,
            upload_s=self.plan.upload_s,
            folder=None,
            journal_mib=_JOURNAL_MIB,
            sign_every=_SIGN_EVERY,
            inputs=(),
            outputs=(),
        )
