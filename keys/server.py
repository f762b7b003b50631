"""The signer's socket: who may speak to it, and one thread for each connection.

Only the service's own user is answered (``SO_PEERCRED``, taken by the kernel when the connection was made),
whatever the file's mode says. A connection that says nothing for a while is closed; a frame is read only up
to its limit; a call that fails is answered with its reason, and nothing else of what went wrong leaves.
"""

import os
import secrets
import select
import socket
import stat
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from keys import wire
from keys.disk import check_private_directory, make_private_directory
from keys.errors import KeysError
from keys.signing import Signing

#: A call follows its connection at once; a bundle may take a few seconds to be sent.
IDLE_S: Final = 30.0
MAX_CONNECTIONS: Final = 64
_BACKLOG: Final = 64
_DRAINED_PARTS: Final = 16
#: struct ucred of Linux: process, user and group; the head of struct xucred of macOS: version and user.
_CREDENTIALS: Final = struct.Struct("3i")
_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_BYTES = 0, 1, 76
_XUCRED_HEAD: Final = struct.Struct("II")
#: sd_listen_fds(3): the first descriptor that systemd hands over.
_FIRST_FD: Final = 3

#: Gives the user id of the process at the other end.
PeerReader = Callable[[socket.socket], int]


def peer_uid(connection: socket.socket) -> int:
    """Ask the kernel whose process is at the other end (``SO_PEERCRED``; ``LOCAL_PEERCRED`` on macOS)."""
    if sys.platform == "darwin":
        data = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_BYTES)
        _, uid = _XUCRED_HEAD.unpack_from(data)
    else:
        data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, _ = _CREDENTIALS.unpack(data)
    return int(uid)


def listen(path: Path) -> socket.socket:
    """Listen at ``path``, mode 0600 in a directory of mode 0700; raises ``key_file_exposed``, ``in_use``."""
    make_private_directory(path.parent)
    check_private_directory(path.parent)
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        with wire.address(path) as address:
            listener.bind(address)
    except OSError as error:
        listener.close()
        raise KeysError("cannot_listen", f"{path} cannot be listened at: {error}") from error
    finally:
        os.umask(mask)
    listener.listen(_BACKLOG)
    return listener


def inherited() -> socket.socket | None:
    """Take the listening socket that systemd handed over, if it did (sd_listen_fds)."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_FIRST_FD)


def _clear(path: Path) -> None:
    """Remove the socket that a killed signer left; one that answers is another signer's."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise KeysError("cannot_listen", f"{path} is no socket and is left alone")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            with wire.address(path) as address:
                probe.connect(address)
        except ConnectionRefusedError:
            path.unlink()
            return
    raise KeysError("in_use", f"another signer listens at {path}")


class SignerServer:
    """Answers calls to ``service`` until :meth:`stop`."""

    def __init__(
        self,
        service: Signing,
        listener: socket.socket,
        *,
        allowed_uid: int | None = None,
        peer: PeerReader = peer_uid,
        idle_s: float = IDLE_S,
    ) -> None:
        """``allowed_uid`` is the service's user, this process's own where it is None."""
        self._service, self._listener, self._peer, self._idle_s = service, listener, peer, idle_s
        self._allowed = os.getuid() if allowed_uid is None else allowed_uid
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._woken, self._waker = socket.socketpair()
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def serve(self) -> None:
        """Answer connections, a thread for each, until :meth:`stop`; calls in progress end first."""
        threads: list[threading.Thread] = []
        while not self._stopping.is_set():
            select.select([self._listener, self._woken], [], [])
            if self._stopping.is_set():
                break
            self._room.acquire()
            connection, _ = self._listener.accept()
            threads = [thread for thread in threads if thread.is_alive()]
            thread = threading.Thread(target=self._converse, args=(connection,), name="signer-call")
            threads.append(thread)
            thread.start()
        self._listener.close()
        for thread in threads:
            thread.join()
        self._woken.close()
        self._waker.close()

    def stop(self) -> None:
        """Take no further call; safe from a signal handler or another thread."""
        self._stopping.set()
        with suppress(OSError):
            self._waker.send(b"!")
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)  # wakes those that wait for a call, not those in one

    def _converse(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            with connection:
                connection.settimeout(self._idle_s)
                self._answer_all(connection)
        except (OSError, KeysError):
            pass  # The peer is gone, silent or speaks another language: there is nobody to tell.
        finally:
            with self._lock:
                self._open.discard(connection)
            self._room.release()

    def _answer_all(self, connection: socket.socket) -> None:
        uid = self._peer(connection)
        if uid != self._allowed:
            words = f"user {uid} may not speak to this signer"
            wire.send(connection, [False, "wrong_user", words])
            _drain(connection)
            return
        while not self._stopping.is_set():
            call = wire.receive(connection)
            if call is None:
                return
            wire.send(connection, self._answer(call))

    def _answer(self, call: object) -> list[object]:
        try:
            return [True, wire.pack(self._perform(call))]
        except KeysError as error:
            return [False, error.reason, str(error)]
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller gets an id and the log the kind
            mark = secrets.token_hex(4)
            print(f"signer: call failed [{mark}]: {type(error).__name__}", file=sys.stderr, flush=True)  # noqa: T201 - the signer's own standard error
            return [False, "signer_failed", f"the signer could not do this; its log says why under {mark}"]

    def _perform(self, call: object) -> object:
        match call:
            case [str(name), list(given)] if name in wire.methods():
                method = wire.methods()[name]
            case _:
                raise KeysError("bad_frame", "a call is [method, [arguments]], and this is none")
        if len(given) != len(method.arguments):
            raise KeysError("bad_frame", f"{name} takes {len(method.arguments)} arguments, {len(given)} came")
        arguments = [wire.unpack(hint, item) for hint, item in zip(method.arguments, given, strict=True)]
        return getattr(self._service, name)(*arguments)


def _drain(connection: socket.socket) -> None:
    """Let the other side read its answer: closed with something unread, the kernel would drop it."""
    connection.shutdown(socket.SHUT_WR)
    for _ in range(_DRAINED_PARTS):
        if not connection.recv(1 << 16):
            return
