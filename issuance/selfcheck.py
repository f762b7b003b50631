"""Reading a card back: the page is drawn at the printer's resolution and its codes are read from the picture.

A card counts as produced only when both texts come back exactly as they were signed.
"""

from typing import NamedTuple

import pypdfium2

from issuance.errors import IssuanceError
from issuance.layout import DPI
from issuance.qr import read_codes


class ReadBack(NamedTuple):
    """The texts found on each side."""

    front: list[str]
    back: list[str]


def read_back(pdf: bytes, dpi: int = DPI) -> ReadBack:
    """The texts of all codes on both pages; raises `IssuanceError` ``not_a_card`` for anything else."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise IssuanceError("not_a_card", f"a card is a PDF, and this cannot be read: {error}") from error
    try:
        if len(document) != 2:
            raise IssuanceError("not_a_card", f"a card has two pages, and this file has {len(document)}")
        front, back = (read_codes(page.render(scale=dpi / 72, grayscale=True).to_pil()) for page in document)
        return ReadBack(front, back)
    finally:
        document.close()


def check_printed(pdf: bytes, *, gate_text: str, identity_text: str) -> None:
    """Accept a card only if the front shows exactly the gate code and the back the identity code.

    Raises `IssuanceError` ``not_readable`` naming the side.
    """
    found = read_back(pdf)
    for side, texts, wanted in (("front", found.front, gate_text), ("back", found.back, identity_text)):
        if texts != [wanted]:
            raise IssuanceError(
                "not_readable",
                f"{side}: one code of {len(wanted)} characters was printed, and reading the page gave"
                f" {[len(text) for text in texts] or 'nothing'}: the card is not handed out",
            )
