"""Letters of refusal in the resident's own language: why, and what to do about it.

The texts are data, ``templates/locale/letters/LANGUAGE.toml``; a language that has none gets English.
What the office adds in its own words is not translated and says so by standing apart.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

_FOLDER = Path(__file__).resolve().parent.parent.parent / "templates" / "locale" / "letters"
ENGLISH: Final = "en"
#: Why a case may be refused; every language has a sentence for each.
REASONS: Final = (
    "permit_missing",
    "passport_expired",
    "not_genuine",
    "other_person",
    "already_has_card",
    "not_entitled",
    "incomplete",
    "other",
)
#: ISO 639-2 and 639-3 codes of the languages there are letters in; Dari is read as Persian.
_SHORT: Final = {
    "ara": "ar", "arb": "ar", "eng": "en", "spa": "es", "fas": "fa", "pes": "fa", "prs": "fa",
    "fra": "fr", "fre": "fr", "hin": "hi", "jpn": "ja", "kor": "ko", "por": "pt", "rus": "ru", "urd": "ur",
    "zho": "zh", "chi": "zh", "cmn": "zh",
}  # fmt: skip

#: Written from the right; what is put into their sentences keeps a direction of its own.
_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "ur"})


def letters(
    language: str, reason: str, *, raw: Mapping[str, object], reference: str, day: date, words: str
) -> dict[str, str]:
    """The letter by language: English, Chinese for the office, and the resident's own."""
    name = ", ".join(str(raw[part]) for part in ("surname", "given_names") if raw.get(part))
    wanted = dict.fromkeys((language_of(language), ENGLISH, "zh"))
    return {code: _letter(code, reason, name, reference, day, words) for code in wanted}


def language_of(code: str) -> str:
    """The language a letter is written in for somebody who reads ``code`` (ISO 639)."""
    short = _SHORT.get(code, code)
    return short if short in languages() else ENGLISH


@cache
def languages() -> tuple[str, ...]:
    """Every language that there are letters in."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def reason_words(language: str = ENGLISH) -> dict[str, str]:
    """What each reason says to the resident."""
    return {reason: str(_texts(language)["reasons"][reason]) for reason in REASONS}


def _letter(code: str, reason: str, name: str, reference: str, day: date, words: str) -> str:
    texts = _texts(code)

    def alone(value: str) -> str:
        """First strong isolate (UAX #9, section 2.4): dates and words of others are not turned about."""
        return (
            f"\N{FIRST STRONG ISOLATE}{value}\N{POP DIRECTIONAL ISOLATE}" if code in _RIGHT_TO_LEFT else value
        )

    def filled(key: str) -> str:
        text = str(texts[key])
        return text.replace("{reference}", alone(reference)).replace("{day}", alone(day.isoformat()))

    parts = [filled("subject"), name and alone(name), filled("opening"), str(texts["reasons"][reason])]
    if words:
        parts.append(f"{texts['office_adds']}\n{alone(words)}")
    return "\n\n".join(part for part in [*parts, filled("closing")] if part)


@cache
def _texts(code: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{code}.toml").read_text("utf-8"))
