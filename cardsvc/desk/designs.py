"""The looks a card may have: designs by name, each in the version it was printed with."""

from functools import cache
from pathlib import Path

from issuance.layoutfile import Designs

#: What a card looks like when nobody asked for another design.
DEFAULT_DESIGN = "green"
_FOLDER = Path(__file__).resolve().parent.parent.parent / "templates" / "card"


@cache
def designs() -> Designs:
    """The designs that come with this version."""
    return Designs(_FOLDER)


def newest_layout(design: str | None) -> str:
    """The layout a new card of this design gets; None is the installation's own design."""
    return designs().newest(design or DEFAULT_DESIGN).id


def design_of(layout_id: str) -> str:
    """The design of a recorded layout: ``green`` for ``green@1``."""
    return layout_id.partition("@")[0]
