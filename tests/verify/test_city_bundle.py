"""A bundle of a whole city: 310,000 prints, a venue of three services, sixty keys.

Goals: at most 150 KB, loaded in 50 ms. Size is a fact; time is a neighbour's too: five times the goal fails.
"""

import random

from tests.verify import trustkit as kit
from verify.days import day_at
from verify.keylist import KeyUse
from verify.permits import PERMIT_TYP, encode_permit_claims
from verify.status import (
    LIST_SLOTS,
    STATUS_TYP,
    encode_entitlement_claims,
    encode_status_claims,
    pack,
)
from verify.trust import TrustState, accept

PRINTS, SERVICES, DATED_GRANTS, KEYS = 310_000, (2, 3, 14), 5_000, 60
FULL_LIST = LIST_SLOTS * 15 // 16
TODAY = day_at(kit.NOW)


def lists(chance: random.Random, uri: str, prints: int) -> tuple[bytes, bytes, list[bytes]]:
    """16 % valid, 10 % replaced, 2 % revoked, a third suspended (ended permits), the rest expired."""
    used = chance.sample(range(LIST_SLOTS), prints)
    kinds = chance.choices((0, 3, 1, 2, None), (16, 10, 2, 33, 39), k=prints)
    status = {index: kind for index, kind in zip(used, kinds, strict=True) if kind}
    valid = [index for index, kind in zip(used, kinds, strict=True) if kind == 0]
    ending = {index: TODAY + chance.randrange(14) for index in valid if chance.random() < 0.1}
    times = {"iat": kit.SNAPSHOT, "exp": kit.EXP}
    rights = []
    for service in SERVICES:
        values = {index: chance.choice((1, 2)) for index in chance.sample(used, prints // 100)}
        dated = {
            index: TODAY + chance.randrange(700)
            for index in chance.sample(used, DATED_GRANTS * prints // PRINTS)
        }
        data = pack(values | dict.fromkeys(dated, 3))
        rights.append(
            encode_entitlement_claims(uri=uri, service=service, data=data, last_days=dated, **times)
        )
    return (
        kit.signed1(STATUS_TYP, encode_status_claims(uri=uri, data=pack(status), **times), kit.STATUS),
        kit.signed1(PERMIT_TYP, encode_permit_claims(uri=uri, days=ending, **times), kit.STATUS),
        [kit.signed1(STATUS_TYP, payload, kit.STATUS) for payload in rights],
    )


def test_a_city_fits_and_loads() -> None:
    chance = random.Random(2)
    sizes = (FULL_LIST, FULL_LIST, PRINTS - 2 * FULL_LIST)
    parts = [lists(chance, f"https://card.example/s/{number:03}", size) for number, size in enumerate(sizes)]
    more = [kit.entry(kit.Ed25519(f"card {n}").public, KeyUse.CARD) for n in range(KEYS - len(kit.entries()))]
    data = kit.bundle(
        key_list=kit.key_list(keys=(*kit.entries(), *more)),
        status=tuple(part[0] for part in parts),
        permits=tuple(part[1] for part in parts),
        entitlements=tuple(one for part in parts for one in part[2]),
    )
    state = TrustState.pin(kit.root_document(), now=kit.NOW)
    _, trust = accept(state, data, kit.NOW)
    assert len(data) <= 150_000
    assert (
        sum(len(trust.entitlements(f"https://card.example/s/{n:03}", 3).last_days) for n in range(3)) >= 4_990
    )
