"""What an NTAG 424 DNA is given so that it signs its taps (NXP AN12196): file, settings, keys of its own.

The data for the station that writes chips. Keys leave only sealed to that station's key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import ndef
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.exceptions import CryptoError
from nacl.public import PublicKey as StationKey
from nacl.public import SealedBox

from issuance.errors import IssuanceError
from verify import cbor
from verify.sun import KEY_BYTES, MAC_BYTES, UID_BYTES, SunMessage, diversified

#: Which key of the chip does what. The signing key and the application's own are different on every chip;
#: the one that hides the UID is the same on all, for it must open what no UID was read from yet.
APPLICATION_KEY, SIGNING_KEY, META_KEY = 0, 1, 2
KEYS = range(5)
#: The NDEF file (number 2) has 256 bytes (NTAG 424 DNA data sheet, 8.2.3.4).
FILE_NUMBER, FILE_SIZE = 2, 256
#: What the chip fills in at every tap, in hexadecimal: 16 bytes of PICC data, 8 of signature.
PICC_CHARACTERS, MAC_CHARACTERS = 2 * KEY_BYTES, 2 * MAC_BYTES
PICC_FIELD, MAC_FIELD = "p", "c"
_SYSTEM = b"cardsvc-sun"
_META = b"cardsvc-sun-meta"

# ChangeFileSettings (data sheet, 10.7.1): mirroring on and plain; read by anybody, changed by the key of the
# application; UID and counter mirrored as ASCII; who may see them by which key. Values go least byte first.
_FILE_OPTION, _ACCESS, _MIRROR = 0x40, 0xE000, 0xC1
_NOBODY_COUNTER = 0xF
_SDM_ACCESS = META_KEY << 12 | SIGNING_KEY << 8 | 0xF << 4 | _NOBODY_COUNTER


@dataclass(frozen=True, slots=True)
class Personalisation:
    """Everything one chip is given; ``keys`` by number are secret and are never printed."""

    uid: bytes
    file: bytes
    picc_offset: int
    mac_offset: int
    key_version: int
    keys: Mapping[int, bytes] = field(repr=False)

    @property
    def settings(self) -> bytes:
        """The data of ChangeFileSettings: the signature covers nothing but UID and counter."""
        offsets = (self.picc_offset, self.mac_offset, self.mac_offset)
        return (
            bytes((_FILE_OPTION,))
            + _ACCESS.to_bytes(2, "little")
            + bytes((_MIRROR,))
            + _SDM_ACCESS.to_bytes(2, "little")
            + b"".join(offset.to_bytes(3, "little") for offset in offsets)
        )

    def sealed_keys(self, station: bytes) -> bytes:
        """The five keys, as a CBOR map by number, sealed to the station's X25519 key; ``bad_station_key``."""
        try:
            return bytes(SealedBox(StationKey(station)).encrypt(cbor.encode(dict(self.keys))))
        except (CryptoError, ValueError, TypeError) as error:
            words = "the station's key must be an X25519 public key of 32 bytes"
            raise IssuanceError("bad_station_key", words) from error


def personalise(uid: bytes, address: str, master: bytes, version: int) -> Personalisation:
    """The data for one chip whose address begins with ``address``; raises ``bad_uid`` and ``chip_too_small``.

    ``master`` is that of ``sun_master``; ``version`` (1 to 255) is written to the chip beside its keys.
    """
    if len(uid) != UID_BYTES:
        raise IssuanceError("bad_uid", f"an NTAG 424 DNA has a UID of {UID_BYTES} bytes, this one {len(uid)}")
    begin = f"{address}?{PICC_FIELD}="
    middle = f"&{MAC_FIELD}="
    text = begin + "0" * PICC_CHARACTERS + middle + "0" * MAC_CHARACTERS
    message = b"".join(ndef.message_encoder([ndef.UriRecord(text)]))
    file = len(message).to_bytes(2, "big") + message
    if len(file) > FILE_SIZE:
        words = f"the address takes {len(file)} bytes, and the chip has {FILE_SIZE}; use a shorter one"
        raise IssuanceError("chip_too_small", words)
    mac_offset = len(file) - MAC_CHARACTERS
    picc_offset = mac_offset - len(middle) - PICC_CHARACTERS
    keys = {number: chip_key(master, uid, number, version) for number in KEYS} | {META_KEY: meta_key(master)}
    return Personalisation(uid, file, picc_offset, mac_offset, version, keys)


def sun_master(secret: bytes) -> bytes:
    """The master of all chips' keys, drawn from a master key of the records (HKDF, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"cardsvc NTAG 424 DNA 1").derive(secret)


def chip_key(master: bytes, uid: bytes, number: int, version: int) -> bytes:
    """One key of one chip (AN10922): from its UID, the key's number and the version."""
    return diversified(master, uid + bytes((number, version & 0xFF)) + _SYSTEM)


def meta_key(master: bytes) -> bytes:
    """The key that hides the UID, the same on all chips of one master."""
    return diversified(master, _META)


def read_tap(picc: str, mac: str) -> SunMessage:
    """The message of a tap from the two fields of its address; raises ``bad_tap``."""
    if len(picc) != PICC_CHARACTERS or len(mac) != MAC_CHARACTERS:
        words = f"expected {PICC_CHARACTERS} and {MAC_CHARACTERS} characters, {len(picc)} and {len(mac)} came"
        raise IssuanceError("bad_tap", f"this is no tap: {words}")
    try:
        return SunMessage(bytes.fromhex(picc), bytes.fromhex(mac))
    except ValueError as error:
        raise IssuanceError("bad_tap", "this is no tap: its fields are not hexadecimal") from error
