"""A portrait as people bring it, turned into the picture printed on the card and the tiny face in its code.

The file comes from outside: its size and its pixels are counted before anything is decoded, nothing of it
but the colours goes on (no place, no camera, no comment), and the same bytes always give the same result.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PIL import Image, ImageCms, ImageFilter

from issuance.errors import FieldError

#: The largest file taken; a phone's best photograph stays under it.
FILE_MAX = 10 * 1024 * 1024
#: The most pixels taken: a 48-megapixel phone passes; decoded as RGB this is 150 MB, once.
PIXELS_MAX = 50_000_000
#: The most scans a progressive JPEG may have. Usual ones have ten; each one costs a pass over all pixels.
JPEG_SCANS_MAX = 200
#: The least width and height in pixels, upright: below it the print would be blurred.
SOURCE_MIN = (240, 320)
#: The printed picture, 7:9 like its box of 21 x 27 mm; 300 dpi needs 248 x 319 pixels.
PRINT_SIZE = (280, 360)
#: The most bytes of the printed picture: it keeps a page of ten cards under half a megabyte.
PRINT_MAX = 40 * 1024
#: JPEG qualities tried for the print, from good to poor; pure noise fits with the last.
PRINT_QUALITIES = (88, 80, 70, 60, 45, 30, 15)
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

_EXIF_ORIENTATION = 0x0112
_FORMATS = ("JPEG", "PNG", "WEBP")
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
#: What the decoders raise for broken files: it depends on where the file is broken.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError, MemoryError,
    struct.error, zlib.error,
)  # fmt: skip
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PortraitError(FieldError):
    """The portrait cannot be used; the field is always ``portrait``."""

    def __init__(self, reason: str, words: str) -> None:
        """Name the field for the caller: ``reason`` is one of the four ``portrait_…`` codes."""
        super().__init__("portrait", reason, words)


@dataclass(frozen=True, slots=True)
class Portrait:
    """What the card needs of a portrait: the print (baseline JPEG, sRGB) and the face (lossy WebP)."""

    print_jpeg: bytes
    print_size: tuple[int, int]
    face_webp: bytes


def prepare_portrait(data: bytes, *, face_limit: int = 400) -> Portrait:
    """Turn a portrait file into the printed picture and the face for the identity code.

    ``data`` is a JPEG, PNG or WebP file of at most ``FILE_MAX`` bytes; ``face_limit`` is the most bytes of
    the face, never more than ``FACE_MAX``. Turned upright, converted to sRGB, laid on white where it is
    transparent, cut to 7:9. Deterministic for one build of the codecs. Raises ``PortraitError`` with the
    reasons ``portrait_format``, ``portrait_unreadable``, ``portrait_too_large``, ``portrait_too_small``.
    """
    picture = _read(data)
    return Portrait(_print_jpeg(picture), PRINT_SIZE, _face_webp(picture, min(face_limit, FACE_MAX)))


def _read(data: bytes) -> Image.Image:
    """Decode as little as is needed and return an RGB picture of ``PRINT_SIZE`` without any metadata."""
    if len(data) > FILE_MAX:
        raise PortraitError(
            "portrait_too_large",
            f"Portrait: the file has {len(data):,} bytes, at most {FILE_MAX:,} are taken; save it smaller.",
        )
    if not data.startswith(_MAGIC):
        raise PortraitError(
            "portrait_format",
            f"Portrait: expected a JPEG, PNG or WebP file, it begins with {data[:8].hex() or 'nothing'}; "
            "save the picture as JPEG.",
        )
    try:
        _check_before_decoding(data)
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _check_pixels(*image.size)
            return _upright_print(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PortraitError("portrait_too_large", f"Portrait: {error} Save it smaller.") from error
    except _BROKEN as error:
        raise PortraitError(
            "portrait_unreadable",
            f"Portrait: the file is damaged or incomplete ({error}); export or photograph it again.",
        ) from error


def _check_before_decoding(data: bytes) -> None:
    """Refuse what would cost much already while it is opened: a huge WebP canvas, endless JPEG scans."""
    if data.startswith(b"RIFF"):
        _check_pixels(*_webp_size(data))
    elif data.startswith(b"\xff\xd8"):
        scans = data.count(b"\xff\xda")
        if scans > JPEG_SCANS_MAX:
            raise PortraitError(
                "portrait_too_large",
                f"Portrait: the JPEG has {scans:,} scans, at most {JPEG_SCANS_MAX} are taken; "
                "save it again as an ordinary JPEG.",
            )


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of a WebP file from its first chunk (RFC 9649 sections 2.5 to 2.7)."""
    kind, body = data[8:16], data[20:30]
    if len(body) < 10 or kind not in (b"WEBPVP8 ", b"WEBPVP8L", b"WEBPVP8X"):
        raise PortraitError("portrait_format", "Portrait: a RIFF file, but not WebP; save it as JPEG.")
    if kind == b"WEBPVP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"WEBPVP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _check_pixels(width: int, height: int) -> None:
    if width * height > PIXELS_MAX:
        raise PortraitError(
            "portrait_too_large",
            f"Portrait: {width} x {height} pixels, at most {PIXELS_MAX // 1_000_000} million are taken; "
            "save it smaller.",
        )


