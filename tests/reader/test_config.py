"""The configuration: strict, and every mistake named by file, line and key."""

from pathlib import Path

import pytest

from tests.city import ROOT
from verify.errors import Refused
from verify.reader.config import read_config
from verify.verifier import Direction

GOOD = """\
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


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "reader.toml"
    path.write_text(text)
    with pytest.raises(Refused) as caught:
        read_config(path)
    assert caught.value.reason == "wrong_config"
    return str(caught.value).removeprefix(f"{path}")


def test_a_small_one_with_its_defaults(tmp_path: Path) -> None:
    path = tmp_path / "reader.toml"
    path.write_text(GOOD)
    config = read_config(path)
    assert (config.state, config.root) == (tmp_path / "state", tmp_path / "root.cose")
    assert (config.languages, config.role.value, config.online) == (("zh", "en"), "gate", True)
    assert (config.inputs[0].direction, config.inputs[0].service) == (Direction.IN, 3)


def test_an_input_has_its_own_direction_and_service(tmp_path: Path) -> None:
    path = tmp_path / "reader.toml"
    path.write_text(
        GOOD + '\n[[input]]\nkind = "tcp"\nlisten = "[::1]:9004"\ndirection = "out"\nservice = "bus"\n'
    )
    exit_ = read_config(path).inputs[1]
    assert (exit_.direction, exit_.service) == (Direction.OUT, 1)
    assert exit_.options == {"listens": True, "address": ("::1", 9004)}


MQTT = 'kind = "mqtt"\nhost = "localhost"\ntopic = "doors/#"'
MISTAKES = [
    ('kind = "terminal"', MQTT, ", line 14: output[1].topic: an order to open goes to one topic"),
    ('state = "state"\n', "", ", line 1: reader.state: is missing"),
    ('state = "state"', "state = 3", ", line 2: reader.state: expected text, found 3"),
    ('"library"', '"libary"', ", line 4: reader.service: expected one of bus,"),
    (
        'root = "root.cose"',
        'root = "root.cose"\nrot = 1',
        ", line 4: reader.rot: is not known here; known are",
    ),
    (
        "[service]",
        '[service]\nurl = "https://a"',
        ", line 7: service.url: is not known here; known are ca, sync_s, upload_s",
    ),
    (
        "[service]",
        "[service]\nupload_s = true",
        ", line 7: service.upload_s: expected a number from 1 to 86400",
    ),
    ("[service]", "", "service: a reader needs [service] or [folder]"),
    ("[service]", '[folder]\npath = "stick"', "reader.id: belongs to a reader without [service]"),
    ('"lines"', '"wires"', ", line 9: input[1].kind: expected one of lines, serial"),
    ('kind = "lines"', 'kind = "serial"', ", line 8: input[1].device: is missing"),
    ('kind = "lines"', 'kind = "tcp"', ", line 8: input[1].listen: give either"),
    ('kind = "lines"', 'kind = "tcp"\nlisten = "9004"', ", line 10: input[1].listen: expected HOST:PORT"),
    ('[[input]]\nkind = "lines"\n', "", "input: expected at least one table [[input]]"),
    (
        '"terminal"',
        '"terminal"\n[[output]]\nkind = "gpio"',
        ", line 13: output[2].door: name at least one pin",
    ),
    ('"terminal"', '"terminal"\nbell = 1', ", line 13: output[1].bell: expected true or false, found 1"),
    ('"terminal"', '"command"', ", line 11: output[1].command: is missing"),
    ('"terminal"', '"gpio"\ngreen = 99', ", line 13: output[1].green: expected a whole number from 0 to 64"),
    ("[service]", "[journal]\nmax_mib = 0\n[service]", ", line 7: journal.max_mib: expected a number from 1"),
    ('"library"', '"library"\nlanguages = ["xx"]', ", line 5: reader.languages: 'xx' is none of ar, ur"),
    ("[service]", "[service", ": Expected ']' at the end of a table declaration (at line 6"),
    ("[reader]", "[raeder]", ": reader: expected a table [reader]"),
]


@pytest.mark.parametrize(("old", "new", "words"), MISTAKES)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    found = refusal(tmp_path, GOOD.replace(old, new, 1))
    assert words in found


def test_what_is_no_text_or_too_long_or_not_there(tmp_path: Path) -> None:
    assert "more than" in refusal(tmp_path, "#" * 70_000)
    (tmp_path / "latin.toml").write_bytes(b"a = '\xff'")
    for name in ("latin.toml", "none.toml"):
        with pytest.raises(Refused) as caught:
            read_config(tmp_path / name)
        assert caught.value.reason == "wrong_config"


@pytest.mark.parametrize("name", ["bus", "library-door", "clinic-desk"])
def test_the_examples_are_right(name: str) -> None:
    config = read_config(ROOT / "examples" / "readers" / f"{name}.toml")
    assert config.inputs
    assert config.outputs
