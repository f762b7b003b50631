"""What operators learn: who may still be wrong, what was used, and what somebody should look at."""

from datetime import timedelta
from hashlib import sha256
from hmac import digest as hmac_digest
from pathlib import Path
from typing import Any

import pytest

from cardsvc.installation import open_installation
from cardsvc.readers import reports
from cardsvc.readers.ingest import NO_CLOCK_SAYS
from tests.desk.town import Town, application
from tests.readers.devices import Door, door
from tests.service.house import House
from verify.reader.device import PSEUDONYM_BYTES

SPAN = "since=2026-03-01T00:00:00Z&until=2026-03-03T00:00:00Z"


def upload(made: Door, *entries: Any) -> None:
    made.service().upload(made.log(list(entries)).to_json())


def test_readers_are_live_silent_or_stale_and_the_exposed_are_named(
    either_house: House, tmp_path: Path
) -> None:
    house = either_house
    fresh, old = door(house, tmp_path / "a"), door(house, tmp_path / "b", "bus")
    old.service().bundle(None)
    house.clock.pass_by(hours=2)
    fresh.service().bundle(None)

    def states() -> dict[str, str]:
        found = house.as_("operator1").get("/api/readers")["readers"]
        return {one["id"]: one["state"] for one in found}

    assert states() == {"library-1": "active", "bus-1": "silent"}
    revoked = (house.clock.now - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    found = house.as_("operator1").get(f"/api/readers/exposed?since={revoked}")["readers"]
    assert [(one["reader"], one["until"] is not None) for one in found] == [("bus-1", True)]
    house.clock.pass_by(days=1, seconds=1)
    assert states() == {"library-1": "stale", "bus-1": "stale"}
    house.clock.pass_by(days=7)
    # Their own rules deny by now.
    assert house.as_("operator1").get(f"/api/readers/exposed?since={revoked}")["readers"] == []


def test_use_by_hour_and_refusals_by_reason(either_house: House, tmp_path: Path) -> None:
    house, made = either_house, door(either_house, tmp_path)
    no = {"answer": "deny", "opened": False}
    upload(
        made,
        made.entry(ago=3600),
        made.entry(ago=1),
        made.entry(),
        made.entry(reason="revoked", **no),
        made.entry(reason="expired", **no),
        made.entry(reason="expired", **no),
    )
    upload(made, made.entry())
    operator = house.as_("operator1")
    rows = operator.get(f"/api/use?{SPAN}&venue=library")["rows"]
    allowed = [(one["hour"], one["count"]) for one in rows if one["verdict"] == "allow"]
    assert sum(count for _, count in allowed) == 4
    assert len(allowed) == 2
    refused = operator.get(f"/api/use/refusals?{SPAN}")["rows"]
    assert [(one["reason"], one["count"]) for one in refused] == [("expired", 2), ("revoked", 1)]
    days = operator.get(f"/api/use?{SPAN}&venue=library&by=day")["rows"]
    # 08:00 UTC is the afternoon of the same day in Yiwu, whose day began at 16:00 UTC.
    assert [(one["hour"], one["count"]) for one in days if one["verdict"] == "allow"] == [
        ("2026-03-01T16:00:00Z", 4)
    ]
    far = "since=2020-01-01T00:00:00Z&until=2026-03-03T00:00:00Z"
    assert operator.reason("GET", f"/api/use?{far}") == "bad_request"


def test_one_card_at_two_doors_within_a_minute_is_shown(either_house: House, tmp_path: Path) -> None:
    house = either_house
    one, two = door(house, tmp_path / "a"), door(house, tmp_path / "b")
    other = {"who": sha256(b"another").digest()[:16]}
    upload(one, one.entry(ago=500), one.entry(ago=100, **other), one.entry(ago=50, direction="out"))
    upload(two, two.entry(ago=441), two.entry(ago=39, **other), two.entry(ago=45))
    rows = house.as_("operator1").get("/api/use/twice")["rows"]
    assert [(row["first_reader"], row["second_reader"], row["apart_s"]) for row in rows] == [
        ("library-1", "library-2", 59)
    ]
    assert house.as_("transport1").get("/api/use/twice")["rows"] == []


def test_a_revoked_card_that_was_let_in_is_found_without_saying_which(
    either_house: House, tmp_path: Path
) -> None:
    house, made = either_house, door(either_house, tmp_path)
    made.service().month_keys()
    with open_installation(house.site.settings) as console:
        town = Town(console)
        issued = town.card(application())
        town.life(house.clock.now).revoke(issued.number, "stolen")
    with house.site.store.reading() as tx:
        key = tx.readers.month_key("library", 202603)
    assert key is not None
    who = hmac_digest(key, issued.number.encode(), "sha256")[:PSEUDONYM_BYTES]
    refused = {"opened": False, "answer": "deny"}
    upload(made, made.entry(ago=5, who=who), made.entry(ago=-60, who=who), made.entry(ago=-70))
    upload(made, made.entry(ago=-80, who=who, **refused))
    answer = house.as_("operator1").get("/api/use/revoked")
    assert [(row["reader"], row["after_s"]) for row in answer["rows"]] == [("library-1", 60)]
    assert issued.number not in str(answer)
    upload(made, made.entry(time=NO_CLOCK_SAYS - 1, who=who))
    rows = house.as_("operator1").get("/api/use/revoked")["rows"]
    assert [row["at"][:4] for row in rows] == ["2242", "2026"]


def test_no_month_and_no_card_of_the_thirty_days_is_left_out(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the second of March they began in January; February lies between."""
    monkeypatch.setattr(reports, "_AT_ONCE", 1)
    made, numbers, day = door(house, tmp_path), ("1234567890128", "1234567890135"), 86_400
    with house.site.store.transaction() as tx:
        key = tx.readers.make_month_key("library", 202602)
        for number in numbers:
            tx.audit.append("clerk1", "card_revoked", number, {}, house.clock.now - timedelta(days=20))
    whose = [hmac_digest(key, number.encode(), "sha256")[:PSEUDONYM_BYTES] for number in numbers]
    upload(made, *(made.entry(ago=10 * day, who=who, month=202602) for who in whose))
    rows = house.as_("operator1").get("/api/use/revoked")["rows"]
    assert [row["after_s"] for row in rows] == [10 * day] * 2


def test_month_keys_are_the_venues_own_sealed_at_rest_and_gone_in_time(
    either_house: House, tmp_path: Path
) -> None:
    house = either_house
    one, two = door(house, tmp_path / "a"), door(house, tmp_path / "b")
    bus = door(house, tmp_path / "c", "bus")
    keys = [
        {month: made.device.unseal(sealed) for month, sealed in made.service().month_keys().items()}
        for made in (one, two, bus)
    ]
    assert keys[0] == keys[1]
    assert list(keys[0]) == [202603, 202604]
    assert len({*keys[0].values(), *keys[2].values()}) == 4
    data = house.site.settings.data
    assert not any(key in path.read_bytes() for path in data.rglob("*.db*") for key in keys[0].values())
    house.clock.pass_by(days=63 + 31)
    house.app.state.serving.jobs.run_now()
    with house.site.store.reading() as tx:
        assert tx.readers.month_key("library", 202603) is None
