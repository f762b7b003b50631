"""Cards and chips that the signer signs: linted, approved, counted, written down, and only then signed.

The ledger holds the signatures before anybody gets them, so the same request has the same answer for ever,
whatever was killed in between; and no index, print id or number is ever signed for other bytes.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from keys import listrules
from keys.approvals import RelyingParty, check_approval, check_role, use_nonce
from keys.errors import KeysError
from keys.keyring import Keyring
from keys.ledger import Ledger
from keys.lint import CardPolicy, Linted, lint_card, lint_chip
from keys.plan import CARDS_PER_KEY
from keys.requests import (
    Asked,
    CardItem,
    ChipRequest,
    IssueRequest,
    ReplaceRequest,
    Request,
    decode_request,
)
from keys.signer import Signer
from keys.signing import Approval, Approver, CardBytes, CardSignatures, ChipSignature
from verify.card import Card
from verify.cose import protected_header, sign1_tbs
from verify.days import day_at

#: A desk takes in some 30 cards a day and a bank branch a few hundred; a centre's chief approves all of them.
CARDS_PER_SUBMITTER: Final = 500
CARDS_PER_APPROVER: Final = 2_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How many cards a day, by the issuer's days, one person may submit and one may approve."""

    per_submitter: int = CARDS_PER_SUBMITTER
    per_approver: int = CARDS_PER_APPROVER


@dataclass(frozen=True, slots=True)
class Filed:
    """A request that was accepted: its hash, its kind and who approved it."""

    hash: bytes
    kind: str
    approver: Approver


