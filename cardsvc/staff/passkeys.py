"""Passkeys: what the browser is asked, and every check of what it answers (WebAuthn level 3, section 7).

A passkey verifies its owner each time (a finger, a face, a PIN), belongs to one member of staff, and counts
its uses. Which algorithms may be used is the signer's list too: an approver has one passkey for both.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cardsvc.errors import ServiceError
from cardsvc.records import CredentialRecord, StaffMember

CHALLENGE_BYTES: Final = 32
#: WebAuthn level 3, section 5.4.3: at most 64 random bytes that say nothing about the person.
HANDLE_BYTES: Final = 32
ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_MALFORMED: Final = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)


@dataclass(frozen=True, slots=True)
class Party:
    """For whom passkeys are made: the host, and the origin that pages show."""

    rp_id: str
    origin: str
    name: str


def new_challenge() -> bytes:
    """A challenge that nobody has seen."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def new_handle() -> bytes:
    """A name for somebody's account that authenticators keep."""
    return secrets.token_bytes(HANDLE_BYTES)


def creation_options(
    party: Party, member: StaffMember, handle: bytes, challenge: bytes, known: Sequence[CredentialRecord]
) -> dict[str, Any]:
    """``PublicKeyCredentialCreationOptionsJSON``: a discoverable passkey that verifies its owner."""
    options = generate_registration_options(
        rp_id=party.rp_id,
        rp_name=party.name,
        user_name=member.id,
        user_id=handle,
        user_display_name=member.name or member.id,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
        supported_pub_key_algs=ALGORITHMS,
    )
    return _plain(options_to_json(options))


def request_options(party: Party, challenge: bytes, known: Sequence[CredentialRecord]) -> dict[str, Any]:
    """``PublicKeyCredentialRequestOptionsJSON``; without ``known`` passkeys the browser offers its own."""
    options = generate_authentication_options(
        rp_id=party.rp_id,
        challenge=challenge,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _plain(options_to_json(options))


def check_creation(
    party: Party,
    credential: Mapping[str, Any],
    challenge: bytes,
    *,
    staff: str,
    handle: bytes,
    label: str,
    now: datetime,
) -> CredentialRecord:
    """The new passkey (section 7.1); raises ``passkey_refused``."""
    try:
        _own_page(credential)
        made = verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except _MALFORMED as error:
        raise _refused(error) from error
    name = bytes_to_base64url(made.credential_id)
    return CredentialRecord(
        name, staff, handle, made.credential_public_key, made.sign_count, label, now, used_at=None
    )


def check_assertion(
    party: Party, credential: Mapping[str, Any], challenge: bytes, known: CredentialRecord
) -> int:
    """The passkey's new counter, once it has proved its owner (section 7.2); raises ``passkey_refused``."""
    try:
        _own_page(credential)
        handle = credential["response"].get("userHandle")
        if handle is not None and base64url_to_bytes(handle) != known.user_handle:
            raise ValueError("the passkey names another account")
        proved = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise _refused(error) from error
    if bytes_to_base64url(proved.credential_id) != known.id:
        raise _refused(ValueError("another passkey answered"))
    return proved.new_sign_count


def id_of(credential: Mapping[str, Any]) -> str:
    """The id that a credential claims to have, as it is stored."""
    name = credential.get("id")
    return name if isinstance(name, str) else ""


def refused(words: str) -> ServiceError:
    """The one refusal of every failed check."""
    return ServiceError("passkey_refused", f"the passkey does not prove it: {words}")


def _refused(error: Exception) -> ServiceError:
    return refused(str(error) or type(error).__name__)


def _own_page(credential: Mapping[str, Any]) -> None:
    # Section 7.2, step 13: a frame of somebody else's page is not ours, whatever origin it has.
    client = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
    if client.get("crossOrigin", False) is not False or "topOrigin" in client:
        raise ValueError("it was asked for inside a page of another origin")


def _descriptors(known: Sequence[CredentialRecord]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.id)) for one in known]


def _plain(text: str) -> dict[str, Any]:
    options: dict[str, Any] = json.loads(text)
    return options
