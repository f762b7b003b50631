"""The key list: which key may sign what, when, for which classes (section 5). Only the root adds to it.

Form only: that the root signed it is judged in :mod:`verify.trust`.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from verify import cbor
from verify.cose import SEALING, PublicKey, check_public, fits
from verify.days import DAY_S
from verify.errors import Refused
from verify.fields import Fields, malformed, uint

KEYS_TYP: Final = "application/cardsvc-keys+cose"

#: Status and bundle keys live on hosts with a network: a stolen one must run out (section 5).
MAX_ONLINE_WINDOW_S: Final = 100 * DAY_S
#: Offsets of the world run from -12:00 to +14:00.
MIN_OFFSET_S: Final = -12 * 3600
MAX_OFFSET_S: Final = 14 * 3600
MAX_CLASS: Final = 255

_ISS, _IAT, _VERSION, _ROOT_VERSION, _OFFSET, _ENTRIES = 1, 6, 10, 13, 14, 15
_KEY, _ALG, _USE, _SIGN_FROM, _SIGN_UNTIL, _TRUST_UNTIL, _KEY_EPOCH, _CLASSES = 1, 2, 3, 4, 5, 6, 7, 8


class KeyUse(IntEnum):
    """What a listed key may do, and nothing else."""

    CARD = 1
    TOKEN = 2
    STATUS = 3
    BUNDLE = 4
    SEAL = 5


#: Keys that sign what readers fetch; they belong to an epoch.
ONLINE_USES: Final = frozenset({KeyUse.STATUS, KeyUse.BUNDLE})
#: Keys that sign what holders carry; they may be bound to card classes, and distrusted.
CARRIED_USES: Final = frozenset({KeyUse.CARD, KeyUse.TOKEN})


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """One entry of the key list.

    ``sign_from`` ≤ iat < ``sign_until`` for what the key signs, believed while now < ``trust_until`` (epoch
    seconds). ``classes`` None: all; ``epoch`` is there for status and bundle keys alone.
    """

    public: PublicKey
    use: KeyUse
    sign_from: int
    sign_until: int
    trust_until: int
    classes: frozenset[int] | None = None
    epoch: int | None = None

    @property
    def kid(self) -> bytes:
        """Computed from the key, so that nothing can disagree with it."""
        return self.public.kid

    def covers(self, iat: int) -> bool:
        """Whether something made at ``iat`` lies in the key's signing window."""
        return self.sign_from <= iat < self.sign_until


@dataclass(frozen=True, slots=True)
class KeyList:
    """All keys of one issuer, whole; ``root_version`` names the root document it was signed under."""

    issuer: str
    iat: int
    version: int
    root_version: int
    day_offset_s: int
    keys: tuple[TrustedKey, ...]


def encode_key_list(key_list: KeyList) -> bytes:
    """The payload of a key list; the kid is not written, every reader computes it."""
    return cbor.encode(
        {
            _ISS: key_list.issuer,
            _IAT: key_list.iat,
            _VERSION: key_list.version,
            _ROOT_VERSION: key_list.root_version,
            _OFFSET: key_list.day_offset_s,
            _ENTRIES: [_encode_entry(key) for key in key_list.keys],
        }
    )


def decode_key_list(payload: bytes) -> KeyList:
    """The key list in ``payload``; raises ``malformed``, ``weak_key`` or ``duplicate_key``."""
    fields = Fields(cbor.decode(payload), "key list")
    keys = tuple(_decode_entry(Fields(item, "key list entry")) for item in fields.array(_ENTRIES))
    if len({key.public.raw for key in keys}) != len(keys):
        raise Refused("duplicate_key", "key list: one key stands twice, and would have two uses or windows")
    return KeyList(
        issuer=fields.text(_ISS),
        iat=fields.uint(_IAT),
        version=fields.uint(_VERSION),
        root_version=fields.uint(_ROOT_VERSION),
        day_offset_s=fields.integer(_OFFSET, MIN_OFFSET_S, MAX_OFFSET_S),
        keys=keys,
    )


def _encode_entry(key: TrustedKey) -> dict[int, object]:
    entry: dict[int, object] = {
        _KEY: key.public.to_cose_key(),
        _USE: int(key.use),
        _SIGN_FROM: key.sign_from,
        _SIGN_UNTIL: key.sign_until,
        _TRUST_UNTIL: key.trust_until,
    }
    if key.public.algorithm != SEALING:
        entry[_ALG] = key.public.algorithm
    if key.epoch is not None:
        entry[_KEY_EPOCH] = key.epoch
    if key.classes is not None:
        entry[_CLASSES] = sorted(key.classes)
    return entry


def _decode_entry(fields: Fields) -> TrustedKey:
    public = PublicKey.from_cose_key(fields.any(_KEY))
    check_public(public)
    number = fields.uint(_USE)
    if number not in KeyUse.__members__.values():
        raise malformed(f"key list entry: expected a use from 1 to 5, found {number}")
    use = KeyUse(number)
    seals = public.algorithm == SEALING
    algorithm = fields.integer(_ALG, -65536, -1) if fields.has(_ALG) else None
    if seals != (use is KeyUse.SEAL) or (algorithm is not None if seals else not fits(public, algorithm)):
        raise malformed(f"key list entry: use {number} and algorithm {algorithm} do not fit the key")
    if (use in ONLINE_USES) != fields.has(_KEY_EPOCH):
        raise malformed("key list entry: status and bundle keys have an epoch, and no others")
    if use not in CARRIED_USES and fields.has(_CLASSES):
        raise malformed("key list entry: only card and token keys are bound to classes")
    key = TrustedKey(
        public=public,
        use=use,
        sign_from=fields.uint(_SIGN_FROM),
        sign_until=fields.uint(_SIGN_UNTIL),
        trust_until=fields.uint(_TRUST_UNTIL),
        classes=_classes(fields),
        epoch=fields.optional_uint(_KEY_EPOCH),
    )
    _check_window(key)
    return key


def _classes(fields: Fields) -> frozenset[int] | None:
    if not fields.has(_CLASSES):
        return None
    return frozenset(uint(item, "key list entry, a class", MAX_CLASS) for item in fields.array(_CLASSES))


def _check_window(key: TrustedKey) -> None:
    if not key.sign_from < key.sign_until <= key.trust_until:
        raise malformed("key list entry: expected sign_from < sign_until ≤ trust_until")
    if key.use in ONLINE_USES and key.sign_until - key.sign_from > MAX_ONLINE_WINDOW_S:
        raise malformed("key list entry: a status or bundle key signs for at most 100 days")
