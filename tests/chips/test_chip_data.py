"""The NDEF reader of the gates: the same verdict as ndeflib's for everything that could lie on a chip."""

from collections.abc import Callable

import ndef
import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuance.errors import IssuanceError
from issuance.nfc import MEDIA_TYPE, SHORT_TYPE, ndef_message, read_ndef
from verify.chip_data import MESSAGE_MAX, card_record, type2_area, type2_message
from verify.errors import Refused


def refusal(message: bytes) -> str:
    with pytest.raises(Refused) as caught:
        card_record(message)
    return caught.value.reason


def outcome(read: Callable[[bytes], bytes], data: bytes) -> str | bytes:
    """What was read, or the reason of the refusal."""
    try:
        return read(data)
    except Refused as error:
        return error.reason


def encoded(*records: ndef.Record) -> bytes:
    return b"".join(ndef.message_encoder(records))


@given(cose=st.binary(max_size=900), short=st.booleans())
def test_what_the_desk_writes_is_read(cose: bytes, short: bool) -> None:
    assert card_record(ndef_message(cose, short_over=0 if short else None)) == cose


@given(
    before=st.lists(st.binary(max_size=300), max_size=3),
    identifier=st.text("abc", max_size=4),
    cose=st.binary(max_size=300),
)
def test_the_card_is_found_among_other_records(before: list[bytes], identifier: str, cose: bytes) -> None:
    others = [ndef.Record("application/octet-stream", identifier, data) for data in before]
    message = encoded(*others, ndef.Record(MEDIA_TYPE, identifier, cose), ndef.TextRecord("hello"))
    assert card_record(message) == read_ndef(message) == cose


@given(cose=st.binary(max_size=300), cut=st.integers(0, 320))
def test_a_cut_message_is_malformed(cose: bytes, cut: int) -> None:
    message = ndef_message(cose)
    if cut < len(message):
        assert refusal(message[:cut]) == "malformed"


@given(data=st.binary(max_size=80))
def test_it_never_takes_what_the_library_refuses(data: bytes) -> None:
    found = outcome(card_record, data)
    assert found in ("malformed", "not_ours") or found == read_ndef(data)


@given(cose=st.binary(min_size=1, max_size=60), place=st.integers(0, 80), value=st.integers(0, 255))
def test_a_changed_byte_is_judged_as_the_library_does(cose: bytes, place: int, value: int) -> None:
    changed = bytearray(ndef_message(cose, short_over=0))
    changed[place % len(changed)] = value
    try:
        expected = read_ndef(bytes(changed))
    except IssuanceError:
        expected = None
    try:
        found = card_record(bytes(changed))
    except Refused:
        found = None
    # Each refuses what the other lets pass: the library foreign types, ours bytes behind the record. Where
    # both read something, it is the same.
    assert found is None or expected is None or found == expected


def test_trailing_bytes_and_other_records_are_refused() -> None:
    message = ndef_message(b"cose")
    assert refusal(message + b"\0") == "malformed"
    assert refusal(encoded(ndef.UriRecord("https://example.org"))) == "not_ours"
    assert refusal(encoded(ndef.Record(SHORT_TYPE.replace(":c", ":d"), "", b"x"))) == "not_ours"
    assert refusal(b"") == "malformed"
    assert refusal(bytes(MESSAGE_MAX + 1)) == "malformed"


@given(message=st.binary(max_size=600), zeros=st.integers(0, 5), tail=st.binary(max_size=8))
def test_a_type_2_area_gives_its_message(message: bytes, zeros: int, tail: bytes) -> None:
    lock_control = bytes.fromhex("0103a00c34")
    assert type2_message(bytes(zeros) + lock_control + type2_area(message) + tail) == message


@given(area=st.binary(max_size=60))
def test_any_area_gives_a_message_or_our_error(area: bytes) -> None:
    found = outcome(type2_message, area)
    assert found in ("malformed", "not_ours") or (isinstance(found, bytes) and found in area)


@pytest.mark.parametrize("area", ["", "fe", "0000", "00fe0301ff", "0103a00c34fe"])
def test_an_area_without_a_message(area: str) -> None:
    with pytest.raises(Refused) as caught:
        type2_message(bytes.fromhex(area))
    assert caught.value.reason == "not_ours"


@pytest.mark.parametrize("area", ["0302ff", "03ff0001", "03ff", "0105ff", "03"])
def test_a_block_that_is_cut_is_malformed(area: str) -> None:
    with pytest.raises(Refused) as caught:
        type2_message(bytes.fromhex(area))
    assert caught.value.reason == "malformed"
