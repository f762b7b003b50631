import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issuance.errors import FieldError
from issuance.lettering import MIN_CONDENSE, MIN_SIZE, Letterer, Line, Room
from issuance.typefaces import Typefaces, Weight, script_of
from tests.issuance.printing import FONTS

LETTERER = Letterer(Typefaces(FONTS))


def shape(text: str, language: str | None = None) -> Line:
    return LETTERER.shape(text, Weight.STRONG, language=language, field="name_native")


def read_in_order(line: Line) -> str:
    return "".join(glyph.text for run in line.runs for glyph in run.glyphs)


def test_arabic_is_drawn_from_right_to_left_and_its_digits_are_not() -> None:
    line = shape("رقم ١٢٣", "ara")
    assert line.right_to_left
    # On paper the number stands left of the word, and its digits run on as they are counted.
    assert read_in_order(line).replace(" ", "") == "١٢٣مقر"


def test_persian_digits_keep_their_order_too() -> None:
    assert "۱۲۳" in read_in_order(shape("نمونه ۱۲۳", "fas"))


def test_latin_inside_hebrew_keeps_its_order() -> None:
    assert read_in_order(shape("נועה ABC 12", "heb")) == "ABC 12 העונ"


def test_letters_join() -> None:
    word = {glyph.gid for run in shape("محمد", "ara").runs for glyph in run.glyphs}
    alone = {glyph.gid for letter in "حم" for run in shape(letter, "ara").runs for glyph in run.glyphs}
    assert not word & alone - {glyph.gid for run in shape("م", "ara").runs for glyph in run.glyphs}


def test_lam_alef_is_one_shape() -> None:
    (run,) = shape("لا", "ara").runs
    assert len(run.glyphs) == 1 or run.glyphs[0].gid != shape("ل", "ara").runs[0].glyphs[0].gid


def test_a_conjunct_is_shorter_than_its_letters() -> None:
    assert shape("क्षि", "hin").width < shape("कषइ", "hin").width


@pytest.mark.parametrize(
    ("text", "language", "face"),
    [
        ("Đặng Thị Ếch", "vie", "NotoSans"), ("Образцова", "rus", "NotoSans"), ("Ελένη", "ell", "NotoSans"),
        ("Şükrü Iğdır", "tur", "NotoSans"), ("سالم", "ara", "NotoNaskhArabic"),
        ("بلال", "urd", "NotoNastaliqUrdu"),
        ("شیرین", "fas", "NotoNaskhArabic"), ("נועה", "heb", "NotoSansHebrew"),
        ("क्षितिज", "hin", "NotoSansDevanagari"), ("শ্রাবন্তী", "ben", "NotoSansBengali"),
        ("கௌசல்யா", "tam", "NotoSansTamil"), ("ปู่", "tha", "NotoSansThai"), ("하늘", "kor", "NotoSansKR"),
        ("さくら", "jpn", "NotoSansJP"), ("見本", "jpn", "NotoSansJP"), ("見本", "kor", "NotoSansKR"),
        ("样本", "zho", "NotoSansSC"), ("አበበች", "amh", "NotoSansEthiopic"), ("ဦ", "mya", "NotoSansMyanmar"),
        ("ક્ષમા", "guj", "NotoSansGujarati"), ("ਹਰਪ੍ਰੀਤ", "pan", "NotoSansGurmukhi"),
        ("శ్రీ", "tel", "NotoSansTelugu"), ("ಕ್ಷೇತ್ರಜ್ಞ", "kan", "NotoSansKannada"),
        ("കൃഷ്ണൻ", "mal", "NotoSansMalayalam"), ("ශ්‍රී", "sin", "NotoSansSinhala"),
        ("ស្រីមុំ", "khm", "NotoSansKhmer"), ("ບຸນມີ", "lao", "NotoSansLao"),
        ("ქეთევან", "kat", "NotoSansGeorgian"), ("Հայկ", "hye", "NotoSansArmenian"),
    ],
)  # fmt: skip
def test_each_script_has_its_face_and_every_glyph(text: str, language: str, face: str) -> None:
    line = shape(text, language)
    assert {run.face.name for run in line.runs} == {face}
    assert all(glyph.gid for run in line.runs for glyph in run.glyphs)


@pytest.mark.parametrize(
    ("char", "words"),
    [
        ("\U00013000", "U\\+13000 EGYPTIAN HIEROGLYPH A001"),
        ("\u202e", "U\\+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\n", "U\\+000A"),
        ("\ue000", "U\\+E000 without a name"),
    ],
)
def test_a_character_without_a_glyph_is_named(char: str, words: str) -> None:
    with pytest.raises(FieldError, match=words) as caught:
        shape(f"Ana {char}")
    assert (caught.value.reason, caught.value.field) == ("no_glyph", "name_native")


@settings(max_examples=400)
@given(st.text(max_size=12) | st.text("אבע١۲۳12 ()-\u0301\u200c\u200dABкक्षमحमد漢か", max_size=12))
def test_any_text_is_shaped_whole_or_refused(text: str) -> None:
    try:
        line = shape(text)
    except FieldError as error:
        assert error.reason == "no_glyph"  # noqa: PT017 - one of two right outcomes
    else:
        assert sorted(read_in_order(line)) == sorted(text)


def test_a_name_is_condensed_then_wrapped_then_made_smaller_then_refused() -> None:
    name, size = "MONTALBAN DE LA FUENTE", 10.0
    width = shape(name).width * size

    def fit(share: float, lines: int = 2, height: float = 40.0) -> tuple[int, float, float]:
        fitted = LETTERER.fit(name, Room(width * share, height, size, lines), Weight.STRONG, field="name")
        return len(fitted.lines), fitted.size, round(fitted.scale, 2)

    assert fit(1.01) == (1, size, 1.0)
    assert fit(0.9) == (1, size, 0.9)
    assert fit(0.7)[:2] == (2, size)
    lines, smaller, scale = fit(0.4)
    assert lines == 2
    assert MIN_SIZE <= smaller < size
    assert scale >= MIN_CONDENSE
    with pytest.raises(FieldError, match="one word of 9 characters needs") as caught:
        fit(0.1)
    assert (caught.value.reason, caught.value.field) == ("name_does_not_fit", "name")
    with pytest.raises(FieldError, match="22 characters need"):
        fit(0.4, height=5.0)


def test_ink_of_two_lines_never_touches() -> None:
    fitted = LETTERER.fit("Ệ̣g̃ Ế̉g", Room(22.0, 60.0, 20.0, 2), Weight.STRONG, language="vie")
    first, second = fitted.lines
    between = fitted.baselines[1] - fitted.baselines[0]
    assert between > (second.top - first.bottom) * fitted.size


def test_han_names_break_anywhere() -> None:
    fitted = LETTERER.fit("玛丽亚德尔卡门瓜达卢佩", Room(60.0, 40.0, 9.0, 2), Weight.STRONG, language="zho")
    assert [len(line.text) for line in fitted.lines] == [6, 5] or [
        len(line.text) for line in fitted.lines
    ] == [5, 6]


def test_scripts_are_known_by_character() -> None:
    assert [script_of(char) for char in "aяعक하漢 "] == ["Latn", "Cyrl", "Arab", "Deva", "Hang", "Hani", None]
