import re
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageFilter

from issuance.errors import FieldError, IssuanceError
from issuance.layoutfile import load_layout
from issuance.pdf import CardPrinter
from issuance.qr import read_codes
from issuance.selfcheck import check_printed, read_back
from tests.issuance.printing import FONTS, GREEN, code_text, page, printer


def pictures(pdf: bytes) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    drawn = [side.render(scale=300 / 72).to_pil().convert("RGB") for side in document]
    document.close()
    return drawn


def finds(pdf: bytes, text: str, side: int = 0) -> bool:
    document = pypdfium2.PdfDocument(pdf)
    found = document[side].get_textpage().search(text).get_next() is not None
    document.close()
    return found


def test_two_pages_of_exactly_the_printers_pixels() -> None:
    pdf = printer().render(page())
    document = pypdfium2.PdfDocument(pdf)
    assert [side.get_size() for side in document] == [pytest.approx((242.64, 153.12), abs=1e-4)] * 2
    document.close()
    assert [picture.size for picture in pictures(pdf)] == [(1011, 638)] * 2


@pytest.mark.parametrize(("gate", "identity"), [(348, 1217), (366, 1451), (200, 900)])
def test_both_codes_are_read_from_the_printed_page(gate: int, identity: int) -> None:
    texts = code_text(gate), code_text(identity, 2)
    pdf = printer().render(page(gate_text=texts[0], identity_text=texts[1]))
    assert read_back(pdf) == ([texts[0]], [texts[1]])
    check_printed(pdf, gate_text=texts[0], identity_text=texts[1])


def test_codes_are_read_blurred_and_turned() -> None:
    for picture, text in zip(
        pictures(printer().render(page())), (code_text(348), code_text(1217)), strict=True
    ):
        grey = picture.convert("L")
        assert read_codes(grey.filter(ImageFilter.GaussianBlur(0.8))) == [text]
        assert read_codes(grey.rotate(5, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)) == [
            text
        ]


def test_modules_are_whole_printer_pixels_in_a_white_box() -> None:
    front = pictures(printer().render(page()))[0].convert("L")
    black = front.point(lambda value: 255 if value < 8 else 0).crop((600, 240, 1011, 638)).getbbox()
    assert black is not None
    left, top, right, bottom = black[0] + 600, black[1] + 240, black[2] + 600, black[3] + 240
    assert (right - left, bottom - top) == (61 * 5, 61 * 5)
    # The finder's corner module: every one of its pixels fully black, the next ring fully white.
    assert set(front.crop((left, top, left + 5, top + 5)).tobytes()) == {0}
    assert set(front.crop((left + 5, top + 5, left + 10, top + 10)).tobytes()) == {255}
    quiet = front.crop((left - 20, top - 20, right + 20, bottom + 20))
    quiet.paste(255, (20, 20, 20 + right - left, 20 + bottom - top))
    assert set(quiet.tobytes()) == {255}
    assert 1011 - right - 20 >= 24


def test_a_damaged_code_is_not_handed_out() -> None:
    pdf = printer().render(page())
    with pytest.raises(IssuanceError, match="back") as caught:
        check_printed(pdf, gate_text=code_text(348), identity_text=code_text(1217, 9))
    assert caught.value.reason == "not_readable"


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("سالم قاسم النموذج", "ara"), ("محمد بلال نمونہ", "urd"), ("نمونه شیرین", "fas"),
        ("נועה דוגמה", "heb"),
        ("क्षितिज श्रीवास्तव", "hin"), ("শ্রাবন্তী নমুনা", "ben"), ("கௌசல்யா", "tam"), ("ภัทรพล", "tha"),
        ("견본 하늘", "kor"), ("見本 さくら", "jpn"), ("አበበች ናሙና", "amh"), ("Nguyễn Thị Tuyết", "vie"),
    ],
)  # fmt: skip
def test_names_are_found_by_searching_the_pdf(name: str, language: str) -> None:
    pdf = printer().render(page(name_native=name, language_native=language))
    assert all(finds(pdf, word) for word in name.split())
    assert not finds(pdf, name.split()[0][::-1])


def test_the_rest_is_found_too() -> None:
    pdf = printer().render(page())
    for text in ("AL-NAMUDHAJ, Salim Qasim", "萨利姆", "4417 0926 3358 5", "2031-06-30", "Merchant · 商户"):
        assert finds(pdf, text)
    for text in ("07654321 · YEM", "1979-11-30", "M 男", "Residence 居留 · Y1234567", "2028-06-30", "派出所"):
        assert finds(pdf, text, 1)


def test_the_same_page_is_the_same_file_whatever_was_printed_before() -> None:
    first = printer().render(page())
    printer().render(page(name_native="क्षितिज", language_native="hin"))
    assert printer().render(page()) == first
    assert CardPrinter(load_layout(GREEN), FONTS).render(page()) == first
    assert b"CreationDate" not in first


