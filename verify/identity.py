"""Claim 169, who the holder is (MOSIP Claim 169; docs/format.md section 3).

The specification contradicts itself in places. What is written here follows one reading; what is accepted
covers the others: hexadecimal photographs, dates with and without hyphens, faces as arrays or maps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from verify.claims import mapping, optional
from verify.errors import Refused

_ID, _VERSION, _LANGUAGE, _FULL_NAME, _BIRTH, _GENDER, _NATIONALITY = 1, 2, 3, 4, 8, 9, 13
_GUARDIAN, _PHOTO, _PHOTO_FORMAT, _SECOND_NAME, _SECOND_LANGUAGE = 15, 16, 17, 19, 20
_LEGAL_STATUS, _COUNTRY_OF_ISSUE = 22, 23
_TEXTS = {
    "id": _ID,
    "version": _VERSION,
    "language": _LANGUAGE,
    "full_name": _FULL_NAME,
    "nationality": _NATIONALITY,
    "guardian": _GUARDIAN,
    "second_name": _SECOND_NAME,
    "second_language": _SECOND_LANGUAGE,
    "legal_status": _LEGAL_STATUS,
    "country_of_issue": _COUNTRY_OF_ISSUE,
}
_TEXT_NAMES: Mapping[object, str] = {label: name for name, label in _TEXTS.items()}
_OTHERS = frozenset((_BIRTH, _GENDER, _PHOTO, _PHOTO_FORMAT))

#: Version of claim 169 that is written.
VERSION = "1.0.0"
MALE, FEMALE, OTHER = 1, 2, 3
WEBP = 4


@dataclass(frozen=True, slots=True)
class Identity:
    """Claim 169; every member may be missing, unknown ones are kept under their keys."""

    id: str | None = None
    version: str | None = None
    language: str | None = None
    full_name: str | None = None
    birth: date | None = None
    gender: int | None = None
    nationality: str | None = None
    guardian: str | None = None
    photo: bytes | None = None
    photo_format: int | None = None
    second_name: str | None = None
    second_language: str | None = None
    legal_status: str | None = None
    country_of_issue: str | None = None
    unknown: Mapping[object, object] = field(default_factory=dict)

    def to_claim(self) -> dict[object, object]:
        """The map as it is written: the photograph as bytes, the birth as ``YYYYMMDD``."""
        claim: dict[object, object] = {label: getattr(self, name) for name, label in _TEXTS.items()}
        claim[_BIRTH] = None if self.birth is None else self.birth.strftime("%Y%m%d")
        claim |= {_GENDER: self.gender, _PHOTO: self.photo, _PHOTO_FORMAT: self.photo_format}
        return {label: value for label, value in claim.items() if value is not None} | dict(self.unknown)

    @classmethod
    def from_claim(cls, claim: object) -> "Identity":
        """Read the map; a known member of a wrong kind is ``malformed``."""
        items = mapping(claim, "claim 169")
        members: dict[str, Any] = {}
        unknown: dict[object, object] = {}
        for label, value in items.items():
            name = _TEXT_NAMES.get(label)
            if name is None:
                if label not in _OTHERS:
                    unknown[label] = value
            elif type(value) is str:
                members[name] = value
            else:
                raise Refused("malformed", f"{name} must be str, not {type(value).__name__}")
        return cls(
            birth=_birth(items),
            gender=optional(items, _GENDER, int, "gender"),
            photo=_photo(items),
            photo_format=optional(items, _PHOTO_FORMAT, int, "photo format"),
            unknown=unknown,
            **members,
        )


def _birth(items: Mapping[object, object]) -> date | None:
    text = optional(items, _BIRTH, str, "birth")
    if text is None:
        return None
    if len(text) == 10 and text[4] == text[7] == "-":
        text = text.replace("-", "")
    if len(text) == 8 and text.isascii() and text.isdigit():
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            pass
    raise Refused("malformed", "birth must be YYYYMMDD or YYYY-MM-DD")


def _photo(items: Mapping[object, object]) -> bytes | None:
    photo = items.get(_PHOTO)
    if isinstance(photo, str):
        try:
            return bytes.fromhex(photo)
        except ValueError as error:
            raise Refused("malformed", "a photo as text must be hexadecimal") from error
    return optional(items, _PHOTO, bytes, "photo")
