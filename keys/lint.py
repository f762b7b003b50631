"""What the signer signs at all: the policy that payload bytes must keep, whoever approved them.

Each rule has a reason of its own and looks at nothing but the bytes, the policy and the clock. The desk has
the same rules and more; these hold when the desk was talked round, or is not the desk any more
(docs/format.md sections 2 and 3).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from keys.errors import KeysError
from verify.card import CTI_BYTES, MAX_STATUSLESS_S, MAX_TOKEN_LIFE_S, NO_CLASS, NO_PRINT, Card
from verify.cose import thumbprint
from verify.days import date_of, day_at, day_number, end_of, start_of
from verify.errors import Refused
from verify.identity import FEMALE, MALE, OTHER, VERSION, WEBP, Identity
from verify.services import PRINTABLE, CardClass, Service
from verify.status import LIST_SLOTS
from verify.words import span

#: A request, its payloads and the signer's clock lie this far apart at most, in seconds.
FRESH_S: Final = 600
#: Clocks of two processes on one host differ by less.
AHEAD_S: Final = 60
MAX_CARD_YEARS: Final = 5
MAX_PERMIT_YEARS: Final = 10
MAX_AGE_YEARS: Final = 122
MAX_LATIN, MAX_CHINESE, MAX_NATIVE, MAX_GUARDIAN, MAX_PERMIT_CLASS = 120, 20, 60, 60, 8
#: Payloads of the two codes before compression; the codes hold less (section 2).
MAX_GATE_BYTES, MAX_IDENTITY_BYTES = 512, 4096
MIN_FACE_BYTES: Final = 100

_NUMBER = re.compile(r"[0-9]{13}")
#: Twenty characters in hexadecimal: no card is numbered so.
_SUBJECT = re.compile(r"[0-9a-f]{20}")
_LIST_ID = re.compile(r"[a-z2-7]{3}")
_COUNTRY = re.compile(r"[A-Z]{3}")
#: 3 to 22 characters; in a design that masks the number, its last three show, or half of a short one.
_PASSPORT = re.compile(r"[A-Z0-9]{3,22}|\*{2}[A-Z0-9]{1,2}|\*{3}[A-Z0-9]{2}|\*{3,19}[A-Z0-9]{3}")
_LANGUAGE = re.compile(r"[a-z]{3}")
_NAME_MARKS: Final = frozenset("'’‘ʼʻʹ′`´.· -‐‑–,")
_NATIVE_MARKS: Final = frozenset("'’‘ʼʻ.-‐‑–·־׳״، \u200c\u200d")
_PRINTABLE_MASK: Final = sum(1 << service for service in PRINTABLE)


@dataclass(frozen=True, slots=True)
class CardPolicy:
    """What every card of this issuer must say; ``status_prefix`` is what its list's address begins with."""

    issuer: str
    status_prefix: str
    day_offset_s: int
    permit_free: frozenset[int]


@dataclass(frozen=True, slots=True)
class Linted:
    """A card whose bytes keep the policy; only :func:`lint_card` and :func:`lint_chip` make one."""

    card: Card
    payload: bytes

    @property
    def uri(self) -> str:
        """The status list."""
        assert self.card.status is not None  # noqa: S101 - proved by the lint, said for the type checker
        return self.card.status.uri

    @property
    def index(self) -> int:
        """The index in the status list."""
        assert self.card.status is not None  # noqa: S101 - proved by the lint, said for the type checker
        return self.card.status.index

    @property
    def print_id(self) -> bytes:
        """The cti."""
        assert self.card.print_id is not None  # noqa: S101 - proved by the lint, said for the type checker
        return self.card.print_id


def lint_card(
    gate: bytes, identity: bytes, by_list: Mapping[int, int | None], *, policy: CardPolicy, now: int
) -> Linted:
    """Judge the two payloads of one card at ``now`` (epoch seconds); raises the reason of the first fault."""
    card = _decode(gate, MAX_GATE_BYTES)
    _check_gate(card, policy, now)
    _check_identity(card, _decode(identity, MAX_IDENTITY_BYTES), policy, now)
    _check_rights(card, by_list, policy)
    return Linted(card, gate)


