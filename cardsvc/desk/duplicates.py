"""Whether a person has a card or a case already: same passport, a new one, similar name and birth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cardsvc.desk import likeness
from cardsvc.desk.actor import Actor
from cardsvc.desk.judging import Raw, display_name, filled
from cardsvc.records import CaseRecord, CaseState, Transaction
from cardsvc.records.sealing import normalised
from cardsvc.records.traces import CASE, PERSON_KIND

SAME_PASSPORT, NEW_PASSPORT, SIMILAR = "same_passport", "same_person_new_passport", "similar"
#: Below it two people share a common name, or a birthday, and nobody needs to look.
TELLING = 0.5
#: From here on name and birth are the same but for the way they are written.
SAME = 0.95
#: The most that anybody looks at beside each other, and the most that are compared for it.
MOST, COMPARED = 10, 30
_OVER = frozenset({CaseState.WITHDRAWN, CaseState.REFUSED, CaseState.ISSUED})


@dataclass(frozen=True, slots=True)
class Likely:
    """Somebody who may be the same person; exactly one of ``card`` and ``case`` is set."""

    kind: str
    card: str | None
    case: str | None
    score: float
    name: str
    birth: str | None
    words: str


def duplicates(
    tx: Transaction, raw: Raw, now: datetime, actor: Actor, *, besides: str | None = None
) -> list[Likely]:
    """Cards and open cases of perhaps the same person, the likeliest first.

    Cards are looked for in the whole city, for a person has one; what is said of them is name and birth.
    Cases of other offices are not named to this one.
    """
    who = likeness.identity_of(filled(raw, now))
    near = tx.traces.follow(likeness.traces(who), COMPARED)
    found = _of_people(tx, [subject for kind, subject in near if kind == PERSON_KIND], who)
    others = [subject for kind, subject in near if kind == CASE and subject != besides]
    for record in tx.cases.get_many(others):
        found += _of_case(record, who, now, actor)
    return sorted(found, key=lambda one: (one.kind != SAME_PASSPORT, -one.score, str(one.card)))[:MOST]


def _of_people(tx: Transaction, people: Sequence[str], who: likeness.Identity) -> list[Likely]:
    """Read together: every look costs the same few statements, however many share a name."""
    cards = tx.cards.of_people(people)
    # A card that was reserved and never signed is none: nobody has seen it.
    issued = tx.prints.issued_among([card.number for every in cards.values() for card in every])
    found = []
    for person, facts in tx.people.facts_of(list(cards)).items():
        seen = [card for card in cards[person] if card.number in issued]
        if not seen:
            continue
        card = seen[-1]
        told = _compared(facts, who, f"the {card.state.value} card {card.number}")
        if told is not None:
            found.append(Likely(told[0], card.number, None, *told[1:]))
    return found


def _of_case(record: CaseRecord, who: likeness.Identity, now: datetime, actor: Actor) -> list[Likely]:
    if record.state in _OVER or record.office not in actor.offices:
        return []
    told = _compared(
        filled(record.content["application"], now), who, f"the {record.state.value} case {record.reference}"
    )
    return [] if told is None else [Likely(told[0], None, record.id, *told[1:])]


def _compared(
    fields: Mapping[str, object], who: likeness.Identity, what: str
) -> tuple[str, float, str, str | None, str] | None:
    other = likeness.identity_of(fields)
    name, score = display_name(fields), likeness.score(who, other)
    if _passport(other) == _passport(who) != ("", ""):
        return SAME_PASSPORT, 1.0, name, other.birth, f"The same passport belongs to {what}."
    if score >= SAME and other.nationality == who.nationality:
        words = f"Name, birth and nationality are those of {what}, with another passport."
        return NEW_PASSPORT, score, name, other.birth, words
    if score >= TELLING:
        return SIMILAR, score, name, other.birth, f"Name and birth resemble those of {what}."
    return None


def _passport(who: likeness.Identity) -> tuple[str, str]:
    number = normalised(who.passport or "")
    return (normalised(who.passport_country or ""), number) if number else ("", "")
