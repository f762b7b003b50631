"""What is drawn and not written: grounds, guilloche by formula, the seal's square, pictograms from SVG.

Everything comes out as PDF operators in card coordinates (millimetres from the top left corner). There is
no transparency; waves take a gradient as their colour, as iris printing does.
"""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from issuance.errors import IssuanceError
from issuance.layout import PAGE_POINTS, POINTS_PER_MM, Colour, Gradient, Rosette, Waves

#: Control points of a quarter circle drawn as a cubic Bézier curve.
_KAPPA = 0.5522847498
#: Points a period of a guilloche line; fewer show corners, more only cost bytes.
_POINTS_A_PERIOD = 7

#: Puts the origin into the top left corner, with y downwards and millimetres as units.
CARD_SPACE = f"{POINTS_PER_MM:.6f} 0 0 {-POINTS_PER_MM:.6f} 0 {PAGE_POINTS[1]:.2f} cm\n"

Point = tuple[float, float]


def num(value: float) -> str:
    """A number as PDF wants it: no exponent, no needless digits."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if value else "0"


def rgb(colour: Colour, operator: str = "rg") -> str:
    """A colour for filling (``rg``) or for lines (``RG``)."""
    return f"{' '.join(num(part) for part in colour)} {operator}\n"


def rounded(x: float, y: float, w: float, h: float, radius: float) -> str:
    """The path of a box with round corners."""
    r, k = radius, radius * (1 - _KAPPA)
    right, low = x + w, y + h
    parts = [
        ("m", x + r, y), ("l", right - r, y), ("c", right - k, y, right, y + k, right, y + r),
        ("l", right, low - r), ("c", right, low - k, right - k, low, right - r, low),
        ("l", x + r, low), ("c", x + k, low, x, low - k, x, low - r),
        ("l", x, y + r), ("c", x, y + k, x + k, y, x + r, y),
    ]  # fmt: skip
    return (
        "".join(" ".join(num(float(value)) for value in part[1:]) + f" {part[0]}\n" for part in parts) + "h\n"
    )


def shading(colours: Sequence[Colour], start: Point, end: Point) -> str:
    """An axial shading dictionary between two points, colours at equal distances (ISO 32000-1, 8.7.4.5.3)."""
    parts = [
        f"<< /FunctionType 2 /Domain [0 1] /N 1 /C0 [{_numbers(one)}] /C1 [{_numbers(two)}] >>"
        for one, two in pairwise(colours)
    ]
    bounds = " ".join(num(index / len(parts)) for index in range(1, len(parts)))
    function = (
        f"<< /FunctionType 3 /Domain [0 1] /Functions [{' '.join(parts)}] /Bounds [{bounds}]"
        f" /Encode [{' '.join(['0 1'] * len(parts))}] >>"
    )
    return (
        f"<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [{_numbers((*start, *end))}]"
        f" /Extend [true true] /Function {function} >>"
    )


def _numbers(values: Sequence[float]) -> str:
    return " ".join(num(value) for value in values)


def across(piece: Gradient | Waves) -> str:
    """The shading of a piece across the whole card, in points, as patterns and shadings want it."""
    if isinstance(piece, Waves):
        return shading(piece.colours, (0, 0), (PAGE_POINTS[0], 0))
    return shading(piece.colours, (0, PAGE_POINTS[1]), (PAGE_POINTS[0], 0))


def seed(edition: str, name: str) -> tuple[float, ...]:
    """Eight numbers from 0 to 1 that belong to an edition and a piece: the same for ever."""
    digest = hashlib.sha256(f"{edition}/{name}".encode()).digest()
    return tuple(int.from_bytes(digest[index : index + 4], "big") / 0xFFFFFFFF for index in range(0, 32, 4))


def guilloche(piece: Rosette | Waves, edition: str) -> tuple[dict[str, str], str]:
    """The curves to store by name, and the operators that draw the piece with them."""
    return _rosette(piece, edition) if isinstance(piece, Rosette) else ({}, _waves(piece, edition))


def _rosette(piece: Rosette, edition: str) -> tuple[dict[str, str], str]:
    """Rings of woven lines: in each ring one closed curve, repeated at small turns.

    A curve is stored once and turned many times, which takes a tenth of the bytes of drawing each.
    """
    stored, laid = {}, [f"{num(piece.stroke)} w 1 0 0 {num(piece.squash)} {num(piece.x)} {num(piece.y)} cm\n"]
    width = (piece.outer - piece.inner) / piece.rings
    for ring in range(piece.rings):
        chance = seed(edition, f"{piece.name}/{ring}")
        petals = piece.petals + 3 * ring + round(4 * chance[0])
        lobes = 3 + round(3 * chance[1])
        middle = piece.inner + width * (ring + 0.5)
        points = []
        for step in range(petals * _POINTS_A_PERIOD):
            angle = 2 * math.pi * step / (petals * _POINTS_A_PERIOD)
            swing = 0.62 + 0.16 * math.cos(lobes * angle + 6 * chance[2])
            drift = 0.12 * math.sin(lobes * angle + 6 * chance[3])
            radius = middle + width * (swing * math.sin(petals * angle) + drift)
            points.append((radius * math.cos(angle), radius * math.sin(angle)))
        name = f"{piece.name}{ring}"
        stored[name] = _smooth(points, closed=True) + "S\n"
        laid.append(rgb(piece.colours[ring % len(piece.colours)], "RG"))
        for index in range(piece.curves):
            turn = 2 * math.pi * (index / piece.curves / petals + chance[4])
            cos, sin = math.cos(turn), math.sin(turn)
            laid.append(f"q {cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} 0 0 cm /{name} Do Q\n")
    return stored, "".join(laid)


def _waves(piece: Waves, edition: str) -> str:
    """Sine lines along the box, each with a phase of its own."""
    chance = seed(edition, piece.name)
    count = math.ceil(piece.w / piece.length * 8)
    middle, swing = piece.y + piece.h / 2, piece.h / 2 - piece.stroke
    paths = []
    for index in range(piece.curves):
        phase = 2 * math.pi * (index / piece.curves + chance[0])
        length = piece.length * (1 + (index % 3) * 0.25 * (0.5 + chance[1]))
        points = [
            (
                piece.x + piece.w * step / count,
                middle + swing * math.sin(2 * math.pi * piece.w * step / count / length + phase),
            )
            for step in range(count + 1)
        ]
        paths.append(_smooth(points, closed=False))
    return f"/Pattern CS /{piece.name} SCN {num(piece.stroke)} w\n{''.join(paths)}S\n"


def _smooth(points: Sequence[Point], *, closed: bool) -> str:
    """A curve through all points (Catmull-Rom, as Bézier pieces)."""
    last = len(points) - 1

    def at(index: int) -> Point:
        return points[index % len(points)] if closed else points[min(max(index, 0), last)]

    out = [f"{num(points[0][0])} {num(points[0][1])} m\n"]
    for index in range(last + 1 if closed else last):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = (at(index + offset) for offset in (-1, 0, 1, 2))
        values = (bx + (cx - ax) / 6, by + (cy - ay) / 6, cx - (dx - bx) / 6, cy - (dy - by) / 6, cx, cy)
        out.append(" ".join(f"{value:.2f}" for value in values) + " c\n")
    return "".join(out)


def pictograms(path: Path) -> Mapping[str, str]:
    """The groups of an SVG file by id, each as operators in its own units (24 a side, y downwards).

    Reads what our own drawings use: ``<g id>`` with ``<path d>``. Raises `IssuanceError` ``bad_art``.
    """
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314  # the layout's own art: no stranger's file
    except (OSError, ElementTree.ParseError) as error:
        raise IssuanceError("bad_art", f"{path} cannot be read: {error}") from error
    drawn = {}
    for group in root:
        name = group.get("id", "")
        drawn[name] = "".join(path_operators(shape.get("d", "")) + "S\n" for shape in group)
    return drawn


_COMMAND = re.compile(r"([MLHVCQAZmlhvcqaz])|([-+]?(?:\d+\.?\d*|\.\d+))")
_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "A": 7, "Z": 0}


def path_operators(data: str) -> str:
    """SVG path data as PDF operators (SVG 1.1, section 8.3, without S and T)."""
    out = []
    at: Point = (0.0, 0.0)
    start = at
    for command, values in _commands(data):
        origin = at if command.islower() else (0.0, 0.0)
        kind = command.upper()
        if kind == "Z":
            out.append("h\n")
            at = start
        elif kind == "A":
            end = (values[5] + origin[0], values[6] + origin[1])
            out += [_curve(piece) for piece in _arc(at, values[0], bool(values[3]), bool(values[4]), end)]
            at = end
        else:
            points = _absolute(kind, values, at, origin)
            if kind == "Q":
                points = _cubic(at, *points)
            out.append(
                _curve(points) if len(points) == 3 else f"{_pair(points[0])} {'m' if kind == 'M' else 'l'}\n"
            )
            at = points[-1]
            start = at if kind == "M" else start
    return "".join(out)


def _commands(data: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with its numbers; repeated numbers repeat the command, as SVG says."""
    command = ""
    values: list[float] = []
    for letter, number in _COMMAND.findall(data):
        if letter:
            command, values = letter, []
        else:
            values.append(float(number))
        if len(values) == _ARGUMENTS[command.upper()]:
            yield command, values
            values = []
            command = {"M": "L", "m": "l"}.get(command, command)


