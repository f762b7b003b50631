"""What a stranger can show: nothing of it is allowed, nothing of it makes the reader stumble."""

import random
import tracemalloc
import zlib
from collections import Counter
from functools import cache
from typing import Any

import pytest

from keys.signer import sign1
from tests.verify import world as w
from tests.verify.world import CODE, IDENTITY_CODE, NOW, TODAY, World, code
from verify import cbor, text
from verify.cose import EDDSA, PublicKey, check_public, encode_sign1, protected_header, verify_signature
from verify.errors import CardsvcError, Refused
from verify.phone import PhoneCode
from verify.verdict import Answer, Verdict
from verify.verifier import Presentation, Verifier

GATE, IDENTITY = code(), code(IDENTITY_CODE)
TOKEN = sign1(w.TOKEN, w.TOKEN_CARD.encode())
PHONE = w.phone_code()
MUTATED, STRUCTURED = 10_000, 2_000

#: All that the format's section 8 knows, and nothing else, may be said to a stranger.
REASONS = frozenset(
    (
        *("not_ours", "malformed", "unsupported", "wrong_key_use", "unknown_key", "bad_signature"),
        *("stripped_binding", "stale_code"),
    )
)


@cache
def reader() -> Verifier:
    return World().reader()


def judged(shown: str | bytes) -> Verdict:
    verdict = reader().judge(Presentation(shown, 3), NOW)
    assert verdict.answer is not Answer.ALLOW, repr(shown)
    assert not verdict.opens
    assert verdict.reason in REASONS
    assert verdict.reason in ("stripped_binding", "stale_code") or (verdict.card is verdict.view is None)
    return verdict


def flips(data: bytes) -> list[bytes]:
    whole = int.from_bytes(data, "big")
    return [(whole ^ 1 << bit).to_bytes(len(data), "big") for bit in range(8 * len(data))]


@pytest.mark.parametrize("whole", [GATE, IDENTITY, PHONE], ids=["gate", "identity", "phone"])
def test_every_flipped_bit_is_refused(whole: bytes) -> None:
    reasons = Counter(judged(flipped).reason for flipped in flips(whole))
    assert {"malformed", "unknown_key", "bad_signature"} <= reasons.keys()
    assert sum(reasons.values()) == 8 * len(whole)


@pytest.mark.parametrize("whole", [GATE, IDENTITY], ids=["gate", "identity"])
def test_every_changed_character_is_refused_unless_the_bytes_stay_the_same(whole: bytes) -> None:
    shown, choose = w.text_of(whole), random.Random(45)
    alphabet = text.ALPHABET.decode()
    same = 0
    for place, symbol in enumerate(shown):
        others = [other for other in alphabet if other != symbol]
        for other in (*choose.sample(others, 6), "a", "\0", "é"):
            changed = shown[:place] + other + shown[place + 1 :]
            try:
                unchanged = text.decode(changed) == whole
            except Refused:
                unchanged = False
            if unchanged:  # The last bits of a deflate stream mean nothing.
                same += 1
                assert reader().judge(Presentation(changed, 3), NOW).reason == "ok"
            else:
                judged(changed)
    assert same < 10


def test_every_shorter_code_is_refused() -> None:
    shown = w.text_of(GATE)
    for size in range(len(shown)):
        judged(shown[:size])
    for size in range(len(GATE)):
        judged(GATE[:size])


def mutate(data: bytes, choose: random.Random) -> bytes:
    """One to four accidents: bits, bytes, cuts, doublings, lengths that lie."""
    out = bytearray(data)
    for _ in range(choose.randint(1, 4)):
        place = choose.randrange(len(out)) if out else 0
        match choose.randrange(7):
            case 0:
                out[place : place + 1] = bytes((out[place] ^ 1 << choose.randrange(8),)) if out else b""
            case 1:
                out[place : place + 1] = choose.randbytes(1)
            case 2:
                del out[place : place + choose.randint(1, 30)]
            case 3:
                out[place:place] = choose.randbytes(choose.randint(1, 20))
            case 4:
                out[place:place] = out[place : place + choose.randint(1, 60)]
            case 5:
                lies = (b"\x5b" + b"\xff" * 8, b"\x9b" + b"\x7f" * 8, b"\xbb" + b"\x0f" * 8, b"\xff", b"\xfb")
                out[place : place + 1] = choose.choice(lies)
            case _:
                out[place : place + 1] = bytes(
                    (choose.choice((0x18, 0x3B, 0x7F, 0x9F, 0xC2, 0xD8, 0xF7, 0xF9)),)
                )
    return bytes(out)


