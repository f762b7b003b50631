"""Whatever JSON somebody sends as an application, it is answered, and never with a failure of ours."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardsvc.desk.judging import TYPED
from tests.desk.api import Person, make_api
from tests.desk.office import make_office

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
#: Things that nearly fit, so that what lies behind the first check is reached.
NEAR = st.sampled_from(
    ["KEN", "M", "1990-02-28", "9999-12-31", "A0000001", "merchant", "residence", "ara", "أمينة", "阿", "-",
     ["bus"], {"bus": "2026-12-31"}, {"bus": None}, "P<KEN" + "<" * 39, ["P<KEN" + "<" * 39, "A" * 44]]
)  # fmt: skip
APPLICATIONS = st.dictionaries(st.sampled_from(sorted(TYPED)), JSON | NEAR, max_size=12)


@pytest.fixture(scope="module")
def clerk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with make_office(tmp_path_factory.mktemp("hostile") / "data") as office, make_api(office) as api:
        yield api.as_("clerk1")


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(raw=APPLICATIONS)
def test_no_application_breaks_the_desk(clerk: Person, raw: dict[str, Any]) -> None:
    made = send(clerk, "POST", "/cases", {"application": raw})
    assert made.status_code in (201, 422), made.text
    if made.status_code == 201:
        case = made.json()
        path = f"/cases/{case['id']}"
        assert send(clerk, "GET", path).json()["application"] == case["application"]
        assert send(clerk, "GET", f"{path}/preview/back.png").status_code == 200
        again = send(clerk, "PUT", path, {"version": case["version"], "application": raw | {"phone": "1"}})
        assert again.status_code in (200, 422)
        submitted = send(clerk, "POST", f"{path}/submit", {"version": again.json().get("version", 1)})
        assert submitted.status_code in (409, 422)
    assert send(clerk, "GET", "/queue").status_code == 200


@settings(max_examples=15)
@given(text=st.text(max_size=60))
def test_no_search_breaks_the_desk(clerk: Person, text: str) -> None:
    for path in ("/queue", "/cards"):
        answer = clerk.client.get(f"/api/desk{path}", params={"search": text})
        assert answer.status_code in (200, 422), answer.text
    for name in ("before", "state", "waiting_for"):
        answer = clerk.client.get("/api/desk/queue", params={name: text})
        assert answer.status_code in (200, 422), answer.text


@settings(max_examples=15)
@given(credential=JSON)
def test_no_answer_of_a_key_breaks_the_desk(clerk: Person, credential: Any) -> None:
    for path in ("/approvals/" + "0" * 32 + "/sign", "/acts/" + "0" * 32 + "/approve"):
        answer = send(clerk, "POST", path, {"credential": credential})
        assert answer.status_code in (403, 422), answer.text


def send(clerk: Person, method: str, path: str, body: Any = None) -> Any:
    # Written by hand: NaN and Infinity are no JSON, and are sent all the same.
    if body is None:
        return clerk.client.request(method, f"/api/desk{path}")
    headers = {"content-type": "application/json"}
    return clerk.client.request(method, f"/api/desk{path}", content=json.dumps(body), headers=headers)
