"""The house rules that a program can check: lint, form, types, direction of imports, foreign words."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
PACKAGES = ("verify", "keys", "issuance", "cardsvc")


def run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [PROGRAMS / program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{program} {' '.join(arguments)}\n{done.stdout}{done.stderr}"


def test_lint_and_docstrings() -> None:
    run("ruff", "check", ".")


def test_form() -> None:
    run("ruff", "format", "--check", ".")


def test_types() -> None:
    run("mypy", "--strict")


def test_direction_of_imports() -> None:
    run("lint-imports")


def kept_files() -> Iterator[Path]:
    """Every file of the tree that git keeps or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert len(paths) > 20
    yield from (path for path in paths if path.is_file())


def kept_texts() -> Iterator[tuple[Path, str]]:
    for path in kept_files():
        try:
            yield path.relative_to(ROOT), path.read_text("utf-8")
        except UnicodeDecodeError:
            continue


# Locks and papers serve every machine: they name no index and no folder of the one they were made on.
# The words are put together here, so that this file does not hold them itself.
HOSTS = ["pypi org", "files pythonhosted org", "npmjs org", "npmjs com", "npmmirror com", "deb debian org"]
FOLDERS = [" work ", " opt pypi", " opt wheels", " tmp plan", " root .pyenv"]
FOREIGN_WORDS = [word.replace(" ", ".") for word in HOSTS] + [word.replace(" ", "/") for word in FOLDERS]


@pytest.mark.parametrize("word", FOREIGN_WORDS)
def test_no_word_of_one_machine(word: str) -> None:
    found = [str(path) for path, text in kept_texts() if word in text.lower()]
    assert not found, f"{word!r} stands in {found}"


SILENCED = re.compile(
    r"# (?:type: ignore|noqa)(?P<codes>\[[\w, -]+\]|: ?[A-Z]+\d+(?:, ?[A-Z]+\d+)*)?(?P<rest>.*)"
)


def test_every_exception_from_a_rule_names_it_and_says_why() -> None:
    bare = [
        f"{path}:{number}: {line.strip()}"
        for path, text in kept_texts()
        if path.suffix == ".py" and path.parts[0] in PACKAGES
        for number, line in enumerate(text.splitlines(), 1)
        if (found := SILENCED.search(line)) and not (found["codes"] and re.search(r"[a-z]{2}", found["rest"]))
    ]
    assert not bare, "\n".join(["a code and a reason belong beside each:", *bare])


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")
    read = {".py", ".sh", ".md", ".toml"}
    found = [str(path) for path, text in kept_texts() if path.suffix in read and marks.search(text)]
    assert not found


def test_typed_packages_say_so() -> None:
    assert [name for name in PACKAGES if not (ROOT / name / "py.typed").is_file()] == []
