"""The signer does not answer: what people have approved is kept, and done when it is back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cardsvc.desk import asserting
from cardsvc.desk.acts import CardActs, Wish
from cardsvc.desk.enacting import recover_acts
from cardsvc.installation import ServedInstallation
from keys.errors import KeysError
from tests.desk.office import Office, actor, make_office
from tests.keys.conftest import refused


class Away:
    """The signer behind a socket that went away for signing alone."""

    def __init__(self, signer: Any) -> None:
        self._signer = signer

    def __getattr__(self, name: str) -> Any:
        if name in ("sign_cards", "record_act"):
            raise KeysError("signer_away", "the signer does not answer")
        return getattr(self._signer, name)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with make_office(tmp_path / "data") as made:
        yield made
        assert made.town.audit_is_whole()


def without_signer(office: Office) -> ServedInstallation:
    return replace(office.site, signer=Away(office.site.signer))


def test_an_approval_is_kept_and_finished_when_the_signer_is_back(office: Office) -> None:
    case = office.submitted()
    begun, away = office.begin(case), without_signer(office)
    credential = office.device("chief1").get(begun.options)
    with refused("signer_away"):
        asserting.sign_approval(away, begun.approval, credential, by="chief1", now=office.clock.now)
    assert asserting.recover(away, now=office.clock.now) == 0
    assert office.case(case).state == "approving"
    assert office.recover() == 1
    assert office.case(case).state == "issued"


@pytest.mark.parametrize("wish", [Wish("reinstate", "found"), Wish("replace", "damaged")])
def test_an_act_is_kept_and_finished_when_the_signer_is_back(office: Office, wish: Wish) -> None:
    (card,) = office.issue(office.submitted())
    clerk, now = CardActs(office.site, actor("clerk1"), office.clock.now), office.clock.now
    clerk.ask(card.number, Wish("suspend", "lost"))
    act = clerk.ask(card.number, wish)
    assert act is not None
    away = without_signer(office)
    options, _ = CardActs(away, actor("chief1"), now).challenge(act)
    assert options is not None
    with refused("signer_away"):
        CardActs(away, actor("chief1"), now).approve(act, office.device("chief1").get(options))
    assert recover_acts(away, now) == 0
    assert recover_acts(office.site, now) + office.recover() == 1
    assert recover_acts(office.site, now) + office.recover() == 0
    with office.site.store.reading() as tx:
        assert tx.acts.get(act).state == "done"
        assert tx.cards.get(card.number).state == ("active" if wish.act == "reinstate" else "suspended")
        assert len(tx.prints.of_card(card.number)) == (1 if wish.act == "reinstate" else 2)