def lint_chip(payload: bytes, uid: bytes, printed: Card, *, policy: CardPolicy, now: int) -> Linted:
    """Judge a chip's payload against the gate code of its print, which it repeats for the chip ``uid``."""
    card = _decode(payload, MAX_GATE_BYTES)
    _need(card.chip_uid == uid, "wrong_chip", "the code is for another chip than the request")
    bare = replace(card, chip_uid=None, chip_key=None)
    _check_time(bare, policy, now)
    _check_permit(bare, policy)
    same = replace(bare, issued_at=printed.issued_at, permit_day=printed.permit_day)
    _need(same == printed, "not_same_card", "a chip's code repeats the gate code of its print")
    return Linted(card, payload)


def lint_token(payload: bytes, key: bytes, printed: Card | None, *, policy: CardPolicy, now: int) -> Card:
    """Judge a phone's token: bound to the key of that thumbprint, of ``printed``'s card, and nobody's name.

    ``printed`` is the newest gate code of the card, None where a demo's console made it. Whose index, stay
    and rights it says is for the ledger to judge.
    """
    token = _decode(payload, MAX_GATE_BYTES)
    bound = token.holder_key is not None and thumbprint(token.holder_key) == key
    _need(bound, "wrong_holder_key", "the token is bound to another key than the phone's")
    _check_status(token, policy)
    _need(token.card_class in set(CardClass), "unknown_class", f"{token.card_class} is no class of card")
    _check_token(token, MAX_TOKEN_LIFE_S, policy, now)
    if printed is not None:
        same = (token.number, token.card_class, token.print_number)
        theirs = (printed.number, printed.card_class, printed.print_number)
        _need(same == theirs, "not_same_card", "a token says the number, class and print of its card")
        _need(token.expires <= printed.expires, "implausible_exp", "a token does not outlive its card")
    return token


def lint_standing(payload: bytes, *, policy: CardPolicy, now: int) -> tuple[Card, bytes]:
    """Judge a token for sellers, and give the thumbprint of the key it is bound to.

    What it says of the card is its standing and that it is good a day at most; the ledger judges both.
    """
    token = _decode(payload, MAX_GATE_BYTES)
    if token.holder_key is None:
        raise KeysError("wrong_holder_key", "a token for sellers is bound to a key of its own")
    named = _SUBJECT.fullmatch(token.number) is not None
    _need(named, "bad_subject", "a token for sellers names nobody: 20 random characters of hexadecimal")
    only = token.services & ~(1 << Service.STANDING) == 0 and set(token.service_days) <= {Service.STANDING}
    bare = token.status is None and (token.card_class, token.print_number) == (NO_CLASS, NO_PRINT)
    _need(only and bare, "token_says_too_much", "a token for sellers says a standing and nothing else")
    _check_token(token, MAX_STATUSLESS_S, policy, now)
    last = day_at(token.expires - 1, policy.day_offset_s)
    days = [token.permit_day, *token.service_days.values()]
    vague = all(day is not None and day <= last for day in days)
    _need(vague, "token_says_too_much", "a token for sellers names no day after its own last one")
    return token, thumbprint(token.holder_key)


def _check_token(token: Card, life_s: int, policy: CardPolicy, now: int) -> None:
    _need(token.issuer == policy.issuer, "wrong_issuer", f"{policy.issuer} was expected")
    extra = (token.identity, token.passport, token.native_name, token.permit_class)
    silent = all(one is None for one in (*extra, token.chip_uid, token.chip_key))
    _need(silent, "token_says_too_much", "a phone's token names nobody and no chip")
    sized = token.print_id is not None and len(token.print_id) == CTI_BYTES
    _need(sized, "no_print_id", "a token needs an id of its own (cti)")
    _check_time(token, policy, now)
    begins = start_of(day_at(token.issued_at, policy.day_offset_s), policy.day_offset_s)
    _need(token.not_before == begins, "implausible_nbf", "a token begins with the day of its issue")
    life = token.expires - token.issued_at
    _need(0 < life <= life_s, "implausible_exp", f"such a token lives at most {span(life_s)}")
    _check_permit(token, policy)


def _decode(payload: bytes, limit: int) -> Card:
    _need(len(payload) <= limit, "payload_too_large", f"{len(payload)} bytes of {limit}")
    try:
        card = Card.decode(payload)
        same = card.encode() == payload
    except (Refused, ValueError) as error:
        raise KeysError("malformed_payload", f"the payload cannot be read: {error}") from error
    _need(same, "malformed_payload", "the payload is not in its one deterministic form")
    unknown = bool(card.unknown or card.city_unknown or (card.identity and card.identity.unknown))
    _need(not unknown, "unknown_claims", "the payload holds claims that nobody here knows")
    return card


