"""SUN, what an NTAG 424 DNA writes into its own address at every tap (docs/format.md section 7; NXP AN12196).

The chip encrypts its UID and a counter and signs both, by keys that only the service holds: so the service
checks, readers ask it. Two chips never have the same signing key; the key that hides the UID is one for all,
since it must open what no UID was read from yet.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from verify.errors import Refused
from verify.lrp import BLOCK, Lrp, aes_block

KEY_BYTES, UID_BYTES, COUNTER_BYTES, MAC_BYTES = 16, 7, 3, 8
#: PICCDataTag: UID and counter are both there, and the UID has seven bytes (AN12196, table 2).
_UID_THERE, _COUNTER_THERE, _UID_SIZE = 0x80, 0x40, 0x0F
#: PICC data as AES writes it, and as LRP does, with the eight random bytes before it.
_AES_SIZE, _LRP_SIZE, _LRP_RANDOM = 16, 24, 8
_SV1, _SV2, _SV_LRP = b"\xc3\x3c\x00\x01\x00\x80", b"\x3c\xc3\x00\x01\x00\x80", b"\x00\x01\x00\x80"
_SV_LRP_END = b"\x1e\xe1"
#: AN10922, 2.2: what stands before the input of a diversification to an AES-128 key, and its greatest size.
_DIVERSIFY, _DIVERSIFY_MIN, _DIVERSIFY_MAX = b"\x01", 16, 31


@dataclass(frozen=True, slots=True)
class SunMessage:
    """What came from a tap: ``picc`` encrypted, the 8 bytes of its MAC, and the text that the MAC covers.

    ``file_data`` is what the chip encrypted of its file, where it does. All as bytes, not as the address
    spells them; ``covered`` alone is the text itself.
    """

    picc: bytes
    mac: bytes
    covered: bytes = b""
    file_data: bytes | None = None


class SunTap(NamedTuple):
    """A genuine tap: the chip, how often it was read, and its decrypted file data where there are any."""

    uid: bytes
    counter: int
    file_data: bytes | None


class Counters(Protocol):
    """Remembers the highest counter of each chip, durably."""

    def advance(self, uid: bytes, counter: int) -> bool:
        """Note ``counter`` if it is higher than all before it, and say whether it was; in one step."""


def check_sun(
    message: SunMessage, meta_key: bytes, file_key: Callable[[bytes], bytes], counters: Counters
) -> SunTap:
    """Accept a tap that its chip made and that was never shown before.

    ``meta_key`` opens the PICC data, ``file_key`` gives the signing key of a UID. Raises ``malformed``,
    ``bad_signature``, and ``replayed`` for a counter that is not higher than the last one accepted.
    """
    tap = open_sun(message, meta_key, file_key)
    if not counters.advance(tap.uid, tap.counter):
        raise Refused("replayed", f"this address was shown before: tap {tap.counter} of the chip is not new")
    return tap


def open_sun(message: SunMessage, meta_key: bytes, file_key: Callable[[bytes], bytes]) -> SunTap:
    """The same without the counter: genuine, but maybe shown before; for looking at a message again."""
    lrp = len(message.picc) == _LRP_SIZE
    if not lrp and len(message.picc) != _AES_SIZE:
        raise Refused(
            "malformed", f"PICC data have {_AES_SIZE} or {_LRP_SIZE} bytes, {len(message.picc)} came"
        )
    picc = _picc(meta_key, message.picc, lrp=lrp)
    if picc[0] & (_UID_THERE | _COUNTER_THERE | _UID_SIZE) != _UID_THERE | _COUNTER_THERE | UID_BYTES:
        # Another key's, or made up: what is no PICC data cannot be told from what is forged.
        raise Refused("bad_signature", "the tap's data do not open with this service's key")
    uid, counter = picc[1 : 1 + UID_BYTES], picc[1 + UID_BYTES : 1 + UID_BYTES + COUNTER_BYTES]
    key = file_key(uid)
    check_mac(key, uid, counter, message.covered, message.mac, lrp=lrp)
    data = message.file_data
    plain = None if data is None else _file_data(key, uid, counter, data, lrp=lrp)
    return SunTap(uid, int.from_bytes(counter, "little"), plain)


def check_mac(
    key: bytes, uid: bytes, counter: bytes, covered: bytes, mac: bytes, *, lrp: bool = False
) -> None:
    """Judge SDMMAC: every second byte of a CMAC by the tap's session key; ``bad_signature``.

    ``counter`` is 3 bytes, the least first. Also for chips that show UID and counter in plain.
    """
    session = session_keys(key, uid, counter, lrp=lrp)[1]
    full = Lrp(session).cmac(covered) if lrp else cmac(session, covered)
    if not hmac.compare_digest(full[1::2], mac):
        raise Refused("bad_signature", "the tap's signature does not fit its chip")


def session_keys(key: bytes, uid: bytes, counter: bytes, *, lrp: bool = False) -> tuple[bytes, bytes]:
    """The keys of one tap: to encrypt and to sign (AN12196, 3.3). With LRP one key serves both."""
    said = uid + counter
    if lrp:
        master = Lrp(key).cmac((_SV_LRP + said).ljust(BLOCK - len(_SV_LRP_END), b"\0") + _SV_LRP_END)
        return master, master
    return cmac(key, (_SV1 + said).ljust(BLOCK, b"\0")), cmac(key, (_SV2 + said).ljust(BLOCK, b"\0"))


def diversified(master: bytes, data: bytes) -> bytes:
    """A chip's own AES-128 key from the master (NXP AN10922, 2.2).

    ``data`` has 16 to 31 bytes: from there on the padding of the paper is that of CMAC itself.
    """
    if not _DIVERSIFY_MIN <= len(data) <= _DIVERSIFY_MAX:
        raise Refused("malformed", f"a key is diversified by 16 to 31 bytes, {len(data)} came")
    return cmac(master, _DIVERSIFY + data)


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC (NIST SP 800-38B), 16 bytes."""
    computed = CMAC(algorithms.AES128(key))
    computed.update(message)
    return computed.finalize()


def _picc(key: bytes, data: bytes, *, lrp: bool) -> bytes:
    if lrp:
        return Lrp(key).decrypted(data[:_LRP_RANDOM], data[_LRP_RANDOM:])
    return _cbc(key, bytes(BLOCK), data)


def _file_data(key: bytes, uid: bytes, counter: bytes, data: bytes, *, lrp: bool) -> bytes:
    if not data or len(data) % BLOCK:
        raise Refused("malformed", f"encrypted file data come in blocks of {BLOCK} bytes, {len(data)} came")
    session = session_keys(key, uid, counter, lrp=lrp)[0]
    if lrp:
        return Lrp(session, 1).decrypted(counter + bytes(3), data)
    return _cbc(session, aes_block(session, counter.ljust(BLOCK, b"\0")), data)


def _cbc(key: bytes, start: bytes, data: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES128(key), modes.CBC(start)).decryptor()
    return decryptor.update(data) + decryptor.finalize()
