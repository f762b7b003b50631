"""Issuing: nobody twice, nothing lost, one bad application stops none, and the audit knows it all."""

import base64
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from cardsvc.desk import signing
from cardsvc.desk.issuing import IssuingDesk
from cardsvc.desk.outcomes import Issued, Outcome, Refused, Request
from cardsvc.desk.printing import workshop
from cardsvc.desk.signing import recover
from cardsvc.installation import Installation
from cardsvc.records import (
    ApplicationState,
    CardState,
    DistrustedKeyRecord,
    PrintRecord,
    PrintState,
    Signatures,
)
from issuance.errors import IssuanceError
from issuance.issuer import Codes
from issuance.rehearsal import Rehearsal
from keys.errors import KeysError
from keys.keyring import Keyring
from tests.desk.town import EXAMPLES, NOW, Town, application, at, make_town
from tests.keys.conftest import refused
from verify.card import Card
from verify.services import Service

LATER = at("2026-03-03 08:00")


class Stopped(BaseException):
    """Stands in for the end of the process at a named point."""


def stop_at(point: str) -> signing.CrashPoint:
    def reach(reached: str) -> None:
        if reached == point:
            raise Stopped(point)

    return reach


def errors_of(outcome: Outcome) -> list[tuple[str, str]]:
    assert isinstance(outcome, Refused), outcome
    return [(field, reason) for field, reason, _ in outcome.errors]


def cards_in(town: Town) -> int:
    with town.installation.store.reading() as tx:
        return sum(tx.prints.signed_by_key().values())


@pytest.fixture(autouse=True)
def _audit_holds(town: Town) -> Iterator[None]:
    yield
    assert town.audit_is_whole()


def test_the_same_request_again_is_the_same_card_and_is_audited(town: Town) -> None:
    first = town.card(application())
    again = town.card(application(), LATER)
    assert (again.number, again.print_id, again.repeated) == (first.number, first.print_id, True)
    assert cards_in(town) == 1
    assert town.actions(first.number) == ["card_reserved", "card_issued", "issue_repeated"]


def test_another_request_under_the_same_reference_is_refused(town: Town) -> None:
    first = town.card(application())
    for changed in ({"services": ["bus"]}, {"portrait": "portraits/asha.jpg"}, {"passport": "B7654321"}):
        (outcome,) = town.issue(application(**changed), now=LATER)
        assert errors_of(outcome) == [("reference", "reference_in_use")]
    assert cards_in(town) == 1
    assert town.actions("desk-1") == ["application_refused"] * 3
    assert town.actions(first.number) == ["card_reserved", "card_issued"]


def test_a_request_without_a_reference_is_its_own(town: Town) -> None:
    first = town.card(application(reference=None))
    again = town.card(application(reference=None), LATER)
    assert again.repeated
    assert again.number == first.number
    (other,) = town.issue(application(reference=None, services=["bus"]), now=LATER)
    assert errors_of(other) == [("passport", "living_card_exists")]


def test_the_same_person_under_another_reference_gets_no_second_card(town: Town) -> None:
    first = town.card(application())
    (other,) = town.issue(application(reference="again", passport="A000 0001"), now=LATER)
    assert errors_of(other) == [("passport", "living_card_exists")]
    assert first.number in other.errors[0][2]  # type: ignore[union-attr]  # errors_of has seen a refusal


def test_twice_in_one_file_is_one_card(town: Town) -> None:
    by_passport, by_reference = application(reference="b"), application(2, reference="desk-1")
    outcomes = town.issue(application(), by_passport, by_reference)
    assert isinstance(outcomes[0], Issued)
    assert [errors_of(one) for one in outcomes[1:]] == [[("reference", "stands_twice")]] * 2
    assert cards_in(town) == 1


def test_after_a_revoked_card_the_person_may_have_another(town: Town) -> None:
    first = town.card(application())
    town.life(LATER).revoke(first.number, "lost for good")
    second = town.card(application(reference="second", surname="Mwangi-Otieno"), LATER)
    assert second.number != first.number
    with town.installation.store.reading() as tx:
        old, new = tx.cards.get(first.number), tx.cards.get(second.number)
        assert old.person_id == new.person_id
        assert tx.people.facts(new.person_id)["surname"] == "Mwangi-Otieno"