def _check_gate(card: Card, policy: CardPolicy, now: int) -> None:
    _need(card.issuer == policy.issuer, "wrong_issuer", f"{policy.issuer} was expected, {card.issuer} came")
    _check_status(card, policy)
    _need(bool(_NUMBER.fullmatch(card.number)), "bad_number", "a card number has 13 digits")
    _need(_check_digit_fits(card.number), "bad_number", "the check digit of the card number does not fit")
    sized = card.print_id is not None and len(card.print_id) == CTI_BYTES
    _need(sized, "no_print_id", "a print needs an id of its own (cti)")
    _need(1 <= card.print_number < 1000, "bad_print_number", f"{card.print_number} is no print's number")
    _need(card.card_class in set(CardClass), "unknown_class", f"{card.card_class} is no class of card")
    extra = (card.identity, card.passport, card.native_name, card.permit_class)
    silent = all(one is None for one in (*extra, card.chip_uid, card.chip_key, card.holder_key))
    _need(silent, "gate_says_too_much", "the gate code names nobody, no chip and no phone")
    _check_time(card, policy, now)
    _check_life(card, policy)
    _check_permit(card, policy)
    _check_services(card, policy)


def _check_status(card: Card, policy: CardPolicy) -> None:
    status = card.status
    if status is None:
        raise KeysError("wrong_status_uri", "a printed card needs a place in a status list")
    prefix = policy.status_prefix
    ours = status.uri.startswith(prefix) and bool(_LIST_ID.fullmatch(status.uri.removeprefix(prefix)))
    _need(ours, "wrong_status_uri", f"{status.uri!r:.60} is no list under {prefix}")
    _need(status.index < LIST_SLOTS, "bad_index", f"a list has {LIST_SLOTS} slots, not {status.index}")


def _check_time(card: Card, policy: CardPolicy, now: int) -> None:
    """Dated now, by the signer's own clock: nothing is back-dated into a window of trust."""
    fresh = now - FRESH_S <= card.issued_at <= now + AHEAD_S
    _need(fresh, "implausible_iat", f"issued at {card.issued_at}, and it is {now}")


def _check_life(card: Card, policy: CardPolicy) -> None:
    today = day_at(card.issued_at, policy.day_offset_s)
    begins = start_of(today, policy.day_offset_s)
    _need(card.not_before == begins, "implausible_nbf", "a card begins with the day of its issue")
    last = _last_day(card, policy)
    whole = card.expires == end_of(last, policy.day_offset_s)
    _need(whole, "implausible_exp", "a card ends with a whole day of its issuer")
    latest = _years_later(date_of(today), MAX_CARD_YEARS)
    plausible = today <= last <= day_number(latest)
    _need(plausible, "implausible_exp", f"a card lives at most {MAX_CARD_YEARS} years, to {latest}")


def _last_day(card: Card, policy: CardPolicy) -> int:
    return day_at(card.expires, policy.day_offset_s) - 1


def _check_permit(card: Card, policy: CardPolicy) -> None:
    if card.permit_day is None:
        free = card.card_class in policy.permit_free
        _need(free, "permit_day_missing", "this class of card needs the last day of a permit")
        return
    today = day_at(card.issued_at, policy.day_offset_s)
    _need(card.permit_day >= today, "permit_over", f"the permit ended on {date_of(card.permit_day)}")
    latest = day_number(latest_permit_day(date_of(today)))
    _need(card.permit_day <= latest, "implausible_permit", f"no permit lasts {MAX_PERMIT_YEARS} years")


def latest_permit_day(today: date) -> date:
    """The last day that a permit may have which is looked at ``today``: no stay is allowed for longer."""
    return _years_later(today, MAX_PERMIT_YEARS)


def _check_services(card: Card, policy: CardPolicy) -> None:
    printed = card.services & ~_PRINTABLE_MASK == 0 and set(card.service_days) <= set(map(int, PRINTABLE))
    _need(printed, "unprintable_service", "a service that is never printed, or that does not exist")
    today, last = day_at(card.issued_at, policy.day_offset_s), _last_day(card, policy)
    days = card.service_days.values()
    _need(
        all(today <= day <= last for day in days), "bad_service_day", "a right ends outside the card's life"
    )


def _check_rights(card: Card, by_list: Mapping[int, int | None], policy: CardPolicy) -> None:
    today, last = day_at(card.issued_at, policy.day_offset_s), _last_day(card, policy)
    for service, day in by_list.items():
        known = service in set(Service) and (day is None or today <= day <= last)
        _need(known, "bad_right", f"service {service} to day {day} is no right that a list could grant")


