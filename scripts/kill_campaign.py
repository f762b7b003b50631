"""Long campaigns of kill -9: ``python -m scripts.kill_campaign [issuing | reader] --kills 1000``.

``issuing``: every kill is followed by a look at the records with plain SQL, and the last run must finish
everything. ``reader``: a gate dies at named points and at random, and its log is held to what was seen. The
figures go to standard output as one JSON object; the first thing that does not hold ends the campaign.
"""

import argparse
import json
import secrets
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.crash import harness
from tests.reader import killing


def main() -> None:
    """Run the campaign in a temporary folder and print its figures."""
    parser = argparse.ArgumentParser(prog="kill_campaign", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["issuing", "reader"], default="issuing")
    parser.add_argument("--kills", type=int, default=1000, help="how many processes to kill")
    parser.add_argument("--seed", type=int, default=None, help="of the random instants; drawn if not given")
    options = parser.parse_args()
    seed = secrets.randbits(32) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory(prefix="cardsvc-kills-") as folder:
        run = issuing if options.what == "issuing" else reader
        figures = run(Path(folder), options.kills, seed)
    print(json.dumps({"what": options.what, "seed": seed, **figures}))


def issuing(folder: Path, kills: int, seed: int) -> dict[str, float]:
    """``cardsvc issue``, killed."""
    with harness.open_forge() as forge:
        return asdict(harness.campaign(harness.make_template(folder), kills, seed, forge))


def reader(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """``cardsvc-verify gate``, killed."""
    with killing.open_site(folder) as site:
        return killing.campaign(site, kills, seed)


if __name__ == "__main__":
    main()
