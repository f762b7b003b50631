"""Checkpoints: what they show that the chain alone cannot, and what they refuse to believe."""

import shutil
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text

from cardsvc.audit.checking import check_audit
from cardsvc.audit.checkpoints import keep_elsewhere, kept_in, make_checkpoint, read_file, read_signed
from cardsvc.audit.keeping import EVERY, Keeping
from cardsvc.audit.tree import includes
from cardsvc.errors import ServiceError
from cardsvc.records.engine import begin, open_engine
from cardsvc.records.tables import AUDIT
from keys.errors import KeysError
from tests.desk.town import PUBLIC_URL
from tests.service.house import House, open_house


def _note(house: House) -> bytes:
    return make_checkpoint(house.site.store, house.site.signer, PUBLIC_URL)


def _act(house: House, count: int = 3) -> None:
    with house.site.store.transaction() as tx:
        for number in range(count):
            tx.audit.append("console", "tried", f"thing-{number}", {"n": number}, house.clock.now)


def _key(house: House) -> str:
    return house.site.signer.hello().checkpoint_key


def test_a_checkpoint_says_how_many_entries_there_are(either_house: House) -> None:
    note = _note(either_house)
    read = read_signed(note, _key(either_house))
    with either_house.site.store.reading() as tx:
        assert read.size == tx.audit.head().seq
    assert read.origin == "card.example.org/audit"
    assert note.decode().splitlines()[-1].startswith("— card.example.org/audit ")
    assert check_audit(either_house.site.store, [read]).whole


def test_an_end_that_was_cut_off_shows(either_house: House) -> None:
    _act(either_house)
    read = read_signed(_note(either_house), _key(either_house))
    _rewrite(either_house, keep=read.size - 2, then=0)
    found = check_audit(either_house.site.store, [read])
    assert (found.whole, found.kind, found.first_wrong) == (False, "checkpoint", read.size - 1)
    assert "cut off" in found.words
    assert check_audit(either_house.site.store).whole
    _rewrite(either_house, keep=read.size - 2, then=2, again=True)


def test_a_history_made_anew_shows_between_the_checkpoints(either_house: House) -> None:
    first = read_signed(_note(either_house), _key(either_house))
    _act(either_house, 4)
    second = read_signed(_note(either_house), _key(either_house))
    _rewrite(either_house, keep=first.size, then=4)
    found = check_audit(either_house.site.store, [second, first])
    assert (found.kind, found.first_wrong) == ("checkpoint", first.size + 1)
    with pytest.raises(KeysError) as forked:
        _note(either_house)
    assert forked.value.reason == "checkpoint_forked"


def test_an_altered_entry_is_named_by_the_chain(house: House) -> None:
    _act(house)
    read = read_signed(_note(house), _key(house))
    engine = open_engine(house.site.settings.database)
    with begin(engine, write=True) as connection:
        connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE seq = 2"))
        connection.commit()
    engine.dispose()
    found = check_audit(house.site.store, [read])
    assert (found.first_wrong, found.kind) == (2, "altered")
    answer = house.as_("auditor1")
    assert answer.get("/api/audit/verify")["first_wrong"] == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda note: note.replace(b"\n\n", b"\n"), "no signed note"),
        (lambda note: note.replace(b"\n", b"1\n", 2).replace(b"audit1", b"audit", 1), "signature"),
        (lambda note: note.replace(b"/audit\n", b"/other\n", 1), "does not hold"),
        (lambda note: note.partition(b"\n\n")[0] + b"\n\n", "no signed note"),
        (lambda note: note.replace("— card".encode(), "— curd".encode()), "bears no signature"),
        (lambda note: note[:-3] + b"\n", "cannot be read"),
        (lambda note: b"x" * 5000, "no signed note"),
    ],
)
def test_a_forged_checkpoint_is_not_believed(house: House, change: Any, words: str) -> None:
    with pytest.raises((ServiceError, KeysError), match=words):
        read_signed(change(_note(house)), _key(house))


def test_another_key_does_not_open_it(house: House, tmp_path: Path) -> None:
    note, key = _note(house), _key(house)
    name, _, _ = key.partition("+")
    for wrong in (f"{name}+00000000+{key.split('+', 2)[2]}", "nonsense", f"{name}+zz+AAAA"):
        with pytest.raises(ServiceError) as refused:
            read_signed(note, wrong)
        assert refused.value.reason == "bad_key"
    with pytest.raises(ServiceError) as missing:
        read_file(tmp_path / "missing", key)
    assert missing.value.reason == "unreadable"


def test_an_outsider_can_check_the_note_with_openssl_alone(house: House, tmp_path: Path) -> None:
    """Ed25519 over the text, as the standard's page says: another program agrees."""
    signed, _, line = _note(house).partition(b"\n\n")
    raw = b64decode(_key(house).split("+", 2)[2])[1:]
    prefix = bytes.fromhex("302a300506032b6570032100")
    (tmp_path / "key.der").write_bytes(prefix + raw)
    (tmp_path / "text").write_bytes(signed + b"\n")
    (tmp_path / "sig").write_bytes(b64decode(line.split()[-1])[4:])
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.der", "-keyform", "DER", "-rawin"]
    done = subprocess.run([*command, "-in", "text", "-sigfile", "sig"], cwd=tmp_path, capture_output=True)
    assert b"Verified Successfully" in done.stdout, done.stderr


