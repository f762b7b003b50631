"""Who looked at a card, as far as its holder may know by now.

A look that has to wait is not there at all: it is neither counted nor hinted at, and what is told has no
numbers between which one could be missed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cardsvc.holder.proving import carrying
from cardsvc.installation import ServedInstallation
from cardsvc.records import Transaction
from cardsvc.records.audit import AuditQuery
from keys.signing import TokenProof

#: What a phone signs to be told.
LOOKS: Final = "looks"
#: Of each kind; a card that is looked at more often is an officer's own.
MOST: Final = 100
#: The desk compared the card's portrait with somebody else's; the audit has who did.
DESK, LIKENESS, _FACE_LOOKED_AT = "desk", "likeness", "face_looked_at"


@dataclass(frozen=True, slots=True)
class Told:
    """A look: when, of which kind, by which office (its name), and why. Nobody's name."""

    at: datetime
    kind: str
    office: str
    purpose: str


def looks_at(site: ServedInstallation, proof: TokenProof, now: datetime) -> list[Told]:
    """The looks at the card that the phone carries, newest first; raises ``phone_unknown``, ``bad_proof``."""
    phone = carrying(site, proof, LOOKS, now)
    with site.store.reading() as tx:
        names = {one.id: one.name for one in tx.offices.all()}
        found = [
            Told(one.at, str(one.kind), names.get(one.office, one.office), one.purpose)
            for one in tx.looks.told(phone.card_number, now, MOST)
        ]
        found += _faces(tx, phone.card_number, names)
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST]


def _faces(tx: Transaction, number: str, names: dict[str, str]) -> list[Told]:
    entries = tx.audit.search(AuditQuery(subject=number, action=_FACE_LOOKED_AT, limit=MOST))
    offices = {one.id: one.office for one in tx.staff.all()} if entries else {}
    return [
        Told(datetime.fromtimestamp(one.time, UTC), DESK, names.get(offices.get(one.actor, ""), ""), LIKENESS)
        for one in entries
    ]
