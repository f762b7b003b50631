"""Details on line: for whoever scanned a genuine code, for five minutes.

The service verifies the code again itself, so a page that lies gets nothing. Counted, audited and committed
before anything is answered.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.police.budgets import DETAILS, Budgets, Spender
from cardsvc.police.patrols import police_venue
from cardsvc.police.purposes import SCAN
from cardsvc.police.told import details
from cardsvc.readers.judging import Judges
from cardsvc.records import LookKind, LookRecord, Transaction
from cardsvc.records.police import ScanRecord
from cardsvc.staff.caller import Caller
from verify import text
from verify.phone import EARLY_S, read_code
from verify.verdict import Answer, Role, Verdict
from verify.verifier import Presentation

#: How long a scan opens what the records say of its card.
SCAN_LIFE: Final = timedelta(minutes=5)
#: Findings that leave open whether the code is ours, or who shows it.
_NOT_GENUINE: Final = frozenset({"distrusted_key", "stripped_binding", "wrong_chip", "chip_not_proved"})


@dataclass(frozen=True, slots=True)
class Unseen:
    """A memory of phone codes that remembers nothing: two officers may look at one phone's code."""

    def when_seen(self, key: bytes) -> int | None:
        """Never."""
        return None

    def first_seen(self, key: bytes, now: int) -> int | None:
        """Not before now."""
        return None


@dataclass(frozen=True, slots=True)
class Scans:
    """Scanning for one officer."""

    site: ServedInstallation
    judges: Judges
    budgets: Budgets
    caller: Caller

    def scan(self, code: str, now: datetime) -> dict[str, Any]:
        """Tell what the records say of the card whose code this is.

        The same code again by the same officer within the five minutes is the same look. Raises
        ``code_refused``, ``code_unchecked``, ``scan_over``, ``budget_spent``, ``card_not_found``.
        """
        number, shown = self._genuine(code, now)
        with self.site.store.transaction() as tx:
            scan = tx.police_scans.open_of(self.caller.id, shown, now)
            refused = None
            if scan is None:
                spender = Spender(self.caller.id, self.caller.office)
                refused = self.budgets.spend(tx, DETAILS, spender, now)
                if refused is None:
                    scan = self._look(tx, number, shown, now)
            told = None if scan is None else self._told(tx, scan, now)
        # Raised outside: what was counted of the refusal stays counted.
        if refused is not None or told is None:
            raise refused or ServiceError("scan_over", "scan the card again")
        return told

    def portrait(self, scan: str, now: datetime) -> bytes:
        """The large portrait (JPEG) of the card of a scan; raises ``not_your_scan``, ``scan_over``."""
        with self.site.store.reading() as tx:
            found = tx.police_scans.get(scan)
            if found.staff != self.caller.id:
                raise ServiceError("not_your_scan", "another officer scanned this card; scan it yourself")
            if found.expires_at <= now:
                raise ServiceError("scan_over", "the scan is more than five minutes old; scan the card again")
            return tx.people.portrait(tx.cards.get(found.card_number).person_id)

    def _genuine(self, code: str, now: datetime) -> tuple[str, bytes]:
        """The number of the card, and the SHA-256 of the payload that was shown."""
        with self.site.store.reading() as tx:
            venue = police_venue(tx)
        verdict, _ = self.judges.judge(venue, Role.POLICE, Presentation(code), now)
        number = verdict.card
        if number is None or _NOT_GENUINE.intersection(verdict.noted):
            raise _refusal(verdict)
        parts = read_code(text.decode(code))
        if parts.phone is not None:
            age = now.timestamp() - parts.phone.time
            if not -EARLY_S <= age <= SCAN_LIFE.total_seconds():
                raise ServiceError("scan_over", "this phone code is over five minutes old; scan a new one")
        return number, sha256((parts.outer or parts.signed).payload).digest()

    def _look(self, tx: Transaction, number: str, shown: bytes, now: datetime) -> ScanRecord:
        card = tx.cards.get(number)
        scan = ScanRecord(secrets.token_hex(16), self.caller.id, card.number, shown, now, now + SCAN_LIFE)
        look = LookRecord(
            id=scan.id,
            card_number=card.number,
            kind=LookKind.DETAILS,
            staff=self.caller.id,
            office=self.caller.office,
            purpose=SCAN,
            at=now,
            told_from=now,
        )
        tx.police_scans.add(scan)
        tx.looks.add(look)
        tx.audit.append(self.caller.id, "details_shown", look.id, {"card": card.number}, now)
        return scan

    def _told(self, tx: Transaction, scan: ScanRecord, now: datetime) -> dict[str, Any]:
        told = details(self.site, tx, tx.cards.get(scan.card_number), now)
        return {"scan": scan.id, "until": scan.expires_at, **told}


def _refusal(verdict: Verdict) -> ServiceError:
    # "Forged" and "could not check" are never said with one word.
    unchecked = verdict.answer is Answer.ATTENTION
    words = f"{verdict.reason}: {verdict.words}"
    return ServiceError("code_unchecked" if unchecked else "code_refused", words)
