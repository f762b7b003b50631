"""What people ask the signer for: deterministic CBOR whose SHA-256 is the challenge of their assertions.

A request says everything that its approval covers: who asks, for which office, when, and the hashes of what
shall be signed. An approver's passkey signs the request's hash and nothing else (docs/signer.md), so one byte
changed afterwards leaves the approval worthless. Reading is strict: a request that does not encode to the
very bytes it was read from is refused, so that one meaning has one hash.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from keys.errors import KeysError
from verify import cbor
from verify.errors import Refused
from verify.fields import MAX_DAY, Fields, malformed, octets, uint
from verify.services import Service
from verify.status import LIST_SLOTS

NONCE_BYTES: Final = 16
HASH_BYTES: Final = 32
KID_BYTES: Final = 8
#: Batches of 500 are the largest a desk prints; ten kilobytes more than that is no request.
MAX_CARDS: Final = 500
#: A school's year in one touch of a key; with their last days they fill most of a request.
MAX_NUMBERS: Final = 5000
MAX_REQUEST_BYTES: Final = 128 * 1024
#: Names of people, roles and offices; a label is what its owner calls a passkey.
MAX_TEXT: Final = 100
#: An office with more than a dozen above it is a mistake.
MAX_OFFICES: Final = 16
MAX_CREDENTIAL_BYTES: Final = 1023  # WebAuthn level 3, section 4: "Credential ID"
MAX_PUBLIC_KEY_BYTES: Final = 2048
LIST_ID_CHARACTERS: Final = 3
_BASE32: Final = frozenset("abcdefghijklmnopqrstuvwxyz234567")

_KIND, _SUBMITTER, _OFFICES, _NONCE, _MADE_AT = range(5)
_KID, _CARDS, _NUMBER, _CARD, _UID, _PAYLOAD, _DAY, _NUMBERS, _SERVICE = range(10, 19)
_STAFF, _ROLE, _OFFICE, _SERVICES, _CREDENTIAL, _KEY, _COUNT, _LABEL = range(30, 38)
_LIST, _INDEX, _THUMBPRINT = range(40, 43)
_GATE, _IDENTITY, _BY_LIST = range(3)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks and when.

    ``offices`` are the submitter's own first, then those above it; ``nonce`` came from the signer and is good
    once; ``made_at`` is epoch seconds.
    """

    submitter: str
    offices: tuple[str, ...]
    nonce: bytes
    made_at: int


@dataclass(frozen=True, slots=True)
class CardItem:
    """One card to be signed: SHA-256 of its two payloads, and the rights that lists will grant it.

    ``by_list`` maps a service's number to its last day (a day number), or to None up to the card's end.
    """

    gate: bytes
    identity: bytes
    by_list: Mapping[int, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, gate: bytes, identity: bytes, by_list: Mapping[int, int | None] | None = None) -> "CardItem":
        """The item for these payload bytes."""
        return cls(sha256(gate).digest(), sha256(identity).digest(), dict(by_list or {}))


@dataclass(frozen=True, slots=True)
class IssueRequest:
    """New cards, all signed by the card key ``kid`` (ask ``Signing.card_kid`` for it)."""

    asked: Asked
    kid: bytes
    cards: tuple[CardItem, ...]

    def encode(self) -> bytes:
        """The bytes whose hash is approved."""
        return _encode("issue", self.asked, {_KID: self.kid, _CARDS: [_item(card) for card in self.cards]})


@dataclass(frozen=True, slots=True)
class ReplaceRequest:
    """Another print of the card ``number``."""

    asked: Asked
    kid: bytes
    number: str
    card: CardItem

    def encode(self) -> bytes:
        """The bytes whose hash is approved."""
        body = {_KID: self.kid, _NUMBER: self.number, _CARD: _item(self.card)}
        return _encode("replace", self.asked, body)


@dataclass(frozen=True, slots=True)
class ChipRequest:
    """The gate code of a print once more, for the chip ``uid``; ``payload`` is the SHA-256 of its bytes."""

    asked: Asked
    kid: bytes
    number: str
    uid: bytes
    payload: bytes

    def encode(self) -> bytes:
        """The bytes whose hash is approved."""
        body = {_KID: self.kid, _NUMBER: self.number, _UID: self.uid, _PAYLOAD: self.payload}
        return _encode("chip", self.asked, body)


@dataclass(frozen=True, slots=True)
class ReinstateRequest:
    """Lift the holds of a card: its indices go from 2 back to 0."""

    asked: Asked
    number: str

    def encode(self) -> bytes:
        """The bytes whose hash is approved."""
        return _encode("reinstate", self.asked, {_NUMBER: self.number})


