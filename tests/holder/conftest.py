"""An office whose cards go onto phones in software."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.api import Api, make_api
from tests.desk.office import make_office
from tests.records.conftest import postgres_database as postgres_database
from tests.records.conftest import postgres_url as postgres_url


@pytest.fixture(params=["sqlite", "postgresql"])
def api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Api]:
    """The service over an office, on each database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    with make_office(tmp_path / "data", url) as office, make_api(office) as made:
        yield made


@pytest.fixture
def quick_api(tmp_path: Path) -> Iterator[Api]:
    """The same on SQLite alone."""
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        yield made
