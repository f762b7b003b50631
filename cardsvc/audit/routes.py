"""The audit for those who watch over it."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime
from starlette.responses import PlainTextResponse

from cardsvc.audit.checking import check_audit
from cardsvc.audit.checkpoints import kept_in, make_checkpoint, read_file
from cardsvc.audit.outside import prove_entry
from cardsvc.audit.tree import inclusion_proof, root_of
from cardsvc.http.access import Caller, Serving, roles, running
from cardsvc.http.bodies import Answer
from cardsvc.records import AuditQuery, AuditRecord, NotFound

router = APIRouter(prefix="/api/audit", tags=["audit"])

Served = Annotated[Serving, running]
Watcher = Annotated[Caller, roles("auditor", "dpo", "operator", city=True)]
#: What an entry's columns hold; nothing else is found by asking for it.
Word = Annotated[str | None, Query(max_length=128)]
#: PostgreSQL's largest number; no audit comes near it.
_MOST_ENTRIES = 2**63 - 1
Seq = Annotated[int, Path(ge=1, le=_MOST_ENTRIES)]


class EntryAnswer(Answer):
    """One act."""

    seq: int
    time: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]


class EntriesAnswer(Answer):
    """A page of acts, newest first; ``next`` is the ``before`` of the next page."""

    entries: list[EntryAnswer]
    next: int | None


class CheckAnswer(Answer):
    """Whether the audit is whole."""

    whole: bool
    entries: int
    first_wrong: int | None
    words: str


class ProofAnswer(Answer):
    """That entry ``seq`` is in the tree of ``size`` entries with this root (RFC 6962); hashes in base64.

    ``leaf`` is the entry's hash, the data of its leaf; the leaf's index is ``seq`` - 1.
    """

    seq: int
    size: int
    leaf: str
    root: str
    proof: list[str]


@router.get("")
def entries(
    serving: Served,
    caller: Watcher,
    subject: Word = None,
    actor: Word = None,
    action: Word = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    before: Annotated[int | None, Query(ge=1, le=_MOST_ENTRIES)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> EntriesAnswer:
    """Who did what to which card."""
    query = AuditQuery(subject, actor, action, since, until, before, limit)
    with serving.installation.store.reading() as tx:
        found = tx.audit.search(query)
    more = found[-1].seq if len(found) == limit and found[-1].seq > 1 else None
    return EntriesAnswer(entries=[_entry(one) for one in found], next=more)


@router.get("/verify")
def verify(serving: Served, caller: Watcher) -> CheckAnswer:
    """Check the chain, and against the checkpoints that were kept elsewhere."""
    installation = serving.installation
    paths = kept_in(serving.settings.checkpoints)
    key = installation.signer.hello().checkpoint_key if paths else ""
    checked = check_audit(installation.store, [read_file(path, key) for path in paths])
    return CheckAnswer(
        whole=checked.whole,
        entries=checked.entries,
        first_wrong=checked.first_wrong,
        words=checked.words,
    )


@router.get("/checkpoint", response_class=PlainTextResponse, responses={200: {"content": {"text/plain": {}}}})
def checkpoint(serving: Served, caller: Watcher) -> PlainTextResponse:
    """Sign how many entries there are and their root (C2SP tlog-checkpoint)."""
    installation = serving.installation
    note = make_checkpoint(installation.store, installation.signer, installation.issuer.public_url)
    return PlainTextResponse(note)


@router.get("/proof/{seq}")
def proof(serving: Served, caller: Watcher, seq: Seq) -> ProofAnswer:
    """Prove that an entry is in the tree."""
    with serving.installation.store.reading() as tx:
        hashes = list(tx.audit.hashes())
    if seq > len(hashes):
        raise NotFound("entry_not_found", f"the audit has {len(hashes)} entries")
    path = inclusion_proof(seq - 1, hashes)
    return ProofAnswer(
        seq=seq,
        size=len(hashes),
        leaf=_b64(hashes[seq - 1]),
        root=_b64(root_of(hashes)),
        proof=[_b64(one) for one in path],
    )


@router.get(
    "/proof/{seq}/file", response_class=PlainTextResponse, responses={200: {"content": {"text/plain": {}}}}
)
def proof_file(serving: Served, caller: Watcher, seq: Seq) -> PlainTextResponse:
    """The same as a file with the entry and a signed checkpoint, which proves itself (C2SP tlog-proof)."""
    installation = serving.installation
    url = installation.issuer.public_url
    written = prove_entry(installation.store, installation.signer, url, seq)
    name = f"attachment; filename=entry-{seq}.tlog-proof"
    return PlainTextResponse(written, headers={"Content-Disposition": name})


def _entry(one: AuditRecord) -> EntryAnswer:
    return EntryAnswer(
        seq=one.seq,
        time=datetime.fromtimestamp(one.time, UTC),
        actor=one.actor,
        action=one.action,
        subject=one.subject,
        details=json.loads(one.details),
    )


def _b64(digest: bytes) -> str:
    return b64encode(digest).decode()
