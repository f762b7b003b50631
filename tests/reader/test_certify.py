"""The conformance kit: up to date, passed by two readers, and failed by programs that deserve it."""

import sys
from pathlib import Path

import pytest

from scripts import kit as maker
from tests.city import ROOT
from tests.web_reader.driver import build
from verify.__main__ import main
from verify.errors import Refused
from verify.reader.certify import OWN, Step, certify, read_kit

KIT = OWN
OURS = [sys.executable, "-m", "verify.reader.stdio"]
MAX_BYTES = 1_500_000


@pytest.fixture(scope="module")
def kit() -> list[Step]:
    return read_kit(KIT)


def test_the_kit_is_what_its_script_makes_and_small() -> None:
    for name, data in maker.files(maker.make()):
        assert (KIT / name).read_bytes() == data, f"{name}: run python -m scripts.kit"
    assert sum(path.stat().st_size for path in KIT.iterdir()) <= MAX_BYTES


def test_every_reason_of_a_single_check_is_in_the_kit(kit: list[Step]) -> None:
    asked = {step.expect["result"]["reason"] for step in kit if step.send["op"] == "judge"}
    history = {"quota_used", "passback"}  # They need a memory of admissions, which one check has not.
    words = (ROOT / "docs" / "format.md").read_text().split("## 8. Verdict")[1].split("The steps run in")[0]
    table = [
        line.split("|")[2:4] for line in words.splitlines() if line.startswith("| ") and "step" not in line
    ]
    reasons = {
        reason.strip(" `")
        for row in table
        for cell in row
        for reason in cell.replace("(", ",(").split(",")
        if reason.strip(" `").isidentifier()
    }
    assert len(reasons) >= 25
    assert reasons - asked == history


@pytest.mark.parametrize("reader", ["python", "typescript"])
def test_two_readers_pass_all_of_it(reader: str, kit: list[Step], tmp_path: Path) -> None:
    command = OURS if reader == "python" else ["node", "--no-warnings", str(build(tmp_path))]
    assert list(certify(command, kit, 20)) == []


#: A mistake that a maker makes, the step that shows it, what is said of it, and whether it is dangerous.
MISTAKES = {
    "takes any signature": (
        "import verify.cose\nverify.cose.verify_signature = lambda *_: True",
        "a signature of other bytes",
        'verdict: expected "deny", found "allow"',
        True,
    ),
    "never looks at the status list": (
        "from verify.status import StatusList\nStatusList.at = lambda *_: 0",
        "revoked",
        'reason: expected "revoked", found "ok"',
        True,
    ),
    "forgets the bundle that it had": (
        "class Lax(stdio.Readers):\n"
        "    def accept(self, request):\n"
        "        before = self._states[request['reader']]\n"
        "        answer = super().accept(request)\n"
        "        self._states[request['reader']] = before\n"
        "        return answer\n"
        "stdio.Readers = Lax",
        "older than the last",
        'expected to be refused, "rollback"; found nothing',
        False,
    ),
    "writes the card's number as one": (
        "from verify.verdict import Verdict\nsaid = Verdict.to_json\n"
        "Verdict.to_json = lambda self: said(self) | {'card': int(self.card or 0)}",
        "a sound gate code",
        'card: expected "9012345678903", found 9012345678903',
        False,
    ),
    "does not say whether it opens": (
        "from verify.verdict import Verdict\nsaid = Verdict.to_json\n"
        "Verdict.to_json = lambda self: {n: v for n, v in said(self).items() if n != 'opens'}",
        "revoked",
        "opens: expected false, found nothing",
        True,
    ),
    "takes no root document": (
        "from verify.errors import Refused\n"
        "def pin(self, request):\n"
        "    raise Refused('malformed', 'what is that')\n"
        "stdio.Readers.pin = pin",
        "a sound gate code",
        "(this reader took up nothing at step 1: mend that first)",
        False,
    ),
}


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_wrong_reader_is_told_what_it_gets_wrong(mistake: str, kit: list[Step], tmp_path: Path) -> None:
    how, step, words, opens = MISTAKES[mistake]
    program = tmp_path / "wrong.py"
    program.write_text(f"import verify.reader.stdio as stdio\n{how}\nstdio.main()\n")
    faults = list(certify([sys.executable, str(program)], kit, 20))
    (fault,) = [one for one in faults if one.name.endswith(f": {step}")]
    assert words in fault.lines
    assert fault.opens is opens
    assert str(fault).startswith(f"step {fault.number}, {fault.name}\n    ")
    assert kit[fault.number - 1].name == fault.name
    # What it gets right is not blamed: a stranger finds the one mistake, not a hundred.
    right = {one.name for one in kit} - {one.name for one in faults}
    assert ("reader-1: root by hand" in right) is (mistake != "takes no root document")


@pytest.mark.parametrize(
    ("program", "words", "timeout_s"),
    [
        ("pass", "the program ended", 20),
        ("import sys\nfor _ in sys.stdin: print('hello', flush=True)", "no JSON", 20),
        ("import sys\nfor _ in sys.stdin: print('[]', flush=True)", "no JSON object", 20),
        ("import sys\nfor _ in sys.stdin: print('{}', flush=True)", "expected", 20),
        ("import sys\nsys.stdin.read()", "no answer within", 0.5),
    ],
)
def test_programs_that_are_no_readers(program: str, words: str, timeout_s: float, kit: list[Step]) -> None:
    faults = list(certify([sys.executable, "-c", program], kit, timeout_s))
    assert sum(1 + fault.untried for fault in faults) == len(kit)
    assert all(words in fault.lines[0] for fault in faults)


def test_the_command_needs_nothing_beside_it_and_says_how_many_were_right(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In an empty folder: the kit came with the program."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    count = len(read_kit(OWN))
    assert main(["certify", f"{sys.executable} -m verify.reader.stdio"]) == 0
    assert capsys.readouterr().out == f"{count} of {count} right\n"
    (tmp_path / "open.py").write_text(
        "import json, sys\n"
        "said = json.dumps({'result': {'verdict': 'allow', 'opens': True}})\n"
        "for _ in sys.stdin: print(said, flush=True)"
    )
    assert main(["certify", f"{sys.executable} open.py"]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    shut = sum(one.expect.get("result", {}).get("opens") is False for one in read_kit(OWN))
    assert last.endswith(f" of {count} right; {shut} would open a door that must stay shut")


def test_one_step_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certify", "--show", "3", f"{sys.executable} -m verify.reader.stdio"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0].strip() for line in said] == ["step", "sent", "expected", "found"]
    assert said[0] == "step      3, reader-1: a sound gate code"
    assert said[3] == "found     as expected"
    assert main(["certify", "--show", "3", "cat"]) == 1
    assert '"op": "judge"' in capsys.readouterr().out.splitlines()[3]
    assert main(["certify", "--show", "999", "cat"]) == 64


def test_where_there_is_no_kit_or_no_program(tmp_path: Path, kit: list[Step]) -> None:
    with pytest.raises(Refused) as caught:
        read_kit(tmp_path)
    assert caught.value.reason == "unreadable"
    with pytest.raises(Refused) as caught:
        list(certify([str(tmp_path / "nothing")], kit, 1))
    assert caught.value.reason == "wrong_command"


@pytest.mark.parametrize("program", ["", "  ", '"x'])
def test_a_command_that_names_no_program_is_wrong_usage(
    program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certify", program]) == 64
    assert "wrong_command" in capsys.readouterr().err
