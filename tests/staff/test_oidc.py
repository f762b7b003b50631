"""Signing in with an OpenID provider: the way there and back, and every check of its token."""

import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from webauthn.helpers import bytes_to_base64url

from cardsvc.errors import ServiceError
from cardsvc.staff import oidc
from cardsvc.staff.oidc import provider_of
from tests.desk.town import settings_for
from tests.service.house import Browser, House, open_house
from tests.staff.provider import LocalProvider, local_provider


@pytest.fixture
def provider() -> Iterator[LocalProvider]:
    with local_provider() as made:
        yield made


@pytest.fixture
def served(tmp_path: Path, pattern: Any, provider: LocalProvider) -> Iterator[House]:
    source, founders = pattern
    shutil.copytree(source, tmp_path / "data")
    changed = {"oidc_issuer": provider.issuer, "oidc_client_id": "cardsvc"}
    with open_house(tmp_path / "data", founders, **changed) as house:
        provider.now = house.clock.now
        yield house


def _there(browser: Browser, provider: LocalProvider) -> dict[str, str]:
    """Go to the provider; gives what the browser brings along."""
    answer = browser.client.get("/api/session/oidc", follow_redirects=False)
    assert answer.status_code == 303
    address = urlsplit(answer.headers["location"])
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    provider.nonce = query["nonce"]
    return query


def _back(browser: Browser, query: dict[str, str], **changed: str) -> Any:
    params = {"state": query["state"], "code": "the-code"} | changed
    return browser.client.get("/api/session/oidc/callback", params=params, follow_redirects=False)


def test_somebody_signs_in_and_out(served: House, provider: LocalProvider) -> None:
    browser = served.browser()
    assert browser.get("/api/session/ways") == {"passkey": True, "password": True, "oidc": True}
    query = _there(browser, provider)
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    answer = _back(browser, query)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    session = browser.get("/api/session")
    assert (session["staff"]["id"], session["signed_in_with"]) == ("clerk1", "oidc")
    assert session["stepped_up_until"] is None
    (asked,) = provider.asked
    assert (asked["code"], asked["redirect_uri"]) == ("the-code", query["redirect_uri"])
    verified = bytes_to_base64url(sha256(asked["code_verifier"].encode()).digest())
    assert verified == query["code_challenge"]


@pytest.mark.parametrize(
    "bent",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["cardsvc", "another"], "azp": "another"},
        {"exp": 1},
        {"exp": None},
        {"iat": 99999999999},
        {"nonce": "another"},
        {"nonce": "\ud800"},
        {"sub": "nobody"},
        {"sub": None},
        {"sub": "\ud800"},
        {"sub": "a\0b"},
    ],
    ids=lambda bent: "-".join(bent),
)
def test_a_token_that_misses_a_check_is_refused(
    served: House, provider: LocalProvider, bent: dict[str, Any]
) -> None:
    browser, provider.bent = served.browser(), bent
    answer = _back(browser, _there(browser, provider))
    assert (answer.status_code, answer.json()["reason"]) == (401, "oidc_refused")
    assert browser.reason("GET", "/api/session") == "not_signed_in"


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_an_algorithm_that_proves_nothing_is_refused(
    served: House, provider: LocalProvider, algorithm: str
) -> None:
    browser, provider.algorithm = served.browser(), algorithm
    assert _back(browser, _there(browser, provider)).json()["reason"] == "oidc_refused"


def test_a_foreign_key_is_refused(served: House, provider: LocalProvider) -> None:
    browser, provider.foreign_key = served.browser(), True
    assert _back(browser, _there(browser, provider)).json()["reason"] == "oidc_refused"


def test_another_browsers_way_back_is_refused(served: House, provider: LocalProvider) -> None:
    """Nobody is signed in as somebody else by a link."""
    query = _there(served.browser(), provider)
    victim = served.browser()
    assert _back(victim, query).json()["reason"] == "oidc_refused"
    own = _there(victim, provider)
    assert _back(victim, own, state=query["state"]).json()["reason"] == "oidc_refused"


def test_a_way_back_works_once(served: House, provider: LocalProvider) -> None:
    browser = served.browser()
    query = _there(browser, provider)
    state = browser.client.cookies.get("cardsvc-oidc")
    _back(browser, query)
    browser.client.cookies.set("cardsvc-oidc", str(state))
    assert _back(browser, query).json()["reason"] == "flow_over"


def test_a_locked_account_stays_out(served: House, provider: LocalProvider) -> None:
    served.as_("operator1").post("/api/staff/clerk1/lock")
    browser = served.browser()
    assert _back(browser, _there(browser, provider)).json()["reason"] == "oidc_refused"


def test_a_provider_that_does_not_answer_is_named(served: House, provider: LocalProvider) -> None:
    provider.issuer = "http://127.0.0.1:9"
    answer = served.browser().client.get("/api/session/oidc", follow_redirects=False)
    assert (answer.status_code, answer.json()["reason"]) == (503, "oidc_unavailable")


def test_a_provider_that_failed_is_left_alone_for_a_while(served: House, provider: LocalProvider) -> None:
    browser, right = served.browser(), provider.issuer

    def begun() -> int:
        return int(browser.client.get("/api/session/oidc", follow_redirects=False).status_code)

    provider.issuer = "http://127.0.0.1:9"
    assert begun() == 503
    provider.issuer = right
    assert begun() == 503
    known = served.app.state.serving.provider
    known._failed_at -= oidc.AGAIN_AFTER_S
    with known._lock:  # Somebody asks it anew; nobody waits for that.
        assert begun() == 503
    assert begun() == 303


def test_a_browser_that_goes_from_page_to_page_is_led_back(served: House, provider: LocalProvider) -> None:
    browser = served.browser()
    query = _there(browser, provider)
    page = {"sec-fetch-mode": "navigate"}
    params = {"state": query["state"], "error": "access_denied"}
    address = "/api/session/oidc/callback"
    answer = browser.client.get(address, params=params, headers=page, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk?refused=oidc_refused")
    # Led back or not, a refusal is counted.
    assert 'cardsvc_refusals_total{reason="oidc_refused"} 1.0' in browser.client.get("/metrics").text
    assert browser.client.get(address, params=params, follow_redirects=False).status_code == 401
    provider.issuer = "http://127.0.0.1:9"
    answer = served.browser().client.get("/api/session/oidc", headers=page, follow_redirects=False)
    assert answer.status_code == 303


def test_without_a_provider_there_is_no_such_way(house: House) -> None:
    assert house.browser().reason("GET", "/api/session/oidc") == "no_such_page"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"oidc_issuer": "http://idp.example"}, "CARDSVC_OIDC_ISSUER"),
        ({"oidc_issuer": "https://idp.example"}, "CARDSVC_OIDC_CLIENT_ID"),
        (
            {
                "oidc_issuer": "https://idp.example",
                "oidc_client_id": "x",
                "oidc_client_secret_file": Path("/no/such"),
            },
            "CARDSVC_OIDC_CLIENT_SECRET_FILE",
        ),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ServiceError, match=named):
        provider_of(settings_for(tmp_path).model_copy(update=changed))
