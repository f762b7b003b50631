"""The judge: knows every card's life and every door's clock and data, and believes nothing a door says.

Every tap is judged three times over. *Must this door say this*, by its clock and by what its data knew?
Another answer is wrong, whatever it is. *Does the rule find the truth*, by the right clock and data of this
second? If not, the rule is wrong. *Was the right thing done*? If not, it must be for the age of the door's
data, which its policy allows, or for its clock; that is flagged and counted apart.

The procedure of docs/format.md section 8 is written down here once more, from the paper, over plain facts; it
shares no line with the reader.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from keys.bundle import Entitlement
from scripts.simulation.city import ACTIVE, GONE, Life, Print
from verify.days import DAY_S, end_of
from verify.reader.outputs import Shown
from verify.services import CardClass, Service
from verify.status import GRANTED, WITHDRAWN

_LEAD_S, _LIFE_S, _TOLERANCE_S = 60, 14 * DAY_S, 120
_MILD: Final = ("data_stale", "status_unknown")
#: So many mistakes are told with everything that is known about them.
_TOLD: Final = 20


class Says(NamedTuple):
    """What a door says, or should."""

    answer: str
    reason: str
    opens: bool


@dataclass(frozen=True, slots=True)
class Knows:
    """What a door goes by: its venue's rules, and the second of the snapshot that its bundle is of."""

    rules: Mapping[str, Any]
    taken: int


@dataclass(frozen=True, slots=True)
class Tap:
    """A card shown at a door; ``at`` is the true second, ``clock`` the door's."""

    door: str
    life: Life
    shown: Print
    service: Service
    leaving: bool
    at: int
    clock: int


def should_say(tap: Tap, knows: Knows | None, clock: int) -> Says:
    """What a door must say at its ``clock`` by what it ``knows``."""
    inside = _inside(tap, knows, clock)
    return Says("allow", "ok", True) if tap.leaving else inside


def _inside(tap: Tap, knows: Knows | None, clock: int) -> Says:
    if knows is None:
        return Says("attention", "no_data", False)
    if clock < knows.taken - _TOLERANCE_S:
        return Says("attention", "clock_suspect", False)
    if clock >= tap.shown.trusted_until:
        return Says("attention", "unknown_key", False)
    denied, doubts = _findings(tap, knows, clock)
    if denied is not None:
        return Says("deny", denied, False)
    if not doubts:
        return Says("allow", "ok", True)
    reason = next((one for one in doubts if one not in _MILD), doubts[0])
    return Says("attention", reason, set(doubts) <= set(knows.rules.get("opens_on", ())))


def _findings(tap: Tap, knows: Knows, clock: int) -> tuple[str | None, list[str]]:
    """The first reason to deny, and every doubt before it."""
    life, one, taken, rules = tap.life, tap.shown, knows.taken, knows.rules
    doubts: list[str] = []
    if clock < one.not_before:
        return "not_yet_valid", doubts
    if clock >= one.expires:
        return "expired", doubts
    age = clock - (taken - _LEAD_S)
    if age > rules["expired_after_s"] or age >= _LIFE_S:
        return "data_expired", doubts
    if age > rules["stale_after_s"]:
        doubts.append("data_stale")
    if one.made <= taken:
        if one is not life.print_at(taken):
            return "replaced", doubts
        if life.state.at(taken) == GONE:
            return "revoked", doubts
        if life.state.at(taken) != ACTIVE or not life.stay_lasts(taken):
            return "suspended", doubts
    # What is printed counts where the code is younger than the list; else what was true of the stay then.
    day = one.permit_day if one.made > taken - _LEAD_S else life.permit.at(taken)
    free = CardClass(life.card_class).label in rules.get("permit_free", ())
    if (day is not None and clock >= end_of(day)) or (day is None and not free):
        doubts.append("permit_unknown")
    if _says_withdrawn(life, one, tap.service, taken):
        return "entitlement_withdrawn", doubts
    if not _holds(life.right_at(taken, one, tap.service), clock):
        return "no_entitlement", doubts
    return None, doubts


def _says_withdrawn(life: Life, one: Print, service: Service, taken: int) -> bool:
    right = life.right_at(taken, one, service)
    return right is not None and right.value == WITHDRAWN


def _holds(right: Entitlement | None, at: int) -> bool:
    if right is None or right.value == WITHDRAWN:
        return False
    return right.value == GRANTED or (right.last_day is not None and at < end_of(right.last_day))


