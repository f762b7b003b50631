"""Spoiled pages and records: what a reader would not take is named and held back, and the rest goes on."""

import ctypes
import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from cardsvc.desk.outcomes import Issued
from cardsvc.desk.printing import Job, jobs_of, print_run, printer_for, workshop
from cardsvc.installation import fonts_folder
from issuance.pdf import print_cards
from issuance.selfcheck import Texts, check_file
from issuance.sheets import Form, Tuning
from tests.desk.town import NOW, Town, application

#: Pages of a card, in the order they are printed.
FRONT, BACK = 0, 1


def issued(town: Town, count: int) -> list[Issued]:
    return [town.card(application(number)) for number in range(1, count + 1)]


def jobs(town: Town, cards: list[Issued]) -> list[Job]:
    found = jobs_of(town.installation, [card.print_id for card in cards])
    assert all(isinstance(one, Job) for one in found)
    return [one for one in found if isinstance(one, Job)]


def printed(town: Town, made: list[Job]) -> bytes:
    fonts = fonts_folder(town.installation.settings)
    return print_cards([printer_for(fonts, job.layout).prepare(job.page) for job in made])


def faults(pdf: bytes, made: list[Job]) -> list[str | None]:
    wanted = [Texts(job.page.gate_text, job.page.identity_text, job.key) for job in made]
    return [None if fault is None else str(fault).split(":")[0] for fault in check_file(pdf, wanted)]


def spoiled(pdf: bytes, page: int, box: tuple[float, float, float, float], grey: int) -> bytes:
    """The file with a rectangle (x, y, width, height in points) painted over one page."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        painted = document[page]
        rectangle = pdfium.FPDFPageObj_CreateNewRect(*(ctypes.c_float(side) for side in box))
        pdfium.FPDFPageObj_SetFillColor(rectangle, grey, grey, grey, 255)
        pdfium.FPDFPath_SetDrawMode(rectangle, pdfium.FPDF_FILLMODE_WINDING, False)
        pdfium.FPDFPage_InsertObject(painted, rectangle)
        pdfium.FPDFPage_GenerateContent(painted)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()


def test_a_sound_batch_is_read_and_verified(town: Town) -> None:
    made = jobs(town, issued(town, 3))
    assert faults(printed(town, made), made) == [None, None, None]


@pytest.mark.parametrize(("side", "grey"), [(FRONT, 255), (FRONT, 0), (BACK, 255), (BACK, 0)])
def test_a_covered_code_is_named(town: Town, side: int, grey: int) -> None:
    made = jobs(town, issued(town, 3))
    # A third of every page's right half: the codes lie there on both sides.
    pdf = spoiled(printed(town, made), 2 + side, (150, 20, 92, 60), grey)
    assert faults(pdf, made) == [None, ("front", "back")[side], None]


def test_a_thin_scratch_is_mended_by_the_codes_own_correction(town: Town) -> None:
    made = jobs(town, issued(town, 1))
    pdf = spoiled(printed(town, made), FRONT, (160, 60, 80, 0.5), 255)
    assert faults(pdf, made) == [None]


def test_backs_of_a_mixed_up_stack_are_named(town: Town) -> None:
    made = jobs(town, issued(town, 3))
    with (
        closing(pypdfium2.PdfDocument(printed(town, made))) as document,
        closing(pypdfium2.PdfDocument.new()) as shuffled,
    ):
        shuffled.import_pages(document, [0, 3, 2, 1, 4, 5])
        out = io.BytesIO()
        shuffled.save(out)
    assert faults(out.getvalue(), made) == ["back", "back", None]


def tampered(column: str, value: Callable[[bytes], bytes]) -> Callable[[Town, str], None]:
    """Change one column of one print behind the records' back."""

    def change(town: Town, print_id: str) -> None:
        with closing(sqlite3.connect(town.installation.settings.data / "cardsvc.db")) as database:
            old = database.execute(f"SELECT {column} FROM print WHERE id = ?", (print_id,)).fetchone()[0]
            database.execute(f"UPDATE print SET {column} = ? WHERE id = ?", (value(old), print_id))
            database.commit()

    return change


@pytest.mark.parametrize("column", ["gate_signature", "identity_signature"])
def test_a_signature_that_went_bad_in_the_records_is_never_printed(
    town: Town, tmp_path: Path, column: str
) -> None:
    cards = issued(town, 3)
    tampered(column, lambda old: old[:-1] + bytes((old[-1] ^ 1,)))(town, cards[1].print_id)
    with workshop(town.installation, tmp_path, actor="printer1", count=3) as shop:
        made = list(shop.produce([card.print_id for card in cards], now=NOW))
    assert [one.held_back and one.held_back[0] for one in made] == [None, "not_signed", None]
    assert not list(tmp_path.glob(f"{cards[1].number}*"))
    assert town.actions(cards[1].number)[-1] == "held_back"


def test_front_and_back_of_two_prints_are_no_card(town: Town) -> None:
    """Both are signed and both read back as they were stored: only together are they wrong."""
    one, other = jobs(town, issued(town, 2))
    pdf = printed(town, [one])
    with (
        closing(pypdfium2.PdfDocument(pdf)) as first,
        closing(pypdfium2.PdfDocument(printed(town, [other]))) as second,
        closing(pypdfium2.PdfDocument.new()) as mixed,
    ):
        mixed.import_pages(first, [0])
        mixed.import_pages(second, [1])
        out = io.BytesIO()
        mixed.save(out)
    wanted = Texts(one.page.gate_text, other.page.identity_text, one.key)
    (fault,) = check_file(out.getvalue(), [wanted])
    assert fault is not None
    assert fault.reason == "not_signed"


def test_what_was_held_back_is_not_in_the_file(town: Town) -> None:
    cards = issued(town, 3)
    tampered("gate_signature", lambda old: bytes(64))(town, cards[0].print_id)
    run = print_run(jobs(town, cards), Form.CR80, Tuning(), fonts_folder(town.installation.settings))
    assert run.numbers == (cards[1].number, cards[2].number)
    (held,) = run.held_back
    assert (held.number, held.held_back and held.held_back[0]) == (cards[0].number, "not_signed")
    with closing(pypdfium2.PdfDocument(run.pdf)) as document:
        assert len(document) == 4