def test_checkpoints_go_to_a_folder_or_to_a_command(house: House, tmp_path: Path) -> None:
    note, folder = _note(house), tmp_path / "elsewhere"
    keep_elsewhere(str(folder), note, 24)
    keep_elsewhere(f"| tee {tmp_path}/copy", note, 24)
    assert (
        [path.read_bytes() for path in kept_in(str(folder))] == [note] == [(tmp_path / "copy").read_bytes()]
    )
    assert kept_in("| tee x") == []
    for place in ("| false", "| /no/such/program", f"{tmp_path}/copy/below", '| "'):
        with pytest.raises(ServiceError) as refused:
            keep_elsewhere(place, note, 24)
        assert refused.value.reason == "checkpoint_not_kept"


def test_the_service_keeps_them_now_and_then(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    serving = house.app.state.serving
    keeping = Keeping(serving, str(folder))
    keeping.step()
    _act(house)
    keeping.step()
    assert len(kept_in(str(folder))) == 1
    house.clock.pass_by(seconds=EVERY.total_seconds())
    keeping.step()
    house.clock.pass_by(seconds=EVERY.total_seconds())
    keeping.step()
    kept = [read_file(path, _key(house)) for path in kept_in(str(folder))]
    assert [one.size for one in kept] == sorted(one.size for one in kept)
    assert len(kept) == 2
    assert check_audit(house.site.store, kept).whole


def test_a_clock_that_is_set_back_stops_no_checkpoint(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    keeping = Keeping(house.app.state.serving, str(folder))
    house.clock.pass_by(days=300)
    keeping.step()
    house.clock.pass_by(days=-300)
    _act(house)
    keeping.step()
    assert len(kept_in(str(folder))) == 2


def test_a_running_service_keeps_one_by_itself(tmp_path: Path, pattern: Any) -> None:
    source, founders = pattern
    shutil.copytree(source, tmp_path / "data")
    folder = tmp_path / "elsewhere"
    with open_house(tmp_path / "data", founders, checkpoints=str(folder)) as house:
        house.app.state.serving.jobs.run_now()
        assert house.as_("auditor1").get("/api/audit/verify")["whole"]
    assert len(kept_in(str(folder))) == 1


# --- the routes


def test_the_audits_pages(either_house: House) -> None:
    _act(either_house, 5)
    auditor = either_house.as_("auditor1")
    page = auditor.get("/api/audit?action=tried&limit=2")
    assert [one["subject"] for one in page["entries"]] == ["thing-4", "thing-3"]
    assert page["entries"][0]["details"] == {"n": 4}
    rest = auditor.get(f"/api/audit?action=tried&limit=200&before={page['next']}")
    assert ([one["subject"] for one in rest["entries"]], rest["next"]) == (
        ["thing-2", "thing-1", "thing-0"],
        None,
    )
    assert len(auditor.get("/api/audit?subject=thing-1")["entries"]) == 1
    assert auditor.get("/api/audit?actor=nobody")["entries"] == []
    at = either_house.clock.now.isoformat().replace("+00:00", "Z")
    assert len(auditor.get(f"/api/audit?action=tried&from={at}&to={at}")["entries"]) == 5
    assert auditor.get("/api/audit?action=tried&from=2030-01-01T00:00:00Z")["entries"] == []
    assert auditor.reason("GET", "/api/audit?from=2030-01-01") == "bad_request"


def test_an_entry_is_proved_to_be_in_the_tree(either_house: House) -> None:
    _act(either_house)
    told = either_house.as_("dpo1").get("/api/audit/proof/2")
    path = [b64decode(one) for one in told["proof"]]
    assert includes(1, told["size"], b64decode(told["leaf"]), path, b64decode(told["root"]))
    assert either_house.as_("dpo1").reason("GET", "/api/audit/proof/99999") == "entry_not_found"


def test_a_checkpoint_over_http(house: House) -> None:
    answer = house.as_("auditor1").client.get("/api/audit/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert read_signed(answer.content, _key(house)).size == 3


def _rewrite(house: House, *, keep: int, then: int, again: bool = False) -> None:
    """Cut the audit off after ``keep`` entries and write others: a chain that is sound in itself."""
    engine = open_engine(house.site.settings.database)
    with begin(engine, write=True) as connection:
        connection.execute(delete(AUDIT).where(AUDIT.c.seq > keep))
        connection.commit()
    engine.dispose()
    with house.site.store.transaction() as tx:
        for number in range(then):
            tx.audit.append("forger", "tried", f"other-{number}", {"again": again}, house.clock.now)
