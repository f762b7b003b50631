"""Who may approve, and whether somebody did: passkeys and WebAuthn assertions, checked by the signer itself.

An assertion counts if its challenge is the request's hash, its type, origin and relying party are ours, the
person was there and was verified, the counter rose, and the signature is that of a passkey in the signer's
own store (WebAuthn level 3, section 7.2). Who the passkey belongs to, and what that person may approve, is
said by the same store; nothing of it comes with the request.
"""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes
from typing import Final
from urllib.parse import urlsplit

from webauthn import verify_authentication_response
from webauthn.helpers import (
    bytes_to_base64url,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse

from keys.errors import KeysError
from keys.requests import NONCE_BYTES, Asked, challenge_of
from keys.signing import Approval, Approver, ApproverKey

APPROVER: Final = "approver"
DEPARTMENT: Final = "department"
#: How long a person may take over an approval, a sample of the cards opened first.
NONCE_LIFE_S: Final = 600
#: More open requests than desks there are; beyond it somebody floods the signer.
MAX_NONCES: Final = 10_000
#: Taking a key away must leave two people, or nobody could ever be added again.
MIN_APPROVERS: Final = 2
_ALGORITHMS: Final = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,  # what TPMs of Windows Hello make
)
_COLUMNS: Final = "credential, staff, role, office, services, public_key, sign_count, label, since"


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whose assertions count: host name and origin of the installation's address."""

    id: str
    origin: str

    @classmethod
    def of(cls, public_url: str) -> "RelyingParty":
        """The relying party of an address such as ``https://card.example.org``."""
        parts = urlsplit(public_url)
        host, usual = parts.hostname or "", {"http": 80, "https": 443}.get(parts.scheme)
        port = "" if parts.port in (None, usual) else f":{parts.port}"
        return cls(host, f"{parts.scheme}://{host}{port}")


@dataclass(frozen=True, slots=True)
class Known:
    """A registered passkey with what its assertions are checked against."""

    approver: Approver
    public_key: bytes
    sign_count: int


def draw_nonce(db: sqlite3.Connection, now: int) -> bytes:
    """Give a nonce for one request; those nobody used leave. Raises ``too_many_requests``."""
    db.execute("DELETE FROM nonce WHERE expires < ?", (now,))
    (open_now,) = db.execute("SELECT count(*) FROM nonce").fetchone()
    if open_now >= MAX_NONCES:
        raise KeysError("too_many_requests", f"{open_now} requests wait for approval; try again later")
    nonce = token_bytes(NONCE_BYTES)
    db.execute("INSERT INTO nonce VALUES (?, ?)", (nonce, now + NONCE_LIFE_S))
    return nonce


def use_nonce(db: sqlite3.Connection, asked: Asked, now: int) -> None:
    """Use the request's nonce up; raises ``old_request`` for one that is not of now."""
    check_age(asked, now)
    used = db.execute("DELETE FROM nonce WHERE nonce = ? AND expires >= ?", (asked.nonce, now))
    if used.rowcount != 1:
        raise KeysError("old_request", "the request's nonce was used before, is too old, or was never given")


def check_age(asked: Asked, now: int) -> None:
    """Take requests of the last minutes alone; raises ``old_request``."""
    if not now - NONCE_LIFE_S <= asked.made_at <= now + 60:
        raise KeysError("old_request", f"the request was made at {asked.made_at}, and it is {now}; ask again")


