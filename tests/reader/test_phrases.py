"""Words for the holder: none is missing in any of the twelve languages, for any reason there is."""

import unicodedata

import pytest

from tests.city import ROOT
from verify.reader.phrases import LANGUAGES, book, language_of, phrase

#: Reasons that only a whole reader has.
OWN = {
    "no_data",
    "no_seal_key",
    "journal_full",
    "journal_unusable",
    "reader_fault",
    "seen_unusable",
    "leaving",
    "ok",
}
SCRIPTS = {
    "ar": "ARABIC",
    "ur": "ARABIC",
    "fa": "ARABIC",
    "zh": "CJK",
    "ko": "HANGUL",
    "ru": "CYRILLIC",
    "hi": "DEVANAGARI",
}


def reasons() -> set[str]:
    """Every reason in the tables of the verdict."""
    words = (ROOT / "docs" / "format.md").read_text().split("## 8. Verdict")[1].split("The steps run in")[0]
    cells = [cell for line in words.splitlines() if line.startswith("| ") for cell in line.split("|")[2:4]]
    names = {name.strip(" `") for cell in cells for name in cell.replace("(", ",(").split(",")}
    return {
        name for name in names if name.isidentifier() and name.islower() and name not in ("deny", "attention")
    }


def test_every_reason_has_words_and_no_words_are_left_over() -> None:
    assert len(reasons()) >= 25
    assert set(book().reasons) == reasons() | OWN
    assert set(book().reasons.values()) == set(book().messages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing(language: str) -> None:
    texts = [message.texts.get(language, "") for message in book().messages.values()]
    assert all(texts)
    assert all(len(text) <= 48 for text in texts)
    assert len(set(texts)) == len(texts)
    script = SCRIPTS.get(language)
    if script is not None:
        letters = [letter for text in texts for letter in text if letter.isalpha()]
        assert all(script in unicodedata.name(letter) for letter in letters)


def test_every_message_has_a_pictogram_of_its_own() -> None:
    pictograms = [message.pictogram for message in book().messages.values()]
    assert len(set(pictograms)) == len(pictograms)
    assert all(pictograms)


def test_languages_of_cards() -> None:
    assert set(book().languages.values()) == set(LANGUAGES)
    assert [language_of(code) for code in ("kor", "swa", None)] == ["ko", None, None]


def test_the_holders_language_comes_first() -> None:
    assert list(phrase("expired", ("zh", "en"), "hi").texts) == ["hi", "zh", "en"]
    assert list(phrase("expired", ("zh", "en"), "en").texts) == ["en", "zh"]
    assert phrase("a reason of a later version", ("en",)).texts["en"].startswith("Could not be checked")
