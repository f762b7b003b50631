"""MOSIP's PixelPass, the text layer of other wallets: JSON becomes CBOR, then zlib, then Base45.

No card travels this way: our Base45, inflating and strict CBOR are tried on texts of another maker.

Exceptions, each with its reason:

- a ``header`` before the text ("mockHeader://"): no code of this format has one. With it the text is refused
  as ``not_ours``, without it read;
- how a map's names are shortened is their table, applied here by the test; the bytes are read by us.
"""

import json
from typing import Any

import pytest

from tests.vectors.root import at_default_root, suite
from verify import cbor, text
from verify.errors import Refused

COUNTS = {"encode_decode": 2, "header": 1, "mapped_cbor": 1, "mapped_cbor_decode": 1}


def load() -> dict[str, list[dict[str, Any]]]:
    cases: dict[str, list[dict[str, Any]]] = {group: [] for group in COUNTS}
    for path in sorted(suite("pixelpass").glob("*.json")):
        for group, found in json.loads(path.read_text("utf-8")).items():
            cases[group] += found
    return cases


CASES = load()


def test_all_cases_are_here() -> None:
    found = {group: len(cases) for group, cases in CASES.items()}
    print("pixelpass:", found)
    if at_default_root():
        assert found == COUNTS


def meant(said: str) -> object:
    """What the text stands for: JSON where it is JSON, else itself."""
    try:
        return json.loads(said)
    except ValueError:
        return said


def held(data: bytes, wanted: object) -> object:
    """The bytes as text, or as CBOR where JSON was meant."""
    return data.decode("utf-8") if isinstance(wanted, str) else cbor.decode(data)


@pytest.mark.parametrize("case", CASES["encode_decode"], ids=lambda case: case["text"])
def test_a_text_is_read(case: dict[str, str]) -> None:
    wanted = meant(case["text"])
    assert held(text.decode(case["qr_data"]), wanted) == wanted
    plain = wanted.encode("utf-8") if isinstance(wanted, str) else cbor.encode(wanted)
    assert held(text.decode(text.encode(plain)), wanted) == wanted


@pytest.mark.parametrize("case", CASES["encode_decode"], ids=lambda case: case["text"])
def test_a_changed_character_is_never_read_as_the_same(case: dict[str, str]) -> None:
    symbols = case["qr_data"]
    whole = text.decode(symbols)
    for place in range(len(symbols)):
        other = "0" if symbols[place] != "0" else "1"
        try:
            read = text.decode(symbols[:place] + other + symbols[place + 1 :])
        except Refused as error:
            assert error.reason in ("not_ours", "malformed")  # noqa: PT017 - one of two right outcomes
        else:
            assert read == whole  # only the padding bits of deflate may differ unnoticed


@pytest.mark.parametrize("case", CASES["header"], ids=lambda case: case["header"])
def test_a_header_is_no_part_of_a_code(case: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        text.decode(case["qr_data"])
    assert caught.value.reason == "not_ours"
    wanted = meant(case["text"])
    assert held(text.decode(case["qr_data"].removeprefix(case["header"])), wanted) == wanted


@pytest.mark.parametrize("case", CASES["mapped_cbor"], ids=lambda case: case["cbor_hex"])
def test_shortened_names_are_read(case: dict[str, Any]) -> None:
    found = cbor.decode(bytes.fromhex(case["cbor_hex"]))
    assert found == {case["map"][name]: value for name, value in case["data"].items()}


@pytest.mark.parametrize("case", CASES["mapped_cbor_decode"], ids=lambda case: case["cbor_hex"])
def test_shortened_names_are_lengthened(case: dict[str, Any]) -> None:
    found = cbor.decode(bytes.fromhex(case["cbor_hex"]))
    assert isinstance(found, dict)
    assert {case["map"][str(key)]: value for key, value in found.items()} == case["data"]
