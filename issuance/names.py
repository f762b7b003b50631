"""Names: clean text, and the Latin letters that a passport's machine-readable lines have for them.

The rules are ICAO Doc 9303-3, sections 4.6 (names in the lines) and 6 A (Latin letters with marks).
A name is never cut without saying so: what may shorten returns a :class:`Cut`.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from issuance.errors import FieldError

#: The widest full Latin name that goes into claim 169/4 and onto the card; longer ones are shortened.
MAX_LATIN = 120
#: What may be typed into one Latin name field, before any shortening.
MAX_TYPED = 200
#: Native and Chinese names have no rule for shortening: longer ones are refused.
MAX_NATIVE = 60
MAX_CHINESE = 20
#: More combining marks than this on one letter are no spelling of any Latin name.
MAX_MARKS = 2

#: Width of the name field in the lines, Doc 9303 parts 4, 5 and 6.
WIDTH_TD1, WIDTH_TD2, WIDTH_TD3 = 30, 31, 39

FILLER = "<"
#: Typed between surname and given names on the card, as the passport's own page has it.
COMMA = ", "

#: Section 4.6: "apostrophes shall be omitted", in every form that keyboards give them; full stops likewise.
_OMITTED = frozenset("'’‘ʼʻʹ′`´.·")
_SEPARATORS = re.compile(r"[ \-‐‑–]+")

#: Section 6 A where the base letter alone is not what the table says; the recommended form stands first.
_TABLE: dict[str, tuple[str, ...]] = {
    "Ä": ("AE", "A"), "Å": ("AA", "A"), "Æ": ("AE",), "Ð": ("D", "DH"), "Ñ": ("N", "NXX"), "Ö": ("OE", "O"),
    "Ø": ("OE", "O"), "Ü": ("UE", "UXX", "U"), "Þ": ("TH",), "Đ": ("D", "DJ"), "Ħ": ("H",), "ĸ": ("Q",),
    "Ł": ("L",), "Ŋ": ("N", "NG"), "Œ": ("OE",), "Ŧ": ("T",), "ẞ": ("SS",), "Ə": ("E", "A"),
    # Letters of African orthographies, which the table leaves out: their passports print the base letter.
    "Ɓ": ("B",), "Ɔ": ("O",), "Ɖ": ("D",), "Ɗ": ("D",), "Ɛ": ("E",), "Ɠ": ("G",), "Ƙ": ("K",), "Ɲ": ("N",),
    "Ƴ": ("Y",), "Ɣ": ("G",), "Ʋ": ("V",),
}  # fmt: skip

#: Characters, not names, whose letters are remembered: more than all Latin alphabets have.
KEPT_CHARACTERS = 2048
#: What decoders put where they could read nothing: the letter that stood there is lost.
_LOST = "\ufffd"
#: Joiners that Persian and Indic spelling needs; every other invisible character is refused.
_JOINERS = frozenset("\u200c\u200d")
#: Decompositions of shapes that old programs stored in place of letters: joined forms, half and full width.
_SHAPES = ("<initial>", "<medial>", "<final>", "<isolated>", "<narrow>", "<wide>")
_NATIVE_PUNCTUATION = frozenset("'’‘ʼʻ.-‐‑–·־׳״،")
_CHINESE_DOT = "·"


@dataclass(frozen=True, slots=True)
class Cut:
    """A name that had to fit: whoever shows ``name`` must also show that it ``was_cut``."""

    name: str
    was_cut: bool


def clean(field: str, text: str, limit: int) -> str:
    """Bring a typed text into NFC, without outer or double spaces, of at most ``limit`` characters.

    Raises :class:`FieldError` when it is too long, or when it holds a control, a direction control, an
    unassigned character or one that was lost on the way: these are named, never dropped, since they change
    what a person reads.
    """
    if len(text) > 4 * limit:  # before any work; NFC can shorten a text by marks, not by that much
        raise too_long(field, len(text), limit)
    text = unicodedata.normalize("NFC", text.strip())
    # Printable ASCII, most of what is typed, holds none of them.
    for place, char in enumerate("" if text.isascii() and text.isprintable() else text, 1):
        if unicodedata.category(char) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"} and char not in _JOINERS:
            raise _foreign(field, "forbidden_character", place, char, "remove it")
        if char == _LOST:
            advice = "type the letter that was lost, and save files as UTF-8"
            raise _foreign(field, "forbidden_character", place, char, advice)
    text = " ".join(text.split())
    if len(text) > limit:
        raise too_long(field, len(text), limit)
    return text


def too_long(field: str, came: int, limit: int) -> FieldError:
    """Make the error for a text over its limit."""
    return FieldError(field, "too_long", f"At most {limit} characters fit, {came} came; shorten it.")


def latin_name(field: str, text: str) -> str:
    """Check one Latin name field, in any case and with marks, as the passport's page has it; may be empty."""
    text = clean(field, text, MAX_TYPED)
    marks = 0
    for place, char in enumerate(text, 1):
        marks = marks + 1 if unicodedata.combining(char) else 0
        mark = 0 < marks <= MAX_MARKS and place > 1
        if not (_is_latin(char) or mark or char in _OMITTED or _SEPARATORS.fullmatch(char)):
            advice = "type the Latin letters of the passport's page (other scripts go into name_native)"
            raise _foreign(field, "not_latin", place, char, advice)
    if text and not mrz_components(text):
        raise FieldError(field, "no_letter", "There is no letter in this name; type it, or leave it out.")
    return text


