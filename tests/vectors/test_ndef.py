"""ndeflib's own cases: messages and the payloads of well-known records, read as strictly as a chip is."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import ndef
import pytest

from issuance.errors import IssuanceError
from issuance.nfc import read_ndef, read_records
from tests.vectors.root import at_default_root, suite

GROUPS = ("messages_valid", "messages_invalid_structure", "messages_invalid_truncated", "records")


def load() -> dict[str, list[dict[str, Any]]]:
    """The cases of all files of the folder, by group."""
    cases: dict[str, list[dict[str, Any]]] = {group: [] for group in GROUPS}
    for path in sorted(suite("ndef").glob("*.json")):
        for group, found in json.loads(path.read_text("utf-8")).items():
            cases.setdefault(group, []).extend(found)
    return cases


CASES = load()
COUNTS = {
    "messages_valid": 5,
    "messages_invalid_structure": 2,
    "messages_invalid_truncated": 5,
    "records": 31,
}
KINDS: Mapping[str, type] = {
    "urn:nfc:wkt:U": ndef.UriRecord,
    "urn:nfc:wkt:T": ndef.TextRecord,
    "urn:nfc:wkt:Sig": ndef.SignatureRecord,
}


def test_all_cases_are_here() -> None:
    found = {group: len(cases) for group, cases in CASES.items()}
    print("ndef:", found)
    assert set(found) == set(GROUPS)
    if at_default_root():
        assert found == COUNTS


@pytest.mark.parametrize("case", CASES["messages_valid"], ids=lambda case: case["hex"] or "empty")
def test_a_valid_message_is_read_and_written_again(case: dict[str, object]) -> None:
    message = bytes.fromhex(str(case["hex"]))
    records = read_records(message)
    assert len(records) == case["records"]
    if "types" in case:
        assert [record.type for record in records] == case["types"]
    assert b"".join(ndef.message_encoder(records)) == message
    with pytest.raises(IssuanceError) as caught:
        read_ndef(message)
    assert caught.value.reason == "no_card_record"


@pytest.mark.parametrize(
    "case",
    [*CASES["messages_invalid_structure"], *CASES["messages_invalid_truncated"]],
    ids=lambda case: case["hex"],
)
def test_an_invalid_message_is_refused_for_its_reason(case: dict[str, str]) -> None:
    with pytest.raises(IssuanceError) as caught:
        read_ndef(bytes.fromhex(case["hex"]))
    assert caught.value.reason == "malformed_ndef"
    assert case["why"] in str(caught.value)


#: ndeflib's message reader wants 7 bytes of a signature payload and refuses those of 6, which its own record
#: class reads and writes. No card holds such a record: they are given to that class alone.
SHORT_SIGNATURE = 6


def as_message(case: Mapping[str, object]) -> bytes:
    """The payload in a message of one record, as it would lie on a chip."""
    record = ndef.Record(str(case["type"]), "", bytes.fromhex(str(case["payload_hex"])))
    return b"".join(ndef.message_encoder([record]))


def arguments(expect: list[object]) -> list[object]:
    """The constructor's arguments: bytes are written as ``{"hex": …}``."""
    return [bytes.fromhex(value["hex"]) if isinstance(value, dict) else value for value in expect]


def named(kinds: str) -> list[dict[str, object]]:
    return [case for case in CASES["records"] if case["kind"] == kinds]


def label(case: Mapping[str, object]) -> str:
    return f"{case['type']}-{case['payload_hex']}"


@pytest.mark.parametrize("case", named("valid"), ids=label)
def test_a_valid_payload_is_read_and_written_again(case: dict[str, object]) -> None:
    kind, payload = KINDS[str(case["type"])], bytes.fromhex(str(case["payload_hex"]))
    if kind is ndef.SignatureRecord and len(payload) == SHORT_SIGNATURE:
        record = kind._decode_payload(payload, "strict")
    else:
        (record,) = read_records(as_message(case))
    assert isinstance(record, kind)
    expected = case["expect"]
    assert isinstance(expected, list)
    again = kind(*arguments(expected))
    # Two records are the same when they say the same, whatever their class keeps besides.
    assert _said(record) == _said(again)
    assert b"".join(ndef.message_encoder([record])) == as_message(case)


def _said(record: ndef.Record) -> tuple[object, ...]:
    own = ("iri", "text", "language", "encoding")
    signature = ("signature_type", "hash_type", "signature", "signature_uri")
    certificate = ("certificate_format", "certificate_store", "certificate_uri")
    fields = ("type", "name", *own, *signature, *certificate)
    return tuple(getattr(record, field, None) for field in fields)


@pytest.mark.parametrize("case", named("error"), ids=label)
def test_a_wrong_payload_is_refused(case: dict[str, object]) -> None:
    with pytest.raises(IssuanceError) as caught:
        read_records(as_message(case))
    assert caught.value.reason == "malformed_ndef"
    assert str(case["expect"]) in str(caught.value)


@pytest.mark.parametrize("case", named("relax"), ids=label)
def test_what_only_a_lenient_reader_takes_is_refused(case: dict[str, object]) -> None:
    with pytest.raises(IssuanceError) as caught:
        read_records(as_message(case))
    assert caught.value.reason == "malformed_ndef"


def test_no_kind_of_case_is_left_out() -> None:
    assert set(Counter(case["kind"] for case in CASES["records"])) <= {"valid", "error", "relax"}