def test_editions_differ_in_their_guilloche_and_in_nothing_else() -> None:
    one, two = (printer().render(page(edition=edition)) for edition in ("2026", "2027"))
    assert pictures(one)[0].tobytes() != pictures(two)[0].tobytes()
    assert read_back(one) == read_back(two)


def test_every_font_is_embedded_and_cut() -> None:
    pdf = printer().render(page())
    names = re.findall(rb"/FontName /(\S+)", pdf)
    assert names
    assert all(re.fullmatch(rb"[A-Z]{6}\+Noto\w+", name) for name in names)
    assert len(pdf) < 130_000


def test_services_change_only_their_place_on_the_back() -> None:
    none, all_of_them = (
        pictures(printer().render(page(services=services))) for services in (frozenset(), page().services)
    )
    assert none[0].tobytes() == all_of_them[0].tobytes()
    assert none[1].tobytes() != all_of_them[1].tobytes()


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"name_native": "Ana \U00013000"}, "name_native", "no_glyph"),
        ({"name": "X" * 200}, "name", "name_does_not_fit"),
        ({"portrait": b"GIF89a"}, "portrait", "bad_picture"),
        ({"sex": "?"}, "sex", "unknown_word"),
        ({"permit_kind": "pass"}, "permit_kind", "unknown_word"),
    ],
)
def test_what_cannot_be_printed_is_refused_by_field(
    changes: dict[str, object], field: str, reason: str
) -> None:
    with pytest.raises(FieldError) as caught:
        printer().render(page(**changes))
    assert (caught.value.field, caught.value.reason) == (field, reason)


def test_a_gate_code_over_version_11_is_refused() -> None:
    with pytest.raises(IssuanceError) as caught:
        printer().render(page(gate_text=code_text(400)))
    assert caught.value.reason == "code_too_large"


def broken(tmp_path: Path, old: str, new: str) -> Path:
    text = GREEN.read_text("utf-8")
    assert old in text
    path = tmp_path / "green" / "1.toml"
    path.parent.mkdir()
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('field = "number"', 'field = "phone"', "front.number field: one of"),
        ("pixels = 5", "pixels = 3", "codes need 4 printer pixels"),
        ("max_version = 11", "max_version = 12", "version 12 needs"),
        ('below = "native"', 'below = "nativ"', "no piece 'nativ'"),
        ('seal = "#d8432b"', 'seal = "red"', "colours seal: a colour"),
        ("w = 53.6", "w = 153.6", "leaves the card"),
        ("size = 10.6", 'size = "big"', "a number was expected"),
        ("radius = 1.6", "radios = 1.6", "is not known for a portrait"),
        ('talent = ["Talent", "人才"]', "", "`talent` needs its word"),
        ('kind = "seal"', 'kind = "stamp"', "front.seal kind: one of"),
        ('kind = "seal"', 'kind = ["seal"]', "front.seal kind: one of"),
    ],
)
def test_a_mistake_in_a_layout_is_named_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(IssuanceError, match=rf"line \d+: .*{re.escape(words)}") as caught:
        load_layout(broken(tmp_path, old, new))
    assert caught.value.reason == "bad_layout"


def test_the_named_line_is_the_right_one(tmp_path: Path) -> None:
    path = broken(tmp_path, "pixels = 5", "pixels = 3")
    lines = path.read_text("utf-8").splitlines()
    with pytest.raises(IssuanceError, match=f"line {lines.index('pixels = 3') + 1}:"):
        load_layout(path)


def test_a_missing_font_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IssuanceError, match=r"scripts/fonts\.py") as caught:
        CardPrinter(load_layout(GREEN), tmp_path)
    assert caught.value.reason == "font_missing"


@pytest.mark.parametrize(
    ("texts", "field", "reason"),
    [
        ({"name": "X" * 60}, "name", "name_does_not_fit"),
        ({"name_native": "\U00012000", "language_native": "akk"}, "name_native", "no_glyph"),
        ({"name_chinese": "龘" * 400}, "name_chinese", "name_does_not_fit"),
        ({"permit": "外国人居留许可 第123456789012号"}, "permit", "does_not_fit"),
        ({"permit": "330782-2025-000123456-RESIDENCE"}, "permit", "does_not_fit"),
        ({"permit": "W" * 20}, "permit", "does_not_fit"),
        ({"permit": "RP-2026 \U00012000"}, "permit", "no_glyph"),
        ({"passport": "W" * 22}, "passport", "does_not_fit"),
        ({"office": "W" * 40}, "office", "does_not_fit"),
    ],
)
def test_texts_are_checked_as_they_would_be_printed(texts: dict[str, str], field: str, reason: str) -> None:
    bare = {"name": "MWANGI, Amina", "name_native": None, "name_chinese": None}
    printer().check_texts(page(**bare))
    wrong = page(**bare | texts)
    for attempt in (printer().check_texts, printer().render):
        with pytest.raises(FieldError, match=f"^{field}: ") as caught:
            attempt(wrong)
        assert (caught.value.field, caught.value.reason) == (field, reason)