def _check_identity(gate: Card, card: Card, policy: CardPolicy, now: int) -> None:
    bare = replace(card, identity=None, passport=None, native_name=None, permit_class=None)
    _need(bare == gate, "not_same_card", "the two codes of a card say the same where both speak")
    identity = card.identity
    if identity is None or card.passport is None:
        raise KeysError("not_same_card", "the identity code says who the holder is, by passport too")
    number, country = card.passport
    passport = _PASSPORT.fullmatch(number) and _COUNTRY.fullmatch(country)
    _need(
        bool(passport),
        "bad_passport",
        "a passport is a number (capitals, digits, perhaps masked) and a country",
    )
    _need(len(card.permit_class or "") <= MAX_PERMIT_CLASS, "bad_permit_class", "a permit's class is short")
    _check_person(identity, card, policy, now)
    _check_face(identity)


def _check_person(identity: Identity, card: Card, policy: CardPolicy, now: int) -> None:
    fixed = (identity.id, identity.version, identity.language) == (card.number, VERSION, "eng")
    _need(fixed, "bad_identity", "id, version and language of claim 169 are not the card's")
    _need(identity.gender in (MALE, FEMALE, OTHER), "bad_gender", f"{identity.gender} is no gender")
    country = _COUNTRY.fullmatch(identity.nationality or "")
    _need(bool(country), "bad_nationality", "a nationality has three capital letters")
    none_more = identity.legal_status is None and identity.country_of_issue is None
    _need(none_more, "bad_identity", "claim 169 holds members that this issuer never writes")
    _check_birth(identity.birth, date_of(day_at(now, policy.day_offset_s)))
    _check_names(identity, card)


def _check_birth(birth: date | None, today: date) -> None:
    plausible = birth is not None and birth <= today < _years_later(birth, MAX_AGE_YEARS + 1)
    _need(plausible, "implausible_birth", f"a birth in the last {MAX_AGE_YEARS} years was expected")


def _check_names(identity: Identity, card: Card) -> None:
    name = identity.full_name or ""
    _need(_letters(name, MAX_LATIN, _NAME_MARKS, "LATIN"), "bad_name", "a name is written in Latin letters")
    if identity.second_name is not None or identity.second_language is not None:
        chinese = _letters(identity.second_name or "", MAX_CHINESE, frozenset("·"), "CJK ")
        chinese = chinese and identity.second_language == "zho"
        _need(chinese, "bad_chinese_name", "a Chinese name is written in Chinese characters")
    if card.native_name is not None:
        language, native = card.native_name
        sound = bool(_LANGUAGE.fullmatch(language)) and _letters(native, MAX_NATIVE, _NATIVE_MARKS, "")
        _need(sound, "bad_native_name", "a native name holds letters, and its language three")
    guardian = identity.guardian
    if guardian is not None:
        visible = guardian.replace("\u200c", "").replace("\u200d", "")
        sound = bool(visible) and len(guardian) <= MAX_GUARDIAN and visible.isprintable()
        _need(sound, "bad_guardian", "a guardian is a name or a card number")


def _check_face(identity: Identity) -> None:
    face = identity.photo or b""
    webp = face[:4] == b"RIFF" and face[8:12] == b"WEBP" and identity.photo_format == WEBP
    _need(webp and len(face) >= MIN_FACE_BYTES, "portrait_missing", "no card without its holder's face")


def _letters(text: str, limit: int, marks: frozenset[str], script: str) -> bool:
    """Whether ``text`` is a name: letters of one script (any, if empty), their marks, and ``marks``."""
    if not 0 < len(text) <= limit or text != text.strip():
        return False
    found = False
    for char in text:
        # First of all: some apostrophes are letters to Unicode (Lm), and of no script.
        if char in marks:
            continue
        if unicodedata.category(char)[0] == "L":
            if not unicodedata.name(char, "").startswith(script):
                return False
            found = True
        elif unicodedata.category(char)[0] != "M":
            return False
    return found


def _check_digit_fits(number: str) -> bool:
    """ISO 7064 Mod 11,10, as printed numbers have it (section 3, claim 2)."""
    check = 5
    for digit in number:
        check = ((check or 10) * 2 % 11 + int(digit)) % 10
    return check == 1


def _years_later(day: date, years: int) -> date:
    """The same day of a later year; the last of February for a leap day."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _need(holds: bool, reason: str, words: str) -> None:
    if not holds:
        raise KeysError(reason, words)
