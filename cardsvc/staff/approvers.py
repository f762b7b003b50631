"""Approvers' keys: passkeys that the signer itself knows. Adding one takes two who have one already.

The service only files what is asked and carries assertions to the signer, which checks every one of them
against its own store as it is given (docs/signer.md). A request is good for minutes; asked again later, it is
made anew and the approvals so far are gone.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records import (
    ApproverRequestRecord,
    CredentialRecord,
    NotFound,
    StaffMember,
    Transaction,
)
from cardsvc.staff import passkeys
from cardsvc.staff.passkeys import Party
from keys.approvals import fingerprint_of
from keys.errors import KeysError
from keys.requests import ApproverRequest, Asked, RemovalRequest, challenge_of, decode_request
from keys.signing import Approval, Approver, ApproverKey

ADD: Final = "add"
REMOVE: Final = "remove"
#: The ceremony of a founder's passkey until the signer has it.
FOUNDING: Final = "founding"
#: How many existing approvers each kind takes.
NEEDED: Final[Mapping[str, int]] = {ADD: 2, REMOVE: 1}
#: The signer takes a request of the last ten minutes; the last one is left for the way there.
REQUEST_LIFE: Final = timedelta(minutes=9)


def key_of(credential: CredentialRecord) -> ApproverKey:
    """A passkey as the signer registers it."""
    return ApproverKey(
        base64url_to_bytes(credential.id), credential.public_key, credential.sign_count, credential.label
    )


def approval_of(staff: str, credential: Mapping[str, Any]) -> Approval:
    """The assertion of a browser as the signer takes it; raises ``passkey_refused`` for what is none."""
    try:
        response = credential["response"]
        return Approval(
            staff=staff,
            credential_id=base64url_to_bytes(credential["rawId"]),
            authenticator_data=base64url_to_bytes(response["authenticatorData"]),
            client_data=base64url_to_bytes(response["clientDataJSON"]),
            signature=base64url_to_bytes(response["signature"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise passkeys.refused("this is no assertion") from error


def approval_options(party: Party, tx: Transaction, staff: str, request: bytes) -> dict[str, Any]:
    """What the browser of an approver is asked, so that a passkey signs the request's hash."""
    return passkeys.request_options(party, challenge_of(request), tx.credentials.of(staff))


def file_addition(tx: Transaction, member: StaffMember, credential: CredentialRecord, now: datetime) -> None:
    """File that somebody's passkey waits for approvers; audited."""
    _file(tx, ADD, member.id, credential.id, credential.label, now)
    tx.audit.append(member.id, "approver_key_asked", member.id, {"credential": credential.id}, now)


def _file(tx: Transaction, kind: str, staff: str, credential: str, label: str, now: datetime) -> str:
    name = secrets.token_hex(8)
    row = ApproverRequestRecord(name, kind, staff, credential, label, b"", {}, "waiting", now)
    tx.approver_requests.add(row)
    return name


