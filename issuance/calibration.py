"""What a new printer prints first: where its edges and sides come to lie, and which modules it can draw.

Rulers run in from every edge, so that what is cut off or pushed aside can be read in tenths of a millimetre;
the numbers go into the printer's entry (`issuance.sheets.load_printers`). Codes of 3 to 6 dots a module say
which sizes the printer draws: cards use 4 and 5.
"""

from collections.abc import Iterator
from pathlib import Path

from issuance import art
from issuance.carddraw import mask_at
from issuance.layout import DPI, PAGE_PIXELS, POINTS_PER_PIXEL
from issuance.lettering import Fitted, Letterer
from issuance.pdffile import Document, Reference
from issuance.pdftext import Lettered, draw_line
from issuance.qr import Matrix, modules
from issuance.sheets import A4_PIXELS, A_SHEET, MM_PER_INCH, Flip, Form, Tuning, crop_marks, slot
from issuance.typefaces import Weight, open_typefaces

#: Dots a module of the codes that are tried.
LADDER = (3, 4, 5, 6)
#: What the codes say is of no card; its version is that of a small gate code.
_MAX_VERSION = 4
#: Rulers: length in millimetres, distance of ticks, and how long ticks are (half, whole, five), in pixels.
_RULER_MM, _STEP_MM, _TICKS = 6.0, 0.5, (8, 16, 28)
_TEXT_SIZE = 6.0
_SIDES = ("front", "back")

_WORDS = {
    Form.CR80: (
        "Print at 100 %, both sides. Rulers count millimetres",
        "from each edge: read what is missing, and write it as",
        "front = [right, down], back = [right, down] in printers.toml.",
    ),
    Form.A4: (
        "Print at 100 %, both sides. The long line must measure 100 mm; if not, switch scaling off.",
        "Hold it against a light: back = [right, down] in printers.toml pushes the back over the front.",
    ),
}


def calibration(form: Form, tuning: Tuning, fonts: Path) -> bytes:
    """Two pages for one printer, of card size or A4, pushed by the offsets it has so far."""
    size = A4_PIXELS if form is Form.A4 else PAGE_PIXELS
    flip = {Flip.LONG: "FlipLongEdge", Flip.SHORT: "FlipShortEdge"}[tuning.flip]
    document = Document(title="Calibration", duplex=flip)
    words = _Words(fonts)
    pages = [_Page(side, form, size, tuning, words) for side in _SIDES]
    words.lettered.cut("C")
    embedded = document.fonts(words.lettered)
    for page in pages:
        page.finish(document, embedded)
    return document.finish()


class _Words:
    """Lines of small text, taken for the file's fonts as they are shaped."""

    def __init__(self, fonts: Path) -> None:
        self._letterer = Letterer(open_typefaces(fonts))
        self.lettered = Lettered()

    def line(self, text: str) -> Fitted:
        line = self._letterer.shape(text, Weight.REGULAR, language="zho")
        self.lettered.take([line])
        return Fitted((line,), _TEXT_SIZE, 1.0, (0.0,), _TEXT_SIZE)


