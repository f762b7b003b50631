"""The attacks of python-tuf's own tests, by a service that is hostile: the reader stays right.

After each attack the last good bundle serves on, and its age is told; nothing ever opens a door that it did
not open before, and nobody is locked out of the next honest bundle.
"""

import random
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from nacl.public import PublicKey, SealedBox

from tests.reader.collector import until
from tests.reader.door import KEYS, LIBRARY, bend, card, world
from tests.verify import trustkit as t
from tests.verify import world as w
from tests.verify.world import INDEX, MADE, NOW, ROOTS, World
from verify.cose import encode_sign, protected_header
from verify.days import DAY_S
from verify.errors import CardsvcError, Refused, Unchecked
from verify.keylist import KEYS_TYP, KeyList, encode_key_list
from verify.reader.client import Client
from verify.reader.device import Device
from verify.reader.keeper import Keeper
from verify.reader.line import Errand, Line, back_off
from verify.reader.months import MonthKeys
from verify.reader.service import Enrolment, Service
from verify.reader.sync import Bundles, FromFolder, FromService
from verify.store import SeenInMemory, StateDirectory
from verify.trust import MAX_BUNDLE_BYTES, Trust
from verify.verifier import Presentation, Verifier

Send = Callable[[socket.socket], None]


class Hostile:
    """Answers tokens and month keys honestly, and bundles however it likes."""

    def __init__(self) -> None:
        self.bundle: bytes | Send = b""
        self.status = b"200 OK"
        self.headers = b""
        self.asked: list[bytes] = []
        self.gone = threading.Event()

    def answer(self, line: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += line.recv(65_536)
        self.asked.append(request)
        if b"/oauth/token" in request.split(b"\r\n")[0]:
            body = b'{"access_token": "t", "expires_in": 600}'
        elif b"/month-keys" in request.split(b"\r\n")[0]:
            body = b'{"keys": []}'
        elif callable(self.bundle):
            try:
                self.bundle(line)
            except OSError:
                self.gone.set()  # The reader hung up, as it should.
            return
        else:
            head = b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n"
            line.sendall(head % (self.status, self.headers, len(self.bundle)) + self.bundle)
            return
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@dataclass
class Victim:
    """A reader that asks the hostile service."""

    hostile: Hostile
    keeper: Keeper
    fetch: FromService
    trusts: list[Trust]
    state: Path
    now: int = NOW

    def sync(self, bundle: bytes | Send) -> None:
        self.hostile.bundle = bundle
        self.fetch()

    def refuses(self, bundle: bytes | Send, reason: str) -> None:
        """The bundle is refused, and the last good one serves on, on disk as well."""
        before = self.files()
        with pytest.raises(CardsvcError) as caught:
            self.sync(bundle)
        assert caught.value.reason == reason
        assert self.files() == before

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.state.iterdir() if path.name != "lock"}

    def judge(self, now: int | None = None) -> str:
        verifier = Verifier(self.trusts[-1], seen=SeenInMemory())
        return verifier.judge(Presentation(card(1), LIBRARY), self.now if now is None else now).reason


@pytest.fixture
def limits() -> dict[str, float]:
    """How long the reader waits, where a test is not about a reader's own patience."""
    return {}


