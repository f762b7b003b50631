"""A portrait as people bring it, turned into the picture printed on the card and the tiny face in its code.

The file comes from outside: its size and its pixels are counted before anything is decoded, nothing of it
but the colours goes on (no place, no camera, no comment), and the same bytes always give the same result.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PIL import Image, ImageFilter

from issuance.faces import SEARCH_HEIGHT, Box, find_faces, framed
from issuance.findings import Finding, judged
from issuance.pictures import FILE_MAX, PIXELS_MAX, Picture, PortraitError, is_heic

__all__ = ["FACE_MAX", "FILE_MAX", "PIXELS_MAX", "PRINT_MAX", "PRINT_SIZE", "Crop", "Finding", "Portrait",
           "PortraitError", "face_within", "for_browsers", "prepare_portrait"]  # fmt: skip

#: The least width and height in pixels, upright: below it the print would be blurred.
SOURCE_MIN = (240, 320)
#: The printed picture, 7:9 like its box of 21 x 27 mm; 300 dpi needs 248 x 319 pixels.
PRINT_SIZE = (280, 360)
RATIO = PRINT_SIZE[0] / PRINT_SIZE[1]
#: The smallest part of a picture that is cut out by hand; printed, its pixels can be counted (145 dpi).
CROP_MIN = (120, 154)
#: The most bytes of the printed picture: it keeps a page of ten cards under half a megabyte.
PRINT_MAX = 40 * 1024
#: JPEG qualities tried for the print, from good to poor; pure noise fits with the last.
PRINT_QUALITIES = (88, 80, 70, 60, 45, 30, 15)
#: For a screen, where a part is framed.
SCREEN_QUALITY = 85
#: The face in the identity code (docs/format.md section 2).
FACE_SIZE = (48, 64)
#: The most bytes a face may ever have (docs/format.md section 2).
FACE_MAX = 450
#: How a face that is over its limit at quality 0 is made simpler: size and blur radius, one after another.
FACE_STEPS = (((48, 64), 0.0), ((48, 64), 1.0), ((42, 56), 1.0), ((36, 48), 1.0))
#: Where the search for a face's quality begins, what one step costs about (faces of 400 bytes), and how
#: many probes go by that before halving takes over: under four encodings on average instead of eight.
QUALITY_START, BYTES_A_QUALITY, AIMED_PROBES = 33, 5, 5
#: The share of the surplus height cut above the head; the rest is cut below. Heads stand in the upper half.
TOP_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Crop:
    """A rectangle in the pixels of the upright picture: as a browser shows it, EXIF orientation applied."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Portrait:
    """What the card needs of a portrait: the print (baseline JPEG, sRGB) and the face (lossy WebP).

    ``size`` is the upright picture's, in pixels; ``crop`` the part of it that is printed; ``findings`` what a
    clerk should look at before going on.
    """

    print_jpeg: bytes
    print_size: tuple[int, int]
    face_webp: bytes
    size: tuple[int, int]
    crop: Crop
    findings: tuple[Finding, ...]


def prepare_portrait(data: bytes, *, face_limit: int = 400, crop: Crop | None = None) -> Portrait:
    """Turn a portrait file into the printed picture and the face for the identity code.

    ``data`` is a JPEG, PNG, WebP or HEIC file of at most ``FILE_MAX`` bytes; ``face_limit`` is the most bytes
    of the face, never more than ``FACE_MAX``. Turned upright, converted to sRGB, laid on white where it is
    transparent. Cut to 7:9: inside ``crop`` where a person set one, else around the face as a travel document
    shows it, else from the middle. Deterministic for one build of the codecs. Raises ``PortraitError`` with
    the reasons ``portrait_format``, ``portrait_unreadable``, ``portrait_too_large``, ``portrait_too_small``
    and ``portrait_crop``; what can be printed but should be looked at is a finding.
    """
    source = Picture(data)
    width, height = source.size
    if width < SOURCE_MIN[0] or height < SOURCE_MIN[1]:
        raise PortraitError(
            "portrait_too_small",
            f"Portrait: {width} x {height} pixels, at least {SOURCE_MIN[0]} x {SOURCE_MIN[1]} are needed; "
            "take a larger picture.",
        )
    faces = _faces_of(source)
    if crop is not None:
        box = _inside(_checked(crop, source.size))
        faces = tuple(face for face in faces if box.holds(face.centre))
    elif faces:
        box = framed(faces[0], source.size, RATIO, least=CROP_MIN[1])
    else:
        box = _middle(width, height)
    picture = source.cut((box.x, box.y, box.x + box.w, box.y + box.h), PRINT_SIZE)
    return Portrait(
        _print_jpeg(picture),
        PRINT_SIZE,
        _face_webp(picture, min(face_limit, FACE_MAX)),
        source.size,
        Crop(round(box.x), round(box.y), round(box.w), round(box.h)),
        judged(picture, box, faces),
    )


def face_within(print_jpeg: bytes, limit: int = 400) -> bytes:
    """The tiny face of at most ``limit`` bytes from a print made here before, which is framed already."""
    source = Picture(print_jpeg)
    whole = (0.0, 0.0, float(source.size[0]), float(source.size[1]))
    return _face_webp(source.cut(whole, PRINT_SIZE), min(limit, FACE_MAX))


