"""Budgets of looks: for a person, a unit and all together, by hour and day, counted before any answer.

The counts stand in the records, so every process sees them, and writers take turns, so none is lost. A budget
for all is what a stolen list of passwords meets: however many accounts ask, together they get no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from cardsvc.errors import ServiceError
from cardsvc.records import Transaction
from cardsvc.records.police import CountRecord
from verify.days import day_at, start_of

DETAILS, LOOK_UP = "details", "look_up"
PERSON, UNIT, ALL = "person", "unit", "all"
HOUR, DAY = "hour", "day"
_HOUR_S: Final = 3600
#: (kind, scope, span) → the most. 500 officers with 8 checks an hour need details on line for some of them;
#: a look-up without a card is rare, and each has taken two officers.
DEFAULTS: Final[Mapping[tuple[str, str, str], int]] = {
    (DETAILS, PERSON, HOUR): 120,
    (DETAILS, PERSON, DAY): 600,
    (DETAILS, UNIT, HOUR): 1_500,
    (DETAILS, UNIT, DAY): 8_000,
    (DETAILS, ALL, HOUR): 4_000,
    (DETAILS, ALL, DAY): 20_000,
    (LOOK_UP, PERSON, HOUR): 10,
    (LOOK_UP, PERSON, DAY): 30,
    (LOOK_UP, UNIT, HOUR): 60,
    (LOOK_UP, UNIT, DAY): 200,
    (LOOK_UP, ALL, HOUR): 200,
    (LOOK_UP, ALL, DAY): 600,
}
_WHOSE: Final = {PERSON: "your own", UNIT: "your unit's", ALL: "everybody's"}


@dataclass(frozen=True, slots=True)
class Spender:
    """Who spends: a person of a unit."""

    person: str
    unit: str

    def subject(self, scope: str) -> str:
        """Whose budget of that scope it is."""
        return {PERSON: self.person, UNIT: self.unit, ALL: ""}[scope]


@dataclass(frozen=True, slots=True)
class Budgets:
    """The limits in force, and the issuer's offset of days."""

    limits: Mapping[tuple[str, str, str], int]
    day_offset_s: int

    def starts(self, now: datetime) -> dict[str, int]:
        """The hour and the day of ``now``, as counts name them."""
        at = int(now.timestamp())
        return {HOUR: at // _HOUR_S, DAY: day_at(at, self.day_offset_s)}

    def began(self, span: str, start: int) -> datetime:
        """When that hour or day began."""
        at = start * _HOUR_S if span == HOUR else start_of(start, self.day_offset_s)
        return datetime.fromtimestamp(at, UTC)

    def spend(self, tx: Transaction, kind: str, who: Spender, now: datetime) -> ServiceError | None:
        """Count one look in all its budgets, or none of it and say which one is spent.

        The refusal is returned, not raised: what was counted of it must be committed.
        """
        starts = self.starts(now)
        limits = [(scope, span, most) for (one, scope, span), most in self.limits.items() if one == kind]
        places = [(scope, who.subject(scope), span, starts[span]) for scope, span, _ in limits]
        counts = tx.police_counts.at(kind, places)
        spent = [
            (count, most) for count, (_, _, most) in zip(counts, limits, strict=True) if count.count >= most
        ]
        if not spent:
            tx.police_counts.put([replace(count, count=count.count + 1) for count in counts])
            return None
        tx.police_counts.put([replace(count, refused=count.refused + 1) for count, _ in spent])
        for count, most in spent:
            if not count.refused:
                _told(tx, count, most, who.person, now)
        return _refusal(*spent[-1])


def budgets_of(changed: Mapping[str, int], day_offset_s: int) -> Budgets:
    """The limits, but for what a setting changes (``{"look_up.person.hour": 5}``); raises ``bad_setting``."""
    limits = dict(DEFAULTS)
    for name, most in changed.items():
        place = tuple(name.split("."))
        if place not in limits:
            known = ", ".join(".".join(one) for one in DEFAULTS)
            raise ServiceError("bad_setting", f"CARDSVC_POLICE_BUDGETS knows no {name}; it knows {known}")
        if most < 0:
            raise ServiceError("bad_setting", f"CARDSVC_POLICE_BUDGETS: {name} cannot be {most}")
        limits[place] = most
    return Budgets(limits, day_offset_s)


def _told(tx: Transaction, count: CountRecord, most: int, by: str, now: datetime) -> None:
    details = {"kind": count.kind, "scope": count.scope, "span": count.span, "limit": most}
    tx.audit.append(by, "budget_tripped", count.subject or "all", details, now)


def _refusal(count: CountRecord, most: int) -> ServiceError:
    what = "look-ups" if count.kind == LOOK_UP else "details on line"
    when = "the next hour" if count.span == HOUR else "tomorrow"
    words = f"{_WHOSE[count.scope]} budget of {most} {what} is spent; it begins anew with {when}"
    return ServiceError("budget_spent", words)
