"""Drawing a card for a screen, in colour, without drawing the same guilloche for every key that is typed.

The art of an edition is drawn once a process; a card's page is then painted over that picture, as
``issuance.backdrop`` does in grey for the printer's pages. Callers hold ``cardsvc.desk.drawing.DRAWING``.
"""

import ctypes
from functools import cache
from typing import Final

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from issuance.backdrop import open_pdf, silenced
from issuance.layout import PAGE_PIXELS
from issuance.pdf import CardPrinter
from issuance.sheets import BLEED_PIXELS

#: Pixels across one side: three quarters of the printer's, sharp on a screen, and half the time to draw.
WIDTH: Final = 758
_SIZE: Final = (WIDTH, round(PAGE_PIXELS[1] * WIDTH / PAGE_PIXELS[0]))
_WHITE: Final = (255, 255, 255)


def draw_sides(pdf: bytes, printer: CardPrinter, edition: str) -> list[Image.Image]:
    """Front and back of the one card in ``pdf``, which ``printer`` made, :data:`WIDTH` pixels across."""
    quiet = silenced(pdf, [printer.backdrop(edition)])
    # Without the very art that was drawn before, the file is drawn whole.
    grounds = [Image.new("RGB", _SIZE, _WHITE)] * 2 if quiet is None else _grounds(printer, edition)
    document = open_pdf(quiet or pdf)
    try:
        return [_drawn(page, ground) for page, ground in zip(document, grounds, strict=True)]
    finally:
        document.close()


@cache
def _grounds(printer: CardPrinter, edition: str) -> list[Image.Image]:
    """The art of both sides, cut to the card."""
    bleed = round(BLEED_PIXELS * WIDTH / PAGE_PIXELS[0])
    whole = Image.new("RGB", (_SIZE[0] + 2 * bleed, _SIZE[1] + 2 * bleed), _WHITE)
    document = open_pdf(printer.art_alone(edition))
    try:
        cut = (bleed, bleed, bleed + _SIZE[0], bleed + _SIZE[1])
        return [_drawn(page, whole).crop(cut) for page in document]
    finally:
        document.close()


def _drawn(page: pypdfium2.PdfPage, ground: Image.Image) -> Image.Image:
    """A page filling the size of ``ground`` and drawn over it; ``ground`` stays as it is."""
    width, height = ground.size
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_BGRx)
    try:
        # Four bytes a pixel: rows of whole words, which PDFium never pads.
        pixels = ground.tobytes("raw", "BGRX")
        ctypes.memmove(bitmap.buffer, pixels, len(pixels))
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, 0)
        drawn: Image.Image = bitmap.to_pil().convert("RGB")
        return drawn
    finally:
        bitmap.close()
