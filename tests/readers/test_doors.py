"""The three doors of the demonstration: real gates, enrolled at a running service, tapped by one command."""

import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from scripts import doors
from scripts.doors import DOORS
from scripts.tap import main as tap
from tests.web.house import House
from verify.reader.config import read_config

#: Several starts on one slow core, with others at work.
PATIENCE_S = 90


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "data")
    yield made
    made.close()


@contextmanager
def open_doors(house: House) -> Iterator[None]:
    """All three, once each has data to judge by; ended as the demonstration ends them."""
    with ExitStack() as stack:
        for door in DOORS:
            doors.prepare(house.data, door, house.cardsvc)
            gate = doors.start(house.data, door)
            stack.callback(gate.wait, PATIENCE_S)
            stack.callback(gate.terminate)
        end = time.monotonic() + PATIENCE_S
        while not all(_on_line(house, door) for door in DOORS):
            assert time.monotonic() < end, "a door did not come on line"
            time.sleep(0.1)
        yield


def _on_line(house: House, door: doors.Door) -> bool:
    place = doors.folder_of(house.data, door)
    screen = (place / "screen.jsonl").read_text("utf-8")
    if not any("banner" in line and "NO DATA" not in line for line in screen.splitlines()):
        return False
    # Its screen may be lit before its scanner's line is open.
    with suppress(ConnectionRefusedError):
        socket.create_connection(read_config(place / "reader.toml").inputs[0].options["address"], 10).close()
        return True
    return False


def _said(capsys: pytest.CaptureFixture[str], number: str, cards: Path) -> list[tuple[str, str, int]]:
    """What every door says to a card: its light, the reason, and the record's number."""
    capsys.readouterr()
    assert tap([number, "--cards", str(cards), "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["door"] for one in said] == [door.name for door in DOORS]
    return [(one["light"], one["reason"], one["seq"]) for one in said]


def test_three_doors_are_tapped_and_outlive_a_second_start(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CARDSVC_DATA", str(house.data))
    number, _ = house.card(tmp_path, services=["bus", "hospital"])
    with open_doors(house):
        assert _said(capsys, number, tmp_path / "out") == [
            ("green", "ok", 1),
            ("red", "no_entitlement", 1),
            ("green", "ok", 1),
        ]
    house.cardsvc("suspend", number, "--reason", "lost")
    with open_doors(house):
        # The same devices go on with their logs, and with data that is from now.
        end = time.monotonic() + PATIENCE_S
        while any(reason != "suspended" for _, reason, _ in _said(capsys, number, tmp_path / "out")):
            assert time.monotonic() < end, "the doors did not learn that the card is suspended"
            time.sleep(0.5)
        with closing(sqlite3.connect(house.data / "cardsvc.db")) as database:
            readers = database.execute("SELECT id, venue FROM reader ORDER BY id").fetchall()
    assert readers == [("bus-1", "bus"), ("hospital-1", "hospital"), ("library-1", "library")]
    assert tap([number, "--cards", str(tmp_path / "out")]) == 1
    assert "./scripts/start" in capsys.readouterr().out
