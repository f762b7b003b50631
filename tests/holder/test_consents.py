"""A holder agrees to show a standing to sellers, shows it, and takes that back."""

import base64
from typing import Any

import pytest

from cardsvc.trust.publishing import served_bundle
from keys.signer import Signer, new_signer
from tests.desk.api import Api
from tests.desk.town import seconds
from tests.holder.phone import Phone, card_of, enrolled, sealed_code, url64
from verify.cose import ES256, thumbprint
from verify.days import DAY_S
from verify.errors import Refused
from verify.phone import read_code
from verify.services import Service
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.verdict import Role, Verdict
from verify.verifier import Presentation, Verifier


def agree(phone: Phone, days: int = 30) -> Any:
    return phone.asks("consents/give", f"consent:standing:{days}", kind="standing", days=days)


def token_for(phone: Phone, key: Signer) -> Any:
    body = phone.proof(f"standing:{thumbprint(key.public).hex()}") | {"holder": url64(key.public.raw)}
    return phone.post("standing", body)


def shown(api: Api, phone: Phone, consent: frozenset[int] = frozenset({9})) -> bytes:
    """What a seller scans: a fresh key's code around a fresh token."""
    key = new_signer(ES256)
    answer = token_for(phone, key)
    assert answer.status_code == 200, answer.text
    token = base64.b64decode(answer.json()["token"])
    return sealed_code(key, token, seconds(api.office.clock.now), consent=consent)


def judged(api: Api, code: bytes, role: Role = Role.SELLER, service: int | None = None) -> Verdict:
    """By a reader of the market that is not on line."""
    now = seconds(api.office.clock.now)
    state = TrustState.pin(api.office.town.installation.keyring.roots[-1], now=now)
    bundle = served_bundle(api.office.site, "market", lambda: api.office.clock.now)
    _, trust = accept(state, bundle, now)
    return Verifier(trust, role=role, seen=SeenInMemory()).judge(Presentation(code, service), now)


def test_a_seller_sees_the_standing_and_nothing_else(api: Api) -> None:
    number = card_of(api)
    phone, _ = enrolled(api, number)
    answer = token_for(phone, new_signer(ES256))
    assert (answer.status_code, answer.json()["reason"]) == (403, "consent_needed")
    agree(phone)
    code = shown(api, phone)
    verdict = judged(api, code)
    assert (str(verdict.answer), verdict.card, verdict.view) == ("allow", None, {"standing": "unknown"})
    card = read_code(code).card
    assert (card.status, card.identity, card.passport, card.card_class) == (None, None, None, 0)
    assert number.encode() not in code

    # Who is given a code of sellers and no seller is told nothing, and lets nobody in.
    for role in (Role.GATE, Role.DESK, Role.POLICE):
        assert judged(api, code, role).reason == "no_entitlement"
    assert judged(api, code, Role.GATE, Service.BUS).reason == "no_entitlement"


def decide(api: Api, act: str, number: str, until: str | None = None) -> None:
    """The market office's own word, by one touch of its key."""
    api.office.give_key("market1", "department", (int(Service.STANDING),))
    market = api.as_("market1")
    body = {"act": act, "reason": "known for years", "lines": [{"line": 1, "number": number, "until": until}]}
    path = "/api/services/standing/lists"
    row = market.client.post(path, json=body).json()["id"]
    if act == "grant":
        options = market.client.post(f"{path}/{row}/challenge").json()["options"]
        credential = api.office.device("market1").get(options)
        done = market.client.post(f"{path}/{row}/grant", json={"credential": credential})
    else:
        done = market.client.post(f"{path}/{row}/withdraw")
    assert done.status_code == 200, done.text
    api.app.state.serving.jobs.run_now()


@pytest.mark.parametrize(
    ("acts", "until", "standing"),
    [
        (("grant",), None, "good"),
        (("grant",), "2026-06-30", "limited"),
        (("grant", "withdraw"), None, "unknown"),
    ],
)
def test_the_market_office_decides_how_good(
    quick_api: Api, acts: tuple[str, ...], until: str | None, standing: str
) -> None:
    api = quick_api
    number = card_of(api)
    phone, _ = enrolled(api, number)
    agree(phone)
    for act in acts:
        decide(api, act, number, until)
    code = shown(api, phone)
    assert judged(api, code).view == {"standing": standing}
    # The day itself is not told: none of the token's days is later than its own last one.
    card = read_code(code).card
    last = (card.expires - 1577836800 + 8 * 3600) // DAY_S
    assert all(one <= last for one in (card.permit_day or 0, *card.service_days.values()))
    # Without the holder's consent in the code itself nothing is told either.
    api.office.clock.pass_by(seconds=10)
    assert judged(api, shown(api, phone, frozenset())).view == {"standing": "unknown"}


