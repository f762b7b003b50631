"""Makes the README's pictures from a card that was really printed: ``python -m scripts.picture CARD.pdf``.

Run it after a change of the design, with the PDF of an example: nobody's data belongs into the repository.
"""

import sys
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw

TARGET = Path(__file__).resolve().parent.parent / "docs" / "pictures"
#: The printer's resolution, so that both codes can be read from the pictures.
DPI = 300
#: ID-1 cards have corners of 3.18 mm (ISO/IEC 7810).
RADIUS = round(3.18 / 25.4 * DPI)
#: Corners are cut at this multiple of the size and scaled down, so that they are smooth.
SMOOTH = 4


def main() -> int:
    """Write ``card-front.png`` and ``card-back.png``."""
    if len(sys.argv) != 2:
        print("expected one argument, the PDF of an example card", file=sys.stderr)
        return 64
    TARGET.mkdir(exist_ok=True)
    document = pypdfium2.PdfDocument(sys.argv[1])
    for side, page in zip(("front", "back"), document, strict=True):
        picture = page.render(scale=DPI / 72).to_pil().convert("RGB")
        picture.putalpha(corners(picture.size))
        picture.save(TARGET / f"card-{side}.png", optimize=True)
    document.close()
    return 0


def corners(size: tuple[int, int]) -> Image.Image:
    """The shape of a card: a box with round corners."""
    large = Image.new("L", (size[0] * SMOOTH, size[1] * SMOOTH), 0)
    ImageDraw.Draw(large).rounded_rectangle((0, 0, large.width - 1, large.height - 1), RADIUS * SMOOTH, 255)
    return large.resize(size, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    sys.exit(main())
