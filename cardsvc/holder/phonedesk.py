"""What staff does about phones: codes, approvals with a passkey, and taking a card away."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cardsvc.desk import asserting
from cardsvc.desk.actor import Actor
from cardsvc.desk.acts import card_office
from cardsvc.desk.facts import text_of
from cardsvc.desk.signing import LIVING
from cardsvc.errors import ServiceError
from cardsvc.holder import losing, recovering
from cardsvc.installation import ServedInstallation
from cardsvc.records import ListKind, NotFound, Transaction
from cardsvc.records.phones import PhoneRecord, PhoneState, PhoneWay
from issuance.number import check_number
from keys.requests import Asked, EnrolmentRequest

#: Nobody mistakes these for one another, read aloud or typed on a phone.
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP: Final = 4
#: 39 bits, a hundred guesses an address in a quarter of an hour, and an approver who must agree besides.
_CHARACTERS: Final = 8
#: The holder stands at the desk; an approver of the same office touches a key the same day.
CODE_LIFE: Final = timedelta(hours=12)
#: A person's own phone, the next one, and a parent's two: more are a mistake or worse.
MAX_PHONES: Final = 4


@dataclass(frozen=True, slots=True)
class Invited:
    """A code that was made, shown this once."""

    phone: str
    code: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class SeenPhone:
    """A phone, and the name of whose card it carries; empty where the person was erased.

    ``key_seen``, of a phone that asked by itself: whether a clerk had scanned its holder's screen before.
    """

    phone: PhoneRecord
    name: str
    key_seen: bool | None = None


class PhoneDesk:
    """What staff does about phones, at one instant."""

    def __init__(self, site: ServedInstallation, actor: Actor, now: datetime) -> None:
        """Act as ``actor`` at ``now``."""
        self._site, self._actor, self._now = site, actor, now

    def invite(self, number: str) -> Invited:
        """Make a one-time code for a living card of the actor's offices; raises ``too_many_phones``."""
        letters = "".join(secrets.choice(_LETTERS) for _ in range(_CHARACTERS))
        made = Invited(secrets.token_hex(16), f"{letters[:_GROUP]}-{letters[_GROUP:]}", self._now + CODE_LIFE)
        with self._site.store.transaction() as tx:
            card = tx.cards.get(check_number(number))
            self._actor.check_office(card_office(tx, card.number), "card_not_found", f"card {number}")
            if tx.prints.current_of(card.number) is None or card.state not in LIVING:
                raise ServiceError("card_is_final", f"the card {number} is over, or was never signed")
            living = [one for one in tx.phones.of_card(number) if one.state == PhoneState.ACTIVE]
            if len(living) >= MAX_PHONES:
                raise ServiceError("too_many_phones", f"{len(living)} phones carry it; take one away first")
            values = {
                "id": made.phone,
                "card_number": card.number,
                "office": card_office(tx, card.number),
                "made_by": self._actor.id,
                "made_at": self._now,
                "expires_at": made.expires,
            }
            tx.phones.invite(made.code, values)
            tx.audit.append(self._actor.id, "phone_invited", card.number, {"phone": made.phone}, self._now)
        return made

    def waiting(self) -> list[SeenPhone]:
        """Phones that wait for an approver of the actor's offices."""
        with self._site.store.reading() as tx:
            return [seen(tx, one) for one in tx.phones.waiting(self._actor.offices, self._now)]

    def of_card(self, number: str) -> list[SeenPhone]:
        """Every phone of a card of the actor's offices."""
        with self._site.store.reading() as tx:
            self._actor.check_office(
                card_office(tx, tx.cards.get(number).number), "card_not_found", f"card {number}"
            )
            return [seen(tx, one) for one in tx.phones.of_card(number)]

    def challenge(self, phone: str) -> tuple[dict[str, Any], datetime]:
        """What the approver's key is to sign; the phone's index is reserved with the first one.

        Raises ``own_request``, ``phone_moved``, ``no_approver_key``.
        """
        keys = asserting.keys_of(self._site, self._actor.id)
        nonce = self._site.nonce(self._actor.id, self._now)
        with self._site.store.transaction() as tx:
            record = self._found(tx, phone)
            if record.made_by == self._actor.id:
                raise ServiceError("own_request", "who made the code does not approve; another must")
            list_id, index = record.list_id, record.list_index
            if list_id is None or index is None:
                ((list_id, index),) = tx.status.allot(1, ListKind.PHONE, now=self._now)
            offices = tuple(one.id for one in tx.offices.above(record.office)) or (record.office,)
            asked = Asked(record.made_by, offices, nonce, int(self._now.timestamp()))
            key = record.thumbprint or b""
            request = EnrolmentRequest(asked, record.card_number, key, list_id, index).encode()
            values = {"list_id": list_id, "list_index": index, "request": request}
            tx.phones.change(phone, PhoneState.WAITING, values)
        return asserting.options(self._site, keys, request), self._now + asserting.LIFE

    def approve(self, phone: str, credential: Mapping[str, Any]) -> SeenPhone:
        """Let the phone carry the card; raises ``credential_missing``, and what the signer refuses.

        The signer remembers the phone first. Killed in between, the next touch finds the same phone there.
        """
        with self._site.store.reading() as tx:
            record = self._found(tx, phone)
        if record.request is None:
            raise ServiceError("credential_missing", "ask for a challenge first, then touch the key")
        answer = asserting.read_credential(self._actor.id, credential)
        self._site.signer.enrol_phone(record.request, answer)
        with self._site.store.transaction() as tx:
            values = {
                "state": PhoneState.ACTIVE,
                "approver": self._actor.id,
                "request": None,
                "active_at": self._now,
            }
            tx.phones.change(phone, PhoneState.WAITING, values)
            details = {"phone": phone, "submitted_by": record.made_by}
            tx.audit.append(self._actor.id, "phone_enrolled", record.card_number, details, self._now)
            return seen(tx, tx.phones.get(phone))

    def revoke(self, phone: str) -> SeenPhone:
        """Take the card off a phone, for ever; at any office, as with a card that is suspended.

        Its recovery code ends with it; of a phone that waits for a recovery, so does the code behind that.
        """
        with self._site.store.reading() as tx:
            record = tx.phones.get(phone)
        if record.how == PhoneWay.RECOVERED and record.state == PhoneState.WAITING:
            recovering.end(self._site, record, self._actor.id, self._now)
        else:
            losing.give_up(self._site, record, self._actor.id, self._now)
        with self._site.store.reading() as tx:
            return seen(tx, tx.phones.get(phone))

    def _found(self, tx: Transaction, phone: str) -> PhoneRecord:
        record = tx.phones.get(phone)
        self._actor.check_office(record.office, "phone_not_found", f"phone {phone}")
        waits = record.state == PhoneState.WAITING and record.predecessor is None
        if not waits or record.expires_at <= self._now:
            raise NotFound("phone_not_found", f"the phone {phone} does not wait for anybody")
        return record


def seen(tx: Transaction, phone: PhoneRecord) -> SeenPhone:
    """A phone with its holder's name."""
    try:
        name = text_of(tx.people.facts(tx.cards.get(phone.card_number).person_id), "full_name")
    except NotFound:  # Erased; its phones can still be given up.
        name = ""
    if phone.how != PhoneWay.ASKED or phone.thumbprint is None:
        return SeenPhone(phone, name)
    applied = tx.preapplications.of_key(phone.thumbprint)
    return SeenPhone(phone, name, applied is not None and applied.key_seen)
