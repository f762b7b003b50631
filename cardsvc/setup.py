"""Setting an installation up: keys, records, staff and venues, from nothing to the first card."""

import secrets
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cardsvc.errors import ServiceError
from cardsvc.installation import check_keyring, record_keys
from cardsvc.readers.shapes import VenueConfig
from cardsvc.records import (
    IssuerSettings,
    OfficeRecord,
    StaffMember,
    Transaction,
    issuer_of,
    open_store,
)
from cardsvc.settings import Settings
from cardsvc.staff.invitations import invite
from cardsvc.staff.powers import KINDS, POWERS, ROLES
from cardsvc.trust.publishing import policy_of
from keys.demo import FIRST_EPOCH, DemoPlaces, init_demo
from keys.disk import make_private_directory, write_file
from keys.errors import KeysError
from keys.files import STANDARD_COST, Cost, Passphrase
from keys.founding import Founder, SignerPlaces, found_signer
from keys.keyring import Keyring, propose
from keys.ledger import LedgerFacts
from keys.plan import Vault
from verify.card import MAX_ISSUER
from verify.days import DEFAULT_OFFSET_S
from verify.services import Service

_PASSPHRASE_BYTES = 24
#: Who approves: the first two of this role found the signer, each with a code of their own.
_FOUNDING_ROLE = "approver"
_FOUNDERS = 2
#: ``department`` names a department to whoever reads the file; what it owns are its services.
_STAFF_KEYS = frozenset({"id", "name", "role", "office", "services", "language", "department"})
_OFFICE_KEYS = frozenset({"id", "name", "parent", "kind", "may"})


def initialise(
    settings: Settings,
    *,
    issuer: str,
    staff: Path,
    venues: Path,
    now: datetime,
    cost: Cost = STANDARD_COST,
) -> dict[str, object]:
    """Make everything an installation needs; run again after a failure or a crash, it goes on.

    ``cost`` is what one guess at the passphrase of the key files shall cost. A demo gets a passphrase file
    and root keys of its own. In production the root's holders come together elsewhere: this makes the
    service's keys, and the first key list for them to sign. The answer holds the founding codes, which are
    shown this once.
    """
    if not 0 < len(issuer) <= MAX_ISSUER:
        raise ServiceError(
            "bad_issuer", f"the issuer's name must have 1 to {MAX_ISSUER} characters, like cn-yiwu"
        )
    roll, places = read_staff(staff), read_venues(venues)
    offices = read_offices(staff, roll)
    _check_own_records(settings)
    make_private_directory(settings.data)
    keyring = _keys(settings, issuer, now, cost)
    check_keyring(keyring, issuer, DEFAULT_OFFSET_S)
    store = open_store(settings.database, record_keys(keyring), create=True)
    address = settings.public_url.rstrip("/")
    facts = LedgerFacts(issuer, address, DEFAULT_OFFSET_S)
    try:
        with store.transaction() as tx:
            tx.issuer.init(IssuerSettings(issuer, address, DEFAULT_OFFSET_S, FIRST_EPOCH))
            _fill(tx, offices, roll, places)
            tx.audit.append("console", "initialised", issuer, {"public_url": address}, now)
            codes = found_signer(
                settings.data, keyring.passphrase, facts, _founders(roll), now=now, cost=cost
            )
            for name, code in codes.items():
                # The same code opens the invitation to sign in: one link, one passkey, both registered.
                invite(tx, name, "console", now, code=code, founder=True)
    finally:
        store.close()
    return {
        "issuer": issuer,
        "data": str(settings.data),
        "staff": len(roll),
        "venues": sorted(places),
        "founding_codes": codes,
    }


