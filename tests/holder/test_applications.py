"""Applications from phones: sent without an account, sealed, answered, taken over once, and asked after."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cardsvc.holder import applying
from cardsvc.records.preapplications import PRE
from tests.desk.api import Api
from tests.desk.office import face
from tests.desk.town import application
from tests.holder.phone import Phone, approve, enrolled, url64
from tests.holder.test_phones import Door, sealed_code
from tests.web.applicants import SALIM

PORTRAIT = base64.b64encode(face()).decode()
DESK = "Yiwu Centre 01"


#: Salim, as the lines of his passport have him.
SALIMS = application() | {
    "surname": "Al-Namudhaj", "given_names": "Salim Qasim", "nationality": "YEM", "birth": "1979-11-30",
    "sex": "M", "passport": "07654321", "passport_country": "YEM", "passport_expiry": "2036-03-14",
}  # fmt: skip
del SALIMS["portrait"], SALIMS["reference"]


def typed(number: int = 1, **changed: Any) -> dict[str, Any]:
    """What somebody types on a phone."""
    raw = application(number, **changed)
    return {name: value for name, value in raw.items() if name not in ("portrait", "reference")}


def send(phone: Phone, raw: dict[str, Any] | None = None, **more: Any) -> Any:
    body = {"application": typed() if raw is None else raw, "portrait": PORTRAIT, **more}
    return phone.post("applications", phone.proof("apply") | body)


def sent(phone: Phone, raw: dict[str, Any] | None = None, **more: Any) -> Any:
    answer = send(phone, raw, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def state(phone: Phone) -> Any:
    return phone.asks("applications/state", "application")


def issued(api: Api, case: str, clerk: str = "clerk1") -> str:
    """The case submitted, approved and signed; the card's number."""
    api.as_(clerk).post(f"/cases/{case}/submit", {"version": api.office.case(case).version})
    (card,) = api.as_("chief1").approved(case)
    return str(card["number"])


def test_from_the_phone_to_the_card_on_the_phone(api: Api) -> None:
    phone, clerk = Phone(api), api.as_("clerk1")
    wish = {"office": DESK, "day": api.office.clock.now.date().isoformat(), "half": "am"}
    told = sent(phone, wish=wish)
    assert (told["state"], told["errors"], told["half"], told["confirmed"]) == ("received", [], "am", False)
    (row,) = clerk.get("/preapplications")["rows"]
    assert (row["reference"], row["name"], row["has_portrait"]) == (
        told["reference"], "Mwangi, Amina Zeynep", True,
    )  # fmt: skip
    assert clerk.get("/preapplications?search=amina")["rows"] == [row]
    assert clerk.get("/preapplications?search=nobody")["rows"] == []
    assert clerk.get("/preapplications/count") == {"waiting": 1}

    seen = clerk.get(f"/preapplications/{told['reference'].lower().replace('-', '')}")
    assert seen["fingerprint"] == told["fingerprint"]
    (made,) = clerk.post(
        f"/preapplications/{told['reference']}/take", {"seen": told["fingerprint"]}, status=201
    )["cases"]
    case = clerk.get(f"/cases/{made['case']}")
    assert case["application"] == typed() | {"reference": told["reference"]}
    assert (case["portrait"]["present"], case["errors"], case["differences"]) == (True, [], [])
    assert case["reference"] == case["declared"]["reference"] == told["reference"]
    assert state(phone)["state"] == "taken"
    assert clerk.get("/preapplications")["rows"] == []

    assert phone.post("applications/card", phone.proof("ask-card")).json()["reason"] == "no_card_yet"
    number = issued(api, made["case"])
    assert state(phone)["state"] == "issued"
    asked = phone.asks("applications/card", "ask-card")
    assert asked["state"] == "waiting"
    (waits,) = api.as_("chief1").get("/phones")["phones"]
    assert (waits["card"], waits["how"], waits["fingerprint"], waits["seen"], waits["made_by"]) == (
        number, "asked", told["fingerprint"], True, "clerk1",
    )  # fmt: skip
    approve(api.as_("chief1"), waits["id"])
    assert phone.asks("applications/card", "ask-card")["state"] == "active"
    token, door = phone.token(), Door(api)
    api.office.clock.pass_by(minutes=5)
    door.sync()
    assert door.says(sealed_code(phone.key, token, door.now)) == "allow ok"
    assert api.office.town.audit_is_whole()


