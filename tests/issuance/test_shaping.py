"""Lettering against other people's: HarfBuzz asked directly, Raqm with FriBidi, and Poppler."""

import subprocess
import unicodedata
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import uharfbuzz as hb
from PIL import Image, ImageDraw, ImageFont, features

from issuance.backdrop import draw_page
from issuance.cardtext import Setter
from issuance.layout import PAGE_PIXELS, PAGE_POINTS, Text
from issuance.layoutfile import Designs
from issuance.lettering import Letterer, Line
from issuance.pdf import CardPrinter, print_cards
from issuance.pdffile import Document
from issuance.pdftext import Lettered, draw_line
from issuance.typefaces import RARE_HAN, Typefaces, Weight
from scripts.specimens import SPECIMENS, Specimen, not_found, pages, words_of
from tests.issuance.printing import FONTS, TEMPLATES

LETTERER = Letterer(Typefaces(FONTS))
WEIGHT = Weight.STRONG
#: Two rasterisers smooth edges differently; a wrong glyph, order or place differs by far more.
TOLERANCE = 0.1
#: Names of one script and direction each, so that one call of HarfBuzz shapes them whole.
PURE = (
    ("سالم قاسم النموذج", "ara", "ar"), ("لآلئ الإسلام", "ara", "ar"), ("مُحَمَّد", "ara", "ar"),
    ("نمونه‌ای شیرین", "fas", "fa"), ("محمد بلال نمونہ", "urd", "ur"), ("חַוָּה דּוּגְמָה", "heb", "he"),
    ("क्षितिज श्रीवास्तव द्ध्र्य", "hin", "hi"), ("শ্রাবন্তী ক্ষ্ম র‍্যাব", "ben", "bn"), ("கௌசல்யா ஸ்ரீ", "tam", "ta"),
    ("ปู่ญี่ปุ่น กำ", "tha", "th"), ("ကျော်မြင့် ဩင်္ဂုတ်", "mya", "my"), ("አበበች ናሙና", "amh", "am"),
    ("ક્ષમા શ્રદ્ધા", "guj", "gu"), ("ਹਰਪ੍ਰੀਤ ਸ਼੍ਰੱਧਾਂਜਲੀ", "pan", "pa"), ("శ్రీ లక్ష్మీ జ్ఞాన", "tel", "te"),
    ("ಕ್ಷೇತ್ರಜ್ಞ ಶ್ರೀ", "kan", "kn"), ("കൃഷ്ണൻ ക്ഷേത്രസ്ത്രീ", "mal", "ml"), ("ශ්‍රී ක්ෂේම", "sin", "si"),
    ("ស្រីមុំ ខ្មែរ ស្ត្រី", "khm", "km"), ("ບຸນມີ ຄຳແພງ ນ້ຳ", "lao", "lo"), ("ქეთევან", "kat", "ka"),
    ("Հայկ Օրինակ", "hye", "hy"),
    ("견본 하늘 뷁쐛", "kor", "ko"), ("ヴァージニア", "jpn", "ja"), ("样本龘", "zho", "zh"),
    ("Nguyễn Thị Ẫ", "vie", "vi"), ("Şükrü İsmail", "tur", "tr"), ("Щёголева", "rus", "ru"),
    ("Ђорђе Љубић", "srp", "sr"), ("Δεῖγμα Ἑλένη", "ell", "ell"), ("Ǻñçð Ẵ́ǭ̂ Z̃ȩ́", "und", "und"),
)  # fmt: skip


def shape(text: str, language: str | None) -> Line:
    return LETTERER.shape(text, WEIGHT, language=language)


