"""A portrait as a file of a form: the same as in JSON, nothing on the disk, and no other form."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.desk.api import Api, make_api
from tests.desk.office import face, make_office


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        yield made


def put(api: Api, case: str, **parts: Any) -> Any:
    return api.as_("clerk1").client.put(f"/api/desk/cases/{case}/portrait", **parts)


def test_a_form_brings_a_portrait_and_no_temporary_file(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    # More than a form's parser keeps in memory by itself: bytes after the picture's end say nothing.
    large = face() + bytes(2 << 20)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", None)
    case = api.as_("clerk1").post("/cases", {}, status=201)
    answer = put(api, case["id"], files={"file": ("face.jpg", large)}, data={"version": "1"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["portrait"]["present"]
    assert answer.json()["version"] == 2


@pytest.mark.parametrize(
    "parts",
    [
        {"json": {"version": 1}},
        {"files": {"file": ("face.jpg", b"x")}},
        {"files": {"file": ("face.jpg", b"x")}, "data": {"version": "0"}},
        {"files": {"file": ("face.jpg", b"x")}, "data": {"version": "one"}},
        {"files": {"other": ("face.jpg", b"x")}, "data": {"version": "1"}},
        {"files": {"file": ("face.jpg", b"x"), "more": ("b.jpg", b"x")}, "data": {"version": "1"}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
    ],
)
def test_another_form_is_refused(api: Api, parts: dict[str, Any]) -> None:
    case = api.as_("clerk1").post("/cases", {}, status=201)
    answer = put(api, case["id"], **parts)
    assert (answer.status_code, answer.json()["reason"]) == (422, "bad_upload"), answer.text
