"""Where codes come from: lines of a scanner, a camera, a chip. Each source runs in a thread of its own.

A source hands on what was shown and judges nothing. It is over when its input is (standard input), else it
runs until it is told to stop; what breaks (a cable, a camera) raises and is tried again by the gate.
"""

import errno
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

from verify.errors import CardsvcError, Refused, Unchecked
from verify.reader.config import InputConfig
from verify.reader.line import Log
from verify.text import MAX_TEXT
from verify.verifier import Presentation

Emit = Callable[[Presentation], None]
#: How soon a source notices that it shall stop.
LOOK_S: Final = 0.5
#: Scanners that connect over TCP; more are turned away.
MAX_SCANNERS: Final = 8
#: A scanner that lost its power says nothing more: the line asks it after 10 s of silence, thrice, 5 s apart.
_ALIVE: Final = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
#: A camera sees a code as long as it is held there; it counts once until it has been away this long.
AWAY_S: Final = 3.0
_CHUNK: Final = 4096


class Source(Protocol):
    """One input of the gate."""

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Hand on what is shown until ``stop`` or the end; raises ``CardsvcError`` where the input breaks."""


def source(config: InputConfig, log: Log) -> Source:
    """The source that a table ``[[input]]`` describes; raises ``missing_extra`` for what is not installed."""
    options = config.options
    match config.kind:
        case "serial":
            return SerialLines(config, options["device"], options["baud"])
        case "tcp":
            if options["listens"]:
                return Listening(config, options["address"], log)
            return Connecting(config, options["address"])
        case "camera":
            return Camera(config, options["device"])
        case "chip":
            return Chips(config, options["reader"])
        case _:
            return StandardInput(config)


def missing(extra: str, error: ImportError) -> Refused:
    """What is said where an input or output needs more than a bare install."""
    return Refused("missing_extra", f"this needs more: pip install 'cardsvc-verify[{extra}]' ({error})")


class Lines:
    """Cuts what a scanner sends into lines; one too long for any code is cut short, not gathered for ever."""

    def __init__(self) -> None:
        self._open = bytearray()
        self._over = False

    def feed(self, data: bytes) -> Iterator[str]:
        """The lines that are whole now. A space is a symbol of Base45: only the line's end is cut off."""
        for byte in data.replace(b"\r", b"\n").splitlines(keepends=True):
            whole = byte.endswith(b"\n")
            if not self._over:
                self._open += byte.rstrip(b"\n")
                self._over = len(self._open) > MAX_TEXT
            if whole:
                yield from self.end()

    def end(self) -> Iterator[str]:
        """What stands there without an end of line."""
        line = bytes(self._open[: MAX_TEXT + 1])
        self._open.clear()
        self._over = False
        if line:
            yield line.decode("utf-8", "replace")


class StandardInput:
    """A scanner that types (keyboard wedge), or a program that writes lines."""

    def __init__(self, config: InputConfig, handle: int | None = None) -> None:
        """Read from ``handle``, standard input unless one is given."""
        self._config, self._handle = config, handle

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Until the end of the input."""
        handle, lines = sys.stdin.fileno() if self._handle is None else self._handle, Lines()
        while not stop.is_set():
            if not select.select([handle], [], [], LOOK_S)[0]:
                continue
            data = os.read(handle, _CHUNK)
            for line in lines.feed(data) if data else lines.end():
                emit(_presented(self._config, line))
            if not data:
                return


class SerialLines:
    """A scanner on a serial line or USB-CDC."""

    def __init__(self, config: InputConfig, device: str, baud: int) -> None:
        """Raises ``missing_extra``."""
        try:
            import serial
        except ImportError as error:
            raise missing("serial", error) from error
        self._serial: Any = serial
        self._config, self._device, self._baud = config, device, baud

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Until told to stop; ``input_lost`` where the line breaks."""
        lines = Lines()
        try:
            with self._serial.Serial(self._device, self._baud, timeout=LOOK_S) as line:
                while not stop.is_set():
                    data = line.read(max(1, min(line.in_waiting, _CHUNK)))
                    for text in lines.feed(data):
                        emit(_presented(self._config, text))
        except (OSError, ValueError) as error:
            raise Unchecked("input_lost", f"{self._device}: {error}") from error


class _Tcp:
    def __init__(self, config: InputConfig, address: tuple[str, int]) -> None:
        self._config, self._address = config, address

    def _talk(self, scanner: socket.socket, emit: Emit, stop: threading.Event) -> None:
        lines = Lines()
        with closing(scanner):
            scanner.settimeout(LOOK_S)
            scanner.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _ALIVE.items():
                if hasattr(socket, name):  # Not every system lets it be chosen.
                    scanner.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
            while not stop.is_set():
                try:
                    data = scanner.recv(_CHUNK)
                except TimeoutError as error:
                    if error.errno == errno.ETIMEDOUT:
                        raise  # Not our own waiting: the scanner answers no more.
                    continue
                for line in lines.feed(data) if data else lines.end():
                    emit(_presented(self._config, line))
                if not data:
                    return


