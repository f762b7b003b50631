"""Where bundles come from: the service, or a folder on a stick. Whatever comes is judged, then taken whole.

A refused bundle changes nothing: the last good one serves, growing older, until the policy's age denies.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from verify.errors import CardsvcError, Refused, Unchecked
from verify.reader.device import Device
from verify.reader.keeper import Keeper
from verify.reader.line import Log, jittered
from verify.reader.months import MonthKeys, month_after, month_of
from verify.reader.service import Service
from verify.store import UNUSABLE, StateDirectory
from verify.trust import MAX_BUNDLE_BYTES, Trust

#: A bundle may ask for no shorter and no longer wait than these, whatever its ttl says.
SHORTEST_S: Final = 15.0
LONGEST_S: Final = 6 * 3600.0
#: How often a folder is looked into: somebody stands there with a stick in the hand.
FOLDER_S: Final = 5.0
#: A stick may hold much; only so many bundles are looked at, the newest files.
MAX_FILES: Final = 32
#: What a file of another venue or another kind on the same stick is refused for: no fault of anybody.
_ELSEWHERE: Final = frozenset(("wrong_venue", "wrong_type", "not_for_this_device"))
#: What may pass by itself: a clock that is wrong still, a directory that cannot be written for the moment.
_PASSING: Final = UNUSABLE | {"future_iat", "expired_chain"}

Take = Callable[[Trust], None]


class Bundles:
    """Takes bundles into the keeper, under the state directory's lock, and hands their trust on."""

    def __init__(
        self, keeper: Keeper, directory: StateDirectory, clock: Callable[[], int], take: Take
    ) -> None:
        """``take`` gets the trust of every new bundle, in this thread."""
        self._keeper, self._directory, self._clock, self._take = keeper, directory, clock, take

    def offer(self, bundle: bytes) -> Trust:
        """Judge a bundle and make it the one that serves; raises what it is refused for."""
        with self._directory.locked():
            trust = self._keeper.offer(bundle, self._clock())
        self._take(trust)
        return trust


class FromService:
    """Asks the service for the venue's bundle, naming the one that is here, and for month keys."""

    def __init__(
        self,
        service: Service,
        bundles: Bundles,
        months: MonthKeys,
        *,
        clock: Callable[[], int],
        chance: random.Random,
        every_s: float = 0,
    ) -> None:
        """Begin without an ETag: the first bundle after a start is fetched whole.

        ``every_s`` is how often to ask; 0: after each bundle's ttl.
        """
        self._every_s = every_s
        self._service, self._bundles, self._months = service, bundles, months
        self._clock, self._chance = clock, chance
        self._etag: str | None = None
        self._trust: Trust | None = None

    def __call__(self) -> float:
        """One errand; gives the bundle's ttl, or the wait that was set, give or take."""
        bundle, etag = self._service.bundle(self._etag)
        if bundle is not None:
            self._trust = self._bundles.offer(bundle)
            self._etag = etag  # Only now: a bundle that was refused is asked for again.
        self._fetch_months()
        if self._every_s:
            return jittered(self._every_s, self._chance)
        ttl = SHORTEST_S if self._trust is None else float(self._trust.ttl)
        return jittered(min(max(ttl, SHORTEST_S), LONGEST_S), self._chance)

    def _fetch_months(self) -> None:
        """The month's key and the next one's, so that the turn of the month needs no network."""
        offset = 0 if self._trust is None else self._trust.day_offset_s
        month = month_of(self._clock(), offset)
        if month not in self._months or month_after(month) not in self._months:
            self._months.keep(self._service.month_keys())


class FromFolder:
    """Looks for bundles in a folder: ``*.cose``, or ``*.sealed`` where one is sealed to this very device."""

    def __init__(self, folder: Path, bundles: Bundles, device: Device | None, log: Log) -> None:
        """``device`` opens what is sealed; None: this reader has no keys, and such files are passed over."""
        self._folder, self._bundles, self._device, self._log = folder, bundles, device, log
        self._looked: dict[Path, tuple[int, int]] = {}
        self._failing: dict[Path, str] = {}
        self._left_out = 0

    def __call__(self) -> float:
        """One look at what is new there; a folder that is not there is a stick that is not in."""
        for path, stamp in sorted(self._files().items()):
            if self._looked.get(path) != stamp and self._try(path):
                self._looked[path] = stamp
                self._failing.pop(path, None)
        return FOLDER_S

    def _files(self) -> dict[Path, tuple[int, int]]:
        found: dict[Path, tuple[int, int]] = {}
        try:
            for path in self._folder.iterdir():
                if path.suffix in (".cose", ".sealed") and path.is_file():
                    about = path.stat()
                    found[path] = (about.st_mtime_ns, about.st_size)
        except OSError:
            self._failing.clear()
            self._looked.clear()  # Pulled out: whatever is put in next is looked at anew.
        left_out = max(0, len(found) - MAX_FILES)
        if left_out and left_out != self._left_out:
            self._log(f"{self._folder}: the {left_out} oldest bundle files are left out")
        self._left_out = left_out
        newest = sorted(found.items(), key=lambda one: one[1], reverse=True)
        return dict(newest[:MAX_FILES])

    def _try(self, path: Path) -> bool:
        """Offer a file's bundle; False where the same file may be taken later: that is said once."""
        try:
            trust = self._bundles.offer(self._read(path))
        except CardsvcError as error:
            if error.reason not in _ELSEWHERE and error.reason != self._failing.get(path):
                self._log(f"{path.name}: {error.reason}: {error}")
            self._failing[path] = error.reason
            return not (isinstance(error, Unchecked) or error.reason in _PASSING)
        self._log(f"{path.name}: bundle {trust.epoch}/{trust.seq} of {trust.venue} serves now")
        return True

    def _read(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BUNDLE_BYTES + 1024)
        except OSError as error:
            raise Unchecked("unreadable", f"{path} cannot be read: {error}") from error
        if path.suffix != ".sealed":
            return data
        if self._device is None:
            raise Refused("not_for_this_device", f"{path.name} is sealed, and this reader has no keys")
        return self._device.unseal(data)
