"""A small throw-away issuer with sound defaults: every test changes one field, signs again, and judges.

All keys come from names, so that every run makes the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

from keys.signer import MemorySigner, Signer, cosign, memory_signer, sign1
from verify import cbor, text
from verify.card import Card, StatusRef
from verify.cose import EDDSA, ES256, encode_sign, encode_sign1, protected_header, sign1_tbs, thumbprint
from verify.days import DAY_S, day_number, end_of, start_of
from verify.identity import MALE, WEBP, Identity
from verify.keylist import KEYS_TYP, KeyList, KeyUse, TrustedKey, encode_key_list
from verify.permits import PERMIT_TYP, encode_permit_claims
from verify.phone import ChipProof, PhoneCode, SeenSet, chip_message
from verify.rules import History, Policy
from verify.status import STATUS_TYP, encode_entitlement_claims, encode_status_claims, hotlist_uri, pack
from verify.store import SeenInMemory
from verify.trust import Trust, TrustState, accept
from verify.trustdocs import (
    BUNDLE_TYP,
    ISSUED_TYP,
    ROOT_TYP,
    Bundle,
    IssuedList,
    RootDocument,
    encode_bundle,
    encode_issued,
    encode_root,
    issued_prefixes,
)
from verify.verdict import Role, Verdict
from verify.verifier import Presentation, Verifier

#: A Monday, 10:00 at the issuer.
NOW = start_of(day_number(date(2026, 9, 21))) + 10 * 3600
TODAY = day_number(date(2026, 9, 21))
MADE = NOW - 600
LISTS_EXP = MADE + 14 * DAY_S
ISSUER, VENUE, URI, INDEX = "cn-yiwu", "centre", "https://card.example/s/abc", 7
CHIP_UID = bytes.fromhex("04a1b2c3d4e580")


@cache
def signer(name: str, algorithm: int = EDDSA) -> MemorySigner:
    return memory_signer(sha256(name.encode()).digest(), algorithm)


CARD, TOKEN = signer("card"), signer("token")
STATUS, BUNDLE = signer("status"), signer("bundle")
ROOTS = (signer("root a"), signer("root b"))
PHONE, CHIP = signer("phone", ES256), signer("chip", ES256)
STRANGER = signer("stranger")

CODE = Card(
    issuer=ISSUER,
    number="9012345678903",
    expires=end_of(day_number(date(2030, 12, 31))),
    not_before=start_of(day_number(date(2026, 9, 1))),
    issued_at=start_of(day_number(date(2026, 9, 1))) + 36_000,
    card_class=1,
    services=1 << 1 | 1 << 2 | 1 << 3,
    print_number=1,
    status=StatusRef(URI, INDEX),
    print_id=bytes(range(8)),
    permit_day=TODAY + 500,
)
PERSON = Identity(
    id=CODE.number,
    version="1.0.0",
    language="eng",
    full_name="HADDAD, Amina",
    birth=date(1990, 2, 28),
    gender=MALE,
    nationality="KEN",
    photo=sha256(b"face").digest() * 12,
    photo_format=WEBP,
    second_name="阿米娜",
    second_language="zho",
    country_of_issue="CHN",
)
IDENTITY_CODE = replace(
    CODE, identity=PERSON, passport=("A1234567", "KEN"), native_name=("swa", "Amina Haddad"), permit_class="A"
)
CHIP_CODE = replace(CODE, chip_uid=CHIP_UID, chip_key=thumbprint(CHIP.public)[:16])
TOKEN_CARD = replace(
    CODE,
    issued_at=NOW - DAY_S,
    not_before=NOW - DAY_S,
    expires=NOW + 13 * DAY_S,
    holder_key=PHONE.public,
    print_id=None,
)


def entry(key: Signer, use: KeyUse, **changes: Any) -> TrustedKey:
    online = use in (KeyUse.STATUS, KeyUse.BUNDLE)
    made = TrustedKey(
        key.public, use, NOW - 60 * DAY_S, NOW + 30 * DAY_S, NOW + 2000 * DAY_S, epoch=1 if online else None
    )
    return replace(made, **changes)


KEYS = (
    entry(CARD, KeyUse.CARD),
    entry(TOKEN, KeyUse.TOKEN),
    entry(STATUS, KeyUse.STATUS),
    entry(BUNDLE, KeyUse.BUNDLE),
)


@dataclass(frozen=True)
class World:
    """What a reader is given. ``entitlements`` maps service to {index: value or (3, last day)}."""

    keys: tuple[TrustedKey, ...] = KEYS
    issuer: str = ISSUER
    offset_s: int = 28_800
    iat: int = MADE
    lists_iat: int = MADE
    exp: int = LISTS_EXP
    uri: str | None = URI
    status: Mapping[int, int] = field(default_factory=dict)
    permits: Mapping[int, int] = field(default_factory=dict)
    entitlements: Mapping[int, Mapping[int, int | tuple[int, int]]] = field(default_factory=lambda: {3: {}})
    hotlist: Sequence[int] | None = None
    slots: int = 1024
    policy: Mapping[object, object] = field(default_factory=lambda: Policy().encode())
    distrusted: Mapping[bytes, Sequence[bytes] | None] = field(default_factory=dict)
    seq: int = 1

    def trust(self) -> Trust:
        return accept(TrustState.pin(root(), now=self.iat), self.bundle(), self.iat)[1]

    def reader(
        self, role: Role = Role.GATE, seen: SeenSet | None = None, history: History | None = None
    ) -> Verifier:
        seen = SeenInMemory() if seen is None else seen
        return Verifier(self.trust(), role=role, seen=seen, history=history)

    def bundle(self) -> bytes:
        status, permits, entitlements, hotlists = self._lists()
        issued = {
            kid: None if payloads is None else self._issued(kid, payloads)
            for kid, payloads in self.distrusted.items()
        }
        key_list = KeyList(self.issuer, self.iat, 1, 1, self.offset_s, self.keys)
        bundle = Bundle(
            issuer=self.issuer,
            venue=VENUE,
            epoch=1,
            seq=self.seq,
            iat=self.iat,
            exp=self.exp,
            ttl=3600,
            roots=(root(),),
            key_list=cosigned(KEYS_TYP, encode_key_list(key_list), ROOTS),
            status=status,
            permits=permits,
            entitlements=entitlements,
            policy=self.policy,
            distrusted={kid: data and sha256(data).digest() for kid, data in issued.items()},
            hotlists=hotlists,
            issued=tuple(data for data in issued.values() if data),
        )
        return cosigned(BUNDLE_TYP, encode_bundle(bundle), (BUNDLE,))

    def _lists(self) -> tuple[tuple[bytes, ...], ...]:
        if self.uri is None:
            return (), (), (), ()
        uri, iat, exp = self.uri, self.lists_iat, self.exp
        status = encode_status_claims(uri=uri, iat=iat, exp=exp, data=pack(self.status, slots=self.slots))
        permits = encode_permit_claims(uri=uri, iat=iat, exp=exp, days=self.permits)
        entitlements = []
        for service, rows in self.entitlements.items():
            values = {index: row if isinstance(row, int) else row[0] for index, row in rows.items()}
            days = {index: row[1] for index, row in rows.items() if not isinstance(row, int)}
            data = pack(values, slots=self.slots)
            claims = encode_entitlement_claims(
                uri=uri, service=service, iat=iat, exp=exp, data=data, last_days=days
            )
            entitlements.append(sign1(STATUS, claims, STATUS_TYP))
        hotlists = []
        if self.hotlist is not None:
            bits = pack(dict.fromkeys(self.hotlist, 1), slots=self.slots, bits=1)
            claims = encode_status_claims(uri=hotlist_uri(uri), iat=iat, exp=exp, data=bits, bits=1)
            hotlists.append(sign1(STATUS, claims, STATUS_TYP))
        lists = (sign1(STATUS, status, STATUS_TYP),), (sign1(STATUS, permits, PERMIT_TYP),)
        return *lists, tuple(entitlements), tuple(hotlists)

    def _issued(self, kid: bytes, payloads: Sequence[bytes]) -> bytes:
        prefixes = issued_prefixes(sha256(payload).digest() for payload in payloads)
        issued = IssuedList(self.issuer, self.iat, kid, prefixes)
        return cosigned(ISSUED_TYP, encode_issued(issued), (STATUS,))


@cache
def root() -> bytes:
    publics = tuple(key.public for key in ROOTS)
    document = RootDocument(1, NOW - 100 * DAY_S, NOW + 600 * DAY_S, 2, publics)
    return cosigned(ROOT_TYP, encode_root(document), ROOTS)


def cosigned(typ: str, payload: bytes, signers: Sequence[Signer]) -> bytes:
    body = protected_header(typ=typ)
    return encode_sign(body, payload, [cosign(key, body, payload) for key in signers])


def code(card: Card = CODE, by: Signer = CARD, **changes: Any) -> bytes:
    """The signed code of a card with some fields changed."""
    return sign1(by, replace(card, **changes).encode())


def claims_of(card: Card = CODE) -> dict[Any, Any]:
    """The claims as a map that may be bent before :func:`sign_claims`."""
    claims = cbor.decode(card.encode())
    assert isinstance(claims, dict)
    return claims


def sign_claims(claims: object, by: Signer = CARD) -> bytes:
    return sign1(by, cbor.encode(claims))


def sign_under(header: bytes, payload: bytes, by: Signer = CARD) -> bytes:
    """A code under a protected header of one's own."""
    return encode_sign1(header, payload, by.sign(sign1_tbs(header, payload)))


def phone_code(
    time: int = NOW,
    card: Card = TOKEN_CARD,
    *,
    phone: Signer = PHONE,
    token: bytes | None = None,
    **more: Any,
) -> bytes:
    token = sign1(TOKEN, card.encode()) if token is None else token
    payload = PhoneCode(time, token, **more).encode()
    header = protected_header(phone.public.algorithm)
    return encode_sign1(header, payload, phone.sign(sign1_tbs(header, payload)))


def chip_proof(card: Card = CHIP_CODE, chip: Signer = CHIP, **changes: Any) -> ChipProof:
    challenge = sha256(b"a challenge").digest()[:16]
    signature = chip.sign(chip_message(challenge, card.encode()))
    return replace(ChipProof(chip.public.raw, challenge, signature), **changes)


def judge(
    shown: str | bytes | Presentation,
    world: World | None = None,
    now: int = NOW,
    *,
    role: Role = Role.GATE,
    service: int | None = None,
) -> Verdict:
    """Judge once, at a reader that has seen nothing before."""
    shown = shown if isinstance(shown, Presentation) else Presentation(shown, service)
    return (world or World()).reader(role).judge(shown, now)


def text_of(cose: bytes) -> str:
    return text.encode(cose)
