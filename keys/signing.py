"""What the signer does for the service: one protocol, spoken in this process or over its socket.

``keys.service.SigningService`` is the signer itself, ``keys.client.SignerClient`` speaks to one in a process
of its own; use cases know this protocol alone (docs/signer.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keys.bundle import ListSnapshot, Snapshot
from keys.recordkeys import RecordKeys
from verify.services import Service


@dataclass(frozen=True, slots=True)
class Approval:
    """A WebAuthn assertion over ``challenge_of(request)``, as the browser gave it.

    ``staff`` is who is said to have approved; the signer looks the credential up in its own store, and the
    two must agree.
    """

    staff: str
    credential_id: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class CardBytes:
    """The two payloads of one card, as they will be signed."""

    gate: bytes
    identity: bytes


@dataclass(frozen=True, slots=True)
class CardSignatures:
    """The raw signatures of one card by the card key ``kid``."""

    kid: bytes
    gate: bytes
    identity: bytes


@dataclass(frozen=True, slots=True)
class ChipSignature:
    """The raw signature of a chip's code by the card key ``kid``."""

    kid: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class TokenProof:
    """That a phone holds its key now: ``signature`` (raw r‖s) over ``keys.tokens.proof_message``.

    ``key`` is the P-256 point, uncompressed; ``time`` is epoch seconds of the service's clock.
    """

    key: bytes
    nonce: bytes
    time: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class TokenSignature:
    """The raw signature of a phone's token by the token key ``kid``, of that COSE algorithm."""

    kid: bytes
    algorithm: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class ApproverKey:
    """A passkey as it is registered: the COSE_Key of its public half, and its counter."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    label: str


@dataclass(frozen=True, slots=True)
class Approver:
    """A passkey that may approve, and whose it is; ``since`` is epoch seconds."""

    staff: str
    role: str
    office: str
    services: tuple[int, ...]
    credential_id: bytes
    label: str
    fingerprint: str
    since: int


@dataclass(frozen=True, slots=True)
class SignerFacts:
    """What everybody may know of the signer.

    ``roots`` and ``key_list_bytes`` are signed documents, oldest root first. ``founders_open`` are the
    people whose founding code was not used yet. ``checkpoint_key`` is the verifier key of the audit's
    checkpoints (C2SP signed-note); ``boot`` differs after every start of the signer.
    """

    issuer: str
    day_offset_s: int
    epoch: int
    roots: tuple[bytes, ...]
    key_list_bytes: bytes
    demo: bool
    founders_open: tuple[str, ...]
    checkpoint_key: str
    boot: bytes


@dataclass(frozen=True, slots=True)
class BundleOrder:
    """A venue's bundle to be built and signed from one snapshot.

    ``policy`` is the map of ``verify.rules.Policy``; ``distrusted`` maps the kid of a stolen key to the
    SHA-256 of each payload that it signed for us; ``now`` (epoch seconds) becomes the bundle's iat.
    """

    venue: str
    services: tuple[Service, ...]
    policy: Mapping[object, object]
    epoch: int
    seq: int
    now: int
    snapshot: Snapshot
    distrusted: Mapping[bytes, tuple[bytes, ...]]
    hotlist: bool = False


@dataclass(frozen=True, slots=True)
class SignedFact:
    """Something the signer signed: ``payload`` is the SHA-256 of a gate code's or a chip code's payload."""

    payload: bytes
    number: str
    at: int


@dataclass(frozen=True, slots=True)
class ActFact:
    """An act that the signer recorded: the SHA-256 of its request, its kind, who approved it, when."""

    request: bytes
    kind: str
    approver: str
    at: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Where signer and records differ; lists are cut at a thousand, the counts are whole.

    ``lacking``: signed here, not in the records. ``unknown``: in the records, never signed here. The same
    of acts: ``acts_lacking`` were recorded here and the audit has none, ``acts_unknown`` the other way round.
    """

    lacking: tuple[SignedFact, ...]
    lacking_count: int
    unknown: tuple[bytes, ...]
    unknown_count: int
    acts_lacking: tuple[ActFact, ...] = ()
    acts_lacking_count: int = 0
    acts_unknown: tuple[bytes, ...] = ()
    acts_unknown_count: int = 0