@pytest.mark.parametrize(("text", "language", "tag"), PURE)
def test_glyphs_and_places_are_harfbuzzs_own(text: str, language: str, tag: str) -> None:
    """Splitting into runs and putting them together again must change nothing that shaping decided."""
    line = shape(text, language)
    (face,) = {run.face for run in line.runs}
    font = hb.Font(hb.Face(hb.Blob.from_file_path(str(FONTS / f"{face.name}_{WEIGHT.value}.ttf"))))
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.language = tag
    hb.shape(font, buffer, {"kern": True, "liga": True, "tnum": True})
    scale = 1000 / font.face.upem
    wanted = [
        (
            info.codepoint,
            round(at.x_advance * scale, 3),
            round(at.x_offset * scale, 3),
            round(at.y_offset * scale, 3),
        )
        for info, at in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
    ]
    got = [
        (one.gid, round(one.advance, 3), round(one.dx, 3), round(one.dy, 3))
        for run in line.runs
        for one in run.glyphs
    ]
    assert got == wanted
    assert all(gid for gid, *_ in got)


@pytest.mark.parametrize(
    ("text", "language", "tag"),
    [*PURE, ("رقم ١٢٣ بن ٤٥", "ara", "ar"), ("نمونه ۱۲۳", "fas", "fa"), ("נועה 12 דוגמה", "heb", "he")],
)
def test_names_look_as_raqm_draws_them(text: str, language: str, tag: str, tmp_path: Path) -> None:
    """An independent way from text to picture (FriBidi, Raqm, FreeType) must give the same picture."""
    assert features.check("raqm")
    assert features.check("fribidi")
    line = shape(text, language)
    (face,) = {run.face for run in line.runs}
    size = 96
    font = ImageFont.truetype(
        str(FONTS / f"{face.name}_{WEIGHT.value}.ttf"), size, layout_engine=ImageFont.Layout.RAQM
    )
    theirs = Image.new("L", (3000, 500), 255)
    language_tag = tag if len(tag) == 2 else None
    ImageDraw.Draw(theirs).text((150, 150), text, 0, font, language=language_tag, features=["tnum"])
    ours = picture_of(line, size)
    assert difference(ours, theirs) < TOLERANCE


def picture_of(line: Line, size: int) -> Image.Image:
    """A line at ``size`` pixels an em, through the PDF that a printer gets."""
    lettered = Lettered()
    lettered.take([line])
    lettered.cut("T")
    document = Document()
    fonts = document.fonts(lettered)
    document.page(draw_line(line, 150, 250, size, 1.0, lettered), document.resources(fonts, {}), (3000, 500))
    opened = pypdfium2.PdfDocument(document.finish())
    picture: Image.Image = opened[0].render(scale=1, grayscale=True).to_pil()
    opened.close()
    return picture


def difference(one: Image.Image, two: Image.Image) -> float:
    """How much of the ink differs, both cut to their ink; 0 for equal, about 1 for strangers."""
    cut = [picture.crop(picture.point(lambda value: 255 - value).getbbox()) for picture in (one, two)]
    if max(abs(a - b) for a, b in zip(cut[0].size, cut[1].size, strict=True)) > 3:
        return 1.0
    size = cut[0].size
    first, second = (255.0 - np.asarray(picture.resize(size), dtype=float) for picture in cut)
    blurred = [_blurred(ink) for ink in (first, second)]
    return float(np.abs(blurred[0] - blurred[1]).sum() / (blurred[0].sum() + blurred[1].sum()))


