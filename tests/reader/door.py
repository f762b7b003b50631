"""A door for the tests: a state directory, a bundle with a seal key, and a gate over them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from nacl.public import PrivateKey

from tests.verify import world as w
from tests.verify.world import NOW, World
from verify.cose import SEALING, PublicKey
from verify.days import DAY_S
from verify.keylist import KeyUse, TrustedKey
from verify.reader.device import Device
from verify.reader.gate import Gate
from verify.reader.journal import Journal
from verify.reader.months import MonthKeys
from verify.reader.outputs import Banner, Output, Shown
from verify.reader.uploads import nowhere
from verify.store import SeenInMemory, StateDirectory
from verify.trustdocs import BUNDLE_TYP, decode_bundle, encode_bundle
from verify.verdict import Role
from verify.verifier import Direction, Presentation

SEAL = PrivateKey(sha256(b"the service's seal key").digest())
SEAL_PUBLIC = PublicKey(SEALING, bytes(SEAL.public_key))
SEAL_ENTRY = TrustedKey(SEAL_PUBLIC, KeyUse.SEAL, NOW - 60 * DAY_S, NOW + 300 * DAY_S, NOW + 400 * DAY_S)
KEYS = (*w.KEYS, SEAL_ENTRY)
LIBRARY = 3


def world(**changes: Any) -> World:
    """The tests' world with a key to seal journals to."""
    return replace(World(keys=KEYS), **changes)


def card(number: int, **changes: Any) -> str:
    """The printed code of one of many cards."""
    return w.text_of(w.code(number=f"{number:013}", **changes))


def bend(made: World, **changes: Any) -> bytes:
    """The bundle of a world with some parts exchanged, rightly signed by the bundle key."""
    sign = w.cbor.decode(made.bundle()[2:])
    assert isinstance(sign, list)
    return w.cosigned(BUNDLE_TYP, encode_bundle(replace(decode_bundle(sign[2]), **changes)), (w.BUNDLE,))


@dataclass
class Screen:
    """An output that remembers what it was shown."""

    shown: list[Shown] = field(default_factory=list)
    banners: list[Banner] = field(default_factory=list)
    fail: Callable[[], None] = lambda: None

    def show(self, shown: Shown) -> None:
        self.fail()
        self.shown.append(shown)

    def stand(self, banner: Banner) -> None:
        self.banners.append(banner)

    def close(self) -> None:
        pass


class Door:
    """One gate without threads: the test presents, and looks."""

    def __init__(
        self,
        state: Path,
        *,
        now: int = NOW,
        outputs: Sequence[Output] = (),
        at: Callable[[str], None] = nowhere,
        max_kib: int = 8192,
        **gate: Any,
    ) -> None:
        self.now, self.log = now, list[str]()
        self.screen = Screen()
        self.directory = StateDirectory(state)
        self.device = Device.open(state, make=True)
        self.journal = Journal(
            state / "journal.sqlite",
            reader="door-1",
            device=self.device,
            max_bytes=max_kib * 1024,
            sign_every=10,
        )
        self.months = MonthKeys(self.directory, self.device)
        given: dict[str, Any] = {"role": Role.GATE, "languages": ("zh", "en"), "seen": SeenInMemory()}
        self.gate = Gate(
            reader="door-1",
            journal=self.journal,
            months=self.months,
            outputs=[self.screen, *outputs],
            clock=lambda: self.now,
            log=self.log.append,
            at=at,
            **(given | gate),
        )

    def tap(self, code: str | bytes, service: int | None = LIBRARY, *, out: bool = False) -> Shown:
        direction = Direction.OUT if out else Direction.IN
        return self.gate.handle(Presentation(code, service, direction))
