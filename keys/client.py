"""A signer in a process of its own, spoken to over its Unix socket (docs/signer.md)."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from keys import wire
from keys.bundle import ListSnapshot
from keys.errors import KeysError
from keys.recordkeys import RecordKeys
from keys.signing import (
    Approval,
    Approver,
    ApproverKey,
    BundleOrder,
    CardBytes,
    CardSignatures,
    ChipSignature,
    Reconciliation,
    SignerFacts,
    TokenProof,
    TokenSignature,
)

#: A bundle over a city's lists takes a second or two; more than this is a signer that hangs.
CALL_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class SignerClient:
    """Speaks :class:`~keys.signing.Signing` to the signer behind ``path``; safe from many threads.

    Every call has a connection of its own, so that a restarted signer is simply there again. Refusals come
    as the signer made them; besides them ``signer_away`` (nobody listens, or not any more) and ``bad_frame``.
    """

    path: Path
    timeout_s: float = CALL_TIMEOUT_S

    def hello(self) -> SignerFacts:
        """What everybody may know."""
        facts: SignerFacts = self._call("hello")
        return facts

    def record_keys(self) -> RecordKeys:
        """The keys of the records."""
        keys: RecordKeys = self._call("record_keys")
        return keys

    def nonce(self) -> bytes:
        """16 bytes for one request, good for ten minutes."""
        nonce: bytes = self._call("nonce")
        return nonce

    def card_kid(self, count: int) -> bytes:
        """The card key that may sign ``count`` cards now."""
        kid: bytes = self._call("card_kid", count)
        return kid

    def sign_cards(
        self, request: bytes, approval: Approval | None, cards: Sequence[CardBytes]
    ) -> list[CardSignatures]:
        """Sign all cards of a request, or none."""
        signed: list[CardSignatures] = self._call("sign_cards", request, approval, cards)
        return signed

    def sign_chip(self, request: bytes, approval: Approval | None, payload: bytes) -> ChipSignature:
        """Sign a chip's code."""
        signed: ChipSignature = self._call("sign_chip", request, approval, payload)
        return signed

    def enrol_phone(self, request: bytes, approval: Approval | None) -> None:
        """Let a phone's key stand for a card."""
        self._call("enrol_phone", request, approval)

    def sign_token(self, proof: TokenProof, payload: bytes) -> TokenSignature:
        """Sign a phone's token."""
        signed: TokenSignature = self._call("sign_token", proof, payload)
        return signed

    def sign_standing(self, proof: TokenProof, payload: bytes) -> TokenSignature:
        """Sign a token for sellers."""
        signed: TokenSignature = self._call("sign_standing", proof, payload)
        return signed

    def report_print_lost(self, proof: TokenProof, what: str) -> None:
        """Note that a print was lost."""
        self._call("report_print_lost", proof, what)

    def move_phone(self, proof: TokenProof, key: bytes, list_id: str, index: int) -> None:
        """Let another phone carry the card."""
        self._call("move_phone", proof, key, list_id, index)

    def register_recovery(self, proof: TokenProof, recovery: bytes) -> None:
        """Keep a phone's recovery key."""
        self._call("register_recovery", proof, recovery)

    def begin_recovery(self, proof: TokenProof, key: bytes, list_id: str, index: int) -> int:
        """Let a recovery key ask for its card on another phone."""
        ready: int = self._call("begin_recovery", proof, key, list_id, index)
        return ready

    def finish_recovery(self, key: bytes) -> None:
        """Let the phone carry the card."""
        self._call("finish_recovery", key)

    def stop_recovery(self, key: bytes) -> None:
        """End a recovery that waits."""
        self._call("stop_recovery", key)

    def carries(self, key: bytes) -> bool:
        """Whether that phone stands for a card."""
        carried: bool = self._call("carries", key)
        return carried

    def record_act(self, request: bytes, approval: Approval | None) -> None:
        """Take note of an approved act."""
        self._call("record_act", request, approval)

    def sign_bundle(self, order: BundleOrder) -> bytes:
        """Build and sign a venue's bundle."""
        bundle: bytes = self._call("sign_bundle", order)
        return bundle

    def sign_status_list(self, snapshot: ListSnapshot, taken: int) -> tuple[bytes, str]:
        """Sign one status list as CWT and as JWT."""
        signed: tuple[bytes, str] = self._call("sign_status_list", snapshot, taken)
        return signed

    def sign_issued(self, kid: bytes, payloads: Sequence[bytes]) -> bytes:
        """Sign the list of what a distrusted key really signed."""
        issued: bytes = self._call("sign_issued", kid, payloads)
        return issued

    def sign_checkpoint(self, text: bytes) -> bytes:
        """Give the signature line of a checkpoint."""
        line: bytes = self._call("sign_checkpoint", text)
        return line

    def unseal(self, sealed: Sequence[bytes]) -> list[bytes | None]:
        """Open what readers sealed to the service, all in one call."""
        opened: list[bytes | None] = self._call("unseal", sealed)
        return opened

    def approvers(self) -> list[Approver]:
        """Every passkey that may approve now."""
        approvers: list[Approver] = self._call("approvers")
        return approvers

    def found_approver(self, code: str, key: ApproverKey) -> Approver:
        """Register a founder's passkey."""
        approver: Approver = self._call("found_approver", code, key)
        return approver

    def add_approver(self, request: bytes, approval: Approval) -> Approver | None:
        """Note an approval of a further passkey."""
        approver: Approver | None = self._call("add_approver", request, approval)
        return approver

    def remove_approver(self, request: bytes, approval: Approval) -> None:
        """Take a passkey's right to approve away."""
        self._call("remove_approver", request, approval)

    def reconcile(self, payloads: Sequence[bytes], acts: Sequence[bytes]) -> Reconciliation:
        """Compare what the records hold with what was signed."""
        found: Reconciliation = self._call("reconcile", payloads, acts)
        return found

    def reconcile_part(
        self, first: int, last: int, payloads: Sequence[bytes], acts: Sequence[bytes]
    ) -> Reconciliation:
        """Compare those whose hashes begin with one of these bytes."""
        found: Reconciliation = self._call("reconcile_part", first, last, payloads, acts)
        return found

    def _call(self, name: str, *arguments: object) -> Any:
        method = wire.methods()[name]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self.timeout_s)
                with wire.address(self.path) as address:
                    connection.connect(address)
                wire.send(connection, [name, wire.pack(arguments)])
                answer = wire.receive(connection)
        except OSError as error:
            raise KeysError(
                "signer_away", f"the signer at {self.path} does not answer ({error}): is it running?"
            ) from error
        match answer:
            case [True, result]:
                return wire.unpack(method.result, result)
            case [False, str(reason), str(words)]:
                raise KeysError(reason, words)
        raise KeysError("signer_away", f"the signer at {self.path} ended the connection without an answer")
