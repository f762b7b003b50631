"""The files of a card: page, texts, chip message, and a manifest of them.

A card counts as produced when its rasterised page has been read back and both texts are those that were
signed. Rendering and reading back take most of the time, so they run in as many processes as there are cores.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cardsvc.desk.designs import DEFAULT_DESIGN, designs
from cardsvc.desk.facts import optional_text_of, text_of
from cardsvc.desk.signing import CardKeys, card_keys_of, codes_of
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, Site, fonts_folder
from cardsvc.records import AuditEntry, CardRecord, Facts, PrintRecord
from issuance.layout import FIRST_LAYOUT
from issuance.nfc import ndef_message
from issuance.pdf import CardPage, CardPrinter, Ready, print_cards
from issuance.selfcheck import Texts, check_file
from issuance.sheets import Form, Tuning
from keys.disk import PRIVATE_FILE, write_file
from verify.card import Card
from verify.cose import PublicKey
from verify.days import date_of
from verify.errors import CardsvcError
from verify.services import CardClass, Service

MANIFEST = "manifest.jsonl"
#: Cards in one file: few enough for a printer's memory, enough that art and fonts hardly count.
A_FILE = 200
#: Below so many cards the start of worker processes costs more than it saves.
FEW = 40
#: How far drawing stands back (nice(2)): whoever waits at a desk goes before pages that nobody watches.
BEHIND = 10


@dataclass(frozen=True, slots=True)
class Job:
    """One card to be produced: everything that its files hold, ready for a worker process."""

    page: CardPage
    gate: bytes
    key: PublicKey
    layout: str = FIRST_LAYOUT

    @property
    def number(self) -> str:
        """The card's number, which names its files."""
        return self.page.number


@dataclass(frozen=True, slots=True)
class Produced:
    """The files of one card by name, with their SHA-256; or why it was held back."""

    number: str
    files: dict[str, str]
    held_back: tuple[str, str] | None = None


def jobs_of(installation: Site, print_ids: Sequence[str]) -> list[Job | Produced]:
    """Read what the cards of these prints say, in their order, from the records alone.

    A card that cannot be read, such as that of an erased person, is held back and stops none of the others.
    """
    keys = card_keys_of(installation)
    with installation.store.reading() as tx:
        prints = tx.prints.get_many(print_ids)
        cards = tx.cards.get_many([one.card_number for one in prints.values()])
        jobs: list[Job | Produced] = []
        for print_id in print_ids:
            printed = prints[print_id]
            card = cards[printed.card_number]
            try:
                facts, portrait = tx.people.facts(card.person_id), tx.people.portrait(card.person_id)
                jobs.append(_job(keys, printed, card, facts, portrait))
            except CardsvcError as error:
                jobs.append(Produced(card.number, {}, (error.reason, str(error))))
    return jobs


def _job(keys: CardKeys, printed: PrintRecord, card: CardRecord, facts: Facts, portrait: bytes) -> Job:
    codes = codes_of(keys, printed)
    bare = page_of(
        facts,
        number=card.number,
        card_class=CardClass(card.card_class),
        valid_until=date_of(card.valid_until),
        permit_until=None if printed.permit_day is None else date_of(printed.permit_day),
    )
    page = replace(
        bare,
        portrait=portrait,
        gate_text=codes.gate_text,
        identity_text=codes.identity_text,
        services=rights_of(Card.decode(printed.gate_payload)),
    )
    return Job(page, codes.gate, keys.entry_of(printed.signing_kid).public, printed.layout)


def page_of(
    facts: Facts, *, number: str, card_class: CardClass, valid_until: date, permit_until: date | None
) -> CardPage:
    """What a card says in words, without its picture, its codes and its rights."""
    return CardPage(
        number=number,
        card_class=card_class,
        name=text_of(facts, "full_name"),
        name_native=optional_text_of(facts, "name_native"),
        language_native=optional_text_of(facts, "language_native"),
        name_chinese=optional_text_of(facts, "name_chinese"),
        nationality=text_of(facts, "nationality"),
        valid_until=valid_until,
        portrait=b"",
        gate_text="",
        identity_text="",
        passport=text_of(facts, "passport"),
        passport_country=text_of(facts, "passport_country"),
        birth=date.fromisoformat(text_of(facts, "birth")),
        sex=text_of(facts, "sex"),
        permit_kind=text_of(facts, "permit_kind"),
        permit=optional_text_of(facts, "permit"),
        permit_until=permit_until,
        office=text_of(facts, "office"),
    )


