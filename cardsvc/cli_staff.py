"""``cardsvc staff``: invitations from the console, where nobody is there yet to give one on the pages."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cardsvc.console import Speaker
from cardsvc.desk.life import CONSOLE
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, open_installation
from cardsvc.records import StaffMember, Transaction
from cardsvc.settings import Settings, read_settings
from cardsvc.staff.invitations import PATH, Invited, invite
from keys.founding import Founder, found_signer, founders_open
from keys.ledger import LedgerFacts

staff_app = typer.Typer(no_args_is_help=True, help="Who works here, and how they get in.")
Json = Annotated[bool, typer.Option("--json", help="JSON Lines on standard output.")]


@staff_app.command(name="invite")
def invite_command(
    staff: Annotated[list[str] | None, typer.Argument(help="Staff ids.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody who cannot sign in yet.")] = False,
    json: Json = False,
) -> None:
    """Make invitations, shown this once; whoever had ways to sign in gets a new one and loses those."""
    speak, settings = Speaker(as_json=json), read_settings()
    if bool(staff) == everybody:
        raise ServiceError("bad_request", "name staff ids, or say --all")
    with open_installation(settings) as installation:
        rows, others = _invite(installation, staff or [], datetime.now(UTC))
    for row in rows:
        speak.give(row)
        # Never folded into a table: it is one address, to be opened as it stands.
        typer.echo(f"{row['staff']} ({row['role']}): {row['url']}", err=True)
    if others:
        speak.say(f"An operator invites on the pages: {', '.join(others)}.")


def _invite(
    installation: Installation, named: list[str], now: datetime
) -> tuple[list[dict[str, object]], list[str]]:
    """What was made, and, of everybody, who is invited by operators alone."""
    with installation.store.transaction() as tx:
        chosen = [tx.staff.get(one) for one in named] or _outside(tx)
        open_now = founders_open(installation.settings.data)
        founders = [one for one in chosen if one.id in open_now and one.role == "approver"]
        others = _others(installation.settings, chosen, founders)
        if named and others:
            words = f"with production settings an operator invites {', '.join(others)} on the pages"
            raise ServiceError("approval_needed", words)
        codes = _founding_codes(installation, founders, now)
        rows = []
        for member in chosen:
            if member.id not in others:
                code = codes.get(member.id)
                made = invite(tx, member.id, CONSOLE, now, code=code, founder=code is not None)
                rows.append(_row(installation, member, made))
    return rows, others


def _outside(tx: Transaction) -> list[StaffMember]:
    inside = tx.credentials.holders() | tx.secrets.holders()
    return [one for one in tx.staff.all() if one.id not in inside]


def _others(settings: Settings, chosen: list[StaffMember], founders: list[StaffMember]) -> list[str]:
    """In production the console lets operators and open founders in; operators invite all others."""
    if not settings.production:
        return []
    return [one.id for one in chosen if one.role != "operator" and one not in founders]


def _founding_codes(installation: Installation, members: list[StaffMember], now: datetime) -> dict[str, str]:
    """Founders whose code was never used get a new one; the signer forgets the old."""
    founders = [Founder(one.id, one.office) for one in members]
    if not founders:
        return {}
    issuer, keyring = installation.issuer, installation.keyring
    facts = LedgerFacts(issuer.iss, issuer.public_url, issuer.day_offset_s)
    return found_signer(installation.settings.data, keyring.passphrase, facts, founders, now=now)


def _row(installation: Installation, member: StaffMember, made: Invited) -> dict[str, object]:
    return {
        "staff": member.id,
        "role": member.role,
        "name": member.name,
        "url": f"{installation.settings.address(installation.issuer.public_url)}{PATH}{made.code}",
        "expires": made.expires.isoformat(),
    }
