"""Outputs: light, sound and line for every verdict; a door opens now or not at all."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.ports import free_port
from tests.reader.collector import until
from verify.errors import Refused, Unchecked
from verify.reader import outputs
from verify.reader.config import OutputConfig
from verify.reader.outputs import (
    MAX_BEHIND,
    Banner,
    Behind,
    Command,
    Gpio,
    Mqtt,
    Shown,
    Terminal,
    output,
)
from verify.reader.phrases import phrase
from verify.verdict import Answer, Verdict

ALLOW = Verdict(Answer.ALLOW, "ok", "Valid.", True, card="9012345678903", data_age_s=7200, view={})
DENY = Verdict(Answer.DENY, "expired", "valid until 2026-01-01", False)
ASK = Verdict(Answer.ATTENTION, "unknown_key", "not listed", False)
STALE = Verdict(Answer.ATTENTION, "data_stale", "two days old", True)


def shown(verdict: Verdict, direction: str = "in") -> Shown:
    return Shown(verdict, phrase(verdict.reason, ("zh", "en")), direction, 7)


@pytest.mark.parametrize(
    ("verdict", "light", "beeps"),
    [
        (ALLOW, "green", 1),
        (DENY, "red", 2),
        (ASK, "amber", 3),
        (STALE, "green", 1),
        (ALLOW._replace(opens=False), "green", 1),
    ],
)
def test_light_and_sound_differ_by_more_than_colour(verdict: Verdict, light: str, beeps: int) -> None:
    signal = shown(verdict).signal
    assert (signal.light, signal.beeps) == (light, beeps)


def test_a_line_for_people() -> None:
    stream = io.StringIO()
    terminal = Terminal("words", bell=True, stream=stream)
    for verdict in (ALLOW, DENY):
        terminal.show(shown(verdict))
    first, second = stream.getvalue().splitlines()
    assert first == "\a✔ GREEN 请通行 / Please go ahead [ok, data 2 h old]"
    assert second == "\a\a⌛ RED   卡片已过期，请更换 / Card expired: please renew it [expired]"


def test_staff_see_who_it_is_and_a_gate_does_not() -> None:
    stream = io.StringIO()
    terminal = Terminal("words", bell=False, stream=stream)
    terminal.show(shown(ALLOW._replace(view={"name": "HADDAD, Amina", "nationality": "KEN"})))
    terminal.show(shown(ALLOW))
    assert [line.endswith("HADDAD, Amina KEN") for line in stream.getvalue().splitlines()] == [True, False]


def test_an_object_for_programs() -> None:
    stream = io.StringIO()
    Terminal("json", bell=False, stream=stream).show(shown(ALLOW, "out"))
    found = json.loads(stream.getvalue())
    assert (found["seq"], found["direction"], found["light"], found["verdict"]) == (
        7,
        "out",
        "green",
        "allow",
    )
    assert found["texts"] == {"zh": "请通行", "en": "Please go ahead"}


def test_an_object_for_programs_is_json_whatever_the_locale() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1", errors="backslashreplace")
    terminal = Terminal("json", bell=False, stream=stream)
    terminal.show(Shown(ALLOW, phrase("ok", ("zh", "fr", "es")), "in", 7))
    terminal.stand(Banner("bibliothèque", None, 0, ()))
    told, banner = map(json.loads, raw.getvalue().splitlines())
    assert told["texts"] == dict(phrase("ok", ("zh", "fr", "es")).texts)
    assert banner["banner"].startswith("bibliothèque · ")


def test_the_banner_is_said_when_something_changes() -> None:
    stream = io.StringIO()
    terminal = Terminal("words", bell=False, stream=stream)
    for age, alarms in ((60, ()), (120, ()), (90_000, ("data stale: sync it",))):
        terminal.stand(Banner("library", age, 0, alarms))
    assert stream.getvalue().splitlines() == [
        "-- library · data 60 s old · 0 records waiting",
        "-- library · data 25 h old · 0 records waiting · data stale: sync it",
    ]


def test_a_command_is_told_the_verdict_and_not_the_card(tmp_path: Path) -> None:
    told = tmp_path / "told"
    script = f"env > {told}.new; mv {told}.new {told}"
    command = Command(["/bin/sh", "-c", script], ["open"], 5)
    command.show(shown(DENY))
    assert not told.exists()
    command.show(shown(ALLOW))
    words = told.read_text()
    assert "CARDSVC_VERDICT=allow" in words
    assert "CARDSVC_LIGHT=green" in words
    assert "9012345678903" not in words


@pytest.mark.parametrize("command", [["/bin/false"], ["/does/not/exist"], ["/bin/sleep", "9"]])
def test_a_command_that_fails_holds_up_nobody(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "FRESH_S", 60)
    said: list[str] = []
    slow = Behind(Command(command, ["any"], 0.2), said.append)
    slow.show(shown(ALLOW))
    slow.close()
    assert len(said) == 1
    assert said[0].startswith(f"output_failed: {command[0]}")


def test_an_output_that_is_far_behind_is_left_out_and_said() -> None:
    go = threading.Event()

    class Slow:
        def show(self, shown: Shown) -> None:
            go.wait(20)

        def stand(self, banner: Banner) -> None: ...

        def close(self) -> None: ...

    slow = Behind(Slow(), lambda words: None)
    for _ in range(MAX_BEHIND):
        slow.show(shown(ALLOW))
    with pytest.raises(Unchecked, match="too slow"):
        show_two(slow)  # The thread may have taken one already.
    go.set()
    slow.close()


def test_an_order_to_open_that_had_to_wait_is_dropped_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, said = tmp_path / "opened", list[str]()
    monkeypatch.setattr(outputs, "FRESH_S", 60)
    slow = Behind(Command(["/bin/sh", "-c", f"echo >> {opened}; sleep 0.5"], ["open"], 20), said.append)
    for _ in range(3):
        slow.show(shown(ALLOW))
    until(opened.exists)
    monkeypatch.setattr(outputs, "FRESH_S", 0.1)
    slow.close()
    assert opened.read_text() == "\n"
    assert len(said) == 2
    assert all("an order to open waited" in words and words.endswith("was dropped") for words in said)


def test_a_terminal_that_nobody_reads_holds_up_neither_holders_nor_the_end() -> None:
    read = threading.Event()

    class Unread(io.StringIO):
        def write(self, words: str) -> int:
            read.wait(20)
            return super().write(words)

    stream, said = Unread(), list[str]()
    terminal = Behind(Terminal("words", bell=False, stream=stream), said.append, acts=False, close_s=0.1)
    terminal.stand(Banner("library", 60, 0, ()))
    terminal.show(shown(ALLOW))
    terminal.close()
    assert stream.getvalue() == ""  # It ended while its reader still hung.
    time.sleep(outputs.FRESH_S)
    read.set()
    until(lambda: stream.getvalue().count("\n") == 2)  # Late words open no door: they are said.
    assert said == []


def test_an_output_outlives_what_its_library_did_not_foresee() -> None:
    class Foreign:
        def show(self, shown: Shown) -> None:
            raise KeyError("a library's own")

        def stand(self, banner: Banner) -> None: ...

        def close(self) -> None: ...

    said = list[str]()
    slow = Behind(Foreign(), said.append)
    slow.show(shown(DENY))
    slow.show(shown(DENY))
    slow.close()
    assert said == ['output_failed: KeyError: "a library\'s own"'] * 2


def show_two(slow: Behind) -> None:
    for _ in range(2):
        slow.show(shown(ALLOW))


class Pin:
    """A pin of a library that is not installed here; it notes what it was told."""

    made: ClassVar[dict[int, "Pin"]] = {}

    def __init__(self, pin: int, *, active_high: bool, initial_value: bool) -> None:
        assert initial_value is False
        self.told: list[str] = []
        Pin.made[pin] = self

    def blink(self, on: float, off: float, *, n: int, background: bool) -> None:
        assert background
        self.told.append(f"blink {on:g} {off:g} {n}")

    def on(self) -> None:
        self.told.append("on")

    def off(self) -> None:
        self.told.append("off")

    def close(self) -> None:
        self.told.append("close")


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> dict[int, Pin]:
    library = ModuleType("gpiozero")
    library.DigitalOutputDevice = Pin  # type: ignore[attr-defined]  # a library made of one class
    library.GPIOZeroError = OSError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gpiozero", library)
    Pin.made = {}
    return Pin.made


PINS = {"green": 17, "red": 22, "buzzer": 23, "door": 24, "open_s": 3, "active_high": True}


def test_lamps_buzzer_and_door(pins: dict[int, Pin]) -> None:
    gpio = Gpio(PINS)
    for verdict in (ALLOW, DENY, ALLOW._replace(opens=False)):
        gpio.show(shown(verdict))
    gpio.close()
    assert pins[17].told == ["off", "blink 2 0 1", "off", "off", "blink 2 0 1", "close"]
    assert pins[22].told == ["off", "off", "blink 2 0 1", "off", "close"]
    assert pins[23].told == ["blink 0.12 0.12 1", "blink 0.4 0.4 2", "blink 0.12 0.12 1", "close"]
    assert pins[24].told == ["blink 3 0 1", "close"]


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(Refused, match=r"cardsvc-verify\[gpio\]"):
        output(OutputConfig("gpio", PINS), print)


class Broker:
    """Mosquitto on a free port, for one test."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        self.start()

    def start(self) -> None:
        env = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/bin"}
        self._process = subprocess.Popen(
            ["mosquitto", "-c", self._config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env
        )

        until(self._answers)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if not Path("/usr/sbin/mosquitto").exists() and shutil.which("mosquitto") is None:
        pytest.skip("no broker: apt install mosquitto")
    broker = Broker(tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def lock(broker: Broker) -> Iterator[list[Any]]:
    """A door lock that listens; what it was told."""
    told: list[Any] = []
    ready = threading.Event()
    listener = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    listener.on_connect = lambda *_: listener.subscribe("library/door-1/open", qos=1)
    listener.on_subscribe = lambda *_: ready.set()
    listener.on_message = lambda *message: told.append(message[2])
    listener.reconnect_delay_set(1, 1)
    listener.connect_async("127.0.0.1", broker.port)
    listener.loop_start()
    assert ready.wait(20)
    yield told
    listener.disconnect()
    listener.loop_stop()


def mqtt(broker: Broker, said: list[str]) -> Mqtt:
    options = {
        "host": "127.0.0.1",
        "port": broker.port,
        "topic": "library/door-1/open",
        "open_s": 4,
        "ca": None,
        "username": None,
        "password_file": None,
    }
    made = Mqtt(options, said.append)
    assert made.wait_connected(20)
    return made


def test_mosquitto_is_told_to_open(broker: Broker, lock: list[Any]) -> None:
    door = mqtt(broker, [])
    for verdict in (DENY, ASK, ALLOW, ALLOW._replace(opens=False)):
        door.show(shown(verdict))
    until(lambda: len(lock) >= 1)
    door.close()
    (message,) = lock
    words = json.loads(message.payload)
    assert (words["open"], words["for_s"], words["direction"]) == (True, 4, "in")
    assert abs(words["at"] - time.time()) < 60
    assert not message.retain


def test_a_dead_line_to_the_broker_is_given_up_soon(broker: Broker) -> None:
    door = mqtt(broker, [])
    line = door._client.socket()
    assert line is not None
    asked = (line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT), door._client.keepalive)
    door.close()
    assert asked == (2000, 5)


def test_an_order_to_open_is_never_kept_for_later(broker: Broker, lock: list[Any]) -> None:
    door = mqtt(broker, [])
    broker.stop()
    until(lambda: not door._client.is_connected())
    with pytest.raises(Unchecked, match="no broker took the order"):
        door.show(shown(ALLOW))
    broker.start()
    assert door.wait_connected(30)
    door.show(shown(ALLOW, "out"))
    door.close()
    until(lambda: len(lock) >= 1 or not door._client.is_connected())
    assert all(json.loads(message.payload)["direction"] == "out" for message in lock)
