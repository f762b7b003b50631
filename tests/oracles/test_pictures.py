"""Two unrelated readers find both codes on the page at 300 dpi: clean, slightly blurred, turned by 5°."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from tests.city import City

DPI = 300
#: Radius of the blur: a fifth of a module of the gate code, a quarter of one of the identity code.
BLUR_PIXELS = 1.0
TURN_DEGREES = 5


def blurred(page: Image.Image) -> Image.Image:
    return page.filter(ImageFilter.GaussianBlur(BLUR_PIXELS))


def turned(page: Image.Image) -> Image.Image:
    return page.rotate(TURN_DEGREES, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


VIEWS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "clean": lambda page: page,
    "blurred": blurred,
    "turned": turned,
    "blurred and turned": lambda page: turned(blurred(page)),
}


def read_by_zxing(picture: Path) -> list[str]:
    # As zbar is asked, too: among the modules of one code in thousands a line barcode is seen by chance.
    with Image.open(picture) as image:
        found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    return [code.text for code in found]


def read_by_zbar(picture: Path) -> list[str]:
    if shutil.which("zbarimg") is None:
        pytest.skip("zbarimg is missing (Debian: zbar-tools)")
    command = ["zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


READERS = {"zxing": read_by_zxing, "zbar": read_by_zbar}


@pytest.fixture(scope="module")
def pages(city: City, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Front and back as a program that nobody here wrote draws them."""
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is missing (Debian: poppler-utils)")
    stem = tmp_path_factory.mktemp("pages") / "page"
    command = ["pdftoppm", "-r", str(DPI), "-gray", "-png", str(city.cards[0].pdf), str(stem)]
    subprocess.run(command, check=True, capture_output=True)
    return sorted(stem.parent.glob("page-*.png"))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("side", ["front", "back"])
def test_codes_are_read_from_the_page(
    city: City, pages: list[Path], tmp_path: Path, side: str, view: str, reader: str
) -> None:
    assert len(pages) == 2
    card = city.cards[0]
    with Image.open(pages[side == "back"]) as page:
        VIEWS[view](page).save(tmp_path / "view.png")
    expected = card.gate_text if side == "front" else card.identity_text
    assert READERS[reader](tmp_path / "view.png") == [expected]
