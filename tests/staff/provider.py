"""A tiny OpenID provider on loopback, whose tokens a test can bend."""

import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws, jwt
from joserfc.jwk import RSAKey
from webauthn.helpers import bytes_to_base64url


@dataclass
class LocalProvider:
    """What it knows: the code it gave out, and what the token for it shall say."""

    issuer: str
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    nonce: str = ""
    subject: str = "clerk1"
    now: datetime | None = None
    bent: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    foreign_key: bool = False
    lets_in: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)

    def token(self) -> str:
        """The token that answers the last question."""
        at = int((self.now or datetime.now(UTC)).timestamp())
        claims = {"iss": self.issuer, "aud": "cardsvc", "sub": self.subject, "nonce": self.nonce}
        claims |= {"iat": at, "exp": at + 300} | self.bent
        if self.algorithm == "none":
            return "eyJhbGciOiJub25lIn0." + jwt.encode({"alg": "RS256"}, claims, self.key).split(".")[1] + "."
        if self.algorithm == "HS256":
            # The public key as a shared secret: what a careless reader takes. Libraries refuse to make one.
            parts = ({"alg": "HS256", "kid": "1"}, claims)
            text = ".".join(bytes_to_base64url(json.dumps(part).encode()) for part in parts)
            seal = hmac.digest(self.key.as_pem(private=False), text.encode(), "sha256")
            return f"{text}.{bytes_to_base64url(seal)}"
        key = RSAKey.generate_key(2048, {"kid": "1"}) if self.foreign_key else self.key
        # JSON in ASCII says half a surrogate pair, too, which the library's own writer cannot.
        head = {"typ": "JWT", "alg": "RS256", "kid": "1"}
        return jws.serialize_compact(head, json.dumps(claims), key)

    def answer(self, path: str, form: dict[str, str]) -> dict[str, Any] | None:
        """What it says to a request; None: it fails."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        if path == "/keys":
            return {"keys": [self.key.as_dict(private=False)]}
        if path == "/token":
            self.asked.append(form)
            return {"id_token": self.token(), "token_type": "Bearer"}
        return None

    def sends_to(self, path: str) -> str | None:
        """Where it sends a browser that comes to sign in."""
        address = urlsplit(path)
        if address.path != "/authorize":
            return None
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        self.nonce = asked["nonce"]
        said = {"code": "the-code"} if self.lets_in else {"error": "access_denied"}
        return f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], **said})}"


@contextmanager
def local_provider() -> Iterator[LocalProvider]:
    """The provider, listening."""
    provider = LocalProvider("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there = provider.sends_to(self.path)
            if there is None:
                self._give({})
            else:
                self.send_response(303)
                self.send_header("location", there)
                self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._give({name: values[0] for name, values in parse_qs(body).items()})

        def _give(self, form: dict[str, str]) -> None:
            told = provider.answer(self.path, form)
            body = json.dumps(told).encode()
            self.send_response(200 if told is not None else 500)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
