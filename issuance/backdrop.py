"""Drawing pages at the printer's resolution without drawing the same guilloche a thousand times.

Nearly all the time of drawing a card goes into fine curves that are the same on every card. They are drawn
once; a card's page is then drawn over that picture, with the art's stream silenced in a copy of the file.
Painting in the same order gives the same pixels, and a file whose art differs by a byte is drawn whole.
"""

import ctypes
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from issuance.errors import IssuanceError
from issuance.layout import PAGE_PIXELS
from issuance.sheets import A4_PIXELS, BLEED_PIXELS, Slot

_WHITE = 255
_EMPTY = zlib.compress(b"")


@dataclass(frozen=True, slots=True)
class Backdrop:
    """The art of a printer's cards: its streams as they stand in files, and both sides drawn, in grey.

    The pictures show the card with its bleed around it, 12 pixels on every side.
    """

    streams: tuple[bytes, ...]
    pictures: tuple[Image.Image, ...]


def silenced(pdf: bytes, backdrops: Iterable[Backdrop]) -> bytes | None:
    """The file with streams of the same length that draw nothing; None if it holds other art."""
    for stream in (stream for backdrop in backdrops for stream in backdrop.streams):
        if pdf.count(stream) != 1:
            return None
        # What follows a complete Flate stream is not looked at, so nothing in the file moves.
        pdf = pdf.replace(stream, _EMPTY.ljust(len(stream), b"\n"))
    return pdf


def behind_card(backdrop: Backdrop | None, side: int, shift: tuple[int, int] = (0, 0)) -> Image.Image:
    """What stands behind one side on a page of its own, pushed by a printer's offset; white without art."""
    ground = Image.new("L", PAGE_PIXELS, _WHITE)
    if backdrop is not None:
        right, down = shift
        ground.paste(backdrop.pictures[side], (right - BLEED_PIXELS, down - BLEED_PIXELS))
    return ground


def behind_sheet(backdrops: Sequence[Backdrop | None], side: int, places: Sequence[Slot]) -> Image.Image:
    """What stands behind the cards of one side of a sheet."""
    ground = Image.new("L", A4_PIXELS, _WHITE)
    for backdrop, place in zip(backdrops, places, strict=True):
        if backdrop is not None:
            picture = backdrop.pictures[side]
            picture = picture.transpose(Image.Transpose.ROTATE_180) if place.turned else picture
            ground.paste(picture, (place.x - BLEED_PIXELS, place.y - BLEED_PIXELS))
    return ground


def make_backdrop(art_pdf: bytes, streams: Sequence[bytes]) -> Backdrop:
    """Draw the art alone (`issuance.pdf.CardPrinter.art_alone`) once."""
    document = open_pdf(art_pdf)
    try:
        size = (PAGE_PIXELS[0] + 2 * BLEED_PIXELS, PAGE_PIXELS[1] + 2 * BLEED_PIXELS)
        pictures = tuple(draw_page(page, Image.new("L", size, _WHITE)) for page in document)
    finally:
        document.close()
    return Backdrop(tuple(streams), pictures)


def open_pdf(pdf: bytes) -> pypdfium2.PdfDocument:
    """Open a file; raises `IssuanceError` ``not_a_card``."""
    try:
        return pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise IssuanceError("not_a_card", f"a card is a PDF, and this cannot be read: {error}") from error


def draw_page(page: pypdfium2.PdfPage, ground: Image.Image) -> Image.Image:
    """A page in grey, filling the size of ``ground`` and drawn over it; ``ground`` stays as it is."""
    width, height = ground.size
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_Gray)
    rows, stride = ground.tobytes(), bitmap.stride
    padded = (
        rows
        if stride == width
        else b"".join(rows[start : start + width].ljust(stride) for start in range(0, len(rows), width))
    )
    ctypes.memmove(bitmap.buffer, padded, len(padded))
    pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, pdfium.FPDF_GRAYSCALE)
    drawn: Image.Image = bitmap.to_pil()
    bitmap.close()
    return drawn