@dataclass(frozen=True, slots=True)
class ApproverKeys:
    """Who may approve, who waits for it, and how it is approved."""

    installation: ServedInstallation
    party: Party

    def known(self) -> Sequence[Approver]:
        """Every passkey that may approve now, as the signer says."""
        return self.installation.signer.approvers()

    def state_of(self, staff: str) -> str:
        """``active``, ``waiting`` or ``none``: how somebody's passkeys stand with the signer."""
        with self.installation.store.reading() as tx:
            own = {one.id for one in tx.credentials.of(staff)}
            waiting = any(one.staff == staff and one.kind == ADD for one in tx.approver_requests.waiting())
            # On its way to the signer: a founder's, under the invitation's own code.
            waiting = waiting or any(one.staff == staff for one in tx.flows.of_purpose(FOUNDING))
        active = {bytes_to_base64url(one.credential_id) for one in self.known()}
        return "active" if own & active else "waiting" if waiting else "none"

    def ask_removal(self, credential: str, by: str, now: datetime) -> str:
        """File that a key's right shall end; gives the request's id."""
        held = next(
            (one for one in self.known() if bytes_to_base64url(one.credential_id) == credential), None
        )
        if held is None:
            raise NotFound("key_not_found", "the signer knows no such key")
        with self.installation.store.transaction() as tx:
            name = _file(tx, REMOVE, held.staff, credential, held.label, now)
            tx.audit.append(by, "approver_key_removal_asked", held.staff, {"credential": credential}, now)
        return name

    def challenge(self, request: str, by: str, now: datetime) -> dict[str, Any]:
        """Options with which ``by`` approves; raises ``request_not_found``, ``nobody_alone``."""
        nonce = self.installation.nonce(by, now)
        with self.installation.store.transaction() as tx:
            waiting = tx.approver_requests.get(request)
            _check_other(waiting, by)
            if not waiting.request or waiting.made_at + REQUEST_LIFE <= now:
                asker = by if waiting.kind == REMOVE else waiting.staff
                asked = self._asked(tx, waiting, asker, nonce, now)
                waiting = replace(waiting, request=asked, approvals={}, made_at=now)
                tx.approver_requests.renew(waiting)
            return approval_options(self.party, tx, by, waiting.request)

    def approve(self, request: str, by: str, credential: Mapping[str, Any], now: datetime) -> bool:
        """Take one approval to the signer; true once there were enough and it has carried the request out."""
        given = approval_of(by, credential)
        with self.installation.store.transaction() as tx:
            waiting = tx.approver_requests.get(request)
            _check_other(waiting, by)
            known = tx.credentials.find(passkeys.id_of(credential))
            if known is None or known.staff != by:
                raise passkeys.refused("it belongs to somebody else")
            count = passkeys.check_assertion(self.party, credential, challenge_of(waiting.request), known)
            tx.credentials.used(known.id, count, now)
        try:
            done = self._carry_out(waiting, given)
        except KeysError as error:
            if error.reason == "old_request":
                # It stays too old: the next approval begins with a new request.
                with self.installation.store.transaction() as tx:
                    tx.approver_requests.renew(replace(waiting, request=b"", approvals={}))
            raise
        with self.installation.store.transaction() as tx:
            tx.approver_requests.approve(request, waiting.request, by, now)
            tx.audit.append(by, f"approver_key_{waiting.kind}_approved", waiting.staff, _told(waiting), now)
            if done:
                tx.approver_requests.close(request, "done")
                tx.audit.append(by, f"approver_key_{waiting.kind}_done", waiting.staff, _told(waiting), now)
        return done

    def _carry_out(self, waiting: ApproverRequestRecord, given: Approval) -> bool:
        if waiting.kind == ADD:
            return self.installation.signer.add_approver(waiting.request, given) is not None
        self.installation.signer.remove_approver(waiting.request, given)
        return True

    def _asked(
        self, tx: Transaction, waiting: ApproverRequestRecord, by: str, nonce: bytes, now: datetime
    ) -> bytes:
        member = tx.staff.get(waiting.staff)
        above = tuple(one.id for one in tx.offices.above(member.office)) or (member.office,)
        asked = Asked(by, above, nonce, int(now.timestamp()))
        name = base64url_to_bytes(waiting.credential)
        if waiting.kind == REMOVE:
            return RemovalRequest(asked, name).encode()
        credential = tx.credentials.find(waiting.credential)
        if credential is None:
            raise NotFound("request_not_found", "the passkey it was about no longer exists")
        return ApproverRequest(
            asked,
            staff=member.id,
            role=member.role,
            office=member.office,
            services=tuple(member.services),
            credential_id=name,
            public_key=credential.public_key,
            sign_count=credential.sign_count,
            label=credential.label,
        ).encode()


def fingerprint(tx: Transaction, waiting: ApproverRequestRecord) -> str:
    """What approvers compare with what the person's own screen shows."""
    credential = tx.credentials.find(waiting.credential)
    return "" if credential is None else fingerprint_of(credential.public_key)


def about_whom(
    waiting: ApproverRequestRecord, member: StaffMember | None, known: Sequence[Approver]
) -> ApproverRequest | Approver | StaffMember | None:
    """Where role, office and services of a request stand: in its bytes, or in the key it takes away.

    Before anybody was asked there are no bytes; then they are made from the staff roll, and a change of that
    files another request.
    """
    if waiting.kind == REMOVE:
        named = (one for one in known if bytes_to_base64url(one.credential_id) == waiting.credential)
        return next(named, member)
    asked = decode_request(waiting.request) if waiting.request else None
    return asked if isinstance(asked, ApproverRequest) else member


def _check_other(waiting: ApproverRequestRecord, by: str) -> None:
    if waiting.kind == ADD and waiting.staff == by:
        raise ServiceError("nobody_alone", "others must approve one's own key")


def _told(waiting: ApproverRequestRecord) -> dict[str, object]:
    return {"credential": waiting.credential}
