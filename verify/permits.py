"""Permit lists, and the one rule of how long a stay is known to last (docs/format.md section 3).

A stay is extended without a new card: the code says the day known when it was printed, the truth travels in
lists. :func:`permit_end` (a reader) and :func:`permit_rows` (the issuer) are the two halves of one argument:
whatever the reader may fall back on is safe because the issuer lists everything for which it would not be.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from verify import cbor
from verify.days import DEFAULT_OFFSET_S, day_at, end_of
from verify.fields import MAX_DAY, Fields, array, malformed, uint
from verify.status import EXP, IAT, SUB, deflate, inflate_bounded

PERMIT_TYP: Final = "application/cardsvc-permit+cwt"
ROWS: Final = -70011


def permit_uri(uri: str) -> str:
    """The sub of the permit list over the indices of the card list ``uri``."""
    return f"{uri}/permit"


@dataclass(frozen=True, slots=True)
class PermitList:
    """The last days of permits that a reader cannot learn from the codes; times in epoch seconds."""

    uri: str
    iat: int
    exp: int
    days: Mapping[int, int]

    def day(self, index: int) -> int | None:
        """The permit's last day at ``index`` as the list says it; None where the list is silent."""
        return self.days.get(index)


def encode_permit_claims(*, uri: str, iat: int, exp: int, days: Mapping[int, int]) -> bytes:
    """The payload of a permit list; ``uri`` is the *card list's*, ``days`` maps index to day number."""
    by_day: defaultdict[int, list[int]] = defaultdict(list)
    for index in sorted(days):
        by_day[days[index]].append(index)
    rows = {
        day: [indices[0], *(after - before for before, after in itertools.pairwise(indices))]
        for day, indices in by_day.items()
    }
    return cbor.encode({SUB: permit_uri(uri), EXP: exp, IAT: iat, ROWS: deflate(cbor.encode(rows))})


def decode_permit_claims(payload: bytes) -> PermitList:
    """The permit list in ``payload``; raises ``malformed``, also for an index with two days."""
    fields = Fields(cbor.decode(payload), "permit list")
    rows = cbor.decode(inflate_bounded(fields.octets(ROWS)))
    if not isinstance(rows, Mapping):
        raise malformed(f"permit list: expected a map of days, found {type(rows).__name__}")
    days: dict[int, int] = {}
    total = 0
    for day, deltas in rows.items():
        last_day = uint(day, "permit list, a day", MAX_DAY)
        indices = _indices(array(deltas, "permit list, a day's indices"))
        days.update((index, last_day) for index in indices)
        total += len(indices)
    if len(days) != total:
        raise malformed("permit list: an index stands under two days")
    return PermitList(uri=fields.text(SUB), iat=fields.uint(IAT), exp=fields.uint(EXP), days=days)


def _indices(deltas: list[object]) -> list[int]:
    numbers = [delta for delta in deltas if type(delta) is int and 0 <= delta <= cbor.MAX_INTEGER]
    if len(numbers) != len(deltas) or 0 in numbers[1:]:
        raise malformed("permit list: indices are a first index and steps of at least one")
    return list(itertools.accumulate(numbers))


def permit_end(
    *,
    code_iat: int,
    printed_day: int | None,
    index: int,
    permits: PermitList,
    offset_s: int = DEFAULT_OFFSET_S,
) -> int:
    """Epoch second at which the stay is over as far as is known; from then on it is ``permit_unknown``.

    Only for an index at status 0. ``code_iat`` and ``printed_day`` are claims 6 and 8 of the code (None where
    there is no claim 8), ``permits`` the list made with the status list, ``offset_s`` the issuer's offset.

    A code younger than the list is not in it, and goes by what it says itself. Otherwise the list's word
    holds. Where the list is silent, no day written into a code of this index and no true day ends while the
    list lives: so a printed day that had not passed at the list's iat reaches beyond the list, and one that
    had passed was extended beyond it (else the status would be 2), which is known as far as the list's exp.
    """
    printed_end = None if printed_day is None else end_of(printed_day, offset_s)
    if code_iat > permits.iat:
        return permits.exp if printed_end is None else printed_end
    listed = permits.days.get(index)
    if listed is not None:
        return end_of(listed, offset_s)
    if printed_end is not None and printed_end > permits.iat:
        return printed_end
    return permits.exp


def permit_rows(
    permits: Iterable[tuple[int, int, Iterable[int]]],
    *,
    iat: int,
    exp: int,
    offset_s: int = DEFAULT_OFFSET_S,
) -> dict[int, int]:
    """Which indices belong into the permit list of (iat, exp], with their true last days.

    ``permits`` gives, for every index *at status 0* whose holder needs a permit: the index, the true last
    day, and every day written into an unexpired code of that index (print, chip, token). An index is listed
    if any of these days ends in (iat, exp]; times are epoch seconds.
    """
    first = day_at(iat, offset_s)  # The day that holds iat ends after it.
    last = day_at(exp, offset_s) - 1  # The day before the one that holds exp ends at exp or before.
    return {
        index: true_day
        for index, true_day, written in permits
        if first <= true_day <= last or any(first <= day <= last for day in written)
    }
