"""Merkle trees over the audit's entries (RFC 6962, section 2.1; proofs are checked as RFC 9162 says).

A leaf's data is the 32-byte hash of one entry. A few lines of arithmetic, no storage: a million entries take
about two seconds, which is what a checkpoint an hour costs.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
HASH_BYTES: Final = hashlib.sha256().digest_size
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(_NODE + left + right).digest()


class Growing:
    """A tree that only grows, known by the roots of its whole subtrees: 20 hashes for a million leaves."""

    def __init__(self) -> None:
        """Begin empty."""
        self.size = 0
        self._subtrees: list[bytes] = []

    def add(self, data: bytes) -> None:
        """Take one more leaf, by its data."""
        self.add_hash(leaf_hash(data))

    def add_hash(self, node: bytes) -> None:
        """Take one more leaf, by its hash."""
        filled = self.size
        while filled & 1:
            node = node_hash(self._subtrees.pop(), node)
            filled >>= 1
        self._subtrees.append(node)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root of the tree as it is now."""
        if not self._subtrees:
            return EMPTY_ROOT
        *rest, node = self._subtrees
        for left in reversed(rest):
            node = node_hash(left, node)
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of a tree with these leaves' data."""
    tree = Growing()
    for data in leaves:
        tree.add(data)
    return tree.root


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from leaf ``index`` (from 0) to the root, lowest first."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"leaf {index} of {len(leaves)} there is not")
    if len(leaves) == 1:
        return []
    split = split_of(len(leaves))
    if index < split:
        return [*inclusion_proof(index, leaves[:split]), root_of(leaves[split:])]
    return [*inclusion_proof(index - split, leaves[split:]), root_of(leaves[:split])]


def consistency_proof(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that show the tree of the first ``old`` leaves to be the beginning of this one."""
    if not 0 < old <= len(leaves):
        raise ValueError(f"the first {old} of {len(leaves)} leaves there are not")
    return _consistency(old, leaves, whole=True)


def includes(index: int, size: int, data: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether leaf ``index`` of the tree of ``size`` leaves with this root has this data."""
    return includes_hash(index, size, leaf_hash(data), proof, root)


def includes_hash(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof holds for a leaf known by its hash (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size or not _hashes(leaf, root, *proof):
        return False
    first, last, node = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            node = node_hash(step, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = node_hash(node, step)
        first, last = first >> 1, last >> 1
    return last == 0 and node == root


def grew_from(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof holds (RFC 9162, section 2.1.4.2); from nothing to something it proves nothing."""
    if not 0 <= old <= size or not _hashes(old_root, root, *proof):
        return False
    if old == size:
        return not proof and old_root == root and (size > 0 or root == EMPTY_ROOT)
    if old == 0:
        return False
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    first, last = old - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = now = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            before, now = node_hash(step, before), node_hash(step, now)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            now = node_hash(now, step)
        first, last = first >> 1, last >> 1
    return last == 0 and before == old_root and now == root


def _consistency(old: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = split_of(len(leaves))
    if old <= split:
        return [*_consistency(old, leaves[:split], whole=whole), root_of(leaves[split:])]
    return [*_consistency(old - split, leaves[split:], whole=False), root_of(leaves[:split])]


def _hashes(*values: bytes) -> bool:
    return all(len(one) == HASH_BYTES for one in values)


def split_of(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
