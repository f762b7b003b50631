"""The trust documents over HTTP: what a reader, a wallet or a stranger's verifier asks for."""

import json

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from cardsvc.readers.bearer import of_venue
from cardsvc.records.distrust import DistrustedKeyRecord
from cardsvc.records.tables import CARD, PRINT, CardState
from cardsvc.trust.routes import JWT_MEDIA, preferred
from keys.bundle import TTL_S
from tests.desk.town import PUBLIC_URL, application, seconds
from tests.trust.conftest import City, TestClient
from verify import cose
from verify.cose import EDDSA, PublicKey
from verify.errors import Refused
from verify.keylist import KeyUse
from verify.status import REVOKED, STATUS_TYP, VALID, StatusList, decode_status_claims
from verify.status_jwt import decode_status_jwt, from_base64url
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.trustdocs import BUNDLE_TYP, ISSUED_TYP, PREFIX_BYTES, ROOT_TYP, decode_issued
from verify.verifier import Presentation, Verifier


def place_of(city: City, number: str) -> tuple[str, int]:
    """The list and index of a card's one print."""
    with city.town.installation.store.reading() as tx:
        (printed,) = tx.prints.of_card(number)
    return printed.list_id, printed.list_index


def status_key(city: City) -> PublicKey:
    keyring = city.town.installation.keyring
    return keyring.status_signer(city.clock.now, epoch=1).public


