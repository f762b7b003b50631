import ndef
import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuance.errors import IssuanceError
from issuance.nfc import MAX_MESSAGE, MEDIA_TYPE, SMALL_CHIP, ndef_message, read_ndef


@given(st.binary(max_size=2000))
def test_what_is_written_is_read(cose: bytes) -> None:
    assert read_ndef(ndef_message(cose)) == cose
    assert read_ndef(ndef_message(cose, short_over=SMALL_CHIP)) == cose


def test_the_record_is_a_cwt_by_its_registered_type() -> None:
    (record,) = ndef.message_decoder(ndef_message(b"\xd2\x84"))
    assert (record.type, record.name, record.data) == (MEDIA_TYPE, "", b"\xd2\x84")


def test_the_short_type_comes_only_when_asked_for_and_needed() -> None:
    small, large = b"x" * 200, b"x" * 250
    assert ndef_message(small, short_over=SMALL_CHIP) == ndef_message(small)
    assert len(ndef_message(large)) > SMALL_CHIP
    assert len(ndef_message(large, short_over=SMALL_CHIP)) < len(ndef_message(large))


@given(st.binary(max_size=60))
def test_nothing_but_our_errors_leaves(message: bytes) -> None:
    try:
        read_ndef(message)
    except IssuanceError as error:
        assert error.reason in ("malformed_ndef", "no_card_record")  # noqa: PT017 - either is right


def test_another_record_is_named() -> None:
    message = b"".join(ndef.message_encoder([ndef.UriRecord("https://example.org")]))
    with pytest.raises(IssuanceError, match="urn:nfc:wkt:U") as caught:
        read_ndef(message)
    assert caught.value.reason == "no_card_record"


def test_cut_and_oversized_messages_are_malformed() -> None:
    for message in (ndef_message(b"abc")[:-1], b"\0" * (MAX_MESSAGE + 1)):
        with pytest.raises(IssuanceError) as caught:
            read_ndef(message)
        assert caught.value.reason == "malformed_ndef"
