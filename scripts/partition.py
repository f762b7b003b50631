"""A reader and its service in two network namespaces, and the cable between them pulled.

``python -m scripts.partition``, by hand, as root on Linux. Seventy-two hours pass in nine minutes. On one
side stands the whole service: application, signer, records in SQLite, over TLS; on the other the reader of
``cardsvc-verify gate``, a process of its own. The cable is pulled twenty times while ten thousand cards are
shown. In the end every verdict that was seen must lie in the records once, in one unbroken, signed chain.
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import func, select

from cardsvc.readers.enrolling import make_code
from cardsvc.readers.places import UNKNOWN
from cardsvc.records.engine import open_engine
from cardsvc.records.reader_tables import GATE_RECORD, QUARANTINED, READER, USAGE
from cardsvc.settings import Settings
from scripts.serving import issued, listening, opened
from verify.reader.client import Client
from verify.reader.config import read_config
from verify.reader.device import Device
from verify.reader.line import Line
from verify.reader.run import ENROLMENT, Reader
from verify.reader.service import Enrolment, Service, enrol
from verify.store import StateDirectory

SERVICE, DOOR = "cardsvc-service", "cardsvc-door"
HOST, DOOR_ADDRESS, PORT = "10.77.0.1", "10.77.0.2", 8443
URL = f"https://{HOST}:{PORT}"
HOURS, CUTS, TAPS, CARDS = 72, 20, 10_000, 24
#: So many virtual seconds a second: an answer that takes a tenth of one is not yet a wrong clock.
SPEED = 480
_CONFIG = """
[reader]
state = "state"
root = "root.cose"
service = "library"
[service]
ca = "service.pem"
[[input]]
kind = "lines"
[[output]]
kind = "terminal"
form = "json"
"""


@dataclass(frozen=True)
class Time:
    """Virtual time, the same in every process: true at the second ``begun``, and fast from there."""

    begun: float

    def up(self) -> float:
        """Virtual seconds since the beginning."""
        return (time.time() - self.begun) * SPEED

    def clock(self) -> int:
        """The virtual clock."""
        return int(self.begun + self.up())

    def now(self) -> datetime:
        """The same as an instant."""
        return datetime.fromtimestamp(self.clock(), UTC)


@dataclass(frozen=True)
class Ready:
    """What the service gives out before the door comes on line."""

    code: str
    root: str
    cards: list[str]


@dataclass(frozen=True)
class Found:
    """What lies in the records in the end; ``reasons`` in the order of the reader's numbers."""

    seqs: list[int]
    reasons: list[str]
    head: int
    vouched: int
    counted: int
    apart: int


Side = tuple["subprocess.Popen[str]", IO[str], IO[str]]


class FastLine(Line):
    """Errands that wait in virtual seconds."""

    def run(self, stop: threading.Event) -> None:
        """Step until stopped."""
        while not stop.is_set():
            stop.wait(self.step() / SPEED)


def serve(folder: Path, virtual: Time) -> None:
    """The service: until its standard input ends, then what it has, as one JSON object."""
    settings = Settings(data=folder / "data", database_url=None, public_url=URL)
    tls = {"ssl_certfile": folder / "service.pem", "ssl_keyfile": folder / "service.key"}
    with opened(settings, virtual.now) as (app, site), socket.create_server((HOST, PORT)) as door:
        with site.store.transaction() as tx:
            code = make_code(
                tx, "library", "operator1", virtual.now(), name=None, profile=None, place=UNKNOWN
            ).code
        with listening(app, door, **tls):
            root = site.documents.roots.signed[-1]
            print(json.dumps(asdict(Ready(code, root.hex(), issued(settings, CARDS)))), flush=True)
            sys.stdin.read()
    print(json.dumps(asdict(look(settings.database))), flush=True)


def look(database: str) -> Found:
    """The records, read apart from the service."""
    engine = open_engine(database)
    with engine.connect() as connection:
        rows = connection.execute(
            select(GATE_RECORD.c.seq, GATE_RECORD.c.reason).order_by(GATE_RECORD.c.seq)
        ).all()
        head, vouched = connection.execute(select(READER.c.head_seq, READER.c.vouched)).one()
        counted = connection.scalar(select(func.sum(USAGE.c["count"]))) or 0
        apart = connection.scalar(select(func.count()).select_from(QUARANTINED)) or 0
    engine.dispose()
    return Found([seq for seq, _ in rows], [reason for _, reason in rows], head, vouched, counted, apart)


def read(folder: Path, virtual: Time) -> None:
    """The reader: the very gate of the command, in virtual time."""
    device = Device.open(folder / "state", make=True)
    client = Client(URL, ca=folder / "service.pem", silence_s=2, deadline_s=6)
    enrolment = enrol(client, (folder / "code").read_text(), device, virtual.clock())
    StateDirectory(folder / "state").write(ENROLMENT, enrolment.to_json().encode())

    def service(enrolment: Enrolment, device: Device) -> Service:
        return Service(client, enrolment, device, clock=virtual.clock, uptime=virtual.up)

    log = (folder / "log").open("w")
    reader = Reader(
        read_config(folder / "reader.toml"),
        clock=virtual.clock,
        uptime=virtual.up,
        log=lambda words: print(words, file=log, flush=True),
        service=service,
    )
    chance = random.Random(1)  # noqa: S311 - jitter, no secret
    reader.line = FastLine(reader.line.errands, uptime=virtual.up, chance=chance, log=lambda words: None)
    reader.run(threading.Event())


