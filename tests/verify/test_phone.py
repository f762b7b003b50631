"""Phone codes and chips: fresh, once, and bound to what holds them (sections 6 and 7)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keys.signer import sign1
from tests.verify import world as w
from tests.verify.world import (
    CHIP_CODE,
    CHIP_UID,
    NOW,
    PHONE,
    TOKEN_CARD,
    World,
    chip_proof,
    code,
    judge,
    phone_code,
)
from verify import cbor
from verify.cose import EDDSA, ES256, encode_sign1, protected_header, sign1_tbs, thumbprint
from verify.phone import Challenge, ChipProof, PhoneCode, SeenSet
from verify.rules import Policy, Quota
from verify.store import KEEP_SEEN_S, SeenFile, SeenInMemory
from verify.verdict import Answer, Role
from verify.verifier import Presentation, Verifier

NONCE = bytes(range(16))
CHALLENGE = Challenge(NONCE, "centre-1", NOW)
N_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def answer_to(challenge: Challenge, time: int = NOW) -> bytes:
    return phone_code(time, challenge=challenge.nonce, audience=challenge.audience)


@pytest.fixture(params=["file", "memory"])
def seen(request: pytest.FixtureRequest, tmp_path: Path) -> SeenSet:
    return SeenFile(tmp_path / "seen.sqlite") if request.param == "file" else SeenInMemory()


@pytest.fixture
def reader(seen: SeenSet) -> Verifier:
    return World().reader(seen=seen)


def reason(reader: Verifier, shown: bytes, now: int = NOW, challenge: Challenge | None = None) -> str:
    return reader.judge(Presentation(shown, challenge=challenge), now).reason


@pytest.mark.parametrize(
    ("age", "expected"),
    [(-31, "stale_code"), (-30, "ok"), (0, "ok"), (60, "ok"), (61, "stale_code"), (2**40, "stale_code")],
)
def test_a_code_is_fresh_from_30_s_before_to_60_s_after(age: int, expected: str) -> None:
    verdict = judge(phone_code(NOW - age))
    assert verdict.reason == expected
    assert verdict.assurance is None if expected != "ok" else verdict.assurance is not None


def test_the_same_code_again(reader: Verifier) -> None:
    shown = Presentation(phone_code())
    first, again = reader.judge(shown, NOW), reader.judge(shown, NOW + 3)
    assert (first.reason, first.opens, first.repeated) == ("ok", True, False)
    assert (again.reason, again.opens, again.repeated) == ("ok", False, True)
    assert reader.judge(shown, NOW + 4).reason == "replayed"
    assert reader.judge(shown, NOW + 5).reason == "replayed"
    assert reason(reader, phone_code(NOW + 1), NOW + 5) == "ok"


def test_a_repeated_scan_is_not_counted_against_the_holder() -> None:
    class Entered:
        def admissions(self, number: str, service: int | None, since: int, until: int) -> int:
            return 99

        def last_entry(self, number: str) -> int | None:
            return NOW

    seen = SeenInMemory()
    shown = Presentation(phone_code())
    assert World().reader(seen=seen).judge(shown, NOW).reason == "ok"
    world = World(policy=Policy(quota=Quota(1, 60), passback_s=60).encode())
    again = world.reader(seen=seen, history=Entered()).judge(shown, NOW + 1)
    assert (again.reason, again.opens) == ("ok", False)


def test_another_signature_over_the_same_payload_is_the_same_presentation(reader: Verifier) -> None:
    payload = PhoneCode(NOW, sign1(w.TOKEN, TOKEN_CARD.encode())).encode()
    header = protected_header(ES256)
    signature = PHONE.sign(sign1_tbs(header, payload))
    r, s = signature[:32], int.from_bytes(signature[32:], "big")
    twin = r + (N_P256 - s).to_bytes(32, "big")
    assert reason(reader, encode_sign1(header, payload, signature)) == "ok"
    assert reason(reader, encode_sign1(header, payload, twin), NOW + 10) == "replayed"
    other_head = protected_header(-9)
    signed = encode_sign1(other_head, payload, PHONE.sign(sign1_tbs(other_head, payload)))
    assert reason(reader, signed, NOW + 10) == "replayed"


def test_another_wrapping_of_the_same_token_is_the_same_presentation(reader: Verifier) -> None:
    token = sign1(w.TOKEN, TOKEN_CARD.encode())
    assert reason(reader, phone_code(token=token)) == "ok"
    assert reason(reader, phone_code(token=b"\xd8\x3d" + token), NOW + 10) == "replayed"
    assert reason(reader, phone_code(token=token, consent=frozenset({9})), NOW + 10) == "replayed"


def test_a_challenge_proves_without_the_time(reader: Verifier) -> None:
    shown = Presentation(answer_to(CHALLENGE, NOW - 10_000), challenge=CHALLENGE)
    verdict = reader.judge(shown, NOW + 30)
    assert (verdict.reason, verdict.assurance and verdict.assurance.label) == ("ok", "phone-proved")
    again = reader.judge(shown, NOW + 30)
    assert (again.reason, again.repeated, again.opens) == ("ok", True, False)


@pytest.mark.parametrize(
    ("shown_at", "nonce", "audience", "assurance"),
    [
        (NOW, NONCE, "centre-1", "phone-proved"),
        (NOW - 30, NONCE, "centre-1", "phone-proved"),
        (NOW - 31, NONCE, "centre-1", "phone"),
        (NOW + 1, NONCE, "centre-1", "phone"),
        (NOW, bytes(16), "centre-1", "phone"),
        (NOW, NONCE, "centre-2", "phone"),
    ],
)
def test_what_is_no_answer_is_judged_by_its_time(
    shown_at: int, nonce: bytes, audience: str, assurance: str
) -> None:
    challenge = replace(CHALLENGE, shown_at=shown_at)
    for time, expected in ((NOW, "ok"), (NOW - 61, "ok" if assurance == "phone-proved" else "stale_code")):
        shown = phone_code(time, challenge=nonce, audience=audience)
        verdict = judge(Presentation(shown, challenge=challenge))
        assert verdict.reason == expected
        if expected == "ok":
            assert verdict.assurance is not None
            assert verdict.assurance.label == assurance


def test_a_challenge_is_answered_once_and_a_second_answer_never_passes(reader: Verifier) -> None:
    assert reason(reader, answer_to(CHALLENGE), NOW, CHALLENGE) == "ok"
    second = answer_to(CHALLENGE, NOW + 1)
    for now in (NOW, NOW, NOW + 1, NOW + 2):  # As a camera would, picture after picture.
        assert reason(reader, second, now, CHALLENGE) == "replayed"


def test_a_token_alone_is_stripped_not_unsigned() -> None:
    token = sign1(w.TOKEN, TOKEN_CARD.encode())
    for shown in (token, w.text_of(token)):
        assert judge(shown).reason == "stripped_binding"
    assert judge(Presentation(token, tag_uid=CHIP_UID)).reason == "stripped_binding"


def outer(header: bytes = protected_header(ES256), **changes: Any) -> bytes:
    claims = {6: NOW, -70002: sign1(w.TOKEN, TOKEN_CARD.encode())} | changes.pop("claims", {})
    payload = cbor.encode({key: value for key, value in claims.items() if value is not None})
    return encode_sign1(header, payload, PHONE.sign(sign1_tbs(header, payload)))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (outer(), "ok"),
        (outer(claims={99: "more", "text": 1}), "ok"),
        (outer(claims={-1: 0}), "unsupported"),
        (outer(claims={6: None}), "malformed"),
        (outer(claims={6: "now"}), "malformed"),
        (outer(claims={6: 2**60}), "malformed"),
        (outer(claims={-70002: b"junk"}), "malformed"),
        (outer(claims={-70003: bytes(15)}), "malformed"),
        (outer(claims={-70004: "x" * 17}), "malformed"),
        (outer(claims={-70005: [0]}), "malformed"),
        (outer(claims={-70005: 9}), "malformed"),
        (outer(claims={-70002: code()}), "malformed"),  # A printed card names no phone.
        (outer(claims={-70002: phone_code()}), "malformed"),  # Nor does a phone sign around a phone's code.
        (outer(protected_header(EDDSA)), "bad_signature"),
        (outer(protected_header(-35)), "unsupported"),
        (outer(b""), "malformed"),
        (outer(cbor.encode({1: -7, 2: [1]})), "unsupported"),
        (outer(protected_header(ES256, typ="application/statuslist+cwt")), "malformed"),
        (phone_code(phone=w.CHIP), "bad_signature"),
        (phone_code(phone=w.STRANGER), "bad_signature"),
        (phone_code(token=sign1(w.STRANGER, TOKEN_CARD.encode())), "unknown_key"),
        (phone_code(token=sign1(w.CARD, TOKEN_CARD.encode())), "wrong_key_use"),
    ],
)
def test_what_is_around_the_token(shown: bytes, expected: str) -> None:
    verdict = judge(shown)
    assert verdict.reason == expected
    assert verdict.opens is (expected == "ok")


def test_what_is_wrong_in_the_outer_form_comes_before_the_key() -> None:
    payload = PhoneCode(NOW, sign1(w.STRANGER, TOKEN_CARD.encode())).encode()
    assert judge(encode_sign1(b"", payload, bytes(64))).reason == "malformed"


def test_a_key_off_the_curve_verifies_nothing() -> None:
    key = replace(PHONE.public, raw=b"\x04" + bytes(64))
    assert judge(phone_code(card=replace(TOKEN_CARD, holder_key=key))).reason == "bad_signature"


@pytest.mark.parametrize("raw", [b"\x01" + bytes(31), w.CARD.public.raw], ids=["small order", "sound"])
def test_a_phone_holds_a_p256_key_and_no_other(raw: bytes) -> None:
    card = replace(TOKEN_CARD, holder_key=replace(w.CARD.public, raw=raw))
    payload = PhoneCode(NOW, sign1(w.TOKEN, card.encode())).encode()
    assert judge(encode_sign1(protected_header(EDDSA), payload, raw + bytes(32))).reason == "malformed"


def test_a_token_lives_for_14_days_and_no_longer() -> None:
    since = TOKEN_CARD.issued_at
    assert judge(phone_code(card=replace(TOKEN_CARD, expires=since + 14 * 86_400))).reason == "ok"
    assert judge(phone_code(card=replace(TOKEN_CARD, expires=since + 14 * 86_400 + 1))).reason == "malformed"


def test_only_a_token_of_24_hours_does_without_status() -> None:
    day = {"status": None, "issued_at": NOW, "not_before": NOW}
    for life, seller, gate in ((86_400, "ok", "no_entitlement"), (86_401, "malformed", "malformed")):
        token = phone_code(card=replace(TOKEN_CARD, **day, expires=NOW + life), consent=frozenset({9}))
        assert judge(token, role=Role.SELLER).reason == seller
        # Where it stood for a card, it would outlive the card's revocation.
        assert judge(token).reason == gate
    assert judge(code(**day, expires=NOW + 3600)).reason == "malformed"


def test_stolen_token_keys_are_distrusted_too() -> None:
    payload = TOKEN_CARD.encode()
    for distrusted, expected in (
        ({w.TOKEN.public.kid: None}, "attention"),
        ({w.TOKEN.public.kid: [payload]}, "allow"),
    ):
        assert judge(phone_code(), World(distrusted=distrusted)).answer == expected


def test_the_seen_set_survives_a_restart_and_forgets_in_time(tmp_path: Path) -> None:
    path = tmp_path / "seen.sqlite"
    shown = Presentation(phone_code())
    assert World().reader(seen=SeenFile(path)).judge(shown, NOW).reason == "ok"
    assert World().reader(seen=SeenFile(path)).judge(shown, NOW + 10).reason == "replayed"
    seen = SeenFile(path)
    assert seen.first_seen(b"new", NOW + KEEP_SEEN_S + 1) is None
    assert seen.first_seen(b"new", NOW + KEEP_SEEN_S + 2) == NOW + KEEP_SEEN_S + 1


def test_a_failing_memory_opens_no_door(tmp_path: Path) -> None:
    path = tmp_path / "seen.sqlite"
    reader = World().reader(seen=SeenFile(path))
    path.write_bytes(b"not a database" * 100)
    verdict = reader.judge(Presentation(phone_code()), NOW)
    assert (verdict.answer, verdict.reason, verdict.opens) == (Answer.ATTENTION, "seen_unusable", False)
    assert reader.judge(Presentation(code()), NOW).reason == "ok"


# --- Chips --------------------------------------------------------------------------------------------------

CHIP_BYTES = code(CHIP_CODE)
OTHER = w.signer("another chip", ES256)


@pytest.mark.parametrize(
    ("shown", "expected", "assurance"),
    [
        (Presentation(code()), "ok", "print"),
        (Presentation(code(), tag_uid=CHIP_UID), "ok", "print"),  # Not signed for a chip: no more than print.
        (Presentation(CHIP_BYTES), "ok", "print"),  # Signed for a chip, but read from paper.
        (Presentation(CHIP_BYTES, tag_uid=CHIP_UID), "ok", "chip"),
        (Presentation(CHIP_BYTES, tag_uid=CHIP_UID[:-1]), "wrong_chip", None),
        (Presentation(CHIP_BYTES, tag_uid=b""), "wrong_chip", None),
        (Presentation(CHIP_BYTES, tag_uid=CHIP_UID, chip_proof=chip_proof()), "ok", "chip-proved"),
        (Presentation(CHIP_BYTES, chip_proof=chip_proof()), "ok", "print"),
        (Presentation(CHIP_BYTES, tag_uid=bytes(7), chip_proof=chip_proof()), "wrong_chip", None),
    ],
)
def test_chips(shown: Presentation, expected: str, assurance: str | None) -> None:
    verdict = judge(shown)
    assert verdict.reason == expected
    assert (verdict.assurance and verdict.assurance.label) == assurance


@pytest.mark.parametrize(
    "proof",
    [
        chip_proof(chip=OTHER),
        chip_proof(key=PHONE.public.raw),
        chip_proof(key=b""),
        chip_proof(key=w.CARD.public.raw),
        chip_proof(key=b"\x04" + bytes(64)),
        chip_proof(challenge=bytes(16)),
        chip_proof(challenge=b""),
        chip_proof(signature=bytes(64)),
        chip_proof(signature=b""),
        chip_proof(took_s=2.01),
        chip_proof(took_s=float("nan")),
        chip_proof(w.CODE),
    ],
)
def test_a_chip_that_proves_nothing(proof: ChipProof) -> None:
    verdict = judge(Presentation(CHIP_BYTES, tag_uid=CHIP_UID, chip_proof=proof))
    assert (verdict.answer, verdict.reason) == (Answer.DENY, "chip_not_proved")


def test_a_weak_chip_key_that_was_signed_in_proves_nothing() -> None:
    raw = b"\x04" + bytes(64)
    card = replace(CHIP_CODE, chip_key=thumbprint(replace(PHONE.public, raw=raw))[:16])
    shown = Presentation(code(card), tag_uid=CHIP_UID, chip_proof=chip_proof(card, key=raw))
    assert judge(shown).reason == "chip_not_proved"


def test_a_chip_without_a_key_cannot_be_proved() -> None:
    card = replace(CHIP_CODE, chip_key=None)
    assert judge(Presentation(code(card), tag_uid=CHIP_UID)).reason == "ok"
    shown = Presentation(code(card), tag_uid=CHIP_UID, chip_proof=chip_proof(card))
    assert judge(shown).reason == "chip_not_proved"


def test_a_proof_within_2_s_counts() -> None:
    shown = Presentation(CHIP_BYTES, tag_uid=CHIP_UID, chip_proof=chip_proof(took_s=2.0))
    assert judge(shown).reason == "ok"