def native_name(field: str, text: str) -> str:
    """Check a name in its own script: letters, marks, spaces and the punctuation of names.

    Shapes of letters become the letters, so that the name is found by who types it.
    """
    text = clean(field, _spelled(clean(field, text, MAX_NATIVE)), MAX_NATIVE)
    before = " "
    for place, char in enumerate(text, 1):
        letter = unicodedata.category(char)[0] in "LM"
        joiner = char in _JOINERS and unicodedata.category(before)[0] in "LM"
        if not (letter or joiner or char in _NATIVE_PUNCTUATION or char == " "):
            raise _foreign(field, "not_a_letter", place, char, "remove it")
        before = char
    # Some apostrophes are letters to Unicode, and no name by themselves.
    if not any(char.isalpha() and char not in _NATIVE_PUNCTUATION for char in text):
        raise FieldError(field, "no_letter", "There is no letter in this name; type it, or leave it out.")
    return text


def _spelled(text: str) -> str:
    return "".join(
        unicodedata.normalize("NFKC", char) if unicodedata.decomposition(char).startswith(_SHAPES) else char
        for char in text
    )


def chinese_name(field: str, text: str) -> str:
    """Check a Chinese name: Han characters, and the middle dot (U+00B7) between parts of a foreign name."""
    text = clean(field, text, MAX_CHINESE)
    for place, char in enumerate(text, 1):
        han = unicodedata.name(char, "").startswith("CJK ") and unicodedata.category(char) == "Lo"
        inner_dot = char == _CHINESE_DOT and 1 < place < len(text)
        if not (han or inner_dot):
            raise _foreign(field, "not_chinese", place, char, "type Chinese characters, parts joined by ·")
    if not text:
        raise FieldError(field, "no_letter", "The Chinese name is empty; type it, or leave it out.")
    return text


def mrz_components(text: str) -> tuple[str, ...]:
    """The parts of a Latin name as the lines have them: ``José-Müller O'Neil`` → JOSE, MUELLER, ONEIL."""
    parts = ("".join(_letters(char)[0] for char in part) for part in _components(text))
    return tuple(part for part in parts if part)


def mrz_name(surname: str, given_names: str) -> str:
    """The whole name for the lines, not padded and not cut: ``ERIKSSON<<ANNA<MARIA``, or a single name."""
    primary, secondary = (FILLER.join(mrz_components(text)) for text in (surname, given_names))
    return f"{primary}<<{secondary}" if primary and secondary else primary or secondary


def truncate_name(surname: str, given_names: str, width: int = WIDTH_TD3) -> Cut:
    """The name field of the lines, exactly ``width`` characters (Doc 9303-3 section 4.6, parts 4 to 6).

    A name that does not fit loses letters from the end of the given names, and from the surname only
    where one letter of the given names would not fit beside it. A cut field ends with a letter, never
    with a filler: that is how a reader sees that it was cut (only a row of bare initials can miss this).
    """
    full = mrz_name(surname, given_names)
    if len(full) <= width:
        return Cut(full.ljust(width, FILLER), was_cut=False)
    primary, _, secondary = full.partition("<<")
    if not secondary:
        return Cut(_fill(primary, width).ljust(width, FILLER), was_cut=True)
    room = width - len("<<") - 1
    head = primary if len(primary) <= room else _fill(primary, room)
    return Cut(f"{head}<<{_fill(secondary, width - len(head) - 2)}".ljust(width, FILLER), was_cut=True)


def _fill(text: str, width: int) -> str:
    """Cut ``text`` to ``width`` so that it ends with a letter, taking one from an earlier part if need be."""
    while len(text) > width and text[width - 1] == FILLER:
        shorter = re.sub(r"([A-Z])[A-Z](<(?:[A-Z]<)*)$", r"\1\2", text[:width])
        if len(shorter) == width:  # nothing but initials, no letter can be spared
            return text[: width - 1]
        text = shorter + text[width:]
    return text[:width]