def rights_of(gate: Card) -> frozenset[Service]:
    """The services that stand on the card beside its gate code."""
    return frozenset(service for service in Service if gate.printed_until(service) is not None)


@cache
def printer_for(fonts: Path, layout: str | None = None) -> CardPrinter:
    """The printer of this process for a recorded layout, or for what new cards look like.

    Opening typefaces and setting the fixed words is done once.
    """
    found = designs().newest(DEFAULT_DESIGN) if layout is None else designs().exact(layout)
    return CardPrinter(found, fonts)


@dataclass(frozen=True, slots=True)
class Run:
    """A file of many cards: those that were read back from it, in order, and those that were held back."""

    pdf: bytes
    numbers: tuple[str, ...]
    held_back: tuple[Produced, ...]


def print_run(jobs: Sequence[Job], form: Form, tuning: Tuning, fonts: Path) -> Run:
    """Print cards into one file and read every page back; what fails is left out, and the file made anew."""
    held: list[Produced] = []
    ready: list[tuple[Job, Ready]] = []
    for job in jobs:
        try:
            ready.append((job, printer_for(fonts, job.layout).prepare(job.page)))
        except CardsvcError as error:
            held.append(Produced(job.number, {}, (error.reason, str(error))))
    while ready:
        pdf = print_cards([one for _, one in ready], form, tuning)
        wanted = [Texts(job.page.gate_text, job.page.identity_text, job.key) for job, _ in ready]
        backdrops = [one.printer.backdrop(one.page.edition) for _, one in ready]
        faults = check_file(pdf, wanted, form, tuning, backdrops)
        if not any(faults):
            return Run(pdf, tuple(job.number for job, _ in ready), tuple(held))
        for (job, _), fault in zip(ready, faults, strict=True):
            if fault is not None:
                held.append(Produced(job.number, {}, (fault.reason, str(fault))))
        ready = [one for one, fault in zip(ready, faults, strict=True) if fault is None]
    return Run(b"", (), tuple(held))


def produce(job: Job, out: Path, fonts: Path, tuning: Tuning | None = None) -> Produced:
    """Render one card, read it back, and only then write its files: all of them whole, or none."""
    try:
        run = print_run([job], Form.SINGLE, tuning or Tuning(), fonts)
        if run.held_back:
            return run.held_back[0]
        contents = {f"{job.number}.pdf": run.pdf} | _texts(job)
    except CardsvcError as error:
        return Produced(job.number, {}, (error.reason, str(error)))
    return _written(job.number, contents, out)


def produce_run(
    jobs: Sequence[Job], name: str, out: Path, fonts: Path, form: Form, tuning: Tuning
) -> list[Produced]:
    """Print one file of many cards and write it, with the texts and the chip message of each beside it."""
    try:
        run = print_run(jobs, form, tuning, fonts)
    except CardsvcError as error:
        return [Produced(job.number, {}, (error.reason, str(error))) for job in jobs]
    try:
        if run.pdf:
            write_whole(out / name, run.pdf)
    except CardsvcError as error:
        return [Produced(job.number, {}, ("cannot_write", str(error))) for job in jobs]
    digest = hashlib.sha256(run.pdf).hexdigest()
    held = {one.number: one for one in run.held_back}
    produced = []
    for job in jobs:
        one = held.get(job.number) or _written(job.number, _texts(job), out)
        produced.append(one if one.held_back else replace(one, files={name: digest, **one.files}))
    return produced


def _texts(job: Job) -> dict[str, bytes]:
    """The files of a card beside its page."""
    number, page = job.number, job.page
    # The texts end their line, so that the files of many cards can be joined and piped to a reader.
    return {
        f"{number}.gate.txt": page.gate_text.encode("ascii") + b"\n",
        f"{number}.identity.txt": page.identity_text.encode("ascii") + b"\n",
        f"{number}.ndef": ndef_message(job.gate),
    }