def test_mutated_codes() -> None:
    choose = random.Random(169)
    reasons: Counter[str] = Counter()
    for _ in range(MUTATED):
        original = choose.choice((GATE, IDENTITY, TOKEN, PHONE))
        changed = mutate(original, choose)
        if changed == original:
            continue
        match choose.randrange(3):
            case 0:
                shown: str | bytes = changed
            case 1:
                shown = w.text_of(changed)
            case _:
                broken = mutate(zlib.compress(original, 9), choose)
                if broken == zlib.compress(original, 9):
                    continue
                shown = text.base45_encode(broken)
                if _inflates_to(broken, original):
                    continue
        reasons[judged(shown).reason] += 1
    print(f" {sum(reasons.values())} mutated: {dict(reasons)} ")
    assert reasons.total() > 0.95 * MUTATED
    assert {"not_ours", "malformed", "unknown_key", "bad_signature"} <= reasons.keys()


def _inflates_to(data: bytes, original: bytes) -> bool:
    try:
        return text.inflate(data, text.MAX_INFLATED) == original
    except CardsvcError:
        return False


# --- Structured: sound COSE around hostile claims, signed by a stranger under our kid ---------------------


def anything(choose: random.Random, depth: int = 0) -> Any:
    """Any item of CBOR, odd ones more often than common ones."""
    kind = choose.randrange(12 if depth < 4 else 9)
    match kind:
        case 0:
            return choose.choice((0, 1, -1, 2**53, -(2**53), 2**63, -(2**64), 23, 24, 255, 65535))
        case 1:
            return choose.choice((True, False, None))
        case 2:
            return choose.choice(("", "x" * 400, "cn-yiwu", "﷽", "\0", "A" * 9, w.URI))
        case 3:
            return choose.randbytes(choose.choice((0, 1, 7, 8, 16, 32, 64)))
        case 4:
            return choose.choice((NOW - 5, NOW + 5, TODAY - 5, TODAY + 5, choose.randint(-(2**40), 2**40)))
        case 5:
            return {"status_list": {"idx": anything(choose, 5), "uri": anything(choose, 5)}}
        case 6:
            return {1: {1: anything(choose, 5), -1: anything(choose, 5), -2: anything(choose, 5)}}
        case 7:
            return [anything(choose, 5), anything(choose, 5)]
        case 8:
            return w.TOKEN_CARD.holder_key.to_cose_key() if w.TOKEN_CARD.holder_key else {}
        case 9:
            return [anything(choose, depth + 1) for _ in range(choose.randrange(5))]
        case _:
            labels = [choose.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1, -2, "x", 169)) for _ in range(4)]
            return {label: anything(choose, depth + 1) for label in labels}


def bend(claims: dict[Any, Any], choose: random.Random) -> dict[Any, Any]:
    if choose.random() < 0.3:  # Plausible values in plausible places, so that not all ends in step 1.
        claims[choose.choice((4, 5, 6))] = NOW + choose.randint(-5, 5) * choose.choice((1, 10**6))
        return claims
    city, person = dict(claims[-70001]), dict(claims.get(169, {}))
    for _ in range(choose.randint(1, 3)):
        target = choose.choice((claims, city, city, person))
        label = choose.choice((*target, *range(13), 169, 65535, -70002, -70003, -1, "x"))
        if choose.random() < 0.25:
            target.pop(label, None)
        else:
            target[label] = anything(choose)
    if choose.random() < 0.9 and claims.get(-70001) is not None:
        claims[-70001] = city
    if person and choose.random() < 0.9:
        claims[169] = person
    return claims


