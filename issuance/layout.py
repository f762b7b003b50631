"""Card layouts as data: boxes in millimetres, read from ``templates/card/NAME/layout.toml`` and checked.

A layout is a list of pieces a side, painted in order. Everything in it is checked when it is read, and a
mistake is refused with the line it stands on, so that a designer needs no programmer to find it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import get_type_hints

from issuance.errors import IssuanceError

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


_KINDS: Mapping[str, type[Piece]] = {
    "gradient": Gradient,
    "band": Band,
    "rosette": Rosette,
    "waves": Waves,
    "seal": Seal,
    "label": Label,
    "text": Text,
    "portrait": Portrait,
    "services": Services,
    "code": Code,
}
_CHOICES: Mapping[str, frozenset[str]] = {
    "field": FIELDS,
    "weight": frozenset({"regular", "strong"}),
    "align": frozenset({"start", "left", "right", "center"}),
    "source": frozenset({"gate", "identity"}),
    "anchor": frozenset({"top left", "top right", "bottom left", "bottom right"}),
}
#: Words a layout must bring, by group and key.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "class": ("merchant", "resident", "student", "talent", "family"),
    "sex": ("M", "F", "X"),
    "permit": ("residence", "visa", "work", "none"),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """A checked layout: the pieces of both sides in painting order, and the words it brings."""

    name: str
    version: int
    front: tuple[Piece, ...]
    back: tuple[Piece, ...]
    words: Mapping[tuple[str, str], tuple[str, str]]  #: ("sex", "M") → ("M", "男")
    pictograms: Path  #: the SVG file with one group a service


def load_layout(folder: Path) -> Layout:
    """Read and check ``layout.toml`` of a card design; `IssuanceError` ``bad_layout`` names the line."""
    path = folder / "layout.toml"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise IssuanceError("bad_layout", f"{path} cannot be read: {error}") from error
    return _Reader(path, text).layout(folder)


class _Reader:
    """Checks one file; keeps its text, so that every complaint can name a line."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()
        try:
            self._data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:  # its words end with the line and column
            raise IssuanceError("bad_layout", f"{path}: {error}") from error

    def layout(self, folder: Path) -> Layout:
        unknown = set(self._data) - {"name", "version", "colours", "words", "front", "back"}
        if unknown:
            raise self._fault("", sorted(unknown)[0], "is not known here")
        colours = {key: self._hex("colours", key, value) for key, value in self._table("colours").items()}
        name, version = self._data.get("name"), self._data.get("version")
        if not isinstance(name, str) or not isinstance(version, int):
            raise self._fault("", "version", "a name in words and a version in digits were expected")
        return Layout(
            name=name,
            version=version,
            front=self._side("front", colours),
            back=self._side("back", colours),
            words=self._words(),
            pictograms=folder / "services.svg",
        )

    def _side(self, side: str, colours: Mapping[str, Colour]) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        for name, values in self._table(side).items():
            where = f"{side}.{name}"
            if not isinstance(values, dict) or values.get("kind") not in _KINDS:
                raise self._fault(where, "kind", f"one of {', '.join(sorted(_KINDS))} was expected")
            piece = self._piece(where, name, values, colours)
            self._check(where, piece, pieces)
            pieces.append(piece)
        return tuple(pieces)

    def _piece(
        self, where: str, name: str, values: Mapping[str, object], colours: Mapping[str, Colour]
    ) -> Piece:
        kind = _KINDS[str(values["kind"])]
        known = {field.name: field for field in fields(kind) if field.name != "name"}
        hints = get_type_hints(kind)
        for key in values:
            if key not in known and key != "kind":
                raise self._fault(where, key, f"is not known for a {values['kind']}")
        ready: dict[str, object] = {"name": name}
        for key, field in known.items():
            if key in values:
                ready[key] = self._value(where, key, values[key], hints[key], colours)
            elif field.default is MISSING:
                raise self._fault(where, "", f"a {values['kind']} needs `{key}`")
        return kind(**ready)  # type: ignore[arg-type]  # every value was just checked against its hint

    def _value(
        self, where: str, key: str, value: object, hint: object, colours: Mapping[str, Colour]
    ) -> object:
        if hint == Colour:
            return self._colour(where, key, value, colours)
        if hint == tuple[Colour, ...]:
            if not isinstance(value, list) or len(value) < 2:
                raise self._fault(where, key, "a list of at least two colours was expected")
            return tuple(self._colour(where, key, colour, colours) for colour in value)
        if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if hint is int and isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        if hint is str and isinstance(value, str):
            if key in _CHOICES and value not in _CHOICES[key]:
                raise self._fault(where, key, f"one of {', '.join(sorted(_CHOICES[key]))} was expected")
            return value
        wanted = {float: "a number", int: "a whole number over 0", str: "words"}
        raise self._fault(
            where, key, f"{next(v for k, v in wanted.items() if k is hint)} was expected, not {value!r}"
        )

    def _check(self, where: str, piece: Piece, before: list[Piece]) -> None:
        """What goes beyond single values: inside the page, big enough, known neighbours."""
        if (
            piece.w < 0
            or piece.h < 0
            or piece.x + piece.w > PAGE_MM[0] + 0.1
            or piece.y + piece.h > PAGE_MM[1] + 0.1
        ):
            raise self._fault(
                where, "x", f"the box leaves the card of {PAGE_MM[0]:.2f} by {PAGE_MM[1]:.2f} mm"
            )
        if isinstance(piece, Text) and piece.below and piece.below not in {other.name for other in before}:
            raise self._fault(where, "below", f"no piece {piece.below!r} stands before this one")
        if isinstance(piece, Code):
            if piece.pixels < MIN_PIXELS:
                raise self._fault(where, "pixels", f"codes need {MIN_PIXELS} printer pixels a module or more")
            need = (17 + 4 * piece.max_version + 8) * piece.pixels * 25.4 / DPI
            if min(piece.w, piece.h) < need:
                raise self._fault(where, "max_version", f"version {piece.max_version} needs {need:.2f} mm")

    def _words(self) -> dict[tuple[str, str], tuple[str, str]]:
        words: dict[tuple[str, str], tuple[str, str]] = {}
        given = self._table("words")
        for group, keys in _WORDS.items():
            for key in keys:
                entries = given.get(group)
                pair = entries.get(key) if isinstance(entries, dict) else None
                if (
                    not isinstance(pair, list)
                    or len(pair) != 2
                    or not all(isinstance(word, str) for word in pair)
                ):
                    raise self._fault(f"words.{group}", key, f"`{key}` needs its word in two languages")
                words[group, key] = (pair[0], pair[1])
        return words

    def _table(self, name: str) -> dict[str, object]:
        table = self._data.get(name)
        if not isinstance(table, dict):
            raise self._fault(name, "", f"a table [{name}] was expected")
        return table

    def _colour(self, where: str, key: str, value: object, colours: Mapping[str, Colour]) -> Colour:
        return colours[value] if isinstance(value, str) and value in colours else self._hex(where, key, value)

    def _hex(self, where: str, key: str, value: object) -> Colour:
        if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise self._fault(where, key, f"a colour of the list or #rrggbb was expected, not {value!r}")
        red, green, blue = bytes.fromhex(value[1:])
        return (red / 255, green / 255, blue / 255)

    def _fault(self, table: str, key: str, words: str) -> IssuanceError:
        return IssuanceError(
            "bad_layout", f"{self._path}, line {self._line(table, key)}: {table} {key}: {words}"
        )

    def _line(self, table: str, key: str) -> int:
        """The line of a key in a table, or of the table's head, or the last line."""
        current, head = "", len(self._lines)
        for number, line in enumerate(self._lines, 1):
            found = re.match(r"\s*\[([^\]]+)\]", line)
            if found:
                current = found.group(1).strip()
            if current == table:
                head = min(head, number)
                if key and re.match(rf"\s*{re.escape(key)}\s*=", line):
                    return number
        return head
