"""The chain of root documents: from the one a reader was given by hand to the newest (section 5)."""

from collections.abc import Iterable
from typing import Final

from verify.errors import Refused
from verify.signatures import check_threshold, read_sign
from verify.trustdocs import ROOT_TYP, RootDocument, decode_root
from verify.words import moment, span

#: How far the clocks of issuer and reader may differ (section 5).
CLOCK_SKEW_S: Final = 120


def check_not_ahead(iat: int, now: int, what: str) -> None:
    """Refuse, as ``future_iat``, what was made later than this reader's clock can believe."""
    if iat > now + CLOCK_SKEW_S:
        raise Refused("future_iat", f"{what}: made at {moment(iat)}, {span(iat - now)} ahead of this clock")


def read_root(data: bytes) -> RootDocument:
    """A root document given by hand: signed by k of its own keys, or refused.

    Its own signatures prove nothing about who wrote it, only that it came whole: trust in it comes from the
    hand that gave it.
    """
    sign = read_sign(data, ROOT_TYP)
    root = decode_root(sign.payload)
    check_threshold(sign, root.keys, root.threshold, f"root document {root.version}")
    return root


def follow_chain(pinned: bytes, offered: Iterable[bytes], now: int) -> tuple[bytes, RootDocument]:
    """The newest root document reachable from ``pinned`` over ``offered``, as bytes and read.

    Every step is signed by k of the old keys and k of the new; older documents, which others need, are passed
    over. Only the last one's exp counts. Raises ``rollback`` (the newest one offered is older than the pinned
    one, or there are two of one version), ``root_gap``, ``future_iat``, ``expired_chain`` and what
    :func:`verify.signatures.check_threshold` raises.
    """
    newest, root = pinned, read_root(pinned)
    highest = -1
    for data in offered:
        sign = read_sign(data, ROOT_TYP)
        following = decode_root(sign.payload)
        what = f"root document {following.version}"
        if following.version <= highest:
            raise Refused("rollback", f"{what}: root documents must stand in ascending order")
        highest = following.version
        if highest < root.version:
            continue
        if highest > root.version + 1:
            raise Refused("root_gap", f"{what}: expected {root.version + 1}, the chain has a gap")
        check_threshold(sign, root.keys, root.threshold, f"{what}, by the keys known here")
        if highest == root.version:
            if following != root:
                raise Refused("rollback", f"{what}: another document has the version of the one known here")
            continue
        check_threshold(sign, following.keys, following.threshold, f"{what}, by its own keys")
        check_not_ahead(following.iat, now, what)
        newest, root = data, following
    if highest < root.version:
        raise Refused("rollback", f"expected root document {root.version} or later, found {highest}")
    if root.exp <= now:
        raise Refused(
            "expired_chain",
            f"root document {root.version} expired at {moment(root.exp)}, now is {moment(now)}",
        )
    return newest, root
