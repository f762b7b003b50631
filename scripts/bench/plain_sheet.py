"""One file of many cards with ReportLab alone, as an example of its manual would draw them."""

import io

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from issuance.layout import PAGE_POINTS
from issuance.pdf import CardPage
from scripts.bench.plain_page import HAN_STRONG, STRONG, Pen

_INK = HexColor("#10201b")


class PlainSheet(Pen):
    """Draws cards on a canvas; the art's pictures are kept, as ReportLab keeps them by name."""

    def __init__(self, canvas: Canvas, art: tuple[bytes, ...]) -> None:
        """Draw on this canvas, over these two pictures."""
        super().__init__(canvas)
        self._art = [ImageReader(io.BytesIO(one)) for one in art]

    def card(self, page: CardPage) -> None:
        """Both sides."""
        self._ground(0, white)
        self._picture(ImageReader(io.BytesIO(page.portrait)), 4, 13.6, 21, 27)
        self._put(28, 17, page.name, STRONG, 10.6)
        self._put(28, 24, page.name_chinese or "", HAN_STRONG, 9.4)
        self._field(28, 34.4, "Nationality 国籍", page.nationality)
        self._field(28, 40.6, "Valid until 有效期至", page.valid_until.isoformat())
        self._field(4, 44.2, "No. 卡号", page.number)
        self._code(page.gate_text, 52, 20.5, 29.2)
        self._canvas.showPage()
        self._ground(1, _INK)
        self._field(4, 6.2, "Passport 护照号", page.passport)
        self._field(4, 12.5, "Born 出生日期", page.birth.isoformat())
        self._field(4, 18.8, "Permit 许可", page.permit or "")
        self._field(4, 31.4, "Issued by 发卡窗口", page.office)
        self._code(page.identity_text, 41.5, 6, 42.3)
        self._canvas.showPage()

    def _ground(self, side: int, ink: Color) -> None:
        self._canvas.drawImage(self._art[side], 0, 0, *PAGE_POINTS)
        self._canvas.setFillColor(ink)