@dataclass(frozen=True, slots=True)
class ExtendRequest:
    """A later last day of the permit, as a day number."""

    asked: Asked
    number: str
    permit_day: int

    def encode(self) -> bytes:
        """The bytes whose hash is approved."""
        return _encode("extend", self.asked, {_NUMBER: self.number, _DAY: self.permit_day})


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """A service granted to cards, each to a last day (a day number) or, with None, to the card's end."""

    asked: Asked
    days: Mapping[str, int | None]
    service: int

    def encode(self) -> bytes:
        """The bytes whose hash is approved."""
        return _encode("grant", self.asked, {_NUMBERS: dict(self.days), _SERVICE: self.service})


@dataclass(frozen=True, slots=True)
class ApproverRequest:
    """A further passkey that may approve; two people who have one already must approve it.

    ``role`` is ``approver`` (cards, holds, permits) or ``department`` (grants of its ``services``).
    ``public_key`` is the COSE_Key of the WebAuthn registration, ``sign_count`` its counter.
    """

    asked: Asked
    staff: str
    role: str
    office: str
    services: tuple[int, ...]
    credential_id: bytes
    public_key: bytes
    sign_count: int
    label: str

    def encode(self) -> bytes:
        """The bytes whose hash is approved."""
        body = {
            _STAFF: self.staff,
            _ROLE: self.role,
            _OFFICE: self.office,
            _SERVICES: list(self.services),
            _CREDENTIAL: self.credential_id,
            _KEY: self.public_key,
            _COUNT: self.sign_count,
            _LABEL: self.label,
        }
        return _encode("approver", self.asked, body)


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """A phone that shall carry the card ``number``: its key's thumbprint (RFC 9679), and its index."""

    asked: Asked
    number: str
    thumbprint: bytes
    list_id: str
    index: int

    def encode(self) -> bytes:
        """The bytes whose hash is approved."""
        body = {_NUMBER: self.number, _THUMBPRINT: self.thumbprint, _LIST: self.list_id, _INDEX: self.index}
        return _encode("enrolment", self.asked, body)


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """Take a passkey's right to approve away, for ever."""

    asked: Asked
    credential_id: bytes

    def encode(self) -> bytes:
        """The bytes whose hash is approved."""
        return _encode("removal", self.asked, {_CREDENTIAL: self.credential_id})


Request = (
    IssueRequest
    | ReplaceRequest
    | ChipRequest
    | ReinstateRequest
    | ExtendRequest
    | GrantRequest
    | ApproverRequest
    | EnrolmentRequest
    | RemovalRequest
)


def challenge_of(request: bytes) -> bytes:
    """The WebAuthn challenge that approves this request: SHA-256 of its bytes."""
    return sha256(request).digest()


def decode_request(data: bytes) -> Request:
    """Read a request strictly; raises :class:`KeysError` ``malformed_request``."""
    if len(data) > MAX_REQUEST_BYTES:
        raise _bad(f"it has {len(data)} bytes of {MAX_REQUEST_BYTES}")
    try:
        fields = Fields(cbor.decode(data), "request")
        reader = _READERS.get(fields.text(_KIND))
        if reader is None:
            raise malformed(f"no request is called {fields.text(_KIND)[:MAX_TEXT]!r}")
        request = reader(_asked(fields), fields)
    except Refused as error:
        raise _bad(str(error)) from error
    if request.encode() != data:
        raise _bad("it is not in its one deterministic form, or holds members that nobody reads")
    return request


def _encode(kind: str, asked: Asked, body: Mapping[int, object]) -> bytes:
    head: dict[int, object] = {
        _KIND: kind,
        _SUBMITTER: asked.submitter,
        _OFFICES: list(asked.offices),
        _NONCE: asked.nonce,
        _MADE_AT: asked.made_at,
    }
    return cbor.encode(head | dict(body))


def _item(card: CardItem) -> dict[int, object]:
    return {_GATE: card.gate, _IDENTITY: card.identity, _BY_LIST: dict(card.by_list)}


def _asked(fields: Fields) -> Asked:
    offices = fields.array(_OFFICES)
    if not 0 < len(offices) <= MAX_OFFICES:
        raise malformed(f"request: 1 to {MAX_OFFICES} offices were expected, {len(offices)} came")
    return Asked(
        submitter=_text(fields, _SUBMITTER),
        offices=tuple(_short(office, "request, an office") for office in offices),
        nonce=fields.octets(_NONCE, NONCE_BYTES),
        made_at=fields.uint(_MADE_AT),
    )


