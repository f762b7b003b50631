"""Codes whose signature this reader has checked before: what a card seen again need not pay for twice.

Remembered is only what can never change: that these very bytes say this, and which key signed them. Keys,
distrust, dates, lists and rules are judged anew every time, so one memory serves from bundle to bundle.
"""

from collections import OrderedDict
from typing import Final

from verify.cose import Headers
from verify.keylist import TrustedKey
from verify.phone import Code

#: Some 3 KB a code, so this is about 12 MB: the regulars of a busy door.
DEFAULT_SIZE: Final = 4096


class SignedCode:
    """A code taken apart, and the key that was found to have signed it.

    ``mark`` stands for the trust in which that key was last found fit to sign this card, with no distrust
    noted, and ``until`` is the end of the belief in it there (epoch seconds). A mark, not the trust itself: a
    code that nobody shows again would keep the lists of a whole city in memory.
    """

    __slots__ = ("code", "head", "mark", "signer", "until")

    def __init__(self, code: Code, head: Headers, signer: TrustedKey, mark: object | None) -> None:
        """``mark`` is None where every look at the code has to ask for its key again."""
        self.code, self.head, self.signer = code, head, signer.public
        self.mark, self.until = mark, signer.trust_until


class CodeMemory:
    """The codes seen last, by their whole text or bytes; the one not seen for longest is forgotten first."""

    __slots__ = ("_codes", "_size")

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        """Keep at most ``size`` codes; 0 keeps none."""
        self._codes: OrderedDict[str | bytes, SignedCode] = OrderedDict()
        self._size = size

    def __len__(self) -> int:
        """How many codes are remembered."""
        return len(self._codes)

    def recall(self, shown: str | bytes) -> SignedCode | None:
        """The code, if its signature passed here before; a text never answers for bytes, nor bytes for it."""
        known = self._codes.get(shown)
        if known is not None:
            self._codes.move_to_end(shown)
        return known

    def learn(self, shown: str | bytes, code: SignedCode) -> None:
        """Remember a code whose signature has just passed."""
        self._codes[shown] = code
        if len(self._codes) > self._size:
            self._codes.popitem(last=False)
