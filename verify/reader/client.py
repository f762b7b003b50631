"""HTTP as a reader needs it: bounded in size and time, whoever answers, and nothing followed elsewhere."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from verify.errors import Refused, Unchecked

#: Between two packets; a whole exchange may take longer, but not longer than the next.
SILENCE_S: Final = 10.0
#: A bundle of 4 MiB over a slow mobile line; after this an answer that trickles in is cut off.
DEADLINE_S: Final = 120.0
#: An answer that is no bundle: tokens, acknowledgements, problem details.
MAX_ANSWER: Final = 1 << 20
_LOOPBACK: Final = frozenset(("localhost", "127.0.0.1", "::1"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: never a redirect followed, never more bytes than were allowed."""

    status: int
    body: bytes
    etag: str | None
    content_type: str


class Client:
    """Talks to one service. Not kept open between requests: a reader asks every few minutes."""

    def __init__(
        self,
        url: str,
        *,
        ca: Path | None = None,
        silence_s: float = SILENCE_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Talk to ``url``: https, or http on this very machine.

        ``ca`` is believed instead of the system's roots. Raises ``wrong_url`` and ``wrong_ca``.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        if (
            parts.scheme not in ("https", "http")
            or not host
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise Refused("wrong_url", f"{url!r} is no address like https://card.example")
        if parts.scheme == "http" and host not in _LOOPBACK:
            raise Refused("wrong_url", f"{url!r}: only https, unless the service is on this machine")
        try:
            self._host, self._port = host, parts.port or (443 if parts.scheme == "https" else 80)
            self._tls = ssl.create_default_context(cafile=ca and str(ca)) if parts.scheme == "https" else None
        except (ValueError, OSError) as error:
            raise Refused("wrong_ca", f"{url}: {error}") from error
        self._path = parts.path.rstrip("/")
        self._silence_s, self._deadline_s = silence_s, deadline_s
        self.url = url.rstrip("/")

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = MAX_ANSWER,
    ) -> Answer:
        """One exchange; raises ``unreachable``, ``too_slow`` or ``too_large``: to be tried again later."""
        late = threading.Event()
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.default_port = 443 if self._tls else 80  # So that Host names the port only where it must.
        try:
            with closing(self._socket()) as sock, _watched(sock, self._deadline_s, late):
                if isinstance(sock, ssl.SSLSocket):
                    sock.do_handshake()
                connection.sock = sock
                answer = self._exchange(connection, method, path, dict(headers or {}), body, limit)
                if late.is_set():  # Cut off here, an answer of unknown length would pass for a whole one.
                    raise http.client.IncompleteRead(answer.body)
                return answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            if late.is_set():
                words = f"{self.url}{path}: no whole answer within {self._deadline_s:g} s"
                raise Unchecked("too_slow", words) from error
            words = f"{self.url}{path}: {error or type(error).__name__}"
            raise Unchecked("unreachable", words) from error
        finally:
            connection.close()

    def _socket(self) -> socket.socket:
        """Connected; with TLS the handshake is still to come, so that it is watched, too."""
        plain = socket.create_connection((self._host, self._port), timeout=self._silence_s)
        if self._tls is None:
            return plain
        return self._tls.wrap_socket(plain, server_hostname=self._host, do_handshake_on_connect=False)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        limit: int,
    ) -> Answer:
        connection.request(method, self._path + path, body, {"Accept-Encoding": "identity", **headers})
        with closing(connection.getresponse()) as response:  # Unclosed, it would hold the line open.
            if response.getheader("Content-Encoding", "identity") != "identity":
                raise Unchecked(
                    "unreachable", f"{self.url}{path}: the answer is packed; nobody asked for that"
                )
            data = response.read(limit + 1)
            if len(data) > limit:
                raise Unchecked("too_large", f"{self.url}{path}: the answer has more than {limit} bytes")
            expected = response.getheader("Content-Length")
            whole = expected is None or response.status in (204, 304) or int(expected) == len(data)
            if not whole:
                raise http.client.IncompleteRead(data)
            kind = response.getheader("Content-Type") or ""
            return Answer(response.status, data, response.getheader("ETag"), kind)


@contextmanager
def _watched(sock: socket.socket, seconds: float, late: threading.Event) -> Iterator[None]:
    """End an exchange that takes too long: a read that waits returns at once."""

    def cut() -> None:
        late.set()
        with suppress(OSError):  # It may have ended by itself in this very moment.
            sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
