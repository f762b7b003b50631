"""A card as a PDF of two pages, front and back, each exactly the printer's 1011 × 638 pixels at 300 dpi.

A `CardPrinter` keeps what cards share: opened faces, the art of an edition, the words that never change, all
as finished streams. A card then costs its own glyphs, its picture and its two codes. The same page gives
the same bytes: nothing in the file depends on the clock or on what was printed before.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from reportlab.pdfbase.pdfdoc import PDFObjectReference

from issuance import art
from issuance.errors import FieldError, IssuanceError
from issuance.layout import (
    LABEL_SIZE,
    PAGE_POINTS,
    POINTS_PER_MM,
    POINTS_PER_PIXEL,
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
from issuance.lettering import CAP_HEIGHT, Fitted, Letterer, Room
from issuance.pdffile import Art, Document
from issuance.pdftext import Lettered, draw_line, draw_lines
from issuance.qr import QUIET_ZONE, modules
from issuance.typefaces import Typefaces, Weight
from verify.services import PRINTABLE, CardClass, Service

_WHITE: Colour = (1.0, 1.0, 1.0)
_WEIGHTS = {"regular": Weight.REGULAR, "strong": Weight.STRONG}
#: White around a code beyond its quiet zone, in printer pixels, so that the box may have round corners.
_CODE_MARGIN = 4
#: Their radius in millimetres: a larger one would cut into the quiet zone's corners.
_CODE_RADIUS = 1.1
#: A code is drawn this much inside its pixels, in points: rounding may then not light another column.
_INSET = 0.003


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPage:
    """Everything that is printed on one card, checked and ready."""

    number: str  #: 13 digits
    card_class: CardClass
    name: str  #: Latin, as in the identity code: "SURNAME, Given"
    name_native: str | None = None
    language_native: str | None = None  #: ISO 639-3; chooses the face and the forms of letters
    name_chinese: str | None = None
    nationality: str  #: as printed: "YEM" or "YEM 也门"
    valid_until: date
    portrait: bytes  #: JPEG, RGB or grey
    gate_text: str
    identity_text: str
    passport: str
    passport_country: str
    birth: date
    sex: str  #: M, F or X
    permit_kind: str  #: residence, visa, work or none
    permit: str | None = None
    permit_until: date | None = None
    office: str
    services: frozenset[Service] = field(default_factory=frozenset)  #: those not printable are left out
    edition: str = "1"  #: varies the guilloche


class CardPrinter:
    """Prints cards of one layout, one after the other; keep one a process."""

    def __init__(self, layout: Layout, fonts_dir: Path) -> None:
        """Open the faces and set the words that every card of ``layout`` carries."""
        self._layout = layout
        self._letterer = Letterer(Typefaces(fonts_dir))
        self._pictograms = art.pictograms(layout.pictograms)
        missing = [service.label for service in sorted(PRINTABLE) if service.label not in self._pictograms]
        if missing:
            raise IssuanceError("bad_art", f"{layout.pictograms} has no drawing for: {', '.join(missing)}")
        self._static = Lettered()
        self._labels = {
            piece.label: self._label(side, piece)
            for side, piece in _pieces(layout)
            if isinstance(piece, Text) and piece.label
        }
        self._lines = {
            (side, piece.name): self._letterer.fit(
                piece.text,
                _room(piece, LABEL_SIZE),
                _WEIGHTS[piece.weight],
                field=piece.name,
                tracking=piece.tracking,
            )
            for side, piece in _pieces(layout)
            if isinstance(piece, Label)
        }
        self._seals = {
            (side, piece.name): self._fixed(piece.text, piece.h * 0.74 * POINTS_PER_MM, Weight.STRONG)
            for side, piece in _pieces(layout)
            if isinstance(piece, Seal)
        }
        for fitted in (*self._lines.values(), *self._seals.values(), *self._labels.values()):
            self._static.take(fitted.lines)
        self._static.cut("S")
        self._art: dict[str, tuple[Art, Art]] = {}

    def render(self, page: CardPage) -> bytes:
        """The PDF of one card.

        Raises `FieldError` ``no_glyph``, ``name_does_not_fit`` and ``bad_picture``, and `IssuanceError`
        ``code_too_large`` and ``not_alphanumeric``; nothing is clipped or left out silently.
        """
        sides = (self._layout.front, self._layout.back)
        values = _values(page, self._layout)
        placed = [self._place(side, values, page.language_native) for side in sides]
        own = Lettered()
        for texts in placed:
            for _, fitted in texts:
                own.take(fitted.lines)
        own.cut("D")
        document = Document()
        fonts = {**document.fonts(self._static), **document.fonts(own)}
        for side, texts, drawn in zip(sides, placed, self._edition_art(page.edition), strict=True):
            objects = {"Art": document.art(drawn, fonts)}
            content = ["q\n/Art Do\nQ\n", self._pictures(side, page, objects, document)]
            content += [self._text(text, fitted, own) for text, fitted in texts]
            document.page("".join(content), fonts, objects)
        return document.finish()

    def check_names(
        self, *, name: str, name_native: str | None, language_native: str | None, name_chinese: str | None
    ) -> None:
        """Fit the names of a card that is not made yet, and draw nothing.

        Raises `FieldError` ``no_glyph`` and ``name_does_not_fit`` for the field ``name``, ``name_native`` or
        ``name_chinese``, exactly when :meth:`render` would.
        """
        values = _names(name, name_native, name_chinese)
        for side in (self._layout.front, self._layout.back):
            self._place(side, values, language_native)

    def _pictures(
        self,
        side: Iterable[Piece],
        page: CardPage,
        objects: dict[str, PDFObjectReference],
        document: Document,
    ) -> str:
        """The codes, the portrait and the pictograms of a side; what they need is added to ``objects``."""
        codes = {"gate": page.gate_text, "identity": page.identity_text}
        drawn = []
        for piece in side:
            if isinstance(piece, Code):
                matrix = modules(codes[piece.source], max_version=piece.max_version)
                objects[piece.source] = document.mask(matrix)
                drawn.append(_code(piece, matrix.size))
            elif isinstance(piece, Portrait):
                objects[piece.name], width, height = document.picture(page.portrait)
                drawn.append(_portrait(piece, width, height))
            elif isinstance(piece, Services):
                drawn.append(self._services(piece, page.services))
        return "".join(drawn)

    def _fixed(self, text: str, size: float, weight: Weight) -> Fitted:
        """One line at its natural width, whatever that is."""
        line = self._letterer.shape(text, weight, language="zho")
        return Fitted((line,), size, 1.0, (CAP_HEIGHT * size,), size)

    def _label(self, side: str, piece: Text) -> Fitted:
        """The small words over a field, which the layout's author has to keep short enough."""
        fitted = self._fixed(piece.label, LABEL_SIZE, Weight.REGULAR)
        width = fitted.lines[0].width * LABEL_SIZE / POINTS_PER_MM
        if width > piece.w:
            raise IssuanceError(
                "bad_layout",
                f"{side}.{piece.name} label: needs {width:.1f} mm, and the box has {piece.w:.1f} mm",
            )
        return fitted

    def _place(
        self, side: Iterable[Piece], values: Mapping[str, str], language: str | None
    ) -> list[tuple[Text, Fitted]]:
        """Fit every text of a side; a box ``below`` another moves up under what stands there."""
        placed: list[tuple[Text, Fitted]] = []
        ends: dict[str, float] = {}
        for piece in side:
            if not isinstance(piece, Text):
                continue
            top = ends[piece.below] + piece.gap if piece.below in ends else piece.y
            if not values.get(piece.field):
                if piece.below in ends:  # nothing stands here, so what follows moves up as well
                    ends[piece.name] = ends[piece.below]
                continue
            box = replace(piece, y=top, h=piece.y + piece.h - top)
            fitted = self._letterer.fit(
                values[piece.field],
                _room(box, LABEL_SIZE + 1.6 if piece.label else 0.0),
                _WEIGHTS[piece.weight],
                language=language if piece.field == "name_native" else _LANGUAGES.get(piece.field),
                field=piece.field,
                tracking=piece.tracking,
            )
            ends[piece.name] = top + fitted.height / POINTS_PER_MM
            placed.append((box, fitted))
        return placed

    def _edition_art(self, edition: str) -> tuple[Art, Art]:
        """The art of both sides, compressed; an issuer prints few editions, so all are kept."""
        found = self._art.get(edition)
        if found is None:
            front = self._draw("front", self._layout.front, edition)
            found = self._art[edition] = (front, self._draw("back", self._layout.back, edition))
        return found

    def _draw(self, side: str, pieces: Iterable[Piece], edition: str) -> Art:
        """The operators of everything that is the same on every card of an edition."""
        drawn: list[str] = []
        curves: dict[str, str] = {}
        for piece in pieces:
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
                drawn.append(_seal(piece, self._seals[side, piece.name], self._static))
            elif isinstance(piece, Label):
                fitted = self._lines[side, piece.name]
                drawn.append(draw_lines(fitted, piece, piece.align, piece.colour, self._static))
        return Art(
            content=zlib.compress("".join(drawn).encode("ascii"), 9),
            curves={name: zlib.compress(path.encode("ascii"), 9) for name, path in curves.items()},
            patterns=_patterns(pieces),
        )

    def _text(self, piece: Text, fitted: Fitted, own: Lettered) -> str:
        """A field with its label over it, both from the top of the box."""
        if not piece.label:
            return draw_lines(fitted, piece, piece.align, piece.colour, own)
        label = draw_lines(self._labels[piece.label], piece, piece.align, piece.label_colour, self._static)
        value = replace(piece, y=piece.y + piece.h - fitted.lines[0].top * fitted.size / POINTS_PER_MM)
        return label + draw_lines(fitted, value, piece.align, piece.colour, own)

    def _services(self, piece: Services, services: Iterable[Service]) -> str:
        """Tiles in rows, in the order of the services' numbers."""
        out = ["q\n", art.CARD_SPACE]
        for index, service in enumerate(sorted(PRINTABLE.intersection(services))):
            x = piece.x + index % piece.columns * (piece.tile + piece.gap)
            y = piece.y + index // piece.columns * (piece.tile + piece.gap)
            scale = piece.tile / 24
            out.append(
                art.rgb(piece.colour) + art.rounded(x, y, piece.tile, piece.tile, piece.tile * 0.22) + "f\n"
            )
            out.append(f"q\n{art.num(scale)} 0 0 {art.num(scale)} {art.num(x)} {art.num(y)} cm\n")
            out.append(f"{art.rgb(_WHITE, 'RG')}1.9 w 1 J 1 j\n{self._pictograms[service.label]}Q\n")
        return "".join([*out, "Q\n"])