def test_a_phone_that_no_clerk_saw_gets_a_code_at_the_desk(quick_api: Api) -> None:
    """Anybody sends anybody's papers, an approver too; the resident comes, and a clerk picks the line."""
    api = quick_api
    stranger, clerk = Phone(api), api.as_("clerk1")
    told = sent(stranger)
    (made,) = clerk.post(f"/preapplications/{told['reference']}/take", {}, status=201)["cases"]
    number = issued(api, made["case"])
    assert stranger.post("applications/card", stranger.proof("ask-card")).json()["reason"] == "phone_not_seen"
    assert api.as_("chief1").get("/phones")["phones"] == []
    phone, _ = enrolled(api, number)
    assert phone.renew()["state"] == "valid"


def test_of_a_family_the_phone_asks_for_whom_it_was_scanned(quick_api: Api) -> None:
    api = quick_api
    together, clerk = url64(bytes(range(16))), api.as_("clerk1")
    head, other = Phone(api), Phone(api)
    told = sent(head, typed(), family=together, head=True)
    sent(other, typed(2, given_names="Neema"), family=together)
    seen = {"seen": told["fingerprint"]}
    taken = clerk.post(f"/preapplications/{told['reference']}/take", seen, status=201)["cases"]
    for one in taken:
        clerk.post(f"/cases/{one['case']}/submit", {"version": api.office.case(one["case"]).version})
    assert len(api.as_("chief1").approved(*(one["case"] for one in taken))) == 2
    assert head.asks("applications/card", "ask-card")["state"] == "waiting"
    assert other.post("applications/card", other.proof("ask-card")).json()["reason"] == "phone_not_seen"


def test_who_scanned_the_phone_does_not_approve_it(quick_api: Api) -> None:
    """Another clerk may submit the case: what counts is who saw the phone."""
    api = quick_api
    with api.office.site.store.transaction() as tx:
        tx.staff.put(replace(tx.staff.get("clerk1"), id="clerk9"))
    phone = Phone(api)
    told = sent(phone)
    seen = {"seen": told["fingerprint"]}
    (made,) = api.as_("clerk1").post(f"/preapplications/{told['reference']}/take", seen, status=201)["cases"]
    issued(api, made["case"], "clerk9")
    phone.asks("applications/card", "ask-card")
    with api.office.site.store.transaction() as tx:
        tx.staff.put(replace(tx.staff.get("clerk1"), role="approver"))
    (waits,) = api.as_("clerk1").get("/phones")["phones"]
    api.office.give_key("clerk1")
    assert api.as_("clerk1").reason("POST", f"/phones/{waits['id']}/challenge") == "own_request"
    approve(api.as_("chief1"), waits["id"])


def test_what_was_sent_is_sealed_and_nothing_is_left_once_it_is_taken(quick_api: Api) -> None:
    api = quick_api
    told = sent(Phone(api), typed(passport="Z7654321", surname="Uniquely"))
    with api.office.site.store.reading() as tx:
        row = str(tx._link.first(PRE.select()))
    assert "Z7654321" not in row
    assert "UNIQUELY" not in row.upper()
    api.as_("clerk1").post(f"/preapplications/{told['reference']}/take", {}, status=201)
    with api.office.site.store.reading() as tx:
        kept = tx._link.first(PRE.select())
    assert kept is not None
    assert [kept[name] for name in ("content", "portrait", "picture", "data_key")] == [None] * 4


def test_sent_again_it_replaces_what_was_sent_before(quick_api: Api) -> None:
    api = quick_api
    phone = Phone(api)
    first = sent(phone, typed(permit=None, permit_expiry=None))
    assert {(one["field"], one["reason"]) for one in first["errors"]} >= {("permit", "missing")}
    again = sent(phone, typed(), portrait=None)
    assert (again["reference"], again["errors"]) == (first["reference"], []), "the portrait stayed"
    clerk = api.as_("clerk1")
    clerk.post(f"/preapplications/{first['reference']}/take", {}, status=201)
    assert send(phone).json()["reason"] == "application_taken"
    assert phone.post("applications/withdraw", phone.proof("withdraw-application")).json()["reason"] == (
        "application_taken"
    )