def _blurred(
    ink: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """Smoothed over five pixels, so that a shift of half a pixel does not count."""
    whole = np.pad(ink, 2, mode="edge")
    rows, columns = ink.shape
    return sum(whole[y : y + rows, x : x + columns] for y in range(5) for x in range(5)) / 25


def test_strangers_do_not_pass_as_equal() -> None:
    """The comparison can fail: reversed digits, an unjoined word, a missing vowel sign."""
    pairs = [("رقم ١٢٣", "رقم ٣٢١"), ("محمد", "م‌ح‌م‌د"), ("कि", "क"), ("ปู่", "ปู")]
    for one, two in pairs:
        assert difference(*(picture_of(shape(text, None), 96) for text in (one, two))) > 2 * TOLERANCE


@pytest.fixture(scope="module", params=["green", "high-contrast", "private"])
def drawn(request: pytest.FixtureRequest) -> tuple[list[tuple[Specimen, int]], bytes]:
    """All specimens of one design in one file, and where each stands."""
    printer = CardPrinter(Designs(TEMPLATES / "card").newest(request.param), FONTS)
    ready = [printer.prepare(one) for one in pages()]
    return [(one, 2 * index) for index, one in enumerate(SPECIMENS)], print_cards(ready)


def test_every_hard_name_has_room_and_is_found_by_a_search(
    drawn: tuple[list[tuple[Specimen, int]], bytes],
) -> None:
    places, pdf = drawn
    document = pypdfium2.PdfDocument(pdf)
    missing = {one.name: not_found(document[index], one) for one, index in places}
    document.close()
    assert {name: words for name, words in missing.items() if words} == {}


def test_poppler_draws_what_pdfium_draws(
    drawn: tuple[list[tuple[Specimen, int]], bytes], tmp_path: Path
) -> None:
    """A second reader of the files: nothing depends on one library's patience."""
    _, pdf = drawn
    path = tmp_path / "cards.pdf"
    path.write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "300", "-f", "1", "-l", "4", "-gray", path, tmp_path / "p"], check=True)
    document = pypdfium2.PdfDocument(pdf)
    small = tuple(pixels // 4 for pixels in PAGE_PIXELS)
    for index, found in enumerate(sorted(tmp_path.glob("p-*.pgm"))):
        ours = draw_page(document[index], Image.new("L", PAGE_PIXELS, 255)).resize(
            small, Image.Resampling.BOX
        )
        with Image.open(found) as picture:
            theirs = picture.resize(small, Image.Resampling.BOX)
        apart = np.abs(np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float))
        assert apart.mean() < 4, found.name
    document.close()


def test_poppler_finds_every_hard_name(
    drawn: tuple[list[tuple[Specimen, int]], bytes], tmp_path: Path
) -> None:
    places, pdf = drawn
    path = tmp_path / "cards.pdf"
    path.write_bytes(pdf)
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    found = [unicodedata.normalize("NFC", one) for one in text.split("\f")]
    missing = {
        one.name: [word for word in words_of(one) if unicodedata.normalize("NFC", word) not in found[index]]
        for one, index in places
    }
    assert {name: words for name, words in missing.items() if words} == {}


def test_rare_characters_come_from_the_face_that_has_them() -> None:
    line = shape("𠀀龘𠮷", "zho")
    assert [run.face.name for run in line.runs] == [RARE_HAN, "NotoSansSC", "NotoSansJP"]
    assert all(glyph.gid for run in line.runs for glyph in run.glyphs)


def test_a_line_of_a_right_to_left_name_keeps_its_direction() -> None:
    """A second line that begins in Latin is still part of an Arabic name."""
    alone, part = (LETTERER.shape("Fatih بن 42", WEIGHT, base=base) for base in (None, 1))
    assert (alone.right_to_left, part.right_to_left) == (False, True)
    assert "".join(glyph.text for run in part.runs for glyph in run.glyphs).replace(" ", "") == "42نبFatih"


def test_a_tall_name_makes_room_for_the_one_under_it() -> None:
    setter = Setter(LETTERER)
    side = Designs(TEMPLATES / "card").newest("green").front
    one = next(found for found in SPECIMENS if found.language == "mya" and len(found.native or "") > 5)
    values = {"name": one.name, "name_native": one.native or "", "name_chinese": one.chinese or ""}
    placed = {text.field: (text, fitted) for text, fitted in setter.place(side, values, "mya")}
    sizes = {field: fitted.size for field, (_, fitted) in placed.items()}
    assert abs(sizes["name_native"] - sizes["name_chinese"]) <= 1.5
    boxes = [text for text in side if isinstance(text, Text) and text.field == "nationality_named"]
    text, fitted = placed["name_chinese"]
    assert text.y + fitted.height / (72 / 25.4) <= boxes[0].y
    assert PAGE_PIXELS[0] / PAGE_POINTS[0] == pytest.approx(300 / 72)
