"""Inputs: whatever carries a code brings it whole, once, with its direction, and no line without end."""

import errno
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import segno

from tests.ports import free_port
from tests.reader.collector import until
from tests.verify import world as w
from verify.errors import Refused, Unchecked
from verify.reader.config import InputConfig, read_config
from verify.reader.inputs import (
    Camera,
    Connecting,
    Emit,
    Lines,
    Listening,
    SerialLines,
    StandardInput,
    chip_presented,
    source,
)
from verify.reader.run import Reader
from verify.text import MAX_TEXT
from verify.verifier import Direction, Presentation

CODES = [w.text_of(w.code(print_number=number)) for number in (1, 2, 3)]


def config(kind: str = "lines", **options: Any) -> InputConfig:
    return InputConfig(kind, Direction.OUT, 3, options)


class Running:
    """A source in its thread, and what it handed on."""

    def __init__(self, one: Any) -> None:
        self.shown: list[Presentation] = []
        self.error: Exception | None = None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(one,), daemon=True)
        self.thread.start()

    def _run(self, one: Any) -> None:
        try:
            one.run(self.shown.append, self.stop)
        except Unchecked as error:
            self.error = error

    def codes(self) -> list[str | bytes]:
        assert all((shown.direction, shown.service) == (Direction.OUT, 3) for shown in self.shown)
        return [shown.code for shown in self.shown]


@pytest.fixture
def running() -> Iterator[list[Running]]:
    begun: list[Running] = []
    yield begun
    for one in begun:
        one.stop.set()
        one.thread.join(10)
        assert not one.thread.is_alive()


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_lines_come_whole_however_they_are_cut(end: bytes, size: int) -> None:
    data, lines = end.join(code.encode() for code in CODES) + end, Lines()
    found = [line for at in range(0, len(data), size) for line in lines.feed(data[at : at + size])]
    assert found == CODES
    assert list(lines.end()) == []


def test_a_space_is_a_symbol_of_base45() -> None:
    assert list(Lines().feed(b" A \r\n\r\n")) == [" A "]


def test_a_line_without_end_is_cut_and_not_gathered() -> None:
    lines = Lines()
    for _ in range(100):
        assert list(lines.feed(b"N" * 4096)) == []
    (line,) = lines.feed(b"\n")
    assert len(line) == MAX_TEXT + 1
    assert list(lines.feed(b"after\n")) == ["after"]


def test_standard_input_until_its_end() -> None:
    here, there = os.pipe()
    os.write(there, f"{CODES[0]}\n{CODES[1]}".encode())
    os.close(there)
    run = Running(StandardInput(config(), here))
    run.thread.join(10)
    os.close(here)
    assert run.codes() == CODES[:2]


def test_a_scanner_that_connects(running: list[Running]) -> None:
    port = free_port()
    run = Running(source(config("tcp", listens=True, address=("127.0.0.1", port)), print))
    running.append(run)
    for code in CODES[:2]:  # One hangs up, the next comes.
        until(partial(_sent, port, code))
    until(lambda: len(run.shown) == 2)
    assert sorted(map(str, run.codes())) == sorted(CODES[:2])


