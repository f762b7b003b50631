"""Codes in great number, seeded: sound ones, changed ones signed again, damaged ones, other people's."""

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import cbor2

from keys.signer import Signer, sign1
from tests.verify import world as w
from tests.verify.test_hostile import mutate
from tests.verify.world import NOW, TODAY, URI, World
from verify import text
from verify.card import Card, StatusRef
from verify.cose import ES256, encode_sign1, protected_header, sign1_tbs
from verify.days import DAY_S, end_of
from verify.keylist import KeyUse
from verify.phone import Challenge
from verify.rules import Assurance, Hours, Policy, Quota
from verify.verdict import Role
from verify.verifier import Direction, Presentation

CARD_P256 = w.signer("card on P-256", ES256)
CARD_OLD, CARD_MERCHANTS = w.signer("card, old"), w.signer("card, merchants")
SIGNERS: tuple[Signer, ...] = (
    *(w.CARD, w.CARD, w.CARD, w.CARD, w.TOKEN, w.STATUS, w.STRANGER),
    *(CARD_P256, CARD_OLD, CARD_MERCHANTS),
)
#: Values that stand where others belong.
ODD: tuple[object, ...] = (
    *(None, True, False, 0, 1, -1, 7, 2**53, 2**53 + 1, -(2**53), -(2**53) - 1, 2**64 - 1, 1.0, 0.5),
    *(
        "",
        "x",
        "é" * 9,
        "𠀀" * 9,
        "𠀀" * 10,
        "19900228",
        "1990-02-30",
        b"",
        b"12345678",
        [],
        {},
        [1, 2],
        ["a", "b"],
    ),
    *({1: 2}, {"status_list": {"idx": 1, "uri": URI}}, {True: 1}, {1.5: 0}, [[[]]], "00 0a", "0g", b"x" * 16),
)


@dataclass(frozen=True)
class Judged:
    """One presentation at one of the worlds' readers."""

    world: int
    shown: Presentation
    now: int


def worlds() -> list[tuple[World, Role]]:
    """Readers of different data, policies and roles."""
    keys = (
        *w.KEYS,
        w.entry(CARD_P256, KeyUse.CARD),
        w.entry(CARD_OLD, KeyUse.CARD, sign_until=NOW - 20 * DAY_S, trust_until=NOW - DAY_S),
        w.entry(CARD_MERCHANTS, KeyUse.CARD, classes=frozenset({1})),
    )
    rights = {3: {7: 2, 8: 1, 9: (3, TODAY + 3), 10: (3, TODAY - 1)}, 9: {7: 1, 11: (3, TODAY + 1)}}
    fates = {1: 1, 2: 2, 3: 3, 12: 1}
    days = {4: TODAY + 1, 5: TODAY - 1, 13: TODAY}
    genuine = [w.CODE.encode(), w.IDENTITY_CODE.encode()]
    plain = World(keys=keys, status=fates, permits=days, entitlements=rights, hotlist=(7, 12))
    strict = Policy(
        services=frozenset({3}),
        accept=frozenset({Assurance.CHIP, Assurance.PHONE_PROVED}),
        hours=(Hours(0b0011111, 9 * 60, 17 * 60), Hours(0b1100000, 22 * 60, 2 * 60)),
        quota=Quota(2, 3600),
        passback_s=60,
        permit_free=frozenset({1, 3}),
    )
    closed = Policy(hours=(Hours(0b1000000, 0, 24 * 60),))
    lenient = Policy(
        opens_on=frozenset({"data_stale", "status_unknown"}), stale_after_s=60, expired_after_s=DAY_S
    )
    return [
        (plain, Role.GATE),
        (plain, Role.POLICE),
        (plain, Role.DESK),
        (plain, Role.SELLER),
        (replace(plain, policy=strict.encode()), Role.GATE),
        (replace(plain, policy=lenient.encode()), Role.GATE),
        (replace(plain, policy=closed.encode()), Role.GATE),
        (replace(plain, uri=None, entitlements={}), Role.GATE),
        (replace(plain, slots=8, status={}, entitlements={}, hotlist=None), Role.POLICE),
        (replace(plain, distrusted={w.CARD.public.kid: genuine}), Role.DESK),
        (replace(plain, distrusted={w.CARD.public.kid: None}), Role.GATE),
        (replace(plain, issuer="cn-other"), Role.GATE),
        (replace(plain, offset_s=-5 * 3600, iat=NOW - 5 * DAY_S, lists_iat=NOW - 5 * DAY_S), Role.DESK),
        (replace(plain, lists_iat=NOW - 3 * DAY_S), Role.POLICE),
    ]


