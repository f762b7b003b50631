"""The lists of a bundle, opened together: all of one snapshot, or none (docs/format.md sections 3 to 5)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from verify.errors import Refused
from verify.fields import malformed
from verify.permits import PERMIT_TYP, PermitList, decode_permit_claims, permit_uri
from verify.signatures import OnlineKeys, check_window
from verify.status import (
    CARD_BITS,
    STATUS_TYP,
    EntitlementList,
    StatusList,
    decode_entitlement_claims,
    decode_hotlist_claims,
    decode_status_claims,
)
from verify.trustdocs import Bundle

AnyList = TypeVar("AnyList", StatusList, PermitList, EntitlementList)


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of one bundle by sub, each signed by a status key of its epoch, all of one iat and exp."""

    status: Mapping[str, StatusList]
    permits: Mapping[str, PermitList]
    entitlements: Mapping[str, EntitlementList]
    hotlists: Mapping[str, StatusList]

    def iats(self) -> Iterator[tuple[str, int]]:
        """The sub and the iat of every list."""
        for kind in (self.status, self.permits, self.entitlements, self.hotlists):
            for sub, one in kind.items():
                yield sub, one.iat


def read_lists(bundle: Bundle, online: OnlineKeys) -> Lists:
    """Open all lists of ``bundle``.

    Raises what a wrong signature is refused for, ``missing_permit_list`` (a status list without its permit
    list), and ``inconsistent_lists`` (another iat or exp, two lists of one name, a list over no status list).
    """
    lists = Lists(
        status=_open(bundle, online, bundle.status, STATUS_TYP, decode_status_claims),
        permits=_open(bundle, online, bundle.permits, PERMIT_TYP, decode_permit_claims),
        entitlements=_open(bundle, online, bundle.entitlements, STATUS_TYP, decode_entitlement_claims),
        hotlists=_open(bundle, online, bundle.hotlists, STATUS_TYP, decode_hotlist_claims),
    )
    for one in lists.status.values():
        if one.bits != CARD_BITS:
            raise malformed(f"status list {one.uri}: expected {CARD_BITS} bits a value, found {one.bits}")
    _check_together(lists)
    return lists


def _open(
    bundle: Bundle,
    online: OnlineKeys,
    documents: Sequence[bytes],
    typ: str,
    decode: Callable[[bytes], AnyList],
) -> dict[str, AnyList]:
    found: dict[str, AnyList] = {}
    for data in documents:
        payload, key = online.open_list(data, typ)
        one = decode(payload)
        check_window(key, one.iat, one.exp, one.uri)
        if one.exp != bundle.exp or one.iat > bundle.iat:
            raise Refused(
                "inconsistent_lists", f"{one.uri}: its iat is after, or its exp is not, the bundle's"
            )
        if one.uri in found:
            raise Refused("inconsistent_lists", f"{one.uri}: two lists of this name")
        found[one.uri] = one
    return found


def _check_together(lists: Lists) -> None:
    snapshots = {iat for _, iat in lists.iats()}
    if len(snapshots) > 1:
        raise Refused("inconsistent_lists", f"the lists come from {len(snapshots)} snapshots, expected one")
    for uri in lists.status:
        if permit_uri(uri) not in lists.permits:
            raise Refused("missing_permit_list", f"{uri}: its permit list is not in the bundle")
    for kind in (lists.permits, lists.entitlements, lists.hotlists):
        for sub in kind:
            if sub.rpartition("/")[0] not in lists.status:
                raise Refused(
                    "inconsistent_lists", f"{sub}: the status list it belongs to is not in the bundle"
                )
