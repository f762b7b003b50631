"""The audit's tree as files that anybody may hand out (C2SP tlog-tiles): hashes, 256 a file, no more.

An outsider who has the folder, or fetches from it, computes every root and proof alone. Level 0 holds the
hashes of leaves; a hash at level *n* stands for a full file of level *n* − 1, and full files never change.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from cardsvc.audit.tree import HASH_BYTES, Growing, leaf_hash, node_hash, split_of
from cardsvc.errors import ServiceError

#: Hashes of a full tile, and the height of the tree they are.
WIDTH: Final = 256
HEIGHT: Final = 8
CHECKPOINT: Final = "checkpoint"

#: Gives the bytes of a file by its path below the log's address; raises ``tile_missing``.
Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile: its level, its place in the level, and how many hashes it has."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies: ``tile/0/x001/x234/067``, and ``.p/WIDTH`` where it is not full."""
        *groups, last = f"{self.index:,}".split(",")
        parts = [*(f"x{int(one):03}" for one in groups), f"{int(last):03}"]
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{'/'.join(parts)}{partial}"


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a tree of ``size`` leaves, lowest level first."""
    level = 0
    while size:
        full, rest = divmod(size, WIDTH)
        yield from (Tile(level, index) for index in range(full))
        if rest:
            yield Tile(level, full, rest)
        level, size = level + 1, full


class TiledTree:
    """A tree of ``size`` leaves, read from tiles; what it says is worth as much as the root it comes to."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        """Read with ``fetch`` what is needed, and keep what was read."""
        self.size = size
        self._fetch = fetch
        self._tile = lru_cache(maxsize=1024)(self._read)

    def root(self) -> bytes:
        """The root, from as few tiles as give it."""
        return self.hash_of(0, self.size) if self.size else Growing().root

    def leaf(self, index: int) -> bytes:
        """The hash of leaf ``index`` (from 0)."""
        return self.hash_of(index, index + 1)

    def check(self) -> bytes:
        """The root over every leaf, once each tile agrees with those below it; raises ``tiles_disagree``."""
        whole = Growing()
        for tile in tiles_of(self.size):
            hashes = self._tile(tile)
            if tile.level == 0:
                for one in hashes:
                    whole.add_hash(one)
            else:
                self._agree(tile, hashes)
        return whole.root

    def inclusion(self, index: int) -> list[bytes]:
        """The proof that leaf ``index`` is in the tree."""
        if not 0 <= index < self.size:
            raise ServiceError("entry_not_found", f"the tree has {self.size} leaves, and no number {index}")
        proof, first, last = [], 0, self.size
        while last - first > 1:
            middle = first + split_of(last - first)
            if index < middle:
                proof.append(self.hash_of(middle, last))
                last = middle
            else:
                proof.append(self.hash_of(first, middle))
                first = middle
        return proof[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """The proof that the tree of the first ``old`` leaves is the beginning of this one."""
        if not 0 <= old <= self.size:
            raise ServiceError("entry_not_found", f"the tree has {self.size} leaves, and not {old}")
        if old in (0, self.size):
            return []
        proof, first, last = [], 0, self.size
        while old != last:
            middle = first + split_of(last - first)
            if old <= middle:
                proof.append(self.hash_of(middle, last))
                last = middle
            else:
                proof.append(self.hash_of(first, middle))
                first = middle
        # A beginning that is one whole subtree is the old root itself, which the reader has.
        if first:
            proof.append(self.hash_of(first, last))
        return proof[::-1]

    def hash_of(self, first: int, last: int) -> bytes:
        """The Merkle tree hash of the leaves from ``first`` up to ``last``, as RFC 6962 divides them."""
        count = last - first
        if count & (count - 1) == 0 and first % count == 0:
            return self._full(first, count)
        middle = first + split_of(count)
        return node_hash(self.hash_of(first, middle), self.hash_of(middle, last))

    def _full(self, first: int, count: int) -> bytes:
        level = (count.bit_length() - 1) // HEIGHT
        place, many = first >> (HEIGHT * level), count >> (HEIGHT * level)
        index, begin = divmod(place, WIDTH)
        width = min(WIDTH, (self.size >> (HEIGHT * level)) - index * WIDTH)
        return _root(self._tile(Tile(level, index, width))[begin : begin + many])

    def _agree(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        for offset, one in enumerate(hashes):
            below = Tile(tile.level - 1, tile.index * WIDTH + offset)
            if _root(self._tile(below)) != one:
                raise ServiceError("tiles_disagree", f"{tile.path} does not hold the root of {below.path}")

    def _read(self, tile: Tile) -> tuple[bytes, ...]:
        wanted = tile.width * HASH_BYTES
        try:
            raw = self._fetch(tile.path)
        except ServiceError:
            # A partial tile may be gone once the full one is there (tlog-tiles, section "Partial Tiles").
            if tile.width == WIDTH:
                raise
            tile = Tile(tile.level, tile.index)
            raw = self._fetch(tile.path)
        if len(raw) != tile.width * HASH_BYTES:
            words = f"{tile.path} has {len(raw)} bytes, {tile.width * HASH_BYTES} were expected"
            raise ServiceError("bad_tile", words)
        return tuple(raw[at : at + HASH_BYTES] for at in range(0, wanted, HASH_BYTES))


def tiles_from(leaves: Iterable[bytes]) -> Iterator[tuple[Tile, bytes]]:
    """Every tile of the tree with these leaves' data, and its bytes; a level waits for the one below it."""
    hashes, level = [leaf_hash(one) for one in leaves], 0
    while hashes:
        full = len(hashes) // WIDTH
        groups = [hashes[at : at + WIDTH] for at in range(0, len(hashes), WIDTH)]
        yield from ((Tile(level, at, len(group)), b"".join(group)) for at, group in enumerate(groups))
        hashes, level = [_root(group) for group in groups[:full]], level + 1


def from_folder(folder: Path) -> Fetch:
    """Read tiles that lie in a folder, however they came there."""

    def fetch(path: str) -> bytes:
        try:
            return (folder / path).read_bytes()
        except OSError as error:
            raise ServiceError("tile_missing", f"{folder / path} cannot be read: {error.strerror}") from error

    return fetch


def _root(hashes: Iterable[bytes]) -> bytes:
    tree = Growing()
    for one in hashes:
        tree.add_hash(one)
    return tree.root
