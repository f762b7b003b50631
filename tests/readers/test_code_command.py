"""``cardsvc reader code``, as an operator types it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cardsvc import cli_readers
from cardsvc.cli import app
from cardsvc.errors import ServiceError
from tests.desk.town import make_town
from verify.reader.config import read_config

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run ``cardsvc reader code``; refusals come as errors, as `main` gets them."""
    with make_town(tmp_path / "data"):
        pass
    monkeypatch.setenv("CARDSVC_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CARDSVC_PUBLIC_URL", "https://card.example.org")
    return lambda *words: CliRunner().invoke(app, ["reader", "code", *map(str, words)])


def test_a_configuration_may_go_into_a_new_folder(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "new" / "folder" / "reader.toml"
    made = command("library", "--kind", "desk", "--config", config)
    assert made.exit_code == 0, made.output
    assert "cardsvc-verify enrol" in made.output
    assert read_config(config).online


def test_no_code_is_made_for_a_file_that_cannot_be_written(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = command(
        "library", "--name", "lib-1", "--kind", "desk", "--config", tmp_path / "file" / "a.toml"
    )
    assert isinstance(refused.exception, ServiceError)
    assert refused.exception.reason == "cannot_write"
    # The name is free still.
    assert command("library", "--name", "lib-1", "--kind", "desk").exit_code == 0


def test_a_code_is_shown_though_the_disk_took_no_configuration(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(out: Path, data: bytes) -> None:
        raise ServiceError("cannot_write", os.strerror(28))

    monkeypatch.setattr(cli_readers, "write_file", full)
    made = command("library", "--kind", "desk", "--config", tmp_path / "reader.toml")
    assert isinstance(made.exception, ServiceError)
    assert "cardsvc-verify enrol" in made.output
