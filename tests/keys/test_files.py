import json
import os
import stat
from pathlib import Path

import pytest

from keys import files
from keys.disk import make_private_directory, write_file
from keys.errors import KeysError
from keys.files import STANDARD_COST, Passphrase, open_file, read_header, seal_file
from tests.keys.conftest import CHEAP

SECRET = bytes(range(32))
HEADER = {"use": "card", "kid": "00"}


@pytest.fixture
def sealed(vault: Path, passphrase: Passphrase) -> Path:
    path = vault / "card-1.key"
    seal_file(path, SECRET, HEADER, passphrase, cost=CHEAP)
    return path


def reason(path: Path, passphrase: Passphrase) -> str:
    with pytest.raises(KeysError) as caught:
        open_file(path, passphrase)
    return caught.value.reason


def test_opens_what_was_sealed_and_hides_it(sealed: Path) -> None:
    opened = open_file(sealed, Passphrase(b"correct horse"))
    assert opened.secret == SECRET
    assert opened.header == read_header(sealed) == HEADER
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert SECRET.hex() not in repr(opened)
    assert "horse" not in repr(Passphrase(b"correct horse"))


def test_standard_cost_is_the_second_recommended_option_of_rfc_9106() -> None:
    assert (STANDARD_COST.memory_kib, STANDARD_COST.passes, STANDARD_COST.lanes) == (65536, 3, 4)


def test_another_passphrase_is_told_from_a_changed_file(sealed: Path) -> None:
    assert reason(sealed, Passphrase(b"battery staple")) == "wrong_passphrase"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: d["header"].update(use="status"), "key_file_tampered"),
        (lambda d: d["header"].update(kid="01"), "key_file_tampered"),
        (lambda d: d["header"].update(more="x"), "key_file_tampered"),
        (lambda d: d.update(more="x"), "key_file_tampered"),
        (lambda d: d.update(sealed="AAAA" + d["sealed"][4:]), "key_file_tampered"),
        (lambda d: d.update(nonce="AAAA" + d["nonce"][4:]), "key_file_tampered"),
        (lambda d: d.update(nonce="AAAA"), "key_file_malformed"),
        (lambda d: d["kdf"].update(salt="AAAAAAAAAAAAAAAAAAAAAA=="), "wrong_passphrase"),
        (lambda d: d["kdf"].update(salt="AAAA"), "key_file_malformed"),
        (lambda d: d["kdf"].update(passes=2), "wrong_passphrase"),
        (lambda d: d["kdf"].update(passes=1000), "key_file_malformed"),
        (lambda d: d["kdf"].update(memory_kib=2**30), "key_file_malformed"),
        (lambda d: d["kdf"].update(lanes=True), "key_file_malformed"),
        (lambda d: d["kdf"].update(name="scrypt"), "key_file_malformed"),
        (lambda d: d.pop("check"), "key_file_malformed"),
        (lambda d: d.update(header=["x"]), "key_file_malformed"),
        (lambda d: d.update(format=2), "key_file_version"),
        (lambda d: d.update(format=True), "key_file_version"),
        (lambda d: d.pop("format"), "key_file_version"),
    ],
)
def test_a_changed_file_is_refused_by_name(sealed: Path, passphrase: Passphrase, change, expected) -> None:
    document = json.loads(sealed.read_text())
    change(document)
    sealed.write_text(json.dumps(document))
    assert reason(sealed, passphrase) == expected


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1, "format": 1}', "\x00", "[" * 60000])
def test_what_is_no_key_file_is_malformed(sealed: Path, passphrase: Passphrase, text: str) -> None:
    sealed.write_text(text)
    assert reason(sealed, passphrase) == "key_file_malformed"


def test_white_space_changes_nothing(sealed: Path, passphrase: Passphrase) -> None:
    sealed.write_text(json.dumps(json.loads(sealed.read_text()), indent=7))
    assert open_file(sealed, passphrase).secret == SECRET


