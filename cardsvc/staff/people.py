"""The staff roll and the tree of offices, as an operator keeps them.

An operator sees and changes the people and offices of the own office and those below it. People whose word or
sight goes beyond offices are for operators whom nobody is above.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cardsvc.errors import Explained, ServiceError
from cardsvc.records import (
    Conflict,
    NotFound,
    OfficeRecord,
    StaffMember,
    StaffState,
    Store,
    Transaction,
)
from cardsvc.staff import lockout
from cardsvc.staff.approvers import ADD, file_addition
from cardsvc.staff.caller import Caller, check_top
from cardsvc.staff.founding import open_founder
from cardsvc.staff.invitations import Invited, invite
from cardsvc.staff.powers import CITY_ROLES, KEYED_ROLES, KINDS, PASSKEY_ROLES, POWERS, ROLES
from verify.services import Service


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff, and how the person signs in."""

    member: StaffMember
    passkey: bool
    password: bool
    invited: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What shall change of a member; None stays as it is."""

    name: str | None = None
    role: str | None = None
    office: str | None = None
    services: Sequence[int] | None = None
    language: str | None = None


def all_people(store: Store, caller: Caller, now: datetime) -> list[Person]:
    """Everybody the caller looks after."""
    with store.reading() as tx:
        passkeys, passwords, invited = (
            tx.credentials.holders(),
            tx.secrets.holders(),
            tx.invitations.waiting(now),
        )
        return [
            Person(one, one.id in passkeys, one.id in passwords, one.id in invited)
            for one in tx.staff.all()
            if one.office in caller.offices
        ]


def add_person(store: Store, caller: Caller, member: StaffMember, now: datetime) -> StaffMember:
    """Put somebody on the roll.

    Raises ``staff_exists``, ``bad_staff``, ``not_your_office``, ``only_at_top``.
    """
    with store.transaction() as tx:
        if any(one.id == member.id for one in tx.staff.all()):
            raise Conflict("staff_exists", f"{member.id} is on the staff roll already")
        _check_member(tx, caller, member)
        tx.staff.put(member)
        tx.audit.append(caller.id, "staff_added", member.id, _told(member), now)
    return member


def change_person(store: Store, caller: Caller, staff: str, changes: Changes, now: datetime) -> StaffMember:
    """Change somebody; a new role or office ends the person's sessions, a role with passkeys the password."""
    with store.transaction() as tx:
        before = _own(tx, caller, staff)
        given = {
            name: value
            for name in ("name", "role", "office", "services", "language")
            if (value := getattr(changes, name)) is not None
        }
        after = replace(before, **given)
        if staff == caller.id and (after.role, after.office) != (before.role, before.office):
            raise _own_account()
        _check_member(tx, caller, after)
        tx.staff.put(after)
        if (after.role, after.office) != (before.role, before.office):
            tx.sessions.end_all(staff)
        if after.role in PASSKEY_ROLES:
            tx.secrets.remove(staff)
        _ask_anew(tx, before, after, now)
        tx.audit.append(caller.id, "staff_changed", staff, _told(after), now)
    return after


def _ask_anew(tx: Transaction, before: StaffMember, after: StaffMember, now: datetime) -> None:
    """What approvers saw or signed was about the person as it was: such requests go, and come anew."""
    if (after.role, after.office, list(after.services)) == (
        before.role,
        before.office,
        list(before.services),
    ):
        return
    for waiting in tx.approver_requests.waiting():
        if waiting.staff != after.id or waiting.kind != ADD:
            continue
        tx.approver_requests.close(waiting.id, "gone")
        credential = tx.credentials.find(waiting.credential)
        if credential is not None and after.role in KEYED_ROLES:
            file_addition(tx, after, credential, now)


def set_state(store: Store, caller: Caller, staff: str, state: StaffState, now: datetime) -> None:
    """Lock somebody, which ends all sessions, or unlock, which also forgives failed attempts."""
    with store.transaction() as tx:
        member = _own(tx, caller, staff)
        if staff == caller.id:
            raise _own_account()
        tx.staff.put(replace(member, state=state))
        if state is StaffState.LOCKED:
            tx.sessions.end_all(staff)
        else:
            lockout.forgive(tx, staff)
        tx.audit.append(
            caller.id, f"staff_{'locked' if state is StaffState.LOCKED else 'unlocked'}", staff, {}, now
        )


