"""At its start the service and the signer compare what they know."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from cardsvc.installation import ServedInstallation
from cardsvc.records.prints import Prints
from cardsvc.trust import reconciling
from cardsvc.trust.reconciling import Difference, reconcile
from keys import wire
from keys.client import SignerClient
from keys.errors import KeysError
from keys.server import SignerServer, listen
from keys.signing import Reconciliation, SignedFact, Signing
from tests.desk.town import application
from tests.trust.conftest import City


class Told:
    """A signer that signed one card more than the records hold."""

    def __init__(self, signer: Signing, *, demo: bool) -> None:
        self._signer, self._demo = signer, demo
        self.asked: list[bytes] = []
        self.parts: list[int] = []
        self.is_old = False

    def hello(self) -> object:
        class Facts:
            demo = self._demo

        return Facts

    def reconcile(self, payloads: list[bytes], acts: list[bytes]) -> Reconciliation:
        self.asked = payloads
        found = self._signer.reconcile(payloads, acts)
        lost = SignedFact(bytes(32), "0000000000012", 1)
        return Reconciliation((lost,), 1, found.unknown, found.unknown_count)

    def reconcile_part(
        self, first: int, last: int, payloads: list[bytes], acts: list[bytes]
    ) -> Reconciliation:
        if self.is_old:
            raise KeysError("bad_frame", "there is no such method")
        self.asked += payloads
        self.parts.append(len(payloads))
        return self._signer.reconcile_part(first, last, payloads, acts)


def served(city: City, *, demo: bool, behind: Signing | None = None) -> tuple[ServedInstallation, Told]:
    console, running = city.town.installation, city.web.app.state.serving.installation  # type: ignore[attr-defined]  # the application's own state
    signer = Told(running.signer if behind is None else behind, demo=demo)
    return ServedInstallation(console.settings, console.store, console.issuer, signer), signer  # type: ignore[arg-type]  # speaks the calls that are made


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


@contextmanager
def socket_of(city: City, path: Path) -> Iterator[SignerClient]:
    """The city's signer behind a socket."""
    running = city.web.app.state.serving.installation  # type: ignore[attr-defined]  # the application's own state
    server = SignerServer(running.signer, listen(path))
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield SignerClient(path)
    finally:
        server.stop()
        thread.join()


HASHES = [sha256(bytes([number // 256, number % 256])).digest() for number in range(1000)]


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records with more codes than a frame names."""
    monkeypatch.setattr(Prints, "signed_hashes", lambda _: iter(HASHES))
    monkeypatch.setattr(Prints, "count_signed", lambda _: len(HASHES))
    monkeypatch.setattr(reconciling, "AT_ONCE", 100)
    monkeypatch.setattr(wire, "MAX_FRAME_BYTES", 8_000)


@pytest.mark.usefixtures("many")
def test_however_many_codes_there_are_they_are_compared_in_parts(city: City, tmp_path: Path) -> None:
    with socket_of(city, tmp_path / "s" / "socket") as client:
        with pytest.raises(KeysError, match="a frame has at most"):
            client.reconcile(HASHES, [])
        installation, signer = served(city, demo=False, behind=client)
        assert reconcile(installation, city.clock.now) == Difference(lacking=0, unknown=len(HASHES))
    assert sorted(signer.asked) == sorted(HASHES)
    assert (len(signer.parts), max(signer.parts) < 200) == (11, True)


@pytest.mark.usefixtures("many")
def test_a_signer_from_before_there_were_parts_is_asked_for_all_at_once(city: City) -> None:
    installation, signer = served(city, demo=False)
    signer.is_old = True
    assert reconcile(installation, city.clock.now) == Difference(lacking=1, unknown=len(HASHES))
    assert sorted(signer.asked) == sorted(HASHES)


def test_every_hash_is_in_the_part_of_its_first_byte() -> None:
    for number in (1, 2, 7, 11, 255, 256):
        parts = reconciling._Parts([BytesIO() for _ in range(number)])
        spans = [parts.bytes_of(part) for part in range(number)]
        assert [one for first, last in spans for one in range(first, last + 1)] == list(range(256))
        assert all(
            part == byte * number // 256
            for part, (first, last) in enumerate(spans)
            for byte in range(first, last + 1)
        )