def test_only_the_phone_that_sent_it_is_told(quick_api: Api) -> None:
    api = quick_api
    phone, stranger = Phone(api), Phone(api)
    sent(phone)
    assert stranger.post("applications/state", stranger.proof("application")).json()["reason"] == (
        "application_unknown"
    )
    forged = stranger.proof("application") | {"key": url64(phone.key.public.raw)}
    assert stranger.post("applications/state", forged).json()["reason"] == "bad_proof"
    other = phone.proof("apply")
    assert phone.post("applications/state", other).json()["reason"] == "bad_proof"


def test_taken_back_or_never_used_it_is_gone(quick_api: Api) -> None:
    api = quick_api
    phone = Phone(api)
    told = sent(phone)
    phone.asks("applications/withdraw", "withdraw-application")
    assert phone.post("applications/state", phone.proof("application")).status_code == 404
    sent(phone)
    days = api.office.site.settings.preapplication_days
    api.office.clock.pass_by(days=days, hours=-1)
    assert applying.forget(api.office.site, api.office.clock.now) == 0
    api.office.clock.pass_by(hours=2)
    assert applying.forget(api.office.site, api.office.clock.now) == 1
    clerk = api.as_("clerk1")
    assert clerk.reason("GET", f"/preapplications/{told['reference']}") == "preapplication_not_found"


def test_an_appointment_is_kept_a_week_longer(quick_api: Api) -> None:
    api = quick_api
    now = api.office.clock.now
    day = (now + timedelta(days=50)).date()
    told = sent(Phone(api), wish={"office": DESK, "day": day.isoformat(), "half": "pm"})
    assert told["kept_until"] == (day + timedelta(days=7)).isoformat()
    # By the city's day, which begins while it is still yesterday in Greenwich.
    api.office.clock.pass_by(hours=9)
    days = api.office.site.settings.preapplication_days
    assert sent(Phone(api))["kept_until"] == (now.date() + timedelta(days=days + 1)).isoformat()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"raw": typed() | {"reference": "mine"}}, "unknown_field"),
        ({"raw": typed() | {"valid_until": "2030-01-01"}}, "unknown_field"),
        ({"raw": typed() | {"address": "x" * 17_000}}, "bad_application"),
        ({"portrait": base64.b64encode(b"\x89PNG" + bytes(100)).decode()}, "portrait_format"),
        ({"portrait": base64.b64encode(b"\xff\xd8\xff" + bytes(100)).decode()}, "portrait_unreadable"),
        ({"portrait": base64.b64encode(b"\xff\xd8\xff" + bytes(600_000)).decode()}, "portrait_too_large"),
        ({"wish": {"office": "Nowhere", "day": "2026-03-03", "half": "am"}}, "bad_wish"),
        ({"wish": {"office": DESK, "day": "2026-03-01", "half": "am"}}, "bad_wish"),
        ({"wish": {"office": DESK, "day": "2027-03-01", "half": "am"}}, "bad_wish"),
    ],
)
def test_what_no_phone_sends_is_refused(quick_api: Api, more: dict[str, Any], reason: str) -> None:
    phone = Phone(quick_api)
    assert send(phone, more.pop("raw", None), **more).json()["reason"] == reason
    assert phone.post("applications/state", phone.proof("application")).status_code == 404


