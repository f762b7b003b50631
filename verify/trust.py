"""From a signed bundle to what a reader may believe: a pure step over bytes, whole or nothing (section 5).

:func:`accept` takes what the reader remembers and one bundle, and gives the next memory and a :class:`Trust`;
it raises and changes nothing otherwise. No I/O, no clock: the shell around it brings bytes and ``now``.

1. Strict parse (size first), 2. chain of root documents, 3. key list, 4. the bundle's signature and place in
time, 5. its lists. An expired bundle is accepted here: it is the verdict that denies on its age.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from hashlib import sha256
from typing import Final

from verify.cbor import MAX_INTEGER
from verify.days import DAY_S
from verify.errors import Refused
from verify.fields import malformed
from verify.keylist import CARRIED_USES, KEYS_TYP, KeyList, KeyUse, TrustedKey, decode_key_list
from verify.lists import Lists, read_lists
from verify.permits import PermitList, permit_uri
from verify.root import check_not_ahead, follow_chain
from verify.services import Service
from verify.signatures import OnlineKeys, check_threshold, read_sign
from verify.status import EntitlementList, StatusList, entitlement_uri, hotlist_uri
from verify.trustdocs import (
    BUNDLE_TYP,
    ISSUED_TYP,
    Bundle,
    IssuedList,
    RootDocument,
    decode_bundle,
    decode_issued,
)
from verify.truststate import TrustState
from verify.words import moment, span

__all__ = ["KeyUse", "Trust", "TrustState", "TrustedKey", "accept"]

#: Thirty times a city's bundle (docs/performance.md); more is refused before a byte of it is parsed.
MAX_BUNDLE_BYTES: Final = 4 * 1024 * 1024
#: Twice a bundle's usual 14 days: a stolen bundle key cannot keep a reader content for longer.
MAX_BUNDLE_LIFE_S: Final = 31 * DAY_S

_ONLY_ACCEPT: Final = object()


@dataclass(frozen=True, slots=True)
class Trust:
    """What one accepted bundle lets a reader believe. Only :func:`accept` makes one.

    Times are epoch seconds, ``ttl`` and ``day_offset_s`` seconds; ``policy`` is the raw map, for
    ``verify.rules.Policy.decode``; ``distrusted`` gives the issued list of a distrusted key, None where it is
    not at hand; ``time_floor`` is the earliest time this reader's clock may plausibly show.
    """

    made_by: InitVar[object]
    issuer: str
    venue: str
    epoch: int
    seq: int
    iat: int
    exp: int
    ttl: int
    day_offset_s: int
    policy: Mapping[object, object]
    keys: Mapping[bytes, tuple[TrustedKey, ...]]
    distrusted: Mapping[bytes, IssuedList | None]
    time_floor: int
    lists: Lists

    def __post_init__(self, made_by: object) -> None:
        if made_by is not _ONLY_ACCEPT:
            raise TypeError("a Trust comes from accept(), which checks what it holds")

    def status(self, uri: str) -> StatusList | None:
        """The status list that a card names, byte for byte; None where the bundle has none of that name."""
        return self.lists.status.get(uri)

    def permits(self, uri: str) -> PermitList | None:
        """The permit list beside the status list ``uri``: there whenever that one is."""
        return self.lists.permits.get(permit_uri(uri))

    def entitlements(self, uri: str, service: Service | int) -> EntitlementList | None:
        """The entitlement list of a service over the indices of the status list ``uri``."""
        return self.lists.entitlements.get(entitlement_uri(uri, service))

    def hotlist(self, uri: str) -> StatusList | None:
        """The hotlist over the indices of the status list ``uri``; in police bundles only."""
        return self.lists.hotlists.get(hotlist_uri(uri))


def accept(
    state: TrustState, bundle: bytes, now: int, *, issued: Sequence[bytes] = ()
) -> tuple[TrustState, Trust]:
    """Judge a bundle against what the reader remembers; ``now`` is the reader's clock in epoch seconds.

    ``issued`` are issued lists fetched beside the bundle; one that the bundle does not name by its hash is
    passed over. The bundle last accepted may be given again, at any clock, and gives the same. Raises
    ``Refused`` with one of the reasons of section 5 (``docs/format.md`` lists them); a ``crit`` header is
    ``Unchecked`` ``unsupported``. Then nothing has changed.
    """
    # 1. Strict parse, size first.
    if len(bundle) > MAX_BUNDLE_BYTES:
        raise malformed(f"bundle: expected at most {MAX_BUNDLE_BYTES} bytes, found {len(bundle)}")
    sign = read_sign(bundle, BUNDLE_TYP)
    content = decode_bundle(sign.payload)
    digest = sha256(bundle).digest()
    # What was accepted once is not from the future: then this clock is wrong, and the verdict says so.
    clock = MAX_INTEGER if digest == state.bundle_hash else now
    # 2. Root documents. A clock set back must not make an expired chain look fresh: the floor stands in.
    newest, root = follow_chain(state.root, content.roots, now=max(now, state.time_floor))
    # 3. Key list.
    key_list, key_list_hash = _read_key_list(content, root, state, clock)
    keys = _by_kid(key_list)
    # 4. The bundle itself.
    online = OnlineKeys(keys, content.epoch)
    online.check_sign(sign, KeyUse.BUNDLE, content.iat, content.exp, "bundle")
    _check_place(content, digest, state, clock)
    # 5. What it carries.
    lists = read_lists(content, online)
    _check_list_iats(lists, state)
    hashes = _distrusted(content, keys, state)
    found = _read_issued(content, online, hashes, issued)
    floor = max(state.time_floor, content.iat)
    trust = Trust(
        made_by=_ONLY_ACCEPT,
        issuer=content.issuer,
        venue=content.venue,
        epoch=content.epoch,
        seq=content.seq,
        iat=content.iat,
        exp=content.exp,
        ttl=content.ttl,
        day_offset_s=key_list.day_offset_s,
        policy=content.policy,
        keys=keys,
        distrusted={kid: found.get(kid) for kid in hashes},
        time_floor=floor,
        lists=lists,
    )
    remembered = TrustState(
        root=newest,
        issuer=content.issuer,
        venue=content.venue,
        key_list_version=key_list.version,
        key_list_hash=key_list_hash,
        epoch=content.epoch,
        seq=content.seq,
        bundle_hash=digest,
        list_iats=_next_iats(lists, state, content.iat),
        time_floor=floor,
        distrusted=hashes,
    )
    return remembered, trust


def _read_key_list(content: Bundle, root: RootDocument, state: TrustState, now: int) -> tuple[KeyList, bytes]:
    """The key list, and the SHA-256 of its payload: further signers may join a list, its content may not."""
    sign = read_sign(content.key_list, KEYS_TYP)
    check_threshold(sign, root.keys, root.threshold, "key list")
    key_list = decode_key_list(sign.payload)
    if key_list.root_version != root.version:
        reason = "rollback" if key_list.root_version < root.version else "root_gap"
        raise Refused(
            reason, f"key list: expected root version {root.version}, found {key_list.root_version}"
        )
    if key_list.version < state.key_list_version:
        raise Refused(
            "rollback",
            f"key list: expected version {state.key_list_version} or later, found {key_list.version}",
        )
    digest = sha256(sign.payload).digest()
    if key_list.version == state.key_list_version and state.key_list_hash not in (None, digest):
        raise Refused("rollback", f"key list: another one of version {key_list.version} was accepted before")
    if key_list.issuer != content.issuer:
        raise Refused("wrong_issuer", f"key list: of {key_list.issuer}, the bundle is of {content.issuer}")
    if {key.public for key in key_list.keys} & set(root.keys):
        raise Refused("duplicate_key", "key list: a root key stands in it, and would have two uses")
    check_not_ahead(key_list.iat, now, "key list")
    return key_list, digest


def _by_kid(key_list: KeyList) -> dict[bytes, tuple[TrustedKey, ...]]:
    """Keys by kid; two keys may share one by chance, and both are then tried."""
    keys: dict[bytes, tuple[TrustedKey, ...]] = {}
    for key in key_list.keys:
        kid = key.kid
        keys[kid] = (*keys.get(kid, ()), key)
    return keys


def _check_place(content: Bundle, digest: bytes, state: TrustState, now: int) -> None:
    """Whether the bundle is for this reader, and not older than the last one."""
    if state.issuer not in (None, content.issuer):
        raise Refused("wrong_issuer", f"bundle: expected issuer {state.issuer}, found {content.issuer}")
    if state.venue not in (None, content.venue):
        raise Refused("wrong_venue", f"bundle: expected venue {state.venue}, found {content.venue}")
    if not content.iat < content.exp <= content.iat + MAX_BUNDLE_LIFE_S:
        raise malformed(
            f"bundle: expected a life of at most {span(MAX_BUNDLE_LIFE_S)}, found "
            f"{moment(content.iat)} to {moment(content.exp)}"
        )
    check_not_ahead(content.iat, now, "bundle")
    here, last = (content.epoch, content.seq), (state.epoch, state.seq)
    if state.bundle_hash is None or here > last:
        return
    if here < last:
        raise Refused("rollback", f"bundle: expected (epoch, seq) after {last}, found {here}")
    if digest != state.bundle_hash:
        raise Refused("rollback", f"bundle: another bundle with {here} was accepted before")


def _check_list_iats(lists: Lists, state: TrustState) -> None:
    for sub, iat in lists.iats():
        if iat < state.list_iats.get(sub, 0):
            raise Refused(
                "rollback",
                f"{sub}: made at {moment(iat)}, one of {moment(state.list_iats[sub])} was accepted before",
            )


def _next_iats(lists: Lists, state: TrustState, iat: int) -> dict[str, int]:
    """The iats to remember. One older than any bundle's life is forgotten: what it guards against expired."""
    kept = {sub: made for sub, made in state.list_iats.items() if made > iat - MAX_BUNDLE_LIFE_S}
    return kept | dict(lists.iats())


