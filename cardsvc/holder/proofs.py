"""How a phone's proof comes over the wire."""

import base64
import binascii
from typing import Annotated

from pydantic import Field, StringConstraints

from cardsvc.errors import ServiceError
from cardsvc.http.bodies import Body
from keys.signing import TokenProof

#: A point, a nonce or a signature in base64url without padding: none is longer.
Bytes64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")]
Time = Annotated[int, Field(ge=0, le=2**53)]


class Proof(Body):
    """That a phone holds its key now, and asks for one thing: ``keys.phonebook.proof_message``."""

    key: Bytes64
    nonce: Bytes64
    time: Time
    signature: Bytes64


def bytes_of(text: str) -> bytes:
    """The bytes of a text in base64url; raises ``bad_proof``."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ServiceError("bad_proof", "base64url was expected") from error


def proof_of(body: Proof) -> TokenProof:
    """The proof as the signer takes it."""
    return TokenProof(bytes_of(body.key), bytes_of(body.nonce), body.time, bytes_of(body.signature))
