"""Card status and entitlements: IETF Token Status Lists as CWT claims, both directions (section 4).

Payload bytes only: who signed them is judged in :mod:`verify.trust`. The JWT form is in
:mod:`verify.status_jwt`, permit lists are in :mod:`verify.permits`.
"""

import functools
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from verify import cbor
from verify.fields import MAX_DAY, Fields, array, malformed, uint
from verify.services import Service
from verify.text import inflate

STATUS_TYP: Final = "application/statuslist+cwt"

#: What a card status value means. 1 and 3 never change back; 3 is "application-specific" in the standard.
VALID, REVOKED, SUSPENDED, REPLACED = 0, 1, 2, 3
#: What an entitlement value means; a value other than 0 replaces the printed right.
AS_PRINTED, GRANTED, WITHDRAWN, GRANTED_TO_DAY = 0, 1, 2, 3

_AS_PRINTED: Final = (AS_PRINTED, None)

#: 16 million prints in one list; a bomb stops here (section 4), counted while inflating.
MAX_LIST_BYTES: Final = 4 * 1024 * 1024
#: Slots of one list of this issuer (section 4): 32 KiB of 2-bit values.
LIST_SLOTS: Final = 2**17
CARD_BITS: Final = 2
HOTLIST_BITS: Final = 1
_WIDTHS: Final = (1, 2, 4, 8)
#: Services are numbered 1–52, the bits of a mask that a double holds exactly (section 3).
MAX_SERVICE: Final = 52

SUB, EXP, IAT = 2, 4, 6
TTL, STATUS_LIST, LAST_DAYS = 65534, 65533, -70010


def entitlement_uri(uri: str, service: Service | int) -> str:
    """The sub of the entitlement list of ``service`` over the indices of the card list ``uri``."""
    return f"{uri}/{int(service)}"


def hotlist_uri(uri: str) -> str:
    """The sub of the hotlist over the indices of the card list ``uri``."""
    return f"{uri}/hotlist"


def deflate(data: bytes) -> bytes:
    """``data`` as a zlib stream of level 9."""
    return zlib.compress(data, 9)


def inflate_bounded(data: bytes) -> bytes:
    """The content of a zlib stream of at most :data:`MAX_LIST_BYTES`; else ``malformed``."""
    return inflate(data, MAX_LIST_BYTES)


