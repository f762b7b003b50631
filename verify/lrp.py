"""LRP, the leakage-resilient primitive that an NTAG 424 DNA may use in place of plain AES (NXP AN12304).

A reader's computer leaks nothing that LRP would hide; it is here so that such chips can be checked.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16
_NIBBLES = 16
_STEP, _TAKE = b"\x55" * BLOCK, b"\xaa" * BLOCK
#: The reduction of a doubling in GF(2^128) (NIST SP 800-38B, 5.3).
_R128 = 0x87


def aes_block(key: bytes, block: bytes) -> bytes:
    """One block, encrypted by AES as it is."""
    encryptor = Cipher(algorithms.AES128(key), modes.ECB()).encryptor()  # noqa: S305  # a block, no message
    return encryptor.update(block) + encryptor.finalize()


def aes_block_back(key: bytes, block: bytes) -> bytes:
    """One block, decrypted by AES as it is."""
    decryptor = Cipher(algorithms.AES128(key), modes.ECB()).decryptor()  # noqa: S305  # a block, no message
    return decryptor.update(block) + decryptor.finalize()


class Lrp:
    """The tables of one key and one of its updated keys (AN12304, algorithms 1 and 2)."""

    def __init__(self, key: bytes, updated: int = 0) -> None:
        """Prepare for the ``updated``-th updated key: 0 makes codes, 1 encrypts."""
        state = aes_block(key, _STEP)
        plaintexts = []
        for _ in range(_NIBBLES):
            plaintexts.append(aes_block(state, _TAKE))
            state = aes_block(state, _STEP)
        self._plaintexts = plaintexts
        state = aes_block(key, _TAKE)
        for _ in range(updated):
            state = aes_block(state, _STEP)
        self._key = aes_block(state, _TAKE)

    def evaluated(self, nibbles: str, *, final: bool = True) -> bytes:
        """Walk from the key through the nibbles, written in hexadecimal (algorithm 3)."""
        value = self._key
        for nibble in nibbles:
            value = aes_block(value, self._plaintexts[int(nibble, 16)])
        return aes_block(value, bytes(BLOCK)) if final else value

    def cmac(self, message: bytes) -> bytes:
        """CMAC with LRP in place of the block cipher (AN12304, 2.3; NIST SP 800-38B)."""
        first = _doubled(self.evaluated("00" * BLOCK))
        whole = len(message) > 0 and len(message) % BLOCK == 0
        padded = (
            message if whole else (message + b"\x80").ljust(-(-(len(message) + 1) // BLOCK) * BLOCK, b"\0")
        )
        state = bytes(BLOCK)
        for start in range(0, len(padded) - BLOCK, BLOCK):
            state = self.evaluated(_xor(state, padded[start : start + BLOCK]).hex())
        last = _xor(_xor(state, padded[-BLOCK:]), first if whole else _doubled(first))
        return self.evaluated(last.hex())

    def decrypted(self, counter: bytes, data: bytes) -> bytes:
        """LRICB without padding: every block by a key of its own, ``counter`` going up (AN12304, 2.2)."""
        plain = b""
        number, size = int.from_bytes(counter, "big"), 2 * len(counter)
        for start in range(0, len(data), BLOCK):
            key = self.evaluated(f"{number % 16**size:0{size}x}")
            plain += aes_block_back(key, data[start : start + BLOCK])
            number += 1
        return plain


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _doubled(block: bytes) -> bytes:
    value = int.from_bytes(block, "big") << 1
    if value >> 128:
        value = (value & (1 << 128) - 1) ^ _R128
    return value.to_bytes(BLOCK, "big")
