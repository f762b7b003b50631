"""A portrait at the desk: two clerks and one picture, what a page may choose, what a browser can show."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cardsvc.desk import cases
from cardsvc.desk.cases import ChangedMeanwhile, unpacked
from issuance.fields import PORTRAIT_ENDINGS
from issuance.portrait import Crop, Portrait, prepare_portrait
from tests.desk.api import Api, make_api
from tests.desk.office import Office, as_base64, face, make_office
from tests.desk.town import EXAMPLES

PAGE = Path(__file__).parents[2] / "cardsvc" / "web" / "src" / "desk" / "portrait.tsx"
HEIC = Path(__file__).parents[1] / "issuance" / "pictures" / "salim.heic"
CROP = {"x": 10, "y": 10, "w": 210, "h": 270}


def other_face() -> bytes:
    return (EXAMPLES / "portraits" / "salim.jpg").read_bytes()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with make_office(tmp_path / "data") as made:
        yield made


@pytest.fixture
def api(office: Office) -> Iterator[Api]:
    with make_api(office) as made:
        yield made


def pictures(office: Office, case: str) -> tuple[bytes | None, bytes]:
    """The picture as it came, and the one that would be printed."""
    with office.site.store.reading() as tx:
        made = tx.cases.portrait(case, "picture")
        assert made is not None
        return tx.cases.portrait(case), unpacked(made)[0]


def test_a_frame_is_never_laid_over_another_picture(api: Api, office: Office) -> None:
    case = api.as_("clerk1").draft()
    path, seen = f"/cases/{case['id']}/portrait", case["version"]
    other = api.as_("clerk1").post(path, {"version": seen, "base64": as_base64(other_face())})
    answer = api.as_("clerk1").client.post(f"/api/desk{path}", json={"version": seen, "crop": CROP})
    assert (answer.status_code, answer.json()["reason"]) == (409, "changed_meanwhile")
    assert (answer.json()["by"], answer.json()["version"]) == ("clerk1", other["version"])
    assert pictures(office, case["id"]) == (other_face(), prepare_portrait(other_face()).print_jpeg)
    # Looked at, it may be framed; and framed once more by who saw the same picture framed otherwise.
    framed = {"version": other["version"], "crop": CROP}
    assert api.as_("clerk1").post(path, framed)["portrait"]["crop"] == CROP
    assert api.as_("clerk1").post(path, framed | {"crop": CROP | {"x": 20}})["portrait"]["crop"]["x"] == 20


@pytest.mark.parametrize("data", [None, face()], ids=["a frame", "a picture"])
def test_a_picture_that_comes_while_another_is_made_is_not_mixed_with_it(
    office: Office, monkeypatch: pytest.MonkeyPatch, data: bytes | None
) -> None:
    case, clerk = office.draft(), office.desk()
    version = office.case(case).version

    def slow(*given: Any, **how: Any) -> Portrait:
        monkeypatch.setattr(cases, "prepare_portrait", prepare_portrait)
        office.desk().set_portrait(case, version, other_face(), None)
        return prepare_portrait(*given, **how)

    monkeypatch.setattr(cases, "prepare_portrait", slow)
    with pytest.raises(ChangedMeanwhile):
        clerk.set_portrait(case, version, data, None if data else Crop(**CROP))
    assert pictures(office, case) == (other_face(), prepare_portrait(other_face()).print_jpeg)


def test_a_portrait_of_before_that_was_kept_may_be_framed_and_replaced(office: Office) -> None:
    case = office.draft()
    with office.site.store.transaction() as tx:
        content = dict(tx.cases.get(case).content)
        content["portrait"] = {k: v for k, v in content["portrait"].items() if k != "taken"}
        tx.cases.change(case, {"content": content}, now=office.clock.now)
    office.desk().set_portrait(case, 1, None, Crop(**CROP))
    office.desk().set_portrait(case, 1, other_face(), None)
    with pytest.raises(ChangedMeanwhile):
        office.desk().set_portrait(case, 3, None, Crop(**CROP))


def test_a_phones_picture_can_be_chosen_shown_and_framed(api: Api) -> None:
    clerk = api.as_("clerk1")
    case = clerk.draft()
    path = f"/cases/{case['id']}/portrait"
    case = clerk.post(path, {"version": case["version"], "base64": as_base64(HEIC.read_bytes())})
    answer = clerk.client.get(f"/api/desk{path}?kind=original")
    assert answer.headers["content-type"] == "image/jpeg"
    shown = Image.open(io.BytesIO(answer.content))
    assert (shown.format, list(shown.size)) == ("JPEG", case["portrait"]["size"])
    assert clerk.post(path, {"version": case["version"], "crop": CROP})["portrait"]["crop"] == CROP


def test_the_page_lets_choose_whatever_the_service_takes() -> None:
    (said,) = re.findall(r'^const PICTURES = "(.+)";$', PAGE.read_text("utf-8"), re.MULTILINE)
    kinds = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
    wanted = {kinds.get(ending, ending) for ending in PORTRAIT_ENDINGS} | {"image/heic", "image/heif"}
    assert set(said.split(",")) == wanted
    assert "accept={PICTURES}" in PAGE.read_text("utf-8")