@pytest.mark.parametrize("genuine", [False, True], ids=["by a stranger", "by the issuer"])
def test_structured_claims(genuine: bool) -> None:
    """Even where the issuer itself signed nonsense, the reader answers and does not stumble."""
    choose = random.Random(9052)
    reasons: Counter[str] = Counter()
    for _ in range(STRUCTURED):
        card = choose.choice((CODE, IDENTITY_CODE, w.TOKEN_CARD))
        claims = bend(w.claims_of(card), choose)
        key = w.TOKEN if card is w.TOKEN_CARD else w.CARD
        header = choose.choice(
            (protected_header(-8, key.public.kid),) * 6
            + (b"", b"\xa0", b"\x80", protected_header(-7, key.public.kid), cbor.encode(anything(choose)))
        )
        payload = cbor.encode(claims)
        whole = w.sign_under(header, payload, key if genuine else w.STRANGER)
        if card is w.TOKEN_CARD and choose.random() < 0.7:
            whole = w.phone_code(token=whole)
        if genuine:
            verdict = reader().judge(Presentation(whole, 3), NOW)
            reasons[verdict.reason] += 1
            assert verdict.to_json()["verdict"] == verdict.answer
        else:
            reasons[judged(whole).reason] += 1
    print(f" {reasons.total()} structured: {dict(reasons)} ")
    assert reasons.total() == STRUCTURED
    assert "malformed" in reasons
    assert {"ok", "expired", "not_yet_valid"} <= reasons.keys() if genuine else "bad_signature" in reasons


@pytest.mark.parametrize(
    "outer",
    [
        {6: NOW, -70002: {}},
        {6: NOW, -70002: b""},
        {6: NOW, -70002: 1},
        {-70002: TOKEN},
        {6: NOW, -70002: TOKEN, True: 1},
        {6: NOW, -70002: TOKEN, -70003: "text", -70004: b"bytes"},
        {6: NOW, -70002: TOKEN, -70005: {1: 1}},
        {6: NOW, -70002: TOKEN, -70005: [[9]]},
        {6: 2**53 + 1, -70002: TOKEN},
        {6: -(2**53) - 1, -70002: TOKEN},
        {6: NOW, -70002: TOKEN, -70005: [2**53 + 1]},
    ],
)
def test_hostile_phone_claims(outer: dict[Any, Any]) -> None:
    payload = cbor.encode(outer)
    assert judged(encode_sign1(protected_header(-7), payload, bytes(64))).reason == "malformed"


def test_a_phone_time_of_any_size_is_judged() -> None:
    for moment in (2**53, -(2**53), 0, -1):
        assert judged(w.phone_code(moment)).reason == "stale_code"


# --- Bombs ------------------------------------------------------------------------------------------------


def test_an_inflate_bomb_costs_no_memory() -> None:
    bomb = zlib.compressobj(9)
    mebibyte = bytes(1 << 20)
    data = b"".join([*(bomb.compress(mebibyte) for _ in range(200)), bomb.flush()])
    whole = text.base45_encode(data)
    for shown in (whole, whole[:4296]):
        tracemalloc.start()
        assert judged(shown).reason == "malformed"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2 << 20


@pytest.mark.parametrize(
    "bomb",
    [
        b"\xd2" + b"\x81" * 60_000 + b"\x00",
        b"\xd2" + b"\xc1" * 60_000 + b"\x00",
        b"\xd2\x84" + b"\x5b\x00\x00\x00\xff\xff\xff\xff\xff" + bytes(100),
        b"\xd2\x9b\x00\x00\x00\xff\xff\xff\xff\xff" + bytes(100),
        b"\xd2\xbb\x00\x00\x00\xff\xff\xff\xff\xff" + bytes(100),
        b"\xd2\x84" + b"\x7b\x00\x00\x00\x00\x7f\xff\xff\xff" + bytes(100),
        b"\xd2\xc2\x5a\x00\x01\x00\x00" + b"\xff" * 65_536,
        b"\xd2\x84" + bytes(70_000),
        bytes(50_000_000),
    ],
    ids=[
        "deep arrays",
        "deep tags",
        "long bytes",
        "long array",
        "long map",
        "long text",
        "big number",
        "over",
        "huge",
    ],
)
def test_lengths_that_lie_and_depths_cost_no_memory(bomb: bytes) -> None:
    tracemalloc.start()
    assert judged(bomb).reason == "malformed"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20


