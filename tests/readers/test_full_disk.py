"""A disk with no room left where logs come in: 507 in clear words, gates go on, and work resumes."""

from pathlib import Path

from tests.small_disk import run_scenario


def test_a_full_disk_takes_no_log_by_half_and_loses_none(tmp_path: Path) -> None:
    run_scenario("tests.readers.full_disk", tmp_path)
