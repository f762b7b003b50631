"""Where cards stand on what is printed: one a page of card size, or ten on A4, cut apart afterwards.

Everything stands on the printer's grid of 300 dots an inch, so that modules of codes are whole dots on a
sheet as they are on a card.
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from issuance.art import num
from issuance.errors import IssuanceError
from issuance.layout import DPI, PAGE_PIXELS, POINTS_PER_PIXEL

MM_PER_INCH = 25.4


class Form(StrEnum):
    """How cards come out: a file for each, a file of many on card stock, or sheets of ten."""

    SINGLE = "single"
    CR80 = "cr80"
    A4 = "a4"


class Flip(StrEnum):
    """Over which edge the printer turns the paper for its second side."""

    LONG = "long"
    SHORT = "short"


#: A4 in whole printer pixels: 209.97 × 297.01 mm.
A4_PIXELS = (2480, 3508)
A4_POINTS = (A4_PIXELS[0] * POINTS_PER_PIXEL, A4_PIXELS[1] * POINTS_PER_PIXEL)
COLUMNS, ROWS = 2, 5
A_SHEET = COLUMNS * ROWS
#: Between cards, in pixels: 2.03 mm, which is the bleed of both neighbours.
GAP = 24
BLEED_PIXELS = GAP // 2
_LEFT = (A4_PIXELS[0] - COLUMNS * PAGE_PIXELS[0] - (COLUMNS - 1) * GAP) // 2
_TOP = (A4_PIXELS[1] - ROWS * PAGE_PIXELS[1] - (ROWS - 1) * GAP) // 2
#: Crop marks begin this far outside the cards and are so long, in pixels (1.5 and 3 mm).
_MARK_FROM, _MARK_LENGTH = 18, 35
#: An offset beyond this is no adjustment but another paper, in millimetres.
MAX_OFFSET_MM = 5.0


@dataclass(frozen=True, slots=True)
class Tuning:
    """What one printer needs: which edge it turns over, and how far each side is pushed, in millimetres.

    Offsets go to the right and down as the printed side is looked at; the calibration sheet tells them.
    """

    name: str = ""
    flip: Flip = Flip.LONG
    front: tuple[float, float] = (0.0, 0.0)
    back: tuple[float, float] = (0.0, 0.0)

    def shift(self, side: str) -> tuple[int, int]:
        """The offset of a side in whole printer pixels."""
        x, y = self.front if side == "front" else self.back
        return round(x * DPI / MM_PER_INCH), round(y * DPI / MM_PER_INCH)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one side of a card stands on its page: the top left corner in pixels, perhaps turned by 180°."""

    x: int
    y: int
    turned: bool


def slot(index: int, side: str, tuning: Tuning) -> Slot:
    """The place of the card number ``index`` of a sheet, 0 to 9, row by row as the front is looked at.

    Turned over its long edge, the sheet shows its columns the other way round; over its short edge, the
    whole side stands on its head besides.
    """
    row, column = divmod(index, COLUMNS)
    column = column if side == "front" else COLUMNS - 1 - column
    turned = side == "back" and tuning.flip is Flip.SHORT
    if turned:
        row, column = ROWS - 1 - row, COLUMNS - 1 - column
    right, down = tuning.shift(side)
    x = _LEFT + column * (PAGE_PIXELS[0] + GAP) + right
    y = _TOP + row * (PAGE_PIXELS[1] + GAP) + down
    return Slot(x, y, turned)


def matrix(place: Slot, page_height: int) -> str:
    """The operator that moves a card's own space (points, origin below left) to its slot."""
    left = place.x * POINTS_PER_PIXEL
    low = (page_height - place.y - PAGE_PIXELS[1]) * POINTS_PER_PIXEL
    if not place.turned:
        return f"1 0 0 1 {num(left)} {num(low)} cm\n"
    width, height = (pixels * POINTS_PER_PIXEL for pixels in PAGE_PIXELS)
    return f"-1 0 0 -1 {num(left + width)} {num(low + height)} cm\n"


