"""Whether records and signer know of the same cards: asked at every start of the service."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO, Final

from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records import ACT_RECORDED
from keys.errors import KeysError
from keys.service import MAX_NAMED
from keys.signing import Reconciliation, Signing

#: Hashes of one call: 3.5 MB of a frame, and what memory holds of them at a time on either side.
AT_ONCE: Final = 100_000
_HASH_BYTES: Final = sha256().digest_size
#: Parts are told apart by the first byte of a hash.
_MOST_PARTS: Final = 256


@dataclass(frozen=True, slots=True)
class Difference:
    """How many codes the signer signed that the records lack, and the other way round.

    ``lacking`` are those of a run that was killed; asking the signer again brings them back. ``unknown``
    is 0 in production: a card that the signer never signed was made with a stolen key, or the ledger is old.
    The same of acts that free, prolong or grant: an act that the audit lacks for longer than a run was
    hidden from it; one that the signer never recorded was approved by nobody's key.
    """

    lacking: int
    unknown: int
    acts_lacking: int = 0
    acts_unknown: int = 0


AGREED: Final = Difference(0, 0)


def reconcile(installation: ServedInstallation, now: datetime) -> Difference:
    """Compare every signed code and every approved act with the signer's ledger; a difference is audited.

    In a demo the console's cards are unknown to the signer, and nothing is said of them.
    """
    with _hashes(installation) as (payloads, acts):
        found = _compared(installation.signer, payloads, acts)
    unknown = 0 if installation.facts.demo else found.unknown_count
    differs = Difference(found.lacking_count, unknown, found.acts_lacking_count, found.acts_unknown_count)
    if differs != AGREED:
        details = {
            "lacking": found.lacking_count,
            "unknown": unknown,
            "cards": sorted({fact.number for fact in found.lacking}),
            "acts_lacking": [f"{fact.kind} {fact.request.hex()}" for fact in found.acts_lacking],
            "acts_unknown": [request.hex() for request in found.acts_unknown],
        }
        with installation.store.transaction() as tx:
            tx.audit.append("service", "signer_differs", installation.issuer.iss, details, now)
    return differs


@dataclass(frozen=True, slots=True)
class _Parts:
    """Hashes by their first byte, each part in a file of no name: however many, memory holds one part."""

    files: Sequence[IO[bytes]]

    def fill(self, hashes: Iterable[bytes]) -> None:
        for one in hashes:
            self.files[one[0] * len(self.files) // _MOST_PARTS].write(one)

    def take(self, part: int) -> list[bytes]:
        self.files[part].seek(0)
        data = self.files[part].read()
        return [data[at : at + _HASH_BYTES] for at in range(0, len(data), _HASH_BYTES)]

    def all(self) -> list[bytes]:
        return [one for part in range(len(self.files)) for one in self.take(part)]

    def bytes_of(self, part: int) -> tuple[int, int]:
        """The first bytes of a part's hashes, from and to."""
        first, after = (-(-_MOST_PARTS * number // len(self.files)) for number in (part, part + 1))
        return first, after - 1


@contextmanager
def _hashes(installation: ServedInstallation) -> Iterator[tuple[_Parts, _Parts]]:
    """The hashes of all signed payloads and of all acts; raises ``disk_full``."""
    with ExitStack() as stack:
        try:
            with installation.store.reading() as tx:
                count = max(tx.prints.count_signed(), tx.audit.count_of(ACT_RECORDED))
                parts = min(_MOST_PARTS, count // AT_ONCE + 1)
                payloads, acts = (
                    _Parts([stack.enter_context(TemporaryFile()) for _ in range(parts)]) for _ in range(2)
                )
                payloads.fill(tx.prints.signed_hashes())
                acts.fill(bytes.fromhex(str(one["approved"])) for one in tx.audit.details_of(ACT_RECORDED))
        except OSError as error:
            words = f"there is no room for the hashes of all codes, 32 bytes each: {error}"
            raise ServiceError("disk_full", words) from error
        yield payloads, acts


def _compared(signer: Signing, payloads: _Parts, acts: _Parts) -> Reconciliation:
    if len(payloads.files) > 1:
        try:
            return _together(
                [
                    signer.reconcile_part(*payloads.bytes_of(part), payloads.take(part), acts.take(part))
                    for part in range(len(payloads.files))
                ]
            )
        except KeysError as error:
            if error.reason != "bad_frame":
                raise
            # During an upgrade: a signer from before there were parts.
    return signer.reconcile(payloads.all(), acts.all())


def _together(parts: Sequence[Reconciliation]) -> Reconciliation:
    return Reconciliation(
        tuple(one for part in parts for one in part.lacking)[:MAX_NAMED],
        sum(part.lacking_count for part in parts),
        tuple(one for part in parts for one in part.unknown)[:MAX_NAMED],
        sum(part.unknown_count for part in parts),
        tuple(one for part in parts for one in part.acts_lacking)[:MAX_NAMED],
        sum(part.acts_lacking_count for part in parts),
        tuple(one for part in parts for one in part.acts_unknown)[:MAX_NAMED],
        sum(part.acts_unknown_count for part in parts),
    )
