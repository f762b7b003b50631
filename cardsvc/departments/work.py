"""What is done for departments without being asked: lists carried out, old ones forgotten."""

from cardsvc.departments import lists
from cardsvc.desk import asserting
from cardsvc.http.serving import Serving
from cardsvc.records.rights_tables import ListState
from verify.errors import CardsvcError

#: Lists forgotten in one transaction.
_AT_ONCE = 20


def register(serving: Serving) -> None:
    """Have this process take its share; any number of processes may."""
    serving.jobs.register("rights", lambda: _carry_out(serving))
    serving.jobs.register("rights lists", lambda: _forget(serving))


def _carry_out(serving: Serving) -> bool:
    """Tell the signer of lists that a killed process left, and do some lines of the oldest one."""
    site, now = serving.installation, serving.clock()
    with site.store.reading() as tx:
        asserted = tx.rights_lists.in_state(ListState.ASSERTED)
        working = tx.rights_lists.in_state(ListState.WORKING)
    for one in asserted:
        try:
            lists.tell_signer(site, one.id, now)
        except CardsvcError as error:
            if error.reason in asserting.UNREACHED:
                break  # The others would not reach it either; the next step tries again.
    return bool(working) and lists.carry_out(site, working[0].id, now) > 0


def _forget(serving: Serving) -> bool:
    now = serving.clock()
    with serving.installation.store.reading() as tx:
        if not tx.rights_lists.over(now - lists.OPEN_KEPT, now - lists.DONE_KEPT, 1):
            return False
    with serving.installation.store.transaction() as tx:
        old = tx.rights_lists.over(now - lists.OPEN_KEPT, now - lists.DONE_KEPT, _AT_ONCE)
        tx.rights_lists.forget(old)
    return len(old) == _AT_ONCE
