"""What can go wrong in the records, and the one place where a database's own words become ours.

SQLite and PostgreSQL tell the same story in different codes. Callers see the same reason from both.
"""

import re
import sqlite3
from collections.abc import Mapping

import psycopg
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from verify.errors import CardsvcError


class RecordsError(CardsvcError):
    """Root of the records' errors."""


class NotFound(RecordsError):
    """What was asked for is not there; the reason says what: ``card_not_found``, ``person_not_found``."""


class Conflict(RecordsError):
    """The change contradicts what is already recorded; nothing was changed."""


class NotAlone(RecordsError):
    """The audit is one chain: a transaction that others write beside cannot append to it."""


class Unavailable(RecordsError):
    """The database cannot be used now (down, locked, full, too old); the same call may succeed later."""


#: Constraint → (reason, words). A constraint stands under its own name (PostgreSQL, CHECKs on both) and,
#: for uniqueness, under the columns SQLite names instead. One card a person is the partial index.
_CONSTRAINTS: Mapping[str, tuple[str, str]] = {
    "uq_application_reference": (
        "duplicate_reference",
        "an application with this reference is already recorded; look it up by its reference",
    ),
    "ck_application_two_people": (
        "same_person_approves",
        "the person who submits must not be the person who approves",
    ),
    "ck_case_file_two_people": (
        "same_person_approves",
        "the person who submits must not be the person who decides",
    ),
    "ck_approval_two_people": (
        "same_person_approves",
        "the person who submits must not be the person who approves",
    ),
    "ck_act_request_two_people": (
        "same_person_approves",
        "the person who asks must not be the person who decides",
    ),
    "ck_police_request_two_people": (
        "same_person_approves",
        "the officer who asks must not be the officer who approves",
    ),
    "ck_hot_card_two_people": (
        "same_person_approves",
        "the officer who asks must not be the officer who approves",
    ),
    "ck_hot_card_two_people_lift": (
        "same_person_approves",
        "the officer who asks must not be the officer who approves",
    ),
    "ck_look_two_people": (
        "same_person_approves",
        "the officer who asks must not be the officer who approves",
    ),
    "one_living_card": (
        "living_card_exists",
        "this person already has a card that is active or suspended; replace it or end it first",
    ),
    "uq_person_passport_index": ("passport_in_use", "another person is recorded with this passport"),
    "pk_card": ("number_in_use", "this card number is taken; draw another"),
    "uq_print_cti": ("cti_in_use", "this print identifier is taken; draw another"),
    "uq_print_list_id_list_index": ("index_in_use", "this status index is taken; allot another"),
    "uq_print_card_number_print_no": ("print_number_in_use", "this card already has a print of that number"),
    "pk_chip": ("chip_in_use", "a chip with this UID is already recorded"),
    "pk_sun_chip": ("chip_in_use", "a chip with this UID is already recorded"),
    "pk_credential": ("credential_in_use", "this passkey is recorded already"),
    "pk_distrusted_key": ("already_distrusted", "this key is distrusted already, for ever"),
    "pk_issuer": (
        "already_initialised",
        "this installation is set up, there is nothing to do here; another CARDSVC_DATA makes another one",
    ),
}
_SQLITE_COLUMNS: Mapping[str, str] = {
    "application.reference": "uq_application_reference",
    "card.person_id": "one_living_card",
    "person.passport_index": "uq_person_passport_index",
    "card.number": "pk_card",
    "print.cti": "uq_print_cti",
    "print.list_id, print.list_index": "uq_print_list_id_list_index",
    "print.card_number, print.print_no": "uq_print_card_number_print_no",
    "chip.uid": "pk_chip",
    "sun_chip.uid": "pk_sun_chip",
    "credential.id": "pk_credential",
    "distrusted_key.kid": "pk_distrusted_key",
    "issuer.id": "pk_issuer",
}

