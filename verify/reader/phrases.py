"""What a reader says to the holder: a pictogram and a few words, in twelve languages (``phrases.json``)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("ar", "ur", "fa", "en", "zh", "ko", "ja", "fr", "ru", "hi", "es", "pt")
#: Said to whoever leaves, whatever was found.
LEAVING: Final = "leaving"
#: A reason that this version has no words for is one that nobody could check.
_FALLBACK: Final = "unchecked"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pictogram and its words, one text a language, in the order they are to be shown."""

    pictogram: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Book:
    languages: Mapping[str, str]
    reasons: Mapping[str, str]
    messages: Mapping[str, Phrase]


@cache
def book() -> _Book:
    """The data file, read once."""
    data = json.loads(files(__package__).joinpath("phrases.json").read_text("utf-8"))
    messages = {name: Phrase(item["pictogram"], item["texts"]) for name, item in data["messages"].items()}
    return _Book(data["languages"], data["reasons"], messages)


def language_of(code: str | None) -> str | None:
    """The language (``ar``) of an ISO 639-3 code as a card has it; None where none of the twelve is meant."""
    return None if code is None else book().languages.get(code)


def phrase(reason: str, languages: Sequence[str], holder: str | None = None) -> Phrase:
    """The words for ``reason`` in the venue's ``languages``, the holder's own first where it is known."""
    found = book().messages[book().reasons.get(reason, _FALLBACK)]
    order = dict.fromkeys(([] if holder is None else [holder]) + list(languages))
    return Phrase(found.pictogram, {language: found.texts[language] for language in order})