def test_a_held_card_past_its_last_day_makes_no_room(town: Town) -> None:
    raw = application(valid_until="2026-04-30")
    first = town.card(raw)
    town.life(LATER).suspend(first.number, "a question")
    (outcome,) = town.issue(application(reference="next"), now=at("2026-05-02 08:00"))
    assert errors_of(outcome) == [("passport", "living_card_exists")]


def test_one_bad_application_stops_none_of_the_rest(town: Town) -> None:
    bad: tuple[dict[str, object], ...] = (
        application(2, birth="1990-02-30"),
        application(3, portrait="portraits/nobody.jpg"),
        application(4, portrait="QUJD"),
        application(5, servises=["bus"]),
        application(6, reference="\ud800"),
        application(7, reference="nul\0nul"),
        application(8, reference="r" * 100_000),
        application(9, reference=9),
        {},
    )
    outcomes = town.issue(application(1), *bad, application(10))
    assert [isinstance(one, Issued) for one in outcomes] == [True, *[False] * len(bad), True]
    assert [errors_of(one)[0] for one in outcomes[1:6]] == [
        ("birth", "no_such_day"),
        ("portrait", "unreadable"),
        ("portrait", "portrait_format"),
        ("servises", "unknown_field"),
        ("reference", "forbidden_character"),
    ]
    assert town.actions("desk-2") == ["application_refused"]
    # A reference that cannot be one is not put into the audit either: it could be anything.
    assert town.actions("place 6") == town.actions("place 8") == ["application_refused"]


def test_an_application_refused_once_is_taken_when_it_is_corrected(town: Town) -> None:
    (first,) = town.issue(application(birth="1990-02-30"))
    assert isinstance(first, Refused)
    assert town.card(application(), LATER).reference == "desk-1"


def test_who_submits_and_who_approves_are_two_members_of_staff(town: Town) -> None:
    with refused("same_person_approves"):
        town.issue(application(), submitted_by="clerk1", approved_by="clerk1")
    for people in (("nobody", "chief1"), ("clerk1", "nobody")):
        with refused("staff_not_found"):
            town.issue(application(), submitted_by=people[0], approved_by=people[1])
    assert cards_in(town) == 0


def test_the_office_on_the_card_is_that_of_the_submitter(town: Town) -> None:
    with refused("staff_not_found"):
        town.issue(application(office="Another Office"), submitted_by="clerk9")
    (refusal,) = town.issue(application(office="Another Office"))
    assert errors_of(refusal) == [("office", "unknown_field")]
    issued = town.issue(application(), submitted_by="clerk2")[0]
    assert isinstance(issued, Issued)
    with town.installation.store.reading() as tx:
        assert tx.people.facts(tx.cards.get(issued.number).person_id)["office"] == "Yiwu Centre 02"


def test_card_keys_have_a_budget(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "CARDS_PER_KEY", 3)
    town.issue(*map(application, (1, 2, 3)))
    town.issue(*map(application, (4, 5)))
    with refused("card_keys_spent"):
        town.issue(*map(application, (6, 7)))
    # Nothing of the refused batch stayed behind, and what fits the last key still goes through it.
    assert cards_in(town) == 5
    town.card(application(6))
    with refused("card_keys_spent"):
        town.issue(application(7))
    with town.installation.store.reading() as tx:
        assert sorted(tx.prints.signed_by_key().values()) == [3, 3]
        assert tx.prints.intents() == []


def test_no_card_key_signs_outside_its_window(town: Town) -> None:
    with refused("no_key_in_window"):
        town.issue(
            application(permit_expiry="2029-01-01", passport_expiry="2035-01-01"), now=at("2028-01-01 00:00")
        )