def same_name(surname: str, given_names: str, line_surname: str, line_given: str, *, cut: bool) -> bool:
    """Whether a typed name can be the one in the lines, by any transliteration that section 6 A allows.

    With ``cut`` (the name field is full) every part in the lines may be the beginning of the typed
    part, and last parts may be missing.
    """
    typed = [_components(surname), _components(given_names)]
    lines = [tuple(line_surname.split()), tuple(line_given.split())]
    if not all(typed):  # a single name, whichever field it was typed into
        return _same_parts(typed[0] or typed[1], lines[0] or lines[1], cut) and not all(lines)
    return all(_same_parts(ours, theirs, cut) for ours, theirs in zip(typed, lines, strict=True))


def check_same_name(surname: str, given_names: str, line_surname: str, line_given: str, *, cut: bool) -> None:
    """Raise :class:`FieldError` ``disagrees``, showing both, when a typed name is not the lines' name."""
    if same_name(surname, given_names, line_surname, line_given, cut=cut):
        return
    typed, lines = full_name(surname, given_names), full_name(line_surname, line_given)
    surnames_fit = _same_parts(_components(surname), tuple(line_surname.split()), cut)
    field = "given_names" if surnames_fit else "surname"
    words = f"Typed is “{typed}”, the passport's lines say “{lines}”; correct whichever was read wrong."
    raise FieldError(field, "disagrees", words)


def full_name(surname: str, given_names: str) -> str:
    """``SURNAME, Given names`` as on the card; a single name stands alone."""
    return COMMA.join(part for part in (surname, given_names) if part)


def name_on_card(surname: str, given_names: str, limit: int = MAX_LATIN) -> Cut:
    """The full Latin name in at most ``limit`` characters, in the spirit of Doc 9303-3 section 4.6.

    Given names become initials from the last one on, then drop but for the first; the surname is
    shortened only when that is not enough. Marks stay with their letters.
    """
    whole = full_name(surname, given_names)
    if len(whole) <= limit:
        return Cut(whole, was_cut=False)
    given = given_names.split()
    for last in range(len(given) - 1, -1, -1):
        given[last] = _letters_kept(given[last], 1)
        name = full_name(surname, " ".join(given))
        if len(name) <= limit:
            return Cut(name, was_cut=True)
    for kept in range(len(given) - 1, 0, -1):
        name = full_name(surname, " ".join(given[:kept]))
        if len(name) <= limit:
            return Cut(name, was_cut=True)
    if not (surname and given):
        return Cut(_letters_kept(surname or given_names, limit), was_cut=True)
    head = _letters_kept(surname, max(1, limit - len(COMMA) - len(given[0])))
    return Cut(full_name(head, given[0]), was_cut=True)


def _letters_kept(text: str, limit: int) -> str:
    """The first ``limit`` characters, without half a letter: a mark whose letter stays is kept with it."""
    end = limit
    while limit == 1 and end < len(text) and unicodedata.combining(text[end]):
        end += 1
    while end > 1 and end < len(text) and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip(" -")


def _components(text: str) -> tuple[str, ...]:
    parts = _SEPARATORS.split(unicodedata.normalize("NFC", text).upper())
    return tuple(part for part in parts if any(_letters(char)[0] for char in part))


@lru_cache(KEPT_CHARACTERS)
def _is_latin(char: str) -> bool:
    """Whether a character is a Latin letter that the lines have letters for."""
    latin = char.isalpha() and unicodedata.name(char, "").startswith("LATIN")
    return latin and any(_letters(upper)[0] for upper in char.upper())


@lru_cache(KEPT_CHARACTERS)
def _letters(char: str) -> tuple[str, ...]:
    """What may stand in the lines for one upper-case character, the recommended form first."""
    if char in _OMITTED or unicodedata.combining(char):
        return ("",)
    if char in _TABLE:
        return _TABLE[char]
    plain = unicodedata.normalize("NFKD", char)
    return _TABLE.get(plain[0]) or ("".join(letter for letter in plain if "A" <= letter <= "Z"),)


def _same_parts(typed: tuple[str, ...], lines: tuple[str, ...], cut: bool) -> bool:
    if len(lines) > len(typed) or (len(lines) < len(typed) and not cut):
        return False
    return all(_reaches(ours, theirs, cut) for ours, theirs in zip(typed, lines, strict=False))


def _reaches(typed: str, seen: str, cut: bool) -> bool:
    """Walk all transliterations of ``typed`` at once; ``places`` are the letters of ``seen`` used so far."""
    places = {0}
    for char in typed:
        forms = _letters(char)
        if cut and any(form.startswith(seen[place:]) for place in places for form in forms):
            return True
        places = {place + len(form) for place in places for form in forms if seen.startswith(form, place)}
    return len(seen) in places


def _foreign(field: str, reason: str, place: int, char: str, advice: str) -> FieldError:
    """Name a character that may not stand here; one that cannot be seen is given by code point alone."""
    name = unicodedata.name(char, "a control" if char < "\xa0" else "an unassigned or private character")
    shown = f"“{char}”, " if char.isprintable() else ""
    words = f"Character {place} is {shown}U+{ord(char):04X} {name.lower()}; {advice}."
    return FieldError(field, reason, words)