def crop_marks(side: str, tuning: Tuning) -> str:
    """Fine black lines around the block of cards, where the knife goes."""
    right, down = tuning.shift(side)
    columns = [_LEFT + column * (PAGE_PIXELS[0] + GAP) + right for column in range(COLUMNS)]
    rows = [_TOP + row * (PAGE_PIXELS[1] + GAP) + down for row in range(ROWS)]
    out = ["q\n0 g 0 G 0.25 w\n"]
    begin, end = _MARK_FROM, _MARK_FROM + _MARK_LENGTH
    for x in (edge for left in columns for edge in (left, left + PAGE_PIXELS[0])):
        out += (_line(x, rows[0] - begin, x, rows[0] - end), _below(x, rows[-1], begin, end))
    last = columns[-1] + PAGE_PIXELS[0]
    for y in (edge for top in rows for edge in (top, top + PAGE_PIXELS[1])):
        out += (_line(columns[0] - begin, y, columns[0] - end, y), _line(last + begin, y, last + end, y))
    return "".join([*out, "S\nQ\n"])


def _below(x: int, last_row: int, begin: int, end: int) -> str:
    low = last_row + PAGE_PIXELS[1]
    return _line(x, low + begin, x, low + end)


def _line(x: int, y: int, to_x: int, to_y: int) -> str:
    points = (x, A4_PIXELS[1] - y, to_x, A4_PIXELS[1] - to_y)
    begin_x, begin_y, end_x, end_y = (num(value * POINTS_PER_PIXEL) for value in points)
    return f"{begin_x} {begin_y} m {end_x} {end_y} l\n"


def sheets(count: int) -> Iterator[range]:
    """The cards of each sheet."""
    for number in range(math.ceil(count / A_SHEET)):
        yield range(number * A_SHEET, min(count, (number + 1) * A_SHEET))


def load_printers(path: Path) -> Mapping[str, Tuning]:
    """The printers of an installation, by name; raises `IssuanceError` ``bad_printers`` naming the entry.

    A table ``[NAME]`` each, with ``flip`` (``long`` or ``short``), ``front`` and ``back`` (millimetres to
    the right and down), all of them optional.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise IssuanceError("bad_printers", f"{path} cannot be read: {error}") from error
    return {name: _tuning(path, name, entry) for name, entry in data.items()}


def _tuning(path: Path, name: str, entry: object) -> Tuning:
    if not isinstance(entry, dict) or not re.fullmatch(r"[\w-]{1,40}", name):
        raise IssuanceError("bad_printers", f"{path}: a table [{name}] with a printer's name was expected")
    unknown = sorted(set(entry) - {"flip", "front", "back"})
    if unknown:
        raise IssuanceError("bad_printers", f"{path}: [{name}] {unknown[0]}: is not known for a printer")
    flip = entry.get("flip", Flip.LONG.value)
    if flip not in [one.value for one in Flip]:
        raise IssuanceError(
            "bad_printers", f"{path}: [{name}] flip: long or short was expected, not {flip!r}"
        )
    return Tuning(name, Flip(flip), _offset(path, name, entry, "front"), _offset(path, name, entry, "back"))


def _offset(path: Path, name: str, entry: Mapping[str, object], side: str) -> tuple[float, float]:
    value = entry.get(side, [0.0, 0.0])
    sound = isinstance(value, list) and len(value) == 2
    numbers = [one for one in value if type(one) in (int, float)] if isinstance(value, list) else []
    if not sound or len(numbers) != 2 or any(abs(one) > MAX_OFFSET_MM for one in numbers):
        raise IssuanceError(
            "bad_printers",
            f"{path}: [{name}] {side}: two numbers within ±{MAX_OFFSET_MM:g} mm were expected, not {value!r}",
        )
    return float(numbers[0]), float(numbers[1])
