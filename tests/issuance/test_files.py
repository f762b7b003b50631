"""Files of many cards: pages and sheets, what stands in them once, and that all of it is read back."""

import re
import subprocess
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops

from issuance.backdrop import behind_card, draw_page, silenced
from issuance.calibration import LADDER, calibration
from issuance.errors import IssuanceError
from issuance.layout import PAGE_PIXELS
from issuance.layoutfile import Designs
from issuance.pdf import CardPrinter, Ready, print_cards
from issuance.qr import read_codes
from issuance.selfcheck import ReadBack, Texts, check_file, read_file
from issuance.sheets import A4_PIXELS, A_SHEET, Flip, Form, Tuning, load_printers, slot
from tests.issuance.printing import FONTS, TEMPLATES, code_text, page

#: Enough for a full sheet and a begun one.
COUNT = 12
TUNED = Tuning("desk1", Flip.SHORT, (0.5, -0.3), (-0.4, 0.25))


@pytest.fixture(scope="module")
def cards() -> list[Ready]:
    """Cards of all designs in turn, each with codes and names of its own."""
    designs = Designs(TEMPLATES / "card")
    printers = [CardPrinter(designs.newest(name), FONTS) for name in designs.names()]
    names = [("سالم قاسم", "ara"), ("क्षितिज", "hin"), ("견본 하늘", "kor"), ("Nguyễn Thị", "vie")]
    return [
        printers[index % 3].prepare(
            page(
                number=f"{4417092633000 + index}",
                gate_text=code_text(348, index),
                identity_text=code_text(1217, 100 + index),
                name_native=names[index % 4][0],
                language_native=names[index % 4][1],
            )
        )
        for index in range(COUNT)
    ]


def wanted(cards: list[Ready]) -> list[Texts]:
    return [Texts(one.page.gate_text, one.page.identity_text) for one in cards]


@pytest.mark.parametrize("form", [Form.CR80, Form.A4])
@pytest.mark.parametrize("tuning", [Tuning(), TUNED])
def test_every_card_of_a_file_is_read_back_from_its_own_place(
    cards: list[Ready], form: Form, tuning: Tuning
) -> None:
    pdf = print_cards(cards, form, tuning)
    backdrops = [one.printer.backdrop("1") for one in cards]
    assert check_file(pdf, wanted(cards), form, tuning, backdrops) == [None] * COUNT
    swapped = [*wanted(cards)[1::-1], *wanted(cards)[2:]]
    faults = check_file(pdf, swapped, form, tuning, backdrops)
    assert [fault is None for fault in faults] == [False, False, *[True] * (COUNT - 2)]
    assert all(fault.reason == "not_readable" for fault in faults if fault is not None)


def test_the_art_drawn_once_gives_the_same_picture(cards: list[Ready]) -> None:
    for card in cards[:3]:
        pdf, backdrop = print_cards([card]), card.printer.backdrop("1")
        quiet = silenced(pdf, [backdrop])
        assert quiet is not None
        assert len(quiet) == len(pdf)
        for side in (0, 1):
            fast = drawn(quiet, side, behind_card(backdrop, side))
            whole = drawn(pdf, side, Image.new("L", PAGE_PIXELS, 255))
            assert ImageChops.difference(fast, whole).getextrema()[1] <= 8


def drawn(pdf: bytes, side: int, ground: Image.Image) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    picture = draw_page(document[side], ground)
    document.close()
    return picture


def test_other_art_is_drawn_whole(cards: list[Ready]) -> None:
    """A file whose art is not what was drawn once gets no short cut, and is still read."""
    pdf, other = print_cards([cards[0]]), cards[1].printer.backdrop("1")
    assert silenced(pdf, [other]) is None
    text = wanted(cards)[0]
    assert read_file(pdf, 1, backdrops=[other]) == [ReadBack([text.gate], [text.identity])]


def test_a_file_with_other_pages_is_no_file_of_these_cards(cards: list[Ready]) -> None:
    with pytest.raises(IssuanceError, match="24 pages were expected, and this file has 2") as caught:
        check_file(print_cards(cards[:1]), wanted(cards))
    assert caught.value.reason == "not_a_card"


