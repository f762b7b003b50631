"""Designs: versions that stay as they were printed, what each promises, and mistakes named by their line."""

import hashlib
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from issuance.cardpage import masked, values_of
from issuance.cardtext import Setter
from issuance.countries import CHINESE, CODES, ISO_3166, named
from issuance.errors import IssuanceError
from issuance.issuer import gate_card, identity_card
from issuance.layout import DESIGNS, PAGE_MM, Band, Label, Layout, Text
from issuance.layoutfile import Designs, load_layout
from issuance.lettering import Letterer
from issuance.pdf import CardPrinter
from issuance.selfcheck import check_printed
from issuance.typefaces import Weight, open_typefaces
from tests.issuance.printing import FONTS, GREEN, TEMPLATES, page
from tests.test_fullest_cards import order as full_order

CARDS = TEMPLATES / "card"
#: What was printed stays as it was: a change is a new version, with a line of its own here.
RELEASED = {
    "green@1": "85bad5dcfc630b1b59d73bf0fa7e2d3baeb5c31ab91a7c678586535b869661e8",
    "green@2": "b277824f155694d717ef2659a3d3f77818c06e53bd62b47706d4a19f2b458f8e",
    "green@3": "05099c41eb03335fffa4fb2d27801540bd4f43865094005eb0d6e94dfd0f8bcc",
    "high-contrast@1": "5e7d5e6814558cf046e708891b5a9bd34e4c8e3a755b69d591f8983f5ae43ec4",
    "high-contrast@2": "2faa289f75d306abc77af2f7159e0d426c650a3e536b473d74840d5d60c2a8d0",
    "private@1": "698b7a3334f524a9d88fa8f6bd1f539db257ee78da0266a945fef28b478989c2",
    "private@2": "60314e008eb8d859fcc3fc39b288b37ef16e94abfd9f968959ecb514fd308fcc",
}


@pytest.fixture(scope="module")
def designs() -> Designs:
    return Designs(CARDS)


def test_the_designs_are_those_an_application_may_name(designs: Designs) -> None:
    assert designs.names() == sorted(DESIGNS)
    assert [designs.newest(name).name for name in designs.names()] == sorted(DESIGNS)


@pytest.mark.parametrize("layout_id", RELEASED)
def test_a_version_that_was_printed_is_still_what_it_was(designs: Designs, layout_id: str) -> None:
    layout = designs.exact(layout_id)
    assert layout.id == layout_id
    path = CARDS / layout.name / f"{layout.version}.toml"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == RELEASED[layout_id]


def test_every_version_has_its_line_here() -> None:
    assert {f"{path.parent.name}@{path.stem}" for path in CARDS.glob("*/*.toml")} == set(RELEASED)


@pytest.mark.parametrize("layout_id", RELEASED)
def test_every_version_prints_cards_that_read_back(designs: Designs, layout_id: str) -> None:
    printer = CardPrinter(designs.exact(layout_id), FONTS)
    pdf = printer.render(page())
    backdrop = printer.backdrop("1")
    check_printed(pdf, gate_text=page().gate_text, identity_text=page().identity_text, backdrop=backdrop)


@pytest.mark.parametrize("layout_id", ["green@9", "blue@1", "green", "green@../../fonts", "green@x"])
def test_a_layout_that_is_not_there_is_named(designs: Designs, layout_id: str) -> None:
    with pytest.raises(IssuanceError, match=re.escape(layout_id)) as caught:
        designs.exact(layout_id)
    assert caught.value.reason == "unknown_design"


