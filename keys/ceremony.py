"""The root ceremony: one configuration file in, signed documents and a transcript out.

The holders come together with their key files, each sealed with a passphrase of its own. The ceremony makes
missing keys (where the configuration says so) and the next root document, and signs the key list that the
service proposed. What it writes it has first judged as a reader would; who did what stands in a transcript
that :func:`keys.transcript.verify_transcript` proves again at any later time, from public files alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from keys.ceremonyfile import Ceremony, Holder, bad_configuration
from keys.disk import PUBLIC_FILE, make_public_directory, read_public, write_file
from keys.documents import MAX_DOCUMENT_BYTES, load_roots, numbered
from keys.errors import KeysError
from keys.files import STANDARD_COST, Cost, Passphrase
from keys.root import check_signed, new_root, sign_document, sign_root
from keys.signer import Signer, memory_signer, new_secret, open_key, seal_key
from keys.transcript import Person, write_transcript
from verify.cose import PublicKey
from verify.keylist import KEYS_TYP, decode_key_list
from verify.trustdocs import RootDocument

ROOT_USE: Final = "root"


@dataclass(frozen=True, slots=True)
class Held:
    """The files a ceremony wrote; ``root`` and ``key_list`` are None where none was due."""

    transcript: Path
    root: Path | None
    key_list: Path | None


@dataclass(frozen=True, slots=True)
class _Present:
    """A holder at the table: the name, what the ceremony did with the key, and the signer."""

    name: str
    part: str
    signer: Signer


def hold_ceremony(ceremony: Ceremony, *, now: datetime, cost: Cost = STANDARD_COST) -> Held:
    """Hold the ceremony: open the holders' keys, sign what is due, check it, write it with its transcript.

    Run again after a failure it goes on where it stopped; a document once written is never written over.
    Raises ``Refused`` ``too_few_signatures``, :class:`KeysError` ``root_gap``, ``rollback``,
    ``wrong_issuer``, ``nothing_to_sign``, and the reasons of opening key files.
    """
    before = load_roots(ceremony.documents)
    staying = _open_all(ceremony.holders, cost)
    leaving = _open_all(ceremony.leaving, cost)
    present = [*staying, *leaving]
    signers = [one.signer for one in present]
    outputs: dict[str, bytes] = {}
    root = before.newest
    if root is None or ceremony.version != root.version:
        keys = _publics(ceremony.holders, staying, root)
        following = new_root(
            keys,
            threshold=ceremony.threshold,
            now=now,
            version=ceremony.version,
            lifetime=ceremony.lifetime,
        )
        outputs[f"root-{following.version}.cose"] = sign_root(following, signers, root)
        root = following
    if ceremony.proposal is not None:
        name, signed = _sign_proposal(ceremony, ceremony.proposal, root, signers)
        outputs[name] = signed
    if not outputs:
        raise KeysError(
            "nothing_to_sign", f"root {ceremony.version} exists already and no key list is proposed"
        )
    return _write(ceremony, outputs, present, before.signed[-1] if before.signed else None, now)


def _open_all(holders: Sequence[Holder], cost: Cost) -> list[_Present]:
    return [_open(holder, cost) for holder in holders if holder.key is not None]


def _open(holder: Holder, cost: Cost) -> _Present:
    if holder.key is None or holder.passphrase_file is None:
        raise bad_configuration(f"holder {holder.name}: a key and a passphrase_file were expected")
    passphrase = Passphrase.from_file(holder.passphrase_file)
    part = "opened"
    if holder.make and not holder.key.exists():
        secret = new_secret(holder.algorithm)
        seal_key(holder.key, secret, holder.algorithm, ROOT_USE, passphrase, cost=cost)
        part = "made"
    public, secret = open_key(holder.key, passphrase, use=ROOT_USE)
    return _Present(holder.name, part, memory_signer(secret, public.algorithm))


def _publics(
    holders: Sequence[Holder], present: Sequence[_Present], previous: RootDocument | None
) -> list[PublicKey]:
    """List the new root's keys in the order of the file; those of absent holders come from the last root."""
    at_hand = {one.name: one.signer.public for one in present}
    known = {public.kid: public for public in (previous.keys if previous else ())}
    keys = []
    for holder in holders:
        public = at_hand.get(holder.name) or known.get(holder.kid or b"")
        if public is None:
            raise bad_configuration(
                f"holder {holder.name} is absent and the last root has no key with that kid"
            )
        keys.append(public)
    return keys


def _sign_proposal(
    ceremony: Ceremony, path: Path, root: RootDocument, signers: Sequence[Signer]
) -> tuple[str, bytes]:
    payload = read_public(path, MAX_DOCUMENT_BYTES)
    key_list = decode_key_list(payload)
    if key_list.issuer != ceremony.issuer:
        raise KeysError(
            "wrong_issuer", f"a key list of {ceremony.issuer} was expected, one of {key_list.issuer} came"
        )
    if key_list.root_version != root.version:
        raise KeysError(
            "root_gap",
            f"the proposal is for root {key_list.root_version}, this ceremony ends at root {root.version}:"
            " let the service propose again",
        )
    newest = max(numbered(ceremony.documents, "keys"), default=0)
    if key_list.version <= newest:
        raise KeysError("rollback", f"key list {newest} was signed before, {key_list.version} is proposed")
    signed = sign_document(payload, KEYS_TYP, [one for one in signers if one.public in root.keys])
    check_signed(signed, KEYS_TYP, root)
    return f"keys-{key_list.version}.cose", signed


def _write(
    ceremony: Ceremony,
    outputs: Mapping[str, bytes],
    present: Sequence[_Present],
    previous_root: bytes | None,
    now: datetime,
) -> Held:
    transcript = write_transcript(
        issuer=ceremony.issuer,
        configuration_sha256=ceremony.configuration_sha256,
        now=now,
        previous_root=previous_root,
        people=[Person(one.name, one.part, one.signer.public) for one in present],
        absent=[one.name for one in (*ceremony.holders, *ceremony.leaving) if one.key is None],
        documents=outputs,
    )
    make_public_directory(ceremony.documents)
    path = ceremony.documents / f"ceremony-{'-'.join(Path(name).stem for name in outputs)}.json"
    # The transcript goes first: no document is ever without one.
    write_file(path, transcript, mode=PUBLIC_FILE)
    for name, data in outputs.items():
        write_file(ceremony.documents / name, data, mode=PUBLIC_FILE, replace=False)
    written = {name.partition("-")[0]: ceremony.documents / name for name in outputs}
    return Held(path, written.get("root"), written.get("keys"))