#: A refused connection has no SQLSTATE in libpq, only the server's words (src/backend/utils/init/postinit.c).
_NO_DATABASE = re.compile(r'database "([^"]+)" does not exist')
_TOO_OLD = (
    "database_too_old",
    "the database lacks tables of this version: run `cardsvc migrate`, then try again",
)


def translate(error: SQLAlchemyError) -> RecordsError:
    """Our error for one of SQLAlchemy's; it never carries values, which could be personal."""
    if isinstance(error, IntegrityError):
        return _broken_constraint(error.orig)
    if isinstance(error, DBAPIError):
        if isinstance(error.orig, sqlite3.Error):
            return _from_sqlite(error.orig)
        if isinstance(error.orig, psycopg.Error):
            return _from_postgres(error.orig)
    if isinstance(error, NoConnectionLeft):
        return _busy()
    return RecordsError("database_error", f"the database layer refused: {type(error).__name__}")


def translate_driver(error: psycopg.Error) -> RecordsError:
    """The same for what PostgreSQL's driver raises where it is used without SQLAlchemy between."""
    return _broken_constraint(error) if isinstance(error, psycopg.IntegrityError) else _from_postgres(error)


def _broken_constraint(orig: BaseException | None) -> RecordsError:
    name = _constraint_name(orig)
    known = _CONSTRAINTS.get(name)
    if known is not None:
        return Conflict(*known)
    return Conflict("constraint_broken", f"the records do not allow this: constraint {name or 'unknown'}")


def _constraint_name(orig: BaseException | None) -> str:
    if isinstance(orig, psycopg.Error):
        return orig.diag.constraint_name or ""
    # "UNIQUE constraint failed: card.person_id", "CHECK constraint failed: ck_…"
    detail = str(orig).partition("failed: ")[2]
    return _SQLITE_COLUMNS.get(detail, detail)


def _busy() -> RecordsError:
    return Unavailable("database_busy", "others held the database for too long; try again")


def _from_sqlite(orig: sqlite3.Error) -> RecordsError:
    # Extended codes keep the primary code in the low byte (sqlite.org/rescode.html).
    code = getattr(orig, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return _disk_full()
    # PROTOCOL: many opened the file at once and this one was never let in (sqlite.org/rescode.html#protocol).
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        return _busy()
    if code == sqlite3.SQLITE_READONLY:
        return RecordsError("read_only", "this transaction, or the database file, only allows reading")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Unavailable("database_damaged", "the file is no sound SQLite database; restore a backup")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM):
        return Unavailable(
            "database_unavailable", f"the database file cannot be used ({orig}): check path, rights and disk"
        )
    if "no such table" in str(orig) or "no such column" in str(orig):
        return Unavailable(*_TOO_OLD)
    return RecordsError("database_error", f"SQLite refused: {orig.__class__.__name__} {code}")


def _from_postgres(orig: psycopg.Error) -> RecordsError:
    state = orig.sqlstate or ""  # None where no server answered (PostgreSQL manual, appendix A)
    if state == "53100":
        return _disk_full()
    if state in ("55P03", "40001", "40P01", "57014"):
        return _busy()
    if state == "25006":
        return RecordsError("read_only", "this transaction only allows reading")
    if state in ("42P01", "42703"):
        return Unavailable(*_TOO_OLD)
    missing = None if state else _NO_DATABASE.search(str(orig))
    if missing:
        words = (
            f"PostgreSQL has no database {missing[1]}: make it with createdb, or check CARDSVC_DATABASE_URL"
        )
        return Unavailable("database_unavailable", words)
    if not state or state[:2] in ("08", "28", "3D", "53", "57", "58"):
        return Unavailable("database_unavailable", "PostgreSQL does not answer: check the server and the URL")
    return RecordsError("database_error", f"PostgreSQL refused: SQLSTATE {state}")


def _disk_full() -> Unavailable:
    return Unavailable(
        "disk_full", "the database has no room left; nothing of this was recorded: free space and try again"
    )