_LANGUAGES = {"name_chinese": "zho", "card_class": "zho", "sex": "zho", "nationality": "zho", "permit": "zho"}


def _values(page: CardPage, layout: Layout) -> dict[str, str]:
    """What each field of a layout shows."""
    words = layout.words
    kind = words.get(("permit", page.permit_kind))
    sex = words.get(("sex", page.sex))
    if kind is None or sex is None:
        raise FieldError(
            "permit_kind" if kind is None else "sex", "unknown_word", "the layout has no word for it"
        )
    return {
        **_names(page.name, page.name_native, page.name_chinese),
        "nationality": page.nationality,
        "valid_until": page.valid_until.isoformat(),
        "number": " ".join(page.number[start : start + 4] for start in range(0, len(page.number), 4)),
        "card_class": " · ".join(words["class", page.card_class.label]),
        "passport": f"{page.passport} · {page.passport_country}",
        "birth": page.birth.isoformat(),
        "sex": " ".join(dict.fromkeys(sex)),
        "permit": " ".join(kind) + (f" · {page.permit}" if page.permit else ""),
        "permit_until": page.permit_until.isoformat() if page.permit_until else "–",
        "office": page.office,
    }


def _names(name: str, native: str | None, chinese: str | None) -> dict[str, str]:
    """The names as they stand on the card: whose native name is the Chinese one has it printed once."""
    shown = "" if chinese == native else chinese or ""
    return {"name": name, "name_native": native or "", "name_chinese": shown}


