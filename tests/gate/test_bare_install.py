"""The gate wheel installs alone into an empty environment, from locked hashes, and checks a card there."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.city import ROOT, City

GATE_WHEELS = ROOT / ".venv" / "gate-wheels"
NOT_SOURCE = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist", "*.ttf", ".*")
ALLOWED, DENIED, WRONG_USAGE = 0, 1, 64


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program with an environment as empty as a gate's."""
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=cwd, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )


def pip(*arguments: object, cwd: Path) -> None:
    done = run(sys.executable, "-m", "pip", "-qq", "--isolated", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr


def build(source: Path, folder: Path) -> Path:
    """The wheel of ``source``, built without touching the tree and without a network."""
    pip(
        "wheel",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder / "wheels",
        source,
        cwd=folder,
    )
    (wheel,) = (folder / "wheels").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def gate_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate-wheel")
    shutil.copytree(ROOT / "verify", folder / "verify", ignore=NOT_SOURCE)
    return build(folder / "verify", folder)


@pytest.fixture(scope="module")
def service_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("service-wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("cardsvc", "issuance", "keys", "templates"):
        shutil.copytree(ROOT / name, source / name, ignore=NOT_SOURCE)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    return build(source, folder)


@pytest.fixture(scope="module")
def gate(gate_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the gate wheel and what it needs, not even pip."""
    if not GATE_WHEELS.is_dir():
        pytest.skip("no .venv/gate-wheels: ./scripts/test fetches them")
    folder = tmp_path_factory.mktemp("gate")
    assert run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder).returncode == 0
    into = ("--python", folder / "venv" / "bin" / "python", "install", "--no-index")
    locked = ("--require-hashes", "-r", ROOT / "requirements" / "gate.txt")
    pip(*into, "--find-links", GATE_WHEELS, *locked, cwd=folder)
    pip(*into, "--no-deps", gate_wheel, cwd=folder)
    return folder / "venv" / "bin"


def files_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_no_file_is_in_both_wheels(gate_wheel: Path, service_wheel: Path) -> None:
    gate_files, service_files = files_of(gate_wheel), files_of(service_wheel)
    assert not gate_files & service_files
    assert {name.split("/")[0] for name in gate_files} == {"verify"}
    assert {name.split("/")[0] for name in service_files} == {"cardsvc", "issuance", "keys", "templates"}


def test_the_gate_wheel_holds_every_module(gate_wheel: Path) -> None:
    source = ROOT / "verify"
    modules = {
        path.relative_to(ROOT).as_posix() for path in source.rglob("*.py") if "build" not in path.parts
    }
    data = {"verify/py.typed", "verify/reader/phrases.json", "verify/reader/kit/kit.jsonl"}
    assert files_of(gate_wheel) == modules | data


def test_the_service_wheel_holds_every_module(service_wheel: Path) -> None:
    packages = ("cardsvc", "issuance", "keys")
    expected = {
        path.relative_to(ROOT).as_posix() for name in packages for path in (ROOT / name).rglob("*.py")
    }
    assert expected <= files_of(service_wheel)


def test_only_what_a_gate_needs_is_there(gate: Path) -> None:
    listing = "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions()))"
    done = run(gate / "python", "-I", "-c", listing, cwd=gate)
    assert done.stdout.split() == ["cardsvc-verify", "cbor2", "cffi", "cryptography", "pycparser", "pynacl"]


@pytest.mark.parametrize(
    "name", ["cardsvc", "issuance", "keys", "sqlmodel", "sqlalchemy", "reportlab", "typer", "pydantic", "PIL"]
)
def test_nothing_of_the_service_can_be_imported(gate: Path, name: str) -> None:
    done = run(gate / "python", "-I", "-c", f"import {name}", cwd=gate)
    assert "ModuleNotFoundError" in done.stderr


def test_every_module_starts_there(gate: Path) -> None:
    source = ROOT / "verify"
    paths = [
        path.relative_to(ROOT).with_suffix("")
        for name in ("", "reader")
        for path in (source / name).glob("*.py")
    ]
    names = sorted(".".join(path.parts) for path in paths if path.name not in ("__main__", "__init__"))
    statement = "; ".join(f"import {name}" for name in names)
    done = run(gate / "python", "-I", "-W", "error", "-c", statement, cwd=gate)
    assert done.returncode == 0, done.stderr


def test_the_command_answers(gate: Path) -> None:
    done = run(gate / "cardsvc-verify", "check", "--help", cwd=gate)
    assert done.returncode == 0, done.stderr
    assert "--bundle" in done.stdout


def test_the_conformance_kit_came_along(gate: Path) -> None:
    """Who writes a reader needs the wheel and nothing else."""
    own = f"{gate / 'python'} -I -m verify.reader.stdio"
    done = run(gate / "cardsvc-verify", "certify", own, cwd=gate)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert " right\n" in done.stdout


def check(gate: Path, city: City, *arguments: object) -> subprocess.CompletedProcess[str]:
    trust = ("--root", city.root_document, "--bundle", city.bundle)
    return run(gate / "cardsvc-verify", "check", *trust, *arguments, cwd=gate)


def test_a_real_card_is_allowed(gate: Path, city: City) -> None:
    card = city.cards[0]
    done = check(gate, city, "--service", "bus", card.gate_text, card.identity_text)
    assert done.returncode == ALLOWED, done.stdout + done.stderr
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(v["verdict"], v["reason"], v["card"]) for v in verdicts] == [("allow", "ok", card.number)] * 2


def test_a_suspended_card_is_denied(gate: Path, city: City) -> None:
    done = check(gate, city, "--service", "bus", city.cards[1].gate_text)
    assert done.returncode == DENIED, done.stdout + done.stderr
    assert json.loads(done.stdout)["reason"] == "suspended"


def test_a_changed_character_is_denied(gate: Path, city: City) -> None:
    text = city.cards[0].gate_text
    middle = len(text) // 2
    changed = text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]
    done = check(gate, city, "--service", "bus", changed)
    assert done.returncode == DENIED, done.stdout + done.stderr
    assert json.loads(done.stdout)["verdict"] == "deny"


def test_pictures_need_the_extra_and_the_message_says_so(gate: Path, city: City) -> None:
    done = check(gate, city, "--image", city.cards[0].pdf)
    assert done.returncode == WRONG_USAGE, done.stdout + done.stderr
    assert "cardsvc-verify[image]" in done.stderr


READER = """
[reader]
state = "state"
root = "{root}"
id = "door-1"
service = "bus"
[folder]
path = "stick"
[[input]]
kind = "{kind}"
device = "0"
[[output]]
kind = "terminal"
form = "json"
"""


def test_a_whole_reader_runs_there(gate: Path, city: City, tmp_path: Path) -> None:
    """From an empty directory, with a stick and a scanner that types: no data, then data, then a verdict."""
    config = tmp_path / "reader.toml"
    lines = READER.format(root=city.root_document, kind="lines").replace('device = "0"\n', "")
    config.write_text(lines)
    words = [str(gate / "cardsvc-verify"), "gate", "--config", str(config)]
    with subprocess.Popen(
        words, env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert "NO DATA" in reader.stdout.readline()
        (tmp_path / "stick").mkdir()
        shutil.copy(city.bundle, tmp_path / "stick" / "bus.cose")
        assert "NO DATA" not in reader.stdout.readline()
        reader.stdin.write(f"{city.cards[0].gate_text}\n{city.cards[1].gate_text}\n")
        reader.stdin.close()
        verdicts = [json.loads(line) for line in reader.stdout if "verdict" in json.loads(line)]
        assert reader.wait(30) == ALLOWED
    assert [verdict["reason"] for verdict in verdicts] == ["ok", "suspended"]
    status = run(gate / "cardsvc-verify", "status", "--config", config, "--json", cwd=tmp_path)
    found = json.loads(status.stdout)
    assert (status.returncode, found["records"], found["waiting"], found["alarms"]) == (0, 2, 2, [])
    tried = run(gate / "cardsvc-verify", "selftest", "--config", config, cwd=tmp_path)
    assert tried.returncode == 0, tried.stdout
    assert "FAIL" not in tried.stdout


@pytest.mark.parametrize(("kind", "extra"), [("serial", "serial"), ("camera", "camera")])
def test_an_input_that_needs_an_extra_says_so(
    gate: Path, city: City, tmp_path: Path, kind: str, extra: str
) -> None:
    config = tmp_path / "reader.toml"
    config.write_text(READER.format(root=city.root_document, kind=kind))
    done = run(gate / "cardsvc-verify", "gate", "--config", config, cwd=tmp_path)
    assert done.returncode == WRONG_USAGE, done.stdout
    assert f"cardsvc-verify[{extra}]" in done.stderr
