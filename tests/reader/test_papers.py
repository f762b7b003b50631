"""The page about readers says what the program does: every reason, every key, every label."""

import re

from tests.city import ROOT
from verify.reader import records

PAGE = (ROOT / "docs" / "readers.md").read_text()
FORMAT = (ROOT / "docs" / "format.md").read_text()
SOURCES = {path.name: path.read_text() for path in (ROOT / "verify" / "reader").glob("*.py")}


def test_every_reason_is_explained() -> None:
    raised = {
        reason
        for source in SOURCES.values()
        for reason in re.findall(r'(?:Refused|Unchecked|_shut|_said_no)\([^"()]*"([a-z_]+)"', source)
    }
    assert len(raised) >= 20
    unsaid = {reason for reason in raised if not re.search(rf"\b{reason}\b", PAGE + FORMAT)}
    assert unsaid == {"disk_full", "wrong_command"}  # Said by selftest and certify, in words.


def test_every_key_of_the_configuration_is_explained() -> None:
    source = SOURCES["config.py"]
    keys = set(
        re.findall(r'\.(?:text|maybe|choice|texts|number|whole|flag|table|tables)\("([a-z_]+)"', source)
    )
    assert len(keys) >= 25
    assert {key for key in keys if not re.search(rf"\b{key}\b", PAGE)} == set()


def test_the_labels_of_a_record_are_those_of_the_page() -> None:
    table = PAGE.split("## Records")[1].split("The hash of a record")[0]
    names = {name: number for number, name in re.findall(r"^\| (\d+) \| ([a-z ]+) \|", table, re.MULTILINE)}
    assert names["record before"] == str(records._BEFORE)
    assert names["opened"] == str(records._OPENED)
    assert names["missed"] == str(records._MISSED)
    assert names["assurance"] == str(records._ASSURANCE)
    assert names["bundle"] == str(records._BUNDLE)
    assert names["reason"] == str(records._REASON)
