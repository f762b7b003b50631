"""A disk with no room left: no half card, 507 in clear words, reads go on, and work resumes."""

from pathlib import Path

from tests.small_disk import run_scenario


def test_nothing_is_half_done_on_a_full_disk_and_work_resumes(tmp_path: Path) -> None:
    run_scenario("tests.desk.full_disk", tmp_path)
