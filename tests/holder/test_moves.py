"""Cards that go to another phone: handed on at a table, or brought back by a paper; a door knows the end."""

from datetime import timedelta

import pytest

from cardsvc.holder import moving
from cardsvc.holder.proofs import bytes_of
from keys.errors import KeysError
from keys.phonebook import MOVE
from keys.signing import TokenProof
from tests.desk.api import Api
from tests.holder.phone import Phone, card_of, enrolled, sealed_code
from tests.holder.test_phones import Door
from verify.cose import thumbprint

DAY = timedelta(days=1)


def after(api: Api, door: Door, **span: float) -> None:
    """Time passes, the jobs have their turn, and the door its next bundle."""
    api.office.clock.pass_by(**span)
    moving.settle(api.office.site, api.office.clock.now)
    door.sync()


def test_a_card_is_handed_on_to_another_phone(api: Api) -> None:
    number = card_of(api)
    old, _ = enrolled(api, number)
    before, door, new = old.token(), Door(api), Phone(api)
    given = old.give(new)
    assert (given.status_code, given.json()["state"]) == (200, "active")
    assert old.renew()["state"] == "phone_over"
    token = new.token()
    after(api, door, minutes=5)
    assert door.says(sealed_code(new.key, token, door.now)) == "allow ok"
    assert door.says(sealed_code(old.key, before, door.now)) == "deny revoked"
    shown = new.asks("phones", "phones")["phones"]
    assert [(one["how"], one["state"], one["this"]) for one in shown] == [
        ("moved", "active", True), ("code", "revoked", False),
    ]  # fmt: skip
    assert api.office.town.audit_is_whole()


def test_nobody_hands_on_what_is_not_theirs(quick_api: Api) -> None:
    api = quick_api
    old, _ = enrolled(api, card_of(api))
    new, stranger = Phone(api), Phone(api)
    code = new.asks("move/offer", "offer")["code"]
    assert (
        stranger.post("move/look", stranger.proof("look") | {"code": code}).json()["reason"]
        == "phone_unknown"
    )
    wrong = old.proof(f"move:{stranger.thumb}") | {"code": code}
    assert old.post("move", wrong).json()["reason"] == "bad_proof"
    forged = stranger.proof(f"move:{new.thumb}") | {"code": code}
    assert stranger.post("move", forged).json()["reason"] == "phone_unknown"
    assert old.post("move/look", old.proof("look") | {"code": "2222-2222"}).json()["reason"] == "bad_code"
    api.office.clock.pass_by(minutes=11)
    assert old.post("move/look", old.proof("look") | {"code": code}).json()["reason"] == "bad_code"
    assert old.token()


def test_a_key_that_carries_a_card_is_not_offered(quick_api: Api) -> None:
    old, _ = enrolled(quick_api, card_of(quick_api))
    assert old.post("move/offer", old.proof("offer")).json()["reason"] == "key_used"


def test_codes_of_new_phones_are_not_guessed(quick_api: Api) -> None:
    old, _ = enrolled(quick_api, card_of(quick_api))
    reasons = [
        old.post("move/look", old.proof("look") | {"code": "2222-2222"}).json()["reason"] for _ in range(105)
    ]
    assert (reasons[0], reasons[-1]) == ("bad_code", "locked_out")