def test_nobody_fills_the_records(quick_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api = quick_api
    monkeypatch.setattr(applying, "MOST_FROM_ADDRESS", 3)
    for _ in range(3):
        sent(Phone(api), portrait=None)
    refused = send(Phone(api), portrait=None)
    assert (refused.status_code, refused.json()["reason"]) == (429, "too_often")
    api.office.clock.pass_by(hours=25)
    sent(Phone(api), portrait=None)
    monkeypatch.setattr(applying, "MOST_WAITING", 4)
    assert send(Phone(api), portrait=None).json()["reason"] == "too_often"


def test_pictures_are_looked_at_a_few_times_a_minute(quick_api: Api) -> None:
    phone = Phone(quick_api)
    answers = [phone.post("portraits", {"portrait": PORTRAIT}) for _ in range(31)]
    found = answers[0].json()
    assert (found["findings"], found["size"]) == ([], [600, 771])
    assert answers[-1].json()["reason"] == "too_often"


def test_a_family_comes_together_and_is_a_family_at_the_desk(quick_api: Api) -> None:
    api = quick_api
    together, clerk = url64(bytes(range(16))), api.as_("clerk1")
    child = sent(
        Phone(api), typed(2, given_names="Neema", birth="2018-05-05", guardian=None), family=together
    )
    head = sent(Phone(api), typed(), family=together, head=True)
    alone = sent(Phone(api), typed(3, surname="Otieno"), family=url64(bytes(16)))
    seen = clerk.get(f"/preapplications/{child['reference']}")
    assert [one["reference"] for one in seen["family"]] == [head["reference"]]
    cases = clerk.post(f"/preapplications/{child['reference']}/take", {}, status=201)["cases"]
    assert [one["reference"] for one in cases] == [head["reference"], child["reference"]]
    family = clerk.get(f"/families/{clerk.get('/cases/' + cases[0]['case'])['family']}")
    assert (family["guardian"], len(family["cases"])) == (cases[0]["case"], 2)
    guardian = clerk.get(f"/cases/{cases[1]['case']}")["application"]["guardian"]
    assert guardian == "Mwangi, Amina Zeynep"
    again = clerk.post(f"/preapplications/{child['reference']}/take", {}, status=201)["cases"]
    assert sorted(one["case"] for one in again) == sorted(one["case"] for one in cases)
    (rest,) = clerk.post(f"/preapplications/{alone['reference']}/take", {"alone": True}, status=201)["cases"]
    assert clerk.get(f"/cases/{rest['case']}")["family"] is None


def test_differences_are_marked_once_the_real_passport_is_read(quick_api: Api) -> None:
    api = quick_api
    told, clerk = (
        sent(Phone(api), SALIMS | {"surname": "Al-Namudaj", "passport": "07654327"}),
        api.as_("clerk1"),
    )
    (made,) = clerk.post(f"/preapplications/{told['reference']}/take", {}, status=201)["cases"]
    read = clerk.post("/mrz", {"lines": list(SALIM)})["application"]
    case = clerk.get(f"/cases/{made['case']}")
    assert case["differences"] == []
    with_lines = {"version": case["version"], "application": case["application"] | read}
    saved = clerk.call("PUT", f"/cases/{made['case']}", with_lines)
    marked = {one["field"]: (one["source"], one["known"], one["now"]) for one in saved["differences"]}
    assert marked["surname"] == ("resident", "Al-Namudaj", read["surname"])
    assert marked["passport"] == ("resident", "07654327", "07654321")
    assert "given_names" not in marked


def test_lines_typed_on_the_phone_are_no_reading_of_the_passport(quick_api: Api) -> None:
    api = quick_api
    rest = ("permit_kind", "permit", "permit_expiry", "permit_class", "class", "services")
    raw = {"mrz": list(SALIM)} | {name: typed()[name] for name in rest}
    told, clerk = sent(Phone(api), raw), api.as_("clerk1")
    assert told["errors"] == []
    assert clerk.get("/preapplications")["rows"] == [], "without a wish it is found by its reference alone"
    (made,) = clerk.post(f"/preapplications/{told['reference']}/take", {}, status=201)["cases"]
    case = clerk.get(f"/cases/{made['case']}")
    assert "mrz" not in case["application"]
    assert case["application"]["passport"] == "07654321"
    assert "typed_by_hand" in [one["reason"] for one in case["exceptions"]]


def test_the_desk_answers_with_a_day_and_what_to_bring(quick_api: Api) -> None:
    api = quick_api
    phone, clerk = Phone(api), api.as_("clerk1")
    told = sent(phone, wish={"office": DESK, "day": "2026-03-05", "half": "am"})
    path = f"/preapplications/{told['reference']}"
    answer = {"meeting": {"office": DESK, "day": "2026-03-06", "half": "pm"}, "bring": ["permit", "guardian"]}
    assert clerk.post(f"{path}/answer", answer)["confirmed"]
    became = state(phone)
    assert (became["day"], became["half"], became["confirmed"]) == ("2026-03-06", "pm", True)
    assert became["bring"] == ["permit", "guardian"]
    assert clerk.get("/preapplications?day=2026-03-06")["rows"][0]["reference"] == told["reference"]
    assert clerk.get("/preapplications?day=2026-03-05")["rows"] == []
    assert clerk.reason("POST", f"{path}/answer", {"bring": ["money"]}) == "unknown_thing"
    late = {"meeting": answer["meeting"] | {"day": "2026-02-01"}}  # type: ignore[operator]  # a body is a dict
    assert clerk.reason("POST", f"{path}/answer", late) == "bad_wish"
    clerk.call("DELETE", path, status=204)
    assert phone.post("applications/state", phone.proof("application")).status_code == 404


def test_sent_again_after_the_desks_answer_it_keeps_the_appointment(quick_api: Api) -> None:
    api = quick_api
    phone, clerk, now = Phone(api), api.as_("clerk1"), api.office.clock.now
    wish = {"office": DESK, "day": (now + timedelta(days=3)).date().isoformat(), "half": "am"}
    told = sent(phone, wish=wish)
    meeting = {"office": DESK, "day": (now + timedelta(days=45)).date().isoformat(), "half": "pm"}
    answer = {"meeting": meeting, "bring": ["permit", "guardian"]}
    clerk.post(f"/preapplications/{told['reference']}/answer", answer)
    before = state(phone)
    again = sent(phone, typed(permit_class="A"), wish=wish, portrait=None)
    for name in ("day", "half", "confirmed", "bring", "kept_until"):
        assert again[name] == before[name]
    api.office.clock.pass_by(days=45)
    assert applying.forget(api.office.site, api.office.clock.now) == 0
    assert state(phone)["bring"] == ["permit", "guardian"]
    api.office.clock.pass_by(days=8)
    assert applying.forget(api.office.site, api.office.clock.now) == 1


def test_another_phone_with_the_reference_is_noticed(quick_api: Api) -> None:
    api = quick_api
    told, clerk = sent(Phone(api)), api.as_("clerk1")
    path = f"/preapplications/{told['reference']}/take"
    assert clerk.reason("POST", path, {"seen": "0000 0000 0000 0000 0000"}) == "other_phone"
    clerk.post(path, {}, status=201)


def test_a_refusal_is_read_on_the_phone(quick_api: Api) -> None:
    api = quick_api
    phone, clerk = Phone(api), api.as_("clerk1")
    told = sent(phone, typed(language="ar"))
    (made,) = clerk.post(f"/preapplications/{told['reference']}/take", {}, status=201)["cases"]
    clerk.post(f"/cases/{made['case']}/submit", {"version": api.office.case(made["case"]).version})
    chief = api.as_("chief1")
    chief.get(f"/cases/{made['case']}")
    refusing = {"version": api.office.case(made["case"]).version, "reason": "permit_missing", "words": ""}
    chief.post(f"/cases/{made['case']}/refuse", refusing)
    became = state(phone)
    assert became["state"] == "refused"
    assert set(became["letter"]) == {"ar", "en", "zh"}
    assert phone.post("applications/card", phone.proof("ask-card")).json()["reason"] == "no_card_yet"


def test_other_offices_see_it_by_its_reference_alone(quick_api: Api) -> None:
    api = quick_api
    told = sent(Phone(api), wish={"office": "Yiwu Centre 02", "day": "2026-03-05", "half": "am"})
    clerk = api.as_("clerk1")
    assert clerk.get("/preapplications")["rows"] == []
    assert clerk.get(f"/preapplications/{told['reference']}")["name"] == "Mwangi, Amina Zeynep"


def test_data_keys_move_to_the_master_of_now(quick_api: Api) -> None:
    sent(Phone(quick_api))
    with quick_api.office.site.store.transaction() as tx:
        assert tx.preapplications.rewrap() == 0
