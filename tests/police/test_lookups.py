"""Look-ups without a card: a purpose, a case, a second officer's own passkey, and the least as an answer."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cardsvc.records import Conflict, StaffMember, Unavailable
from cardsvc.records.looks import Looks
from cardsvc.records.people import People
from cardsvc.records.police_tables import POLICE_REQUEST, RequestState
from tests.desk.town import application
from tests.police.conftest import CASE, Beat, wish

PASSPORT = {"by": "passport", "passport": "A0000001", "country": "KEN"}
LOOK_UPS = "/api/police/look-ups"


def by_card(beat: Beat, place: int = 0) -> dict[str, str]:
    return {"by": "card", "card": beat.cards[place].number}


def test_two_officers_find_somebody_and_it_stands_in_the_records_first(either_beat: Beat) -> None:
    beat = either_beat
    asked = beat.ask(PASSPORT)
    assert (asked["state"], asked["asker"], asked["second"]) == ("waiting", "officer1", None)
    path = f"{LOOK_UPS}/{asked['id']}/answer"
    assert beat.first.reason("POST", path) == "not_agreed"
    (seen,) = beat.second.get("/api/police/requests")["waiting"]
    assert seen["query"] == PASSPORT
    assert seen["case_number"] == CASE
    assert beat.agree(asked["id"])["state"] == "approved"
    assert beat.looks(beat.cards[0].number) == []
    (found,) = beat.answer(asked["id"])
    assert (found["name"], found["birth"], found["status"]) == ("Mwangi, Amina Zeynep", "1990-02-28", "valid")
    assert found["portrait"].startswith("/9j/")
    assert not {"passport", "services", "prints"} & found.keys()  # The least.
    (look,) = beat.looks(found["number"])
    assert (look.staff, look.second, look.purpose, look.case_number) == (
        "officer1",
        "officer2",
        "missing",
        CASE,
    )
    assert look.told_from == look.at
    assert beat.house.actions(look.id) == ["looked_up"]
    assert beat.house.actions(asked["id"]) == ["police_asked", "police_agreed", "look_up_answered"]


@pytest.mark.parametrize(
    "query",
    [
        {"by": "name", "name": "AMINA mwangi", "birth": "1990-02-28"},
        {"by": "name", "name": "Ameena Mwangi", "birth": "1990-02-28"},
        {"by": "card", "card": "one"},
        {"by": "passport", "passport": "a0000001", "country": "KEN"},
    ],
    ids=["name", "spelled otherwise", "card", "passport"],
)
def test_ways_to_look_for_somebody(beat: Beat, query: dict[str, str]) -> None:
    wanted = query | ({"card": beat.cards[0].number} if query["by"] == "card" else {})
    asked = beat.ask(wanted)
    beat.agree(asked["id"])
    assert [one["number"] for one in beat.answer(asked["id"])] == [beat.cards[0].number]


@pytest.mark.parametrize(
    "query",
    [
        {"by": "name", "name": "Mwangi", "birth": "1990-02-27"},
        {"by": "name", "name": "Mwangi Selin", "birth": "1990-02-28"},
        {"by": "card", "card": "0000000000000"},
        {"by": "passport", "passport": "A0000001", "country": "UGA"},
    ],
    ids=["another birthday", "a word too many", "no such card", "another country"],
)
def test_nobody_is_found_and_nobody_was_looked_at(beat: Beat, query: dict[str, str]) -> None:
    asked = beat.ask(query)
    beat.agree(asked["id"])
    assert beat.answer(asked["id"]) == []
    assert beat.looks(beat.cards[0].number) == []


@pytest.mark.parametrize(
    ("name", "place"),
    [("Ai-Li O", 0), ("o AI-li", 0), ("Li O", 0), ("محمد علي", 1), ("علي", 1), ("Li Mo", None)],
)
def test_short_names_and_other_scripts_are_found_by_their_words(
    beat: Beat, name: str, place: int | None
) -> None:
    short = {"surname": "O", "given_names": "Ai-Li"}
    arabic = {
        "surname": "Ali",
        "given_names": "Mo",
        "name_native": "محمد علي",
        "language_native": "ara",
    }
    cards = [
        beat.town.card(application(10 + number, **one))
        for number, one in enumerate(
            [one | {"birth": birth} for birth in ("1980-01-01", "1981-02-03") for one in (short, arabic)]
        )
    ]
    asked = beat.ask({"by": "name", "name": name, "birth": "1980-01-01"})
    beat.agree(asked["id"])
    found = [one["number"] for one in beat.answer(asked["id"])]
    assert found == ([] if place is None else [cards[place].number])


def test_others_write_while_names_are_opened(either_beat: Beat, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many share the words, nobody waits; and nobody is told before it stands in the records."""
    beat, store = either_beat, either_beat.house.site.store
    card = beat.town.card(application(10, surname="O", given_names="Li", birth="1980-01-01"))
    facts_of, opened = People.facts_of, []

    def slowly(self: People, people: Sequence[str]) -> Any:
        with store.transaction() as tx:
            tx.audit.append("service", "meanwhile", "", {}, beat.house.clock.now)
        opened.append(len(people))
        return facts_of(self, people)

    monkeypatch.setattr(People, "facts_of", slowly)
    asked = beat.ask({"by": "name", "name": "Li O", "birth": "1980-01-01"})
    beat.agree(asked["id"])
    assert [one["number"] for one in beat.answer(asked["id"])] == [card.number]
    assert opened == [1]
    monkeypatch.undo()

    def fails(*_: Any) -> None:
        raise Unavailable("disk_full", "no room")

    asked = beat.ask(PASSPORT)
    beat.agree(asked["id"])
    monkeypatch.setattr(Looks, "add", fails)
    assert beat.first.reason("POST", f"{LOOK_UPS}/{asked['id']}/answer") == "disk_full"


