"""Keys that cost nothing to open: tiny Argon2id parameters, always passed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keys.files import Cost, Passphrase
from verify.errors import CardsvcError

#: The least that Argon2 allows; nothing but a test may use it.
CHEAP = Cost(memory_kib=8, passes=1, lanes=1)
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@contextmanager
def refused(reason: str) -> Iterator[None]:
    with pytest.raises(CardsvcError) as caught:
        yield
    assert caught.value.reason == reason, str(caught.value)


@pytest.fixture
def passphrase() -> Passphrase:
    return Passphrase(b"correct horse")


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    path = tmp_path / "vault"
    path.mkdir(mode=0o700)
    return path
