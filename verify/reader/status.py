"""How a reader stands, from what lies on its disk: for an operator, or a watch-dog that asks every minute."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from verify.errors import CardsvcError
from verify.reader.config import Config
from verify.reader.journal import ALARM_SHARE, MIB, peek
from verify.reader.keeper import Keeper
from verify.reader.run import ENROLMENT, JOURNAL, STANDING, read_root
from verify.rules import Policy
from verify.store import StateDirectory
from verify.trust import Trust
from verify.words import span

#: A gate writes down how it stands every five minutes: one that has not for this long is dead or stuck.
SILENT_S: Final = 600


def status(config: Config, now: int) -> dict[str, Any]:
    """Bundle, age of the data, log and alarms; changes nothing and needs no gate to run."""
    directory = StateDirectory(config.state)
    kept = directory.read(ENROLMENT)
    alarms: list[str] = []
    trust = _trust(config, directory, now, alarms)
    found: dict[str, Any] = {
        "reader": config.reader if kept is None else json.loads(kept)["reader"],
        "venue": trust and trust.venue,
        "bundle": None if trust is None else f"{trust.epoch}/{trust.seq}",
        "made_at": None if trust is None else datetime.fromtimestamp(trust.iat, UTC).isoformat(),
        "good_until": None if trust is None else datetime.fromtimestamp(trust.exp, UTC).isoformat(),
        "data_age_s": None if trust is None else max(0, now - trust.iat),
    }
    found |= _log(config, alarms) | {"running": _running(directory, now, alarms)}
    return found | {"alarms": alarms}


def _trust(config: Config, directory: StateDirectory, now: int, alarms: list[str]) -> Trust | None:
    try:
        trust = Keeper(directory, read_root(config), now).last(now)
    except CardsvcError as error:
        alarms.append(f"the last bundle cannot be used: {error.reason}: {error}")
        return None
    if trust is None:
        alarms.append("no data yet: nobody is let in")
        return None
    policy, age = Policy.decode(trust.policy), now - trust.iat
    if now >= trust.exp or age > policy.expired_after_s:
        alarms.append(f"data expired, {span(age)} old: sync it")
    elif age > policy.stale_after_s:
        alarms.append(f"data stale, {span(age)} old: sync it")
    return trust


def _log(config: Config, alarms: list[str]) -> dict[str, Any]:
    path = config.state / JOURNAL
    if not path.exists():
        return {"records": 0, "waiting": 0}
    try:
        log = peek(path, config.journal_mib * MIB)
    except CardsvcError as error:
        alarms.append(f"{error.reason}: {error}")
        return {"records": None, "waiting": None}
    if log.share >= ALARM_SHARE:
        alarms.append(f"the log is {log.share:.0%} full")
    if log.missed:
        alarms.append(f"{log.missed} verdicts were not recorded")
    if log.refused:
        alarms.append(f"the service refused {log.refused} records")
    return {"records": log.seq, "waiting": log.waiting}


def _running(directory: StateDirectory, now: int, alarms: list[str]) -> str | None:
    """When a gate last wrote down how it stands; what it saw that the disk does not tell is an alarm too."""
    kept = directory.read(STANDING)
    if kept is None:
        alarms.append("no gate has run here yet")
        return None
    said = json.loads(kept)
    silent = now - int(said["at"])
    if abs(silent) > SILENT_S:
        alarms.append(f"the gate has said nothing for {span(silent)}: it does not run, or hangs")
    alarms += [f"the gate says: {alarm}" for alarm in said["standing"]["alarms"]]
    return f"said so {span(silent)} ago"