def _upright_print(image: Image.Image) -> Image.Image:
    """Cut, shrink, turn and recolour, in the order that touches the fewest pixels."""
    turn = _TRANSPOSE.get(_orientation(image))
    swapped = turn is not None and image.size != _turned_size(image.size, turn)
    width, height = _turned_size(image.size, turn)
    if width < SOURCE_MIN[0] or height < SOURCE_MIN[1]:
        raise PortraitError(
            "portrait_too_small",
            f"Portrait: {width} x {height} pixels, at least {SOURCE_MIN[0]} x {SOURCE_MIN[1]} are needed; "
            "take a larger picture.",
        )
    profile = image.info.get("icc_profile")
    wanted = _fitting(width, height)
    if swapped:
        wanted = (wanted[1], wanted[0])
    image.draft(None, wanted)  # JPEG alone: lets the decoder leave out what shrinking would throw away
    picture = _plain_mode(image)
    if turn is not None:
        picture = picture.transpose(turn)
    picture = picture.resize(
        PRINT_SIZE, Image.Resampling.LANCZOS, box=_crop_box(*picture.size), reducing_gap=3.0
    )
    picture = _on_white(_to_srgb(picture, profile))
    picture.info = {}  # Pillow writes a comment or a profile it finds here into the files it saves.
    return picture


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1 where none can be read, for the picture is what counts."""
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except _BROKEN:
        return 1


def _turned_size(size: tuple[int, int], turn: Image.Transpose | None) -> tuple[int, int]:
    sideways = (Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90,
                Image.Transpose.ROTATE_270)  # fmt: skip
    return (size[1], size[0]) if turn in sideways else size


def _fitting(width: int, height: int) -> tuple[int, int]:
    """Return the smallest decoded size whose crop still has all the print's pixels each way."""
    left, top, right, bottom = _crop_box(width, height)
    scale = max(PRINT_SIZE[0] / (right - left), PRINT_SIZE[1] / (bottom - top))
    return math.ceil(width * scale), math.ceil(height * scale)


def _crop_box(width: int, height: int) -> tuple[float, float, float, float]:
    """Return the largest 7:9 box: in the middle across, nearer to the top than to the bottom."""
    ratio = PRINT_SIZE[0] / PRINT_SIZE[1]
    if width > height * ratio:
        inset = (width - height * ratio) / 2
        return inset, 0.0, width - inset, float(height)
    tall = width / ratio
    top = (height - tall) * TOP_SHARE
    return 0.0, top, float(width), top + tall


def _plain_mode(image: Image.Image) -> Image.Image:
    """Bring palettes, 16-bit greys and the like to a mode that can be resized without loss of meaning."""
    if image.mode in ("RGB", "RGBA", "CMYK", "L", "LA"):
        return image
    if image.mode.startswith("I"):  # 16-bit grey PNG; convert() alone would clip it to white
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert by the embedded profile; a profile that is broken or of another mode is as if absent."""
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(picture, source, srgb, outputMode="RGB")
        except (*_BROKEN, ImageCms.PyCMSError):
            return picture
        return picture if converted is None else converted
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA"):
        opaque = picture.convert("RGBA")
        ground = Image.new("RGBA", opaque.size, "white")
        return Image.alpha_composite(ground, opaque).convert("RGB")
    return picture.convert("RGB")


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
