"""Details on line: after a scan of a genuine code, for its officer, for five minutes; recorded first."""

import base64
import json
from datetime import date
from typing import Any

import pytest

from cardsvc.records import LookKind
from tests.police.conftest import Beat
from tests.verify import world
from verify import text

SCANS = "/api/police/scans"


def test_a_scan_tells_what_the_records_say_now(either_beat: Beat) -> None:
    beat, number = either_beat, either_beat.cards[0].number
    beat.house.clock.pass_by(minutes=10)
    beat.town.life(beat.house.clock.now).extend(number, date(2027, 6, 30))
    told = beat.scan()
    assert told["number"] == number
    assert told["name"] == "Mwangi, Amina Zeynep"
    assert (told["birth"], told["sex"], told["nationality"]) == ("1990-02-28", "F", "KEN")
    assert (told["passport"], told["passport_country"]) == ("A0000001", "KEN")
    assert (told["status"], told["permit_until"]) == ("valid", "2027-06-30")  # Longer than the code says.
    assert [one["service"] for one in told["services"]] == ["bus", "library"]
    assert [(one["print"], one["status"]) for one in told["prints"]] == [(1, "valid")]
    assert told["office"] == "Yiwu Centre 01"
    assert told["hotlist"] is False
    portrait = beat.first.client.get(f"{SCANS}/{told['scan']}/portrait")
    assert portrait.content.startswith(b"\xff\xd8\xff")
    assert portrait.headers["cache-control"] == "no-store"
    (look,) = beat.looks(number)
    assert (look.id, look.kind, look.staff, look.purpose) == (
        told["scan"],
        LookKind.DETAILS,
        "officer1",
        "scan",
    )
    assert look.told_from == look.at == beat.house.clock.now
    assert beat.house.actions(look.id) == ["details_shown"]


def test_the_code_of_the_front_tells_the_name_too(beat: Beat) -> None:
    assert beat.first.post(SCANS, {"code": beat.gate()})["name"] == "Mwangi, Amina Zeynep"


def test_a_revoked_card_is_still_told_of(beat: Beat) -> None:
    beat.house.clock.pass_by(minutes=1)
    beat.town.life(beat.house.clock.now).revoke(beat.cards[0].number, "stolen")
    assert beat.scan()["status"] == "revoked"


def test_a_scan_is_its_officers_for_five_minutes(beat: Beat) -> None:
    told = beat.scan()
    portrait = f"{SCANS}/{told['scan']}/portrait"
    assert beat.second.reason("GET", portrait) == "not_your_scan"
    beat.house.clock.pass_by(minutes=4, seconds=59)
    assert beat.first.client.get(portrait).status_code == 200
    assert beat.scan()["scan"] == told["scan"]  # The same code again is the same look.
    assert len(beat.looks(told["number"])) == 1
    beat.house.clock.pass_by(seconds=1)
    assert beat.first.reason("GET", portrait) == "scan_over"
    assert beat.scan()["scan"] != told["scan"]
    assert len(beat.looks(told["number"])) == 2


def test_another_officer_looks_for_himself(beat: Beat) -> None:
    first, second = beat.scan(), beat.scan(by=beat.second)
    assert first["scan"] != second["scan"]
    assert {look.staff for look in beat.looks(first["number"])} == {"officer1", "officer2"}


def changed(code: str) -> str:
    cose = text.decode(code)
    return text.encode(cose.replace(b"Amina", b"Amine"))


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (lambda beat: changed(beat.identity()), "code_refused"),
        (lambda beat: "nonsense", "code_refused"),
        (lambda beat: text.encode(world.code(world.IDENTITY_CODE)), "code_unchecked"),
    ],
    ids=["forged", "no code", "another city"],
)
def test_what_is_not_ours_or_cannot_be_checked_tells_nothing(beat: Beat, shown: Any, reason: str) -> None:
    """Forged and could-not-check are told apart, and neither is a look at anybody."""
    assert beat.first.reason("POST", SCANS, {"code": shown(beat)}) == reason
    assert beat.looks(beat.cards[0].number) == []
    with beat.house.site.store.reading() as tx:
        assert tx.police_counts.since(0, 0) == []


def test_nobody_but_an_officer_is_told(beat: Beat) -> None:
    for staff in ("clerk1", "chief1", "operator1", "dpo1", "auditor1"):
        assert beat.house.as_(staff).reason("POST", SCANS, {"code": beat.identity()}) == "not_your_role"


def test_nothing_personal_reaches_the_log_or_the_audit(beat: Beat) -> None:
    beat.scan()
    with beat.house.site.store.reading() as tx:
        entries = json.dumps([entry.details for entry in tx.audit.of_subject("officer1")])
    for word in ("Mwangi", "A0000001", "1990-02-28", beat.identity()[:40]):
        assert word not in beat.house.log.getvalue()
        assert word not in entries
    assert base64.b64encode(b"Mwangi").decode() not in beat.house.log.getvalue()
