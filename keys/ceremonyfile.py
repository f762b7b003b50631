"""The one configuration file of a root ceremony, read strictly: what is not known is refused by name."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from keys.disk import read_public
from keys.errors import KeysError
from keys.root import ROOT_LIFETIME
from keys.signer import ALGORITHMS
from verify.trustdocs import MIN_THRESHOLD

MAX_CONFIGURATION_BYTES: Final = 64 * 1024
_FIELDS: Final = frozenset(
    ("issuer", "documents", "version", "threshold", "lifetime_days", "proposal", "holder", "leaving")
)
_HOLDER_FIELDS: Final = frozenset(("name", "key", "passphrase_file", "make", "algorithm", "kid"))


@dataclass(frozen=True, slots=True)
class Holder:
    """One person with a root key: present with ``key`` and ``passphrase_file``, or absent, with ``kid``."""

    name: str
    key: Path | None = None
    passphrase_file: Path | None = None
    make: bool = False
    algorithm: int = ALGORITHMS["EdDSA"]
    kid: bytes | None = None


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What shall be reached: root ``version`` of these ``holders``; ``leaving`` sign as the old root."""

    issuer: str
    documents: Path
    version: int
    threshold: int
    holders: tuple[Holder, ...]
    leaving: tuple[Holder, ...] = ()
    lifetime: timedelta = ROOT_LIFETIME
    proposal: Path | None = None
    configuration_sha256: str = ""


def read_ceremony(path: Path) -> Ceremony:
    """Read a ceremony's TOML file; paths in it are relative to it. Raises ``bad_configuration`` by name."""
    data = read_public(path, MAX_CONFIGURATION_BYTES)
    try:
        raw = tomllib.loads(data.decode())
    except ValueError as error:
        raise bad_configuration(f"{path} is no TOML: {error}") from error
    _refuse_unknown(raw, _FIELDS, str(path))
    base = path.parent
    proposal = raw.get("proposal")
    return Ceremony(
        issuer=_text(raw, "issuer"),
        documents=base / _text(raw, "documents"),
        version=_number(raw, "version", 1),
        threshold=_number(raw, "threshold", MIN_THRESHOLD),
        holders=_holders(raw, "holder", base),
        leaving=_holders(raw, "leaving", base),
        lifetime=timedelta(days=_number(raw, "lifetime_days", 1, ROOT_LIFETIME.days)),
        proposal=None if proposal is None else base / _text(raw, "proposal"),
        configuration_sha256=sha256(data).hexdigest(),
    )


def _holders(raw: Mapping[str, object], field: str, base: Path) -> tuple[Holder, ...]:
    rows = raw.get(field, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise bad_configuration(f"{field}: tables [[{field}]] were expected")
    holders = tuple(_holder(row, base) for row in rows)
    if len({holder.name for holder in holders}) != len(holders):
        raise bad_configuration(f"{field}: two of one name")
    return holders


def _holder(row: Mapping[str, object], base: Path) -> Holder:
    name = _text(row, "name")
    _refuse_unknown(row, _HOLDER_FIELDS, f"holder {name}")
    make = row.get("make", False)
    algorithm = _text(row, "algorithm") if "algorithm" in row else "EdDSA"
    if not isinstance(make, bool) or algorithm not in ("EdDSA", "ES256"):
        raise bad_configuration(f"holder {name}: make is true or false, algorithm is EdDSA or ES256")
    if "kid" in row:
        if "key" in row:
            raise bad_configuration(
                f"holder {name}: a kid is for who is absent, a key for who is present; not both"
            )
        return Holder(name, kid=_kid(name, _text(row, "kid")))
    key, passphrase_file = base / _text(row, "key"), base / _text(row, "passphrase_file")
    return Holder(name, key, passphrase_file, make, ALGORITHMS[algorithm])


def _kid(name: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise bad_configuration(f"holder {name}: a kid is hexadecimal, {text!r} came") from error


def _refuse_unknown(raw: Mapping[str, object], known: frozenset[str], what: str) -> None:
    unknown = sorted(set(raw) - known)
    if unknown:
        raise bad_configuration(
            f"{what}: unknown fields {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )


def _text(raw: Mapping[str, object], field: str) -> str:
    value = raw.get(field)
    if not isinstance(value, str) or not value:
        raise bad_configuration(f"{field}: a text was expected, {value!r} came")
    return value


def _number(raw: Mapping[str, object], field: str, least: int, default: int | None = None) -> int:
    value = raw.get(field, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise bad_configuration(f"{field}: a number from {least} was expected, {value!r} came")
    return value


def bad_configuration(words: str) -> KeysError:
    """Make the refusal of a configuration that cannot be held to."""
    return KeysError("bad_configuration", words)