@pytest.mark.parametrize("point", ["reserved", "signed"])
def test_what_was_reserved_is_finished_with_the_same_bytes(town: Town, point: str) -> None:
    with pytest.raises(Stopped):
        town.issue(application(1), application(2), crash_point=stop_at(point))
    with town.installation.store.reading() as tx:
        reserved = {intent.id: intent for intent in tx.prints.intents()}
    assert len(reserved) == 2
    assert recover(town.installation, actor="console", now=LATER) == 2
    assert recover(town.installation, actor="console", now=LATER) == 0
    outcomes = town.issue(application(1), application(2), now=LATER)
    assert all(isinstance(one, Issued) and one.repeated for one in outcomes)
    reader = town.reader(now=LATER)
    with town.installation.store.reading() as tx:
        for print_id, intent in reserved.items():
            printed = tx.prints.get(print_id)
            assert printed.state is PrintState.ISSUED
            assert (printed.gate_payload, printed.identity_payload) == (
                intent.gate_payload,
                intent.identity_payload,
            )
    for print_id in reserved:
        assert reader.judge(town.codes(print_id).gate_text, LATER) == "allow ok"
        assert town.codes(print_id) == town.codes(print_id)


def test_an_intent_that_no_longer_passes_is_given_up(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Stopped):
        town.issue(application(1), application(2), crash_point=stop_at("reserved"))
    with town.installation.store.reading() as tx:
        bad, good = tx.prints.intents()
    check = Rehearsal.check

    def strict(self: Rehearsal, payload: bytes, meant: Card) -> None:
        if meant.number == bad.card_number:
            raise IssuanceError("fails_rehearsal", "a rule that came with a newer version")
        check(self, payload, meant)

    monkeypatch.setattr(Rehearsal, "check", strict)
    assert recover(town.installation, actor="console", now=LATER) == 2
    with town.installation.store.reading() as tx:
        assert tx.prints.get(bad.id).state is PrintState.ORPHANED
        assert tx.prints.get(good.id).state is PrintState.ISSUED
        assert tx.cards.get(bad.card_number).state is CardState.ENDED
        taken = tx.status.snapshot(int(LATER.timestamp()))
        assert taken.lists[bad.list_id].values[bad.list_index] == 1
    assert town.actions(bad.card_number) == ["card_reserved", "print_given_up"]

    # Its request is known, and no card: it is refused without stopping others, and may be made anew.
    outcomes = town.issue(application(1), application(2), application(3), now=LATER)
    given_up = [one for one in outcomes if isinstance(one, Refused)]
    assert [errors_of(one) for one in given_up] == [[("reference", "given_up")]]
    person = int(given_up[0].place)
    assert town.card(application(person, reference="anew"), LATER).number != bad.card_number


