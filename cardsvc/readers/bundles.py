"""What readers fetch besides their venue's bundle, and what is remembered of the bundles they have."""

import base64
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Final

from nacl.public import PublicKey as SealKey
from nacl.public import SealedBox

from cardsvc.installation import Site
from cardsvc.records import Store, Unavailable
from cardsvc.records.readers import ReaderRecord
from verify.reader.months import month_after, month_of
from verify.signatures import read_sign
from verify.trustdocs import BUNDLE_TYP, decode_bundle

#: Bundles of as many venues as a city has, each with the next one.
_REMEMBERED: Final = 64


@lru_cache(maxsize=_REMEMBERED)
def bundle_facts(data: bytes) -> tuple[int, int, int]:
    """(epoch, seq, iat) of a bundle of ours."""
    bundle = decode_bundle(read_sign(data, BUNDLE_TYP).payload)
    return bundle.epoch, bundle.seq, bundle.iat


def note_bundle(store: Store, reader: ReaderRecord, data: bytes) -> None:
    """Remember that the reader has this bundle, where that is news and no step back.

    Where it cannot be written down (a full disk), the reader gets its bundle all the same, and is believed to
    have an older one.
    """
    epoch, seq, iat = bundle_facts(data)
    if (reader.bundle_epoch, reader.bundle_seq) < (epoch, seq):
        with suppress(Unavailable), store.transaction() as tx:
            tx.readers.has_bundle(reader.id, epoch, seq, iat)


def month_keys(site: Site, reader: ReaderRecord, now: datetime) -> list[tuple[int, str]]:
    """The keys of this month and the next, each sealed to the reader (base64)."""
    month = month_of(int(now.timestamp()), site.issuer.day_offset_s)
    box = SealedBox(SealKey(reader.seal_key))
    found = []
    for one in (month, month_after(month)):
        key = _month_key(site, reader.venue, one)
        found.append((one, base64.b64encode(bytes(box.encrypt(key))).decode("ascii")))
    return found


def _month_key(site: Site, venue: str, month: int) -> bytes:
    with site.store.reading() as tx:
        known = tx.readers.month_key(venue, month)
    if known is not None:
        return known
    with site.store.transaction() as tx:
        return tx.readers.make_month_key(venue, month)
