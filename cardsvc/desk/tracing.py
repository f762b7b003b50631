"""Traces for people recorded before there were any: without them, no search and no warning finds somebody.

Any process may do it, a part at a time; whoever is traced once is not looked at again.
"""

from datetime import datetime
from typing import Final

from cardsvc.desk import likeness
from cardsvc.installation import Site
from cardsvc.records.traces import PERSON_KIND

#: People in one transaction: well under a second, so that nobody's card waits long behind it.
PART: Final = 200


def trace_people(site: Site, now: datetime) -> int:
    """Leave the traces of some people who have none; returns how many, 0 when everybody can be found."""
    with site.store.reading() as tx:
        if not tx.people.untraced(1):
            return 0
    with site.store.transaction() as tx:
        people = tx.people.untraced(PART)
        tx.traces.put_many(PERSON_KIND, [(one, likeness.of_facts(tx.people.facts(one))) for one in people])
        tx.audit.append("service", "people_traced", site.issuer.iss, {"people": len(people)}, now)
    return len(people)