def check_approval(
    db: sqlite3.Connection, request: bytes, approval: Approval, party: RelyingParty
) -> Approver:
    """See that the assertion approves these bytes; gives whose it is, by the signer's own store.

    Raises ``unknown_approver``, ``wrong_approver``, ``bad_approval``. The counter is kept.
    """
    known = _find(db, approval.credential_id)
    if known.approver.staff != approval.staff:
        raise KeysError("wrong_approver", f"this passkey is not {approval.staff}'s")
    try:
        if json.loads(approval.client_data).get("crossOrigin", False) is not False:
            raise KeysError("bad_approval", "the assertion was made inside a page of another origin")
        verified = verify_authentication_response(
            credential=_credential(approval),
            expected_challenge=challenge_of(request),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    # Malformed client data and signatures surface as the last three.
    except (WebAuthnException, ValueError, AttributeError, TypeError) as error:
        raise KeysError("bad_approval", f"the assertion does not approve this request: {error}") from error
    change = "UPDATE approver SET sign_count = ? WHERE credential = ?"
    db.execute(change, (verified.new_sign_count, approval.credential_id))
    return known.approver


def second(db: sqlite3.Connection, request: bytes, approver: Approver, now: int) -> list[Approver]:
    """Note that somebody approved a request which takes several; gives all who did and still may.

    Noted when it is given: the assertion's counter is behind once the same passkey signed anything else.
    """
    row = (challenge_of(request), approver.staff, approver.credential_id, now)
    db.execute("INSERT OR REPLACE INTO seconded VALUES (?, ?, ?, ?)", row)
    rows = db.execute(
        "SELECT credential FROM seconded JOIN approver USING (credential)"
        " WHERE request = ? AND removed IS NULL ORDER BY seconded.staff",
        (challenge_of(request),),
    )
    return [find(db, credential) for (credential,) in rows.fetchall()]


def is_seconded(db: sqlite3.Connection, request: bytes, now: int) -> bool:
    """Whether somebody approved this request in the last minutes; older ones leave."""
    db.execute("DELETE FROM seconded WHERE at < ?", (now - NONCE_LIFE_S,))
    query = "SELECT 1 FROM seconded WHERE request = ?"
    return db.execute(query, (challenge_of(request),)).fetchone() is not None


def check_role(approver: Approver, asked: Asked) -> None:
    """Let an approver approve what another person of the office, or of one below it, submitted.

    Raises ``not_your_role``, ``same_person_approves``, ``not_your_office``.
    """
    check_approver(approver)
    if approver.staff == asked.submitter:
        words = f"{asked.submitter} cannot approve what {asked.submitter} submitted; another person must"
        raise KeysError("same_person_approves", words)
    if approver.office not in asked.offices:
        words = f"{approver.staff} approves for {approver.office}, not for {asked.offices[0]}"
        raise KeysError("not_your_office", words)


def check_approver(approver: Approver) -> None:
    """Let only approvers decide who else may approve; raises ``not_your_role``."""
    if approver.role != APPROVER:
        raise KeysError("not_your_role", f"{approver.staff} is {approver.role}, not an approver")


def find(db: sqlite3.Connection, credential_id: bytes) -> Approver:
    """Whose passkey that is; raises ``unknown_approver``."""
    return _find(db, credential_id).approver


def check_owner(approver: Approver, service: int) -> None:
    """Let only the department that owns a service grant it; raises ``not_your_service``."""
    if approver.role != DEPARTMENT or service not in approver.services:
        raise KeysError("not_your_service", f"{approver.staff} does not own service {service}")


def approvers(db: sqlite3.Connection) -> list[Approver]:
    """Every passkey that may approve now, oldest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM approver WHERE removed IS NULL ORDER BY since, staff, credential"  # noqa: S608 - the columns are this module's own words
    )
    return [_known(row).approver for row in rows]


def register(
    db: sqlite3.Connection,
    key: ApproverKey,
    *,
    staff: str,
    role: str,
    office: str,
    services: Collection[int],
    now: int,
) -> Approver:
    """Put a passkey into the store; raises ``bad_approver_key``, ``credential_in_use``, ``unknown_role``."""
    if role not in (APPROVER, DEPARTMENT):
        raise KeysError("unknown_role", f"an approver or a department was expected, {role!r} came")
    check_key(key)
    row = (
        *(key.credential_id, staff, role, office, json.dumps(sorted(services))),
        *(key.public_key, key.sign_count, key.label, now),
    )
    try:
        db.execute(f"INSERT INTO approver ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - the columns are this module's own words
    except sqlite3.IntegrityError as error:
        words = "this passkey is or was registered already; take another one"
        raise KeysError("credential_in_use", words) from error
    return _known(row).approver


def registered(db: sqlite3.Connection, key: ApproverKey) -> Approver | None:
    """Whose this very key is, credential and public half; None where it is nobody's now."""
    try:
        known = _find(db, key.credential_id)
    except KeysError:
        return None
    return known.approver if known.public_key == key.public_key else None


def remove(db: sqlite3.Connection, credential_id: bytes, now: int) -> Approver:
    """Take a passkey out of the store, for ever; raises ``unknown_approver``, ``too_few_approvers``."""
    gone = _find(db, credential_id).approver
    left = {one.staff for one in approvers(db) if one.credential_id != credential_id and one.role == APPROVER}
    if gone.role == APPROVER and len(left) < MIN_APPROVERS:
        words = f"{MIN_APPROVERS} people must stay who can approve; register another one first"
        raise KeysError("too_few_approvers", words)
    db.execute("UPDATE approver SET removed = ? WHERE credential = ?", (now, credential_id))
    return gone


def check_key(key: ApproverKey) -> None:
    """See that the public half is a key which assertions can be checked with (``bad_approver_key``)."""
    try:
        public = decode_credential_public_key(key.public_key)
        sound = public.alg in _ALGORITHMS
        decoded_public_key_to_cryptography(public)
    # The library takes what it reads for a map with all members: other forms surface as the last ones.
    except (WebAuthnException, ValueError, TypeError, AttributeError, LookupError) as error:
        raise KeysError("bad_approver_key", f"the passkey's public half cannot be read: {error}") from error
    if not sound:
        raise KeysError("bad_approver_key", f"an ES256, EdDSA or RS256 key was expected, not {public.alg}")


def fingerprint_of(public_key: bytes) -> str:
    """What two people read to each other: the first ten bytes of the key's SHA-256, in groups of four."""
    digits = sha256(public_key).hexdigest()[:20]
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _find(db: sqlite3.Connection, credential_id: bytes) -> Known:
    query = f"SELECT {_COLUMNS} FROM approver WHERE credential = ? AND removed IS NULL"  # noqa: S608 - the columns are this module's own words
    row = db.execute(query, (credential_id,)).fetchone()
    if row is None:
        raise KeysError("unknown_approver", "this passkey may not approve anything: it is not registered")
    return _known(row)


def _known(row: tuple[bytes, str, str, str, str, bytes, int, str, int]) -> Known:
    credential, staff, role, office, services, public_key, sign_count, label, since = row
    named = Approver(
        staff,
        role,
        office,
        tuple(json.loads(services)),
        credential,
        label,
        fingerprint_of(public_key),
        since,
    )
    return Known(named, public_key, sign_count)


def _credential(approval: Approval) -> AuthenticationCredential:
    return AuthenticationCredential(
        id=bytes_to_base64url(approval.credential_id),
        raw_id=approval.credential_id,
        response=AuthenticatorAssertionResponse(
            client_data_json=approval.client_data,
            authenticator_data=approval.authenticator_data,
            signature=approval.signature,
        ),
    )
