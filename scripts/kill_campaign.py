"""A long campaign of kill -9 while cards are issued: ``python -m scripts.kill_campaign --kills 1000``.

Every kill is followed by a look at the records with plain SQL, and the last run must finish everything. The
figures go to standard output as one JSON object; the first thing that does not hold ends the campaign.
"""

import argparse
import json
import secrets
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.crash.harness import campaign, make_template, open_forge


def main() -> None:
    """Run the campaign in a temporary folder and print its figures."""
    parser = argparse.ArgumentParser(prog="kill_campaign", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000, help="how many processes to kill")
    parser.add_argument("--seed", type=int, default=None, help="of the random instants; drawn if not given")
    options = parser.parse_args()
    seed = secrets.randbits(32) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory(prefix="cardsvc-kills-") as folder, open_forge() as forge:
        figures = campaign(make_template(Path(folder)), options.kills, seed, forge)
    print(json.dumps({"seed": seed, **asdict(figures)}))


if __name__ == "__main__":
    main()