def _sent(port: int, code: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as scanner:
            scanner.sendall(code.encode() + b"\n")
        return True
    except ConnectionRefusedError:
        return False


def test_an_address_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = Running(Listening(config(), taken.getsockname()[:2], print))
        run.thread.join(10)
    assert isinstance(run.error, Unchecked)
    assert run.error.reason == "input_lost"


class Scanner(socket.socket):
    """A line to a scanner that lost its power, as the system says it when nothing answered its questions."""

    def recv(self, *_: int) -> bytes:
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")


def test_a_scanner_without_power_is_noticed(running: list[Running], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = list[socket.socket]()

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        lines.append(Scanner())
        return lines[0]

    monkeypatch.setattr(socket.socket, "close", lambda line: None)
    monkeypatch.setattr(socket, "create_connection", connect)
    run = Running(Connecting(config(), ("127.0.0.1", 1)))
    run.thread.join(10)
    assert isinstance(run.error, Unchecked)
    assert "timed out" in str(run.error)
    asked = [lines[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)]
    asked += [
        lines[0].getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
        for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
    ]
    assert asked == [1, 10, 5, 3]
    monkeypatch.undo()
    lines[0].close()


def test_a_scanner_that_finds_no_place_is_said(
    running: list[Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verify.reader.inputs.MAX_SCANNERS", 1)
    port, said = free_port(), list[str]()
    running.append(Running(Listening(config(), ("127.0.0.1", port), said.append)))
    until(partial(_sent, port, "the first one"))
    until(lambda: bool(running[0].shown))
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as another:
                assert another.recv(1) == b""
    assert said == ["input_lost: a scanner at 127.0.0.1 turned away: 1 are here"]


def test_a_scanner_to_connect_to_that_hangs_up(running: list[Running]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as scanner:
        run = Running(Connecting(config(), scanner.getsockname()[:2]))
        line, _ = scanner.accept()
        with line:
            line.sendall(CODES[0].encode() + b"\r\n" + CODES[1].encode())
        run.thread.join(10)
    assert run.codes() == CODES[:2]
    assert isinstance(run.error, Unchecked)


def test_a_serial_scanner(running: list[Running]) -> None:
    scanner, line = os.openpty()
    os.set_blocking(scanner, False)
    run = Running(SerialLines(config(), os.ttyname(line), 115_200))
    running.append(run)

    def scanned() -> bool:
        with suppress(BlockingIOError):  # Opening the line empties it: it is scanned again, as people do.
            os.write(scanner, CODES[0].encode() + b"\r")
        return CODES[0] in run.codes()

    until(scanned)
    run.stop.set()
    run.thread.join(10)
    os.close(scanner)
    os.close(line)


def test_a_serial_line_that_is_not_there() -> None:
    run = Running(SerialLines(config(), "/dev/does-not-exist", 9600))
    run.thread.join(10)
    assert isinstance(run.error, Unchecked)


def test_a_camera_reads_a_code_that_is_held_there_once(tmp_path: Path) -> None:
    for number, code in enumerate([CODES[0], CODES[0], CODES[1], CODES[0]]):
        segno.make(code, error="m", mode="alphanumeric", micro=False).save(
            tmp_path / f"{number:03}.png", scale=5, border=4
        )
    run = Running(Camera(config(), str(tmp_path / "%03d.png")))
    run.thread.join(30)
    assert run.error is None
    assert run.codes() == CODES[:2]


def test_a_camera_that_is_not_there() -> None:
    run = Running(Camera(config(), "/dev/video-does-not-exist"))
    run.thread.join(30)
    assert isinstance(run.error, Unchecked)


class Type2:
    """A Type 2 tag on a PC/SC reader: its pages and its UID."""

    def __init__(self, message: bytes, uid: bytes) -> None:
        size = len(message)
        block = (
            b"\x03" + (bytes([size]) if size < 255 else b"\xff" + size.to_bytes(2, "big")) + message + b"\xfe"
        )
        self._pages = bytes(12) + bytes([0xE1, 0x10, 0x6D, 0x00]) + block.ljust(0x6D * 8, b"\0")
        self._uid = uid

    def transmit(self, command: bytes) -> bytes:
        if command[:2] == b"\xff\xca":
            return self._uid + b"\x90\x00"
        if command[:2] == b"\xff\xb0":
            return self._pages[4 * command[3] : 4 * command[3] + command[4]] + b"\x90\x00"
        return b"\x6a\x82"


def test_a_chip_brings_its_code_and_its_uid() -> None:
    code = w.code(w.CHIP_CODE)
    kind = b"application/cwt"
    record = b"\xc2" + bytes([len(kind)]) + len(code).to_bytes(4, "big") + kind + code
    shown = chip_presented(config("chip"), Type2(record, w.CHIP_UID))
    assert (shown.code, shown.tag_uid, shown.direction) == (code, w.CHIP_UID, Direction.OUT)


def test_a_chip_of_somebody_else_shows_nothing_of_ours() -> None:
    shown = chip_presented(config("chip"), Type2(b"\xd1\x01\x05U\x04a.bc", bytes(7)))
    assert (shown.code, w.judge(Presentation(shown.code)).reason) == ("", "not_ours")


@pytest.mark.parametrize(
    ("kind", "module", "extra"),
    [("serial", "serial", "serial"), ("camera", "cv2", "camera"), ("chip", "smartcard", "pcsc")],
)
def test_what_is_not_installed_is_named(
    kind: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("verify.reader.inputs.find_spec", lambda name: None)
    with pytest.raises(Refused) as caught:
        source(config(kind, device="0", baud=9600, reader=None), print)
    assert caught.value.reason == "missing_extra"
    assert f"cardsvc-verify[{extra}]" in str(caught.value)


ALONE = """
[reader]
state = "state"
root = "root.cose"
id = "door-1"
venue = "centre"
[folder]
path = "stick"
[[input]]
kind = "lines"
[[output]]
kind = "terminal"
"""


def test_an_input_outlives_what_nobody_foresaw_is_shown_broken_and_then_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reader.toml").write_text(ALONE)
    (tmp_path / "root.cose").write_bytes(w.root())
    said, alarms = list[str](), list[tuple[str, ...]]()

    class Hostile:
        """Breaks over the first thing that is shown, as a driver does."""

        broke = False

        def run(self, emit: Emit, stop: threading.Event) -> None:
            if not self.broke:
                self.broke = True
                raise OverflowError("a page of 256")
            alarms.append(reader.gate.banner().alarms)
            emit(Presentation("nonsense"))
            alarms.append(reader.gate.banner().alarms)

    monkeypatch.setattr("verify.reader.run.source", lambda config, log: Hostile())
    reader = Reader(read_config(tmp_path / "reader.toml"), clock=lambda: w.NOW, log=said.append)
    reader.run(threading.Event())
    broken = "input 1 (lines): OverflowError: a page of 256"
    assert f"reader_fault: {broken}" in said
    assert [broken in some for some in alarms] == [True, False]


def test_the_end_of_one_input_among_others_is_said_and_it_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reader.toml").write_text(ALONE + '[[input]]\nkind = "camera"\n')
    (tmp_path / "root.cose").write_bytes(w.root())
    said, alarms, begun = list[str](), list[tuple[str, ...]](), threading.Semaphore(0)

    class Ends:
        """A terminal whose end was typed."""

        def run(self, emit: Emit, stop: threading.Event) -> None:
            begun.release()

    class Stays:
        """Goes on until the other one was begun again."""

        def run(self, emit: Emit, stop: threading.Event) -> None:
            for _ in range(2):
                assert begun.acquire(timeout=20)
            alarms.append(reader.gate.banner().alarms)

    made = {"lines": Ends(), "camera": Stays()}
    monkeypatch.setattr("verify.reader.run.source", lambda config, log: made[config.kind])
    reader = Reader(read_config(tmp_path / "reader.toml"), clock=lambda: w.NOW, log=said.append)
    reader.run(threading.Event())
    assert said.count("input_lost: input 1 (lines): its end is reached") == 1
    assert "input 1 (lines): its end is reached" in alarms[0]


def test_an_errand_on_its_way_ends_before_the_log_is_shut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reader.toml").write_text(ALONE)
    (tmp_path / "root.cose").write_bytes(w.root())
    ended = list[int]()

    class Over:
        """Has nothing to show."""

        def run(self, emit: Emit, stop: threading.Event) -> None:
            """End at once."""

    def last_errand(stop: threading.Event) -> None:
        stop.wait()
        time.sleep(0.2)
        ended.append(reader.gate.banner().waiting)

    monkeypatch.setattr("verify.reader.run.source", lambda config, log: Over())
    reader = Reader(read_config(tmp_path / "reader.toml"), clock=lambda: w.NOW, log=print)
    monkeypatch.setattr(reader.line, "run", last_errand)
    reader.run(threading.Event())
    assert ended == [0]
