"""Signed documents kept until something changed or they age: a thousand readers ask, one signature answers.

Each process has a shelf of its own. A kept document is given out unasked for a few seconds at a time; then,
if no act was audited since it was made, up to its age; and, where the signer is away or the records have no
room, a while longer, since it says itself how old it is. What is dated ahead of the clock is made anew: the
clock was set back, and readers whose clocks are right refuse it.

Bundles have numbers, and a reader refuses one that is lower than its last. So the newest of each venue is
kept in the records, and every process gives out that one, whichever of them had it signed.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Generic, TypeVar

from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records import BundleRecord, Unavailable
from cardsvc.trust.publishing import agreed, genuine, served_bundle, status_snapshot
from keys.documents import Documents
from keys.errors import KeysError

#: However many ask, and however much is audited, no document is signed more often than this.
AT_MOST_EVERY: Final = timedelta(seconds=15)
#: Nor is it asked more often whether anything was audited: a reader on line asks for every card.
LOOKED_EVERY: Final = timedelta(seconds=1)
#: A permit that ends by the clock alone is seen by then, and readers see a young iat.
AT_LEAST_EVERY: Final = timedelta(minutes=10)
#: How long an old document is better than none.
WITHOUT_SIGNER: Final = timedelta(hours=1)
#: Acts that change no list and no bundle; whatever else is audited may have.
QUIET: Final = frozenset(
    {
        *("bundle_made", "signed_in", "signed_out", "locked_out", "enrolled", "invited", "stepped_up"),
        *("case_opened", "case_looked_at", "case_submitted", "files_written", "approval_begun"),
        *("details_shown", "police_asked", "police_agreed", "police_refused", "looked_up", "shift_begun"),
        *("look_up_answered", "budget_tripped", "looks_drawn", "look_reviewed"),
        *("face_looked_at", "case_taken_over", "family_made", "family_left", "people_traced"),
        *("preapplication_sent", "preapplication_seen", "preapplication_taken"),
        *("preapplication_withdrawn", "preapplication_forgotten"),
        *("file_taken_in", "file_compared", "file_forgotten"),
        *("print_job_made", "print_job_failed", "print_file_taken", "card_printed", "card_spoiled"),
        *("held_back", "blanks_counted", "chip_written"),
        # What is asked for is in no list yet, and sellers are shown a consent by tokens alone.
        *("act_requested", "approval_asserted", "rights_list_made", "rights_list_dropped"),
        *("consent_given", "consent_ended"),
        *("reader_invited", "reader_enrolled", "reader_revoked", "reader_goes_on", "records_quarantined"),
    }
)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes and their entity tag (RFC 9110, section 8.8.3)."""

    data: bytes

    @property
    def etag(self) -> str:
        """A strong tag: the same for the same bytes alone."""
        return f'"{sha256(self.data).hexdigest()[:32]}"'


@dataclass(frozen=True, slots=True)
class PublishedList:
    """One status list in both of its forms."""

    uri: str
    cwt: Document
    jwt: Document


@dataclass(slots=True)
class _Kept(Generic[Value]):
    value: Value
    made: datetime
    mark: int
    looked: datetime


@dataclass(slots=True)
class _KeptBundle:
    made: BundleRecord
    document: Document
    looked: datetime


