"""The hotlist: two officers put a card on it, phones learn it with the next bundle, the holder never."""

from datetime import timedelta
from typing import Any

import pytest

from cardsvc.records.hotlist import HotRecord
from cardsvc.trust.publishing import order_bundle
from keys.errors import KeysError
from tests.police.conftest import CASE, Beat
from tests.service.house import House
from verify.errors import CardsvcError
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.verdict import Role, Verdict
from verify.verifier import Presentation, Verifier

HOTLIST = "/api/police/hotlist"


def entry(number: str, **changed: Any) -> dict[str, Any]:
    return {"card": number, "purpose": "wanted", "case_number": CASE, "until": "2026-05-01"} | changed


def place(beat: Beat, which: int = 0, **changed: Any) -> Any:
    asked = beat.first.post(HOTLIST, entry(beat.cards[which].number, **changed))
    return beat.agree(asked["id"])


def judged(house: House, venue: str, role: Role, code: str) -> Verdict:
    """What a phone with the venue's bundle of now says of a code."""
    bundle = house.site.signer.sign_bundle(order_bundle(house.site, venue, house.clock, actor="service"))
    now = int(house.clock.now.timestamp())
    _, trust = accept(TrustState.pin(house.site.signer.hello().roots[-1], now=now), bundle, now)
    return Verifier(trust, role=role, seen=SeenInMemory()).judge(Presentation(code), now)


def test_a_card_of_the_hotlist_is_a_note_beside_its_verdict(either_beat: Beat) -> None:
    beat, house = either_beat, either_beat.house
    asked = beat.first.post(HOTLIST, entry(beat.cards[0].number))
    before = judged(house, "police", Role.POLICE, beat.identity())
    assert before.view is not None
    assert before.view["hotlist"] is False
    assert beat.agree(asked["id"])["state"] == "done"
    hit = judged(house, "police", Role.POLICE, beat.identity())
    assert (hit.answer, hit.reason) == (before.answer, before.reason) == ("allow", "ok")
    assert hit.view is not None
    assert hit.view["hotlist"] is True
    clean = judged(house, "police", Role.POLICE, beat.identity(1))
    assert clean.view is not None
    assert clean.view["hotlist"] is False
    assert beat.scan()["hotlist"] is True
    (listed,) = beat.second.get(HOTLIST)["entries"]
    assert (listed["card"], listed["placed_by"], listed["case_number"]) == (
        beat.cards[0].number,
        "officer1",
        CASE,
    )
    assert house.actions(listed["id"])[-1] == "hotlist_placed"


@pytest.mark.parametrize(("venue", "role"), [("library", Role.GATE), ("hotel", Role.DESK)])
def test_it_travels_in_police_bundles_alone(beat: Beat, venue: str, role: Role) -> None:
    place(beat)
    verdict = judged(beat.house, venue, role, beat.identity())
    assert "hotlist" not in (verdict.view or {})


def test_a_print_that_was_replaced_is_looked_for_too(beat: Beat) -> None:
    place(beat)
    old = beat.identity()
    beat.house.clock.pass_by(minutes=2)
    beat.town.life(beat.house.clock.now).replace(beat.cards[0].number, "damaged")
    verdict = judged(beat.house, "police", Role.POLICE, old)
    assert verdict.reason == "replaced"
    assert verdict.view is not None
    assert verdict.view["hotlist"] is True


def test_two_officers_lift_it_again(either_beat: Beat) -> None:
    beat = either_beat
    placed = place(beat)
    asked = beat.second.post(f"{HOTLIST}/{placed['id']}/lift")
    assert asked["query"]["card"] == beat.cards[0].number  # Whoever agrees sees which card.
    assert beat.scan()["hotlist"] is True
    beat.agree(asked["id"], by="officer1")
    assert beat.scan(by=beat.second)["hotlist"] is False
    assert beat.first.get(HOTLIST)["entries"] == []
    verdict = judged(beat.house, "police", Role.POLICE, beat.identity())
    assert verdict.view is not None
    assert verdict.view["hotlist"] is False
    assert beat.house.actions(placed["id"])[-1] == "hotlist_lifted"
    assert beat.first.reason("POST", f"{HOTLIST}/{placed['id']}/lift") == "not_on_the_hotlist"


