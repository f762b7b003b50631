"""Codes that the pages say in words of their own: none is left without them in either language."""

import re
from pathlib import Path

import pytest

from cardsvc.desk.caseview import ACTIONS, TELLING
from cardsvc.desk.letters import REASONS

ROOT = Path(__file__).parents[2]
CATALOGUES = ROOT / "cardsvc" / "web" / "src" / "shared" / "i18n"


def audited() -> set[str]:
    """What entries of the audit are called, wherever the code writes one with its name."""
    found: set[str] = set()
    for path in (ROOT / "cardsvc").rglob("*.py"):
        written = r'(?:audit\.append|AuditEntry)\(\s*[^,]+,\s*"([a-z_]+)"'
        found |= set(re.findall(written, path.read_text(encoding="utf-8")))
    assert len(found) > 80
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_code_of_a_history_and_of_a_refusal_has_words(language: str) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in CATALOGUES.glob(f"{language}*.ts"))
    said = dict(re.findall(r'^  "([\w.]+)": "([^"]+)",$', text, re.MULTILINE))
    wanted = [f"history.{one}" for one in ACTIONS] + [f"detail.{one}" for one in TELLING]
    wanted += [f"history.{one}" for one in sorted(audited())]
    wanted += [f"refusal.{one}" for one in REASONS]
    assert [one for one in wanted if one not in said] == []
    if language == "zh":
        assert [one for one in wanted if said[one].isascii()] == []
