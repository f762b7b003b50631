"""At its start the service and the signer compare what they know."""

from hashlib import sha256

from cardsvc.installation import ServedInstallation
from cardsvc.trust.reconciling import Difference, reconcile
from keys.service import SigningService
from keys.signing import Reconciliation, SignedFact
from tests.desk.town import application
from tests.trust.conftest import City


class Told:
    """A signer that signed one card more than the records hold."""

    def __init__(self, signer: SigningService, *, demo: bool) -> None:
        self._signer, self._demo = signer, demo
        self.asked: list[bytes] = []

    def hello(self) -> object:
        class Facts:
            demo = self._demo

        return Facts

    def reconcile(self, payloads: list[bytes], acts: list[bytes]) -> Reconciliation:
        self.asked = payloads
        found = self._signer.reconcile(payloads, acts)
        lost = SignedFact(bytes(32), "0000000000012", 1)
        return Reconciliation((lost,), 1, found.unknown, found.unknown_count)


def served(city: City, *, demo: bool) -> tuple[ServedInstallation, Told]:
    console, running = city.town.installation, city.web.app.state.serving.installation  # type: ignore[attr-defined]  # the application's own state
    signer = Told(running.signer, demo=demo)
    return ServedInstallation(console.settings, console.store, console.issuer, signer), signer  # type: ignore[arg-type]  # speaks the two calls that are made


def test_a_killed_runs_card_and_a_card_of_nobody_are_audited(city: City) -> None:
    issued = city.town.card(application(), city.clock.now)
    with city.town.installation.store.reading() as tx:
        (printed,) = tx.prints.of_card(issued.number)
    installation, signer = served(city, demo=False)
    assert reconcile(installation, city.clock.now) == Difference(lacking=1, unknown=1)
    assert signer.asked == [sha256(printed.gate_payload).digest()]
    assert city.town.actions("cn-yiwu")[-1] == "signer_differs"


def test_a_demos_console_is_no_difference(city: City) -> None:
    city.town.card(application(), city.clock.now)
    installation, _ = served(city, demo=True)
    assert reconcile(installation, city.clock.now) == Difference(lacking=1, unknown=0)
