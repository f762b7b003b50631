"""Passwords: Argon2id (RFC 9106, section 4, second recommendation), a few at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from cardsvc.errors import Explained, ServiceError

#: With a second factor beside it (NIST SP 800-63B, section 5.1.1.1, asks for 8 at least).
MIN_CHARACTERS: Final = 12
MAX_CHARACTERS: Final = 200
#: 64 MiB each: more at once would let strangers fill the memory.
AT_ONCE: Final = 2
#: Longer than a dozen before one take; who waits holds a thread that everybody needs.
WAIT_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Passwords:
    """Makes and checks hashes."""

    hasher: PasswordHasher = field(
        default_factory=lambda: PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
    )
    _turn: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    def make(self, password: str, staff: str) -> str:
        """The hash to store; raises ``weak_password``, ``too_often`` where too many wait."""
        if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
            raise _weak(f"it must have {MIN_CHARACTERS} to {MAX_CHARACTERS} characters")
        if staff.casefold() in password.casefold() or len(set(password)) < MIN_CHARACTERS // 2:
            raise _weak("it must not hold the sign-in name, nor the same few characters again and again")
        with self._my_turn():
            return self.hasher.hash(password)

    def fits(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; takes as long where there is none to compare with.

        Raises ``too_often`` where too many wait.
        """
        with self._my_turn():
            if stored is None:
                self.hasher.hash(password[:MAX_CHARACTERS])
                return False
            try:
                return self.hasher.verify(stored, password[:MAX_CHARACTERS])
            except (Argon2Error, InvalidHashError):
                return False

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=WAIT_S):
            raise ServiceError("too_often", "too many passwords are being checked: try again in a moment")
        try:
            yield
        finally:
            self._turn.release()


def _weak(words: str) -> Explained:
    fields = [("password", "weak", words)]
    return Explained("weak_password", f"choose another password: {words}", fields=fields)
