"""A picture file from outside, read with care: sizes are counted before anything is decoded.

JPEG, PNG and WebP by Pillow, HEIC by libheif in a process of its own. What leaves is upright, sRGB, on white,
and holds nothing of the file but its colours (no place, no camera, no comment).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageCms

from issuance import heic
from issuance.errors import FieldError

#: The largest file taken; a phone's best photograph stays under it.
FILE_MAX = 10 * 1024 * 1024
#: The most pixels taken: a 48-megapixel phone passes; decoded as RGB this is 150 MB, once.
PIXELS_MAX = 50_000_000
#: The most scans a progressive JPEG may have. Usual ones have ten; each one costs a pass over all pixels.
JPEG_SCANS_MAX = 200
#: Where a HEIC file says the sizes of its pictures and tiles (``ispe``, ISO/IEC 23008-12, 6.5.3): in front.
HEIC_META_MAX = 64 * 1024

_EXIF_ORIENTATION = 0x0112
_FORMATS = ("JPEG", "PNG", "WEBP")
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
#: Major brands of still HEIC pictures (ISO/IEC 23008-12, 10.2). Others, AVIF too, are not decoded here.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
#: What the decoders raise for broken files: it depends on where the file is broken.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError, MemoryError,
    RuntimeError, struct.error, zlib.error,
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
_SIDEWAYS = (5, 6, 7, 8)


class PortraitError(FieldError):
    """The portrait cannot be used; the field is always ``portrait``."""

    def __init__(self, reason: str, words: str) -> None:
        """Name the field for the caller: ``reason`` is one of the ``portrait_…`` codes."""
        super().__init__("portrait", reason, words)


class Picture:
    """A picture file that was measured; its pixels are decoded as small as they are needed."""

    def __init__(self, data: bytes) -> None:
        """Measure the file.

        Raises ``PortraitError``: ``portrait_too_large``, ``portrait_format``, ``portrait_unreadable``.
        """
        _check_file(data)
        self._data = data
        self._kept: Image.Image | None = None
        #: HEIC is decoded once, elsewhere; the others as small as they are needed.
        self._upright = _heic(data) if is_heic(data) else None
        with self._opened() as image:
            self._turn = _orientation(image)
            self._profile: bytes | None = image.info.get("icc_profile")
            #: Width and height in pixels, upright.
            self.size = image.size[::-1] if self._turn in _SIDEWAYS else image.size

    def whole(self, least: tuple[int, int]) -> Image.Image:
        """All of the picture, upright, of at least this size where the file has as many pixels.

        A JPEG is decoded at an eighth, a quarter or a half where that is enough. The colours are the file's.
        """
        wanted = (min(least[0], self.size[0]), min(least[1], self.size[1]))
        if self._kept is None or self._kept.width < wanted[0] or self._kept.height < wanted[1]:
            self._kept = self._decoded(wanted)
        return self._kept

    def cut(self, box: tuple[float, float, float, float], size: tuple[int, int]) -> Image.Image:
        """The box (left, top, right, bottom in upright pixels) drawn at ``size``: RGB, sRGB, no metadata."""
        scale = max(size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1]))
        least = (int(self.size[0] * scale) + 1, int(self.size[1] * scale) + 1)
        picture = self.whole(least)
        across, down = picture.width / self.size[0], picture.height / self.size[1]
        place = (
            box[0] * across,
            box[1] * down,
            min(box[2] * across, picture.width),
            min(box[3] * down, picture.height),
        )
        picture = picture.resize(size, Image.Resampling.LANCZOS, box=place, reducing_gap=3.0)
        picture = _on_white(_to_srgb(picture, self._profile))
        picture.info = {}  # Pillow writes a comment or a profile it finds here into the files it saves.
        return picture

    def _decoded(self, least: tuple[int, int]) -> Image.Image:
        turn = _TRANSPOSE.get(self._turn)
        with self._opened() as image:
            image.draft(None, least[::-1] if self._turn in _SIDEWAYS else least)
            picture = _plain_mode(image)
            return picture.copy() if turn is None else picture.transpose(turn)

    @contextmanager
    def _opened(self) -> Iterator[Image.Image]:
        if self._upright is not None:
            yield self._upright
            return
        with _opened(self._data) as image:
            yield image


def is_heic(data: bytes) -> bool:
    """Whether the file begins as a HEIC still picture does: an ``ftyp`` box with one of its brands."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS


def _check_file(data: bytes) -> None:
    """Refuse what would cost much already while it is opened: a huge file or canvas, endless scans."""
    if len(data) > FILE_MAX:
        raise PortraitError(
            "portrait_too_large",
            f"Portrait: the file has {len(data):,} bytes, at most {FILE_MAX:,} are taken; save it smaller.",
        )
    if not data.startswith(_MAGIC) and not is_heic(data):
        raise PortraitError(
            "portrait_format",
            "Portrait: expected a JPEG, PNG, WebP or HEIC file, it begins with "
            f"{data[:8].hex() or 'nothing'}; save the picture as JPEG.",
        )
    if data.startswith(b"RIFF"):
        _check_pixels(*_webp_size(data))
    elif is_heic(data):
        for place in _every(b"ispe", data[:HEIC_META_MAX]):
            _check_pixels(*struct.unpack_from(">II", data[place + 8 : place + 16].ljust(8, b"\0")))
    elif data.startswith(b"\xff\xd8"):
        scans = data.count(b"\xff\xda")
        if scans > JPEG_SCANS_MAX:
            raise PortraitError(
                "portrait_too_large",
                f"Portrait: the JPEG has {scans:,} scans, at most {JPEG_SCANS_MAX} are taken; "
                "save it again as an ordinary JPEG.",
            )


def _every(mark: bytes, data: bytes) -> Iterator[int]:
    place = data.find(mark)
    while place >= 0:
        yield place
        place = data.find(mark, place + 1)


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


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """Open the file and count its pixels; whatever a decoder raises inside becomes a ``PortraitError``."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _check_pixels(*image.size)
            yield image
    except PortraitError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PortraitError("portrait_too_large", f"Portrait: {error} Save it smaller.") from error
    except _BROKEN as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> PortraitError:
    return PortraitError(
        "portrait_unreadable",
        f"Portrait: the file is damaged or incomplete ({error}); export or photograph it again.",
    )


def _heic(data: bytes) -> Image.Image:
    """The first picture of a HEIC file; libheif has turned it upright."""
    try:
        return heic.decode(data, PIXELS_MAX)
    except heic.TooLargeError as error:
        words = (
            f"Portrait: {error} pixels, at most {PIXELS_MAX // 1_000_000} million are taken; save it smaller."
        )
        raise PortraitError("portrait_too_large", words) from error
    except _BROKEN as error:
        raise _unreadable(error) from error


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1 where none can be read, for the picture is what counts."""
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except _BROKEN:
        return 1


def _plain_mode(image: Image.Image) -> Image.Image:
    """Bring palettes, 16-bit greys and the like to a mode that can be resized without loss of meaning."""
    if image.mode in ("RGB", "L") and "transparency" in image.info:
        return image.convert("RGBA")  # one colour stands for nothing at all (PNG, tRNS)
    if image.mode in ("RGB", "RGBA", "CMYK", "L", "LA"):
        image.load()
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
