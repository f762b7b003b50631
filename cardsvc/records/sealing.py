"""Personal fields at rest: a data key for every person, wrapped by a versioned master key.

docs/decisions/0006-records.md: AES-256-GCM, the associated data name the place (table, column, row), so
a ciphertext copied to another place does not open. Erasing a person is destroying the data key.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cardsvc.records.errors import RecordsError

KEY_BYTES = 32
#: NIST SP 800-38D section 8.2.2: random 96-bit nonces are safe for 2^32 messages under one key. A data key
#: seals a few fields of one person, a master key wraps one data key a person.
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class RecordKeys:
    """The keys of the records: master keys by version, the version that wraps, the key of the blind index.

    All are 32 random bytes. Old versions stay until ``people.rewrap`` has moved everybody to the current one.
    """

    master: Mapping[int, bytes] = field(repr=False)
    current: int
    blind: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse keys that would protect nothing."""
        keys = [*self.master.values(), self.blind]
        if any(len(key) != KEY_BYTES for key in keys):
            raise RecordsError("bad_record_keys", f"every record key must have {KEY_BYTES} bytes")
        if self.current not in self.master:
            raise RecordsError("bad_record_keys", f"there is no master key of the version {self.current}")
        if len(set(keys)) != len(keys):
            raise RecordsError("bad_record_keys", "the master keys and the blind key must all differ")


def make_record_keys() -> RecordKeys:
    """Fresh random keys, version 1."""
    return RecordKeys({1: secrets.token_bytes(KEY_BYTES)}, 1, secrets.token_bytes(KEY_BYTES))


def passport_index(keys: RecordKeys, country: str, number: str) -> bytes:
    """HMAC-SHA256 over country and number, so that equal passports are found without being readable.

    Case, spaces and punctuation are dropped first: ``e 123-456`` and ``E123456`` are one passport.
    """
    country, number = normalised(country), normalised(number)
    if not country or not number:
        raise RecordsError("bad_passport", "expected a passport country and number with letters or digits")
    return hmac.new(keys.blind, f"{country}\0{number}".encode(), hashlib.sha256).digest()


def family_index(keys: RecordKeys, family: str) -> bytes:
    """HMAC-SHA256 over what a family is called, which is often its name."""
    return _keyed(keys, b"family", family.encode("utf-8", "surrogatepass"))


def request_index(keys: RecordKeys, digest: bytes) -> bytes:
    """HMAC-SHA256 over a request's digest: without the key, nobody tries out whom the request was for."""
    return _keyed(keys, b"request", digest)


def trace_index(keys: RecordKeys, kind: str, text: str) -> bytes:
    """HMAC-SHA256 over one thing that a case or a person is found by; ``kind`` keeps the things apart."""
    return _keyed(keys, b"trace\0" + kind.encode(), text.encode("utf-8", "surrogatepass"))


def attempt_index(keys: RecordKeys, kind: str, whose: str) -> bytes:
    """HMAC-SHA256 over the account or the address whose failed sign-ins are counted."""
    return _keyed(keys, b"attempt", f"{kind}\0{whose}".encode("utf-8", "surrogatepass"))


def phone_code_index(keys: RecordKeys, code: str) -> bytes:
    """The same over the one-time code of a phone."""
    return _keyed(keys, b"phone", code.encode())


def applicant_index(keys: RecordKeys, kind: bytes, whose: bytes) -> bytes:
    """The same over what applications from phones are counted and put together by: an address, a family."""
    return _keyed(keys, b"applicant\0" + kind, whose)


def reader_code_index(keys: RecordKeys, code: str) -> bytes:
    """HMAC-SHA256 over a reader's one-time code: it is short, and a plain hash of it would be guessed."""
    return _keyed(keys, b"reader", code.encode("utf-8", "surrogatepass"))


def _keyed(keys: RecordKeys, purpose: bytes, data: bytes) -> bytes:
    # Lower case: no normalised passport country begins so, hence no purpose can be taken for another.
    return hmac.new(keys.blind, purpose + b"\0" + data, hashlib.sha256).digest()


def normalised(text: str) -> str:
    """Upper case, letters and digits only."""
    return "".join(character for character in text.upper() if character.isalnum())


def new_data_key() -> bytes:
    """A data key for one person."""
    return os.urandom(KEY_BYTES)


def wrap(keys: RecordKeys, person: str, data_key: bytes) -> tuple[int, bytes]:
    """The current master version and the data key wrapped under it."""
    sealed = seal(AESGCM(keys.master[keys.current]), data_key, "person", "data_key", person)
    return keys.current, sealed


def unwrap(keys: RecordKeys, person: str, version: int, wrapped: bytes) -> bytes:
    """The data key; raises ``master_key_missing`` or ``seal_broken``."""
    master = keys.master.get(version)
    if master is None:
        raise RecordsError(
            "master_key_missing", f"the records need the master key of version {version}, which was not given"
        )
    return unseal(AESGCM(master), wrapped, "person", "data_key", person)


def seal(cipher: AESGCM, plain: bytes, table: str, column: str, row: str) -> bytes:
    """Nonce, ciphertext and tag, bound to the place they are stored at."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, _place(table, column, row))


def unseal(cipher: AESGCM, sealed: bytes, table: str, column: str, row: str) -> bytes:
    """The inverse of :func:`seal`; raises ``seal_broken`` if anything, the place included, is different."""
    nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return cipher.decrypt(nonce, body, _place(table, column, row))
    except (InvalidTag, ValueError) as error:
        raise RecordsError(
            "seal_broken", f"a sealed value in {table}.{column} does not open: changed, moved, or another key"
        ) from error


def _place(table: str, column: str, row: str) -> bytes:
    # Names and ids hold no NUL, so the three parts can only be read one way.
    return f"{table}\0{column}\0{row}".encode()
