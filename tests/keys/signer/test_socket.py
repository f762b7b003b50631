"""The socket: who is answered, what a frame may be, and that whoever speaks there signs nothing alone."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import wire
from keys.bundle import Entitlement, ListSnapshot
from keys.client import SignerClient
from keys.errors import KeysError
from keys.server import MAX_CONNECTIONS, SignerServer, listen
from tests.keys.conftest import refused
from tests.keys.signer.bench import LAST_DAY, URI, Bench, gate_card, number_of, payloads
from tests.keys.signer.test_lists import order
from verify import cbor
from verify.services import Service
from verify.status import GRANTED, GRANTED_TO_DAY
from verify.trust import TrustState, accept

#: Long enough for any answer, short enough for a test that hangs.
PATIENCE_S = 20.0


@contextmanager
def serving(bench: Bench, **options: object) -> Iterator[SignerClient]:
    """The bench's signer behind a socket."""
    path = bench.data / "signer" / "socket"
    server = SignerServer(bench.service, listen(path), **options)  # type: ignore[arg-type]  # tests name options
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield SignerClient(path, timeout_s=PATIENCE_S)
    finally:
        server.stop()
        thread.join()


@pytest.fixture
def client(bench: Bench) -> Iterator[SignerClient]:
    with serving(bench) as client:
        yield client


def raw(client: SignerClient) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(PATIENCE_S)
    with wire.address(client.path) as address:
        connection.connect(address)
    return connection


def test_every_method_says_the_same_through_the_socket(bench: Bench, client: SignerClient) -> None:
    assert client.hello() == bench.service.hello()
    assert client.record_keys() == bench.service.record_keys()
    assert client.approvers() == bench.service.approvers()
    assert client.card_kid(3) == bench.service.card_kid(3)
    card = payloads(1)
    request = bench.issue_request(card, standing=None)
    signed = client.sign_cards(request, bench.approve("chief1", request), [card])
    assert signed == bench.service.sign_cards(request, None, [card])
    rights = {Service.STANDING: {1: Entitlement(GRANTED), 2: Entitlement(0)}}
    snapshot = ListSnapshot(URI, {7: 1, 9: 2}, {1: gate_card().permit_day or 0}, rights, hot=[3])
    assert client.sign_status_list(snapshot, bench.now) == bench.service.sign_status_list(snapshot, bench.now)
    statuses = replace(order(bench).snapshot.lists[0], statuses={7: 1, 9: 2})
    snapshot_of_now = replace(order(bench).snapshot, lists=(statuses,))
    bundle = client.sign_bundle(order(bench, snapshot=snapshot_of_now))
    root = client.hello().roots[-1]
    accept(TrustState.pin(root, now=bench.now, issuer="cn-yiwu", venue="library"), bundle, bench.now)
    found = client.reconcile([bytes(32)], [])
    assert (found.lacking_count, found.unknown) == (1, (bytes(32),))


def test_the_socket_is_its_owners_alone(client: SignerClient) -> None:
    assert stat.S_IMODE(client.path.lstat().st_mode) == 0o600
    assert stat.S_IMODE(client.path.parent.stat().st_mode) == 0o700


def test_a_process_of_another_user_is_told_nothing_else(bench: Bench) -> None:
    other = os.getuid() + 1
    with serving(bench, peer=lambda connection: other) as client, refused("wrong_user"):
        client.hello()
    with serving(bench, allowed_uid=other) as client, refused("wrong_user"):
        client.record_keys()
    with serving(bench, allowed_uid=other, peer=lambda connection: other) as client:
        assert client.hello().issuer == "cn-yiwu"


