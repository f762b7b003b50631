"""``cardsvc issue --form``, ``print`` and ``calibrate``, as a clerk types them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from cardsvc.cli import app
from cardsvc.errors import ServiceError
from issuance.selfcheck import read_file
from issuance.sheets import Flip, Form, Tuning
from tests.desk.town import EXAMPLES, application, make_town

Command = Callable[..., Result]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an issuer in it, and one printer."""
    folder = tmp_path_factory.mktemp("office") / "data"
    with make_town(folder):
        pass
    (folder / "printers.toml").write_text('[desk1]\nflip = "short"\nback = [0.4, -0.2]\n', "utf-8")
    return folder


@pytest.fixture
def command(data: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run ``cardsvc`` on that directory; refusals come as errors, as `main` gets them."""
    monkeypatch.setenv("CARDSVC_DATA", str(data))
    monkeypatch.setenv("CARDSVC_PUBLIC_URL", "https://card.example.org")
    runner = CliRunner()
    return lambda *words: runner.invoke(app, [str(word) for word in words])


def test_cards_are_issued_into_one_file_and_printed_again_on_a_sheet(
    command: Command, tmp_path: Path
) -> None:
    # The command reads the clock, so these dates follow it.
    later = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
    raws = [application(n, portrait="abebe.jpg", permit_expiry=later, passport_expiry=later) for n in (1, 2)]
    raws[1]["design"] = "high-contrast"
    path, out, again = tmp_path / "applications.json", tmp_path / "out", tmp_path / "again"
    path.write_text(json.dumps(raws), "utf-8")
    (tmp_path / "abebe.jpg").write_bytes((EXAMPLES / "portraits" / "abebe.jpg").read_bytes())
    people = ("--submitted-by", "clerk1", "--approved-by", "chief1")
    issued = command("issue", path, *people, "--out", out, "--form", "cr80", "--design", "private", "--json")
    assert issued.exit_code == 0, issued.output
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]
    numbers = [line["number"] for line in lines]
    assert all("cards-0001.pdf" in line["files"] for line in lines)
    made = read_file((out / "cards-0001.pdf").read_bytes(), 2)
    printed = command("print", *numbers, "--form", "a4", "--printer", "desk1", "--out", again, "--json")
    assert printed.exit_code == 0, printed.output
    tuning = Tuning("desk1", Flip.SHORT, back=(0.4, -0.2))
    assert read_file((again / "cards-0001.pdf").read_bytes(), 2, Form.A4, tuning) == made


def test_a_calibration_sheet_is_written(command: Command, tmp_path: Path) -> None:
    done = command("calibrate", "--form", "cr80", "--printer", "desk1", "--out", tmp_path / "sheet.pdf")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF-1.7")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("calibrate", "--printer", "desk9", "--out", "x.pdf"), "unknown_printer"),
        (("print", "0000000000000", "--out", "x"), None),
    ],
)
def test_what_is_not_there_is_refused(command: Command, words: tuple[str, ...], reason: str | None) -> None:
    refused = command(*words)
    assert refused.exit_code == 1
    assert refused.exception is not None
    if reason is not None:
        assert isinstance(refused.exception, ServiceError)
        assert refused.exception.reason == reason
        assert "desk1" in str(refused.exception)


def test_a_portrait_to_look_at_is_told_and_a_card_that_is_over_is_not_printed(
    command: Command, tmp_path: Path
) -> None:
    later = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
    raw = application(3, portrait="wall.png", permit_expiry=later, passport_expiry=later)
    Image.new("RGB", (600, 800), "grey").save(tmp_path / "wall.png")
    path, out = tmp_path / "applications.json", tmp_path / "out"
    path.write_text(json.dumps([raw]), "utf-8")
    issued = command("issue", path, "--submitted-by", "clerk1", "--approved-by", "chief1", "--out", out)
    assert issued.exit_code == 0, issued.output
    assert "No face was found" in " ".join(issued.output.split())
    number = json.loads((out / "manifest.jsonl").read_text("utf-8"))["number"]
    assert command("revoke", number, "--reason", "a test").exit_code == 0
    refused = command("print", number, "--out", tmp_path / "again")
    assert isinstance(refused.exception, ServiceError)
    assert refused.exception.reason == "card_is_final"
