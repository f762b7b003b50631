"""The real reader's commands against the real service and signer, each a process of its own."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.readers.program import BIN, gate, rows, until
from tests.web.house import House

CONFIG = """
[reader]
state = "state"
root = "root.cose"
service = "library"

[service]
upload_s = 1

[[input]]
kind = "lines"

[[output]]
kind = "terminal"
form = "json"
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house") / "data")
    yield made
    made.close()


def test_a_reader_from_its_code_to_the_end_of_its_card(house: House, tmp_path: Path) -> None:
    number, code = house.card(tmp_path, services=["bus"])
    house.cardsvc("root", "--out", str(tmp_path / "root.cose"))
    made = json.loads(house.cardsvc("reader", "code", "library", "--json"))
    assert (made["reader"], made["url"]) == ("library-1", house.url)
    state = tmp_path / "state"
    enrol = [str(BIN / "cardsvc-verify"), "enrol", "--url", house.url, "--code", made["code"]]
    for _ in range(2):
        done = subprocess.run([*enrol, "--state", str(state)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "library-1 of venue library" in done.stdout
    (tmp_path / "reader.toml").write_text(CONFIG, "utf-8")

    reasons = []

    def tapped() -> str:
        """What a gate says that has just started; it waits for data of today's."""
        with gate(tmp_path) as reader:
            reader.says(lambda said: "banner" in said and "no data" not in said["banner"])
            reasons.append(reader.tap(code))
            count = len(reasons)
            until(lambda: _taken(house) == count, "the log did not arrive")
            return reasons[-1]

    assert tapped() == "no_entitlement"
    house.cardsvc("grant", number, "library")
    until(lambda: tapped() == "ok", "a grant did not open the door")
    house.cardsvc("revoke", number, "--reason", "stolen")
    until(lambda: tapped() == "revoked", "a revoked card still opens the door")

    found = rows(house, "SELECT seq, answer, reason, opened FROM gate_record ORDER BY seq")
    assert [(seq, reason) for seq, _, reason, _ in found] == list(enumerate(reasons, 1))
    assert all(bool(opened) == (reason == "ok") for _, _, reason, opened in found)
    assert rows(house, "SELECT count(*) FROM quarantined") == [(0,)]
    assert rows(house, "SELECT sum(count) FROM usage") == [(len(reasons),)]
    ((vouched,),) = rows(house, "SELECT vouched FROM reader")
    assert vouched == len(reasons)
    everything = b"".join(path.read_bytes() for path in state.iterdir() if path.is_file())
    assert number.encode() not in everything


def _taken(house: House) -> int:
    ((head,),) = rows(house, "SELECT head_seq FROM reader")
    return int(head)
