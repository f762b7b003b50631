"""What a card says: the claims of a code and back (docs/format.md section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from verify import cbor
from verify.claims import mapping, optional, required
from verify.cose import ES256, PublicKey
from verify.days import DAY_S
from verify.errors import Refused
from verify.identity import Identity
from verify.words import span

_ISS, _SUB, _EXP, _NBF, _IAT, _CTI, _CNF = 1, 2, 4, 5, 6, 7, 8
_IDENTITY, _STATUS, _CITY = 169, 65535, -70001
_CNF_COSE_KEY = 1
_CLASS, _SERVICES, _CHIP_UID, _PASSPORT, _PRINT, _SERVICE_DAYS = 1, 2, 3, 4, 5, 6
_NATIVE, _PERMIT_DAY, _CHIP_KEY, _PERMIT_CLASS = 7, 8, 9, 10

_STANDARD_LABELS = frozenset((_ISS, _SUB, _EXP, _NBF, _IAT, _CTI, _CNF, _IDENTITY, _STATUS, _CITY))
_CITY_LABELS = frozenset(range(_CLASS, _PERMIT_CLASS + 1))

#: iss ≤ 9 characters, uri ≤ 33: what the sizes of the codes were measured with (sections 2 and 3).
MAX_ISSUER = 9
MAX_URI = 33
MAX_NUMBER = 20
#: The last second that a calendar date can name; no card lives as long.
MAX_TIME = 253_402_300_799
# Two days are left at both ends, for the issuer's offset: a verdict names the date in words.
_FIRST_TIME, _LAST_TIME = 2 * DAY_S, MAX_TIME - 2 * DAY_S
CTI_BYTES = 8
CHIP_KEY_BYTES = 16
#: A mask is read by JavaScript too; bit n stands for service n, bit 0 for nothing.
MAX_SERVICE = 52
#: Only so short-lived a token may do without a place in a status list.
MAX_STATUSLESS_S = DAY_S
#: A seller's token says neither a class nor a print: those are its holder's.
NO_CLASS = NO_PRINT = 0
#: A phone renews its token whenever there is a network; a lost phone's must run out (section 6).
MAX_TOKEN_LIFE_S = 14 * DAY_S


@dataclass(frozen=True, slots=True)
class StatusRef:
    """Where the fate of a print is written: a list's address and an index in it."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True)
class Card:
    """The claims of one code: times in epoch seconds, days from 2020-01-01, unknown claims kept."""

    issuer: str
    number: str
    expires: int
    not_before: int
    issued_at: int
    card_class: int
    services: int
    print_number: int
    status: StatusRef | None
    print_id: bytes | None = None
    holder_key: PublicKey | None = None
    identity: Identity | None = None
    permit_day: int | None = None
    service_days: Mapping[int, int] = field(default_factory=dict)
    chip_uid: bytes | None = None
    chip_key: bytes | None = None
    passport: tuple[str, str] | None = None
    native_name: tuple[str, str] | None = None
    permit_class: str | None = None
    unknown: Mapping[object, object] = field(default_factory=dict)
    city_unknown: Mapping[object, object] = field(default_factory=dict)

    @property
    def has_unknown_critical(self) -> bool:
        """Whether the city's claims hold a negative key, which nobody may ignore."""
        return bool(self.city_unknown) and any(type(key) is int and key < 0 for key in self.city_unknown)

    def printed_until(self, service: int) -> int | None:
        """The printed right to a service: None without one, -1 up to exp, else its last day.

        A dated right in claim 6 rules over the bit in claim 2.
        """
        day = self.service_days.get(service)
        if day is not None:
            return day
        return -1 if 0 < service <= MAX_SERVICE and self.services >> service & 1 else None

    def encode(self) -> bytes:
        """The payload of the code; ``decode`` of it gives an equal card."""
        city: dict[object, object] = {
            _CLASS: self.card_class,
            _SERVICES: self.services,
            _PRINT: self.print_number,
        }
        city |= {
            label: value
            for label, value in (
                (_CHIP_UID, self.chip_uid),
                (_PASSPORT, self.passport and list(self.passport)),
                (_SERVICE_DAYS, dict(self.service_days) or None),
                (_NATIVE, self.native_name and list(self.native_name)),
                (_PERMIT_DAY, self.permit_day),
                (_CHIP_KEY, self.chip_key),
                (_PERMIT_CLASS, self.permit_class),
            )
            if value is not None
        }
        claims: dict[object, object] = {_ISS: self.issuer, _SUB: self.number, _EXP: self.expires}
        claims |= {_NBF: self.not_before, _IAT: self.issued_at, _CITY: city | dict(self.city_unknown)}
        if self.print_id is not None:
            claims[_CTI] = self.print_id
        if self.holder_key is not None:
            claims[_CNF] = {_CNF_COSE_KEY: self.holder_key.to_cose_key()}
        if self.identity is not None:
            claims[_IDENTITY] = self.identity.to_claim()
        if self.status is not None:
            claims[_STATUS] = {"status_list": {"idx": self.status.index, "uri": self.status.uri}}
        return cbor.encode(claims | dict(self.unknown))

    @classmethod
    def decode(cls, payload: bytes) -> "Card":
        """Read the claims strictly; every refusal is ``malformed`` and names the claim."""
        return cls.from_claims(mapping(cbor.decode(payload), "the payload"))

    @classmethod
    def from_claims(cls, claims: Mapping[object, object]) -> "Card":
        """The same from a payload that is decoded already."""
        city = mapping(claims.get(_CITY), "claim -70001")
        # By place, and members that may be absent only where they are there: every check of a card pays this.
        card = cls(
            _text(claims, _ISS, MAX_ISSUER, "iss"),
            _text(claims, _SUB, MAX_NUMBER, "sub"),
            _time(claims, _EXP, "exp"),
            _time(claims, _NBF, "nbf"),
            _time(claims, _IAT, "iat"),
            required(city, _CLASS, int, "class"),
            _mask(city),
            required(city, _PRINT, int, "print number"),
            _status(claims),
            _sized(claims, _CTI, CTI_BYTES, "cti") if _CTI in claims else None,
            _holder_key(claims[_CNF]) if _CNF in claims else None,
            Identity.from_claim(claims[_IDENTITY]) if _IDENTITY in claims else None,
            _day(city, _PERMIT_DAY, "permit day") if _PERMIT_DAY in city else None,
            _service_days(city) if _SERVICE_DAYS in city else {},
            optional(city, _CHIP_UID, bytes, "chip UID") if _CHIP_UID in city else None,
            _sized(city, _CHIP_KEY, CHIP_KEY_BYTES, "chip key") if _CHIP_KEY in city else None,
            _pair(city, _PASSPORT, "passport") if _PASSPORT in city else None,
            _pair(city, _NATIVE, "native name") if _NATIVE in city else None,
            optional(city, _PERMIT_CLASS, str, "permit class") if _PERMIT_CLASS in city else None,
            _rest(claims, _STANDARD_LABELS),
            _rest(city, _CITY_LABELS),
        )
        life = card.expires - card.issued_at
        if card.holder_key is not None and life > MAX_TOKEN_LIFE_S:
            raise Refused("malformed", f"a phone's token lives at most 14 days, this one {span(life)}")
        if card.status is None and not (card.holder_key is not None and life <= MAX_STATUSLESS_S):
            raise Refused(
                "malformed", "claim 65535 (status) is missing, which only a token of 24 hours may do"
            )
        return card


