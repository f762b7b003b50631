"""What a verdict does: light, sound, a line, an open door. Nothing here decides; nothing here is waited for.

An output that fails is said in the log and never holds up the next holder. A door that could not be told to
open stays shut: an order to open is for now, and is never kept for later.
"""

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, TextIO

from verify.errors import Refused, Unchecked
from verify.reader.config import OutputConfig
from verify.reader.inputs import missing
from verify.reader.line import Log
from verify.reader.phrases import Phrase
from verify.verdict import Answer, Verdict
from verify.verifier import Direction
from verify.words import span

#: How long a lamp shows a verdict.
LAMP_S: Final = 2.0
#: Verdicts that may wait for a slow output; a door that is this far behind is broken.
MAX_BEHIND: Final = 4
#: Lines that may wait for whoever reads the terminal.
MAX_LINES: Final = 64
#: How long an output may take to end what it has when the gate stops.
CLOSE_S: Final = 5.0
#: An order to open that waited longer would open for whoever stands there next.
FRESH_S: Final = 1.0
_CONNECT_S: Final = 5.0
#: A line to the broker that is dead is given up so soon: what the system still held would open late.
_KEEPALIVE_S: Final = 5
_UNANSWERED_MS: Final = 2000


@dataclass(frozen=True, slots=True)
class Signal:
    """Light and sound, different for everybody: by colour, by number and by length of the beeps."""

    light: str
    beeps: int
    beep_s: float


GO: Final = Signal("green", 1, 0.12)
STOP: Final = Signal("red", 2, 0.4)
ASK: Final = Signal("amber", 3, 0.12)


@dataclass(frozen=True, slots=True)
class Shown:
    """A verdict as it is shown; ``seq`` is its record's, None where there is none.

    ``lit`` is the signal of the first of two scans of one picture, which is shown again.
    """

    verdict: Verdict
    phrase: Phrase
    direction: str
    seq: int | None = None
    lit: Signal | None = None

    def again(self) -> "Shown":
        """The same for another scan of the same picture: it releases nothing, but nobody is locked in."""
        verdict = self.verdict._replace(
            repeated=True, opens=self.verdict.opens and self.direction == Direction.OUT
        )
        return replace(self, verdict=verdict, seq=None, lit=self.signal)

    @property
    def signal(self) -> Signal:
        """Green also where the policy opens on old data; what was found stands in the line."""
        verdict = self.verdict
        if self.lit is not None:
            return self.lit
        if verdict.answer is Answer.ALLOW or verdict.opens:
            return GO
        return STOP if verdict.answer is Answer.DENY else ASK

    def happens(self, events: Sequence[str]) -> bool:
        """Whether one of ``events`` (open, allow, deny, attention, any) is this one; a scan again is none."""
        if self.verdict.repeated and not self.verdict.opens:
            return False
        return bool({"any", self.verdict.answer.value, "open" if self.verdict.opens else ""} & set(events))


@dataclass(frozen=True, slots=True)
class Banner:
    """How the reader stands: the age of its data, what waits to be sent, and what somebody must see to."""

    venue: str | None
    data_age_s: int | None
    waiting: int
    alarms: tuple[str, ...]

    def __str__(self) -> str:
        age = "no data yet" if self.data_age_s is None else f"data {span(self.data_age_s)} old"
        parts = [self.venue or "no venue yet", age, f"{self.waiting} records waiting", *self.alarms]
        return " · ".join(parts)


class Output(Protocol):
    """One lamp, door or screen."""

    def show(self, shown: Shown) -> None:
        """Show a verdict, without waiting."""

    def stand(self, banner: Banner) -> None:
        """Show how the reader stands, where there is a place for it."""

    def close(self) -> None:
        """Let go; a door is left shut."""


def output(config: OutputConfig, log: Log, stream: TextIO | None = None) -> Output:
    """The output that a table ``[[output]]`` describes; raises ``missing_extra`` and ``output_unusable``."""
    options = config.options
    match config.kind:
        case "command":
            command = Command(options["command"], options["on"], options["timeout_s"])
            return Behind(command, log, close_s=CLOSE_S + options["timeout_s"])
        case "gpio":
            return Gpio(options)
        case "mqtt":
            return Mqtt(options, log)
        case _:
            terminal = Terminal(options["form"], bell=options["bell"], stream=stream or sys.stdout)
            return Behind(terminal, log, acts=False, room=MAX_LINES)


