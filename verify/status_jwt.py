"""The JWT form of a status list, for verifiers that speak JSON (IETF Token Status List; section 4).

A JWS of three strict base64url parts: header ``{"alg", "kid", "typ"}``, claims ``sub, iat, exp, ttl`` and
``status_list {"bits", "lst"}``. The signature covers the text as it came; nothing is encoded again.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Final

from verify.cose import EDDSA, ES256, PublicKey, verify_signature
from verify.errors import Refused
from verify.fields import Fields, malformed
from verify.status import MAX_LIST_BYTES, StatusList, deflate, inflate_list

JWT_TYP: Final = "statuslist+jwt"
_NAMES: Final = {EDDSA: "EdDSA", ES256: "ES256"}
#: A list that does not compress at all, in base64 of base64, and its claims: still refused before parsing.
MAX_JWT_CHARS: Final = 2 * MAX_LIST_BYTES
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")


def jwt_kid(public: PublicKey) -> str:
    """The kid of a JWT: base64url of the key's COSE kid."""
    return to_base64url(public.kid)


def jwt_signing_input(status: StatusList, public: PublicKey) -> bytes:
    """What the owner of ``public`` signs; :func:`encode_status_jwt` then joins the signature to it."""
    head = {"alg": _NAMES[public.algorithm], "kid": jwt_kid(public), "typ": JWT_TYP}
    claims: dict[str, object] = {
        "exp": status.exp,
        "iat": status.iat,
        "status_list": {"bits": status.bits, "lst": to_base64url(deflate(status.data))},
        "sub": status.uri,
    }
    if status.ttl is not None:
        claims["ttl"] = status.ttl
    return f"{_to_json(head)}.{_to_json(claims)}".encode("ascii")


def encode_status_jwt(signing_input: bytes, signature: bytes) -> str:
    """The JWT of a signing input and its raw 64-byte signature."""
    return f"{signing_input.decode('ascii')}.{to_base64url(signature)}"


def decode_status_jwt(token: str, keys: Mapping[str, PublicKey]) -> StatusList:
    """The status list in ``token``, signed by one of ``keys`` (by kid).

    Refused as ``malformed``, ``wrong_type`` (another typ, or a critical header), ``wrong_key_use`` (a kid
    that is not in ``keys``, or an algorithm that is not the key's) or ``bad_signature``.
    """
    if len(token) > MAX_JWT_CHARS:
        raise malformed(f"status list JWT: expected at most {MAX_JWT_CHARS} characters, found {len(token)}")
    parts = token.split(".")
    if len(parts) != 3 or not all(map(_BASE64URL.fullmatch, parts)):
        raise malformed(
            f"status list JWT: expected three parts of base64url, found {len(parts)} of something"
        )
    head = _from_json(parts[0], "status list JWT header")
    if head.text("typ") != JWT_TYP or head.has("crit"):
        raise Refused("wrong_type", f"status list JWT: expected typ {JWT_TYP} and no crit")
    public = keys.get(head.text("kid"))
    if public is None or head.text("alg") != _NAMES.get(public.algorithm):
        raise Refused("wrong_key_use", "status list JWT: expected a listed key and the algorithm of that key")
    signing_input = token.rpartition(".")[0].encode("ascii")
    if not verify_signature(public, signing_input, from_base64url(parts[2])):
        raise Refused("bad_signature", "status list JWT: the signature does not belong to these bytes")
    return _status(_from_json(parts[1], "status list JWT"))


def _status(claims: Fields) -> StatusList:
    inner = claims.fields("status_list")
    bits = inner.uint("bits")
    return StatusList(
        uri=claims.text("sub"),
        iat=claims.uint("iat"),
        exp=claims.uint("exp"),
        ttl=claims.optional_uint("ttl"),
        bits=bits,
        data=inflate_list(bits, from_base64url(inner.text("lst")), "status list JWT"),
    )


def to_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Strict base64url (RFC 7515 section 2): no padding, no foreign character, no loose bits at the end."""
    if not _BASE64URL.fullmatch(text):
        raise malformed("base64url: a character that is not in the alphabet")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise malformed(f"base64url: {error}") from error
    if to_base64url(data) != text:
        raise malformed("base64url: bits behind the end are not zero")
    return data


def _to_json(value: object) -> str:
    return to_base64url(json.dumps(value, separators=(",", ":"), sort_keys=True).encode("ascii"))


def _from_json(part: str, what: str) -> Fields:
    try:
        value: object = json.loads(from_base64url(part), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise malformed(f"{what}: no JSON ({error})") from error
    return Fields(value, what)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise malformed("JSON: a member stands twice")
    return members
