"""Issues cards in forked children, so that a test can kill them: ``python -m tests.crash.child``.

One JSON order a line on standard input; three lines answer it: the child's process id, ``begun`` when it is
about to touch the first card, and how it ended.
Starting an interpreter takes longer than issuing a batch; a fork of this warm process starts in a moment.
"""

import json
import os
import signal
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cardsvc.desk import issuing
from cardsvc.desk.checking import check_application
from cardsvc.desk.issuing import IssuingDesk
from cardsvc.desk.life import CardLife, People
from cardsvc.desk.outcomes import Issued, Request
from cardsvc.desk.printing import write_whole
from cardsvc.desk.signing import codes_of, recover
from cardsvc.installation import Installation, open_installation
from issuance.application import parse_application
from issuance.portrait import prepare_portrait
from tests.desk.town import EXAMPLES, NOW, application, settings_for
from verify import text

BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class Order:
    """What a child shall do, and at which named point of it (the how-manieth time) it kills itself."""

    data: str
    first: int = 1
    count: int = 0
    batch: int = 4
    replace: str | None = None
    point: str | None = None
    passes: int = 0

    @property
    def seen(self) -> Path:
        """Where everything that anybody outside could have seen is noted, a line at a time."""
        return Path(self.data).parent / "seen.jsonl"

    @property
    def out(self) -> Path:
        return Path(self.data).parent / "out"


class Killer:
    """A crash point that ends the process as kill -9 does: nothing is flushed, nothing is told."""

    def __init__(self, order: Order) -> None:
        self._point, self._left = order.point, order.passes

    def __call__(self, point: str) -> None:
        if point != self._point:
            return
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


def work(order: Order) -> None:
    """What `cardsvc issue` and `cardsvc replace` do, recovery first, with texts for files."""
    reach = Killer(order)
    issuing.BATCH = order.batch
    with open_installation(settings_for(Path(order.data))) as installation, installation.issuing_alone():
        print(BEGUN, flush=True)
        recover(installation, actor="console", now=NOW, reach=reach)
        if order.replace is not None:
            life = CardLife(installation, People(), NOW)
            print_id, _ = life.replace(order.replace, "broken", reach=reach)
            show(installation, order, [print_id])
        desk = IssuingDesk(installation, submitted_by="clerk1", approved_by="chief1", crash_point=reach)
        numbers = range(order.first, order.first + order.count)
        requests = (Request(number, application(number)) for number in numbers)
        for outcomes in desk.issue(requests, base=EXAMPLES, clock=lambda: NOW):
            issued = [outcome for outcome in outcomes if isinstance(outcome, Issued)]
            if len(issued) != len(outcomes):
                raise SystemExit(f"no application here should be refused: {outcomes}")
            show(installation, order, [one.print_id for one in issued])


def show(installation: Installation, order: Order, print_ids: list[str]) -> None:
    """Let cards be seen: their files appear, and a line says so."""
    with installation.store.reading() as tx:
        prints = tx.prints.get_many(print_ids)
    for print_id, printed in prints.items():
        gate = codes_of(installation.keyring, printed).gate_text
        write_whole(order.out / f"{print_id}.gate.txt", gate.encode())
        line = json.dumps({"print": print_id, "number": printed.card_number, "gate": gate})
        with order.seen.open("a", encoding="ascii") as file:
            # A line of its own even after one that a kill cut off: writes are torn where pages meet.
            file.write(f"\n{line}\n")


def serve() -> None:
    """Fork a child for every order."""
    # Made once, here: the children then spend their time where a kill can do harm.
    once = cache(prepare_portrait)
    once((EXAMPLES / "portraits" / "abebe.jpg").read_bytes())
    vars(issuing)["prepare_portrait"] = once
    # The typefaces, and this name set in them.
    first = parse_application(application(1), now=NOW, base=EXAMPLES)
    check_application(settings_for(Path("nowhere")), first)
    text.encode(b"warm")
    print("ready", flush=True)
    for line in sys.stdin:
        order = Order(**json.loads(line))
        order.out.mkdir(exist_ok=True)
        pid = os.fork()
        if pid == 0:
            work(order)
            return
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
