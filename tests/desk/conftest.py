"""Towns: one on SQLite for most tests, one on each database for what a card lives through."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.town import Town, make_town
from tests.records.conftest import postgres_database as postgres_database
from tests.records.conftest import postgres_url as postgres_url


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with make_town(tmp_path / "data") as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def either_town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    with make_town(tmp_path / "data", url) as made:
        yield made
        assert made.audit_is_whole()
