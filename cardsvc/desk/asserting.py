"""From an approver's touch of a key to signatures in the records, and what happens if the power goes between.

1. The assertion is stored (``asserted``).
2. The signer is asked; it checks the assertion by its own store of keys.
3. The signatures are stored with all that follows from them, part by part; the last one says ``done``.

A process killed after 1 is followed by one that does 2 again, where the same request gives the same bytes,
and what is left of 3. One killed before 1 leaves an approval that runs out and is given back: its cards are
ended, their indices say revoked, and its cases wait for an approver again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from cardsvc.desk import returning
from cardsvc.desk.parts import in_parts
from cardsvc.desk.signing import LIVING, CrashPoint, nowhere, record_signed
from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records import (
    ActState,
    ApprovalPrintRecord,
    ApprovalRecord,
    ApprovalState,
    AuditEntry,
    CaseState,
    Conflict,
    PrintRecord,
    PrintState,
    Signatures,
    Transaction,
)
from keys.errors import KeysError
from keys.requests import challenge_of
from keys.signing import Approval, Approver, CardBytes, CardSignatures
from verify import cbor
from verify.errors import CardsvcError

#: The signer's nonce is good for ten minutes; a little less, so that nobody touches a key for nothing.
LIFE: Final = timedelta(minutes=9)
#: One touch of a key; the browser waits no longer than the approval lasts.
_TIMEOUT_MS: Final = int(LIFE.total_seconds() * 1000)
_PLACE = re.compile(r"card (\d+): ")
#: The signer could not be asked, or has no room to write: nothing is known about the approval.
UNREACHED: Final = frozenset({"signer_away", "bad_frame", "ledger_busy", "disk_full", "ledger_failed"})
#: The signer stumbled over this one: it is tried again until it runs out, and others go on meanwhile.
STUMBLED: Final = "signer_failed"
#: The assertion itself did not count: the approver may touch the key again.
TRY_AGAIN: Final = frozenset({"bad_approval", "unknown_approver", "wrong_approver"})
_TEXTS: Final = ("clientDataJSON", "authenticatorData", "signature")


@dataclass(frozen=True, slots=True)
class SignedCard:
    """What became of one card of an approval."""

    case: str | None
    number: str
    print_id: str
    state: str
    words: str


def keys_of(site: ServedInstallation, approver: str) -> list[Approver]:
    """The keys of a person that the signer believes; raises ``no_approver_key``."""
    known = [one for one in site.signer.approvers() if one.staff == approver]
    if not known:
        words = f"{approver} has no key that the signer knows; have one registered and approved first"
        raise ServiceError("no_approver_key", words)
    return known


def check_decider(site: ServedInstallation, staff: str) -> None:
    """Let nobody decide, even without a key, whom other approvers have not admitted.

    The staff roll and its invitations are one operator's; the signer's keys took two approvers each. So every
    passkey that opens this person's sessions must be one of those. Raises ``no_approver_key``.
    """
    known = {bytes_to_base64url(one.credential_id) for one in keys_of(site, staff)}
    with site.store.reading() as tx:
        strange = [one for one in tx.credentials.of(staff) if one.id not in known]
    if strange:
        words = f"a passkey of {staff} waits for other approvers; until then {staff} decides nothing"
        raise ServiceError("no_approver_key", words)


def options(site: ServedInstallation, keys: Sequence[Approver], request: bytes) -> dict[str, Any]:
    """What a browser needs to have one of these keys sign the request (WebAuthn level 3, section 5.5)."""
    allowed = [{"type": "public-key", "id": bytes_to_base64url(one.credential_id)} for one in keys]
    return {
        "challenge": bytes_to_base64url(challenge_of(request)),
        "rpId": urlsplit(site.issuer.public_url).hostname,
        "allowCredentials": allowed,
        "userVerification": "required",
        "timeout": _TIMEOUT_MS,
    }


def read_credential(staff: str, credential: Mapping[str, Any]) -> Approval:
    """A browser's ``PublicKeyCredential.toJSON()`` as the signer wants it; raises ``bad_credential``."""
    try:
        response = credential["response"]
        client, authenticator, signature = (base64url_to_bytes(response[name]) for name in _TEXTS)
        return Approval(staff, base64url_to_bytes(credential["rawId"]), authenticator, client, signature)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        words = "the key's answer cannot be read; touch the key again"
        raise ServiceError("bad_credential", words) from error


def packed(approval: Approval) -> bytes:
    """The answer of a key, as the records keep it."""
    one = approval
    return cbor.encode([one.staff, one.credential_id, one.authenticator_data, one.client_data, one.signature])


def unpacked(data: bytes) -> Approval:
    """The answer again."""
    parts = cbor.decode(data)
    if not isinstance(parts, list):
        raise ServiceError("bad_credential", "a stored answer of a key does not read back")
    return Approval(*parts)


