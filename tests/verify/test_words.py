"""Times and spans as people read them."""

import pytest

from verify.words import moment, span


@pytest.mark.parametrize(
    ("epoch_s", "words"),
    [
        (1_795_335_120, "2026-11-22 08:12Z"),
        (0, "1970-01-01 00:00Z"),
        (253_402_300_799, "9999-12-31 23:59Z"),
        (253_402_300_800, "253402300800 s, outside the calendar"),
        (2**53, "9007199254740992 s, outside the calendar"),
        (-1, "-1 s, outside the calendar"),
    ],
)
def test_moments(epoch_s: int, words: str) -> None:
    assert moment(epoch_s) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (-7200, "2 h"),
        (172_799, "47 h"), (172_800, "2 days"), (7 * 86_400 + 5, "7 days"), (2**53, "104249991374 days"),
    ],
)  # fmt: skip
def test_spans(seconds: int, words: str) -> None:
    assert span(seconds) == words
