"""JSON Web Tokens of devices: ES256 and nothing else (RFC 7515, RFC 7519, RFC 8725)."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cardsvc.errors import ServiceError
from verify.cose import ES256, PublicKey, verify_signature
from verify.errors import CardsvcError

#: An enrolment, the longest token there is, has 800 characters.
MAX_TOKEN: Final = 4096
_COORDINATE: Final = 32
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it came: nothing is believed before :meth:`check`."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    message: bytes
    signature: bytes

    def check(self, key: PublicKey, typ: str) -> None:
        """Raises ``bad_token`` unless ``key`` signed it as one of that type."""
        if self.header.get("alg") != "ES256" or "crit" in self.header or self.header.get("typ") != typ:
            raise bad_token(f"the header must say ES256 and {typ}, and nothing critical")
        if not verify_signature(key, self.message, self.signature):
            raise bad_token("the signature does not fit the key")

    def text(self, name: str) -> str:
        """A claim that is a text of a decent length."""
        value = self.claims.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= MAX_TOKEN or not _is_unicode(value):
            raise bad_token(f"the claim {name} is missing, or no text")
        return value

    def seconds(self, name: str) -> int:
        """A claim that is an instant in epoch seconds."""
        value = self.claims.get(name)
        if type(value) is not int or not 0 <= value < 1 << 40:
            raise bad_token(f"the claim {name} is missing, or no number of seconds")
        return value


def bad_token(words: str) -> ServiceError:
    """The refusal of a token."""
    return ServiceError("bad_token", words)


def read_token(text: str) -> Token:
    """Take a token apart, strictly; raises ``bad_token``."""
    parts = text.split(".")
    if len(text) > MAX_TOKEN or len(parts) != 3:
        raise bad_token("a token has three parts with dots between")
    head, body, signature = parts
    message = f"{head}.{body}".encode("utf-8", "replace")
    return Token(_object(head), _object(body), message, from_base64url(signature))


def key_of(jwk: object) -> PublicKey:
    """The P-256 key of a JWK (RFC 7517); raises ``bad_token`` for any other kind."""
    if not isinstance(jwk, Mapping) or (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256") or "d" in jwk:
        raise bad_token("the jwk must be a public key of P-256")
    x, y = (from_base64url(part) for part in (jwk.get("x"), jwk.get("y")))
    if len(x) != _COORDINATE or len(y) != _COORDINATE:
        raise bad_token("the coordinates of a P-256 key have 32 bytes each")
    return PublicKey(ES256, b"\x04" + x + y)


def from_base64url(text: object) -> bytes:
    """Base64url without padding, the one way to write it; raises ``bad_token``."""
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise bad_token("expected base64url without padding")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as error:
        raise bad_token("expected base64url without padding") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise bad_token("expected base64url as it is written")
    return data


def _object(part: str) -> Mapping[str, Any]:
    try:
        read = json.loads(from_base64url(part), object_pairs_hook=_each_once, parse_constant=_no_number)
    except (ValueError, RecursionError, CardsvcError) as error:
        raise bad_token("a part of the token is no JSON object") from error
    if not isinstance(read, dict):
        raise bad_token("a part of the token is no JSON object")
    return read


def _is_unicode(text: str) -> bool:
    """Whether it is whole: JSON can say half a surrogate pair, which no database holds (RFC 8259, 8.2)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a member stands twice")
    return dict(pairs)


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")
