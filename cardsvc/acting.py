"""What commands share: the clock, an installation opened for looking or for acting, whole files."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cardsvc.desk.printing import write_whole
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, open_installation
from cardsvc.settings import read_settings
from keys.errors import KeysError


def now() -> datetime:
    """The one place of the commands that reads the clock."""
    return datetime.now(UTC)


@contextmanager
def opened() -> Iterator[Installation]:
    """An installation to look at."""
    with open_installation(read_settings()) as installation:
        yield installation


@contextmanager
def acting() -> Iterator[Installation]:
    """An installation that a command may change: names on a command line approve nothing in production."""
    settings = read_settings()
    if settings.production:
        words = "with production settings a card changes only by an approval, which no command line gives"
        raise ServiceError("approval_needed", words)
    with open_installation(settings) as installation:
        yield installation


def write_file(out: Path, data: bytes) -> None:
    """Write what ``--out`` names, whole or not at all; ``cannot_write``."""
    if not out.name or out.is_dir():
        raise ServiceError("cannot_write", f"--out must name a file, and {str(out)!r} names none")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, data)
    except (OSError, KeysError) as error:
        raise ServiceError("cannot_write", f"{out} cannot be written: {error}") from error
