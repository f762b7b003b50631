"""A card as a PDF of two pages, front and back, each exactly the printer's 1011 × 638 pixels at 300 dpi.

A `CardPrinter` keeps what cards share: opened faces, the art of an edition, the words that never change, all
as finished streams. A card then costs its own glyphs, its picture and its two codes. The same page gives
the same bytes: nothing in the file depends on the clock or on what was printed before.
"""

import io
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from pathlib import Path

from bidi.mirror import MIRRORED
from PIL import Image
from reportlab.pdfbase.pdfdoc import (
    PDFArray,
    PDFDictionary,
    PDFDocument,
    PDFInfo,
    PDFObject,
    PDFObjectReference,
    PDFPage,
    PDFStream,
    PDFString,
)

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
from issuance.lettering import CAP_HEIGHT, Fitted, Glyph, Letterer, Line, Room, Run
from issuance.qr import QUIET_ZONE, Matrix, modules
from issuance.typefaces import Subset, Typeface, Typefaces, Weight
from verify.services import PRINTABLE, CardClass, Service

Placed = tuple[Glyph, float]  #: a glyph and where it stands in its run, 1/1000 em
Matrix4 = tuple[float, float, float, float]  #: width and height of an em, and the line's start, in points

_WHITE: Colour = (1.0, 1.0, 1.0)
_WEIGHTS = {"regular": Weight.REGULAR, "strong": Weight.STRONG}
#: White printed around a code beyond its quiet zone, in printer pixels: the box may have round corners then.
_CODE_MARGIN = 4


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