def test_whoever_holds_the_socket_signs_nothing_without_an_approval_of_now(
    bench: Bench, client: SignerClient
) -> None:
    """No approval, an old one, another request's, a replayed one, and one of somebody unknown."""
    card = payloads(1)
    request = bench.issue_request(card)
    sound = bench.approve("chief1", request)
    foreign = bench.approve("chief2", bench.issue_request(payloads(2)))
    for approval, reason in (
        (None, "approval_needed"),
        (foreign, "bad_approval"),
        (replace(sound, credential_id=b"unknown"), "unknown_approver"),
        (replace(sound, staff="chief2"), "wrong_approver"),
        (replace(sound, signature=bytes(70)), "bad_approval"),
    ):
        with refused(reason):
            client.sign_cards(request, approval, [card])
    client.sign_cards(request, sound, [card])
    again = bench.issue_request(payloads(2))
    with refused("bad_approval"):
        client.sign_cards(again, sound, [payloads(2)])
    late = bench.issue_request(payloads(3))
    approval = bench.approve("chief1", late)
    bench.clock.pass_(minutes=11)
    with refused("implausible_iat"):
        client.sign_cards(late, approval, [payloads(3)])


def test_there_is_no_method_that_gives_a_key_or_signs_plain_bytes() -> None:
    assert set(wire.methods()) == {
        *("hello", "record_keys", "nonce", "card_kid", "sign_cards", "sign_chip", "record_act"),
        *("enrol_phone", "sign_token", "sign_standing", "report_print_lost", "move_phone", "carries"),
        *("register_recovery", "begin_recovery", "finish_recovery", "stop_recovery"),
        *("sign_bundle", "sign_status_list", "sign_issued", "sign_checkpoint", "unseal", "reconcile"),
        *("reconcile_part", "approvers", "found_approver", "add_approver", "remove_approver"),
    }


@pytest.mark.parametrize(
    "call",
    [
        7,
        [],
        ["hello"],
        ["hello", [1]],
        ["close", []],
        ["_answer", []],
        ["__init__", []],
        ["nonce", [], []],
        ["card_kid", [True]],
        ["card_kid", ["1"]],
        ["sign_cards", [b"", None]],
        ["sign_cards", [b"", [1, 2, 3, 4, 5], []]],
        ["sign_status_list", [["uri", 3, b"", [], {}, []], 0]],
        ["sign_status_list", [["uri", 1, b"\x00", [1], {}, []], 0]],
        ["sign_status_list", [["uri", 1, b"\x00", [], {99: []}, []], 0]],
        ["sign_status_list", [["uri", 1, b"\x00", [], {1: [1, 2]}, []], 0]],
    ],
)
def test_a_call_of_another_form_is_refused_and_the_connection_goes_on(
    client: SignerClient, call: object
) -> None:
    with raw(client) as connection:
        wire.send(connection, call)
        match wire.receive(connection):
            case [False, "bad_frame", str()]:
                pass
            case other:
                pytest.fail(f"{other}")
        wire.send(connection, ["hello", []])
        match wire.receive(connection):
            case [True, list()]:
                pass
            case other:
                pytest.fail(f"{other}")


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x00\x00\x00",
        (wire.MAX_FRAME_BYTES + 1).to_bytes(4, "big"),
        b"\x00\x00\x00\x01\xff",
        b"\x00\x00\x00\x01\xf6",
        b"\x00\x00\x00\x02\x01\x01",
        b"\x00\x00\x00\x03\xc2\x41\x00",
        b"\x00\x00\x00\x05hel",
        b"\x00",
    ],
)
def test_what_is_no_frame_ends_the_connection(client: SignerClient, frame: bytes) -> None:
    with raw(client) as connection:
        connection.sendall(frame)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert client.hello()


def test_whoever_says_nothing_is_left(bench: Bench) -> None:
    with serving(bench, idle_s=0.05) as client, raw(client) as connection:
        assert connection.recv(1) == b""