def pack(values: Mapping[int, int], *, slots: int = LIST_SLOTS, bits: int = CARD_BITS) -> bytes:
    """The bytes of a list of ``slots`` values: ``values[index]``, and 0 at every other index.

    The least significant bits of a byte come first, as the standard wants. An index past the last slot or a
    value wider than ``bits`` is refused.
    """
    if bits not in _WIDTHS:
        raise malformed(f"status list: expected 1, 2, 4 or 8 bits a value, found {bits}")
    out = bytearray((slots * bits + 7) // 8)
    for index, value in values.items():
        if not 0 <= index < slots or not 0 <= value < 1 << bits:
            raise malformed(f"status list: value {value} at index {index} does not fit {slots} × {bits} bits")
        position = index * bits
        byte, shift = position >> 3, position & 7
        out[byte] = out[byte] & ~(((1 << bits) - 1) << shift) & 0xFF | value << shift
    return bytes(out)


@dataclass(frozen=True, slots=True)
class StatusList:
    """One list of small values, kept inflated so that a look-up touches one byte.

    ``iat`` and ``exp`` are epoch seconds, ``ttl`` seconds or None; ``uri`` is the sub, byte for byte what a
    card must name.
    """

    uri: str
    iat: int
    exp: int
    ttl: int | None
    bits: int
    data: bytes

    def __len__(self) -> int:
        """How many values the list holds."""
        return len(self.data) * 8 // self.bits

    def at(self, index: int) -> int | None:
        """The value at ``index``; None past the end (the caller's ``status_unknown``)."""
        position = index * self.bits
        if index < 0 or position >> 3 >= len(self.data):
            return None
        return self.data[position >> 3] >> (position & 7) & (1 << self.bits) - 1


@dataclass(frozen=True, slots=True)
class EntitlementList:
    """The rights to one service given or taken after printing, over the indices of a card list."""

    values: StatusList
    service: int
    last_days: Mapping[int, int]

    @property
    def uri(self) -> str:
        """The sub: the card list's uri, a slash and the service's number."""
        return self.values.uri

    @property
    def iat(self) -> int:
        """Epoch second of the snapshot."""
        return self.values.iat

    @property
    def exp(self) -> int:
        """Epoch second at which the list is over."""
        return self.values.exp

    def at(self, index: int) -> tuple[int, int | None] | None:
        """The value at ``index`` and, for "granted to a day", that day number; None past the end."""
        value = self.values.at(index)
        if not value:
            return _AS_PRINTED if value == AS_PRINTED else None
        return value, self.last_days[index] if value == GRANTED_TO_DAY else None


def status_list_map(bits: int, data: bytes) -> dict[str, object]:
    """The member 65533 of a status list's claims: ``{"bits", "lst"}``."""
    if bits not in _WIDTHS:
        raise malformed(f"status list: expected 1, 2, 4 or 8 bits a value, found {bits}")
    return {"bits": bits, "lst": deflate(data)}


def inflate_list(bits: int, lst: bytes, what: str) -> bytes:
    """The inflated values of a ``lst``, whose width must be one the standard knows; ``what`` names it."""
    if bits not in _WIDTHS:
        raise malformed(f"{what}: expected 1, 2, 4 or 8 bits a value, found {bits}")
    return inflate_bounded(lst)


def _claims(uri: str, iat: int, exp: int, ttl: int | None, bits: int, data: bytes) -> dict[int, object]:
    claims: dict[int, object] = {SUB: uri, EXP: exp, IAT: iat, STATUS_LIST: status_list_map(bits, data)}
    if ttl is not None:
        claims[TTL] = ttl
    return claims


def encode_status_claims(
    *, uri: str, iat: int, exp: int, data: bytes, ttl: int | None = None, bits: int = CARD_BITS
) -> bytes:
    """The payload of a status list (or, with ``bits`` 1 and the hotlist's uri, of a hotlist).

    ``data`` comes from :func:`pack`; times are epoch seconds.
    """
    return cbor.encode(_claims(uri, iat, exp, ttl, bits, data))


def decode_status_claims(payload: bytes) -> StatusList:
    """The status list in ``payload``; raises ``malformed``."""
    return _status(Fields(cbor.decode(payload), "status list"))


def encode_entitlement_claims(
    *,
    uri: str,
    service: Service | int,
    iat: int,
    exp: int,
    data: bytes,
    last_days: Mapping[int, int],
    ttl: int | None = None,
) -> bytes:
    """The payload of an entitlement list.

    ``uri`` is the *card list's*; ``data`` comes from :func:`pack`; ``last_days`` maps each index of value 3
    to its day number. A day too many or too few is refused here, as every reader would refuse it.
    """
    indices = _dated(data)
    if set(indices) != set(last_days):
        raise malformed(
            f"entitlement list: {len(indices)} values 3, but {len(last_days)} last days, or others"
        )
    claims = _claims(entitlement_uri(uri, service), iat, exp, ttl, CARD_BITS, data)
    if indices:
        claims[LAST_DAYS] = deflate(cbor.encode([last_days[index] for index in indices]))
    return cbor.encode(claims)


def decode_entitlement_claims(payload: bytes) -> EntitlementList:
    """The entitlement list in ``payload``; raises ``malformed``, also for a wrong number of last days."""
    fields = Fields(cbor.decode(payload), "entitlement list")
    values = _status(fields)
    if values.bits != CARD_BITS:
        raise malformed(f"entitlement list: expected {CARD_BITS} bits a value, found {values.bits}")
    number = values.uri.rpartition("/")[2]
    if not re.fullmatch(r"[1-9][0-9]?", number) or int(number) > MAX_SERVICE:
        raise malformed(f"entitlement list: {values.uri!r:.60} does not end in a service number")
    days: list[object] = []
    if fields.has(LAST_DAYS):
        raw = inflate_bounded(fields.octets(LAST_DAYS))
        days = array(cbor.decode(raw), "entitlement list, last days")
    indices = _dated(values.data)
    if len(indices) != len(days):
        raise malformed(f"entitlement list: {len(indices)} values 3, but {len(days)} last days")
    checked = [uint(day, "entitlement list, a last day", MAX_DAY) for day in days]
    return EntitlementList(values, int(number), dict(zip(indices, checked, strict=True)))


def decode_hotlist_claims(payload: bytes) -> StatusList:
    """The hotlist in ``payload``: a list of single bits; raises ``malformed``."""
    hotlist = decode_status_claims(payload)
    if hotlist.bits != HOTLIST_BITS or not hotlist.uri.endswith("/hotlist"):
        raise malformed(
            f"hotlist: expected single bits and a sub ending in /hotlist, found {hotlist.uri!r:.60}"
        )
    return hotlist


def _status(fields: Fields) -> StatusList:
    inner = fields.fields(STATUS_LIST)
    bits = inner.uint("bits")
    return StatusList(
        uri=fields.text(SUB),
        iat=fields.uint(IAT),
        exp=fields.uint(EXP),
        ttl=fields.optional_uint(TTL),
        bits=bits,
        data=inflate_list(bits, inner.octets("lst"), "status list"),
    )


def _dated(data: bytes) -> Sequence[int]:
    """The indices of value 3 in ascending order.

    A regular expression finds the few bytes that hold one at C speed; a loop over 32 KiB a list would cost
    more than the rest of a bundle.
    """
    pattern, offsets = _bytes_with_three()
    bytes_found = (found.start() for found in pattern.finditer(data))
    return [byte * 4 + offset for byte in bytes_found for offset in offsets[data[byte]]]


@functools.cache
def _bytes_with_three() -> tuple[re.Pattern[bytes], dict[int, tuple[int, ...]]]:
    offsets = {}
    for byte in range(256):
        slots = tuple(slot for slot in range(4) if byte >> 2 * slot & 3 == GRANTED_TO_DAY)
        if slots:
            offsets[byte] = slots
    return re.compile(b"[" + b"".join(re.escape(bytes([byte])) for byte in offsets) + b"]"), offsets
