from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from keys.bundle import (
    Entitlement,
    ListSnapshot,
    Snapshot,
    build_bundle,
    sign_issued_list,
    sign_status_jwt,
    sign_status_list,
    status_signer_of,
)
from keys.demo import init_demo
from keys.files import Passphrase
from keys.keyring import Keyring
from keys.plan import Vault
from keys.root import epoch_s, sign_document
from keys.signer import new_signer
from tests.keys.conftest import CHEAP, NOW, refused
from verify.cose import decode_sign, decode_sign1, headers
from verify.rules import Policy
from verify.services import Service
from verify.status import decode_status_claims
from verify.status_jwt import decode_status_jwt, jwt_kid
from verify.trust import Trust, TrustState, accept
from verify.trustdocs import BUNDLE_TYP, decode_bundle

URI = "https://card.example/s/abc"
AT = epoch_s(NOW)
DAY = timedelta(days=1)
SERVICES = (Service.LIBRARY, Service.BUS)
ONE = ListSnapshot(
    uri=URI,
    statuses={5: 1, 6: 2, 7: 3},
    permit_days={8: 2260, 9: 2261},
    entitlements={
        Service.LIBRARY: {1: Entitlement(1), 2: Entitlement(2), 3: Entitlement(3, 2300)},
        Service.HOSPITAL: {1: Entitlement(1)},
    },
    hot=(4,),
)


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    data = tmp_path_factory.mktemp("city") / "data"
    return init_demo(data, Passphrase(b"word"), issuer="cn-yiwu", now=NOW, cost=CHEAP)


def build(keyring: Keyring, seq: int = 1, **changes) -> bytes:
    fields = {
        "keyring": keyring,
        "venue": "library",
        "services": SERVICES,
        "policy": Policy(services=frozenset(SERVICES)).encode(),
        "epoch": 1,
        "seq": seq,
        "now": NOW,
    }
    return build_bundle(changes.pop("snapshot", Snapshot(NOW, (ONE,))), **fields | changes)


def reader(keyring: Keyring) -> TrustState:
    return TrustState.pin(keyring.roots[0], now=AT)


def believe(keyring: Keyring, bundle: bytes, **changes) -> Trust:
    return accept(reader(keyring), bundle, AT, **changes)[1]


def test_a_reader_believes_what_the_snapshot_said(keyring: Keyring) -> None:
    trust = believe(keyring, build(keyring))
    assert (trust.issuer, trust.venue, trust.epoch, trust.seq) == ("cn-yiwu", "library", 1, 1)
    status, permits = trust.status(URI), trust.permits(URI)
    assert status is not None
    assert permits is not None
    assert [status.at(index) for index in range(9)] == [0, 0, 0, 0, 0, 1, 2, 3, 0]
    assert (len(status), status.at(2**17)) == (2**17, None)
    assert (permits.day(8), permits.day(9), permits.day(5)) == (2260, 2261, None)
    # One iat for all, a minute before the snapshot; fourteen days.
    assert {status.iat, permits.iat} == {AT - 60}
    assert status.exp == permits.exp == trust.exp == AT - 60 + 14 * 86400
    rights = trust.entitlements(URI, Service.LIBRARY)
    assert rights is not None
    assert [rights.at(index) for index in range(4)] == [(0, None), (1, None), (2, None), (3, 2300)]
    assert Policy.decode(trust.policy).services == frozenset(SERVICES)
    assert trust.keys[keyring.card_signer(NOW).public.kid]


def test_only_the_venues_own_lists_travel(keyring: Keyring) -> None:
    trust = believe(keyring, build(keyring))
    assert trust.entitlements(URI, Service.BUS) is not None
    assert trust.entitlements(URI, Service.HOSPITAL) is None
    assert trust.hotlist(URI) is None
    police = believe(keyring, build(keyring, hotlist=True)).hotlist(URI)
    assert police is not None
    assert [police.at(index) for index in (3, 4, 5)] == [0, 1, 0]


def test_the_same_snapshot_gives_the_same_bytes(keyring: Keyring) -> None:
    assert build(keyring) == build(keyring)


