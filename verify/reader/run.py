"""A reader put together from its configuration, and run: inputs, gate, outputs, errands."""

import fcntl
import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from verify.errors import CardsvcError, Refused
from verify.reader.client import Client
from verify.reader.config import Config
from verify.reader.device import Device
from verify.reader.gate import Gate
from verify.reader.inputs import Source, source
from verify.reader.journal import MIB, Journal
from verify.reader.keeper import Keeper
from verify.reader.line import Errand, Line, Log
from verify.reader.months import MonthKeys
from verify.reader.outputs import output
from verify.reader.service import Enrolment, Service
from verify.reader.sync import Bundles, FromFolder, FromService
from verify.reader.uploads import Uploads, nowhere
from verify.store import StateDirectory
from verify.verifier import Presentation

ENROLMENT: Final = "enrolment.json"
JOURNAL: Final = "journal.sqlite"
STANDING: Final = "standing.json"
_ALONE: Final = "gate.lock"
#: A broken input is tried again after so long, doubled up to the longest.
_FIRST_RETRY_S, _LONGEST_RETRY_S = 0.5, 30.0
_LAST_ERRAND_S: Final = 5.0
#: Inputs whose end may be none: a code with a control character ends what a terminal hands on, once.
_GO_ON: Final = frozenset(("lines",))
#: How the reader stands is written down when it changes, and at least so often.
_STANDING_S: Final = 300.0


