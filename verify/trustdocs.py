"""The trust objects as bytes and back: root document, bundle, issued list (section 5).

Payloads only, and only their form: who signed what, and whether it may be believed, is judged in
:mod:`verify.trust`. The key list is in :mod:`verify.keylist`. The label tables are in ``docs/format.md``.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from verify import cbor
from verify.cose import KID_BYTES, SEALING, PublicKey, check_public
from verify.days import DAY_S
from verify.errors import Refused
from verify.fields import Fields, array, malformed, octets
from verify.words import moment

ROOT_TYP: Final = "application/cardsvc-root+cose"
BUNDLE_TYP: Final = "application/cardsvc-bundle+cose"
ISSUED_TYP: Final = "application/cardsvc-issued+cose"

#: One stolen root key must never be enough (section 5).
MIN_THRESHOLD: Final = 2
#: A root document lives two years (section 5); one that says more than three was made by mistake or for ever.
MAX_ROOT_LIFE_S: Final = 3 * 366 * DAY_S
#: The first 16 bytes of a SHA-256: 2^-64 to hit one of a city's cards by chance.
PREFIX_BYTES: Final = 16
HASH_BYTES: Final = 32

_ISS, _EXP, _IAT = 1, 4, 6
_VERSION, _THRESHOLD, _ROOT_KEYS = 10, 11, 12
_SEQ, _VENUE, _EPOCH, _TTL, _ROOTS, _KEY_LIST, _DISTRUSTED = 10, 20, 21, 22, 23, 24, 25
_STATUS, _PERMITS, _ENTITLEMENTS, _POLICY, _HOTLISTS, _ISSUED = 26, 27, 28, 29, 30, 31
_ISSUED_KID, _PREFIXES = 32, 33


@dataclass(frozen=True, slots=True)
class RootDocument:
    """Who may sign root documents and key lists: ``threshold`` of ``keys``; times are epoch seconds."""

    version: int
    iat: int
    exp: int
    threshold: int
    keys: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True)
class IssuedList:
    """Which codes a distrusted key really signed, as sorted 16-byte SHA-256 prefixes of their payloads."""

    issuer: str
    iat: int
    kid: bytes
    prefixes: bytes

    def __len__(self) -> int:
        """How many genuine payloads there are."""
        return len(self.prefixes) // PREFIX_BYTES

    def __contains__(self, payload_hash: object) -> bool:
        """Whether the payload with this SHA-256 (32 bytes) was signed by the office."""
        if not isinstance(payload_hash, bytes):
            return False
        wanted = payload_hash[:PREFIX_BYTES]
        index = bisect_left(range(len(self)), wanted, key=self._at)
        return index < len(self) and self._at(index) == wanted

    def _at(self, index: int) -> bytes:
        return self.prefixes[index * PREFIX_BYTES : (index + 1) * PREFIX_BYTES]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything a venue's reader needs, as one signed whole; lists and documents are still signed bytes.

    ``ttl`` is in seconds, ``distrusted`` maps a kid to the SHA-256 of its issued list or None.
    """

    issuer: str
    venue: str
    epoch: int
    seq: int
    iat: int
    exp: int
    ttl: int
    roots: tuple[bytes, ...]
    key_list: bytes
    status: tuple[bytes, ...]
    permits: tuple[bytes, ...]
    entitlements: tuple[bytes, ...]
    policy: Mapping[object, object]
    distrusted: Mapping[bytes, bytes | None] = field(default_factory=dict)
    hotlists: tuple[bytes, ...] = ()
    issued: tuple[bytes, ...] = ()


def encode_root(root: RootDocument) -> bytes:
    """The payload of a root document."""
    keys = [public.to_cose_key() for public in root.keys]
    return cbor.encode(
        {_EXP: root.exp, _IAT: root.iat, _VERSION: root.version, _THRESHOLD: root.threshold, _ROOT_KEYS: keys}
    )


def decode_root(payload: bytes) -> RootDocument:
    """The root document in ``payload``; raises ``malformed``, ``weak_key`` or ``duplicate_key``."""
    fields = Fields(cbor.decode(payload), "root document")
    keys = tuple(PublicKey.from_cose_key(item) for item in fields.array(_ROOT_KEYS))
    for public in keys:
        if public.algorithm == SEALING:
            raise malformed("root document: expected keys that sign, found one that seals")
        check_public(public)
    if len(set(keys)) != len(keys):
        raise Refused("duplicate_key", "root document: one key stands twice, and would count twice")
    threshold = fields.uint(_THRESHOLD)
    if not MIN_THRESHOLD <= threshold <= len(keys):
        raise malformed(f"root document: expected a threshold from 2 to {len(keys)} keys, found {threshold}")
    iat, exp = fields.uint(_IAT), fields.uint(_EXP)
    if exp - iat > MAX_ROOT_LIFE_S:
        raise malformed(
            f"root document: expected a life of at most 3 years, found {moment(iat)} to {moment(exp)}"
        )
    return RootDocument(
        version=fields.uint(_VERSION),
        iat=iat,
        exp=exp,
        threshold=threshold,
        keys=keys,
    )


