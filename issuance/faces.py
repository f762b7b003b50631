"""Where a face is in a picture, and the box around it that a travel document would show.

OpenCV's cascades ship in its package: nothing is fetched, and the same pixels always give the same boxes.
They find faces that look into the camera; they recognise nobody. What they miss, a person crops by hand.
OpenCV and NumPy are imported by what looks at pixels: together they take a tenth of a command's start.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import cv2
    import numpy as np
    from numpy.typing import NDArray

#: The height at which faces are looked for. With the two numbers below all drawn examples are found and
#: nothing in pictures without people, as at 320 and 400, in half the time (docs/chips.md has the rates).
SEARCH_HEIGHT = 240
#: The most pixels that are searched, so that a very wide picture costs no more than others.
SEARCH_PIXELS = 240_000
#: The smallest face that is looked for, as a share of the picture's shorter side: first those of a portrait,
#: which costs a third; the smaller ones only where the largest found leaves room for a second that counts.
PORTRAIT_SHARE, FACE_MIN_SHARE = 0.2, 0.1
#: How finely sizes are tried, and how many neighbouring hits make a face: fewer give faces in curtains.
SCALE_STEP, NEIGHBOURS = 1.1, 3
#: The faces that the cascade was trained with are so many pixels wide; it knows no smaller ones.
CASCADE_SIDE = 20
#: A second face counts from this share of the largest one's width: smaller ones stand far behind.
SECOND_SHARE = 0.45
#: The cascade's box measured against a head: the eyes' line below its upper edge, in box heights.
EYES_AT = 0.40
#: The picture's height in box heights. A head from crown to chin is 1.15 (flat hair) to 1.35 boxes high, so
#: it takes 66 to 77 % of the picture (ICAO Doc 9303 part 3: 70 to 80 %; ISO/IEC 19794-5: 60 to 90 %).
PICTURE_IN_BOXES = 1.75
#: The eyes' line below the picture's upper edge (ISO/IEC 19794-5, 8.3: 0.3 to 0.5; tokens 0.45 of 4:3).
EYES_IN_PICTURE = 0.45


_MODEL = "haarcascade_frontalface_alt2.xml"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in the pixels of an upright picture: the upper left corner, width and height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, across and down."""
        return self.x + self.w / 2, self.y + self.h / 2

    def scaled(self, by: float) -> Box:
        """The same place in a picture ``by`` times as large."""
        return Box(self.x * by, self.y * by, self.w * by, self.h * by)

    def holds(self, point: tuple[float, float]) -> bool:
        """Whether the point lies inside."""
        return self.x <= point[0] < self.x + self.w and self.y <= point[1] < self.y + self.h


@cache
def _cascade() -> cv2.CascadeClassifier:
    import cv2

    # One thread: hits found by several are grouped in the order they come, and the box would waver.
    cv2.setNumThreads(1)
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / _MODEL))


def find_faces(picture: Image.Image) -> tuple[Box, ...]:
    """The faces that count, the largest first, in the picture's own pixels; none where none is seen."""
    import numpy as np

    width, height = picture.size
    scale = min(1.0, SEARCH_HEIGHT / height, (SEARCH_PIXELS / (width * height)) ** 0.5)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = np.asarray(picture.convert("L").resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
    boxes = _boxes(grey, PORTRAIT_SHARE * min(size))
    if not boxes or boxes[0].w * SECOND_SHARE < PORTRAIT_SHARE * min(size):
        boxes = _boxes(grey, FACE_MIN_SHARE * min(size))
    faces: list[Box] = []
    for box in boxes:
        if box.w < SECOND_SHARE * boxes[0].w or any(face.holds(box.centre) for face in faces):
            continue
        faces.append(box)
    return tuple(face.scaled(1 / scale) for face in faces)


def _boxes(grey: NDArray[np.uint8], least: float) -> list[Box]:
    """The cascade's hits of at least that many pixels, the largest first."""
    side = max(CASCADE_SIDE, round(least))
    hits = _cascade().detectMultiScale(grey, SCALE_STEP, NEIGHBOURS, minSize=(side, side))
    return sorted((Box(*(float(value) for value in hit)) for hit in hits), key=lambda box: (-box.w, box.x))


def framed(face: Box, size: tuple[int, int], ratio: float, *, least: float) -> Box:
    """The box of width : height = ``ratio`` around a face, as on a travel document.

    At least ``least`` pixels high; shifted, then shrunk, where the picture of ``size`` ends.
    """
    width, height = size
    tall = min(max(PICTURE_IN_BOXES * face.h, least), height, width / ratio)
    wide = tall * ratio
    left = face.centre[0] - wide / 2
    top = face.y + EYES_AT * face.h - EYES_IN_PICTURE * tall
    return Box(min(max(left, 0.0), width - wide), min(max(top, 0.0), height - tall), wide, tall)