def _rest(claims: Mapping[object, object], known: frozenset[int]) -> Mapping[object, object]:
    if claims.keys() <= known:
        return {}
    return {key: value for key, value in claims.items() if key not in known}


def _text(claims: Mapping[object, object], label: int, limit: int, name: str) -> str:
    value = claims.get(label)
    if type(value) is not str:
        value = required(claims, label, str, name)
    if not 0 < len(value) <= limit:
        raise Refused("malformed", f"{name} must have 1 to {limit} characters, it has {len(value)}")
    return value


def _time(claims: Mapping[object, object], label: int, name: str) -> int:
    instant = claims.get(label)
    if type(instant) is not int:
        instant = required(claims, label, int, name)
    if not _FIRST_TIME <= instant <= _LAST_TIME:
        raise Refused("malformed", f"{name} {instant} is no time of this calendar")
    return instant


def _sized(claims: Mapping[object, object], label: int, size: int, name: str) -> bytes | None:
    value = optional(claims, label, bytes, name)
    if value is not None and len(value) != size:
        raise Refused("malformed", f"{name} must have {size} bytes, it has {len(value)}")
    return value


def _mask(city: Mapping[object, object]) -> int:
    mask = required(city, _SERVICES, int, "services")
    if not 0 <= mask < 1 << MAX_SERVICE + 1:
        raise Refused("malformed", "the service mask is negative or 2^53 and more")
    return mask & ~1


def _day(days: Mapping[object, object], label: int, name: str) -> int:
    day = required(days, label, int, name)
    # A day outside ten thousand years is a mistake that would overflow dates further on.
    if not -1 < day < 2_000_000:
        raise Refused("malformed", f"{name} {day} is no day of this calendar")
    return day


def _service_days(city: Mapping[object, object]) -> Mapping[int, int]:
    days: dict[int, int] = {}
    for service, day in mapping(city[_SERVICE_DAYS], "claim 6 of -70001").items():
        if type(service) is not int or type(day) is not int or not 0 < service <= MAX_SERVICE:
            raise Refused("malformed", "the last days of services must be {service number: day}")
        days[service] = _day({service: day}, service, "a service's last day")
    return days


def _pair(city: Mapping[object, object], label: int, name: str) -> tuple[str, str]:
    value = city[label]
    if not (isinstance(value, list | tuple) and len(value) == 2 and all(type(part) is str for part in value)):
        raise Refused("malformed", f"{name} must be a pair of texts")
    return value[0], value[1]


def _status(claims: Mapping[object, object]) -> StatusRef | None:
    if _STATUS not in claims:
        return None
    place = mapping(mapping(claims[_STATUS], "status").get("status_list"), "status_list")
    index, uri = required(place, "idx", int, "status idx"), required(place, "uri", str, "status uri")
    if index < 0:
        raise Refused("malformed", "the status index is negative")
    return StatusRef(uri, index)


def _holder_key(cnf: object) -> PublicKey:
    key = PublicKey.from_cose_key(mapping(cnf, "cnf").get(_CNF_COSE_KEY))
    if key.algorithm != ES256:
        raise Refused("malformed", "the holder's key in cnf must be a P-256 key, as phones keep them")
    return key
