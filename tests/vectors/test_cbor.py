"""CBOR items of RFC 8949 and of its working group, well-formed and not.

Exceptions, each decided by the second reader of ``tests/verify/strict_cbor.py`` and each refused by ours:

- ``tag``: nothing is ever built from a tag (section 1), so tagged items are refused, sound or not;
- ``indefinite``: definite lengths only;
- ``deep``: more than 16 levels;
- ``duplicate``: two equal keys, which some files hold for well-formed;
- ``f818``, simple value 24 in two bytes: a sample of RFC 7049 that RFC 8949 section 3.3 forbids.

Floats and simple values are read (nobody reads a claim of such a type) but never written: the way back is
tried for items of integers, bytes, text, arrays, maps, booleans and null.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2
import pytest

from tests.vectors.root import at_default_root, suite
from tests.verify.strict_cbor import NotStrict, read, same_form
from verify import cbor
from verify.errors import Refused

MISSING = object()
FORBIDDEN_SINCE = {bytes.fromhex("f818")}
NUMBERS = {
    "rfc7049_appendix_a.json": 82,
    "malformed_cborwg.json": 47,
    "rfc8949-appendixA/mt0.cbor": 11,
    "rfc8949-appendixA/mt1.cbor": 5,
    "rfc8949-appendixA/mt2.cbor": 2,
    "rfc8949-appendixA/mt3.cbor": 7,
    "rfc8949-appendixA/mt4.cbor": 4,
    "rfc8949-appendixA/mt5.cbor": 5,
    "rfc8949-appendixA/mt6.cbor": 8,
    "rfc8949-appendixA/mt7-float.cbor": 22,
    "rfc8949-appendixA/mt7-simple.cbor": 6,
    "rfc8949-appendixA/streaming.cbor": 11,
    "rfc8949/bad.cbor": 47,
    "rfc8949/good.cbor": 88,
}


@dataclass(frozen=True)
class Case:
    file: str
    data: bytes
    well_formed: bool
    decoded: object = MISSING
    roundtrip: bool = False


def from_json(path: Path) -> list[Case]:
    return [
        Case(
            path.name,
            bytes.fromhex(case["hex"]),
            "why" not in case and not path.name.startswith("malformed"),
            case.get("decoded", MISSING),
            case.get("roundtrip", False),
        )
        for case in json.loads(path.read_text("utf-8"))
    ]


def from_cbor(path: Path) -> list[Case]:
    # The file itself is data to be trusted: read with everything that the strict reader forbids.
    file: dict[str, Any] = cbor2.loads(path.read_bytes(), max_depth=2000)
    name = f"{path.parent.name}/{path.name}"
    return [
        Case(
            name,
            case["encoded"],
            not case.get("fail", file.get("fail", False)),
            case.get("decoded", MISSING),
            case.get("roundtrip", True),
        )
        for case in file["tests"]
    ]


def load() -> list[Case]:
    folder = suite("cbor")
    cases = [case for path in sorted(folder.glob("*.json")) for case in from_json(path)]
    return cases + [case for path in sorted(folder.glob("cbor-wg/*/*.cbor")) for case in from_cbor(path)]


CASES = load()


def exception(data: bytes) -> str | None:
    try:
        read(data)
    except NotStrict as error:
        return str(error)
    return None


def test_numbers_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    files = Counter(case.file for case in CASES)
    left_out = Counter((case.file, exception(case.data)) for case in CASES if case.well_formed)
    with capsys.disabled():
        for file, number in files.items():
            why = {reason: n for (name, reason), n in left_out.items() if name == file and reason}
            print(f" cbor/{file}: {number} cases, well-formed but outside the profile: {why or 'none'} ")
    if at_default_root():
        assert dict(files) == NUMBERS


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}-{case.data[:24].hex()}")
def test_item(case: Case) -> None:
    reason = exception(case.data)
    if not case.well_formed or reason is not None:
        outside = reason in ("tag", "indefinite", "deep", "duplicate") or case.data in FORBIDDEN_SINCE
        assert not case.well_formed or outside
        with pytest.raises(Refused) as caught:
            cbor.decode(case.data)
        assert caught.value.reason == "malformed"
        return
    item = cbor.decode(case.data)
    assert same_form(item) == read(case.data)
    if case.decoded is not MISSING:
        assert same_form(item) == same_form(case.decoded)
    if case.roundtrip and written_by_us(item):
        assert cbor.encode(item) == deterministic(case.data)


def written_by_us(item: object) -> bool:
    if isinstance(item, dict):
        return all(written_by_us(key) and written_by_us(value) for key, value in item.items())
    if isinstance(item, list | tuple):
        return all(map(written_by_us, item))
    return item is None or isinstance(item, bool | int | bytes | str)


def deterministic(data: bytes) -> bytes:
    """The same item by the library's own writer, keys sorted here: some files have theirs in any order."""

    def ordered(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: ordered(item[key]) for key in sorted(item, key=cbor2.dumps)}
        return [ordered(part) for part in item] if isinstance(item, list | tuple) else item

    return cbor2.dumps(ordered(cbor2.loads(data)))
