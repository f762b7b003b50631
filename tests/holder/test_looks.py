"""Who looked: told to the card's own phone, never before its time, and nothing shows that something waits."""

from datetime import timedelta
from typing import Any

from cardsvc.records import LookKind, LookRecord
from tests.desk.api import Api
from tests.holder.phone import Phone, card_of, enrolled

COVERT_DAYS = 30


def look(api: Api, number: str, name: str, **changes: Any) -> None:
    """A look that somebody makes now; a look-up unless it is said otherwise."""
    now = api.office.clock.now
    values: dict[str, Any] = {
        "kind": LookKind.LOOK_UP,
        "staff": "officer1",
        "second": "officer2",
        "office": "Yiwu Centre 01",
        "purpose": "identity",
        "case_number": "A330782-2026-0117",
        "at": now,
        "told_from": now,
    }
    with api.office.site.store.transaction() as tx:
        tx.looks.add(LookRecord(id=name * 32, card_number=number, **values | changes))


def asked(phone: Phone) -> Any:
    """What the service answers, to the byte."""
    answer = phone.post("looks", phone.proof("looks"))
    assert answer.status_code == 200, answer.text
    return answer


def test_a_holder_is_told_who_looked_and_why_and_nobodys_name(api: Api) -> None:
    number = card_of(api)
    phone, _ = enrolled(api, number)
    other, _ = enrolled(api, card_of(api, passport="Z1234567", surname="Somebody", given_names="Else"))
    assert asked(phone).json() == {"looks": []}
    look(api, number, "a", kind=LookKind.DETAILS, purpose="scan", second=None, case_number=None)
    api.office.clock.pass_by(minutes=1)
    look(api, number, "b")
    api.office.clock.pass_by(minutes=1)
    clerk = api.as_("clerk1")
    assert clerk.client.get(f"/api/desk/faces/card/{number}").status_code == 200
    told = asked(phone)
    assert [(one["kind"], one["purpose"]) for one in told.json()["looks"]] == [
        ("desk", "likeness"),
        ("look_up", "identity"),
        ("details", "scan"),
    ]
    assert all(set(one) == {"at", "kind", "office", "purpose"} for one in told.json()["looks"])
    assert not {"officer1", "officer2", "clerk1", "A330782"} & set(told.text.split('"'))
    assert asked(other).json() == {"looks": []}


def test_nothing_shows_that_a_covert_look_waits(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    phone, _ = enrolled(api, number)
    look(api, number, "a", kind=LookKind.DETAILS, purpose="scan", second=None, case_number=None)
    before = asked(phone)
    until = api.office.clock.now + timedelta(days=COVERT_DAYS)
    for name in "bcd":
        look(api, number, name, purpose="wanted", told_from=until)
    after = asked(phone)
    assert after.content == before.content
    assert {name: text for name, text in after.headers.items() if name != "x-request-id"} == {
        name: text for name, text in before.headers.items() if name != "x-request-id"
    }
    # Its time has come: the very second, and then all of it.
    api.office.clock.pass_by(days=COVERT_DAYS, seconds=-1)
    assert asked(phone).content == before.content
    api.office.clock.pass_by(seconds=1)
    assert [one["purpose"] for one in asked(phone).json()["looks"]].count("wanted") == 3


def test_only_a_phone_that_carries_the_card_is_told(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    phone, _ = enrolled(api, number)
    stranger = Phone(api)
    assert stranger.post("looks", stranger.proof("looks")).json()["reason"] == "phone_unknown"
    assert phone.post("looks", phone.proof("renew")).json()["reason"] == "bad_proof"
    phone.lost("phone")
    assert phone.post("looks", phone.proof("looks")).json()["reason"] == "phone_unknown"
