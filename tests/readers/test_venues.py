"""Venues edited by people, and bundles that say so within a minute; who may look at what."""

from pathlib import Path
from typing import Any

import pytest

from cardsvc.installation import open_installation
from cardsvc.records.gate_log import GateLog
from tests.desk.town import NOW, Town, application
from tests.readers.devices import Door, door
from tests.service.house import House
from verify.rules import Policy
from verify.services import Service
from verify.store import SeenInMemory
from verify.trust import Trust, TrustState, accept
from verify.verifier import Presentation, Verifier


def trust_of(made: Door, state: TrustState | None = None) -> tuple[TrustState, Trust]:
    """What a reader believes after fetching its bundle."""
    data, _ = made.service().bundle(None)
    assert data is not None
    now = int(made.house.clock.now.timestamp())
    root = made.house.browser().client.get("/trust/root").content
    return accept(state or TrustState.pin(root, now=now), data, now)


def library(house: House, who: str = "operator1") -> dict[str, Any]:
    """The library as it is."""
    found = house.as_(who).get("/api/venues")["venues"]
    venue: dict[str, Any] = next(one for one in found if one["id"] == "library")
    return venue


def test_an_edit_is_shown_first_and_in_the_bundle_within_a_minute(
    either_house: House, tmp_path: Path
) -> None:
    house, made = either_house, door(either_house, tmp_path)
    state, before = trust_of(made)
    assert Policy.decode(before.policy).hours == ()
    venue, operator = library(house), house.as_("operator1")
    assert venue["readers"] == 1
    hours = [{"days": "mon-fri", "from": "08:00", "to": "20:00"}]
    edit = {"version": venue["version"], "config": venue["config"] | {"hours": hours, "staffed": True}}
    seen = operator.post("/api/venues/library/preview", edit)
    assert {one["setting"] for one in seen["changes"]} == {"hours", "staffed"}
    assert (seen["readers"], seen["version"]) == (1, venue["version"])
    # What a reader with a network waits at most, and what the shelf may add: within five minutes.
    assert before.ttl * 1.1 + 15 <= seen["known_within_s"] <= 300
    assert library(house) == venue
    assert venue["changed"] is None
    operator.call("PUT", "/api/venues/library", edit)
    assert library(house)["changed"]["by"] == "operator1"
    assert operator.reason("PUT", "/api/venues/library", edit) == "changed_meanwhile"
    house.clock.pass_by(seconds=59)
    _, after = trust_of(made, state)
    assert [(one.days, one.opens) for one in Policy.decode(after.policy).hours] == [(31, 480)]
    assert house.actions("library")[-2:] == ["venue_changed", "bundle_made"]


def test_a_preview_counts_whom_an_edit_touches(either_house: House, tmp_path: Path) -> None:
    house, made = either_house, door(either_house, tmp_path)
    with open_installation(house.site.settings) as console:
        town = Town(console)
        cards = [town.card(application(n)) for n in (1, 2, 3)]
        town.life(NOW).revoke(cards[0].number, "lost")
    noon = house.clock.now.timestamp() % 86_400
    assert noon == 8 * 3600
    batch = made.log([made.entry(ago=n) for n in range(4)] + [made.entry(assurance=3)])
    made.service().upload(batch.to_json())
    venue, operator = library(house), house.as_("operator1")
    config = venue["config"] | {
        "services": ["library", "bus"],
        "accept": ["chip-proved"],
        "hours": [{"days": "mon-sun", "from": "08:00", "to": "17:00"}],
    }
    wanted = {"version": venue["version"], "config": config}
    changes = {one["setting"]: one for one in operator.post("/api/venues/library/preview", wanted)["changes"]}
    assert changes["services"]["cards"] == 2
    assert changes["accept"]["visits"] == 4
    closed = venue["config"] | {"hours": [{"days": "sun", "from": "08:00", "to": "17:00"}]}
    found = operator.post("/api/venues/library/preview", {"version": None, "config": closed})["changes"]
    assert [one["visits"] for one in found] == [5]
    # Three were let in before four o'clock in Yiwu, two at four: readers go by the minute.
    early = venue["config"] | {"hours": [{"days": "mon-sun", "from": "08:00", "to": "16:00"}]}
    found = operator.post("/api/venues/library/preview", {"version": None, "config": early})["changes"]
    assert [one["visits"] for one in found] == [2]


