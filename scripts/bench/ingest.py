"""``ingest``: readers' logs into the records, at full durability, in groups of a hundred against one by one.

SQLite always; PostgreSQL too where ``CARDSVC_DATABASE_URL`` names an empty database of it, and there two
processes against one. Whatever is counted was unsealed, checked against its chain and its reader's signature,
and committed: a group in one transaction, or a transaction a record. By the wall's clock, since a
disk is waited for.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cardsvc.installation import ServedInstallation
from cardsvc.readers.ingest import TAKEN, take_batch
from cardsvc.settings import Settings
from cardsvc.setup import initialise
from scripts.bench.issuing import EXAMPLES
from scripts.bench.measure import Duel, Row, against, duels, median_duel, require
from scripts.bench.peers import Peers
from scripts.bench.town import COST, ISSUER, Town
from scripts.gatelogs import Scribe, Upload, enrol, taking
from scripts.sender import to_line
from verify.cose import PublicKey

GROUP: Final = 100
#: A round of one by one is a hundred commits; eleven are enough to see the middle.
ROUNDS: Final = 11
SENDERS, UPLOADS, SENDER_ROUNDS = 2, 20, 5
TARGET: Final = 15.0
SINGLE: Final = "one by one"
#: Ours: two processes and the database share two cores.
BESIDE_TARGET: Final = 1.3
DATABASE: Final = "CARDSVC_DATABASE_URL"


def run(town: Town, _peers: Peers) -> Iterator[Row]:
    """A row for SQLite, and two for PostgreSQL where there is one."""
    yield from _grouped("SQLite", _founded(town.folder / "ingest", None))
    named = os.environ.get(DATABASE)
    if named is None:
        print(f"bench: {DATABASE} names no PostgreSQL; ingest has no rows for it", file=sys.stderr)
        return
    settings = _founded(town.folder / "ingest-postgresql", named)
    yield from _grouped("PostgreSQL", settings)
    yield _beside(settings)


def _founded(folder: Path, database: str | None) -> Settings:
    settings = Settings(data=folder, database_url=database, public_url="http://localhost:8000")
    staff, venues = EXAMPLES / "staff.toml", EXAMPLES / "venues.toml"
    initialise(settings, issuer=ISSUER, staff=staff, venues=venues, now=datetime.now(UTC), cost=COST)
    return settings


def _grouped(database: str, settings: Settings) -> Iterator[Row]:
    with taking(settings) as (site, keyring):
        scribes = _scribes(keyring.seal_key(datetime.now(UTC)).public, 2)
        enrol(site.store, scribes)

        def grouped(loops: int) -> float:
            return _taken(site, [scribes[0].write(GROUP, datetime.now(UTC)) for _ in range(loops)])

        def single(loops: int) -> float:
            written = [scribes[1].write(GROUP, datetime.now(UTC)) for _ in range(loops)]
            return _taken(site, [one for group in written for one in _apart(group)])

        duel = duels(grouped, {SINGLE: single}, rounds=ROUNDS)[SINGLE]
        work = f"{GROUP} records of a reader, {database}"
        yield against("ingest", work, SINGLE, duel, unit="ms", scale=1e3, target=TARGET)


def _beside(settings: Settings) -> Row:
    """As many records by two processes as by one."""
    with taking(settings) as (site, keyring):
        scribes = _scribes(keyring.seal_key(datetime.now(UTC)).public, SENDERS, "beside")
        enrol(site.store, scribes)
    rounds = []
    for number in range(SENDER_ROUNDS):
        seconds = {}
        for senders in (SENDERS, 1) if number % 2 else (1, SENDERS):
            now = datetime.now(UTC)
            logs = [[one.write(GROUP, now) for _ in range(UPLOADS)] for one in scribes]
            shares = logs if senders == SENDERS else [[one for log in logs for one in log]]
            seconds[senders] = _sent(settings, shares)
        rounds.append(Duel(seconds[SENDERS], seconds[1]))
    work = f"{SENDERS * UPLOADS * GROUP:,} records by {SENDERS} processes, PostgreSQL"
    duel = median_duel(rounds)
    return against("ingest", work, "one process", duel, unit="ms", scale=1e3, target=BESIDE_TARGET)


def _scribes(seal: PublicKey, count: int, name: str = "library") -> list[Scribe]:
    return [Scribe(f"{name}-{number}", "library", 3, seal) for number in range(1, count + 1)]


def _apart(group: Upload) -> Iterator[Upload]:
    """The same records, an upload each; the reader signed for the last one alone."""
    *before, last = (replace(group, records=(one,), checkpoints=()) for one in group.records)
    yield from before
    yield replace(last, checkpoints=group.checkpoints)


def _taken(site: ServedInstallation, uploads: Sequence[Upload]) -> float:
    """Seconds to take all of them; the route reads the reader each time, and so does this."""
    begun = time.perf_counter()
    for upload in uploads:
        with site.store.reading() as tx:
            reader = tx.readers.get(upload.reader)
        answers = take_batch(site, reader, upload.records, upload.checkpoints, datetime.now(UTC))
        require(all(one.answer == TAKEN for one in answers), f"not taken: {answers[0]}")
    return time.perf_counter() - begun


def _sent(settings: Settings, shares: Sequence[Sequence[Upload]]) -> float:
    """Seconds until so many processes have taken a share each; their start is not counted."""
    environment = os.environ | {
        "CARDSVC_DATA": str(settings.data),
        DATABASE: settings.database,
        "CARDSVC_PUBLIC_URL": settings.public_url,
    }
    command = [sys.executable, "-m", "scripts.sender"]
    pipe = subprocess.PIPE
    ready = threading.Barrier(len(shares) + 1)

    def work(process: "subprocess.Popen[str]", share: Sequence[str]) -> None:
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        assert process.stdout is not None  # noqa: S101 - likewise
        require(process.stdout.readline() == "ready\n", "a sender did not start")
        ready.wait()
        for line in share:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answers = json.loads(process.stdout.readline()).get("answers", {})
            require(set(answers.values()) == {TAKEN}, "a sender's records were not taken")
        process.stdin.close()

    with ExitStack() as open_:
        processes = [
            open_.enter_context(
                subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True)
            )
            for _ in shares
        ]
        pool = open_.enter_context(ThreadPoolExecutor(len(shares)))
        lines = [[to_line(one) for one in share] for share in shares]
        works = [pool.submit(work, *pair) for pair in zip(processes, lines, strict=True)]
        ready.wait(timeout=60)
        begun = time.perf_counter()
        for one in works:
            one.result()
        return time.perf_counter() - begun
