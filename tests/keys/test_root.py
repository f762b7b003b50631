import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.root import (
    add_signature,
    check_signed,
    epoch_s,
    new_root,
    next_root,
    sign_document,
    sign_root,
    signed_by,
)
from keys.signer import MemorySigner, new_signer
from tests.keys.conftest import NOW, refused
from verify.cose import EDDSA, ES256, decode_sign, encode_sign, protected_header
from verify.errors import CardsvcError
from verify.keylist import KEYS_TYP
from verify.root import follow_chain, read_root
from verify.trustdocs import ROOT_TYP, RootDocument, encode_root

AT = epoch_s(NOW)


def holders(number: int = 3) -> list[MemorySigner]:
    # One holder of the other algorithm: a root may be mixed.
    return [new_signer(ES256 if index == 1 else EDDSA) for index in range(number)]


def root_of(signers: list[MemorySigner], threshold: int = 2) -> RootDocument:
    return new_root([one.public for one in signers], threshold=threshold, now=NOW)


def test_one_signature_is_refused_and_two_are_accepted() -> None:
    three = holders()
    root = root_of(three)
    with refused("too_few_signatures"):
        sign_root(root, three[:1])
    with refused("too_few_signatures"):
        sign_root(root, [three[0], three[0]])
    with refused("too_few_signatures"):
        sign_root(root, [three[0], new_signer()])
    for two in (three[:2], three[1:], three[::2]):
        assert read_root(sign_root(root, two)) == root
    alone = sign_document(encode_root(root), ROOT_TYP, three[:1])
    with refused("too_few_signatures"):
        read_root(alone)


def test_holders_who_never_meet_sign_one_after_the_other() -> None:
    three = holders()
    root = root_of(three)
    first = sign_document(encode_root(root), ROOT_TYP, three[:1])
    second = add_signature(first, three[2])
    assert read_root(second) == root
    assert add_signature(second, three[2]) == second
    assert set(signed_by(decode_sign(second), root.keys)) == {three[0].public, three[2].public}


@pytest.mark.parametrize(("threshold", "number"), [(1, 3), (0, 3), (4, 3), (2, 1)])
def test_a_root_nobody_should_trust_is_never_made(threshold: int, number: int) -> None:
    with refused("malformed"):
        root_of(holders(number), threshold)


def test_a_key_counts_once() -> None:
    one = new_signer()
    with refused("duplicate_key"):
        root_of([one, one])


def test_the_next_root_needs_both_the_old_and_the_new_holders() -> None:
    old, new = holders(), holders()
    first = root_of(old)
    second = next_root(first, [one.public for one in new], threshold=2, now=NOW)
    for some in ([*old[:2], new[0]], [old[0], *new[:2]], old, new):
        with refused("too_few_signatures"):
            sign_root(second, some, first)
    signed = sign_root(second, [*old[:2], *new[1:]], first)
    pinned = sign_root(first, old)
    assert follow_chain(pinned, [pinned, signed], AT) == (signed, second)


def test_an_old_reader_follows_three_rotations() -> None:
    people = holders()
    pinned = newest = sign_root(root_of(people), people[:2])
    chain, root = [pinned], root_of(people)
    for _ in range(3):
        leaving, people = people, [*people[1:], new_signer()]
        following = next_root(root, [one.public for one in people], threshold=2, now=NOW)
        newest = sign_root(following, [*leaving[:2], *people[-2:]], root)
        chain.append(newest)
        root = following
    assert follow_chain(pinned, chain, AT) == (newest, root)
    assert root.version == 4
    with refused("root_gap"):
        follow_chain(pinned, [chain[0], *chain[2:]], AT)


def test_versions_rise_by_one() -> None:
    three = holders()
    first = root_of(three)
    third = new_root(first.keys, threshold=2, now=NOW, version=3)
    with refused("root_gap"):
        sign_root(third, three, first)
    with refused("root_gap"):
        sign_root(third, three)


def test_a_root_signature_is_good_for_its_type_alone() -> None:
    three = holders()
    root = root_of(three)
    document = sign_root(root, three)
    with refused("wrong_type"):
        check_signed(document, KEYS_TYP, root)
    # The same signatures under another type: the type is signed too.
    sign = decode_sign(document)
    parts = [(part.protected, part.signature) for part in sign.signatures]
    moved = encode_sign(protected_header(typ=KEYS_TYP), sign.payload, parts)
    with refused("bad_signature"):
        check_signed(moved, KEYS_TYP, root)


def test_a_signer_of_a_later_algorithm_is_passed_over() -> None:
    three = holders()
    root = root_of(three)
    sign = decode_sign(sign_root(root, three[:2]))
    parts = [(part.protected, part.signature) for part in sign.signatures]
    later = [(protected_header(-48, b"new-kid!"), b"x" * 2420), (b"\xa1\x02\x81\x04", b"critical")]
    document = encode_sign(sign.protected, sign.payload, [*later, *parts])
    assert read_root(document) == root
    assert len(signed_by(decode_sign(document), root.keys)) == 2


@given(st.data())
def test_no_flipped_bit_leaves_two_signatures(data) -> None:
    document = bytearray(_SIGNED)
    position = data.draw(st.integers(0, len(document) * 8 - 1))
    document[position // 8] ^= 1 << position % 8
    try:
        found = check_signed(bytes(document), ROOT_TYP, _ROOT)
    except CardsvcError:
        return
    # What survives a flip outside of what is signed is still the very document that was signed.
    assert found == encode_root(_ROOT)


_PEOPLE = holders()
_ROOT = root_of(_PEOPLE)
_SIGNED = sign_root(_ROOT, _PEOPLE[:2])


def test_a_time_without_a_zone_is_refused() -> None:
    with refused("naive_time"):
        epoch_s(NOW.replace(tzinfo=None))
