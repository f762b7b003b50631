"""The permit rule against a judge who knows everything (docs/format.md section 3).

Random lives of cards: printed, a chip written later, permits extended early, late, after a list was made, or
cut short, holds put on and lifted. Lists are made as the issuer makes them, from a snapshot 60 s after their
iat, and go through their bytes. A reader without a network then asks the rule at any second of a list's life.

Two things must never happen. *Unsafe*: the rule says the stay lasts, and the truth is that it ended.
*Locked out*: the rule says it is not known, and the truth is that it lasts. Only what changed after both the
list (its iat) and the code were made nobody could know: a permit cut short then may pass (the one violation),
an extension made then is not known yet (``permit_unknown`` is the honest answer to it).
"""

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from verify.days import DAY_S, FIRST_DAY_EPOCH, day_at, end_of, start_of
from verify.permits import PermitList, decode_permit_claims, encode_permit_claims, permit_end, permit_rows

OFFSET_S = 28_800
START = start_of(2000, OFFSET_S)
LIFE_DAYS = 120
LIST_LIFE_S = 14 * DAY_S
SNAPSHOT_AFTER_S = 60
CARDS, SNAPSHOTS, READS = 1000, 90, 3

Rule = Callable[[int, int | None, int, PermitList], int]
Fact = tuple[int, int, list[int]]


@dataclass
class Life:
    """One index: its true last days and holds over time, and the codes that carry it."""

    permits: list[tuple[int, int]]
    codes: list[tuple[int, int]]
    holds: list[tuple[int, int]] = field(default_factory=list)

    def day(self, at: int) -> int:
        return self.permits[bisect_right(self.permits, (at, 10**9)) - 1][1]

    def held(self, at: int) -> bool:
        return any(begun <= at < lifted for begun, lifted in self.holds)

    def lasts(self, at: int) -> bool:
        return at < end_of(self.day(at), OFFSET_S)

    def extended(self, after: int, until: int) -> bool:
        return any(after < at <= until and day > before for (_, before), (at, day) in pairwise(self.permits))

    def cut_short(self, after: int, until: int) -> bool:
        return any(after < at <= until and day < before for (_, before), (at, day) in pairwise(self.permits))


def make_life(chance: random.Random) -> Life:
    """Instants often fall on midnights and just beside them, where rules go wrong."""
    born = instant(chance, START, 30 * DAY_S)
    day = day_at(born, OFFSET_S) + chance.choice((0, 1, 5, 13, 14, 15, 30, 90))
    life = Life(permits=[(born, day)], codes=[(born, day)])
    at = born
    for _ in range(chance.randrange(4)):
        at = max(at + 1, instant(chance, at, 50 * DAY_S))
        today, current = day_at(at, OFFSET_S), life.permits[-1][1]
        kind = chance.random()
        if kind < 0.7:
            day = max(current, today) + chance.choice((0, 1, 7, 13, 14, 15, 40, 300))
        elif current > today:
            day = chance.randint(today, current)  # Cut short, at the earliest from tonight.
        else:
            continue
        life.permits.append((at, day))
        if chance.random() < 0.3:
            # A chip is written, often in the same minute: another code of this index, with the day true then.
            written = at + chance.choice((0, 1, 30, DAY_S))
            if life.lasts(written):
                life.codes.append((written, life.day(written)))
    if chance.random() < 0.2:
        begun = instant(chance, born, 80 * DAY_S)
        life.holds.append((begun, begun + chance.randrange(1, 20 * DAY_S)))
    return life


def instant(chance: random.Random, begin: int, spread: int) -> int:
    at = begin + chance.randrange(spread)
    if chance.random() < 0.3:
        at = end_of(day_at(at, OFFSET_S), OFFSET_S) + chance.choice((-61, -60, -1, 0, 1, 59, 60, 61))
    return at


def as_it_is(fact: Fact) -> Fact:
    return fact


def make_list(lives: list[Life], iat: int, told: Callable[[Fact], Fact]) -> tuple[PermitList, set[int]]:
    """The permit list and the indices at status 0, from the snapshot that follows ``iat``.

    An index that is not printed on anything yet stands at 0 too, and in no permit list.
    """
    snapshot, exp = iat + SNAPSHOT_AFTER_S, iat + LIST_LIFE_S
    printed = {index for index, life in enumerate(lives) if life.codes[0][0] <= snapshot}
    ended = {index for index in printed if lives[index].held(snapshot) or not lives[index].lasts(snapshot)}
    facts: Iterator[Fact] = (
        (
            index,
            lives[index].day(snapshot),
            [day for made, day in lives[index].codes if made <= snapshot],
        )
        for index in sorted(printed - ended)
    )
    days = permit_rows(map(told, facts), iat=iat, exp=exp, offset_s=OFFSET_S)
    permits = decode_permit_claims(encode_permit_claims(uri="u", iat=iat, exp=exp, days=days))
    return permits, set(range(len(lives))) - ended


def moments(chance: random.Random, life: Life, permits: PermitList, made: int) -> Iterator[int]:
    """When the code is shown within the list's life: anywhere, and around every midnight that matters."""
    begin = max(permits.iat + SNAPSHOT_AFTER_S, made)
    for _ in range(READS):
        yield chance.randrange(begin, permits.exp) if begin < permits.exp else permits.exp
    for _, day in life.permits:
        for beside in (-1, 0):
            yield end_of(day, OFFSET_S) + beside
    yield permits.exp - 1


