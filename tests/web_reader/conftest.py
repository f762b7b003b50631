"""One build of the reader in TypeScript and one process of Node for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web_reader.driver import Driver, build


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("reader"))


@pytest.fixture(scope="session")
def browser_reader(program: Path) -> Iterator[Driver]:
    driver = Driver(program)
    yield driver
    driver.close()