def test_a_preview_reads_the_months_visits_once_and_by_the_minute(
    either_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, made = either_house, door(either_house, tmp_path)
    week = 7 * 86_400
    visits = [made.entry(ago=ago + n) for ago in (1, week + 1, 61) for n in range(40)]
    made.service().upload(made.log([*visits, made.entry(ago=1, assurance=3)]).to_json())
    read: list[list[tuple[int, int | None, int]]] = []
    admissions = GateLog.admissions

    def counted(self: GateLog, venue: str, since: int, day_offset_s: int) -> Any:
        read.append(list(admissions(self, venue, since, day_offset_s)))
        return read[-1]

    monkeypatch.setattr(GateLog, "admissions", counted)
    wanted = library(house)["config"] | {
        "accept": ["chip-proved"],
        "hours": [{"days": "mon-sun", "from": "08:00", "to": "15:59"}],
    }
    body = {"version": None, "config": wanted}
    changes = house.as_("operator1").post("/api/venues/library/preview", body)["changes"]
    assert [(one["setting"], one["visits"]) for one in changes] == [("accept", 121), ("hours", 121)]
    (rows,) = read
    assert sorted(number for _, _, number in rows) == [1, 40, 80]


@pytest.mark.parametrize(
    "bent",
    [
        {"services": ["flying"]},
        {"accept": ["hope"]},
        {"stale_after_s": 10, "expired_after_s": 5},
        {"hotlist": True},
        {"opens_on": ["revoked"]},
        {"role": "police"},
        {"permit_free": ["nobody"]},
        {"quota": {"count": 1, "period_s": 36 * 86_400}},
        {"passback_s": 36 * 86_400},
    ],
)
def test_rules_that_no_reader_could_follow_are_refused(house: House, bent: dict[str, Any]) -> None:
    venue, operator = library(house), house.as_("operator1")
    edit = {"version": venue["version"], "config": venue["config"] | bent}
    assert operator.reason("PUT", "/api/venues/library", edit) == "bad_venue"
    assert operator.reason("POST", "/api/venues/library/preview", edit) == "bad_venue"
    assert library(house) == venue


def test_a_new_venue_has_readers_of_its_own(house: House, tmp_path: Path) -> None:
    operator, config = house.as_("operator1"), library(house)["config"] | {"name": "Reading room"}
    made = operator.call("PUT", "/api/venues/reading-room", {"config": config})
    assert (made["id"], made["readers"]) == ("reading-room", 0)
    reader = door(house, tmp_path, "reading-room")
    assert trust_of(reader)[1].venue == "reading-room"


def test_a_bundle_is_for_the_readers_of_its_venue(either_house: House, tmp_path: Path) -> None:
    made = door(either_house, tmp_path)
    head = {"Authorization": f"Bearer {made.token()}"}
    client = either_house.browser().client
    answers = [client.get(f"/trust/bundle/{venue}", headers=head) for venue in ("library", "bus")]
    assert [one.status_code for one in answers] == [200, 403]
    assert answers[1].json()["reason"] == "not_your_venue"
    tagged = head | {"If-None-Match": answers[0].headers["etag"]}
    assert client.get("/trust/bundle/library", headers=tagged).status_code == 304
    own = made.service().bundle(answers[0].headers["etag"])
    assert own == (None, answers[0].headers["etag"])
    head = {"Authorization": "Bearer nonsense"}
    assert client.get("/trust/bundle/library", headers=head).status_code == 401


def test_departments_look_at_what_is_theirs(house: House, tmp_path: Path) -> None:
    library_door, bus = door(house, tmp_path / "a"), door(house, tmp_path / "b", "bus")
    for made in (library_door, bus):
        made.service().upload(made.log([made.entry(service=1), made.entry()]).to_json())
    found = house.as_("library1").get("/api/readers")["readers"]
    assert [one["id"] for one in found] == ["library-1"]
    assert {one["id"] for one in house.as_("library1").get("/api/venues")["venues"]} == {"centre", "library"}
    span = "since=2026-03-01T00:00:00Z&until=2026-03-03T00:00:00Z"
    rows = house.as_("library1").get(f"/api/use?{span}")["rows"]
    assert [(one["venue"], one["service"], one["count"]) for one in rows] == [("library", "library", 1)]
    assert len(house.as_("operator1").get(f"/api/use?{span}")["rows"]) == 4
    assert house.as_("library1").reason("GET", f"/api/use?{span}&venue=bus") == "not_your_service"


def test_a_card_revoked_is_refused_after_the_next_bundle(either_house: House, tmp_path: Path) -> None:
    house, made = either_house, door(either_house, tmp_path)
    with open_installation(house.site.settings) as console:
        town = Town(console)
        issued = town.card(application())
        code = town.codes(issued.print_id).gate
        state, trust = trust_of(made)

        def judged() -> str:
            now = int(house.clock.now.timestamp())
            verifier = Verifier(trust, seen=SeenInMemory())
            return verifier.judge(Presentation(code, Service.LIBRARY), now).reason

        assert judged() == "ok"
        house.clock.pass_by(seconds=30)
        town.life(house.clock.now).withdraw(issued.number, Service.LIBRARY)
        house.clock.pass_by(seconds=30)
        state, trust = trust_of(made, state)
        assert judged() == "entitlement_withdrawn"
        town.life(house.clock.now).revoke(issued.number, "stolen")
        house.clock.pass_by(seconds=30)
        _, trust = trust_of(made, state)
        assert judged() == "revoked"
