"""Print jobs: every page read back, a killed worker's job taken over, blanks counted, files destroyed."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from cardsvc.desk import printing, printshop
from cardsvc.http.jobs import Jobs
from cardsvc.records import NotFound, Unavailable
from keys.errors import KeysError
from tests.desk.api import Api, make_api
from tests.desk.office import make_office
from tests.desk.test_issuing import Stopped, stop_at


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with make_office(tmp_path / "data") as office, make_api(office) as made:
        made.app.state.serving.jobs.stop()  # Jobs are done by the test's own hand.
        yield made
        assert office.town.audit_is_whole()


def issued(api: Api, count: int) -> list[str]:
    clerk, chief = api.as_("clerk1"), api.as_("chief1")
    cases = [
        clerk.submitted(passport=f"A000000{n}", reference=f"r{n}", given_names=f"Name {'ABCDEF'[n]}")["id"]
        for n in range(count)
    ]
    return [card["number"] for card in chief.approved(*cases)]


def work(api: Api, worker: str = "a") -> bool:
    return printshop.work(api.office.site, worker, api.office.clock.now)


def held_back(job: Any) -> list[tuple[str, str]]:
    return [(one["number"], one["reason"]) for one in job["held_back"]]


def parts(api: Api, job: Any) -> list[Path]:
    return list((api.office.site.settings.data / "print" / job["id"]).glob("*.part"))


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def jobs_of(*_: object) -> None:
        raise error

    monkeypatch.setattr(printing, "jobs_of", jobs_of)


def test_a_job_from_filing_to_release(api: Api) -> None:
    printer, numbers = api.as_("printer1"), issued(api, 2)
    assert {row["number"] for row in printer.get("/to-print")["rows"]} == set(numbers)
    printer.call("PUT", "/blanks", {"count": 100})
    job = printer.post("/print-jobs", {"cards": numbers, "form": "cr80"}, status=201)
    assert (job["state"], job["done"], job["of"]) == ("waiting", 0, 2)
    assert printer.reason("GET", f"/print-jobs/{job['id']}/file") == "job_not_ready"
    assert work(api)
    assert not work(api)
    done = printer.get(f"/print-jobs/{job['id']}")
    assert (done["state"], done["done"], done["held_back"]) == ("ready", 2, [])
    pdf = printer.get(f"/print-jobs/{job['id']}/file")
    assert len(pypdfium2.PdfDocument(pdf)) == 4
    released = printer.post(f"/print-jobs/{job['id']}/release", {"spoiled": [numbers[1]], "blanks_used": 3})
    assert (released["state"], released["blanks"]) == ("released", 3)
    assert printer.get("/blanks")["offices"] == [{"office": "Yiwu Centre 01", "count": 97}]
    assert [row["number"] for row in printer.get("/to-print")["rows"]] == [numbers[1]]
    assert printer.reason("GET", f"/print-jobs/{job['id']}/file") == "job_not_ready"
    assert not list((api.office.site.settings.data / "print").rglob("*.part"))


@pytest.mark.parametrize("form", ["cr80", "a4"])
def test_a_job_of_several_parts_tells_the_printer_what_one_part_tells(
    api: Api, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printshop, "PART", 1)
    printer, numbers = api.as_("printer1"), issued(api, 2)
    job = printer.post("/print-jobs", {"cards": numbers, "form": form}, status=201)
    assert work(api)
    shown = printer.get(f"/print-jobs/{job['id']}")
    assert (shown["state"], shown["done"]) == ("running", 1)
    assert work(api, "b")  # Whoever has a hand free does the next part, without waiting for the first worker.
    pdf = printer.get(f"/print-jobs/{job['id']}/file")
    assert len(pypdfium2.PdfDocument(pdf)) == 4
    for words in [b"/PrintScaling", *([b"/Duplex"] if form == "a4" else [])]:
        assert words in pdf
    assert b"CreationDate" not in pdf


def test_what_lies_on_the_disk_says_nothing(api: Api) -> None:
    printer, numbers = api.as_("printer1"), issued(api, 1)
    job = printer.post("/print-jobs", {"cards": numbers, "form": "a4"}, status=201)
    work(api)
    (part,) = (api.office.site.settings.data / "print" / job["id"]).glob("*.part")
    assert b"%PDF" not in part.read_bytes()
    assert printer.get(f"/print-jobs/{job['id']}/file").startswith(b"%PDF")


@pytest.mark.parametrize("point", ["taken", "printed", "kept"])
def test_a_killed_workers_job_is_taken_over(api: Api, point: str) -> None:
    printer, numbers = api.as_("printer1"), issued(api, 1)
    job = printer.post("/print-jobs", {"cards": numbers}, status=201)
    site, clock = api.office.site, api.office.clock
    with pytest.raises(Stopped):
        printshop.work(site, "a", clock.now, reach=stop_at(point))
    assert not work(api, "b")  # Its lease still holds.
    clock.pass_by(minutes=3)
    assert work(api, "b")
    done = printer.get(f"/print-jobs/{job['id']}")
    assert (done["state"], done["done"]) == ("ready", 1)
    assert len(pypdfium2.PdfDocument(printer.get(f"/print-jobs/{job['id']}/file"))) == 2


def test_other_offices_print_nothing_of_this_one(api: Api) -> None:
    numbers = issued(api, 1)
    other = api.as_("clerk2")
    assert other.reason("POST", "/print-jobs", {"cards": numbers}) == "card_not_found"
    job = api.as_("printer1").post("/print-jobs", {"cards": numbers}, status=201)
    assert other.reason("GET", f"/print-jobs/{job['id']}") == "job_not_found"
    assert other.get("/print-jobs")["jobs"] == []


def test_a_big_job_is_drawn_in_a_fresh_interpreter(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cards of a job that counts as big: they go to another process and come back read."""
    opened = []

    def drawers(count: int) -> ProcessPoolExecutor:
        opened.append(printing.drawers(count))
        return opened[-1]

    monkeypatch.setattr(printshop, "HANDFUL", 2)
    monkeypatch.setattr(printshop, "drawers", drawers)
    # In this process nothing is drawn: what comes back was made in the other one.
    monkeypatch.setattr(printing, "print_cards", None)
    printer, numbers = api.as_("printer1"), issued(api, 2)
    job = printer.post("/print-jobs", {"cards": numbers}, status=201)
    assert work(api)
    done = printer.get(f"/print-jobs/{job['id']}")
    assert (done["state"], done["done"], done["held_back"], len(opened)) == ("ready", 2, [], 1)
    assert len(pypdfium2.PdfDocument(printer.get(f"/print-jobs/{job['id']}/file"))) == 4


