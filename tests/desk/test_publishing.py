"""Bundles made at the same time: the higher number never has the older snapshot."""

from datetime import datetime, timedelta

import pytest

from cardsvc.records import Unavailable
from cardsvc.trust.publishing import status_snapshot, venue_bundle
from tests.desk.town import NOW, Town, application, seconds
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.verifier import Presentation, Verifier

LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("overtaken", "expected"), [(False, ["ok", "revoked"]), (True, ["revoked", "revoked"])]
)
def test_a_revocation_cannot_be_undone_by_a_bundle_begun_before_it(
    town: Town, overtaken: bool, expected: list[str]
) -> None:
    """Nobody waits for a snapshot; one that was overtaken by another bundle's is taken anew."""
    issued = town.card(application())
    code, bundles, asked = town.codes(issued.print_id).gate, [], []

    def later() -> bytes:
        return venue_bundle(town.installation, "centre", lambda: LATER)

    def clock() -> datetime:
        asked.append(LATER)
        # The second time the state that is read stands already.
        if len(asked) == 2:
            town.life(LATER).revoke(issued.number, "stolen")
            if overtaken:
                bundles.append(later())
        return LATER

    bundles.append(venue_bundle(town.installation, "centre", clock))
    if not overtaken:
        bundles.append(later())
    state = TrustState.pin(town.installation.keyring.roots[-1], now=seconds(LATER))
    answers = []
    for bundle in bundles:
        state, trust = accept(state, bundle, seconds(LATER))
        verdict = Verifier(trust, seen=SeenInMemory()).judge(Presentation(code), seconds(LATER))
        answers.append(verdict.reason)
    assert answers == expected


def test_who_is_overtaken_each_time_may_ask_again(town: Town) -> None:
    def clock() -> datetime:
        with town.installation.store.transaction() as tx:
            tx.venues.next_seq("centre", epoch=1)
        return LATER

    with pytest.raises(Unavailable) as caught:
        venue_bundle(town.installation, "centre", clock)
    assert caught.value.reason == "database_busy"


def test_a_state_is_dated_by_the_second_it_is_of(town: Town) -> None:
    """Between the clock and the state a second passed, in which something may have changed: once more."""
    times = [LATER, LATER + timedelta(seconds=1), *2 * [LATER + timedelta(seconds=2)]]
    snapshot = status_snapshot(town.installation, lambda: times.pop(0))
    assert (snapshot.taken, times) == (LATER + timedelta(seconds=2), [])
