"""What happens between two steps of one thing: another person, another act, a disk without room."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cardsvc.desk import asserting, life
from cardsvc.desk.enacting import recover_acts
from cardsvc.records import ActState, CredentialRecord, PrintRecord, StaffMember, Unavailable
from cardsvc.records.audit import AuditLog
from cardsvc.trust.publishing import status_snapshot
from cardsvc.trust.reconciling import AGREED, reconcile
from keys.errors import KeysError
from tests.desk.api import Api, Person, make_api
from tests.desk.office import CENTRE, OTHER_CENTRE, make_office


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        yield made
        assert office.town.audit_is_whole()


def issued(api: Api, **changed: Any) -> str:
    case = api.as_("clerk1").submitted(**changed)
    (card,) = api.as_("chief1").approved(case["id"])
    number: str = card["number"]
    return number


def asked(api: Api, number: str, act: str, **more: Any) -> str:
    body = {"act": act, "reason": "a reason", **more}
    request: str = api.as_("clerk1").post(f"/cards/{number}/acts", body, status=202)["act_request"]
    return request


def second_chief(api: Api) -> Person:
    """Another approver of the same centre, with a key."""
    with api.office.site.store.transaction() as tx:
        tx.staff.put(StaffMember("chief9", "approver", CENTRE, [], "Nine", "en"))
    api.office.give_key("chief9")
    return api.as_("chief9")


def prints_of(api: Api, number: str) -> list[PrintRecord]:
    with api.office.site.store.reading() as tx:
        return tx.prints.of_card(number)


def lists_are_signed(api: Api) -> bool:
    """The signer takes every list of now: nothing in it goes back on what it signed before."""
    snapshot = status_snapshot(api.office.site, api.office.clock)
    for one in snapshot.lists:
        api.office.site.signer.sign_status_list(one, int(snapshot.taken.timestamp()))
    return bool(snapshot.lists)


def test_two_approvers_asked_at_once_leave_one_reservation(api: Api) -> None:
    number, chiefs = issued(api), [api.as_("chief1"), second_chief(api)]
    act, answers = asked(api, number, "replace"), {}

    def ask(person: Person) -> None:
        answers[person.id] = person.client.post(f"/api/desk/acts/{act}/challenge")

    threads = [threading.Thread(target=ask, args=(person,)) for person in chiefs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answers[person.id].status_code for person in chiefs] == [200, 200]
    assert [one.state for one in prints_of(api, number)].count("intent") == 1
    for person in chiefs:
        credential = api.office.device(person.id).get(answers[person.id].json()["options"])
        person.client.post(f"/api/desk/acts/{act}/approve", json={"credential": credential})
    assert [(one.state, one.status) for one in prints_of(api, number)] == [
        ("issued", 3),
        ("orphaned", 1),
        ("issued", 0),
    ]
    assert lists_are_signed(api)
    api.office.clock.pass_by(minutes=15)
    assert api.office.recover() == 0
    assert lists_are_signed(api)


def test_a_card_revoked_meanwhile_gets_no_other_print(api: Api) -> None:
    number, chief = issued(api), api.as_("chief1")
    act = asked(api, number, "replace")
    options = chief.post(f"/acts/{act}/challenge")["options"]
    with api.office.site.store.transaction() as tx:
        tx.cards.revoke(number)
    body = {"credential": api.office.device("chief1").get(options)}
    assert chief.reason("POST", f"/acts/{act}/approve", body) == "card_is_final"
    assert [(one.state, one.status) for one in prints_of(api, number)] == [("issued", 1), ("orphaned", 1)]
    assert chief.reason("POST", f"/acts/{act}/challenge") == "card_is_final"
    assert lists_are_signed(api)


def test_a_stay_is_looked_at_before_any_key_is_touched(api: Api) -> None:
    free = issued(api, **{"class": "talent", "permit_kind": "none", "permit": None, "permit_expiry": None,
                          "permit_class": None})  # fmt: skip
    number = issued(api, passport="A0000002", given_names="Layla", reference="other")
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    for card, day, reason in (
        (free, "2027-03-05", "no_permit"),
        (number, "2026-06-30", "not_longer"),
        (number, "2046-06-30", "too_far"),
    ):
        body = {"act": "extend", "reason": "a reason", "permit_until": day}
        assert clerk.reason("POST", f"/cards/{card}/acts", body) == reason
    act = asked(api, number, "extend", permit_until="2026-07-31")
    api.office.clock.pass_by(days=200)
    assert api.as_(chief.id).reason("POST", f"/acts/{act}/challenge") == "day_passed"


@pytest.mark.parametrize("reason", ["ledger_failed", "disk_full", "signer_failed"])
def test_a_signer_without_room_throws_no_approval_away(
    api: Api, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    case, chief = api.as_("clerk1").submitted(), api.as_("chief1")
    chief.get(f"/cases/{case['id']}")
    begun = chief.begun(case["id"])
    credential = api.office.device("chief1").get(begun["options"])
    with monkeypatch.context() as broken:
        broken.setattr(type(api.office.site.signer), "sign_cards", failing(KeysError(reason, "no room")))
        path = f"/api/desk/approvals/{begun['approval']}/sign"
        answer = chief.client.post(path, json={"credential": credential})
        assert answer.status_code == (507 if reason == "disk_full" else 503)
        assert api.office.recover() == 0
    assert api.office.recover() == 1
    assert chief.get(f"/cases/{case['id']}")["state"] == "issued"


def test_what_the_signer_stumbles_over_is_given_back_in_the_end(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, chief = api.as_("clerk1").submitted(), api.as_("chief1")
    chief.get(f"/cases/{case['id']}")
    begun = chief.begun(case["id"])
    body = {"credential": api.office.device("chief1").get(begun["options"])}
    stumbling = failing(KeysError("signer_failed", "it could not"))
    monkeypatch.setattr(type(api.office.site.signer), "sign_cards", stumbling)
    assert chief.reason("POST", f"/approvals/{begun['approval']}/sign", body) == "signer_failed"
    api.office.clock.pass_by(minutes=15)
    api.office.recover()
    assert api.office.case(case["id"]).state == "submitted"


def test_an_act_is_finished_when_the_records_can_be_written_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, chief = issued(api), api.as_("chief1")
    api.as_("clerk1").post(f"/cards/{number}/acts", {"act": "suspend", "reason": "lost"})
    act = asked(api, number, "reinstate")
    options = chief.post(f"/acts/{act}/challenge")["options"]
    body = {"credential": api.office.device("chief1").get(options)}
    with monkeypatch.context() as busy:
        busy.setattr(life.CardLife, "reinstate", failing(Unavailable("database_busy", "try again")))
        assert chief.reason("POST", f"/acts/{act}/approve", body) == "database_busy"
    assert recover_acts(api.office.site, api.office.clock.now) == 1
    with api.office.site.store.reading() as tx:
        assert (tx.acts.get(act).state, tx.cards.get(number).state) == ("done", "active")


def test_a_hold_placed_since_is_not_lifted(api: Api) -> None:
    """Two people free a card that was found; meanwhile the police hold it, and nobody has looked at that."""
    number, clerk, chief = issued(api), api.as_("clerk1"), api.as_("chief1")
    clerk.post(f"/cards/{number}/acts", {"act": "suspend", "reason": "lost"})
    act = asked(api, number, "reinstate")
    body = touched(api, act)
    stolen = {"act": "suspend", "reason": "police: stolen"}
    api.as_("clerk2").post(f"/cards/{number}/acts", stolen)
    assert chief.reason("POST", f"/acts/{act}/approve", body) == "held_again"
    assert chief.reason("POST", f"/acts/{act}/challenge") == "held_again"
    assert still_held(api, number) == {"lost", "police: stolen"}
    assert signer_was_told(api, number) is False
    chief.post(f"/acts/{act}/refuse", {"words": "Look at the police's hold first."})
    act = asked(api, number, "reinstate")
    assert chief.post(f"/acts/{act}/approve", touched(api, act))["card"]["state"] == "active"
    assert still_held(api, number) == set()
    assert lists_are_signed(api)


def test_a_print_reported_lost_since_stays_so(api: Api) -> None:
    number, chief, now = issued(api), api.as_("chief1"), api.office.clock.now
    api.as_("clerk1").post(f"/cards/{number}/acts", {"act": "suspend", "reason": "lost"})
    act = asked(api, number, "reinstate")
    (printed,) = prints_of(api, number)
    with api.office.site.store.transaction() as tx:
        tx.phones.report_lost(printed.id, now)
    assert chief.reason("POST", f"/acts/{act}/challenge") == "held_again"


def test_a_hold_placed_while_the_signer_answers_ends_the_request(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, chief = issued(api), api.as_("chief1")
    api.as_("clerk1").post(f"/cards/{number}/acts", {"act": "suspend", "reason": "lost"})
    act = asked(api, number, "reinstate")
    body, told = touched(api, act), type(api.office.site.signer).record_act

    def held_meanwhile(*given: Any) -> None:
        told(*given)
        with api.office.site.store.transaction() as tx:
            tx.cards.suspend(number, reason="stolen", by="clerk2", now=api.office.clock.now)

    monkeypatch.setattr(type(api.office.site.signer), "record_act", held_meanwhile)
    assert chief.reason("POST", f"/acts/{act}/approve", body) == "held_again"
    assert still_held(api, number) == {"lost", "stolen"}
    assert state_of(api, act) == ActState.RETURNED
    assert reconcile(api.office.site, api.office.clock.now) == AGREED
    assert lists_are_signed(api)


def test_a_hold_placed_while_the_signer_is_away_ends_the_request(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, chief = issued(api), api.as_("chief1")
    clerk = api.as_("clerk1")
    clerk.post(f"/cards/{number}/acts", {"act": "suspend", "reason": "lost"})
    act = asked(api, number, "reinstate")
    body = touched(api, act)
    with monkeypatch.context() as away:
        away.setattr(type(api.office.site.signer), "record_act", failing(KeysError("signer_away", "gone")))
        assert chief.reason("POST", f"/acts/{act}/approve", body) == "signer_away"
    clerk.post(f"/cards/{number}/acts", {"act": "suspend", "reason": "stolen"})
    assert recover_acts(api.office.site, api.office.clock.now) == 0
    assert state_of(api, act) == ActState.RETURNED
    assert still_held(api, number) == {"lost", "stolen"}
    assert signer_was_told(api, number) is False


def test_a_wish_that_was_taken_back_is_not_carried_out(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    number, clerk, chief = issued(api), api.as_("clerk1"), api.as_("chief1")
    act, before = asked(api, number, "revoke"), asserting.check_decider

    def taken_back_meanwhile(*given: Any) -> None:
        before(*given)
        clerk.post(f"/acts/{act}/refuse", {"words": "The wrong card."})

    monkeypatch.setattr(asserting, "check_decider", taken_back_meanwhile)
    assert chief.reason("POST", f"/acts/{act}/approve", {}) == "act_moved"
    assert state_of(api, act) == ActState.RETURNED
    with api.office.site.store.reading() as tx:
        assert tx.cards.get(number).state == "active"
        assert "card_revoked" not in [entry.action for entry in tx.audit.of_subject(number)]


def test_a_card_that_could_not_be_changed_leaves_the_request_open(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both or neither: the card's change and the end of the request are one transaction."""
    number, chief = issued(api), api.as_("chief1")
    act = asked(api, number, "revoke")
    with monkeypatch.context() as full:
        full.setattr(AuditLog, "append", failing(Unavailable("disk_full", "no room")))
        assert chief.reason("POST", f"/acts/{act}/approve", {}) == "disk_full"
    assert state_of(api, act) == ActState.WAITING
    assert chief.post(f"/acts/{act}/approve")["card"]["state"] == "revoked"


