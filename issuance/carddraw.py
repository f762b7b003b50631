"""The pieces of a card as PDF operators: codes on the printer's grid, portrait, seal, pictograms, grounds."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from issuance import art
from issuance.layout import (
    PAGE_MM,
    PAGE_POINTS,
    POINTS_PER_MM,
    POINTS_PER_PIXEL,
    Band,
    Code,
    Colour,
    Gradient,
    Label,
    Piece,
    Portrait,
    Rosette,
    Seal,
    Services,
    Waves,
)
from issuance.lettering import Fitted
from issuance.pdffile import Art
from issuance.pdftext import Lettered, draw_line, draw_lines
from issuance.qr import QUIET_ZONE
from verify.services import PRINTABLE, Service

WHITE: Colour = (1.0, 1.0, 1.0)
#: White around a code beyond its quiet zone, in printer pixels, so that the box may have round corners.
CODE_MARGIN = 4
#: Their radius in millimetres: a larger one would cut into the quiet zone's corners.
CODE_RADIUS = 1.1
#: A code is drawn this much inside its pixels, in points: rounding may then not light another column.
INSET = 0.003
#: A side of a drawing in the pictograms' own units.
_TILE_UNITS = 24

#: The words of a side that never change, fitted, by the name of their piece.
Words = Mapping[str, Fitted]


def side_art(pieces: Iterable[Piece], words: Words, static: Lettered, edition: str, bleed: float) -> Art:
    """The operators of everything that is the same on every card of an edition."""
    drawn: list[str] = []
    curves: dict[str, str] = {}
    over_edge = [_bled(piece, bleed) for piece in pieces]
    for piece in over_edge:
        if isinstance(piece, Gradient):
            drawn.append(f"/{piece.name} sh\n")
        elif isinstance(piece, Band):
            box = " ".join(art.num(value) for value in (piece.x, piece.y, piece.w, piece.h))
            drawn.append(f"q\n{art.CARD_SPACE}{art.rgb(piece.colour)}{box} re f\nQ\n")
        elif isinstance(piece, Rosette | Waves):
            stored, lines = art.guilloche(piece, edition)
            curves.update(stored)
            drawn.append(f"q\n{art.CARD_SPACE}1 j\n{lines}Q\n")
        elif isinstance(piece, Seal):
            drawn.append(_seal(piece, words[piece.name], static))
        elif isinstance(piece, Label):
            drawn.append(draw_lines(words[piece.name], piece, piece.align, piece.colour, static))
    return Art(
        content=zlib.compress("".join(drawn).encode("ascii"), 9),
        curves={name: zlib.compress(path.encode("ascii"), 9) for name, path in curves.items()},
        patterns=_patterns(over_edge),
    )


def _bled(piece: Piece, bleed: float) -> Piece:
    """A ground that touches an edge, drawn over it."""
    if not bleed or not isinstance(piece, Band | Waves):
        return piece
    left = bleed if piece.x <= 0 else 0.0
    right = bleed if piece.x + piece.w >= PAGE_MM[0] - 0.1 else 0.0
    top = bleed if piece.y <= 0 and isinstance(piece, Band) else 0.0
    low = bleed if piece.y + piece.h >= PAGE_MM[1] - 0.1 and isinstance(piece, Band) else 0.0
    return replace(piece, x=piece.x - left, y=piece.y - top, w=piece.w + left + right, h=piece.h + top + low)


def _patterns(pieces: Iterable[Piece]) -> Mapping[str, str]:
    """The shadings and patterns that the art of a side names."""
    shadings = "".join(f"/{p.name} {art.across(p)} " for p in pieces if isinstance(p, Gradient))
    patterns = "".join(
        f"/{p.name} << /PatternType 2 /Shading {art.across(p)} >> " for p in pieces if isinstance(p, Waves)
    )
    return {"Shading": f"<< {shadings}>>", "Pattern": f"<< {patterns}>>"}


def _seal(piece: Seal, fitted: Fitted, fonts: Lettered) -> str:
    """The mark: a square with a fine inner line and its character in the middle of the ink."""
    line = fitted.lines[0]
    inset = piece.w * 0.075
    square = art.rounded(piece.x, piece.y, piece.w, piece.h, piece.w * 0.16)
    inner = art.rounded(
        piece.x + inset, piece.y + inset, piece.w - 2 * inset, piece.h - 2 * inset, piece.w * 0.1
    )
    x = (piece.x + piece.w / 2) * POINTS_PER_MM - line.width * fitted.size / 2
    y = PAGE_POINTS[1] - (piece.y + piece.h / 2) * POINTS_PER_MM - (line.top + line.bottom) / 2 * fitted.size
    return (
        f"q\n{art.CARD_SPACE}{art.rgb(piece.colour)}{square}f\n{art.rgb(WHITE, 'RG')}0.12 w\n{inner}S\nQ\n"
        f"q\n{art.rgb(WHITE)}{draw_line(line, x, y, fitted.size, 1.0, fonts)}Q\n"
    )


def code(piece: Code, modules_a_side: int, name: str) -> str:
    """A code as an image mask on the printer's pixel grid, in a white box with its quiet zone."""
    span = modules_a_side * piece.pixels
    quiet = QUIET_ZONE * piece.pixels
    whole = span + 2 * quiet
    x, y, w, h = (
        round(value * POINTS_PER_MM / POINTS_PER_PIXEL) for value in (piece.x, piece.y, piece.w, piece.h)
    )
    left = x + (w - whole if piece.anchor.endswith("right") else 0)
    top = y + (h - whole if piece.anchor.startswith("bottom") else 0)
    mm = POINTS_PER_PIXEL / POINTS_PER_MM
    side = (whole + 2 * CODE_MARGIN) * mm
    box = art.rounded((left - CODE_MARGIN) * mm, (top - CODE_MARGIN) * mm, side, side, CODE_RADIUS)
    return f"q\n{art.CARD_SPACE}{art.rgb(WHITE)}{box}f\nQ\n" + mask_at(
        left + quiet, top + quiet, span, PAGE_POINTS[1], name
    )