@pytest.mark.parametrize("form", [Form.CR80, Form.A4])
def test_what_a_printer_gets(cards: list[Ready], form: Form, tmp_path: Path) -> None:
    pdf = print_cards(cards, form)
    path = tmp_path / "cards.pdf"
    path.write_bytes(pdf)
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=True)
    assert "No syntax or stream encoding errors" in checked.stdout
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", pdf)}
    assert boxes == {(0, 0, 242.64, 153.12) if form is Form.CR80 else (0, 0, 595.2, 841.92)}
    # Nothing that a printer would have to flatten, and no colour but those it can print.
    expanded = subprocess.run(
        ["qpdf", "--qdf", "--object-streams=disable", path, "-"], capture_output=True, check=True
    ).stdout
    for entry in (
        b"/SMask",
        b"/Group",
        b"/ca ",
        b"/CA ",
        b"/BM ",
        b"/ExtGState",
        b"/ICCBased",
        b"/DeviceCMYK",
    ):
        assert entry not in expanded
    assert b"/PrintScaling /None" in pdf
    assert b"/ASCII85Decode" not in pdf
    fonts = subprocess.run(
        ["pdffonts", path], capture_output=True, text=True, check=True
    ).stdout.splitlines()[2:]
    assert fonts
    assert all(re.search(r"[A-Z]{6}\+\S+ +CID TrueType +Identity-H +yes yes yes", line) for line in fonts)


def test_art_and_fonts_stand_in_a_file_once(cards: list[Ready]) -> None:
    green = [one for one in cards if one.printer is cards[0].printer]
    one, all_of_them = print_cards(green[:1]), print_cards(green)
    streams = green[0].printer.backdrop("1").streams
    assert [all_of_them.count(stream) for stream in streams] == [1, 1]
    more = (len(all_of_them) - len(one)) / (len(green) - 1)
    assert more < len(one) / 3


def test_the_same_cards_are_the_same_file(cards: list[Ready]) -> None:
    assert print_cards(cards, Form.A4, TUNED) == print_cards(cards, Form.A4, TUNED)


@pytest.mark.parametrize("flip", Flip)
def test_the_back_of_a_card_lies_on_its_front(flip: Flip) -> None:
    """Paper, turned over: each card's back must come to lie exactly behind its front."""
    tuning = Tuning(flip=flip)
    places = {"front": set(), "back": set()}  # type: dict[str, set[tuple[int, int]]]
    for index in range(A_SHEET):
        front, back = slot(index, "front", tuning), slot(index, "back", tuning)
        turned = (
            (A4_PIXELS[0] - back.x - PAGE_PIXELS[0], back.y)
            if flip is Flip.LONG
            else (back.x, A4_PIXELS[1] - back.y - PAGE_PIXELS[1])
        )
        assert turned == (front.x, front.y)
        assert (front.turned, back.turned) == (False, flip is Flip.SHORT)
        places["front"].add((front.x, front.y))
        places["back"].add((back.x, back.y))
    assert [len(found) for found in places.values()] == [A_SHEET, A_SHEET]


def test_offsets_move_what_is_printed_by_whole_dots(cards: list[Ready]) -> None:
    plain, pushed = (
        drawn(print_cards([cards[0]], Form.CR80, tuning), 0, Image.new("L", PAGE_PIXELS, 255))
        for tuning in (Tuning(), Tuning(front=(1.0, 0.5)))
    )
    right, down = 12, 6  # 1.0 and 0.5 mm at 300 dots an inch
    box = (100, 100, 900, 600)
    moved = pushed.crop((box[0] + right, box[1] + down, box[2] + right, box[3] + down))
    assert ImageChops.difference(plain.crop(box), moved).getextrema()[1] <= 8


@pytest.mark.parametrize("form", [Form.CR80, Form.A4])
def test_the_calibration_sheet_can_be_read(form: Form) -> None:
    pdf = calibration(form, Tuning("desk1"), FONTS)
    document = pypdfium2.PdfDocument(pdf)
    size = PAGE_PIXELS if form is Form.CR80 else A4_PIXELS
    for side, name in zip(document, ("front", "back"), strict=True):
        assert side.get_textpage().search(f"desk1 · {name}").get_next() is not None
        picture = draw_page(side, Image.new("L", size, 255))
        assert sorted(read_codes(picture)) == [f"CALIBRATION {dots}" for dots in LADDER]
    document.close()


def test_printers_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "printers.toml"
    path.write_text('[desk1]\nflip = "short"\nback = [0.4, -1]\n\n[plastic]\n', "utf-8")
    printers = load_printers(path)
    assert printers == {
        "desk1": Tuning("desk1", Flip.SHORT, (0.0, 0.0), (0.4, -1.0)),
        "plastic": Tuning("plastic"),
    }
    assert printers["desk1"].shift("back") == (5, -12)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[desk1", "cannot be read"),
        ("desk1 = 3", r"a table \[desk1\]"),
        ("[desk1]\nfilp = 'long'", r"\[desk1\] filp: is not known"),
        ("[desk1]\nflip = 'left'", "long or short was expected"),
        ("[desk1]\nback = [1]", "two numbers within"),
        ("[desk1]\nback = [0, 50]", "two numbers within"),
        ("[desk1]\nfront = [true, 0]", "two numbers within"),
    ],
)
def test_a_mistake_in_the_printers_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "printers.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(IssuanceError, match=words) as caught:
        load_printers(path)
    assert caught.value.reason == "bad_printers"