class Reader:
    """One reader: :meth:`run` until its inputs end or it is stopped."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Callable[[], int],
        log: Log,
        uptime: Callable[[], float] = time.monotonic,
        at: Callable[[str], None] = nowhere,
        service: Callable[[Enrolment, Device], Service] | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """Open everything the configuration names; ``chance`` parts readers that ask at the same moment.

        Raises ``not_enrolled``, ``missing_extra``, ``output_unusable``, ``journal_unusable``, and what state
        directory, root document and memory are refused for.
        """
        chance = chance or random.Random()  # noqa: S311 - no secret
        self._clock, self._uptime, self._log = clock, uptime, log
        self._directory = directory = StateDirectory(config.state)
        self._alone = _alone(directory)
        device = Device.open(config.state, make=not config.online)
        enrolment = read_enrolment(directory) if config.online else None
        reader = str(config.reader) if enrolment is None else enrolment.reader
        venue = config.venue if enrolment is None else enrolment.venue
        with directory.locked():
            keeper = Keeper(directory, read_root(config), clock(), venue=venue)
        self._journal = Journal(
            config.state / JOURNAL,
            reader=reader,
            device=device,
            max_bytes=config.journal_mib * MIB,
            sign_every=config.sign_every,
        )
        months = MonthKeys(directory, device)
        self._sources = [(part.kind, source(part, log)) for part in config.inputs]
        self._broken: dict[int, str] = {}
        self._live: set[int] = set()
        self._live_lock = threading.Lock()
        self._outputs = [output(part, log) for part in config.outputs]
        self.gate = Gate(
            reader=reader,
            journal=self._journal,
            seen=directory.seen(),
            months=months,
            outputs=self._outputs,
            languages=config.languages,
            role=config.role,
            clock=clock,
            log=log,
            problems=self._problems,
            at=at,
            uptime=uptime,
        )
        self._keeper, self._unusable = keeper, ""
        self._take_last()
        bundles = Bundles(keeper, directory, clock, self.gate.use)
        errands = []
        if enrolment is not None:
            online = (service or _service(config, clock, uptime))(enrolment, device)
            fetch = FromService(online, bundles, months, clock=clock, chance=chance, every_s=config.sync_s)
            upload = Uploads(
                self._journal, online, clock=clock, uptime=uptime, every_s=config.upload_s, at=at
            )
            errands += [Errand("bundle", fetch), Errand("log", upload)]
        if config.folder is not None:
            errands.append(Errand("folder", FromFolder(config.folder, bundles, device, log)))
        self.line = Line(errands, uptime=uptime, chance=chance, log=log)
        self._said = ""
        self._said_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Judge until ``stop`` is set or all inputs have ended; then let go of everything."""
        errands = threading.Thread(target=self.line.run, args=(stop,), daemon=True, name="errands")
        self._live = set(range(1, len(self._sources) + 1))

        def tend(number: int, name: str, one: Source) -> None:
            self._tend(number, name, one, stop)
            if self._was_last(number):
                self.gate.end()

        errands.start()
        for number, (name, one) in enumerate(self._sources, 1):
            threading.Thread(target=tend, args=(number, name, one), daemon=True, name=name).start()
        self._tell_systemd("READY=1")
        try:
            self.gate.run(stop, self.tick)
        finally:
            stop.set()
            self._tell_systemd("STOPPING=1")
            # What is on its way is ended in order; one that waits for a dead line is left behind.
            errands.join(_LAST_ERRAND_S)
            self.close()

    def close(self) -> None:
        """Let go of outputs, log and state directory."""
        for shut in self._outputs:
            shut.close()
        self._journal.close()
        os.close(self._alone)

    def _tend(self, number: int, name: str, one: Source, stop: threading.Event) -> None:
        """Run a source, and again where it breaks; the end of one among others is said."""
        wait = _FIRST_RETRY_S

        def emit(presentation: Presentation) -> None:
            self._broken.pop(number, None)  # What hands something on works again.
            self.gate.shown(presentation)

        while not stop.is_set():
            begun = self._uptime()
            with self._live_lock:
                self._live.add(number)
            try:
                one.run(emit, stop)
            except CardsvcError as error:
                self._lost(number, name, error.reason, str(error))
            except Exception as error:  # noqa: BLE001 - a door must outlive what nobody foresaw: a driver's error, a hostile tag
                self._lost(number, name, "reader_fault", f"{type(error).__name__}: {error}")
            else:
                if stop.is_set() or self._was_last(number):
                    return
                self._lost(number, name, "input_lost", "its end is reached")
                if name not in _GO_ON:
                    return
            wait = _FIRST_RETRY_S if self._uptime() - begun > _LONGEST_RETRY_S else wait
            stop.wait(wait)
            wait = min(2 * wait, _LONGEST_RETRY_S)

    def _was_last(self, number: int) -> bool:
        """Whether no other input is left where this one is over."""
        with self._live_lock:
            self._live.discard(number)
            return not self._live

    def _lost(self, number: int, name: str, reason: str, why: str) -> None:
        """Say that an input broke: in the log once, in the banner until it hands something on."""
        words = f"input {number} ({name}): {why}"
        if self._broken.get(number) != words:
            self._log(f"{reason}: {words}")
        self._broken[number] = words

    def _problems(self) -> Sequence[str]:
        lost = [errand.error for errand in self.line.errands if errand.error is not None]
        return [*lost, *self._broken.values()]

    def _take_last(self) -> None:
        """The last good bundle, if it can be read now: a clock that is set right again may allow it."""
        try:
            with self._directory.locked():
                trust = self._keeper.last(self._clock())
        except CardsvcError as error:
            words = f"the last bundle cannot be used: {error.reason}: {error}"
            if words != self._unusable:
                self._log(words)
            self._unusable = words
        else:
            if trust is not None:
                self.gate.take(trust)

    def _tell_systemd(self, words: str) -> None:
        """The notification protocol of systemd (sd_notify(3)); nothing where nobody asked for it."""
        address = os.environ.get("NOTIFY_SOCKET")
        if not address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.sendto(words.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            self._log(f"systemd cannot be told: {error}")

    def tick(self) -> None:
        """Tell systemd and ``cardsvc-verify status`` that this reader lives, and how."""
        self._tell_systemd("WATCHDOG=1")
        if not self.gate.has_trust:
            self._take_last()
        banner = self.gate.banner()
        said = json.dumps({"venue": banner.venue, "alarms": banner.alarms}, ensure_ascii=False)
        if said == self._said and self._uptime() - self._said_at < _STANDING_S:
            return
        self._said, self._said_at = said, self._uptime()
        try:
            self._directory.write(STANDING, f'{{"at": {self._clock()}, "standing": {said}}}'.encode())
        except CardsvcError as error:
            self._log(f"{error.reason}: {error}")


def read_enrolment(directory: StateDirectory) -> Enrolment:
    """What the service calls this device; raises ``not_enrolled`` before it was asked."""
    kept = directory.read(ENROLMENT)
    if kept is None:
        raise Refused("not_enrolled", "this reader is not enrolled: cardsvc-verify enrol --url … --code …")
    return Enrolment.from_json(kept)


def read_root(config: Config) -> bytes:
    """The root document that was given by hand; raises ``unreadable``."""
    try:
        return config.root.read_bytes()
    except OSError as error:
        raise Refused("unreadable", f"the root document {config.root}: {error.strerror}") from error


def _service(
    config: Config, clock: Callable[[], int], uptime: Callable[[], float]
) -> Callable[[Enrolment, Device], Service]:
    def make(enrolment: Enrolment, device: Device) -> Service:
        client = Client(enrolment.url, ca=config.ca)
        return Service(client, enrolment, device, clock=clock, uptime=uptime)

    return make


def _alone(directory: StateDirectory) -> int:
    """One gate a state directory: two would write two logs of one device. Raises ``state_in_use``."""
    handle = os.open(directory.path / _ALONE, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        words = f"another gate runs in {directory.path}; give each a state directory of its own"
        raise Refused("state_in_use", words) from error
    return handle
