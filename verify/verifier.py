"""The verifying procedure: one code, one instant, ten numbered steps (docs/format.md section 8).

The steps stand below in their order, labelled with their numbers.

 1. text, inflate, CBOR, COSE, claims      6. dates
 2. clock                                  7. age of data
 3. key                                    8. status and permit
 4. signature, critical claims             9. entitlement
 5. phone or chip binding                 10. venue rules

A step that finds the code *wrong* raises ``Refused``: that ends the procedure with ``deny``, since among
denials the first is the reason. A step that *cannot check* notes an attention and the next one follows;
three attentions (``unknown_key``, ``unsupported``, ``clock_suspect``) raise ``Unchecked`` and end it. So a
check that is forgotten or fails in an unforeseen way admits nobody: ``allow`` needs every step to return.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from verify import cose, text
from verify.card import Card, StatusRef
from verify.days import DAY_S, date_of, day_at, end_of
from verify.errors import Refused, Unchecked
from verify.keylist import KeyUse, TrustedKey
from verify.memory import CodeMemory, SignedCode
from verify.permits import PermitList, permit_end
from verify.phone import (
    Challenge,
    ChipProof,
    Code,
    PhoneCode,
    SeenSet,
    check_chip,
    check_outer,
    check_phone,
    read_code,
)
from verify.rules import Assurance, History, Policy, is_open
from verify.services import Service
from verify.status import (
    GRANTED,
    GRANTED_TO_DAY,
    REPLACED,
    REVOKED,
    SUSPENDED,
    WITHDRAWN,
    EntitlementList,
    StatusList,
)
from verify.trust import Trust
from verify.verdict import GOOD, LIMITED, UNKNOWN, Answer, Role, Verdict, view_for
from verify.words import span

#: A clock this far before the latest data that was accepted is wrong, and judges nothing (section 5).
CLOCK_TOLERANCE_S = 120
#: A city has a few dozen keys, and a header with algorithm and kid has 14 bytes.
MAX_CACHED_HEADERS, MAX_CACHED_HEADER_BYTES = 1024, 64

#: These give way to any other attention as the reason (section 8).
_MILD = ("data_stale", "status_unknown")


class Direction(StrEnum):
    """Which way the holder walks; leaving is always allowed."""

    IN = "in"
    OUT = "out"


class Presentation(NamedTuple):
    """What was shown to the reader, and for what; ``code`` is a QR code's text or a chip's bytes."""

    code: str | bytes
    service: int | None = None
    direction: Direction = Direction.IN
    tag_uid: bytes | None = None
    chip_proof: ChipProof | None = None
    challenge: Challenge | None = None


# To Python 3.11 a member of an enumeration costs ten times a global, and every check names a dozen.
_ALLOW, _DENY, _ATTENTION = Answer.ALLOW, Answer.DENY, Answer.ATTENTION
_OUT, _PRINT = Direction.OUT, Assurance.PRINT
_GATE, _SELLER, _POLICE = Role.GATE, Role.SELLER, Role.POLICE
_CARD, _TOKEN = KeyUse.CARD, KeyUse.TOKEN


class _Findings:
    """What the steps learn on the way; a verdict is cut from it at whichever step the procedure ends."""

    card: Card | None = None
    assurance: Assurance | None = None
    repeated: bool = False
    standing: str = UNKNOWN
    not_judged: tuple[str, ...] = ()

    def __init__(self, data_age_s: int) -> None:
        self.data_age_s = data_age_s
        self.attentions: list[tuple[str, str]] = []
        self.ends: list[int] = []

    def note(self, reason: str, words: str) -> None:
        """Remember something that could not be checked, and go on."""
        self.attentions.append((reason, words))


class _Lists(NamedTuple):
    """The lists that speak about one card at this reader; None where the bundle has none.

    ``made`` is the oldest iat among them, or the bundle's own where no list speaks; ``exp`` the earliest exp
    among them and the bundle's.
    """

    status: StatusList | None
    permits: PermitList | None
    entitlements: EntitlementList | None
    made: int
    exp: int


class Verifier:
    """Judges codes with the trust of one accepted bundle. Not shared between threads: it keeps caches."""

    def __init__(
        self,
        trust: Trust,
        *,
        role: Role = Role.GATE,
        seen: SeenSet,
        history: History | None = None,
        memory: CodeMemory | None = None,
    ) -> None:
        """Take what an accepted bundle trusts; the policy is read once, here.

        ``seen`` remembers phone codes, ``history`` admissions (for quota and passback; None: not judged),
        ``memory`` the codes whose signature passed before (None: an own one, forgotten with this verifier).
        """
        self._trust, self._role, self._seen, self._history = trust, role, seen, history
        self._memory = CodeMemory() if memory is None else memory
        self._mark = object()
        self._policy = Policy.decode(trust.policy)
        self._asks_history = self._policy.asks_history
        self._accepts = [level in self._policy.accept for level in range(max(Assurance) + 1)]
        self._earliest = trust.time_floor - CLOCK_TOLERANCE_S
        self._headers: dict[bytes, cose.Headers] = {}
        self._no_lists = _Lists(None, None, None, trust.iat, trust.exp)
        self._lists_of: dict[tuple[str, int | None], _Lists] = {}

    @property
    def policy(self) -> Policy:
        """The venue's rules."""
        return self._policy

    def judge(self, shown: Presentation, now: int) -> Verdict:
        """Judge one presentation at the epoch second ``now``; never raises for what a stranger can show."""
        found = _Findings(now - self._trust.iat)
        try:
            self._procedure(shown, now, found)
        except Refused as error:
            return self._verdict(_DENY, error.reason, str(error), shown, found)
        except Unchecked as error:
            found.attentions = [(error.reason, str(error))]
            return self._verdict(_ATTENTION, error.reason, str(error), shown, found)
        if not found.attentions:
            return self._verdict(_ALLOW, "ok", "Valid.", shown, found)
        weighty = [finding for finding in found.attentions if finding[0] not in _MILD]
        reason, words = (weighty or found.attentions)[0]
        return self._verdict(_ATTENTION, reason, words, shown, found)

    def _procedure(self, shown: Presentation, now: int, found: _Findings) -> None:
        # 1. Text, inflate, CBOR, COSE, claims: nothing is believed yet.
        known = self._memory.recall(shown.code)
        if known is None:
            code = read_code(_cose_bytes(shown.code))
            head = self._header(code.signed.protected)
        else:
            code, head = known.code, known.head
        # 2. Clock.
        self._check_clock(now)
        if known is None or known.mark is not self._mark or now >= known.until:
            # 3. Key.
            keys = self._keys(code, head, now, found)
            # 4. Signature.
            self._check_signature(shown.code, code, head, keys, known, found)
        # 4. Critical claims; from here on the card is the issuer's word.
        card = code.card
        if card.city_unknown and card.has_unknown_critical:
            raise Unchecked("unsupported", "the card has a critical claim that this reader does not know")
        found.card = card
        lists = self._lists(card, shown.service)
        found.data_age_s = now - lists.made
        # 5. Phone or chip binding.
        found.assurance = self._check_binding(code, shown, now, found)
        # 6. Dates.
        self._check_dates(card, now, found)
        # 7. Age of data.
        self._check_age(lists, now, found)
        # 8. Status and permit.
        self._check_status(card, lists, now, found)
        # 9. Entitlement.
        if card.status is None and self._role is not _SELLER:
            # A seller's token stands in no list: taken for a card, it would outlive its card's revocation.
            raise Refused("no_entitlement", "this code tells a seller a standing; ask for the card")
        if shown.service is not None:
            self._check_entitlement(card, shown.service, lists, now, found)
        if code.phone is not None:
            self._learn_standing(code, code.phone, now, found)
        # 10. Venue rules.
        self._check_rules(card, shown, now, found)

    def _header(self, protected: bytes) -> cose.Headers:
        """Step 1, the header: one dictionary look-up for every card of a key after its first."""
        head = self._headers.get(protected)
        if head is None:
            head = cose.headers(protected)
            if head.typ is not None:
                raise Refused("malformed", f"an object of type {head.typ} is no card")
            if head.algorithm is None:
                raise Refused("malformed", "the protected header names no algorithm")
            if head.algorithm not in cose.KNOWN_ALGORITHMS:
                raise Unchecked("unsupported", f"algorithm {head.algorithm} is not known to this reader")
            # Strangers choose these bytes: the cache may not grow without end.
            if len(self._headers) < MAX_CACHED_HEADERS and len(protected) <= MAX_CACHED_HEADER_BYTES:
                self._headers[protected] = head
        return head

    def _check_clock(self, now: int) -> None:
        """Step 2: a clock before data that exists already cannot judge a date."""
        if now < self._earliest:
            behind = self._trust.time_floor - now
            raise Unchecked("clock_suspect", f"the clock is {span(behind)} before the data; set it right")

    def _keys(self, code: Code, head: cose.Headers, now: int, found: _Findings) -> list[TrustedKey]:
        """Step 3: the keys that may have signed this card; a kid is a hint, so all that have it are tried."""
        card, kid = code.card, code.signed.kid(head)
        listed = [key for key in self._trust.keys.get(kid or b"", ()) if now < key.trust_until]
        if not listed:
            raise Unchecked(
                "unknown_key", "the card's key is not listed here; another issuer's, or newer data"
            )
        use = _CARD if card.holder_key is None else _TOKEN
        keys = [
            key
            for key in listed
            if key.use is use
            and cose.fits(key.public, head.algorithm)
            and card.issuer == self._trust.issuer
            and (key.classes is None or card.card_class in key.classes)
            and key.covers(card.issued_at)
        ]
        if not keys:
            raise Refused("wrong_key_use", "the key may not sign this: another use, issuer, class or time")
        if kid is not None and kid in self._trust.distrusted:
            issued = self._trust.distrusted[kid]
            if issued is None:
                found.note(
                    "distrusted_key", "the key was stolen, and the list of its genuine cards is not here"
                )
            elif sha256(code.signed.payload).digest() not in issued:
                raise Refused("distrusted_key", "the key was stolen, and this is none of its genuine cards")
        return keys

    def _check_signature(
        self,
        shown: str | bytes,
        code: Code,
        head: cose.Headers,
        keys: list[TrustedKey],
        known: SignedCode | None,
        found: _Findings,
    ) -> None:
        """Step 4: one of the keys must have signed exactly these bytes, now or when they were seen before."""
        signer = None
        if known is not None:
            signer = next((key for key in keys if key.public == known.signer), None)
        if signer is None:
            message, signature = (
                cose.sign1_tbs(code.signed.protected, code.signed.payload),
                code.signed.signature,
            )
            signer = next((k for k in keys if cose.verify_signature(k.public, message, signature)), None)
        if signer is None:
            raise Refused("bad_signature", "the signature does not fit: the card is forged or was changed")
        check_outer(code)
        if code.phone is None:  # A phone shows another code every 30 s: nothing to remember.
            mark = None if found.attentions else self._mark
            self._memory.learn(shown, SignedCode(code, head, signer, mark))

    def _lists(self, card: Card, service: int | None) -> _Lists:
        """The lists of the card's address; a bundle has few, so each set is put together once."""
        if card.status is None:
            return self._no_lists
        uri, trust = card.status.uri, self._trust
        lists = self._lists_of.get((uri, service))
        if lists is not None:
            return lists
        status, permits = trust.status(uri), trust.permits(uri)
        entitlements = None if service is None else trust.entitlements(uri, service)
        present = [part for part in (status, permits, entitlements) if part is not None]
        if not present:
            return self._no_lists
        made, exp = min(part.iat for part in present), min(part.exp for part in present)
        lists = _Lists(status, permits, entitlements, made, min(exp, trust.exp))
        self._lists_of[uri, service] = lists
        return lists

    def _check_binding(self, code: Code, shown: Presentation, now: int, found: _Findings) -> Assurance:
        """Step 5: a phone's code must be fresh and its own, a chip's must lie on its chip."""
        if code.card.holder_key is not None:
            proved, found.repeated = check_phone(code, shown.challenge, self._seen, now)
            return Assurance.PHONE_PROVED if proved else Assurance.PHONE
        if shown.tag_uid is None:
            return _PRINT
        bound, proved = check_chip(code, shown.tag_uid, shown.chip_proof)
        return Assurance.CHIP_PROVED if proved else Assurance.CHIP if bound else _PRINT

    def _check_dates(self, card: Card, now: int, found: _Findings) -> None:
        """Step 6."""
        found.ends.append(card.expires)
        if now < card.not_before:
            raise Refused("not_yet_valid", f"valid from {_day(card.not_before, self._trust.day_offset_s)}")
        if now >= card.expires:
            raise Refused("expired", f"valid until {_day(card.expires - 1, self._trust.day_offset_s)}")

    def _check_age(self, lists: _Lists, now: int, found: _Findings) -> None:
        """Step 7: the oldest list that speaks about this card says how old the data is."""
        age = found.data_age_s
        if now >= lists.exp or age > self._policy.expired_after_s:
            raise Refused("data_expired", f"this data is {span(age)} old, too old to judge by; sync it")
        if age > self._policy.stale_after_s:
            found.note("data_stale", f"this data is {span(age)} old; sync it or ask for the phone card")

    def _check_status(self, card: Card, lists: _Lists, now: int, found: _Findings) -> None:
        """Step 8: what became of this print since, and whether the permit still runs."""
        reference = card.status
        status = None if reference is None or lists.status is None else lists.status.at(reference.index)
        if reference is None or lists.permits is None or status is None:
            if reference is not None:
                found.note("status_unknown", "no list here says what became of this card")
            self._check_printed_permit(card, now, found)
            return
        if status == REVOKED:
            raise Refused("revoked", "the card was revoked")
        if status == SUSPENDED:
            raise Refused("suspended", "the card is suspended or the permit has ended; the desk can help")
        if status == REPLACED:
            raise Refused("replaced", "there is a newer print of this card")
        self._check_permit(card, reference, lists.permits, now, found)

    def _check_printed_permit(self, card: Card, now: int, found: _Findings) -> None:
        """Step 8 without a list: the printed day is all there is."""
        if card.permit_day is None:
            if card.card_class not in self._policy.permit_free:
                found.note("permit_unknown", "neither card nor list says how long the permit runs")
            return
        end = end_of(card.permit_day, self._trust.day_offset_s)
        found.ends.append(end)
        if now >= end:
            found.note("permit_unknown", "the printed permit day has passed; it may have been extended")

    def _check_permit(
        self, card: Card, reference: StatusRef, permits: PermitList, now: int, found: _Findings
    ) -> None:
        """Step 8 at status 0: the permit's end as far as it is known here."""
        offset = self._trust.day_offset_s
        end = permit_end(
            code_iat=card.issued_at,
            printed_day=card.permit_day,
            index=reference.index,
            permits=permits,
            offset_s=offset,
        )
        if end != permits.exp:
            found.ends.append(end)
        unknown = card.permit_day is None and permits.day(reference.index) is None
        if now >= end or (unknown and card.card_class not in self._policy.permit_free):
            found.note(
                "permit_unknown", "whether the permit still runs is not known here; sync or ask the desk"
            )

    def _check_entitlement(self, card: Card, service: int, lists: _Lists, now: int, found: _Findings) -> None:
        """Step 9: the list's word rules over the printed right; without a list the printed right stands."""
        reference, printed = card.status, card.printed_until(service)
        entry = None
        if reference is not None:
            entry = None if lists.entitlements is None else lists.entitlements.at(reference.index)
            if entry is None:
                found.note("status_unknown", "no list here says what was granted or withdrawn since printing")
        value, last_day = entry or (0, None)
        if value == WITHDRAWN:
            raise Refused("entitlement_withdrawn", "this service was withdrawn; its department can help")
        day = -1 if value == GRANTED else last_day if value == GRANTED_TO_DAY else printed
        if day is None:
            raise Refused("no_entitlement", "the card does not hold this service")
        if day >= 0:
            end = end_of(day, self._trust.day_offset_s)
            found.ends.append(end)
            if now >= end:
                raise Refused("no_entitlement", f"this service ended on {date_of(day)}")

    def _learn_standing(self, code: Code, phone: PhoneCode, now: int, found: _Findings) -> None:
        """What a seller may see: only from a phone, and only with the holder's consent in the code."""
        if Service.STANDING not in phone.consent:
            return
        card, entry = code.card, None
        if card.status is not None:
            entitlements = self._trust.entitlements(card.status.uri, Service.STANDING)
            entry = entitlements and entitlements.at(card.status.index)
        value, last_day = entry or (0, None)
        printed = card.printed_until(Service.STANDING)
        day = {GRANTED: -1, GRANTED_TO_DAY: last_day, WITHDRAWN: None}.get(value, printed)
        if day is not None and (day < 0 or now < end_of(day, self._trust.day_offset_s)):
            found.standing = GOOD if day < 0 else LIMITED

    def _check_rules(self, card: Card, shown: Presentation, now: int, found: _Findings) -> None:
        """Step 10: what this venue asks for beyond the card's own rights."""
        policy, history = self._policy, self._history
        if found.assurance is None or not self._accepts[found.assurance]:
            accepted = ", ".join(level.label for level in sorted(policy.accept))
            raise Refused("low_assurance", f"this door asks for {accepted or 'nothing that exists'}")
        if policy.hours and not is_open(policy.hours, now, self._trust.day_offset_s):
            raise Refused("outside_hours", "this venue is closed now")
        if history is None:
            found.not_judged = self._asks_history
            return
        if found.repeated:
            return  # Not counted against anyone; the gate shows again what it showed for the first scan.
        quota = policy.quota
        newest = now + CLOCK_TOLERANCE_S  # What lies beyond was written by a clock that ran ahead.
        if (
            quota
            and history.admissions(card.number, shown.service, now - quota.period_s, newest) >= quota.count
        ):
            raise Refused("quota_used", f"{quota.count} visits in {span(quota.period_s)} are used up")
        entered = history.last_entry(card.number) if policy.passback_s is not None else None
        if (
            entered is not None
            and policy.passback_s is not None
            and entered <= newest
            and now - entered < policy.passback_s
        ):
            raise Refused("passback", "this card went in a moment ago")

    def _verdict(
        self, answer: Answer, reason: str, words: str, shown: Presentation, found: _Findings
    ) -> Verdict:
        """Cut the findings to what this role may see."""
        card, opens = found.card, answer is _ALLOW
        noted: tuple[str, ...] = ()
        if found.attentions or answer is _DENY:
            findings = dict(found.attentions)
            opens = answer is _ATTENTION and self._policy.opens_on.issuperset(findings)
            if answer is _DENY:
                findings[reason] = words
            noted = tuple(findings)
        opens = opens and not found.repeated  # The door opened for the first of two scans of one picture.
        if shown.direction is _OUT:
            # Nobody is locked in: the findings stay on record, the door opens (section 8).
            answer, reason, words, opens = _ALLOW, "ok", "Leaving is always allowed.", True
        until = None
        if found.ends and answer is not _DENY:
            until = date_of(day_at(min(found.ends) - 1, self._trust.day_offset_s))
        return Verdict(  # By place: this is where a card seen again spends its time.
            answer,
            reason,
            words,
            opens,
            None if card is None or self._role is _SELLER else card.number,
            shown.service,
            until,
            found.assurance,
            found.data_age_s if found.data_age_s > 0 else 0,
            None if card is None else self._view(card, found),
            noted,
            found.repeated,
            found.not_judged,
            None if card is None or card.native_name is None else card.native_name[0],
        )

    def _view(self, card: Card, found: _Findings) -> Mapping[str, object]:
        if self._role is _GATE:
            return {}
        hotlisted = None
        if self._role is _POLICE and card.status is not None:
            hotlist = self._trust.hotlist(card.status.uri)
            hotlisted = None if hotlist is None else bool(hotlist.at(card.status.index))
        return view_for(self._role, card, standing=found.standing, hotlisted=hotlisted)


def _cose_bytes(shown: str | bytes) -> bytes:
    """Step 1, the text: COSE bytes of a bounded size, whichever way they came."""
    if isinstance(shown, str):
        return text.decode(shown)
    if len(shown) > text.MAX_INFLATED:
        raise Refused("malformed", f"{len(shown)} bytes, more than the {text.MAX_INFLATED} of any code")
    return shown


def _day(instant: int, offset_s: int) -> date:
    return datetime.fromtimestamp((instant + offset_s) // DAY_S * DAY_S, UTC).date()
