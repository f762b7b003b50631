"""The service's own keys: what it may sign with now, and what is needed so that it still may next year.

A keyring is a directory: ``documents/`` (root documents and key lists, public) and ``private/`` (encrypted
key files). What a key may do is said by the signed key list alone; a private key is opened when its window
holds and not before. Root keys are never here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from nacl.public import PrivateKey, SealedBox

from keys.disk import PUBLIC_FILE, make_private_directory, read_public, write_file
from keys.documents import MAX_DOCUMENT_BYTES, Documents, Roots, load_documents, load_roots
from keys.errors import KeysError
from keys.files import STANDARD_COST, Cost, Passphrase, read_header
from keys.plan import (
    CARDS_PER_KEY,
    KeyPlan,
    Stream,
    Vault,
    extend_key_list,
    first_key_list,
    key_file_name,
    streams,
)
from keys.recordkeys import FILE_NAME as RECORDS_FILE
from keys.recordkeys import RecordKeys, new_record_keys, open_record_keys, seal_record_keys
from keys.root import epoch_s
from keys.signer import Signer, memory_signer, open_key, seal_box, seal_key, unseal
from verify.days import DAY_S, DEFAULT_OFFSET_S
from verify.keylist import KeyList, KeyUse, TrustedKey, decode_key_list, encode_key_list
from verify.trustdocs import RootDocument

DOCUMENTS: Final = "documents"
PRIVATE: Final = "private"


@dataclass(frozen=True, slots=True)
class Renewal:
    """Whether a ceremony is due; ``due`` is when the notice begins, ``proposal`` the file to be signed."""

    needed: bool
    due: datetime
    words: str
    proposal: Path | None = None


@dataclass(slots=True)
class Keyring:
    """Signers by what they are for and when; open one with :meth:`open`, make one with :meth:`create`."""

    directory: Path
    passphrase: Passphrase
    issuer: str
    documents: Documents | None = None
    cost: Cost = STANDARD_COST
    _signers: dict[bytes, Signer] = field(default_factory=dict, repr=False)
    _seals: dict[bytes, SealedBox[PrivateKey]] = field(default_factory=dict, repr=False)

    @classmethod
    def create(
        cls, directory: Path, passphrase: Passphrase, *, issuer: str, cost: Cost = STANDARD_COST
    ) -> "Keyring":
        """Make an empty keyring with record keys; it signs once a ceremony's documents are installed.

        The record keys come last: where they are, it is whole, and where a crash left none, it is made again.
        """
        make_private_directory(directory)
        make_private_directory(directory / PRIVATE)
        make_private_directory(directory / DOCUMENTS)
        seal_record_keys(directory / PRIVATE, new_record_keys(), passphrase, cost=cost)
        return cls(directory, passphrase, issuer, cost=cost)

    @staticmethod
    def is_there(directory: Path) -> bool:
        """Whether :meth:`create` came to its end in this directory."""
        return (directory / PRIVATE / RECORDS_FILE).exists()

    @classmethod
    def open(cls, directory: Path, passphrase: Passphrase, *, cost: Cost = STANDARD_COST) -> "Keyring":
        """Open a keyring: every document is checked, every key file's mode, and the passphrase is tried.

        Raises :class:`KeysError` with the reasons of ``open_file`` and ``load_documents``.
        """
        for path in sorted((directory / PRIVATE).glob("*.key")):
            read_header(path)
        open_record_keys(directory / PRIVATE, passphrase)
        documents = load_documents(directory / DOCUMENTS)
        return cls(directory, passphrase, documents.key_list.issuer, documents, cost)

    @property
    def roots(self) -> tuple[bytes, ...]:
        """All root documents in use, oldest first, as signed bytes."""
        return self._installed.roots.signed

    @property
    def root(self) -> RootDocument:
        """The newest root document in use."""
        return self._installed.root

    @property
    def key_list(self) -> KeyList:
        """The newest key list."""
        return self._installed.key_list

    @property
    def key_list_bytes(self) -> bytes:
        """The newest key list as signed bytes."""
        return self._installed.key_list_bytes

    @property
    def _installed(self) -> Documents:
        if self.documents is None:
            raise KeysError(
                "no_documents", f"{self.directory} has no key list yet: hold the root ceremony first"
            )
        return self.documents

    def card_signer(
        self, now: datetime, *, used: Mapping[bytes, int] | None = None, limit: int = CARDS_PER_KEY
    ) -> Signer:
        """Give the card key whose window holds ``now`` and that has signed fewer than ``limit`` cards.

        ``used`` counts signed cards by kid. Raises ``no_key_in_window`` or ``card_keys_spent``.
        """
        keys = self._in_window(KeyUse.CARD, None, now)
        free = [key for key in keys if (used or {}).get(key.kid, 0) < limit]
        if not free:
            raise KeysError(
                "card_keys_spent",
                f"each of the {len(keys)} card keys of this window has signed {limit} cards: make more with"
                " `cardsvc keys extend` and have the root sign the new key list",
            )
        return self._signer(free[0])

    def entry_of(self, kid: bytes) -> TrustedKey:
        """Give the card key of that kid, whenever its window was; raises ``unknown_key``."""
        for key in self._entries(KeyUse.CARD, None):
            if key.kid == kid:
                return key
        raise KeysError("unknown_key", f"the key list names no card key {kid.hex()}")

    def signer_of(self, kid: bytes) -> Signer:
        """Give the card key of that kid, to sign again what was reserved for it."""
        return self._signer(self.entry_of(kid))

    def token_signer(self, now: datetime) -> Signer:
        """Give the key that signs phone tokens now."""
        return self._signer(self._in_window(KeyUse.TOKEN, None, now)[0])

    def status_signer(self, at: datetime, *, epoch: int) -> Signer:
        """Give the key for lists whose iat is ``at``."""
        return self._signer(self._in_window(KeyUse.STATUS, epoch, at)[0])

    def bundle_signer(self, at: datetime, *, epoch: int) -> Signer:
        """Give the key for bundles whose iat is ``at``."""
        return self._signer(self._in_window(KeyUse.BUNDLE, epoch, at)[0])

    def seal_key(self, now: datetime) -> TrustedKey:
        """Give the X25519 entry that readers seal to now."""
        return self._in_window(KeyUse.SEAL, None, now)[0]

    def unseal(self, sealed: Sequence[bytes]) -> list[bytes | None]:
        """Open what readers sealed to any seal key of the list; None in place of what was not."""
        entries = sorted(self._entries(KeyUse.SEAL, None), key=_newest_first)
        return [self._unseal(entries, one) for one in sealed]

    def _unseal(self, entries: list[TrustedKey], sealed: bytes) -> bytes | None:
        """``entries`` come back with the one that opened in front: a log is mostly sealed to one key."""
        for place, entry in enumerate(entries):
            box = self._seals.get(entry.public.raw)
            if box is None:
                # Kept: opening a key file costs a passphrase.
                _, secret = open_key(self._path(entry), self.passphrase, use="seal")
                box = self._seals[entry.public.raw] = seal_box(secret)
            opened = unseal(box, sealed)
            if opened is not None:
                entries.insert(0, entries.pop(place))
                return opened
        return None

    def record_keys(self) -> RecordKeys:
        """Give the master keys of the records and the key of the blind index."""
        return open_record_keys(self.directory / PRIVATE, self.passphrase)

    def rotate_record_keys(self) -> RecordKeys:
        """Add a master key; the old ones stay, for what they wrapped."""
        keys = self.record_keys().rotated()
        seal_record_keys(self.directory / PRIVATE, keys, self.passphrase, cost=self.cost, replace=True)
        return keys

    def renewal(self, now: datetime, *, epoch: int, plan: KeyPlan | None = None) -> Renewal:
        """Say whether windows or the root itself run out within the plan's notice, and make nothing."""
        plan = plan or KeyPlan()
        ends = {_name(stream): stream.ends(self.key_list.keys) for stream in streams(plan, epoch)}
        ends["root document"] = self.root.exp
        what, first = min(ends.items(), key=lambda item: item[1])
        due = datetime.fromtimestamp(first, UTC) - timedelta(days=plan.notice_days)
        end = datetime.fromtimestamp(first, UTC).date()
        needed = now >= due
        words = f"hold a root ceremony before {end}" if needed else f"no ceremony is due before {due.date()}"
        lasts = f"{what}: lasts until {end}" if first else f"{what}: there is none"
        return Renewal(needed, due, f"{lasts}; {words}")

    def extend(
        self,
        now: datetime,
        *,
        epoch: int,
        apart: Vault,
        plan: KeyPlan | None = None,
        root_version: int | None = None,
        more_card_keys: int = 0,
    ) -> Renewal:
        """Prepare new keys where windows run out, and write the key list that a ceremony must sign.

        Nothing is made while none is needed, unless the list is to be signed under another ``root_version``
        or ``more_card_keys`` are asked for. A proposal of today that waits to be signed is given again.
        The private halves of the epoch after ``epoch`` go to ``apart``.
        """
        version = self.root.version if root_version is None else root_version
        due = self.renewal(now, epoch=epoch, plan=plan)
        if not (due.needed or more_card_keys or version != self.key_list.root_version):
            return due
        path = propose(
            self,
            now,
            epoch=epoch,
            apart=apart,
            plan=plan,
            root_version=version,
            more_card_keys=more_card_keys,
        )
        return Renewal(True, due.due, f"{due.words}; the root holders sign {path}", path)

    def install(self, documents: Path) -> None:
        """Take a ceremony's root documents and key list into use, checked as a reader checks them.

        Nothing is taken over unless all of it holds. Raises :class:`KeysError` ``rollback``, ``root_gap``,
        ``wrong_issuer`` and what :func:`keys.documents.load_documents` raises.
        """
        new = load_documents(documents)
        self._check_successor(new, load_roots(documents))
        own = self.directory / DOCUMENTS
        known = len(self.roots) if self.documents else 0
        for number, root in enumerate(new.roots.signed[known:], known + 1):
            write_file(own / f"root-{number}.cose", root, mode=PUBLIC_FILE)
        write_file(own / f"keys-{new.key_list.version}.cose", new.key_list_bytes, mode=PUBLIC_FILE)
        self.documents = new
        self._signers.clear()
        self._seals.clear()

    def _check_successor(self, new: Documents, offered: Roots) -> None:
        if len(offered.signed) > len(new.roots.signed):
            raise KeysError(
                "root_gap",
                f"root {len(offered.signed)} has no key list yet, the newest is for {len(new.roots.signed)}:"
                " have its holders sign one",
            )
        if new.key_list.issuer != self.issuer:
            raise KeysError(
                "wrong_issuer", f"a key list of {self.issuer} was expected, one of {new.key_list.issuer} came"
            )
        if self.documents is None:
            return
        if new.roots.signed[: len(self.roots)] != self.roots:
            raise KeysError("rollback", "the root documents are not those in use, continued")
        version = self.key_list.version
        same = new.key_list_bytes == self.key_list_bytes
        if not same and new.key_list.version <= version:
            raise KeysError("rollback", f"key list {version} is in use, another {new.key_list.version} came")

    def activate_epoch(self, epoch: int, apart: Vault) -> int:
        """Bring the sealed private halves of ``epoch`` into this keyring; gives how many. For a restore."""
        count = 0
        for entry in (key for key in self.key_list.keys if key.epoch == epoch):
            path = self._path(entry)
            if path.exists():
                continue
            use = entry.use.name.lower()
            public, secret = open_key(apart.directory / path.name, apart.passphrase, use=use)
            seal_key(path, secret, public.algorithm, use, self.passphrase, cost=self.cost)
            count += 1
        return count

    def _entries(self, use: KeyUse, epoch: int | None) -> list[TrustedKey]:
        return [key for key in self.key_list.keys if key.use is use and key.epoch == epoch]

    def _in_window(self, use: KeyUse, epoch: int | None, at: datetime) -> list[TrustedKey]:
        instant = epoch_s(at)
        found = sorted((key for key in self._entries(use, epoch) if key.covers(instant)), key=_newest_first)
        if not found:
            raise KeysError(
                "no_key_in_window",
                f"no {_name(Stream(use, epoch))} key may sign at {at.isoformat()}: run `cardsvc keys extend`"
                " and hold a root ceremony",
            )
        return found

    def _path(self, entry: TrustedKey) -> Path:
        return self.directory / PRIVATE / key_file_name(entry.use, entry.public)

    def _signer(self, entry: TrustedKey) -> Signer:
        known = self._signers.get(entry.public.raw)
        if known is None:
            public, secret = open_key(self._path(entry), self.passphrase, use=entry.use.name.lower())
            if public != entry.public:
                raise KeysError("key_mismatch", f"{self._path(entry)} is not the key that the key list names")
            known = self._signers[entry.public.raw] = memory_signer(secret, public.algorithm)
        return known


