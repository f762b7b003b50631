"""``cardsvc keys``: what there is to sign with, what runs out, ceremonies, and distrust."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cardsvc.console import Speaker
from cardsvc.desk.life import CONSOLE, checked_reason
from cardsvc.errors import ServiceError
from cardsvc.installation import open_installation
from cardsvc.records import DistrustedKeyRecord
from cardsvc.settings import read_settings
from keys.ceremony import hold_ceremony
from keys.ceremonyfile import read_ceremony
from keys.demo import DemoPlaces
from keys.documents import load_documents
from keys.errors import KeysError
from keys.files import Passphrase
from keys.keyring import Keyring
from keys.plan import Vault
from keys.transcript import verify_transcript
from verify.keylist import TrustedKey

#: With the epoch beside the use, a line fits into the 80 columns of a terminal.
_COLUMNS = ("kid", "use", "from", "until", "cards", "now")

keys_app = typer.Typer(no_args_is_help=True, help="Signing keys, the root ceremony, and distrust.")
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, words on standard error.")]


@keys_app.command(name="list")
def list_keys(json: Json = False) -> None:
    """List every key that readers are told of, with its window."""
    speak, now = Speaker(as_json=json), datetime.now(UTC)
    with open_installation(read_settings()) as installation, installation.store.reading() as tx:
        used = tx.prints.signed_by_key()
        distrusted = {one.kid for one in tx.distrusted.all()}
        entries = installation.keyring.key_list.keys
    items = [_described(key, used.get(key.kid, 0), key.kid in distrusted, now) for key in entries]
    for item in items:
        speak.give(item)
    speak.table("Keys", _COLUMNS, map(_row, items))


@keys_app.command()
def renewal(json: Json = False) -> None:
    """Say whether keys run out soon, so that a ceremony is due."""
    speak = Speaker(as_json=json)
    with open_installation(read_settings()) as installation:
        due = installation.keyring.renewal(datetime.now(UTC), epoch=installation.issuer.epoch)
    speak.give({"needed": due.needed, "due": due.due.isoformat()})
    speak.say(due.words)


@keys_app.command()
def extend(
    more_card_keys: Annotated[int, typer.Option(min=0, help="Further card keys for this window.")] = 0,
    root_version: Annotated[
        int | None,
        typer.Option(min=1, help="The version of the root that will sign it, where the root changes too."),
    ] = None,
    json: Json = False,
) -> None:
    """Make the keys that are missing, and the key list for the root holders to sign."""
    speak, settings = Speaker(as_json=json), read_settings()
    passphrase = Passphrase.from_file(settings.passphrase_file)
    apart = Vault(DemoPlaces(settings.data).apart, passphrase)
    with open_installation(settings) as installation:
        due = installation.keyring.extend(
            datetime.now(UTC),
            epoch=installation.issuer.epoch,
            apart=apart,
            root_version=root_version,
            more_card_keys=more_card_keys,
        )
    speak.give({"needed": due.needed, "proposal": due.proposal and str(due.proposal)})
    speak.say(due.words)


@keys_app.command()
def ceremony(
    configuration: Annotated[Path, typer.Argument(help="The ceremony's one file, TOML.")], json: Json = False
) -> None:
    """Hold a root ceremony: make or open the holders' keys, sign what is due, write the transcript."""
    speak = Speaker(as_json=json)
    held = hold_ceremony(read_ceremony(configuration), now=datetime.now(UTC))
    made = {"root": held.root, "key_list": held.key_list, "transcript": held.transcript}
    speak.give({name: path and str(path) for name, path in made.items()})
    for name, path in made.items():
        if path is not None:
            speak.say(f"{name}: {path}")


@keys_app.command(name="transcript")
def check_transcript(
    path: Annotated[Path, typer.Argument(help="A ceremony's transcript, beside its documents.")],
    json: Json = False,
) -> None:
    """Prove a ceremony's transcript again, from public files alone."""
    speak = Speaker(as_json=json)
    names = list(verify_transcript(path))
    speak.give({"ok": True, "proves": names})
    speak.say(f"The transcript holds; it proves {', '.join(map(str, names))}.")


@keys_app.command()
def install(
    documents: Annotated[Path, typer.Argument(help="The folder of the ceremony's documents.")],
    json: Json = False,
) -> None:
    """Take a ceremony's root documents and key list into use."""
    speak, settings = Speaker(as_json=json), read_settings()
    passphrase = Passphrase.from_file(settings.passphrase_file)
    try:
        keyring = Keyring.open(settings.keys, passphrase)
    except KeysError as error:
        if error.reason != "no_documents":
            raise
        # The first ceremony says which issuer this is going to be.
        keyring = Keyring(settings.keys, passphrase, load_documents(documents).key_list.issuer)
    keyring.install(documents)
    speak.give({"root": keyring.root.version, "key_list": keyring.key_list.version})
    speak.say(f"In use: root document {keyring.root.version}, key list {keyring.key_list.version}.")


@keys_app.command()
def distrust(
    kid: Annotated[str, typer.Argument(help="The stolen key, as `cardsvc keys list` names it.")],
    reason: Annotated[str, typer.Option(help="Why, for the audit.")],
    by: Annotated[str, typer.Option(help="Who decided it.")] = CONSOLE,
    json: Json = False,
) -> None:
    """Distrust a card key for ever: its genuine cards go on, everything else it signed is refused."""
    speak, now, why = Speaker(as_json=json), datetime.now(UTC), checked_reason(reason)
    with open_installation(read_settings()) as installation, installation.store.transaction() as tx:
        if by != CONSOLE:
            tx.staff.get(by)
        entry = installation.keyring.entry_of(_kid(kid))
        tx.distrusted.add(DistrustedKeyRecord(entry.kid, why, by, now))
        tx.audit.append(by, "key_distrusted", entry.kid.hex(), {"reason": why}, now)
    speak.give({"kid": kid, "distrusted": True})
    speak.say(f"The key {kid} is distrusted for ever; readers know with their next bundle.")


def _kid(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ServiceError("bad_kid", f"{text!r} is no key identifier like 8f03a1c2d4e5f607") from None


def _described(key: TrustedKey, cards: int, distrusted: bool, now: datetime) -> dict[str, object]:
    begins, ends = (
        datetime.fromtimestamp(at, UTC).date().isoformat() for at in (key.sign_from, key.sign_until)
    )
    instant = int(now.timestamp())
    window = "signs" if key.covers(instant) else "waits" if instant < key.sign_from else "over"
    return {
        "kid": key.kid.hex(),
        "use": key.use.name.lower(),
        "epoch": key.epoch or "",
        "signs_from": begins,
        "signs_until": ends,
        "cards": cards,
        "now": "distrusted" if distrusted else window,
    }


def _row(item: Mapping[str, object]) -> list[str]:
    use = f"{item['use']} {item['epoch']}".strip()
    rest = (str(item[name]) for name in ("signs_from", "signs_until", "cards", "now"))
    return [str(item["kid"]), use, *rest]
