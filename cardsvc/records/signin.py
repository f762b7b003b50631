"""What is kept of the ways people sign in: passkeys, passwords, invitations, open ceremonies, failures."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, insert, select, update

from cardsvc.records import sealing
from cardsvc.records.errors import NotFound, RecordsError
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.sealing import RecordKeys
from cardsvc.records.staff_tables import ATTEMPT, CREDENTIAL, FLOW, INVITATION, SECRET


def hashed(token: str) -> bytes:
    """What is stored of a random token of 128 bits or more: it cannot be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """A passkey: ``id`` in base64url, ``public_key`` as a COSE key."""

    id: str
    staff: str
    user_handle: bytes
    public_key: bytes
    sign_count: int
    label: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecretRecord:
    """A password's hash, the opened TOTP secret, and the last time step that was used."""

    staff: str
    password_hash: str
    totp: bytes
    totp_step: int


@dataclass(frozen=True, slots=True)
class InvitationRecord:
    """An invitation; ``id`` is the hash of its code."""

    id: bytes
    staff: str
    founder: bool
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class FlowRecord:
    """A ceremony under way; ``id`` is the hash of its name."""

    id: bytes
    purpose: str
    challenge: bytes
    staff: str | None
    data: Mapping[str, Any]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """Failures of one account or address since an instant."""

    id: bytes
    failures: int
    since: datetime
    locked_until: datetime | None


class Credentials:
    """Passkeys."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, credential: CredentialRecord) -> None:
        """Record a passkey; raises ``credential_in_use``."""
        self._link.run(insert(CREDENTIAL), [values_of(credential)])

    def find(self, credential: str) -> CredentialRecord | None:
        """The passkey of that id, if anybody has it."""
        row = self._link.first(select(CREDENTIAL).where(CREDENTIAL.c.id == credential))
        return None if row is None else record(CredentialRecord, row)

    def of(self, staff: str) -> list[CredentialRecord]:
        """Somebody's passkeys, oldest first."""
        mine = select(CREDENTIAL).where(CREDENTIAL.c.staff == staff).order_by(CREDENTIAL.c.created_at)
        return [record(CredentialRecord, row) for row in self._link.all(mine)]

    def holders(self) -> frozenset[str]:
        """Who has a passkey."""
        return frozenset(row["staff"] for row in self._link.all(select(CREDENTIAL.c.staff).distinct()))

    def used(self, credential: str, sign_count: int, now: datetime) -> None:
        """Remember the counter that was seen."""
        change = update(CREDENTIAL).where(CREDENTIAL.c.id == credential)
        self._link.run(change.values(sign_count=sign_count, used_at=now))

    def remove_all(self, staff: str) -> int:
        """Forget somebody's passkeys; returns how many."""
        return self._link.run(delete(CREDENTIAL).where(CREDENTIAL.c.staff == staff))


class Secrets:
    """Passwords and second factors."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Work inside the transaction of ``link``; TOTP secrets are sealed with ``keys``."""
        self._link = link
        self._keys = keys

    def put(self, secret: SecretRecord, now: datetime) -> None:
        """Record somebody's password and second factor in place of those before."""
        self.remove(secret.staff)
        cipher = AESGCM(self._keys.master[self._keys.current])
        row = {
            "staff": secret.staff,
            "password_hash": secret.password_hash,
            "totp": sealing.seal(cipher, secret.totp, "secret", "totp", secret.staff),
            "key_version": self._keys.current,
            "totp_step": secret.totp_step,
            "changed_at": now,
        }
        self._link.run(insert(SECRET), [row])

    def find(self, staff: str) -> SecretRecord | None:
        """Somebody's, if there is one."""
        row = self._link.first(select(SECRET).where(SECRET.c.staff == staff))
        if row is None:
            return None
        master = self._keys.master.get(row["key_version"])
        if master is None:
            words = (
                f"a second factor needs the master key of version {row['key_version']}, which was not given"
            )
            raise RecordsError("master_key_missing", words)
        totp = sealing.unseal(AESGCM(master), row["totp"], "secret", "totp", staff)
        return SecretRecord(staff, row["password_hash"], totp, row["totp_step"])

    def sealed_pending(self, staff: str, password_hash: str, totp: bytes) -> dict[str, Any]:
        """What a ceremony keeps until the second factor is confirmed, sealed."""
        cipher = AESGCM(self._keys.master[self._keys.current])
        sealed = sealing.seal(cipher, totp, "flow", "totp", staff)
        return {"password": password_hash, "totp": sealed.hex(), "version": self._keys.current}

    def open_pending(self, staff: str, data: Mapping[str, Any]) -> tuple[str, bytes]:
        """The inverse of :meth:`sealed_pending`: the password's hash and the opened secret."""
        cipher = AESGCM(self._keys.master[data["version"]])
        return data["password"], sealing.unseal(cipher, bytes.fromhex(data["totp"]), "flow", "totp", staff)

    def seal_code(self, staff: str, code: str) -> dict[str, Any]:
        """A founder's code as it is kept until the signer has taken it, sealed."""
        cipher = AESGCM(self._keys.master[self._keys.current])
        sealed = sealing.seal(cipher, code.encode(), "flow", "code", staff)
        return {"code": sealed.hex(), "version": self._keys.current}

    def open_code(self, staff: str, data: Mapping[str, Any]) -> str:
        """The inverse of :meth:`seal_code`."""
        cipher = AESGCM(self._keys.master[data["version"]])
        return sealing.unseal(cipher, bytes.fromhex(data["code"]), "flow", "code", staff).decode()

    def use_step(self, staff: str, step: int) -> bool:
        """Use a time step up; false if it, or a later one, was used before."""
        unused = (SECRET.c.staff == staff) & (SECRET.c.totp_step < step)
        return self._link.run(update(SECRET).where(unused).values(totp_step=step)) == 1

    def remove(self, staff: str) -> int:
        """Forget somebody's; returns how many."""
        return self._link.run(delete(SECRET).where(SECRET.c.staff == staff))

    def holders(self) -> frozenset[str]:
        """Who has a password."""
        return frozenset(row["staff"] for row in self._link.all(select(SECRET.c.staff)))