def _absolute(kind: str, values: list[float], at: Point, origin: Point) -> list[Point]:
    if kind == "H":
        return [(values[0] + origin[0], at[1])]
    if kind == "V":
        return [(at[0], values[0] + origin[1])]
    return [(x + origin[0], y + origin[1]) for x, y in zip(values[::2], values[1::2], strict=True)]


def _cubic(at: Point, control: Point, end: Point) -> list[Point]:
    """A quadratic curve as a cubic one."""
    one = (at[0] + 2 / 3 * (control[0] - at[0]), at[1] + 2 / 3 * (control[1] - at[1]))
    two = (end[0] + 2 / 3 * (control[0] - end[0]), end[1] + 2 / 3 * (control[1] - end[1]))
    return [one, two, end]


def _arc(at: Point, radius: float, large: bool, sweep: bool, end: Point) -> Iterator[list[Point]]:
    """A circular arc as cubic curves of at most a quarter turn (SVG 1.1, F.6.5 with rx = ry)."""
    half_x, half_y = (at[0] - end[0]) / 2, (at[1] - end[1]) / 2
    half = math.hypot(half_x, half_y)
    radius = max(radius, half)
    rise = math.sqrt(max(radius**2 - half**2, 0.0)) / half * (-1 if large == sweep else 1)
    centre = ((at[0] + end[0]) / 2 + rise * half_y, (at[1] + end[1]) / 2 - rise * half_x)
    first = math.atan2(at[1] - centre[1], at[0] - centre[0])
    turn = math.atan2(end[1] - centre[1], end[0] - centre[0]) - first
    if sweep and turn < 0:
        turn += 2 * math.pi
    elif not sweep and turn > 0:
        turn -= 2 * math.pi
    steps = max(1, math.ceil(abs(turn) / (math.pi / 2) - 1e-6))
    reach = 4 / 3 * math.tan(turn / steps / 4) * radius
    for step in range(steps):
        one, two = first + turn * step / steps, first + turn * (step + 1) / steps
        begin = (centre[0] + radius * math.cos(one), centre[1] + radius * math.sin(one))
        stop = (centre[0] + radius * math.cos(two), centre[1] + radius * math.sin(two))
        yield [
            (begin[0] - reach * math.sin(one), begin[1] + reach * math.cos(one)),
            (stop[0] + reach * math.sin(two), stop[1] - reach * math.cos(two)),
            stop,
        ]


def _pair(point: Point) -> str:
    return f"{num(point[0])} {num(point[1])}"


def _curve(points: Sequence[Point]) -> str:
    return f"{' '.join(_pair(point) for point in points)} c\n"
