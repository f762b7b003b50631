"""What comes to the issuing desk, and what becomes of it: requests in, one outcome for each out."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from issuance.application import FIELDS
from issuance.errors import ApplicationRefused, FieldError

#: What a refusal may name in the audit; anything else came from outside and could be anything.
_NAMED = frozenset({*FIELDS, "application", "card"})


@dataclass(frozen=True, slots=True)
class Request:
    """One application as it came: its place in the file, and what was read there."""

    place: int
    raw: Mapping[str, object] | ApplicationRefused


@dataclass(frozen=True, slots=True)
class Issued:
    """A card that exists: recorded, signed, durable. ``notes`` say what did not fit as it was asked for."""

    place: int
    reference: str
    number: str
    print_id: str
    repeated: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """An application that became no card: field, stable reason and words for each thing wrong."""

    place: int
    reference: str | None
    errors: tuple[tuple[str, str, str], ...]


Outcome = Issued | Refused


def request_digest(raw: Mapping[str, object], portrait: bytes) -> bytes:
    """What makes a request the same request: every field, and the picture itself rather than its path."""
    fields = {name: value for name, value in raw.items() if name != "portrait"}
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode() + hashlib.sha256(portrait).digest()).digest()


def audited_name(name: str) -> str:
    """The name of a field as the audit may keep it: a column's heading could hold somebody's name."""
    return name if name in _NAMED else "unknown field"


def refusal(place: int, reference: object, error: ApplicationRefused | FieldError) -> Refused:
    """The outcome of an application that breaks its own rules."""
    errors = error.errors if isinstance(error, ApplicationRefused) else (error,)
    # A reference that is wrong itself could be anything, and of any length: it goes into no record.
    sound = isinstance(reference, str) and all(one.field != "reference" for one in errors)
    return Refused(
        place,
        str(reference).strip() if sound else None,
        tuple((one.field, one.reason, str(one)) for one in errors),
    )