def test_an_unknown_design_lists_those_there_are(designs: Designs) -> None:
    with pytest.raises(IssuanceError, match="green, high-contrast, private") as caught:
        designs.newest("blue")
    assert caught.value.reason == "unknown_design"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("07654321", "*****321"), ("A1", "*1"), ("A", "*"), ("ABCDE", "***DE"), ("E12345678", "******678")],
)
def test_a_masked_number_shows_its_end(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_the_private_card_masks_the_passport_in_print_and_in_the_code(designs: Designs) -> None:
    private, green = designs.newest("private"), designs.newest("green")
    assert values_of(page(), private)["passport"] == "*****321 · YEM"
    assert values_of(page(), green)["passport"] == "07654321 · YEM"
    order = full_order()
    hidden = replace(order, layout=private.id, masks=private.masks)
    shown, coded = (
        identity_card(one, gate_card(one, {}), with_native=False, face=b"x").passport
        for one in (order, hidden)
    )
    assert shown == (order.holder.passport, order.holder.passport_country)
    assert coded == (masked(order.holder.passport), order.holder.passport_country)
    assert order.holder.passport not in identity_card(
        hidden, gate_card(hidden, {}), with_native=True, face=b"x"
    ).encode().decode("latin-1")


@pytest.mark.parametrize("design", DESIGNS)
def test_every_country_has_room_for_its_chinese_name(designs: Designs, design: str) -> None:
    """Nobody's card may be refused for a country: all names fit, none below the smallest size."""
    assert CHINESE.keys() == ISO_3166
    layout = designs.newest(design)
    (piece,) = (one for one in layout.front if isinstance(one, Text) and one.field == "nationality_named")
    setter = Setter(Letterer(open_typefaces(FONTS)))
    for code in CODES:
        ((_, fitted),) = setter.place([piece], {piece.field: named(code)}, None)
        assert fitted.lines[0].text == f"{code} {CHINESE.get(code, '')}".strip()


def test_words_of_the_high_contrast_card_stand_out_seven_to_one(designs: Designs) -> None:
    layout = designs.newest("high-contrast")
    for side in (layout.front, layout.back):
        grounds = [piece for piece in side if isinstance(piece, Band)]
        for piece in side:
            if isinstance(piece, Text | Label):
                ground = [one for one in grounds if one.y <= piece.y < one.y + one.h][-1]
                colours = [piece.colour, *([piece.label_colour] if isinstance(piece, Text) else [])]
                ratios = [contrast(colour, ground.colour) for colour in colours if piece_has(piece, colour)]
                assert min(ratios) >= 7, piece.name


def piece_has(piece: Text | Label, colour: tuple[float, float, float]) -> bool:
    return colour == piece.colour or bool(isinstance(piece, Text) and piece.label)


def contrast(one: tuple[float, float, float], two: tuple[float, float, float]) -> float:
    """WCAG 2.2, 1.4.6: the ratio of relative luminances."""
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: tuple[float, float, float]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("layout_id", RELEASED)
def test_grounds_fill_the_card(designs: Designs, layout_id: str) -> None:
    layout: Layout = designs.exact(layout_id)
    for side in (layout.front, layout.back):
        assert (side[0].x, side[0].y) == (0, 0)
        assert side[0].w >= PAGE_MM[0] - 0.1
        assert side[0].h >= PAGE_MM[1] - 0.1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("safe = 1.2", "safe = 9.0", "safe: millimetres from 0 to 5"),
        ("bleed = 1.0", 'bleed = "1 mm"', "bleed: millimetres from 0 to 3"),
        ("x = 4.0\ny = 13.6", "x = 1.0\ny = 13.6", "the safe area keeps 1.2 mm"),
        ("version = 2", "version = 2\nmasks = ['number']", "masks: a list of passport"),
        ("version = 2", "version = 2\nmasks = [['passport']]", "masks: a list of passport"),
        ("version = 2", "version = 2\nsaefty = 1", "saefty: is not known here"),
        ("version = 2", "version = 3", "version: the file is 2.toml, and says 3"),
        ('name = "green"', 'name = "private"', "name: the folder is called 'green'"),
        ("x = 28.0", "x = nan", "x: a size on paper was expected"),
        ("size = 10.6", "size = -3.0", "size: a size on paper was expected"),
        ("length = 7.0", "length = 0.0", "length: a size on paper was expected"),
        ("w = 21.0", "w = 0.0", "w: a box of some size was expected"),
        ("[front.ground]", '[front."the ground"]', "a name of A-Z, a-z, digits and _ was expected"),
        ("[front.ground]", '[front."底"]', "a name of A-Z, a-z, digits and _ was expected"),
        ("[front.ground]", "[front.1st]", "a name of A-Z, a-z, digits and _ was expected"),
        ('field = "valid_until"', 'field = "number"', "number stands on this side already"),
        ("columns = 7", "columns = 4", "14 tiles need 18.86 by 18.86, and the box has 33.4 by 10 mm"),
        ("columns = 7", "columns = 14", "14 tiles need 67.06 by 4.40, and the box has 33.4 by 10 mm"),
        ("gap = 0.42", "gap = -1.0", "gap: a size on paper was expected"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = GREEN.with_name("2.toml").read_text("utf-8")
    assert old in text
    path = tmp_path / "green" / "2.toml"
    path.parent.mkdir()
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(IssuanceError, match=rf"line (\d+): .*{re.escape(words)}") as caught:
        load_layout(path)
    line = int(re.search(r"line (\d+)", str(caught.value))[1])  # type: ignore[index]  # it was matched above
    assert said_there(path, line, new) or "x = 1.0" in path.read_text("utf-8").splitlines()[line - 1]


def said_there(path: Path, line: int, new: str) -> bool:
    return new.splitlines()[-1].split(" ")[0] in path.read_text("utf-8").splitlines()[line - 1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'text = "Merchant Friend Card"',
            f'text = "{"Friend " * 20}"',
            "front.subtitle text: 140",
        ),
        ('text = "Merchant Friend Card"', 'text = "\U00013000"', "front.subtitle text: no typeface here"),
        ('text = "义"', 'text = "\U00013000"', "front.seal text: no typeface here"),
        ('label = "No. 卡号"', f'label = "{"No. " * 30}"', "front.number label: needs"),
        ('label = "No. 卡号"', 'label = "\U00013000"', "front.number label: no typeface here"),
    ],
)
def test_words_that_cannot_be_set_are_named_with_their_line(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    path, line = printer_stumbles(tmp_path, old, new, words)
    assert said_there(path, line, new)


def test_numbers_and_days_are_fitted_with_the_layout(tmp_path: Path) -> None:
    """Their digits are all of one width, so that no application is asked about its own."""
    letterer = Letterer(open_typefaces(FONTS))
    for weight in Weight:
        assert len({letterer.shape(digit * 4, weight).width for digit in "0123456789"}) == 1
    printer_stumbles(tmp_path, "w = 37.6", "w = 7.6", "back.number number: 16 characters")


def printer_stumbles(tmp_path: Path, old: str, new: str, words: str) -> tuple[Path, int]:
    text = GREEN.with_name("2.toml").read_text("utf-8")
    assert old in text
    path = tmp_path / "green" / "2.toml"
    path.parent.mkdir()
    path.write_text(text.replace(old, new, 1), "utf-8")
    shutil.copy(CARDS / "services.svg", tmp_path)
    layout = load_layout(path)
    with pytest.raises(IssuanceError, match=rf"line (\d+): {re.escape(words)}") as caught:
        CardPrinter(layout, FONTS)
    assert caught.value.reason == "bad_layout"
    return path, int(re.search(r"line (\d+)", str(caught.value))[1])  # type: ignore[index]  # matched above


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ("front.portrait", "front : a card needs the portrait"),
        ("front.number", "front : a card needs the field number"),
        ("front.gate", "front : a card needs the gate code"),
        ("back.identity", "back : a card needs the identity code"),
    ],
)
def test_what_no_card_may_lack(tmp_path: Path, piece: str, words: str) -> None:
    head, _, rest = GREEN.with_name("2.toml").read_text("utf-8").partition(f"[{piece}]")
    _, below, others = rest.partition("\n[")
    path = tmp_path / "green" / "2.toml"
    path.parent.mkdir()
    path.write_text(head + below + others, "utf-8")
    with pytest.raises(IssuanceError, match=re.escape(words)):
        load_layout(path)


def test_a_card_without_its_holders_name_is_no_card(tmp_path: Path) -> None:
    text = GREEN.with_name("2.toml").read_text("utf-8").replace('field = "name"', 'field = "office"')
    path = tmp_path / "green" / "2.toml"
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    with pytest.raises(IssuanceError, match="a card needs the field name on this side"):
        load_layout(path)


def test_a_card_without_a_design_of_its_own_says_a_day(designs: Designs) -> None:
    assert values_of(page(permit_until=None), designs.newest("green"))["permit_until"] == "–"
    assert (
        values_of(page(permit_until=date(2028, 1, 2)), designs.newest("green"))["permit_until"]
        == "2028-01-02"
    )
