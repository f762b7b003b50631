import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from nacl.public import PublicKey as SealKey
from nacl.public import SealedBox

from keys.ceremony import hold_ceremony
from keys.ceremonyfile import Ceremony, Holder, read_ceremony
from keys.demo import init_demo
from keys.files import Passphrase
from keys.keyring import Keyring
from keys.plan import KeyPlan, Vault
from keys.root import epoch_s, sign_document
from keys.signer import new_signer
from keys.transcript import verify_transcript
from tests.keys.conftest import CHEAP, NOW, refused
from verify.cose import verify_signature
from verify.days import DAY_S
from verify.keylist import KEYS_TYP, KeyUse, decode_key_list
from verify.root import follow_chain

PLAN = KeyPlan()
DAY = timedelta(days=1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def keyring(data: Path, passphrase: Passphrase) -> Keyring:
    return init_demo(data, passphrase, issuer="cn-yiwu", now=NOW, cost=CHEAP)


def apart(data: Path) -> Vault:
    return Vault(data / "keys-next-epoch", Passphrase(b"correct horse"), CHEAP)


def again(data: Path) -> Keyring:
    return Keyring.open(data / "keys", Passphrase(b"correct horse"), cost=CHEAP)


def demo_holders(data: Path) -> tuple[Holder, ...]:
    return read_ceremony(data / "root-offline" / "ceremony.toml").holders


def ceremony(data: Path, version: int, proposal: Path | None, **changes) -> Ceremony:
    fields = {
        "issuer": "cn-yiwu",
        "documents": data / "root-offline" / "documents",
        "version": version,
        "threshold": 2,
        "holders": demo_holders(data),
        "proposal": proposal,
    }
    return Ceremony(**fields | changes)


def test_what_the_demo_made_opens_again_and_signs(keyring: Keyring, data: Path) -> None:
    opened = again(data)
    assert opened.roots == keyring.roots
    assert opened.key_list == keyring.key_list
    assert opened.issuer == "cn-yiwu"
    assert opened.record_keys() == keyring.record_keys()
    signers = {
        KeyUse.CARD: opened.card_signer(NOW),
        KeyUse.TOKEN: opened.token_signer(NOW),
        KeyUse.STATUS: opened.status_signer(NOW, epoch=1),
        KeyUse.BUNDLE: opened.bundle_signer(NOW, epoch=1),
    }
    listed = {key.public: key for key in opened.key_list.keys}
    for use, signer in signers.items():
        assert listed[signer.public].use is use
        assert verify_signature(signer.public, b"m", signer.sign(b"m"))
    with refused("file_exists"):
        init_demo(data, Passphrase(b"correct horse"), issuer="cn-yiwu", now=NOW, cost=CHEAP)
    assert "DEMONSTRATION" in (data / "root-offline" / "README").read_text()


def test_a_keyring_that_others_may_read_does_not_open(keyring: Keyring, data: Path) -> None:
    path = next((data / "keys" / "private").glob("card-*.key"))
    path.chmod(0o644)
    with refused("key_file_exposed"):
        again(data)
    path.chmod(0o600)
    (data / "keys" / "private").chmod(0o755)
    with refused("key_file_exposed"):
        again(data)
    (data / "keys" / "private").chmod(0o700)
    with refused("wrong_passphrase"):
        Keyring.open(data / "keys", Passphrase(b"guess"), cost=CHEAP)


def test_windows_follow_each_other_for_a_year(keyring: Keyring) -> None:
    by_stream: dict[object, set[tuple[int, int]]] = {}
    for key in keyring.key_list.keys:
        by_stream.setdefault((key.use, key.epoch), set()).add((key.sign_from, key.sign_until))
    assert set(by_stream) == {
        (KeyUse.CARD, None),
        (KeyUse.TOKEN, None),
        (KeyUse.SEAL, None),
        *((use, epoch) for use in (KeyUse.STATUS, KeyUse.BUNDLE) for epoch in (1, 2)),
    }
    for windows in map(sorted, by_stream.values()):
        assert all(before[1] == after[0] for before, after in pairwise(windows))
        assert windows[0][0] <= epoch_s(NOW) - 60
        assert windows[-1][1] >= epoch_s(NOW) + 365 * DAY_S
        assert all(end - begin == 90 * DAY_S for begin, end in windows)
    cards = [key for key in keyring.key_list.keys if key.use is KeyUse.CARD]
    # A card of the window's last second lives five years and ends with a day.
    assert all(key.trust_until - key.sign_until >= (5 * 366 + 1) * DAY_S for key in cards)
    assert len(cards) == 2 * len(by_stream[KeyUse.CARD, None])


def test_each_instant_has_its_card_key(keyring: Keyring) -> None:
    seen = set()
    for day in range(0, 366, 15):
        signer = keyring.card_signer(NOW + day * DAY)
        entry = next(key for key in keyring.key_list.keys if key.public == signer.public)
        assert entry.covers(epoch_s(NOW + day * DAY))
        seen.add(signer.public)
    assert len(seen) == 5
    for far in (NOW - 3 * DAY, NOW + 600 * DAY):
        with refused("no_key_in_window"):
            keyring.card_signer(far)


def test_a_key_that_has_signed_its_share_rests(keyring: Keyring, data: Path) -> None:
    first = keyring.card_signer(NOW)
    kid = first.public.kid
    assert keyring.card_signer(NOW, used={kid: 4999}).public == first.public
    second = keyring.card_signer(NOW, used={kid: 5000})
    assert second.public != first.public
    spent = {kid: 5000, second.public.kid: 5000}
    with refused("card_keys_spent"):
        keyring.card_signer(NOW, used=spent)
    proposal = keyring.extend(NOW + DAY, epoch=1, apart=apart(data), more_card_keys=1).proposal
    hold_ceremony(ceremony(data, 1, proposal), now=NOW + DAY, cost=CHEAP)
    keyring.install(data / "root-offline" / "documents")
    assert keyring.card_signer(NOW + DAY, used=spent).public.kid not in spent


def test_next_epochs_halves_are_sealed_apart_until_a_restore(keyring: Keyring, data: Path) -> None:
    with refused("key_file_missing"):
        keyring.status_signer(NOW, epoch=2)
    with refused("no_key_in_window"):
        keyring.status_signer(NOW, epoch=3)
    elsewhere = {path.name for path in (data / "keys-next-epoch").iterdir()}
    assert not elsewhere & {path.name for path in (data / "keys" / "private").iterdir()}
    assert keyring.activate_epoch(2, apart(data)) == len(elsewhere) == 10
    assert keyring.activate_epoch(2, apart(data)) == 0
    opened = again(data)
    assert opened.status_signer(NOW, epoch=2).public != opened.status_signer(NOW, epoch=1).public


def test_renewal_is_said_in_time_and_needs_the_root(keyring: Keyring, data: Path) -> None:
    early = keyring.extend(NOW + 30 * DAY, epoch=1, apart=apart(data))
    assert not early.needed
    assert early.proposal is None
    assert f"before {early.due.date()}" in early.words
    later = early.due + DAY
    renewal = keyring.extend(later, epoch=1, apart=apart(data))
    assert renewal.needed
    assert renewal.proposal is not None
    assert keyring.extend(later, epoch=1, apart=apart(data)) == renewal
    # Nothing but the root adds trust: a proposal signed by one holder, or by the service, is not taken.
    before = keyring.key_list
    payload = renewal.proposal.read_bytes()
    thief = data / "thief"
    thief.mkdir()
    (thief / "root-1.cose").write_bytes(keyring.roots[0])
    for signers in ([new_signer()], [keyring.bundle_signer(NOW, epoch=1)]):
        (thief / "keys-2.cose").write_bytes(sign_document(payload, KEYS_TYP, signers))
        with refused("too_few_signatures"):
            keyring.install(thief)
    hold_ceremony(ceremony(data, 1, renewal.proposal), now=later, cost=CHEAP)
    keyring.install(data / "root-offline" / "documents")
    assert keyring.key_list.version == before.version + 1
    needed = {key for key in before.keys if key.trust_until > epoch_s(later)}
    assert needed < set(keyring.key_list.keys)
    assert keyring.card_signer(later + 300 * DAY)
    assert not keyring.renewal(later, epoch=1).needed
    assert again(data).key_list == keyring.key_list


def test_keys_nobody_needs_leave_the_list(keyring: Keyring, data: Path) -> None:
    late = NOW + 400 * DAY
    proposal = keyring.extend(late, epoch=1, apart=apart(data)).proposal
    assert proposal is not None
    keys = decode_key_list(proposal.read_bytes()).keys
    assert all(key.trust_until > epoch_s(late) for key in keys)
    cards = {key for key in keyring.key_list.keys if key.use is KeyUse.CARD}
    assert cards <= set(keys)
    assert not {key for key in keys if key.use is KeyUse.TOKEN and key.sign_until < epoch_s(NOW + 91 * DAY)}


def test_three_root_rotations_and_an_old_reader_still_follows(keyring: Keyring, data: Path) -> None:
    pinned, documents = keyring.roots[0], data / "root-offline" / "documents"
    holders = demo_holders(data)
    for version in (2, 3, 4):
        now = NOW + version * DAY
        proposal = keyring.extend(now, epoch=1, apart=apart(data), root_version=version).proposal
        place = data / "root-offline" / f"new-{version}"
        place.mkdir(mode=0o700)
        (place / "passphrase").write_text(f"word {version}")
        (place / "passphrase").chmod(0o600)
        joins = Holder(f"new-{version}", place / "root.key", place / "passphrase", make=True)
        leaving, holders = holders, (*holders[1:], joins)
        plan = ceremony(data, version, proposal, holders=holders, leaving=leaving[:1])
        held = hold_ceremony(plan, now=now, cost=CHEAP)
        names = (f"root-{version}.cose", f"keys-{version}.cose")
        assert verify_transcript(held.transcript) == names
        keyring.install(documents)
    assert keyring.root.version == keyring.key_list.root_version == 4
    newest, root = follow_chain(pinned, keyring.roots, epoch_s(NOW + 5 * DAY))
    assert (newest, root.version) == (keyring.roots[-1], 4)
    assert not {key.kid for key in root.keys} & {key.kid for key in _root_keys(keyring, 0)}
    assert again(data).roots == keyring.roots


def _root_keys(keyring: Keyring, index: int):
    assert keyring.documents is not None
    return keyring.documents.roots.read[index].keys


def test_a_root_without_its_key_list_waits(keyring: Keyring, data: Path) -> None:
    hold_ceremony(ceremony(data, 2, None), now=NOW + DAY, cost=CHEAP)
    documents = data / "root-offline" / "documents"
    with refused("root_gap"):
        keyring.install(documents)
    # A crash between the two files leaves the old pair in use.
    (data / "keys" / "documents" / "root-2.cose").write_bytes((documents / "root-2.cose").read_bytes())
    assert again(data).root.version == 1


def test_older_and_foreign_documents_are_not_installed(
    keyring: Keyring, data: Path, tmp_path: Path, passphrase: Passphrase
) -> None:
    documents = data / "root-offline" / "documents"
    proposal = keyring.extend(NOW + DAY, epoch=1, apart=apart(data), more_card_keys=1).proposal
    hold_ceremony(ceremony(data, 1, proposal), now=NOW + DAY, cost=CHEAP)
    keyring.install(documents)
    keyring.install(documents)
    (documents / "keys-2.cose").unlink()
    with refused("rollback"):
        keyring.install(documents)
    init_demo(tmp_path / "thief", passphrase, issuer="cn-yiwu", now=NOW, cost=CHEAP)
    with refused("rollback"):
        keyring.install(tmp_path / "thief" / "root-offline" / "documents")
    init_demo(tmp_path / "city", passphrase, issuer="cn-other", now=NOW, cost=CHEAP)
    with refused("wrong_issuer"):
        keyring.install(tmp_path / "city" / "root-offline" / "documents")


def test_readers_seal_to_the_key_of_the_day(keyring: Keyring) -> None:
    entry = keyring.seal_key(NOW + 100 * DAY)
    sealed = SealedBox(SealKey(entry.public.raw)).encrypt(b"records")
    to_others = SealedBox(SealKey(bytes(new_signer().public.raw))).encrypt(b"records")
    assert keyring.unseal([sealed, to_others, sealed[:-1], b"", sealed]) == [
        b"records",
        None,
        None,
        None,
        b"records",
    ]


def test_record_keys_gain_a_version_and_keep_the_old(keyring: Keyring, data: Path) -> None:
    before = keyring.record_keys()
    after = keyring.rotate_record_keys()
    assert (before.newest, after.newest) == (1, 2)
    assert again(data).record_keys() == after
    assert after.masters[1] == before.masters[1] != after.masters[2] != after.blind
    assert before.blind.hex() not in repr(after)


@pytest.mark.parametrize(
    "changes",
    [
        {"window_days": 101},
        {"window_days": 0},
        {"cards_per_key": 0},
        {"notice_days": 365},
    ],
)
def test_a_plan_that_breaks_the_format_is_refused(changes: dict[str, int]) -> None:
    with refused("bad_plan"):
        KeyPlan(**changes)


def test_a_private_key_put_in_anothers_place_is_found(keyring: Keyring, data: Path) -> None:
    public = keyring.card_signer(NOW).public
    path = data / "keys" / "private" / f"card-{public.kid.hex()}.key"
    document = json.loads(path.read_text())
    document["header"]["public"] = new_signer().public.raw.hex()
    path.write_text(json.dumps(document))
    with refused("key_file_tampered"):
        again(data).card_signer(NOW)