class Signing(Protocol):
    """The signer. Every refusal is a :class:`~keys.errors.KeysError` with a reason."""

    def hello(self) -> SignerFacts:
        """What everybody may know."""

    def record_keys(self) -> RecordKeys:
        """The keys of the records: masters and the blind index's."""

    def nonce(self) -> bytes:
        """16 bytes for one request, good for ten minutes."""

    def card_kid(self, count: int) -> bytes:
        """The card key that may sign ``count`` cards now; requests name it."""

    def sign_cards(
        self, request: bytes, approval: Approval | None, cards: Sequence[CardBytes]
    ) -> list[CardSignatures]:
        """Sign all cards of an issue or replace request, or none.

        The same request again gives the same bytes, whoever asks and without an approval. A refusal of one
        card begins with its place, counted from 0: ``card 3: …``.
        """

    def sign_chip(self, request: bytes, approval: Approval | None, payload: bytes) -> ChipSignature:
        """Sign a chip's code; the same request again gives the same bytes."""

    def enrol_phone(self, request: bytes, approval: Approval | None) -> None:
        """Let a phone's key stand for a card, as an approver says."""

    def sign_token(self, proof: TokenProof, payload: bytes) -> TokenSignature:
        """Sign a phone's token, for the phone that proves its key now."""

    def sign_standing(self, proof: TokenProof, payload: bytes) -> TokenSignature:
        """Sign a token that says a card's standing and nothing else, to a key that the phone names."""

    def report_print_lost(self, proof: TokenProof, what: str) -> None:
        """Note that the newest print was lost (``lost-print``, ``lost-chip``), as a phone of it says."""

    def move_phone(self, proof: TokenProof, key: bytes, list_id: str, index: int) -> None:
        """Let the phone with the thumbprint ``key`` carry the card of the one that signs, which is over."""

    def register_recovery(self, proof: TokenProof, recovery: bytes) -> None:
        """Keep the public half of a phone's recovery key, a P-256 point."""

    def begin_recovery(self, proof: TokenProof, key: bytes, list_id: str, index: int) -> int:
        """Let a recovery key ask for its card on the phone ``key``; the epoch second from which it may."""

    def finish_recovery(self, key: bytes) -> None:
        """Let the phone ``key`` carry the card, once its recovery has waited long enough."""

    def stop_recovery(self, key: bytes) -> None:
        """End a recovery for or by that phone, and the code behind it."""

    def carries(self, key: bytes) -> bool:
        """Whether the phone with that thumbprint stands for a card, living or over."""

    def record_act(self, request: bytes, approval: Approval | None) -> None:
        """Take note of a reinstate, extend or grant request, so that lists may say so from now on."""

    def sign_bundle(self, order: BundleOrder) -> bytes:
        """Build and sign a venue's bundle, once every list agrees with what was approved."""

    def sign_status_list(self, snapshot: ListSnapshot, taken: int) -> tuple[bytes, str]:
        """Sign one status list as CWT and as JWT; ``taken`` is the snapshot's epoch second."""

    def sign_issued(self, kid: bytes, payloads: Sequence[bytes]) -> bytes:
        """Sign the list of what a distrusted key really signed, from the SHA-256 of each payload."""

    def sign_checkpoint(self, text: bytes) -> bytes:
        """Give the signature line of a checkpoint of the audit (C2SP tlog-checkpoint)."""

    def unseal(self, sealed: Sequence[bytes]) -> list[bytes | None]:
        """Open what readers sealed to the service; None in place of what was sealed to others, or damaged."""

    def approvers(self) -> list[Approver]:
        """Every passkey that may approve now."""

    def found_approver(self, code: str, key: ApproverKey) -> Approver:
        """Register a founder's passkey with the one-time code that ``init`` gave out."""

    def add_approver(self, request: bytes, approval: Approval) -> Approver | None:
        """Note that somebody approves a further passkey; it is registered once two different people did.

        None while another is needed. Repeated after it was done, it says so once more.
        """

    def remove_approver(self, request: bytes, approval: Approval) -> None:
        """Take a passkey's right to approve away."""

    def reconcile(self, payloads: Sequence[bytes], acts: Sequence[bytes]) -> Reconciliation:
        """Compare what the records hold with what was signed and recorded here.

        ``payloads``: the SHA-256 of every signed gate and chip payload; ``acts``: of every request of an act
        that the audit names.
        """

    def reconcile_part(
        self, first: int, last: int, payloads: Sequence[bytes], acts: Sequence[bytes]
    ) -> Reconciliation:
        """Compare those whose hashes begin with a byte from ``first`` to ``last``; raises ``bad_part``.

        For records whose hashes fit into no frame. A signer from before there were parts says ``bad_frame``.
        """
