"""The COSE working group's messages: COSE_Sign1, COSE_Sign and signed CWTs.

Every file of the folders is read. What is not signed (encrypted, MACed) must be refused as neither kind of
signed message. Exceptions among the signed ones, each with its reason:

- ``no_tag``: a message whose tag was taken off; ours always has one (section 1), so it is refused;
- ``alg_unprotected``: the algorithm stands unprotected only; ours comes from the protected header alone;
- ``crit``: critical extensions, which this format refuses whatever they are (``unsupported``);
- ``other_key``: signed on a curve that is none of ours (P-384, P-521, Ed448): the algorithm must not fit any
  of our keys. In a COSE_Sign such a signer is passed over, and the others must verify.

Countersignatures and certificates in unprotected headers are passed over: nothing there is ever believed.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest

from keys.signer import memory_signer
from tests.vectors.root import at_default_root, suite
from verify.cose import (
    EDDSA,
    ES256,
    KNOWN_ALGORITHMS,
    PublicKey,
    decode_sign,
    decode_sign1,
    fits,
    headers,
    sign1_tbs,
    sign_tbs,
    verify_signature,
)
from verify.errors import CardsvcError, Refused


@dataclass(frozen=True)
class Part:
    """One signature of a message as our functions see it."""

    protected: bytes
    tbs: bytes
    signature: bytes
    key: PublicKey | None
    secret: bytes | None
    expected_tbs: str


def load() -> list[tuple[str, dict[str, Any]]]:
    folder = suite("cose-wg-examples")
    return [
        (f"{p.parent.name}/{p.name}", json.loads(p.read_text("utf-8")))
        for p in sorted(folder.glob("*/*.json"))
    ]


FILES = load()
SIGN1 = [(name, case) for name, case in FILES if "sign0" in case["input"]]
SIGN = [(name, case) for name, case in FILES if "sign" in case["input"]]
OTHERS = [(name, case) for name, case in FILES if not {"sign", "sign0"} & case["input"].keys()]


def number(key: dict[str, str], member: str) -> bytes:
    if f"{member}_hex" in key:
        return bytes.fromhex(key[f"{member}_hex"])
    return base64.urlsafe_b64decode(key[member] + "==")


def key_of(key: dict[str, str]) -> PublicKey | None:
    if key.get("crv") == "P-256":
        return PublicKey(ES256, b"\x04" + number(key, "x") + number(key, "y"))
    return PublicKey(EDDSA, number(key, "x")) if key.get("crv") == "Ed25519" else None


def secret_of(key: dict[str, str]) -> bytes | None:
    ours = key_of(key) is not None and ("d" in key or "d_hex" in key)
    return number(key, "d").rjust(32, b"\0") if ours else None


def parts_of(case: dict[str, Any]) -> list[Part]:
    """The signatures in a message; raises our errors where it is not of our form."""
    data, made = bytes.fromhex(case["output"]["cbor"]), case["intermediates"]
    if "sign0" in case["input"]:
        given = case["input"]["sign0"]
        message = decode_sign1(data)
        external = bytes.fromhex(given.get("external", ""))
        tbs = sign1_tbs(message.protected, message.payload, external)
        key = given["key"]
        part = Part(
            message.protected, tbs, message.signature, key_of(key), secret_of(key), made["ToBeSign_hex"]
        )
        return [part]
    whole = decode_sign(data)
    headers(whole.protected)
    signers = zip(whole.signatures, case["input"]["sign"]["signers"], made["signers"], strict=True)
    return [
        Part(
            found.protected,
            sign_tbs(
                whole.protected, found.protected, whole.payload, bytes.fromhex(given.get("external", ""))
            ),
            found.signature,
            key_of(given["key"]),
            secret_of(given["key"]),
            step["ToBeSign_hex"],
        )
        for found, given, step in signers
    ]


def exception(case: dict[str, Any]) -> str | None:
    """Why a sound message is none of ours."""
    message = case["input"].get("sign0") or case["input"]["sign"]
    if "RemoveCBORTag" in case["input"].get("failures", {}):
        return "no_tag"
    signers = message.get("signers", [message])
    if any("crit" in part.get("protected", {}) for part in (message, *signers)):
        return "crit"
    changed = case["input"].get("failures", {}).get("ChangeProtected") == "a0"
    if changed or all("alg" not in part.get("protected", {}) for part in signers):
        return "alg_unprotected"
    return "other_key" if all(key_of(part["key"]) is None for part in signers) else None


def holds(part: Part) -> bool:
    return (
        part.key is not None
        and fits(part.key, headers(part.protected).algorithm)
        and verify_signature(part.key, part.tbs, part.signature)
    )


def test_numbers_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    why = {name: exception(case) for name, case in SIGN1 + SIGN if not case.get("fail") and exception(case)}
    with capsys.disabled():
        print(
            f" cose-wg-examples: {len(SIGN1)} Sign1, {len(SIGN)} Sign, {len(OTHERS)} others, not ours: {why} "
        )
    if at_default_root():
        assert (len(SIGN1), len(SIGN), len(OTHERS)) == (9, 14, 60)
        assert why == {
            "sign1-tests/sign-pass-01.json": "alg_unprotected",
            "sign1-tests/sign-pass-03.json": "no_tag",
            "RFC8152/Appendix_C_1_4.json": "crit",
            "ecdsa-examples/ecdsa-03.json": "other_key",
            "ecdsa-examples/ecdsa-sig-03.json": "other_key",
        }


@pytest.mark.parametrize(("name", "case"), SIGN1 + SIGN, ids=[name for name, _ in SIGN1 + SIGN])
def test_signed_message(name: str, case: dict[str, Any]) -> None:
    why = exception(case)
    if why in ("no_tag", "crit"):
        with pytest.raises(CardsvcError) as caught:
            parts_of(case)
        assert caught.value.reason == {"no_tag": "malformed", "crit": "unsupported"}[why]
        return
    if case.get("fail"):
        assert not passes(case)
        return
    ours = 0
    for part in parts_of(case):
        if why is None:
            assert part.tbs.hex() == part.expected_tbs.lower()
        if why == "alg_unprotected":
            assert headers(part.protected).algorithm is None
        elif part.key is None:
            assert headers(part.protected).algorithm not in KNOWN_ALGORITHMS
        else:
            assert holds(part)
            ours += 1
    assert ours > 0 or why in ("other_key", "alg_unprotected")


def passes(case: dict[str, Any]) -> bool:
    try:
        return all(map(holds, parts_of(case)))
    except CardsvcError:
        return False


@pytest.mark.parametrize(("name", "case"), SIGN1 + SIGN, ids=[name for name, _ in SIGN1 + SIGN])
def test_signing_again_with_ed25519_gives_the_same_bytes(name: str, case: dict[str, Any]) -> None:
    if case.get("fail") or exception(case):
        return
    for part in parts_of(case):
        if part.key is None or part.secret is None:
            continue
        signer = memory_signer(part.secret, part.key.algorithm)
        assert signer.public == part.key
        again = signer.sign(part.tbs)
        assert verify_signature(part.key, part.tbs, again)
        assert part.key.algorithm != EDDSA or again == part.signature


@pytest.mark.parametrize(("name", "case"), OTHERS, ids=[name for name, _ in OTHERS])
def test_what_is_not_signed_is_refused(name: str, case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["output"]["cbor"])
    for decode in (decode_sign1, decode_sign):
        with pytest.raises(Refused) as caught:
            decode(data)
        assert caught.value.reason == "malformed"
