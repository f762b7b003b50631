"""A signer in production, its two founders ready."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keys.signer.bench import Bench, make_bench


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Bench]:
    """A signer that nobody may approve at yet."""
    with make_bench(tmp_path / "var") as bench:
        yield bench


@pytest.fixture
def bench(fresh: Bench) -> Bench:
    """The same with both founders' passkeys."""
    fresh.found("chief1", "chief2")
    return fresh
