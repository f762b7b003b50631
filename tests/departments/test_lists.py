"""A department's lists: read first, allowed by one touch of its key, carried out line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cardsvc.departments import lists
from cardsvc.records import ACT_RECORDED
from cardsvc.trust.publishing import served_bundle
from cardsvc.trust.reconciling import AGREED, reconcile
from issuance.number import new_number
from keys.errors import KeysError
from tests.desk.api import Api, Person, make_api
from tests.desk.office import Office, make_office
from tests.desk.town import NOW
from verify.services import Service


@dataclass
class Library:
    """Somebody of the library before a screen, with the library's key."""

    api: Api
    person: Person

    def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self.person.client.request(method, f"/api/services{path}", json=body)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:1000]}"
        return answer.json() if answer.content else None

    def reason(self, method: str, path: str, body: Any = None) -> str:
        answer = self.person.client.request(method, f"/api/services{path}", json=body)
        assert answer.status_code >= 400, answer.text[:500]
        reason: str = answer.json()["reason"]
        return reason

    def read(self, act: str, *lines: tuple[str, str | None]) -> Any:
        """A list as it is read: (number, last day) each."""
        rows = [{"line": n, "number": number, "until": day} for n, (number, day) in enumerate(lines, 2)]
        body = {"act": act, "reason": "a term", "lines": rows}
        return self.call("POST", "/library/lists", body, status=201)

    def touch(self, row: str) -> Any:
        """One touch of the key over the list, and all of it carried out."""
        options = self.call("POST", f"/library/lists/{row}/challenge")["options"]
        credential = self.api.office.device(self.person.id).get(options)
        self.call("POST", f"/library/lists/{row}/grant", {"credential": credential})
        return self.carried_out(row)

    def carried_out(self, row: str) -> Any:
        self.api.app.state.serving.jobs.run_now()
        return self.call("GET", f"/library/lists/{row}")


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        office.give_key("library1", "department", (int(Service.LIBRARY),))
        yield made
        assert office.town.audit_is_whole()


@pytest.fixture
def library(api: Api) -> Library:
    return Library(api, api.as_("library1"))


def issued(api: Api, person: int = 1) -> str:
    case = api.as_("clerk1").submitted(
        number=person, given_names=f"Amina {chr(64 + person) * 3}", services=["bus"]
    )
    (card,) = api.as_("chief1").approved(case["id"])
    number: str = card["number"]
    return number


def judged(office: Office, number: str, service: Service = Service.LIBRARY) -> str:
    with office.site.store.reading() as tx:
        printed = tx.prints.current_of(number)
    assert printed is not None
    return office.judge(printed.id, service)[0]


def said(answer: Any) -> list[tuple[int, str, str | None]]:
    return [(one["line"], one["state"], one["reason"]) for one in answer["lines"]]


def test_a_list_is_granted_by_one_touch_each_card_to_its_own_day(api: Api, library: Library) -> None:
    one, two = issued(api), issued(api, 2)
    assert judged(api.office, one) == "deny no_entitlement"
    read = library.read("grant", (one, "2026-06-30"), (two, None))
    assert read["counts"] == {"ready": 2}
    assert judged(api.office, one) == "deny no_entitlement"
    done = library.touch(read["id"])
    assert (done["state"], done["counts"], done["decided_by"]) == ("done", {"done": 2}, "library1")
    assert [judged(api.office, card) for card in (one, two)] == ["allow ok", "allow ok"]
    rights = library.call("GET", "/library/rights")["rights"]
    assert {(row["number"], row["value"], row["until"]) for row in rights} == {
        (one, "until", "2026-06-30"),
        (two, "granted", None),
    }
    api.office.clock.pass_by(days=150)
    assert judged(api.office, one).startswith("deny")
    assert reconcile(api.office.site, api.office.clock.now) == AGREED
    with api.office.site.store.reading() as tx:
        trail = [entry.action for entry in tx.audit.of_subject(read["id"])]
    assert trail == ["rights_list_made", ACT_RECORDED, "rights_list_done"]