def sign_approval(
    site: ServedInstallation,
    approval: str,
    credential: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    reach: CrashPoint = nowhere,
) -> list[SignedCard]:
    """Take the approver's answer and finish; again after it was done, it says once more what came of it.

    Raises ``not_your_approval``, ``approval_over``, ``bad_credential``, and what the signer refuses.
    """
    answer = read_credential(by, credential)
    with site.store.transaction() as tx:
        record = tx.approvals.get(approval)
        if record.approver != by:
            raise ServiceError("not_your_approval", f"the approval was begun by {record.approver}")
        if record.state is ApprovalState.WAITING:
            if not record.request:
                raise Conflict("approval_moved", "its cards are still being reserved: nothing to sign yet")
            if record.expires <= now:
                raise ServiceError("approval_over", "the approval ran out; begin it again")
            tx.approvals.move(approval, ApprovalState.WAITING, ApprovalState.ASSERTED, packed(answer))
            tx.audit.append(by, "approval_asserted", approval, {}, now)
    reach("asserted")
    return finish_approval(site, approval, now=now, reach=reach)


def finish_approval(
    site: ServedInstallation, approval: str, *, now: datetime, reach: CrashPoint = nowhere
) -> list[SignedCard]:
    """Steps 2 and 3 for an approval whose answer is stored; any number of processes may do it at once."""
    with site.store.reading() as tx:
        record = tx.approvals.get(approval)
        if record.state is ApprovalState.RETURNED:
            raise ServiceError("approval_over", "the approval ran out or was given back; begin it again")
        if record.state is not ApprovalState.ASSERTED:
            return _outcome(tx, record)
        intents = _intents(tx, approval)
        final = _final(tx, intents)
    if record.assertion is None:
        raise ServiceError("approval_over", "the approval was never answered")
    if final is not None:
        _give_back(site, record, "card_is_final", now)
        raise ServiceError(
            "card_is_final", f"the card {final} has come to its end meanwhile; nothing is signed"
        )
    try:
        signed = site.signer.sign_cards(
            record.request, unpacked(record.assertion), [_bytes_of(one) for one in intents]
        )
        signatures = [_signatures(one, made) for one, made in zip(intents, signed, strict=True)]
    except KeysError as error:
        _refused(site, record, error, now)
        raise
    reach("signed")
    _record(site, record, list(zip(intents, signatures, strict=True)), now, reach)
    reach("issued")
    with site.store.reading() as tx:
        return _outcome(tx, tx.approvals.get(approval))


def outcome(site: ServedInstallation, approval: str, *, by: str) -> tuple[ApprovalRecord, list[SignedCard]]:
    """Where an approval of one's own stands; raises ``not_your_approval``."""
    with site.store.reading() as tx:
        record = tx.approvals.get(approval)
        if record.approver != by:
            raise ServiceError("not_your_approval", f"the approval was begun by {record.approver}")
        return record, _outcome(tx, record)


def return_approval(site: ServedInstallation, approval: str, *, by: str, now: datetime, reason: str) -> None:
    """Give a reservation back whose key has not spoken; raises ``approval_moved`` where it has."""
    returning.give_back(site, approval, ApprovalState.WAITING, reason=reason, by=by, now=now)


def recover(site: ServedInstallation, *, now: datetime) -> int:
    """Finish what a killed process left, and give back what ran out; returns how many approvals it settled.

    Each is judged by itself: one that cannot be finished stands in nobody's way.
    """
    with site.store.reading() as tx:
        asserted, over = tx.approvals.asserted(), tx.approvals.expired(now)
    settled = returning.go_on(site, by="service", now=now)
    for record in asserted:
        try:
            finish_approval(site, record.id, now=now)
            settled += 1
        except CardsvcError as error:
            if error.reason in UNREACHED:
                return settled  # The others would not reach it either; the next start tries again.
    for record in over:
        try:
            return_approval(site, record.id, by="service", now=now, reason="ran_out")
            settled += 1
        except Conflict:
            continue  # Another process did.
    return settled


def is_kept(reason: str, expires: datetime | None, now: datetime) -> bool:
    """Whether an answer of a key stays as it is after this refusal, to be tried again."""
    return reason in UNREACHED or (reason == STUMBLED and expires is not None and expires > now)


def _final(tx: Transaction, intents: Sequence[PrintRecord]) -> str | None:
    """A card of these that came to its end since it was reserved; None once the first of them are issued.

    The signer has signed them all by then: who revokes one meanwhile revokes an issued card.
    """
    if any(one.state is PrintState.ISSUED for one in intents):
        return None
    cards = tx.cards.get_many([one.card_number for one in intents])
    return next((number for number, card in cards.items() if card.state not in LIVING), None)


