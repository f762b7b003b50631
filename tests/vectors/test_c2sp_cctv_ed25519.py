"""Edge cases of Ed25519, judged by one stated rule (section 1), which is libsodium's.

S < L, A and R canonical and not of small order, no cofactor: a signature passes if and only if none of the
flags in ``REFUSED`` is set. A point with a component of low order passes as long as the equation holds
without the cofactor. No exceptions.
"""

import json
from collections import Counter
from typing import Any

import pytest

from tests.vectors.root import at_default_root, suite
from verify.cose import EDDSA, PublicKey, check_public, verify_signature
from verify.errors import Refused

REFUSED = {"low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"}
WEAK_KEY = {"low_order_A", "non_canonical_A"}


def load() -> list[dict[str, Any]]:
    files = sorted(suite("c2sp-cctv-ed25519").glob("*.json"))
    return [case for path in files for case in json.loads(path.read_text("utf-8"))]


CASES = load()


def passes(case: dict[str, Any]) -> bool:
    public = PublicKey(EDDSA, bytes.fromhex(case["key"]))
    return verify_signature(public, case["msg"].encode(), bytes.fromhex(case["sig"]))


def test_numbers_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    counted = Counter(passes(case) for case in CASES)
    with capsys.disabled():
        print(f" c2sp-cctv-ed25519: {len(CASES)} cases, {counted[True]} accepted, {counted[False]} refused ")
    if at_default_root():
        assert len(CASES) == 457


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["number"]))
def test_the_rule(case: dict[str, Any]) -> None:
    flags = set(case["flags"] or ())
    assert passes(case) is not bool(flags & REFUSED)
    public = PublicKey(EDDSA, bytes.fromhex(case["key"]))
    if flags & WEAK_KEY:
        with pytest.raises(Refused) as caught:
            check_public(public)
        assert caught.value.reason == "weak_key"
