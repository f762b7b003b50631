"""Base45 as RFC 9285 and other people's tests have it. No exceptions."""

import json
from typing import Any

import pytest

from tests.vectors.root import at_default_root, suite
from verify.errors import Refused
from verify.text import base45_decode, base45_encode


def load() -> list[tuple[str, dict[str, Any]]]:
    return [
        (path.name, json.loads(path.read_text("utf-8"))) for path in sorted(suite("base45").glob("*.json"))
    ]


FILES = load()


def test_numbers_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        for name, cases in FILES:
            print(f" base45/{name}: {len(cases['valid'])} valid, {len(cases['invalid'])} invalid ")
    if at_default_root():
        assert [(name, len(cases["valid"]), len(cases["invalid"])) for name, cases in FILES] == [
            ("rfc9285.json", 9, 13)
        ]


@pytest.mark.parametrize("case", [case for _, cases in FILES for case in cases["valid"]], ids=str)
def test_valid(case: dict[str, str]) -> None:
    assert base45_decode(case["base45"]) == bytes.fromhex(case["hex"])
    assert base45_encode(bytes.fromhex(case["hex"])) == case["base45"]


@pytest.mark.parametrize("case", [case for _, cases in FILES for case in cases["invalid"]], ids=str)
def test_invalid(case: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        base45_decode(case["base45"])
    assert caught.value.reason == "malformed"
