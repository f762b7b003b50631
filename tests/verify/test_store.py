"""A reader's directory: replaced whole, held alone, and refused in our words where the disk fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from verify.errors import CardsvcError, Refused, Unchecked
from verify.phone import SeenSet
from verify.store import KEEP_SEEN_S, SeenFile, SeenInMemory, StateDirectory


def reason(error: pytest.ExceptionInfo[CardsvcError]) -> str:
    return error.value.reason


def test_files_are_replaced_as_a_whole(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path / "deep" / "state")
    assert directory.read("bundle.cose") is None
    for data in (b"first", b"", b"third" * 1000):
        directory.write("bundle.cose", data)
        assert directory.read("bundle.cose") == data
    assert os.stat(tmp_path / "deep" / "state").st_mode & 0o777 == 0o700
    assert [path.name for path in (tmp_path / "deep" / "state").iterdir()] == ["bundle.cose"]


def modes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}


def test_nobody_else_reads_or_writes_what_is_kept(tmp_path: Path) -> None:
    (tmp_path / "state.json.new").write_bytes(b"left by a crash")
    (tmp_path / "state.json.new").chmod(0o666)
    directory = StateDirectory(tmp_path)
    before = os.umask(0)
    try:
        directory.write("state.json", b"{}")
        assert directory.seen().first_seen(b"a", 1) is None
        with directory.locked():
            pass
    finally:
        os.umask(before)
    assert modes(tmp_path) == dict.fromkeys(("state.json", "seen.sqlite", "lock"), 0o600)


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o720])
def test_a_directory_that_others_write_into_is_not_used(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(Refused) as caught:
        StateDirectory(tmp_path)
    assert reason(caught) == "state_exposed"
    tmp_path.chmod(0o755)
    assert StateDirectory(tmp_path)


def test_what_a_crash_left_beside_is_overwritten(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path)
    directory.write("state.json", b"whole")
    (tmp_path / "state.json.new").write_bytes(b"half")
    assert directory.read("state.json") == b"whole"
    directory.write("state.json", b"next")
    assert directory.read("state.json") == b"next"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path)
    directory.write("state.json", b"old")
    (tmp_path / "state.json.new").mkdir()
    with pytest.raises(Refused) as caught:
        directory.write("state.json", b"new")
    assert reason(caught) == "state_unwritable"
    assert directory.read("state.json") == b"old"


def test_a_write_is_synced_before_and_after_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append("sync"), sync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda own, to: (steps.append("rename"), replace(own, to))[1])
    StateDirectory(tmp_path).write("state.json", b"data")
    assert steps == ["sync", "rename", "sync"]


def test_where_there_can_be_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Refused) as caught:
        StateDirectory(tmp_path / "file")
    assert reason(caught) == "state_unwritable"
    directory = StateDirectory(tmp_path / "state")
    (tmp_path / "state" / "lock").mkdir()
    with pytest.raises(Refused) as caught, directory.locked():
        pass
    assert reason(caught) == "state_unwritable"
    (tmp_path / "state" / "bundle.cose").mkdir()
    with pytest.raises(Refused) as caught:
        directory.read("bundle.cose")
    assert reason(caught) == "state_unreadable"


def test_the_directory_is_held_alone(tmp_path: Path) -> None:
    code = (
        "import fcntl, sys\n"
        "file = open(sys.argv[1], 'wb')\n"
        "try:\n fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept BlockingIOError:\n sys.exit(3)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lock")]
    with StateDirectory(tmp_path).locked():
        assert subprocess.run(command, check=False).returncode == 3
    assert subprocess.run(command, check=False).returncode == 0


@pytest.fixture(params=["file", "memory"])
def seen(request: pytest.FixtureRequest, tmp_path: Path) -> SeenSet:
    return StateDirectory(tmp_path).seen() if request.param == "file" else SeenInMemory()


def test_a_key_is_noted_once(seen: SeenSet) -> None:
    assert seen.when_seen(b"a") is None
    assert seen.first_seen(b"a", 1000) is None
    assert seen.when_seen(b"a") == 1000
    assert seen.first_seen(b"a", 1003) == 1000
    assert seen.first_seen(b"b", 1003) is None
    assert seen.first_seen(b"a", 1000 + KEEP_SEEN_S) == 1000


def test_asking_notes_nothing(seen: SeenSet) -> None:
    assert seen.when_seen(b"a") is None
    assert seen.first_seen(b"a", 5) is None


def test_old_keys_are_dropped_when_no_code_of_that_time_can_pass(seen: SeenSet) -> None:
    assert seen.first_seen(b"old", 1000) is None
    assert seen.first_seen(b"new", 1001 + KEEP_SEEN_S) is None
    assert seen.first_seen(b"next", 1001 + KEEP_SEEN_S) is None
    assert seen.when_seen(b"old") is None
    assert seen.when_seen(b"new") == 1001 + KEEP_SEEN_S


@pytest.mark.parametrize("ahead", [4000, KEEP_SEEN_S - 1])
def test_a_clock_that_ran_ahead_and_was_set_right_forgets_nothing(seen: SeenSet, ahead: int) -> None:
    assert seen.first_seen(b"a", 1000) is None
    for step in range(3):
        assert seen.first_seen(bytes([step]), 1000 + ahead + min(step, 1)) is None
    assert seen.first_seen(b"a", 1005) == 1000


def test_the_first_code_after_a_leap_drops_nothing_however_far(seen: SeenSet) -> None:
    assert seen.first_seen(b"a", 1000) is None
    assert seen.first_seen(b"b", 10**10) is None
    assert seen.first_seen(b"a", 1005) == 1000


def test_a_clock_set_back_forgets_nothing(seen: SeenSet) -> None:
    assert seen.first_seen(b"a", 10_000) is None
    assert seen.first_seen(b"b", 10) is None
    assert seen.first_seen(b"a", 10) == 10_000


def test_a_broken_file_is_unchecked_not_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "seen.sqlite"
    path.write_bytes(b"x" * 5000)
    with pytest.raises(Unchecked) as caught:
        SeenFile(path)
    assert reason(caught) == "seen_unusable"


def test_a_code_that_was_noted_outlives_a_power_cut(tmp_path: Path) -> None:
    """A journal that comes back undoes what it stood beside: only at EXTRA (3) is its end synced as well."""
    seen = StateDirectory(tmp_path).seen()
    assert seen.first_seen(b"a", 1) is None
    with seen._database() as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert database.execute("PRAGMA synchronous").fetchone() == (3,)


def test_two_readers_share_one_memory(tmp_path: Path) -> None:
    one, two = SeenFile(tmp_path / "seen.sqlite"), SeenFile(tmp_path / "seen.sqlite")
    assert one.first_seen(b"a", 1) is None
    assert two.first_seen(b"a", 2) == 1
