"""Bundles in great number, seeded: each sound but for a change or two, signed again, or damaged."""

import random
from collections.abc import Iterator
from typing import Any

from tests.verify import trustkit as kit
from tests.verify.test_hostile import mutate
from verify.days import DAY_S
from verify.keylist import KeyUse

URI = kit.URI

BUNDLE_CHANGES: tuple[dict[str, Any], ...] = (
    *({}, {}, {"seq": 11}, {"seq": 9}, {"seq": 12}, {"epoch": 2}, {"epoch": 0}, {"issuer": "cn-other"}),
    *(
        {"venue": "other"},
        {"iat": kit.NOW + 121},
        {"iat": kit.NOW + 120},
        {"iat": kit.NOW - 90},
        {"exp": kit.NOW},
    ),
    *(
        {"exp": kit.NOW + 32 * DAY_S},
        {"ttl": 0},
        {"policy": {}},
        {"policy": {-1: 0}},
        {"policy": {4: [6]}},
        {"policy": {7: [1, 36 * DAY_S]}},
    ),
    *({"permits": ()}, {"status": ()}, {"status": (), "permits": ()}, {"entitlements": ()}, {"roots": ()}),
    {"entitlements": (), "status": (), "permits": ()},
    {"status": (kit.status_list(), kit.status_list())},
    {"status": (kit.status_list(kit.CARD),)},
    {"status": (kit.status_list(kit.STATUS_2),)},
    {"status": (kit.status_list(bits=4),)},
    {"status": (kit.status_list(iat=kit.SNAPSHOT - 5),)},
    {"permits": (kit.permit_list(iat=kit.SNAPSHOT - 5),)},
    {"permits": (kit.permit_list(exp=kit.EXP - 5),)},
    {"permits": (kit.status_list(),)},
    {"hotlists": (kit.hotlist(),)},
    {"hotlists": (kit.status_list(),)},
    {"hotlists": (kit.hotlist(uri=URI + "x"),)},
    {"distrusted": {kit.CARD.public.kid: None}},
    {"distrusted": {kit.STATUS.public.kid: None}},
    {"distrusted": {b"12345678": None}},
    {"issued": (kit.issued_list(),)},
    {"key_list": kit.key_list(kit.ROOT_KEYS[:1])},
    {"key_list": kit.key_list(kit.ROOT_KEYS[:1] * 2)},
    {"key_list": kit.key_list(kit.NEXT_ROOT_KEYS)},
    {"key_list": kit.key_list(version=4)},
    {"key_list": kit.key_list(version=6)},
    {"key_list": kit.key_list(version=5, iat=kit.NOW - 29 * DAY_S)},
    {"key_list": kit.key_list(root_version=2)},
    {"key_list": kit.key_list(root_version=0)},
    {"key_list": kit.key_list(issuer="cn-other")},
    {"key_list": kit.key_list(iat=kit.NOW + 500)},
    {"key_list": kit.key_list(keys=(*kit.entries(), kit.entries()[0]))},
    {"key_list": kit.key_list(keys=(*kit.entries(), kit.entry(kit.ROOT_KEYS[0].public, KeyUse.CARD)))},
    {"key_list": kit.key_list(typ="other")},
    {"roots": (kit.root_document(), kit.root_document(2))},
    {
        "roots": (kit.root_document(), kit.root_document(2)),
        "key_list": kit.key_list(kit.NEXT_ROOT_KEYS, root_version=2),
    },
    {"roots": (kit.root_document(), kit.root_document(3))},
    {"roots": (kit.root_document(2), kit.root_document())},
    {"roots": (kit.root_document(), kit.root_document(2, kit.NEXT_ROOT_KEYS))},
    {"roots": (kit.root_document(), kit.root_document(2, iat=kit.NOW + 500))},
    {"roots": (kit.root_document(exp=kit.NOW),)},
    {"roots": (kit.root_document(iat=kit.NOW - 101 * DAY_S),)},
)


def bundles(count: int) -> Iterator[tuple[bytes, int, bool]]:
    """Bundles with the clock at which each is given, and whether the reader begins afresh with it."""
    choose = random.Random(98)
    epoch_two = kit.EpochTwo()
    for number in range(count):
        changes = choose.choice(BUNDLE_CHANGES)
        if choose.random() < 0.2:
            changes = changes | choose.choice(BUNDLE_CHANGES)
        signers = choose.choice(
            ((kit.BUNDLE,),) * 8 + ((kit.CARD,), (kit.STATUS,), (kit.BUNDLE_2,), kit.ROOT_KEYS)
        )
        data = kit.bundle(signers, **changes)
        if choose.random() < 0.1:
            data = epoch_two.bundle(
                **choose.choice(({}, {"seq": 0}, {"distrusted": {kit.TOKEN.public.kid: None}}))
            )
        if choose.random() < 0.1:
            data = mutate(data, choose)
        now = kit.NOW + choose.choice((0, 0, 0, 0, -500, DAY_S, 20 * DAY_S, 700 * DAY_S))
        yield data, now, number == 0 or choose.random() < 0.25
