"""A card goes to another phone without an approver: the old phone's key says so, or a code on paper does.

Both are believed as an approver is, once. The old phone signs over the new one's key, and its index is over
in that moment. Where the phone is lost, a recovery key signs instead: the phone registered its public half,
and its private half is made from a code that was written down. A paper can be found by others, so a recovery
waits a day, in which every phone of the card is told and may stop it. What is stopped is over, code and all.
"""

import sqlite3
from typing import Final

from keys.errors import KeysError
from keys.ledger import Ledger
from keys.phonebook import LOST_CHIP, LOST_PRINT, MOVE, RECOVER, RECOVERY, Enrolled, PhoneBook, check_proof
from keys.signing import TokenProof
from verify.cose import ES256, PublicKey, check_public, thumbprint
from verify.days import DAY_S
from verify.errors import Refused

#: A new phone, and another because that was a mistake; more in a day is play with somebody's phone.
MOVES_A_DAY: Final = 2
#: How long the card's phones may stop a recovery.
RECOVERY_WAIT_S: Final = DAY_S
#: A recovery that nobody came back for is forgotten.
RECOVERY_LIFE_S: Final = 7 * DAY_S
RECOVERIES_A_MONTH: Final = 3
_MONTH_S: Final = 30 * DAY_S


class MoveDesk:
    """Lets phones hand their card on, for one issuer."""

    def __init__(self, ledger: Ledger, phones: PhoneBook) -> None:
        """Keep what happens in ``ledger``."""
        self._ledger, self._phones = ledger, phones

    def report_print(self, proof: TokenProof, what: str, now: int) -> None:
        """Note that the card's newest print was lost, as a phone says: what suspends it then holds no card.

        Where it is suspended already the card is held, and no word of a phone ends that.
        """
        if what not in (LOST_PRINT, LOST_CHIP):
            raise KeysError("bad_proof", "a print or a chip is reported lost")
        key = check_proof(proof, what, now)
        with self._ledger.transaction() as db:
            phone = self._phones.alive(db, key)
            query = "SELECT uri, idx, held FROM slot WHERE number = ? ORDER BY print_no DESC LIMIT 1"
            row = db.execute(query, (phone.number,)).fetchone()
            if row is None:  # A demo's console made it, and nothing holds it here.
                return
            uri, index, held = row
            insert = "INSERT OR IGNORE INTO lost_print (uri, idx, number, at) VALUES (?, ?, ?, ?)"
            if not held and db.execute(insert, (uri, index, phone.number, now)).rowcount:
                self._ledger.log(now, "phone", "print_lost", key.hex(), {"number": phone.number})

    def move(self, proof: TokenProof, key: bytes, list_id: str, index: int, now: int) -> None:
        """Let the phone with the thumbprint ``key`` carry the card of the phone that signs for it.

        The very same once more changes nothing. Raises ``bad_proof``, ``stale_proof``, ``unknown_phone``,
        ``phone_is_final``, ``card_is_final``, ``card_is_held``, ``too_many_moves``, and what
        :meth:`keys.phonebook.PhoneBook.take` refuses.
        """
        old = check_proof(proof, MOVE + key.hex(), now)
        with self._ledger.transaction() as db:
            self._phones.use(db, proof, now)
            if self._went(db, old, key):
                return
            phone = self._phones.alive(db, old)
            self._phones.card(db, phone.number)
            query = "SELECT count(*) FROM moved WHERE number = ? AND at > ?"
            if db.execute(query, (phone.number, now - DAY_S)).fetchone()[0] >= MOVES_A_DAY:
                raise KeysError("too_many_moves", "the card went to another phone just now; wait a day")
            self._hand_on(db, phone, key, list_id, index, now)

    def register(self, proof: TokenProof, recovery: bytes, now: int) -> None:
        """Keep the public half of the phone's recovery key (a P-256 point); the one before is over.

        Raises ``bad_recovery_key``, and what a proof and its phone are refused for.
        """
        try:
            point = PublicKey(ES256, recovery)
            check_public(point)
        except Refused as error:
            raise KeysError("bad_recovery_key", f"this is no P-256 key: {error}") from error
        code = thumbprint(point)
        key = check_proof(proof, RECOVERY + code.hex(), now)
        with self._ledger.transaction() as db:
            self._phones.use(db, proof, now)
            phone = self._phones.alive(db, key)
            if self._phones.find(db, code) is not None or self._owner(db, code) not in (None, key):
                raise KeysError("bad_recovery_key", "this key stands for something else already")
            db.execute("DELETE FROM recovery WHERE phone = ?", (key,))
            db.execute("INSERT INTO recovery (thumbprint, phone, at) VALUES (?, ?, ?)", (code, key, now))
            self._ledger.log(now, "phone", "recovery_registered", key.hex(), {"number": phone.number})

    def begin(self, proof: TokenProof, key: bytes, list_id: str, index: int, now: int) -> int:
        """Let the recovery key that signs ask for the card on another phone; the epoch second it is ready at.

        The very same once more says the same. Raises ``unknown_recovery``, ``recovery_waits``,
        ``too_many_recoveries``, and what :meth:`move` does.
        """
        code = check_proof(proof, RECOVER + key.hex(), now)
        with self._ledger.transaction() as db:
            self._phones.use(db, proof, now)
            owner = self._owner(db, code)
            phone = None if owner is None else self._phones.find(db, owner)
            if phone is None:
                words = "no phone stands behind this code; it was used or stopped, or another came after it"
                raise KeysError("unknown_recovery", words)
            self._phones.card(db, phone.number)
            waiting = self._waiting(db, phone.number, now)
            if waiting is not None and waiting[0] == key:
                return int(waiting[1])
            if waiting is not None:
                raise KeysError("recovery_waits", "another recovery of this card waits; stop it first")
            query = "SELECT count(*) FROM recovering WHERE number = ? AND at > ?"
            if db.execute(query, (phone.number, now - _MONTH_S)).fetchone()[0] >= RECOVERIES_A_MONTH:
                raise KeysError("too_many_recoveries", "enough was tried for a month; come to the desk")
            asked = db.execute("SELECT 1 FROM recovering WHERE thumbprint = ?", (key,)).fetchone()
            if asked or self._phones.find(db, key) is not None:
                raise KeysError("phone_in_use", "this phone's key was used before; let it make another")
            columns = "thumbprint, number, phone, list, idx, at, ended"
            row = (key, phone.number, phone.thumbprint, list_id, index, now)
            db.execute(f"INSERT INTO recovering ({columns}) VALUES (?, ?, ?, ?, ?, ?, NULL)", row)  # noqa: S608 - the columns stand above
            details = {"number": phone.number, "to": key.hex()}
            self._ledger.log(now, "recovery", "recovery_begun", phone.thumbprint.hex(), details)
        return now + RECOVERY_WAIT_S

    def finish(self, key: bytes, now: int) -> None:
        """Let the phone with the thumbprint ``key`` carry the card, a day after its recovery began.

        Nobody need sign again: what was signed is only done later. Raises ``no_recovery``,
        ``recovery_waits``, ``card_is_final``, ``card_is_held``.
        """
        with self._ledger.transaction() as db:
            query = (
                "SELECT number, phone, list, idx, at FROM recovering WHERE thumbprint = ? AND ended IS NULL"
            )
            row = db.execute(query, (key,)).fetchone()
            if row is None and self._phones.find(db, key) is not None:
                return
            if row is None or row[4] + RECOVERY_LIFE_S < now:
                raise KeysError("no_recovery", "no recovery waits for this phone; it was stopped, or is over")
            number, old, list_id, index, at = row
            if at + RECOVERY_WAIT_S > now:
                raise KeysError("recovery_waits", f"the card comes at {at + RECOVERY_WAIT_S}, not before")
            phone = self._phones.find(db, old)
            if phone is None:
                raise KeysError("no_recovery", "the phone that the code belongs to is not known here")
            self._phones.card(db, number)
            self._hand_on(db, phone, key, list_id, index, now)

    def stop(self, key: bytes, now: int) -> None:
        """End the recovery for that phone or by its code, and the code; whoever asks, for it takes away."""
        with self._ledger.transaction() as db:
            waiting = "(thumbprint = ?1 OR phone = ?1) AND ended IS NULL"
            query = f"SELECT phone FROM recovering WHERE {waiting}"  # noqa: S608 - it stands above
            behind = {key, *(row[0] for row in db.execute(query, (key,)))}
            change = f"UPDATE recovering SET ended = ?2 WHERE {waiting}"  # noqa: S608 - likewise
            ended = db.execute(change, (key, now)).rowcount
            for one in behind:
                ended += db.execute("DELETE FROM recovery WHERE phone = ?", (one,)).rowcount
            if ended:
                self._ledger.log(now, "service", "recovery_stopped", key.hex(), {})

    def carries(self, key: bytes) -> bool:
        """Whether the phone with that thumbprint stands for a card, living or over."""
        with self._ledger.transaction() as db:
            return self._phones.find(db, key) is not None

    def _hand_on(
        self, db: sqlite3.Connection, old: Enrolled, key: bytes, list_id: str, index: int, now: int
    ) -> None:
        """The old phone is over, the new one carries the card; the old one's code and recovery are gone."""
        self._phones.take(db, key, old.number, list_id, index, now)
        insert = "INSERT OR IGNORE INTO moved (thumbprint, number, into_key, at) VALUES (?, ?, ?, ?)"
        db.execute(insert, (old.thumbprint, old.number, key, now))
        db.execute("DELETE FROM recovery WHERE phone = ?", (old.thumbprint,))
        db.execute("UPDATE recovering SET ended = ? WHERE phone = ? AND ended IS NULL", (now, old.thumbprint))
        details = {"number": old.number, "to": key.hex()}
        self._ledger.log(now, "phone", "phone_moved", old.thumbprint.hex(), details)

    @staticmethod
    def _went(db: sqlite3.Connection, old: bytes, key: bytes) -> bool:
        query = "SELECT 1 FROM moved WHERE thumbprint = ? AND into_key = ?"
        return db.execute(query, (old, key)).fetchone() is not None

    @staticmethod
    def _owner(db: sqlite3.Connection, code: bytes) -> bytes | None:
        row = db.execute("SELECT phone FROM recovery WHERE thumbprint = ?", (code,)).fetchone()
        return None if row is None else bytes(row[0])

    @staticmethod
    def _waiting(db: sqlite3.Connection, number: str, now: int) -> tuple[bytes, int] | None:
        query = "SELECT thumbprint, at FROM recovering WHERE number = ? AND ended IS NULL AND at + ? >= ?"
        row = db.execute(query, (number, RECOVERY_LIFE_S, now)).fetchone()
        return None if row is None else (bytes(row[0]), row[1] + RECOVERY_WAIT_S)
