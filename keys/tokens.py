"""Phones that carry a card: enrolled by an approver, and signed for only when their own key asks.

An enrolment ties one P-256 key to one card and one index of a phone list, for ever. A token (docs/format.md
section 6) is then signed for whoever proves to hold that key, and says no more than what is approved for the
card: its class, its rights, its stay, fourteen days at most.
"""

import sqlite3
from datetime import UTC, datetime

from keys.approvals import check_role
from keys.cardsigning import RequestBook
from keys.errors import KeysError
from keys.keyring import Keyring
from keys.ledger import Ledger
from keys.lint import CardPolicy, lint_standing, lint_token
from keys.phonebook import RENEW, STANDING, PhoneBook, check_proof
from keys.requests import EnrolmentRequest, decode_request
from keys.signer import Signer
from keys.signing import Approval, TokenProof, TokenSignature
from verify.card import Card
from verify.cose import protected_header, sign1_tbs
from verify.days import day_at
from verify.services import Service


class TokenDesk:
    """Enrols phones and signs their tokens for one issuer."""

    def __init__(
        self, keyring: Keyring, ledger: Ledger, policy: CardPolicy, book: RequestBook, *, demo: bool
    ) -> None:
        """``demo``: a console may have made cards that this ledger does not know."""
        self._keyring, self._ledger, self._policy, self._book = keyring, ledger, policy, book
        self._phones, self._demo = PhoneBook(policy, demo=demo), demo

    def enrol(self, request: bytes, approval: Approval | None, now: int) -> None:
        """Let a phone's key stand for a card; the same phone at the same index again changes nothing.

        Raises ``phone_in_use``, ``slot_in_use``, ``unknown_card``, ``card_is_final``, and what approving
        refuses.
        """
        decoded = decode_request(request)
        if not isinstance(decoded, EnrolmentRequest):
            raise KeysError("wrong_request", "a phone is enrolled by an enrolment request")
        with self._ledger.transaction() as db:
            if self._book.knows(db, request):
                return
            approver = self._book.approved(db, request, approval, decoded.asked, now)
            check_role(approver, decoded.asked)
            self._phones.card(db, decoded.number)
            self._phones.take(db, decoded.thumbprint, decoded.number, decoded.list_id, decoded.index, now)
            filed = self._book.file(db, request, decoded, approver, now)
            details = {
                "submitter": decoded.asked.submitter,
                "number": decoded.number,
                "key": decoded.thumbprint.hex(),
            }
            self._ledger.log(now, approver.staff, "phone_enrolled", filed.hash.hex(), details)

    def sign(self, proof: TokenProof, payload: bytes, now: int) -> TokenSignature:
        """Sign a token for the phone that proves its key now; each proof is good once.

        Raises ``bad_proof``, ``stale_proof``, ``unknown_phone``, ``phone_is_final``, ``card_is_final``,
        ``card_is_held``, and what :func:`keys.lint.lint_token` refuses.
        """
        key = check_proof(proof, RENEW, now)
        with self._ledger.transaction() as db:
            self._phones.use(db, proof, now)
            phone = self._phones.alive(db, key)
            printed = self._phones.card(db, phone.number)
            token = lint_token(payload, key, printed, policy=self._policy, now=now)
            if token.status is None or (token.status.uri, token.status.index) != (phone.uri, phone.index):
                raise KeysError("wrong_slot", "a phone's tokens keep the index it was enrolled with")
            if token.number != phone.number:
                raise KeysError("wrong_card", f"this phone was enrolled for another card than {token.number}")
            self._check_stay(db, token)
            self._check_rights(db, token, printed)
            signer = self._signer(now)
            change = "UPDATE phone SET exp = max(exp, ?) WHERE thumbprint = ?"
            db.execute(change, (token.expires, key))
            details = {"number": phone.number, "exp": token.expires, "kid": signer.public.kid.hex()}
            self._ledger.log(now, "phone", "token_signed", key.hex(), details)
        return _signed(signer, payload)

    def sign_standing(self, proof: TokenProof, payload: bytes, now: int) -> TokenSignature:
        """Sign a token for sellers, to a fresh key that the phone's own signs for.

        It says the card's standing and how long it is good, a day at most: no number, no class, no index.
        Raises what :meth:`sign` does, ``key_used``, and what :func:`keys.lint.lint_standing` refuses.
        """
        token, holder = lint_standing(payload, policy=self._policy, now=now)
        key = check_proof(proof, STANDING + holder.hex(), now)
        with self._ledger.transaction() as db:
            self._phones.use(db, proof, now)
            phone = self._phones.alive(db, key)
            printed = self._phones.card(db, phone.number)
            self._check_standing(db, phone.number, token, printed)
            self._phones.use_key(db, holder, token.expires)
            signer = self._signer(now)
            # To whom it is shown, nobody here learns; neither does the log keep what would tell two apart.
            self._ledger.log(now, "phone", "standing_signed", key.hex(), {"number": phone.number})
        return _signed(signer, payload)

    def _signer(self, now: int) -> Signer:
        return self._keyring.token_signer(datetime.fromtimestamp(now, UTC))

    def _check_standing(self, db: sqlite3.Connection, number: str, token: Card, printed: Card | None) -> None:
        """Good is what was granted to the card's end, limited what was granted to a day as late."""
        if printed is not None and token.expires > printed.expires:
            raise KeysError("implausible_exp", "a token does not outlive its card")
        query = "SELECT permit_day FROM card WHERE number = ?"
        (approved,) = db.execute(query, (number,)).fetchone()
        if approved is not None and (token.permit_day or 0) > approved:
            raise KeysError("permit_not_approved", f"nobody approved so long a stay of {number}")
        until = token.printed_until(Service.STANDING)
        if until is None or (printed is None and self._demo):
            return
        query = "SELECT last_day, withdrawn FROM granted WHERE number = ? AND service = ?"
        row = db.execute(query, (number, int(Service.STANDING))).fetchone()
        day, withdrawn = row or (-1, 0)
        if withdrawn:
            raise KeysError("right_withdrawn", f"the standing of {number} was withdrawn")
        if day is not None and (until == -1 or until > day):
            raise KeysError("right_not_granted", f"nobody granted {number} so good a standing")

    def _check_stay(self, db: sqlite3.Connection, token: Card) -> None:
        query = "SELECT permit_day FROM card WHERE number = ?"
        (approved,) = db.execute(query, (token.number,)).fetchone()
        if approved is None and self._demo:
            return
        if (token.permit_day is None) != (approved is None) or (token.permit_day or 0) > (approved or 0):
            words = f"nobody approved the permit's last day of {token.number}; an extension comes first"
            raise KeysError("permit_not_approved", words)

    def _check_rights(self, db: sqlite3.Connection, token: Card, printed: Card | None) -> None:
        """Each right of the token is printed or granted to a day as late, and was not withdrawn."""
        query = "SELECT service, last_day, withdrawn FROM granted WHERE number = ?"
        granted = {row[0]: row[1:] for row in db.execute(query, (token.number,))}
        last = day_at(token.expires - 1, self._policy.day_offset_s)
        for service in Service:
            until = token.printed_until(service)
            if until is None:
                continue
            day, withdrawn = granted.get(service, (-1, 0))
            name = f"{service.label} of {token.number}"
            if withdrawn:
                raise KeysError("right_withdrawn", f"{name} was withdrawn")
            on_print = None if printed is None else printed.printed_until(service)
            if day is None or on_print == -1 or (printed is None and self._demo):
                continue
            latest = max(day, -1 if on_print is None else on_print)
            if (last if until == -1 else min(until, last)) > latest:
                raise KeysError("right_not_granted", f"nobody granted {name} so long")


def _signed(signer: Signer, payload: bytes) -> TokenSignature:
    head = protected_header(signer.public.algorithm, signer.public.kid)
    signature = signer.sign(sign1_tbs(head, payload))
    return TokenSignature(signer.public.kid, signer.public.algorithm, signature)