class Invitations:
    """One-time codes."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, invitation: InvitationRecord) -> None:
        """Record an invitation; those before it for the same person end."""
        earlier = (INVITATION.c.staff == invitation.staff) & INVITATION.c.used_at.is_(None)
        self._link.run(delete(INVITATION).where(earlier))
        self._link.run(insert(INVITATION), [values_of(invitation)])

    def find(self, code: str) -> InvitationRecord | None:
        """The invitation of a code, used or not."""
        row = self._link.first(select(INVITATION).where(INVITATION.c.id == hashed(code)))
        return None if row is None else record(InvitationRecord, row)

    def use(self, invitation: bytes, now: datetime) -> bool:
        """Use it up; false if it was used before."""
        unused = (INVITATION.c.id == invitation) & INVITATION.c.used_at.is_(None)
        return self._link.run(update(INVITATION).where(unused).values(used_at=now)) == 1

    def founders(self) -> frozenset[str]:
        """Founders whose invitation was never used, however old it is."""
        unused = INVITATION.c.used_at.is_(None) & INVITATION.c.founder
        return frozenset(row["staff"] for row in self._link.all(select(INVITATION.c.staff).where(unused)))

    def waiting(self, now: datetime) -> frozenset[str]:
        """Who has an invitation that still works."""
        valid = INVITATION.c.used_at.is_(None) & (INVITATION.c.expires_at > now)
        return frozenset(row["staff"] for row in self._link.all(select(INVITATION.c.staff).where(valid)))


class Flows:
    """Ceremonies between their two requests."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, flow: FlowRecord, now: datetime) -> None:
        """Remember a ceremony, and forget those whose time is over."""
        self._link.run(delete(FLOW).where(FLOW.c.expires_at <= now))
        self._link.run(insert(FLOW), [values_of(flow) | {"data": dict(flow.data)}])

    def find(self, name: str, purpose: str, now: datetime) -> FlowRecord:
        """The ceremony; raises ``flow_over`` where it is unknown, used or too old."""
        own = (FLOW.c.id == hashed(name)) & (FLOW.c.purpose == purpose)
        row = self._link.first(select(FLOW).where(own))
        if row is None or row["expires_at"] <= now:
            raise NotFound("flow_over", "this took too long or was done before: begin again")
        return record(FlowRecord, row)

    def take(self, name: str, purpose: str, now: datetime) -> FlowRecord:
        """The ceremony, used up by this: no second answer to one challenge is ever looked at."""
        found = self.find(name, purpose, now)
        self.end(found.id)
        return found

    def end(self, flow: bytes) -> bool:
        """Forget a ceremony; false if there is none of that id any more."""
        return self._link.run(delete(FLOW).where(FLOW.c.id == flow)) == 1

    def of_purpose(self, purpose: str) -> list[FlowRecord]:
        """Every ceremony for that purpose, the one that ends first before others."""
        rows = select(FLOW).where(FLOW.c.purpose == purpose).order_by(FLOW.c.expires_at)
        return [record(FlowRecord, row) for row in self._link.all(rows)]

    def drop_of(self, staff: str) -> None:
        """Forget somebody's ceremonies: what they were for has changed."""
        self._link.run(delete(FLOW).where(FLOW.c.staff == staff))


class Attempts:
    """Failed sign-ins, counted under a keyed hash of who or where."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Work inside the transaction of ``link``; names and addresses are hashed with ``keys``."""
        self._link = link
        self._keys = keys

    def get(self, kind: str, whose: str) -> AttemptRecord | None:
        """What was counted of an account or an address."""
        row = self._link.first(select(ATTEMPT).where(ATTEMPT.c.id == self._id(kind, whose)))
        return None if row is None else record(AttemptRecord, row)

    def put(
        self, kind: str, whose: str, failures: int, since: datetime, locked_until: datetime | None
    ) -> None:
        """Record what was counted."""
        self.clear(kind, whose)
        row = AttemptRecord(self._id(kind, whose), failures, since, locked_until)
        self._link.run(insert(ATTEMPT), [values_of(row)])

    def clear(self, kind: str, whose: str) -> None:
        """Begin to count anew."""
        self._link.run(delete(ATTEMPT).where(ATTEMPT.c.id == self._id(kind, whose)))

    def forget(self, before: datetime) -> int:
        """Forget what began before an instant and locks nobody any more; returns how many."""
        old = (ATTEMPT.c.since < before) & (
            ATTEMPT.c.locked_until.is_(None) | (ATTEMPT.c.locked_until < before)
        )
        return self._link.run(delete(ATTEMPT).where(old))

    def _id(self, kind: str, whose: str) -> bytes:
        return sealing.attempt_index(self._keys, kind, whose)