def test_too_many_of_one_name_are_no_answer(beat: Beat) -> None:
    for number in range(10, 16):
        beat.town.card(application(number, surname="Mensah", given_names="Kofi", birth="1980-01-01"))
    asked = beat.ask({"by": "name", "name": "Kofi", "birth": "1980-01-01"})
    beat.agree(asked["id"])
    assert beat.first.reason("POST", f"{LOOK_UPS}/{asked['id']}/answer") == "too_many_found"


def test_nobody_is_ones_own_second_officer(beat: Beat) -> None:
    asked = beat.ask(PASSPORT)
    begun = beat.first.post(f"/api/police/requests/{asked['id']}/challenge")
    credential = beat.house.device("officer1").get(begun["options"])
    path = f"/api/police/requests/{asked['id']}/approve"
    assert beat.first.reason("POST", path, {"credential": credential}) == "own_request"
    with pytest.raises(Conflict) as alone, beat.house.site.store.transaction() as tx:
        tx.police_requests.move(
            asked["id"], RequestState.WAITING, {"state": "approved", "second": "officer1"}
        )
    assert alone.value.reason == "same_person_approves"


def test_the_second_officer_may_agree_on_the_first_ones_phone(beat: Beat) -> None:
    asked = beat.ask(PASSPORT)
    assert beat.agree(asked["id"], by="officer2", screen=beat.first)["second"] == "officer2"
    assert len(beat.answer(asked["id"])) == 1


def test_a_borrowed_phone_agrees_for_nobody_else(beat: Beat) -> None:
    """With officer2 signed in, officer3's key is not taken: whose session it is and whose key must agree."""
    third(beat)
    asked = beat.ask(PASSPORT)
    begun = beat.second.post(f"/api/police/requests/{asked['id']}/challenge")
    options = begun["options"] | {"allowCredentials": []}
    credential = beat.house.device("officer3").get(options)
    path = f"/api/police/requests/{asked['id']}/approve"
    assert beat.second.reason("POST", path, {"credential": credential}) == "passkey_refused"


