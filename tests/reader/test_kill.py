"""kill -9 at every named point and at random: no record is lost or doubled, no verdict goes unrecorded."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reader.killing import KILLED, WELL, Site, campaign, open_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path) as made:
        yield made


def test_a_run_that_nobody_disturbs(site: Site) -> None:
    assert site.run(5) == WELL
    assert [verdict["reason"] for verdict in site.seen] == ["ok"] * 5
    site.check()


@pytest.mark.parametrize(
    ("point", "passes"),
    [("judged", 1), ("judged", 4), ("recorded", 1), ("recorded", 4), ("shown", 3)],
)
def test_killed_between_two_steps_of_a_verdict(site: Site, point: str, passes: int) -> None:
    assert site.run(6, point, passes) == KILLED
    assert site.run(3) == WELL
    assert len(site.seen) >= 3
    # The killed one's last lines may not have been said any more: its log has them.
    assert site.check() >= passes - 1 + 3


@pytest.mark.parametrize("point", ["uploaded", "acknowledged"])
def test_killed_while_the_log_is_brought(site: Site, point: str) -> None:
    def refuse(path: str) -> None:
        if path.endswith("/records"):
            raise ConnectionAbortedError

    site.collector.cut = refuse
    assert site.run(12) == WELL
    site.collector.cut = lambda path: None
    # Nothing more is shown, and the input stays open until the point is reached.
    words = [sys.executable, "-m", "tests.reader.child", str(site.folder / "reader.toml"), point, "1"]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        assert process.wait(30) == KILLED
    site.check()
    assert len(site.collector.readers["door-1"].records) == 12


def test_killed_at_random(site: Site) -> None:
    figures = campaign(site, 5, seed=5)
    assert figures["kills"] == 5
    assert figures["seen"] <= figures["arrived"] <= figures["shown"]
