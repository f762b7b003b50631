"""A whole set of keys in one step, for a first run: the same ceremony, with every holder in one place.

What makes it a demo: the root holders' key files and passphrases lie in ``DATA/root-offline``, and the next
epoch's private halves in ``DATA/keys-next-epoch`` under the service's own passphrase. In production both are
kept by people, elsewhere; the ceremony's file written here is an example of theirs.
"""

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from keys.ceremony import hold_ceremony
from keys.ceremonyfile import read_ceremony
from keys.disk import PUBLIC_FILE, make_private_directory, write_file
from keys.errors import KeysError
from keys.files import STANDARD_COST, Cost, Passphrase
from keys.keyring import Keyring, propose
from keys.plan import KeyPlan, Vault
from verify.days import DEFAULT_OFFSET_S

LIVE: Final = "keys"
APART: Final = "keys-next-epoch"
OFFLINE: Final = "root-offline"
CEREMONY: Final = "ceremony.toml"
HOLDERS: Final = ("holder-1", "holder-2", "holder-3")
THRESHOLD: Final = 2
FIRST_EPOCH: Final = 1
#: 192 bits, more than any key they guard needs.
_PASSPHRASE_BYTES: Final = 24

_NOTICE: Final = """\
DEMONSTRATION KEYS
The key files of all root holders and their passphrases lie here side by side, so whoever reads this directory
can make every reader of this issuer believe anything. In production each holder keeps one key file and its
passphrase on a medium of their own, and none of them is ever on the service's machine.
"""


@dataclass(frozen=True, slots=True)
class DemoPlaces:
    """Where the demo puts things under the data directory."""

    data: Path

    @property
    def live(self) -> Path:
        """The service's keyring."""
        return self.data / LIVE

    @property
    def apart(self) -> Path:
        """The next epoch's private halves."""
        return self.data / APART

    @property
    def offline(self) -> Path:
        """The root holders' files, which production keeps elsewhere."""
        return self.data / OFFLINE

    @property
    def unfinished(self) -> Path:
        """Where everything is made; what lies here after a crash was never in use."""
        return self.data / ".keys-new"

    @property
    def ready(self) -> Path:
        """Where all of it waits, whole, to be moved into its place."""
        return self.data / ".keys-ready"


def init_demo(
    directory: Path,
    passphrase: Passphrase,
    *,
    issuer: str,
    now: datetime,
    plan: KeyPlan | None = None,
    cost: Cost = STANDARD_COST,
    day_offset_s: int = DEFAULT_OFFSET_S,
) -> Keyring:
    """Make all keys of an issuer under the data directory, hold the first ceremony, and open the keyring.

    All of it is made aside and takes its place at the end, so that after a crash the same call goes on: what
    was whole is moved, what was not is made anew. Refused with ``file_exists`` where there are keys already:
    nothing is ever made over them. Raises :class:`KeysError` ``file_not_written`` too.
    """
    places = DemoPlaces(directory)
    try:
        if not places.ready.exists():
            for path in (places.live, places.apart, places.offline):
                if path.exists():
                    raise KeysError("file_exists", f"{path} exists already and is never overwritten")
            if places.unfinished.exists():
                shutil.rmtree(places.unfinished)
            make_private_directory(places.unfinished)
            _make(DemoPlaces(places.unfinished), passphrase, issuer, now, plan, cost, day_offset_s)
            _move(places.unfinished, places.ready)
        _take_place(places)
    except OSError as error:
        raise KeysError(
            "file_not_written", f"keys could not be made in {directory}: {error.strerror or error}"
        ) from error
    return Keyring.open(places.live, passphrase, cost=cost)


def _make(
    places: DemoPlaces,
    passphrase: Passphrase,
    issuer: str,
    now: datetime,
    plan: KeyPlan | None,
    cost: Cost,
    day_offset_s: int,
) -> None:
    keyring = Keyring.create(places.live, passphrase, issuer=issuer, cost=cost)
    apart = Vault(places.apart, passphrase, cost)
    proposal = propose(
        keyring, now, epoch=FIRST_EPOCH, apart=apart, root_version=1, plan=plan, day_offset_s=day_offset_s
    )
    configuration = _write_holders(places.offline, issuer, proposal)
    held = hold_ceremony(read_ceremony(configuration), now=now, cost=cost)
    keyring.install(held.transcript.parent)


def _take_place(places: DemoPlaces) -> None:
    """Move what is ready where it belongs, the keyring last: where that is, everything is."""
    ready = DemoPlaces(places.ready)
    for source, target in (
        (ready.offline, places.offline),
        (ready.apart, places.apart),
        (ready.live, places.live),
    ):
        if source.exists():
            _move(source, target)
    places.ready.rmdir()


def _move(source: Path, target: Path) -> None:
    """Rename on disk; the files inside were synced when they were written."""
    source.rename(target)
    for directory in {source.parent, target.parent}:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_holders(offline: Path, issuer: str, proposal: Path) -> Path:
    make_private_directory(offline)
    write_file(offline / "README", _NOTICE.encode(), mode=PUBLIC_FILE)
    for name in HOLDERS:
        make_private_directory(offline / name)
        word = secrets.token_urlsafe(_PASSPHRASE_BYTES)
        write_file(offline / name / "passphrase", word.encode() + b"\n", replace=False)
    path = offline / CEREMONY
    write_file(path, _ceremony_text(issuer, offline, proposal).encode())
    return path


def _ceremony_text(issuer: str, offline: Path, proposal: Path) -> str:
    lines = [
        "# A root ceremony: which root document shall be, who holds its keys, and the key list to sign.",
        "# Paths are relative to this file. A holder who is absent is named by kid instead of key.",
        f"issuer = {json.dumps(issuer)}",  # A JSON string is a TOML string too.
        'documents = "documents"',
        "version = 1",
        f"threshold = {THRESHOLD}",
        "lifetime_days = 730",
        f'proposal = "../{proposal.relative_to(offline.parent).as_posix()}"',
    ]
    for name in HOLDERS:
        lines += [
            "",
            "[[holder]]",
            f'name = "{name}"',
            f'key = "{name}/root.key"',
            f'passphrase_file = "{name}/passphrase"',
            "make = true",
        ]
    return "\n".join(lines) + "\n"
