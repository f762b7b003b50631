"""Machine-readable lines of other people's specimens: our reader agrees with theirs, field by field.

Exceptions, each with its reason:

- old French identity card (2 lines of 36, own layout) and Swiss driving licence (9 + 30 + 30): not among
  the layouts of Doc 9303 that we read; refused as ``unknown_layout``, whatever their parser says;
- a date with a part unknown: theirs may be content, a card needs all of it; refused as ``incomplete_date``;
- state code UTO ("Utopia"): no country, refused by both; with a real code in its place all the rest of the
  document must read.
"""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from issuance.errors import LinesRefused
from issuance.passport import PassportLines, digit_fits, read_lines
from tests.vectors.root import at_default_root, suite

NOW = datetime(2026, 3, 1, tzinfo=UTC)
#: What Doc 9303 lays out and passports and identity cards use.
LAYOUTS = {"td1", "td2", "td3"}
#: A sign that cannot stand in their lines is named before the layout is.
OTHER_LAYOUT = {"unknown_layout", "forbidden_character"}


def load() -> dict[str, list[Any]]:
    cases: dict[str, list[Any]] = {"documents": [], "check_digits": []}
    for path in sorted(suite("mrz").glob("*.json")):
        for kind, found in json.loads(path.read_text("utf-8")).items():
            cases[kind] += found
    return cases


CASES = load()
DOCUMENTS = [pytest.param(case, id=f"{case['file']}-{case['name']}") for case in CASES["documents"]]


def told(read: PassportLines) -> dict[str, object]:
    return {
        "documentCode": read.document_code,
        "documentNumber": read.passport,
        "birthDate": f"{read.birth:%y%m%d}",
        "expirationDate": f"{read.expiry:%y%m%d}",
        "sex": {"M": "male", "F": "female", "X": "nonspecified"}[read.sex],
        "lastName": read.surname,
        "firstName": read.given_names,
        "issuingState": read.issuing_state,
        "nationality": read.nationality,
    }


def expected(fields: dict[str, str | None]) -> dict[str, object]:
    # Their parser keeps Germany's one letter; ours writes the ISO code that every other claim uses.
    return {name: "DEU" if value == "D" else value for name, value in fields.items()}


def test_numbers_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        documents, digits = len(CASES["documents"]), len(CASES["check_digits"])
        print(f" mrz: {documents} documents, {digits} check digits ")
    if at_default_root():
        assert (len(CASES["documents"]), len(CASES["check_digits"])) == (13, 12)


def refused(lines: list[str]) -> set[str]:
    with pytest.raises(LinesRefused) as caught:
        read_lines(lines, now=NOW)
    return {error.reason for error in caught.value.errors}


def has_unknown_date(fields: dict[str, str | None]) -> bool:
    return any("<" in (fields.get(name) or "") for name in ("birthDate", "expirationDate"))


@pytest.mark.parametrize("case", DOCUMENTS)
def test_document(case: dict[str, Any]) -> None:
    lines = case["lines"]
    if case["file"] not in LAYOUTS:
        assert refused(lines) <= OTHER_LAYOUT
        return
    if has_unknown_date(case["fields"]):
        assert "incomplete_date" in refused(lines)
        return
    if not case["valid"]:
        reasons = refused(lines)
        if not any("UTO" in line for line in lines):
            return
        assert reasons == {"unknown_country"}
        lines = [line.replace("UTO", "CHE") for line in lines]
    read = told(read_lines(lines, now=NOW))
    theirs = {
        name: value for name, value in expected(case["fields"]).items() if name in read and value is not None
    }
    assert {name: read[name] for name in theirs} == theirs


@pytest.mark.parametrize(("text", "digit", "right"), CASES["check_digits"])
def test_check_digit(text: str, digit: str, right: bool) -> None:
    assert digit_fits(text, digit) is right


def test_centuries_of_the_specimens() -> None:
    ours = (
        case
        for case in CASES["documents"]
        if case["valid"] and case["file"] in LAYOUTS and not has_unknown_date(case["fields"])
    )
    births = [read_lines(case["lines"], now=NOW).birth for case in ours]
    assert births
    assert all(date(1906, 1, 1) < birth <= NOW.date() for birth in births)
