"""An NTAG 424 DNA as far as SUN goes: keys, a counter, and the message of every tap."""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from verify.sun import SunMessage, cmac, session_keys


class SunTag:
    """One chip; its counter goes up at every tap and is never set back."""

    def __init__(self, uid: bytes, meta_key: bytes, file_key: bytes) -> None:
        self.uid, self.counter = uid, 0
        self._meta_key, self._file_key = meta_key, file_key

    def tap(self, covered: bytes = b"") -> SunMessage:
        """What the chip writes into its address when it is read."""
        self.counter += 1
        counter = self.counter.to_bytes(3, "little")
        plain = (b"\xc7" + self.uid + counter).ljust(16, b"\x99")
        encryptor = Cipher(algorithms.AES128(self._meta_key), modes.CBC(bytes(16))).encryptor()
        signing = session_keys(self._file_key, self.uid, counter)[1]
        return SunMessage(encryptor.update(plain), cmac(signing, covered)[1::2], covered)


class Memory:
    """Counters in memory; implements ``verify.sun.Counters``."""

    def __init__(self) -> None:
        self._highest: dict[bytes, int] = {}

    def advance(self, uid: bytes, counter: int) -> bool:
        """Note a higher counter."""
        if counter <= self._highest.get(uid, -1):
            return False
        self._highest[uid] = counter
        return True
