"""The second half of issuing: sign what was reserved, and make it durable before anybody sees it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from cardsvc.desk import orders
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, ServedInstallation, Site
from cardsvc.records import AuditEntry, CardState, PrintRecord, Signatures, Transaction
from issuance.application import PERMIT_FREE_CLASSES
from issuance.issuer import Codes, check_sizes
from issuance.rehearsal import Rehearsal
from keys.keyring import Keyring
from keys.plan import CARDS_PER_KEY
from keys.signer import Signer
from verify import cose
from verify.card import Card
from verify.days import day_at
from verify.errors import CardsvcError
from verify.keylist import KeyList, KeyUse, TrustedKey

#: The states of a card that may still get a print.
LIVING = frozenset({CardState.ACTIVE, CardState.SUSPENDED})

#: Named points at which a test stops the process, to see what is left of it; nothing else looks at them.
CrashPoint = Callable[[str], None]


def nowhere(point: str) -> None:
    """The crash point of everyday life."""


class CardKeys(Protocol):
    """The public halves of the card keys, by kid."""

    def entry_of(self, kid: bytes) -> TrustedKey:
        """The card key of that kid; raises ``unknown_key``."""


class ListedKeys:
    """The card keys of a key list, for a process that has no keyring."""

    def __init__(self, key_list: KeyList) -> None:
        """Look them up in ``key_list``."""
        self._keys = {key.kid: key for key in key_list.keys if key.use is KeyUse.CARD}

    def entry_of(self, kid: bytes) -> TrustedKey:
        """The card key of that kid; raises ``unknown_key``."""
        if kid not in self._keys:
            raise ServiceError("unknown_key", f"the key list names no card key {kid.hex()}")
        return self._keys[kid]


def card_keys_of(site: Site) -> CardKeys:
    """The card keys of an installation, whoever holds their private halves."""
    if isinstance(site, Installation):
        return site.keyring
    if isinstance(site, ServedInstallation):
        return ListedKeys(site.documents.key_list)
    raise TypeError(f"{type(site).__name__} names no keys")


def card_signer(tx: Transaction, keyring: Keyring, now: datetime, count: int) -> Signer:
    """The key for the next ``count`` cards: its window holds, its number of cards is not used up.

    A distrusted key counts as used up: until the next bundle, readers would refuse what it signs now.
    """
    used = tx.prints.signed_by_key() | {key.kid: CARDS_PER_KEY for key in tx.distrusted.all()}
    return keyring.card_signer(now, used=used, limit=CARDS_PER_KEY - count + 1)


def finish(
    installation: Installation,
    intents: Sequence[PrintRecord],
    *,
    actor: str,
    now: datetime,
    reach: CrashPoint,
) -> Mapping[str, CardsvcError]:
    """Sign reserved prints and store the signatures with their audit, in one transaction.

    A print that cannot be signed is given up, and the others go on; what went wrong is returned by print id.
    """
    signatures: list[Signatures] = []
    failed: dict[str, CardsvcError] = {}
    for intent in intents:
        try:
            signatures.append(_signed(installation.keyring, intent))
        except CardsvcError as error:
            failed[intent.id] = error
    reach("signed")
    done = [intent for intent in intents if intent.id not in failed]
    with installation.store.transaction() as tx:
        record_signed(tx, done, signatures, actor=actor, now=now)
        for intent in intents:
            if intent.id in failed:
                give_up(tx, intent, failed[intent.id].reason, actor, now)
    reach("issued")
    return failed


def record_signed(
    tx: Transaction,
    intents: Sequence[PrintRecord],
    signatures: Sequence[Signatures],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Store the signatures of these intents with all that follows from them, inside one transaction.

    Raises ``not_an_intent`` if another process was faster: then nothing of it may stay.
    """
    tx.prints.issue_many(signatures)
    tx.applications.mark_issued([intent.card_number for intent in intents])
    for intent in intents:
        if intent.print_no > 1:
            earlier = [
                old.id for old in tx.prints.of_card(intent.card_number) if old.print_no < intent.print_no
            ]
            tx.prints.mark_replaced(earlier)
            _grant_beside(tx, intent, actor, now)
    tx.audit.append_many(
        AuditEntry(actor, "card_issued", intent.card_number, _details(intent), now) for intent in intents
    )


def _grant_beside(tx: Transaction, intent: PrintRecord, actor: str, now: datetime) -> None:
    """Grant by list what the card was printed with and this print has no room for.

    Only now: until it is signed the signer grants none of it, and it may be given up. Where a department has
    spoken about a service its word stands, also if it spoke after this print was reserved.
    """
    card, gate = tx.cards.get(intent.card_number), Card.decode(intent.gate_payload)
    spoken = {entry.service for entry in tx.entitlements.of_card(card.number)}
    reserved = day_at(intent.iat, tx.issuer.get().day_offset_s)
    rights = orders.rights_today(card.services, card.service_days, (), reserved)
    beside = {
        service: until
        for service, until in rights.items()
        if service not in spoken and gate.printed_until(service) is None
    }
    tx.entitlements.put_many(list(orders.by_list_rows(card.number, beside, actor=actor, now=now)))


