"""Everything a reader needs, tried once: after mounting it, and before anybody stands in front of it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from nacl.signing import SigningKey

from verify.cose import EDDSA, PublicKey, verify_signature
from verify.errors import CardsvcError, Refused
from verify.reader.client import Client
from verify.reader.config import Config
from verify.reader.device import Device
from verify.reader.inputs import source
from verify.reader.journal import MIB, Journal
from verify.reader.keeper import Keeper
from verify.reader.line import Log
from verify.reader.outputs import Mqtt, Output, Shown, output
from verify.reader.phrases import phrase
from verify.reader.run import JOURNAL, read_enrolment, read_root
from verify.reader.service import Enrolment, Service
from verify.root import read_root as decode_root
from verify.store import StateDirectory
from verify.trust import Trust, TrustState, accept
from verify.verdict import Answer, Verdict
from verify.words import moment, span

_SEED: Final = bytes(32)
_MARGIN: Final = 2


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that was tried."""

    name: str
    well: bool
    words: str


def selftest(config: Config, now: int, log: Log) -> Iterator[Trial]:
    """Try each part; one that fails keeps none of the others from being tried. No door is opened."""
    trials: list[tuple[str, Callable[[], str]]] = [
        ("signatures", _signatures),
        ("state", lambda: _state(config)),
        ("device key", lambda: Device.open(config.state, make=not config.online).fingerprint),
        ("root", lambda: _root(config, now)),
        ("bundle", lambda: _bundle(config, now)),
        ("journal", lambda: _journal(config)),
        ("disk", lambda: _disk(config)),
    ]
    if config.online:
        trials.append(("service", lambda: _service(config, now)))
    for part in config.inputs:
        trials.append((f"input {part.kind}", lambda part=part: type(source(part, log)).__name__))  # type: ignore[misc]  # bound now
    for out in config.outputs:
        trials.append((f"output {out.kind}", lambda out=out: _lights(output(out, log))))  # type: ignore[misc]  # bound now
    for name, trial in trials:
        try:
            yield Trial(name, True, trial())
        except CardsvcError as error:
            yield Trial(name, False, f"{error.reason}: {error}")


def _signatures() -> str:
    """A right signature is right and a wrong one wrong, with the very libraries of this device."""
    key = SigningKey(_SEED)
    signature = key.sign(b"selftest").signature
    public = PublicKey(EDDSA, bytes(key.verify_key))
    if not verify_signature(public, b"selftest", signature) or verify_signature(public, b"other", signature):
        raise Refused("broken", "this device's cryptography does not work")
    return "right and wrong are told apart"


def _state(config: Config) -> str:
    directory = StateDirectory(config.state)
    with directory.locked():
        directory.write("selftest", b"written")
        if directory.read("selftest") != b"written":
            raise Refused("state_unwritable", f"{config.state} does not keep what is written to it")
        (config.state / "selftest").unlink()
    return f"{config.state} can be written"


def _root(config: Config, now: int) -> str:
    root = decode_root(read_root(config))
    if now >= root.exp:
        raise Refused("expired_chain", f"version {root.version} expired at {moment(root.exp)}")
    return f"version {root.version}, good until {moment(root.exp)}"


def _bundle(config: Config, now: int) -> str:
    directory = StateDirectory(config.state)
    venue = read_enrolment(directory).venue if config.online else config.venue
    trust, words = Keeper(directory, read_root(config), now, venue=venue).last(now), ""
    if trust is None:
        if not config.online:
            raise Refused("no_data", "no bundle yet: bring a stick, or the file itself")
        trust, words = _fetched(config, now), "; fetched to try, the gate fetches its own"
    if now < trust.time_floor:
        raise Refused("clock_suspect", f"the clock is {span(trust.time_floor - now)} before the data")
    return f"{trust.venue} {trust.epoch}/{trust.seq}, {span(now - trust.iat)} old{words}"


def _fetched(config: Config, now: int) -> Trust:
    """What the gate will begin with: fetched and believed as it will be, and not kept."""
    service, enrolment = _enrolled(config, now)
    data, _ = service.bundle(None)
    if data is None:
        raise Refused("no_data", "the service has no bundle for this reader")
    _, trust = accept(TrustState.pin(read_root(config), now=now, venue=enrolment.venue), data, now)
    return trust


def _journal(config: Config) -> str:
    """The log that is there already must be of this very reader: the gate would not start with another's."""
    path, directory = config.state / JOURNAL, StateDirectory(config.state)
    if not path.exists():
        return "none yet"
    reader = read_enrolment(directory).reader if config.online else str(config.reader)
    room = config.journal_mib * MIB
    log = Journal(path, reader=reader, device=Device.open(config.state), max_bytes=room)
    try:
        standing = log.standing()
    finally:
        log.close()
    return f"{standing.seq} records of {reader}, {standing.waiting} wait, {standing.share:.0%} full"


def _disk(config: Config) -> str:
    free = shutil.disk_usage(config.state).free // (1024 * 1024)
    if free < _MARGIN * config.journal_mib:
        raise Refused("disk_full", f"{free} MiB free, {_MARGIN * config.journal_mib} wanted for the log")
    return f"{free} MiB free"


def _service(config: Config, now: int) -> str:
    """A token and the month keys: the service is there, and it knows this device."""
    (service, enrolment), device = _enrolled(config, now), Device.open(config.state)
    keys = service.month_keys()
    for sealed in keys.values():
        device.unseal(sealed)
    return f"{enrolment.url} knows {enrolment.reader}, {len(keys)} month keys"


def _enrolled(config: Config, now: int) -> tuple[Service, Enrolment]:
    enrolment, device = read_enrolment(StateDirectory(config.state)), Device.open(config.state)
    client = Client(enrolment.url, ca=config.ca)
    return Service(client, enrolment, device, clock=lambda: now, uptime=lambda: 0.0), enrolment


def _lights(out: Output) -> str:
    """Green, red, amber, one after the other; nothing opens."""
    try:
        if isinstance(out, Mqtt) and not out.wait_connected():
            raise Refused("output_failed", "the broker does not answer")
        for answer, reason in ((Answer.ALLOW, "ok"), (Answer.DENY, "expired"), (Answer.ATTENTION, "no_data")):
            verdict = Verdict(answer, reason, "Self-test.", False)
            out.show(Shown(verdict, phrase(reason, ("en",)), "in"))
    finally:
        out.close()
    return "shown green, red and amber"
