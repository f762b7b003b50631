"""What `issue` and the acts on cards do with production settings: file drafts, do what one person may."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import typer

from cardsvc.acting import now
from cardsvc.console import Speaker
from cardsvc.desk.acts import Wish
from cardsvc.desk.filing import file_act, file_cases
from cardsvc.desk.life import CONSOLE
from cardsvc.desk.outcomes import Request
from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation, open_served
from cardsvc.settings import Settings, read_settings
from issuance.application import load_applications
from issuance.errors import ApplicationRefused
from keys.client import SignerClient

Raw = Mapping[str, object] | ApplicationRefused


def filing() -> bool:
    """Whether commands file instead of acting."""
    return read_settings().production


@contextmanager
def served(settings: Settings) -> Iterator[ServedInstallation]:
    """The records, opened with the keys that the signer gives."""
    with open_served(settings, SignerClient(settings.signer_socket)) as site:
        yield site


def in_design(raw: Raw, design: str | None) -> Raw:
    """An application in the design that was asked for, unless it names one itself."""
    if design is None or isinstance(raw, ApplicationRefused) or raw.get("design"):
        return raw
    return {**raw, "design": design}


def issue_filed(applications: Path, submitted_by: str, design: str | None, speak: Speaker) -> None:
    """File every application as a draft that a clerk submits; exit code 1 if any was refused."""
    filed = refused = 0
    with served(read_settings()) as site:
        requests = (Request(place, in_design(raw, design)) for place, raw in load_applications(applications))
        found = file_cases(site, requests, base=applications.parent, submitted_by=submitted_by, now=now())
        for one in found:
            line: dict[str, object] = {"place": one.place, "reference": one.reference, "case": one.case}
            errors = [{"field": name, "reason": why, "words": words} for name, why, words in one.errors]
            status = "refused" if errors else "repeated" if one.repeated else "filed"
            speak.give(line | {"status": status, "errors": errors})
            filed, refused = filed + (not errors), refused + bool(errors)
            for error in errors:
                speak.say(f"{one.place} {one.reference or ''} {error['field']}: {error['words']}")
    speak.say(f"{filed} drafts wait for a clerk at the desk, to look at and submit; {refused} refused.")
    if refused:
        raise typer.Exit(1)


def act_filed(number: str, wish: Wish, by: str, speak: Speaker) -> None:
    """Do an act that one person may, in the name of a member of staff."""
    if by == CONSOLE:
        raise ServiceError("by_missing", "with production settings say who asks: --by, a member of staff")
    with served(read_settings()) as site:
        file_act(site, number, wish, by=by, now=now())
    speak.give({"card": number, "act": wish.act, "done": True})
    speak.say(f"Card {number}: {wish.act}. Readers know with their next bundle.")
