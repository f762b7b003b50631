"""kill -9 while cards are issued: nothing doubled, nothing seen but unrecorded, and the next run finishes."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from cardsvc.installation import open_installation
from cardsvc.records import PrintState
from tests.crash.child import Order
from tests.crash.harness import KILLED, Forge, campaign, copy_of, examine, make_template, open_forge
from tests.desk.town import NOW, Town, settings_for

RANDOM_KILLS = 100
#: Named point → prints (issued, only reserved) after a kill in the first batch of four.
POINTS = {"checked": (0, 0), "reserved": (0, 4), "signed": (0, 4), "issued": (4, 0)}


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    with open_forge() as made:
        yield made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    return copy_of(template, tmp_path / "run")


def finish(forge: Forge, data: Path, cards: int) -> None:
    """The next run of the same command, which must end with every application one card."""
    assert forge.run(Order(str(data), 1, cards)) == 0
    found = examine(data)
    assert found.prints["intent"] == 0
    assert found.applications == {"issued": cards}
    assert (found.cards, found.seen) == (cards, found.prints["issued"])


@pytest.mark.parametrize("passes", [0, 1])
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_named_point(forge: Forge, data: Path, point: str, passes: int) -> None:
    assert forge.run(Order(str(data), 1, 8, point=point, passes=passes)) == KILLED
    found = examine(data)
    issued, reserved = POINTS[point]
    assert (found.prints["issued"], found.prints["intent"]) == (4 * passes + issued, reserved)
    assert found.seen == 4 * passes
    finish(forge, data, 8)


@pytest.mark.parametrize("again", ["signed", "issued"])
@pytest.mark.parametrize("point", ["reserved", "signed"])
def test_killed_again_while_finishing_what_was_left(forge: Forge, data: Path, point: str, again: str) -> None:
    assert forge.run(Order(str(data), 1, 4, point=point)) == KILLED
    assert forge.run(Order(str(data), 1, 8, point=again)) == KILLED
    found = examine(data)
    assert (found.prints["issued"], found.seen) == (4 if again == "issued" else 0, 0)
    finish(forge, data, 8)


@pytest.mark.parametrize(("point", "issued"), [("reserved", 1), ("signed", 1), ("issued", 2)])
def test_killed_while_replacing(forge: Forge, data: Path, point: str, issued: int) -> None:
    assert forge.run(Order(str(data), 1, 1)) == 0
    with open_installation(settings_for(data)) as installation, installation.store.reading() as tx:
        known = tx.applications.by_reference("desk-1")
        assert known is not None
        number = str(known.card_number)
    assert forge.run(Order(str(data), replace=number, point=point)) == KILLED
    found = examine(data)
    assert (found.prints["issued"], found.prints["intent"], found.seen) == (issued, 2 - issued, 1)

    with open_installation(settings_for(data)) as installation:
        town = Town(installation)
        with installation.store.reading() as tx:
            first, *_ = tx.prints.of_card(number)
        # Until the new print exists, the plastic in the holder's hand goes on.
        before = town.reader().judge(town.codes(first.id).gate_text, NOW)
        assert before == ("allow ok" if issued == 1 else "deny replaced")

    assert forge.run(Order(str(data))) == 0
    assert examine(data).prints == {"issued": 2}
    with open_installation(settings_for(data)) as installation:
        town = Town(installation)
        with installation.store.reading() as tx:
            first, second = tx.prints.of_card(number)
            assert (first.state, second.state) == (PrintState.ISSUED, PrintState.ISSUED)
        reader = town.reader()
        answers = [reader.judge(town.codes(one.id).gate_text, NOW) for one in (first, second)]
        assert answers == ["deny replaced", "allow ok"]


def test_killed_at_random(forge: Forge, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = campaign(data, RANDOM_KILLS, seed=20260302, forge=forge)
    assert figures.kills >= RANDOM_KILLS
    # A campaign whose kills all fall where nothing is at stake would prove nothing.
    assert figures.kills_with_intents_left + figures.kills_with_cards_unseen >= 1
    assert figures.cards >= RANDOM_KILLS
    with open_installation(settings_for(data)) as installation:
        town = Town(installation)
        reader = town.reader()
        with installation.store.reading() as tx:
            prints = [one.id for kid in tx.prints.signed_by_key() for one in tx.prints.of_key(kid)]
        assert len(prints) == figures.cards
        assert {reader.judge(town.codes(one).gate_text, NOW) for one in prints} == {"allow ok"}
        assert town.audit_is_whole()
    with capsys.disabled():
        print(f"\n  {asdict(figures)}")
