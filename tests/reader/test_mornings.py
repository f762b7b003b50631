"""What a morning's decisions do to a card that was printed a year ago, at a door that has just synced."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from tests.reader.door import Door, world
from tests.verify import world as w
from tests.verify.world import INDEX, MADE, TODAY
from verify.days import DAY_S, day_number, end_of, start_of

LAST_YEAR = start_of(day_number(date(2025, 9, 1)))


def test_a_grant_a_withdrawal_and_an_extended_stay_reach_last_years_card(tmp_path: Path) -> None:
    """Printed a year ago, without the library, for a stay that has ended since."""
    keys = tuple(
        replace(key, sign_from=LAST_YEAR - DAY_S) if key.public == w.CARD.public else key
        for key in world().keys
    )
    printed = w.text_of(
        w.code(
            issued_at=LAST_YEAR + 3600,
            not_before=LAST_YEAR,
            expires=end_of(day_number(date(2028, 8, 31))),
            services=1 << 1,
            permit_day=TODAY - 30,
        )
    )
    door = Door(tmp_path / "state")
    extended = {INDEX: TODAY + 5}
    mornings = [
        (world(keys=keys, permits=extended), "no_entitlement"),
        (world(keys=keys, permits=extended, entitlements={3: {INDEX: 1}}), "ok"),
        (world(keys=keys, permits=extended, entitlements={3: {INDEX: 2}}), "entitlement_withdrawn"),
        (world(keys=keys, permits=extended, entitlements={3: {INDEX: (3, TODAY)}}), "ok"),
        (world(keys=keys, status={INDEX: 2}, entitlements={3: {INDEX: 1}}), "suspended"),
        (world(keys=keys, permits={}, entitlements={3: {INDEX: 1}}), "ok"),
    ]
    for seq, (morning, reason) in enumerate(mornings, 1):
        door.gate.take(replace(morning, seq=seq, iat=MADE).trust())
        assert door.tap(printed).verdict.reason == reason
