"""A card on a phone, from the desk's code to the door's verdict: fresh codes open, nothing else does."""

from base64 import b64decode
from datetime import timedelta

import pytest

from cardsvc.desk.asserting import read_credential
from cardsvc.http.budget import NONCES
from cardsvc.trust.publishing import served_bundle
from tests.desk.api import Api, TestClient
from tests.desk.town import PUBLIC_URL, seconds
from tests.holder.phone import Phone, approve, card_of, enrolled, sealed_code
from verify.card import Card
from verify.cose import decode_sign1
from verify.rules import Assurance
from verify.services import Service
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.verdict import Verdict
from verify.verifier import Presentation, Verifier


class Door:
    """A reader at the venue, with a memory for codes."""

    def __init__(self, api: Api) -> None:
        self._api, town = api, api.office.town
        self._state = TrustState.pin(town.installation.keyring.roots[-1], now=self.now)
        self._seen = SeenInMemory()
        self.sync()

    @property
    def now(self) -> int:
        return seconds(self._api.office.clock.now)

    def sync(self) -> None:
        bundle = served_bundle(self._api.office.site, "centre", lambda: self._api.office.clock.now)
        self._state, self._trust = accept(self._state, bundle, self.now)

    def judge(self, code: bytes) -> Verdict:
        return Verifier(self._trust, seen=self._seen).judge(Presentation(code, Service.BUS), self.now)

    def says(self, code: bytes) -> str:
        verdict = self.judge(code)
        return f"{verdict.answer} {verdict.reason}"


def test_whoever_approves_asks_the_signer_so_often_a_minute(quick_api: Api) -> None:
    """It keeps so many nonces for the whole city: one account that takes them all would stop everybody."""
    api, clerk, chief = quick_api, quick_api.as_("clerk1"), quick_api.as_("chief1")
    number, phone = card_of(api), Phone(api)
    made = clerk.post(f"/cards/{number}/phones", status=201)
    phone.bring(made["code"])
    case = clerk.submitted(number=2)["id"]
    chief.get(f"/cases/{case}")
    body = {"act": "extend", "reason": "a new permit", "permit_until": "2026-12-31"}
    act = clerk.post(f"/cards/{number}/acts", body, status=202)["act_request"]
    for _ in range(NONCES - 1):
        api.office.site.nonce("chief1", api.office.clock.now)
    approval = {"cases": chief.seen(case)}
    assert chief.reason("POST", f"/phones/{made['phone']}/challenge") == "too_often"
    assert chief.reason("POST", f"/acts/{act}/challenge") == "too_often"
    assert chief.reason("POST", "/approvals", approval) == "too_often"
    api.office.clock.pass_by(minutes=1)
    chief.post(f"/phones/{made['phone']}/challenge")
    chief.post(f"/acts/{act}/challenge")
    chief.post("/approvals", approval, status=201)


def test_from_the_desk_to_the_door(api: Api) -> None:
    number = card_of(api)
    phone, _ = enrolled(api, number)
    door, clock = Door(api), api.office.clock
    token = phone.token()
    # A list that no bundle had before is not known at the door until the next one.
    assert door.says(sealed_code(phone.key, token, door.now)) == "attention status_unknown"
    clock.pass_by(minutes=5)
    door.sync()
    fresh = sealed_code(phone.key, token, door.now)
    verdict = door.judge(fresh)
    assert (str(verdict.answer), verdict.reason, verdict.assurance) == ("allow", "ok", Assurance.PHONE)
    assert door.says(sealed_code(phone.key, token, door.now - 61)) == "deny stale_code"
    assert door.says(sealed_code(phone.key, token, door.now + 31)) == "deny stale_code"
    assert door.says(token) == "deny stripped_binding"
    assert door.says(sealed_code(Phone(api).key, token, door.now)) == "deny bad_signature"
    shown = sealed_code(phone.key, token, door.now)
    clock.pass_by(seconds=10)
    assert door.says(shown) == "deny replayed"
    # The bundle that follows knows the phone's index, and its stay.
    door.sync()
    assert door.says(sealed_code(phone.key, token, door.now)) == "allow ok"
    assert api.office.town.audit_is_whole()


def test_a_phone_reported_lost_is_refused_after_the_next_bundle_and_the_print_stays_good(
    quick_api: Api,
) -> None:
    api = quick_api
    number = card_of(api)
    phone, _ = enrolled(api, number)
    door, clock = Door(api), api.office.clock
    token = phone.token()
    phone.lost("phone")
    clock.pass_by(minutes=5)
    door.sync()
    assert door.says(sealed_code(phone.key, token, door.now)) == "deny revoked"
    assert phone.renew()["state"] == "phone_over"
    with api.office.site.store.reading() as tx:
        printed = tx.prints.current_of(number)
    assert printed is not None
    assert api.office.judge(printed.id) == ["allow ok"] * 2
    clock.pass_by(days=30)  # Long after its last token the index still says so, and bundles are still made.
    door.sync()


@pytest.mark.parametrize("what", ["print", "chip"])
def test_a_print_reported_lost_is_refused_and_the_phone_stays_good(quick_api: Api, what: str) -> None:
    api = quick_api
    number = card_of(api)
    phone, _ = enrolled(api, number)
    token = phone.token()
    phone.lost(what)
    api.office.clock.pass_by(minutes=5)
    door = Door(api)
    with api.office.site.store.reading() as tx:
        printed = tx.prints.current_of(number)
    assert printed is not None
    assert api.office.judge(printed.id) == ["deny suspended"] * 2
    assert door.says(sealed_code(phone.key, token, door.now)) == "allow ok"
    answer = phone.renew()
    assert answer["card"]["print_lost"]
    assert answer["token"], "the signer tells a lost print from a held card"