def for_browsers(data: bytes) -> bytes:
    """A portrait file as browsers show it: HEIC, which most cannot, as JPEG of the same upright pixels."""
    if not is_heic(data):
        return data
    source, out = Picture(data), io.BytesIO()
    whole = (0.0, 0.0, float(source.size[0]), float(source.size[1]))
    source.cut(whole, source.size).save(out, "JPEG", quality=SCREEN_QUALITY)
    return out.getvalue()


def _faces_of(source: Picture) -> tuple[Box, ...]:
    """The faces in upright pixels, found in a picture no larger than the search needs."""
    width, height = source.size
    small = source.whole((round(width * SEARCH_HEIGHT / height), SEARCH_HEIGHT))
    return tuple(face.scaled(width / small.width) for face in find_faces(small))


def _checked(crop: Crop, size: tuple[int, int]) -> Box:
    if crop.w < CROP_MIN[0] or crop.h < CROP_MIN[1]:
        least = f"at least {CROP_MIN[0]} x {CROP_MIN[1]} are needed"
        words = f"the part has {crop.w} x {crop.h} pixels, {least}; take in more of the picture."
        raise PortraitError("portrait_crop", f"Portrait: {words}")
    if crop.x < 0 or crop.y < 0 or crop.x + crop.w > size[0] or crop.y + crop.h > size[1]:
        place = f"{crop.w} x {crop.h} at {crop.x}, {crop.y}"
        words = f"the part {place} leaves the picture of {size[0]} x {size[1]}; set it anew."
        raise PortraitError("portrait_crop", f"Portrait: {words}")
    return Box(crop.x, crop.y, crop.w, crop.h)


def _inside(box: Box) -> Box:
    """The largest 7:9 box in the middle of a crop."""
    wide = min(box.w, box.h * RATIO)
    tall = wide / RATIO
    return Box(box.x + (box.w - wide) / 2, box.y + (box.h - tall) / 2, wide, tall)


def _middle(width: int, height: int) -> Box:
    """The largest 7:9 box: in the middle across, nearer to the top than to the bottom."""
    wide = min(width, height * RATIO)
    tall = min(wide / RATIO, height)
    return Box((width - wide) / 2, (height - tall) * TOP_SHARE, wide, tall)


def _print_jpeg(picture: Image.Image) -> bytes:
    """Baseline JPEG, 4:2:0, at the best quality of the list that keeps it within ``PRINT_MAX``."""
    encoded = b""
    for quality in PRINT_QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, subsampling="4:2:0", optimize=True)
        encoded = out.getvalue()
        if len(encoded) <= PRINT_MAX:
            return encoded
    raise PortraitError(
        "portrait_too_large",
        f"Portrait: the print takes {len(encoded):,} bytes, at most {PRINT_MAX:,} fit; "
        "use a picture with a plain background.",
    )


def _face_webp(picture: Image.Image, limit: int) -> bytes:
    """Encode the face at the largest quality within ``limit``; blurred, then smaller, where none fits."""
    smallest = 0
    for size, blur in FACE_STEPS:
        face = _face(picture, size, blur)
        best = _largest_within(limit, partial(_webp, face))
        if len(best) <= limit:
            return best
        smallest = len(best)
    raise PortraitError(
        "portrait_too_large",
        f"Portrait: the smallest face takes {smallest} bytes, {limit} are left for it in the code; "
        "use a picture with a plain background.",
    )


def _face(picture: Image.Image, size: tuple[int, int], blur: float) -> Image.Image:
    """Cut 3:4 out of the print's 7:9, a sliver at both sides, and shrink it."""
    width, height = picture.size
    inset = (width - height * size[0] / size[1]) / 2
    face = picture.resize(size, Image.Resampling.LANCZOS, box=(inset, 0.0, width - inset, float(height)))
    return face.filter(ImageFilter.GaussianBlur(blur)) if blur else face


def _largest_within(limit: int, encode: Callable[[int], bytes]) -> bytes:
    """Find a file within ``limit`` at about the largest quality; the file of quality 0 where none fits.

    The first probes aim by the usual slope, the others halve what is left; one quality step short of the
    limit is near enough. Size is not strictly monotone in quality, but the answer is always the same.
    """
    fits, over, quality, best = -1, 101, QUALITY_START, b""
    for probe in range(1, 101):
        encoded = encode(quality)
        spare = limit - len(encoded)
        if spare >= 0:
            fits, best = quality, encoded
        else:
            over = quality
        if over - fits <= 1 or 0 <= spare < BYTES_A_QUALITY:
            break
        quality += spare // BYTES_A_QUALITY
        if probe > AIMED_PROBES or not fits < quality < over:
            quality = (fits + over) // 2
    return best or encode(0)


def _webp(face: Image.Image, quality: int) -> bytes:
    """Encode as a simple lossy WebP file: RIFF header and one ``VP8 `` chunk (RFC 9649 section 2.5)."""
    out = io.BytesIO()
    face.save(out, "WEBP", quality=quality, method=6, exact=False)
    return out.getvalue()