def simulate(
    rule: Rule, told: Callable[[Fact], Fact] = as_it_is, cards: int = CARDS, snapshots: int = SNAPSHOTS
) -> Counter[str]:
    chance = random.Random(1)
    lives = [make_life(chance) for _ in range(cards)]
    counts: Counter[str] = Counter()
    for _ in range(snapshots):
        permits, valid = make_list(lives, instant(chance, START, LIFE_DAYS * DAY_S), told)
        for index in valid:
            life = lives[index]
            for made, printed in life.codes:
                end = rule(made, printed, index, permits)
                for now in moments(chance, life, permits, made):
                    if max(permits.iat + SNAPSHOT_AFTER_S, made) <= now < permits.exp:
                        counts[verdict(life, max(permits.iat, made), end, now)] += 1
    return counts


def verdict(life: Life, known_from: int, end: int, now: int) -> str:
    """What the rule says at ``now`` beside the truth; list and code know what was before ``known_from``."""
    says, truth = now < end, life.lasts(now)
    if says == truth:
        return "right, lasts" if truth else "right, ended"
    if says:
        return "cut short later" if life.cut_short(known_from, now) else "unsafe"
    return "extended later" if life.extended(known_from, now) else "locked out"


def the_rule(made: int, printed: int | None, index: int, permits: PermitList) -> int:
    return permit_end(code_iat=made, printed_day=printed, index=index, permits=permits, offset_s=OFFSET_S)


def test_no_violation_but_a_permit_cut_short_after_the_list_was_made() -> None:
    counts = simulate(the_rule)
    print(f"permit simulation: {counts.total()} verdicts, {dict(sorted(counts.items()))}")
    assert counts.total() > 200_000
    assert set(counts) == {"right, lasts", "right, ended", "cut short later", "extended later"}
    # The judge saw each kind often enough to have something to say.
    assert min(counts.values()) > 100


def printed_alone(made: int, printed: int | None, index: int, permits: PermitList) -> int:
    return permits.exp if printed is None else end_of(printed, OFFSET_S)


def list_before_age(made: int, printed: int | None, index: int, permits: PermitList) -> int:
    return the_rule(permits.iat, printed, index, permits)


def list_alone(made: int, printed: int | None, index: int, permits: PermitList) -> int:
    listed = permits.day(index)
    return permits.exp if listed is None else end_of(listed, OFFSET_S)


def later_of_both(made: int, printed: int | None, index: int, permits: PermitList) -> int:
    return max(the_rule(made, printed, index, permits), end_of(printed or 0, OFFSET_S))


def without_written_days(fact: Fact) -> Fact:
    return fact[0], fact[1], []


@pytest.mark.parametrize(
    ("violation", "rule", "told"),
    [
        ("locked out", printed_alone, as_it_is),
        ("unsafe", list_alone, as_it_is),
        ("locked out", list_before_age, as_it_is),
        ("unsafe", later_of_both, as_it_is),
        ("locked out", the_rule, without_written_days),
    ],
)
def test_the_judge_catches_what_is_nearly_right(
    violation: str, rule: Rule, told: Callable[[Fact], Fact]
) -> None:
    assert simulate(rule, told, cards=400, snapshots=60)[violation]


def test_the_clauses_of_the_rule_one_by_one() -> None:
    iat = start_of(2500, OFFSET_S) + 3600
    permits = PermitList("u/permit", iat, iat + LIST_LIFE_S, {1: 2505})

    def end(made: int, printed: int | None, index: int) -> int:
        return the_rule(made, printed, index, permits)

    assert end(iat + 1, 2503, 1) == end_of(2503, OFFSET_S)  # Younger than the list: its own day.
    assert end(iat + 1, None, 1) == permits.exp  # Younger, and says nothing.
    assert end(iat, 2503, 1) == end_of(2505, OFFSET_S)  # As old as the list: the list's day,
    assert end(iat, 2600, 1) == end_of(2505, OFFSET_S)  # also where it is the earlier one.
    assert end(iat, 2600, 2) == end_of(2600, OFFSET_S)  # Not listed, reaches beyond the list.
    assert end(iat, 2500, 2) == end_of(2500, OFFSET_S)  # Not listed, ends after the list's iat.
    assert end(iat, 2499, 2) == permits.exp  # Passed when the list was made: extended beyond it.
    assert end(iat, None, 2) == permits.exp


def test_rows_hold_days_that_end_within_the_list_and_no_others() -> None:
    iat, exp = end_of(2500, OFFSET_S), end_of(2514, OFFSET_S)
    facts = [
        (0, 2500, []),  # Ends exactly at iat: not in (iat, exp].
        (1, 2501, []),
        (2, 2514, []),  # Ends exactly at exp: in.
        (3, 2515, []),
        (4, 2900, [2400, 2507]),  # The true day is far, a written one is not.
        (5, 2900, [2400, 2600]),
    ]
    rows = permit_rows(facts, iat=iat, exp=exp, offset_s=OFFSET_S)
    assert rows == {1: 2501, 2: 2514, 4: 2900}
    assert permit_rows(facts, iat=iat - 1, exp=exp - 1, offset_s=OFFSET_S) == {0: 2500, 1: 2501, 4: 2900}
    assert FIRST_DAY_EPOCH == 1_577_836_800
