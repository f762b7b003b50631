import json
from pathlib import Path

import pytest

from keys.ceremony import Held, hold_ceremony
from keys.ceremonyfile import Ceremony, read_ceremony
from keys.demo import init_demo
from keys.errors import KeysError
from keys.files import Passphrase
from keys.transcript import verify_transcript
from tests.keys.conftest import CHEAP, NOW, refused
from verify.root import read_root

HEAD = """
issuer = "cn-yiwu"
documents = "documents"
version = 1
threshold = 2
"""
HOLDER = """
[[holder]]
name = "{0}"
key = "{0}/root.key"
passphrase_file = "{0}/word"
make = {1}
algorithm = "{2}"
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A directory with a place for each holder, each with a passphrase of its own."""
    for name in ("ada", "bo", "chen"):
        (tmp_path / name).mkdir(mode=0o700)
        (tmp_path / name / "word").write_text(f"word of {name}\n")
        (tmp_path / name / "word").chmod(0o600)
    return tmp_path


def write(table: Path, text: str) -> Ceremony:
    (table / "ceremony.toml").write_text(text)
    return read_ceremony(table / "ceremony.toml")


def all_three(make: str = "true") -> str:
    return "".join(
        HOLDER.format(name, make, algorithm)
        for name, algorithm in (("ada", "EdDSA"), ("bo", "ES256"), ("chen", "EdDSA"))
    )


def hold(ceremony: Ceremony) -> Held:
    return hold_ceremony(ceremony, now=NOW, cost=CHEAP)


def first(table: Path) -> Held:
    return hold(write(table, HEAD + all_three()))


def test_from_a_file_to_a_root_document_that_proves_itself(table: Path) -> None:
    held = first(table)
    assert held.root is not None
    assert held.key_list is None
    root = read_root(held.root.read_bytes())
    assert (root.version, root.threshold, len(root.keys)) == (1, 2, 3)
    assert root.exp - root.iat == 730 * 86400
    assert verify_transcript(held.transcript) == ("root-1.cose",)
    told = json.loads(held.transcript.read_text())
    assert [(one["name"], one["key"]) for one in told["people"]] == [
        ("ada", "made"),
        ("bo", "made"),
        ("chen", "made"),
    ]
    assert told["tool"].startswith("cardsvc")
    assert (table / "ada" / "root.key").stat().st_mode & 0o777 == 0o600


def test_a_second_run_signs_nothing_twice(table: Path) -> None:
    held = first(table)
    assert held.root is not None
    before = held.root.read_bytes()
    with refused("nothing_to_sign"):
        first(table)
    assert held.root.read_bytes() == before


def test_two_of_three_come_and_the_third_is_named_by_kid(table: Path) -> None:
    held = first(table)
    assert held.root is not None
    chen = read_root(held.root.read_bytes()).keys[2]
    absent = f'\n[[holder]]\nname = "chen"\nkid = "{chen.kid.hex()}"\n'
    second = HEAD.replace("version = 1", "version = 2")
    ada, bo = (HOLDER.format(name, "false", "EdDSA") for name in ("ada", "bo"))
    held = hold(write(table, second + ada + bo + absent))
    assert held.root is not None
    assert read_root(held.root.read_bytes()).keys[2] == chen
    assert json.loads(held.transcript.read_text())["absent"] == ["chen"]
    assert verify_transcript(held.transcript) == ("root-2.cose",)


def test_one_holder_alone_signs_nothing(table: Path) -> None:
    held = first(table)
    assert held.root is not None
    keys = read_root(held.root.read_bytes()).keys
    absent = "".join(
        f'\n[[holder]]\nname = "{name}"\nkid = "{key.kid.hex()}"\n'
        for name, key in zip(("bo", "chen"), keys[1:], strict=True)
    )
    alone = HEAD.replace("version = 1", "version = 2") + HOLDER.format("ada", "false", "EdDSA") + absent
    with refused("too_few_signatures"):
        hold(write(table, alone))
    assert not (table / "documents" / "root-2.cose").exists()