def test_a_replacement_given_up_leaves_the_card_as_it_was(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = town.card(application())
    with pytest.raises(Stopped):
        town.life(LATER).replace(card.number, "broken", reach=stop_at("signed"))
    monkeypatch.setattr(signing, "_is_sound", lambda installation, intent: False)
    recover(town.installation, actor="console", now=LATER)
    reader = town.reader(now=LATER)
    assert reader.judge(town.codes(card.print_id).gate_text, LATER) == "allow ok"
    again = town.card(application(), LATER)
    assert (again.repeated, again.print_id) == (True, card.print_id)


@pytest.mark.parametrize("why", ["revoked", "distrusted"])
def test_an_intent_that_must_not_be_signed_any_more_stops_no_other(town: Town, why: str) -> None:
    with pytest.raises(Stopped):
        town.issue(application(1), crash_point=stop_at("reserved"))
    with town.installation.store.transaction() as tx:
        (bad,) = tx.prints.intents()
        if why == "revoked":
            tx.cards.revoke(bad.card_number)
        else:
            tx.distrusted.add(DistrustedKeyRecord(bad.signing_kid, "stolen", "chief1", NOW))
    with pytest.raises(Stopped):
        town.issue(application(2), now=LATER, crash_point=stop_at("reserved"))
    assert recover(town.installation, actor="console", now=LATER) == 2
    with town.installation.store.reading() as tx:
        assert tx.prints.get(bad.id).state is PrintState.ORPHANED
        state = tx.cards.get(bad.card_number).state
        assert state is (CardState.REVOKED if why == "revoked" else CardState.ENDED)
    again = town.card(application(2), LATER)
    assert again.repeated


def cannot_sign(monkeypatch: pytest.MonkeyPatch, *numbers: str) -> None:
    """Lets the signing of these cards fail, or that of the second of a batch."""
    real, asked = signing._signed, iter(range(1, 1000))

    def sign(keyring: Keyring, intent: PrintRecord) -> Signatures:
        turn = next(asked)
        if intent.card_number in numbers or (not numbers and turn == 2):
            raise KeysError("key_file_missing", "the key is gone")
        return real(keyring, intent)

    monkeypatch.setattr(signing, "_signed", sign)


def test_one_card_that_cannot_be_signed_loses_none_of_its_batch(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_sign(monkeypatch)
    outcomes = town.issue(*map(application, (1, 2, 3)))
    refusals = [one for one in outcomes if isinstance(one, Refused)]
    assert [errors_of(one) for one in refusals] == [[("card", "not_signed")]]
    with town.installation.store.reading() as tx:
        assert tx.prints.intents() == []
    assert town.card(application(refusals[0].place, reference="anew"), LATER).number


def test_one_intent_that_cannot_be_signed_stops_no_recovery(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Stopped):
        town.issue(application(1), application(2), crash_point=stop_at("reserved"))
    with town.installation.store.reading() as tx:
        bad, good = tx.prints.intents()
    cannot_sign(monkeypatch, bad.card_number)
    assert recover(town.installation, actor="console", now=LATER) == 2
    with town.installation.store.reading() as tx:
        assert tx.prints.get(bad.id).state is PrintState.ORPHANED
        assert tx.prints.get(good.id).state is PrintState.ISSUED
        details = json.loads(tx.audit.of_subject(bad.card_number)[-1].details)
    assert details["reason"] == "key_file_missing"


def test_a_code_over_its_limit_with_the_real_signature_is_given_up(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def over(codes: Codes) -> None:
        raise IssuanceError("code_too_full", "one character too many")

    monkeypatch.setattr(signing, "check_sizes", over)
    (outcome,) = town.issue(application())
    assert errors_of(outcome) == [("card", "not_signed")]


def test_a_card_is_dated_while_nobody_else_writes(town: Town) -> None:
    asked: list[datetime] = []

    def clock() -> datetime:
        if asked:
            other = sqlite3.connect(town.installation.settings.data / "cardsvc.db", timeout=0)
            with closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        asked.append(NOW + timedelta(seconds=30 * len(asked)))
        return asked[-1]

    desk = IssuingDesk(town.installation, submitted_by="clerk1", approved_by="chief1")
    ((outcome,),) = desk.issue([Request(1, application())], base=EXAMPLES, clock=clock)
    assert isinstance(outcome, Issued)
    with town.installation.store.reading() as tx:
        assert tx.prints.get(outcome.print_id).iat == int(asked[1].timestamp())
    assert len(asked) == 2


def test_a_repeat_says_what_became_of_the_card(town: Town) -> None:
    long = application(surname="Ilitis " * 8, given_names="Lili Tiji " * 7)
    first = town.card(long)
    assert first.notes == ("name_cut",)
    assert town.card(long, LATER).notes == ("name_cut",)
    town.life(LATER).suspend(first.number, "a question")
    assert town.card(long, LATER).notes == ("name_cut", "suspended")
    town.life(LATER).revoke(first.number, "fraud")
    (outcome,) = town.issue(long, now=LATER)
    assert errors_of(outcome) == [("reference", "card_is_final")]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"surname": "A" * 60, "given_names": "B"}, ("surname", "name_does_not_fit")),
        (
            {"name_native": "Констан" * 8, "language_native": "rus"},
            ("name_native", "name_does_not_fit"),
        ),
        ({"name_native": "\U00012000\U00012001", "language_native": "akk"}, ("name_native", "no_glyph")),
    ],
)
def test_a_name_the_card_has_no_room_for_reserves_nothing(
    town: Town, changed: dict[str, object], error: tuple[str, str]
) -> None:
    bad, good = town.issue(application(1, **changed), application(2))
    assert errors_of(bad) == [error]
    assert isinstance(good, Issued)
    assert cards_in(town) == 1


@pytest.mark.parametrize("who", ["health1", "auditor1", "dpo1", "printer1", "officer1"])
def test_only_the_desk_issues(town: Town, who: str) -> None:
    for people in ((who, "chief1"), ("clerk1", who)):
        with refused("not_your_role"):
            town.issue(application(), submitted_by=people[0], approved_by=people[1])
    assert isinstance(town.issue(application(), submitted_by="operator1", approved_by="clerk1")[0], Issued)


