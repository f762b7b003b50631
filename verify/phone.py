"""Binding a code to what holds it: a phone's rotating code, a chip's own key (sections 6 and 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Protocol

from verify import cbor
from verify.card import CHIP_KEY_BYTES, Card
from verify.claims import mapping, optional, required
from verify.cose import (
    ES256,
    KNOWN_ALGORITHMS,
    Headers,
    PublicKey,
    Sign1,
    decode_sign1,
    fits,
    headers,
    sign1_tbs,
    thumbprint,
    verify_signature,
)
from verify.errors import Refused, Unchecked
from verify.words import span

_TIME, _TOKEN, _CHALLENGE, _AUDIENCE, _CONSENT = 6, -70002, -70003, -70004, -70005
_KNOWN = frozenset((_TOKEN, _CHALLENGE, _AUDIENCE, _CONSENT))
CHALLENGE_BYTES = 16
MAX_AUDIENCE = 16
#: A code is good from 30 s before to 60 s after its time: two clocks and a slow hand (section 6).
EARLY_S, LATE_S = 30, 60
#: A camera reads the same picture several times in a row.
SAME_SCAN_S = 3
#: A challenge shown by a reader is answered at once or not at all.
CHALLENGE_LIFE_S = 30
#: What a chip signs begins with this, so that its signature means nothing anywhere else (section 7).
_CHIP_CONTEXT = b"cardsvc-chip-1"
CHIP_LIFE_S = 2


@dataclass(frozen=True, slots=True)
class PhoneCode:
    """The outer object a phone signs around its token; ``time`` in epoch seconds of the service's clock."""

    time: int
    token: bytes
    challenge: bytes | None = None
    audience: str | None = None
    consent: frozenset[int] = frozenset()

    def encode(self) -> bytes:
        """The payload that the phone signs."""
        claims: dict[object, object] = {_TIME: self.time, _TOKEN: self.token}
        if self.challenge is not None:
            claims |= {_CHALLENGE: self.challenge, _AUDIENCE: self.audience}
        if self.consent:
            claims[_CONSENT] = sorted(self.consent)
        return cbor.encode(claims)

    @classmethod
    def from_claims(cls, claims: Mapping[object, object]) -> "PhoneCode":
        """Read the outer claims; unknown negative ones are ``unsupported``."""
        for key in claims.keys() - _KNOWN:
            if type(key) is int and key < 0:
                raise Unchecked("unsupported", f"the phone code has a claim {key} that this reader lacks")
        challenge = optional(claims, _CHALLENGE, bytes, "challenge")
        audience = optional(claims, _AUDIENCE, str, "audience")
        if challenge is not None and len(challenge) != CHALLENGE_BYTES:
            raise Refused("malformed", f"a challenge has {CHALLENGE_BYTES} bytes")
        if audience is not None and len(audience) > MAX_AUDIENCE:
            raise Refused("malformed", f"an audience has at most {MAX_AUDIENCE} characters")
        consent = claims.get(_CONSENT, ())
        if not (
            isinstance(consent, list | tuple)
            and all(type(n) is int and 0 < n <= cbor.MAX_INTEGER for n in consent)
        ):
            raise Refused("malformed", "consents are an array of service numbers")
        time, token = required(claims, _TIME, int, "time"), required(claims, _TOKEN, bytes, "token")
        return cls(time, token, challenge, audience, frozenset(consent))


class Code(NamedTuple):
    """A code taken apart: the signed card, and around it what a phone signed, if one did."""

    signed: Sign1
    card: Card
    outer: Sign1 | None = None
    outer_head: Headers | None = None
    phone: PhoneCode | None = None


def read_code(cose: bytes) -> Code:
    """Take COSE bytes apart without judging any signature."""
    signed = decode_sign1(cose)
    claims = mapping(cbor.decode(signed.payload), "the payload")
    if _TOKEN not in claims:
        return Code(signed, Card.from_claims(claims))
    phone = PhoneCode.from_claims(claims)
    token = decode_sign1(phone.token)
    card = Card.decode(token.payload)
    if card.holder_key is None:
        raise Refused("malformed", "a phone signed around a code that names no key of a phone")
    return Code(token, card, signed, _outer_head(signed), phone)


def _outer_head(outer: Sign1) -> Headers:
    head = headers(outer.protected)
    if head.typ is not None:
        raise Refused("malformed", f"an object of type {head.typ} is no phone code")
    if head.algorithm is None:
        raise Refused("malformed", "the phone's protected header names no algorithm")
    if head.algorithm not in KNOWN_ALGORITHMS:
        raise Unchecked("unsupported", f"the phone signed with algorithm {head.algorithm}, not known here")
    return head


