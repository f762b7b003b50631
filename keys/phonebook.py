"""What the signer knows of phones: whose key stands for which card, at which index, and what hinders it.

A proof is a signature by a phone's key over what it asks for and the time. Its words differ from act to act,
so that a signature for one act is worth nothing for another.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from keys.errors import KeysError
from keys.lint import CardPolicy
from keys.requests import HASH_BYTES, LIST_ID_CHARACTERS, NONCE_BYTES
from keys.signing import TokenProof
from verify.card import Card
from verify.cose import ES256, PublicKey, thumbprint, verify_signature
from verify.errors import Refused
from verify.status import LIST_SLOTS

#: A proof is of now: the phone learns the service's time first, and answers within a slow network's while.
PROOF_S: Final = 300
#: What a phone signs begins with this, so that its signature means nothing anywhere else.
_CONTEXT: Final = b"cardsvc-phone-1:"
#: The acts of phones. Those that name another key end in its thumbprint, in hexadecimal.
RENEW, LOST_PRINT, LOST_CHIP = "renew", "lost-print", "lost-chip"
MOVE, RECOVERY, RECOVER, STANDING = "move:", "recovery:", "recover:", "standing:"


def proof_message(act: str, nonce: bytes, time: int) -> bytes:
    """What a phone signs to ask for ``act`` at ``time`` (epoch seconds, the service's clock)."""
    return _CONTEXT + act.encode() + b":" + nonce + time.to_bytes(8, "big")


def check_proof(proof: TokenProof, act: str, now: int) -> bytes:
    """The thumbprint of the key that signed; raises ``bad_proof``, ``stale_proof``."""
    try:
        key = PublicKey(ES256, proof.key)
    except Refused as error:
        raise KeysError("bad_proof", f"this is no P-256 key: {error}") from error
    sized = len(proof.nonce) == NONCE_BYTES and 0 <= proof.time < 1 << 53
    if not sized or not verify_signature(key, proof_message(act, proof.nonce, proof.time), proof.signature):
        raise KeysError("bad_proof", "the phone's signature does not fit its key")
    if abs(now - proof.time) > PROOF_S:
        raise KeysError("stale_proof", f"the proof is of {proof.time}, and it is {now}; sign another")
    return thumbprint(key)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A phone: its key's thumbprint, its card and its index; ``over``: revoked, or moved to another phone."""

    thumbprint: bytes
    number: str
    uri: str
    index: int
    over: bool


class PhoneBook:
    """Finds phones, and gives them their indices; inside the ledger's transactions."""

    def __init__(self, policy: CardPolicy, *, demo: bool) -> None:
        """``demo``: a console may have made cards that this ledger does not know."""
        self._policy, self._demo = policy, demo

    @staticmethod
    def use(db: sqlite3.Connection, proof: TokenProof, now: int) -> None:
        """Let a proof count once; raises ``stale_proof``."""
        db.execute("DELETE FROM proof WHERE expires < ?", (now,))
        try:
            db.execute("INSERT INTO proof VALUES (?, ?)", (proof.key + proof.nonce, now + 2 * PROOF_S))
        except sqlite3.IntegrityError as error:
            raise KeysError("stale_proof", "this proof was used before; sign another") from error

    def use_key(self, db: sqlite3.Connection, key: bytes, until: int) -> None:
        """Let a key of that thumbprint, made for one token alone, count once; raises ``key_used``."""
        try:
            if self.find(db, key) is None:
                db.execute("INSERT INTO proof VALUES (?, ?)", (key, until))
                return
        except sqlite3.IntegrityError:
            pass  # Said below, as for a phone's own key.
        raise KeysError("key_used", "this key was used before; a token for sellers has one of its own")

    @staticmethod
    def find(db: sqlite3.Connection, key: bytes) -> Enrolled | None:
        """The phone with that key."""
        query = (
            "SELECT phone.number, uri, idx, value IS NOT NULL OR moved.at IS NOT NULL FROM phone"
            " LEFT JOIN final USING (uri, idx) LEFT JOIN moved USING (thumbprint) WHERE thumbprint = ?"
        )
        row = db.execute(query, (key,)).fetchone()
        return None if row is None else Enrolled(key, row[0], row[1], row[2], bool(row[3]))

    def alive(self, db: sqlite3.Connection, key: bytes) -> Enrolled:
        """The phone with that key; raises ``unknown_phone``, ``phone_is_final``."""
        phone = self.find(db, key)
        if phone is None:
            raise KeysError("unknown_phone", "no approver has enrolled this phone")
        if phone.over:
            raise KeysError("phone_is_final", "this phone was reported lost, or moved; enrol it anew")
        return phone

    def take(
        self, db: sqlite3.Connection, key: bytes, number: str, list_id: str, index: int, now: int
    ) -> None:
        """Give a phone's key an index of a card for ever; the very same again changes nothing.

        Raises ``phone_in_use``, ``slot_in_use``, ``wrong_list``, ``malformed_request``.
        """
        sized = len(key) == HASH_BYTES and len(list_id) == LIST_ID_CHARACTERS and 0 <= index < LIST_SLOTS
        if not sized:
            raise KeysError("malformed_request", "a phone is a thumbprint, and an index of a list")
        uri, known = f"{self._policy.status_prefix}{list_id}", self.find(db, key)
        if known is not None and (known.number, known.uri, known.index) == (number, uri, index):
            return
        if known is not None:
            raise KeysError("phone_in_use", "this phone's key was enrolled before; let it make another")
        for table in ("slot", "phone", "final"):
            query = f"SELECT 1 FROM {table} WHERE uri = ? AND idx = ?"  # noqa: S608 - the tables are named above
            if db.execute(query, (uri, index)).fetchone():
                raise KeysError("slot_in_use", f"the index {index} was given away before")
        if db.execute("SELECT 1 FROM slot WHERE uri = ? LIMIT 1", (uri,)).fetchone():
            raise KeysError("wrong_list", "phones have lists of their own, and this one holds prints")
        columns = "thumbprint, number, uri, idx, at, exp"
        row = (key, number, uri, index, now, 0)
        db.execute(f"INSERT INTO phone ({columns}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - the columns stand above

    def card(self, db: sqlite3.Connection, number: str) -> Card | None:
        """The newest gate code of a card that lives and is not held; None for one of a demo's console.

        A held card is held at every index. A print that its holder reported lost is suspended alone: its
        phones go on.
        """
        query = (
            "SELECT gate, value, held AND lost_print.at IS NULL FROM slot"
            " LEFT JOIN final USING (uri, idx) LEFT JOIN lost_print USING (uri, idx)"
            " WHERE slot.number = ? ORDER BY print_no DESC LIMIT 1"
        )
        row = db.execute(query, (number,)).fetchone()
        if row is None:
            if not self._demo:
                raise KeysError("unknown_card", f"no card {number} was signed here")
            db.execute("INSERT OR IGNORE INTO card VALUES (?, NULL)", (number,))
        gate, final, held = (None, None, False) if row is None else row
        if final is not None:
            raise KeysError("card_is_final", f"the newest print of {number} is over for ever")
        phones = (
            "SELECT 1 FROM phone LEFT JOIN final USING (uri, idx) LEFT JOIN moved USING (thumbprint)"
            " WHERE phone.number = ? AND held AND value IS NULL AND moved.at IS NULL LIMIT 1"
        )
        if held or db.execute(phones, (number,)).fetchone():
            raise KeysError("card_is_held", f"the card {number} is held, and nobody approved its end")
        return None if gate is None else Card.decode(gate)
