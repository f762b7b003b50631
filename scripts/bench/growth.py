"""``growth``: what a check costs where ten times as many cards were printed; it should cost the same."""

from collections.abc import Iterator

from scripts.bench.bundle import PRINTS, city
from scripts.bench.check import CARDS, judging
from scripts.bench.measure import Row, against, duels
from scripts.bench.peers import Peers
from scripts.bench.town import Town
from verify import text

#: "Unchanged (± 10 %)": at worst nine tenths as fast.
TARGET = 0.9
#: More than elsewhere: the two sides differ by less than a neighbour makes in a few rounds.
ROUNDS = 101


def run(town: Town, _peers: Peers) -> Iterator[Row]:
    """One row: the same cards at the same door, in a small and in a large city."""
    cards = town.gate_cards(CARDS)
    texts = [text.encode(town.sign(card)) for card in cards]
    places = {card.status.index for card in cards if card.status is not None}
    small, large = (
        judging(town, town.accept(town.bundle(city(town, prints, places))), texts)
        for prints in (PRINTS // 10, PRINTS)
    )
    duel = duels(large, {"small": small}, rounds=ROUNDS)["small"]
    work = f"gate code in a city of {PRINTS:,} prints"
    name = f"the same in one of {PRINTS // 10:,}"
    yield against("growth", work, name, duel, unit="µs", scale=1e6 / CARDS, target=TARGET)
