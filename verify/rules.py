"""Venue rules: who may enter when, how fresh the data must be, and what a presentation proves (section 8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from verify.cbor import MAX_INTEGER
from verify.claims import mapping, optional
from verify.days import DAY_S, FIRST_DAY_EPOCH
from verify.errors import Refused

_SERVICES, _STALE, _EXPIRED, _ACCEPT, _OPENS_ON, _HOURS, _QUOTA, _PASSBACK, _PERMIT_FREE = range(1, 10)
_KNOWN = frozenset(range(1, 10))

#: Defaults of section 5.
STALE_AFTER_S = 24 * 3600
EXPIRED_AFTER_S = 7 * DAY_S
#: The only two attentions a policy may open a door on (section 8).
OPENABLE = frozenset(("data_stale", "status_unknown"))
#: Readers remember visits for so long, and where somebody was for no longer: a quota or passback of more
#: would let in what it forbids, so it is refused.
LONGEST_LOOK_BACK_S = 35 * DAY_S
_MINUTES = 24 * 60
#: 2020-01-01 was a Wednesday; Monday is 0.
_FIRST_WEEKDAY = 2


class Assurance(IntEnum):
    """What a presentation proves, weakest first (section 7)."""

    PRINT = 1
    CHIP = 2
    CHIP_PROVED = 3
    PHONE = 4
    PHONE_PROVED = 5

    @property
    def label(self) -> str:
        """The name outsiders use: ``chip-proved``."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Hours:
    """Open on the weekdays of ``days`` (bit 0 Monday), from and to in minutes of the issuer's local day."""

    days: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Quota:
    """At most ``count`` admissions of one card within ``period_s`` seconds."""

    count: int
    period_s: int


class History(Protocol):
    """What a reader remembers of a card; a reader with a journal has one, a single check has none."""

    def admissions(self, number: str, service: int | None, since: int, until: int) -> int:
        """How often the card was admitted from the epoch second ``since`` to ``until``."""

    def last_entry(self, number: str) -> int | None:
        """When the card last went in without having gone out since, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one venue, as its bundle carries them."""

    services: frozenset[int] = frozenset()
    stale_after_s: int = STALE_AFTER_S
    expired_after_s: int = EXPIRED_AFTER_S
    accept: frozenset[Assurance] = frozenset(Assurance)
    opens_on: frozenset[str] = frozenset()
    hours: tuple[Hours, ...] = ()
    quota: Quota | None = None
    passback_s: int | None = None
    permit_free: frozenset[int] = frozenset()

    @property
    def asks_history(self) -> tuple[str, ...]:
        """The rules that only a reader which remembers can judge."""
        asked = {"quota": self.quota is not None, "passback": self.passback_s is not None}
        return tuple(rule for rule, wanted in asked.items() if wanted)

    def encode(self) -> dict[object, object]:
        """The policy map of a bundle (docs/format.md)."""
        policy: dict[object, object] = {
            _SERVICES: sorted(self.services),
            _STALE: self.stale_after_s,
            _EXPIRED: self.expired_after_s,
            _ACCEPT: sorted(map(int, self.accept)),
            _OPENS_ON: sorted(self.opens_on),
            _PERMIT_FREE: sorted(self.permit_free),
        }
        if self.hours:
            policy[_HOURS] = [[hours.days, hours.opens, hours.closes] for hours in self.hours]
        if self.quota is not None:
            policy[_QUOTA] = [self.quota.count, self.quota.period_s]
        if self.passback_s is not None:
            policy[_PASSBACK] = self.passback_s
        return policy

    @classmethod
    def decode(cls, item: object) -> "Policy":
        """Read a policy map; raises ``malformed``, and ``unsupported_policy`` for what no reader enforces.

        That is a negative key, a rule nobody may ignore, and a quota or passback that looks back too far.
        """
        policy = mapping(item, "the policy")
        for key in policy.keys() - _KNOWN:
            if type(key) is not int or key < 0:
                raise Refused("unsupported_policy", f"the policy has a rule {key!r} that this reader lacks")
        stale, expired = _seconds(policy, _STALE, "stale"), _seconds(policy, _EXPIRED, "expired")
        quota, opens_on = policy.get(_QUOTA), policy.get(_OPENS_ON, ())
        if not (isinstance(opens_on, list | tuple) and all(name in tuple(OPENABLE) for name in opens_on)):
            raise Refused("malformed", f"a door may open on {sorted(OPENABLE)} only")
        try:
            accept = frozenset(map(Assurance, _integers(policy, _ACCEPT) if _ACCEPT in policy else Assurance))
        except ValueError as error:
            raise Refused("malformed", f"assurance levels are 1 to 5: {error}") from error
        hours = policy.get(_HOURS, ())
        if not isinstance(hours, list | tuple):
            raise Refused("malformed", "hours must be an array")
        rules = cls(
            services=frozenset(_integers(policy, _SERVICES)),
            stale_after_s=STALE_AFTER_S if stale is None else stale,
            expired_after_s=EXPIRED_AFTER_S if expired is None else expired,
            accept=accept,
            opens_on=frozenset(opens_on),
            hours=tuple(Hours(*_numbers(part, 3)) for part in hours),
            quota=None if quota is None else Quota(*_numbers(quota, 2)),
            passback_s=_seconds(policy, _PASSBACK, "passback"),
            permit_free=frozenset(_integers(policy, _PERMIT_FREE)),
        )
        if max(rules.quota.period_s if rules.quota else 0, rules.passback_s or 0) > LONGEST_LOOK_BACK_S:
            words = f"quota and passback look back {LONGEST_LOOK_BACK_S // DAY_S} days at most"
            raise Refused("unsupported_policy", words)
        return rules


def is_open(hours: tuple[Hours, ...], now: int, offset_s: int) -> bool:
    """Whether the venue is open now; without hours always. Hours past midnight belong to their first day."""
    if not hours:
        return True
    day, second = divmod(now - FIRST_DAY_EPOCH + offset_s, DAY_S)
    minute = second // 60
    today, yesterday = ((_FIRST_WEEKDAY + day - back) % 7 for back in (0, 1))
    for part in hours:
        wraps = part.closes <= part.opens
        if part.days >> today & 1 and part.opens <= minute and (wraps or minute < part.closes):
            return True
        if wraps and part.days >> yesterday & 1 and minute < part.closes:
            return True
    return False


def _seconds(policy: Mapping[object, object], label: int, name: str) -> int | None:
    seconds = optional(policy, label, int, name)
    if seconds is not None and seconds < 0:
        raise Refused("malformed", f"the policy's {name} is a number of seconds, not {seconds}")
    return seconds


def _integers(policy: Mapping[object, object], label: int) -> tuple[int, ...]:
    return _numbers(policy.get(label, ()), None)


def _numbers(item: object, size: int | None) -> tuple[int, ...]:
    if (
        isinstance(item, list | tuple)
        and size in (None, len(item))
        and all(type(n) is int and 0 <= n <= MAX_INTEGER for n in item)
    ):
        return tuple(item)
    raise Refused("malformed", "a rule of the policy must be an array of non-negative integers")
