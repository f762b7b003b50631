"""A chip's code from the desk: asked for by one, allowed by another's key, signed by the signer alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cardsvc.desk import acts
from cardsvc.desk.enacting import recover_acts
from cardsvc.trust.reconciling import AGREED, reconcile
from issuance.nfc import read_ndef
from keys.errors import KeysError
from tests.desk.api import Api, make_api
from tests.desk.office import make_office
from tests.desk.test_acts import approved, asked, issued
from verify.card import Card
from verify.cose import decode_sign1

UID, RAW = "04A1B2C3D4E5F6", bytes.fromhex("04a1b2c3d4e5f6")


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        made.app.state.serving.jobs.stop()
        yield made
        assert office.town.audit_is_whole()


def wish(**changed: Any) -> dict[str, Any]:
    return {"act": "chip", "reason": "a new card", "chip": "04:a1:b2:c3:d4:e5:f6", "tag": "ntag216"} | changed


def judged(api: Api, message: bytes, uid: bytes) -> str:
    reader = api.office.town.reader(now=api.office.clock.now)
    return reader.judge(read_ndef(message), api.office.clock.now, tag_uid=uid)


def test_a_chip_is_written_with_what_another_allowed(api: Api) -> None:
    clerk, chief, number = api.as_("clerk1"), api.as_("chief1"), issued(api)
    act = asked(clerk, number, **wish())
    assert clerk.get(f"/cards/{number}")["chips"] == []
    assert clerk.reason("GET", f"/cards/{number}/chips/{UID}?tag=ntag216") == "chip_not_found"
    approved(chief, act)
    page = clerk.get(f"/cards/{number}")
    assert [(chip["uid"], chip["print"], chip["signed"]) for chip in page["chips"]] == [(UID, 1, True)]
    message = clerk.get(f"/cards/{number}/chips/{UID}?tag=ntag216")
    assert judged(api, message, RAW) == "allow ok"
    assert judged(api, message, RAW[::-1]) == "deny wrong_chip"
    assert Card.decode(decode_sign1(read_ndef(message)).payload).chip_uid == RAW
    assert clerk.get(f"/cards/{number}/chips/{UID}?tag=ntag216") == message
    clerk.post(f"/cards/{number}/chips/{UID}/written")
    assert api.office.town.actions(number)[-3:] == ["chip_reserved", "chip_issued", "chip_written"]
    assert reconcile(api.office.site, api.office.clock.now) == AGREED


def test_a_chip_dies_with_its_print(api: Api) -> None:
    clerk, chief, number = api.as_("clerk1"), api.as_("chief1"), issued(api)
    approved(chief, asked(clerk, number, **wish()))
    message = clerk.get(f"/cards/{number}/chips/{UID}?tag=ntag216")
    approved(chief, asked(clerk, number, "replace"))
    assert judged(api, message, RAW) == "deny replaced"
    assert clerk.reason("POST", f"/cards/{number}/acts", wish()) == "chip_in_use"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"chip": "04A1"}, "bad_uid"),
        ({"chip": None}, "chip_missing"),
        ({"tag": None}, "chip_missing"),
        ({"act": "replace"}, "chip_missing"),
    ],
)
def test_a_wish_that_names_no_chip_is_refused(api: Api, changed: dict[str, Any], reason: str) -> None:
    assert api.as_("clerk1").reason("POST", f"/cards/{issued(api)}/acts", wish(**changed)) == reason


def test_nobody_writes_alone_or_at_another_office(api: Api) -> None:
    chief, number = api.as_("chief1"), issued(api)
    act = asked(chief, number, **wish())
    assert chief.reason("POST", f"/acts/{act}/challenge") == "own_request"
    assert api.as_("clerk1").reason("POST", f"/cards/{number}/acts", wish()) == "already_asked"
    assert api.as_("clerk2").reason("POST", f"/cards/{number}/acts", wish()) == "card_not_found"
    assert api.as_("clerk2").reason("GET", f"/cards/{number}/chips/{UID}?tag=ntag216") == "card_not_found"


def test_nobody_waits_for_a_clerk_who_waits_for_the_signer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    number, check, wrote = issued(api), acts.check_chip, []

    def slow(*given: Any) -> str:
        with api.office.site.store.transaction() as tx:
            wrote.append(tx.cards.get(number))
        return check(*given)

    monkeypatch.setattr(acts, "check_chip", slow)
    asked(api.as_("clerk1"), number, **wish())
    assert wrote


def test_killed_before_the_signer_was_asked_another_process_finishes(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, chief, number = api.as_("clerk1"), api.as_("chief1"), issued(api)
    act = asked(clerk, number, **wish())
    options = chief.post(f"/acts/{act}/challenge")["options"]
    body = {"credential": api.office.device("chief1").get(options)}
    with monkeypatch.context() as away:
        away.setattr(type(api.office.site.signer), "sign_chip", failing)
        assert chief.reason("POST", f"/acts/{act}/approve", body) == "signer_away"
    assert recover_acts(api.office.site, api.office.clock.now) == 1
    assert clerk.get(f"/cards/{number}")["chips"][0]["signed"]
    assert recover_acts(api.office.site, api.office.clock.now) == 0


def test_a_chip_that_was_asked_for_twice_carries_one_code(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """One chip, two cards: whose bytes are stored last is signed, the other request ends."""
    clerk, chief, first = api.as_("clerk1"), api.as_("chief1"), issued(api)
    case = clerk.submitted(passport="A0000002", given_names="Layla", reference="other")
    second = chief.approved(case["id"])[0]["number"]
    early = asked(clerk, first, **wish())
    options = chief.post(f"/acts/{early}/challenge")["options"]
    late = asked(clerk, second, **wish())
    approved(chief, late)
    body = {"credential": api.office.device("chief1").get(options)}
    assert chief.reason("POST", f"/acts/{early}/approve", body) == "chip_in_use"
    assert [chip["uid"] for chip in clerk.get(f"/cards/{second}")["chips"]] == [UID]
    assert clerk.get(f"/cards/{first}")["chips"] == []
    assert clerk.get("/acts")["acts"] == []


def failing(*_: object, **__: object) -> None:
    raise KeysError("signer_away", "nobody answers")