@dataclass(frozen=True, slots=True)
class _Art:
    """The art of one side: its operators, the curves they repeat, the patterns they name."""

    content: bytes
    curves: Mapping[str, bytes]
    patterns: str


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
        self._static = _Lettered()
        self._labels = {
            piece.label: self._label(side, piece)
            for side, piece in _pieces(layout)
            if isinstance(piece, Text) and piece.label
        }
        self._lines = {
            (side, piece.name): self._letterer.fit(
                piece.text, _room(piece, LABEL_SIZE), _WEIGHTS[piece.weight], field=piece.name, tracking=piece.tracking
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
        self._art: dict[str, tuple[_Art, _Art]] = {}

    def render(self, page: CardPage) -> bytes:
        """The PDF of one card.

        Raises `FieldError` ``no_glyph``, ``name_does_not_fit`` and ``bad_picture``, and `IssuanceError`
        ``code_too_large`` and ``not_alphanumeric``; nothing is clipped or left out silently.
        """
        values = _values(page, self._layout)
        placed = [self._place(side, values, page.language_native) for side in (self._layout.front, self._layout.back)]
        own = _Lettered()
        for side in placed:
            for _, fitted in side:
                own.take(fitted.lines)
        own.cut("D")
        codes = {"gate": page.gate_text, "identity": page.identity_text}
        document = _Document()
        fonts = {**document.fonts(self._static), **document.fonts(own)}
        pieces = (self._layout.front, self._layout.back)
        for index, (side, texts) in enumerate(zip(pieces, placed, strict=True)):
            objects = {"Art": document.art(self._edition_art(page.edition)[index], fonts)}
            content = ["q\n/Art Do\nQ\n"]
            for piece in side:
                if isinstance(piece, Code):
                    content.append(_code(piece, modules(codes[piece.source], max_version=piece.max_version), objects, document))
                elif isinstance(piece, Portrait):
                    content.append(_portrait(piece, page.portrait, objects, document))
                elif isinstance(piece, Services):
                    content.append(self._services(piece, page.services))
            for text, fitted in texts:
                content.append(self._text(text, fitted, own))
            document.page("".join(content), fonts, objects)
        return document.finish()

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
                "bad_layout", f"{side}.{piece.name} label: needs {width:.1f} mm, and the box has {piece.w:.1f} mm"
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

    def _edition_art(self, edition: str) -> tuple[_Art, _Art]:
        """The art of both sides, compressed; an issuer prints few editions, so all are kept."""
        found = self._art.get(edition)
        if found is None:
            front = self._draw("front", self._layout.front, edition)
            found = self._art[edition] = (front, self._draw("back", self._layout.back, edition))
        return found

    def _draw(self, side: str, pieces: Iterable[Piece], edition: str) -> _Art:
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
                drawn.append(_lines(fitted, piece, piece.align, piece.colour, self._static))
        return _Art(
            content=zlib.compress("".join(drawn).encode("ascii"), 9),
            curves={name: zlib.compress(path.encode("ascii"), 9) for name, path in curves.items()},
            patterns=_patterns(pieces),
        )

    def _text(self, piece: Text, fitted: Fitted, own: "_Lettered") -> str:
        """A field with its label over it, both from the top of the box."""
        if not piece.label:
            return _lines(fitted, piece, piece.align, piece.colour, own)
        label = _lines(self._labels[piece.label], piece, piece.align, piece.label_colour, self._static)
        value = replace(piece, y=piece.y + piece.h - fitted.lines[0].top * fitted.size / POINTS_PER_MM)
        return label + _lines(fitted, value, piece.align, piece.colour, own)

    def _services(self, piece: Services, services: Iterable[Service]) -> str:
        """Tiles in rows, in the order of the services' numbers."""
        out = ["q\n", art.CARD_SPACE]
        for index, service in enumerate(sorted(PRINTABLE.intersection(services))):
            x = piece.x + index % piece.columns * (piece.tile + piece.gap)
            y = piece.y + index // piece.columns * (piece.tile + piece.gap)
            scale = piece.tile / 24
            out.append(art.rgb(piece.colour) + art.rounded(x, y, piece.tile, piece.tile, piece.tile * 0.22) + "f\n")
            out.append(f"q\n{art.num(scale)} 0 0 {art.num(scale)} {art.num(x)} {art.num(y)} cm\n")
            out.append(f"{art.rgb(_WHITE, 'RG')}1.9 w 1 J 1 j\n{self._pictograms[service.label]}Q\n")
        return "".join([*out, "Q\n"])


_LANGUAGES = {"name_chinese": "zho", "card_class": "zho", "sex": "zho", "nationality": "zho", "permit": "zho"}


def _values(page: CardPage, layout: Layout) -> dict[str, str]:
    """What each field of a layout shows."""
    words = layout.words
    kind = words["permit", page.permit_kind] if ("permit", page.permit_kind) in words else None
    sex = words.get(("sex", page.sex))
    if kind is None or sex is None:
        raise FieldError("permit_kind" if kind is None else "sex", "unknown_word", "the layout has no word for it")
    return {
        "name": page.name,
        "name_native": page.name_native or "",
        # A Chinese holder's native name is the Chinese one: it is printed once.
        "name_chinese": page.name_chinese if page.name_chinese and page.name_chinese != page.name_native else "",
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


class _Lettered:
    """The glyphs of some lines, and the subsets that hold them."""

    def __init__(self) -> None:
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


def _lines(fitted: Fitted, piece: Piece, align: str, colour: Colour, fonts: _Lettered) -> str:
    """Operators that draw fitted lines from the top of a box."""
    out = ["q\n", art.rgb(colour)]
    for line, below in zip(fitted.lines, fitted.baselines, strict=True):
        width = line.width * fitted.size * fitted.scale
        side = align if align != "start" else ("right" if line.right_to_left else "left")
        spare = piece.w * POINTS_PER_MM - width
        x = piece.x * POINTS_PER_MM + {"left": 0.0, "right": spare, "center": spare / 2}[side]
        y = PAGE_POINTS[1] - piece.y * POINTS_PER_MM - below
        out.append(_line(line, x, y, fitted.size, fitted.scale, fonts))
    return "".join([*out, "Q\n"])


def _line(line: Line, x: float, y: float, size: float, scale: float, fonts: _Lettered) -> str:
    """One line glyph by glyph; what a reader cannot get from the glyphs is given as /ActualText."""
    matrix = (size * scale, size, x, y)
    if line.turned:
        return _turned_line(line, matrix, fonts)
    shown = "".join(_shown(_positioned(run), run.face, matrix, offset, fonts) for run, offset in _offsets(line))
    return f"BT\n{shown}ET\n" if line.plain else f"BT\n{_span(line.text)}{shown}EMC\nET\n"


def _turned_line(line: Line, matrix: Matrix4, fonts: _Lettered) -> str:
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
    """Brackets as they look on paper: readers turn them again together with the line."""
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


def _shown(glyphs: list[Placed], face: Typeface, matrix: Matrix4, offset: float, fonts: _Lettered) -> str:
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


def _seal(piece: Seal, fitted: Fitted, fonts: _Lettered) -> str:
    """The mark: a square with a fine inner line and its character in the middle of the ink."""
    line = fitted.lines[0]
    inset = piece.w * 0.075
    square = art.rounded(piece.x, piece.y, piece.w, piece.h, piece.w * 0.16)
    inner = art.rounded(piece.x + inset, piece.y + inset, piece.w - 2 * inset, piece.h - 2 * inset, piece.w * 0.1)
    x = (piece.x + piece.w / 2) * POINTS_PER_MM - line.width * fitted.size / 2
    y = PAGE_POINTS[1] - (piece.y + piece.h / 2) * POINTS_PER_MM - (line.top + line.bottom) / 2 * fitted.size
    return (
        f"q\n{art.CARD_SPACE}{art.rgb(piece.colour)}{square}f\n{art.rgb(_WHITE, 'RG')}0.12 w\n{inner}S\nQ\n"
        f"q\n{art.rgb(_WHITE)}{_line(line, x, y, fitted.size, 1.0, fonts)}Q\n"
    )


def _code(piece: Code, matrix: Matrix, objects: dict[str, PDFObjectReference], document: "_Document") -> str:
    """A code as an image mask on the printer's pixel grid, in a white box with its quiet zone."""
    span = matrix.size * piece.pixels
    whole = span + 2 * QUIET_ZONE * piece.pixels
    edges = [round(value * POINTS_PER_MM / POINTS_PER_PIXEL) for value in (piece.x, piece.y, piece.w, piece.h)]
    left = edges[0] + (edges[2] - whole if piece.anchor.endswith("right") else 0)
    top = edges[1] + (edges[3] - whole if piece.anchor.startswith("bottom") else 0)
    mm = POINTS_PER_PIXEL / POINTS_PER_MM
    margin = _CODE_MARGIN
    box = art.rounded((left - margin) * mm, (top - margin) * mm, (whole + 2 * margin) * mm, (whole + 2 * margin) * mm, 1.2)
    quiet = QUIET_ZONE * piece.pixels
    x = (left + quiet) * POINTS_PER_PIXEL
    y = PAGE_POINTS[1] - (top + quiet + span) * POINTS_PER_PIXEL
    size = art.num(span * POINTS_PER_PIXEL)
    objects[piece.source] = document.mask(matrix)
    return (
        f"q\n{art.CARD_SPACE}{art.rgb(_WHITE)}{box}f\nQ\n"
        # Black and nothing else: card printers draw it with their black panel, sharp and lasting.
        f"q\n0 g\n{size} 0 0 {size} {art.num(x)} {art.num(y)} cm\n/{piece.source} Do\nQ\n"
    )


def _portrait(
    piece: Portrait, jpeg: bytes, objects: dict[str, PDFObjectReference], document: "_Document"
) -> str:
    """The picture, covering its box, cut to round corners, in a thin frame."""
    objects[piece.name], width, height = document.picture(jpeg)
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


class _Raw(PDFObject):  # type: ignore[misc]  # ReportLab has no types
    """A dictionary that is text already, with the fonts put in."""

    def __init__(self, text: str) -> None:
        self._text = text

    def format(self, document: PDFDocument) -> bytes:
        """The text as it stands."""
        return self._text.encode("ascii")


class _Info(PDFInfo):  # type: ignore[misc]  # ReportLab has no types
    """Information without a date, so that the same card is the same file."""

    def format(self, document: PDFDocument) -> bytes:
        """Title and producer, nothing else."""
        entries = {"Title": PDFString("Card"), "Producer": PDFString("cardsvc")}
        return bytes(PDFDictionary(entries).format(document))


class _Document:
    """One PDF being put together from finished streams."""

    def __init__(self) -> None:
        self._document = PDFDocument(compression=1, invariant=1)
        self._document.info = _Info()

    def finish(self) -> bytes:
        return bytes(self._document.GetPDFData(None))

    def page(self, content: str, fonts: Mapping[str, PDFObjectReference], objects: Mapping[str, PDFObjectReference]) -> None:
        page = PDFPage()
        page.MediaBox = PDFArray([0, 0, _Raw(f"{PAGE_POINTS[0]:.2f}"), _Raw(f"{PAGE_POINTS[1]:.2f}")])
        page.Resources = PDFDictionary({"Font": PDFDictionary(dict(fonts)), "XObject": PDFDictionary(dict(objects))})
        page.Contents = self._stream({}, zlib.compress(content.encode("ascii"), 6))
        self._document.addPage(page)

    def art(self, drawn: _Art, fonts: Mapping[str, PDFObjectReference]) -> PDFObjectReference:
        """Art as a form XObject over the whole page."""
        curves = {name: self._form(path, "<< >>") for name, path in drawn.curves.items()}
        names = [PDFDictionary(dict(group)).format(self._document).decode("ascii") for group in (fonts, curves)]
        return self._form(drawn.content, f"<< /Font {names[0]} /XObject {names[1]} {drawn.patterns} >>")

    def _form(self, content: bytes, resources: str) -> PDFObjectReference:
        """A form XObject; its box is generous, because curves are stored around the origin."""
        reach = art.num(2 * PAGE_POINTS[0])
        entries = {
            "Type": "/XObject", "Subtype": "/Form", "Resources": _Raw(resources),
            "BBox": f"[-{reach} -{reach} {reach} {reach}]",
        }  # fmt: skip
        return self._document.Reference(self._stream(entries, content))

    def mask(self, matrix: Matrix) -> PDFObjectReference:
        """Modules as a 1-bit mask, one sample a module: an XObject, because inline bytes get corrupted."""
        entries = {
            "Type": "/XObject", "Subtype": "/Image", "ImageMask": "true", "BitsPerComponent": 1,
            "Width": matrix.size, "Height": matrix.size, "Decode": "[1 0]", "Interpolate": "false",
        }  # fmt: skip
        return self._document.Reference(self._stream(entries, zlib.compress(matrix.rows, 9)))

    def picture(self, jpeg: bytes) -> tuple[PDFObjectReference, int, int]:
        """A JPEG as it is, with its width and height."""
        try:
            with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
                (width, height), mode = image.size, image.mode
        except OSError as error:
            raise FieldError("portrait", "bad_picture", "portrait: a JPEG was expected for printing") from error
        if mode not in ("RGB", "L"):
            raise FieldError("portrait", "bad_picture", f"portrait: RGB or grey was expected, not {mode}")
        entries = {
            "Type": "/XObject", "Subtype": "/Image", "Width": width, "Height": height, "BitsPerComponent": 8,
            "ColorSpace": "/DeviceRGB" if mode == "RGB" else "/DeviceGray",
        }  # fmt: skip
        return self._document.Reference(self._stream(entries, jpeg, "/DCTDecode")), width, height

    def fonts(self, lettered: _Lettered) -> dict[str, PDFObjectReference]:
        """Embed every subset; gives the references by resource name."""
        return {name: self._font(subset) for name, subset in lettered.subsets.values()}

    def _font(self, subset: Subset) -> PDFObjectReference:
        """A Type 0 font with two-byte glyph numbers (ISO 32000-1, 9.7)."""
        add = self._document.Reference
        program = add(self._stream({"Length1": subset.length}, subset.program))
        box = " ".join(str(value) for value in subset.bounds)
        descriptor = add(
            PDFDictionary(
                {
                    "Type": "/FontDescriptor", "FontName": f"/{subset.name}", "Flags": 4, "FontBBox": f"[{box}]",
                    "ItalicAngle": 0, "Ascent": subset.bounds[3], "Descent": subset.bounds[1], "CapHeight": 714,
                    "StemV": 80, "FontFile2": program,
                }
            )  # fmt: skip
        )
        widths = " ".join(art.num(width) for width in subset.widths)
        descendant = add(
            PDFDictionary(
                {
                    "Type": "/Font", "Subtype": "/CIDFontType2", "BaseFont": f"/{subset.name}",
                    "CIDSystemInfo": "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>",
                    "FontDescriptor": descriptor, "CIDToGIDMap": add(self._stream({}, subset.glyph_map)), "DW": 1000, "W": f"[0 [{widths}]]",
                }
            )  # fmt: skip
        )
        return add(
            PDFDictionary(
                {
                    "Type": "/Font", "Subtype": "/Type0", "BaseFont": f"/{subset.name}", "Encoding": "/Identity-H",
                    "DescendantFonts": PDFArray([descendant]), "ToUnicode": add(self._stream({}, subset.to_unicode)),
                }
            )  # fmt: skip
        )

    @staticmethod
    def _stream(entries: Mapping[str, object], content: bytes, encoding: str = "/FlateDecode") -> PDFStream:
        return PDFStream(PDFDictionary({**entries, "Filter": encoding}), content, filters=[])
