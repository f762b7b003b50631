"""SUN taps: what a chip would write is accepted once; every changed bit is refused for its reason."""

import pytest

from tests.verify.suntag import Memory, SunTag
from verify.errors import Refused
from verify.lrp import Lrp, aes_block
from verify.sun import SunMessage, check_sun, cmac, diversified, open_sun, session_keys

META, FILE = bytes(range(16)), bytes(range(16, 32))
UID = bytes.fromhex("04de5f1eacc040")


def refused(message: SunMessage, meta: bytes = META, file: bytes = FILE) -> str:
    with pytest.raises(Refused) as caught:
        open_sun(message, meta, lambda uid: file)
    return caught.value.reason


def test_a_tap_is_good_once_and_counters_only_rise() -> None:
    tag, memory = SunTag(UID, META, FILE), Memory()
    first, second = tag.tap(), tag.tap()
    assert check_sun(first, META, lambda uid: FILE, memory)[:2] == (UID, 1)
    assert check_sun(second, META, lambda uid: FILE, memory)[:2] == (UID, 2)
    for shown_before in (first, second):
        with pytest.raises(Refused) as caught:
            check_sun(shown_before, META, lambda uid: FILE, memory)
        assert caught.value.reason == "replayed"


def test_a_forged_tap_moves_no_counter() -> None:
    tag, memory = SunTag(UID, META, FILE), Memory()
    genuine = tag.tap()
    with pytest.raises(Refused):
        check_sun(SunMessage(genuine.picc, bytes(8)), META, lambda uid: FILE, memory)
    assert check_sun(genuine, META, lambda uid: FILE, memory).counter == 1


@pytest.mark.parametrize("bit", range(0, 128, 7))
def test_a_changed_bit_of_the_data_is_refused(bit: int) -> None:
    tap = SunTag(UID, META, FILE).tap()
    changed = (int.from_bytes(tap.picc, "big") ^ 1 << bit).to_bytes(16, "big")
    assert refused(SunMessage(changed, tap.mac)) == "bad_signature"


@pytest.mark.parametrize("bit", range(64))
def test_a_changed_bit_of_the_signature_is_refused(bit: int) -> None:
    tap = SunTag(UID, META, FILE).tap()
    changed = (int.from_bytes(tap.mac, "big") ^ 1 << bit).to_bytes(8, "big")
    assert refused(SunMessage(tap.picc, changed)) == "bad_signature"


def test_another_services_chip_is_refused() -> None:
    tap = SunTag(UID, META, FILE).tap()
    assert refused(tap, meta=bytes(16)) == "bad_signature"
    assert refused(tap, file=bytes(16)) == "bad_signature"


@pytest.mark.parametrize("size", [0, 15, 17, 23, 25, 32])
def test_data_of_another_size_are_malformed(size: int) -> None:
    assert refused(SunMessage(bytes(size), bytes(8))) == "malformed"


def test_a_signature_of_another_size_is_refused() -> None:
    tap = SunTag(UID, META, FILE).tap()
    assert refused(SunMessage(tap.picc, tap.mac[:7])) == "bad_signature"
    assert refused(SunMessage(tap.picc, b"")) == "bad_signature"


def test_the_text_that_the_signature_covers_counts() -> None:
    tag = SunTag(UID, META, FILE)
    tap = tag.tap(covered=b"door=7&c=")
    assert open_sun(tap, META, lambda uid: FILE).counter == 1
    assert refused(SunMessage(tap.picc, tap.mac, b"door=8&c=")) == "bad_signature"


def test_encrypted_file_data_come_in_blocks() -> None:
    tap = SunTag(UID, META, FILE).tap()
    assert refused(SunMessage(tap.picc, tap.mac, b"", b"123")) == "malformed"


def test_diversification_is_the_papers() -> None:
    # NXP AN10922, 2.2.1: the example of an AES-128 key.
    master = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    data = bytes.fromhex("04782E21801D803042F54E585020416275")
    assert diversified(master, data).hex().upper() == "A8DD63A3B89D54B37CA802473FDA9175"
    for wrong in (bytes(15), bytes(32)):
        with pytest.raises(Refused):
            diversified(master, wrong)


def test_a_tap_of_a_chip_that_uses_lrp() -> None:
    """Built by the parts that NXP's vectors prove; the chip's own way round is decryption's."""
    counter, random = b"\x05\0\0", b"\x01\x02\x03\x04\x05\x06\x07\x08"
    plain = (b"\xc7" + UID + counter).ljust(16, b"\x5a")
    picc = random + aes_block(Lrp(META).evaluated(random.hex()), plain)
    signing = session_keys(FILE, UID, counter, lrp=True)[1]
    mac = Lrp(signing).cmac(b"")[1::2]
    assert open_sun(SunMessage(picc, mac), META, lambda uid: FILE)[:2] == (UID, 5)
    assert refused(SunMessage(picc, cmac(signing, b"")[1::2])) == "bad_signature"
