"""Which keys there shall be and when each may sign: windows that follow each other without a gap.

Card keys are short-lived and made a year ahead, so that a stolen one can be distrusted without killing a
city's cards. Status and bundle keys belong to an epoch; those of the next one exist before they are needed,
so that a restore from backup needs no root ceremony (docs/format.md section 5).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from keys.errors import KeysError
from keys.files import STANDARD_COST, Cost, Passphrase
from keys.root import epoch_s
from keys.signer import new_secret, public_of, seal_key
from verify.cose import EDDSA, SEALING, PublicKey
from verify.days import DAY_S, DEFAULT_OFFSET_S, day_at, start_of
from verify.keylist import MAX_ONLINE_WINDOW_S, ONLINE_USES, KeyList, KeyUse, TrustedKey

#: How long what a key signed may be believed after its last day of signing, with a margin (section 5): cards
#: live five years, tokens, lists and bundles 14 days; sealed records may wait a quarter of a year at a gate.
TRUST_AFTER_S: Final = {
    KeyUse.CARD: (5 * 366 + 30) * DAY_S,
    KeyUse.TOKEN: 15 * DAY_S,
    KeyUse.STATUS: 15 * DAY_S,
    KeyUse.BUNDLE: 15 * DAY_S,
    KeyUse.SEAL: 90 * DAY_S,
}
#: Section 5: so many cards at most die with one stolen key.
CARDS_PER_KEY: Final = 5_000
#: Lists carry an iat a minute before they are made, and clocks differ: the first window begins a day early.
FIRST_LEAD_DAYS: Final = 1


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """How many keys, for how long. Section 5: a card key signs for 90 days or 5,000 cards."""

    window_days: int = 90
    ahead_days: int = 365
    #: A ceremony is called for when the last window of any use ends within this many days.
    notice_days: int = 120
    cards_per_key: int = CARDS_PER_KEY
    #: Cards expected in one window; so many keys stand side by side that each stays under its count.
    cards_per_window: int = 10_000
    algorithm: int = EDDSA

    def __post_init__(self) -> None:
        if not 1 <= self.window_days * DAY_S <= MAX_ONLINE_WINDOW_S:
            raise KeysError("bad_plan", f"a window of 1 to 100 days was expected, {self.window_days} came")
        if min(self.ahead_days, self.notice_days, self.cards_per_key, self.cards_per_window) < 1:
            raise KeysError("bad_plan", "days ahead, notice and numbers of cards are at least 1")
        if self.notice_days >= self.ahead_days:
            raise KeysError("bad_plan", "the notice is shorter than the time keys are made ahead")

    @property
    def card_keys(self) -> int:
        """How many card keys share one window."""
        return -(-self.cards_per_window // self.cards_per_key)


@dataclass(frozen=True, slots=True)
class Stream:
    """Keys that follow each other: one use, and for status and bundle keys one epoch."""

    use: KeyUse
    epoch: int | None
    lanes: int = 1

    def ends(self, keys: Iterable[TrustedKey]) -> int:
        """Find when the last window of this stream is over, in epoch seconds; 0 if it has none."""
        own = (key.sign_until for key in keys if (key.use, key.epoch) == (self.use, self.epoch))
        return max(own, default=0)


@dataclass(frozen=True, slots=True)
class Vault:
    """Where private halves are written, and with which passphrase."""

    directory: Path
    passphrase: Passphrase
    cost: Cost = STANDARD_COST


def key_file_name(use: KeyUse, public: PublicKey) -> str:
    """Name the file of a private key: ``card-0123456789abcdef.key``."""
    return f"{use.name.lower()}-{public.kid.hex()}.key"


def streams(plan: KeyPlan, epoch: int) -> tuple[Stream, ...]:
    """List what a key list must hold while ``epoch`` is the current one: the next epoch's too."""
    online = tuple(Stream(use, number) for number in (epoch, epoch + 1) for use in sorted(ONLINE_USES))
    return (
        Stream(KeyUse.CARD, None, plan.card_keys),
        Stream(KeyUse.TOKEN, None),
        Stream(KeyUse.SEAL, None),
        *online,
    )


def first_key_list(issuer: str, day_offset_s: int = DEFAULT_OFFSET_S) -> KeyList:
    """Give the empty list, version 0, that the first proposal extends; nobody signs it."""
    return KeyList(issuer=issuer, iat=0, version=0, root_version=0, day_offset_s=day_offset_s, keys=())


def extend_key_list(
    current: KeyList,
    plan: KeyPlan,
    *,
    epoch: int,
    root_version: int,
    now: datetime,
    live: Vault,
    apart: Vault,
    more_card_keys: int = 0,
) -> KeyList:
    """Make the private keys that ``plan`` misses and describe the next key list, for the root to sign.

    Private halves go into ``live``, those of the epoch after ``epoch`` into ``apart``. ``more_card_keys`` are
    added to the window that holds now, for an office that issues more than was planned. Keys that nobody
    needs to believe any more leave the list.
    """
    instant = epoch_s(now)
    kept = [key for key in current.keys if key.trust_until > instant]
    new: list[TrustedKey] = []
    for stream in streams(plan, epoch):
        vault = apart if stream.epoch is not None and stream.epoch > epoch else live
        for window in _windows(stream.ends(kept), instant, plan, current.day_offset_s):
            new += [_make(stream, plan, vault, window) for _ in range(stream.lanes)]
    cards = Stream(KeyUse.CARD, None)
    today = next(((key.sign_from, key.sign_until) for key in kept if _signs_cards(key, instant)), None)
    if today is not None:
        new += [_make(cards, plan, live, today) for _ in range(more_card_keys)]
    return replace(
        current, iat=instant, version=current.version + 1, root_version=root_version, keys=(*kept, *new)
    )


def _signs_cards(key: TrustedKey, instant: int) -> bool:
    return key.use is KeyUse.CARD and key.covers(instant)


def _windows(ends: int, instant: int, plan: KeyPlan, offset_s: int) -> Iterator[tuple[int, int]]:
    """Yield windows from where the last one ended (or from today) until enough time ahead is covered."""
    begin = ends if ends > instant else start_of(day_at(instant, offset_s) - FIRST_LEAD_DAYS, offset_s)
    while begin < instant + plan.ahead_days * DAY_S:
        end = begin + plan.window_days * DAY_S
        yield begin, end
        begin = end


def _make(stream: Stream, plan: KeyPlan, vault: Vault, window: tuple[int, int]) -> TrustedKey:
    algorithm = SEALING if stream.use is KeyUse.SEAL else plan.algorithm
    secret = new_secret(algorithm)
    public = public_of(secret, algorithm)
    path = vault.directory / key_file_name(stream.use, public)
    seal_key(path, secret, algorithm, stream.use.name.lower(), vault.passphrase, cost=vault.cost)
    begin, end = window
    return TrustedKey(
        public=public,
        use=stream.use,
        sign_from=begin,
        sign_until=end,
        trust_until=end + TRUST_AFTER_S[stream.use],
        epoch=stream.epoch,
    )
