"""``cardsvc audit``: check the audit, and have its state signed for a place elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cardsvc.audit.checking import check_audit
from cardsvc.audit.checkpoints import keep_elsewhere, kept_in, make_checkpoint, read_file, read_text
from cardsvc.audit.outside import check_files, prove_entry, prove_growth, write_tiles
from cardsvc.console import Speaker
from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation, check_initialised, open_served
from cardsvc.records import AuditHead
from cardsvc.settings import Settings, read_settings
from cardsvc.signer_command import open_signing
from keys.client import SignerClient
from keys.errors import KeysError

audit_app = typer.Typer(no_args_is_help=True, help="Who did what to which card.")
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, words on standard error.")]


@audit_app.command()
def verify(
    remembered: Annotated[
        str | None, typer.Option(help="A head noted earlier, SEQ:HASH, so that a cut end shows.")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A signed checkpoint kept elsewhere; may be said again.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The checkpoints' verifier key; the signer's own if not said.")
    ] = None,
    proof: Annotated[
        list[Path] | None,
        typer.Option(help="A file of `audit prove`, checked alone with --key; may be said again."),
    ] = None,
    tiles: Annotated[
        Path | None, typer.Option(help="A folder of `audit tiles`, checked alone with --key.")
    ] = None,
    json: Json = False,
) -> None:
    """Check the chain entry by entry, and against checkpoints; the first wrong entry is named.

    With --proof or --tiles nothing but those files is looked at: an outsider needs no installation.
    """
    speak = Speaker(as_json=json)
    if proof or tiles is not None:
        _check_files(speak, proof or [], tiles, checkpoint or [], key)
        return
    settings = read_settings()
    with served(settings) as installation:
        paths = [*(checkpoint or []), *kept_in(settings.checkpoints)]
        vkey = key or installation.signer.hello().checkpoint_key
        known = [read_file(path, vkey) for path in paths]
        found = check_audit(installation.store, known, None if remembered is None else _head(remembered))
    head = f"{found.head.seq}:{found.head.hash.hex()}"
    fault = None if found.first_wrong is None else {"seq": found.first_wrong, "kind": found.kind}
    told = {
        "ok": found.whole,
        "sound": found.entries,
        "head": head,
        "fault": fault,
        "checkpoints": len(known),
    }
    speak.give(told)
    if found.first_wrong is not None:
        raise ServiceError("audit_broken", f"entry {found.first_wrong}: {found.kind}: {found.words}")
    speak.say(f"The audit is whole: {found.words}. Note its head elsewhere: {head}")


@audit_app.command()
def checkpoint(
    out: Annotated[
        Path | None, typer.Option(help="The file to write; where CARDSVC_CHECKPOINTS says if not said.")
    ] = None,
    json: Json = False,
) -> None:
    """Have the signer sign how many entries there are, and their root, and keep that elsewhere."""
    speak, settings = Speaker(as_json=json), read_settings()
    with served(settings) as installation:
        note = make_checkpoint(installation.store, installation.signer, installation.issuer.public_url)
        vkey = installation.signer.hello().checkpoint_key
    size = read_text(note).size
    if out is not None:
        _write(out, note)
    elif settings.checkpoints is not None:
        keep_elsewhere(settings.checkpoints, note, size)
    else:
        raise ServiceError("bad_setting", "say --out FILE, or set CARDSVC_CHECKPOINTS to a place elsewhere")
    speak.give({"size": size, "checkpoint": note.decode(), "key": vkey})
    speak.say(f"A checkpoint of {size} entries is kept. Whoever checks it needs this key: {vkey}")


@audit_app.command()
def prove(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    seq: Annotated[int | None, typer.Argument(help="The number of an entry.")] = None,
    since: Annotated[
        Path | None, typer.Option(help="An older checkpoint: prove that nothing was changed since.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a file that proves one entry, or growth since a checkpoint, to somebody without an account."""
    speak, settings = Speaker(as_json=json), read_settings()
    if (seq is None) == (since is None):
        raise ServiceError("bad_request", "say the number of an entry, or --since CHECKPOINT")
    with served(settings) as installation:
        store, signer, url = installation.store, installation.signer, installation.issuer.public_url
        vkey = signer.hello().checkpoint_key
        if since is not None:
            written = prove_growth(store, signer, url, read_file(since, vkey))
        else:
            written = prove_entry(store, signer, url, seq or 0)
    _write(out, written)
    speak.give({"file": str(out), "key": vkey})
    speak.say(f"Whoever gets {out} checks it with: cardsvc audit verify --proof {out} --key {vkey}")


@audit_app.command()
def tiles(
    folder: Annotated[Path, typer.Argument(help="The folder to write into; any web server may hand it out.")],
    json: Json = False,
) -> None:
    """Write the tree of all entries as files of hashes (C2SP tlog-tiles), with a signed checkpoint."""
    speak, settings = Speaker(as_json=json), read_settings()
    with served(settings) as installation:
        size = write_tiles(installation.store, installation.signer, installation.issuer.public_url, folder)
        vkey = installation.signer.hello().checkpoint_key
    speak.give({"size": size, "folder": str(folder), "key": vkey})
    speak.say(f"{size} entries; check them with: cardsvc audit verify --tiles {folder} --key {vkey}")


def _check_files(
    speak: Speaker, proofs: list[Path], tiles: Path | None, older: list[Path], key: str | None
) -> None:
    if key is None:
        raise ServiceError("bad_key", "say with --key whose signature to believe: the key you noted earlier")
    for one in check_files(proofs, tiles, older, key):
        speak.give({"ok": True, "file": one.source} | one.facts)
        speak.say(f"{one.source} holds: {one.words}")


def _write(out: Path, raw: bytes) -> None:
    try:
        out.write_bytes(raw)
    except OSError as error:
        raise ServiceError("cannot_write", f"{out} cannot be written: {error}") from error


@contextmanager
def served(settings: Settings) -> Iterator[ServedInstallation]:
    """The records with the signer: the one that runs, or in a demo one opened here."""
    if not settings.production:
        # In production the keys lie in the signer's directory, and this user sees its socket alone.
        check_initialised(settings)
    client = SignerClient(settings.signer_socket)
    if settings.production or _answers(client):
        with open_served(settings, client) as installation:
            yield installation
        return
    signing = open_signing(settings)
    try:
        with open_served(settings, signing) as installation:
            yield installation
    finally:
        signing.close()


def _answers(client: SignerClient) -> bool:
    try:
        client.hello()
    except KeysError:
        return False
    return True


def _head(text: str) -> AuditHead:
    seq, _, digest = text.partition(":")
    try:
        return AuditHead(int(seq), bytes.fromhex(digest))
    except ValueError:
        raise ServiceError("bad_head", f"{text!r} is no head like 12:ab34…") from None
