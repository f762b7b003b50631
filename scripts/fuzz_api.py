"""Thousands of requests to every interface, right and wrong ones, as every role; run by hand.

``python -m scripts.fuzz_api [EXAMPLES]`` sends so many of each kind (200 if not said) to every operation as
every role that may call it, to a service in a temporary folder. It ends at the first answer that is a 5xx or
that the OpenAPI document does not declare.
"""

import sys
import tempfile
from pathlib import Path

from cardsvc.staff.powers import ROLES

try:
    from tests.service.api_fuzz import described, roles_of, try_out
    from tests.service.house import PEOPLE, make_data, open_house
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}. Run ./scripts/test first: it installs what tests need.") from error

EXAMPLES = 200


def main(examples: int) -> None:
    """Send them all, and say how many."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with open_house(data, make_data(data)) as house:
            total = 0
            for operation in described():
                for role in sorted(roles_of(operation) & ROLES) or [None]:
                    token = None if role is None else house.as_(PEOPLE[role]).token
                    sent = try_out(house, operation, token, examples)
                    total += sent
                    print(f"{operation.label} as {role or 'nobody'}: {sent}")
                    house.log.truncate(0)
            print(f"{total} answers, all as declared, none a server error")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES)
