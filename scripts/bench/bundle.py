"""``bundle``: what a venue's readers fetch for a whole city, and what one look into it costs.

310,000 prints in three lists: 16 % valid, 10 % replaced, 2 % revoked, a third suspended or with a permit that
ended, the rest expired; three services, each with 1 % changed and 5,000 grants to a day; sixty keys.
"""

import random
from collections.abc import Container, Iterator

from keys.bundle import Entitlement, ListSnapshot
from scripts.bench.measure import BenchError, Row, median_of, timed, within
from scripts.bench.peers import Peers
from scripts.bench.town import SERVICES, URI, Town, in_days
from verify.status import (
    GRANTED,
    GRANTED_TO_DAY,
    LIST_SLOTS,
    REPLACED,
    REVOKED,
    SUSPENDED,
    VALID,
    WITHDRAWN,
    StatusList,
)

PRINTS, DATED_GRANTS, CHANGED, ENDING_SOON = 310_000, 5_000, 0.01, 0.1
KINDS = {VALID: 16, REPLACED: 10, REVOKED: 2, SUSPENDED: 33, None: 39}
MAX_KB, MAX_LOAD_MS, MAX_LOOK_UP_US = 150.0, 50.0, 1.0
#: The next list is opened when so many slots are taken (docs/format.md section 4).
_FULL = LIST_SLOTS * 15 // 16


def run(town: Town, _peers: Peers) -> Iterator[Row]:
    """Size, loading, and a status."""
    bundle = town.bundle(city(town, PRINTS))
    trust = town.accept(bundle)
    keys, work = len(town.keyring.key_list.keys), f"{PRINTS:,} prints, {len(SERVICES)} services"
    yield within("bundle", f"size, {work}, {keys} keys", len(bundle) / 1000, unit="KB", limit=MAX_KB)
    seconds = median_of(timed(lambda: town.accept(bundle)))
    yield within("bundle", f"loaded, {work}", seconds * 1000, unit="ms", limit=MAX_LOAD_MS)
    status = trust.status(URI)
    if status is None:
        raise BenchError(f"the bundle holds no list {URI}")
    yield within("bundle", "one status", looking(status) * 1e6, unit="µs", limit=MAX_LOOK_UP_US)


def city(town: Town, prints: int, sound: Container[int] = ()) -> list[ListSnapshot]:
    """The lists of so many prints; the first has the address that the cards of this run name.

    Nothing ill is said of the indices in ``sound``, so that cards at these places are allowed.
    """
    chance = random.Random(prints)  # noqa: S311 - the same city in every run, no secret
    sizes = [min(_FULL, prints - begun) for begun in range(0, prints, _FULL)]
    return [
        _list(town, chance, f"{URI[:-1]}{number}" if number else URI, size, prints, sound)
        for number, size in enumerate(sizes)
    ]


def looking(status: StatusList) -> float:
    """Seconds for one status, at places all over the list."""
    chance = random.Random(1)  # noqa: S311 - the same places in every run, no secret
    indices = [chance.randrange(LIST_SLOTS) for _ in range(1000)]

    def look() -> None:
        for index in indices:
            status.at(index)

    return median_of(timed(look)) / len(indices)


def _list(
    town: Town, chance: random.Random, uri: str, size: int, prints: int, sound: Container[int]
) -> ListSnapshot:
    used = [index for index in chance.sample(range(LIST_SLOTS), size) if index not in sound]
    kinds = chance.choices([*KINDS], [*KINDS.values()], k=len(used))
    valid = [index for index, kind in zip(used, kinds, strict=True) if kind == VALID]
    entitlements = {}
    for service in SERVICES:
        changed = chance.sample(used, int(len(used) * CHANGED))
        dated = chance.sample(used, min(len(used), DATED_GRANTS * size // prints))
        entitlements[service] = {
            **{index: Entitlement(chance.choice((GRANTED, WITHDRAWN))) for index in changed},
            **{
                index: Entitlement(GRANTED_TO_DAY, in_days(town.now, chance.randrange(700)))
                for index in dated
            },
        }
    return ListSnapshot(
        uri=uri,
        statuses={index: kind for index, kind in zip(used, kinds, strict=True) if kind},
        permit_days={
            index: in_days(town.now, chance.randrange(14)) for index in valid if chance.random() < ENDING_SOON
        },
        entitlements=entitlements,
    )
