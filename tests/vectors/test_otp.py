"""The one-time codes of RFC 4226 and RFC 6238 against what signs people in.

The service knows SHA-1, six digits and steps of thirty seconds, as every authenticator app does. HOTP values
of six digits are its codes at the time of that counter; of TOTP values with more digits, the last six are
(RFC 4226, section 5.3: both are the same number, reduced). The only exceptions are SHA-256 and SHA-512:
nothing makes the service use them, so of those cases it is seen that their codes let nobody in.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cardsvc.staff.totp import DIGITS, EITHER_WAY, STEP_S, provisioning, step_of
from tests.vectors.root import at_default_root, suite

FOLDER = suite("otp")
TOLD: dict[str, Any] = {
    name: value
    for path in sorted(FOLDER.glob("*.json"))
    for name, value in json.loads(path.read_text("utf-8")).items()
}
HOTP, TOTP = TOLD["hotp"], TOLD["totp"]
HOTP_CASES = [(HOTP["secret_ascii"], at, code) for at, code in enumerate(HOTP["counter_0_to_9"])]
TOTP_CASES = [
    (group["algorithm"], group["secret_ascii"], time, code) for group in TOTP for time, code in group["cases"]
]
COUNTS = {"hotp": 10, "sha1": 6, "sha256": 6, "sha512": 6}


def at(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def test_all_cases_are_here() -> None:
    found = {"hotp": len(HOTP_CASES)}
    for algorithm, *_ in TOTP_CASES:
        found[algorithm] = found.get(algorithm, 0) + 1
    print("otp:", found)
    assert {group["step"] for group in TOTP} == {STEP_S}
    assert HOTP["digits"] == DIGITS
    if at_default_root():
        assert found == COUNTS


@pytest.mark.parametrize(("secret", "counter", "code"), HOTP_CASES)
def test_a_counter_is_a_step_of_time(secret: str, counter: int, code: str) -> None:
    key, begin = secret.encode(), counter * STEP_S
    for second in (begin, begin + STEP_S - 1):
        assert step_of(key, code, at(second)) == counter
    assert step_of(key, code, at(begin + STEP_S * (EITHER_WAY + 1))) is None
    assert step_of(key, code, at(begin + STEP_S * EITHER_WAY)) == counter
    assert step_of(key, f"{(int(code) + 1) % 10**DIGITS:06}", at(begin)) is None


@pytest.mark.parametrize(("algorithm", "secret", "time", "code"), TOTP_CASES)
def test_codes_at_their_times(algorithm: str, secret: str, time: int, code: str) -> None:
    found = step_of(secret.encode(), code[-DIGITS:], at(time))
    assert found == (time // STEP_S if algorithm == "sha1" else None)
    # The whole code of eight digits is none of ours.
    assert step_of(secret.encode(), code, at(time)) is None


def test_authenticators_are_told_the_same() -> None:
    uri, _picture = provisioning(HOTP["secret_ascii"].encode(), "somebody", "somewhere")
    for member in ("algorithm", "digits", "period"):
        # What is not said is the default of every authenticator: SHA-1, six digits, thirty seconds.
        assert f"{member}=" not in uri
