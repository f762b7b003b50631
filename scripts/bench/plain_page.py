"""The pages of the plain way: one ReportLab canvas a card, codes as segno's PNG images, nothing kept.

The art is a picture of ours at 300 dpi, as a designer would hand it over; pictograms are left out for words.
"""

import io
from pathlib import Path

import pypdfium2
import segno
from PIL import Image
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from issuance.issuer import PrintOrder
from issuance.layout import DPI, PAGE_POINTS

LATIN, STRONG, HAN, HAN_STRONG = FACES = (
    "NotoSans_400Regular",
    "NotoSans_600SemiBold",
    "NotoSansSC_400Regular",
    "NotoSansSC_600SemiBold",
)
FACE_SIZE, PRINT_SIZE, FACE_LIMIT = (48, 64), (280, 360), 400
MM = 72 / 25.4
OFFICE = "Yiwu Centre 01"
_INK = HexColor("#10201b")


def printed_portrait(portrait: Image.Image) -> bytes:
    """The picture on the card."""
    file = io.BytesIO()
    portrait.resize(PRINT_SIZE, Image.Resampling.LANCZOS).save(file, "JPEG", quality=88)
    return file.getvalue()


def face(portrait: Image.Image) -> bytes:
    """The face in the code: quality after quality until it fits."""
    small = portrait.resize(FACE_SIZE, Image.Resampling.LANCZOS)
    for quality in range(80, -1, -5):
        file = io.BytesIO()
        small.save(file, "WEBP", quality=quality, method=6)
        if file.tell() <= FACE_LIMIT:
            break
    return file.getvalue()


def backgrounds(pdf: bytes) -> tuple[bytes, ...]:
    """The art of both sides of one of our cards as JPEG: the first thing on a page is its art."""
    document = pypdfium2.PdfDocument(pdf)
    pictures = []
    for page in document:
        for piece in [*page.get_objects(max_depth=1)][1:]:
            page.remove_obj(piece)
        page.gen_content()
        file = io.BytesIO()
        page.render(scale=DPI / 72).to_pil().convert("RGB").save(file, "JPEG", quality=90)
        pictures.append(file.getvalue())
    document.close()
    return tuple(pictures)


def register(fonts: Path) -> None:
    """Open the typefaces, as every example of ReportLab begins."""
    for name in FACES:
        pdfmetrics.registerFont(TTFont(name, fonts / f"{name}.ttf"))


class Pen:
    """Words, fields, codes and pictures on a canvas, in millimetres from the upper left corner."""

    def __init__(self, canvas: Canvas) -> None:
        """Draw on this canvas."""
        self._canvas = canvas

    def _put(self, x: float, y: float, words: str, font: str, size: float) -> None:
        self._canvas.setFont(font, size)
        self._canvas.drawString(x * MM, PAGE_POINTS[1] - y * MM, words)

    def _field(self, x: float, y: float, label: str, value: str) -> None:
        self._put(x, y + 1.8, label, HAN, 5.2)
        self._put(x, y + 4.6, value, HAN_STRONG, 7.6)

    def _code(self, text: str, x: float, y: float, size: float) -> None:
        file = io.BytesIO()
        segno.make_qr(text, error="m", boost_error=False).save(file, kind="png", scale=4, border=4)
        file.seek(0)
        self._picture(ImageReader(file), x, y, size, size)

    def _picture(self, picture: ImageReader, x: float, y: float, width: float, height: float) -> None:
        below = PAGE_POINTS[1] - (y + height) * MM
        self._canvas.drawImage(picture, x * MM, below, width * MM, height * MM)


class Page(Pen):
    """Both sides of one card."""

    def __init__(
        self, order: PrintOrder, texts: tuple[str, str], portrait: bytes, art: tuple[bytes, ...]
    ) -> None:
        """Take what is printed: the order, the texts of both codes, JPEGs of the holder and of the art."""
        self._order, self._texts, self._portrait, self._art = order, texts, portrait, art
        self._file = io.BytesIO()
        super().__init__(Canvas(self._file, pagesize=PAGE_POINTS))

    def draw(self) -> bytes:
        """The PDF."""
        self._front()
        self._canvas.showPage()
        self._back()
        self._canvas.showPage()
        self._canvas.save()
        return self._file.getvalue()

    def _front(self) -> None:
        order, holder = self._order, self._order.holder
        self._ground(self._art[0], white)
        self._put(50, 8.4, f"{order.card_class.name.title()} · 商户", HAN, 6.6)
        self._picture(ImageReader(io.BytesIO(self._portrait)), 4, 13.6, 21, 27)
        self._put(28, 17, holder.full_name, STRONG, 10.6)
        self._put(28, 24, holder.name_chinese or "", HAN_STRONG, 9.4)
        self._field(28, 34.4, "Nationality 国籍", holder.nationality)
        self._field(28, 40.6, "Valid until 有效期至", order.valid_until.isoformat())
        self._field(4, 44.2, "No. 卡号", order.number)
        self._code(self._texts[0], 52, 20.5, 29.2)

    def _back(self) -> None:
        order, holder = self._order, self._order.holder
        self._ground(self._art[1], _INK)
        self._put(60, 3, order.number, STRONG, 6.4)
        self._field(4, 6.2, "Passport 护照号", f"{holder.passport} · {holder.passport_country}")
        self._field(4, 12.5, "Born 出生日期", holder.birth.isoformat())
        self._field(24.5, 12.5, "Sex 性别", f"{holder.sex} 男")
        self._field(4, 18.8, "Permit 许可", f"{order.permit_class} 居留")
        self._field(4, 25.1, "Permit until, as printed 印制时有效期", str(order.permit_until))
        self._field(4, 31.4, "Issued by 发卡窗口", OFFICE)
        for place, service in enumerate(sorted(order.services)):
            self._put(4 + place % 3 * 11, 39 + place // 3 * 4, service.label, LATIN, 5.2)
        self._code(self._texts[1], 41.5, 6, 42.3)

    def _ground(self, art: bytes, ink: Color) -> None:
        self._canvas.drawImage(ImageReader(io.BytesIO(art)), 0, 0, *PAGE_POINTS)
        self._canvas.setFillColor(ink)
