"""By what a person is found again: the passport, words of the name, and likenesses of name and birth.

Everything given here is hashed with the records' key before it is written (``cardsvc.records.traces``).
A likeness is a name without what transliterations change: vowels, doubled letters, letters that sound alike.
So Mohammed Yousef and MUHAMMAD YUSUF are alike; whether they are one person is for people to say.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from cardsvc.records import Facts
from cardsvc.records.sealing import normalised
from issuance.names import mrz_components

#: One thing to be found by: what it is, and its text.
Thing = tuple[str, str]
PASSPORT, WORD, REFERENCE = "passport", "word", "reference"
ALIKE, ALIKE_YEAR = "alike", "alike year"
#: Letters that one sound is written with, in the languages of the passports that come here.
_SOUNDS = {"PH": "F", "KH": "H", "GH": "G", "TH": "T", "DH": "D", "CH": "S", "SH": "S", "CK": "K"}
_ALIKE = str.maketrans("CQZXVWJYEOI", "KKSSBBIIAAA")
_VOWELS = re.compile("(?<=.)[AEIOUYH]")
_TWICE = re.compile(r"(.)\1+")
#: Shorter skeletons are shared by too many names to say anything.
_TELLING = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """What is compared of a person: the parts of the name, and what the passport says."""

    surname: str
    given_names: str
    birth: str | None
    nationality: str | None
    passport: str | None
    passport_country: str | None

    @property
    def words(self) -> tuple[str, ...]:
        """The parts of the whole name in the letters of passports' lines."""
        return mrz_components(self.surname) + mrz_components(self.given_names)


def identity_of(fields: Mapping[str, object]) -> Identity:
    """Of an application's fields or a person's facts; what is missing or no text is left out."""

    def text(name: str) -> str | None:
        value = fields.get(name)
        return value.strip() if isinstance(value, str) and value.strip() else None

    return Identity(
        text("surname") or "",
        text("given_names") or "",
        text("birth"),
        text("nationality"),
        text("passport"),
        text("passport_country"),
    )


def of_facts(facts: Facts) -> list[Thing]:
    """All traces of a person."""
    return [*traces(identity_of(facts)), *words_of(facts)]


def traces(who: Identity) -> list[Thing]:
    """The passport, and the likenesses of name and birth."""
    return [*passport_of(who), *alike(who)]


def passport_of(who: Identity) -> list[Thing]:
    """The passport with its country, and the bare number, for who types only that."""
    if not (who.passport and normalised(who.passport)):
        return []
    number = normalised(who.passport)
    return [(PASSPORT, number), (PASSPORT, f"{normalised(who.passport_country or '')}/{number}")]


def words_of(fields: Mapping[str, object]) -> list[Thing]:
    """The words of every name, for the search."""
    who = identity_of(fields)
    found = [(WORD, part) for part in who.words]
    for name in ("name_native", "name_chinese"):
        value = fields.get(name)
        if isinstance(value, str):
            found += [(WORD, part) for part in value.upper().split()]
    return found


def alike(who: Identity) -> list[Thing]:
    """Part by part with the day of birth; the whole name with its year, for days that were mistaken."""
    parts = sorted({one for one in map(skeleton, who.words) if len(one) >= _TELLING})
    if not parts or _day(who.birth) is None:
        return []
    whole = (ALIKE_YEAR, f"{str(who.birth)[:4]}/{'+'.join(parts)}")
    return [whole, *((ALIKE, f"{who.birth}/{part}") for part in parts)]


def skeleton(word: str) -> str:
    """What transliterations agree on of one upper-case Latin word: ``MUHAMMAD`` and ``MOHAMED`` are MD."""
    for sound, letter in _SOUNDS.items():
        word = word.replace(sound, letter)
    kept = word[:1] + word[1:].replace("H", "")
    return _TWICE.sub(r"\1", _VOWELS.sub("", kept.translate(_ALIKE)))


def score(one: Identity, other: Identity) -> float:
    """How alike two people are, 0 to 1: names by their skeletons, birth to the day or but for a slip."""
    ours, theirs = _skeletons(one.words), _skeletons(other.words)
    if not ours or not theirs:
        return 0.0
    names = len(ours & theirs) / max(len(ours), len(theirs))
    return round(names * _births(one.birth, other.birth), 2)


def _skeletons(words: Iterable[str]) -> frozenset[str]:
    return frozenset(one for one in map(skeleton, words) if len(one) >= _TELLING)


def _births(one: str | None, other: str | None) -> float:
    first, second = _day(one), _day(other)
    if first is None or second is None:
        return 0.0
    if first == second:
        return 1.0
    swapped = first.day == second.month and first.month == second.day
    if first.year == second.year and (swapped or first.month == second.month or first.day == second.day):
        return 0.8
    return 0.5 if first.year == second.year else 0.0


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None
