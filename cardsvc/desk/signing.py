"""The second half of issuing: sign what was reserved, and make it durable before anybody sees it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from cardsvc.errors import ServiceError
from cardsvc.installation import Installation
from cardsvc.records import AuditEntry, CardState, PrintRecord, Signatures, Transaction
from issuance.application import PERMIT_FREE_CLASSES
from issuance.issuer import Codes
from issuance.rehearsal import Rehearsal
from keys.keyring import Keyring
from keys.plan import CARDS_PER_KEY
from keys.signer import Signer
from verify import cose
from verify.card import Card
from verify.errors import CardsvcError

#: Named points at which a test stops the process, to see what is left of it; nothing else looks at them.
CrashPoint = Callable[[str], None]


def nowhere(point: str) -> None:
    """The crash point of everyday life."""


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
) -> None:
    """Sign reserved prints and store the signatures with their audit, in one transaction."""
    signatures = [_signed(installation.keyring, intent) for intent in intents]
    reach("signed")
    with installation.store.transaction() as tx:
        tx.prints.issue_many(signatures)
        tx.applications.mark_issued([intent.card_number for intent in intents])
        for intent in intents:
            if intent.print_no > 1:
                earlier = [
                    old.id for old in tx.prints.of_card(intent.card_number) if old.print_no < intent.print_no
                ]
                tx.prints.mark_replaced(earlier)
        tx.audit.append_many(
            AuditEntry(actor, "card_issued", intent.card_number, _details(intent), now) for intent in intents
        )
    reach("issued")


def recover(installation: Installation, *, actor: str, now: datetime, reach: CrashPoint = nowhere) -> int:
    """Finish what a killed process left: sign each old intent again, or give it up. Returns how many."""
    found = 0
    while True:
        with installation.store.reading() as tx:
            intents = tx.prints.intents()
        if not intents:
            return found
        found += len(intents)
        sound = [intent for intent in intents if _is_sound(installation, intent)]
        given_up = [intent for intent in intents if intent not in sound]
        if given_up:
            _give_up(installation, given_up, actor, now)
        if sound:
            finish(installation, sound, actor=actor, now=now, reach=reach)


def codes_of(keyring: Keyring, printed: PrintRecord) -> Codes:
    """The two signed codes of a print, put together from its row: always the same bytes."""
    if (
        printed.gate_signature is None
        or printed.identity_signature is None
        or printed.identity_payload is None
    ):
        raise ServiceError(
            "not_printable", f"print {printed.print_no} of {printed.card_number} has no codes to print"
        )
    protected = _protected(keyring, printed.signing_kid)
    return Codes(
        cose.encode_sign1(protected, printed.gate_payload, printed.gate_signature),
        cose.encode_sign1(protected, printed.identity_payload, printed.identity_signature),
    )


def _signed(keyring: Keyring, intent: PrintRecord) -> Signatures:
    signer, protected = keyring.signer_of(intent.signing_kid), _protected(keyring, intent.signing_kid)
    identity = intent.identity_payload
    return Signatures(
        intent.id,
        signer.sign(cose.sign1_tbs(protected, intent.gate_payload)),
        None if identity is None else signer.sign(cose.sign1_tbs(protected, identity)),
    )


def _protected(keyring: Keyring, kid: bytes) -> bytes:
    return cose.protected_header(keyring.entry_of(kid).public.algorithm, kid)


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


def _give_up(installation: Installation, intents: Sequence[PrintRecord], actor: str, now: datetime) -> None:
    with installation.store.transaction() as tx:
        for intent in intents:
            tx.prints.orphan(intent.id)
            if intent.print_no == 1:
                tx.cards.set_state(intent.card_number, CardState.ENDED)
            tx.audit.append(actor, "print_given_up", intent.card_number, _details(intent), now)


def _details(intent: PrintRecord) -> dict[str, object]:
    return {"print": intent.print_no, "list": intent.list_id, "kid": intent.signing_kid.hex()}
