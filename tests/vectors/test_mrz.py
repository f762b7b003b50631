"""Machine-readable lines of other people's specimens: our reader agrees with theirs, field by field.

Exceptions, each with its reason:

- old French identity card (2 lines of 36, own layout) and Swiss driving licence (9 + 30 + 30): not among
  the layouts of Doc 9303 that we read; refused as ``unknown_layout``, whatever their parser says;
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
OTHER_LAYOUTS = {"frenchNationalId", "swissDrivingLicense"}


def load() -> dict[str, Any]:
    cases: dict[str, Any] = json.loads((suite("mrz") / "cases.json").read_text())
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
        print(f" mrz/cases.json: {documents} documents, {digits} check digits ")
    if at_default_root():
        assert (len(CASES["documents"]), len(CASES["check_digits"])) == (13, 12)


@pytest.mark.parametrize("case", DOCUMENTS)
def test_document(case: dict[str, Any]) -> None:
    if case["file"] in OTHER_LAYOUTS:
        with pytest.raises(LinesRefused) as caught:
            read_lines(case["lines"], now=NOW)
        assert {error.reason for error in caught.value.errors} <= {"unknown_layout", "forbidden_character"}
        return
    lines = case["lines"]
    if not case["valid"]:
        with pytest.raises(LinesRefused) as caught:
            read_lines(lines, now=NOW)
        if not any("UTO" in line for line in lines):
            return
        assert {error.reason for error in caught.value.errors} == {"unknown_country"}
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
    ours = (case for case in CASES["documents"] if case["valid"] and case["file"] not in OTHER_LAYOUTS)
    births = [read_lines(case["lines"], now=NOW).birth for case in ours]
    assert births
    assert all(date(1906, 1, 1) < birth <= NOW.date() for birth in births)