def propose(
    keyring: Keyring,
    now: datetime,
    *,
    epoch: int,
    apart: Vault,
    root_version: int,
    plan: KeyPlan | None = None,
    more_card_keys: int = 0,
    day_offset_s: int = DEFAULT_OFFSET_S,
) -> Path:
    """Make the keys that are missing; write ``documents/keys-N.proposal`` for the root holders to sign."""
    first = first_key_list(keyring.issuer, day_offset_s)
    current = first if keyring.documents is None else keyring.key_list
    path = keyring.directory / DOCUMENTS / f"keys-{current.version + 1}.proposal"
    if path.exists() and not more_card_keys:
        waiting = decode_key_list(read_public(path, MAX_DOCUMENT_BYTES))
        same = (waiting.issuer, waiting.root_version) == (keyring.issuer, root_version)
        if same and epoch_s(now) - waiting.iat < DAY_S:
            return path
    live = Vault(keyring.directory / PRIVATE, keyring.passphrase, keyring.cost)
    proposal = extend_key_list(
        current,
        plan or KeyPlan(),
        epoch=epoch,
        root_version=root_version,
        now=now,
        live=live,
        apart=apart,
        more_card_keys=more_card_keys,
    )
    write_file(path, encode_key_list(proposal), mode=PUBLIC_FILE)
    return path


def _newest_first(key: TrustedKey) -> tuple[int, bytes]:
    return -key.sign_from, key.kid


def _name(stream: Stream) -> str:
    use = stream.use.name.lower()
    return use if stream.epoch is None else f"{use} (epoch {stream.epoch})"
