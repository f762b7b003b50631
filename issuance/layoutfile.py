"""Reading layouts: every value checked, every mistake named with its line; and the catalogue of designs.

A design is a folder of numbered files. A version that was printed is never edited: the next number is a new
file, and cards keep the version they were made with.
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import get_type_hints

from issuance.errors import IssuanceError
from issuance.layout import (
    DPI,
    FIELDS,
    MIN_PIXELS,
    PAGE_MM,
    Band,
    Code,
    Colour,
    Gradient,
    Label,
    Layout,
    Piece,
    Portrait,
    Rosette,
    Seal,
    Services,
    Text,
    Waves,
)
from verify.services import PRINTABLE

#: The drawings of the services, shared by all designs.
PICTOGRAMS = "services.svg"
#: What a design may show only in part.
MASKABLE = frozenset({"passport"})
#: Wider edges than these would leave a card of 54 mm no room for its codes.
MAX_SAFE, MAX_BLEED = 5.0, 3.0
#: Art may run to the edge and over it; these are read, and stay inside the safe area.
_READ = (Label, Text, Portrait, Services, Code, Seal)

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


#: What a PDF takes as the name of a resource as it stands (ISO 32000-1, 7.3.5), and a digest as its letters.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TOP = frozenset({"name", "version", "safe", "bleed", "masks", "colours", "words", "front", "back"})


class Designs:
    """The designs of a folder: ``DESIGN/VERSION.toml`` each, versions counted from 1.

    Versions come with a release: which one is the newest is looked up once.
    """

    def __init__(self, folder: Path) -> None:
        """``folder`` is ``templates/card``."""
        self._folder = folder
        self._newest: dict[str, Layout] = {}

    def names(self) -> list[str]:
        """The designs there are."""
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir())

    def newest(self, design: str) -> Layout:
        """The newest version of a design; raises `IssuanceError` ``unknown_design``."""
        if design in self._newest:
            return self._newest[design]
        if design not in self.names():
            raise IssuanceError(
                "unknown_design", f"no design is called {design!r}; there are {', '.join(self.names())}"
            )
        self._newest[design] = load_layout(max((self._folder / design).glob("*.toml"), key=_version_of))
        return self._newest[design]

    def exact(self, layout_id: str) -> Layout:
        """The very version a card was made with, ``green@1``; raises ``unknown_design``."""
        design, _, version = layout_id.partition("@")
        path = self._folder / design / f"{version}.toml"
        if design not in self.names() or not version.isdigit() or not path.is_file():
            raise IssuanceError(
                "unknown_design", f"the layout {layout_id!r} of an older card is missing in {self._folder}"
            )
        return load_layout(path)


def _missing(layout: Layout) -> Iterator[tuple[str, str]]:
    """What every card shows, whatever its design, and this layout does not: side and words."""
    for side, pieces, field_names, source in (
        ("front", layout.front, ("name", "number"), "gate"),
        ("back", layout.back, ("number",), "identity"),
    ):
        shown = {piece.field for piece in pieces if isinstance(piece, Text)}
        yield from ((side, f"the field {name}") for name in field_names if name not in shown)
        if not any(isinstance(piece, Code) and piece.source == source for piece in pieces):
            yield side, f"the {source} code"
    if not any(isinstance(piece, Portrait) for piece in layout.front):
        yield "front", "the portrait"


def _version_of(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else 0


@cache
def load_layout(path: Path) -> Layout:
    """Read and check one layout file; `IssuanceError` ``bad_layout`` names the line."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise IssuanceError("bad_layout", f"{path} cannot be read: {error}") from error
    return _Reader(path, text).layout()


