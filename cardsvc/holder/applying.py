"""Applications from phones: sent by a key that the phone made, told about to that key, asked for later.

Nobody need sign in. What is sent is sealed, counted by address, and deleted by itself when nobody takes it
over. Sent again by the same key, it replaces what was sent before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from cardsvc.desk.cases import describe, new_reference, packed
from cardsvc.desk.judging import PORTRAIT, TYPED, check_shape, judge
from cardsvc.desk.preapplications import kept_for
from cardsvc.errors import ServiceError
from cardsvc.holder.enrolling import spoken
from cardsvc.holder.phonedesk import MAX_PHONES
from cardsvc.installation import ServedInstallation
from cardsvc.records import CaseState, NotFound, Transaction
from cardsvc.records.phones import PhoneState, PhoneWay
from cardsvc.records.preapplications import PreRecord, PreState
from issuance.portrait import Crop, prepare_portrait
from keys.phonebook import check_proof
from keys.signing import TokenProof
from verify.days import date_of, day_at, day_number

#: What the phone's key signs to send, to ask what became of it, to take it back, and to ask for the card.
SEND, STATE, WITHDRAW, ASK = "apply", "application", "withdraw-application", "ask-card"
HOLDER: Final = "holder"
#: What a resident can say; the rest is the desk's.
APPLICANTS: Final = TYPED - {"reference", "family", "valid_until", "design"}
#: A phone makes it smaller than this; a print has 280 × 360 pixels.
PORTRAIT_MAX: Final = 600_000
_JPEG: Final = b"\xff\xd8\xff"
#: A market's whole hall stands behind one address.
MOST_FROM_ADDRESS: Final = 60
#: More than a city sends in a month; beyond it somebody fills the disk.
MOST_WAITING: Final = 20_000
#: Nobody knows where they will be later than this.
WISH_AHEAD: Final = timedelta(days=60)
HALVES: Final = ("am", "pm")
#: An appointment is kept this long after its day.
AFTER_WISH: Final = timedelta(days=7)
#: While its case is on its way, and after: so long the phone may ask for the card that came of it.
KEPT_TAKEN: Final = timedelta(days=180)
#: An approver confirms when there is time; the holder is not at the desk.
ASKED_LIFE: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Wish:
    """Where and when the resident would like to come; ``half`` is ``am`` or ``pm``."""

    office: str
    day: date
    half: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a phone sends; ``family`` are bytes it drew for people who come together, ``head`` leads them."""

    application: Mapping[str, object]
    portrait: bytes | None = None
    crop: Crop | None = None
    wish: Wish | None = None
    family: bytes | None = None
    head: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an application, as its phone is told."""

    reference: str
    state: str
    fingerprint: str
    office: str | None
    day: date | None
    half: str | None
    confirmed: bool
    bring: tuple[str, ...]
    errors: tuple[tuple[str, str], ...]
    kept_until: date
    letter: Mapping[str, str] | None
    phone: str | None


def desks(tx: Transaction) -> list[dict[str, str]]:
    """The offices that take applications, for a resident to choose from."""
    return [
        {"id": one.id, "name": one.name, "kind": one.kind} for one in tx.offices.all() if "file" in one.may
    ]


def send(site: ServedInstallation, address: str, proof: TokenProof, sent: Sent, now: datetime) -> Told:
    """Keep an application, or what its phone says instead of what it sent before.

    Raises ``unknown_field``, ``bad_application``, ``bad_wish``, ``portrait_…``, ``too_often``,
    ``application_taken`` and ``key_used``.
    """
    key = check_proof(proof, SEND, int(now.timestamp()))
    _check(site, sent, now)
    made = None if sent.portrait is None else prepare_portrait(sent.portrait, crop=sent.crop)
    with site.store.transaction() as tx:
        before = tx.preapplications.of_key(key)
        if before is not None and before.state is not PreState.WAITING:
            raise ServiceError(
                "application_taken", "the desk works on it already; tell the desk what changed"
            )
        kept = {} if before is None else dict(before.content)
        # What the desk has answered stands, whatever is sent after it.
        meeting = None if before is None else before.meeting_day
        content: dict[str, Any] = {
            "application": dict(sent.application),
            "head": sent.head,
            "bring": list(kept.get("bring", ())),
        }
        described = kept.get(PORTRAIT) if made is None else describe(made)
        values: dict[str, Any] = {
            "office": None if sent.wish is None else sent.wish.office,
            "wish_day": None if sent.wish is None else day_number(sent.wish.day),
            "wish_half": None if sent.wish is None else sent.wish.half,
            "family": None if sent.family is None else tx.preapplications.family_of(sent.family),
            "updated_at": now,
            "expires_at": _kept_until(site, sent.wish, meeting, now),
            "content": content | ({} if described is None else {PORTRAIT: described}),
        }
        if made is not None:
            values |= {"portrait": sent.portrait, "picture": packed(made)}
        if before is None:
            _check_room(tx, address, now)
            if tx.phones.of_key(key) is not None:
                raise ServiceError("key_used", "this phone's key carries a card; let it make another")
            reference = new_reference()
            tx.preapplications.add(
                reference, address, values | {"public_key": proof.key, "thumbprint": key, "made_at": now}
            )
            tx.audit.append(HOLDER, "preapplication_sent", reference, {}, now)
        else:
            tx.preapplications.change(before.id, PreState.WAITING, values)
        return _told(site, tx, _of_key(tx, key), now)


def state(site: ServedInstallation, proof: TokenProof, now: datetime) -> Told:
    """What became of it; raises ``application_unknown`` for one that was never sent, or deleted."""
    key = check_proof(proof, STATE, int(now.timestamp()))
    with site.store.reading() as tx:
        return _told(site, tx, _of_key(tx, key), now)


def withdraw(site: ServedInstallation, proof: TokenProof, now: datetime) -> None:
    """Delete what was sent; raises ``application_taken`` once a clerk has it."""
    key = check_proof(proof, WITHDRAW, int(now.timestamp()))
    with site.store.transaction() as tx:
        record = _of_key(tx, key)
        if record.state is not PreState.WAITING:
            raise ServiceError("application_taken", "the desk works on it already; tell the desk")
        tx.preapplications.forget(record.id)
        tx.audit.append(HOLDER, "preapplication_withdrawn", record.reference, {}, now)


def ask(site: ServedInstallation, proof: TokenProof, now: datetime) -> str:
    """Ask for the issued card on the phone that applied; an approver confirms. The state of the phone.

    Two people stand behind it: the clerk who scanned this phone when taking the application over, and the
    approver. What anybody may send with somebody else's name proves nothing of the phone.
    Raises ``application_unknown``, ``no_card_yet``, ``phone_not_seen``, ``too_many_phones``.
    """
    key = check_proof(proof, ASK, int(now.timestamp()))
    with site.store.transaction() as tx:
        record = _of_key(tx, key)
        phone = tx.phones.of_key(key)
        if phone is not None:
            return str(phone.state)
        case = None if record.case_id is None else tx.cases.get(record.case_id)
        if case is None or case.state is not CaseState.ISSUED or case.card_number is None:
            raise ServiceError("no_card_yet", "the card was not issued yet")
        if not record.key_seen or record.taken_by is None:
            words = (
                "no clerk scanned this phone when the application was taken over; let the desk make a code"
            )
            raise ServiceError("phone_not_seen", words)
        living = [one for one in tx.phones.of_card(case.card_number) if one.state == PhoneState.ACTIVE]
        if len(living) >= MAX_PHONES:
            raise ServiceError("too_many_phones", f"{len(living)} phones carry it; take one away first")
        made = tx.phones.ask(
            {
                "card_number": case.card_number,
                "office": case.office,
                "made_by": record.taken_by,
                "made_at": now,
                "expires_at": now + ASKED_LIFE,
                "public_key": record.public_key,
                "thumbprint": key,
                "how": PhoneWay.ASKED,
            }
        )
        tx.audit.append(HOLDER, "phone_asked", case.card_number, {"phone": made}, now)
    return str(PhoneState.WAITING)


def forget(site: ServedInstallation, now: datetime) -> int:
    """Delete those whose time has passed; returns how many."""
    with site.store.reading() as tx:
        old = tx.preapplications.over(now)
    if old:
        with site.store.transaction() as tx:
            for row, reference in old:
                if tx.preapplications.forget(row):
                    tx.audit.append("service", "preapplication_forgotten", reference, {}, now)
    return len(old)


def check_portrait(data: bytes) -> None:
    """Take from strangers only what phones send: a small JPEG.

    Raises ``portrait_format``, ``portrait_too_large``.
    """
    if not data.startswith(_JPEG):
        raise ServiceError("portrait_format", "a phone sends its portrait as JPEG")
    if len(data) > PORTRAIT_MAX:
        words = f"the portrait has {len(data)} bytes of {PORTRAIT_MAX}; make it smaller"
        raise ServiceError("portrait_too_large", words)


def _check(site: ServedInstallation, sent: Sent, now: datetime) -> None:
    strangers = sorted(set(sent.application) - APPLICANTS)
    if strangers:
        named = ", ".join(name[:40] for name in strangers[:5])
        raise ServiceError("unknown_field", f"a resident's application has no field called {named}")
    check_shape(sent.application)
    if sent.portrait is not None:
        check_portrait(sent.portrait)
    if sent.wish is None:
        return
    today = date_of(day_at(int(now.timestamp()), site.issuer.day_offset_s))
    with site.store.reading() as tx:
        known = sent.wish.office in {one["id"] for one in desks(tx)}
    if not known or sent.wish.half not in HALVES or not today <= sent.wish.day <= today + WISH_AHEAD:
        raise ServiceError("bad_wish", f"choose a desk, and half a day within {WISH_AHEAD.days} days")


def _check_room(tx: Transaction, address: str, now: datetime) -> None:
    if tx.preapplications.count_from(address, now - timedelta(days=1)) >= MOST_FROM_ADDRESS:
        words = "too many applications from your address today; come to the desk, or try tomorrow"
        raise ServiceError("too_often", words)
    if tx.preapplications.count_waiting() >= MOST_WAITING:
        raise ServiceError(
            "too_often", "the desks have more applications than they can read; come to the desk"
        )


def _kept_until(site: ServedInstallation, wish: Wish | None, meeting: int | None, now: datetime) -> datetime:
    """``meeting`` is the day number of the appointment that the desk gave."""
    ends = [now + timedelta(days=site.settings.preapplication_days)]
    if wish is not None:
        ends.append(datetime.combine(wish.day, datetime.min.time(), now.tzinfo) + AFTER_WISH)
    if meeting is not None:
        ends.append(kept_for(date_of(meeting)))
    return max(ends)


def _of_key(tx: Transaction, key: bytes) -> PreRecord:
    found = tx.preapplications.of_key(key)
    if found is None:
        words = "no application of this phone is kept here: it was deleted, or its time has passed"
        raise NotFound("application_unknown", words)
    return found


def _told(site: ServedInstallation, tx: Transaction, record: PreRecord, now: datetime) -> Told:
    phone = tx.phones.of_key(record.thumbprint)
    day = record.meeting_day if record.meeting_office else record.wish_day
    stage, letter = _stage(tx, record)
    errors: tuple[tuple[str, str], ...] = ()
    if record.state is PreState.WAITING:
        raw = record.content["application"]
        judged = judge(raw, has_portrait=record.has_portrait, settings=site.settings, now=now)
        errors = tuple((error.field, error.reason) for error in judged.errors)
    return Told(
        reference=record.reference,
        state=stage,
        fingerprint=spoken(record.thumbprint),
        office=record.meeting_office or record.office,
        day=None if day is None else date_of(day),
        half=record.meeting_half if record.meeting_office else record.wish_half,
        confirmed=record.meeting_office is not None,
        bring=tuple(record.content.get("bring", ())),
        errors=errors,
        kept_until=date_of(day_at(int(record.expires_at.timestamp()), site.issuer.day_offset_s)),
        letter=letter,
        phone=None if phone is None else str(phone.state),
    )


def _stage(tx: Transaction, record: PreRecord) -> tuple[str, Mapping[str, str] | None]:
    """How far it came: ``received``, then what its case is; and the letter, where it was refused."""
    if record.case_id is None:
        return "received", None
    case = tx.cases.get(record.case_id)
    refusal = case.content.get("refusal") if case.state is CaseState.REFUSED else None
    stages = {
        CaseState.SUBMITTED: "submitted",
        CaseState.APPROVING: "submitted",
        CaseState.ISSUED: "issued",
        CaseState.REFUSED: "refused",
        CaseState.WITHDRAWN: "withdrawn",
    }
    return stages.get(case.state, "taken"), None if refusal is None else dict(refusal["letter"])
