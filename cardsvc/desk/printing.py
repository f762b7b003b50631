"""The files of a card: page, texts, chip message, and a manifest of them.

A card counts as produced when its rasterised page has been read back and both texts are those that were
signed. Rendering and reading back take most of the time, so they run in as many processes as there are cores.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from cardsvc.desk.facts import optional_text_of, text_of
from cardsvc.desk.signing import codes_of
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, fonts_folder
from cardsvc.records import AuditEntry, CardRecord, Facts, PrintRecord
from issuance.layout import load_layout
from issuance.nfc import ndef_message
from issuance.pdf import CardPage, CardPrinter
from issuance.selfcheck import check_printed
from keys.disk import PRIVATE_FILE, write_file
from verify.card import Card
from verify.days import date_of
from verify.errors import CardsvcError
from verify.services import CardClass, Service

MANIFEST = "manifest.jsonl"
DESIGN = "green"
#: Below so many cards the start of worker processes costs more than it saves.
FEW = 40


@dataclass(frozen=True, slots=True)
class Job:
    """One card to be produced: everything that its files hold, ready for a worker process."""

    page: CardPage
    gate: bytes

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


def jobs_of(installation: Installation, print_ids: Sequence[str]) -> list[Job | Produced]:
    """Read what the cards of these prints say, in their order, from the records alone.

    A card that cannot be read, such as that of an erased person, is held back and stops none of the others.
    """
    with installation.store.reading() as tx:
        prints = tx.prints.get_many(print_ids)
        cards = tx.cards.get_many([one.card_number for one in prints.values()])
        jobs: list[Job | Produced] = []
        for print_id in print_ids:
            printed = prints[print_id]
            card = cards[printed.card_number]
            try:
                facts, portrait = tx.people.facts(card.person_id), tx.people.portrait(card.person_id)
                jobs.append(_job(installation, printed, card, facts, portrait))
            except CardsvcError as error:
                jobs.append(Produced(card.number, {}, (error.reason, str(error))))
    return jobs


def _job(
    installation: Installation, printed: PrintRecord, card: CardRecord, facts: Facts, portrait: bytes
) -> Job:
    codes, claims = codes_of(installation.keyring, printed), Card.decode(printed.gate_payload)
    rights = {service for service in Service if claims.printed_until(service) is not None}
    page = CardPage(
        number=card.number,
        card_class=CardClass(card.card_class),
        name=text_of(facts, "full_name"),
        name_native=optional_text_of(facts, "name_native"),
        language_native=optional_text_of(facts, "language_native"),
        name_chinese=optional_text_of(facts, "name_chinese"),
        nationality=text_of(facts, "nationality"),
        valid_until=date_of(card.valid_until),
        portrait=portrait,
        gate_text=codes.gate_text,
        identity_text=codes.identity_text,
        passport=text_of(facts, "passport"),
        passport_country=text_of(facts, "passport_country"),
        birth=date.fromisoformat(text_of(facts, "birth")),
        sex=text_of(facts, "sex"),
        permit_kind=text_of(facts, "permit_kind"),
        permit=optional_text_of(facts, "permit"),
        permit_until=None if printed.permit_day is None else date_of(printed.permit_day),
        office=text_of(facts, "office"),
        services=frozenset(rights),
    )
    return Job(page, codes.gate)


@cache
def printer_for(fonts: Path) -> CardPrinter:
    """The printer of this process: opening typefaces and setting the fixed words is done once."""
    return CardPrinter(load_layout(_layouts() / DESIGN), fonts)


def _layouts() -> Path:
    return Path(__file__).resolve().parent.parent.parent / "templates" / "card"


def produce(job: Job, out: Path, fonts: Path) -> Produced:
    """Render one card, read it back, and only then write its files: all of them whole, or none."""
    page, number = job.page, job.number
    try:
        pdf = printer_for(fonts).render(page)
        check_printed(pdf, gate_text=page.gate_text, identity_text=page.identity_text)
        chip = ndef_message(job.gate)
    except CardsvcError as error:
        return Produced(number, {}, (error.reason, str(error)))
    # The texts end their line, so that the files of many cards can be joined and piped to a reader.
    contents = {
        f"{number}.pdf": pdf,
        f"{number}.gate.txt": page.gate_text.encode("ascii") + b"\n",
        f"{number}.identity.txt": page.identity_text.encode("ascii") + b"\n",
        f"{number}.ndef": chip,
    }
    try:
        for name, data in contents.items():
            write_whole(out / name, data)
    except CardsvcError as error:
        for name in contents:
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

    def __init__(self, installation: Installation, out: Path, pool: Executor | None, *, actor: str) -> None:
        """Write below ``out``; without a pool, one card after the other in this process."""
        self._installation, self._out, self._pool, self._actor = installation, out, pool, actor

    def produce(self, print_ids: Sequence[str], *, now: datetime) -> Iterator[Produced]:
        """Produce the cards of these prints, in order; each ends in the audit, produced or held back."""
        found = jobs_of(self._installation, print_ids)
        jobs = [one for one in found if isinstance(one, Job)]
        fonts = fonts_folder(self._installation.settings)
        work = self._pool.map if self._pool is not None else map
        made = iter(list(work(produce, jobs, [self._out] * len(jobs), [fonts] * len(jobs))))
        produced = [next(made) if isinstance(one, Job) else one for one in found]
        with self._installation.store.transaction() as tx:
            tx.audit.append_many(self._entry(one, now) for one in produced)
        yield from produced

    def _entry(self, one: Produced, now: datetime) -> AuditEntry:
        if one.held_back is None:
            return AuditEntry(self._actor, "files_written", one.number, {"files": one.files}, now)
        return AuditEntry(self._actor, "held_back", one.number, {"reason": one.held_back[0]}, now)


@contextmanager
def workshop(installation: Installation, out: Path, *, actor: str, count: int | None) -> Iterator[Workshop]:
    """Open a workshop with a process for every core, or none for a few cards (``count`` None: many)."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceError("cannot_write", f"{out} cannot be made: {error.strerror}") from error
    if count is not None and count < FEW:
        yield Workshop(installation, out, None, actor=actor)
        return
    # Fresh interpreters: a forked one would share this one's open database and random state.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield Workshop(installation, out, pool, actor=actor)


def write_manifest(out: Path, lines: Iterable[dict[str, object]]) -> None:
    """``manifest.jsonl``: a line for every application, issued or refused."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_whole(out / MANIFEST, text.encode())
