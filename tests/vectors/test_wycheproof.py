"""Signatures that broke other people's verifiers: Ed25519, and P-256 with r‖s and with DER.

Ours reads 64 raw bytes only. The file with DER signatures is run too: a strictly DER SEQUENCE of two
integers from 0 to 2^256-1 is turned into r‖s; one that is not strictly so cannot even be presented to the
verifier (it has no form in COSE), and must then be an invalid case. No exceptions.
"""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from tests.vectors.root import at_default_root, suite
from verify.cose import EDDSA, ES256, PublicKey, verify_signature

FILES = {
    "ed25519_test": 76,
    "ecdsa_secp256r1_sha256_p1363_test": 131,
    "ecdsa_secp256r1_sha256_test": 242,
}


def load() -> dict[str, list[tuple[PublicKey, dict[str, Any]]]]:
    folder = suite("wycheproof")
    return {name: cases(json.loads((folder / f"{name}.json").read_text("utf-8"))) for name in FILES}


def cases(file: dict[str, Any]) -> list[tuple[PublicKey, dict[str, Any]]]:
    return [(key_of(group["publicKey"]), case) for group in file["testGroups"] for case in group["tests"]]


def key_of(public: dict[str, str]) -> PublicKey:
    if public["curve"] == "edwards25519":
        return PublicKey(EDDSA, bytes.fromhex(public["pk"]))
    return PublicKey(ES256, bytes.fromhex(public["uncompressed"]))


CASES = load()


def raw_of(der: bytes) -> bytes | None:
    """The signature as r‖s; None where it is not exactly DER, or a number has no 32 bytes."""
    try:
        r, s = decode_dss_signature(der)
        if encode_dss_signature(r, s) != der:
            return None
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    except (ValueError, OverflowError):
        return None


@pytest.mark.parametrize("name", FILES)
def test_numbers_of_cases(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    results = [case["result"] for _, case in CASES[name]]
    with capsys.disabled():
        print(f" wycheproof/{name}: {len(results)} cases, {results.count('valid')} valid ")
    if at_default_root():
        assert len(results) == FILES[name]


@pytest.mark.parametrize(
    ("name", "public", "case"),
    [
        pytest.param(name, public, case, id=f"{name}-{case['tcId']}")
        for name, file in CASES.items()
        for public, case in file
    ],
)
def test_signature(name: str, public: PublicKey, case: dict[str, Any]) -> None:
    signature: bytes | None = bytes.fromhex(case["sig"])
    if name == "ecdsa_secp256r1_sha256_test":
        signature = raw_of(bytes.fromhex(case["sig"]))
    accepted = signature is not None and verify_signature(public, bytes.fromhex(case["msg"]), signature)
    if case["result"] != "acceptable":
        assert accepted is (case["result"] == "valid"), case["comment"]
