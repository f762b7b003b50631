"""How well the printed codes are read when a card is worn, held badly, or lit badly, by two readers.

``python -m scripts.scan_campaign [CARDS] [--write]`` prints cards of every design with texts of true lengths,
draws them as the printer would, spoils the pictures, and asks zxing and zbar. With ``--write`` the table goes
into ``docs/performance.md`` between its marks.
"""

import argparse
import io
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from issuance.backdrop import draw_page
from issuance.layout import PAGE_PIXELS
from issuance.layoutfile import Designs
from issuance.pdf import CardPage, CardPrinter, print_cards
from issuance.qr import ALPHANUMERIC, read_codes
from scripts.specimens import CARDS, FONTS, pages

ROOT = Path(__file__).resolve().parent.parent
PAPER = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- scan campaign: begin -->", "<!-- scan campaign: end -->"
#: Lengths of the gate and the identity code as they are issued with one native name.
GATE, IDENTITY = 348, 1217
_GREY = 128

Spoil = Callable[[Image.Image, random.Random], Image.Image]


def blurred(radius: float) -> Spoil:
    """Out of focus, or a ribbon that bleeds."""
    return lambda picture, _: picture.filter(ImageFilter.GaussianBlur(radius))


def turned(degrees: float) -> Spoil:
    """Held askew, either way."""

    def spoil(picture: Image.Image, chance: random.Random) -> Image.Image:
        angle = degrees * chance.choice((-1, 1))
        return picture.rotate(angle, expand=True, fillcolor=_GREY, resample=Image.Resampling.BICUBIC)

    return spoil


def faded(factor: float) -> Spoil:
    """So much of the contrast is left: sun, a worn ribbon, a dark door."""
    return lambda picture, _: ImageEnhance.Contrast(picture).enhance(factor)


def scratched(count: int, width: int) -> Spoil:
    """Scratches of so many printer dots across the whole card, white as the plastic."""

    def spoil(picture: Image.Image, chance: random.Random) -> Image.Image:
        worn = picture.copy()
        pen = ImageDraw.Draw(worn)
        w, h = worn.size
        for _ in range(count):
            pen.line((0, chance.uniform(0, h), w, chance.uniform(0, h)), fill=255, width=width)
        return worn

    return spoil


def all_at_once(picture: Image.Image, chance: random.Random) -> Image.Image:
    """A card of three years at a bus door in the evening."""
    for spoil in (scratched(2, 2), blurred(0.7), faded(0.5), turned(7)):
        picture = spoil(picture, chance)
    return picture


SPOILT: dict[str, Spoil] = {
    "as printed": lambda picture, _: picture,
    "blurred, radius 1.0 dot": blurred(1.0),
    "blurred, radius 1.6 dots": blurred(1.6),
    "turned by 10°": turned(10),
    "turned by 45°": turned(45),
    "a third of the contrast": faded(0.33),
    "an eighth of the contrast": faded(0.125),
    "one scratch of 3 dots": scratched(1, 3),
    "five scratches of 4 dots": scratched(5, 4),
    "two scratches, blurred, faded, turned": all_at_once,
}


def cards(count: int) -> Iterator[CardPage]:
    """Cards of nobody, with codes that fill theirs as signed ones do."""
    alphabet = sorted(ALPHANUMERIC)
    shown = pages()
    for index in range(count):
        chance = random.Random(index)  # noqa: S311 - the same cards in every run, no secret
        texts = ["NCF" + "".join(chance.choices(alphabet, k=length - 3)) for length in (GATE, IDENTITY)]
        yield replace(shown[index % len(shown)], gate_text=texts[0], identity_text=texts[1])


def zbar(picture: Image.Image) -> list[str]:
    """What zbar reads, by its command."""
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    found = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", "-"],
        input=file.getvalue(),
        capture_output=True,
    )
    return found.stdout.decode("utf-8", "replace").splitlines()


def rates(count: int) -> dict[str, Counter[str]]:
    """How many of ``count`` cards each reader reads, by what was done to them, and texts read wrongly."""
    designs = Designs(CARDS)
    printers = [CardPrinter(designs.newest(name), FONTS) for name in designs.names()]
    found: dict[str, Counter[str]] = {name: Counter() for name in SPOILT}
    for index, page in enumerate(cards(count)):
        printer = printers[index % len(printers)]
        document = pypdfium2.PdfDocument(print_cards([printer.prepare(page)]))
        for side, kind, text in ((0, "gate", page.gate_text), (1, "identity", page.identity_text)):
            clean = draw_page(document[side], Image.new("L", PAGE_PIXELS, 255))
            for name, spoil in SPOILT.items():
                picture = spoil(clean, random.Random(index))  # noqa: S311 - the same scratches in every run
                for reader, read in (("zxing", read_codes(picture)), ("zbar", zbar(picture))):
                    found[name][f"{kind} {reader}"] += read == [text]
                    found[name]["wrong"] += any(one != text for one in read)
        document.close()
    return found


def table(found: dict[str, Counter[str]], count: int) -> str:
    """The rates for a paper."""
    heads = ["gate zxing", "gate zbar", "identity zxing", "identity zbar"]
    lines = [
        f"| {count} cards, 300 dpi | {' | '.join(heads)} | read wrongly |",
        f"| --- |{' ---: |' * 5}",
    ]
    for name, counted in found.items():
        shares = " | ".join(f"{100 * counted[head] / count:.0f} %" for head in heads)
        lines.append(f"| {name} | {shares} | {counted['wrong']} |")
    return "\n".join(lines)


def main() -> int:
    """Run, print, and perhaps write."""
    parser = argparse.ArgumentParser(prog="python -m scripts.scan_campaign")
    parser.add_argument("cards", nargs="?", type=int, default=60)
    parser.add_argument("--write", action="store_true", help=f"into {PAPER.name}")
    given = parser.parse_args()
    made = table(rates(given.cards), given.cards)
    print(made)
    if given.write:
        text = PAPER.read_text("utf-8")
        head, _, rest = text.partition(BEGIN)
        _, _, tail = rest.partition(END)
        PAPER.write_text(f"{head}{BEGIN}\n{made}\n{END}{tail}", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
