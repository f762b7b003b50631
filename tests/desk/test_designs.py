"""The look of a card through its life: chosen, frozen, masked where it masks, kept by a replacement."""

import json
from pathlib import Path

import pytest

from cardsvc.desk.outcomes import Refused
from cardsvc.desk.printing import Job, jobs_of, print_run, workshop
from cardsvc.installation import fonts_folder
from issuance.layoutfile import Designs
from issuance.selfcheck import read_file
from issuance.sheets import Form, Tuning
from tests.desk.town import NOW, Town, application
from verify.card import Card

PASSPORT = "A0000001"


def layouts(town: Town, number: str) -> list[str]:
    with town.installation.store.reading() as tx:
        return [one.layout for one in tx.prints.of_card(number)]


def identity(town: Town, number: str) -> Card:
    with town.installation.store.reading() as tx:
        printed = tx.prints.current_of(number)
    assert printed is not None
    assert printed.identity_payload is not None
    return Card.decode(printed.identity_payload)


@pytest.mark.parametrize(
    ("design", "layout", "passport"),
    [
        (None, "green@3", "A0000001"),
        ("private", "private@2", "*****001"),
        ("high-contrast", "high-contrast@2", "A0000001"),
    ],
)
def test_a_card_keeps_the_layout_it_was_made_with(
    town: Town, design: str | None, layout: str, passport: str
) -> None:
    card = town.card(application(1, design=design))
    assert layouts(town, card.number) == [layout]
    assert identity(town, card.number).passport == (passport, "KEN")
    (job,) = jobs_of(town.installation, [card.print_id])
    assert isinstance(job, Job)
    assert job.layout == layout


def test_a_replacement_looks_like_the_card_unless_another_look_is_asked_for(town: Town) -> None:
    card = town.card(application(1, design="private"))
    town.life(NOW).replace(card.number, "worn")
    town.life(NOW).replace(card.number, "cannot read it", design="high-contrast")
    assert layouts(town, card.number) == ["private@2", "private@2", "high-contrast@2"]
    assert identity(town, card.number).passport == (PASSPORT, "KEN")


def test_an_old_card_is_printed_again_as_it_was(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card of version 1 stays one, though version 2 is what new cards look like."""
    first = Designs.exact
    monkeypatch.setattr(Designs, "newest", lambda self, design: first(self, f"{design}@1"))
    card = town.card(application(1))
    monkeypatch.undo()
    assert layouts(town, card.number) == ["green@1"]
    jobs = [one for one in jobs_of(town.installation, [card.print_id]) if isinstance(one, Job)]
    fonts = fonts_folder(town.installation.settings)
    run = print_run(jobs, Form.CR80, Tuning(), fonts)
    assert run.numbers == (card.number,)
    town.life(NOW).replace(card.number, "worn")
    assert layouts(town, card.number) == ["green@1", "green@3"]


def test_an_unknown_design_is_refused_by_its_field(town: Town) -> None:
    (refused,) = town.issue(application(1, design="blue"))
    assert isinstance(refused, Refused)
    assert [(name, reason) for name, reason, _ in refused.errors] == [("design", "unknown_choice")]


@pytest.mark.parametrize("form", [Form.CR80, Form.A4])
def test_many_cards_come_out_in_one_file(town: Town, tmp_path: Path, form: Form) -> None:
    designs = [None, "private", "high-contrast"]
    cards = [town.card(application(number, design=designs[number % 3])) for number in (1, 2, 3)]
    out = tmp_path / "out"
    tuning = Tuning("desk1", back=(0.3, -0.2))
    ids = [card.print_id for card in cards]
    with workshop(town.installation, out, actor="printer1", count=3, form=form, tuning=tuning) as shop:
        assert shop.at_once > 3
        made = list(shop.produce(ids, now=NOW))
    assert [one.held_back for one in made] == [None] * 3
    assert {name for one in made for name in one.files if name.endswith(".pdf")} == {"cards-0001.pdf"}
    read = read_file((out / "cards-0001.pdf").read_bytes(), 3, form, tuning)
    for card, found in zip(cards, read, strict=True):
        assert [f"{found.front[0]}\n", f"{found.back[0]}\n"] == [
            (out / f"{card.number}.{kind}.txt").read_text("ascii") for kind in ("gate", "identity")
        ]
    with town.installation.store.reading() as tx:
        entry = tx.audit.of_subject(cards[0].number)[-1]
    assert "cards-0001.pdf" in json.loads(entry.details)["files"]


def test_a_card_alone_is_pushed_as_its_printer_needs(town: Town, tmp_path: Path) -> None:
    card, made = town.card(application(1)), []
    for tuning in (Tuning(), Tuning("desk1", front=(1.0, 0.5))):
        out = tmp_path / (tuning.name or "none")
        with workshop(town.installation, out, actor="printer1", count=1, tuning=tuning) as shop:
            (one,) = shop.produce([card.print_id], now=NOW)
        assert one.held_back is None
        made.append((out / f"{card.number}.pdf").read_bytes())
    assert made[0] != made[1]