class Terminal:
    """A line for staff and holder, or one JSON object for a program."""

    def __init__(self, form: str, *, bell: bool, stream: TextIO) -> None:
        """``form`` is words or json, all of it ASCII: no locale breaks it. ``bell`` rings the terminal's."""
        self._json, self._bell, self._stream = form == "json", bell, stream
        self._banner = ""

    def show(self, shown: Shown) -> None:
        """One line."""
        self._write(_object(shown) if self._json else self._words(shown))

    def stand(self, banner: Banner) -> None:
        """Say how the reader stands when that changes by more than the clock."""
        kept = f"{banner.venue} {banner.data_age_s is None} {banner.alarms}"
        if kept == self._banner:
            return
        self._banner = kept
        self._write(json.dumps({"banner": str(banner)}) if self._json else f"-- {banner}")

    def close(self) -> None:
        """Nothing to let go."""

    def _words(self, shown: Shown) -> str:
        verdict, bell = shown.verdict, "\a" * shown.signal.beeps if self._bell else ""
        said = " / ".join(shown.phrase.texts.values())
        age = "" if verdict.data_age_s is None else f", data {span(verdict.data_age_s)} old"
        view = verdict.view or {}
        person = " ".join(str(view[key]) for key in ("name", "nationality", "standing") if view.get(key))
        line = f"{shown.phrase.pictogram} {shown.signal.light.upper():5} {said} [{verdict.reason}{age}]"
        return f"{bell}{line}{' ' + person if person else ''}"

    def _write(self, line: str) -> None:
        try:
            print(line, file=self._stream, flush=True)
        except (OSError, ValueError) as error:  # Whoever read it is gone; the next holder still wants in.
            raise Unchecked("output_failed", f"terminal: {error}") from error


def _object(shown: Shown) -> str:
    about = {
        "seq": shown.seq,
        "direction": shown.direction,
        "light": shown.signal.light,
        "pictogram": shown.phrase.pictogram,
        "texts": dict(shown.phrase.texts),
    }
    return json.dumps(shown.verdict.to_json() | about)


