"""Houses for the tests: made once, copied for each test; or on either database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.house import House, make_data, open_house


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """What ``init`` makes on SQLite, and the founders' codes: to be copied."""
    data = tmp_path_factory.mktemp("pattern") / "data"
    return data, make_data(data)


@pytest.fixture
def house(tmp_path: Path, pattern: tuple[Path, dict[str, str]]) -> Iterator[House]:
    source, founders = pattern
    shutil.copytree(source, tmp_path / "data")
    with open_house(tmp_path / "data", founders) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def either_house(
    request: pytest.FixtureRequest, tmp_path: Path, pattern: tuple[Path, dict[str, str]]
) -> Iterator[House]:
    data = tmp_path / "data"
    if request.param == "sqlite":
        source, founders = pattern
        shutil.copytree(source, data)
        url = None
    else:
        url = request.getfixturevalue("postgres_url")
        founders = make_data(data, url)
    with open_house(data, founders, url) as made:
        yield made
        with made.site.store.reading() as tx:
            assert tx.verify_audit().ok