def mask_at(left: int, top: int, span: int, page_height: float, name: str) -> str:
    """An image mask of ``span`` printer pixels a side, in black and nothing else.

    Card printers draw that with their black panel, sharp and lasting.
    """
    size = art.num(span * POINTS_PER_PIXEL - 2 * INSET)
    across = art.num(left * POINTS_PER_PIXEL + INSET)
    up = art.num(page_height - (top + span) * POINTS_PER_PIXEL + INSET)
    return f"q\n0 g\n{size} 0 0 {size} {across} {up} cm\n/{name} Do\nQ\n"


def portrait(piece: Portrait, width: int, height: int, name: str) -> str:
    """The picture, covering its box, cut to round corners, in a thin frame."""
    scale = max(piece.w / width, piece.h / height)
    w, h = width * scale, height * scale
    x, y = piece.x + (piece.w - w) / 2, piece.y + (piece.h - h) / 2
    box = art.rounded(piece.x, piece.y, piece.w, piece.h, piece.radius)
    place = " ".join(art.num(value) for value in (w, 0.0, 0.0, -h, x, y + h))
    return (
        f"q\n{art.CARD_SPACE}{box}W n\n{place} cm\n/{name} Do\nQ\n"
        f"q\n{art.CARD_SPACE}{art.rgb(piece.colour, 'RG')}0.3 w\n{box}S\nQ\n"
    )


def services(piece: Services, rights: Iterable[Service], pictograms: Mapping[str, str]) -> str:
    """Tiles in rows, in the order of the services' numbers."""
    out = ["q\n", art.CARD_SPACE]
    for index, service in enumerate(sorted(PRINTABLE.intersection(rights))):
        x = piece.x + index % piece.columns * (piece.tile + piece.gap)
        y = piece.y + index // piece.columns * (piece.tile + piece.gap)
        scale = art.num(piece.tile / _TILE_UNITS)
        tile = art.rounded(x, y, piece.tile, piece.tile, piece.tile * 0.22)
        out.append(f"{art.rgb(piece.colour)}{tile}f\n")
        out.append(f"q\n{scale} 0 0 {scale} {art.num(x)} {art.num(y)} cm\n")
        out.append(f"{art.rgb(WHITE, 'RG')}1.9 w 1 J 1 j\n{pictograms[service.label]}Q\n")
    return "".join([*out, "Q\n"])