def encode_issued(issued: IssuedList) -> bytes:
    """The payload of an issued list."""
    return cbor.encode(
        {_ISS: issued.issuer, _IAT: issued.iat, _ISSUED_KID: issued.kid, _PREFIXES: issued.prefixes}
    )


def issued_prefixes(payload_hashes: Iterable[bytes]) -> bytes:
    """The member ``prefixes`` of an issued list from SHA-256 hashes of genuine payloads, in any order."""
    return b"".join(sorted({payload_hash[:PREFIX_BYTES] for payload_hash in payload_hashes}))


def decode_issued(payload: bytes) -> IssuedList:
    """The issued list in ``payload``; raises ``malformed``, also where the prefixes are not in order."""
    fields = Fields(cbor.decode(payload), "issued list")
    prefixes = fields.octets(_PREFIXES)
    rows = [prefixes[start : start + PREFIX_BYTES] for start in range(0, len(prefixes), PREFIX_BYTES)]
    if len(prefixes) % PREFIX_BYTES or not _ascending(rows):
        raise malformed("issued list: expected prefixes of 16 bytes in ascending order, each once")
    return IssuedList(
        issuer=fields.text(_ISS),
        iat=fields.uint(_IAT),
        kid=fields.octets(_ISSUED_KID, KID_BYTES),
        prefixes=prefixes,
    )


def _ascending(rows: list[bytes]) -> bool:
    return all(before < after for before, after in pairwise(rows))


def encode_bundle(bundle: Bundle) -> bytes:
    """The payload of a bundle; hotlists and issued lists are written only where there are any."""
    members: dict[int, object] = {
        _ISS: bundle.issuer,
        _EXP: bundle.exp,
        _IAT: bundle.iat,
        _SEQ: bundle.seq,
        _VENUE: bundle.venue,
        _EPOCH: bundle.epoch,
        _TTL: bundle.ttl,
        _ROOTS: list(bundle.roots),
        _KEY_LIST: bundle.key_list,
        _DISTRUSTED: [[kid, bundle.distrusted[kid]] for kid in sorted(bundle.distrusted)],
        _STATUS: list(bundle.status),
        _PERMITS: list(bundle.permits),
        _ENTITLEMENTS: list(bundle.entitlements),
        _POLICY: dict(bundle.policy),
    }
    if bundle.hotlists:
        members[_HOTLISTS] = list(bundle.hotlists)
    if bundle.issued:
        members[_ISSUED] = list(bundle.issued)
    return cbor.encode(members)


def decode_bundle(payload: bytes) -> Bundle:
    """The bundle in ``payload``; raises ``malformed``."""
    fields = Fields(cbor.decode(payload), "bundle")
    policy = fields.any(_POLICY)
    if not isinstance(policy, Mapping):
        raise malformed("bundle: expected a map as policy")
    return Bundle(
        issuer=fields.text(_ISS),
        venue=fields.text(_VENUE),
        epoch=fields.uint(_EPOCH),
        seq=fields.uint(_SEQ),
        iat=fields.uint(_IAT),
        exp=fields.uint(_EXP),
        ttl=fields.uint(_TTL),
        roots=fields.documents(_ROOTS),
        key_list=fields.octets(_KEY_LIST),
        status=fields.documents(_STATUS),
        permits=fields.documents(_PERMITS),
        entitlements=fields.documents(_ENTITLEMENTS),
        policy=policy,
        distrusted=_distrusted(fields.array(_DISTRUSTED)),
        hotlists=fields.documents(_HOTLISTS, required=False),
        issued=fields.documents(_ISSUED, required=False),
    )


def _distrusted(rows: list[object]) -> dict[bytes, bytes | None]:
    found: dict[bytes, bytes | None] = {}
    for row in rows:
        pair = array(row, "bundle, a distrusted key")
        if len(pair) != 2:
            raise malformed("bundle: a distrusted key is a pair of kid and hash or null")
        kid = octets(pair[0], "bundle, a distrusted kid", KID_BYTES)
        if kid in found:
            raise malformed("bundle: a key is distrusted twice")
        digest = pair[1]
        found[kid] = None if digest is None else octets(digest, "bundle, an issued list's hash", HASH_BYTES)
    return found
