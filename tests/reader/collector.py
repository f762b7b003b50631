"""A small service for readers, as docs/readers.md describes it: what the wire asks for and nothing more.

Everything it takes is judged as strictly as a real service must; faults are thrown in by the tests.
"""

import base64
import json
import secrets
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from nacl.public import PrivateKey, SealedBox
from nacl.public import PublicKey as SealKey

from verify.cose import ES256, PublicKey, verify_signature
from verify.reader.records import NO_RECORD, Record, read_checkpoint, record_hash


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def open_jwt(token: str, key: PublicKey | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT signed with ES256 by ``key``, or by the key it offers itself (jwk)."""
    head, body, signature = token.split(".")
    claims = json.loads(unpadded(body))
    if key is None:
        jwk = claims["jwk"]
        key = PublicKey(ES256, b"\x04" + unpadded(jwk["x"]) + unpadded(jwk["y"]))
    header = json.loads(unpadded(head))
    assert header["alg"] == "ES256"
    assert verify_signature(key, f"{head}.{body}".encode(), unpadded(signature))
    return header, claims


@dataclass
class Enrolled:
    """One reader as the service knows it, and what it has brought."""

    key: PublicKey
    seal: bytes
    records: dict[int, Record] = field(default_factory=dict)
    hashes: dict[int, bytes] = field(default_factory=dict)
    vouched: int = 0
    quarantined: list[int] = field(default_factory=list)


class Collector:
    """The service's state; one lock, so that what is committed is committed."""

    def __init__(self, seal: PrivateKey, *, venue: str = "centre") -> None:
        self.seal, self.venue = seal, venue
        self.lock = threading.Lock()
        self.codes: dict[str, str] = {}
        self.readers: dict[str, Enrolled] = {}
        self.tokens: dict[str, str] = {}
        self.bundle = b""
        self.month_keys = {month: sha256(b"month %d" % month).digest() for month in range(202601, 202613)}
        self.requests: list[tuple[str, str, int]] = []
        self.used: set[str] = set()
        self.url = ""
        #: Called with the path before an answer leaves, after everything is committed; may raise to cut it.
        self.cut: Callable[[str], None] = lambda path: None
        self.say: Callable[[int], tuple[str, str] | None] = lambda seq: None

    def enrol(self, body: Mapping[str, Any]) -> tuple[int, object]:
        header, claims = open_jwt(body["proof"])
        assert header["typ"] == "cardsvc-enrol+jwt"
        assert claims["aud"] == self.url
        name = self.codes.get(body["code"])
        if name is None or claims["code"] != body["code"]:
            return 403, {"detail": "this code is not known, or was used"}
        jwk = claims["jwk"]
        key = PublicKey(ES256, b"\x04" + unpadded(jwk["x"]) + unpadded(jwk["y"]))
        known = self.readers.get(name)
        if known is not None and known.key != key:
            return 403, {"detail": "this code was used by another device"}
        self.readers.setdefault(name, Enrolled(key, unpadded(claims["seal"])))
        return 201, {"reader": name, "venue": self.venue, "profile": "gate"}

    def token(self, form: Mapping[str, list[str]]) -> tuple[int, object]:
        assert form["grant_type"] == ["client_credentials"]
        assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
        (assertion,) = form["client_assertion"]
        name = json.loads(unpadded(assertion.split(".")[1]))["sub"]
        _, claims = open_jwt(assertion, self.readers[name].key)
        assert claims["iss"] == claims["sub"] == name
        assert claims["aud"] == f"{self.url}/oauth/token"
        assert 0 < claims["exp"] - claims["iat"] <= 300
        if claims["jti"] in self.used:
            return 401, {"error": "invalid_client"}
        self.used.add(claims["jti"])
        token = secrets.token_urlsafe(24)
        self.tokens[token] = name
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 600}

    def months(self, name: str) -> tuple[int, object]:
        box = SealedBox(SealKey(self.readers[name].seal))
        keys = [
            {"month": month, "sealed": base64.b64encode(bytes(box.encrypt(key))).decode()}
            for month, key in self.month_keys.items()
        ]
        return 200, {"keys": keys}

    def take(self, name: str, body: Mapping[str, Any]) -> tuple[int, object]:
        """All records of a batch in one commit, idempotent on (device, seq)."""
        answers = []
        with self.lock:
            reader = self.readers[name]
            for item in body["records"]:
                seq, sealed = item["seq"], base64.b64decode(item["sealed"], validate=True)
                answer, reason = self.say(seq) or self._take(name, reader, seq, sealed)
                answers.append({"seq": seq, "answer": answer, "reason": reason})
            for signed in body["checkpoints"]:
                device, seq, digest = read_checkpoint(base64.b64decode(signed), reader.key)
                assert device == name
                if seq in reader.hashes:
                    assert reader.hashes[seq] == digest
                    reader.vouched = max(reader.vouched, seq)
        return 200, {"answers": answers}

    def _take(self, name: str, reader: Enrolled, seq: int, sealed: bytes) -> tuple[str, str]:
        encoded = bytes(SealedBox(self.seal).decrypt(sealed))
        record = Record.decode(encoded)
        if (record.device, record.seq) != (name, seq):
            reader.quarantined.append(seq)
            return "quarantined", "of another device"
        if seq in reader.records:
            assert reader.hashes[seq] == record_hash(encoded), "one seq, two records"
            return "known", ""
        reader.records[seq], reader.hashes[seq] = record, record_hash(encoded)
        return "taken", ""

    def check_whole(self, name: str, count: int) -> None:
        """Nothing lost, nothing doubled, one unbroken chain vouched for by the device."""
        reader = self.readers[name]
        assert sorted(reader.records) == list(range(1, count + 1))
        before = NO_RECORD
        for seq in range(1, count + 1):
            assert reader.records[seq].before == before
            before = reader.hashes[seq]
        assert reader.vouched == count

    @contextmanager
    def serving(
        self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> Iterator[str]:
        """Listen, on a free port of this machine unless told otherwise."""
        server = _Quiet((host, port), _handler(self))
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        self.url = f"{'http' if tls is None else 'https'}://{host}:{server.server_port}"
        try:
            yield self.url
        finally:
            server.shutdown()
            server.server_close()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A line that is cut is what the tests are about."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as it came


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) == length:  # Else whoever asked is dead.
                self._answer(body)

        def _answer(self, body: bytes) -> None:
            try:
                status, answer, headers = self._route(body)
                collector.requests.append((self.command, self.path, status))
                collector.cut(self.path)
            except ConnectionAbortedError:
                self.close_connection = True
                return
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if status != 304:
                self.wfile.write(data)

        def _route(self, body: bytes) -> tuple[int, object, dict[str, str]]:
            if self.path == "/api/v1/readers/enrol":
                return *collector.enrol(json.loads(body)), {}
            if self.path == "/oauth/token":
                return *collector.token(parse_qs(body.decode())), {}
            name = self.path.split("/")[4]
            token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
            if collector.tokens.get(token) != name:
                return 401, {"detail": "no token of this reader"}, {}
            if self.path.endswith("/month-keys"):
                return *collector.months(name), {}
            if self.path.endswith("/records"):
                return *collector.take(name, json.loads(body)), {}
            etag = f'"{sha256(collector.bundle).hexdigest()[:16]}"'
            if self.headers["If-None-Match"] == etag:
                return 304, b"", {"ETag": etag}
            return 200, collector.bundle, {"ETag": etag}

    return Handler


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