def _distrusted(
    content: Bundle, keys: Mapping[bytes, Sequence[TrustedKey]], state: TrustState
) -> dict[bytes, bytes | None]:
    """Distrusted keys with their issued list's hash: never fewer within an epoch, afresh with the next.

    So a stolen bundle key can neither take distrust back nor, past its epoch, leave some behind.
    """
    for kid in content.distrusted:
        listed = keys.get(kid, ())
        if listed and not any(key.use in CARRIED_USES for key in listed):
            raise Refused(
                "wrong_key_use", f"bundle: key {kid.hex()} is no card or token key to be distrusted"
            )
    before = state.distrusted if content.epoch == state.epoch else {}
    return {**before, **content.distrusted}


def _read_issued(
    content: Bundle, online: OnlineKeys, hashes: Mapping[bytes, bytes | None], fetched: Iterable[bytes]
) -> dict[bytes, IssuedList]:
    """The issued lists at hand, by the kid of the distrusted key."""
    at_hand = {sha256(data).digest(): data for data in (*fetched, *content.issued)}
    named = set(hashes.values())
    if any(sha256(data).digest() not in named for data in content.issued):
        raise Refused("inconsistent_lists", "bundle: it carries an issued list that it does not name")
    found: dict[bytes, IssuedList] = {}
    for kid, digest in hashes.items():
        if digest is None or digest not in at_hand:
            continue
        sign = read_sign(at_hand[digest], ISSUED_TYP)
        listed = decode_issued(sign.payload)
        online.check_sign(sign, KeyUse.STATUS, listed.iat, listed.iat, "issued list")  # It has no exp.
        if listed.issuer != content.issuer:
            raise Refused(
                "wrong_issuer", f"issued list: of {listed.issuer}, the bundle is of {content.issuer}"
            )
        if listed.kid != kid:
            raise Refused("inconsistent_lists", f"issued list: of key {listed.kid.hex()}, not {kid.hex()}")
        found[kid] = listed
    return found
