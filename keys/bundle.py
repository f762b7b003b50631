"""Signed lists and venue bundles, built from a plain snapshot (docs/format.md sections 4 and 5).

No database here: the caller reads one snapshot, and hands over the venue's seq, the epoch, the policy and the
distrusted keys. Every bundle is judged by a reader's own rules before it is given out.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from keys.keyring import Keyring
from keys.root import epoch_s, sign_document
from keys.signer import Signer, sign1
from verify.keylist import KEYS_TYP, KeyList, encode_key_list
from verify.permits import PERMIT_TYP, encode_permit_claims
from verify.services import Service
from verify.status import (
    CARD_BITS,
    GRANTED_TO_DAY,
    HOTLIST_BITS,
    LIST_SLOTS,
    STATUS_TYP,
    StatusList,
    encode_entitlement_claims,
    encode_status_claims,
    hotlist_uri,
    pack,
)
from verify.status_jwt import encode_status_jwt, jwt_signing_input
from verify.trust import TrustState, accept
from verify.trustdocs import (
    BUNDLE_TYP,
    ISSUED_TYP,
    Bundle,
    IssuedList,
    encode_bundle,
    encode_issued,
    issued_prefixes,
)

#: Section 3: lists are dated a minute before their snapshot, longer than any signing transaction lasts, so
#: that a code with a later iat is surely not in them.
LIST_LEAD: Final = timedelta(seconds=60)
#: Section 5: a bundle and its lists live 14 days; when data is stale or expired is the policy's business.
LIFETIME: Final = timedelta(days=14)
#: Whoever reads the public lists asks again after a quarter of an hour.
TTL_S: Final = 900
#: A reader with a network asks again after this, a tenth more at worst: what was decided reaches every such
#: door within five minutes.
BUNDLE_TTL_S: Final = 240


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One value of an entitlement list (``verify.status``); ``last_day`` is a day number, for value 3."""

    value: int
    last_day: int | None = None


@dataclass(frozen=True, slots=True)
class ListSnapshot:
    """What one status list says: index → value, 0 and absent being the same.

    ``permit_days`` maps an index to the permit's true last day (a day number), for the indices that
    ``verify.permits.permit_rows`` names; ``entitlements`` maps a service to index → value; ``hot`` are the
    indices the police look for.
    """

    uri: str
    statuses: Mapping[int, int] = field(default_factory=dict)
    permit_days: Mapping[int, int] = field(default_factory=dict)
    entitlements: Mapping[Service, Mapping[int, Entitlement]] = field(default_factory=dict)
    hot: Collection[int] = ()
    slots: int = LIST_SLOTS


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All lists of one reading transaction that began at ``taken`` (aware UTC)."""

    taken: datetime
    lists: tuple[ListSnapshot, ...]

    @property
    def iat(self) -> int:
        """The iat of every list, in epoch seconds: a minute before the snapshot."""
        return epoch_s(self.taken - LIST_LEAD)

    @property
    def exp(self) -> int:
        """The exp of every list and of the bundle, in epoch seconds; ``permit_rows`` wants this pair."""
        return self.iat + int(LIFETIME.total_seconds())


def status_signer_of(keyring: Keyring, snapshot: Snapshot, epoch: int) -> Signer:
    """Give the status key whose window holds the lists' iat."""
    return keyring.status_signer(datetime.fromtimestamp(snapshot.iat, UTC), epoch=epoch)


def sign_status_list(snapshot: Snapshot, one: ListSnapshot, signer: Signer) -> bytes:
    """Sign one status list as CWT, for bundles and for the public address."""
    data = pack(one.statuses, slots=one.slots)
    claims = encode_status_claims(uri=one.uri, iat=snapshot.iat, exp=snapshot.exp, data=data, ttl=TTL_S)
    return sign1(signer, claims, STATUS_TYP)


def sign_status_jwt(snapshot: Snapshot, one: ListSnapshot, signer: Signer) -> str:
    """Sign the same list as JWT, for verifiers that speak JSON."""
    data = pack(one.statuses, slots=one.slots)
    status = StatusList(uri=one.uri, iat=snapshot.iat, exp=snapshot.exp, ttl=TTL_S, bits=CARD_BITS, data=data)
    signing_input = jwt_signing_input(status, signer.public)
    return encode_status_jwt(signing_input, signer.sign(signing_input))


def sign_permit_list(snapshot: Snapshot, one: ListSnapshot, signer: Signer) -> bytes:
    """Sign the permit list that stands beside a status list in every bundle."""
    claims = encode_permit_claims(uri=one.uri, iat=snapshot.iat, exp=snapshot.exp, days=one.permit_days)
    return sign1(signer, claims, PERMIT_TYP)


