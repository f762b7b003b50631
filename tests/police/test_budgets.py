"""Budgets: for a person, a unit and all, by hour and day, in the records, counted before the answer."""

from datetime import timedelta

import pytest

from cardsvc.errors import ServiceError
from cardsvc.police.budgets import ALL, DEFAULTS, DETAILS, HOUR, LOOK_UP, PERSON, UNIT, Spender, budgets_of
from cardsvc.police.routes import budgets
from cardsvc.police.two import TwoOfficers, Wish
from cardsvc.records.police_tables import RequestKind
from cardsvc.staff.caller import Caller
from cardsvc.staff.passkeys import Party
from tests.police.conftest import CASE, Beat, wish
from tests.service.house import House

OFFSET_S = 28_800
PASSPORT = {"by": "passport", "passport": "A0000001", "country": "KEN"}


def caller(person: str, unit: str) -> Caller:
    return Caller(
        id=person,
        name="",
        role="officer",
        office=unit,
        offices=frozenset({unit}),
        above=(unit,),
        services=(),
        language="en",
        session="",
        method="passkey",
        stepped_up_until=None,
    )


def test_ten_thousand_look_ups_over_many_accounts_trip_the_budget_of_all(house: House) -> None:
    """Five hundred stolen accounts in fifty units, each careful to stay within its own budget."""
    limits = budgets_of({}, OFFSET_S)
    wish = Wish(RequestKind.LOOK_UP, "missing", CASE, PASSPORT)
    party = Party("card.example.org", "https://card.example.org", "test")
    got, refusals = 0, []
    for turn in range(20):
        for number in range(500):
            who = caller(f"o{number}", f"unit {number % 50}")
            two = TwoOfficers(house.site.store, party, limits, 90, who)
            try:
                two.ask(wish, house.clock.now)
                got += 1
            except ServiceError as error:
                refusals.append((error.reason, str(error).partition(" ")[0]))
        if turn % 4 == 3:
            house.clock.pass_by(hours=1)
    assert set(refusals) == {("budget_spent", "everybody's")}
    assert got + len(refusals) == 10_000
    assert got == DEFAULTS[LOOK_UP, ALL, "day"]
    with house.site.store.reading() as tx:
        assert tx.audit.of_subject("all")  # Whoever watches is told at the first one too many.


@pytest.mark.parametrize(
    ("scope", "spender", "fresh"),
    [
        (PERSON, Spender("a", "u"), Spender("b", "u")),
        (UNIT, Spender("b", "u"), Spender("b", "v")),
        (ALL, Spender("c", "w"), None),
    ],
)
def test_each_budget_stands_by_itself_and_begins_anew(
    either_house: House, scope: str, spender: Spender, fresh: Spender | None
) -> None:
    house = either_house
    one = budgets_of({f"{LOOK_UP}.{scope}.{HOUR}": 3}, OFFSET_S)

    def spend(who: Spender) -> ServiceError | None:
        with house.site.store.transaction() as tx:
            return one.spend(tx, LOOK_UP, who, house.clock.now)

    assert [spend(spender) for _ in range(3)] == [None] * 3
    refused = spend(spender)
    assert refused is not None
    assert refused.reason == "budget_spent"
    if fresh is not None:
        assert spend(fresh) is None
    house.clock.pass_by(hours=1)
    assert spend(spender) is None


def test_a_day_has_a_budget_whatever_its_hours_had(house: House) -> None:
    one = budgets_of({"look_up.person.day": 4}, OFFSET_S)
    for hour in range(6):
        with house.site.store.transaction() as tx:
            now = house.clock.now + timedelta(hours=hour)
            refused = one.spend(tx, LOOK_UP, Spender("a", "u"), now)
        assert (refused is not None) == (hour >= 4)


def test_what_is_refused_spends_nothing_of_the_others(house: House) -> None:
    one = budgets_of({"look_up.person.hour": 1}, OFFSET_S)
    for _ in range(5):
        with house.site.store.transaction() as tx:
            one.spend(tx, LOOK_UP, Spender("a", "u"), house.clock.now)
    with house.site.store.reading() as tx:
        counts = {(one.scope, one.span): (one.count, one.refused) for one in tx.police_counts.since(0, 0)}
    assert counts[PERSON, HOUR] == (1, 4)
    assert counts[ALL, HOUR] == (1, 0)


def test_an_officer_is_told_why_and_operators_see_it(beat: Beat) -> None:
    beat.house.site.settings.police_budgets["look_up.person.hour"] = 2
    for _ in range(2):
        beat.ask(PASSPORT)
    refused = beat.first.client.post("/api/police/look-ups", json=wish(PASSPORT))
    assert refused.status_code == 429
    assert refused.json()["reason"] == "budget_spent"
    assert "your own budget of 2 look-ups is spent" in refused.json()["detail"]
    for staff in ("operator1", "dpo1", "auditor1"):
        rows = beat.house.as_(staff).get("/api/oversight/budgets")["budgets"]
        tripped = [row for row in rows if row["refused"]]
        assert [
            (row["scope"], row["subject"], row["span"], row["count"], row["limit"]) for row in tripped
        ] == [("person", "officer1", "hour", 2, 2)]
    assert beat.house.actions("officer1").count("budget_tripped") == 1
    assert beat.house.as_("officer1").reason("GET", "/api/oversight/budgets") == "not_your_role"


def test_details_on_line_have_a_budget_of_their_own(beat: Beat) -> None:
    beat.house.site.settings.police_budgets["details.person.hour"] = 1
    beat.scan(0)
    assert beat.first.reason("POST", "/api/police/scans", {"code": beat.identity(1)}) == "budget_spent"
    assert beat.looks(beat.cards[1].number) == []  # Nothing was looked at, so nothing is told.
    beat.scan(0)  # The same look again is no further one.


@pytest.mark.parametrize("setting", [{"look_up.person.week": 1}, {"look_up.person.hour": -1}, {"x": 1}])
def test_a_budget_that_is_none_is_refused_by_name(setting: dict[str, int]) -> None:
    with pytest.raises(ServiceError) as refused:
        budgets_of(setting, OFFSET_S)
    assert refused.value.reason == "bad_setting"
    assert "CARDSVC_POLICE_BUDGETS" in str(refused.value)


def test_every_kind_has_every_budget() -> None:
    assert len(DEFAULTS) == 2 * 3 * 2
    assert {kind for kind, _, _ in DEFAULTS} == {DETAILS, LOOK_UP}


def test_budgets_come_from_the_settings(beat: Beat) -> None:
    beat.house.site.settings.police_budgets["look_up.all.day"] = 7
    serving = beat.house.app.state.serving
    assert budgets(serving).limits[LOOK_UP, ALL, "day"] == 7