def test_a_renamed_file_does_not_open(sealed: Path, passphrase: Passphrase) -> None:
    assert reason(sealed.rename(sealed.with_name("card-2.key")), passphrase) == "key_file_tampered"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_others_may_reach_is_refused(sealed: Path, passphrase: Passphrase, mode: int) -> None:
    sealed.chmod(mode)
    assert reason(sealed, passphrase) == "key_file_exposed"


def test_a_directory_others_may_enter_is_refused(sealed: Path, passphrase: Passphrase) -> None:
    sealed.parent.chmod(0o750)
    assert reason(sealed, passphrase) == "key_file_exposed"
    with pytest.raises(KeysError, match="chmod 0700"):
        make_private_directory(sealed.parent)


def test_a_link_and_a_pipe_are_no_key_file(sealed: Path, passphrase: Passphrase) -> None:
    link, pipe = sealed.with_name("link.key"), sealed.with_name("pipe.key")
    link.symlink_to(sealed)
    os.mkfifo(pipe, 0o600)
    assert reason(link, passphrase) == "key_file_missing"
    assert reason(pipe, passphrase) == "key_file_missing"


def test_a_key_is_never_written_over(sealed: Path, passphrase: Passphrase) -> None:
    with pytest.raises(KeysError) as caught:
        seal_file(sealed, b"other", HEADER, passphrase, cost=CHEAP)
    assert caught.value.reason == "file_exists"
    assert open_file(sealed, passphrase).secret == SECRET
    assert [path.name for path in sealed.parent.iterdir()] == ["card-1.key"]


def test_ten_keys_of_one_directory_cost_one_derivation(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10):
        seal_file(vault / f"{number}.key", SECRET, HEADER, Passphrase(b"p"), cost=CHEAP)
    calls: list[bytes] = []
    real = files.hash_secret_raw
    monkeypatch.setattr(files, "hash_secret_raw", lambda *a, **k: calls.append(a[1]) or real(*a, **k))
    passphrase = Passphrase(b"p")
    for number in range(10):
        open_file(vault / f"{number}.key", passphrase)
    assert len(calls) == 1


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "document"
    write_file(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeysError) as caught:
        write_file(path, b"new")
    assert caught.value.reason == "file_not_written"
    assert "No space left" in str(caught.value)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_passphrase_file(tmp_path: Path, sealed: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_bytes(b"correct horse\n")
    path.chmod(0o600)
    assert open_file(sealed, Passphrase.from_file(path)).secret == SECRET
    for data, mode, expected in (
        (b"\n", 0o600, "passphrase_empty"),
        (b"", 0o400, "passphrase_empty"),
        (b"correct horse", 0o644, "key_file_exposed"),
        (b"x" * 5000, 0o600, "file_too_large"),
    ):
        path.chmod(0o600)
        path.write_bytes(data)
        path.chmod(mode)
        with pytest.raises(KeysError) as caught:
            Passphrase.from_file(path)
        assert caught.value.reason == expected
    with pytest.raises(KeysError, match="could not be read"):
        Passphrase.from_file(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("directory", "mode", "taken"),
    [
        (".", 0o440, True),
        (".", 0o444, False),
        (".", 0o460, False),
        ("other", 0o440, False),
        ("", 0o440, False),
    ],
)
def test_a_passphrase_that_systemd_hands_over(
    tmp_path: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch, directory: str, mode: int, taken: bool
) -> None:
    """Below its own directory alone, and readable by the group alone."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / directory) if directory else "")
    path = tmp_path / "passphrase"
    path.write_bytes(b"correct horse\n")
    path.chmod(mode)
    if taken:
        assert open_file(sealed, Passphrase.from_file(path)).secret == SECRET
        return
    with pytest.raises(KeysError) as caught:
        Passphrase.from_file(path)
    assert caught.value.reason == "key_file_exposed"