def main(arguments: list[str] | None = None) -> int:
    """All of it, or one of the two sides."""
    parser = argparse.ArgumentParser(prog="python -m scripts.partition", description=__doc__)
    parser.add_argument("side", nargs="?", choices=["serve", "read"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--begun", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.side is not None:
        (serve if given.side == "serve" else read)(given.folder, Time(given.begun))
        return 0
    if os.geteuid() != 0:
        parser.error("making network namespaces needs root")
    with tempfile.TemporaryDirectory(prefix="cardsvc-partition-") as folder, cable():
        return run(Path(folder))


def run(folder: Path) -> int:
    """Both sides, the taps and the cuts; prints what came of it."""
    certify(folder)
    (folder / "reader.toml").write_text(_CONFIG)
    virtual = Time(time.time())
    service, to_service, from_service = side(SERVICE, "serve", folder, virtual)
    ready = Ready(**json.loads(from_service.readline()))
    (folder / "root.cose").write_bytes(bytes.fromhex(ready.root))
    (folder / "code").write_text(ready.code)
    reader, to_reader, lines = side(DOOR, "read", folder, virtual)
    seen: list[dict[str, Any]] = []
    listener = threading.Thread(target=lambda: seen.extend(map(json.loads, lines)))
    listener.start()
    while not any("banner" in one and "NO DATA" not in one["banner"] for one in list(seen)):
        time.sleep(0.05)
    begun = virtual.up()
    show(virtual, to_reader, ready.cards)
    time.sleep(900 / SPEED + 10)  # The longest wait between two tries, and the answers.
    to_reader.close()
    reader.wait(60)
    listener.join()
    hours = (virtual.up() - begun) / 3600
    to_service.close()
    found = Found(**json.loads(from_service.readline()))
    service.wait(60)
    return said(hours, seen, found)


def show(virtual: Time, to_reader: IO[str], cards: list[str]) -> None:
    """Ten thousand cards over three days, and the cable pulled meanwhile."""
    chance, begun, seconds = random.Random(72), time.time(), HOURS * 3600 / SPEED  # noqa: S311 - no secret
    cuts = sorted((chance.uniform(2, seconds - 25), chance.uniform(0.5, 15)) for _ in range(CUTS))
    cutter = threading.Thread(target=cut, args=(begun, cuts))
    cutter.start()
    for number in range(TAPS):
        time.sleep(max(0.0, begun + seconds * number / TAPS - time.time()))
        to_reader.write(chance.choice(cards) + "\n")
        to_reader.flush()
    cutter.join()


def said(hours: float, seen: list[dict[str, Any]], found: Found) -> int:
    """Print what was seen and what came; 0 if both are the same."""
    verdicts = [one for one in seen if "verdict" in one]
    errors = [one for one in seen if "unreachable" in one.get("banner", "")]
    shown = {one["seq"]: one["reason"] for one in verdicts}
    arrived = dict(zip(found.seqs, found.reasons, strict=True))
    lost, double = len(shown.keys() - arrived.keys()), len(found.seqs) - len(arrived)
    whole = [*range(1, TAPS + 1)] == found.seqs and found.head == found.vouched == found.counted == TAPS
    print(
        f"{hours:.0f} virtual hours, {CUTS} cuts (seen {len(errors)} times in the banner), {TAPS:,} taps,"
        f" {len(shown):,} verdicts: {lost} lost, {double} double, {found.apart} in quarantine;"
        f" as they were seen: {arrived == shown}; one signed chain: {whole}"
    )
    return 0 if arrived == shown and whole and len(shown) == TAPS and not found.apart else 1


def cut(begun: float, cuts: list[tuple[float, float]]) -> None:
    """Pull the cable at each time, for as long."""
    for begins, lasts in cuts:
        time.sleep(max(0.0, begun + begins - time.time()))
        ip("-n", DOOR, "link", "set", "cable0", "down")
        time.sleep(lasts)
        ip("-n", DOOR, "link", "set", "cable0", "up")


def side(space: str, name: str, folder: Path, virtual: Time) -> Side:
    """One side, in its namespace, with its standard input and output."""
    words = ["ip", "netns", "exec", space, sys.executable, "-m", "scripts.partition", name]
    process = subprocess.Popen(
        [*words, "--folder", str(folder), "--begun", str(virtual.begun)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdin is None or process.stdout is None:
        raise SystemExit("no pipes")
    return process, process.stdin, process.stdout


@contextmanager
def cable() -> Iterator[None]:
    """Two namespaces and a cable between them."""
    for space in (SERVICE, DOOR):
        ip("netns", "add", space)
    try:
        ip("link", "add", "cable0", "netns", DOOR, "type", "veth", "peer", "name", "cable1", "netns", SERVICE)
        for space, end, address in ((DOOR, "cable0", DOOR_ADDRESS), (SERVICE, "cable1", HOST)):
            ip("-n", space, "address", "add", f"{address}/24", "dev", end)
            ip("-n", space, "link", "set", end, "up")
        yield
    finally:
        for space in (SERVICE, DOOR):
            ip("netns", "delete", space)


def ip(*words: str) -> None:
    """The program of iproute2."""
    subprocess.run(["ip", *words], check=True)


def certify(folder: Path) -> None:
    """A certificate for the service's address, for these minutes."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partition")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(key, SHA256())
    )
    (folder / "service.pem").write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "service.key").write_bytes(private)


if __name__ == "__main__":
    sys.exit(main())