def test_seq_and_epoch_go_up_and_never_down(keyring: Keyring, tmp_path: Path) -> None:
    state, _ = accept(reader(keyring), build(keyring, 7), AT)
    state, trust = accept(state, build(keyring, 8), AT)
    assert trust.seq == 8
    with refused("rollback"):
        accept(state, build(keyring, 7), AT)
    data = tmp_path / "data"
    fresh = init_demo(data, Passphrase(b"word"), issuer="cn-yiwu", now=NOW, cost=CHEAP)
    state, _ = accept(reader(fresh), build(fresh, 99), AT)
    fresh.activate_epoch(2, Vault(data / "keys-next-epoch", Passphrase(b"word"), CHEAP))
    restored = build(fresh, 1, epoch=2)
    assert accept(state, restored, AT)[1].epoch == 2
    with refused("key_file_missing"):
        build(keyring, 1, epoch=2)


def test_distrust_and_issued_list_travel(keyring: Keyring) -> None:
    stolen = keyring.card_signer(NOW).public.kid
    genuine = [sha256(bytes([number])).digest() for number in range(20)]
    signer = keyring.status_signer(NOW, epoch=1)
    issued = sign_issued_list("cn-yiwu", stolen, genuine, signer, now=NOW)
    named = {stolen: sha256(issued).digest()}
    trust = believe(keyring, build(keyring, distrusted=named, issued=[issued]))
    found = trust.distrusted[stolen]
    assert found is not None
    assert all(one in found for one in genuine)
    assert sha256(b"forged").digest() not in found
    beside = build(keyring, distrusted=named)
    assert believe(keyring, beside).distrusted == {stolen: None}
    assert believe(keyring, beside, issued=[issued]).distrusted[stolen] == found
    with refused("wrong_key_use"):
        build(keyring, distrusted={signer.public.kid: None})


def test_windows_turn_without_a_gap(keyring: Keyring) -> None:
    turn = min(key.sign_until for key in keyring.key_list.keys)
    for seconds in (-1, 0, 1, 59, 60, 61):
        now = NOW + timedelta(seconds=turn - AT + seconds)
        bundle = build(keyring, snapshot=Snapshot(now, (ONE,)), now=now)
        assert accept(reader(keyring), bundle, epoch_s(now))[1].iat == turn + seconds
    far = NOW + 600 * DAY
    with refused("no_key_in_window"):
        build(keyring, snapshot=Snapshot(far, (ONE,)), now=far)


def test_nothing_a_reader_would_refuse_is_given_out(keyring: Keyring) -> None:
    with refused("inconsistent_lists"):
        build(keyring, now=NOW - timedelta(seconds=61))
    with refused("inconsistent_lists"):
        build(keyring, snapshot=Snapshot(NOW, (ONE, ONE)))
    with refused("malformed"):
        build(keyring, snapshot=Snapshot(NOW, (ListSnapshot(URI, {2**17: 1}),)))


def test_a_thief_of_a_bundle_key_adds_nothing(keyring: Keyring) -> None:
    payload = decode_sign(build(keyring)).payload
    thief = new_signer()
    with refused("too_few_signatures"):
        accept(reader(keyring), sign_document(payload, BUNDLE_TYP, [thief]), AT)
    for signer in (keyring.card_signer(NOW), keyring.status_signer(NOW, epoch=1)):
        with refused("wrong_key_use"):
            accept(reader(keyring), sign_document(payload, BUNDLE_TYP, [signer]), AT)


def test_public_status_lists_in_both_forms(keyring: Keyring) -> None:
    snapshot = Snapshot(NOW, (ONE,))
    signer = status_signer_of(keyring, snapshot, 1)
    sign1 = decode_sign1(sign_status_list(snapshot, ONE, signer))
    assert headers(sign1.protected).typ == "application/statuslist+cwt"
    status = decode_status_claims(sign1.payload)
    token = sign_status_jwt(snapshot, ONE, signer)
    assert decode_status_jwt(token, {jwt_kid(signer.public): signer.public}) == status
    assert status.at(6) == 2


def test_the_bundle_carries_the_chain(keyring: Keyring) -> None:
    bundle = decode_bundle(decode_sign(build(keyring)).payload)
    assert bundle.roots == keyring.roots
    assert bundle.key_list == keyring.key_list_bytes