def test_the_audit_names_no_field_that_is_none(town: Town) -> None:
    town.issue(application(Mwangi="Amina", birth="1990-02-30"))
    with town.installation.store.reading() as tx:
        (entry,) = tx.audit.of_subject("desk-1")
    errors = json.loads(entry.details)["errors"]
    assert "Mwangi" not in entry.details
    assert "unknown field: unknown_field" in errors


def test_after_a_replacement_the_request_makes_no_old_print_anew(town: Town) -> None:
    card = town.card(application())
    town.life(LATER).replace(card.number, "broken")
    (outcome,) = town.issue(application(), now=LATER)
    assert errors_of(outcome) == [("reference", "printed_anew")]


def test_rights_that_no_code_may_hold_go_by_list(town: Town) -> None:
    card = town.card(application(services={"bus": None, "standing": None, "credit": "2026-03-05"}))
    code = town.codes(card.print_id).gate_text
    reader = town.reader(now=at("2026-03-05 10:00"))
    for service in (Service.BUS, Service.STANDING, Service.CREDIT):
        assert reader.judge(code, at("2026-03-05 15:59:59"), service) == "allow ok"
    assert reader.judge(code, at("2026-03-05 16:00:00"), Service.CREDIT) == "deny no_entitlement"
    with town.installation.store.reading() as tx:
        printed = Card.decode(tx.prints.get(card.print_id).gate_payload)
    assert printed.services == 1 << Service.BUS
    assert not printed.service_days


def test_every_act_is_recorded_with_its_people(town: Town) -> None:
    card = town.card(application())
    with town.installation.store.reading() as tx:
        reserved, issued = tx.audit.of_subject(card.number)
        known = tx.applications.by_reference("desk-1")
    assert (reserved.actor, issued.actor) == ("clerk1", "chief1")
    assert json.loads(reserved.details) == {"reference": "desk-1", "approved_by": "chief1", "print": 1}
    assert known is not None
    assert (known.state, known.card_number) == (ApplicationState.ISSUED, card.number)


def test_the_records_and_the_audit_name_nobody(town: Town, tmp_path: Path) -> None:
    town.issue(
        application(
            1, surname="Canarymwangi", name_native="Канарейка", language_native="rus", address="Canary 9"
        ),
        application(2, surname="Canarymwangi", birth="1990-02-30", email="canary@canary"),
    )
    with workshop(town.installation, tmp_path / "out", actor="chief1", count=1) as shop:
        with town.installation.store.reading() as tx:
            prints = [printed.id for kid in tx.prints.signed_by_key() for printed in tx.prints.of_key(kid)]
        list(shop.produce(prints, now=NOW))
    raw = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("cardsvc.db*"))
    for canary in ("Canary", "CANARY", "canary", "Канарейка", "A0000001", "A0000002"):
        assert canary.encode() not in raw, canary


def test_setting_up_twice_is_refused_and_changes_nothing(town: Town) -> None:
    settings = town.installation.settings
    before = town.installation.keyring.key_list_bytes
    with refused("already_initialised"), make_town(settings.data):
        pass
    assert town.installation.keyring.key_list_bytes == before
    assert town.card(application()).number


def test_only_one_process_issues_at_a_time(town: Town) -> None:
    other = Installation(
        town.installation.settings,
        town.installation.store,
        town.installation.issuer,
        town.installation.keyring,
    )
    with town.installation.issuing_alone(), refused("issuing_busy"), other.issuing_alone():
        pass
    with other.issuing_alone():
        pass


def test_what_is_odd_about_a_portrait_is_noted_and_stops_nothing(town: Town) -> None:
    out = io.BytesIO()
    Image.new("RGB", (420, 540), (30, 30, 30)).save(out, "PNG")
    odd = application(portrait=base64.b64encode(out.getvalue()).decode("ascii"))
    assert set(town.card(odd).notes) == {"portrait_no_face", "portrait_too_dark", "portrait_blurred"}
    assert town.card(application(2)).notes == ()
