"""Print jobs: filed by people, done by whichever process has a hand free, taken over from one that died.

A job is done in parts, each by whoever takes the job next. What a part printed is sealed under the job's own
key and laid into the data directory; what became of each card stands in the records. A process that takes a
job over goes on with the cards that still wait. Releasing the job destroys its key, and with it the file.
"""

import io
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pypdfium2

from cardsvc.desk import printing
from cardsvc.desk.actor import Actor
from cardsvc.desk.acts import card_office
from cardsvc.desk.asserting import UNREACHED
from cardsvc.desk.drawing import DRAWING
from cardsvc.desk.facts import text_of
from cardsvc.desk.printing import Job, Produced, Run, drawers, print_run
from cardsvc.desk.signing import LIVING, CrashPoint, nowhere
from cardsvc.errors import ServiceError
from cardsvc.installation import Site, fonts_folder
from cardsvc.records import (
    AuditEntry,
    Conflict,
    ItemRecord,
    ItemState,
    JobRecord,
    JobState,
    NotFound,
    Transaction,
    Unavailable,
)
from cardsvc.settings import Settings
from issuance.sheets import Form, Tuning, load_printers
from keys.disk import PRIVATE_FILE, make_private_directory, write_file
from verify.errors import CardsvcError
from verify.services import CardClass

#: Five sheets of ten: a part is on disk, and its progress seen, every few seconds. Other work has its turn
#: between two parts, and each part of many cards begins an interpreter, which takes one second.
PART: Final = 50
#: From so many cards on, a process of its own draws: in this one, previews would wait for them.
HANDFUL: Final = 8
#: A part takes seconds; whoever has not finished one in two minutes is taken for dead.
LEASE: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants printed."""

    numbers: Sequence[str]
    form: Form
    printer: str | None = None


class PrintShop:
    """The printing of one member of staff, at one instant."""

    def __init__(self, site: Site, actor: Actor, now: datetime) -> None:
        """Act as ``actor`` at ``now``."""
        self._site, self._actor, self._now = site, actor, now

    def file(self, order: Order) -> str:
        """File a job and return its id; raises ``card_not_found``, ``card_is_final``, ``no_print``."""
        tuning_for(self._site.settings, order.printer)
        with self._site.store.transaction() as tx:
            prints = [(number, self._print_of(tx, number)) for number in dict.fromkeys(order.numbers)]
            job = tx.print_jobs.add(
                self._actor.office,
                order.form.value,
                order.printer,
                self._actor.id,
                prints,
                now=self._now,
            )
            details = {"job": job, "form": order.form.value}
            tx.audit.append_many(
                AuditEntry(self._actor.id, "print_job_made", number, details, self._now)
                for number, _ in prints
            )
        return job

    def found(self, tx: Transaction, job: str) -> JobRecord:
        """A job of the actor's offices; any other is ``job_not_found``."""
        record = tx.print_jobs.get(job)
        self._actor.check_office(record.office, "job_not_found", f"print job {job}")
        return record

    def file_of(self, job: str) -> bytes:
        """The pages of a job, every one of them read back; raises ``job_not_ready``, ``job_file_gone``."""
        with self._site.store.reading() as tx:
            record = self.found(tx, job)
            if record.state is not JobState.READY:
                raise ServiceError("job_not_ready", f"the print job is {record.state.value}")
            parts = [
                tx.print_jobs.open_file(job, path.stem, path.read_bytes())
                for path in sorted(_folder(self._site.settings, job).glob("*.part"))
            ]
        with self._site.store.transaction() as tx:
            tx.audit.append(self._actor.id, "print_file_taken", job, {}, self._now)
        return _joined(parts)

    def release(self, job: str, spoiled: Sequence[str], blanks_used: int) -> None:
        """Say what became of the blanks; what was printed counts as printed, the file is destroyed.

        A spoiled card's blank is lost and the card waits to be printed again. Raises ``job_not_ready``,
        ``not_in_job``, ``too_few_blanks``.
        """
        with self._site.store.transaction() as tx:
            record = self.found(tx, job)
            items = tx.print_jobs.items(job)
            ready = [item for item in items if item.state is ItemState.READY]
            strangers = set(spoiled) - {item.card_number for item in ready}
            if strangers:
                raise ServiceError("not_in_job", f"{sorted(strangers)[0]} was not printed in this job")
            used = blanks_used or len(ready)
            if used < len(ready):
                words = f"{len(ready)} cards were printed; that takes as many blanks at least, not {used}"
                raise ServiceError("too_few_blanks", words)
            results = [(item.place, _fate(item, spoiled), None, None) for item in ready]
            tx.print_jobs.set_items(job, results)
            tx.print_jobs.set_state(job, JobState.READY, JobState.RELEASED, blanks=used)
            tx.print_jobs.use_blanks(record.office, used)
            tx.print_jobs.destroy_file(job)
            tx.audit.append_many(
                AuditEntry(
                    self._actor.id,
                    "card_spoiled" if item.card_number in spoiled else "card_printed",
                    item.card_number,
                    {"job": job},
                    self._now,
                )
                for item in ready
            )
        _remove(_folder(self._site.settings, job))

    def to_print(self) -> list[dict[str, Any]]:
        """Issued cards of the actor's offices that no job has released yet."""
        rows = []
        with self._site.store.reading() as tx:
            waiting = tx.print_jobs.unprinted(offices=self._actor.offices)
            prints = tx.prints.get_many([print_id for _, print_id in waiting])
            cards = tx.cards.get_many([number for number, _ in waiting])
            for number, print_id in waiting:
                office = card_office(tx, number)
                if office not in self._actor.offices:
                    continue
                row = {
                    "number": number,
                    "name": text_of(tx.people.facts(cards[number].person_id), "full_name"),
                    "class": CardClass(cards[number].card_class).label,
                    "office": office,
                    "issued_at": prints[print_id].iat,
                }
                rows.append(row)
        return rows

    def count_blanks(self, office: str | None, blanks: int) -> None:
        """Write down a count of blanks; raises ``office_not_found``."""
        where = office or self._actor.office
        self._actor.check_office(where, "office_not_found", f"office {where}")
        with self._site.store.transaction() as tx:
            tx.print_jobs.count_stock(where, blanks, self._actor.id, now=self._now)
            tx.audit.append(self._actor.id, "blanks_counted", where, {"blanks": blanks}, self._now)

    def _print_of(self, tx: Transaction, number: str) -> str:
        card = tx.cards.get(number)
        self._actor.check_office(card_office(tx, number), "card_not_found", f"card {number}")
        if card.state not in LIVING:
            raise ServiceError("card_is_final", f"the card {number} is {card.state.value}, for ever")
        printed = tx.prints.current_of(number)
        if printed is None:
            raise ServiceError("no_print", f"the card {number} has no print to be printed")
        return printed.id


