"""Card layouts as data: a list of pieces a side, painted in order; every box in millimetres.

``issuance/layoutfile.py`` reads them from ``templates/card/DESIGN/VERSION.toml`` and checks them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: Whole printer pixels, because 85.60 mm would shift codes off the grid.
DPI = 300
PAGE_PIXELS = (1011, 638)
POINTS_PER_PIXEL = 72 / DPI
PAGE_POINTS = (PAGE_PIXELS[0] * POINTS_PER_PIXEL, PAGE_PIXELS[1] * POINTS_PER_PIXEL)
POINTS_PER_MM = 72 / 25.4
PAGE_MM = (PAGE_POINTS[0] / POINTS_PER_MM, PAGE_POINTS[1] / POINTS_PER_MM)

#: What a text box may show; the values come from `issuance.pdf.CardPage`.
FIELDS = frozenset(
    {
        "name",
        "name_native",
        "name_chinese",
        "nationality",
        "nationality_named",
        "valid_until",
        "number",
        "card_class",
        "passport",
        "birth",
        "sex",
        "permit",
        "permit_until",
        "office",
    }
)
#: Fewer printer pixels a module than this are not read reliably (docs/format.md section 2).
MIN_PIXELS = 4
#: The designs a card comes in; the folder of layouts holds one for each name.
DESIGNS = ("green", "private", "high-contrast")
#: The layout of cards made before there was a choice.
FIRST_LAYOUT = "green@1"
#: Labels are not names: they may be this small, in points.
LABEL_SIZE = 5.2

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A box on a side of the card; ``x`` and ``y`` from the top left corner, all in millimetres."""

    name: str
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradient(Piece):
    """A ground that runs from corner to corner through its colours."""

    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band(Piece):
    """A plain area."""

    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Rosette(Piece):
    """Guilloche around the point (x, y): rings of woven lines between two radii; the edition varies them."""

    w: float = 0.0
    h: float = 0.0
    inner: float
    outer: float
    squash: float
    rings: int
    curves: int
    petals: int
    stroke: float
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves(Piece):
    """A border of interlaced waves; the edition varies their phases."""

    curves: int
    length: float
    stroke: float
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal(Piece):
    """The city's mark, one character in a square."""

    colour: Colour
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label(Piece):
    """Words that are the same on every card."""

    text: str
    size: float
    colour: Colour
    weight: str = "regular"
    align: str = "start"
    tracking: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Piece):
    """A field of the card, perhaps with a label over it; ``below`` moves it up under another text."""

    field: str
    size: float
    colour: Colour
    weight: str = "regular"
    align: str = "start"
    lines: int = 1
    tracking: float = 0.0
    label: str = ""
    label_colour: Colour = (0.0, 0.0, 0.0)
    label_size: float = LABEL_SIZE
    below: str = ""
    gap: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait(Piece):
    """Where the picture goes: it covers the box; ``colour`` is that of its thin frame."""

    radius: float
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Services(Piece):
    """Pictograms in white on tiles of ``colour``."""

    columns: int
    tile: float
    gap: float
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(Piece):
    """A QR code with its quiet zone, snapped to the printer's grid at a corner of the box."""

    source: str
    pixels: int
    max_version: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A checked layout: the pieces of both sides in painting order, and the words it brings."""

    name: str
    version: int
    front: tuple[Piece, ...]
    back: tuple[Piece, ...]
    words: Mapping[tuple[str, str], tuple[str, str]]  #: ("sex", "M") → ("M", "男")
    pictograms: Path  #: the SVG file with one group a service
    safe: float = 0.0  #: what must be read keeps this far from every edge, in millimetres
    bleed: float = 0.0  #: grounds run this far over the edge, for sheets that are cut
    masks: frozenset[str] = frozenset()  #: fields that are printed, and coded, only in part
    #: ``front.title`` → path and line of a piece's words, for what shows only when they are set.
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What a print remembers of its looks: ``green@2``."""
        return f"{self.name}@{self.version}"
