"""Change one field, sign again, expect one named reason; and the attacks under the names of python-tuf."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from keys.plan import TRUST_AFTER_S
from tests.verify.trustkit import (
    BUNDLE,
    BUNDLE_2,
    CARD,
    EXP,
    GENUINE,
    ISS,
    NEXT_ROOT_KEYS,
    NOW,
    ROOT_KEYS,
    SNAPSHOT,
    STATUS,
    STATUS_2,
    TOKEN,
    URI,
    Ed25519,
    EpochTwo,
    bundle,
    content,
    entitlement_list,
    entries,
    entry,
    hotlist,
    issued_list,
    key_list,
    permit_list,
    root_document,
    signed,
    status_list,
)
from verify import cbor
from verify.cose import PublicKey, Sign, decode_sign, encode_sign, protected_header
from verify.days import DAY_S
from verify.errors import CardsvcError, Refused
from verify.keylist import KeyUse
from verify.status import STATUS_TYP
from verify.trust import MAX_BUNDLE_BYTES, Trust, TrustState, accept
from verify.trustdocs import BUNDLE_TYP, ROOT_TYP, IssuedList


def pinned(**changes: object) -> TrustState:
    return replace(TrustState.pin(root_document(), now=NOW), **changes)  # type: ignore[arg-type]  # by name


def after(data: bytes, now: int = NOW) -> TrustState:
    return accept(pinned(), data, now)[0]


def reason(state: TrustState, data: bytes, now: int = NOW) -> str:
    with pytest.raises(CardsvcError) as caught:
        accept(state, data, now)
    return caught.value.reason


def test_a_sound_bundle_is_accepted_whole() -> None:
    state, trust = accept(pinned(), bundle(hotlists=(hotlist(),)), NOW)
    assert (trust.issuer, trust.venue, trust.epoch, trust.seq) == (ISS, "library", 1, 10)
    assert (trust.iat, trust.exp, trust.ttl, trust.day_offset_s) == (NOW - 30, EXP, 3600, 28_800)
    assert trust.policy == {1: [3]}
    assert [key.use for key in trust.keys[CARD.public.kid]] == [KeyUse.CARD]
    assert trust.keys[CARD.public.kid][0].classes == {1, 2}
    assert (trust.time_floor, state.time_floor) == (NOW - 30, NOW - 30)
    status, permits, library = trust.status(URI), trust.permits(URI), trust.entitlements(URI, 3)
    assert status is not None
    assert [status.at(index) for index in (5, 6, 1023, 1024)] == [1, 0, 0, None]
    assert permits is not None
    assert (permits.day(7), permits.day(9)) == (2460, None)
    assert library is not None
    assert [library.at(i) for i in (0, 1, 2, 3, 1000)] == [
        (0, None),
        (1, None),
        (2, None),
        (3, 2470),
        (3, 2480),
    ]
    hot = trust.hotlist(URI)
    assert hot is not None
    assert (hot.at(5), hot.at(6)) == (1, 0)
    assert trust.status(URI + "x") is None
    assert trust.permits(URI + "x") is None
    assert trust.entitlements(URI, 4) is None
    assert set(state.list_iats.values()) == {SNAPSHOT}


def test_a_trust_comes_from_accept_alone() -> None:
    _, trust = accept(pinned(), bundle(), NOW)
    with pytest.raises(TypeError):
        replace(trust, made_by=None, exp=EXP + DAY_S)


def weak() -> bytes:
    return key_list(keys=(*entries(), entry(PublicKey(-8, bytes([1]) + bytes(31)), KeyUse.CARD)))


def with_lists(**lists: bytes) -> Callable[[], bytes]:
    return lambda: bundle(**{name: (data,) for name, data in lists.items()})


def mixed_in(one: bytes, **changes: object) -> bytes:
    return bundle(status=(status_list(), one), permits=(permit_list(), permit_list(uri=URI + "2")), **changes)


LATE = NOW + 121
CASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    # The bundle itself.
    "typ of a bundle": ("wrong_type", lambda: bundle(typ=ROOT_TYP)),
    "a card key signs the bundle": ("wrong_key_use", lambda: bundle([CARD])),
    "a status key signs the bundle": ("wrong_key_use", lambda: bundle([STATUS])),
    "a stranger signs the bundle": ("too_few_signatures", lambda: bundle([Ed25519("stranger")])),
    "a root key signs the bundle": ("too_few_signatures", lambda: bundle([ROOT_KEYS[0]])),
    "the bundle key of another epoch": ("wrong_epoch", lambda: bundle([BUNDLE_2])),
    "an epoch that the key does not have": ("wrong_epoch", lambda: bundle(epoch=2)),
    "made after the bundle key's window": (
        "wrong_key_use",
        lambda: bundle(
            key_list=key_list(keys=(*entries()[:3], entry(BUNDLE.public, KeyUse.BUNDLE, sign_until=NOW - 30)))
        ),
    ),
    "made before the bundle key's window": (
        "wrong_key_use",
        lambda: bundle(
            key_list=key_list(keys=(*entries()[:3], entry(BUNDLE.public, KeyUse.BUNDLE, sign_from=NOW)))
        ),
    ),
    "a bundle that outlives the trust in its key": (
        "wrong_key_use",
        lambda: bundle(
            key_list=key_list(
                keys=(
                    *entries()[:3],
                    entry(BUNDLE.public, KeyUse.BUNDLE, sign_until=NOW, trust_until=EXP - 1),
                )
            )
        ),
    ),
    "iat in the future": ("future_iat", lambda: bundle(iat=LATE)),
    "exp before iat": ("malformed", lambda: bundle(exp=NOW - 30)),
    "a life of years": ("malformed", lambda: bundle(exp=NOW + 1000 * DAY_S)),
    "policy is no map": ("malformed", lambda: repack(bundle(), 29, [])),
    "seq is text": ("malformed", lambda: repack(bundle(), 10, "10")),
    "epoch is true": ("malformed", lambda: repack(bundle(), 21, True)),
    # Root documents.
    "no root document": ("rollback", lambda: bundle(roots=())),
    "another document of the pinned version, by strangers": (
        "too_few_signatures",
        lambda: bundle(roots=(root_document(signers=NEXT_ROOT_KEYS, exp=EXP),)),
    ),
    "another document of the pinned version, by its own keys": (
        "rollback",
        lambda: bundle(roots=(root_document(exp=NOW + DAY_S),)),
    ),
    "root gap": ("root_gap", lambda: bundle(roots=(root_document(), root_document(3)))),
    "root documents out of order": (
        "rollback",
        lambda: bundle(roots=(root_document(2), root_document()), key_list=key_list(root_version=2)),
    ),
    "next root lacks the old keys": (
        "too_few_signatures",
        lambda: bundle(roots=(root_document(2, signers=NEXT_ROOT_KEYS),)),
    ),
    "next root lacks its own keys": (
        "too_few_signatures",
        lambda: bundle(roots=(root_document(2, signers=ROOT_KEYS),)),
    ),
    "next root with one old key only": (
        "too_few_signatures",
        lambda: bundle(roots=(root_document(2, signers=(ROOT_KEYS[0], *NEXT_ROOT_KEYS)),)),
    ),
    "next root from the future": ("future_iat", lambda: bundle(roots=(root_document(2, iat=LATE),))),
    "next root already expired": (
        "expired_chain",
        lambda: bundle(roots=(root_document(2, exp=NOW),), key_list=key_list(NEXT_ROOT_KEYS, root_version=2)),
    ),
    "next root for four years": (
        "malformed",
        lambda: bundle(roots=(root_document(2, exp=NOW + 1361 * DAY_S),)),
    ),
    "next root with a threshold of one": (
        "malformed",
        lambda: bundle(roots=(root_document(2, threshold=1),)),
    ),
    "next root with a threshold over its keys": (
        "malformed",
        lambda: bundle(roots=(root_document(2, threshold=4),)),
    ),
    "next root with one key twice": (
        "duplicate_key",
        lambda: bundle(roots=(root_document(2, keys=(NEXT_ROOT_KEYS[0].public,) * 2),)),
    ),
    # Key list.
    "typ of a key list": ("wrong_type", lambda: bundle(key_list=key_list(typ=ROOT_TYP))),
    "key list with one signature": ("too_few_signatures", lambda: bundle(key_list=key_list(ROOT_KEYS[:1]))),
    "one root key counted twice": (
        "too_few_signatures",
        lambda: bundle(key_list=key_list((ROOT_KEYS[0], ROOT_KEYS[0]))),
    ),
    "key list by card and bundle keys": (
        "too_few_signatures",
        lambda: bundle(key_list=key_list((CARD, BUNDLE))),
    ),
    "key list of another issuer": ("wrong_issuer", lambda: bundle(key_list=key_list(issuer="cn-other"))),
    "key list under a later root": ("root_gap", lambda: bundle(key_list=key_list(root_version=2))),
    "key list under an earlier root": ("rollback", lambda: bundle(key_list=key_list(root_version=0))),
    "key list from the future": ("future_iat", lambda: bundle(key_list=key_list(iat=LATE))),
    "key of small order": ("weak_key", lambda: bundle(key_list=weak())),
    "a key with two uses": (
        "duplicate_key",
        lambda: bundle(key_list=key_list(keys=(*entries(), entry(CARD.public, KeyUse.TOKEN)))),
    ),
    "a root key in the key list": (
        "duplicate_key",
        lambda: bundle(key_list=key_list(keys=(*entries(), entry(ROOT_KEYS[0].public, KeyUse.CARD)))),
    ),
    "a bundle key for 101 days": (
        "malformed",
        lambda: bundle(
            key_list=key_list(keys=(entry(BUNDLE.public, KeyUse.BUNDLE, sign_from=NOW - 61 * DAY_S),)),
        ),
    ),
    "a bundle key without epoch": (
        "malformed",
        lambda: bundle(key_list=key_list(keys=(entry(BUNDLE.public, KeyUse.BUNDLE, epoch=None),))),
    ),
    "a card key with an epoch": (
        "malformed",
        lambda: bundle(
            key_list=key_list(keys=(*entries(), entry(ROOT_KEYS[0].public, KeyUse.CARD, epoch=1)))
        ),
    ),
    "a status key bound to classes": (
        "malformed",
        lambda: bundle(
            key_list=key_list(keys=(entry(STATUS.public, KeyUse.STATUS, classes=frozenset({1})),))
        ),
    ),
    "a signing key to seal to": (
        "malformed",
        lambda: bundle(key_list=key_list(keys=(entry(STATUS.public, KeyUse.SEAL),))),
    ),
    # Lists.
    "a card key signs the status list": ("wrong_key_use", with_lists(status=status_list(CARD))),
    "a bundle key signs the status list": ("wrong_key_use", with_lists(status=status_list(BUNDLE))),
    "a stranger signs the status list": (
        "too_few_signatures",
        with_lists(status=status_list(Ed25519("stranger"))),
    ),
    "a status list of another epoch": ("wrong_epoch", with_lists(status=status_list(STATUS_2))),
    "made outside the status key's window": (
        "wrong_key_use",
        lambda: bundle(
            key_list=key_list(
                keys=(*entries()[3:], entry(STATUS.public, KeyUse.STATUS, sign_from=SNAPSHOT + 1))
            ),
        ),
    ),
    "lists that outlive the trust in the status key": (
        "wrong_key_use",
        lambda: bundle(
            key_list=key_list(
                keys=(
                    *entries()[3:],
                    entry(STATUS.public, KeyUse.STATUS, sign_until=NOW, trust_until=EXP - 1),
                )
            ),
        ),
    ),
    "a permit list as status list": ("wrong_type", with_lists(status=permit_list())),
    "a status list as permit list": ("wrong_type", with_lists(permits=status_list())),
    "a hotlist as status list": ("malformed", with_lists(status=hotlist())),
    "a status list as hotlist": ("malformed", with_lists(hotlists=status_list(bits=2))),
    "no permit list": ("missing_permit_list", lambda: bundle(permits=())),
    "permit list of another snapshot": (
        "inconsistent_lists",
        with_lists(permits=permit_list(iat=SNAPSHOT - 1)),
    ),
    "entitlements of another snapshot": (
        "inconsistent_lists",
        with_lists(entitlements=entitlement_list(iat=SNAPSHOT - 1)),
    ),
    "hotlist of another snapshot": ("inconsistent_lists", with_lists(hotlists=hotlist(iat=SNAPSHOT - 1))),
    "a list that lives longer than the bundle": (
        "inconsistent_lists",
        with_lists(status=status_list(exp=EXP + 1)),
    ),
    "lists younger than the bundle": (
        "inconsistent_lists",
        lambda: bundle(
            status=(status_list(iat=NOW),), permits=(permit_list(iat=NOW),), entitlements=(), hotlists=()
        ),
    ),
    "two status lists of one name": ("inconsistent_lists", lambda: mixed_in(status_list())),
    "a permit list over no status list": (
        "inconsistent_lists",
        lambda: bundle(permits=(permit_list(), permit_list(uri=URI + "2"))),
    ),
    "entitlements over no status list": (
        "inconsistent_lists",
        lambda: bundle(entitlements=(entitlement_list(uri=URI + "2"),)),
    ),
    # Distrust.
    "a status key distrusted": ("wrong_key_use", lambda: bundle(distrusted={STATUS.public.kid: None})),
    "an issued list that is not named": ("inconsistent_lists", lambda: bundle(issued=(issued_list(),))),
    "an issued list by a card key": ("wrong_key_use", lambda: distrusting(issued_list(CARD))),
    "an issued list by a status key of another epoch": (
        "wrong_epoch",
        lambda: distrusting(issued_list(STATUS_2)),
    ),
    "an issued list of another issuer": ("wrong_issuer", lambda: distrusting(issued_list(issuer="cn-other"))),
    "an issued list of another key": (
        "inconsistent_lists",
        lambda: distrusting(issued_list(kid=TOKEN.public.kid)),
    ),
    "typ of an issued list": ("wrong_type", lambda: distrusting(issued_list(typ=BUNDLE_TYP))),
    "issued prefixes out of order": (
        "malformed",
        lambda: distrusting(issued_list(prefixes=b"b" * 16 + b"a" * 16)),
    ),
}


def distrusting(data: bytes) -> bytes:
    return bundle(issued=(data,), distrusted={CARD.public.kid: sha256(data).digest()})


def repack(data: bytes, label: int, value: object) -> bytes:
    claims = cbor.decode(decode_sign(data).payload)
    assert isinstance(claims, dict)
    return signed(BUNDLE_TYP, cbor.encode({**claims, label: value}), [BUNDLE])


@pytest.mark.parametrize("name", CASES)
def test_one_changed_field_one_reason(name: str) -> None:
    expected, make = CASES[name]
    state = pinned()
    assert reason(state, make()) == expected
    assert accept(state, bundle(), NOW)[1].seq == 10  # The sound bundle beside it is still welcome.


def test_every_reason_of_the_contract_is_provoked() -> None:
    elsewhere = {"bad_signature", "wrong_venue"}
    assert {expected for expected, _ in CASES.values()} | elsewhere == {
        *("malformed", "wrong_type", "too_few_signatures", "bad_signature", "rollback", "expired_chain"),
        *(
            "root_gap",
            "wrong_issuer",
            "wrong_venue",
            "wrong_epoch",
            "wrong_key_use",
            "weak_key",
            "future_iat",
        ),
        *("missing_permit_list", "inconsistent_lists", "duplicate_key"),
    }


def flipped(sign: Sign, part: int) -> bytes:
    signatures = [(one.protected, one.signature) for one in sign.signatures]
    protected, signature = signatures[part]
    signatures[part] = (protected, bytes([signature[0] ^ 1]) + signature[1:])
    return encode_sign(sign.protected, sign.payload, signatures)


def test_a_wrong_signature_is_named() -> None:
    assert reason(pinned(), flipped(decode_sign(bundle()), 0)) == "bad_signature"
    assert reason(pinned(), bundle(key_list=flipped(decode_sign(key_list()), 0))) == "bad_signature"
    assert reason(pinned(), bundle(roots=(flipped(decode_sign(root_document()), 0),))) == "bad_signature"
    damaged = status_list()[:-1] + bytes([status_list()[-1] ^ 1])
    assert reason(pinned(), bundle(status=(damaged,))) == "bad_signature"
    with pytest.raises(Refused, match="signature"):
        TrustState.pin(flipped(decode_sign(root_document()), 1), now=NOW)


def test_a_wrong_signature_beside_enough_right_ones_does_no_harm() -> None:
    three = decode_sign(key_list(ROOT_KEYS))
    assert accept(pinned(), bundle(key_list=flipped(three, 0)), NOW)


def test_a_signer_of_an_unknown_algorithm_is_skipped_not_fatal() -> None:
    sign = decode_sign(bundle())
    strangers = [
        (protected_header(-48, b"ml-dsa44"), b"s" * 2420),
        (cbor.encode({1: "text", 4: b"12345678"}), b""),
        (cbor.encode({1: -8, 2: [99], 4: BUNDLE.public.kid}), b""),
    ]
    ours = [(one.protected, one.signature) for one in sign.signatures]
    assert accept(pinned(), encode_sign(sign.protected, sign.payload, strangers + ours), NOW)
    assert reason(pinned(), encode_sign(sign.protected, sign.payload, strangers)) == "too_few_signatures"


# The attack names of python-tuf.


def test_rollback() -> None:
    state = after(bundle(seq=11))
    assert reason(state, bundle(seq=10)) == "rollback"
    assert reason(state, bundle(seq=11, ttl=1)) == "rollback"
    assert accept(state, bundle(seq=12), NOW)[0].seq == 12


def test_the_same_bundle_again_is_no_rollback() -> None:
    state, trust = accept(pinned(), bundle(), NOW)
    again, same = accept(state, bundle(), NOW + 5)
    assert again == state
    assert same == trust


def test_a_clock_set_back_does_not_lose_the_bundle_that_was_accepted() -> None:
    state, trust = accept(pinned(), bundle(), NOW)
    assert accept(state, bundle(), NOW - 1000 * DAY_S) == (state, trust)
    assert reason(state, bundle(seq=11), NOW - 1000 * DAY_S) == "future_iat"


def test_rollback_of_the_key_list() -> None:
    state = after(bundle(key_list=key_list(version=6)))
    assert reason(state, bundle(seq=11, key_list=key_list(version=5))) == "rollback"


def test_trust_until_is_the_last_second_an_exp_may_name() -> None:
    keys = tuple(
        replace(key, sign_until=NOW, trust_until=EXP) if key.use in (KeyUse.STATUS, KeyUse.BUNDLE) else key
        for key in entries()
    )
    assert accept(pinned(), bundle(key_list=key_list(keys=keys)), NOW)


def test_planned_keys_are_trusted_for_as_long_as_their_last_lists_live() -> None:
    for use in (KeyUse.STATUS, KeyUse.BUNDLE, KeyUse.TOKEN):
        assert TRUST_AFTER_S[use] > 14 * DAY_S


def test_two_key_lists_of_one_version() -> None:
    state = after(bundle())
    assert reason(state, bundle(seq=11, key_list=key_list(keys=entries()[:-1]))) == "rollback"
    assert accept(state, bundle(seq=11, key_list=key_list(ROOT_KEYS)), NOW)  # One more signer, the same list.
    assert accept(state, bundle(seq=11, key_list=key_list(version=6, keys=entries()[:-1])), NOW)


def test_words_name_times_that_people_read() -> None:
    with pytest.raises(Refused, match=r"made at 2026-09-21 14:15Z, 2 min ahead"):
        accept(pinned(), bundle(iat=LATE), NOW)
    with pytest.raises(Refused, match=r"expired at 2026-09-21 14:13Z, now is 2026-09-21 14:13Z"):
        accept(pinned(), bundle(roots=(root_document(2, exp=NOW),)), NOW)


def test_rollback_of_a_list_inside_a_newer_bundle() -> None:
    old = {"status": (status_list(iat=SNAPSHOT - 5),), "permits": (permit_list(iat=SNAPSHOT - 5),)}
    assert reason(after(bundle()), bundle(seq=11, entitlements=(), **old)) == "rollback"


def test_rollback_to_an_earlier_epoch() -> None:
    state = after(EpochTwo().bundle())
    assert reason(state, bundle(seq=99)) == "rollback"


def test_freeze_an_expired_bundle_is_read_and_says_so() -> None:
    late = EXP + DAY_S
    _, trust = accept(pinned(), bundle(), late)
    assert trust.exp < late


def test_freeze_an_expired_root_is_not_unfrozen_by_a_clock_set_back() -> None:
    dying = root_document(exp=NOW + 5)
    state = TrustState.pin(dying, now=NOW)
    assert reason(state, bundle(roots=(dying,)), NOW + 5) == "expired_chain"
    seen_later = replace(state, time_floor=NOW + 5)
    assert reason(seen_later, bundle(roots=(dying,)), NOW) == "expired_chain"


def test_fast_forward_a_future_bundle_is_refused_and_moves_no_floor() -> None:
    state = after(bundle())
    assert reason(state, bundle(seq=2**40, iat=LATE)) == "future_iat"
    assert state == after(bundle())
    assert accept(state, bundle(seq=11, iat=NOW + 120), NOW)[1].time_floor == NOW + 120


def test_fast_forward_a_huge_seq_is_undone_by_the_next_epoch() -> None:
    state = after(bundle(seq=2**53))
    assert reason(state, bundle(seq=11)) == "rollback"
    assert accept(state, EpochTwo().bundle(), NOW)[0].seq == 1


def test_mix_and_match_another_venue() -> None:
    assert reason(after(bundle()), bundle(seq=11, venue="bus")) == "wrong_venue"
    assert reason(pinned(venue="bus"), bundle()) == "wrong_venue"


def test_mix_and_match_another_issuer() -> None:
    other = bundle(seq=11, issuer="cn-other", key_list=key_list(issuer="cn-other", version=6))
    assert reason(after(bundle()), other) == "wrong_issuer"
    assert reason(pinned(issuer=ISS), other) == "wrong_issuer"


def test_oversize_is_refused_before_anything_is_read() -> None:
    assert reason(pinned(), bytes(MAX_BUNDLE_BYTES + 1)) == "malformed"
    huge = bundle(policy={1: "x" * MAX_BUNDLE_BYTES})
    with pytest.raises(Refused, match="at most 4194304 bytes"):
        accept(pinned(), huge, NOW)


def test_more_signers_than_anybody_needs() -> None:
    assert reason(pinned(), bundle([BUNDLE] * 33)) == "malformed"


def test_three_rotations_from_an_old_reader() -> None:
    chain = (
        root_document(),
        root_document(2, exp=NOW - DAY_S),  # An intermediate one may have expired.
        root_document(3),
        root_document(4),
    )
    newest = bundle(roots=chain, key_list=key_list(NEXT_ROOT_KEYS, root_version=4))
    state, _ = accept(pinned(), newest, NOW)
    assert state.root == chain[3]
    assert accept(state, newest, NOW)[0] == state
    assert reason(state, bundle(seq=11, roots=chain[:3], key_list=key_list(root_version=3))) == "rollback"


def test_the_last_root_counts_for_expiry() -> None:
    state = pinned()
    roots = (root_document(), root_document(2))
    late = NOW + 700 * DAY_S
    data = bundle(roots=roots, key_list=key_list(NEXT_ROOT_KEYS, root_version=2))
    assert reason(state, data, late) == "expired_chain"


def test_pinning() -> None:
    assert TrustState.pin(root_document(), now=NOW).root == root_document()
    for data, expected in (
        (root_document(signers=ROOT_KEYS[:1]), "too_few_signatures"),
        (root_document(signers=(ROOT_KEYS[0], ROOT_KEYS[0])), "too_few_signatures"),
        (root_document(iat=LATE), "future_iat"),
        (bundle(), "wrong_type"),
        (b"", "malformed"),
    ):
        with pytest.raises(Refused) as caught:
            TrustState.pin(data, now=NOW)
        assert caught.value.reason == expected


def issued(trust: Trust) -> IssuedList | None:
    return trust.distrusted[CARD.public.kid]


def test_distrust_with_its_issued_list() -> None:
    _, trust = accept(pinned(), distrusting(issued_list()), NOW)
    listed = issued(trust)
    assert listed is not None
    assert GENUINE in listed
    assert sha256(b"forged").digest() not in listed


def test_an_issued_list_may_be_fetched_beside_the_bundle() -> None:
    data = issued_list()
    named = bundle(distrusted={CARD.public.kid: sha256(data).digest()})
    assert issued(accept(pinned(), named, NOW)[1]) is None
    assert issued(accept(pinned(), named, NOW, issued=[b"another", data])[1]) is not None


def test_distrust_is_remembered_within_an_epoch_and_starts_afresh_with_the_next() -> None:
    state = after(bundle(distrusted={CARD.public.kid: None}))
    state, trust = accept(state, bundle(seq=11), NOW)
    assert trust.distrusted == {CARD.public.kid: None}
    assert accept(state, EpochTwo().bundle(), NOW)[1].distrusted == {}


def test_a_state_survives_its_file() -> None:
    state = after(bundle(distrusted={CARD.public.kid: bytes(32), b"12345678": None}))
    assert TrustState.from_json(state.to_json()) == state
    assert TrustState.from_json(pinned().to_json()) == pinned()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"seq": 10', '"seq": -1'),
        ('"seq": 10', '"seq": true'),
        ('"seq": 10,', ""),
        ('"root": "', '"root": "!'),
        ('"format": 1', '"format": 2'),
        ('"distrusted": {}', '"distrusted": {"zz": null}'),
        ('"distrusted": {}', '"distrusted": {"00": null}'),
        ('"list_iats": {', '"list_iats": {"x": "y",'),
        ("{", "["),
    ],
)
def test_a_damaged_state_is_refused(old: str, new: str) -> None:
    text = after(bundle()).to_json()
    assert old in text
    with pytest.raises(Refused) as caught:
        TrustState.from_json(text.replace(old, new, 1))
    assert caught.value.reason == "malformed"


def test_whole_or_nothing() -> None:
    """No single changed byte of a bundle is ever accepted, and none leaves the family of refusals."""
    data, state = bundle(), pinned()
    step = max(1, len(data) // 400)
    for position in range(0, len(data), step):
        damaged = data[:position] + bytes([data[position] ^ 1 << position % 8]) + data[position + 1 :]
        assert reason(state, damaged)


def test_unknown_members_are_ignored() -> None:
    assert accept(pinned(), repack(bundle(), 1000, "later"), NOW)


def test_the_typ_of_a_list_is_what_the_standard_says() -> None:
    assert STATUS_TYP == "application/statuslist+cwt"
    assert content().policy == {1: [3]}