def read_staff(path: Path) -> list[StaffMember]:
    """The staff roll of a TOML file; raises ``unreadable``, ``bad_file``, ``unknown_service``."""
    members = []
    for row in _rows(path, "staff", beside="office"):
        _check_keys(path, row, _STAFF_KEYS)
        for name in ("role", "office"):
            if not isinstance(row.get(name), str) or not row[name]:
                raise ServiceError("bad_file", f"{path}: {row['id']} needs a {name}, in quotation marks")
        if row["role"] not in ROLES:
            words = f"{row['id']} has the role {row['role']!r}; there are {', '.join(sorted(ROLES))}"
            raise ServiceError("bad_file", f"{path}: {words}")
        named = (row.get("name", ""), row.get("language", "en"))
        if not all(isinstance(one, str) for one in named):
            raise ServiceError("bad_file", f"{path}: name and language of {row['id']} are texts")
        services = row.get("services", [])
        if not isinstance(services, list) or not all(isinstance(name, str) for name in services):
            raise ServiceError("bad_file", f'{path}: services of {row["id"]} must be a list like ["bus"]')
        owned = [int(service_named(name)) for name in services]
        members.append(StaffMember(row["id"], row["role"], row["office"], owned, *named))
    return members


def read_offices(path: Path, roll: Sequence[StaffMember]) -> list[OfficeRecord]:
    """The offices of the same file, those above first.

    Raises ``bad_file`` where an office stands below none of the file's, or may what nobody may, and where
    somebody on the roll works in none of them: a slip in a name must not make an office with powers.
    """
    rows = {row["id"]: row for row in _rows(path, "office", beside="staff", needed=False)}
    found = [_office(path, row, rows.keys()) for row in rows.values()]
    found.sort(key=lambda one: _depth(path, one.id, rows))
    for member in roll:
        if member.office not in rows:
            words = (
                f"{member.id} is of the office {member.office!r}, which no [[office]] of the file has as id"
            )
            raise ServiceError("bad_file", f"{path}: {words}")
    return found


def _office(path: Path, row: Mapping[str, Any], known: Collection[str]) -> OfficeRecord:
    _check_keys(path, row, _OFFICE_KEYS)
    office = OfficeRecord(
        row["id"], row.get("name", row["id"]), row.get("parent"), row.get("kind", "other"), row.get("may", [])
    )
    if office.parent is not None and office.parent not in known:
        raise ServiceError(
            "bad_file", f"{path}: {office.id} stands below {office.parent!r}, an office not there"
        )
    if office.kind not in KINDS or not isinstance(office.may, list) or not POWERS.issuperset(office.may):
        words = f"{office.id} needs a kind of {sorted(KINDS)} and may some of {sorted(POWERS)}"
        raise ServiceError("bad_file", f"{path}: {words}")
    return office


def _depth(path: Path, office: str, rows: Mapping[str, Mapping[str, Any]]) -> int:
    depth, at = 0, rows[office].get("parent")
    while at is not None:
        depth, at = depth + 1, rows[at].get("parent")
        if depth > len(rows):
            raise ServiceError("bad_file", f"{path}: {office} stands above itself")
    return depth


def read_venues(path: Path) -> dict[str, Mapping[str, Any]]:
    """The venues of a TOML file by id; they are tried as the desk tries them before anything is recorded."""
    venues: dict[str, Mapping[str, Any]] = {row["id"]: row for row in _rows(path, "venue")}
    for name, row in venues.items():
        try:
            VenueConfig.model_validate({key: value for key, value in row.items() if key != "id"})
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise ServiceError("bad_file", f"{path}: {name}: {key}: {first['msg']}") from error
        policy_of(row)
    return venues


def service_named(name: str) -> Service:
    """The service of an outside name."""
    try:
        return Service[name.upper()]
    except KeyError:
        known = ", ".join(service.label for service in Service)
        raise ServiceError("unknown_service", f"no service is called {name!r}; there are {known}") from None


def _rows(path: Path, table: str, *, beside: str | None = None, needed: bool = True) -> list[dict[str, Any]]:
    """The rows of a file's ``table``; ``beside`` is the one other table that may stand in it."""
    try:
        read = tomllib.loads(path.read_text("utf-8"))
        rows = read[table] if needed else read.get(table, [])
        found = [dict(row) for row in rows]
        if not all(isinstance(row["id"], str) and row["id"] for row in found):
            raise TypeError("an id is a text that is not empty")
    except OSError as error:
        raise ServiceError("unreadable", f"{path} cannot be read: {error.strerror}") from error
    # TOMLDecodeError and a file that is not UTF-8 are both ValueErrors.
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError("bad_file", f"{path} must hold [[{table}]] tables with an id: {error}") from error
    for name in read.keys() - {table, beside}:
        raise ServiceError("bad_file", f"{path}: nothing reads {name!r} here")
    for name, times in Counter(row["id"] for row in found).items():
        if times > 1:
            raise ServiceError("bad_file", f"{path}: {name} stands there twice as [[{table}]]")
    return found


