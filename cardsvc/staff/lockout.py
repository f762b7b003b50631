"""Lock-out: failures are counted for the account and for the address, whichever way somebody tried.

The counts stand in the records, so all processes share them. One count for every way: who is locked out of
the password is locked out of the passkey, the step-up and the invitation too. But passwords of an account
that none can open are counted apart: else whoever types them keeps an officer out. Who types them sees no
difference.
"""

from datetime import datetime, timedelta
from typing import Final

from cardsvc.errors import ServiceError
from cardsvc.records import Transaction

#: Ten guesses of a 6-digit code, three codes each valid: less than one in 30,000 in every quarter of an hour.
ACCOUNT_FAILURES: Final = 10
#: A whole office may stand behind one address, and sleepy Mondays exist.
ADDRESS_FAILURES: Final = 100
WINDOW: Final = timedelta(minutes=15)
LOCKED: Final = timedelta(minutes=15)
_LIMITS: Final = {"account": ACCOUNT_FAILURES, "apart": ACCOUNT_FAILURES, "address": ADDRESS_FAILURES}


def check_open(
    tx: Transaction, account: str | None, address: str, now: datetime, *, apart: bool = False
) -> None:
    """Raises ``locked_out`` while the account or the address is locked."""
    for kind, whose in _counted(account, address, apart=apart):
        found = tx.attempts.get(kind, whose)
        if found is not None and found.locked_until is not None and found.locked_until > now:
            words = "too many failed attempts: try again in a quarter of an hour, or ask an operator"
            raise ServiceError("locked_out", words)


def count_failure(
    tx: Transaction, account: str | None, address: str, now: datetime, *, apart: bool = False
) -> None:
    """Count one failure; at the limit the account or the address is locked for a while."""
    tx.attempts.forget(now - 2 * WINDOW)
    for kind, whose in _counted(account, address, apart=apart):
        found = tx.attempts.get(kind, whose)
        fresh = found is None or found.since + WINDOW <= now
        failures, since = (1, now) if fresh or found is None else (found.failures + 1, found.since)
        locked = now + LOCKED if failures >= _LIMITS[kind] else None
        tx.attempts.put(kind, whose, failures, since, locked)
        if locked is not None and kind == "account" and _on_the_roll(tx, whose):
            tx.audit.append(whose, "locked_out", whose, {"failures": failures}, now)


def forgive(tx: Transaction, account: str) -> None:
    """Begin to count an account anew: somebody proved to be its owner, or an operator says so."""
    tx.attempts.clear("account", account)


def _counted(account: str | None, address: str, *, apart: bool) -> list[tuple[str, str]]:
    named = [] if account is None else [("apart" if apart else "account", account)]
    return [*named, ("address", address)]


def _on_the_roll(tx: Transaction, name: str) -> bool:
    # What somebody typed as a name stays out of the audit, unless it is one.
    return any(member.id == name for member in tx.staff.all())
