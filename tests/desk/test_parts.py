"""A large approval goes in parts: killed between any two, nothing is lost, and others save in between."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cardsvc.desk import asserting, parts, returning
from cardsvc.desk.approving import Approving
from cardsvc.desk.signing import CrashPoint
from cardsvc.records import CaseState
from keys.errors import KeysError
from tests.desk.office import Office, actor, make_office
from tests.desk.test_issuing import Stopped
from tests.desk.town import application
from tests.keys.conftest import refused

#: Five cases in parts of two: two whole parts, and one that is not.
CASES = 5


on_both = pytest.mark.parametrize("office", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def office(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """SQLite, where a test does not ask for both."""
    on_postgres = getattr(request, "param", "sqlite") == "postgresql"
    monkeypatch.setattr(parts, "BATCH", 2)
    monkeypatch.setattr(returning, "BATCH", 2)
    url = request.getfixturevalue("postgres_url") if on_postgres else None
    with make_office(tmp_path / "data", url) as made:
        yield made
        assert made.town.audit_is_whole()


@pytest.fixture
def cases(office: Office) -> list[str]:
    return [office.submitted(application(n + 1)) for n in range(CASES)]


def stop_at(point: str, time: int) -> CrashPoint:
    """Stop when ``point`` is reached for the ``time``-th time."""
    left = time

    def reach(reached: str) -> None:
        nonlocal left
        left -= reached == point
        if reached == point and left == 0:
            raise Stopped(point)

    return reach


def states(office: Office, cases: list[str]) -> list[str]:
    return [str(office.case(case).state) for case in cases]


def assert_each_has_one_card(office: Office, cards: list[asserting.SignedCard]) -> None:
    assert [office.judge(card.print_id) for card in cards] == [["allow ok", "allow ok"]] * CASES
    with office.site.store.reading() as tx:
        for card in cards:
            person = tx.cards.get(card.number).person_id
            issued = [one.number for one in tx.cards.of_person(person) if tx.prints.current_of(one.number)]
            assert issued == [card.number]
        assert tx.prints.intents() == []


@on_both
@pytest.mark.parametrize("parts_done", [1, 2])
def test_killed_between_signatures_the_rest_goes_on(
    office: Office, cases: list[str], parts_done: int
) -> None:
    begun = office.begin(*cases)
    with pytest.raises(Stopped):
        office.sign(begun, reach=stop_at("part", parts_done))
    issued = 2 * parts_done
    assert states(office, cases) == ["issued"] * issued + ["approving"] * (CASES - issued)
    office.clock.pass_by(hours=3)  # The signer has forgotten its nonce; it knows the request.
    assert (office.recover(), office.recover()) == (1, 0)
    assert states(office, cases) == ["issued"] * CASES
    assert_each_has_one_card(office, asserting.outcome(office.site, begun.approval, by="chief1")[1])


@pytest.mark.parametrize("parts_done", [1, 3])
def test_killed_between_reservations_all_wait_again(
    office: Office, cases: list[str], parts_done: int
) -> None:
    seen = {case: office.case(case).version for case in cases}
    for case in cases:
        office.desk("chief1").open(case)
    approving = Approving(office.site, actor("chief1"), office.clock.now, reach=stop_at("part", parts_done))
    with pytest.raises(Stopped):
        approving.begin(seen)
    assert states(office, cases) == ["approving"] * CASES
    assert office.recover() == 0
    office.clock.pass_by(minutes=10)
    assert (office.recover(), office.recover()) == (1, 0)
    assert states(office, cases) == ["submitted"] * CASES
    assert_each_has_one_card(office, office.issue(*cases))


def test_what_is_still_being_reserved_cannot_be_signed(office: Office, cases: list[str]) -> None:
    office.issue(cases[4])
    device, seen = office.device("chief1"), {case: office.case(case).version for case in cases[:4]}

    def answered(point: str) -> None:
        if point == "part":
            approval = str(office.case(cases[0]).approval)
            options = {"challenge": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}  # SHA-256 of nothing
            with refused("approval_moved"):
                asserting.sign_approval(
                    office.site, approval, device.get(options), by="chief1", now=office.clock.now
                )

    for case in seen:
        office.desk("chief1").open(case)
    begun = Approving(office.site, actor("chief1"), office.clock.now, reach=answered).begin(seen)
    assert [card.state for card in office.sign(begun)] == ["issued"] * 4


@on_both
def test_killed_while_giving_back_another_process_goes_on(
    office: Office, cases: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = office.begin(*cases)
    back: Any = {"by": "chief1", "now": office.clock.now, "reason": "given_back"}
    with monkeypatch.context() as dying:
        dying.setattr(returning, "stand_back", dies)
        with pytest.raises(Stopped):
            asserting.return_approval(office.site, begun.approval, **back)
    assert sorted(states(office, cases)) == ["approving"] * 3 + ["submitted"] * 2
    with refused("approval_over"):
        office.sign(begun)
    assert (office.recover(), office.recover()) == (1, 0)
    assert states(office, cases) == ["submitted"] * CASES
    assert_each_has_one_card(office, office.issue(*cases))


def test_what_stands_in_the_way_late_gives_everything_back(office: Office, cases: list[str]) -> None:
    """Somebody of the last part got a card elsewhere while the first part was being reserved."""
    seen = {case: office.case(case).version for case in cases}
    for case in cases:
        office.desk("chief1").open(case)
    elsewhere = office.submitted(application(CASES, reference="elsewhere"))

    def meanwhile(point: str) -> None:
        if point == "part" and office.case(elsewhere).state is CaseState.SUBMITTED:
            office.issue(elsewhere)

    with refused("cannot_approve"):
        Approving(office.site, actor("chief1"), office.clock.now, reach=meanwhile).begin(seen)
    assert states(office, cases) == ["submitted"] * CASES
    assert [card.state for card in office.issue(*cases[:-1])] == ["issued"] * (CASES - 1)


def test_a_card_the_signer_names_fails_its_case_alone(
    office: Office, cases: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = office.begin(*cases)
    with monkeypatch.context() as strict:

        def refusing(*_: object, **__: object) -> None:
            raise KeysError("bad_name", "card 3: a name has a character no card may have")

        strict.setattr(type(office.site.signer), "sign_cards", refusing)
        with refused("bad_name"):
            office.sign(begun)
    assert states(office, cases) == ["submitted", "submitted", "submitted", "failed", "submitted"]


def test_a_card_revoked_between_two_parts_was_issued_and_is_revoked(office: Office, cases: list[str]) -> None:
    begun = office.begin(*cases)
    with pytest.raises(Stopped):
        office.sign(begun, reach=stop_at("part", 1))
    last = begun.cards[-1].number
    with office.site.store.transaction() as tx:
        tx.cards.revoke(last)
    assert office.recover() == 1
    cards = asserting.outcome(office.site, begun.approval, by="chief1")[1]
    verdicts = [office.judge(card.print_id)[0] for card in cards]
    assert verdicts == ["allow ok"] * 4 + ["deny revoked"]


def test_two_processes_at_one_approval_record_each_card_once(office: Office, cases: list[str]) -> None:
    begun = office.begin(*cases)

    def beside(point: str) -> None:
        if point == "part":
            office.recover()

    cards = office.sign(begun, reach=beside)
    assert_each_has_one_card(office, cards)
    with office.site.store.reading() as tx:
        actions = [[one.action for one in tx.audit.of_subject(card.number)] for card in cards]
    assert actions == [["card_reserved", "card_issued"]] * CASES


def test_others_save_between_two_parts(office: Office, cases: list[str]) -> None:
    begun = office.begin(*cases[:4])

    def saved(point: str) -> None:
        if point == "part":
            office.draft(application(9, reference="between"))

    assert [card.state for card in office.sign(begun, reach=saved)] == ["issued"] * 4


def dies() -> None:
    raise Stopped("between two parts")
