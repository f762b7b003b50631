"""The examples stay what they say: a dozen good applications, two bad ones, staff and venues that fit."""

import json
import tomllib
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from issuance.application import Application, load_applications, parse_application
from issuance.errors import ApplicationRefused
from issuance.portrait import prepare_portrait
from verify.rules import OPENABLE, Assurance
from verify.services import CardClass, Service

EXAMPLES = Path(__file__).parents[1] / "examples"
#: Any day of these years must do, so that the first run works long after it was written.
DAYS = (
    datetime(2026, 11, 22, 9, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2030, 6, 30, 23, tzinfo=UTC),
)
FEW_SERVICES = {Service.STANDING, Service.CREDIT, Service.EXCHANGE}


def outcomes(now: datetime) -> tuple[list[Application], dict[str, list[dict[str, str]]]]:
    good: list[Application] = []
    refused: dict[str, list[dict[str, str]]] = {}
    for place, raw in load_applications(EXAMPLES / "applications.json"):
        assert not isinstance(raw, ApplicationRefused), f"application {place}: {raw}"
        try:
            good.append(parse_application(raw, now=now, base=EXAMPLES))
        except ApplicationRefused as error:
            refused[str(raw["reference"])] = [{"field": e.field, "reason": e.reason} for e in error.errors]
    return good, refused


@pytest.fixture(scope="module")
def good() -> list[Application]:
    return outcomes(DAYS[0])[0]


@pytest.mark.parametrize("now", DAYS, ids=lambda now: now.date().isoformat())
def test_a_dozen_parse_and_two_are_refused_as_said(now: datetime) -> None:
    expected = json.loads((EXAMPLES / "expected.json").read_text("utf-8"))
    taken, refused = outcomes(now)
    assert refused == {reference: [why] for reference, why in expected["refused"].items()}
    assert len(taken) == expected["issued"] == 12


def scripts_of(text: str) -> set[str]:
    return {unicodedata.name(char).split()[0] for char in text if char.isalpha()}


def test_the_names_are_in_ten_scripts(good: list[Application]) -> None:
    seen: set[str] = set()
    for application in good:
        seen |= scripts_of(application.full_name)
        seen |= scripts_of((application.name_native or "") + (application.name_chinese or ""))
    wanted = "ARABIC DEVANAGARI BENGALI HANGUL HIRAGANA CJK CYRILLIC THAI ETHIOPIC LATIN"
    assert set(wanted.split()) <= seen
    assert {item.language_native for item in good} >= {"ara", "urd"}  # one script, two ways of writing it


def test_every_class_and_kind_of_permit_occurs(good: list[Application]) -> None:
    assert {item.card_class for item in good} == set(CardClass)
    assert {item.permit_kind for item in good} == {"residence", "visa", "work", "none"}
    assert {service for item in good for service in item.services} == set(Service)
    assert any(item.mrz for item in good)
    assert any(item.mrz is None for item in good)


def test_the_family_belongs_together(good: list[Application]) -> None:
    family = [item for item in good if item.family == "demo-family-1"]
    assert [item.card_class for item in family] == [CardClass.MERCHANT, CardClass.FAMILY, CardClass.FAMILY]
    assert [item.guardian for item in family] == [None, None, family[0].full_name]


def test_the_odd_names(good: list[Application]) -> None:
    assert [item.full_name for item in good if not item.given_names] == ["MESALE"]
    assert max(len(item.full_name) for item in good) == 60


def test_some_services_end_early_and_one_merchant_has_the_listed_ones(
    good: list[Application],
) -> None:
    assert sum(any(item.services.values()) for item in good) >= 2
    assert [item.reference for item in good if FEW_SERVICES & item.services.keys()] == ["demo-01"]


def test_references_are_unique(good: list[Application]) -> None:
    references = [item.reference for item in good]
    assert None not in references
    assert len(set(references)) == len(references)


def test_every_portrait_becomes_a_print_and_a_face(good: list[Application]) -> None:
    files = sorted((EXAMPLES / "portraits").iterdir())
    assert len({item.portrait for item in good}) == 12
    for file in files:
        data = file.read_bytes()
        assert len(data) <= 40 * 1024, file.name
        made = prepare_portrait(data)
        assert 360 <= len(made.face_webp) <= 400, file.name


def test_staff_can_file_approve_and_own_every_service_once() -> None:
    staff = tomllib.loads((EXAMPLES / "staff.toml").read_text("utf-8"))["staff"]
    assert all({"id", "name", "role", "office"} <= set(member) for member in staff)
    roles = {member["id"]: member["role"] for member in staff}
    assert len(roles) == len(staff)
    assert (roles["clerk1"], roles["chief1"]) == ("clerk", "approver")
    owned = [name for member in staff for name in member.get("services", [])]
    assert sorted(owned) == sorted(service.label for service in Service)
    assert all(("department" in member) == (member["role"] == "department") for member in staff)


def test_venues_fit_the_rules() -> None:
    venues = {
        item["id"]: item for item in tomllib.loads((EXAMPLES / "venues.toml").read_text("utf-8"))["venue"]
    }
    assert list(venues) == ["bus", "hospital", "library", "market", "hotel", "police", "centre"]
    services, levels = {item.label for item in Service}, {item.label for item in Assurance}
    for venue in venues.values():
        assert set(venue["services"]) <= services
        assert set() < set(venue["accept"]) <= levels
        assert set(venue["opens_on"]) <= OPENABLE
        assert 0 < venue["stale_after_s"] < venue["expired_after_s"] <= 14 * 86_400
        assert venue["role"] in {"gate", "desk", "seller", "police"}
        assert set(venue["permit_free"]) <= {item.label for item in CardClass}
        assert venue["staffed"] or venue["role"] == "gate"
        assert "hours" not in venue  # the first run checks every venue at any hour
    assert set(venues["centre"]["services"]) == services
    assert venues["police"]["hotlist"]
    assert not venues["police"]["services"]