class Command:
    """A program started at the events it was named for; its environment tells it the verdict."""

    def __init__(self, command: Sequence[str], events: Sequence[str], timeout_s: float) -> None:
        """No shell is in between: ``command`` is a program and its arguments."""
        self._command, self._events, self._timeout_s = list(command), tuple(events), timeout_s

    def show(self, shown: Shown) -> None:
        """Run it to its end; ``output_failed`` where it fails or takes too long."""
        if not shown.happens(self._events):
            return
        verdict = shown.verdict
        about = {
            "CARDSVC_VERDICT": verdict.answer.value,
            "CARDSVC_REASON": verdict.reason,
            "CARDSVC_OPENS": "1" if verdict.opens else "0",
            "CARDSVC_DIRECTION": shown.direction,
            "CARDSVC_LIGHT": shown.signal.light,
        }
        try:
            subprocess.run(  # noqa: S603 - the program that the configuration names
                self._command,
                env={**os.environ, **about},
                timeout=self._timeout_s,
                check=True,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Unchecked("output_failed", f"{self._command[0]}: {error}") from error

    def stand(self, banner: Banner) -> None:
        """No place for it."""

    def close(self) -> None:
        """Nothing to let go."""


class Behind:
    """An output that takes its time, in a thread of its own; what comes too fast is left out, loudly.

    An order to open is carried out at once or never: one that had to wait for the order before it is dropped.
    """

    def __init__(
        self,
        inner: Output,
        log: Log,
        *,
        acts: bool = True,
        room: int = MAX_BEHIND,
        close_s: float = CLOSE_S,
    ) -> None:
        """Start the thread; ``acts``: it opens, and does not only tell, so that it must not come late."""
        self._inner, self._log, self._acts, self._close_s = inner, log, acts, close_s
        self._waiting: queue.Queue[tuple[float, Shown | Banner] | None] = queue.Queue(room)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def show(self, shown: Shown) -> None:
        """Hand it over."""
        self._hand_over(shown)

    def stand(self, banner: Banner) -> None:
        """Hand it over, too."""
        self._hand_over(banner)

    def close(self) -> None:
        """Let it finish what it has; one that hangs is left behind."""
        with suppress(queue.Full):
            self._waiting.put(None, timeout=self._close_s)
            self._thread.join(self._close_s)
        self._inner.close()

    def _hand_over(self, one: Shown | Banner) -> None:
        try:
            self._waiting.put_nowait((time.monotonic(), one))
        except queue.Full:
            raise Unchecked("output_failed", "an output is too slow and was left out once") from None

    def _run(self) -> None:
        while (one := self._waiting.get()) is not None:
            at, what = one
            try:
                if isinstance(what, Banner):
                    self._inner.stand(what)
                else:
                    self._show(what, time.monotonic() - at)
            except Unchecked as error:
                self._log(f"{error.reason}: {error}")
            except Exception as error:  # noqa: BLE001 - the next holder still wants in
                self._log(f"output_failed: {type(error).__name__}: {error}")

    def _show(self, shown: Shown, waited: float) -> None:
        if self._acts and shown.verdict.opens and waited > FRESH_S:
            raise Unchecked("output_failed", f"an order to open waited {waited:.1f} s and was dropped")
        self._inner.show(shown)


class Gpio:
    """Lamps, a buzzer and a door on the pins of a Raspberry Pi."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take the pins (BCM numbers); raises ``missing_extra`` and ``output_unusable``."""
        try:
            import gpiozero
        except ImportError as error:
            raise missing("gpio", error) from error
        self._open_s = options["open_s"]
        pins = {
            name: options[name] for name in ("green", "amber", "red", "buzzer", "door") if name in options
        }
        make: Callable[..., Any] = gpiozero.DigitalOutputDevice
        try:
            self._pins = {
                name: make(pin, active_high=options["active_high"], initial_value=False)
                for name, pin in pins.items()
            }
        except gpiozero.GPIOZeroError as error:
            raise Refused("output_unusable", f"the pins cannot be used: {error}") from error

    def show(self, shown: Shown) -> None:
        """Light one lamp, beep, and pull the door where it opens."""
        signal = shown.signal
        for name in ("green", "amber", "red"):
            if name in self._pins:
                self._pins[name].off()
        if signal.light in self._pins:
            self._pins[signal.light].blink(LAMP_S, 0, n=1, background=True)
        if "buzzer" in self._pins:
            self._pins["buzzer"].blink(signal.beep_s, signal.beep_s, n=signal.beeps, background=True)
        if shown.verdict.opens and "door" in self._pins:
            self._pins["door"].blink(self._open_s, 0, n=1, background=True)

    def stand(self, banner: Banner) -> None:
        """The amber lamp stays on while there is an alarm."""
        if "amber" in self._pins and banner.alarms:
            self._pins["amber"].on()

    def close(self) -> None:
        """All off: the door shut."""
        for pin in self._pins.values():
            pin.close()


class Mqtt:
    """Tells a door over MQTT 5 to open: now or not at all."""

    def __init__(self, options: Mapping[str, Any], log: Log) -> None:
        """Connect in the background; raises ``missing_extra`` and ``output_unusable``."""
        try:
            from paho.mqtt import client, enums, packettypes, properties
        except ImportError as error:
            raise missing("mqtt", error) from error
        self._topic, self._open_s = options["topic"], options["open_s"]
        self._client = client.Client(
            enums.CallbackAPIVersion.VERSION2, protocol=enums.MQTTProtocolVersion.MQTTv5
        )
        # A broker that was away for a minute must not open a door that nobody stands at any more.
        made: Any = properties.Properties  # Untyped in the library.
        self._expires = made(packettypes.PacketTypes.PUBLISH)
        self._expires.MessageExpiryInterval = max(1, round(self._open_s))
        self._client.on_socket_open = lambda client, userdata, line: _impatient(line)
        self._client.on_connect_fail = lambda *_: log(f"mqtt: {options['host']} does not answer")
        try:
            if options["ca"] is not None:
                self._client.tls_set(options["ca"])
            if options["username"] is not None:
                password = options["password_file"] and Path(options["password_file"]).read_text().strip()
                self._client.username_pw_set(options["username"], password)
            self._client.connect_async(options["host"], options["port"], keepalive=_KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise Refused("output_unusable", f"mqtt: {error}") from error
        self._client.loop_start()

    def show(self, shown: Shown) -> None:
        """Publish where the door opens; ``output_failed`` where no broker takes it now."""
        if not shown.verdict.opens:
            return
        words = {"open": True, "for_s": self._open_s, "at": int(time.time()), "direction": shown.direction}
        if self._client.is_connected():
            sent = self._client.publish(self._topic, json.dumps(words), qos=0, properties=self._expires)
            if sent.rc == 0:
                return
        raise Unchecked("output_failed", "mqtt: no broker took the order to open")

    def stand(self, banner: Banner) -> None:
        """No place for it."""

    def close(self) -> None:
        """Say goodbye to the broker."""
        with suppress(OSError, ValueError):
            self._client.disconnect()
        self._client.loop_stop()

    def wait_connected(self, seconds: float = _CONNECT_S) -> bool:
        """Whether the broker answers within the time; for the self-test."""
        end = time.monotonic() + seconds
        while not self._client.is_connected() and time.monotonic() < end:
            time.sleep(0.02)
        return bool(self._client.is_connected())


def _impatient(line: Any) -> None:
    """Give up what a broker has not taken within two seconds, where the system can."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        with suppress(OSError):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNANSWERED_MS)