def test_a_mistyped_path_makes_no_new_root_key(table: Path) -> None:
    with refused("key_file_missing"):
        hold(write(table, HEAD + all_three(make="false")))
    assert not (table / "documents").exists()


def test_versions_do_not_jump(table: Path) -> None:
    first(table)
    with refused("root_gap"):
        hold(write(table, HEAD.replace("version = 1", "version = 3") + all_three()))


def test_a_proposal_for_another_issuer_or_root_is_not_signed(table: Path, passphrase: Passphrase) -> None:
    keyring = init_demo(table / "data", passphrase, issuer="cn-other", now=NOW, cost=CHEAP)
    proposal = 'proposal = "data/keys/documents/keys-1.proposal"\n'
    with refused("wrong_issuer"):
        hold(write(table, HEAD + proposal + all_three()))
    other = HEAD.replace("cn-yiwu", "cn-other")
    assert hold(write(table, other + proposal + all_three())).key_list is not None
    with refused("rollback"):
        hold(write(table, other + proposal + all_three()))
    with refused("root_gap"):
        hold(write(table, other.replace("version = 1", "version = 2") + proposal + all_three()))
    assert keyring.key_list.version == 1


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("issuer = ", "TOML"),
        (HEAD + "colour = 1", "colour"),
        (HEAD.replace('issuer = "cn-yiwu"', "issuer = 5"), "issuer"),
        (HEAD.replace("threshold = 2", "threshold = 1"), "threshold"),
        (HEAD.replace("version = 1", "version = true"), "version"),
        (HEAD + "holder = 3", "holder"),
        (HEAD + HOLDER.format("ada", "1", "EdDSA"), "make"),
        (HEAD + HOLDER.format("ada", "true", "RSA"), "algorithm"),
        (HEAD + HOLDER.format("ada", "true", "EdDSA") * 2, "two of one name"),
        (HEAD + HOLDER.format("ada", "true", "EdDSA") + 'kid = "00"', "not both"),
        (HEAD + '[[holder]]\nname = "ada"\nkid = "xy"', "hexadecimal"),
        (HEAD + '[[holder]]\nname = "ada"\nage = 3', "age"),
    ],
)
def test_a_configuration_is_refused_by_the_field(table: Path, text: str, word: str) -> None:
    (table / "ceremony.toml").write_text(text)
    with pytest.raises(KeysError, match=word) as caught:
        read_ceremony(table / "ceremony.toml")
    assert caught.value.reason == "bad_configuration"


def test_an_absent_holder_nobody_knows_is_refused(table: Path) -> None:
    text = HEAD + all_three() + '[[holder]]\nname = "dee"\nkid = "0011223344556677"\n'
    with refused("bad_configuration"):
        hold(write(table, text))


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told["documents"][0].update(sha256="00" * 32),
        lambda told: told["documents"][0]["says"].update(threshold=3),
        lambda told: told["documents"][0]["signatures"].pop(),
        lambda told: told["documents"][0]["signatures"][0].update(name="mallory"),
        lambda told: told["documents"][0].update(signers=1),
        lambda told: told["people"].pop(),
        lambda told: told["people"][0].update(public=told["people"][2]["public"]),
        lambda told: told["documents"][0].update(file="../x"),
        lambda told: told["documents"][0].update(file=5),
        lambda told: told["documents"].clear(),
        lambda told: told.update(format="cardsvc-ceremony-0"),
        lambda told: told.pop("people"),
        lambda told: told.update(documents=[[]]),
    ],
)
def test_a_changed_transcript_is_refused(table: Path, change) -> None:
    held = first(table)
    told = json.loads(held.transcript.read_text())
    change(told)
    held.transcript.write_text(json.dumps(told))
    with refused("transcript_mismatch"):
        verify_transcript(held.transcript)


def test_a_changed_document_is_refused(table: Path) -> None:
    held = first(table)
    assert held.root is not None
    data = held.root.read_bytes()
    held.root.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    # Two good signatures are left: the document still holds, but it is not the one that was written.
    with refused("transcript_mismatch"):
        verify_transcript(held.transcript)
    held.root.unlink()
    with refused("file_missing"):
        verify_transcript(held.transcript)
