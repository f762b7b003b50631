"""The sheet, the pens and the colours of the drawn portraits; a sheet is 100 units across."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageChops, ImageDraw, ImageFilter

#: The finished picture in pixels, 7:9 as on the card, and how much larger it is drawn for smooth edges.
SIZE = (600, 771)
SUPERSAMPLE = 2
#: Drawings use a sheet of 100 units across and 128.5 down, whatever the pixels.
UNITS = 100.0

Colour = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person: colours as hexadecimal, shapes as the words that ``Artist`` knows."""

    file: str
    skin: str
    hair: str
    ground: str
    clothes: str
    cut: str = "short"
    collar: str = "crew"
    eyes: str = "#2a1a12"
    wide: float = 1.0
    tall: float = 1.0
    brow: float = 1.0
    lips: str = ""
    extras: frozenset[str] = field(default_factory=frozenset)
    scarf: str = ""
    accent: str = "#f4f1ea"
    child: bool = False


def rgb(text: str) -> Colour:
    """``#d7e6e0`` as three numbers."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``one`` with ``share`` (0 to 1) of ``other`` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def darker(colour: Colour, share: float) -> Colour:
    """Towards a warm black, as shadows on skin and cloth are."""
    return mix(colour, (36, 18, 14), share)


def lighter(colour: Colour, share: float) -> Colour:
    """Towards a warm white."""
    return mix(colour, (255, 250, 242), share)


def smooth(points: Sequence[Point], steps: int = 14) -> list[Point]:
    """A closed Catmull-Rom curve through the points."""
    curve: list[Point] = []
    count = len(points)
    for i in range(count):
        p0, p1, p2, p3 = (points[(i + k - 1) % count] for k in range(4))
        for step in range(steps):
            t = step / steps
            curve.append((_spline(p0[0], p1[0], p2[0], p3[0], t), _spline(p0[1], p1[1], p2[1], p3[1], t)))
    return curve


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)


def mirrored(points: Iterable[Point], centre: float = 50.0) -> list[Point]:
    """The right half of an outline, from top to bottom, made whole."""
    right = list(points)
    left = [(2 * centre - x, y) for x, y in reversed(right) if abs(x - centre) > 0.01]
    return right + left


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Part of an ellipse; degrees clockwise from the right, as screens count."""
    steps = 40
    turns = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
    return [(x + rx * math.cos(turn), y + ry * math.sin(turn)) for turn in turns]


class Canvas:
    """One person's sheet and measures; every method lays a further shape over the ones before."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.scale = SIZE[0] * SUPERSAMPLE / UNITS
        self.pixels = (SIZE[0] * SUPERSAMPLE, SIZE[1] * SUPERSAMPLE)
        self.skin = rgb(person.skin)
        hair = rgb(person.hair)
        self.hair = mix(hair, (196, 192, 186), 0.55) if "grey" in person.extras else hair
        self.cloth = rgb(person.clothes)
        # The head: centre, half width, top and chin. A child's is rounder and stands lower.
        self.half = (19.5 if person.child else 20.0) * person.wide
        self.top = 33.0 if person.child else 24.0
        self.chin = self.top + (50.0 if person.child else 55.5) * person.tall
        self.eye_line = self.top + (self.chin - self.top) * (0.54 if person.child else 0.49)
        self.sheet = self._ground()

    # Tools of the trade

    def mask(self, points: Sequence[Point], blur: float = 0.0) -> Image.Image:
        """A stencil of the outline, ``blur`` units soft."""
        stencil = Image.new("L", self.pixels)
        ImageDraw.Draw(stencil).polygon([(x * self.scale, y * self.scale) for x, y in points], fill=255)
        return self.blurred(stencil, blur)

    def blurred(self, stencil: Image.Image, blur: float) -> Image.Image:
        """Soften a stencil by ``blur`` units."""
        if not blur:
            return stencil
        # Blurring a quarter-size copy looks the same and takes a fraction of the time.
        small = stencil.resize((self.pixels[0] // 4, self.pixels[1] // 4), Image.Resampling.BOX)
        small = small.filter(ImageFilter.GaussianBlur(blur * self.scale / 4))
        return small.resize(self.pixels, Image.Resampling.BICUBIC)

    def fill(
        self, points: Sequence[Point], colour: Colour, *, alpha: float = 1.0, blur: float = 0.0,
        within: Image.Image | None = None,
    ) -> None:  # fmt: skip
        """Lay a shape in one colour; ``within`` keeps it inside another shape's stencil."""
        stencil = self.mask(points, blur)
        if within is not None:
            stencil = ImageChops.multiply(stencil, within)
        if alpha < 1.0:
            stencil = stencil.point([round(value * alpha) for value in range(256)])
        self.sheet.paste(Image.new("RGB", self.pixels, colour), mask=stencil)

    def stroke(self, points: Sequence[Point], colour: Colour, width: float, *, alpha: float = 1.0) -> None:
        """A line with round ends, ``width`` units wide."""
        stencil = Image.new("L", self.pixels)
        pen = ImageDraw.Draw(stencil)
        dots = [(x * self.scale, y * self.scale) for x, y in points]
        pen.line(dots, fill=255, width=round(width * self.scale), joint="curve")
        radius = width * self.scale / 2
        for x, y in (dots[0], dots[-1]):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        stencil = stencil.point([round(value * alpha) for value in range(256)])
        self.sheet.paste(Image.new("RGB", self.pixels, colour), mask=stencil)

    def oval(self, x: float, y: float, rx: float, ry: float) -> list[Point]:
        """An ellipse as an outline."""
        turns = (math.tau * i / 72 for i in range(72))
        return [(x + rx * math.cos(turn), y + ry * math.sin(turn)) for turn in turns]

    def both(self, points: Sequence[Point]) -> tuple[list[Point], list[Point]]:
        """An outline and its mirror image on the other side of the face."""
        return list(points), [(100 - x, y) for x, y in points]

    def _ground(self) -> Image.Image:
        """A plain wall, a little lighter behind the head, as a photographer lights it."""
        colour = rgb(self.person.ground)
        sheet = Image.new("RGB", self.pixels, darker(colour, 0.07))
        glow = self.mask(self.oval(50, 52, 52, 60), 16)
        sheet.paste(Image.new("RGB", self.pixels, lighter(colour, 0.28)), mask=glow)
        return sheet

    def face_outline(self) -> list[Point]:
        """The outline of the face from the crown to the chin."""
        half, top, chin = self.half, self.top, self.chin
        tall = chin - top
        jaw = 0.70 if self.person.child else 0.66
        return smooth(
            mirrored(
                [
                    (50, top),
                    (50 + half * 0.62, top + tall * 0.06),
                    (50 + half * 0.97, top + tall * 0.27),
                    (50 + half, top + tall * 0.5),
                    (50 + half * 0.9, top + tall * 0.72),
                    (50 + half * jaw, top + tall * 0.88),
                    (50 + half * 0.3, chin - tall * 0.012),
                    (50, chin),
                ]
            )
        )
