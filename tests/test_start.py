"""The demonstration's commands beside a data directory: what runs goes on, what is missing is said."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.server import listen
from scripts import running
from scripts.tap import main as tap
from tests.ports import free_port
from tests.web.house import House, environment


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "data")
    yield made
    made.close()


def test_a_second_start_leaves_the_first_one_alone_and_says_where_it_is(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(house.data, f"http://localhost:{free_port()}").items():
        monkeypatch.setenv(name, value)
    assert running.serve(house.data, free_port()) == 1
    said = capsys.readouterr().out
    assert f"It runs already: the desk is at {house.url}/desk" in said
    assert running.answers(house.data / "signer" / "socket")


def test_a_socket_that_a_killed_signer_left_is_no_running_one(tmp_path: Path) -> None:
    place = tmp_path / "signer" / "socket"
    assert not running.answers(place)
    listen(place).close()
    assert place.exists()
    assert not running.answers(place)
    with listen(place):
        assert running.answers(place)


def test_a_tap_before_any_door_stands_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CARDSVC_DATA", str(tmp_path))
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "1.gate.txt").write_text("CODE\n", "ascii")
    assert tap(["1"]) == 1
    assert capsys.readouterr().out.count("run ./scripts/start first") == 3


def test_the_fuzzer_names_the_command_that_installs_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tests.service.api_fuzz", None)
    monkeypatch.delitem(sys.modules, "scripts.fuzz_api", raising=False)
    with pytest.raises(SystemExit, match=r"Run \./scripts/test first"):
        importlib.import_module("scripts.fuzz_api")
