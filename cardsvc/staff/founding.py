"""Founders: how the passkeys of the first approvers reach the signer, whatever stops on the way.

The passkey and that it shall found are recorded together, in one transaction; only then the signer is told,
and told again until it answers. Its answer to the same code and the same passkey is always the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cardsvc.installation import ServedInstallation
from cardsvc.records import (
    CredentialRecord,
    FlowRecord,
    NotFound,
    StaffMember,
    StaffState,
    Transaction,
    hashed,
)
from cardsvc.staff.approvers import FOUNDING, file_addition, key_of
from keys.errors import KeysError

#: A signer that is away longer than this has forgotten nothing, but the console gives a new code by then.
LIFE: Final = timedelta(days=30)
#: The signer could not be asked, or could not write: it is told again.
UNREACHED: Final = frozenset({"signer_away", "bad_frame", "ledger_busy", "disk_full", "ledger_failed"})


def begin(
    tx: Transaction, member: StaffMember, credential: CredentialRecord, code: str, now: datetime
) -> None:
    """Record that a founder's passkey shall go to the signer; the code is sealed until it has."""
    data = {"credential": credential.id, **tx.secrets.seal_code(member.id, code)}
    tx.flows.add(FlowRecord(hashed(code), FOUNDING, b"", member.id, data, now + LIFE), now)


def under_way(tx: Transaction, staff: str) -> bool:
    """Whether somebody's passkey is on its way to the signer."""
    return any(one.staff == staff for one in tx.flows.of_purpose(FOUNDING))


def open_founder(tx: Transaction, member: StaffMember) -> bool:
    """Whether the member has a founding code that a new invitation would spoil."""
    if member.role != "approver":
        return False
    return member.id in tx.invitations.founders() or under_way(tx, member.id)


def finish(installation: ServedInstallation, begun: FlowRecord, now: datetime) -> bool:
    """Tell the signer; false where nothing came of it yet.

    A passkey that the signer refuses for good waits for two approvers, as everybody's else.
    """
    with installation.store.reading() as tx:
        member, credential = _whose(tx, begun)
        if member is None or credential is None:
            return False
        code = tx.secrets.open_code(member.id, begun.data)
    founded = True
    try:
        installation.signer.found_approver(code, key_of(credential))
    except KeysError as error:
        if error.reason in UNREACHED:
            return False
        founded = False
    with installation.store.transaction() as tx:
        if not tx.flows.end(begun.id):
            return False
        if founded:
            details = {"credential": credential.id}
            tx.audit.append(member.id, "approver_key_founded", member.id, details, now)
        else:
            file_addition(tx, member, credential, now)
    return True


@dataclass(frozen=True, slots=True)
class Founding:
    """The work that goes on where a signer was away or a process died."""

    installation: ServedInstallation
    clock: Callable[[], datetime]

    def step(self) -> bool:
        """Tell the signer of every passkey that it has not confirmed; true if one came through."""
        with self.installation.store.reading() as tx:
            waiting = tx.flows.of_purpose(FOUNDING)
        return any(finish(self.installation, one, self.clock()) for one in waiting)


def _whose(tx: Transaction, begun: FlowRecord) -> tuple[StaffMember | None, CredentialRecord | None]:
    try:
        member = tx.staff.get(begun.staff or "")
    except NotFound:
        return None, None
    credential = tx.credentials.find(begun.data["credential"])
    return (member if member.state is StaffState.ACTIVE else None), credential
