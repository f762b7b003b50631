"""What an approver is shown as a difference, and what is only another way of writing."""

from datetime import UTC, datetime

import pytest

from cardsvc.desk.judging import differences_of

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
MRZ = ["P<YEMAL<NAMUDHAJ<<SALIM<QASIM<<<<<<<<<<<<<<<", "07654321<4YEM7911303M3603147<<<<<<<<<<<<<<<8"]


@pytest.mark.parametrize(
    "typed", ["AL NAMUDHAJ", "AL-NAMUDHAJ", "Al-Namudhaj", "Ál Namúdhaj", "AL-NAMUDHA'J"]
)
def test_another_way_of_writing_a_name_is_no_difference(typed: str) -> None:
    assert differences_of({"mrz": MRZ, "surname": typed}, None, NOW) == []


@pytest.mark.parametrize(
    "typed", ["ALNAMUDHAJ", "AL NAMUDHAG", "NAMUDHAJ AL", "AL NAMUDHAJ SALIM", "النموذج"]
)
def test_other_letters_are_one(typed: str) -> None:
    (found,) = differences_of({"mrz": MRZ, "surname": typed}, None, NOW)
    assert (found.field, found.source, found.known, found.now) == ("surname", "mrz", "AL NAMUDHAJ", typed)


@pytest.mark.parametrize(
    ("before", "now"), [("MULLER", "Müller"), ("MUELLER", "Müller"), ("O'NEIL", "ONeil")]
)
def test_the_last_card_may_have_been_written_otherwise(before: str, now: str) -> None:
    assert differences_of({"surname": now}, {"surname": before}, NOW) == []


@pytest.mark.parametrize(
    ("field", "typed"), [("passport", "07654322"), ("birth", "1979-11-03"), ("sex", "F")]
)
def test_everything_else_counts_to_the_letter(field: str, typed: str) -> None:
    (found,) = differences_of({"mrz": MRZ, field: typed}, None, NOW)
    assert found.field == field
