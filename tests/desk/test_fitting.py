"""What a card has no room for: said to who types it, and never signed; the preview shows all the rest."""

import datetime
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cardsvc.desk.checking import check_application
from issuance.application import parse_application
from issuance.errors import FieldError
from issuance.pdf import CardPage, CardPrinter, Ready
from tests.desk.api import Api, make_api
from tests.desk.office import make_office
from tests.desk.town import EXAMPLES, NOW, Town, application
from tests.keys.conftest import refused
from verify.services import PRINTABLE

WIDE = {"permit": "330782-2025-000123456-RESIDENCE", "passport": "W" * 22}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        yield made


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[CardPage]:
    """The pages that could be printed, as previews asked for them."""
    pages: list[CardPage] = []
    prepare = CardPrinter.prepare

    def kept(printer: CardPrinter, page: CardPage) -> Ready:
        ready = prepare(printer, page)
        pages.append(page)
        return ready

    monkeypatch.setattr(CardPrinter, "prepare", kept)
    return pages


@pytest.mark.parametrize("field", WIDE)
def test_a_line_that_no_card_has_room_for_stands_in_the_way_of_submitting(api: Api, field: str) -> None:
    clerk = api.as_("clerk1")
    case = clerk.draft(**{field: WIDE[field]})
    assert [(one["field"], one["reason"]) for one in case["errors"]] == [(field, "does_not_fit")]
    assert "submit" not in case["allowed"]
    (row,) = clerk.get("/queue")["rows"]
    assert [(one["field"], one["reason"]) for one in row["why"]] == [(field, "does_not_fit")]
    path = f"/cases/{case['id']}/submit"
    assert clerk.reason("POST", path, {"version": case["version"]}) == "application_refused"
    private = clerk.draft(**{field: WIDE[field], "design": "private", "reference": "b"})
    # Of a masked passport the end alone is printed, and hidden letters are narrow.
    assert bool(private["errors"]) is (field == "permit")


@pytest.mark.parametrize("field", WIDE)
def test_a_line_that_no_card_has_room_for_reserves_nothing(town: Town, field: str) -> None:
    (outcome,) = town.issue(application(**{field: WIDE[field]}))
    assert [error[:2] for error in outcome.errors] == [(field, "does_not_fit")]  # type: ignore[union-attr]


def test_the_office_stands_on_the_card_too(town: Town) -> None:
    read = parse_application(application(), now=NOW, base=EXAMPLES)
    with pytest.raises(FieldError) as caught:
        check_application(town.installation.settings, read, "W" * 40)
    assert (caught.value.field, caught.value.reason) == ("office", "does_not_fit")


def test_another_print_is_fitted_before_it_is_signed(town: Town) -> None:
    card = town.card(application())
    with town.installation.store.transaction() as tx:
        person = tx.cards.get(card.number).person_id
        facts = dict(tx.people.facts(person)) | {"permit": WIDE["permit"]}
        tx.people.update(person, facts, tx.people.portrait(person))
    with refused("does_not_fit"):
        town.life(NOW).replace(card.number, "broken")
    with town.installation.store.reading() as tx:
        assert len(tx.prints.of_card(card.number)) == 1


@pytest.mark.parametrize(
    ("typed", "blank"),
    [
        ({"permit": WIDE["permit"]}, {"permit": None}),
        ({"passport": WIDE["passport"]}, {"passport": "-"}),
        (WIDE, {"permit": None, "passport": "-"}),
        ({"name_native": "Констан" * 8, "language_native": "rus"}, {"name_native": None}),
    ],
)
def test_the_preview_leaves_out_what_has_no_room_and_nothing_else(
    api: Api, drawn: list[CardPage], typed: dict[str, Any], blank: dict[str, Any]
) -> None:
    raw = application(name_native="Амина", language_native="rus", name_chinese="阿米娜")
    raw.pop("portrait")
    clerk = api.as_("clerk1")
    assert "does_not_fit" not in str(clerk.post("/preview", {"application": raw})["errors"])
    told = clerk.post("/preview", {"application": raw | typed})["errors"]
    assert {one["field"] for one in told} <= {*typed, "portrait"}
    whole, left = drawn
    codes = {"gate_text": whole.gate_text, "identity_text": whole.identity_text}
    assert replace(left, **codes) == replace(whole, **blank)


@pytest.mark.parametrize("count", [2, 8, len(PRINTABLE)])
def test_the_preview_shows_as_many_dated_services_as_a_card_would(
    api: Api, drawn: list[CardPage], count: int
) -> None:
    days = {
        one.label: (NOW.date() + datetime.timedelta(days=30 + place)).isoformat()
        for place, one in enumerate(sorted(PRINTABLE)[:count])
    }
    raw = application(services=days)
    raw.pop("portrait")
    api.as_("clerk1").post("/preview", {"application": raw})
    (page,) = drawn
    shown = {one.label for one in page.services}
    assert shown == set(days) if count == 2 else 2 <= len(shown) < count
    # What lasts longest stays printed, as in issuing.
    assert shown == set(sorted(days, key=days.__getitem__)[-len(shown) :])