def test_many_speak_at_once(bench: Bench, client: SignerClient) -> None:
    nonces: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: nonces.append(client.nonce())) for _ in range(MAX_CONNECTIONS // 4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(nonces)) == len(threads)


def test_what_fails_in_the_signer_leaves_it_by_an_id_alone(
    bench: Bench, client: SignerClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> bytes:
        raise RuntimeError("a secret of the signer")

    monkeypatch.setattr(bench.service, "nonce", fail)
    with pytest.raises(KeysError) as caught:
        client.nonce()
    assert caught.value.reason == "signer_failed"
    told = str(caught.value) + capfd.readouterr().err
    assert "secret" not in told
    assert "RuntimeError" in told


def test_nobody_listens(tmp_path: Path) -> None:
    with refused("signer_away"):
        SignerClient(tmp_path / "socket").hello()


def test_one_signer_a_socket_and_a_dead_ones_is_taken_over(bench: Bench, client: SignerClient) -> None:
    with refused("in_use"):
        listen(client.path)
    dead = bench.data / "signer" / "dead"
    left = listen(dead)
    left.close()
    listen(dead).close()
    (bench.data / "signer" / "file").write_text("something else")
    with refused("cannot_listen"):
        listen(bench.data / "signer" / "file")


def test_a_directory_that_others_may_enter(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    with refused("key_file_exposed"):
        listen(tmp_path / "open" / "socket")


def test_an_address_longer_than_the_kernel_takes(bench: Bench) -> None:
    deep = bench.data / ("d" * 120)
    listener = listen(deep / "socket")
    server = SignerServer(bench.service, listener)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        assert SignerClient(deep / "socket", timeout_s=PATIENCE_S).hello()
    finally:
        server.stop()
        thread.join()


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.binary(max_size=9) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 9), inner, max_size=3),
    max_leaves=12,
)


@given(st.sampled_from(sorted(wire.methods())), st.lists(PLAIN, max_size=4))
def test_arguments_of_any_shape_are_read_or_refused(name: str, given_: list[object]) -> None:
    method = wire.methods()[name]
    for hint, item in zip(method.arguments, given_, strict=False):
        try:
            value = wire.unpack(hint, item)
        except KeysError as error:
            assert error.reason in ("bad_frame", "key_file_malformed")  # noqa: PT017 - either is an answer
        else:
            assert wire.unpack(hint, cbor.decode(cbor.encode(wire.pack(value)))) == value


def test_a_list_travels_as_it_is() -> None:
    one = ListSnapshot(
        URI,
        {0: 3, 131_071: 1},
        {5: LAST_DAY},
        {Service.BUS: {5: Entitlement(GRANTED_TO_DAY, 0), 6: Entitlement(GRANTED)}},
        hot=[9],
    )
    assert wire.unpack(ListSnapshot, cbor.decode(cbor.encode(wire.pack(one)))) == one


KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
from keys import server
from tests.keys.signer.bench import Clock, open_at

data, now = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
service = open_at(data, Clock(now))
if sys.argv[3] == "kill":
    answer = service.sign_cards
    def killed(*arguments):
        answer(*arguments)  # the ledger is written ...
        os.kill(os.getpid(), 9)  # ... and nobody hears of it
    service.sign_cards = killed
listener = server.listen(data / "signer" / "socket")
print("ready", flush=True)
server.SignerServer(service, listener).serve()
"""


@contextmanager
def process(bench: Bench, how: str) -> Iterator[subprocess.Popen[str]]:
    """The signer as a process of its own."""
    command = [sys.executable, "-c", KILLED, str(bench.data), bench.clock.now.isoformat(), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        try:
            yield child
        finally:
            child.kill()


def test_killed_between_the_ledger_and_the_answer_it_gives_the_same_answer_next_time(bench: Bench) -> None:
    cards = [payloads(1), payloads(2)]
    request = bench.issue_request(*cards)
    approval = bench.approve("chief1", request)
    bench.service.close()
    client = SignerClient(bench.data / "signer" / "socket", timeout_s=PATIENCE_S)
    with process(bench, "kill") as child:
        with refused("signer_away"):
            client.sign_cards(request, approval, cards)
        assert child.wait() == -signal.SIGKILL
    with process(bench, "live"):
        signed = client.sign_cards(request, None, cards)
    service = bench.reopen()
    assert service.sign_cards(request, None, cards) == signed
    found = service.reconcile([], [])
    assert {fact.number for fact in found.lacking} == {number_of(1), number_of(2)}
