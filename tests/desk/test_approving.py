"""From a draft to a card that readers admit, and what stops everything else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.desk import asserting
from cardsvc.desk.approving import Approving
from cardsvc.desk.signing import recover
from cardsvc.errors import Explained
from issuance.passport import check_digit
from keys.cardsigning import Limits
from keys.errors import KeysError
from tests.desk.office import Office, actor, make_office
from tests.desk.test_issuing import Stopped, stop_at
from tests.desk.town import application
from tests.keys.conftest import refused
from verify.card import Card
from verify.cose import decode_sign1
from verify.text import decode as decode_text


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with make_office(tmp_path / "data") as made:
        yield made
        assert made.town.audit_is_whole()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    with make_office(tmp_path / "data", url) as made:
        yield made
        assert made.town.audit_is_whole()


def test_a_case_becomes_a_card_that_readers_admit(either: Office) -> None:
    office = either
    case = office.submitted()
    (card,) = office.issue(case)
    assert (card.state, card.case) == ("issued", case)
    assert office.judge(card.print_id) == ["allow ok", "allow ok"]
    record = office.case(case)
    assert (record.state, record.submitted_by, record.decided_by) == ("issued", "clerk1", "chief1")
    assert record.card_number == card.number
    assert not record.has_portrait


def test_a_card_that_hides_its_passport_number_is_signed_and_shown_so(office: Office) -> None:
    (card,) = office.issue(office.submitted(application(design="private")))
    assert card.state == "issued"
    assert office.judge(card.print_id) == ["allow ok", "allow ok"]
    with office.site.store.reading() as tx:
        printed = tx.prints.get(card.print_id)
    assert printed.layout == "private@2"
    signed = decode_sign1(decode_text(office.codes(card.print_id).identity_text))
    assert Card.decode(signed.payload).passport == ("*****001", "KEN")


def test_nobody_approves_what_they_submitted(office: Office) -> None:
    case = office.submitted(staff="clerk1")
    office.give_key("clerk1")
    with refused("own_submission"):
        office.begin(case, staff="clerk1")


def test_a_case_of_another_office_is_not_there(office: Office) -> None:
    case = office.submitted()
    with refused("case_not_found"):
        office.begin(case, staff="chief2")


def test_another_key_or_another_page_approves_nothing(office: Office) -> None:
    begun = office.begin(office.submitted())
    for bent in ({"origin": "https://evil.example.org"}, {"flags": 0x01}, {"kind": "webauthn.create"}):
        with refused("bad_approval"):
            office.sign(begun, **bent)
    (card,) = office.sign(begun)
    assert card.state == "issued"


def test_an_approval_that_ran_out_is_given_back(office: Office) -> None:
    case = office.submitted()
    begun = office.begin(case)
    office.clock.pass_by(minutes=11)
    with refused("approval_over"):
        office.sign(begun)
    assert office.recover() == 1
    assert office.case(case).state == "submitted"
    (card,) = office.issue(case)
    assert card.number != begun.cards[0].number
    assert office.judge(card.print_id) == ["allow ok", "allow ok"]


def test_the_unusual_is_opened_first(office: Office) -> None:
    case = office.submitted(application(permit_expiry="2026-03-20"))
    with refused("open_first"):
        office.begin(case, look=False)
    assert office.issue(case)[0].state == "issued"


@pytest.mark.parametrize("point", ["asserted", "signed", "issued"])
def test_killed_anywhere_nothing_is_lost_or_doubled(either: Office, point: str) -> None:
    office, cases = either, [either.submitted(application(n)) for n in (1, 2)]
    begun = office.begin(*cases)
    with pytest.raises(Stopped):
        office.sign(begun, reach=stop_at(point))
    office.clock.pass_by(hours=3)  # The signer has forgotten its nonce, and knows the request if it signed.
    office.recover()
    assert office.recover() == 0
    states = [office.case(case).state for case in cases]
    if point == "asserted":
        assert states == ["submitted", "submitted"]
        cards = office.issue(*cases)
    else:
        assert states == ["issued", "issued"]
        cards = asserting.outcome(office.site, begun.approval, by="chief1")[1]
    assert [office.judge(card.print_id) for card in cards] == [["allow ok", "allow ok"]] * 2
    with office.site.store.reading() as tx:
        for card in cards:
            person = tx.cards.get(card.number).person_id
            assert tx.cards.living_of(person) is not None
            issued = [one for one in tx.cards.of_person(person) if tx.prints.current_of(one.number)]
            assert [one.number for one in issued] == [card.number]


def test_killed_after_reserving_it_runs_out(office: Office) -> None:
    case = office.submitted()
    office.desk("chief1").open(case)
    approving = Approving(office.site, actor("chief1"), office.clock.now, reach=stop_at("reserved"))
    with pytest.raises(Stopped):
        approving.begin({case: office.case(case).version})
    assert office.recover() == 0
    office.clock.pass_by(minutes=10)
    assert office.recover() == 1
    assert office.issue(case)[0].state == "issued"


def test_a_killed_services_answer_is_finished_soon_after(office: Office) -> None:
    begun = office.begin(office.submitted())
    with pytest.raises(Stopped):
        office.sign(begun, reach=stop_at("asserted"))
    assert office.recover() == 1
    assert asserting.outcome(office.site, begun.approval, by="chief1")[1][0].state == "issued"


def test_the_console_finishes_no_print_that_waits_for_an_approval(office: Office) -> None:
    begun = office.begin(office.submitted())
    assert recover(office.town.installation, actor="console", now=office.clock.now) == 0
    assert office.sign(begun)[0].state == "issued"


def test_signing_twice_is_one_card(office: Office) -> None:
    begun = office.begin(office.submitted())
    first, again = office.sign(begun), office.sign(begun)
    assert first == again


def test_nobody_signs_anothers_approval(office: Office) -> None:
    begun = office.begin(office.submitted())
    with refused("not_your_approval"):
        office.sign(begun, "chief2")


def test_a_card_the_signer_refuses_fails_alone(office: Office) -> None:
    good, bad = office.submitted(), office.submitted(application(2))
    begun = office.begin(good, bad)
    with office.ledger.transaction() as db:
        # The number of the second card is taken by another, as after a restore that forgot it.
        db.execute("INSERT INTO card VALUES (?, NULL)", (begun.cards[1].number,))
        row = ("https://card.example.org/s/zzz", 1, begun.cards[1].number, 1, b"12345678", b"g", b"h", b"i")
        db.execute(
            "INSERT INTO slot (uri, idx, number, print_no, cti, gate, gate_hash, identity_hash, kid,"
            " gate_signature, identity_signature, request, place, at, exp)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, x'00', x'00', x'00', x'00', 0, 0, 0)",
            row,
        )
    with pytest.raises(KeysError, match="card 1: "):
        office.sign(begun)
    assert [office.case(case).state for case in (good, bad)] == ["submitted", "failed"]
    assert office.case(bad).content["notes"][-1]["by"] == "signer"
    assert office.issue(good)[0].state == "issued"


def test_a_quota_of_the_signer_stops_a_busy_clerk(tmp_path: Path) -> None:
    with make_office(tmp_path / "data", limits=Limits(per_submitter=1, per_approver=5)) as office:
        assert office.issue(office.submitted())[0].state == "issued"
        case = office.submitted(application(2))
        with refused("quota_submitter"):
            office.issue(case)
        assert office.case(case).state == "submitted"


def test_what_was_typed_by_hand_is_opened(office: Office) -> None:
    mrz_less = [office.submitted(application(n)) for n in range(1, 3)]
    with pytest.raises(Explained) as caught:
        office.begin(*mrz_less, look=False)
    assert caught.value.members["must_open"] == mrz_less  # Typed by hand: each is unusual.


def usual(number: int) -> dict[str, object]:
    """Somebody whose passport's lines were read, and about whom nothing is worth a thought."""
    given, passport = f"AMINA{chr(64 + number)}", f"A{number:07d}<"
    body = (passport, "900228", "320101", "<" * 14)
    numbers, birth, expiry, rest = (text + str(check_digit(text)) for text in body)
    last = f"{numbers}KEN{birth}F{expiry}{rest}"
    whole = last + str(check_digit(numbers + birth + expiry + rest))
    lines = [f"P<KENMWANGI<<{given}".ljust(44, "<"), whole]
    typed = {"mrz": lines, "permit_expiry": "2031-06-30", "given_names": given.title()}
    return application(number, passport_expiry="2032-01-01", **typed)


def test_a_sample_of_a_big_batch_is_opened_though_nothing_is_unusual(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which two nobody can foresee, and asking again draws the same ones."""
    # Ten people of one birth and nearly one name: here it is not their likeness that is asked about.
    monkeypatch.setattr("cardsvc.desk.approving.duplicates", lambda *_, **__: [])
    batch = [office.submitted(usual(number)) for number in range(1, 11)]

    def must_open() -> list[str]:
        with pytest.raises(Explained) as caught:
            office.begin(*batch, look=False)
        found: list[str] = caught.value.members["must_open"]
        return found

    one, other = must_open()
    assert must_open() == [one, other]
    assert {one, other} < set(batch)
    office.desk("chief1").open(one)
    assert must_open() == [other]
    office.desk("chief1").open(other)
    assert len(office.begin(*batch, look=False).cards) == len(batch)


def test_a_smaller_batch_of_the_usual_needs_no_opening(office: Office) -> None:
    begun = office.begin(office.submitted(usual(1)), look=False)
    assert [card.exceptions for card in begun.cards] == [[]]
