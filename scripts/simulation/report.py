"""What came of a run: one JSON object for a file, a few lines for people."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from scripts.simulation.day import Outcome
from scripts.simulation.plan import Plan


def as_json(plan: Plan, outcome: Outcome, seconds: float) -> dict[str, object]:
    """Everything that was counted."""
    judge, records = outcome.judge, outcome.records
    return {
        "plan": plan.as_json(),
        "sound": outcome.sound,
        "taps": judge.reasons.total(),
        "reasons": _ordered(judge.reasons),
        "judged": {
            "right": _ordered(judge.right),
            "flagged": _ordered(judge.flagged),
            "wrong": _ordered(judge.wrong),
            "told": judge.told,
            "oldest_data_that_let_in_s": judge.oldest,
        },
        "records": _ordered(records),
        "went_wrong": _ordered(outcome.weather),
        "changes": _ordered(outcome.city),
        "bundles": outcome.bundles,
        "seconds": round(seconds, 1),
    }


def for_people(plan: Plan, outcome: Outcome, seconds: float) -> RenderableType:
    """The same in a table, and what it comes to."""
    judge = outcome.judge
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    parts: tuple[tuple[str, Mapping[str, int]], ...] = (
        ("As it should be", judge.right),
        ("Otherwise, because of old data or a wrong clock, as the rules allow", judge.flagged),
        ("Wrong", judge.wrong or {"verdicts": 0}),
        ("Records", outcome.records),
        ("What went wrong on the way", outcome.weather),
        ("What happened to cards", outcome.city),
    )
    for title, counts in parts:
        table.add_row("", Text(f"\n{title}", "bold"))
        for name, number in _ordered(counts).items():
            table.add_row(f"{number:,}", name)
    verdict = Text(f"\n{in_a_line(plan, outcome, seconds)}.", "bold" if outcome.sound else "bold red")
    return Group(table, *(Text(words, "red") for words in judge.told), verdict)


def in_a_line(plan: Plan, outcome: Outcome, seconds: float) -> str:
    """For docs/figures.json."""
    judge, records, weather = outcome.judge, outcome.records, outcome.weather
    parts = (
        f"{plan.hours:g} h, {plan.readers:,} readers, {plan.cards:,} cards",
        f"{judge.reasons.total():,} taps",
        f"{outcome.city.total():,} changes",
        *(f"{weather[name]:,} {name}" for name in ("cuts", "losses of power", "wrong clocks")),
        f"{weather['uploads repeated']:,} uploads repeated",
    )
    came_to = f"{records['lost']} lost, {records['double']} double, {judge.wrong.total()} wrong"
    flagged = f"{judge.flagged.total():,} flagged for old data or a wrong clock"
    return f"{', '.join(parts)}: {came_to}; {flagged}; {seconds / 60:.0f} min"


def _ordered(counts: Mapping[str, int]) -> dict[str, Any]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