def job_view(tx: Transaction, record: JobRecord) -> dict[str, Any]:
    """A job as its pages show it."""
    items = tx.print_jobs.items(record.id)
    return {
        "id": record.id,
        "state": record.state.value,
        "done": sum(item.state is not ItemState.WAITING for item in items),
        "of": len(items),
        "held_back": [
            {"number": item.card_number, "reason": item.reason or "", "words": item.words or ""}
            for item in items
            if item.state is ItemState.HELD_BACK
        ],
        "form": record.form,
        "printer": record.printer,
        "made_by": record.made_by,
        "made_at": record.made_at,
        "cards": [item.card_number for item in items],
        "blanks": record.blanks,
    }


def work(site: Site, worker: str, now: datetime, *, reach: CrashPoint = nowhere) -> bool:
    """Take one job and do its next part; False where none waits, or it has to wait itself.

    ``worker`` names this process.
    """
    with site.store.transaction() as tx:
        job = tx.print_jobs.take(worker, now, now + LEASE)
    if job is None:
        return False
    reach("taken")
    try:
        try:
            _go_on(site, job, worker, now, reach)
        except CardsvcError as error:
            if isinstance(error, Unavailable) or error.reason in UNREACHED:
                _give_back(site, job, worker, now)
                return False
            _give_up(site, job, worker, error, now)
    except Conflict as error:
        # Another process has taken the job over: what becomes of it is not this one's to say.
        if error.reason not in ("lease_lost", "job_moved"):
            raise
    return True


def _go_on(site: Site, job: JobRecord, worker: str, now: datetime, reach: CrashPoint) -> None:
    """Print the next part; with the last one the job is ready."""
    folder = _folder(site.settings, job.id)
    make_private_directory(folder)
    with site.store.reading() as tx:
        waiting = _waiting(tx, job)
    _sweep(folder, waiting)
    part = waiting[:PART]
    run = _run(site, part, Form(job.form), tuning_for(site.settings, job.printer))
    reach("printed")
    if run.pdf:
        # The file first, then the word of it: a file that is not spoken of is swept away.
        path = _part(folder, part[0])
        with site.store.reading() as tx:
            sealed = tx.print_jobs.seal_file(job.id, path.stem, run.pdf)
        write_file(path, sealed, mode=PRIVATE_FILE, replace=True)
    reach("kept")
    held = {one.number: one.held_back for one in run.held_back}
    with site.store.transaction() as tx:
        # The lease ends with the part: whoever has a hand free does the next one.
        tx.print_jobs.hold(job.id, worker, now)
        _note(tx, job, part, held, now)
        if len(part) == len(waiting):
            tx.print_jobs.set_state(job.id, JobState.RUNNING, JobState.READY, worker=None, lease_until=None)


def _give_back(site: Site, job: JobRecord, worker: str, now: datetime) -> None:
    """What passes by itself costs no card: the job waits until the signer or the database is back."""
    with site.store.transaction() as tx:
        tx.print_jobs.hold(job.id, worker, now)
        tx.print_jobs.set_state(job.id, JobState.RUNNING, JobState.WAITING, worker=None, lease_until=None)


