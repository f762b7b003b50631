"""What a camera sees of a card: pages of issued PDFs as pictures, held badly in several ways."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pypdfium2
import qrcode
from PIL import Image, ImageEnhance, ImageFilter

FRAME = (1280, 720)
#: A frame lasts a thirtieth of a second; the browser begins the file again when it ends.
FRAMES = 6
_DPI = 300
_TABLE = (108, 112, 104)
#: A table with nothing on it.
NOTHING = Image.new("RGB", FRAME, _TABLE)


def page(pdf: Path, number: int) -> Image.Image:
    """One page as a printer would put it on plastic."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        picture: Image.Image = document[number].render(scale=_DPI / 72).to_pil().convert("RGB")
        return picture
    finally:
        document.close()


def code_alone(text: str) -> Image.Image:
    """A QR code of this text on white paper."""
    made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=5, border=4)
    made.add_data(qrcode.util.QRData(text.encode("ascii"), mode=qrcode.util.MODE_ALPHA_NUM))
    made.make(fit=True)
    picture: Image.Image = made.make_image().convert("RGB")
    return picture


def clean(card: Image.Image) -> Image.Image:
    scale = min(1120 / card.width, 700 / card.height)
    card = card.resize((round(card.width * scale), round(card.height * scale)), Image.Resampling.LANCZOS)
    table = Image.new("RGB", FRAME, _TABLE)
    table.paste(card, ((FRAME[0] - card.width) // 2, (FRAME[1] - card.height) // 2))
    return table


def tilted(card: Image.Image) -> Image.Image:
    turned = clean(card).rotate(9, Image.Resampling.BICUBIC, fillcolor=_TABLE)
    lean = (1.0, 0.07, -20.0, 0.05, 1.06, -30.0, 0.00006, 0.00009)
    return turned.transform(
        FRAME, Image.Transform.PERSPECTIVE, lean, Image.Resampling.BICUBIC, fillcolor=_TABLE
    )


def blurred(card: Image.Image) -> Image.Image:
    return clean(card).filter(ImageFilter.GaussianBlur(1.3))


def dim(card: Image.Image) -> Image.Image:
    return ImageEnhance.Contrast(ImageEnhance.Brightness(clean(card)).enhance(0.3)).enhance(0.7)


WAYS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "clean": clean,
    "tilted": tilted,
    "blurred": blurred,
    "dim": dim,
}


def film(picture: Image.Image, path: Path) -> None:
    """A motion JPEG of one still frame, put in place as a whole: the camera may be reading the one before."""
    file = BytesIO()
    picture.save(file, "JPEG", quality=92)
    beside = path.with_suffix(".new")
    beside.write_bytes(file.getvalue() * FRAMES)
    beside.replace(path)