@dataclass
class Maker:
    """Makes presentations, one random decision after the other."""

    choose: random.Random = field(default_factory=lambda: random.Random(20261122))
    shown_before: list[bytes] = field(default_factory=list)

    def presentations(self, count: int) -> Iterator[Judged]:
        kinds: tuple[tuple[Callable[[], bytes], int], ...] = (
            *((self.card, 10), (self.bent_card, 6), (self.odd_claims, 3), (self.odd_header, 2)),
            *((self.phone, 6), (self.bent_phone, 2), (self.damaged, 3), (self.seen_again, 2)),
        )
        makers = [kind for kind, weight in kinds for _ in range(weight)]
        total = len(worlds())
        for _ in range(count):
            code = self.choose.choice(makers)()
            self.shown_before.append(code)
            world = self.choose.choice((0, 1, self.choose.randrange(total)))
            yield Judged(world, self.presentation(code), self.instant())

    def instant(self) -> int:
        choose = self.choose
        end = end_of(TODAY + choose.choice((-1, 0, 1, 3)))
        near = choose.choice((0, -1, 1, choose.randint(-60, 60)))
        far = (NOW - 700, NOW - 721, NOW + 3 * DAY_S, NOW + 8 * DAY_S, NOW + 15 * DAY_S, NOW - 2 * DAY_S)
        return choose.choice((NOW, NOW, NOW, NOW + near, end + near, choose.choice(far)))

    def presentation(self, code: bytes) -> Presentation:
        choose = self.choose
        uid = choose.choice((None, None, None, w.CHIP_UID, w.CHIP_UID, b"\x04other"))
        proof = None
        if uid is not None and choose.random() < 0.7:
            proof = w.chip_proof(
                w.CHIP_CODE,
                choose.choice((w.CHIP, w.CHIP, w.CHIP, w.PHONE)),
                took_s=choose.choice((0.0, 1.5, 2.5)),
            )
            if choose.random() < 0.3:
                proof = replace(proof, signature=mutate(proof.signature, choose))
        challenge = None
        if choose.random() < 0.3:
            nonce = choose.choice((b"n" * 16, choose.randbytes(16)))
            challenge = Challenge(
                nonce, choose.choice(("gate 1", "gate 2")), NOW - choose.choice((0, 5, 29, 31, -1))
            )
        return Presentation(
            self.wrapped(code),
            choose.choice((None, 1, 3, 3, 9, 17, 52, 60)),
            choose.choice((Direction.IN,) * 5 + (Direction.OUT,)),
            uid,
            proof,
            challenge,
        )

    def wrapped(self, code: bytes) -> str | bytes:
        """As bytes, or as text of one of the ways a text can be right or wrong."""
        choose = self.choose
        way = choose.randrange(8)
        if way < 2:
            return code
        shown = text.encode(code)
        if way < 7:
            return shown
        place = choose.randrange(len(shown))
        others = (
            text.base45_encode(zlib.compress(code, 6)),
            text.base45_encode(zlib.compress(code, 1)),
            shown.lower(),
            shown + choose.choice("0A :é𠀀\0"),
            shown[:place],
            shown[:place] + choose.choice(text.ALPHABET.decode()) + shown[place + 1 :],
            text.base45_encode(zlib.compress(code, 9) + choose.randbytes(choose.randint(1, 3))),
            text.base45_encode(mutate(zlib.compress(code, 9), choose)),
            text.base45_encode(zlib.compress(code + bytes(choose.choice((10, 70_000))), 9)),
            "https://card.example/" + shown,
            shown * 8,
        )
        return choose.choice(others)

    def base(self) -> Card:
        return self.choose.choice((w.CODE, w.IDENTITY_CODE, w.CHIP_CODE, w.TOKEN_CARD))

    def card(self) -> bytes:
        """A sound card somewhere in the lists."""
        card = replace(self.base(), status=StatusRef(URI, self.choose.randrange(16)))
        if card.holder_key is not None and self.choose.random() < 0.7:
            return w.phone_code(card=card)
        return sign1(self.choose.choice(SIGNERS), card.encode())

    def bent_card(self) -> bytes:
        """One to three fields changed, and signed again."""
        choose, card = self.choose, self.base()
        for _ in range(choose.randint(1, 3)):
            day = TODAY + choose.randint(-3, 3)
            change: dict[str, Any] = choose.choice(
                (
                    {"expires": end_of(day)},
                    {"expires": choose.choice((0, NOW, NOW + 1, 2**53, 253_402_300_799))},
                    {"not_before": NOW + choose.choice((-1, 0, 1, 86_400))},
                    {
                        "issued_at": NOW
                        - choose.choice((0, 500, 600, 601, 30, 20 * DAY_S, 61 * DAY_S, 60 * DAY_S))
                    },
                    {"card_class": choose.choice((0, 1, 2, 3, 9, -1, 255))},
                    {"services": choose.choice((0, 1, 14, 2**9, 2**52, 2**53 - 1, 2**53, 2**40 + 8))},
                    {"status": choose.choice((None, StatusRef(URI, 1 << 40), StatusRef(URI[:-1], 1)))},
                    {"status": StatusRef(URI, choose.randrange(1030))},
                    {"permit_day": choose.choice((None, day, day, -1, 2_000_000, 1_999_999))},
                    {"service_days": {choose.choice((1, 3, 9, 52, 53, 0)): day}},
                    {"chip_uid": choose.choice((None, w.CHIP_UID, b""))},
                    {"number": choose.choice(("", "1" * 20, "1" * 21, "𠀀" * 20, "9012345678911"))},
                    {"issuer": choose.choice(("cn-other", "", "cn-yiwu", "0123456789"))},
                    {"city_unknown": {choose.choice((11, 99, -1, "x", 2**63, -(2**63))): 1}},
                    {"unknown": {choose.choice((99, -99, "x", -70002)): choose.choice((1, "x", None))}},
                    {"print_number": choose.choice((0, 2, 2**53, 2**53 + 1))},
                    {"passport": choose.choice((None, ("P1", "KEN"), ("*****321", "KEN"), ("", "")))},
                    {"identity": choose.choice((None, w.PERSON, replace(w.PERSON, birth=date(1, 2, 3))))},
                    {"holder_key": choose.choice((None, w.PHONE.public))},
                )
            )
            card = replace(card, **change)
        return sign1(choose.choice(SIGNERS), card.encode())

    def odd_claims(self) -> bytes:
        """A claim, or a claim of a claim, of another kind."""
        choose, claims = self.choose, w.claims_of(self.base())
        inner: Any = claims
        for _ in range(choose.choice((0, 0, 1, 1, 2))):
            maps = [value for value in inner.values() if isinstance(value, dict) and value]
            inner = choose.choice(maps) if maps else inner
        label = choose.choice((*inner, choose.choice(list(inner)), 16, 8, -70003))
        if choose.random() < 0.25:
            inner.pop(label, None)
        else:
            inner[label] = choose.choice(ODD)
        return sign1(choose.choice(SIGNERS), _any_cbor(claims))

    def odd_header(self) -> bytes:
        choose, payload = self.choose, self.base().encode()
        signer = choose.choice(SIGNERS)
        members: dict[object, object] = {1: signer.public.algorithm, 4: signer.public.kid}
        members[choose.choice((1, 2, 4, 16, 99, "x", -5))] = choose.choice(
            (*ODD, -7, -8, -9, -19, -37, "application/cwt", w.CARD.public.kid)
        )
        header = choose.choice((_any_cbor(members), _any_cbor(members), b"", b"\xa0", b"\x80"))
        signature = signer.sign(sign1_tbs(header, payload))
        unprotected = choose.choice(({}, {4: signer.public.kid}, {2: [1]}, {1: -8}, {4: "x"}, {True: 1}))
        whole = _any_cbor([header, unprotected, payload, signature])
        return choose.choice((b"\xd2", b"\xd2", b"\xd8\x3d\xd2", b"", b"\xd8\x12", b"\xd8\x62")) + whole

    def phone(self) -> bytes:
        choose = self.choose
        card = replace(w.TOKEN_CARD, status=StatusRef(URI, choose.randrange(14)))
        if choose.random() < 0.3:
            card = replace(card, **choose.choice(_TOKEN_CHANGES))
        more: dict[str, Any] = {}
        if choose.random() < 0.4:
            more = {
                "challenge": choose.choice((b"n" * 16, b"o" * 16)),
                "audience": choose.choice(("gate 1", "gate 2")),
            }
        if choose.random() < 0.5:
            more["consent"] = frozenset(choose.choice(((9,), (1, 9), (1,), (60,))))
        time = NOW + choose.choice((0, 0, 0, 30, 31, -60, -61, 5, -5, 10**6, -(10**6)))
        return w.phone_code(time, card, phone=choose.choice((w.PHONE, w.PHONE, w.PHONE, w.CHIP)), **more)

    def bent_phone(self) -> bytes:
        """The phone's own claims or header of another kind, signed by the phone again."""
        choose = self.choose
        claims: dict[object, object] = {6: NOW, -70002: sign1(w.TOKEN, w.TOKEN_CARD.encode())}
        label = choose.choice((6, -70002, -70003, -70004, -70005, -1, 99, "x"))
        claims[label] = choose.choice(
            (*ODD, "a" * 17, "𠀀" * 16, [9, 2**53], [9, 0], w.code(), w.phone_code())
        )
        payload = _any_cbor(claims)
        header = choose.choice(
            (
                *(protected_header(-7), protected_header(-7), protected_header(-9), protected_header(-8)),
                *(
                    protected_header(-7, typ="x"),
                    protected_header(),
                    protected_header(-37),
                    _any_cbor({1: -7, 2: [3]}),
                ),
            )
        )
        return encode_sign1(header, payload, w.PHONE.sign(sign1_tbs(header, payload)))

    def damaged(self) -> bytes:
        whole = self.choose.choice((self.card, self.phone))()
        return mutate(whole, self.choose)

    def seen_again(self) -> bytes:
        return self.choose.choice(self.shown_before[-40:]) if self.shown_before else self.card()


_TOKEN_CHANGES: tuple[dict[str, Any], ...] = (
    {"expires": NOW + 13 * DAY_S + 1},
    {"expires": NOW, "status": None},
    {"expires": NOW + 60, "issued_at": NOW - 60, "status": None},
    {"services": 2**9},
    {"service_days": {9: TODAY}},
    {"service_days": {9: TODAY - 1}},
    {"holder_key": w.CARD.public},
)


def _any_cbor(item: object) -> bytes:
    """Floats too, which the format's own writer refuses."""
    return cbor2.dumps(item)
