"""``base45``: 900 characters to bytes, against the package of that name."""

import base64
import random
from collections.abc import Iterator

from scripts.bench.measure import Row, against, duels, require, timed
from scripts.bench.peers import Peers
from scripts.bench.town import Town
from verify.text import base45_decode, base45_encode

TEXTS, CHARACTERS, TARGET = 16, 900, 12.0


def run(_town: Town, peers: Peers) -> Iterator[Row]:
    """One row."""
    chance = random.Random(CHARACTERS)  # noqa: S311 - the same bytes in every run, no secret
    wanted = [chance.randbytes(CHARACTERS * 2 // 3) for _ in range(TEXTS)]
    texts = [base45_encode(data) for data in wanted]
    read = peers.load("base45", "base45", texts=texts)
    require([base64.b64decode(data) for data in read] == wanted, "base45 decoded something else")
    require([base45_decode(text) for text in texts] == wanted, "our decoder decoded something else")
    ours = timed(lambda: [base45_decode(text) for text in texts])
    duel = duels(ours, {"base45": peers.lap("base45")})["base45"]
    work = f"decode {CHARACTERS} characters"
    yield against("base45", work, "PyPI base45", duel, unit="µs", scale=1e6 / TEXTS, target=TARGET)