def _short(value: object, what: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or not value.isprintable():
        raise malformed(f"{what}: a text of 1 to {MAX_TEXT} printable characters was expected")
    return value


def _text(fields: Fields, label: int) -> str:
    return _short(fields.text(label), f"request, member {label}")


def _read_item(raw: object) -> CardItem:
    fields = Fields(raw, "request, a card")
    by_list: dict[int, int | None] = {}
    rights = fields.any(_BY_LIST)
    if not isinstance(rights, Mapping):
        raise malformed("request, a card: rights by list are a map")
    for service, day in rights.items():
        by_list[_service(service)] = None if day is None else uint(day, "request, a last day", MAX_DAY)
    gate, identity = fields.octets(_GATE, HASH_BYTES), fields.octets(_IDENTITY, HASH_BYTES)
    return CardItem(gate, identity, by_list)


def _service(value: object) -> int:
    if type(value) is not int or value not in set(Service):
        raise malformed(f"request: {value!r:.20} is no service")
    return value


def _issue(asked: Asked, fields: Fields) -> Request:
    cards = fields.array(_CARDS)
    if not 0 < len(cards) <= MAX_CARDS:
        raise malformed(f"request: 1 to {MAX_CARDS} cards were expected, {len(cards)} came")
    return IssueRequest(asked, fields.octets(_KID, KID_BYTES), tuple(map(_read_item, cards)))


def _replace(asked: Asked, fields: Fields) -> Request:
    kid, number = fields.octets(_KID, KID_BYTES), _text(fields, _NUMBER)
    return ReplaceRequest(asked, kid, number, _read_item(fields.any(_CARD)))


def _chip(asked: Asked, fields: Fields) -> Request:
    kid, number = fields.octets(_KID, KID_BYTES), _text(fields, _NUMBER)
    return ChipRequest(asked, kid, number, fields.octets(_UID), fields.octets(_PAYLOAD, HASH_BYTES))


def _reinstate(asked: Asked, fields: Fields) -> Request:
    return ReinstateRequest(asked, _text(fields, _NUMBER))


def _extend(asked: Asked, fields: Fields) -> Request:
    return ExtendRequest(asked, _text(fields, _NUMBER), fields.uint(_DAY, MAX_DAY))


def _grant(asked: Asked, fields: Fields) -> Request:
    numbers = fields.any(_NUMBERS)
    if not isinstance(numbers, Mapping):
        raise malformed("request: cards and their last days are a map")
    if not 0 < len(numbers) <= MAX_NUMBERS:
        raise malformed(f"request: 1 to {MAX_NUMBERS} cards were expected, {len(numbers)} came")
    days = {
        _short(number, "request, a card's number"): None if day is None else uint(day, "a last day", MAX_DAY)
        for number, day in numbers.items()
    }
    return GrantRequest(asked, days, _service(fields.any(_SERVICE)))


def _approver(asked: Asked, fields: Fields) -> Request:
    credential, key = fields.octets(_CREDENTIAL), fields.octets(_KEY)
    if not 0 < len(credential) <= MAX_CREDENTIAL_BYTES or not 0 < len(key) <= MAX_PUBLIC_KEY_BYTES:
        raise malformed("request: a credential id or public key of a size that no authenticator makes")
    return ApproverRequest(
        asked,
        staff=_text(fields, _STAFF),
        role=_text(fields, _ROLE),
        office=_text(fields, _OFFICE),
        services=tuple(_service(one) for one in fields.array(_SERVICES)),
        credential_id=credential,
        public_key=key,
        sign_count=fields.uint(_COUNT),
        label=_text(fields, _LABEL),
    )


def _enrolment(asked: Asked, fields: Fields) -> Request:
    number, list_id = _text(fields, _NUMBER), fields.text(_LIST)
    if len(list_id) != LIST_ID_CHARACTERS or not set(list_id) <= _BASE32:
        raise malformed("request: a list is named by three characters of base 32")
    index = fields.uint(_INDEX, LIST_SLOTS - 1)
    return EnrolmentRequest(asked, number, fields.octets(_THUMBPRINT, HASH_BYTES), list_id, index)


def _removal(asked: Asked, fields: Fields) -> Request:
    return RemovalRequest(asked, octets(fields.any(_CREDENTIAL), "request, a credential id"))


_READERS: Mapping[str, Callable[[Asked, Fields], Request]] = {
    "issue": _issue,
    "replace": _replace,
    "chip": _chip,
    "reinstate": _reinstate,
    "extend": _extend,
    "grant": _grant,
    "approver": _approver,
    "enrolment": _enrolment,
    "removal": _removal,
}


def _bad(words: str) -> KeysError:
    return KeysError("malformed_request", f"the request cannot be read: {words}")
