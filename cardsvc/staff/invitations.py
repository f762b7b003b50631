"""Invitations: how a person gets a first way to sign in, and after a loss a new one.

A new invitation for somebody who had ways in ends them at once, with all sessions: the lost phone opens
nothing any more. The code is used up in the transaction that records what was made with it.
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records import (
    InvitationRecord,
    NotFound,
    SecretRecord,
    StaffMember,
    StaffState,
    Transaction,
    hashed,
)
from cardsvc.staff import approvers, founding, lockout, passkeys, totp
from cardsvc.staff.passkeys import Party
from cardsvc.staff.passwords import Passwords
from cardsvc.staff.powers import KEYED_ROLES
from cardsvc.staff.signin import SignedIn, admit, begin_flow, check_password_allowed

#: Over a weekend.
INVITATION_LIFE: Final = timedelta(days=4)
_CODE_BYTES: Final = 20
#: Where a person begins, on the service's own address.
PATH: Final = "/desk#/invitation/"


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation; the code is shown once and stored nowhere."""

    code: str
    expires: datetime


def invite(
    tx: Transaction, staff: str, by: str, now: datetime, *, code: str | None = None, founder: bool = False
) -> Invited:
    """Invite somebody; whoever had ways to sign in has none from now on. Audited.

    ``code`` is given where the signer knows it too, as a founder's.
    """
    member = tx.staff.get(staff)
    ended = {
        "sessions": tx.sessions.end_all(staff),
        "passkeys": tx.credentials.remove_all(staff),
        "passwords": tx.secrets.remove(staff),
    }
    tx.approver_requests.drop_of(staff)
    tx.flows.drop_of(staff)
    lockout.forgive(tx, staff)
    invited = Invited(code or secrets.token_urlsafe(_CODE_BYTES), now + INVITATION_LIFE)
    tx.invitations.add(
        InvitationRecord(hashed(invited.code), staff, founder, by, now, invited.expires, used_at=None)
    )
    again = any(ended.values())
    tx.audit.append(by, "recovered" if again else "invited", member.id, ended, now)
    return invited


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Taking an invitation up."""

    installation: ServedInstallation
    party: Party
    passwords: Passwords

    def look(self, code: str, address: str, now: datetime) -> tuple[InvitationRecord, StaffMember]:
        """Whose invitation it is; raises ``invitation_over`` and counts codes that are none."""
        with self.installation.store.reading() as tx:
            lockout.check_open(tx, None, address, now)
            found = _valid(tx, code, now)
        if found is not None:
            return found
        with self.installation.store.transaction() as tx:
            lockout.count_failure(tx, None, address, now)
        raise _over()

    def passkey_options(self, code: str, address: str, now: datetime) -> tuple[str, dict[str, Any]]:
        """Begin to make a passkey."""
        self.look(code, address, now)
        handle = passkeys.new_handle()
        with self.installation.store.transaction() as tx:
            _, member = _still(tx, code, now)
            known = tx.credentials.of(member.id)
            data = {"handle": b64encode(handle).decode()}
            name, challenge = begin_flow(tx, "enrol_passkey", now, staff=member.id, data=data)
        return name, passkeys.creation_options(self.party, member, handle, challenge, known)

    def by_passkey(
        self, code: str, flow: str, credential: Mapping[str, Any], label: str, address: str, now: datetime
    ) -> SignedIn:
        """Record the passkey and sign in; an approver's goes to the signer, or waits for those who may."""
        self.look(code, address, now)
        with self.installation.store.transaction() as tx:
            invitation, member = _still(tx, code, now)
            begun = tx.flows.take(flow, "enrol_passkey", now)
            if begun.staff != member.id:
                raise passkeys.refused("this ceremony is somebody else's")
            made = passkeys.check_creation(
                self.party,
                credential,
                begun.challenge,
                staff=member.id,
                handle=b64decode(begun.data["handle"]),
                label=label,
                now=now,
            )
            self._use(tx, invitation, "passkey", now)
            tx.credentials.add(made)
            if member.role in KEYED_ROLES:
                if invitation.founder and member.role == "approver":
                    founding.begin(tx, member, made, code, now)
                else:
                    approvers.file_addition(tx, member, made, now)
            signed = admit(tx, member.id, "passkey", now, fresh=True)
            begun_now = tx.flows.of_purpose(approvers.FOUNDING)
        # Nobody waits for the records while the signer is told; who is not told now is told by the job.
        for one in begun_now:
            if one.staff == member.id:
                founding.finish(self.installation, one, now)
        return signed

    def begin_password(self, code: str, password: str, address: str, now: datetime) -> tuple[str, str, str]:
        """Take a password and give a second factor: the flow, its address and its picture."""
        _, member = self.look(code, address, now)
        check_password_allowed(member)
        stored = self.passwords.make(password, member.id)
        secret = totp.new_secret()
        with self.installation.store.transaction() as tx:
            _still(tx, code, now)
            sealed = tx.secrets.sealed_pending(member.id, stored, secret)
            name, _ = begin_flow(tx, "enrol_password", now, staff=member.id, data=sealed)
        return name, *totp.provisioning(secret, member.id, self.party.name)

    def confirm_password(self, code: str, flow: str, digits: str, address: str, now: datetime) -> SignedIn:
        """Record both once a code proves that the second factor was taken over, and sign in."""
        self.look(code, address, now)
        with self.installation.store.transaction() as tx:
            invitation, member = _still(tx, code, now)
            check_password_allowed(member)
            begun = tx.flows.find(flow, "enrol_password", now)
            if begun.staff != member.id:
                raise passkeys.refused("this ceremony is somebody else's")
            stored, secret = tx.secrets.open_pending(member.id, begun.data)
            step = totp.step_of(secret, digits, now)
            if step is not None:
                tx.flows.take(flow, "enrol_password", now)
                self._use(tx, invitation, "password", now)
                tx.secrets.put(SecretRecord(member.id, stored, secret, step), now)
                return admit(tx, member.id, "password", now, fresh=True)
            lockout.check_open(tx, member.id, address, now)
            lockout.count_failure(tx, member.id, address, now)
        raise ServiceError("wrong_credentials", "the code does not fit; look at the authenticator again")

    def _use(self, tx: Transaction, invitation: InvitationRecord, method: str, now: datetime) -> None:
        if not tx.invitations.use(invitation.id, now):
            raise _over()
        tx.audit.append(invitation.staff, "enrolled", invitation.staff, {"with": method}, now)


def _valid(tx: Transaction, code: str, now: datetime) -> tuple[InvitationRecord, StaffMember] | None:
    found = tx.invitations.find(code)
    if found is None or found.used_at is not None or found.expires_at <= now:
        return None
    try:
        member = tx.staff.get(found.staff)
    except NotFound:
        return None
    return (found, member) if member.state is StaffState.ACTIVE else None


def _still(tx: Transaction, code: str, now: datetime) -> tuple[InvitationRecord, StaffMember]:
    found = _valid(tx, code, now)
    if found is None:
        raise _over()
    return found


def _over() -> ServiceError:
    words = "this invitation was used, is too old, or never was: ask an operator for another"
    return ServiceError("invitation_over", words)
