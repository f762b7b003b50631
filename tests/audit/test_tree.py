"""The tree against the test data of RFC 6962's reference implementation, and against itself."""

from hypothesis import given
from hypothesis import strategies as st

from cardsvc.audit.tree import (
    EMPTY_ROOT,
    consistency_proof,
    grew_from,
    includes,
    inclusion_proof,
    root_of,
)

#: certificate-transparency's merkle_tree_test.cc: the eight leaves, and the root after each.
LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
#: The same file's paths: (leaf, size) and (old, size), counted from 0 and from 1.
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
trees = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def test_the_known_roots() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of([]) == EMPTY_ROOT
    assert [root_of(LEAVES[: size + 1]).hex() for size in range(8)] == ROOTS


def test_the_known_proofs() -> None:
    for (index, size), path in INCLUSION.items():
        assert [one.hex() for one in inclusion_proof(index, LEAVES[:size])] == path
    for (old, size), path in CONSISTENCY.items():
        assert [one.hex() for one in consistency_proof(old, LEAVES[:size])] == path


@given(trees, st.data())
def test_every_leaf_is_proved_and_nothing_else_is(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, root = inclusion_proof(index, leaves), root_of(leaves)
    assert includes(index, len(leaves), leaves[index], proof, root)
    assert not includes(index, len(leaves), leaves[index] + b"x", proof, root)
    assert not includes(index, len(leaves), leaves[index], [*proof, root], root)
    assert not includes(len(leaves), len(leaves), leaves[index], proof, root)
    if proof:
        assert not includes(index, len(leaves), leaves[index], proof[:-1], root)


@given(trees, st.data())
def test_growth_is_proved_and_a_rewritten_past_is_not(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves)))
    before, root = root_of(leaves[:old]), root_of(leaves)
    proof = consistency_proof(old, leaves)
    assert grew_from(old, len(leaves), before, root, proof)
    other = root_of([*leaves[: old - 1], leaves[old - 1] + b"x"])
    assert not grew_from(old, len(leaves), other, root, proof)
    assert not grew_from(old, len(leaves), before, root, [*proof, root])