def _give_up(site: Site, job: JobRecord, worker: str, error: CardsvcError, now: datetime) -> None:
    """Hold the waiting cards back; what was printed before can be released, and otherwise the job failed."""
    with site.store.transaction() as tx:
        tx.print_jobs.hold(job.id, worker, now)
        left = _waiting(tx, job)
        _sweep(_folder(site.settings, job.id), left)
        _note(tx, job, left, {item.card_number: (error.reason, str(error)) for item in left}, now)
        printed = any(item.state is ItemState.READY for item in tx.print_jobs.items(job.id))
        end = JobState.READY if printed else JobState.FAILED
        tx.print_jobs.set_state(job.id, JobState.RUNNING, end, worker=None, lease_until=None)
        if not printed:
            tx.print_jobs.destroy_file(job.id)
            tx.audit.append(job.made_by, "print_job_failed", job.id, {"reason": error.reason}, now)
    if not printed:
        _remove(_folder(site.settings, job.id))


def _waiting(tx: Transaction, job: JobRecord) -> list[ItemRecord]:
    return [item for item in tx.print_jobs.items(job.id) if item.state is ItemState.WAITING]


def _sweep(folder: Path, waiting: Sequence[ItemRecord]) -> None:
    """Take away parts that nobody spoke of: each is named after its first card, which still waits."""
    for item in waiting:
        _part(folder, item).unlink(missing_ok=True)


def _part(folder: Path, first: ItemRecord) -> Path:
    return folder / f"{first.place:04}.part"


def _note(
    tx: Transaction,
    job: JobRecord,
    items: Sequence[ItemRecord],
    held: Mapping[str, tuple[str, str] | None],
    now: datetime,
) -> None:
    """Write down what became of cards: ready, or ``held`` back for a reason."""
    results = []
    for item in items:
        why = held.get(item.card_number)
        state = ItemState.READY if why is None else ItemState.HELD_BACK
        results.append((item.place, state, *(why or (None, None))))
    tx.print_jobs.set_items(job.id, results)
    tx.audit.append_many(
        AuditEntry(job.made_by, "held_back", number, {"reason": why[0], "job": job.id}, now)
        for number, why in held.items()
        if why is not None
    )


def _run(site: Site, part: Sequence[ItemRecord], form: Form, tuning: Tuning) -> Run:
    found = printing.jobs_of(site, [item.print_id for item in part])
    jobs = [one for one in found if isinstance(one, Job)]
    unread = tuple(one for one in found if isinstance(one, Produced))
    fonts = fonts_folder(site.settings)
    if len(part) >= HANDFUL:
        # Many cards are drawn in a fresh interpreter, so that pages of this process go on being answered.
        try:
            with drawers(1) as pool:
                run = pool.submit(print_run, jobs, form, tuning, fonts).result()
        except BrokenProcessPool as error:
            # Tried again it would most likely die again, and nobody would hear of it.
            words = "the program that draws cards died, of too little memory perhaps: print fewer at a time"
            raise ServiceError("drawing_failed", words) from error
    else:
        with DRAWING:
            run = print_run(jobs, form, tuning, fonts)
    return Run(run.pdf, run.numbers, (*run.held_back, *unread))


def tuning_for(settings: Settings, printer: str | None) -> Tuning:
    """What one printer needs; raises ``unknown_printer`` for one that nobody described."""
    if printer is None:
        return Tuning()
    path = settings.data / "printers.toml"
    known = load_printers(path) if path.exists() else {}
    if printer not in known:
        raise NotFound("unknown_printer", f"no printer is called {printer[:100]}; {path.name} describes them")
    return known[printer]


def new_worker() -> str:
    """A name for this process that no other one bears."""
    return secrets.token_hex(8)


def _fate(item: ItemRecord, spoiled: Sequence[str]) -> ItemState:
    return ItemState.SPOILED if item.card_number in spoiled else ItemState.RELEASED


def _joined(parts: Sequence[bytes]) -> bytes:
    """Every part's pages in one file: the first part's, so that what it tells printers holds for all."""
    if not parts:
        raise ServiceError("nothing_printed", "every card of this job was held back; there is no page")
    if len(parts) == 1:
        return parts[0]
    with DRAWING:
        opened = [pypdfium2.PdfDocument(part) for part in parts]
        try:
            whole, *others = opened
            for one in others:
                whole.import_pages(one)
            out = io.BytesIO()
            whole.save(out)
            return out.getvalue()
        finally:
            for one in opened:
                one.close()


def _folder(settings: Settings, job: str) -> Path:
    return settings.data / "print" / job


def _remove(folder: Path) -> None:
    """The key is gone already; what is left is noise that takes room."""
    for path in folder.glob("*.part"):
        path.unlink(missing_ok=True)
    if folder.exists():
        folder.rmdir()
