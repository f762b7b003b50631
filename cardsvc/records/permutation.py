"""The shuffled order in which a status list's slots are allotted (docs/format.md section 4).

A keyed permutation instead of a table of shuffled slots: slot n is ``slots(n)``, for ever, from 32 bytes of
seed. Neighbouring prints then get far-apart indices, so an index tells nothing about who came when.
"""

import hashlib
from collections.abc import Callable

LIST_BITS = 17
LIST_SIZE = 1 << LIST_BITS
SEED_BYTES = 32
#: A balanced Feistel network needs an even width: 18 bits, and results past the end are put through again
#: ("cycle walking", Black and Rogaway 2002); two rounds through on average.
_HALF_BITS = 9
_HALF = 1 << _HALF_BITS
_MASK = _HALF - 1
#: Patarin 2004 shows indistinguishability well below 8 rounds.
_ROUNDS = 8


def permutation(seed: bytes) -> Callable[[int], int]:
    """The bijection of 0 … 2^17-1 that belongs to ``seed``."""
    if len(seed) != SEED_BYTES:
        raise ValueError(f"expected a seed of {SEED_BYTES} bytes, got {len(seed)}")
    rounds = [_round_table(seed, number) for number in range(_ROUNDS)]

    def slot(number: int) -> int:
        if not 0 <= number < LIST_SIZE:
            raise ValueError(f"expected a number below {LIST_SIZE}, got {number}")
        while True:
            left, right = number >> _HALF_BITS, number & _MASK
            for table in rounds:
                left, right = right, left ^ table[right]
            number = left << _HALF_BITS | right
            if number < LIST_SIZE:
                return number

    return slot


def _round_table(seed: bytes, number: int) -> list[int]:
    stream = hashlib.shake_256(b"cardsvc-slots" + bytes((number,)) + seed).digest(2 * _HALF)
    return [int.from_bytes(stream[2 * i : 2 * i + 2], "big") & _MASK for i in range(_HALF)]
