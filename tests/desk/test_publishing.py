"""Bundles made at the same time: the higher number never has the older snapshot."""

import threading
from datetime import datetime, timedelta

from cardsvc.trust.publishing import venue_bundle
from tests.desk.town import NOW, Town, application, seconds
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.verifier import Presentation, Verifier

LATER = NOW + timedelta(hours=1)


def test_a_revocation_cannot_be_undone_by_a_bundle_begun_before_it(town: Town) -> None:
    issued = town.card(application())
    code = town.codes(issued.print_id).gate
    revoked = threading.Thread(target=lambda: town.life(LATER).revoke(issued.number, "stolen"))

    def clock() -> datetime:
        # Asked inside the transaction: whoever revokes now has to wait until the snapshot is taken.
        revoked.start()
        revoked.join(timeout=0.3)
        assert revoked.is_alive()
        return LATER

    first = venue_bundle(town.installation, "centre", clock)
    revoked.join()
    second = venue_bundle(town.installation, "centre", lambda: LATER)
    state = TrustState.pin(town.installation.keyring.roots[-1], now=seconds(LATER))
    answers = []
    for bundle in (first, second):
        state, trust = accept(state, bundle, seconds(LATER))
        verdict = Verifier(trust, seen=SeenInMemory()).judge(Presentation(code), seconds(LATER))
        answers.append(verdict.reason)
    assert answers == ["ok", "revoked"]