def may_enter(tap: Tap) -> bool:
    """The truth, at the true second."""
    life, one, at = tap.life, tap.shown, tap.at
    return (
        one is life.print_at(at)
        and one.not_before <= at < one.expires
        and life.state.at(at) == ACTIVE
        and life.stay_lasts(at)
        and _holds(life.right_at(at, one, tap.service), at)
    )


class Seen(NamedTuple):
    """What a door's record must say, for somebody has seen it."""

    time: int
    direction: str
    answer: str
    reason: str
    opened: bool


@dataclass(slots=True)
class Judge:
    """Counts; ``rules`` are the venues'."""

    rules: Mapping[str, Mapping[str, Any]]
    reasons: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    #: door → number → what was seen; numbers that a door used twice.
    seen: dict[str, dict[int, Seen]] = field(default_factory=lambda: defaultdict(dict))
    unrecorded: Counter[str] = field(default_factory=Counter)
    #: The oldest data that let somebody in who had lost the right meanwhile, in seconds.
    oldest: int = 0

    def judge(self, tap: Tap, venue: str, taken: int | None, shown: Shown) -> None:
        """Judge what a door showed, and remember what its log must therefore say."""
        verdict, rules = shown.verdict, self.rules[venue]
        says = Says(verdict.answer.value, verdict.reason, verdict.opens)
        self.reasons["leaving" if tap.leaving else says.reason] += 1
        knows = None if taken is None else Knows(rules, taken)
        self._remember(tap, shown, says)
        should = should_say(tap, knows, tap.clock)
        fresh = should_say(tap, Knows(rules, tap.at), tap.at)
        truth = tap.leaving or may_enter(tap)
        if says != should:
            self._wrong("another answer than its data and clock say", tap, says, should)
        elif fresh.opens != truth:
            self._wrong("the rule does not find the truth", tap, fresh, should)
        elif says.opens == truth:
            self.right["let in" if truth else "turned away"] += 1
        else:
            in_time = should_say(tap, knows, tap.at).opens == truth
            cause = (
                "no data yet" if knows is None else "wrong clock" if in_time else "data from before a change"
            )
            self.flagged[f"{'let in' if says.opens else 'turned away'}: {cause}"] += 1
            if knows is not None and says.opens and not in_time:
                self.oldest = max(self.oldest, tap.at - knows.taken)

    def _remember(self, tap: Tap, shown: Shown, says: Says) -> None:
        if shown.seq is None:
            self.unrecorded[tap.door] += 1
            if says.opens and not tap.leaving:
                self.wrong["let in without a record"] += 1
        elif shown.seq in self.seen[tap.door]:
            self.wrong["a number used twice"] += 1
        else:
            way = "out" if tap.leaving else "in"
            self.seen[tap.door][shown.seq] = Seen(max(0, tap.clock), way, *says)

    def _wrong(self, what: str, tap: Tap, says: Says, should: Says) -> None:
        self.wrong[what] += 1
        if len(self.told) < _TOLD:
            self.told.append(f"{what}: {tap.door}, card {tap.life.number}, says {says}, should say {should}")


@dataclass(slots=True)
class Arrived:
    """What the records hold of one door in the end."""

    seqs: list[int]
    rows: dict[int, Seen]
    missed: int
    head: int
    vouched: int


def compare(judge: Judge, arrived: Mapping[str, Arrived]) -> Counter[str]:
    """Every record that was seen against what came: all of it once, and as it was seen."""
    counts = Counter({"lost": 0, "double": 0, "changed": 0, "broken logs": 0, "unsigned logs": 0})
    for door, one in arrived.items():
        seen = judge.seen[door]
        counts["seen"] += len(seen)
        counts["arrived"] += len(one.seqs)
        counts["double"] += len(one.seqs) - len(one.rows)
        counts["lost"] += len(seen.keys() - one.rows.keys())
        counts["changed"] += sum(1 for seq, what in seen.items() if one.rows.get(seq, what) != what)
        counts["recorded, and its power gone before anybody saw it"] += len(one.rows.keys() - seen.keys())
        counts["broken logs"] += one.head != len(one.rows) or set(one.rows) != set(range(1, one.head + 1))
        counts["unsigned logs"] += one.vouched != one.head
        # What found no place in the log is told by the next record, or was the last thing that happened.
        counts["verdicts without a record, as the log says"] += one.missed
    counts["verdicts without a record"] += judge.unrecorded.total()
    return counts
