"""Each batch sent one to five times, by several processes at once, one of which dies: counted once."""

import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cardsvc.installation import ServedInstallation
from cardsvc.readers.ingest import release
from cardsvc.records.engine import open_engine
from cardsvc.records.reader_tables import GATE_RECORD, QUARANTINED, USAGE
from cardsvc.settings import Settings
from scripts.gatelogs import Scribe, Upload, enrol, taking
from scripts.sender import to_line
from tests.desk.town import settings_for
from tests.service.house import make_data

READERS, BATCHES, RECORDS, SENDERS = 4, 6, 20, 3
ALL = READERS * BATCHES * RECORDS


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, pattern: tuple[Path, dict[str, str]]
) -> Settings:
    """An installation on either database."""
    data = tmp_path / "data"
    if request.param == "sqlite":
        shutil.copytree(pattern[0], data)
        return settings_for(data)
    url = request.getfixturevalue("postgres_url")
    make_data(data, url)
    return settings_for(data, url)


@pytest.fixture
def site(settings: Settings) -> Iterator[tuple[ServedInstallation, list[Scribe]]]:
    with taking(settings) as (made, keyring):
        seal = keyring.seal_key(datetime.now(UTC)).public
        scribes = [Scribe(f"library-{number}", "library", 3, seal) for number in range(1, READERS + 1)]
        enrol(made.store, scribes)
        yield made, scribes


class Sender:
    """A process that takes what it is given, a thread here that gives it."""

    def __init__(self, settings: Settings, uploads: list[Upload], dies_after: int | None = None) -> None:
        environment = os.environ | {
            "CARDSVC_DATA": str(settings.data),
            "CARDSVC_DATABASE_URL": settings.database,
            "CARDSVC_PUBLIC_URL": settings.public_url,
        }
        command = [sys.executable, "-m", "scripts.sender"]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._uploads, self._dies_after = uploads, dies_after
        self.answered: list[dict[str, str]] = []
        self.thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        with self._process as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            for place, upload in enumerate(self._uploads):
                process.stdin.write(to_line(upload) + "\n")
                process.stdin.flush()
                if place == self._dies_after:
                    process.kill()
                    return
                self.answered.append(json.loads(process.stdout.readline())["answers"])
            process.stdin.close()


def test_each_batch_one_to_five_times_in_parallel(
    settings: Settings, site: tuple[ServedInstallation, list[Scribe]]
) -> None:
    installation, scribes = site
    chance = random.Random(15)
    uploads = [one.write(RECORDS, datetime.now(UTC)) for one in scribes for _ in range(BATCHES)]
    piles: list[list[Upload]] = [[] for _ in range(SENDERS)]
    for upload in uploads:
        for _ in range(chance.randint(1, 5)):
            chance.choice(piles[1:]).append(upload)
    for pile in piles:
        chance.shuffle(pile)
    # The first one dies over a batch that somebody else sends too.
    piles[0] = chance.sample(uploads, 8)
    senders = [Sender(settings, pile, 5 if place == 0 else None) for place, pile in enumerate(piles)]
    for one in senders:
        one.thread.start()
    for one in senders:
        one.thread.join()
    while any(release(installation, one.reader, 500, datetime.now(UTC)) for one in scribes):
        pass
    with installation.store.reading() as tx:
        readers = [tx.readers.get(one.reader) for one in scribes]
        assert tx.verify_audit().ok
    assert [(one.head_seq, one.head_hash) for one in readers] == [(one.seq, one.before) for one in scribes]
    assert [one.vouched for one in readers] == [BATCHES * RECORDS] * READERS
    engine = open_engine(settings.database)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(GATE_RECORD)) == ALL
        assert connection.scalar(select(func.sum(USAGE.c["count"]))) == ALL
        assert connection.scalar(select(func.count()).select_from(QUARANTINED)) == 0
    engine.dispose()
    assert sum(len(answers) for one in senders for answers in one.answered) >= ALL