class Connecting(_Tcp):
    """A scanner that waits to be connected to."""

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Until told to stop; ``input_lost`` where the scanner hangs up or is not there."""
        try:
            self._talk(socket.create_connection(self._address, timeout=5), emit, stop)
        except OSError as error:
            raise Unchecked("input_lost", f"scanner at {self._address[0]}: {error}") from error
        if not stop.is_set():
            raise Unchecked("input_lost", f"scanner at {self._address[0]} hung up")


class Listening(_Tcp):
    """Waits for scanners that connect; bind it to an address that only they can reach."""

    def __init__(self, config: InputConfig, address: tuple[str, int], log: Log) -> None:
        """``log`` is told of a scanner that finds no place."""
        super().__init__(config, address)
        self._log = log

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Until told to stop; ``input_lost`` where the address cannot be had."""
        places, told = threading.BoundedSemaphore(MAX_SCANNERS), False

        def serve(scanner: socket.socket) -> None:
            try:
                self._talk(scanner, emit, stop)
            except OSError:
                return  # One scanner gone; it connects again.
            finally:
                places.release()

        try:
            with socket.create_server(self._address) as door:
                door.settimeout(LOOK_S)
                while not stop.is_set():
                    try:
                        scanner, peer = door.accept()
                    except TimeoutError:
                        continue
                    if places.acquire(blocking=False):
                        told = False
                        threading.Thread(target=serve, args=(scanner,), daemon=True).start()
                        continue
                    scanner.close()
                    if not told:  # It tries again and again.
                        self._log(f"input_lost: a scanner at {peer[0]} turned away: {MAX_SCANNERS} are here")
                    told = True
        except OSError as error:
            raise Unchecked("input_lost", f"{self._address[0]}:{self._address[1]}: {error}") from error


class Camera:
    """A camera, by number or path, or a folder of pictures (``frames/%03d.png``)."""

    def __init__(self, config: InputConfig, device: str) -> None:
        """Raises ``missing_extra``."""
        try:
            import cv2
            import zxingcpp
        except ImportError as error:
            raise missing("camera", error) from error
        self._cv2: Any = cv2
        self._codes: Any = zxingcpp
        self._config, self._device = config, device

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Until told to stop or a film ends; ``input_lost`` where the camera gives no picture."""
        numbered = self._device.isdecimal()
        live = numbered or Path(self._device).is_char_device()
        film = self._cv2.VideoCapture(int(self._device) if numbered else self._device)
        form = self._codes.BarcodeFormats(self._codes.BarcodeFormat.QRCodeModel2)
        held: dict[str, float] = {}
        try:
            if not film.isOpened():
                raise Unchecked("input_lost", f"camera {self._device} cannot be opened")
            while not stop.is_set():
                there, picture = film.read()
                if not there and not live:
                    return
                if not there:
                    raise Unchecked("input_lost", f"camera {self._device} gives no picture")
                grey = self._cv2.cvtColor(picture, self._cv2.COLOR_BGR2GRAY)
                for code in self._codes.read_barcodes(grey, formats=form):
                    if self._is_new(held, code.text):
                        emit(_presented(self._config, code.text))
        finally:
            film.release()

    def _is_new(self, held: dict[str, float], text: str) -> bool:
        now = time.monotonic()
        for gone in [text for text, seen in held.items() if now - seen > AWAY_S]:
            del held[gone]
        is_new = text not in held
        held[text] = now
        return is_new


class Chips:
    """Chips over PC/SC: code, UID and, where the chip has a key, its answer to a challenge."""

    def __init__(self, config: InputConfig, reader: str | None) -> None:
        """Raises ``missing_extra``."""
        if find_spec("smartcard") is None:
            raise missing("pcsc", ImportError("no module named smartcard"))
        self._config, self._reader = config, reader

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Until told to stop; ``no_reader`` where the reader is gone."""
        from verify.pcsc import Readers

        with Readers() as readers:
            name = readers.the(self._reader)
            while not stop.is_set():
                if not readers.wait(name, LOOK_S):
                    continue
                with suppress_lost(), readers.connect(name) as connection:
                    emit(chip_presented(self._config, connection))
                while not stop.is_set() and not readers.wait(name, LOOK_S, present=False):
                    continue


class suppress_lost:
    """A chip taken away too soon, or one that nobody can read: the holder holds it there again."""

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Pass over ``chip_lost`` and ``chip_unreadable``."""
        return isinstance(error, CardsvcError) and error.reason in ("chip_lost", "chip_unreadable")


def chip_presented(config: InputConfig, connection: Any) -> Presentation:
    """What a chip shows; a chip with something else on it shows nothing of ours, which the verdict says."""
    from verify.chip_reader import proof_of, read_chip

    try:
        reading = read_chip(connection)
        proof = proof_of(connection, reading)
    except Refused:
        return _presented(config, "")
    return Presentation(reading.code, config.service, config.direction, reading.uid, proof)


def _presented(config: InputConfig, code: str) -> Presentation:
    return Presentation(code, config.service, config.direction)