def check_outer(code: Code) -> None:
    """Judge the phone's own signature, by the key its token names; ``bad_signature``."""
    if code.outer is None or code.outer_head is None or code.card.holder_key is None:
        return
    message = sign1_tbs(code.outer.protected, code.outer.payload)
    if not (
        fits(code.card.holder_key, code.outer_head.algorithm)
        and verify_signature(code.card.holder_key, message, code.outer.signature)
    ):
        raise Refused("bad_signature", "the phone's signature around the token does not fit the token's key")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a reader showed to a phone: 16 random bytes, its own name, and when (epoch seconds)."""

    nonce: bytes
    audience: str
    shown_at: int


class SeenSet(Protocol):
    """Remembers presentations of phone codes; a real one survives a restart."""

    def when_seen(self, key: bytes) -> int | None:
        """When ``key`` was first noted, or None if it never was; notes nothing."""

    def first_seen(self, key: bytes, now: int) -> int | None:
        """When ``key`` was first noted, or None now that it is noted for the first time."""


def check_phone(code: Code, challenge: Challenge | None, seen: SeenSet, now: int) -> tuple[bool, bool]:
    """Judge freshness: (proved by the reader's challenge, same scan again); ``stale_code``, ``replayed``."""
    phone = code.phone
    if phone is None:
        raise Refused("stripped_binding", "a phone's card without the phone's signature around it")
    proved = _answers(phone, challenge, now)
    if not proved and not -EARLY_S <= now - phone.time <= LATE_S:
        age = f"{span(now - phone.time)} {'old' if now > phone.time else 'ahead of this clock'}"
        raise Refused("stale_code", f"the phone's code is {age}; ask for a fresh one")
    # The payload's hash: a second signature over the same payload is the same presentation.
    key = sha256(code.signed.payload).digest() + phone.time.to_bytes(8, "big", signed=True)
    # A second answer is refused before it is noted: noted, it would pass for a repeated scan of itself.
    if (
        proved
        and challenge is not None
        and seen.when_seen(key) is None
        and seen.first_seen(challenge.nonce, now) is not None
    ):
        raise Refused("replayed", "the reader's challenge was answered before")
    first = seen.first_seen(key, now)
    if first is None:
        return proved, False
    if 0 <= now - first <= SAME_SCAN_S:
        return proved, True
    raise Refused("replayed", "this phone code was shown here before; ask for a fresh one")


def _answers(phone: PhoneCode, challenge: Challenge | None, now: int) -> bool:
    return (
        challenge is not None
        and (phone.challenge, phone.audience) == (challenge.nonce, challenge.audience)
        and 0 <= now - challenge.shown_at <= CHALLENGE_LIFE_S
    )


@dataclass(frozen=True, slots=True)
class ChipProof:
    """A chip's answer to INTERNAL AUTHENTICATE (ISO 7816-4): its key as read, and raw r‖s."""

    key: bytes
    challenge: bytes
    signature: bytes
    took_s: float = 0.0


def chip_message(challenge: bytes, payload: bytes) -> bytes:
    """What a chip with a key of its own signs for a reader's 16 random bytes."""
    return _CHIP_CONTEXT + challenge + sha256(payload).digest()


def check_chip(code: Code, uid: bytes | None, proof: ChipProof | None) -> tuple[bool, bool]:
    """Judge where a code lies: (bound to this chip, proved by its key)."""
    card = code.card
    if uid is None or card.chip_uid is None:
        # Read from paper, or from a chip without being signed for one: no more than print.
        return False, False
    if uid != card.chip_uid:
        raise Refused("wrong_chip", "the code was written for another chip; this one is a copy")
    if proof is None:
        return True, False
    if not _proves(code, proof):
        raise Refused("chip_not_proved", "the chip could not prove that it holds the card's key")
    return True, True


def _proves(code: Code, proof: ChipProof) -> bool:
    try:
        key = PublicKey(ES256, proof.key)
    except Refused:
        return False  # Whatever the chip sent instead of a key is no proof.
    return (
        code.card.chip_key == thumbprint(key)[:CHIP_KEY_BYTES]
        and len(proof.challenge) == CHALLENGE_BYTES
        and 0 <= proof.took_s <= CHIP_LIFE_S
        and verify_signature(key, chip_message(proof.challenge, code.signed.payload), proof.signature)
    )
