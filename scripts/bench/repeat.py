"""``repeat``: the same card again at the same gate, against its first check there."""

import time
from collections.abc import Iterator, Sequence

from keys.bundle import ListSnapshot
from scripts.bench.check import CARDS
from scripts.bench.measure import ROUNDS, Duel, Row, against, median_duel, require
from scripts.bench.peers import Peers
from scripts.bench.town import URI, Town
from verify import text
from verify.services import Service
from verify.verdict import Answer
from verify.verifier import Presentation, Verifier

TARGET = 20.0


def run(town: Town, _peers: Peers) -> Iterator[Row]:
    """One row: sixty-four cards at a reader that never saw them, and the same cards there once more."""
    texts = [text.encode(town.sign(card)) for card in town.gate_cards(CARDS)]
    trust = town.accept(town.bundle([ListSnapshot(URI)]))
    rounds = []
    for _ in range(ROUNDS):
        reader = town.reader(trust)
        first, again = (_pass(town, reader, texts) for _ in range(2))
        rounds.append(Duel(ours=again, theirs=first))
    duel = median_duel(rounds)
    work, name = "gate code, seen before", "the same card's first check"
    yield against("repeat", work, name, duel, unit="µs", scale=1e6 / CARDS, target=TARGET)


def _pass(town: Town, reader: Verifier, texts: Sequence[str]) -> float:
    begun = time.perf_counter()
    verdicts = [reader.judge(Presentation(code, Service.LIBRARY), town.second) for code in texts]
    seconds = time.perf_counter() - begun
    require(all(verdict.answer is Answer.ALLOW for verdict in verdicts), "a sound card was not allowed")
    return seconds
