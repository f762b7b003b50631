"""A small city's day before an all-knowing judge; the large one is ``./scripts/simulate``, by hand."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cardsvc.records.gate_log import GateLog, GateRecordRow
from scripts.simulation import city, report
from scripts.simulation.__main__ import main
from scripts.simulation.day import Outcome, run
from scripts.simulation.judge import Judge
from scripts.simulation.plan import Plan
from verify.reader.journal import Batch, Journal
from verify.verifier import Verifier

SMALL = Plan(
    readers=8,
    cards=300,
    taps=2500,
    changes=200,
    sync_s=3600,
    upload_s=3600,
    cuts=4,
    restarts=2,
    wrong_clocks=0.8,
    tonight=15,
    repeats=30,
)
TINY = Plan(
    hours=24,
    readers=3,
    cards=120,
    taps=500,
    changes=120,
    sync_s=3600,
    upload_s=3600,
    cuts=6,
    restarts=0,
    wrong_clocks=3,
    tonight=15,
)
PARTITION = Plan(
    hours=72,
    readers=1,
    cards=200,
    taps=10_000,
    changes=100,
    sync_s=900,
    upload_s=900,
    bundle_s=4 * 3600,
    cuts=20 / 3,
    restarts=2,
    wrong_clocks=0,
    venue="library",
)


@pytest.fixture
def fast() -> Iterator[Path]:
    """A directory in memory, where there is one: a day is about order, not about the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder) / "city"


def counts(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """Everything that the same seed must give again."""
    return report.as_json(plan, outcome, 0)


def test_a_day_of_a_small_city(fast: Path) -> None:
    outcome = run(SMALL, fast)
    judge = outcome.judge
    assert outcome.sound, (judge.wrong, judge.told, outcome.records)
    # Each kind of thing happened, so that the judge had something to say about it.
    assert {
        "let in: data from before a change",
        "turned away: data from before a change",
        "turned away: wrong clock",
    } <= judge.flagged.keys()
    assert 0 < judge.oldest <= 7 * 86_400
    assert {"ok", "revoked", "suspended", "replaced", "no_entitlement", "entitlement_withdrawn"} <= set(
        judge.reasons
    )
    assert {"leaving", "clock_suspect", "permit_unknown"} <= set(judge.reasons)
    assert min(outcome.weather.values()) > 0
    assert len(outcome.city) == 10
    assert outcome.records["seen"] > 2400
    assert outcome.records["recorded, and its power gone before anybody saw it"] > 0


def test_the_same_seed_gives_the_same_day(fast: Path) -> None:
    first, again = (counts(TINY, run(TINY, fast)) for _ in range(2))
    assert first == again
    assert json.loads(json.dumps(first)) == first


def test_seventy_two_hours(fast: Path) -> None:
    """One reader, twenty cuts, ten thousand taps: nothing is lost, nothing doubled."""
    outcome = run(PARTITION, fast)
    judge, records = outcome.judge, outcome.records
    assert outcome.sound, (judge.wrong, judge.told, records)
    assert outcome.weather["cuts"] == 20
    # Whoever stood there when the power went saw nothing.
    assert 10_000 - outcome.weather["losses of power"] <= judge.reasons.total() <= 10_000
    assert records["seen"] == judge.reasons.total()
    assert outcome.weather["requests cut"] > 50
    assert outcome.weather["answers lost"] > 5


def test_the_command_says_what_it_came_to(fast: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--hours", "2", "--readers", "2", "--cards", "60", "--taps", "60", "--changes", "20"]
    assert main([*small, "--folder", str(fast), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["sound"], said["taps"], said["records"]["lost"]) == (True, 60, 0)
    assert main([*small, "--folder", str(fast)]) == 0
    assert "0 lost, 0 double, 0 wrong" in " ".join(capsys.readouterr().out.split())


def _blind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Verifier, "_check_status", lambda *_: None)


def _any_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Verifier, "_check_clock", lambda *_: None)


def _no_permits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(city, "permit_rows", lambda *_, **__: {})


def _rights_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Verifier, "_check_entitlement", lambda *_: None)


@pytest.mark.parametrize(
    ("mistake", "taps"), [(_blind, 500), (_any_clock, 500), (_no_permits, 4000), (_rights_for_ever, 500)]
)
def test_the_judge_finds_a_door_that_is_nearly_right(
    fast: Path, monkeypatch: pytest.MonkeyPatch, mistake: Callable[[pytest.MonkeyPatch], None], taps: int
) -> None:
    mistake(monkeypatch)
    outcome = run(replace(TINY, taps=taps), fast)
    assert outcome.judge.wrong["another answer than its data and clock say"] > 0
    assert not outcome.sound


def _forgets_what_it_sent(patch: pytest.MonkeyPatch) -> None:
    """A reader that does not wait for the answer."""
    whole = Journal.batch

    def batch(journal: Journal, now: int) -> Batch | None:
        found = whole(journal, now)
        if found is not None:
            journal.acknowledge({seq: ("taken", "") for seq, _ in found.records})
        return found

    patch.setattr(Journal, "batch", batch)


def _drops_one(patch: pytest.MonkeyPatch) -> None:
    """A service that says it took what it did not."""
    whole = GateLog.add

    def add(log: GateLog, rows: Sequence[GateRecordRow]) -> None:
        whole(log, [row for row in rows if row.seq != 7])

    patch.setattr(GateLog, "add", add)


@pytest.mark.parametrize("mistake", [_forgets_what_it_sent, _drops_one])
def test_the_judge_misses_what_is_lost(
    fast: Path, monkeypatch: pytest.MonkeyPatch, mistake: Callable[[pytest.MonkeyPatch], None]
) -> None:
    mistake(monkeypatch)
    outcome = run(TINY, fast)
    assert outcome.records["lost"] > 0
    assert not outcome.sound
    assert outcome.judge.wrong == Judge({}).wrong