def sign_entitlement_list(snapshot: Snapshot, one: ListSnapshot, service: Service, signer: Signer) -> bytes:
    """Sign one service's entitlement list; it is there even when it changes nobody's printed right."""
    rights = one.entitlements.get(service, {})
    last_days = {
        index: right.last_day or 0 for index, right in rights.items() if right.value == GRANTED_TO_DAY
    }
    claims = encode_entitlement_claims(
        uri=one.uri,
        service=service,
        iat=snapshot.iat,
        exp=snapshot.exp,
        data=pack({index: right.value for index, right in rights.items()}, slots=one.slots),
        last_days=last_days,
        ttl=TTL_S,
    )
    return sign1(signer, claims, STATUS_TYP)


def sign_hotlist(snapshot: Snapshot, one: ListSnapshot, signer: Signer) -> bytes:
    """Sign the 1-bit list of who is looked for; it travels in police bundles alone."""
    claims = encode_status_claims(
        uri=hotlist_uri(one.uri),
        iat=snapshot.iat,
        exp=snapshot.exp,
        data=pack(dict.fromkeys(one.hot, 1), slots=one.slots, bits=HOTLIST_BITS),
        ttl=TTL_S,
        bits=HOTLIST_BITS,
    )
    return sign1(signer, claims, STATUS_TYP)


def sign_issued_list(
    issuer: str, kid: bytes, payload_hashes: Iterable[bytes], signer: Signer, *, now: datetime
) -> bytes:
    """Sign the list of what a distrusted key really signed, from SHA-256 hashes of the payloads.

    The bundle names it by the SHA-256 of the bytes given back. ``signer`` is a status key.
    """
    issued = IssuedList(issuer=issuer, iat=epoch_s(now), kid=kid, prefixes=issued_prefixes(payload_hashes))
    return sign_document(encode_issued(issued), ISSUED_TYP, [signer])


def sign_key_list(key_list: KeyList, holders: Iterable[Signer]) -> bytes:
    """Sign a key list with root keys; whether they are enough is checked where it is installed."""
    return sign_document(encode_key_list(key_list), KEYS_TYP, holders)


def build_bundle(
    snapshot: Snapshot,
    *,
    keyring: Keyring,
    venue: str,
    services: Iterable[Service],
    policy: Mapping[object, object],
    epoch: int,
    seq: int,
    now: datetime,
    distrusted: Mapping[bytes, bytes | None] | None = None,
    issued: Iterable[bytes] = (),
    hotlist: bool = False,
    ttl_s: int = BUNDLE_TTL_S,
) -> bytes:
    """Build and sign a venue's bundle from one snapshot, and have a reader's rules accept it.

    ``services`` are those the venue serves: their entitlement lists travel, no others. ``policy`` is the map
    of ``verify.rules.Policy``; ``distrusted`` maps the kid of a card or token key to the SHA-256 of its
    issued list or None; ``hotlist`` is for police venues. ``now`` becomes the bundle's iat. ``seq`` must rise
    with every bundle of the venue.
    Raises :class:`KeysError` ``no_key_in_window``, or ``Refused`` with the reason a reader would give.
    """
    signer = status_signer_of(keyring, snapshot, epoch)
    lists, wanted = snapshot.lists, sorted(set(services))
    bundle = Bundle(
        issuer=keyring.issuer,
        venue=venue,
        epoch=epoch,
        seq=seq,
        iat=epoch_s(now),
        exp=snapshot.exp,
        ttl=ttl_s,
        roots=keyring.roots,
        key_list=keyring.key_list_bytes,
        status=tuple(sign_status_list(snapshot, one, signer) for one in lists),
        permits=tuple(sign_permit_list(snapshot, one, signer) for one in lists),
        entitlements=tuple(
            sign_entitlement_list(snapshot, one, service, signer) for one in lists for service in wanted
        ),
        policy=policy,
        distrusted=distrusted or {},
        hotlists=tuple(sign_hotlist(snapshot, one, signer) for one in lists) if hotlist else (),
        issued=tuple(issued),
    )
    online = keyring.bundle_signer(now, epoch=epoch)
    signed = sign_document(encode_bundle(bundle), BUNDLE_TYP, [online])
    reader = TrustState.pin(keyring.roots[-1], now=bundle.iat, issuer=keyring.issuer, venue=venue)
    accept(reader, signed, bundle.iat)
    return signed
