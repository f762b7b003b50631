"""Signing in and stepping up, by whichever way. Every way asks the lock-out first and tells it of failures.

A refusal is returned out of the transaction and raised after it: the failure that was counted must stay.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cardsvc.errors import ServiceError
from cardsvc.records import (
    CredentialRecord,
    FlowRecord,
    NotFound,
    SecretRecord,
    SessionRecord,
    StaffMember,
    StaffState,
    Store,
    Transaction,
    hashed,
)
from cardsvc.staff import lockout, passkeys, totp
from cardsvc.staff.passkeys import Party
from cardsvc.staff.passwords import Passwords
from cardsvc.staff.powers import PASSKEY_ROLES
from cardsvc.staff.sessions import open_session, renew

#: As long as browsers wait for a touch, and a search for the phone besides.
FLOW_LIFE: Final = timedelta(minutes=5)
_FLOW_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session was opened; ``token`` is for the cookie alone."""

    token: str
    session: SessionRecord


def begin_flow(
    tx: Transaction,
    purpose: str,
    now: datetime,
    *,
    staff: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> tuple[str, bytes]:
    """Open a ceremony of two requests: its name, and its challenge."""
    name, challenge = secrets.token_urlsafe(_FLOW_BYTES), passkeys.new_challenge()
    flow = FlowRecord(hashed(name), purpose, challenge, staff, dict(data or {}), now + FLOW_LIFE)
    tx.flows.add(flow, now)
    return name, challenge


@dataclass(frozen=True, slots=True)
class Door:
    """The ways in."""

    store: Store
    party: Party
    passwords: Passwords

    def passkey_options(self, now: datetime) -> tuple[str, dict[str, Any]]:
        """Begin a sign-in with whichever passkey the browser offers."""
        with self.store.transaction() as tx:
            name, challenge = begin_flow(tx, "sign_in", now)
        return name, passkeys.request_options(self.party, challenge, [])

    def by_passkey(self, flow: str, credential: Mapping[str, Any], address: str, now: datetime) -> SignedIn:
        """Sign in; raises ``flow_over``, ``locked_out``, ``passkey_refused``."""
        with self.store.transaction() as tx:
            begun = _take(tx, flow, "sign_in", now)
            answer: SignedIn | ServiceError
            if isinstance(begun, ServiceError):
                answer = begun
            else:
                answer = self._passkey(tx, begun, credential, address, now)
        return _or_raise(answer)

    def by_password(self, staff: str, password: str, code: str, address: str, now: datetime) -> SignedIn:
        """Sign in; raises ``locked_out``, ``too_often`` and, whatever was wrong, ``wrong_credentials``."""
        with self.store.reading() as tx:
            lockout.check_open(tx, staff, address, now, apart=_no_password_opens(tx, staff))
            secret = tx.secrets.find(staff)
        # Slow on purpose, so no transaction is open meanwhile.
        fits = self.passwords.fits(secret.password_hash if secret else None, password)
        with self.store.transaction() as tx:
            answer: SignedIn | ServiceError
            apart = _no_password_opens(tx, staff)
            try:
                lockout.check_open(tx, staff, address, now, apart=apart)
                if not (fits and secret and self._second(tx, secret, code, now) and _active(tx, staff)):
                    raise _wrong()
                check_password_allowed(tx.staff.get(staff))
                answer = admit(tx, staff, "password", now, fresh=True)
            except ServiceError as error:
                answer = _counted(tx, error, staff, address, now, apart=apart)
        return _or_raise(answer)

    def step_up_options(self, session: SessionRecord, now: datetime) -> tuple[str, dict[str, Any] | None]:
        """Begin a step-up: options for the person's passkeys, None for who signs in with codes."""
        with self.store.transaction() as tx:
            known = tx.credentials.of(session.staff)
            name, challenge = begin_flow(tx, "step_up", now, staff=session.staff)
        return name, passkeys.request_options(self.party, challenge, known) if known else None

    def step_up(
        self,
        session: SessionRecord,
        flow: str,
        credential: Mapping[str, Any] | None,
        code: str | None,
        address: str,
        now: datetime,
    ) -> SignedIn:
        """Prove once more who it is: the session goes on under a new token."""
        with self.store.transaction() as tx:
            answer: SignedIn | ServiceError
            try:
                lockout.check_open(tx, session.staff, address, now)
                begun = tx.flows.take(flow, "step_up", now)
                if begun.staff != session.staff:
                    raise passkeys.refused("this ceremony is somebody else's")
                self._prove(tx, session.staff, begun, credential, code, now)
                answer = SignedIn(*renew(tx, session, now))
                lockout.forgive(tx, session.staff)
            except NotFound as error:
                answer = ServiceError(error.reason, str(error))
            except ServiceError as error:
                answer = _counted(tx, error, session.staff, address, now)
        return _or_raise(answer)

    def _prove(
        self,
        tx: Transaction,
        staff: str,
        begun: FlowRecord,
        credential: Mapping[str, Any] | None,
        code: str | None,
        now: datetime,
    ) -> None:
        if credential is not None:
            known = self._known(tx, credential)
            if known.staff != staff:
                raise passkeys.refused("it belongs to somebody else")
            self._assert(tx, known, credential, begun.challenge, now)
            return
        secret = tx.secrets.find(staff)
        if secret is None or not self._second(tx, secret, code or "", now):
            raise _wrong()
        check_password_allowed(tx.staff.get(staff))

    def _passkey(
        self, tx: Transaction, begun: FlowRecord, credential: Mapping[str, Any], address: str, now: datetime
    ) -> SignedIn | ServiceError:
        account: str | None = None
        try:
            lockout.check_open(tx, None, address, now)
            known = self._known(tx, credential)
            account = known.staff
            lockout.check_open(tx, account, address, now)
            if not (credential.get("response") or {}).get("userHandle"):
                # Section 7.2, step 6: who has not said who it is must be told by the passkey.
                raise passkeys.refused("it does not say whose it is")
            self._assert(tx, known, credential, begun.challenge, now)
            if not _active(tx, account):
                raise passkeys.refused("the account is locked")
            return admit(tx, account, "passkey", now, fresh=True)
        except ServiceError as error:
            return _counted(tx, error, account, address, now)

    def _known(self, tx: Transaction, credential: Mapping[str, Any]) -> CredentialRecord:
        known = tx.credentials.find(passkeys.id_of(credential))
        if known is None:
            raise passkeys.refused("nobody here has it")
        return known

    def _assert(
        self,
        tx: Transaction,
        known: CredentialRecord,
        credential: Mapping[str, Any],
        challenge: bytes,
        now: datetime,
    ) -> None:
        count = passkeys.check_assertion(self.party, credential, challenge, known)
        tx.credentials.used(known.id, count, now)

    def _second(self, tx: Transaction, secret: SecretRecord, code: str, now: datetime) -> bool:
        step = totp.step_of(secret.totp, code, now)
        return step is not None and tx.secrets.use_step(secret.staff, step)


def admit(tx: Transaction, staff: str, method: str, now: datetime, *, fresh: bool) -> SignedIn:
    """Open a session for somebody who has proved who it is; audited."""
    lockout.forgive(tx, staff)
    token, session = open_session(tx, staff, method, now, fresh=fresh)
    tx.audit.append(staff, "signed_in", staff, {"with": method}, now)
    return SignedIn(token, session)


def check_password_allowed(member: StaffMember) -> None:
    """Refuse a password, or a code alone, of somebody whose role wants a passkey (``passkey_needed``)."""
    if member.role in PASSKEY_ROLES:
        raise ServiceError("passkey_needed", f"for {member.role} a passkey is needed, no password")


def member_or_none(tx: Transaction, staff: str) -> StaffMember | None:
    """The member of that id, if there is one."""
    try:
        return tx.staff.get(staff)
    except NotFound:
        return None


def _no_password_opens(tx: Transaction, staff: str) -> bool:
    member = member_or_none(tx, staff)
    return member is not None and member.role in PASSKEY_ROLES


def _active(tx: Transaction, staff: str) -> bool:
    member = member_or_none(tx, staff)
    return member is not None and member.state is StaffState.ACTIVE


def _take(tx: Transaction, flow: str, purpose: str, now: datetime) -> FlowRecord | ServiceError:
    try:
        return tx.flows.take(flow, purpose, now)
    except NotFound as error:
        return ServiceError(error.reason, str(error))


def _counted(
    tx: Transaction,
    error: ServiceError,
    account: str | None,
    address: str,
    now: datetime,
    *,
    apart: bool = False,
) -> ServiceError:
    if error.reason != "locked_out":
        lockout.count_failure(tx, account, address, now, apart=apart)
    return error


def _or_raise(answer: SignedIn | ServiceError) -> SignedIn:
    if isinstance(answer, ServiceError):
        raise answer
    return answer


def _wrong() -> ServiceError:
    return ServiceError("wrong_credentials", "the name, the password or the code is wrong")
