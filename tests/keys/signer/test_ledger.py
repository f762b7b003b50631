"""The signer's own memory: private, whole after a crash, its log unbroken; checkpoints, reconciliation."""

import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from keys.checkpoints import log_name, read_checkpoint
from keys.errors import KeysError
from keys.founding import Founder, SignerPlaces, found_signer
from keys.ledger import Ledger, LedgerFacts
from keys.requests import ExtendRequest, ReinstateRequest, challenge_of
from keys.service import MOST_ENTRIES_A_DAY
from keys.signing import ActFact
from tests.keys.conftest import CHEAP, NOW, refused
from tests.keys.signer.bench import (
    OFFICE,
    PASSPHRASE,
    PERMIT_DAY,
    Bench,
    make_bench,
    number_of,
    payloads,
)
from verify.cose import EDDSA, PublicKey, verify_signature
from verify.days import DEFAULT_OFFSET_S

FACTS = LedgerFacts("cn-yiwu", "https://card.example.org", DEFAULT_OFFSET_S)
NAME = "card.example.org/audit"


def test_a_ledger_keeps_what_it_was_made_for(tmp_path: Path) -> None:
    path = tmp_path / "signer" / "ledger.db"
    Ledger.create(path, FACTS).close()
    ledger = Ledger.open(path)
    assert ledger.facts == FACTS
    ledger.close()
    with refused("file_exists"):
        Ledger.create(path, FACTS)


def test_a_ledger_that_is_none_of_ours(tmp_path: Path) -> None:
    with refused("no_ledger"):
        Ledger.open(tmp_path / "ledger.db")
    path = tmp_path / "signer" / "ledger.db"
    Ledger.create(path, FACTS).close()
    path.write_bytes(b"something else" * 100)
    with refused("ledger_malformed"):
        Ledger.open(path)


@pytest.mark.parametrize("expose", [lambda path: path.chmod(0o640), lambda path: path.parent.chmod(0o750)])
def test_a_ledger_that_others_could_read(tmp_path: Path, expose: Callable[[Path], None]) -> None:
    path = tmp_path / "signer" / "ledger.db"
    Ledger.create(path, FACTS).close()
    expose(path)
    with refused("key_file_exposed"):
        Ledger.open(path)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE log SET actor = 'nobody' WHERE seq = 2",
        "UPDATE log SET details = '{}' WHERE seq = 2",
        "DELETE FROM log WHERE seq = 2",
        "UPDATE log SET seq = 9 WHERE seq = 2",
    ],
)
def test_the_first_wrong_entry_of_the_log_is_named(bench: Bench, change: str) -> None:
    bench.issue(payloads())
    path = bench.service._ledger.path
    bench.service.close()
    with sqlite3.connect(path) as db:
        db.execute(change)
    db.close()
    with pytest.raises(KeysError, match="entry 2") as caught:
        Ledger.open(path)
    assert caught.value.reason == "log_broken"
    bench.service._ledger = Ledger.__new__(Ledger)  # nothing left to close
    bench.service.close = lambda: None  # type: ignore[method-assign]  # the bench ends here


def test_what_stops_in_the_middle_of_an_act_leaves_nothing_of_it(bench: Bench) -> None:
    ledger = bench.service._ledger
    before = ledger.head()
    with suppress(KeyboardInterrupt), ledger.transaction() as db:
        db.execute("INSERT INTO card VALUES ('1', NULL)")
        ledger.log(bench.now, "me", "begun", "1", {})
        raise KeyboardInterrupt
    assert ledger.head() == before
    with ledger.transaction() as db:
        assert db.execute("SELECT count(*) FROM card").fetchone() == (0,)


def test_founding_goes_on_after_a_crash_and_voids_codes_that_nobody_used(fresh: Bench) -> None:
    fresh.found("chief1")
    fresh.service.close()
    founders = [Founder("chief1", OFFICE), Founder("chief2", OFFICE)]
    codes = found_signer(fresh.data, PASSPHRASE, FACTS, founders, now=NOW, cost=CHEAP)
    assert set(codes) == {"chief2"}
    service = fresh.reopen()
    with refused("bad_founding_code"):
        service.found_approver(fresh.codes["chief2"], fresh.device("chief2").key())
    assert service.found_approver(codes["chief2"], fresh.device("chief2").key()).staff == "chief2"


def test_the_ledger_is_the_signers_alone_on_disk(fresh: Bench) -> None:
    places = SignerPlaces(fresh.data)
    assert places.directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in places.directory.iterdir()} == {0}


def checkpoint(size: int, root: bytes = bytes(32), origin: str = NAME) -> bytes:
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n".encode()


def test_a_checkpoint_is_signed_as_the_verifier_key_says(bench: Bench) -> None:
    text = checkpoint(7)
    line = bench.service.sign_checkpoint(text).decode()
    dash, name, signature = line.removesuffix("\n").split(" ")
    told_name, key_id, public = bench.service.hello().checkpoint_key.split("+", 2)
    raw, key = b64decode(signature), b64decode(public)
    assert (dash, name, told_name) == ("—", NAME, NAME)
    assert raw[:4].hex() == key_id == sha256(NAME.encode() + b"\n" + key).digest()[:4].hex()
    assert key[:1] == b"\x01"
    assert verify_signature(PublicKey(EDDSA, key[1:]), text, raw[4:])
    assert bench.service.sign_checkpoint(text).decode() == line