def test_a_stranger_cannot_fill_the_memory_with_headers() -> None:
    own = World().reader()
    payload = CODE.encode()
    for number in range(3000):
        header = cbor.encode({1: -8, 4: w.CARD.public.kid, 99: number})
        assert (
            own.judge(Presentation(encode_sign1(header, payload, bytes(64))), NOW).reason == "bad_signature"
        )
    big = cbor.encode({1: -8, 4: w.CARD.public.kid, 99: bytes(60_000)})
    assert own.judge(Presentation(encode_sign1(big, payload, bytes(64))), NOW).reason == "bad_signature"
    assert len(own._headers) <= 1024
    assert max(map(len, own._headers)) <= 64
    assert own.judge(Presentation(code()), NOW).reason == "ok"


# --- Keys, encodings --------------------------------------------------------------------------------------

P = 2**255 - 19
#: The eight points of small order and the encodings that libsodium's list adds, sign bit set or not.
SMALL_ORDER = [
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
]


@pytest.mark.parametrize("raw", SMALL_ORDER + [raw[:31] + bytes((raw[31] | 0x80,)) for raw in SMALL_ORDER])
def test_small_order_keys_are_refused_and_verify_nothing(raw: bytes) -> None:
    key = PublicKey(EDDSA, raw)
    with pytest.raises(Refused) as caught:
        check_public(key)
    assert caught.value.reason == "weak_key"
    for r in SMALL_ORDER:
        for message in (b"", b"one", b"two", b"three"):
            assert not verify_signature(key, message, r + bytes(32))


@pytest.mark.parametrize("beyond", range(1, 19))
def test_keys_that_are_not_canonical_are_refused(beyond: int) -> None:
    with pytest.raises(Refused) as caught:
        check_public(PublicKey(EDDSA, (P + beyond).to_bytes(32, "little")))
    assert caught.value.reason == "weak_key"


def test_a_signature_with_s_over_the_order_is_refused() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    message = b"a card"
    signature = w.CARD.sign(message)
    twin = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert verify_signature(w.CARD.public, message, signature)
    assert not verify_signature(w.CARD.public, message, twin)


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        (b"\xbf\x01\x02\xff", "indefinite map"),
        (b"\xa1\x01\x9f\xff", "indefinite array"),
        (b"\xa1\x01\x5f\x41\x00\xff", "indefinite bytes"),
        (b"\xa2\x01\x02\x01\x03", "duplicate key"),
        (b"\xa2\x01\x02\x18\x01\x03", "duplicate key, longer form"),
        (b"\xa1\x61\xff\x00", "invalid UTF-8"),
        (b"\xa1\x01\xc1\x00", "a tag"),
        (b"\xa1\x01\xd9\x01\x04\x44\x7f\x00\x00\x01", "an address by tag"),
        (b"\xa1\x01\xd8\x23\x61\x28", "a regular expression by tag"),
        (b"\xa1\x01\xc2\x41\x01", "a big integer"),
        (b"\xa1\xf5\x01", "a key true"),
        (b"\xa1\xf9\x3c\x00\x01", "a key 1.0"),
        (b"\xa1\xf6\x01", "a key null"),
        (b"\xa1\x80\x01", "a key that is an array"),
        (b"\xa1\xa0\x01", "a key that is a map"),
        (b"\xa0\x00", "a byte after it"),
        (b"", "nothing"),
        (b"\x81" * 17 + b"\x00", "too deep"),
        (b"\xf6", "null"),
        (b"\xd9\xd9\xf7\xa0", "self-described"),
        (b"\xa1\x01\xf8\x10", "a simple value in two bytes"),
        (b"\xa1\x01\x1c", "a reserved length"),
    ],
)
def test_payloads_outside_the_profile(payload: bytes, what: str) -> None:
    whole = sign1(w.CARD, payload)
    assert reader().judge(Presentation(whole), NOW).reason == "malformed", what


def test_a_code_inside_a_code_inside_a_code() -> None:
    whole = TOKEN
    for _ in range(50):
        payload = PhoneCode(NOW, whole).encode()
        whole = encode_sign1(protected_header(-7), payload, bytes(64))
    assert judged(whole).reason == "malformed"