def test_however_long_it_is_every_entry_is_seen_and_can_be_lifted(either_beat: Beat) -> None:
    beat, now = either_beat, either_beat.house.clock.now
    with beat.house.site.store.transaction() as tx:
        for number in range(101):
            placed, until = now + timedelta(seconds=number // 3), now + timedelta(days=90)
            tx.hotlist.add(
                HotRecord(
                    f"{number:032x}", beat.cards[0].number, "officer1", "officer2", "Yiwu Police", "wanted",
                    f"A33{number:04d}", placed, until,
                )
            )  # fmt: skip
    answer = beat.first.get(HOTLIST)
    seen = [answer]
    while answer["next"] is not None:
        answer = beat.first.get(f"{HOTLIST}?after={answer['next']}")
        seen.append(answer)
    assert [(len(one["entries"]), one["total"]) for one in seen] == [(50, 101), (50, 101), (1, 101)]
    cases = [one["case_number"] for answer in seen for one in answer["entries"]]
    assert sorted(cases) == [f"A33{number:04d}" for number in range(101)]
    placed = [one["placed_at"] for answer in seen for one in answer["entries"]]
    assert placed == sorted(placed, reverse=True)
    oldest = seen[-1]["entries"][0]["id"]
    beat.agree(beat.first.post(f"{HOTLIST}/{oldest}/lift")["id"])
    assert beat.first.get(HOTLIST)["total"] == 100
    assert beat.first.reason("GET", f"{HOTLIST}?after={'f' * 32}") == "not_on_the_hotlist"


def test_it_ends_by_itself_with_its_last_day(beat: Beat) -> None:
    place(beat, until="2026-03-03")
    beat.house.clock.now = beat.house.clock.now.replace(day=3, hour=15, minute=59)
    assert beat.house.as_("officer1").get(HOTLIST)["entries"] != []
    beat.house.clock.pass_by(minutes=1)
    assert beat.house.as_("officer1").get(HOTLIST)["entries"] == []
    verdict = judged(beat.house, "police", Role.POLICE, beat.identity())
    assert verdict.view is not None
    assert verdict.view["hotlist"] is False


@pytest.mark.parametrize("until", ["2026-03-01", "2026-09-30", "2026-02-30"])
def test_nobody_is_looked_for_without_an_end(beat: Beat, until: str) -> None:
    assert beat.first.reason("POST", HOTLIST, entry(beat.cards[0].number, until=until)) == "bad_until"


def test_a_card_that_does_not_exist_is_not_looked_for(beat: Beat) -> None:
    assert beat.first.reason("POST", HOTLIST, entry("0000000000000")) == "card_not_found"


def test_the_desk_sees_nothing_of_it(beat: Beat) -> None:
    place(beat)
    clerk = beat.house.as_("clerk1")
    shown = clerk.client.get(f"/api/desk/cards/{beat.cards[0].number}").text
    assert "hotlist" not in shown
    assert "wanted" not in shown
    assert clerk.reason("GET", HOTLIST) == "not_your_role"


def test_no_bundle_without_a_hotlist_says_who_is_looked_for(beat: Beat) -> None:
    """A service that was taken over slips the places into a bus's order; the signer looks itself."""
    place(beat)
    house = beat.house
    order = order_bundle(house.site, "police", house.clock, actor="service")
    assert any(one.hot for one in order.snapshot.lists)
    stolen = type(order)(**{name: getattr(order, name) for name in order.__slots__} | {"hotlist": False})
    with pytest.raises(CardsvcError) as refused:
        house.site.signer.sign_bundle(stolen)
    assert isinstance(refused.value, KeysError)
    assert refused.value.reason == "hotlist_elsewhere"
