"""Typed access to a decoded map of claims: one place that says what is missing or of the wrong kind."""

from collections.abc import Mapping
from typing import TypeVar

from verify.cbor import MAX_INTEGER
from verify.errors import Refused

Value = TypeVar("Value", int, str, bytes)

_KEYS = frozenset((int, str))


def optional(claims: Mapping[object, object], label: object, kind: type[Value], name: str) -> Value | None:
    """The claim if it is there; ``malformed`` if it is of another kind or too large an integer.

    ``type(…) is`` on purpose: ``True`` is an ``int`` to Python, and no integer to this format.
    """
    value = claims.get(label)
    if type(value) is not kind:
        if value is None and label not in claims:
            return None
        raise Refused("malformed", f"{name} must be {kind.__name__}, not {type(value).__name__}")
    if type(value) is int and not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise Refused("malformed", f"{name} is beyond ±2^53")
    return value


def required(claims: Mapping[object, object], label: object, kind: type[Value], name: str) -> Value:
    """The claim, which must be there."""
    value = optional(claims, label, kind, name)
    if value is None:
        raise Refused("malformed", f"{name} is missing")
    return value


def mapping(value: object, name: str) -> Mapping[object, object]:
    """A map with keys that are integers or texts, and nothing that merely equals one (``true``, ``1.0``)."""
    if not isinstance(value, dict):  # What CBOR and JSON readers make; a check for any Mapping costs more.
        raise Refused("malformed", f"{name} must be a map")
    if not _KEYS.issuperset(map(type, value)):
        raise Refused("malformed", f"{name} has a key that is neither integer nor text")
    return value