def test_every_line_says_why_it_is_not_done(api: Api, library: Library) -> None:
    number, ended = issued(api), issued(api, 2)
    api.office.town.life(NOW).revoke(ended, "lost")
    stranger = new_number(lambda _: 271828182845)
    read = library.read(
        "grant",
        (number, "2026-06-30"),
        (number, None),
        ("Fatima Example", None),
        (number[:-1] + str((int(number[-1]) + 1) % 10), None),
        (stranger, None),
        (ended, None),
    )
    assert said(read) == [
        (2, "ready", None),
        (3, "refused", "twice_in_list"),
        (4, "refused", "wrong_number"),
        (5, "refused", "wrong_number"),
        (6, "refused", "card_not_found"),
        (7, "refused", "card_is_final"),
    ]
    # What stood where a number belongs may be a name: it is not kept, and not shown again.
    assert "Fatima" not in str(read)
    for day, reason in (
        ("2026-03-01", "day_passed"),
        ("1999-01-01", "day_passed"),
        ("2099-01-01", "beyond_card"),
    ):
        assert said(library.read("grant", (number, day))) == [(2, "refused", reason)]
    library.touch(read["id"])
    assert said(library.read("grant", (number, "2026-06-30"))) == [(2, "unchanged", "already_so")]
    nothing = library.read("grant", (stranger, None))
    assert library.reason("POST", f"/library/lists/{nothing['id']}/challenge") == "nothing_to_do"


def test_a_list_of_withdrawals_needs_no_key_and_shuts_the_door(api: Api, library: Library) -> None:
    one, two = issued(api), issued(api, 2)
    library.touch(library.read("grant", (one, None), (two, None))["id"])
    read = library.read("withdraw", (one, None))
    assert library.reason("POST", f"/library/lists/{read['id']}/challenge") == "list_over"
    library.call("POST", f"/library/lists/{read['id']}/withdraw")
    assert library.carried_out(read["id"])["counts"] == {"done": 1}
    assert [judged(api.office, card) for card in (one, two)] == ["deny entitlement_withdrawn", "allow ok"]
    assert library.reason("POST", f"/library/lists/{read['id']}/withdraw") == "list_over"
    assert [one["state"] for one in library.call("GET", "/library/lists")["lists"]] == ["done", "done"]


def test_a_card_that_ends_meanwhile_fails_alone(api: Api, library: Library) -> None:
    one, two = issued(api), issued(api, 2)
    read = library.read("grant", (one, None), (two, None))
    api.office.town.life(api.office.clock.now).revoke(one, "lost")
    done = library.touch(read["id"])
    assert said(done) == [(2, "failed", "card_is_final"), (3, "done", None)]
    assert judged(api.office, two) == "allow ok"


