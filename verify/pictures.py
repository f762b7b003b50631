"""Codes read from pictures and PDF pages; needs the extra ``cardsvc-verify[image]``."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from verify.errors import Refused

if TYPE_CHECKING:
    from PIL.Image import Image

#: Card printers print at 300 dpi; pages are rasterised as they would be.
DPI = 300
#: A scanned A4 page at 600 dpi; more is refused before it is decoded.
MAX_PIXELS = 40_000_000


def read_pages(path: Path) -> list[list[str]]:
    """The texts of all QR codes on each page of a PDF, or on the one page of a PNG or JPEG."""
    try:
        with path.open("rb"):
            pass  # So that a file that is not there is not called a bad picture.
    except OSError as error:
        raise Refused("unreadable", f"the picture {path} cannot be read: {error.strerror}") from error
    try:
        return [read_codes(page) for page in _pages(path)]
    except ImportError as error:
        raise Refused(
            "no_image_support", "pictures need more: pip install 'cardsvc-verify[image]'"
        ) from error
    except (OSError, ValueError) as error:
        raise Refused(
            "unreadable_picture", f"{path} is no PNG, JPEG or PDF that can be read: {error}"
        ) from error


def read_codes(picture: "Image") -> list[str]:
    """The texts of all QR codes in one picture, in reading order."""
    import zxingcpp

    # Model 2 alone: some modules of a dense code may pass for a micro code.
    form = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
    found = zxingcpp.read_barcodes(picture, formats=form)
    return [
        code.text
        for code in sorted(found, key=lambda code: (code.position.top_left.y, code.position.top_left.x))
    ]


def _pages(path: Path) -> Iterator["Image"]:
    from PIL import Image

    if path.suffix.lower() == ".pdf":
        yield from _pdf_pages(path)
        return
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Refused("picture_too_large", f"{picture.width} × {picture.height} pixels are too many")
            yield picture.convert("L")
    except Image.DecompressionBombError as error:
        raise Refused("picture_too_large", str(error)) from error
    except SyntaxError as error:  # That is how the library names a damaged PNG.
        raise ValueError(str(error)) from error


def _pdf_pages(path: Path) -> Iterator["Image"]:
    """One page at a time: a document of a thousand pages must not fill the memory."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise ValueError(str(error)) from error
    try:
        for page in document:
            width, height = (side * DPI / 72 for side in page.get_size())
            if width * height > MAX_PIXELS:
                raise Refused(
                    "picture_too_large", f"a page of {width:.0f} × {height:.0f} pixels is too large"
                )
            yield page.render(scale=DPI / 72, grayscale=True).to_pil()
    except pypdfium2.PdfiumError as error:
        raise ValueError(str(error)) from error
    finally:
        document.close()
