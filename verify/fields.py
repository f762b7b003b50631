"""Members of a decoded CBOR map or JSON object, read by label: of the expected type, or ``malformed``.

A decoder says what it expects in one line a member; the words of the refusal then name the object, the
member and what stood there. Members that nobody asks for are ignored: the formats may grow.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from verify.cbor import MAX_INTEGER
from verify.days import day_number
from verify.errors import Refused

#: The last day that a calendar date can name: a higher day number is nobody's last day.
MAX_DAY: Final = day_number(date.max)


def malformed(words: str) -> Refused:
    """The refusal of everything that does not parse."""
    return Refused("malformed", words)


def array(value: object, what: str) -> list[object]:
    """``value`` as an array."""
    if isinstance(value, list):
        return value
    if isinstance(value, tuple):
        return list(value)
    raise malformed(f"{what}: expected an array, found {type(value).__name__}")


def uint(value: object, what: str, limit: int = MAX_INTEGER) -> int:
    """``value`` as an unsigned integer of at most ``limit``; true and false are not integers here."""
    if type(value) is not int or not 0 <= value <= limit:
        raise malformed(f"{what}: expected an integer from 0 to {limit}, found {value!r:.40}")
    return value


def octets(value: object, what: str, size: int | None = None) -> bytes:
    """``value`` as a byte string, of exactly ``size`` bytes if given."""
    if not isinstance(value, bytes) or (size is not None and len(value) != size):
        wanted = "a byte string" if size is None else f"a byte string of {size} bytes"
        raise malformed(f"{what}: expected {wanted}, found {type(value).__name__}")
    return value


class Fields:
    """The members of one map, read by label."""

    __slots__ = ("_raw", "_what")

    def __init__(self, raw: object, what: str) -> None:
        """Take ``raw``, which must be a map; ``what`` names it in refusals."""
        if not isinstance(raw, Mapping):
            raise malformed(f"{what}: expected a map, found {type(raw).__name__}")
        if any(type(key) is not int and type(key) is not str for key in raw):
            # In Python true and 1.0 equal 1: such a key would answer for a label it is not.
            raise malformed(f"{what}: a key is neither an integer nor text")
        self._raw: Mapping[object, object] = raw
        self._what = what

    def has(self, label: int | str) -> bool:
        """Whether the member is there."""
        return label in self._raw

    def any(self, label: int | str) -> object:
        """The member as it stands; missing is malformed."""
        if label not in self._raw:
            raise malformed(f"{self._what}: member {label!r} is missing")
        return self._raw[label]

    def uint(self, label: int | str, limit: int = MAX_INTEGER) -> int:
        """An unsigned integer."""
        return uint(self.any(label), self._name(label), limit)

    def optional_uint(self, label: int | str, limit: int = MAX_INTEGER) -> int | None:
        """An unsigned integer, or None where the member is absent."""
        return self.uint(label, limit) if self.has(label) else None

    def integer(self, label: int | str, lowest: int, highest: int) -> int:
        """An integer in a range that may begin below zero."""
        value = self.any(label)
        if type(value) is not int or not lowest <= value <= highest:
            raise malformed(
                f"{self._name(label)}: expected an integer from {lowest} to {highest}, found {value!r:.40}"
            )
        return value

    def text(self, label: int | str) -> str:
        """A text string that is not empty."""
        value = self.any(label)
        if not isinstance(value, str) or not value:
            raise malformed(f"{self._name(label)}: expected text, found {type(value).__name__}")
        return value

    def octets(self, label: int | str, size: int | None = None) -> bytes:
        """A byte string, of exactly ``size`` bytes if given."""
        return octets(self.any(label), self._name(label), size)

    def array(self, label: int | str) -> list[object]:
        """An array."""
        return array(self.any(label), self._name(label))

    def documents(self, label: int | str, *, required: bool = True) -> tuple[bytes, ...]:
        """An array of byte strings, each one signed object; empty where absent and not ``required``."""
        if not required and not self.has(label):
            return ()
        return tuple(octets(item, self._name(label)) for item in self.array(label))

    def fields(self, label: int | str) -> "Fields":
        """A map in the map."""
        return Fields(self.any(label), self._name(label))

    def _name(self, label: object) -> str:
        return f"{self._what}, member {label!r}"
