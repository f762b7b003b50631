"""The signer: the only place where keys sign, and where it is decided whether they may.

It believes nobody: payloads keep its policy, requests carry the assertions of people in its own store, lists
loosen nothing that was not approved (docs/signer.md). The service that asks may be anybody's by now.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes
from typing import Final, TypeVar

from keys import approvals, listrules
from keys.approvals import RelyingParty
from keys.bundle import ListSnapshot
from keys.cardsigning import CardDesk, Limits, RequestBook
from keys.checkpoints import log_name, read_checkpoint, signature_line, verifier_key
from keys.errors import KeysError
from keys.keyring import Keyring
from keys.ledger import Ledger
from keys.lint import CardPolicy
from keys.listsigning import ListDesk
from keys.moves import MoveDesk
from keys.phonebook import PhoneBook
from keys.recordkeys import RecordKeys
from keys.requests import (
    ApproverRequest,
    ExtendRequest,
    GrantRequest,
    ReinstateRequest,
    RemovalRequest,
    challenge_of,
    decode_request,
)
from keys.signer import Signer
from keys.signing import (
    ActFact,
    Approval,
    Approver,
    ApproverKey,
    BundleOrder,
    CardBytes,
    CardSignatures,
    ChipSignature,
    Reconciliation,
    SignedFact,
    SignerFacts,
    TokenProof,
    TokenSignature,
)
from keys.tokens import TokenDesk
from verify.days import day_at

#: How many differences a reconciliation names; the counts are whole.
MAX_NAMED: Final = 1000
_APPROVALS_FOR_A_KEY: Final = 2
#: An audit grows by far less. Sizes never fall: after a far one, which whoever has the service could ask for,
#: nothing of the honest audit would be signed until it is as long.
MOST_ENTRIES_A_DAY: Final = 1_000_000
#: No permit to stay is given for longer than ten years.
MAX_PERMIT_DAYS: Final = 10 * 366
_STATUS_PATH: Final = "/s/"
#: The end of a range of hashes: their first byte, and what no hash has after it.
_LAST_BYTE: Final = 255
_HIGHEST: Final = b"\xff" * 32
#: The requests that :meth:`SigningService.record_act` takes, as the ledger calls them.
_ACT_KINDS: Final = ("reinstate", "extend", "grant")
_Answer = TypeVar("_Answer")
_Fact = TypeVar("_Fact", SignedFact, ActFact)


@dataclass(frozen=True, slots=True)
class SignerPolicy:
    """What an installation allows: classes that need no permit, cards a day, and whether it is a demo.

    In a demo the console of the same machine signs and changes cards too, with the keys in its own process;
    what it did shows in the lists, and is taken over and logged as ``console``.
    """

    demo: bool
    permit_free: frozenset[int]
    limits: Limits = field(default_factory=Limits)


class SigningService:
    """Implements :class:`~keys.signing.Signing` over a keyring and a ledger; safe from many threads."""

    def __init__(
        self,
        keyring: Keyring,
        ledger: Ledger,
        checkpoint_key: Signer,
        policy: SignerPolicy,
        clock: Callable[[], datetime],
    ) -> None:
        """Wire the parts; raises ``wrong_keyring`` where ledger and key list are of two issuers."""
        facts = ledger.facts
        listed = (keyring.key_list.issuer, keyring.key_list.day_offset_s)
        if listed != (facts.issuer, facts.day_offset_s):
            words = f"the key list is of {listed}, the ledger of {(facts.issuer, facts.day_offset_s)}"
            raise KeysError("wrong_keyring", f"{words}: put those together that belong together")
        self._keyring, self._ledger, self._clock = keyring, ledger, clock
        self._checkpoint_key, self._log_name = checkpoint_key, log_name(facts.public_url)
        self._policy, self._boot = policy, token_bytes(8)
        prefix = f"{facts.public_url}{_STATUS_PATH}"
        cards = CardPolicy(facts.issuer, prefix, facts.day_offset_s, policy.permit_free)
        self._book = RequestBook(ledger, RelyingParty.of(facts.public_url), policy.limits)
        self._cards = CardDesk(keyring, ledger, cards, self._book, demo=policy.demo)
        self._tokens = TokenDesk(keyring, ledger, cards, self._book, demo=policy.demo)
        self._moves = MoveDesk(ledger, PhoneBook(cards, demo=policy.demo))
        self._lists = ListDesk(keyring, ledger, demo=policy.demo)

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()

    def hello(self) -> SignerFacts:
        """What everybody may know."""
        with self._ledger.transaction() as db:
            waiting = db.execute("SELECT staff FROM founder WHERE used IS NULL ORDER BY staff").fetchall()
        return SignerFacts(
            issuer=self._ledger.facts.issuer,
            day_offset_s=self._ledger.facts.day_offset_s,
            epoch=self._lists.epoch,
            roots=self._keyring.roots,
            key_list_bytes=self._keyring.key_list_bytes,
            demo=self._policy.demo,
            founders_open=tuple(staff for (staff,) in waiting),
            checkpoint_key=verifier_key(self._log_name, self._checkpoint_key),
            boot=self._boot,
        )

    def record_keys(self) -> RecordKeys:
        """The keys of the records."""
        return self._keyring.record_keys()

    def nonce(self) -> bytes:
        """16 bytes for one request, good for ten minutes."""
        with self._ledger.transaction() as db:
            return approvals.draw_nonce(db, self._now())

    def card_kid(self, count: int) -> bytes:
        """The card key that may sign ``count`` cards now."""
        return self._cards.kid_for(count, self._clock())

    def sign_cards(
        self, request: bytes, approval: Approval | None, cards: Sequence[CardBytes]
    ) -> list[CardSignatures]:
        """Sign all cards of a request, or none (see :class:`~keys.signing.Signing`)."""
        return self._logged(
            "cards_refused", request, lambda: self._cards.sign_cards(request, approval, cards, self._now())
        )

    def sign_chip(self, request: bytes, approval: Approval | None, payload: bytes) -> ChipSignature:
        """Sign a chip's code."""
        return self._logged(
            "chip_refused", request, lambda: self._cards.sign_chip(request, approval, payload, self._now())
        )

    def enrol_phone(self, request: bytes, approval: Approval | None) -> None:
        """Let a phone's key stand for a card."""
        self._logged("phone_refused", request, lambda: self._tokens.enrol(request, approval, self._now()))

    def sign_token(self, proof: TokenProof, payload: bytes) -> TokenSignature:
        """Sign a phone's token; a refusal is logged under the key that asked."""
        return self._logged(
            "token_refused", proof.key, lambda: self._tokens.sign(proof, payload, self._now())
        )

    def sign_standing(self, proof: TokenProof, payload: bytes) -> TokenSignature:
        """Sign a token for sellers; a refusal is logged under the key that asked."""
        return self._logged(
            "token_refused", proof.key, lambda: self._tokens.sign_standing(proof, payload, self._now())
        )

    def report_print_lost(self, proof: TokenProof, what: str) -> None:
        """Note that a print was lost, as a phone of its card says."""
        self._moves.report_print(proof, what, self._now())

    def move_phone(self, proof: TokenProof, key: bytes, list_id: str, index: int) -> None:
        """Let another phone carry the card of the phone that signs."""
        self._logged(
            "move_refused", proof.key, lambda: self._moves.move(proof, key, list_id, index, self._now())
        )

    def register_recovery(self, proof: TokenProof, recovery: bytes) -> None:
        """Keep the public half of a phone's recovery key."""
        self._moves.register(proof, recovery, self._now())

    def begin_recovery(self, proof: TokenProof, key: bytes, list_id: str, index: int) -> int:
        """Let a recovery key ask for its card on another phone."""
        return self._logged(
            "recovery_refused", proof.key, lambda: self._moves.begin(proof, key, list_id, index, self._now())
        )

    def finish_recovery(self, key: bytes) -> None:
        """Let the phone carry the card, once its recovery has waited long enough."""
        self._moves.finish(key, self._now())

    def stop_recovery(self, key: bytes) -> None:
        """End a recovery that waits, and the code behind it."""
        self._moves.stop(key, self._now())

    def carries(self, key: bytes) -> bool:
        """Whether the phone with that thumbprint stands for a card."""
        return self._moves.carries(key)

    def record_act(self, request: bytes, approval: Approval | None) -> None:
        """Take note of an approved act: from now on lists may say so."""
        self._logged("act_refused", request, lambda: self._record_act(request, approval, self._now()))

    def sign_bundle(self, order: BundleOrder) -> bytes:
        """Build and sign a venue's bundle, once every list agrees with what was approved."""
        return self._lists.sign_bundle(order, self._now())

    def sign_status_list(self, snapshot: ListSnapshot, taken: int) -> tuple[bytes, str]:
        """Sign one status list as CWT and as JWT."""
        return self._lists.sign_status_list(snapshot, taken, self._now())

    def sign_issued(self, kid: bytes, payloads: Sequence[bytes]) -> bytes:
        """Sign the list of what a distrusted key really signed."""
        return self._lists.sign_issued(kid, payloads, self._now())

    def sign_checkpoint(self, text: bytes) -> bytes:
        """Give the signature line of a checkpoint of the audit.

        Raises ``bad_checkpoint``, ``checkpoint_forked`` for a falling size or two roots of one size, and
        ``checkpoint_too_far``, but for a demo, whose console makes a city in an hour.
        """
        checkpoint = read_checkpoint(text)
        if checkpoint.origin != self._log_name:
            words = f"the audit is called {self._log_name}, and not {checkpoint.origin!r:.100}"
            raise KeysError("bad_checkpoint", words)
        with self._ledger.transaction() as db:
            last = dict(db.execute("SELECT name, value FROM meta WHERE name LIKE 'checkpoint_%'"))
            size, root = int(last.get("checkpoint_size", "0")), checkpoint.root.hex()
            if checkpoint.size < size or (
                checkpoint.size == size and last.get("checkpoint_root", root) != root
            ):
                words = f"{size} entries were signed before, now other or fewer ones ({checkpoint.size})"
                raise KeysError("checkpoint_forked", words)
            today = day_at(self._now(), self._ledger.facts.day_offset_s)
            before = int(last.get("checkpoint_day", str(today)))
            begun = int(last["checkpoint_begun"]) if "checkpoint_begun" in last and before == today else size
            most = begun + MOST_ENTRIES_A_DAY * max(1, today - before)
            if checkpoint.size > most and not self._policy.demo:
                words = f"{checkpoint.size} entries are too many for now: {most} at most, {size} were signed"
                raise KeysError("checkpoint_too_far", words)
            kept = {"size": checkpoint.size, "root": root, "day": today, "begun": begun}
            rows = [(f"checkpoint_{name}", str(value)) for name, value in kept.items()]
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)
        return signature_line(self._log_name, text, self._checkpoint_key)

    def unseal(self, sealed: Sequence[bytes]) -> list[bytes | None]:
        """Open what readers sealed to the service."""
        return self._keyring.unseal(sealed)

    def approvers(self) -> list[Approver]:
        """Every passkey that may approve now."""
        with self._ledger.transaction() as db:
            return approvals.approvers(db)

    def found_approver(self, code: str, key: ApproverKey) -> Approver:
        """Register a founder's passkey with a one-time code; raises ``bad_founding_code``.

        The same code with the same key has the same answer: who asked may have died before hearing it.
        """
        now = self._now()
        with self._ledger.transaction() as db:
            query = "SELECT staff, role, office, used FROM founder WHERE code = ?"
            row = db.execute(query, (sha256(code.encode()).digest(),)).fetchone()
            if row is not None and row[3] is not None:
                before = approvals.registered(db, key)
                if before is not None and before.staff == row[0]:
                    return before
            if row is None or row[3] is not None:
                raise KeysError("bad_founding_code", "this founding code is not one, or was used before")
            staff, role, office, _ = row
            added = approvals.register(db, key, staff=staff, role=role, office=office, services=(), now=now)
            db.execute("UPDATE founder SET used = ? WHERE staff = ?", (now, staff))
            self._ledger.log(now, staff, "approver_founded", staff, {"key": added.fingerprint})
        return added

    def add_approver(self, request: bytes, approval: Approval) -> Approver | None:
        """Note an approval of a further passkey; the second person's registers it."""
        return self._logged("approver_refused", request, lambda: self._add(request, approval, self._now()))

    def remove_approver(self, request: bytes, approval: Approval) -> None:
        """Take a passkey's right to approve away."""
        self._logged("removal_refused", request, lambda: self._remove(request, approval, self._now()))

    def reconcile(self, payloads: Sequence[bytes], acts: Sequence[bytes]) -> Reconciliation:
        """Compare the records with what was signed here; the difference is logged."""
        return self.reconcile_part(0, _LAST_BYTE, payloads, acts)

    def reconcile_part(
        self, first: int, last: int, payloads: Sequence[bytes], acts: Sequence[bytes]
    ) -> Reconciliation:
        """Compare those whose hashes begin with a byte from ``first`` to ``last``."""
        if not 0 <= first <= last <= _LAST_BYTE:
            raise KeysError("bad_part", f"bytes from 0 to {_LAST_BYTE} were expected, not {first} to {last}")
        theirs, audited, now = set(payloads), set(acts), self._now()
        span = (bytes([first]), bytes([last]) + _HIGHEST)
        with self._ledger.transaction() as db:
            rows: Iterable[tuple[bytes, str, int]] = db.execute(
                "SELECT gate_hash, number, at FROM slot WHERE gate_hash BETWEEN ?1 AND ?2 UNION ALL"
                " SELECT payload_hash, number, at FROM chip WHERE payload_hash BETWEEN ?1 AND ?2",
                span,
            )
            ours = ((row[0], SignedFact(*row)) for row in rows)
            lacking, unknown = _compared(theirs, ours)
            kept = (
                "SELECT hash, kind, approver, at FROM request"
                " WHERE hash BETWEEN ? AND ? AND kind IN (?, ?, ?)"
            )
            recorded = ((row[0], ActFact(*row)) for row in db.execute(kept, (*span, *_ACT_KINDS)))
            acts_lacking, acts_unknown = _compared(audited, recorded)
            details = {
                "from": first,
                "to": last,
                "records": len(theirs),
                "lacking": len(lacking),
                "unknown": len(unknown),
                "acts": len(audited),
                "acts_lacking": len(acts_lacking),
                "acts_unknown": len(acts_unknown),
            }
            self._ledger.log(now, "service", "reconciled", self._ledger.facts.issuer, details)
        return Reconciliation(
            *(tuple(lacking[:MAX_NAMED]), len(lacking), tuple(unknown[:MAX_NAMED]), len(unknown)),
            *(tuple(acts_lacking[:MAX_NAMED]), len(acts_lacking)),
            *(tuple(acts_unknown[:MAX_NAMED]), len(acts_unknown)),
        )

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _logged(self, action: str, request: bytes, act: Callable[[], _Answer]) -> _Answer:
        """Do what was asked; a refusal is logged with its reason, in a transaction of its own."""
        try:
            return act()
        except KeysError as error:
            with self._ledger.transaction():
                subject = sha256(request).hexdigest()
                self._ledger.log(self._now(), "service", action, subject, {"reason": error.reason})
            raise

    def _record_act(self, request: bytes, approval: Approval | None, now: int) -> None:
        decoded = decode_request(request)
        if not isinstance(decoded, ReinstateRequest | ExtendRequest | GrantRequest):
            raise KeysError("wrong_request", "an act is to reinstate, extend or grant")
        with self._ledger.transaction() as db:
            if self._book.knows(db, request):
                return
            approver = self._book.approved(db, request, approval, decoded.asked, now)
            numbers = list(decoded.days) if isinstance(decoded, GrantRequest) else [decoded.number]
            for number in numbers:
                self._check_known(db, number)
            if isinstance(decoded, GrantRequest):
                approvals.check_owner(approver, decoded.service)
                lift = now + listrules.LIFT_S
                listrules.grant(db, decoded.days, decoded.service, lift_until=lift)
            else:
                approvals.check_role(approver, decoded.asked)
                if isinstance(decoded, ReinstateRequest):
                    listrules.lift_holds(db, decoded.number, now)
                else:
                    today = day_at(now, self._ledger.facts.day_offset_s)
                    self._check_extension(db, decoded, today)
                    listrules.lengthen_stay(db, decoded.number, decoded.permit_day, today=today, now=now)
            filed = self._book.file(db, request, decoded, approver, now)
            details = {"submitter": decoded.asked.submitter, "kind": filed.kind, "numbers": numbers}
            self._ledger.log(now, approver.staff, "act_recorded", filed.hash.hex(), details)

    def _check_known(self, db: sqlite3.Connection, number: str) -> None:
        """A card that was signed here; in a demo the console's cards are taken over by number."""
        if db.execute("SELECT 1 FROM card WHERE number = ?", (number,)).fetchone():
            return
        if not self._policy.demo:
            raise KeysError("unknown_card", f"no card {number} was signed here")
        db.execute("INSERT INTO card VALUES (?, NULL)", (number,))

    def _check_extension(self, db: sqlite3.Connection, decoded: ExtendRequest, today: int) -> None:
        query = "SELECT 1 FROM card JOIN slot USING (number) WHERE number = ? AND card.permit_day IS NULL"
        if db.execute(query, (decoded.number,)).fetchone():
            words = f"the card {decoded.number} was signed without a permit; there is none to extend"
            raise KeysError("no_permit", words)
        if not today <= decoded.permit_day <= today + MAX_PERMIT_DAYS:
            words = f"day {decoded.permit_day} has passed, or is further ahead than any permit reaches"
            raise KeysError("implausible_permit", words)

    def _add(self, request: bytes, approval: Approval, now: int) -> Approver | None:
        decoded = decode_request(request)
        if not isinstance(decoded, ApproverRequest):
            raise KeysError("wrong_request", "a passkey is registered for an approver request")
        with self._ledger.transaction() as db:
            if self._book.knows(db, request):
                return approvals.find(db, decoded.credential_id)
            if approvals.is_seconded(db, request, now):
                # The first one used the nonce up.
                approvals.check_age(decoded.asked, now)
                approver = approvals.check_approval(db, request, approval, self._book.party)
            else:
                approver = self._book.approved(db, request, approval, decoded.asked, now)
            approvals.check_approver(approver)
            people = approvals.second(db, request, approver, now)
            if len(people) < _APPROVALS_FOR_A_KEY:
                details: dict[str, object] = {"request": challenge_of(request).hex()}
                self._ledger.log(now, approver.staff, "approver_seconded", decoded.staff, details)
                return None
            key = ApproverKey(decoded.credential_id, decoded.public_key, decoded.sign_count, decoded.label)
            added = approvals.register(
                db,
                key,
                staff=decoded.staff,
                role=decoded.role,
                office=decoded.office,
                services=decoded.services,
                now=now,
            )
            filed = self._book.file(db, request, decoded, approver, now)
            details = {
                "approved_by": sorted(one.staff for one in people),
                "role": decoded.role,
                "key": added.fingerprint,
                "request": filed.hash.hex(),
            }
            self._ledger.log(now, approver.staff, "approver_added", decoded.staff, details)
        return added

    def _remove(self, request: bytes, approval: Approval, now: int) -> None:
        decoded = decode_request(request)
        if not isinstance(decoded, RemovalRequest):
            raise KeysError("wrong_request", "a passkey is taken away for a removal request")
        with self._ledger.transaction() as db:
            if self._book.knows(db, request):
                return
            approver = self._book.approved(db, request, approval, decoded.asked, now)
            approvals.check_approver(approver)
            gone = approvals.remove(db, decoded.credential_id, now)
            filed = self._book.file(db, request, decoded, approver, now)
            details = {"key": gone.fingerprint, "request": filed.hash.hex()}
            self._ledger.log(now, approver.staff, "approver_removed", gone.staff, details)


def _compared(theirs: set[bytes], ours: Iterable[tuple[bytes, _Fact]]) -> tuple[list[_Fact], list[bytes]]:
    """What of ours they lack, oldest first, and what of theirs is unknown here."""
    unknown, lacking = set(theirs), []
    for named, fact in ours:
        unknown.discard(named)
        if named not in theirs:
            lacking.append(fact)
    return sorted(lacking, key=lambda fact: fact.at), sorted(unknown)
