"""NXP's own values for SUN and LRP (AN12196, AN12304) and taps of real chips."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.vectors.root import at_default_root, suite
from verify.errors import Refused
from verify.lrp import Lrp
from verify.sun import SunMessage, check_mac, open_sun, session_keys

#: A case's kind, by what it says; the files of another root may have other names.
KINDS: Mapping[str, frozenset[str]] = {
    "taps": frozenset({"sdmmac", "expect"}),
    "session_keys": frozenset({"sv2", "kses_mac"}),
    "lrp_cmac": frozenset({"msg", "mac"}),
    "lrp_eval": frozenset({"iv", "res"}),
}
#: PICC data as LRP writes them: eight random bytes stand before the block.
LRP_PICC = 24
COUNTS = {"taps": 6, "session_keys": 2, "lrp_cmac": 25, "lrp_eval": 25}


def load() -> dict[str, list[dict[str, Any]]]:
    cases: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for path in sorted(suite("ntag424-sun").glob("*.json")):
        for case in json.loads(path.read_text("utf-8")):
            (kind,) = (kind for kind, keys in KINDS.items() if keys <= case.keys())
            cases[kind].append(case)
    return cases


CASES = load()


def name_of(case: dict[str, Any]) -> str:
    return str(case["name"])


def raw(case: Mapping[str, Any], name: str) -> bytes:
    return bytes.fromhex(case[name])


def test_all_cases_are_here() -> None:
    found = {kind: len(cases) for kind, cases in CASES.items()}
    print("ntag424-sun:", found)
    if at_default_root():
        assert found == COUNTS


@pytest.mark.parametrize("case", CASES["taps"], ids=name_of)
def test_a_tap_is_judged_as_expected(case: dict[str, Any]) -> None:
    expected = case["expect"]
    if expected["valid"]:
        accept(case)
        return
    with pytest.raises(Refused) as caught:
        accept(case)
    assert caught.value.reason == "bad_signature"


def accept(case: dict[str, Any]) -> None:
    covered = case["mac_input_ascii"].encode("ascii")
    key, expected = raw(case, "file_read_key"), case["expect"]
    if case.get("plain"):
        counter = raw(case, "read_ctr_hex_msb")[::-1]
        check_mac(key, raw(case, "uid"), counter, covered, raw(case, "sdmmac"), lrp=case["mode"] == "LRP")
        return
    data = raw(case, "enc_file_data") if case.get("enc_file_data") else None
    message = SunMessage(raw(case, "picc_enc_data"), raw(case, "sdmmac"), covered, data)
    assert (len(message.picc) == LRP_PICC) == (case["mode"] == "LRP")
    tap = open_sun(message, raw(case, "meta_read_key"), lambda uid: key)
    assert (tap.uid.hex(), tap.counter) == (expected["uid"].lower(), expected["read_ctr"])
    if expected.get("file_data_hex") is not None:
        assert tap.file_data == raw(expected, "file_data_hex")


@pytest.mark.parametrize("case", CASES["session_keys"], ids=name_of)
def test_session_keys(case: dict[str, Any]) -> None:
    said = raw(case, "sv2")[6:16]
    encrypting, signing = session_keys(raw(case, "file_read_key"), said[:7], said[7:])
    assert signing == raw(case, "kses_mac")
    if "kses_enc" in case:
        assert encrypting == raw(case, "kses_enc")
    if "mact" in case:
        check_mac(raw(case, "file_read_key"), said[:7], said[7:], b"", raw(case, "mact"))


@pytest.mark.parametrize("case", CASES["lrp_cmac"], ids=name_of)
def test_lrp_cmac(case: dict[str, Any]) -> None:
    assert Lrp(raw(case, "key")).cmac(raw(case, "msg")) == raw(case, "mac")


@pytest.mark.parametrize("case", CASES["lrp_eval"], ids=name_of)
def test_lrp_evaluation(case: dict[str, Any]) -> None:
    found = Lrp(raw(case, "key"), case["updatedkey"]).evaluated(case["iv"], final=bool(case["finalize"]))
    assert found == raw(case, "res")
