import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuance.errors import FieldError
from issuance.names import (
    WIDTH_TD1,
    WIDTH_TD3,
    Cut,
    check_same_name,
    chinese_name,
    full_name,
    latin_name,
    mrz_components,
    mrz_name,
    name_on_card,
    native_name,
    same_name,
    truncate_name,
)

LATIN = st.text(st.sampled_from("abcdeÄöÜßñçğıİøåþłŻéÑ'-. xyz"), max_size=60)


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("Müller", ("MUELLER",)),
        ("Ångström", ("AANGSTROEM",)),
        ("Sørensen", ("SOERENSEN",)),
        ("Þórr Ægir", ("THORR", "AEGIR")),
        ("Weiß", ("WEISS",)),
        ("Œuvrard", ("OEUVRARD",)),
        ("IJsselmeer Ĳ", ("IJSSELMEER", "IJ")),
        ("İıĞğŞş", ("IIGGSS",)),
        ("Nguyễn Đức", ("NGUYEN", "DUC")),
        ("D'Artagnan O’Neil", ("DARTAGNAN", "ONEIL")),
        ("Jean-Pierre  Saint‑Exupéry", ("JEAN", "PIERRE", "SAINT", "EXUPERY")),
        ("Núñez", ("NUNEZ",)),
        ("L·Lull Jr.", ("LLULL", "JR")),
        ("Mu\u0308ller", ("MUELLER",)),
    ],
)
def test_letters_follow_the_table(typed: str, parts: tuple[str, ...]) -> None:
    assert mrz_components(typed) == parts


def test_a_single_name_stands_alone() -> None:
    assert mrz_name("Arkfreith", "") == mrz_name("", "Arkfreith") == "ARKFREITH"
    assert full_name("SUKARNO", "") == "SUKARNO"
    assert full_name("AL-NAMUDHAJ", "Salim Qasim") == "AL-NAMUDHAJ, Salim Qasim"