class _Reader:
    """Checks one file; keeps its text, so that every complaint can name a line."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._safe = 0.0
        self._where: dict[str, str] = {}
        try:
            self._data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:  # its words end with the line and column
            raise IssuanceError("bad_layout", f"{path}: {error}") from error

    def layout(self) -> Layout:
        unknown = set(self._data) - _TOP
        if unknown:
            raise self._fault("", sorted(unknown)[0], "is not known here")
        colours = {key: self._hex("colours", key, value) for key, value in self._table("colours").items()}
        name, version = self._data.get("name"), self._data.get("version")
        if not isinstance(name, str) or not isinstance(version, int):
            raise self._fault("", "version", "a name in words and a version in digits were expected")
        self._check_name(name, version)
        self._safe = self._edge("safe", MAX_SAFE)
        layout = Layout(
            name=name,
            version=version,
            front=self._side("front", colours),
            back=self._side("back", colours),
            words=self._words(),
            pictograms=self._path.parent.parent / PICTOGRAMS,
            safe=self._safe,
            bleed=self._edge("bleed", MAX_BLEED),
            masks=self._masks(),
            where=self._where,
        )
        for side, missing in _missing(layout):
            raise self._fault(side, "", f"a card needs {missing} on this side")
        return layout

    def _check_name(self, name: str, version: int) -> None:
        """A copied file that still says what it was copied from would be recorded as that one."""
        if name != self._path.parent.name:
            raise self._fault("", "name", f"the folder is called {self._path.parent.name!r}, not {name!r}")
        if isinstance(version, bool) or str(version) != self._path.stem:
            raise self._fault("", "version", f"the file is {self._path.name}, and says {version!r}")

    def _edge(self, key: str, most: float) -> float:
        value = self._data.get(key, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise self._fault("", key, f"millimetres from 0 to {most:g} were expected, not {value!r}")
        return float(value)

    def _masks(self) -> frozenset[str]:
        value = self._data.get("masks", [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one in MASKABLE for one in value):
            raise self._fault("", "masks", f"a list of {', '.join(sorted(MASKABLE))} was expected")
        return frozenset(value)

    def _side(self, side: str, colours: Mapping[str, Colour]) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        for name, values in self._table(side).items():
            where = f"{side}.{name}"
            if not _NAME.fullmatch(name):
                raise self._fault(where, "", "a name of A-Z, a-z, digits and _ was expected, a letter first")
            kind = values.get("kind") if isinstance(values, dict) else None
            if not isinstance(values, dict) or not isinstance(kind, str) or kind not in _KINDS:
                raise self._fault(where, "kind", f"one of {', '.join(sorted(_KINDS))} was expected")
            piece = self._piece(where, name, values, colours)
            self._check(where, piece, pieces)
            pieces.append(piece)
            self._where[where] = self._place(where, "label" if isinstance(piece, Text) else "text")
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
            # Comparisons with what is no number are false: no check behind this one would find it.
            if not math.isfinite(value) or (key == "size" and value <= 0):
                raise self._fault(where, key, f"a size on paper was expected, not {value!r}")
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
        if isinstance(piece, (*_READ, Waves)) and min(piece.w, piece.h) <= 0:
            raise self._fault(where, "w" if piece.w <= 0 else "h", "a box of some size was expected")
        if isinstance(piece, Waves) and piece.length <= 0:
            raise self._fault(where, "length", f"a size on paper was expected, not {piece.length!r}")
        near = min(piece.x, piece.y, PAGE_MM[0] - piece.x - piece.w, PAGE_MM[1] - piece.y - piece.h)
        if isinstance(piece, _READ) and near < self._safe - 1e-6:
            raise self._fault(
                where, "x", f"stands {near:.2f} mm from an edge, and the safe area keeps {self._safe:g} mm"
            )
        if isinstance(piece, Text) and piece.below and piece.below not in {other.name for other in before}:
            raise self._fault(where, "below", f"no piece {piece.below!r} stands before this one")
        if isinstance(piece, Text) and piece.field in {one.field for one in before if isinstance(one, Text)}:
            raise self._fault(where, "field", f"{piece.field} stands on this side already")
        if isinstance(piece, Services):
            self._check_services(where, piece)
        if isinstance(piece, Code):
            if piece.pixels < MIN_PIXELS:
                raise self._fault(where, "pixels", f"codes need {MIN_PIXELS} printer pixels a module or more")
            need = (17 + 4 * piece.max_version + 8) * piece.pixels * 25.4 / DPI
            if min(piece.w, piece.h) < need:
                raise self._fault(where, "max_version", f"version {piece.max_version} needs {need:.2f} mm")

    def _check_services(self, where: str, piece: Services) -> None:
        """A card may carry every service that is printed at all."""
        if piece.tile <= 0 or piece.gap < 0:
            key = "tile" if piece.tile <= 0 else "gap"
            raise self._fault(where, key, "a size on paper was expected")
        across = min(piece.columns, len(PRINTABLE))
        down = math.ceil(len(PRINTABLE) / piece.columns)
        wide, tall = (count * (piece.tile + piece.gap) - piece.gap for count in (across, down))
        if wide > piece.w + 1e-6 or tall > piece.h + 1e-6:
            has = f"the box has {piece.w:g} by {piece.h:g} mm"
            words = f"{len(PRINTABLE)} tiles need {wide:.2f} by {tall:.2f}, and {has}"
            raise self._fault(where, "columns", words)

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
        return IssuanceError("bad_layout", f"{self._place(table, key)} {key}: {words}")

    def _place(self, table: str, key: str) -> str:
        return f"{self._path}, line {self._line(table, key)}: {table}"

    def _line(self, table: str, key: str) -> int:
        """The line of a key in a table, or of the table's head, or the last line."""
        current, head = "", len(self._lines)
        for number, line in enumerate(self._lines, 1):
            found = re.match(r"\s*\[([^\]]+)\]", line)
            if found:
                current = found.group(1).strip().replace('"', "").replace("'", "")  # a name may be quoted
            if current == table:
                head = min(head, number)
                if key and re.match(rf"\s*{re.escape(key)}\s*=", line):
                    return number
        return head