def test_two_histories_of_one_audit_are_never_both_signed(bench: Bench) -> None:
    bench.service.sign_checkpoint(checkpoint(7))
    for text in (checkpoint(7, bytes([1] * 32)), checkpoint(6)):
        with refused("checkpoint_forked"):
            bench.service.sign_checkpoint(text)
    bench.reopen()
    with refused("checkpoint_forked"):
        bench.service.sign_checkpoint(checkpoint(6))
    bench.service.sign_checkpoint(checkpoint(8, bytes([1] * 32)))


def test_no_checkpoint_is_so_far_ahead_that_honest_ones_come_no_more(bench: Bench) -> None:
    most = MOST_ENTRIES_A_DAY
    for size in (10**18 - 1, most + 1):
        with refused("checkpoint_too_far"):
            bench.service.sign_checkpoint(checkpoint(size))
    bench.service.sign_checkpoint(checkpoint(most))
    bench.reopen()
    with refused("checkpoint_too_far"):
        bench.service.sign_checkpoint(checkpoint(most + 1))
    bench.clock.pass_(days=1)
    bench.service.sign_checkpoint(checkpoint(most + 1))
    bench.service.sign_checkpoint(checkpoint(2 * most))
    with refused("checkpoint_too_far"):
        bench.service.sign_checkpoint(checkpoint(2 * most + 1))
    bench.clock.pass_(days=3)
    with refused("checkpoint_too_far"):
        bench.service.sign_checkpoint(checkpoint(5 * most + 1))
    bench.service.sign_checkpoint(checkpoint(5 * most))


def test_a_demos_audit_grows_as_fast_as_its_console(tmp_path: Path) -> None:
    with make_bench(tmp_path / "var", demo=True) as bench:
        assert bench.service.sign_checkpoint(checkpoint(10 * MOST_ENTRIES_A_DAY))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\n1\n",
        checkpoint(1)[:-1],
        checkpoint(1) + b"\n",
        checkpoint(1, bytes(31)),
        checkpoint(1, origin="card.example.net/audit"),
        checkpoint(1).replace(b"\n1\n", b"\n01\n"),
        checkpoint(1).replace(b"\n1\n", b"\n-1\n"),
        checkpoint(1) + b"x" * 4096 + b"\n",
        checkpoint(1) + b"extra\n" * 20,
    ],
)
def test_what_is_no_checkpoint_is_not_signed(bench: Bench, text: bytes) -> None:
    with refused("bad_checkpoint"):
        bench.service.sign_checkpoint(text)


def test_a_checkpoint_may_have_lines_of_its_own() -> None:
    assert read_checkpoint(checkpoint(3) + b"time 1\n").size == 3
    assert log_name("http://localhost:8000/") == "localhost:8000/audit"


def test_records_and_signer_name_what_the_other_lacks(bench: Bench) -> None:
    bench.issue(payloads(1), payloads(2))
    known = sha256(payloads(1).gate).digest()
    found = bench.service.reconcile([known, bytes(32)], [])
    assert [(fact.number, fact.at) for fact in found.lacking] == [(number_of(2), bench.now)]
    assert (found.lacking_count, found.unknown, found.unknown_count) == (1, (bytes(32),), 1)


def test_in_parts_they_name_the_same(bench: Bench) -> None:
    bench.issue(*map(payloads, range(1, 9)))
    request = ReinstateRequest(bench.asked(), number_of(1)).encode()
    bench.service.record_act(request, bench.approve("chief1", request))
    theirs = [sha256(payloads(number).gate).digest() for number in range(1, 5)]
    theirs += [bytes([byte]) * 32 for byte in (0, 99, 100, 255)]
    acts = [b"\xff" * 32]
    whole = bench.service.reconcile(theirs, acts)
    parts = [
        bench.service.reconcile_part(
            *span, *([one for one in some if span[0] <= one[0] <= span[1]] for some in (theirs, acts))
        )
        for span in ((0, 0), (1, 99), (100, 254), (255, 255))
    ]
    assert (whole.lacking_count, whole.unknown_count, whole.acts_lacking_count) == (4, 4, 1)
    for name in ("lacking_count", "unknown_count", "acts_lacking_count", "acts_unknown_count"):
        assert sum(getattr(one, name) for one in parts) == getattr(whole, name), name
    for name in ("lacking", "unknown", "acts_lacking", "acts_unknown"):
        assert {fact for one in parts for fact in getattr(one, name)} == set(getattr(whole, name)), name
    for first, last in ((5, 4), (-1, 0), (0, 256)):
        with refused("bad_part"):
            bench.service.reconcile_part(first, last, [], [])


def test_so_they_do_of_acts(bench: Bench) -> None:
    bench.issue(payloads(1))
    requests = [
        ReinstateRequest(bench.asked(), number_of(1)).encode(),
        ExtendRequest(bench.asked(), number_of(1), PERMIT_DAY + 30).encode(),
    ]
    for request in requests:
        bench.service.record_act(request, bench.approve("chief1", request))
    told, hidden = map(challenge_of, requests)
    found = bench.service.reconcile([], [told, bytes(32)])
    assert found.acts_lacking == (ActFact(hidden, "extend", "chief1", bench.now),)
    assert (found.acts_lacking_count, found.acts_unknown, found.acts_unknown_count) == (1, (bytes(32),), 1)
