"""Root documents and signatures of k of n holders (docs/format.md section 5).

Everything that the root signs is a COSE_Sign to which holders add their signatures one by one, in any order
and on any machine. Root N+1 needs k of N's keys and k of its own; a key list needs k of the newest root's.
Holders sign root documents and key lists, nothing else.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from keys.errors import KeysError
from keys.signer import Signer, cosign
from verify.cose import (
    PublicKey,
    Sign,
    decode_sign,
    encode_sign,
    fits,
    headers,
    protected_header,
    sign_tbs,
    verify_signature,
)
from verify.errors import Unchecked
from verify.signatures import check_threshold, read_sign
from verify.trustdocs import ROOT_TYP, RootDocument, decode_root, encode_root

#: Section 5: a root document lives two years.
ROOT_LIFETIME: Final = timedelta(days=730)


def epoch_s(now: datetime) -> int:
    """Give ``now`` (aware UTC) as whole epoch seconds."""
    if now.tzinfo is None:
        raise KeysError("naive_time", f"a time with its zone was expected, {now.isoformat()} came")
    return int(now.timestamp())


def new_root(
    keys: Sequence[PublicKey],
    *,
    threshold: int,
    now: datetime,
    version: int = 1,
    lifetime: timedelta = ROOT_LIFETIME,
) -> RootDocument:
    """Describe a root of ``threshold`` of ``keys``; raises what a reader would refuse in it.

    That is ``Refused`` ``malformed`` for a threshold under 2 or over the number of keys, ``duplicate_key``,
    ``weak_key``.
    """
    iat = epoch_s(now)
    exp = iat + int(lifetime.total_seconds())
    document = RootDocument(version=version, iat=iat, exp=exp, threshold=threshold, keys=tuple(keys))
    return decode_root(encode_root(document))


def next_root(
    previous: RootDocument,
    keys: Sequence[PublicKey],
    *,
    threshold: int,
    now: datetime,
    lifetime: timedelta = ROOT_LIFETIME,
) -> RootDocument:
    """Describe the root that follows ``previous``: one version up, with these keys."""
    return new_root(keys, threshold=threshold, now=now, version=previous.version + 1, lifetime=lifetime)


def sign_document(payload: bytes, typ: str, signers: Iterable[Signer]) -> bytes:
    """Wrap ``payload`` into a COSE_Sign of ``typ`` with one signature of each signer, each key once."""
    body = protected_header(typ=typ)
    distinct = {signer.public: signer for signer in signers}
    return encode_sign(body, payload, [cosign(signer, body, payload) for signer in distinct.values()])


def add_signature(document: bytes, signer: Signer) -> bytes:
    """Add one holder's signature to a document that others began, for holders who never meet."""
    sign = decode_sign(document)
    parts = [(part.protected, part.signature) for part in sign.signatures]
    mine = cosign(signer, sign.protected, sign.payload)
    return document if mine in parts else encode_sign(sign.protected, sign.payload, [*parts, mine])


def sign_root(root: RootDocument, signers: Sequence[Signer], previous: RootDocument | None = None) -> bytes:
    """Sign a root document with k of its own keys and, after the first, k of the previous root's.

    Raises ``Refused`` ``too_few_signatures`` (naming which root lacks how many) or :class:`KeysError`
    ``root_gap``. Signers that hold a key of neither root are left out.
    """
    if (root.version if previous is None else root.version - previous.version) != 1:
        known = "none" if previous is None else f"version {previous.version}"
        raise KeysError("root_gap", f"root versions rise by one: {root.version} was asked for after {known}")
    authorities = (root,) if previous is None else (previous, root)
    able = {public for authority in authorities for public in authority.keys}
    document = sign_document(encode_root(root), ROOT_TYP, [one for one in signers if one.public in able])
    for authority in authorities:
        check_signed(document, ROOT_TYP, authority)
    return document


def check_signed(document: bytes, typ: str, authority: RootDocument) -> bytes:
    """Give the payload of a document that k of ``authority``'s keys signed.

    Raises ``Refused`` ``wrong_type``, ``bad_signature`` or ``too_few_signatures``, as a reader does.
    """
    sign = read_sign(document, typ)
    what = f"{typ}, by the keys of root {authority.version}"
    check_threshold(sign, authority.keys, authority.threshold, what)
    return sign.payload


def signed_by(sign: Sign, keys: Iterable[PublicKey]) -> dict[PublicKey, bytes]:
    """Find which of ``keys`` have signed, each once, with the signature; unknown signers are passed over."""
    by_kid = {public.kid: public for public in keys}
    found: dict[PublicKey, bytes] = {}
    for part in sign.signatures:
        try:
            head = headers(part.protected)
        except Unchecked:  # A signer of a later format does not spoil those we know (section 5).
            continue
        public = by_kid.get(head.kid or b"")
        if public is None or not fits(public, head.algorithm):
            continue
        if verify_signature(public, sign_tbs(sign.protected, part.protected, sign.payload), part.signature):
            found[public] = part.signature
    return found