def test_each_token_has_a_name_of_its_own_and_a_day(quick_api: Api) -> None:
    api = quick_api
    phone, _ = enrolled(api, card_of(api))
    agree(phone)
    cards = []
    for _ in range(3):
        api.office.clock.pass_by(seconds=10)
        cards.append(read_code(shown(api, phone)).card)
    assert len({one.number for one in cards}) == 3
    assert len({one.print_id for one in cards}) == 3
    assert all(one.expires - one.issued_at == DAY_S for one in cards)
    again = token_for(phone, new_signer(ES256))
    assert (again.status_code, again.json()["reason"]) == (429, "too_often")
    # A clock that was ahead and is set back keeps nobody waiting.
    api.office.clock.pass_by(seconds=-10)
    assert token_for(phone, new_signer(ES256)).status_code == 200


def test_a_consent_is_seen_and_taken_back(api: Api) -> None:
    number = card_of(api)
    phone, _ = enrolled(api, number)
    assert phone.asks("consents", "consents")["consents"] == []
    agree(phone, 1)
    api.office.clock.pass_by(minutes=5)
    agree(phone, 365)
    shown(api, phone)
    found = phone.asks("consents", "consents")["consents"]
    assert [(one["kind"], one["ended"] is None, one["used"] is None) for one in found] == [
        ("standing", True, False),
        ("standing", False, True),
    ]
    ended = phone.asks("consents/end", "end-consent:standing", kind="standing")["consents"]
    assert all(one["ended"] for one in ended)
    answer = token_for(phone, new_signer(ES256))
    assert answer.json()["reason"] == "consent_needed"
    said = [action for action in api.office.town.actions(number) if "consent" in action]
    assert said == ["consent_given", "consent_given", "consent_ended"]


def test_a_consent_ends_with_its_last_day_and_no_token_outlives_it(quick_api: Api) -> None:
    api = quick_api
    phone, _ = enrolled(api, card_of(api))
    agree(phone, 1)
    api.office.clock.pass_by(hours=20)
    card = read_code(shown(api, phone)).card
    assert card.expires - card.issued_at == 4 * 3600
    api.office.clock.pass_by(hours=4)
    assert token_for(phone, new_signer(ES256)).json()["reason"] == "consent_needed"


def test_a_signature_for_one_consent_is_none_for_another(quick_api: Api) -> None:
    api = quick_api
    phone, _ = enrolled(api, card_of(api))
    for path, act, more in (
        ("consents/give", "consent:standing:1", {"kind": "standing", "days": 365}),
        ("consents/end", "consent:standing:1", {"kind": "standing"}),
        ("consents", "renew", {}),
    ):
        answer = phone.post(path, phone.proof(act) | more)
        assert (answer.status_code, answer.json()["reason"]) == (403, "bad_proof")
    stranger = Phone(api)
    answer = stranger.post("consents", stranger.proof("consents"))
    assert answer.json()["reason"] == "phone_unknown"


def test_a_held_card_shows_no_standing(quick_api: Api) -> None:
    api = quick_api
    number = card_of(api)
    phone, _ = enrolled(api, number)
    agree(phone)
    api.as_("clerk1").post(f"/cards/{number}/acts", {"act": "suspend", "reason": "found in the street"})
    answer = token_for(phone, new_signer(ES256))
    assert (answer.status_code, answer.json()["reason"]) == (409, "card_stands_otherwise")


def test_a_code_without_its_key_is_no_code(quick_api: Api) -> None:
    api = quick_api
    phone, _ = enrolled(api, card_of(api))
    agree(phone)
    key, thief = new_signer(ES256), new_signer(ES256)
    token = base64.b64decode(token_for(phone, key).json()["token"])
    now = seconds(api.office.clock.now)
    stolen = sealed_code(thief, token, now, consent=frozenset({9}))
    assert judged(api, stolen).reason == "bad_signature"
    assert judged(api, token).reason == "stripped_binding"
    with pytest.raises(Refused):
        read_code(token[:-1])
