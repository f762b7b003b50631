"""What kind of reader stands where, and how far two of them are apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Final

from cardsvc.readers.kinds import Kind
from cardsvc.records import Transaction
from cardsvc.records.gate_log import Travel
from cardsvc.records.readers import PlaceRecord

#: Positions are kept in hundred-thousandths of a degree: a metre, and no rounding that differs by database.
_PARTS: Final = 100_000
_EARTH_M: Final = 6_371_000


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees of WGS 84."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Place:
    """A reader's kind, its site in words, and its position where somebody gave one."""

    kind: Kind
    site: str | None = None
    position: Position | None = None


#: What is known of a reader that nobody described.
UNKNOWN: Final = Place(Kind.DOOR)


def put_place(tx: Transaction, reader: str, place: Place) -> None:
    """Let this be known of a reader."""
    at = place.position
    tx.readers.put_place(
        PlaceRecord(
            reader,
            place.kind.value,
            place.site,
            None if at is None else round(at.latitude * _PARTS),
            None if at is None else round(at.longitude * _PARTS),
        )
    )


def places(tx: Transaction) -> dict[str, Place]:
    """What is known of every reader that somebody described."""
    return {
        reader: Place(Kind(found.kind), found.site, _position(found))
        for reader, found in tx.readers.places().items()
    }


def travel(known: Iterable[Place], *, near_m: float, metres_s: float, within_s: int) -> Travel:
    """What nobody outruns between these places, as the records ask it of all their pairs."""
    latitudes = [one.position.latitude for one in known if one.position is not None]
    nearest = min((abs(one) for one in latitudes), default=0.0)
    part_m = radians(1) * _EARTH_M / _PARTS
    return Travel(near_m, metres_s, within_s, part_m, cos(radians(nearest)) ** 2)


def metres(one: Position, other: Position) -> float:
    """How far apart two positions are, along the earth (haversine)."""
    up, across = radians(other.latitude - one.latitude), radians(other.longitude - one.longitude)
    flat = cos(radians(one.latitude)) * cos(radians(other.latitude))
    return 2 * _EARTH_M * asin(sqrt(sin(up / 2) ** 2 + flat * sin(across / 2) ** 2))


def _position(found: PlaceRecord) -> Position | None:
    if found.latitude is None or found.longitude is None:
        return None
    return Position(found.latitude / _PARTS, found.longitude / _PARTS)