def test_a_card_that_is_held_goes_nowhere_and_its_phone_keeps_it(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    old, _ = enrolled(api, number)
    old.token()
    api.as_("clerk1").post(f"/cards/{number}/acts", {"act": "suspend", "reason": "found in the street"})
    api.office.clock.pass_by(minutes=5)
    Door(api)
    new = Phone(api)
    assert old.give(new).json()["reason"] == "card_is_held"
    assert old.renew()["state"] == "suspended"
    assert new.renew()["state"] == "phone_over"


@pytest.mark.parametrize("known", [True, False])
def test_a_move_cut_short_is_settled_by_the_next_process(quick_api: Api, known: bool) -> None:
    """Killed between the signer's yes and the records: whoever comes next asks what became of it."""
    api = quick_api
    old, _ = enrolled(api, card_of(api))
    new, site = Phone(api), api.office.site
    code, now = new.asks("move/offer", "offer")["code"], api.office.clock.now
    assert code
    with site.store.transaction() as tx:
        before = tx.phones.of_key(thumbprint(old.key.public))
        assert before is not None
        waits = moving.succeed(
            tx, before, new.key.public.raw, thumbprint(new.key.public), moving.PhoneWay.MOVED, now + DAY, now
        )
    if known:
        raw = old.proof(MOVE + new.thumb)
        proof = TokenProof(old.key.public.raw, *_bytes(raw))
        assert waits.list_id is not None
        site.signer.move_phone(proof, thumbprint(new.key.public), waits.list_id, waits.list_index or 0)
    api.office.clock.pass_by(minutes=2)
    assert moving.settle(site, api.office.clock.now) == (1 if known else 0)
    assert new.renew()["state"] == ("valid" if known else "waiting")
    assert old.renew()["state"] == ("phone_over" if known else "valid")
    api.office.clock.pass_by(hours=25)
    moving.settle(site, api.office.clock.now)
    Door(api)
    assert new.renew()["state"] == ("valid" if known else "phone_over")


def _bytes(raw: dict[str, object]) -> tuple[bytes, int, bytes]:
    return bytes_of(str(raw["nonce"])), int(str(raw["time"])), bytes_of(str(raw["signature"]))


def test_a_signer_that_does_not_answer_costs_no_phone(
    quick_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = quick_api
    old, _ = enrolled(api, card_of(api))
    new, signer = Phone(api), api.office.site.signer
    original = signer.move_phone

    def cut_off(proof: TokenProof, key: bytes, list_id: str, index: int) -> None:
        original(proof, key, list_id, index)
        raise KeysError("signer_away", "the line was cut before the answer")

    monkeypatch.setattr(signer, "move_phone", cut_off)
    assert old.give(new).json()["reason"] == "signer_away"
    api.office.clock.pass_by(minutes=2)
    moving.settle(api.office.site, api.office.clock.now)
    assert new.renew()["state"] == "valid"


def test_a_paper_brings_the_card_to_a_new_phone_a_day_later(api: Api) -> None:
    old, _ = enrolled(api, card_of(api))
    paper, door, new, clock = old.paper(), Door(api), Phone(api), api.office.clock
    begun = new.recover(paper)
    assert (begun.status_code, begun.json()["state"]) == (200, "recovering")
    assert begun.json()["ready"] == door.now + DAY.total_seconds()
    clock.pass_by(hours=23)
    told = old.renew()
    assert told["state"] == "valid"
    assert [one["fingerprint"] for one in told["notices"]] == [begun.json()["fingerprint"]]
    waits = new.renew()
    assert (waits["state"], waits["ready"], waits["token"]) == ("recovering", begun.json()["ready"], None)
    clock.pass_by(hours=2)
    token = new.token()
    after(api, door, minutes=5)
    assert door.says(sealed_code(new.key, token, door.now)) == "allow ok"
    assert old.renew()["state"] == "phone_over"
    assert Phone(api).recover(paper).json()["reason"] == "recovery_unknown"
    assert api.office.town.audit_is_whole()


def test_the_phone_that_was_not_lost_stops_it(quick_api: Api) -> None:
    api = quick_api
    old, _ = enrolled(api, card_of(api))
    paper, new = old.paper(), Phone(api)
    new.recover(paper)
    [notice] = old.renew()["notices"]
    stranger = Phone(api)
    forged = stranger.proof(f"stop-recovery:{notice['phone']}") | {"phone": notice["phone"]}
    assert stranger.post("recovery/stop", forged).json()["reason"] == "phone_unknown"
    old.asks("recovery/stop", f"stop-recovery:{notice['phone']}", phone=notice["phone"])
    api.office.clock.pass_by(hours=25)
    assert new.renew()["state"] == "phone_over"
    assert old.renew()["notices"] == []
    assert Phone(api).recover(paper).json()["reason"] == "recovery_unknown"


def test_the_lost_phone_is_stopped_at_once_and_the_card_still_comes(quick_api: Api) -> None:
    api = quick_api
    old, _ = enrolled(api, card_of(api))
    token, paper, door, new = old.token(), old.paper(), Door(api), Phone(api)
    new.recover(paper)
    new.lost("phone", by=paper)
    after(api, door, minutes=5)
    assert door.says(sealed_code(old.key, token, door.now)) == "deny revoked"
    # It was not lost after all: the phone is over, but the card goes nowhere else.
    [notice] = old.renew()["notices"]
    assert notice["ready"]
    api.office.clock.pass_by(hours=25)
    assert new.renew()["state"] == "valid"


def test_another_phone_of_the_card_stops_a_recovery_and_gives_a_phone_up(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    lost, name = enrolled(api, number)
    other, _ = enrolled(api, number)
    paper, new = lost.paper(), Phone(api)
    new.recover(paper)
    [notice] = other.renew()["notices"]
    other.asks("recovery/stop", f"stop-recovery:{notice['phone']}", phone=notice["phone"])
    assert new.renew()["state"] == "phone_over"
    paper = lost.paper()
    other.asks("lost", f"lost-phone:{name}", what="phone", phone=name)
    assert lost.renew()["state"] == "phone_over"
    assert Phone(api).recover(paper).json()["reason"] == "recovery_unknown"
    # A phone that is over gives nobody up.
    mine = [one["id"] for one in other.asks("phones", "phones")["phones"] if one["this"]]
    dead = lost.proof(f"lost-phone:{mine[0]}") | {"what": "phone", "phone": mine[0]}
    assert lost.post("lost", dead).json()["reason"] == "phone_unknown"


def test_the_desk_sees_a_recovery_and_ends_it(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    old, name = enrolled(api, number)
    paper, new, clerk = old.paper(), Phone(api), api.as_("clerk1")
    new.recover(paper)
    assert api.as_("chief1").get("/phones")["phones"] == [], "nobody is asked to approve it"
    waits = next(one for one in clerk.get(f"/cards/{number}/phones")["phones"] if one["state"] == "waiting")
    assert waits["how"] == "recovered"
    assert api.as_("chief1").reason("POST", f"/phones/{waits['id']}/challenge", {}) == "phone_not_found"
    clerk.post(f"/phones/{waits['id']}/revoke")
    api.office.clock.pass_by(hours=25)
    assert new.renew()["state"] == "phone_over"
    assert old.renew()["state"] == "valid"
    paper = old.paper()
    api.as_("clerk1").post(f"/phones/{name}/revoke")
    assert Phone(api).recover(paper).json()["reason"] == "recovery_unknown"


def test_papers_are_not_guessed(quick_api: Api) -> None:
    phone = Phone(quick_api)
    reasons = [Phone(quick_api).recover(phone.key).json()["reason"] for _ in range(105)]
    assert (reasons[0], reasons[-1]) == ("recovery_unknown", "locked_out")


def test_a_code_that_was_given_up_while_the_signer_was_away_is_told_later(
    quick_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = quick_api
    old, name = enrolled(api, card_of(api))
    paper, signer = old.paper(), api.office.site.signer

    def away(key: bytes) -> None:
        raise KeysError("signer_away", "nobody answers")

    with monkeypatch.context() as patched:
        patched.setattr(signer, "stop_recovery", away)
        assert api.as_("clerk1").post(f"/phones/{name}/revoke")["state"] == "revoked"
    moving.settle(api.office.site, api.office.clock.now)
    new = Phone(api)
    proof = TokenProof(paper.public.raw, *_bytes(new.proof(f"recover:{new.thumb}", paper)))
    with pytest.raises(KeysError, match="no phone stands behind"):
        signer.begin_recovery(proof, thumbprint(new.key.public), "aaa", 1)


def test_a_lost_print_that_was_found_opens_again(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    phone, _ = enrolled(api, number)
    phone.token()
    phone.lost("print")
    api.office.clock.pass_by(minutes=5)
    door, clerk, chief = Door(api), api.as_("clerk1"), api.as_("chief1")
    asked = clerk.post(f"/cards/{number}/acts", {"act": "reinstate", "reason": "brought back"}, status=202)
    begun = chief.post(f"/acts/{asked['act_request']}/challenge")
    credential = api.office.device("chief1").get(begun["options"])
    chief.post(f"/acts/{asked['act_request']}/approve", {"credential": credential})
    api.office.clock.pass_by(minutes=5)
    door.sync()
    answer = phone.renew()
    assert (answer["card"]["print_lost"], answer["state"]) == (False, "valid")
    with api.office.site.store.reading() as tx:
        printed = tx.prints.current_of(number)
    assert printed is not None
    assert api.office.judge(printed.id) == ["allow ok"] * 2


def test_recoveries_that_wait_hide_no_move_and_cost_the_signer_nothing(api: Api) -> None:
    """One recovery just began, one waits, one may be fetched, one ran out; and a move was cut short."""
    site, clock = api.office.site, api.office.clock
    old, _ = enrolled(api, card_of(api))
    found = []
    with site.store.transaction() as tx:
        before = tx.phones.of_key(thumbprint(old.key.public))
        assert before is not None
        for how, ready, days in (
            (moving.PhoneWay.RECOVERED, None, 7),
            (moving.PhoneWay.RECOVERED, timedelta(days=2), 7),
            (moving.PhoneWay.RECOVERED, timedelta(days=0), 7),
            (moving.PhoneWay.RECOVERED, None, 0),
            (moving.PhoneWay.MOVED, None, 7),
        ):
            key, now = Phone(api).key.public, clock.now
            values = {} if ready is None else {"ready_at": now + ready}
            made = moving.succeed(tx, before, key.raw, thumbprint(key), how, now + days * DAY, now, **values)
            found.append(made.id)
    clock.pass_by(minutes=2)
    _, _, fetched, over, moved = found
    with site.store.reading() as tx:
        unsettled = [one.id for one in tx.phones.unsettled(clock.now - moving.SETTLE, clock.now)]
    assert unsettled[0] == moved
    assert set(unsettled[1:]) == {fetched, over}


def test_a_phone_that_cannot_be_settled_holds_no_other_up(
    quick_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = quick_api
    site, clock = api.office.site, api.office.clock
    old, _ = enrolled(api, card_of(api))
    keys = [Phone(api).key.public for _ in range(2)]
    with site.store.transaction() as tx:
        before = tx.phones.of_key(thumbprint(old.key.public))
        assert before is not None
        for key in keys:
            span = clock.now + moving.OFFER_LIFE
            moving.succeed(tx, before, key.raw, thumbprint(key), moving.PhoneWay.MOVED, span, clock.now)
    clock.pass_by(minutes=20)
    asked = []

    def carries(key: bytes) -> bool:
        asked.append(key)
        if len(asked) == 1:
            raise KeysError("signer_failed", "it stumbled over this one")
        return False

    monkeypatch.setattr(site.signer, "carries", carries)
    with pytest.raises(KeysError, match="stumbled"):
        moving.settle(site, clock.now)
    assert set(asked) == {thumbprint(key) for key in keys}
    with site.store.reading() as tx:
        states = {key: tx.phones.of_key(key).state for key in asked}  # type: ignore[union-attr]  # both are there
    assert states == {asked[0]: "waiting", asked[1]: "revoked"}
