"""Judging for readers that are always on line: the reader's own procedure over the venue's own bundle."""

import threading
from collections import defaultdict
from datetime import datetime
from typing import Final

from cardsvc.installation import ServedInstallation
from cardsvc.records import Store
from cardsvc.trust.shelf import Document, Shelf
from verify.phone import SeenSet
from verify.store import KEEP_SEEN_S
from verify.trust import TrustState, accept
from verify.verdict import Role, Verdict
from verify.verifier import Presentation, Verifier

#: Venues times roles; a city has a few dozen.
_Key = tuple[str, Role]
KEEP_S: Final = KEEP_SEEN_S


class SharedSeen:
    """The phone codes that any process of the service has seen; implements ``verify.phone.SeenSet``."""

    def __init__(self, store: Store) -> None:
        """Remember in the records."""
        self._store = store

    def when_seen(self, key: bytes) -> int | None:
        """When ``key`` was first noted."""
        with self._store.reading() as tx:
            return tx.readers.when_seen(key)

    def first_seen(self, key: bytes, now: int) -> int | None:
        """When ``key`` was first noted, or None now that it is: durable before the verdict leaves."""
        with self._store.transaction() as tx:
            first = tx.readers.when_seen(key)
            if first is None:
                tx.readers.note_seen(key, now)
            return first


class _Seat:
    """One verifier of a venue and role; its lock makes up for caches that no two threads may share."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.document: Document | None = None
        self.verifier: Verifier | None = None
        self.made: dict[str, object] = {}


class Judges:
    """The verifiers of one running service, each made anew when its venue's bundle is."""

    def __init__(
        self, installation: ServedInstallation, shelf: Shelf, *, seen: SeenSet | None = None
    ) -> None:
        """Judge by what ``shelf`` gives to readers; ``seen`` remembers phone codes, by default for all."""
        self.installation, self._shelf = installation, shelf
        self._seen: SeenSet = seen or SharedSeen(installation.store)
        self._seats: defaultdict[_Key, _Seat] = defaultdict(_Seat)

    def judge(
        self, venue: str, role: Role, shown: Presentation, now: datetime
    ) -> tuple[Verdict, dict[str, object]]:
        """The verdict, and the bundle it was made by; raises ``venue_not_found``."""
        document = self._shelf.recent_bundle(venue)
        seat = self._seats[venue, role]
        with seat.lock:
            if seat.document is not document or seat.verifier is None:
                self._seat(seat, document, role, int(now.timestamp()))
            assert seat.verifier is not None  # noqa: S101 - what _seat gives
            return seat.verifier.judge(shown, int(now.timestamp())), seat.made

    def _seat(self, seat: _Seat, document: Document, role: Role, now: int) -> None:
        root = self._shelf.documents().roots.signed[-1]
        _, trust = accept(TrustState.pin(root, now=now), document.data, now)
        seat.verifier = Verifier(trust, role=role, seen=self._seen)
        seat.document = document
        seat.made = {"venue": trust.venue, "epoch": trust.epoch, "seq": trust.seq, "made_at": trust.iat}
