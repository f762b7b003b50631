"""The reader's commands as an operator types them, and the exit codes that a unit file relies on."""

import fcntl
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reader.collector import Collector
from tests.reader.door import SEAL, Door, card, world
from tests.verify import world as w
from tests.verify.trustkit import root_document
from tests.verify.world import NOW
from verify.__main__ import main
from verify.reader import commands
from verify.reader.keeper import Keeper
from verify.store import StateDirectory

CONFIG = """
[reader]
state = "state"
root = "root.cose"
service = "library"
[service]
[[input]]
kind = "lines"
[[output]]
kind = "terminal"
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "reader.toml").write_text(CONFIG)
    (tmp_path / "root.cose").write_bytes(w.root())
    monkeypatch.setattr(commands, "clock", lambda: NOW)
    return tmp_path


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector(SEAL)
    collector.codes["K7F2-9QXM"] = "door-1"
    with collector.serving():
        yield collector


def enrol(site: Path, collector: Collector, code: str = "K7F2-9QXM") -> int:
    return main(["enrol", "--url", collector.url, "--code", code, "--state", str(site / "state")])


def run(command: str, site: Path, *more: str) -> int:
    return main([command, "--config", str(site / "reader.toml"), *more])


def test_enrol_says_who_the_reader_is(
    site: Path, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [enrol(site, collector), enrol(site, collector)] == [0, 0]
    first, again = capsys.readouterr().out.splitlines()
    assert first == again
    assert first.startswith("enrolled as door-1 of venue centre; device key ")
    assert {oct(path.stat().st_mode & 0o777) for path in (site / "state").glob("device.*")} == {"0o600"}


def test_a_code_nobody_gave_out(site: Path, collector: Collector, capsys: pytest.CaptureFixture[str]) -> None:
    assert enrol(site, collector, "WRONG") == 64
    assert "enrolment_refused: the service answered 403" in capsys.readouterr().err
    assert run("gate", site) == 64
    assert "not_enrolled" in capsys.readouterr().err


def test_a_wrong_configuration(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "reader.toml").write_text(CONFIG.replace("lines", "wires"))
    assert [run(command, site) for command in ("gate", "status", "selftest")] == [64, 64, 64]
    assert "line 8: input[1].kind" in capsys.readouterr().err


def test_the_root_of_another_city(
    site: Path, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(site, collector)
    directory = StateDirectory(site / "state")
    Keeper(directory, w.root(), NOW).offer(world().bundle(), NOW)
    (site / "root.cose").write_bytes(root_document())
    assert run("gate", site) == 65
    assert "other_root" in capsys.readouterr().err


def test_two_gates_in_one_directory(
    site: Path, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(site, collector)
    handle = os.open(site / "state" / "gate.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    assert run("gate", site) == 64
    os.close(handle)
    assert "state_in_use" in capsys.readouterr().err


def test_status_before_and_with_data_and_when_it_is_old(
    site: Path, collector: Collector, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(site, collector)
    capsys.readouterr()
    assert run("status", site, "--json") == 2
    assert json.loads(capsys.readouterr().out)["alarms"] == [
        "no data yet: nobody is let in",
        "no gate has run here yet",
    ]
    Keeper(StateDirectory(site / "state"), w.root(), NOW).offer(world().bundle(), NOW)
    door = Door(site / "state")
    door.gate.take(world().trust())
    door.tap(card(1))
    door.journal.close()
    stand(site)
    assert run("status", site, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["reader"], found["venue"], found["bundle"]) == ("door-1", "centre", "1/1")
    assert (found["records"], found["waiting"], found["data_age_s"]) == (1, 1, 600)
    monkeypatch.setattr(commands, "clock", lambda: NOW + 2 * 86_400)
    assert run("status", site) == 1
    assert "alarms: data stale, 2 days old: sync it" in capsys.readouterr().out


def stand(site: Path, *alarms: str) -> None:
    said = json.dumps({"at": NOW, "standing": {"venue": "centre", "alarms": alarms}})
    StateDirectory(site / "state").write("standing.json", said.encode())


def test_status_tells_a_lost_input_and_a_dead_gate(
    site: Path, collector: Collector, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(site, collector)
    Keeper(StateDirectory(site / "state"), w.root(), NOW).offer(world().bundle(), NOW)
    stand(site, "input 1 (tcp): hung up")
    assert run("status", site) == 1
    assert "alarms: the gate says: input 1 (tcp): hung up\n" in capsys.readouterr().out
    stand(site)
    monkeypatch.setattr(commands, "clock", lambda: NOW + 601)
    assert run("status", site) == 1
    assert "the gate has said nothing for 10 min" in capsys.readouterr().out


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("closed")])
def test_a_log_that_nobody_takes_ends_nothing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, words: str) -> int:
            raise error

    monkeypatch.setattr(sys, "stderr", Gone())
    commands._log("a scanner was lost")


def test_a_terminal_that_lacks_letters_is_written_to_all_the_same(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert run("gate", site) == 64
    print("请通行", file=stdout, flush=True)


def test_status_as_json_is_json_where_the_locale_lacks_letters(
    site: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(site, collector)
    stand(site, "input 1 (tcp): caméra")
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert run("status", site, "--json") == 2
    stdout.flush()
    assert isinstance(stdout.buffer, io.BytesIO)
    assert "the gate says: input 1 (tcp): caméra" in json.loads(stdout.buffer.getvalue())["alarms"]


def test_the_selftest_names_what_fails(
    site: Path, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(site, collector)
    capsys.readouterr()
    assert run("selftest", site) == 1
    lines = capsys.readouterr().out.splitlines()
    failed = [line for line in lines if line.startswith("FAIL")]
    assert failed == ["FAIL bundle: malformed: not a COSE_Sign: tag 98 was expected"]
    assert f"ok   service: {collector.url} knows door-1, 12 month keys" in lines
    # What the gate will begin with is fetched and tried, and kept by the gate alone.
    collector.bundle = world().bundle()
    assert run("selftest", site) == 0
    assert "10 min old; fetched to try, the gate fetches its own" in capsys.readouterr().out
    assert not (site / "state" / "bundle.cose").exists()
    Keeper(StateDirectory(site / "state"), w.root(), NOW).offer(world().bundle(), NOW)
    assert run("selftest", site) == 0
    assert "fetched to try" not in capsys.readouterr().out


def test_the_selftest_fails_where_the_gate_would_not_start(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = CONFIG.replace("[service]", '[folder]\npath = "stick"')

    def configured(reader: str, venue: str) -> None:
        named = f'root = "root.cose"\nid = "{reader}"\nvenue = "{venue}"'
        (site / "reader.toml").write_text(alone.replace('root = "root.cose"', named))

    def failed() -> list[str]:
        capsys.readouterr()
        assert run("selftest", site) == 1
        return [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]

    door = Door(site / "state")
    Keeper(StateDirectory(site / "state"), w.root(), NOW).offer(world().bundle(), NOW)
    door.gate.take(world().trust())
    door.tap(card(1))
    door.journal.close()
    configured("door-1", "centre")
    assert run("selftest", site) == 0
    assert "ok   journal: 1 records of door-1, 1 wait" in capsys.readouterr().out
    configured("door-1", "library")
    assert run("gate", site) == 65
    assert failed() == ["FAIL bundle: wrong_venue: the memory is of centre, this reader of library"]
    configured("door-2", "centre")
    assert run("gate", site) == 64
    assert failed() == ["FAIL journal: journal_unusable: this log is of door-1, the reader is door-2"]


def test_status_tells_verdicts_that_were_not_recorded(
    site: Path, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(site, collector)
    door = Door(site / "state")
    door.tap(card(1))
    door.tap(card(2))
    door.journal.close()
    capsys.readouterr()
    assert run("status", site, "--json") == 2
    assert "2 verdicts were not recorded" in json.loads(capsys.readouterr().out)["alarms"]
