"""The desk over HTTP: a whole case, two clerks, refusals, and what nobody of another office sees."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from cardsvc.desk import screen
from issuance.layout import DESIGNS
from tests.desk.api import Api, make_api
from tests.desk.office import make_office


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        yield made
        assert office.town.audit_is_whole()


def test_from_draft_to_a_card_that_readers_admit(api: Api) -> None:
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    empty = clerk.post("/cases", status=201)
    assert "submit" not in empty["allowed"]
    assert {"field": "portrait", "reason": "missing"}.items() <= empty["errors"][-1].items() or empty[
        "errors"
    ]
    case = clerk.draft()
    assert case["errors"] == []
    assert case["allowed"] == ["edit", "withdraw", "submit"]
    submitted = clerk.post(f"/cases/{case['id']}/submit", {"version": case["version"]})
    assert (submitted["state"], submitted["submitted_by"]) == ("submitted", "clerk1")
    queue = chief.get("/queue?waiting_for=approval")
    assert [row["id"] for row in queue["rows"]] == [case["id"]]
    (card,) = chief.approved(case["id"])
    assert card["state"] == "issued"
    done = clerk.get(f"/cases/{case['id']}")
    assert (done["state"], done["card_number"], done["decided_by"]) == ("issued", card["number"], "chief1")
    with api.office.site.store.reading() as tx:
        printed = tx.prints.current_of(card["number"])
    assert printed is not None
    assert api.office.judge(printed.id) == ["allow ok", "allow ok"]
    actions = [entry["action"] for entry in clerk.get(f"/cases/{case['id']}/history")["entries"]]
    assert actions == ["case_opened", "case_submitted", "case_looked_at", "case_issued"]


def test_two_clerks_on_one_case(api: Api) -> None:
    one, other = api.as_("clerk1"), api.as_("clerk1")
    case = one.draft()
    path, version, raw = f"/cases/{case['id']}", case["version"], case["application"]
    one.call("PUT", path, {"version": version, "application": raw | {"phone": "+86 579 8523 0000"}})
    merged = other.call("PUT", path, {"version": version, "application": raw | {"address": "Futian 1"}})
    assert merged["application"]["phone"] == "+86 579 8523 0000"
    assert merged["application"]["address"] == "Futian 1"
    body = {"version": version, "application": raw | {"phone": "+86 579 8523 1111"}}
    answer = other.client.put(f"/api/desk{path}", json=body)
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["reason"], problem["by"]) == ("changed_meanwhile", "clerk1")
    assert problem["theirs"] == {"phone": "+86 579 8523 0000"}
    again = other.call("PUT", path, body | {"version": problem["version"]})
    assert again["application"]["phone"] == "+86 579 8523 1111"
    assert again["application"].get("address") is None  # The whole application as this clerk sees it.


def test_a_refusal_says_why_in_the_residents_language(api: Api) -> None:
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    case = clerk.submitted(language="ara")
    body = {"version": case["version"], "reason": "not_entitled", "words": "Ask for a resident card."}
    shown = chief.post(f"/cases/{case['id']}/refuse/preview", body)
    assert chief.get(f"/cases/{case['id']}")["state"] == "submitted"
    refused = chief.post(f"/cases/{case['id']}/refuse", body)
    assert refused["state"] == "refused"
    assert set(refused["refusal"]["letter"]) == {"ar", "en", "zh"}
    assert shown["letter"] == refused["refusal"]["letter"]
    # Its digits keep their order between words that are read from the right.
    assert f"\N{FIRST STRONG ISOLATE}{case['reference']}" in refused["refusal"]["letter"]["ar"]
    assert f" {case['reference']}" in refused["refusal"]["letter"]["en"]
    assert "البطاقات" in refused["refusal"]["letter"]["ar"]
    assert chief.reason("POST", "/approvals", {"cases": chief.seen(case["id"])}) == "cannot_approve"


def test_returned_with_words_and_submitted_again(api: Api) -> None:
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    case = clerk.submitted()
    back = chief.post(
        f"/cases/{case['id']}/return", {"version": case["version"], "words": "Look at the sex."}
    )
    assert back["state"] == "draft"
    seen = clerk.get(f"/cases/{case['id']}")
    assert seen["returned"]["words"] == "Look at the sex."
    again = clerk.post(f"/cases/{case['id']}/submit", {"version": seen["version"]})
    assert again["state"] == "submitted"


def test_another_office_sees_nothing(api: Api) -> None:
    case = api.as_("clerk1").submitted()
    other, chief2 = api.as_("clerk2"), api.as_("chief2")
    for path in ("", "/history", "/similar", "/portrait", "/preview/front.png"):
        assert other.reason("GET", f"/cases/{case['id']}{path}") == "case_not_found"
    assert other.get("/queue")["rows"] == []
    assert other.reason("PUT", f"/cases/{case['id']}", {"version": 1, "application": {}}) == "case_not_found"
    assert chief2.reason("POST", "/approvals", {"cases": chief2.seen(case["id"])}) == "case_not_found"


def test_the_same_person_is_seen(api: Api) -> None:
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    case = clerk.submitted(surname="Mohammed", given_names="Yousef Hussein")
    (card,) = chief.approved(case["id"])
    found = {
        name: clerk.draft(**changed)["warnings"]
        for name, changed in {
            "same": {"reference": "b"},
            "new": {"passport": "B9999999", "surname": "MUHAMMAD", "given_names": "Yusuf Husain"},
            "similar": {
                "passport": "B9999998",
                "surname": "Muhamed",
                "given_names": "Yusef",
                "reference": "c",
            },
            "nobody": {"passport": "B9999997", "surname": "Petrov", "given_names": "Ivan", "reference": "d"},
        }.items()
    }
    first = {name: [(one["kind"], one["card"]) for one in warned][:1] for name, warned in found.items()}
    assert first["same"] == [("same_passport", card["number"])]
    assert first["new"] == [("same_person_new_passport", card["number"])]
    assert ("similar", card["number"]) in [(one["kind"], one["card"]) for one in found["similar"]]
    assert card["number"] not in [one["card"] for one in found["nobody"]]
    face = clerk.client.get(found["same"][0]["face"])
    assert face.content.startswith(b"\xff\xd8")


def test_search_finds_by_what_people_know(api: Api) -> None:
    clerk = api.as_("clerk1")
    case = clerk.draft(
        surname="O'Brien-Haddad", given_names="Zoë", name_chinese="阿米娜", passport="K1234567"
    )
    for words in (
        "haddad",
        "OBRIEN zoe",
        "阿米娜",
        "k123 4567",
        case["reference"],
        case["reference"].lower(),
    ):
        rows = clerk.get(f"/queue?search={words}")["rows"]
        assert [row["id"] for row in rows] == [case["id"]], words
    assert clerk.get("/queue?search=Nobody")["rows"] == []
    assert clerk.get("/queue?search=haddad nobody")["rows"] == []


def test_previews_carry_codes_that_open_nothing(api: Api) -> None:
    clerk = api.as_("clerk1")
    case = clerk.draft()
    side = clerk.get(f"/cases/{case['id']}/preview/front.png")
    assert side.startswith(b"\x89PNG")
    typed = clerk.post("/preview", {"application": {"surname": "Half"}})
    assert typed["front"].startswith("data:image/jpeg;base64,")
    assert typed["errors"]


def test_a_preview_is_of_the_design_that_was_chosen(api: Api) -> None:
    clerk = api.as_("clerk1")
    case = clerk.draft(design="private")
    assert (case["application"]["design"], case["errors"]) == ("private", [])
    saved = opened(clerk.get(f"/cases/{case['id']}/preview/front.png"))
    drawn = {}
    for design in DESIGNS:
        typed = clerk.post("/preview", {"application": case["application"] | {"design": design}})
        picture = opened(base64.b64decode(typed["front"].partition(",")[2]))
        drawn[design] = ImageStat.Stat(ImageChops.difference(saved, picture.resize(saved.size))).sum[0]
    assert min(drawn, key=drawn.__getitem__) == "private"
    unknown = clerk.post("/preview", {"application": case["application"] | {"design": "blue"}})
    assert ("design", "unknown_choice") in [(one["field"], one["reason"]) for one in unknown["errors"]]
    assert clerk.draft(design="")["errors"] == []


def test_a_preview_over_art_drawn_before_is_the_whole_picture(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = api.as_("clerk1")
    path = f"/cases/{clerk.draft()['id']}/preview"
    over = [clerk.get(f"{path}/{side}.png") for side in ("front", "back")]
    monkeypatch.setattr(screen, "silenced", lambda pdf, backdrops: None)
    whole = [clerk.get(f"{path}/{side}.png") for side in ("front", "back")]
    for one, other in zip(map(opened, over), map(opened, whole), strict=True):
        assert one.size == other.size == (screen.WIDTH, 478)
        # The codes are signed by another key each time; beside them lies nothing but the art and the texts.
        left = (0, 0, 300, 478)
        difference = ImageChops.difference(one.crop(left), other.crop(left)).convert("L")
        assert ImageStat.Stat(difference).mean[0] < 1.5


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def test_passport_lines_fill_the_form(api: Api) -> None:
    lines = ["P<YEMAL<NAMUDHAJ<<SALIM<QASIM<<<<<<<<<<<<<<<", "07654321<4YEM7911303M3603147<<<<<<<<<<<<<<<8"]
    read = api.as_("clerk1").post("/mrz", {"lines": lines})
    assert read["application"]["passport"] == "07654321"
    wrong = api.as_("clerk1").post("/mrz", {"text": lines[0] + "\n" + lines[1][::-1]})
    assert wrong["errors"]
