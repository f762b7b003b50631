"""Chips read and written without a reader between: every kind, every refusal, every size of command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuance.chips.tags import TAGS, TagKind, message_within
from issuance.chips.writer import write_message
from issuance.errors import IssuanceError
from issuance.nfc import MEDIA_TYPE, ndef_message, read_records
from tests.chips.cards import Chip, Copy, KeyChip, Type2, Type4
from verify.chip_data import type2_message
from verify.chip_reader import ChipReading, challenge, proof_of, read_chip, read_key
from verify.cose import ES256, PublicKey, verify_signature
from verify.errors import Refused, Unchecked
from verify.phone import chip_message

UID = bytes.fromhex("04a1b2c3d4e5f6")
CODE = bytes(range(241))


def refused(connection: Chip) -> str:
    with pytest.raises((Refused, Unchecked)) as caught:
        read_chip(connection)
    return caught.value.reason


def not_written(connection: Chip, message: bytes) -> str:
    with pytest.raises(IssuanceError) as caught:
        write_message(connection, message)
    return caught.value.reason


@pytest.mark.parametrize("mle", [15, 16, 59, 240, 255])
@pytest.mark.parametrize("mlc", [1, 13, 52, 240, 255])
def test_a_type_4_tag_is_written_and_read_back(mle: int, mlc: int) -> None:
    chip = Type4(UID, size=1024, mle=mle, mlc=mlc)
    message = ndef_message(CODE * 3)
    write_message(chip, message)
    reading = read_chip(chip)
    assert (reading.uid, reading.code, reading.key) == (UID, CODE * 3, None)
    assert chip.file[: 2 + len(message)] == len(message).to_bytes(2, "big") + message


@pytest.mark.parametrize("size", [0, 1, 200, 254, 255, 256, 400])
def test_a_type_2_tag_is_written_and_read_back(size: int) -> None:
    chip = Type2(UID)
    message = ndef_message(bytes(range(256))[:size] if size <= 256 else bytes(size))
    write_message(chip, message)
    assert type2_message(bytes(chip.pages[16:])) == message
    assert read_chip(chip).uid == UID
    assert len(read_chip(chip).code) == size


def test_only_as_many_pages_are_read_as_the_message_takes() -> None:
    chip = Type2(UID, size=872)
    write_message(chip, ndef_message(bytes(50)))
    chip.heard.clear()
    read_chip(chip)
    assert sum(command[:2] == b"\xff\xb0" for command in chip.heard) <= 7


@given(interrupted=st.integers(0, 60), size=st.integers(0, 400))
def test_a_type_2_tag_taken_away_too_early_holds_nothing(interrupted: int, size: int) -> None:
    old, new = ndef_message(b"old"), ndef_message(bytes(size))

    class Pulled(Type2):
        left = 1_000

        def command(self, apdu: bytes) -> bytes:
            if apdu[:2] == b"\xff\xd6":
                self.left -= 1
                if self.left < 0:
                    raise Unchecked("chip_lost", "gone")
            return super().command(apdu)

    chip = Pulled(UID)
    write_message(chip, old)
    chip.left = interrupted
    try:
        write_message(chip, new)
    except Unchecked:
        assert type2_message(bytes(chip.pages[16:])) in (b"", old)
    else:
        assert type2_message(bytes(chip.pages[16:])) == new


def test_a_type_4_tag_taken_away_too_early_holds_nothing() -> None:
    chip = Type4(UID, mlc=10)

    class Pulled:
        left = 0

        def transmit(self, apdu: bytes) -> bytes:
            self.left -= apdu[:2] == b"\x00\xd6"
            if self.left < 0:
                raise Unchecked("chip_lost", "gone")
            return chip.transmit(apdu)

    hand = Pulled()
    for commands in range(40):
        write_message(chip, ndef_message(b"old"))
        hand.left = commands
        try:
            write_message(hand, ndef_message(CODE[:200]))
        except Unchecked:
            size = int.from_bytes(chip.file[:2], "big")
            assert bytes(chip.file[2 : 2 + size]) in (b"", ndef_message(b"old"))
        else:
            assert read_chip(chip).code == CODE[:200]


def test_a_message_that_does_not_fit_is_refused_before_anything_is_written() -> None:
    for chip in (Type4(UID, size=128), Type2(UID, size=128)):
        before = len(chip.heard)
        assert not_written(chip, ndef_message(CODE)) == "chip_too_small"
        assert not any(command[1] == 0xD6 for command in chip.heard[before:])


def test_a_message_that_just_fits_is_written() -> None:
    type4, type2 = Type4(UID, size=256), Type2(UID, size=496)
    for chip, room in ((type4, 254), (type2, 492), (type2, 491)):
        message = ndef_message(bytes(room - len(ndef_message(bytes(300))) + 300))
        message = message if len(message) == room else ndef_message(bytes(room - 18))
        assert len(message) == room
        write_message(chip, message)
        assert ndef_message(read_chip(chip).code) == message
        assert not_written(chip, message + bytes(4)) == "chip_too_small"


def test_a_locked_chip_is_refused() -> None:
    chip = Type4(UID)
    chip.locked = True
    assert not_written(chip, ndef_message(CODE)) == "chip_locked"

    class Locked(Type2):
        def command(self, apdu: bytes) -> bytes:
            return b"\x63\x00" if apdu[:2] == b"\xff\xd6" else super().command(apdu)

    assert not_written(Locked(UID), ndef_message(CODE)) == "chip_locked"


def test_a_chip_that_forgets_is_noticed() -> None:
    class Forgetful(Type4):
        def _write(self, offset: int, data: bytes) -> bytes:
            return super()._write(offset, bytes(len(data)) if offset > 100 else data)

    assert not_written(Forgetful(UID), ndef_message(CODE[:200])) == "chip_not_written"


def test_what_is_no_tag_is_unreadable() -> None:
    assert refused(Chip(UID)) == "chip_unreadable"
    assert refused(Chip(b"")) == "chip_unreadable"
    blank = Type2(UID)
    blank.pages[12:16] = bytes(4)
    assert refused(blank) == "chip_unreadable"


def test_an_empty_or_foreign_tag_is_not_ours() -> None:
    assert refused(Type4(UID)) == "malformed"  # A length of 0: no message at all, not even an empty one.
    chip = Type2(UID)
    assert refused(chip) == "malformed"
    chip.pages[16:20] = b"\xfe\0\0\0"
    assert refused(chip) == "not_ours"
    write_message(chip, bytes.fromhex("d1010155") + b"\x04")
    assert refused(chip) == "not_ours"


def test_a_tag_that_lies_about_its_length_is_refused() -> None:
    chip = Type4(UID)
    chip.file[:2] = b"\x01\x00"
    assert refused(chip) == "malformed"


def test_a_tag_that_claims_more_than_can_be_read_is_unreadable() -> None:
    chip = Type2(UID)
    chip.pages[14] = 0xFF
    chip.pages[16:20] = b"\x03\xff\xff\xff"
    assert refused(chip) == "chip_unreadable"


@given(answers=st.lists(st.binary(max_size=24), max_size=12))
def test_whatever_a_chip_sends_no_other_error_leaves(answers: list[bytes]) -> None:
    class Babbling:
        def __init__(self) -> None:
            self.left = [UID + b"\x90\x00", b"\x90\x00", b"\x90\x00", *answers]

        def transmit(self, apdu: bytes) -> bytes:
            return self.left.pop(0) if self.left else b"\x6f\x00"

    with pytest.raises((Refused, Unchecked)):
        read_chip(Babbling())


def test_a_key_chip_answers_a_challenge() -> None:
    chip = KeyChip(UID)
    write_message(chip, ndef_message(CODE))
    reading = read_chip(chip)
    assert reading.key == chip.public == read_key(chip)
    ticks = iter((10.0, 10.25))
    proof = challenge(chip, b"payload", random=bytes, clock=lambda: next(ticks))
    assert (proof.key, proof.challenge, proof.took_s) == (chip.public, bytes(16), 0.25)
    message = chip_message(bytes(16), b"payload")
    assert verify_signature(PublicKey(ES256, proof.key), message, proof.signature)
    assert not verify_signature(
        PublicKey(ES256, proof.key), chip_message(bytes(16), b"other"), proof.signature
    )


def test_every_challenge_is_fresh() -> None:
    chip = KeyChip(UID)
    assert len({challenge(chip, b"payload").challenge for _ in range(20)}) == 20


def test_a_chip_without_a_key_proves_nothing() -> None:
    proof = challenge(Type4(UID), b"payload")
    assert (proof.key, proof.signature) == (b"", b"")


def test_a_copy_shows_the_key_and_cannot_sign_with_it() -> None:
    chip = KeyChip(UID)
    proof = challenge(Copy(chip), b"payload")
    assert proof.key == chip.public
    message = chip_message(proof.challenge, b"payload")
    assert not verify_signature(PublicKey(ES256, proof.key), message, proof.signature)


@pytest.mark.parametrize("kind", list(TagKind))
def test_a_message_for_a_kind_of_chip_fits_or_is_refused(kind: TagKind) -> None:
    room = TAGS[kind].capacity
    for size in range(room - 40, room + 1):
        try:
            message = message_within(bytes(size), room)
        except IssuanceError as error:
            assert error.reason == "chip_too_small"  # noqa: PT017  # either outcome is right, by the size
            assert len(ndef_message(bytes(size), short_over=0)) > room
        else:
            assert len(message) <= room
            (record,) = read_records(message)
            assert record.data == bytes(size)
            assert (record.type == MEDIA_TYPE) == (len(ndef_message(bytes(size))) <= room)


@given(code=st.binary(max_size=60))
def test_what_is_no_code_is_not_challenged(code: bytes) -> None:
    assert proof_of(KeyChip(UID), ChipReading(UID, code)) is None
