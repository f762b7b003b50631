"""Bundles from a stick: what may be good later is tried again, and a full stick still gives its newest."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from verify.errors import Refused
from verify.reader import sync
from verify.reader.sync import FromFolder


class Offered:
    """Takes every bundle, or refuses it for ``reason``; remembers what came."""

    def __init__(self) -> None:
        self.came, self.reason = list[bytes](), ""

    def offer(self, bundle: bytes) -> Any:
        self.came.append(bundle)
        if self.reason:
            raise Refused(self.reason, "not now")
        return SimpleNamespace(epoch=1, seq=1, venue="centre")


def look(folder: Path, offered: Any, log: list[str]) -> FromFolder:
    return FromFolder(folder, offered, None, log.append)


def test_a_bundle_that_a_clock_ahead_calls_expired_is_tried_again(tmp_path: Path) -> None:
    offered, said = Offered(), list[str]()
    (tmp_path / "a.cose").write_bytes(b"a")
    stick = look(tmp_path, offered, said)
    for offered.reason in ("expired_chain", "expired_chain", "", ""):
        stick()
    assert offered.came == [b"a"] * 3
    assert [words.split(":")[1] for words in said] == [" expired_chain", " bundle 1/1 of centre serves now"]


def test_the_newest_files_of_a_full_stick_are_looked_at(tmp_path: Path) -> None:
    for number in range(sync.MAX_FILES + 2):
        path = tmp_path / f"{99 - number}.cose"
        path.write_bytes(b"%d" % number)
        os.utime(path, (1_000_000 + number,) * 2)
    offered, said = Offered(), list[str]()
    stick = look(tmp_path, offered, said)
    stick()
    stick()
    assert sorted(map(int, offered.came)) == list(range(2, sync.MAX_FILES + 2))
    assert said[0] == f"{tmp_path}: the 2 oldest bundle files are left out"
    assert len(said) == 1 + sync.MAX_FILES
