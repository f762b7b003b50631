"""The files of a card: whole, private, the same again, and never those of a page that cannot be read."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.desk import printing
from cardsvc.desk.printing import Produced, workshop, write_manifest
from cardsvc.installation import fonts_folder
from issuance.errors import IssuanceError
from issuance.nfc import read_ndef
from issuance.pdf import CardPage, CardPrinter, Ready
from issuance.selfcheck import read_back
from keys.errors import KeysError
from tests.desk.town import NOW, Town, application
from tests.keys.conftest import refused


@pytest.fixture(autouse=True)
def _audit_holds(town: Town) -> Iterator[None]:
    yield
    assert town.audit_is_whole()


def produce(town: Town, out: Path, *print_ids: str) -> list[Produced]:
    with workshop(town.installation, out, actor="printer1", count=len(print_ids)) as shop:
        return list(shop.produce(print_ids, now=NOW))


class FaultyPrinter:
    """A printer with the interface of the real one, which misprints the cards of ``numbers``."""

    def __init__(self, real: CardPrinter, *numbers: str, fault: str = "another code") -> None:
        self._real, self._numbers, self._fault = real, numbers, fault

    def prepare(self, page: CardPage) -> Ready:
        if page.number in self._numbers:
            if self._fault == "fails":
                raise IssuanceError("text_too_wide", "the name does not fit")
            # The page of a mixed-up stack: a sound code, but not this card's.
            page = dataclasses.replace(page, gate_text=page.identity_text[:300])
        return self._real.prepare(page)


def test_four_files_that_only_their_owner_reads(town: Town, tmp_path: Path) -> None:
    out, card = tmp_path / "out", town.card(application())
    (made,) = produce(town, out, card.print_id)
    codes = town.codes(card.print_id)
    assert made.held_back is None
    assert sorted(path.name for path in out.iterdir()) == sorted(made.files)
    assert set(made.files) == {f"{card.number}.{end}" for end in ("pdf", "gate.txt", "identity.txt", "ndef")}
    for name, digest in made.files.items():
        assert (out / name).stat().st_mode & 0o777 == 0o600, name
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert (out / f"{card.number}.gate.txt").read_bytes() == codes.gate_text.encode() + b"\n"
    assert (out / f"{card.number}.identity.txt").read_bytes() == codes.identity_text.encode() + b"\n"
    assert read_ndef((out / f"{card.number}.ndef").read_bytes()) == codes.gate
    found = read_back((out / f"{card.number}.pdf").read_bytes())
    assert (found.front, found.back) == ([codes.gate_text], [codes.identity_text])
    write_manifest(out, [{"place": 1, "files": made.files}])
    assert (out / "manifest.jsonl").stat().st_mode & 0o777 == 0o600


def test_produced_again_the_files_are_the_same_byte_for_byte(town: Town, tmp_path: Path) -> None:
    card = town.card(application())
    (first,) = produce(town, tmp_path / "a", card.print_id)
    again = town.card(application())
    (second,) = produce(town, tmp_path / "b", again.print_id)
    assert first.files == second.files
    assert town.actions(card.number) == [
        "card_reserved", "card_issued", "files_written", "issue_repeated", "files_written",
    ]  # fmt: skip


def test_half_a_character_costs_nobody_the_manifest(tmp_path: Path) -> None:
    write_manifest(tmp_path, [{"place": 1, "errors": ["\ud800 stands there"]}, {"place": 2, "name": "李"}])
    first, second = (tmp_path / "manifest.jsonl").read_text("utf-8").splitlines()
    assert json.loads(first)["errors"] == ["\ud800 stands there"]
    assert json.loads(second)["name"] == "李"


@pytest.mark.parametrize(("fault", "reason"), [("another code", "not_readable"), ("fails", "text_too_wide")])
def test_a_page_that_does_not_read_back_is_held_back_and_the_rest_goes_on(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, reason: str
) -> None:
    out = tmp_path / "out"
    cards = [town.card(application(number)) for number in (1, 2, 3)]
    real = printing.printer_for(fonts_folder(town.installation.settings))
    faulty = FaultyPrinter(real, cards[1].number, fault=fault)
    monkeypatch.setattr(printing, "printer_for", lambda *_: faulty)
    made = produce(town, out, *(card.print_id for card in cards))
    assert [one.held_back and one.held_back[0] for one in made] == [None, reason, None]
    assert [path for path in out.iterdir() if path.name.startswith(cards[1].number)] == []
    assert town.actions(cards[1].number)[-1] == "held_back"
    monkeypatch.undo()
    (mended,) = produce(town, out, cards[1].print_id)
    assert mended.held_back is None
    with town.installation.store.reading() as tx:
        held = tx.audit.of_subject(cards[1].number)[-2]
    assert json.loads(held.details) == {"reason": reason}


def test_a_full_disk_leaves_no_half_card(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, cards = tmp_path / "out", [town.card(application(number)) for number in (1, 2)]
    write = printing.write_whole

    def full(path: Path, data: bytes) -> None:
        if path.name == f"{cards[0].number}.ndef":
            raise KeysError("file_not_written", "No space left on device")
        write(path, data)

    monkeypatch.setattr(printing, "write_whole", full)
    first, second = produce(town, out, *(card.print_id for card in cards))
    assert first.held_back is not None
    assert first.held_back[0] == "cannot_write"
    assert second.held_back is None
    assert {path.name for path in out.iterdir()} == set(second.files)
    assert town.actions(cards[0].number)[-1] == "held_back"


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out" / "card"
    path.parent.mkdir()
    printing.write_whole(path, b"before")

    def cut(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", cut)
    with refused("file_not_written"):
        printing.write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert [item.name for item in path.parent.iterdir()] == ["card"]


def test_a_folder_that_cannot_be_made_is_named(town: Town, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"a file stands here")
    with refused("cannot_write"):
        produce(town, tmp_path / "out")


def test_a_reserved_print_has_no_files(town: Town, tmp_path: Path) -> None:
    card = town.card(application())

    class Stopped(BaseException):
        pass

    def stop(point: str) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        town.life(NOW).replace(card.number, "broken", reach=stop)
    with town.installation.store.reading() as tx:
        (intent,) = tx.prints.intents()
    held, made = produce(town, tmp_path / "out", intent.id, card.print_id)
    assert held.held_back is not None
    assert held.held_back[0] == "not_printable"
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(made.files)


def test_an_erased_person_is_held_back_and_the_rest_goes_on(town: Town, tmp_path: Path) -> None:
    erased, other = town.card(application(1)), town.card(application(2))
    with town.installation.store.transaction() as tx:
        tx.people.erase(tx.cards.get(erased.number).person_id)
    held, made = produce(town, tmp_path / "out", erased.print_id, other.print_id)
    assert held.number == erased.number
    assert held.held_back is not None
    assert held.held_back[0] == "person_not_found"
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(made.files)
    assert made.files
    assert town.actions(erased.number)[-1] == "held_back"


def test_many_cards_are_made_by_workers(town: Town, tmp_path: Path) -> None:
    cards = [town.card(application(number)) for number in (1, 2)]
    with workshop(town.installation, tmp_path / "out", actor="printer1", count=None) as shop:
        made = list(shop.produce([card.print_id for card in cards], now=NOW))
    assert [one.number for one in made] == [card.number for card in cards]
    assert all(one.held_back is None for one in made)
    assert len(list((tmp_path / "out").iterdir())) == 8