class RequestBook:
    """Accepts requests: fresh, approved by somebody entitled, within quota; each once."""

    def __init__(self, ledger: Ledger, party: RelyingParty, limits: Limits) -> None:
        self._ledger, self.party, self._limits = ledger, party, limits

    @staticmethod
    def knows(db: sqlite3.Connection, request: bytes) -> bool:
        """Whether this very request was accepted before."""
        query = "SELECT 1 FROM request WHERE hash = ?"
        return db.execute(query, (sha256(request).digest(),)).fetchone() is not None

    def approved(
        self, db: sqlite3.Connection, request: bytes, approval: Approval | None, asked: Asked, now: int
    ) -> Approver:
        """Use the request up and give who approved it; raises as :mod:`keys.approvals` does."""
        if approval is None:
            raise KeysError("approval_needed", "nobody has approved this request")
        use_nonce(db, asked, now)
        return check_approval(db, request, approval, self.party)

    def file(
        self,
        db: sqlite3.Connection,
        request: bytes,
        decoded: Request,
        approver: Approver,
        now: int,
        cards: int = 0,
    ) -> Filed:
        """Write the request down and count its cards (``quota_submitter``, ``quota_approver``)."""
        kind = type(decoded).__name__.removesuffix("Request").lower()
        asked, day = decoded.asked, day_at(now, self._ledger.facts.day_offset_s)
        if cards:
            self._check_quota(db, asked.submitter, approver.staff, day, cards)
        filed = Filed(sha256(request).digest(), kind, approver)
        row = (filed.hash, kind, asked.submitter, approver.staff, now, day, cards)
        db.execute("INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return filed

    def _check_quota(
        self, db: sqlite3.Connection, submitter: str, approver: str, day: int, cards: int
    ) -> None:
        query = (
            "SELECT coalesce(sum(cards) FILTER (WHERE submitter = ?), 0),"
            " coalesce(sum(cards) FILTER (WHERE approver = ?), 0) FROM request WHERE day = ?"
        )
        submitted, approved = db.execute(query, (submitter, approver, day)).fetchone()
        limits = self._limits
        if submitted + cards > limits.per_submitter:
            words = f"{submitter} has had {submitted} cards today of {limits.per_submitter}, not {cards} more"
            raise KeysError("quota_submitter", words)
        if approved + cards > limits.per_approver:
            words = f"{approver} approved {approved} cards today of {limits.per_approver}, not {cards} more"
            raise KeysError("quota_approver", words)


class CardDesk:
    """Signs cards and chips for one issuer."""

    def __init__(
        self, keyring: Keyring, ledger: Ledger, policy: CardPolicy, book: RequestBook, *, demo: bool
    ) -> None:
        """``demo``: cards that this ledger does not know may exist, made by a console."""
        self._keyring, self._ledger, self._policy, self._book = keyring, ledger, policy, book
        self._demo = demo

    def kid_for(self, count: int, now: datetime) -> bytes:
        """The card key that may sign ``count`` cards now; raises as ``Keyring.card_signer`` does."""
        with self._ledger.transaction() as db:
            used = _used(db)
        return self._keyring.card_signer(now, used=used, limit=CARDS_PER_KEY - count + 1).public.kid

    def sign_cards(
        self, request: bytes, approval: Approval | None, cards: Sequence[CardBytes], now: int
    ) -> list[CardSignatures]:
        """Sign all cards of a request, or none; see :class:`keys.signing.Signing`."""
        decoded = decode_request(request)
        if not isinstance(decoded, IssueRequest | ReplaceRequest):
            raise KeysError("wrong_request", "cards are signed for issue and replace requests")
        items = decoded.cards if isinstance(decoded, IssueRequest) else (decoded.card,)
        _check_promised(items, cards)
        with self._ledger.transaction() as db:
            if self._book.knows(db, request):
                return _signed_before(db, request)
        linted = _each(items, cards, lambda item, card: self._lint(item, card, now))
        with self._ledger.transaction() as db:
            if self._book.knows(db, request):  # Two asked at once; the other one was first.
                return _signed_before(db, request)
            approver = self._book.approved(db, request, approval, decoded.asked, now)
            check_role(approver, decoded.asked)
            signer = self._signer(db, decoded.kid, len(cards), now)
            filed = self._book.file(db, request, decoded, approver, now, len(cards))
            places = zip(linted, items, cards, strict=True)
            for place, (one, item, card) in enumerate(places):
                with _naming(place):
                    self._write(db, decoded, filed, place, one, item, card, signer, now)
            details = {
                "submitter": decoded.asked.submitter,
                "kind": filed.kind,
                "kid": decoded.kid.hex(),
                "numbers": [one.card.number for one in linted],
            }
            self._ledger.log(now, approver.staff, "cards_signed", filed.hash.hex(), details)
            return _signed_before(db, request)

    def sign_chip(self, request: bytes, approval: Approval | None, payload: bytes, now: int) -> ChipSignature:
        """Sign a chip's code; see :class:`keys.signing.Signing`."""
        decoded = decode_request(request)
        if not isinstance(decoded, ChipRequest):
            raise KeysError("wrong_request", "a chip is signed for a chip request")
        if sha256(payload).digest() != decoded.payload:
            raise KeysError("not_what_was_approved", "the payload is not the one of the request")
        with self._ledger.transaction() as db:
            if self._book.knows(db, request):
                return _chip_before(db, request)
            approver = self._book.approved(db, request, approval, decoded.asked, now)
            check_role(approver, decoded.asked)
            printed = self._newest(db, decoded.number)
            linted = lint_chip(payload, decoded.uid, printed, policy=self._policy, now=now)
            self._check_permit(db, linted.card)
            signer = self._signer(db, decoded.kid, 1, now)
            filed = self._book.file(db, request, decoded, approver, now)
            signature = _sign(signer, payload)
            row = (decoded.uid, decoded.number, decoded.payload, decoded.kid, signature, filed.hash, now)
            try:
                db.execute("INSERT INTO chip VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            except sqlite3.IntegrityError as error:
                words = f"the chip {decoded.uid.hex()} was signed for other bytes; take a fresh one"
                raise KeysError("chip_in_use", words) from error
            details = {"submitter": decoded.asked.submitter, "number": decoded.number}
            self._ledger.log(now, approver.staff, "chip_signed", filed.hash.hex(), details)
        return ChipSignature(decoded.kid, signature)

    def _lint(self, item: CardItem, card: CardBytes, now: int) -> Linted:
        return lint_card(card.gate, card.identity, item.by_list, policy=self._policy, now=now)

    def _signer(self, db: sqlite3.Connection, kid: bytes, count: int, now: int) -> Signer:
        """The card key of the request, if it may sign so many cards now."""
        if not self._keyring.entry_of(kid).covers(now):
            raise KeysError("no_key_in_window", f"the card key {kid.hex()} may not sign now; ask for another")
        if _used(db).get(kid, 0) + count > CARDS_PER_KEY:
            words = f"the card key {kid.hex()} has no {count} signatures left; ask for another"
            raise KeysError("card_keys_spent", words)
        return self._keyring.signer_of(kid)

    def _write(
        self,
        db: sqlite3.Connection,
        decoded: IssueRequest | ReplaceRequest,
        filed: Filed,
        place: int,
        linted: Linted,
        item: CardItem,
        payloads: CardBytes,
        signer: Signer,
        now: int,
    ) -> None:
        """One card: its number, its index and print id are taken once, and its signatures are stored."""
        card = linted.card
        if isinstance(decoded, IssueRequest):
            self._new_number(db, card)
        else:
            self._next_print(db, card, decoded.number)
        row = (
            *(linted.uri, linted.index, card.number, card.print_number, linted.print_id),
            *(payloads.gate, item.gate, item.identity, decoded.kid),
            *(_sign(signer, payloads.gate), _sign(signer, payloads.identity)),
            *(filed.hash, place, now, card.expires),
        )
        columns = (
            "uri, idx, number, print_no, cti, gate, gate_hash, identity_hash, kid, gate_signature,"
            " identity_signature, request, place, at, exp"
        )
        try:
            db.execute(f"INSERT INTO slot ({columns}) VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - the columns stand above
        except sqlite3.IntegrityError as error:
            words = f"the index {linted.index}, print id or print of {card.number} was signed for other bytes"
            raise KeysError("slot_in_use", words) from error
        final = "SELECT 1 FROM final WHERE uri = ? AND idx = ?"
        if db.execute(final, (linted.uri, linted.index)).fetchone():
            raise KeysError("slot_in_use", f"the index {linted.index} was given up before; take another")
        listrules.inherit_hold(db, card.number, linted.uri, linted.index)
        listrules.grant_beside(db, card.number, item.by_list)

    def _new_number(self, db: sqlite3.Connection, card: Card) -> None:
        if card.print_number != 1:
            raise KeysError("bad_print_number", "the first print of a card has the number 1")
        try:
            db.execute("INSERT INTO card VALUES (?, ?)", (card.number, card.permit_day))
        except sqlite3.IntegrityError as error:
            words = f"the number {card.number} has a card already; replace it instead"
            raise KeysError("number_in_use", words) from error

    def _next_print(self, db: sqlite3.Connection, card: Card, number: str) -> None:
        if card.number != number:
            raise KeysError("not_what_was_approved", f"a print of {number} was approved, not {card.number}")
        known = db.execute("SELECT 1 FROM card WHERE number = ?", (number,)).fetchone()
        if known is None:
            if not self._demo:
                raise KeysError("unknown_card", f"no card {number} was signed here")
            db.execute("INSERT INTO card VALUES (?, ?)", (number, card.permit_day))
            return
        earlier = (
            "SELECT max(print_no), count(*) - count(value) FROM slot LEFT JOIN final USING (uri, idx)"
            " WHERE number = ?"
        )
        last, living = db.execute(earlier, (number,)).fetchone()
        if last is not None and card.print_number <= last:
            raise KeysError("bad_print_number", f"print {last} of {number} was signed, now a later one")
        if last is not None and not living:
            raise KeysError("card_is_final", f"every print of {number} is over for ever; it gets no other")
        self._check_permit(db, card)

    def _check_permit(self, db: sqlite3.Connection, card: Card) -> None:
        """A later stay than was signed or approved needs an extend request of its own."""
        (approved,) = db.execute("SELECT permit_day FROM card WHERE number = ?", (card.number,)).fetchone()
        later = card.permit_day is not None and approved is not None and card.permit_day > approved
        if later or (card.permit_day is None) != (approved is None):
            words = f"nobody approved the permit's last day of {card.number}; an extension comes first"
            raise KeysError("permit_not_approved", words)

    def _newest(self, db: sqlite3.Connection, number: str) -> Card:
        query = (
            "SELECT gate, value FROM slot LEFT JOIN final USING (uri, idx) WHERE number = ?"
            " ORDER BY print_no DESC LIMIT 1"
        )
        row = db.execute(query, (number,)).fetchone()
        if row is None:
            raise KeysError("unknown_card", f"no card {number} was signed here, so no chip of it is")
        gate, final = row
        if final is not None:
            raise KeysError("card_is_final", f"the newest print of {number} is over for ever")
        return Card.decode(gate)


class _naming:
    """Names the card that a refusal is about."""

    def __init__(self, place: int) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KeysError):
            raise KeysError(error.reason, f"card {self._place}: {error}") from error


def _each(
    items: Sequence[CardItem], cards: Sequence[CardBytes], lint: Callable[[CardItem, CardBytes], Linted]
) -> list[Linted]:
    found = []
    for place, (item, card) in enumerate(zip(items, cards, strict=True)):
        with _naming(place):
            found.append(lint(item, card))
    return found


def _check_promised(items: Sequence[CardItem], cards: Sequence[CardBytes]) -> None:
    """The bytes are those whose hashes were approved."""
    if len(items) != len(cards):
        raise KeysError("not_what_was_approved", f"{len(items)} cards were approved, {len(cards)} came")
    for place, (item, card) in enumerate(zip(items, cards, strict=True)):
        if CardItem.of(card.gate, card.identity, item.by_list) != item:
            raise KeysError("not_what_was_approved", f"card {place}: other bytes than the request says")


def _signed_before(db: sqlite3.Connection, request: bytes) -> list[CardSignatures]:
    query = "SELECT kid, gate_signature, identity_signature FROM slot WHERE request = ? ORDER BY place"
    return [CardSignatures(*row) for row in db.execute(query, (sha256(request).digest(),))]


def _chip_before(db: sqlite3.Connection, request: bytes) -> ChipSignature:
    query = "SELECT kid, signature FROM chip WHERE request = ?"
    return ChipSignature(*db.execute(query, (sha256(request).digest(),)).fetchone())


def _used(db: sqlite3.Connection) -> dict[bytes, int]:
    """How many codes each card key signed; a distrusted one counts as spent."""
    query = "SELECT kid, count(*) FROM (SELECT kid FROM slot UNION ALL SELECT kid FROM chip) GROUP BY kid"
    used: dict[bytes, int] = dict(db.execute(query))
    return used | {kid: CARDS_PER_KEY for (kid,) in db.execute("SELECT kid FROM distrusted")}


def _sign(signer: Signer, payload: bytes) -> bytes:
    protected = protected_header(signer.public.algorithm, signer.public.kid)
    return signer.sign(sign1_tbs(protected, payload))
