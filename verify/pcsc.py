"""Readers over PC/SC: which there are, when a chip comes, and commands to it. Needs the extra ``pcsc``.

The plain functions of winscard and no thread: who waits for a chip waits here, and may wait with a limit.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

from verify.errors import Unchecked

#: How long one wait lasts at most, in seconds: PC/SC counts milliseconds in 32 bits.
WAIT_MAX_S = 3600.0


def _winscard() -> Any:
    try:
        from smartcard import scard  # type: ignore[import-untyped]  # it ships no types
    except ImportError as error:
        words = "PC/SC is not installed here; install cardsvc-verify[pcsc] (it needs libpcsclite)"
        raise Unchecked("no_reader", words) from error
    return scard


class Readers:
    """The readers of this computer; use it in a ``with`` block."""

    def __init__(self) -> None:
        """Ask the PC/SC service for its readers; raises ``Unchecked`` ``no_reader`` where none answers."""
        self._scard = _winscard()
        result, self._context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_USER)
        if result != self._scard.SCARD_S_SUCCESS:
            raise Unchecked("no_reader", f"the PC/SC service does not answer: {self._words(result)}")

    def __enter__(self) -> Readers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scard.SCardReleaseContext(self._context)

    def names(self) -> list[str]:
        """The readers by name, in the order of the PC/SC service."""
        result, names = self._scard.SCardListReaders(self._context, [])
        return list(names) if result == self._scard.SCARD_S_SUCCESS else []

    def the(self, name: str | None = None) -> str:
        """The reader whose name begins so, or the first one; raises ``no_reader`` naming those there are."""
        names = self.names()
        for one in names:
            if name is None or one.startswith(name):
                return one
        there = ", ".join(names) or "none"
        raise Unchecked("no_reader", f"no reader {name or ''} is connected; there are: {there}")

    def wait(self, name: str, timeout_s: float, *, present: bool = True) -> bool:
        """Wait until a chip lies on the reader (or none, with ``present`` False); False after the time."""
        scard = self._scard
        wanted = scard.SCARD_STATE_PRESENT if present else scard.SCARD_STATE_EMPTY
        state, end = scard.SCARD_STATE_UNAWARE, time.monotonic() + min(timeout_s, WAIT_MAX_S)
        while True:
            # The first call only asks how things stand; every later one waits for a change of that.
            left_ms = max(0, round((end - time.monotonic()) * 1000))
            result, states = scard.SCardGetStatusChange(self._context, left_ms, [(name, state)])
            if result == scard.SCARD_E_TIMEOUT:
                return False
            if result != scard.SCARD_S_SUCCESS:
                raise Unchecked("no_reader", f"the reader {name} has gone: {self._words(result)}")
            state = states[0][1] & ~scard.SCARD_STATE_CHANGED
            if state & wanted and not state & scard.SCARD_STATE_MUTE:
                return True

    def connect(self, name: str) -> PcscConnection:
        """Take the chip on the reader for this program alone; ``chip_lost`` where none lies there."""
        scard = self._scard
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        result, card, protocol = scard.SCardConnect(
            self._context, name, scard.SCARD_SHARE_EXCLUSIVE, protocols
        )
        if result != scard.SCARD_S_SUCCESS:
            raise Unchecked("chip_lost", f"no chip answers on {name}: {self._words(result)}")
        return PcscConnection(scard, card, protocol)

    def _words(self, result: int) -> str:
        return str(self._scard.SCardGetErrorMessage(result))


class PcscConnection:
    """One chip on one reader; implements ``verify.chip_reader.Connection``. Use it in a ``with`` block."""

    def __init__(self, scard: Any, card: int, protocol: int) -> None:
        """Wrap a handle that ``Readers.connect`` opened."""
        self._scard, self._card = scard, card
        t0 = protocol == scard.SCARD_PROTOCOL_T0
        self._pci = scard.SCARD_PCI_T0 if t0 else scard.SCARD_PCI_T1

    def __enter__(self) -> PcscConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Powered down, the chip forgets which application was selected.
        self._scard.SCardDisconnect(self._card, self._scard.SCARD_UNPOWER_CARD)

    def transmit(self, command: bytes) -> bytes:
        """The chip's answer with its two status bytes; ``chip_lost`` when it was taken away."""
        result, answer = self._scard.SCardTransmit(self._card, self._pci, list(command))
        if result != self._scard.SCARD_S_SUCCESS:
            words = str(self._scard.SCardGetErrorMessage(result))
            raise Unchecked("chip_lost", f"the chip was taken away: {words}")
        return bytes(byte & 0xFF for byte in answer)
