"""Chips that exist in memory alone: they answer commands as the data sheets say, and keep what is written."""

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NDEF_AID = bytes.fromhex("d2760000850101")
KEY_AID = b"\xf0cardsvc\x01"
OK, NOT_FOUND, NOT_SUPPORTED, WRONG = b"\x90\x00", b"\x6a\x82", b"\x6d\x00", b"\x6a\x86"
DENIED = b"\x69\x82"


class Chip:
    """A chip with a UID; a reader answers FF CA for it."""

    #: PC/SC part 3: a card that speaks ISO 14443-4.
    atr = bytes.fromhex("3b8080010101")[:5]

    def __init__(self, uid: bytes) -> None:
        self.uid = uid
        self.heard: list[bytes] = []

    def power_on(self) -> None:
        """What was selected is forgotten."""

    def answer(self, apdu: bytes) -> bytes:
        self.heard.append(apdu)
        if apdu[:2] == b"\xff\xca":
            return self.uid + OK
        return self.command(apdu)

    def command(self, apdu: bytes) -> bytes:
        return NOT_SUPPORTED

    def transmit(self, apdu: bytes) -> bytes:
        """A chip without a reader between; implements ``verify.chip_reader.Connection``."""
        return self.answer(apdu)


class Type4(Chip):
    """A Type 4 Tag 2.0 with one NDEF file: NTAG 424 DNA, DESFire."""

    def __init__(self, uid: bytes, *, size: int = 256, mle: int = 0x3B, mlc: int = 0x34) -> None:
        super().__init__(uid)
        self.mle, self.mlc, self.locked = mle, mlc, False
        self.file = bytearray(size)
        self._application = self._selected = b""

    def power_on(self) -> None:
        self._application = self._selected = b""

    @property
    def container(self) -> bytes:
        access = b"\x00\xff" if self.locked else b"\x00\x00"
        sizes = self.mle.to_bytes(2, "big") + self.mlc.to_bytes(2, "big")
        return b"\x00\x0f\x20" + sizes + b"\x04\x06\xe1\x04" + len(self.file).to_bytes(2, "big") + access

    def command(self, apdu: bytes) -> bytes:
        kind, body = apdu[:2], apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        if apdu[:4] == b"\x00\xa4\x04\x00":
            return self.select(body)
        if self._application != NDEF_AID:
            return DENIED
        if apdu[:4] == b"\x00\xa4\x00\x0c":
            self._selected = body if body in (b"\xe1\x03", b"\xe1\x04") else b""
            return OK if self._selected else NOT_FOUND
        offset = int.from_bytes(apdu[2:4], "big")
        if kind == b"\x00\xb0":
            return self._read(offset, apdu[4])
        if kind == b"\x00\xd6":
            return self._write(offset, body)
        return NOT_SUPPORTED

    def select(self, name: bytes) -> bytes:
        if name != NDEF_AID:
            return NOT_FOUND
        self._application, self._selected = name, b""
        return OK

    def _read(self, offset: int, size: int) -> bytes:
        data = {b"\xe1\x03": self.container, b"\xe1\x04": bytes(self.file)}.get(self._selected)
        if data is None or size > self.mle or offset + size > len(data):
            return WRONG
        return data[offset : offset + size] + OK

    def _write(self, offset: int, data: bytes) -> bytes:
        if self._selected != b"\xe1\x04" or self.locked:
            return DENIED
        if len(data) > self.mlc or offset + len(data) > len(self.file):
            return WRONG
        self.file[offset : offset + len(data)] = data
        return OK


class KeyChip(Type4):
    """A Type 4 Tag with a P-256 key that never leaves it."""

    def __init__(self, uid: bytes, **options: int) -> None:
        super().__init__(uid, **{"size": 1024, "mle": 0xF0, "mlc": 0xF0} | options)
        self._private = ec.generate_private_key(ec.SECP256R1())

    @property
    def public(self) -> bytes:
        return self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def select(self, name: bytes) -> bytes:
        if name == KEY_AID:
            self._application, self._selected = name, b""
            return OK
        return super().select(name)

    def command(self, apdu: bytes) -> bytes:
        if self._application == KEY_AID:
            if apdu == b"\x00\xb0\x81\x00\x41":
                return self.public + OK
            if apdu[:5] == b"\x00\x88\x00\x00\x30" and len(apdu) == 5 + 48 + 1:
                return self.sign(b"cardsvc-chip-1" + apdu[5:53]) + OK
        return super().command(apdu)

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Copy(KeyChip):
    """A copy of a key chip's files and UID; it shows the original's public key, and signs with its own."""

    def __init__(self, original: KeyChip, *, shows_original_key: bool = True) -> None:
        super().__init__(original.uid)
        self.file = bytearray(original.file)
        self._shown = original.public if shows_original_key else None

    @property
    def public(self) -> bytes:
        return self._shown or super().public


class Type2(Chip):
    """A Type 2 Tag behind a reader that knows PC/SC's storage-card commands: NTAG 215 and 216."""

    #: PC/SC part 3, 3.1.3.2.3.2: a storage card, ISO 14443-3 A, MIFARE Ultralight.
    atr = bytes.fromhex("3b8f8001804f0ca0000003060300030000000068")

    def __init__(self, uid: bytes, *, size: int = 496) -> None:
        super().__init__(uid)
        self.pages = bytearray(16 + size + 20)
        self.pages[:9] = uid[:3] + b"\0" + uid[3:] + b"\0"
        self.pages[12:16] = bytes((0xE1, 0x10, size // 8, 0x00))
        self.pages[16:20] = b"\x03\x00\xfe\x00"
        self.last_page = 3 + size // 4

    def command(self, apdu: bytes) -> bytes:
        page = apdu[3]
        if apdu[:3] == b"\xff\xb0\x00" and apdu[4] == 16:
            read = bytes(self.pages[4 * page : 4 * page + 16])
            return read.ljust(16, b"\0") + OK
        if apdu[:3] == b"\xff\xd6\x00" and len(apdu) == 9:
            if not 4 <= page <= self.last_page:
                return DENIED
            self.pages[4 * page : 4 * page + 4] = apdu[5:]
            return OK
        return WRONG


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