@pytest.fixture
def victim(tmp_path: Path, limits: dict[str, float]) -> Iterator[Victim]:
    hostile = Hostile()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            hostile.answer(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        directory = StateDirectory(tmp_path / "state")
        device = Device.open(tmp_path / "state", make=True)
        keeper = Keeper(directory, w.root(), NOW)
        trusts: list[Trust] = []
        client = Client(f"http://127.0.0.1:{server.server_address[1]}", **limits)
        enrolment = Enrolment(client.url, "door-1", "centre")
        service = Service(client, enrolment, device, clock=lambda: NOW, uptime=lambda: 0.0)
        victim = Victim(hostile, keeper, None, trusts, tmp_path / "state")  # type: ignore[arg-type]  # filled below
        bundles = Bundles(keeper, directory, lambda: victim.now, trusts.append)
        victim.fetch = FromService(
            service, bundles, MonthKeys(directory, device), clock=lambda: victim.now, chance=random.Random(1)
        )
        victim.sync(world(seq=5).bundle())
        yield victim
        server.shutdown()


def test_rollback_of_the_bundle(victim: Victim) -> None:
    victim.refuses(world(seq=4, status={}).bundle(), "rollback")
    victim.sync(world(seq=6, status={INDEX: 1}).bundle())
    assert victim.judge() == "revoked"
    victim.refuses(world(seq=5).bundle(), "rollback")
    assert victim.judge() == "revoked"


def test_rollback_of_the_lists_under_a_newer_bundle(victim: Victim) -> None:
    victim.refuses(world(seq=6, lists_iat=MADE - 60).bundle(), "rollback")


def test_rollback_survives_a_restart(victim: Victim) -> None:
    directory = StateDirectory(victim.state)
    again = Keeper(directory, w.root(), NOW)
    with pytest.raises(Refused) as caught:
        again.offer(world(seq=4).bundle(), NOW)
    assert caught.value.reason == "rollback"
    kept = again.last(NOW)
    assert kept is not None
    assert kept.seq == 5


@pytest.mark.parametrize("starts_first", [True, False])
def test_rollback_after_a_power_cut_between_bundle_and_memory(victim: Victim, starts_first: bool) -> None:
    directory, older = StateDirectory(victim.state), directory_state(victim)
    victim.sync(world(seq=6, status={INDEX: 1}).bundle())
    directory.write("state.json", older)
    again = Keeper(directory, w.root(), NOW)
    if starts_first:
        kept = again.last(NOW)
        assert kept is not None
        assert kept.seq == 6
    with pytest.raises(Refused) as caught:
        again.offer(world(seq=5).bundle(), NOW)
    assert caught.value.reason == "rollback"
    assert again.offer(world(seq=7).bundle(), NOW).seq == 7
    assert Keeper(directory, w.root(), NOW).state == again.state


def test_a_damaged_bundle_keeps_no_good_one_out(victim: Victim) -> None:
    directory = StateDirectory(victim.state)
    directory.write("bundle.cose", b"damaged")
    again = Keeper(directory, w.root(), NOW)
    assert again.offer(world(seq=6).bundle(), NOW).seq == 6


def directory_state(victim: Victim) -> bytes:
    """What the victim remembers of trust now."""
    kept = StateDirectory(victim.state).read("state.json")
    assert kept is not None
    return kept


def test_freeze(victim: Victim) -> None:
    """The same bundle for ever: accepted, growing old, and in the end nobody passes on it."""
    same = world(seq=5).bundle()
    reasons = []
    for days in (0, 2, 6, 8, 30):
        victim.now = NOW + days * DAY_S
        victim.sync(same)
        reasons.append(victim.judge())
    assert reasons == ["ok", "data_stale", "data_stale", "data_expired", "data_expired"]


def test_freeze_by_never_modified(victim: Victim) -> None:
    victim.hostile.headers = b'ETag: "a"\r\n'
    victim.sync(world(seq=6).bundle())
    victim.hostile.status, victim.now = b"304 Not Modified", NOW + 8 * DAY_S
    victim.sync(b"")
    assert b'If-None-Match: "a"' in victim.hostile.asked[-2]
    assert victim.judge() == "data_expired"


def test_not_modified_without_being_asked(victim: Victim) -> None:
    victim.hostile.status = b"304 Not Modified"
    victim.refuses(b"", "service_refused")


def test_fast_forward(victim: Victim) -> None:
    """A thief of the bundle key can jump the seq, and the next epoch undoes it; he cannot date ahead."""
    ahead = replace(world(), iat=NOW + 3600, lists_iat=NOW + 3600, exp=NOW + 10 * DAY_S)
    victim.refuses(replace(ahead, seq=6).bundle(), "rollback")  # Another key list of the same version.
    victim.sync(world(seq=2**52).bundle())
    victim.refuses(world(seq=6).bundle(), "rollback")
    assert victim.judge() == "ok"


def test_mix_and_match_of_snapshots(victim: Victim) -> None:
    """Lists of two snapshots, each rightly signed, in one bundle."""
    old, new = world(seq=6), world(seq=6, lists_iat=MADE + 60, iat=MADE)
    mixed = bend(old, status=new._lists()[0])
    victim.refuses(mixed, "inconsistent_lists")


def test_mix_and_match_of_kinds(victim: Victim) -> None:
    """An entitlement list in the place of the status list would make every revoked card valid."""
    one = world(seq=6, status={INDEX: 1})
    _, permits, entitlements, _ = one._lists()
    victim.refuses(bend(one, status=entitlements, permits=permits, entitlements=()), "missing_permit_list")


def test_wrong_threshold_of_the_key_list(victim: Victim) -> None:
    body = encode_key_list(KeyList(w.ISSUER, MADE, 2, 1, 28_800, KEYS))
    one = bend(world(seq=6), key_list=w.cosigned(KEYS_TYP, body, ROOTS[:1]))
    victim.refuses(one, "too_few_signatures")
    twice = bend(world(seq=6), key_list=w.cosigned(KEYS_TYP, body, (ROOTS[0], ROOTS[0])))
    victim.refuses(twice, "too_few_signatures")


def test_signed_by_nobody_and_by_others(victim: Victim) -> None:
    stranger = t.signed("application/cardsvc-bundle+cose", b"\xa0", [t.BUNDLE])
    victim.refuses(stranger, "malformed")
    content = World(keys=KEYS, seq=6).bundle()
    payload = w.cbor.decode(content[2:])
    assert isinstance(payload, list)
    resigned = encode_sign(protected_header(typ="application/cardsvc-bundle+cose"), payload[2], [(b"", b"")])
    victim.refuses(resigned, "too_few_signatures")


def test_oversize_told_and_untold(victim: Victim) -> None:
    victim.refuses(bytes(MAX_BUNDLE_BYTES + 1), "too_large")

    def untold(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"%x\r\n" % 65_536 + bytes(65_536) + b"\r\n"
        for _ in range(1000):
            line.sendall(chunk)

    victim.refuses(untold, "too_large")
    until(victim.hostile.gone.is_set)


@pytest.mark.parametrize("limits", [{"deadline_s": 0.6}])
def test_endless_data(victim: Victim) -> None:
    """A byte now and then, for ever: the whole exchange has an end."""

    def drip(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            line.sendall(b"x")
            time.sleep(0.05)

    victim.refuses(drip, "too_slow")
    until(victim.hostile.gone.is_set)


def test_endless_headers(victim: Victim) -> None:
    def drip(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            line.sendall(b"X: y\r\n")

    victim.refuses(drip, "unreachable")


@pytest.mark.parametrize("limits", [{"deadline_s": 0.6}])
def test_slow_headers(victim: Victim) -> None:
    def drip(line: socket.socket) -> None:
        while True:
            line.sendall(b"H")
            time.sleep(0.05)

    victim.refuses(drip, "too_slow")


@pytest.mark.parametrize("limits", [{"silence_s": 0.3}])
def test_silence(victim: Victim) -> None:
    over = threading.Event()
    victim.refuses(lambda line: over.wait(20) and None, "unreachable")
    over.set()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"garbage",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_answers_that_are_none(victim: Victim, raw: bytes) -> None:
    victim.refuses(lambda line: line.sendall(raw), "unreachable")


def test_a_redirect_is_not_followed(victim: Victim) -> None:
    raw = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    victim.refuses(lambda line: line.sendall(raw), "service_refused")


def test_after_every_attack_the_next_honest_bundle_is_taken(victim: Victim) -> None:
    for attack, reason in ((b"x", "malformed"), (world(seq=4).bundle(), "rollback")):
        victim.refuses(attack, reason)
    victim.sync(world(seq=6).bundle())
    assert victim.trusts[-1].seq == 6


def test_a_failing_errand_is_tried_later_and_later(victim: Victim) -> None:
    chance, up, said = random.Random(3), [0.0], list[str]()
    fetched = []

    def run() -> float:
        if len(fetched) < 6:
            fetched.append(up[0])
            raise Unchecked("unreachable", "nobody there")
        return 60.0

    line = Line([Errand("bundle", run)], uptime=lambda: up[0], chance=chance, log=said.append)
    waits = []
    for _ in range(6):
        waits.append(line.step())
        up[0] += waits[-1]
    for wait, most in zip(waits, (10, 20, 40, 80, 160, 320), strict=True):
        assert most / 2 <= wait <= most
    assert line.step() == 60.0
    assert said == ["bundle: unreachable: nobody there", "bundle: works again"]
    assert back_off(1000, chance) <= 900


def test_an_errand_outlives_what_nobody_foresaw() -> None:
    up, said, met = [0.0], list[str](), [ZeroDivisionError("a mistake"), None]

    def run() -> float:
        error = met.pop(0)
        if error is not None:
            raise error
        return 60.0

    line = Line([Errand("log", run)], uptime=lambda: up[0], chance=random.Random(1), log=said.append)
    wait = line.step()
    assert line.errands[0].error == "log: reader_fault: ZeroDivisionError: a mistake"
    up[0] += wait
    assert line.step() == 60.0
    assert said == ["log: reader_fault: ZeroDivisionError: a mistake", "log: works again"]


def test_a_stick_with_bundles(victim: Victim, tmp_path: Path) -> None:
    folder, said = tmp_path / "stick", list[str]()
    device = Device.open(victim.state)
    directory = StateDirectory(victim.state)
    look = FromFolder(
        folder, Bundles(victim.keeper, directory, lambda: NOW, victim.trusts.append), device, said.append
    )
    assert look() > 0
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"x")
    (folder / "root.cose").write_bytes(w.root())
    (folder / "old.cose").write_bytes(world(seq=3).bundle())
    look()
    assert [words.split(":")[1] for words in said] == [" rollback"]
    (folder / "library.cose").write_bytes(world(seq=6).bundle())
    look()
    assert victim.trusts[-1].seq == 6
    count = len(said)
    look()
    assert len(said) == count


def test_a_bundle_on_a_stick_is_taken_once_what_kept_it_out_has_passed(
    victim: Victim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, said, now = tmp_path / "stick", list[str](), [NOW - 3600]
    folder.mkdir()
    (folder / "library.cose").write_bytes(world(seq=6).bundle())
    directory = StateDirectory(victim.state)
    bundles = Bundles(victim.keeper, directory, lambda: now[0], victim.trusts.append)
    look = FromFolder(folder, bundles, None, said.append)
    look()
    look()
    assert [words.split(":")[1] for words in said] == [" future_iat"]  # The clock is not set yet.
    now[0] = NOW
    with monkeypatch.context() as full:
        full.setattr(StateDirectory, "write", unwritable)
        look()
        look()
    assert said[1:] == ["library.cose: state_unwritable: no room"]
    look()
    assert victim.trusts[-1].seq == 6
    count = len(said)
    look()
    assert len(said) == count


def unwritable(*_: object) -> None:
    raise Refused("state_unwritable", "no room")


def test_a_bundle_sealed_to_this_device_and_to_another(victim: Victim, tmp_path: Path) -> None:
    device, other = Device.open(victim.state), Device.open(tmp_path / "other", make=True)
    folder = tmp_path / "stick"
    folder.mkdir()
    for name, owner, seq in (("a", other, 8), ("b", device, 7)):
        sealed = SealedBox(PublicKey(owner.seal_public)).encrypt(world(seq=seq).bundle())
        (folder / f"{name}.sealed").write_bytes(bytes(sealed))
    bundles = Bundles(victim.keeper, StateDirectory(victim.state), lambda: NOW, victim.trusts.append)
    FromFolder(folder, bundles, device, lambda words: None)()
    assert victim.trusts[-1].seq == 7


@pytest.mark.parametrize(
    "url", ["http://card.example", "ftp://127.0.0.1", "https://", "https://u:p@card.example", "https://a?b"]
)
def test_addresses_that_no_reader_talks_to(url: str) -> None:
    with pytest.raises(Refused) as caught:
        Client(url)
    assert caught.value.reason == "wrong_url"
