"""Promises are kept by tests that exist, and the paper says what the table says."""

from pathlib import Path

import pytest

from scripts import assurance
from scripts.promises import PROMISES, promise

ROOT = Path(__file__).parents[2]


def test_every_test_that_is_named_exists() -> None:
    assert list(assurance.missing_tests(PROMISES)) == []


@pytest.mark.parametrize("name", ["house/test_assurance.py::test_of_nothing", "house/test_nowhere.py"])
def test_a_promise_without_its_test_is_found(name: str) -> None:
    kept = promise("kept", "house/test_assurance.py::test_every_promise_has_a_test_and_is_made_once")
    broken = promise("broken", name)
    assert list(assurance.missing_tests({"here": (kept, broken)})) == [name]


def test_every_promise_has_a_test_and_is_made_once() -> None:
    promises = [one for section in PROMISES.values() for one in section]
    assert all(one.tests for one in promises)
    assert len({one.words for one in promises}) == len(promises) > 30


def test_the_paper_is_up_to_date() -> None:
    text = assurance.render(PROMISES, assurance.read_figures(assurance.FIGURES))
    assert assurance.PAPER.read_text("utf-8") == text, "run `python -m scripts.assurance`"


def test_figures_stand_in_the_paper(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text('{"bundle": {"figure": "124 KB", "measured": "2026-11-22"}}', "utf-8")
    section = {"x": (promise("small", "house/test_assurance.py", figure="bundle"),)}
    assert "| 124 KB (2026-11-22) |" in assurance.render(section, assurance.read_figures(path))
    assert "| not measured yet |" in assurance.render(section, assurance.read_figures(tmp_path / "none.json"))


@pytest.mark.parametrize("paper", ["README.md", "SECURITY.md", "CHANGELOG.md", "docs/operating.md"])
def test_links_of_the_papers_lead_somewhere(paper: str) -> None:
    check_links(ROOT / paper)


def test_links_of_the_decisions_lead_somewhere() -> None:
    papers = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in papers] == [f"{number:04}" for number in range(1, len(papers) + 1)]
    for path in papers:
        check_links(path)


def check_links(paper: Path) -> None:
    for piece in paper.read_text("utf-8").split("](")[1:]:
        target = piece.partition(")")[0].partition("#")[0]
        assert not target or "://" in target or (paper.parent / target).exists(), f"{paper}: {target}"