def test_a_revoked_card_takes_its_phones_along(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    phone, _ = enrolled(api, number)
    door, token = Door(api), phone.token()
    life = api.office.town.life(api.office.clock.now)
    life.revoke(number, "demo")
    answer = phone.renew()
    assert (answer["state"], answer["time"], answer["token"]) == ("revoked", door.now, None)
    api.office.clock.pass_by(minutes=5)
    door.sync()
    assert door.says(sealed_code(phone.key, token, door.now)) == "deny revoked"


def test_a_held_card_is_said_to_its_holder_and_has_no_fresh_token(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    phone, _ = enrolled(api, number)
    token = phone.token()
    api.as_("clerk1").post(f"/cards/{number}/acts", {"act": "suspend", "reason": "found in the street"})
    api.office.clock.pass_by(minutes=5)
    answer = phone.renew()
    assert (answer["state"], answer["token"]) == ("suspended", None)
    door = Door(api)
    assert door.says(sealed_code(phone.key, token, door.now)) == "deny suspended"


def test_a_phone_is_told_when_the_issuers_days_end(quick_api: Api) -> None:
    phone, _ = enrolled(quick_api, card_of(quick_api))
    desks = TestClient(quick_api.app, base_url=PUBLIC_URL).get("/api/holder/desks").json()
    assert phone.renew()["day_offset_s"] == desks["day_offset_s"] == quick_api.office.site.issuer.day_offset_s


def test_a_token_names_nobody_and_lives_fourteen_days(quick_api: Api) -> None:
    phone, _ = enrolled(quick_api, card_of(quick_api))
    answer = phone.renew()
    card = Card.decode(decode_sign1(b64decode(answer["token"])).payload)
    assert card.expires - card.issued_at == timedelta(days=14).total_seconds()
    assert (card.identity, card.passport, card.native_name) == (None, None, None)
    assert "A0000001" not in str(answer)
    assert {one["service"] for one in answer["card"]["services"]} == {"bus", "library"}
    assert phone.renew()["token"] is None, "asked again at once, it keeps the token it has"


def test_a_clock_that_is_set_back_keeps_no_phone_waiting(quick_api: Api) -> None:
    phone, _ = enrolled(quick_api, card_of(quick_api))
    quick_api.office.clock.pass_by(hours=5)
    phone.token()
    quick_api.office.clock.pass_by(hours=-5)
    assert phone.renew()["token"] is not None


def test_a_code_is_good_once_and_guessing_ends(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    made = api.as_("clerk1").post(f"/cards/{number}/phones", status=201)
    phone = Phone(api)
    assert phone.bring(made["code"]).json()["state"] == "waiting"
    assert phone.bring(made["code"]).json()["state"] == "waiting", "the same phone may ask again"
    assert Phone(api).bring(made["code"]).json()["reason"] == "phone_refused"
    assert phone.renew()["state"] == "waiting"
    api.office.clock.pass_by(hours=13)
    assert phone.renew()["state"] == "phone_over"
    reasons = [Phone(api).bring("2222-2222").json()["reason"] for _ in range(105)]
    assert set(reasons[:90]) == {"phone_refused"}
    assert reasons[-1] == "locked_out"


def test_only_a_second_person_lets_a_phone_in(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    chief = api.as_("chief1")
    made = chief.post(f"/cards/{number}/phones", status=201)
    Phone(api).bring(made["code"])
    assert [one["id"] for one in chief.get("/phones")["phones"]] == [made["phone"]]
    assert chief.reason("POST", f"/phones/{made['phone']}/challenge", {}) == "own_request"
    other = api.as_("chief2")
    assert other.get("/phones")["phones"] == []
    assert other.reason("POST", f"/phones/{made['phone']}/challenge", {}) == "phone_not_found"


def test_the_desk_takes_a_phone_away(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    phone, name = enrolled(api, number)
    assert api.as_("clerk1").post(f"/phones/{name}/revoke")["state"] == "revoked"
    assert phone.renew()["state"] == "phone_over"
    assert [one["state"] for one in api.as_("clerk1").get(f"/cards/{number}/phones")["phones"]] == ["revoked"]


def test_a_stranger_learns_nothing(quick_api: Api) -> None:
    api = quick_api
    phone, _ = enrolled(api, card_of(api))
    stranger = Phone(api)
    assert stranger.post("renew", stranger.proof()).json()["reason"] == "phone_unknown"
    forged = stranger.proof() | {"key": phone.proof()["key"]}
    assert stranger.post("renew", forged).json()["reason"] == "bad_proof"
    other_act = phone.proof("renew") | {"what": "phone"}
    assert phone.post("lost", other_act).json()["reason"] == "bad_proof"
    old = phone.proof()
    api.office.clock.pass_by(minutes=6)
    assert phone.post("renew", old).json()["reason"] == "stale_proof"


def test_an_approval_cut_short_is_finished_by_the_next_touch(quick_api: Api) -> None:
    """Killed after the signer knew and before the records did: the same phone, the same index."""
    api = quick_api
    number = card_of(api)
    phone, made = Phone(api), api.as_("clerk1").post(f"/cards/{number}/phones", status=201)
    phone.bring(made["code"])
    chief = api.as_("chief1")
    begun = chief.post(f"/phones/{made['phone']}/challenge")
    with api.office.site.store.reading() as tx:
        record = tx.phones.get(made["phone"])
    assert record.request is not None
    credential = api.office.device("chief1").get(begun["options"])
    api.office.site.signer.enrol_phone(record.request, read_credential("chief1", credential))
    assert approve(chief, made["phone"])["state"] == "active"
    assert phone.token()
