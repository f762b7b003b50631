"""The trust a reader goes by, and its memory on disk: a newer bundle is taken whole, or the last one serves.

:func:`verify.trust.accept` judges; here are the files around it. The bundle is written before the state,
since a state that is ahead of its bundle would refuse it as a rollback of itself. Where the power went in
between, the memory is moved on from the bundle before anything else is judged by it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Final

from verify.errors import CardsvcError, Refused
from verify.root import follow_chain, read_root
from verify.rules import Policy
from verify.store import StateDirectory
from verify.trust import Trust, TrustState, accept

STATE: Final = "state.json"
BUNDLE: Final = "bundle.cose"


class Keeper:
    """What a reader remembers of trust, in its state directory."""

    def __init__(self, directory: StateDirectory, root: bytes, now: int, *, venue: str | None = None) -> None:
        """Take up the memory in ``directory``, held to the root document that was given by hand.

        Where nothing is remembered yet, only a bundle of ``venue`` will do, if one is named. Raises
        ``other_root``, and what a damaged state or a bad root document is refused for.
        """
        self._directory, self._root = directory, root
        kept = directory.read(STATE)
        if kept is None:
            self.state = TrustState.pin(root, now=now, venue=venue)
            self._before: TrustState | None = None
        else:
            self._before = TrustState.from_json(kept.decode("utf-8", "replace"))
            self.state = _with_root(self._before, root, now)
            if venue is not None and self.state.venue not in (None, venue):
                raise Refused("wrong_venue", f"the memory is of {self.state.venue}, this reader of {venue}")

    def last(self, now: int) -> Trust | None:
        """The trust of the last good bundle, or None before the first."""
        last = self._directory.read(BUNDLE)
        if self._before is None or last is None:
            return None
        # It was accepted at its floor or later, so it is read again as of then; step 2 judges the clock.
        following, trust = accept(self._before, last, max(now, self._before.time_floor))
        if following != self._before:
            # The power went between the two files; the bundle before this one could come back.
            self._before, self.state = following, _with_root(following, self._root, now)
        return trust

    def offer(self, bundle: bytes, now: int, issued: Sequence[bytes] = ()) -> Trust:
        """Take a bundle, durably; raises what it is refused for, and then nothing has changed."""
        if not self._is_remembered():
            with suppress(CardsvcError):  # A damaged file must not keep every good one out.
                self.last(now)
        following, trust = accept(self.state, bundle, now, issued=issued)
        Policy.decode(trust.policy)  # Rules that this reader lacks must not push out the last good bundle.
        self._directory.write(BUNDLE, bundle)
        self._directory.write(STATE, following.to_json().encode("utf-8"))
        self.state = self._before = following
        return trust

    def _is_remembered(self) -> bool:
        """Whether the bundle in the directory is the one that the memory ends with."""
        last = self._directory.read(BUNDLE)
        return self._before is None or last is None or sha256(last).digest() == self._before.bundle_hash


def offer_or_last(keeper: Keeper, bundle: bytes, now: int) -> tuple[Trust, CardsvcError | None]:
    """The trust of ``bundle``, or the last good one with the reason why; raises that where there is none."""
    try:
        return keeper.offer(bundle, now), None
    except CardsvcError as error:
        last = keeper.last(now)
        if last is None:
            raise
        return last, error


def _with_root(state: TrustState, given: bytes, now: int) -> TrustState:
    """The memory, held to the root document that was given: an older, the same, or the next of its chain.

    Raises ``other_root`` where it is another one, and what :meth:`TrustState.pin` raises.
    """
    clock = max(now, state.time_floor)
    TrustState.pin(given, now=clock)
    known, offered = read_root(state.root), read_root(given)
    if offered.version < known.version or offered == known:
        return state
    try:
        newest, _ = follow_chain(state.root, [given], clock)
    except Refused as error:
        raise Refused(
            "other_root",
            f"the root document given is not of the chain this --state directory remembers: {error}; "
            "give the right one, or use another directory",
        ) from error
    return replace(state, root=newest)