def invite_person(store: Store, caller: Caller, staff: str, now: datetime) -> Invited:
    """Invite somebody, for the first time or after a loss; raises ``founder_waits``."""
    with store.transaction() as tx:
        member = _own(tx, caller, staff)
        if staff == caller.id:
            raise _own_account()
        if open_founder(tx, member):
            words = f"only the console renews a founder's invitation: `cardsvc staff invite {staff}`"
            raise ServiceError("founder_waits", words)
        return invite(tx, staff, caller.id, now)


def all_offices(store: Store, caller: Caller) -> list[OfficeRecord]:
    """The offices the caller looks after."""
    with store.reading() as tx:
        return [one for one in tx.offices.all() if one.id in caller.offices]


def put_office(store: Store, caller: Caller, office: OfficeRecord, now: datetime) -> OfficeRecord:
    """Record or change an office below the caller's; raises ``bad_office``, ``not_your_office``."""
    if office.kind not in KINDS:
        raise _field("bad_office", "kind", "unknown_kind", f"a kind is one of {', '.join(sorted(KINDS))}")
    if not POWERS.issuperset(office.may):
        raise _field("bad_office", "may", "unknown_power", f"powers are {', '.join(sorted(POWERS))}")
    with store.transaction() as tx:
        before = next((one for one in tx.offices.all() if one.id == office.id), None)
        _check_place(tx, caller, before, office)
        tx.offices.put(office)
        details = {"parent": office.parent, "kind": office.kind, "may": sorted(office.may)}
        action = "office_changed" if before else "office_added"
        tx.audit.append(caller.id, action, office.id, details, now)
    return office


def _check_place(tx: Transaction, caller: Caller, before: OfficeRecord | None, office: OfficeRecord) -> None:
    """Let operators change what is below them; the own office only where nobody stands above it."""
    if office.id == caller.office:
        if before is None or before.parent is not None or office.parent is not None:
            raise ServiceError("not_your_office", "the own office is changed by those above it")
        return
    if (before is not None and office.id not in caller.offices) or office.parent not in caller.offices:
        raise ServiceError("not_your_office", f"{office.id} is not below {caller.office}")
    above = tx.offices.get(office.parent)
    if not set(above.may).issuperset(office.may):
        words = f"{above.id} may {', '.join(sorted(above.may)) or 'nothing'}; nobody below it may more"
        raise _field("bad_office", "may", "more_than_above", words)


def _own(tx: Transaction, caller: Caller, staff: str) -> StaffMember:
    member = next((one for one in tx.staff.all() if one.id == staff), None)
    if member is None or member.office not in caller.offices:
        # Whoever is not theirs is nobody to them.
        raise NotFound("staff_not_found", f"{staff} is not on the staff roll of {caller.office}")
    _check_reach(caller, member)
    return member


def _check_reach(caller: Caller, member: StaffMember) -> None:
    if member.role in CITY_ROLES:
        check_top(caller)


def _check_member(tx: Transaction, caller: Caller, member: StaffMember) -> None:
    if member.role not in ROLES:
        raise _field("bad_staff", "role", "unknown_role", f"a role is one of {', '.join(sorted(ROLES))}")
    _check_reach(caller, member)
    if member.office not in caller.offices:
        raise ServiceError("not_your_office", f"{member.office} is not {caller.office}, nor below it")
    tx.offices.get(member.office)
    if member.services and member.role != "department":
        raise _field("bad_staff", "services", "no_department", "only departments own services")
    if not set(Service).issuperset(member.services):
        raise _field("bad_staff", "services", "unknown_service", "there is no such service")


def _told(member: StaffMember) -> dict[str, object]:
    return {"role": member.role, "office": member.office, "services": sorted(member.services)}


def _field(reason: str, field: str, why: str, words: str) -> Explained:
    return Explained(reason, words, fields=[(field, why, words)])


def _own_account() -> ServiceError:
    return ServiceError("nobody_alone", "another operator must do this to one's own account")