@pytest.mark.parametrize(
    ("surname", "given_names", "field", "cut"),
    [
        ("Eriksson", "Anna Maria", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", False),
        ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang", "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K", True),
        ("Papandropoulous", "Jonathan Alec", "PAPANDROPOULOUS<<JONATHAN<ALEC<<<<<<<<<", False),
        # The cut falls on a filler: a letter goes from the part before it.
        ("Papandropoulous", "Jonathan Alexanders Q", "PAPANDROPOULOUS<<JONATHAN<ALEXANDERS<Q<", False),
        ("Papandropoulous", "Jonathan Alexanderson Qi", "PAPANDROPOULOUS<<JONATHAN<ALEXANDERSO<Q", True),
        (
            "Bennelong Wooloomooloo Warrandyte Warnambool",
            "Dingo Potoroo",
            "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WA<<D",
            True,
        ),
        ("A" * 60, "", "A" * 39, True),
    ],
)
def test_truncation_for_td3(surname: str, given_names: str, field: str, cut: bool) -> None:
    assert truncate_name(surname, given_names) == Cut(field, cut)


@given(LATIN, LATIN, st.sampled_from([WIDTH_TD1, WIDTH_TD3]))
def test_a_cut_field_is_full_and_still_the_same_name(surname: str, given_names: str, width: int) -> None:
    cut = truncate_name(surname, given_names, width)
    assert re.fullmatch(f"[A-Z<]{{{width}}}", cut.name)
    assert cut.was_cut == (len(mrz_name(surname, given_names)) > width)
    primary, _, secondary = cut.name.rstrip("<").partition("<<")
    full = not cut.name.endswith("<")
    assert full or not cut.was_cut or re.search("<[A-Z]<", cut.name)  # bare initials cannot be filled up
    assert same_name(
        surname, given_names, primary.replace("<", " "), secondary.replace("<", " "), cut=full or cut.was_cut
    )


@pytest.mark.parametrize(
    ("surname", "given_names", "lines", "cut"),
    [
        ("Müller", "Jürgen", ("MUELLER", "JUERGEN"), False),
        ("Müller", "Jürgen", ("MULLER", "JUERGEN"), False),  # the table allows U, too
        ("Müller", "Jürgen", ("MUXXLLER", "JURGEN"), False),
        ("Núñez", "Ana", ("NUNXXEZ", "ANA"), False),
        ("Sukarno", "", ("SUKARNO", ""), False),
        ("", "Sukarno", ("SUKARNO", ""), False),
        (
            "Nilavadhanananda",
            "Chayapa Dejthamrong Krasuang",
            ("NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG K"),
            True,
        ),
        ("Bennelong Wooloomooloo", "Dingo Potoroo", ("BENNELONG W", "DINGO"), True),
    ],
)
def test_same_names(surname: str, given_names: str, lines: tuple[str, str], cut: bool) -> None:
    check_same_name(surname, given_names, *lines, cut=cut)


@pytest.mark.parametrize(
    ("surname", "given_names", "lines", "cut", "field"),
    [
        ("Müller", "Jürgen", ("MOELLER", "JUERGEN"), False, "surname"),
        ("Müller", "Jürgen", ("MUELLER", "JUERG"), False, "given_names"),
        ("Müller", "Jürgen", ("MUELLER", ""), False, "given_names"),
        ("Müller", "", ("MUELLER", "JUERGEN"), False, "given_names"),
        ("Delacruz", "Ana", ("DE LA CRUZ", "ANA"), False, "surname"),
        ("Bennelong", "Dingo", ("BENNELONG W", "DINGO"), True, "surname"),
        ("Bennelong", "Dingo", ("BENNELONG", "DINX"), True, "given_names"),
    ],
)
def test_other_names_are_shown_both(
    surname: str, given_names: str, lines: tuple[str, str], cut: bool, field: str
) -> None:
    with pytest.raises(FieldError) as caught:
        check_same_name(surname, given_names, *lines, cut=cut)
    assert (caught.value.field, caught.value.reason) == (field, "disagrees")
    assert full_name(surname, given_names) in str(caught.value)
    assert full_name(*lines) in str(caught.value)


def test_text_is_normalised() -> None:
    assert latin_name("surname", "  Mu\u0308ller \u3000  Lüdenscheid\n") == "Müller Lüdenscheid"


@pytest.mark.parametrize(
    ("text", "reason", "named"),
    [
        ("Ali\x07", "forbidden_character", "U+0007"),
        ("Ali\u202eila", "forbidden_character", "right-to-left override"),
        ("Ali\u2066", "forbidden_character", "left-to-right isolate"),
        ("Ali\u0378x", "forbidden_character", "U+0378"),
        ("Ali\ue000x", "forbidden_character", "U+E000"),
        ("Jos\ufffd", "forbidden_character", "save files as UTF-8"),
        ("Ali\u200dx", "not_latin", "zero width joiner"),
        ("Аlі", "not_latin", "cyrillic capital letter a"),
        ("Ａｌｉ", "not_latin", "fullwidth"),
        ("Ali 3", "not_latin", "digit three"),
        ("Doe, John", "not_latin", "comma"),
        ("A\u0323\u0302\u0301\u0304\u0306li", "not_latin", "combining"),
        ("'-'", "no_letter", "no letter"),
        ("A" * 201, "too_long", "200"),
    ],
)
def test_what_no_latin_name_holds(text: str, reason: str, named: str) -> None:
    with pytest.raises(FieldError) as caught:
        latin_name("surname", text)
    assert caught.value.reason == reason
    assert named in str(caught.value)


@given(st.text(max_size=80))
def test_no_stray_error_and_every_letter_has_a_transliteration(text: str) -> None:
    try:
        name = latin_name("surname", text)
    except FieldError:
        return
    assert latin_name("surname", name) == name
    assert not name or mrz_components(name)
    assert all(re.fullmatch("[A-Z]+", part) for part in mrz_components(name))


def test_native_and_chinese() -> None:
    assert native_name("name_native", "سالم قاسم") == "سالم قاسم"
    assert native_name("name_native", "नरेन्द्र\u200d") == "नरेन्द्र\u200d"
    assert chinese_name("name_chinese", "萨利姆·卡西姆") == "萨利姆·卡西姆"
    for text in ("Ali", "·萨", "萨利姆\u200d", "萨 利"):
        with pytest.raises(FieldError):
            chinese_name("name_chinese", text)
    for text in ("سالم2", "☃", "\u200d", "س" * 61, "\u200cسالم", "سالم \u200dقاسم", "रा\u200d\u200cम"):
        with pytest.raises(FieldError):
            native_name("name_native", text)


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("\ufee3\ufea4\ufee4\ufeaa", "محمد"),
        ("\ufefbء", "لاء"),
        ("ﾊﾞﾝ", "バン"),
        ("ｓａｎ", "san"),
        ("กำ", "กำ"),
        ("ﬁ", "ﬁ"),
    ],
)
def test_shapes_of_letters_become_letters(stored: str, typed: str) -> None:
    assert native_name("name_native", stored) == typed


@given(LATIN, LATIN, st.integers(20, 120))
def test_the_card_says_when_a_name_was_cut(surname: str, given_names: str, limit: int) -> None:
    cut = name_on_card(surname, given_names, limit)
    assert len(cut.name) <= limit
    assert cut.was_cut == (len(full_name(surname, given_names)) > limit)
    assert cut.was_cut or cut.name == full_name(surname, given_names)


def test_given_names_become_initials_first() -> None:
    assert name_on_card("LI", "Anna Beata Clara", 15) == Cut("LI, Anna B C", True)
    assert name_on_card("LIPOWSKA-WALES", "Anna Beata", 18) == Cut("LIPOWSKA-WALES, A", True)
    assert name_on_card("L" * 30, "Anna", 20) == Cut("L" * 17 + ", A", True)