def die(*_: object) -> None:
    """As the system ends a process that took too much memory."""
    os._exit(9)


def test_a_drawing_process_that_dies_ends_the_job_with_words(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printshop, "HANDFUL", 2)
    monkeypatch.setattr(printshop, "print_run", die)
    printer, numbers = api.as_("printer1"), issued(api, 2)
    job = printer.post("/print-jobs", {"cards": numbers}, status=201)
    assert work(api)
    done = printer.get(f"/print-jobs/{job['id']}")
    assert (done["state"], {one["reason"] for one in done["held_back"]}) == ("failed", {"drawing_failed"})


@pytest.mark.parametrize(
    "error", [KeysError("signer_away", "it starts anew"), Unavailable("database_busy", "others write")]
)
def test_what_passes_by_itself_costs_no_card(
    api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(printshop, "PART", 1)
    printer, numbers = api.as_("printer1"), issued(api, 2)
    job = printer.post("/print-jobs", {"cards": numbers}, status=201)
    assert work(api)
    with monkeypatch.context() as patched:
        failing(patched, error)
        assert not work(api)
    waits = printer.get(f"/print-jobs/{job['id']}")
    assert (waits["state"], waits["done"], waits["held_back"]) == ("waiting", 1, [])
    assert work(api, "b")
    done = printer.get(f"/print-jobs/{job['id']}")
    assert (done["state"], done["done"], done["held_back"]) == ("ready", 2, [])
    assert len(pypdfium2.PdfDocument(printer.get(f"/print-jobs/{job['id']}/file"))) == 4


def test_a_job_that_fails_leaves_nothing_to_read(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    printer, numbers = api.as_("printer1"), issued(api, 1)
    job = printer.post("/print-jobs", {"cards": numbers}, status=201)
    site = api.office.site
    with pytest.raises(Stopped):  # Its file lies there, and nobody has said so yet.
        printshop.work(site, "a", api.office.clock.now, reach=stop_at("kept"))
    (part,) = parts(api, job)
    sealed = part.read_bytes()
    with site.store.reading() as tx:
        assert tx.print_jobs.open_file(job["id"], part.stem, sealed)
    api.office.clock.pass_by(minutes=3)
    failing(monkeypatch, KeysError("file_not_written", "no room"))
    assert work(api)
    shown = printer.get(f"/print-jobs/{job['id']}")
    assert (shown["state"], held_back(shown)) == ("failed", [(numbers[0], "file_not_written")])
    assert parts(api, job) == []
    with site.store.reading() as tx, pytest.raises(NotFound, match="destroyed"):
        tx.print_jobs.open_file(job["id"], part.stem, sealed)
    assert [row["number"] for row in printer.get("/to-print")["rows"]] == numbers


def test_what_was_printed_before_a_failure_is_released(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printshop, "PART", 1)
    printer, numbers = api.as_("printer1"), issued(api, 2)
    job = printer.post("/print-jobs", {"cards": numbers}, status=201)
    assert work(api)
    with pytest.raises(Stopped):  # The second card's page lies there, and nobody has said so yet.
        printshop.work(api.office.site, "a", api.office.clock.now, reach=stop_at("kept"))
    assert len(parts(api, job)) == 2
    api.office.clock.pass_by(minutes=3)
    failing(monkeypatch, KeysError("file_not_written", "no room"))
    assert work(api)
    shown = printer.get(f"/print-jobs/{job['id']}")
    assert (shown["state"], held_back(shown)) == ("ready", [(numbers[1], "file_not_written")])
    assert len(pypdfium2.PdfDocument(printer.get(f"/print-jobs/{job['id']}/file"))) == 2
    printer.post(f"/print-jobs/{job['id']}/release", {"spoiled": [], "blanks_used": 1})
    assert parts(api, job) == []
    assert [row["number"] for row in printer.get("/to-print")["rows"]] == [numbers[1]]


def test_a_job_that_was_taken_over_is_not_failed_by_the_one_before(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer, numbers = api.as_("printer1"), issued(api, 1)
    job = printer.post("/print-jobs", {"cards": numbers}, status=201)

    def slow(*_: object) -> None:
        api.office.clock.pass_by(minutes=3)
        monkeypatch.undo()
        assert work(api, "b")
        raise KeysError("file_not_written", "no room")

    monkeypatch.setattr(printing, "jobs_of", slow)
    assert work(api)
    done = printer.get(f"/print-jobs/{job['id']}")
    assert (done["state"], done["held_back"]) == ("ready", [])
    assert printer.get(f"/print-jobs/{job['id']}/file").startswith(b"%PDF")


def test_who_stops_the_jobs_waits_for_one_piece_of_work() -> None:
    jobs, done = Jobs(None), []

    def first() -> bool:
        done.append("first")
        jobs.stop()
        return True

    jobs.register("first", first)
    jobs.register("second", lambda: bool(done.append("second")))
    jobs.run_now()
    assert done == ["first"]