def _refused(site: ServedInstallation, record: ApprovalRecord, error: KeysError, now: datetime) -> None:
    """What the signer's refusal means for the approval; the refusal itself goes on to the approver."""
    if is_kept(error.reason, record.expires, now):
        return
    if error.reason in TRY_AGAIN and record.expires > now:
        with site.store.transaction() as tx:
            tx.approvals.move(record.id, ApprovalState.ASSERTED, ApprovalState.WAITING)
            details = {"reason": error.reason}
            tx.audit.append(record.approver, "approval_not_believed", record.id, details, now)
            return
    # What the signer refuses because it is too late says nothing against the card it names.
    named = _PLACE.match(str(error)) if record.expires > now else None
    _give_back(site, record, error.reason, now, {} if named is None else {int(named[1]): str(error)})


def _give_back(
    site: ServedInstallation,
    record: ApprovalRecord,
    reason: str,
    now: datetime,
    bad: Mapping[int, str] | None = None,
) -> None:
    """Give back what the key has spoken for, in the approver's name."""
    asserted, by = ApprovalState.ASSERTED, record.approver
    returning.give_back(site, record.id, asserted, reason=reason, by=by, now=now, bad=bad)


def _record(
    site: ServedInstallation,
    record: ApprovalRecord,
    signed: Sequence[tuple[PrintRecord, Signatures]],
    now: datetime,
    reach: CrashPoint,
) -> None:
    """Step 3. Another process may be at it too: whoever comes to a part first records it, once."""
    with site.store.reading() as tx:
        places = {one.print_id: one for one in tx.approvals.prints(record.id)}
    for part in in_parts(signed):
        last = part[-1] is signed[-1]
        with site.store.transaction() as tx:
            if tx.approvals.get(record.id).state is not ApprovalState.ASSERTED:
                return  # The other process is through, or nothing more of it may be signed.
            states = tx.prints.get_many([intent.id for intent, _ in part])
            left = [pair for pair in part if states[pair[0].id].state is PrintState.INTENT]
            intents = [intent for intent, _ in left]
            record_signed(tx, intents, [made for _, made in left], actor=record.approver, now=now)
            _close_cases(tx, record, [(intent, places[intent.id]) for intent in intents], now)
            if last:
                _close(tx, record, now)
        if not last:
            reach("part")


def _close_cases(
    tx: Transaction,
    record: ApprovalRecord,
    done: Sequence[tuple[PrintRecord, ApprovalPrintRecord]],
    now: datetime,
) -> None:
    """The cases of these prints are issued; drafts' pictures are destroyed."""
    of_cases = [(intent.card_number, one.case_id) for intent, one in done if one.case_id is not None]
    decided = {"state": CaseState.ISSUED, "decided_by": record.approver, "decided_at": now}
    for _, case in of_cases:
        tx.cases.change(case, decided | {"portrait": None, "picture": None}, now=now)
    tx.audit.append_many(
        AuditEntry(record.approver, "case_issued", case, {"card": number, "approval": record.id}, now)
        for number, case in of_cases
    )


def _close(tx: Transaction, record: ApprovalRecord, now: datetime) -> None:
    """Nothing of the approval waits any more; the act it decided is done."""
    tx.approvals.move(record.id, ApprovalState.ASSERTED, ApprovalState.DONE, record.assertion)
    act = tx.acts.of_approval(record.id)
    if act is not None:
        done = {"state": ActState.DONE, "decided_by": record.approver, "decided_at": now}
        tx.acts.change(act.id, act.state, done)


def _intents(tx: Transaction, approval: str) -> list[PrintRecord]:
    """The prints of an approval in their order."""
    places = tx.approvals.prints(approval)
    found = tx.prints.get_many([one.print_id for one in places])
    return [found[one.print_id] for one in places]


def _outcome(tx: Transaction, record: ApprovalRecord) -> list[SignedCard]:
    cards = []
    for one, printed in zip(tx.approvals.prints(record.id), _intents(tx, record.id), strict=True):
        issued = printed.state is PrintState.ISSUED
        state, words = ("issued", "signed and recorded") if issued else ("failed", "given up, never signed")
        cards.append(SignedCard(one.case_id, printed.card_number, printed.id, state, words))
    return cards


def _bytes_of(intent: PrintRecord) -> CardBytes:
    if intent.identity_payload is None:
        raise ServiceError("not_signed", f"the print {intent.print_no} has no identity code to be signed")
    return CardBytes(intent.gate_payload, intent.identity_payload)


def _signatures(intent: PrintRecord, made: CardSignatures) -> Signatures:
    if made.kid != intent.signing_kid:
        raise ServiceError("wrong_key", "the signer used another key than the one that was reserved")
    return Signatures(intent.id, made.gate, made.identity)