def cwt(city: City, list_id: str) -> StatusList:
    """The list as CWT, its signature checked."""
    answer = city.web.get(f"/s/{list_id}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == STATUS_TYP
    signed = cose.decode_sign1(answer.content)
    tbs = cose.sign1_tbs(signed.protected, signed.payload)
    assert cose.verify_signature(status_key(city), tbs, signed.signature)
    return decode_status_claims(signed.payload)


def test_the_root_is_the_one_that_readers_are_given_by_hand(city: City) -> None:
    newest = city.web.get("/trust/root")
    assert newest.headers["content-type"] == ROOT_TYP
    assert newest.content == city.town.installation.keyring.roots[-1]
    assert city.web.get("/trust/root/1").content == newest.content
    again = city.web.get("/trust/root", headers={"If-None-Match": newest.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/trust/root/2", "/s/zzz", "/trust/issued/0011223344556677"])
def test_what_is_not_there_is_said_to_be_so(city: City, path: str) -> None:
    answer = city.web.get(path)
    assert (answer.status_code, answer.json()["reason"]) == (404, "no_such_document")


def test_a_list_is_a_cwt_unless_a_jwt_is_asked_for_and_both_say_the_same(city: City) -> None:
    issued = city.town.card(application(), city.clock.now)
    list_id, index = place_of(city, issued.number)
    uri = f"{PUBLIC_URL}/s/{list_id}"
    assert city.web.get("/s").json() == {"status_lists": [uri]}
    found = cwt(city, list_id)
    assert (found.uri, found.at(index), found.ttl) == (uri, VALID, TTL_S)
    answer = city.web.get(f"/s/{list_id}", headers={"Accept": JWT_MEDIA})
    assert answer.headers["content-type"] == JWT_MEDIA
    keys = {
        one["kid"]: PublicKey(EDDSA, from_base64url(one["x"]))
        for one in city.web.get("/.well-known/jwks.json").json()["keys"]
    }
    assert decode_status_jwt(answer.text, keys).data == found.data


def test_a_list_may_be_kept_by_anybody_but_no_longer_than_its_ttl(city: City) -> None:
    issued = city.town.card(application(), city.clock.now)
    answer = city.web.get(f"/s/{place_of(city, issued.number)[0]}")
    head = answer.headers
    assert head["access-control-allow-origin"] == "*"
    assert head["vary"] == "Accept"
    public, _, age = head["cache-control"].partition(", max-age=")
    assert (public, int(age) <= TTL_S) == ("public", True)
    same = city.web.get(str(answer.url), headers={"If-None-Match": f'"other", {head["etag"]}'})
    assert same.status_code == 304


@pytest.mark.parametrize(
    ("path", "headers", "status", "reason"),
    [
        ("?time=1767225600", {}, 501, "history_not_kept"),
        ("", {"Accept": "text/html"}, 406, "not_acceptable"),
        ("", {"Accept": f"{STATUS_TYP};q=0, {JWT_MEDIA};q=0"}, 406, "not_acceptable"),
    ],
)
def test_what_the_standard_lets_us_refuse(
    city: City, path: str, headers: dict[str, str], status: int, reason: str
) -> None:
    issued = city.town.card(application(), city.clock.now)
    answer = city.web.get(f"/s/{place_of(city, issued.number)[0]}{path}", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, STATUS_TYP),
        ("*/*", STATUS_TYP),
        (f"{JWT_MEDIA}, */*;q=0.1", JWT_MEDIA),
        (f"{STATUS_TYP};q=0.5, {JWT_MEDIA};q=0.9", JWT_MEDIA),
        (f"application/*, {STATUS_TYP};q=0", JWT_MEDIA),
        ("application/json", None),
        ("*/*;q=nonsense", None),
    ],
)
def test_the_media_type_follows_what_is_asked_for(accept: str | None, media: str | None) -> None:
    assert preferred(accept, (STATUS_TYP, JWT_MEDIA)) == media


def test_a_list_is_signed_anew_when_something_changed_and_not_before(city: City) -> None:
    issued = city.town.card(application(), city.clock.now)
    list_id, index = place_of(city, issued.number)
    first = cwt(city, list_id)
    city.clock.pass_(minutes=2)
    assert cwt(city, list_id) == first
    city.town.life(city.clock.now).revoke(issued.number, "stolen")
    city.clock.pass_(seconds=1)
    changed = cwt(city, list_id)
    assert (first.at(index), changed.at(index)) == (VALID, REVOKED)
    city.clock.pass_(minutes=9)
    assert cwt(city, list_id) == changed
    city.clock.pass_(minutes=2)
    assert cwt(city, list_id).iat > changed.iat


def test_a_list_that_the_signer_refuses_is_an_alarm(city: City) -> None:
    """Somebody writes into the records that a revoked card is valid: no list says so, nor an old one."""
    issued = city.town.card(application(), city.clock.now)
    list_id, index = place_of(city, issued.number)
    city.town.life(city.clock.now).revoke(issued.number, "stolen")
    assert cwt(city, list_id).at(index) == REVOKED
    with city.town.installation.store.transaction() as tx:
        tx.cards._link.run(update(CARD).values(state=CardState.ACTIVE))
        tx.cards._link.run(update(PRINT).values(status=VALID))
        tx.audit.append("somebody", "card_changed", issued.number, {}, city.clock.pass_(minutes=1))
    answer = city.web.get(f"/s/{list_id}")
    assert (answer.status_code, answer.json()["reason"]) == (503, "lists_refused")
    assert 'cardsvc_refusals_total{reason="lists_refused"} 1.0' in city.web.get("/metrics").text
    (line,) = [one for one in city.log.getvalue().splitlines() if '"level": "error"' in one]
    told = json.loads(line)
    assert told["event"] == "lists_refused"
    assert f"final_status: {PUBLIC_URL}/s/{list_id} index {index}" in told["words"]


def test_however_much_happens_nothing_is_signed_twice_in_fifteen_seconds(city: City) -> None:
    issued = city.town.card(application(), city.clock.now)
    list_id, index = place_of(city, issued.number)
    first = cwt(city, list_id)
    city.town.life(city.clock.pass_(seconds=1)).revoke(issued.number, "stolen")
    assert cwt(city, list_id) == first
    city.clock.pass_(seconds=15)
    assert cwt(city, list_id).at(index) == REVOKED


def test_nobody_is_given_a_bundle_before_readers_are_enrolled(city: City) -> None:
    answer = city.web.get("/trust/bundle/library")
    assert (answer.status_code, answer.json()["reason"]) == (401, "not_enrolled")
    assert BUNDLE_TYP not in answer.headers["content-type"]


@pytest.fixture
def reader(city: City) -> TestClient:
    """A reader that somebody enrolled."""
    assert isinstance(city.web.app, FastAPI)
    city.web.app.dependency_overrides[of_venue] = lambda: "door-1"
    return city.web


def test_a_reader_lives_on_the_bundles_that_the_signer_makes(city: City, reader: TestClient) -> None:
    issued = city.town.card(application(), city.clock.now)
    code = city.town.codes(issued.print_id).gate
    state = TrustState.pin(reader.get("/trust/root").content, now=seconds(city.clock.now))
    reasons = []
    for revoke in (True, False):
        answer = reader.get("/trust/bundle/library")
        assert answer.headers["content-type"] == BUNDLE_TYP
        assert answer.headers["cache-control"] == "private, no-cache"
        now = seconds(city.clock.now)
        state, trust = accept(state, answer.content, now)
        reasons.append(Verifier(trust, seen=SeenInMemory()).judge(Presentation(code), now).reason)
        tag = {"If-None-Match": answer.headers["etag"]}
        assert reader.get("/trust/bundle/library", headers=tag).status_code == 304
        if revoke:
            city.town.life(city.clock.pass_(minutes=1)).revoke(issued.number, "stolen")
    assert reasons == ["ok", "revoked"]


def test_a_clock_that_was_ahead_holds_no_revocation_back(city: City, reader: TestClient) -> None:
    issued = city.town.card(application(), city.clock.now)
    list_id, index = place_of(city, issued.number)
    city.clock.pass_(hours=3)
    assert cwt(city, list_id).at(index) == VALID
    ahead = reader.get("/trust/bundle/library").content
    # A few seconds back are no matter; readers allow more.
    city.clock.pass_(seconds=-5)
    assert reader.get("/trust/bundle/library").content == ahead
    city.town.life(city.clock.pass_(hours=-2)).revoke(issued.number, "stolen")
    assert cwt(city, list_id).at(index) == REVOKED
    now = seconds(city.clock.now)
    state = TrustState.pin(reader.get("/trust/root").content, now=now)
    _, trust = accept(state, reader.get("/trust/bundle/library").content, now)
    code = city.town.codes(issued.print_id).gate
    assert Verifier(trust, seen=SeenInMemory()).judge(Presentation(code), now).reason == "revoked"


def test_a_venue_that_is_not_there_is_named(reader: TestClient) -> None:
    answer = reader.get("/trust/bundle/nowhere")
    assert (answer.status_code, answer.json()["reason"]) == (404, "venue_not_found")


def test_what_a_distrusted_key_really_signed_is_published(city: City) -> None:
    issued = city.town.card(application(), city.clock.now)
    with city.town.installation.store.transaction() as tx:
        (printed,) = tx.prints.of_card(issued.number)
        tx.distrusted.add(DistrustedKeyRecord(printed.signing_kid, "stolen", "operator1", city.clock.now))
    answer = city.web.get(f"/trust/issued/{printed.signing_kid.hex()}")
    assert answer.headers["content-type"] == ISSUED_TYP
    listed = decode_issued(cose.decode_sign(answer.content).payload)
    assert (listed.kid, len(listed.prefixes)) == (printed.signing_kid, 2 * PREFIX_BYTES)


def test_the_keys_are_those_of_the_lists_and_no_others(city: City) -> None:
    listed = city.town.installation.keyring.key_list.keys
    wanted = {key.public.raw for key in listed if key.use is KeyUse.STATUS}
    answer = city.web.get("/.well-known/jwks.json")
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert {from_base64url(one["x"]) for one in answer.json()["keys"]} == wanted


def test_a_bundle_for_strangers_cannot_be_had_by_another_venue(city: City) -> None:
    """A bundle names its venue, and another venue's reader refuses it."""
    assert isinstance(city.web.app, FastAPI)
    city.web.app.dependency_overrides[of_venue] = lambda: "door-1"
    root, now = city.web.get("/trust/root").content, seconds(city.clock.now)
    state = TrustState.pin(root, now=now, issuer="cn-yiwu", venue="bus")
    with pytest.raises(Refused) as caught:
        accept(state, city.web.get("/trust/bundle/library").content, now)
    assert caught.value.reason == "wrong_venue"