def third(beat: Beat, role: str = "officer", office: str = "Yiwu Police") -> None:
    with beat.house.site.store.transaction() as tx:
        tx.staff.put(StaffMember("officer3", role, office, ()))
    beat.house.enrolled("officer3")


def test_only_an_officer_at_work_is_a_second_officer(beat: Beat) -> None:
    asked = beat.ask(PASSPORT)
    path = f"/api/police/requests/{asked['id']}"
    third(beat, role="clerk", office="Yiwu Centre 01")
    begun = beat.first.post(f"{path}/challenge")
    credential = beat.house.device("officer3").get(begun["options"])
    assert beat.first.reason("POST", f"{path}/approve", {"credential": credential}) == "not_an_officer"
    with beat.house.site.store.reading() as tx:
        assert tx.police_requests.get(asked["id"]).state is RequestState.WAITING


def test_a_touch_for_another_request_agrees_to_nothing(beat: Beat) -> None:
    one, other = beat.ask(PASSPORT), beat.ask(by_card(beat, 1))
    begun = beat.second.post(f"/api/police/requests/{one['id']}/challenge")
    credential = beat.house.device("officer2").get(begun["options"])
    path = f"/api/police/requests/{other['id']}/approve"
    assert beat.second.reason("POST", path, {"credential": credential}) == "passkey_refused"
    beat.second.post(f"/api/police/requests/{one['id']}/approve", {"credential": credential})


def test_a_request_waits_a_quarter_of_an_hour_and_an_answer_five_minutes(beat: Beat) -> None:
    slow, asked = beat.ask(PASSPORT), beat.ask(PASSPORT)
    beat.agree(asked["id"])
    beat.house.clock.pass_by(minutes=4, seconds=59)
    assert beat.answer(asked["id"]) == beat.answer(asked["id"])  # Read again: the same look.
    assert len(beat.looks(beat.cards[0].number)) == 1
    beat.house.clock.pass_by(seconds=1)
    assert beat.first.reason("POST", f"{LOOK_UPS}/{asked['id']}/answer") == "request_over"
    beat.house.clock.pass_by(minutes=10)
    assert beat.second.reason("POST", f"/api/police/requests/{slow['id']}/challenge") == "request_over"
    assert {one["id"]: one["state"] for one in beat.first.get("/api/police/requests")["own"]} == {
        slow["id"]: "over",
        asked["id"]: "answered",
    }


def test_an_answer_is_for_whoever_asked(beat: Beat) -> None:
    asked = beat.ask(PASSPORT)
    beat.agree(asked["id"])
    assert beat.second.reason("POST", f"{LOOK_UPS}/{asked['id']}/answer") == "request_not_found"


def test_a_second_officer_may_say_no(beat: Beat) -> None:
    asked, back = beat.ask(PASSPORT), beat.ask(PASSPORT)
    refused = beat.second.post(f"/api/police/requests/{asked['id']}/refuse")
    assert (refused["state"], refused["second"]) == ("refused", "officer2")
    assert beat.first.reason("POST", f"{LOOK_UPS}/{asked['id']}/answer") == "not_agreed"
    assert beat.first.post(f"/api/police/requests/{back['id']}/refuse")["second"] is None


def station(beat: Beat, office: str, parent: str) -> None:
    """Officer3, of a police office there."""
    body = {"name": office, "parent": parent, "kind": "police", "may": ["police"]}
    beat.house.as_("operator1").call("PUT", f"/api/offices/{office}", body)
    third(beat, office=office)


def test_officers_of_other_forces_see_nothing_of_it(beat: Beat) -> None:
    """An office beside one's own is none of one's own line."""
    station(beat, "Harbour Police", "Yiwu")
    asked = beat.ask(PASSPORT)
    other = beat.house.as_("officer3")
    assert other.get("/api/police/requests")["waiting"] == []
    assert other.reason("POST", f"/api/police/requests/{asked['id']}/challenge") == "request_not_found"


