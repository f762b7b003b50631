"""What is printed on one card, and how each field of it is put into words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from issuance.countries import named
from issuance.errors import FieldError
from issuance.layout import Layout
from verify.services import CardClass, Service

#: Characters of a masked number that stay readable, at its end: enough to tell two passports of a family.
MASK_KEEPS = 3
#: What stands for a hidden character; the same in print and in the code, where it must be ASCII.
MASK = "*"

#: Fields in Chinese or beside Chinese words: their Han characters have the shapes of China.
LANGUAGES = {
    "name_chinese": "zho",
    "card_class": "zho",
    "sex": "zho",
    "nationality": "zho",
    "nationality_named": "zho",
    "permit": "zho",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPage:
    """Everything that is printed on one card, checked and ready."""

    number: str  #: 13 digits
    card_class: CardClass
    name: str  #: Latin, as in the identity code: "SURNAME, Given"
    name_native: str | None = None
    language_native: str | None = None  #: ISO 639-3; chooses the face and the forms of letters
    name_chinese: str | None = None
    nationality: str  #: ISO 3166-1 alpha-3, or what passports write beside it
    valid_until: date
    portrait: bytes  #: JPEG, RGB or grey
    gate_text: str
    identity_text: str
    passport: str
    passport_country: str
    birth: date
    sex: str  #: M, F or X
    permit_kind: str  #: residence, visa, work or none
    permit: str | None = None
    permit_until: date | None = None
    office: str
    services: frozenset[Service] = field(default_factory=frozenset)  #: those not printable are left out
    edition: str = "1"  #: varies the guilloche


def masked(number: str) -> str:
    """A passport number of which only the end can be read: ``*****321``."""
    kept = min(MASK_KEEPS, len(number) // 2)
    return MASK * (len(number) - kept) + number[len(number) - kept :]


def values_of(page: CardPage, layout: Layout) -> dict[str, str]:
    """What each field of a layout shows; raises `FieldError` ``unknown_word``."""
    words = layout.words
    kind = words.get(("permit", page.permit_kind))
    sex = words.get(("sex", page.sex))
    if kind is None or sex is None:
        raise FieldError(
            "permit_kind" if kind is None else "sex", "unknown_word", "the layout has no word for it"
        )
    passport = masked(page.passport) if "passport" in layout.masks else page.passport
    return {
        **names_of(page.name, page.name_native, page.name_chinese),
        "nationality": page.nationality,
        "nationality_named": named(page.nationality),
        "valid_until": page.valid_until.isoformat(),
        "number": " ".join(page.number[start : start + 4] for start in range(0, len(page.number), 4)),
        "card_class": " · ".join(words["class", page.card_class.label]),
        "passport": f"{passport} · {page.passport_country}",
        "birth": page.birth.isoformat(),
        "sex": " ".join(dict.fromkeys(sex)),
        "permit": " ".join(kind) + (f" · {page.permit}" if page.permit else ""),
        "permit_until": page.permit_until.isoformat() if page.permit_until else "–",
        "office": page.office,
    }


def names_of(name: str, native: str | None, chinese: str | None) -> Mapping[str, str]:
    """The names as they stand on the card: whose native name is the Chinese one has it printed once."""
    shown = "" if chinese == native else chinese or ""
    return {"name": name, "name_native": native or "", "name_chinese": shown}
