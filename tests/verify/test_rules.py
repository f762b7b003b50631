"""Venue rules: the policy map and opening hours."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify import cbor
from verify.days import DAY_S, start_of
from verify.errors import Refused
from verify.rules import EXPIRED_AFTER_S, STALE_AFTER_S, Assurance, Hours, Policy, Quota, is_open

policies = st.builds(
    Policy,
    services=st.frozensets(st.integers(1, 52), max_size=4),
    stale_after_s=st.integers(0, 10**7),
    expired_after_s=st.integers(0, 10**7),
    accept=st.frozensets(st.sampled_from(Assurance)),
    opens_on=st.frozensets(st.sampled_from(["data_stale", "status_unknown"])),
    hours=st.lists(st.builds(Hours, *(st.integers(0, 1440),) * 3), max_size=3).map(tuple),
    quota=st.none() | st.builds(Quota, st.integers(0, 99), st.integers(0, 10**6)),
    passback_s=st.none() | st.integers(0, 3600),
    permit_free=st.frozensets(st.integers(1, 5)),
)


@given(policies)
def test_round_trip(policy: Policy) -> None:
    assert Policy.decode(cbor.decode(cbor.encode(policy.encode()))) == policy


def test_defaults_of_the_format() -> None:
    policy = Policy.decode(Policy().encode())
    assert (STALE_AFTER_S, EXPIRED_AFTER_S) == (86_400, 604_800)
    assert (policy.stale_after_s, policy.expired_after_s) == (86_400, 604_800)
    assert policy.accept == frozenset(Assurance)
    assert policy.opens_on == frozenset()
    assert Assurance.CHIP_PROVED.label == "chip-proved"


@pytest.mark.parametrize(
    "changes",
    [
        {1: 3},
        {1: [-1]},
        {1: [2**53 + 1]},
        {1: [True]},
        {1: ["library"]},
        {2: "a day"},
        {3: 1.5},
        {4: [6]},
        {4: [0]},
        {4: "print"},
        {5: ["revoked"]},
        {5: "data_stale"},
        {5: [["data_stale"]]},
        {5: [{}]},
        {5: [7]},
        {6: 5},
        {6: [[1, 2]]},
        {6: [[1, 2, 3, 4]]},
        {6: [1, 2, 3]},
        {7: [1]},
        {7: 1},
        {8: [1]},
        {9: "student"},
    ],
)
def test_malformed_policies(changes: dict[Any, Any]) -> None:
    with pytest.raises(Refused) as caught:
        Policy.decode(Policy().encode() | changes)
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize("item", [None, [], {1.0: 3}, {True: 3}])
def test_what_is_no_policy(item: Any) -> None:
    with pytest.raises(Refused) as caught:
        Policy.decode(item)
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize("key", [-1, "more"])
def test_rules_that_this_reader_lacks_and_nobody_may_ignore(key: Any) -> None:
    with pytest.raises(Refused) as caught:
        Policy.decode(Policy().encode() | {key: 1})
    assert caught.value.reason == "unsupported_policy"
    assert Policy.decode(Policy().encode() | {99: 1}) == Policy()


@pytest.mark.parametrize("rule", ["quota", "passback_s"])
def test_no_rule_looks_back_further_than_visits_are_kept(rule: str) -> None:
    def decoded(seconds: int) -> Policy:
        made = Policy(quota=Quota(1, seconds)) if rule == "quota" else Policy(passback_s=seconds)
        return Policy.decode(made.encode())

    assert decoded(35 * DAY_S)
    with pytest.raises(Refused) as caught:
        decoded(35 * DAY_S + 1)
    assert caught.value.reason == "unsupported_policy"


@pytest.mark.parametrize("key", [2, 3, 8])
@pytest.mark.parametrize("seconds", [-1, 2**53 + 1, -(2**53)])
def test_seconds_are_not_negative(key: int, seconds: int) -> None:
    with pytest.raises(Refused) as caught:
        Policy.decode(Policy().encode() | {key: seconds})
    assert caught.value.reason == "malformed"
    assert Policy.decode(Policy().encode() | {key: 0})


def test_a_policy_without_a_rule_is_the_policy_of_the_defaults() -> None:
    assert Policy.decode({}) == Policy()
    assert Policy.decode({4: []}).accept == frozenset()  # Said, and so meant: nothing passes.


def at(day: str, clock: str, offset_s: int = 28_800) -> int:
    zone = timezone(timedelta(seconds=offset_s))
    return int(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone).timestamp())


MONDAY, TUESDAY, SUNDAY = 1, 2, 64
OFFICE = (Hours(MONDAY | TUESDAY, 9 * 60, 17 * 60),)
NIGHT = (Hours(MONDAY, 22 * 60, 2 * 60),)
ALWAYS = (Hours(127, 0, 1440),)


@pytest.mark.parametrize(
    ("hours", "day", "clock", "expected"),
    [
        ((), "2026-09-20", "03:00", True),
        (OFFICE, "2026-09-21", "08:59:59", False),
        (OFFICE, "2026-09-21", "09:00", True),
        (OFFICE, "2026-09-21", "16:59:59", True),
        (OFFICE, "2026-09-21", "17:00", False),
        (OFFICE, "2026-09-22", "09:00", True),
        (OFFICE, "2026-09-23", "09:00", False),
        (NIGHT, "2026-09-21", "21:59", False),
        (NIGHT, "2026-09-21", "22:00", True),
        (NIGHT, "2026-09-22", "01:59", True),
        (NIGHT, "2026-09-22", "02:00", False),
        (NIGHT, "2026-09-21", "01:00", False),  # Sunday's night belongs to Sunday.
        (NIGHT, "2026-09-22", "22:00", False),
        ((Hours(SUNDAY, 1380, 60),), "2026-09-21", "00:30", True),
        (ALWAYS, "2026-09-21", "00:00", True),
        (ALWAYS, "2026-09-21", "23:59:59", True),
        ((Hours(MONDAY, 600, 600),), "2026-09-22", "09:59", True),  # From ten to ten: a whole day.
        ((Hours(MONDAY, 600, 600),), "2026-09-22", "10:00", False),
        ((*OFFICE, *NIGHT), "2026-09-21", "23:00", True),
        ((Hours(0, 0, 1440),), "2026-09-21", "12:00", False),
    ],
)
def test_hours_by_the_issuers_clock(hours: tuple[Hours, ...], day: str, clock: str, expected: bool) -> None:
    for offset in (28_800, 0, 19_800, -43_200):
        assert is_open(hours, at(day, clock, offset), offset) is expected


@given(st.integers(0, 60_000))
def test_the_weekday_is_the_calendars(day: int) -> None:
    noon = start_of(day) + 12 * 3600
    weekday = datetime.fromtimestamp(noon + 28_800, UTC).weekday()
    for number in range(7):
        assert is_open((Hours(1 << number, 0, 1440),), noon, 28_800) is (number == weekday)


def test_2020_began_on_a_wednesday() -> None:
    assert date(2020, 1, 1).weekday() == 2