class Shelf:
    """The documents of one running service."""

    def __init__(self, installation: ServedInstallation, clock: Callable[[], datetime]) -> None:
        """Keep documents of ``installation``; ``clock`` gives their ages."""
        self.installation = installation
        self._clock = clock
        self._kept: dict[tuple[str, ...], _Kept[object]] = {}
        self._bundles: dict[str, _KeptBundle] = {}
        self._locks: defaultdict[tuple[str, ...], threading.Lock] = defaultdict(threading.Lock)

    def documents(self) -> Documents:
        """The root documents and the key list in use."""
        return self._keep(("documents",), lambda: self.installation.documents)

    def bundle(self, venue: str) -> Document:
        """The venue's newest bundle, by whichever process it was made; raises ``venue_not_found``.

        The records are asked each time: another process may have given out a later one a moment ago.
        """
        with self._locks["bundle", venue]:
            kept, mark, last = self._newest(venue)
            if kept is not None:
                age = kept.looked - kept.made.made_at
                unchanged = (kept.made.mark, kept.made.seq) == (mark, last)
                if _is_young(age, AT_MOST_EVERY) or (unchanged and _is_young(age, AT_LEAST_EVERY)):
                    return kept.document
            try:
                served_bundle(self.installation, venue, self._clock, mark)
            except (KeysError, Unavailable) as error:
                if kept is None or not _outlasts(error, kept.looked - kept.made.made_at):
                    raise
                return kept.document
            newest, _, _ = self._newest(venue)
            assert newest is not None  # noqa: S101 - one was kept just now
            return newest.document

    def recent_bundle(self, venue: str) -> Document:
        """The same, asked for once a second: for verdicts here, each of them by one bundle alone."""
        kept = self._bundles.get(venue)
        if kept is not None and _is_young(self._clock() - kept.looked, LOOKED_EVERY):
            return kept.document
        return self.bundle(venue)

    def _newest(self, venue: str) -> tuple[_KeptBundle | None, int, int]:
        """The venue's newest bundle of this epoch, the newest change, and the last number that was taken."""
        now, kept = self._clock(), self._bundles.get(venue)
        with self.installation.store.reading() as tx:
            last, made = tx.venues.get(venue).seq, tx.venues.bundle(venue)
            mark = tx.audit.newest_but(QUIET)
            # After a restore the one in the backup is older than what readers have.
            if made is None or made.epoch != tx.issuer.get().epoch:
                return None, mark, last
            if kept is None or kept.made != made:
                kept = _KeptBundle(made, Document(tx.venues.bundle_bytes(venue)), now)
        kept.looked = now
        self._bundles[venue] = kept
        return kept, mark, last

    def lists(self) -> dict[str, PublishedList]:
        """Every status list by its id."""
        return self._keep(("lists",), lambda: agreed(self._sign_lists))

    def issued(self, kid: bytes) -> Document:
        """What a distrusted key really signed; raises ``no_such_document`` for any other key."""
        with self.installation.store.reading() as tx:
            if all(key.kid != kid for key in tx.distrusted.all()):
                words = f"{kid.hex()} is no distrusted key, so there is no list of what it signed"
                raise ServiceError("no_such_document", words)
        return self._keep(("issued", kid.hex()), lambda: self._sign_issued(kid))

    def _sign_lists(self) -> dict[str, PublishedList]:
        snapshot = status_snapshot(self.installation, self._clock)
        taken, found = int(snapshot.taken.timestamp()), {}
        for one in snapshot.lists:
            cwt, jwt = self.installation.signer.sign_status_list(one, taken)
            found[one.uri.rpartition("/")[2]] = PublishedList(one.uri, Document(cwt), Document(jwt.encode()))
        return found

    def _sign_issued(self, kid: bytes) -> Document:
        with self.installation.store.reading() as tx:
            payloads = genuine(tx, kid)
        return Document(self.installation.signer.sign_issued(kid, payloads))

    def _keep(self, key: tuple[str, ...], make: Callable[[], Value]) -> Value:
        with self._locks[key]:  # Whoever comes meanwhile waits for this one, and has it.
            now = self._clock()
            kept: _Kept[Value] | None = self._kept.get(key)  # type: ignore[assignment]  # a key's value is always what its ``make`` gives
            if kept is not None and (
                _is_young(now - kept.made, AT_MOST_EVERY) or _is_young(now - kept.looked, LOOKED_EVERY)
            ):
                return kept.value
            mark = self._mark()
            if kept is not None and kept.mark == mark and _is_young(now - kept.made, AT_LEAST_EVERY):
                kept.looked = now
                return kept.value
            try:
                value = make()
            except (KeysError, Unavailable) as error:
                if kept is None or not _outlasts(error, now - kept.made):
                    raise
                return kept.value
            self._kept[key] = _Kept(value, now, mark, now)
            return value

    def _mark(self) -> int:
        with self.installation.store.reading() as tx:
            return tx.audit.newest_but(QUIET)


def _is_young(age: timedelta, limit: timedelta) -> bool:
    """Whether something is younger than ``limit``, and not from a time the clock was set back from.

    A few seconds back are no matter: readers allow more, and would refuse lists dated before those they have.
    """
    return -AT_MOST_EVERY < age < limit


def _outlasts(error: KeysError | Unavailable, age: timedelta) -> bool:
    """Whether a document of that age is better than none: the signer is away, or the records have no room."""
    away = isinstance(error, Unavailable) or error.reason == "signer_away"
    return away and age <= WITHOUT_SIGNER
