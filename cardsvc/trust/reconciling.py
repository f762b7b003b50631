"""Whether records and signer know of the same cards: asked at every start of the service."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cardsvc.installation import ServedInstallation
from cardsvc.records import ACT_RECORDED


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
    with installation.store.reading() as tx:
        ours = tx.prints.signed_hashes()
        acts = [bytes.fromhex(str(one["approved"])) for one in tx.audit.details_of(ACT_RECORDED)]
    found = installation.signer.reconcile(ours, acts)
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
