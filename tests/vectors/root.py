"""Where third-party cases lie: ``$CARDSVC_VECTORS``, by default ``../shared/vectors`` beside the repository.

They are read from there and never copied. Another root of the same form may be given; the numbers of
cases are asserted only at the default one.
"""

import os
from pathlib import Path

import pytest

DEFAULT_ROOT = Path(__file__).resolve().parents[2].parent / "shared" / "vectors"


def root() -> Path:
    """The folder of all suites, as the environment names it."""
    return Path(os.environ.get("CARDSVC_VECTORS") or DEFAULT_ROOT)


def at_default_root() -> bool:
    """Whether the cases are the ones whose numbers these tests know."""
    return root().resolve() == DEFAULT_ROOT.resolve()


def suite(name: str) -> Path:
    """The folder of one suite; without it the test is skipped, saying which folder was looked for."""
    folder = root() / name
    if not folder.is_dir():
        pytest.skip(
            f"NOT RUN: the third-party cases of {name!r} are missing; expected the folder {folder} "
            "(set CARDSVC_VECTORS to the folder that holds the suites)",
            allow_module_level=True,
        )
    return folder
