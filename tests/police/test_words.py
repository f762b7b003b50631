"""Every reason that an officer's page can be given has words there, in Chinese and in English."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "cardsvc" / "web" / "src" / "police" / "reasons.ts"
#: Its first table is said on every reader's page.
SHARED = ROOT / "cardsvc" / "web" / "src" / "device" / "ui" / "refusals.ts"
#: Where a reason comes from that an officer's phone may be told.
SOURCES = (
    *(ROOT / "cardsvc" / "police").glob("[!o]*.py"),
    *(ROOT / "cardsvc" / "web" / "src" / "device").glob("[!c]*.ts"),
    ROOT / "cardsvc" / "staff" / "sessions.py",
    ROOT / "cardsvc" / "staff" / "passkeys.py",
    ROOT / "cardsvc" / "staff" / "signin.py",
    ROOT / "cardsvc" / "staff" / "lockout.py",
    ROOT / "cardsvc" / "http" / "access.py",
)
GIVEN = re.compile(r'(?:ServiceError|NotFound|Refused|Unchecked)\(\s*"([a-z_]+)"')
#: Said to whoever runs the service; a browser's reader has its keys and files from nobody else.
ELSEWHERE = {"bad_setting", "not_for_this_device", "no_root", "too_large"}


def test_every_reason_of_an_officers_phone_has_words_in_both_languages() -> None:
    sources = [path for path in SOURCES if path.is_file() and ".test." not in path.name]
    wanted = {reason for path in sources for reason in GIVEN.findall(path.read_text("utf-8"))}
    wanted |= {"code_refused", "code_unchecked", "step_up_needed", "passkey_refused", "too_often"}
    shared, end, _ = SHARED.read_text("utf-8").partition("} as const")
    assert end
    tables = WORDS.read_text("utf-8") + shared
    said = re.findall(r'^  ([a-z_]+): \["(.+)", "(.+)"\],$', tables, re.MULTILINE)
    words = {reason: (chinese, english) for reason, chinese, english in said}
    assert len(wanted) > 25
    assert sorted(wanted - ELSEWHERE - set(words)) == []
    for reason, (chinese, english) in words.items():
        assert not chinese.isascii(), reason
        assert english.isascii(), reason
