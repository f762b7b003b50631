"""What the service does with logs when its disk is full: run by test_full_disk.py, where it may mount one."""

import tempfile
from pathlib import Path

import pytest

from tests.readers.devices import door, seal_key
from tests.service.house import make_data, open_house
from tests.small_disk import fill, on_a_small_disk
from verify.errors import Unchecked
from verify.reader.uploads import Uploads

RECORDS = 300


def scenario(data: Path) -> None:
    ballast = data.parent / "ballast"
    # The reader's own disk is another one.
    with open_house(data, make_data(data)) as house, tempfile.TemporaryDirectory() as elsewhere:
        house.app.state.serving.jobs.stop()
        made = door(house, Path(elsewhere))
        journal, service = made.journal(), made.service()
        bundle, _ = service.bundle(None)
        with house.site.store.transaction() as tx:
            tx.audit.append("clerk1", "card_suspended", "1234567890128", {}, house.clock.now)
        bring = Uploads(journal, service, clock=lambda: int(house.clock.now.timestamp()), uptime=lambda: 0.0)
        fill(ballast)
        for _ in range(RECORDS):
            journal.append(made.entry(), seal_key(house))
        with pytest.raises(Unchecked, match="507: the database has no room left") as caught:
            bring()
        assert caught.value.reason == "unreachable"  # So it is tried again, later and later.
        assert '"refused": "disk_full"' in house.log.getvalue()
        assert journal.standing().waiting == RECORDS
        # The gate goes on: it judges by what it has, and records where it stands. It is still given the last
        # bundle, though no new one can be made, and nobody can write down that it asked.
        journal.append(made.entry(), seal_key(house))
        house.clock.pass_by(minutes=2)
        assert service.bundle(None)[0] == bundle
        with house.site.store.reading() as tx:
            assert tx.readers.get(made.id).head_seq == 0
        ballast.unlink()
        bring()
        assert journal.standing().waiting == 0
        with house.site.store.reading() as tx:
            found = tx.readers.get(made.id)
            assert (found.head_seq, found.vouched) == (RECORDS + 1, RECORDS + 1)
            assert sum(n for _, n in tx.gate_log.usage(["library"], 0, 1 << 40, None)) == RECORDS + 1
            assert tx.verify_audit().ok


if __name__ == "__main__":
    on_a_small_disk(scenario)
