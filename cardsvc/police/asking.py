"""What two officers agree on, as bytes: the second one's passkey signs their SHA-256 and nothing else.

Deterministic CBOR, an array: ``cardsvc-police-1``, id, kind, who asks, office, purpose, case number, days to
be covert, epoch second the hotlist entry ends (0: none), what is asked (text to text), epoch second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cardsvc.errors import ServiceError
from cardsvc.records.police_tables import RequestKind
from verify import cbor
from verify.errors import CardsvcError

_CONTEXT: Final = "cardsvc-police-1"
_PARTS: Final = (str, str, str, str, str, str, str, int, int, dict, int)
#: How somebody is looked for, and which members say whom.
PASSPORT, CARD, NAME = "passport", "card", "name"
ENTRY: Final = "entry"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is signed; ``query`` holds ``by`` and what belongs to it, as text."""

    id: str
    kind: RequestKind
    asker: str
    office: str
    purpose: str
    case_number: str
    covert_days: int
    until: int
    query: Mapping[str, str]
    at: int

    def encode(self) -> bytes:
        """The bytes that are signed."""
        parts = [_CONTEXT, self.id, self.kind.value, self.asker, self.office, self.purpose, self.case_number]
        return cbor.encode([*parts, self.covert_days, self.until, dict(self.query), self.at])

    @classmethod
    def decode(cls, data: bytes) -> "Asked":
        """The request again; raises ``bad_request`` for what none of ours is."""
        try:
            parts = cbor.decode(data)
        except CardsvcError as error:
            raise _strange() from error
        if not isinstance(parts, list) or [type(part) for part in parts] != list(_PARTS):
            raise _strange()
        context, name, kind, asker, office, purpose, case, covert, until, query, at = parts
        if context != _CONTEXT:
            raise _strange()
        return cls(name, RequestKind(kind), asker, office, purpose, case, covert, until, query, at)


def challenge_of(request: bytes) -> bytes:
    """What the second officer's passkey signs (WebAuthn level 3, section 5.8.1, ``challenge``)."""
    return sha256(request).digest()


def _strange() -> ServiceError:
    return ServiceError("bad_request", "a stored request of officers does not read back")
