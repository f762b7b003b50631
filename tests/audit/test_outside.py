"""What an outsider checks alone: proofs, tiles and notes, and that what was changed in them is refused."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsvc.audit.checkpoints import make_checkpoint, read_signed
from cardsvc.audit.notes import COSIGNATURE, ED25519, MAX_NOTE_BYTES, open_note, read_note, read_verifier
from cardsvc.audit.outside import check_files, prove_entry, prove_growth, write_tiles
from cardsvc.audit.proofs import read_proof, write_growth
from cardsvc.audit.tiles import Tile, TiledTree, from_folder, tiles_from, tiles_of
from cardsvc.audit.tree import consistency_proof, inclusion_proof, root_of
from cardsvc.errors import ServiceError
from cardsvc.records import AuditQuery, NotFound, RecordsError, read_entry
from tests.audit.test_checkpoints import _act, _key, _rewrite
from tests.desk.town import PUBLIC_URL
from tests.service.house import House
from verify import cbor
from verify.errors import CardsvcError


def _leaves(count: int) -> list[bytes]:
    return [sha256(bytes(str(number), "ascii")).digest() for number in range(count)]


def _laid(tmp_path: Path, leaves: list[bytes]) -> Path:
    for tile, raw in tiles_from(leaves):
        path = tmp_path / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return tmp_path


def _refused(call: Any, *said: Any) -> str:
    with pytest.raises(CardsvcError) as caught:
        call(*said)
    return caught.value.reason


# --- tiles


def test_paths_and_widths_are_those_of_the_standard() -> None:
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(1, 0, 17).path == "tile/1/000.p/17"
    widths = [(one.level, one.width) for one in tiles_of(70_000)]
    assert [widths.count(one) for one in ((0, 256), (0, 112), (1, 256), (1, 17), (2, 1))] == [273, 1, 1, 1, 1]
    assert len(widths) == 277
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300, 511, 512, 66_000])
def test_every_root_and_proof_comes_from_tiles_alone(tmp_path: Path, size: int) -> None:
    leaves = _leaves(size)
    tree = TiledTree(size, from_folder(_laid(tmp_path, leaves)))
    assert tree.root() == tree.check() == root_of(leaves)
    for index in {0, size // 3, size - 1}:
        assert tree.inclusion(index) == inclusion_proof(index, leaves)
    for old in {1, size // 2 or 1, size - 1 or 1, size, min(size, 256)}:
        assert tree.consistency(old) == consistency_proof(old, leaves)
    assert tree.consistency(0) == []
    assert _refused(tree.inclusion, size) == _refused(tree.consistency, size + 1) == "entry_not_found"


@given(st.integers(1, 1100), st.data())
@settings(max_examples=30)
def test_proofs_from_tiles_are_those_from_leaves(size: int, data: st.DataObject) -> None:
    leaves = _leaves(size)
    laid = {tile.path: raw for tile, raw in tiles_from(leaves)}
    assert sorted(laid) == sorted(one.path for one in tiles_of(size))
    tree = TiledTree(size, laid.__getitem__)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert tree.inclusion(index) == inclusion_proof(index, leaves)
    assert tree.consistency(old) == consistency_proof(old, leaves)


def test_a_full_tile_stands_in_for_a_partial_one_that_is_gone(tmp_path: Path) -> None:
    leaves = _leaves(600)
    folder = _laid(tmp_path, leaves)
    (folder / "tile/1/000.p/1").write_bytes((folder / "tile/1/000.p/2").read_bytes()[:32])
    assert TiledTree(300, from_folder(folder)).root() == root_of(leaves[:300])
    assert _refused(TiledTree(900, from_folder(folder)).root) == "tile_missing"


def test_a_tile_that_was_changed_cut_or_swapped_is_named(tmp_path: Path) -> None:
    folder = _laid(tmp_path, _leaves(600))
    whole = (folder / "tile/0/001").read_bytes()
    (folder / "tile/0/001").write_bytes(bytes(32) + whole[32:])
    assert _refused(TiledTree(600, from_folder(folder)).check) == "tiles_disagree"
    (folder / "tile/0/001").write_bytes(whole[:-1])
    assert _refused(TiledTree(600, from_folder(folder)).check) == "bad_tile"


# --- notes and keys


def _signer(name: str, kind: int) -> SimpleNamespace:
    private = Ed25519PrivateKey.generate()
    raw = bytes([kind]) + private.public_key().public_bytes_raw()
    key_id = sha256(name.encode() + b"\n" + raw).digest()[:4]

    def line(text: bytes, time: int = 0) -> bytes:
        signed = private.sign(text)
        if kind == COSIGNATURE:
            signed = time.to_bytes(8) + private.sign(f"cosignature/v1\ntime {time}\n".encode() + text)
        return f"— {name} {b64encode(key_id + signed).decode()}\n".encode()

    vkey = f"{name}+{key_id.hex()}+{b64encode(raw).decode()}"
    return SimpleNamespace(line=line, vkey=vkey, verifier=read_verifier(vkey))


def test_a_note_is_believed_for_the_sake_of_known_keys_alone() -> None:
    log, witness, stranger = _signer("log", ED25519), _signer("eye", COSIGNATURE), _signer("log", ED25519)
    text = b"ein Text\n\nmit leerer Zeile\n"
    note = text + b"\n" + log.line(text) + stranger.line(text) + witness.line(text, 7)
    assert read_note(note).text == text
    assert open_note(note, [log.verifier, witness.verifier]).signed == {"log": None, "eye": 7}
    assert open_note(note, [witness.verifier]).signed == {"eye": 7}
    alone = text + b"\n" + stranger.line(text)
    assert _refused(open_note, alone, [log.verifier]) == "bad_signature"
    assert _refused(open_note, note.replace(b"ein", b"kein"), [stranger.verifier]) == "bad_signature"
    # One known signature that fails refuses the note, although the other one holds.
    mixed = text + b"\n" + log.line(text) + witness.line(b"other", 7)
    assert _refused(open_note, mixed, [log.verifier, witness.verifier]) == "bad_signature"
    late = text + b"\n" + witness.line(text, 2**63)
    assert _refused(open_note, late, [witness.verifier]) == "bad_signature"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: note[:-1],
        lambda note: note + b"\n",
        lambda note: note.replace(b"\n\n", b"\n"),
        lambda note: note.replace(b"\n", b"\r\n"),
        lambda note: note.replace(b"text", b"te\x00t"),
        lambda note: note.replace(b"text", b"te\xfft"),
        lambda note: note.replace("— log ".encode(), "— log  ".encode()),
        lambda note: note.replace("— log ".encode(), b"- log "),
        lambda note: note.replace("— log ".encode(), "— l+g ".encode()),
        lambda note: note[:-3] + b"\n",
        lambda note: b"text\n\n" + "— log AAAA\n".encode(),
        lambda note: note.partition(b"\n\n")[2],
        lambda note: b"t" * MAX_NOTE_BYTES + note,
        lambda note: b"",
    ],
)
def test_what_is_no_note_is_refused(spoil: Any) -> None:
    log = _signer("log", ED25519)
    note = b"text\n\n" + log.line(b"text\n")
    assert open_note(note, [log.verifier]).text == b"text\n"
    assert _refused(read_note, spoil(note)) == "bad_note"


@pytest.mark.parametrize(
    "spoil", ["", "a b+00000000+AQ==", "log", "LOG+{rest}", "log+0{rest}", "{short}", "{kind}"]
)
def test_what_is_no_key_is_refused(spoil: str) -> None:
    vkey = _signer("log", ED25519).vkey
    name, key_id, raw = vkey.split("+", 2)
    other = sha256(b"log\n\x09" + bytes(32)).hexdigest()[:8]
    words = {"rest": f"{key_id}+{raw}", "short": f"{name}+{key_id}+AQID"}
    unknown = b64encode(b"\x09" + bytes(32)).decode()
    words["kind"] = f"log+{other}+{unknown}"
    assert _refused(read_verifier, spoil.format(**words)) == "bad_key"


def test_a_key_of_one_log_does_not_speak_for_another() -> None:
    log, witness = _signer("log", ED25519), _signer("eye", COSIGNATURE)
    text = f"other\n1\n{b64encode(bytes(32)).decode()}\n".encode()
    assert _refused(read_signed, text + b"\n" + log.line(text), log.vkey) == "bad_checkpoint"
    assert read_signed(text + b"\n" + witness.line(text, 1), witness.vkey).origin == "other"


# --- proofs of a real audit


def _prove(house: House, tmp_path: Path, seq: int) -> Path:
    path = tmp_path / "one.tlog-proof"
    path.write_bytes(prove_entry(house.site.store, house.site.signer, PUBLIC_URL, seq))
    return path


def _note(house: House, path: Path) -> Path:
    path.write_bytes(make_checkpoint(house.site.store, house.site.signer, PUBLIC_URL))
    return path


def test_an_entry_is_proved_to_somebody_without_an_account(either_house: House, tmp_path: Path) -> None:
    _act(either_house, 5)
    path = _prove(either_house, tmp_path, 5)
    (held,) = check_files([path], None, [], _key(either_house))
    with either_house.site.store.reading() as tx:
        (entry,) = tx.audit.search(AuditQuery(before=6, limit=1))
    told = (held.facts["seq"], held.facts["subject"], held.facts["actor"], held.facts["details"])
    assert told == (5, entry.subject, entry.actor, entry.details)
    assert _refused(_prove, either_house, tmp_path, 9999) == "entry_not_found"
    assert _refused(_prove, either_house, tmp_path, 0) == "entry_not_found"


def test_a_proof_that_was_touched_anywhere_is_refused(house: House, tmp_path: Path) -> None:
    _act(house, 9)
    whole = _prove(house, tmp_path, 7).read_bytes()
    path, key = tmp_path / "touched", _key(house)
    reasons = set()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        reasons.add(_refused(check_files, [path], None, [], key))
    assert reasons <= {"bad_proof_file", "not_proved", "bad_checkpoint"}
    head, _, rest = whole.partition(b"\nextra ")
    rest = rest.partition(b"\n")[2]
    path.write_bytes(head + b"\n" + rest)
    assert _refused(check_files, [path], None, [], key) == "bad_proof_file"
    path.write_bytes(whole.replace(b"index 6", b"index 5"))
    assert _refused(check_files, [path], None, [], key) == "bad_proof_file"
    steps = read_proof(whole).steps
    line = b64encode(steps[0]) + b"\n"
    for changed in (whole.replace(line, b"", 1), whole.replace(line, line * 2, 1)):
        path.write_bytes(changed)
        assert _refused(check_files, [path], None, [], key) == "not_proved"
    path.write_bytes(whole.replace(line, line * 70, 1))
    assert _refused(check_files, [path], None, [], key) == "bad_proof_file"
    path.write_bytes(b"x" * 300_000)
    assert _refused(check_files, [path], None, [], key) == "bad_proof_file"


def test_growth_is_proved_and_a_rewritten_past_is_not(either_house: House, tmp_path: Path) -> None:
    house, site = either_house, either_house.site
    key, old = _key(house), _note(house, tmp_path / "old")
    _act(house, 5)
    middle = _note(house, tmp_path / "middle")
    _act(house, 2)
    proof = tmp_path / "growth"
    older = read_signed(old.read_bytes(), key)
    proof.write_bytes(prove_growth(site.store, site.signer, PUBLIC_URL, older))
    (held,) = check_files([proof], None, [middle, old], key)
    assert held.facts == {"old": older.size, "size": older.size + 7}
    assert _refused(check_files, [proof], None, [middle], key) == "bad_proof_file"
    told = read_proof(proof.read_bytes())
    proof.write_bytes(write_growth(told.number, told.steps[:-1], told.note))
    assert _refused(check_files, [proof], None, [old], key) == "not_proved"
    _rewrite(house, keep=older.size - 1, then=12)
    assert _refused(prove_growth, site.store, site.signer, PUBLIC_URL, older) == "not_proved"


def test_a_folder_of_tiles_is_checked_with_what_was_noted_before(house: House, tmp_path: Path) -> None:
    key, site, folder = _key(house), house.site, tmp_path / "tiles"
    old = _note(house, tmp_path / "old")
    _act(house, 270)
    size = write_tiles(site.store, site.signer, PUBLIC_URL, folder)
    (held,) = check_files([], folder, [old], key)
    assert held.facts == {"size": size}
    _act(house, 3)
    later = _note(house, tmp_path / "later")
    assert _refused(check_files, [], folder, [later], key) == "not_proved"
    forged = read_signed(old.read_bytes(), key)
    _rewrite(house, keep=forged.size - 1, then=280)
    other = tmp_path / "other"
    write_tiles(site.store, site.signer, PUBLIC_URL, other)
    assert _refused(check_files, [], other, [old], key) == "not_proved"
    tile = folder / "tile/0/000"
    tile.write_bytes(tile.read_bytes()[32:] + tile.read_bytes()[:32])
    assert _refused(check_files, [], folder, [], key) == "tiles_disagree"
    with pytest.raises(ServiceError, match="cannot be written"):
        write_tiles(site.store, site.signer, PUBLIC_URL, tmp_path / "old" / "below")


def test_the_file_comes_over_http_too(house: House, tmp_path: Path) -> None:
    _act(house)
    auditor = house.as_("auditor1")
    answer = auditor.client.get("/api/audit/proof/2/file")
    assert answer.headers["content-disposition"] == "attachment; filename=entry-2.tlog-proof"
    path = tmp_path / "got"
    path.write_bytes(answer.content)
    assert check_files([path], None, [], _key(house))[0].facts["seq"] == 2
    assert auditor.reason("GET", "/api/audit/proof/9999/file") == "entry_not_found"


@pytest.mark.parametrize(
    "raw", [b"", b"\x80", cbor.encode([1]), cbor.encode([1, True, "", "", "", "", b""]), b"\x9f\xff", b"\xa0"]
)
def test_what_is_no_entry_is_refused(raw: bytes) -> None:
    with pytest.raises(RecordsError) as refused:
        read_entry(raw)
    assert refused.value.reason == "bad_entry"
    assert not isinstance(refused.value, NotFound)
