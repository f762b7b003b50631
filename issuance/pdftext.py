"""Fitted lines as PDF operators: glyph by glyph, and readable for whoever searches the file.

Nothing between HarfBuzz and the page moves a glyph. What a reader cannot get back from the glyphs alone is
said with /ActualText (ISO 32000-1, 14.9.4).
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from bidi.mirror import MIRRORED

from issuance import art
from issuance.layout import PAGE_POINTS, POINTS_PER_MM, Colour, Piece
from issuance.lettering import Fitted, Glyph, Line, Run
from issuance.typefaces import Subset, Typeface

Placed = tuple[Glyph, float]  #: a glyph and where it stands in its run, 1/1000 em
Em = tuple[float, float, float, float]  #: width and height of an em, and where the line begins, in points


class Lettered:
    """The glyphs of some lines, and the subsets that hold them: ``take`` the lines, then ``cut`` once."""

    def __init__(self) -> None:
        """Begin without any line."""
        self._glyphs: dict[Typeface, set[tuple[int, str]]] = {}
        self.subsets: dict[Typeface, tuple[str, Subset]] = {}

    def take(self, lines: Iterable[Line]) -> None:
        """Remember the glyphs, and what each of them stands for."""
        for line in lines:
            for run in line.runs:
                pairs = self._glyphs.setdefault(run.face, set())
                pairs.update((glyph.gid, glyph.text) for glyph in run.glyphs)
                if line.turned:
                    pairs.update((glyph.gid, glyph.text) for glyph, _ in _read(_positioned(run)))
                    pairs.update((glyph.gid, "") for glyph in run.glyphs)

    def cut(self, prefix: str) -> None:
        """Make the subsets; their resource names begin with ``prefix``."""
        for index, (face, pairs) in enumerate(self._glyphs.items()):
            self.subsets[face] = (f"{prefix}{index}", face.subset(pairs))


def draw_lines(fitted: Fitted, piece: Piece, align: str, colour: Colour, fonts: Lettered) -> str:
    """Operators that draw fitted lines from the top of a box."""
    out = ["q\n", art.rgb(colour)]
    for line, below in zip(fitted.lines, fitted.baselines, strict=True):
        width = line.width * fitted.size * fitted.scale
        side = align if align != "start" else ("right" if line.right_to_left else "left")
        spare = piece.w * POINTS_PER_MM - width
        x = piece.x * POINTS_PER_MM + {"left": 0.0, "right": spare, "center": spare / 2}[side]
        y = PAGE_POINTS[1] - piece.y * POINTS_PER_MM - below
        out.append(draw_line(line, x, y, fitted.size, fitted.scale, fonts))
    return "".join([*out, "Q\n"])


def draw_line(line: Line, x: float, y: float, size: float, scale: float, fonts: Lettered) -> str:
    """One line glyph by glyph; what a reader cannot get from the glyphs is given as /ActualText."""
    matrix = (size * scale, size, x, y)
    if line.turned:
        return _turned_line(line, matrix, fonts)
    shown = "".join(
        _shown(_positioned(run), run.face, matrix, offset, fonts) for run, offset in _offsets(line)
    )
    return f"BT\n{shown}ET\n" if line.plain else f"BT\n{_span(line.text)}{shown}EMC\nET\n"


def _turned_line(line: Line, matrix: Em, fonts: Lettered) -> str:
    """A line with text from right to left, readable and searchable in every reader.

    Readers turn such glyphs into reading order themselves, and would turn an /ActualText over the whole
    line backwards. So each cluster's widest glyph stands for its characters, in one stroke on one base
    line, and dots and vowel signs follow in a span that is read as a space. Where the letters of a word
    climb (nastaliq), the readable stroke is invisible and all glyphs are drawn in that span.
    """
    readable, drawn = [], []
    for run, offset in _offsets(line):
        glyphs = _positioned(run)
        leading = [max(cluster, key=lambda placed: placed[0].advance) for cluster in _clusters(glyphs)]
        level = not any(glyph.dy for glyph, _ in leading)
        kept = set() if not level else {id(glyph) for glyph, _ in leading}
        readable.append("" if level else "3 Tr\n")
        readable.append(_shown(_read(glyphs), run.face, matrix, offset, fonts) + ("" if level else "0 Tr\n"))
        rest = [(_silent(glyph), x) for glyph, x in glyphs if id(glyph) not in kept]
        drawn.append(_shown(rest, run.face, matrix, offset, fonts) if rest else "")
    marks = "".join(drawn)
    return "BT\n" + "".join(readable) + (f"{_span(' ')}{marks}EMC\n" if marks else "") + "ET\n"


def _read(glyphs: list[Placed]) -> list[Placed]:
    """The widest glyph of each cluster, on the base line, standing for the cluster's characters."""
    read = []
    for cluster in _clusters(glyphs):
        glyph, x = max(cluster, key=lambda placed: placed[0].advance)
        text = "".join(member.text for member, _ in cluster)
        read.append((replace(glyph, dy=0.0, text=_mirrored(text)), x))
    return read


def _mirrored(text: str) -> str:
    """What readers have to find so that it is right after they turned the line.

    Brackets as they look on paper, and the signs on a letter, in their order, before it.
    """
    if len(text) > 1 and all(unicodedata.combining(char) for char in text[1:]):
        text = text[1:] + text[0]
    return "".join(MIRRORED.get(char, char) for char in text)


def _silent(glyph: Glyph) -> Glyph:
    return replace(glyph, text="")


def _offsets(line: Line) -> Iterable[tuple[Run, float]]:
    """Each run with where it begins, in 1/1000 em."""
    offset = 0.0
    for run in line.runs:
        yield run, offset
        offset += sum(glyph.advance for glyph in run.glyphs)


def _positioned(run: Run) -> list[Placed]:
    """The glyphs of a run, each with where its origin comes to stand, in 1/1000 em."""
    placed, x = [], 0.0
    for glyph in run.glyphs:
        placed.append((glyph, x + glyph.dx))
        x += glyph.advance
    return placed


def _clusters(glyphs: list[Placed]) -> Iterable[list[Placed]]:
    """The glyphs of a run, those together that stand for the same characters."""
    cluster: list[Placed] = []
    for placed in glyphs:
        if placed[0].text and cluster:
            yield cluster
            cluster = []
        cluster.append(placed)
    if cluster:
        yield cluster


def _shown(glyphs: list[Placed], face: Typeface, matrix: Em, offset: float, fonts: Lettered) -> str:
    """Operators that show glyphs: one TJ for each stretch at the same height."""
    wide, size, x, y = matrix
    name, subset = fonts.subsets[face]
    out = [f"/{name} 1 Tf\n"]
    for dy, stretch in groupby(glyphs, key=lambda placed: placed[0].dy):
        pieces: list[str] = []
        pen: float | None = None
        for glyph, at in stretch:
            code = subset.codes[glyph.gid, glyph.text]
            if pen is None:
                place = (wide, 0.0, 0.0, size, x + (offset + at) * wide / 1000, y + dy * size / 1000)
                out.append(" ".join(art.num(value) for value in place) + " Tm\n")
            elif abs(pen - at) >= 0.05:
                pieces.append(f">{pen - at:.1f}<")
            pieces.append(f"{code:04X}")
            pen = at + subset.widths[code]
        out.append(f"[<{''.join(pieces)}>] TJ\n")
    return "".join(out)


def _span(text: str) -> str:
    actual = b"\xfe\xff" + text.encode("utf-16-be")
    return f"/Span << /ActualText <{actual.hex().upper()}> >> BDC\n"
