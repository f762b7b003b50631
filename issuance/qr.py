"""QR codes: text to modules for printing, and pictures back to texts.

Both directions are zxing-cpp: it writes 18 to 27 times faster than a writer in Python and picks the same
versions (docs/performance.md), and the same library then proves that the printed page can be read.
"""

from dataclasses import dataclass

import zxingcpp
from PIL import Image

from issuance.errors import IssuanceError

#: The characters of QR's alphanumeric mode (ISO/IEC 18004, table 5), which are those of Base45.
ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
#: White modules on every side (ISO/IEC 18004, 5.3.8).
QUIET_ZONE = 4
#: docs/format.md section 2: what fits beside the portrait, and on the back.
GATE_MAX_VERSION = 11
IDENTITY_MAX_VERSION = 25


@dataclass(frozen=True, slots=True)
class Matrix:
    """The modules of a code without its quiet zone, one bit each, dark is 1, rows filled up to bytes."""

    size: int
    rows: bytes

    @property
    def version(self) -> int:
        """1 to 40."""
        return (self.size - 17) // 4

    def dark(self, x: int, y: int) -> bool:
        """Whether the module in column ``x`` of row ``y`` is printed."""
        stride = (self.size + 7) // 8
        return bool(self.rows[y * stride + x // 8] >> (7 - x % 8) & 1)


def modules(text: str, *, max_version: int) -> Matrix:
    """The code for a Base45 text, error correction M, in the smallest version that holds it.

    Raises `IssuanceError` ``not_alphanumeric`` (another mode would cost a third more modules) and
    ``code_too_large``, with the numbers.
    """
    strange = sorted(set(text) - ALPHANUMERIC)
    if strange or not text:
        found = ", ".join(f"U+{ord(char):04X}" for char in strange) or "nothing"
        raise IssuanceError("not_alphanumeric", f"a code holds Base45 characters only, and here came {found}")
    try:
        code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    except (ValueError, RuntimeError) as error:
        raise IssuanceError("code_too_large", f"{len(text)} characters fit into no QR code at all") from error
    picture = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False))
    size = picture.width
    matrix = Matrix(
        size, picture.point(lambda value: 255 - value).convert("1", dither=Image.Dither.NONE).tobytes()
    )
    if matrix.version > max_version:
        raise IssuanceError(
            "code_too_large",
            f"{len(text)} characters need version {matrix.version} ({size} modules), and version"
            f" {max_version} ({17 + 4 * max_version} modules) is the largest that is printed here",
        )
    return matrix


def read_codes(image: Image.Image) -> list[str]:
    """The texts of all QR codes in a picture, in no particular order; what cannot be read is not there.

    Of the whole family only what is printed here, model 2: a page with one code once gave a second text of
    four characters, probably a micro code seen among the modules, and the card was held back.
    """
    found = zxingcpp.read_barcodes(
        image,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2),
        text_mode=zxingcpp.TextMode.Plain,
    )
    return [code.text for code in found]