def recover(installation: Installation, *, actor: str, now: datetime, reach: CrashPoint = nowhere) -> int:
    """Finish what a killed process left: sign each old intent again, or give it up. Returns how many.

    Every intent is judged by itself, so that one which cannot be finished never stands in the way of issuing.
    """
    found = 0
    while True:
        with installation.store.reading() as tx:
            intents = tx.prints.intents()
            why_not = {intent.id: _why_not(installation, tx, intent) for intent in intents}
        if not intents:
            return found
        found += len(intents)
        given_up = [(intent, reason) for intent in intents if (reason := why_not[intent.id]) is not None]
        if given_up:
            with installation.store.transaction() as tx:
                for intent, reason in given_up:
                    give_up(tx, intent, reason, actor, now)
        sound = [intent for intent in intents if why_not[intent.id] is None]
        if sound:
            finish(installation, sound, actor=actor, now=now, reach=reach)


def codes_of(keys: CardKeys, printed: PrintRecord) -> Codes:
    """The two signed codes of a print, put together from its row: always the same bytes."""
    if (
        printed.gate_signature is None
        or printed.identity_signature is None
        or printed.identity_payload is None
    ):
        raise ServiceError(
            "not_printable", f"print {printed.print_no} of {printed.card_number} has no codes to print"
        )
    protected = protected_of(keys, printed.signing_kid)
    return Codes(
        cose.encode_sign1(protected, printed.gate_payload, printed.gate_signature),
        cose.encode_sign1(protected, printed.identity_payload, printed.identity_signature),
    )


def _signed(keyring: Keyring, intent: PrintRecord) -> Signatures:
    signer, protected = keyring.signer_of(intent.signing_kid), protected_of(keyring, intent.signing_kid)
    if intent.identity_payload is None:
        raise ServiceError("not_signed", f"the print {intent.print_no} has no identity code to be signed")
    gate = signer.sign(cose.sign1_tbs(protected, intent.gate_payload))
    identity = signer.sign(cose.sign1_tbs(protected, intent.identity_payload))
    # The real signature deflates to a few characters more or fewer than that of the rehearsal.
    check_sizes(
        Codes(
            cose.encode_sign1(protected, intent.gate_payload, gate),
            cose.encode_sign1(protected, intent.identity_payload, identity),
        )
    )
    return Signatures(intent.id, gate, identity)


def protected_of(keys: CardKeys, kid: bytes) -> bytes:
    """The protected header of what that card key signed; the key list is asked, the key itself is not."""
    return cose.protected_header(keys.entry_of(kid).public.algorithm, kid)


def _why_not(installation: Installation, tx: Transaction, intent: PrintRecord) -> str | None:
    """Why an old intent must not be signed any more; None: it may be."""
    if tx.cards.get(intent.card_number).state not in LIVING:
        return "card_is_final"
    if any(key.kid == intent.signing_kid for key in tx.distrusted.all()):
        return "distrusted_key"
    return None if _is_sound(installation, intent) else "fails_rehearsal"


def _is_sound(installation: Installation, intent: PrintRecord) -> bool:
    """Whether the reserved bytes still pass the rehearsal that they passed before they were stored."""
    payloads = (intent.gate_payload, intent.identity_payload)
    rehearsal = Rehearsal(
        installation.issuer.iss,
        intent.iat,
        day_offset_s=installation.issuer.day_offset_s,
        permit_free=PERMIT_FREE_CLASSES,
    )
    try:
        for payload in payloads:
            if payload is None:
                return False
            rehearsal.check(payload, Card.decode(payload))
    except CardsvcError:
        return False
    return True


def give_up(tx: Transaction, intent: PrintRecord, reason: str, actor: str, now: datetime) -> None:
    """Never issue this print; a card that has no other ends with it, unless it came to its end before."""
    tx.prints.orphan(intent.id)
    if intent.print_no == 1 and tx.cards.get(intent.card_number).state in LIVING:
        tx.cards.set_state(intent.card_number, CardState.ENDED)
    details = _details(intent) | {"reason": reason}
    tx.audit.append(actor, "print_given_up", intent.card_number, details, now)


def _details(intent: PrintRecord) -> dict[str, object]:
    return {"print": intent.print_no, "list": intent.list_id, "kid": intent.signing_kid.hex()}
