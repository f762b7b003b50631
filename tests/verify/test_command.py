"""``cardsvc-verify check``: what it prints and how it ends."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from tests.verify import world as w
from tests.verify.world import CHIP_CODE, CODE, INDEX, MADE, NOW, World, code, phone_code, text_of
from verify import cbor
from verify.__main__ import main
from verify.days import DAY_S
from verify.rules import Policy
from verify.trustdocs import BUNDLE_TYP, ROOT_TYP, RootDocument, encode_root

GOOD, FORGED, UNKNOWN = text_of(code()), text_of(code(not_before=NOW + 9)), text_of(code(by=w.STRANGER))
AT = datetime.fromtimestamp(NOW, UTC).isoformat()


def when(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def exit_code(words: list[str]) -> int:
    try:
        return main(words)
    except SystemExit as leaving:
        return int(leaving.code or 0)


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--version"]) == 0
    assert capsys.readouterr().out == f"cardsvc-verify {version('cardsvc-verify')}\n"


Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "root").write_bytes(w.root())
    (tmp_path / "bundle").write_bytes(World().bundle())
    return tmp_path


@pytest.fixture
def run(files: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(
        *words: str, bundle: bytes | None = None, at: str | None = AT
    ) -> tuple[int, list[dict[str, Any]], str]:
        if bundle is not None:
            (files / "bundle").write_bytes(bundle)
        given = ["check", "--root", str(files / "root"), "--bundle", str(files / "bundle")]
        ended = exit_code([*given, *(["--at", at] if at else []), *words])
        said = capsys.readouterr()
        return ended, [json.loads(line) for line in said.out.splitlines()], said.err

    return call


def test_one_allowed(run: Run) -> None:
    ended, said, words = run("--service", "library", GOOD)
    assert (ended, words) == (0, "")
    (answer,) = said
    assert {key: answer[key] for key in ("verdict", "reason", "card", "service", "assurance", "offline")} == {
        "verdict": "allow", "reason": "ok", "card": CODE.number, "service": "library", "assurance": "print",
        "offline": True,
    }  # fmt: skip
    assert answer["data_age_s"] == 600
    assert answer["bundle"] == {
        "venue": "centre", "epoch": 1, "seq": 1, "made_at": when(MADE), "newer_refused": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "ended"),
    [
        ((GOOD, GOOD), 0),
        ((GOOD, FORGED), 1),
        ((UNKNOWN, GOOD), 2),
        ((UNKNOWN, FORGED, GOOD), 1),
        (("http://a.link/",), 1),
    ],
)
def test_exit_codes(run: Run, texts: tuple[str, ...], ended: int) -> None:
    found, said, _ = run(*texts)
    assert (found, len(said)) == (ended, len(texts))


@pytest.mark.parametrize(
    "words",
    [
        ("--service", "no-such"),
        ("--role", "mayor", GOOD),
        ("--at", "yesterday", GOOD),
        ("--at", "2026-09-21T10:00:00", GOOD),
        ("--tag-uid", "xyz", GOOD),
        ("--image", "nowhere.png"),
        ("--unheard-of",),
    ],
)
def test_wrong_usage(run: Run, words: tuple[str, ...]) -> None:
    ended, said, complaint = run(*words)
    assert (ended, said) == (64, [])
    assert complaint


@pytest.mark.parametrize("words", [[], ["check"], ["check", "--root", "r"], ["judge"]])
def test_wrong_words(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(words)
    assert leaving.value.code == 64
    assert "usage" in capsys.readouterr().err


def crit_bundle() -> bytes:
    return w.cosigned(BUNDLE_TYP, b"\xa0", (w.BUNDLE,)).replace(
        cbor.byte_string(cbor.encode({16: BUNDLE_TYP})),
        cbor.byte_string(cbor.encode({2: [16], 16: BUNDLE_TYP})),
    )


@pytest.mark.parametrize(
    ("bundle", "at", "reason"),
    [
        (b"junk", AT, "malformed"),
        (World().bundle()[:-1] + b"\0", AT, "bad_signature"),
        (World().bundle(), when(MADE - 121), "future_iat"),
        (World(policy=Policy().encode() | {-9: 1}).bundle(), AT, "unsupported_policy"),
        (crit_bundle(), AT, "unsupported"),
        (World().bundle(), when(NOW + 700 * 86_400), "expired_chain"),
    ],
)
def test_a_refused_bundle(run: Run, bundle: bytes, at: str, reason: str) -> None:
    ended, said, words = run(GOOD, bundle=bundle, at=at)
    assert (ended, said) == (65, [])
    assert f"refused: {reason}" in words


@pytest.mark.parametrize("name", ["root", "bundle"])
def test_a_missing_file(run: Run, files: Path, name: str) -> None:
    (files / name).unlink()
    ended, said, words = run(GOOD)
    assert (ended, said) == (65, [])
    assert "unreadable" in words


def test_a_foreign_root(run: Run, files: Path) -> None:
    (files / "root").write_bytes(World().bundle())
    assert run(GOOD)[0] == 65


def test_an_expired_bundle_is_read_and_the_verdict_denies(run: Run) -> None:
    ended, said, _ = run(GOOD, at=when(w.LISTS_EXP))
    assert (ended, said[0]["reason"]) == (1, "data_expired")


def test_directions_roles_chips(run: Run) -> None:
    assert run("--direction", "out", FORGED)[1][0]["verdict"] == "allow"
    assert run("--role", "police", GOOD)[1][0]["view"]["hotlist"] is None
    assert run("--role", "seller", GOOD)[1][0]["card"] is None
    chip = text_of(code(CHIP_CODE))
    assert run("--tag-uid", "04:a1:b2:c3:d4:e5:80", chip)[1][0]["assurance"] == "chip"
    assert run("--tag-uid", "00", chip)[1][0]["reason"] == "wrong_chip"


def test_without_a_time_it_is_now(run: Run) -> None:
    ended, said, words = run(GOOD, at=None)
    assert ended in (0, 1, 2, 65)
    assert said or words


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_codes_one_a_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # A space is a symbol like any other: it is not trimmed, and a line of one space is a code of nobody.
    stdin(monkeypatch, f"{GOOD}\r\n\n {GOOD}\n \n{FORGED}".encode())
    ended, said, _ = run()
    assert [answer["reason"] for answer in said] == ["ok", "not_ours", "not_ours", "not_yet_valid"]
    assert ended == 1


@pytest.mark.parametrize(
    ("data", "ended", "lines"), [(b"", 64, 0), (b"\n\r\n", 64, 0), (b"\xff\xfe\0\n", 1, 1)]
)
def test_odd_input(run: Run, monkeypatch: pytest.MonkeyPatch, data: bytes, ended: int, lines: int) -> None:
    stdin(monkeypatch, data)
    found, said, _ = run()
    assert (found, len(said)) == (ended, lines)


# --- Memory -----------------------------------------------------------------------------------------------


def test_a_rollback_keeps_the_last_good_bundle(run: Run, files: Path) -> None:
    state = ("--state", str(files / "state"))
    newer = World(seq=5, status={INDEX: 1})
    assert run(*state, GOOD, bundle=newer.bundle())[1][0]["reason"] == "revoked"
    ended, said, words = run(*state, GOOD, bundle=World(seq=4).bundle())
    assert (ended, said[0]["reason"], said[0]["bundle"]["seq"]) == (1, "revoked", 5)
    assert said[0]["bundle"]["newer_refused"] == "rollback"
    assert "the last good one serves" in words
    assert (
        run(GOOD, bundle=World(seq=4).bundle())[1][0]["reason"] == "ok"
    )  # Without a memory nobody can know.


@pytest.mark.parametrize(
    "bad", [b"junk", crit_bundle(), World(seq=9, policy=Policy().encode() | {-9: 1}).bundle()]
)
def test_a_bad_bundle_never_pushes_out_a_good_one(run: Run, files: Path, bad: bytes) -> None:
    state = ("--state", str(files / "state"))
    assert run(*state, GOOD)[0] == 0
    for _ in range(2):
        ended, said, _ = run(*state, GOOD, bundle=bad)
        assert (ended, said[0]["bundle"]["seq"]) == (0, 1)
    assert run(*state, GOOD, bundle=World(seq=2).bundle())[1][0]["bundle"]["seq"] == 2


def test_a_time_before_the_remembered_bundle_judges_nothing(run: Run, files: Path) -> None:
    state = ("--state", str(files / "state"))
    assert run(*state, GOOD)[0] == 0
    ended, said, _ = run(*state, GOOD, at=when(MADE - 10_000))
    assert (ended, said[0]["reason"]) == (2, "clock_suspect")


def test_seen_codes_are_remembered_between_runs(run: Run, files: Path) -> None:
    state, phone = ("--state", str(files / "state")), text_of(phone_code())
    assert run(*state, phone)[1][0]["reason"] == "ok"
    assert run(*state, phone, at=when(NOW + 2))[1][0]["repeated"] is True
    assert run(*state, phone, at=when(NOW + 20))[1][0]["reason"] == "replayed"
    assert run(phone, phone, at=when(NOW + 20))[1][1]["repeated"] is True


@pytest.mark.parametrize("damage", [b"{", b"\xff\xfe", b"{}", b"[]", b""])
def test_a_damaged_memory_is_refused_not_forgotten(run: Run, files: Path, damage: bytes) -> None:
    state = ("--state", str(files / "state"))
    assert run(*state, GOOD)[0] == 0
    (files / "state" / "state.json").write_bytes(damage)
    ended, said, words = run(*state, GOOD)
    assert (ended, said) == (65, [])
    assert "malformed" in words


def test_a_state_that_cannot_be_kept(run: Run, files: Path) -> None:
    (files / "state").write_text("a file in the way")
    ended, said, words = run("--state", str(files / "state"), GOOD)
    assert (ended, said) == (64, [])
    assert "--state: state_unwritable" in words
    assert "root or bundle" not in words


def test_a_state_that_others_may_write(run: Run, files: Path) -> None:
    (files / "state").mkdir()
    (files / "state").chmod(0o777)
    ended, said, words = run("--state", str(files / "state"), GOOD)
    assert (ended, said) == (64, [])
    assert "--state: state_exposed" in words


def test_a_memory_of_codes_that_fails_at_the_start(run: Run, files: Path) -> None:
    (files / "state").mkdir(mode=0o700)
    (files / "state" / "seen.sqlite").mkdir()
    ended, said, words = run("--state", str(files / "state"), GOOD)
    assert (ended, said) == (64, [])
    assert "seen_unusable" in words


def roots_of(*names: str, version: int = 1, old: tuple[str, ...] = (), exp: int = 600) -> bytes:
    keys = tuple(map(w.signer, names))
    publics = tuple(key.public for key in keys)
    document = RootDocument(version, NOW - 99 * DAY_S, NOW + exp * DAY_S, 2, publics)
    return w.cosigned(ROOT_TYP, encode_root(document), (*keys, *map(w.signer, old)))


OURS = ("root a", "root b")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"junk", "malformed"),
        (World().bundle(), "wrong_type"),
        (roots_of("root x", "root y"), "other_root"),
        (roots_of(*OURS, exp=500), "other_root"),
        (roots_of("root x", "root y", version=2), "other_root"),
        (roots_of("root x", "root y", version=3, old=OURS), "other_root"),
    ],
)
def test_the_root_document_counts_beside_a_memory_too(
    run: Run, files: Path, given: bytes, expected: str
) -> None:
    state = ("--state", str(files / "state"))
    assert run(*state, GOOD)[0] == 0
    (files / "root").write_bytes(given)
    ended, said, words = run(*state, GOOD)
    assert (ended, said) == (65, [])
    assert f"refused: {expected}" in words
    (files / "root").write_bytes(w.root())
    assert run(*state, GOOD)[0] == 0


def test_an_older_root_document_is_welcome_and_the_next_of_the_chain_holds(run: Run, files: Path) -> None:
    state = ("--state", str(files / "state"))
    assert run(*state, GOOD)[0] == 0
    (files / "root").write_bytes(roots_of(*OURS, version=0))
    assert run(*state, GOOD)[0] == 0
    (files / "root").write_bytes(roots_of("root c", "root d", version=2, old=OURS))
    ended, said, words = run(*state, GOOD, bundle=World(seq=2).bundle())
    assert (ended, said[0]["bundle"]["newer_refused"], said[0]["bundle"]["seq"]) == (0, "rollback", 1)
    assert "root document 2 or later" in words


# --- Pictures ---------------------------------------------------------------------------------------------


def picture(*texts: str) -> Image.Image:
    sheet = Image.new("L", (700 * len(texts), 700), 255)
    for place, shown in enumerate(texts):
        made = zxingcpp.create_barcode(shown, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
        matrix = Image.fromarray(zxingcpp.write_barcode_to_image(made, scale=5))
        sheet.paste(matrix, (700 * place + 40, 40))
    return sheet


@pytest.mark.parametrize("kind", ["png", "jpg", "pdf"])
def test_codes_in_a_picture(run: Run, files: Path, kind: str) -> None:
    path = files / f"card.{kind}"
    picture(GOOD, FORGED).save(path, resolution=300)
    ended, said, _ = run("--image", str(path))
    assert sorted(answer["reason"] for answer in said) == ["not_yet_valid", "ok"]
    assert ended == 1


def test_a_picture_without_a_code(run: Run, files: Path) -> None:
    Image.new("L", (99, 99), 255).save(files / "white.png")
    ended, said, words = run("--image", str(files / "white.png"))
    assert (ended, said) == (2, [])
    assert f"no code found in {files / 'white.png'}: give the whole code at 300 dpi or more" in words


@pytest.mark.parametrize("name", ["nowhere.png", "nowhere.pdf", "."])
def test_a_picture_that_cannot_be_read(run: Run, files: Path, name: str) -> None:
    ended, said, words = run("--image", str(files / name))
    assert (ended, said) == (64, [])
    assert "cannot be read" in words


def test_no_code_at_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b"")
    assert run() == (64, [], "cardsvc-verify: no code was given\n")


def test_a_wrong_direction_is_told_the_right_ones(run: Run) -> None:
    ended, _, words = run("--direction", "up", GOOD)
    assert ended == 64
    assert "'in', 'out'" in words


def test_help_says_how_long_codes_are_remembered(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["check", "--help"]) == 0
    assert "this one run only" in " ".join(capsys.readouterr().out.split())


def broken_png() -> bytes:
    file = io.BytesIO()
    picture(GOOD).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("text.png", b"not a picture"),
        ("empty.pdf", b""),
        ("broken.pdf", b"%PDF-1.7\n%%EOF"),
        ("cut.png", broken_png()[:-200]),
        ("flipped.png", broken_png()[:60] + b"\0\0\0\0" + broken_png()[64:]),
        ("huge.png", broken_png()[:16] + b"\0\x02\0\0\0\x02\0\0" + broken_png()[24:]),
        ("large.png", broken_png()[:16] + b"\0\0\x20\0\0\0\x20\0" + broken_png()[24:]),
        ("picture.gif", b"GIF89a" + bytes(50)),
    ],
)
def test_files_that_are_no_pictures(run: Run, files: Path, name: str, data: bytes) -> None:
    (files / name).write_bytes(data)
    ended, said, words = run("--image", str(files / name))
    assert (ended, said) == (64, [])
    assert "cardsvc-verify:" in words


def test_as_a_program_of_its_own(files: Path) -> None:
    command = [sys.executable, "-m", "verify", "check", "--root", "root", "--bundle", "bundle", "--at", AT]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, cwd=files, env={"PYTHONPATH": str(root)}, input=f"{GOOD}\n{UNKNOWN}\n", capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "")
    assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["allow", "attention"]


def test_what_it_says_is_json_where_the_locale_lacks_letters(files: Path) -> None:
    command = [sys.executable, "-m", "verify", "check", "--root", "root", "--bundle", "bundle", "--at", AT]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(
        [*command, "--role", "desk", text_of(code(w.IDENTITY_CODE))], cwd=files, env=environment,
        capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["view"]["name_chinese"] == "阿米娜"


@pytest.mark.parametrize("command", ["enrol", "certify", "check"])
def test_help_needs_no_letter_that_the_locale_lacks(command: str) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "verify", command, "--help"], env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
