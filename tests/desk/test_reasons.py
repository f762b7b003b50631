"""Every reason the desk and its door can give is said in both languages, and not in English twice."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.desk.duplicates import NEW_PASSPORT, SAME_PASSPORT, SIMILAR
from issuance.findings import WORDS

ROOT = Path(__file__).parents[2]
CATALOGUES = ROOT / "cardsvc" / "web" / "src" / "shared" / "i18n"
#: Where what a page shows comes from; the records' own troubles are the operator's.
ROOMS = ("cardsvc/desk/*.py", "cardsvc/holder/phonedesk.py", "cardsvc/staff/*.py", "cardsvc/http/access.py")
JUDGES = (
    "application",
    "fields",
    "names",
    "passport",
    "person",
    "portrait",
    "pictures",
    "intake",
    "lettering",
)
#: What tells of something wrong, and which of its arguments is the reason.
SPOKEN = {
    "ServiceError": 0, "Explained": 0, "NotFound": 0, "Conflict": 0, "Told": 0, "PortraitError": 0,
    "FileRefused": 0, "FieldError": 1, "wrong": 1,
}  # fmt: skip
#: Said to whoever runs the service, at its start and at its commands; no page shows them.
OPERATORS = {"bad_setting"}


def _given(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        place = SPOKEN.get(name)
        if place is None or len(node.args) <= place:
            continue
        reason = node.args[place]
        if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
            yield reason.value


def _reasons() -> set[str]:
    paths = [path for room in ROOMS for path in sorted(ROOT.glob(room))]
    paths += [ROOT / "issuance" / f"{name}.py" for name in JUDGES]
    found = {reason for path in paths for reason in _given(path)}
    return (found | set(WORDS) | {SAME_PASSPORT, NEW_PASSPORT, SIMILAR, "returned"}) - OPERATORS


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_has_words(language: str) -> None:
    text = (CATALOGUES / f"{language}.reasons.ts").read_text("utf-8")
    said = dict(re.findall(r'^  "reason\.([a-z_]+)": "(.+)",$', text, re.MULTILINE))
    wanted = _reasons()
    assert len(wanted) > 100
    assert sorted(wanted - set(said)) == []
    if language == "zh":
        assert [one for one in wanted if said[one].isascii()] == []