class _Page:
    """One side; positions in pixels from the top left corner."""

    def __init__(self, side: str, form: Form, size: tuple[int, int], tuning: Tuning, words: _Words) -> None:
        self._size, self._side, self._words = size, side, words
        self._shift = tuning.shift(side)
        self._lines: list[str] = []
        self._texts: list[tuple[int, int, Fitted]] = []
        self._codes: list[tuple[int, int, int, Matrix]] = []
        name = f"{tuning.name or 'printer'} · {side} · flip over the {tuning.flip} edge"
        if form is Form.A4:
            self._draw_sheet(name, tuning)
        else:
            self._draw_card(name)

    def _draw_card(self, name: str) -> None:
        width, height = self._size
        self._rulers(0, 0, width, height)
        self._cross(width * 4 // 5, height * 2 // 3)
        for row, text in enumerate((name, *_WORDS[Form.CR80])):
            self._text(110, 108 + row * 30, text)
        self._ladder(110, 250)
        self._steps(110, 470)

    def _draw_sheet(self, name: str, tuning: Tuning) -> None:
        width, height = self._size
        self._rulers(0, 0, width, height)
        places = [slot(index, self._side, Tuning(flip=tuning.flip)) for index in range(A_SHEET)]
        for place in places:
            self._cross(place.x + PAGE_PIXELS[0] // 2, place.y + PAGE_PIXELS[1] // 2)
        left, top = min(place.x for place in places), min(place.y for place in places)
        for row, text in enumerate((name, *_WORDS[Form.A4])):
            self._text(left + 60, top + 80 + row * 34, text)
        hundred = round(100 * DPI / MM_PER_INCH)
        self._line(left + 60, top + 200, left + 60 + hundred, top + 200, 3)
        for end in (left + 60, left + 60 + hundred):
            self._line(end, top + 185, end, top + 215, 3)
        self._ladder(left + 60, top + PAGE_PIXELS[1] + 80)
        self._steps(left + 60, top + 2 * PAGE_PIXELS[1] + 120)
        self._lines.append(crop_marks(self._side, Tuning()))

    def _rulers(self, left: int, top: int, right: int, low: int) -> None:
        """Ticks from every edge inwards, with a number at five millimetres."""
        middle_x, middle_y = (left + right) * 2 // 5, (top + low) * 2 // 5
        for offset, length, whole in _ticks():
            self._line(left + offset, middle_y, left + offset, middle_y + length)
            self._line(right - offset, middle_y, right - offset, middle_y + length)
            self._line(middle_x, top + offset, middle_x + length, top + offset)
            self._line(middle_x, low - offset, middle_x + length, low - offset)
            if whole == 5:
                self._text(left + offset - 6, middle_y + length + 24, "5")
                self._text(right - offset - 6, middle_y + length + 24, "5")
                self._text(middle_x + length + 8, top + offset + 8, "5")
                self._text(middle_x + length + 8, low - offset + 8, "5")

    def _cross(self, x: int, y: int) -> None:
        """A cross with ticks each half millimetre, to see one side against the other."""
        for offset, length, _ in _ticks():
            for sign in (-1, 1):
                at = sign * offset
                self._line(x + at, y - length // 2, x + at, y + length // 2)
                self._line(x - length // 2, y + at, x + length // 2, y + at)
        reach = round((_RULER_MM + 1) * DPI / MM_PER_INCH)
        self._line(x - reach, y, x + reach, y)
        self._line(x, y - reach, x, y + reach)

    def _ladder(self, left: int, top: int) -> None:
        """The same small code at several sizes; the right one is read at arm's length."""
        x = left
        for dots in LADDER:
            matrix = modules(f"CALIBRATION {dots}", max_version=_MAX_VERSION)
            self._codes.append((x, top, dots, matrix))
            self._text(x, top + matrix.size * dots + 28, f"{dots} dots")
            x += matrix.size * dots + 40

    def _steps(self, left: int, top: int) -> None:
        """Lines of 1 to 4 dots in both directions: all of them must show."""
        for index, dots in enumerate((1, 2, 3, 4)):
            self._line(left, top + index * 14, left + 160, top + index * 14, dots)
            self._line(left + 200 + index * 14, top - 4, left + 200 + index * 14, top + 50, dots)
        self._text(left + 290, top + 30, "1 · 2 · 3 · 4 dots 线宽")

    def _text(self, x: int, y: int, text: str) -> None:
        self._texts.append((x, y, self._words.line(text)))

    def _line(self, x: int, y: int, to_x: int, to_y: int, dots: int = 1) -> None:
        ends = (x, self._size[1] - y, to_x, self._size[1] - to_y)
        begin_x, begin_y, end_x, end_y = (art.num(value * POINTS_PER_PIXEL) for value in ends)
        width = art.num(dots * POINTS_PER_PIXEL)
        self._lines.append(f"{width} w {begin_x} {begin_y} m {end_x} {end_y} l S\n")

    def finish(self, document: Document, fonts: Reference) -> None:
        """Write the page, now that the fonts are known."""
        height = self._size[1] * POINTS_PER_PIXEL
        right, down = (value * POINTS_PER_PIXEL for value in self._shift)
        content = [f"q\n1 0 0 1 {art.num(right)} {art.num(-down)} cm\n0 g 0 G\n", *self._lines]
        objects: dict[str, Reference] = {}
        for x, y, dots, matrix in self._codes:
            objects[f"Q{dots}"] = document.mask(matrix)
            content.append(mask_at(x, y, matrix.size * dots, height, f"Q{dots}"))
        for x, y, fitted in self._texts:
            at = (x * POINTS_PER_PIXEL, height - y * POINTS_PER_PIXEL)
            content.append(draw_line(fitted.lines[0], *at, fitted.size, 1.0, self._words.lettered))
        size = (self._size[0] * POINTS_PER_PIXEL, height)
        document.page("".join([*content, "Q\n"]), document.resources(fonts, objects), size)


def _ticks() -> Iterator[tuple[int, int, int]]:
    """Distance in pixels, length in pixels, and the whole millimetres (0 between them) of each tick."""
    for step in range(1, round(_RULER_MM / _STEP_MM) + 1):
        whole = step // 2 if step % 2 == 0 else 0
        length = _TICKS[2] if whole == 5 else _TICKS[1] if whole else _TICKS[0]
        yield round(step * _STEP_MM * DPI / MM_PER_INCH), length, whole
