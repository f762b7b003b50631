"""What a clerk should look at before a portrait is printed: warnings with words, never refusals.

Measured in the print itself, so that a picture is judged as the card will show it. Exposure is judged by the
whole print and not by the skin: a dark face in good light is no dark picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from PIL import Image

from issuance.faces import EYES_AT, Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grey: TypeAlias = NDArray[np.uint8]

#: Pixels that a print of 27 mm at 300 dpi needs from the picture, from its upper to its lower edge.
TALL_MIN = 319
#: Brightness from 0 to 255. A print whose brightest places stay under it was taken without light; the
#: background and the clothes count, so that no skin does.
LIGHT_MIN = 120
#: Pixels that are white and show nothing, and the share of the face from which that matters.
WHITE, WHITE_SHARE = 250, 0.25
#: The least distance between dark and light in a print that a thermal printer can still show.
CONTRAST_MIN = 90
#: The least sharpness: deviation of the Laplacian over that of the brightness, so that dull and vivid
#: pictures measure alike. A sharp photograph has 0.15 and a drawing 0.4; blurred by four pixels both have
#: less than 0.07.
SHARP_MIN = 0.08
#: How far a face may lie off the middle, in widths, and where its eyes may be, in heights from above.
OFF_CENTRE_MAX = 0.1
EYES_MIN, EYES_MAX = 0.28, 0.6
#: The most of the print's height that the found face may take: then there is no room left above the hair.
FACE_SHARE_MAX = 0.72


class Finding(NamedTuple):
    """One thing about a portrait: a stable ``reason`` and ``words`` for the clerk."""

    reason: str
    words: str


WORDS = {
    "no_face": "No face was found; set the part to be printed by hand, or take it again from the front.",
    "several_faces": "More than one face was found, and the largest is shown; is it the right one?",
    "too_small": "The face has few pixels and will look coarse; take the picture closer.",
    "too_close": "There is no room around the head; take the picture from further away.",
    "off_centre": "The face is not in the middle; set the part to be printed by hand.",
    "too_dark": "The picture is too dark; take it again with light from the front.",
    "too_bright": "Parts of the face are white and show nothing; take it again with less light.",
    "low_contrast": "Light and dark differ too little; the print will look flat.",
    "blurred": "The picture is blurred; hold still, wipe the lens, take it again.",
}


def judged(picture: Image.Image, box: Box, faces: tuple[Box, ...]) -> tuple[Finding, ...]:
    """The findings of a print: ``box`` and ``faces`` (the largest first) are in the source's pixels."""
    import numpy as np

    grey = np.asarray(picture.convert("L"))
    return tuple(Finding(reason, WORDS[reason]) for reason in _reasons(grey, box, faces))


def _reasons(grey: Grey, box: Box, faces: tuple[Box, ...]) -> Iterator[str]:
    if not faces:
        yield "no_face"
    if len(faces) > 1:
        yield "several_faces"
    if box.h < TALL_MIN:
        yield "too_small"
    if faces:
        yield from _placed(box, faces[0])
    face = _part(grey, box, faces[0]) if faces else grey
    yield from _exposed(grey, face)
    if _sharpness(face) < SHARP_MIN:
        yield "blurred"


def _placed(box: Box, face: Box) -> Iterator[str]:
    if face.h > FACE_SHARE_MAX * box.h:
        yield "too_close"
    eyes = (face.y + EYES_AT * face.h - box.y) / box.h
    aside = abs(face.centre[0] - box.centre[0]) / box.w
    if aside > OFF_CENTRE_MAX or not EYES_MIN <= eyes <= EYES_MAX:
        yield "off_centre"


def _exposed(grey: Grey, face: Grey) -> Iterator[str]:
    """At most one: in the dark and in glaring light contrast is low as well."""
    import numpy as np

    low, high = np.percentile(grey, (2, 98))
    if high < LIGHT_MIN:
        yield "too_dark"
    elif float(np.mean(face >= WHITE)) > WHITE_SHARE:
        yield "too_bright"
    elif high - low < CONTRAST_MIN:
        yield "low_contrast"


def _part(grey: Grey, box: Box, face: Box) -> Grey:
    """The face's pixels in the print."""
    scale = grey.shape[0] / box.h
    left, top = max(0, int((face.x - box.x) * scale)), max(0, int((face.y - box.y) * scale))
    size = max(1, int(face.w * scale))
    return grey[top : top + size, left : left + size]


def _sharpness(grey: Grey) -> float:
    import cv2
    import numpy as np

    edges = cv2.Laplacian(np.ascontiguousarray(grey), cv2.CV_64F)
    return float(edges.std() / max(1.0, float(grey.std())))