@pytest.mark.parametrize("kind", ["look-up", "hotlist", "lift"])
def test_officers_of_other_forces_agree_to_nothing_on_the_first_ones_phone_either(
    beat: Beat, kind: str
) -> None:
    station(beat, "Harbour Police", "Yiwu")
    asked = _asked(beat, kind)
    path = f"/api/police/requests/{asked['id']}"
    begun = beat.first.post(f"{path}/challenge")
    credential = beat.house.device("officer3").get(begun["options"])
    assert beat.first.reason("POST", f"{path}/approve", {"credential": credential}) == "not_an_officer"
    with beat.house.site.store.reading() as tx:
        assert tx.police_requests.get(asked["id"]).state is RequestState.WAITING


def test_officers_of_the_line_agree_on_the_first_ones_phone(beat: Beat) -> None:
    station(beat, "Yiwu Police East", "Yiwu Police")
    asked = beat.ask(PASSPORT)
    assert beat.agree(asked["id"], by="officer3", screen=beat.first)["second"] == "officer3"


def _asked(beat: Beat, kind: str) -> Any:
    """A request of that kind, which waits."""
    if kind == "look-up":
        return beat.ask(PASSPORT)
    until = (beat.house.clock.now + timedelta(days=30)).date().isoformat()
    body = {"card": beat.cards[0].number, "purpose": "wanted", "case_number": CASE, "until": until}
    placed = beat.first.post("/api/police/hotlist", body)
    if kind == "hotlist":
        return placed
    beat.agree(placed["id"])
    (entry,) = beat.first.get("/api/police/hotlist")["entries"]
    return beat.first.post(f"/api/police/hotlist/{entry['id']}/lift")


def test_a_covert_purpose_is_told_later_and_never_too_late(beat: Beat) -> None:
    number = beat.cards[0].number
    for days in (None, 90):
        asked = beat.ask(PASSPORT, purpose="investigation", covert_days=days)
        beat.agree(asked["id"])
        beat.answer(asked["id"])
    told = sorted((look.told_from - look.at).days for look in beat.looks(number))
    assert told == [30, 90]
    assert beat.first.reason("POST", LOOK_UPS, wish(PASSPORT, covert_days=1)) == "not_covert"
    far = wish(PASSPORT, purpose="wanted", covert_days=91)
    assert beat.first.reason("POST", LOOK_UPS, far) == "too_covert"
    with beat.house.site.store.reading() as tx:
        assert tx.looks.told(number, beat.house.clock.now) == []
        assert len(tx.looks.told(number, beat.house.clock.now + timedelta(days=30))) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"case_number": None},
        {"case_number": "Mwangi, Amina"},
        {"case_number": ""},
        {"purpose": "curiosity"},
        {"purpose": None},
        {"query": {"by": "name", "name": "Mwangi"}},
        {"query": {"by": "passport", "passport": "A0000001"}},
        {"query": {"by": "everything"}},
    ],
)
def test_what_lacks_a_purpose_a_case_or_a_person_is_refused(beat: Beat, changed: dict[str, Any]) -> None:
    body = {name: value for name, value in (wish(PASSPORT) | changed).items() if value is not None}
    assert beat.first.reason("POST", LOOK_UPS, body) == "bad_request"


def test_asking_takes_a_touch_of_ones_own_key(beat: Beat) -> None:
    tired = beat.house.as_("officer1", fresh=False)
    assert tired.reason("POST", LOOK_UPS, wish(PASSPORT)) == "step_up_needed"


def test_whom_a_request_asks_for_is_sealed(beat: Beat) -> None:
    asked = beat.ask(PASSPORT)
    with beat.house.site.store.reading() as tx:
        row = tx._link.first(select(POLICE_REQUEST).where(POLICE_REQUEST.c.id == asked["id"]))
    assert row is not None
    assert b"A0000001" not in row["request"]
    assert not any("A0000001" in str(value) for value in row.values() if not isinstance(value, bytes))
    assert "A0000001" not in beat.house.log.getvalue()
