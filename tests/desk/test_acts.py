"""Acts on cards: who may do what alone, what waits for whom, and what the signer has to be told."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cardsvc.desk import cards
from cardsvc.desk.enacting import recover_acts
from cardsvc.records import ACT_RECORDED
from cardsvc.records.cases import Cases
from cardsvc.records.people import People
from cardsvc.trust.reconciling import AGREED, Difference, reconcile
from keys.requests import Asked, ReinstateRequest, challenge_of
from tests.desk.api import Api, Person, make_api
from tests.desk.office import CENTRE, make_office
from verify.services import Service


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        office.give_key("library1", "department", (int(Service.LIBRARY),))
        yield made
        assert office.town.audit_is_whole()


def issued(api: Api) -> str:
    case = api.as_("clerk1").submitted()
    (card,) = api.as_("chief1").approved(case["id"])
    number: str = card["number"]
    return number


def judged(api: Api, number: str, service: Service = Service.BUS) -> str:
    """What a reader says to the newest print, with a bundle of now."""
    with api.office.site.store.reading() as tx:
        printed = tx.prints.current_of(number)
    assert printed is not None
    return api.office.judge(printed.id, service)[0]


def asked(person: Person, number: str, act: str, **more: Any) -> str:
    body = {"act": act, "reason": "a reason", **more}
    request: str = person.post(f"/cards/{number}/acts", body, status=202)["act_request"]
    return request


def approved(person: Person, act: str) -> Any:
    options = person.post(f"/acts/{act}/challenge")["options"]
    credential = None if options is None else person.office.device(person.id).get(options)
    return person.post(f"/acts/{act}/approve", {"credential": credential})


def test_one_person_holds_a_card_and_two_free_it(api: Api) -> None:
    clerk, chief, number = api.as_("clerk1"), api.as_("chief1"), issued(api)
    done = clerk.post(f"/cards/{number}/acts", {"act": "suspend", "reason": "reported lost"})
    assert done["done"]
    assert done["card"]["state"] == "suspended"
    assert judged(api, number) == "deny suspended"
    act = asked(clerk, number, "reinstate")
    assert clerk.reason("POST", f"/acts/{act}/approve", {}) == "not_your_role"
    assert chief.reason("POST", f"/acts/{act}/approve", {}) == "credential_missing"
    assert approved(chief, act)["card"]["state"] == "active"
    assert judged(api, number) == "allow ok"


def test_a_found_card_is_held_at_any_office(api: Api) -> None:
    number = issued(api)
    done = api.as_("clerk2").post(f"/cards/{number}/acts", {"act": "suspend", "reason": "found"})
    assert done == {"done": True, "act_request": None, "card": None}
    assert api.as_("clerk2").reason("GET", f"/cards/{number}") == "card_not_found"


def test_revoking_needs_a_second_person_and_no_key(api: Api) -> None:
    clerk, chief, number = api.as_("clerk1"), api.as_("chief1"), issued(api)
    act = asked(clerk, number, "revoke")
    assert (
        clerk.reason("POST", f"/cards/{number}/acts", {"act": "revoke", "reason": "again"}) == "already_asked"
    )
    assert approved(chief, act)["act"]["state"] == "done"
    assert judged(api, number) == "deny revoked"
    own = asked(chief, issued_again(api), "revoke")
    assert chief.reason("POST", f"/acts/{own}/approve", {}) == "own_request"


def issued_again(api: Api) -> str:
    case = api.as_("clerk1").submitted(reference="second")
    (card,) = api.as_("chief1").approved(case["id"])
    number: str = card["number"]
    return number


def test_a_longer_stay_needs_the_approvers_key(api: Api) -> None:
    clerk, chief, number = api.as_("clerk1"), api.as_("chief1"), issued(api)
    act = asked(clerk, number, "extend", permit_until="2027-06-30")
    assert approved(chief, act)["card"]["permit_until"] == "2027-06-30"
    assert chief.get(f"/cards/{number}")["history"][-1]["action"] == "act_recorded"
    api.office.clock.pass_by(days=200)
    assert judged(api, number) == "allow ok"


def test_another_print_carries_the_rights_of_today(api: Api) -> None:
    clerk, chief, number = api.as_("clerk1"), api.as_("chief1"), issued(api)
    act = asked(clerk, number, "replace")
    first = chief.post(f"/acts/{act}/challenge")["options"]
    assert first["challenge"] != chief.post(f"/acts/{act}/challenge")["options"]["challenge"]
    card = approved(chief, act)["card"]
    assert [(one["print"], one["state"], one["status"]) for one in card["prints"]] == [
        (1, "issued", "replaced"),
        (2, "orphaned", "revoked"),
        (3, "orphaned", "revoked"),
        (4, "issued", "valid"),
    ]
    assert judged(api, number) == "allow ok"


def test_the_audit_names_every_act_that_the_signer_recorded(api: Api) -> None:
    clerk, chief, library, number = api.as_("clerk1"), api.as_("chief1"), api.as_("library1"), issued(api)
    clerk.post(f"/cards/{number}/acts", {"act": "suspend", "reason": "reported lost"})
    approved(chief, asked(clerk, number, "reinstate"))
    approved(chief, asked(clerk, number, "extend", permit_until="2027-06-30"))
    approved(library, asked(library, number, "grant", service="library"))
    approved(chief, asked(clerk, number, "replace"))
    assert reconcile(api.office.site, api.office.clock.now) == AGREED


def test_an_act_behind_the_audits_back_is_named_at_the_next_start(api: Api) -> None:
    """Recorded by the signer and by nobody else, and the other way round."""
    number, site, now = issued(api), api.office.site, api.office.clock.now
    asked_for = Asked("clerk1", (CENTRE,), site.signer.nonce(), int(now.timestamp()))
    request = ReinstateRequest(asked_for, number).encode()
    site.signer.record_act(request, api.office.device("chief1").approve("chief1", request))
    with site.store.transaction() as tx:
        tx.audit.append("chief1", ACT_RECORDED, number, {"approved": "00" * 32}, now)
    assert reconcile(site, now) == Difference(0, 0, acts_lacking=1, acts_unknown=1)
    with site.store.reading() as tx:
        last = tx.audit.of_subject(site.issuer.iss)[-1]
    assert last.action == "signer_differs"
    assert json.loads(last.details) == {
        "lacking": 0,
        "unknown": 0,
        "cards": [],
        "acts_unknown": ["00" * 32],
        "acts_lacking": [f"reinstate {challenge_of(request).hex()}"],
    }


def test_an_act_that_the_jobs_finished_first_is_answered_as_done(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, chief, number = api.as_("clerk1"), api.as_("chief1"), issued(api)
    clerk.post(f"/cards/{number}/acts", {"act": "suspend", "reason": "reported lost"})
    act = asked(clerk, number, "reinstate")
    signer = type(api.office.site.signer)
    record_act = signer.record_act

    def overtaken(self: Any, *given: Any) -> None:
        record_act(self, *given)
        monkeypatch.undo()
        recover_acts(api.office.site, api.office.clock.now)

    monkeypatch.setattr(signer, "record_act", overtaken)
    assert approved(chief, act)["card"]["state"] == "active"
    with api.office.site.store.reading() as tx:
        assert [one.action for one in tx.audit.of_subject(number)].count(ACT_RECORDED) == 1


def test_a_department_grants_its_own_service_with_its_key(api: Api) -> None:
    library, number = api.as_("library1"), issued(api)
    assert judged(api, number, Service.LIBRARY) == "allow ok"
    gone = library.post(
        f"/cards/{number}/acts", {"act": "withdraw", "reason": "unpaid", "service": "library"}
    )
    assert gone == {"done": True, "act_request": None, "card": None}
    assert judged(api, number, Service.LIBRARY) == "deny entitlement_withdrawn"
    act = asked(library, number, "grant", service="library", until="2026-12-31")
    assert approved(library, act)["act"]["state"] == "done"
    assert judged(api, number, Service.LIBRARY) == "allow ok"
    foreign = {"act": "grant", "reason": "no", "service": "bus"}
    assert library.reason("POST", f"/cards/{number}/acts", foreign) == "not_your_service"
    assert library.client.get(f"/api/desk/cards/{number}").status_code == 403
    clerk = api.as_("clerk1")
    assert clerk.reason("POST", f"/cards/{number}/acts", foreign) == "not_your_role"


def test_a_refused_wish_changes_nothing(api: Api) -> None:
    clerk, chief, number = api.as_("clerk1"), api.as_("chief1"), issued(api)
    act = asked(clerk, number, "revoke")
    assert chief.post(f"/acts/{act}/refuse", {"words": "No."})["act"]["state"] == "refused"
    assert chief.reason("POST", f"/acts/{act}/approve", {}) == "act_not_open"
    assert judged(api, number) == "allow ok"
    assert chief.get("/acts")["acts"] == []


def test_cards_are_found_by_what_people_know(api: Api) -> None:
    clerk, number = api.as_("clerk1"), issued(api)
    grouped = f"{number[:4]} {number[4:8]} {number[8:12]} {number[12:]}"
    for words in (number, grouped, "mwangi", "A0000001"):
        assert [row["number"] for row in clerk.get(f"/cards?search={words}")["rows"]] == [number], words
    assert api.as_("clerk2").get("/cards?search=mwangi")["rows"] == []
    card = clerk.get(f"/cards/{number}")
    assert [right["service"] for right in card["rights"]] == ["bus", "library"]
    assert [entry["action"] for entry in card["history"]] == ["card_reserved", "card_issued"]


def test_a_wide_search_opens_no_more_than_it_shows(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    cases = [
        clerk.submitted(passport=f"A000000{n}", reference=f"r{n}", given_names=f"Name {'ABC'[n]}")["id"]
        for n in range(3)
    ]
    numbers = {card["number"] for card in chief.approved(*cases)}
    monkeypatch.setattr(cards, "MOST", 2)
    monkeypatch.setattr(cards, "A_LOOK", 1)
    opened: list[str] = []
    original = People.facts_of

    def facts_of(people: People, ids: Sequence[str]) -> Any:
        opened.extend(ids)
        return original(people, ids)

    monkeypatch.setattr(People, "facts_of", facts_of)
    monkeypatch.setattr(People, "facts", None)
    monkeypatch.setattr(Cases, "of_card", None)
    found = clerk.get("/cards?search=mwangi")
    rows = found["rows"]
    assert len(opened) == len(rows) == 2
    assert found["more"]
    assert {row["number"] for row in rows} < numbers
    assert {row["office"] for row in rows} == {"Yiwu Centre 01"}
    monkeypatch.setattr(cards, "MOST", 3)
    found = clerk.get("/cards?search=mwangi")
    assert {row["number"] for row in found["rows"]} == numbers
    assert not found["more"]


def test_a_reservation_is_no_card_yet(api: Api) -> None:
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    case = clerk.submitted()
    chief.get(f"/cases/{case['id']}")
    begun = chief.post("/approvals", {"cases": chief.seen(case["id"])}, status=201)
    number = begun["cards"][0]["number"]
    assert clerk.reason("GET", f"/cards/{number}") == "card_not_found"
    assert clerk.get("/cards?search=mwangi")["rows"] == []
    assert clerk.get(f"/cases/{case['id']}")["state"] == "approving"
    assert chief.call("DELETE", f"/approvals/{begun['approval']}", status=204) == b""
    assert clerk.get(f"/cases/{case['id']}")["state"] == "submitted"