def test_a_process_that_was_killed_is_followed_by_one_that_goes_on(
    api: Api, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the key's answer and the signer, and between two pieces of the work."""
    cards = [issued(api, n) for n in (1, 2, 3)]
    monkeypatch.setattr(lists, "AT_ONCE", 2)
    # The jobs, which run beside this test, do nothing until its end.
    tell_signer, carry_out = lists.tell_signer, lists.carry_out
    monkeypatch.setattr(lists, "tell_signer", lambda *_: None)
    monkeypatch.setattr(lists, "carry_out", lambda *_: 0)
    read = library.read("grant", *((number, None) for number in cards))
    row = read["id"]
    options = library.call("POST", f"/library/lists/{row}/challenge")["options"]
    credential = api.office.device("library1").get(options)
    answer = library.call("POST", f"/library/lists/{row}/grant", {"credential": credential})
    assert answer["state"] == "asserted"
    now = api.office.clock.now
    tell_signer(api.office.site, row, now)
    tell_signer(api.office.site, row, now)
    assert carry_out(api.office.site, row, now) == 2
    assert library.call("GET", f"/library/lists/{row}")["counts"] == {"done": 2, "ready": 1}
    monkeypatch.undo()
    assert library.carried_out(row)["counts"] == {"done": 3}
    assert lists.carry_out(api.office.site, row, now) == 0
    assert reconcile(api.office.site, now) == AGREED


def test_a_list_that_the_jobs_took_first_is_answered_as_granted(
    api: Api, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = library.read("grant", (issued(api), None))["id"]
    signer = type(api.office.site.signer)
    record_act = signer.record_act

    def overtaken(self: Any, *given: Any) -> None:
        record_act(self, *given)
        monkeypatch.undo()
        lists.tell_signer(api.office.site, row, api.office.clock.now)

    monkeypatch.setattr(signer, "record_act", overtaken)
    assert library.touch(row)["counts"] == {"done": 1}


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Api]:
    """With a signer that takes nothing over, as in production."""
    with make_office(tmp_path / "data", demo=False) as office, make_api(office) as made:
        office.give_key("library1", "department", (int(Service.LIBRARY),))
        yield made
        assert office.town.audit_is_whole()


def asserted(api: Api, library: Library, row: str) -> Any:
    """The key has spoken; what the service answers."""
    options = library.call("POST", f"/library/lists/{row}/challenge")["options"]
    credential = api.office.device("library1").get(options)
    return library.person.client.post(
        f"/api/services/library/lists/{row}/grant", json={"credential": credential}
    ).json()


def until(api: Api, number: str) -> tuple[str, str | None]:
    (right,) = Library(api, api.as_("library1")).call("GET", "/library/rights")["rights"]
    assert right["number"] == number
    return right["value"], right["until"]


def test_earlier_days_stop_no_bundle_wherever_a_process_is_killed(
    strict: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, library = strict, Library(strict, strict.as_("library1"))
    site, clock, number = api.office.site, api.office.clock, issued(api)
    library.touch(library.read("grant", (number, None))["id"])
    served_bundle(site, "library", clock)
    row = library.read("grant", (number, "2026-06-30"))["id"]
    monkeypatch.setattr(lists, "carry_out", lambda *_: 0)

    def away(*_: Any) -> None:
        raise KeysError("signer_away", "the signer was stopped")

    with monkeypatch.context() as stopped:
        stopped.setattr(type(site.signer), "record_act", away)
        assert asserted(api, library, row)["reason"] == "signer_away"
        assert until(api, number) == ("until", "2026-06-30")
        served_bundle(site, "library", clock)
    lists.tell_signer(site, row, clock.now)
    assert library.call("GET", f"/library/lists/{row}")["counts"] == {"ready": 1}
    served_bundle(site, "library", clock)
    monkeypatch.undo()
    assert library.carried_out(row)["counts"] == {"done": 1}
    served_bundle(site, "library", clock)
    with site.store.reading() as tx:
        trail = [one.action for one in tx.audit.of_subject(number)]
    assert trail.count("card_granted") == 2, "each day is audited once"


def test_an_earlier_day_wants_a_fresh_proof_as_a_withdrawal_does(api: Api, library: Library) -> None:
    one, two = issued(api), issued(api, 2)
    library.touch(library.read("grant", (one, None))["id"])
    later = Library(api, api.as_("library1", fresh=False))
    longer = later.read("grant", (two, "2026-06-30"))
    later.call("POST", f"/library/lists/{longer['id']}/challenge")
    shorter = later.read("grant", (one, "2026-06-30"), (two, "2026-06-30"))
    assert later.reason("POST", f"/library/lists/{shorter['id']}/challenge") == "step_up_needed"
    assert library.touch(shorter["id"])["counts"] == {"done": 2}


def test_of_two_lists_the_one_decided_last_holds(strict: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the signer has it, whichever was read first."""
    api, library = strict, Library(strict, strict.as_("library1"))
    number = issued(api)
    monkeypatch.setattr(lists, "carry_out", lambda *_: 0)
    first = library.read("grant", (number, "2026-06-30"))["id"]
    api.office.clock.pass_by(seconds=1)
    second = library.read("grant", (number, None))["id"]
    for row in (second, first):
        api.office.clock.pass_by(seconds=1)
        assert asserted(api, library, row)["state"] == "working"
    monkeypatch.undo()
    library.carried_out(first)
    assert library.carried_out(second)["counts"] == {"done": 1}
    assert until(api, number) == ("until", "2026-06-30")
    served_bundle(api.office.site, "library", api.office.clock)


def test_a_department_sees_its_own_and_nothing_else(api: Api, library: Library) -> None:
    number = issued(api)
    read = library.read("grant", (number, None))
    health = Library(api, api.as_("health1"))
    assert health.reason("GET", "/library/lists") == "not_your_service"
    assert health.reason("GET", f"/hospital/lists/{read['id']}") == "not_your_service"
    assert health.reason("POST", f"/hospital/lists/{read['id']}/withdraw") == "not_your_service"
    assert health.reason("GET", "/library/rights") == "not_your_service"
    assert library.reason("GET", "/flying/rights") == "unknown_service"
    (own,) = library.call("GET", "")["services"]
    assert (own["service"], own["holding"], own["venues"]) == ("library", 0, ["centre", "library"])
    assert library.person.client.get(f"/api/desk/cards/{number}").status_code == 403
    assert Library(api, api.as_("clerk1")).reason("GET", "") == "not_your_role"
    everything = str(library.call("GET", f"/library/lists/{read['id']}"))
    assert not any(word in everything for word in ("Mwangi", "Amina", "A0000001", "1990-"))


def test_only_the_key_that_was_asked_allows_it_and_only_in_time(api: Api, library: Library) -> None:
    read = library.read("grant", (issued(api), None))
    path = f"/library/lists/{read['id']}"
    assert library.reason("POST", f"{path}/grant", {"credential": {}}) == "credential_missing"
    options = library.call("POST", f"{path}/challenge")["options"]
    assert library.reason("POST", f"{path}/grant", {"credential": {}}) == "bad_credential"
    stranger = api.office.device("chief1").get(options)
    assert library.reason("POST", f"{path}/grant", {"credential": stranger}) == "wrong_approver"
    assert library.call("GET", path)["state"] == "open"
    credential = api.office.device("library1").get(options)
    api.office.clock.pass_by(minutes=10)
    assert library.reason("POST", f"{path}/grant", {"credential": credential}) == "act_over"


def test_a_list_is_dropped_by_hand_or_forgotten_in_time(api: Api, library: Library) -> None:
    number = issued(api)
    dropped, left = library.read("grant", (number, None)), library.read("grant", (number, None))
    library.call("DELETE", f"/library/lists/{dropped['id']}", status=204)
    assert library.reason("DELETE", f"/library/lists/{dropped['id']}") == "list_over"
    api.office.clock.pass_by(days=7)
    library = Library(api, api.as_("library1"))
    api.app.state.serving.jobs.run_now()
    assert library.reason("GET", f"/library/lists/{left['id']}") == "list_not_found"
    assert library.call("GET", f"/library/lists/{dropped['id']}")["state"] == "dropped"


def test_lines_have_numbers_of_their_own_and_are_not_too_many(library: Library) -> None:
    same = [{"line": 1, "number": "1"}] * 2
    body = {"act": "grant", "reason": "why", "lines": same}
    assert library.reason("POST", "/library/lists", body) == "bad_request"
    many = [{"line": n, "number": "1"} for n in range(1, lists.MOST_LINES + 2)]
    assert library.reason("POST", "/library/lists", body | {"lines": many}) == "bad_request"
    assert (
        library.reason("POST", "/library/lists", body | {"reason": " ", "lines": same[:1]}) == "words_missing"
    )