def _written(number: str, contents: dict[str, bytes], out: Path) -> Produced:
    """Write the files of one card, all of them or none; what lay there before stays."""
    fresh = [name for name in contents if not (out / name).exists()]
    try:
        for name, data in contents.items():
            write_whole(out / name, data)
    except CardsvcError as error:
        for name in fresh:
            with suppress(OSError):  # A folder that cannot be written holds nothing of this card anyhow.
                (out / name).unlink()
        return Produced(number, {}, ("cannot_write", str(error)))
    return Produced(number, {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()})


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, for its owner alone: it holds personal data.

    Raises :class:`keys.errors.KeysError` ``file_not_written``.
    """
    write_file(path, data, mode=PRIVATE_FILE)


class Workshop:
    """Produces the files of many cards and records that they were produced."""

    def __init__(
        self,
        installation: Installation,
        out: Path,
        pool: Executor | None,
        *,
        actor: str,
        form: Form = Form.SINGLE,
        tuning: Tuning | None = None,
    ) -> None:
        """Write below ``out``; without a pool, one card after the other in this process."""
        self._installation, self._out, self._pool, self._actor = installation, out, pool, actor
        self._form, self._tuning = form, tuning or Tuning()
        self._files = 0

    @property
    def spread(self) -> Callable[..., Iterable[Any]]:
        """The way to do other work on many things in the same processes, in order."""
        return self._pool.map if self._pool is not None else map

    @property
    def at_once(self) -> int:
        """How many prints to give to one call of :meth:`produce`, so that every core makes a whole file."""
        return 1 if self._form is Form.SINGLE else A_FILE * (os.cpu_count() or 1)

    def produce(self, print_ids: Sequence[str], *, now: datetime) -> Iterator[Produced]:
        """Produce the cards of these prints, in order; each ends in the audit, produced or held back."""
        found = jobs_of(self._installation, print_ids)
        jobs = [one for one in found if isinstance(one, Job)]
        made = iter(self._made(jobs))
        produced = [next(made) if isinstance(one, Job) else one for one in found]
        with self._installation.store.transaction() as tx:
            tx.audit.append_many(self._entry(one, now) for one in produced)
        yield from produced

    def _made(self, jobs: Sequence[Job]) -> list[Produced]:
        fonts = fonts_folder(self._installation.settings)
        if self._form is Form.SINGLE:
            each = ([one] * len(jobs) for one in (self._out, fonts, self._tuning))
            return list(self.spread(produce, jobs, *each))
        parts = [jobs[start : start + A_FILE] for start in range(0, len(jobs), A_FILE)]
        names = [f"cards-{self._files + index:04}.pdf" for index in range(1, len(parts) + 1)]
        self._files += len(parts)
        settings = ([self._out], [fonts], [self._form], [self._tuning])
        same = (one * len(parts) for one in settings)
        return [one for part in self.spread(produce_run, parts, names, *same) for one in part]

    def _entry(self, one: Produced, now: datetime) -> AuditEntry:
        if one.held_back is None:
            return AuditEntry(self._actor, "files_written", one.number, {"files": one.files}, now)
        return AuditEntry(self._actor, "held_back", one.number, {"reason": one.held_back[0]}, now)


def drawers(count: int | None) -> ProcessPoolExecutor:
    """Processes that draw, behind everything else; ``count`` None: one for every core."""
    # Fresh interpreters: a forked one would share this one's open database and random state.
    return ProcessPoolExecutor(count, get_context("spawn"), os.nice, (BEHIND,))


@contextmanager
def workshop(
    installation: Installation,
    out: Path,
    *,
    actor: str,
    count: int | None,
    form: Form = Form.SINGLE,
    tuning: Tuning | None = None,
) -> Iterator[Workshop]:
    """Open a workshop with a process for every core, or none for a few cards (``count`` None: many)."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceError("cannot_write", f"{out} cannot be made: {error.strerror}") from error
    if count is not None and count < FEW:
        yield Workshop(installation, out, None, actor=actor, form=form, tuning=tuning)
        return
    with drawers(os.cpu_count()) as pool:
        yield Workshop(installation, out, pool, actor=actor, form=form, tuning=tuning)


def write_manifest(out: Path, lines: Iterable[dict[str, object]]) -> None:
    """``manifest.jsonl``: a line for every application, issued or refused."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    # Half a character that came in a file costs its own line a letter, and nobody the manifest.
    write_whole(out / MANIFEST, text.encode(errors="backslashreplace"))