def _check_keys(path: Path, row: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse a key that nothing reads: most likely another was meant."""
    for key in row:
        if key not in known:
            words = f"{row['id']} has a key {key!r}; there are {', '.join(sorted(known))}"
            raise ServiceError("bad_file", f"{path}: {words}")


def _keys(settings: Settings, issuer: str, now: datetime, cost: Cost) -> Keyring:
    places = DemoPlaces(settings.data)
    own = not settings.production and settings.key_passphrase_file is None
    if own and not (places.live.exists() or settings.demo_passphrase_file.exists()):
        word = secrets.token_urlsafe(_PASSPHRASE_BYTES)
        write_file(settings.demo_passphrase_file, word.encode() + b"\n")
    passphrase = Passphrase.from_file(settings.passphrase_file)
    if settings.production:
        return _production_keys(places, passphrase, issuer, now, cost)
    if places.live.exists() and not places.ready.exists():
        return Keyring.open(places.live, passphrase)
    return init_demo(settings.data, passphrase, issuer=issuer, now=now, cost=cost)


def _production_keys(
    places: DemoPlaces, passphrase: Passphrase, issuer: str, now: datetime, cost: Cost
) -> Keyring:
    """Open the keyring; one without signed documents is made as far as it can be, the rest is asked for."""
    if Keyring.is_there(places.live):
        try:
            return Keyring.open(places.live, passphrase)
        except KeysError as error:
            if error.reason != "no_documents":
                raise
        keyring = Keyring(places.live, passphrase, issuer, cost=cost)
    else:
        keyring = Keyring.create(places.live, passphrase, issuer=issuer, cost=cost)
    apart = Vault(places.apart, passphrase, cost)
    proposal = propose(keyring, now, epoch=FIRST_EPOCH, apart=apart, root_version=1)
    raise ServiceError(
        "ceremony_needed",
        f"the root holders now sign {proposal}: `cardsvc keys ceremony FILE`,"
        " `cardsvc keys install DIRECTORY`, then `cardsvc init` again",
    )


def _check_own_records(settings: Settings) -> None:
    """Refuse records that another data directory set up, before a key is made beside them.

    The signer's ledger is there before the issuer is recorded, wherever ``init`` was killed: a directory
    without one never set these records up.
    """
    if SignerPlaces(settings.data).ledger.exists():
        return
    found = issuer_of(settings.database)
    if found is not None:
        words = (
            f"the database is in use by {found.iss} at {found.public_url}, whose keys and signer are not in"
            f" {settings.data}: set CARDSVC_DATA to their directory (or put them back from its backup),"
            " or CARDSVC_DATABASE_URL to an empty database"
        )
        raise ServiceError("records_of_another", words)


def _founders(roll: list[StaffMember]) -> list[Founder]:
    """The first two approvers of the roll; without two of them nobody could ever approve a card."""
    founders = [Founder(one.id, one.office) for one in roll if one.role == _FOUNDING_ROLE][:_FOUNDERS]
    if len(founders) < _FOUNDERS:
        words = f"the staff roll needs {_FOUNDERS} people with the role {_FOUNDING_ROLE}"
        raise ServiceError("founders_missing", words)
    return founders


def _fill(
    tx: Transaction,
    offices: list[OfficeRecord],
    roll: list[StaffMember],
    venues: Mapping[str, Mapping[str, Any]],
) -> None:
    for office in offices:
        tx.offices.put(office)
    for member in roll:
        tx.staff.put(member)
    for name, config in venues.items():
        tx.venues.put(name, config)
