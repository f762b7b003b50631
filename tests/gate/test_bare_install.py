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
    expected = {f"verify/{path.name}" for path in (ROOT / "verify").glob("*.py")} | {"verify/py.typed"}
    assert files_of(gate_wheel) == expected


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
    names = sorted(path.stem for path in (ROOT / "verify").glob("*.py") if path.stem != "__main__")
    statement = "; ".join(f"import verify.{name}" for name in names if name != "__init__")
    done = run(gate / "python", "-I", "-W", "error", "-c", statement, cwd=gate)
    assert done.returncode == 0, done.stderr


def test_the_command_answers(gate: Path) -> None:
    done = run(gate / "cardsvc-verify", "check", "--help", cwd=gate)
    assert done.returncode == 0, done.stderr
    assert "--bundle" in done.stdout


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
