"""The answer a reader gives, and what each role is shown with it (docs/format.md section 8)."""

import base64
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from verify.card import Card
from verify.days import date_of
from verify.rules import Assurance
from verify.services import CardClass, Service


class Answer(StrEnum):
    """Three answers; ``attention`` means that it could not be checked, and a person decides."""

    ALLOW = "allow"
    DENY = "deny"
    ATTENTION = "attention"


class Role(StrEnum):
    """Who looks at the verdict, and so how much of the card they are shown."""

    GATE = "gate"
    POLICE = "police"
    DESK = "desk"
    SELLER = "seller"


class Verdict(NamedTuple):
    """One judged code. ``noted`` holds every finding in order; ``opens`` is for a door without staff.

    ``language`` is the holder's own (ISO 639-3) where the code says it, to choose words by.
    """

    answer: Answer
    reason: str
    words: str
    opens: bool
    card: str | None = None
    service: int | None = None
    valid_until: date | None = None
    assurance: Assurance | None = None
    data_age_s: int | None = None
    view: Mapping[str, object] | None = None
    noted: tuple[str, ...] = ()
    repeated: bool = False
    not_judged: tuple[str, ...] = ()
    language: str | None = None

    def to_json(self) -> dict[str, object]:
        """The object outsiders rely on, with what has grown since."""
        return {
            "verdict": self.answer.value,
            "reason": self.reason,
            "words": self.words,
            "card": self.card,
            "service": service_label(self.service),
            "valid_until": self.valid_until and self.valid_until.isoformat(),
            "assurance": self.assurance and self.assurance.label,
            "data_age_s": self.data_age_s,
            "offline": True,
            "opens": self.opens,
            "noted": list(self.noted),
            "repeated": self.repeated,
            "not_judged": list(self.not_judged),
            "view": self.view,
        }


def service_label(number: int | None) -> str | None:
    """A service's name, or its number where this version has none yet."""
    if number is None:
        return None
    return next((service.label for service in Service if service == number), str(number))


def class_label(number: int) -> str:
    """A class's name, or its number where this version has none yet."""
    return next((known.label for known in CardClass if known == number), str(number))


#: What a market seller sees; no standing is shown as unknown, not as bad (section 8).
GOOD, LIMITED, UNKNOWN = "good", "limited", "unknown"


def view_for(role: Role, card: Card, *, standing: str, hotlisted: bool | None) -> dict[str, object]:
    """Cut a verified card to a role: a gate sees nothing, a seller the standing, desk and police all."""
    if role is Role.GATE:
        return {}
    if role is Role.SELLER:
        return {"standing": standing}
    view = _whole(card)
    if role is Role.POLICE:
        view["hotlist"] = hotlisted
    return view


def _whole(card: Card) -> dict[str, object]:
    """What the code holds, in the words of an application."""
    view: dict[str, object] = {
        "issuer": card.issuer,
        "class": class_label(card.card_class),
        "print": card.print_number,
        "permit_until": None if card.permit_day is None else _iso(card.permit_day),
        "permit_class": card.permit_class,
        "services": [service_label(n) for n in range(1, 53) if card.services >> n & 1],
        "service_days": {service_label(n): _iso(day) for n, day in card.service_days.items()},
    }
    if card.passport is not None:
        view["passport"], view["passport_country"] = card.passport
    if card.native_name is not None:
        view["language_native"], view["name_native"] = card.native_name
    person = card.identity
    if person is not None:
        view |= {
            "name": person.full_name,
            "name_chinese": person.second_name,
            "birth": person.birth and person.birth.isoformat(),
            "sex": {1: "M", 2: "F", 3: "X"}.get(person.gender or 0),
            "nationality": person.nationality,
            "guardian": person.guardian,
            "photo": person.photo and base64.b64encode(person.photo).decode("ascii"),
            "photo_format": person.photo_format,
        }
    return view


def _iso(day: int) -> str:
    return date_of(day).isoformat()