def _pieces(layout: Layout) -> list[tuple[str, Piece]]:
    return [*(("front", piece) for piece in layout.front), *(("back", piece) for piece in layout.back)]


def _room(piece: Text | Label, taken: float) -> Room:
    """The room of a text in points, less what its label takes."""
    lines = piece.lines if isinstance(piece, Text) else 1
    taken = taken if isinstance(piece, Text) else 0.0
    return Room(
        width=piece.w * POINTS_PER_MM,
        # One line is set on the box's base line and may rise over capitals, as Han characters do.
        height=max(piece.h * POINTS_PER_MM - taken, piece.size * 1.1 if lines == 1 else 0.0),
        size=piece.size,
        lines=lines,
    )


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
        f"q\n{art.CARD_SPACE}{art.rgb(piece.colour)}{square}f\n{art.rgb(_WHITE, 'RG')}0.12 w\n{inner}S\nQ\n"
        f"q\n{art.rgb(_WHITE)}{draw_line(line, x, y, fitted.size, 1.0, fonts)}Q\n"
    )


def _code(piece: Code, modules_a_side: int) -> str:
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
    side = (whole + 2 * _CODE_MARGIN) * mm
    box = art.rounded((left - _CODE_MARGIN) * mm, (top - _CODE_MARGIN) * mm, side, side, _CODE_RADIUS)
    size = art.num(span * POINTS_PER_PIXEL - 2 * _INSET)
    across = art.num((left + quiet) * POINTS_PER_PIXEL + _INSET)
    up = art.num(PAGE_POINTS[1] - (top + quiet + span) * POINTS_PER_PIXEL + _INSET)
    return (
        f"q\n{art.CARD_SPACE}{art.rgb(_WHITE)}{box}f\nQ\n"
        # Black and nothing else: card printers draw it with their black panel, sharp and lasting.
        f"q\n0 g\n{size} 0 0 {size} {across} {up} cm\n/{piece.source} Do\nQ\n"
    )


def _portrait(piece: Portrait, width: int, height: int) -> str:
    """The picture, covering its box, cut to round corners, in a thin frame."""
    scale = max(piece.w / width, piece.h / height)
    w, h = width * scale, height * scale
    x, y = piece.x + (piece.w - w) / 2, piece.y + (piece.h - h) / 2
    box = art.rounded(piece.x, piece.y, piece.w, piece.h, piece.radius)
    place = " ".join(art.num(value) for value in (w, 0.0, 0.0, -h, x, y + h))
    return (
        f"q\n{art.CARD_SPACE}{box}W n\n{place} cm\n/{piece.name} Do\nQ\n"
        f"q\n{art.CARD_SPACE}{art.rgb(piece.colour, 'RG')}0.3 w\n{box}S\nQ\n"
    )


def _patterns(pieces: Iterable[Piece]) -> str:
    """The shadings and patterns that the art of a side names."""
    shadings = "".join(f"/{p.name} {art.across(p)} " for p in pieces if isinstance(p, Gradient))
    patterns = "".join(
        f"/{p.name} << /PatternType 2 /Shading {art.across(p)} >> " for p in pieces if isinstance(p, Waves)
    )
    return f"/Shading << {shadings}>> /Pattern << {patterns}>>"
