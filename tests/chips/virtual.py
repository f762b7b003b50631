"""A virtual contactless reader: Debian's pcscd with the driver vpcd, on a socket and a port of its own.

Chips of ``tests.chips.cards`` are laid on it and taken away; whoever uses PC/SC in this process sees it.
"""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.chips.cards import Chip
from tests.ports import free_port
from verify.pcsc import Readers

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
NAME = "Virtual PCD 00 00"
START_S = 20
#: vpcd's protocol: two bytes of length, then a command; one byte alone is about power and the ATR.
POWER_OFF, POWER_ON, RESET, GET_ATR = 0, 1, 2, 4

#: As systemd hands a socket over (sd_listen_fds(3)): as number 3, naming the process it is for.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


@cache
def _folder() -> Path:
    """One for the process: PC/SC's library reads the name of the socket once."""
    folder = Path(tempfile.mkdtemp(prefix="cardsvc-pcscd-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["PCSCLITE_CSOCK_NAME"] = str(folder / "socket")
    return folder


class VirtualReader:
    """Where chips are laid: at most one at a time."""

    name = NAME

    def __init__(self, port: int) -> None:
        self._port = port
        self._wire: socket.socket | None = None
        self._server: threading.Thread | None = None

    def lay(self, chip: Chip) -> None:
        """Put a chip on the reader; it answers from now on."""
        self.take_away()
        self._wire = socket.create_connection(("127.0.0.1", self._port), timeout=START_S)
        self._wire.settimeout(None)
        self._server = threading.Thread(target=_serve, args=(self._wire, chip), daemon=True)
        self._server.start()

    def take_away(self) -> None:
        """Leave the reader empty, and wait until PC/SC has noticed."""
        if self._wire is None or self._server is None:
            return
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)
        self._server.join(START_S)
        self._wire.close()
        self._wire = self._server = None
        with Readers() as readers:
            if not readers.wait(self.name, START_S, present=False):
                raise RuntimeError("pcscd still sees a chip that was taken away")


def _serve(wire: socket.socket, chip: Chip) -> None:
    with suppress(OSError, EOFError):
        while True:
            command = _exactly(wire, int.from_bytes(_exactly(wire, 2), "big"))
            if len(command) > 1:
                answer = chip.answer(command)
            elif command[0] == GET_ATR:
                answer = chip.atr
            else:
                chip.power_on()
                continue
            wire.sendall(len(answer).to_bytes(2, "big") + answer)


def _exactly(wire: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        # vpcd sends length and command apart, and would wait for the acknowledgement of the first.
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = wire.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


@contextmanager
def virtual_reader_service() -> Iterator[VirtualReader]:
    """Start pcscd in the foreground with one virtual reader; it ends with the block."""
    daemon = shutil.which("pcscd") or "/usr/sbin/pcscd"
    if not DRIVER.exists() or not Path(daemon).exists():
        pytest.skip("NOT RUN: pcscd or vsmartcard-vpcd is missing; scripts/test installs them on Debian")
    if find_spec("smartcard") is None:
        pytest.skip("NOT RUN: pyscard is missing; scripts/setup.sh builds it where libpcsclite-dev is there")
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: pcscd writes to /run/pcscd, which root alone may")
    # It takes a port for each of its two slots.
    folder, port = _folder(), free_port(2)
    config = folder / "readers"
    config.mkdir(exist_ok=True)
    (config / "vpcd").write_text(
        f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {DRIVER}\nCHANNELID {port:#x}\n'
    )
    place = folder / "socket"
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening, (folder / "log").open("wb") as log:
        listening.bind(str(place))
        listening.listen(8)
        process = subprocess.Popen(
            [sys.executable, "-c", HAND_OVER, str(listening.fileno()), daemon, "-f", "-c", str(config)],
            pass_fds=[listening.fileno()],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    reader = VirtualReader(port)
    try:
        _wait_for(reader, process, folder / "log")
        yield reader
    finally:
        reader.take_away()
        process.terminate()
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(reader: VirtualReader, process: subprocess.Popen[bytes], log: Path) -> None:
    """Ask PC/SC for its readers: the answer comes when pcscd has read its configuration."""
    with Readers() as readers:
        names = readers.names()
    if reader.name not in names:
        raise RuntimeError(f"pcscd shows {names}, ended with {process.poll()}: {log.read_text()}")