def test_what_the_signer_stumbles_over_is_no_work_done(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who goes on while there is work would else ask the signer without a rest, until the answer runs out."""
    number, chief = issued(api), api.as_("chief1")
    api.as_("clerk1").post(f"/cards/{number}/acts", {"act": "suspend", "reason": "lost"})
    act = asked(api, number, "reinstate")
    body, now = touched(api, act), api.office.clock.now
    with monkeypatch.context() as broken:
        stumbling = failing(KeysError("signer_failed", "it could not"))
        broken.setattr(type(api.office.site.signer), "record_act", stumbling)
        assert chief.reason("POST", f"/acts/{act}/approve", body) == "signer_failed"
        assert recover_acts(api.office.site, now) == 0
        assert state_of(api, act) == ActState.ASSERTED
    assert recover_acts(api.office.site, now) == 1
    assert state_of(api, act) == ActState.DONE


def test_what_is_for_ever_wants_a_fresh_proof_and_a_hold_wants_none(api: Api) -> None:
    """A provider opens sessions: whoever controls it must not end cards, nor cases, by them alone."""
    number, clerk, chief = issued(api), api.as_("clerk1", fresh=False), api.as_("chief1", fresh=False)
    act, case = asked(api, number, "revoke"), api.as_("clerk1").submitted(reference="b", passport="A0000002")
    refusal = {"version": case["version"], "reason": "other", "words": "no"}
    assert chief.post(f"/acts/{act}/challenge")["options"] is None
    for body in ({}, touched_for_nothing(api)):
        assert chief.reason("POST", f"/acts/{act}/approve", body) == "step_up_needed"
    assert chief.reason("POST", f"/cases/{case['id']}/refuse", refusal) == "step_up_needed"
    for person in (clerk, chief):
        assert person.post(f"/cards/{number}/acts", {"act": "suspend", "reason": "lost"})["done"]
    free = asked(api, number, "reinstate")
    assert chief.post(f"/acts/{free}/approve", touched(api, free))["card"]["state"] == "active"
    proved = api.as_("chief1")
    assert proved.post(f"/acts/{act}/approve")["card"]["state"] == "revoked"
    assert proved.post(f"/cases/{case['id']}/refuse", refusal)["state"] == "refused"


def touched_for_nothing(api: Api) -> dict[str, Any]:
    """An answer of the key that nobody asked for."""
    return {"credential": api.office.device("chief1").get({"challenge": "AAAA"})}


def touched(api: Api, act: str) -> dict[str, Any]:
    """The first chief's answer to the challenge of an act."""
    options = api.as_("chief1").post(f"/acts/{act}/challenge")["options"]
    return {"credential": api.office.device("chief1").get(options)}


def still_held(api: Api, number: str) -> set[str]:
    """Why the card is held: the reasons of its open holds."""
    with api.office.site.store.reading() as tx:
        return {hold.reason for hold in tx.cards.holds(number) if hold.lifted_at is None}


def state_of(api: Api, act: str) -> ActState:
    with api.office.site.store.reading() as tx:
        return tx.acts.get(act).state


def signer_was_told(api: Api, number: str) -> bool:
    """Whether the signer would let a list free the card now."""
    with api.office.ledger.transaction() as db:
        (lift_until,) = db.execute("SELECT max(lift_until) FROM slot WHERE number = ?", (number,)).fetchone()
    return bool(lift_until > int(api.office.clock.now.timestamp()))


def test_a_guardian_named_by_the_family_outlives_a_clerk_who_saves(api: Api) -> None:
    clerk, other = api.as_("clerk1"), api.as_("clerk1")
    parent = clerk.draft(reference="parent")
    child = clerk.draft(passport="A0000002", given_names="Layla", reference="child")
    seen = other.get(f"/cases/{child['id']}")
    clerk.post("/families", {"cases": [parent["id"], child["id"]], "guardian": parent["id"]}, status=201)
    typed = dict(seen["application"]) | {"surname": "Mwangii"}
    saved = other.call("PUT", f"/cases/{child['id']}", {"version": seen["version"], "application": typed})
    assert saved["application"]["guardian"] == "Mwangi, Amina Zeynep"
    assert saved["application"]["surname"] == "Mwangii"


def test_what_changed_since_it_was_looked_at_is_not_approved(api: Api) -> None:
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    case = clerk.submitted()
    seen = chief.get(f"/cases/{case['id']}")
    case = clerk.post(f"/cases/{case['id']}/recall", {"version": case["version"]})
    raw = dict(case["application"]) | {"surname": "Otieno"}
    case = clerk.call("PUT", f"/cases/{case['id']}", {"version": case["version"], "application": raw})
    clerk.post(f"/cases/{case['id']}/submit", {"version": case["version"]})
    body = {"cases": [{"id": case["id"], "version": seen["version"]}]}
    assert chief.reason("POST", "/approvals", body) == "changed_meanwhile"
    assert chief.approved(case["id"])[0]["state"] == "issued"


def test_nobody_decides_whom_the_approvers_have_not_admitted(api: Api) -> None:
    """One operator makes people, and gives anybody a new way in; no decision follows from that."""
    number = issued(api)
    act, case = asked(api, number, "revoke"), api.as_("clerk1").submitted(reference="b", passport="A0000002")
    with api.office.site.store.transaction() as tx:
        tx.staff.put(StaffMember("ghost", "approver", CENTRE, [], "Ghost", "en"))
    deciding = [
        (f"/acts/{act}/approve", {}),
        (f"/acts/{act}/refuse", {"words": "no"}),
        (f"/cases/{case['id']}/return", {"version": case["version"], "words": "no"}),
        (f"/cases/{case['id']}/refuse", {"version": case["version"], "reason": "other", "words": "no"}),
    ]
    ghost, chief, now = api.as_("ghost"), api.as_("chief1"), api.office.clock.now
    assert {ghost.reason("POST", path, body) for path, body in deciding} == {"no_approver_key"}
    with api.office.site.store.transaction() as tx:
        strange = CredentialRecord("c3RyYW5nZQ", "chief1", b"", b"key", 0, "by an operator", now, None)
        tx.credentials.add(strange)
    assert {chief.reason("POST", path, body) for path, body in deciding} == {"no_approver_key"}
    with api.office.site.store.transaction() as tx:
        assert tx.cards.get(number).state == "active"
        tx.credentials.remove_all("chief1")
    assert chief.post(f"/acts/{act}/approve")["card"]["state"] == "revoked"


def test_each_office_sees_its_own_work_however_much_others_have(api: Api) -> None:
    number = issued(api)
    asked(api, number, "revoke")
    with api.office.site.store.reading() as tx:
        assert len(tx.print_jobs.unprinted(offices=[CENTRE])) == 1
        assert tx.print_jobs.unprinted(offices=[OTHER_CENTRE]) == []
        waiting, nobody = [ActState.WAITING], frozenset[int]()
        assert len(tx.acts.page_of(waiting, "grant", offices=[CENTRE], services=nobody, limit=1)) == 1
        assert tx.acts.page_of(waiting, "grant", offices=[OTHER_CENTRE], services=nobody, limit=1) == []
    assert api.as_("clerk2").get("/acts")["acts"] == []


def failing(error: Exception) -> Any:
    """A method that always fails so."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail
