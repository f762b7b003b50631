"""Makes the conformance kit for makers of readers: ``python -m scripts.kit [FOLDER]`` (docs/readers.md).

Every vector names the reason it is meant to provoke; what the reference reader says to it must be that, or
nothing is written. The keys come from names, so that every run makes the same bytes.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.verify import world as w
from tests.verify.world import (
    CARD,
    CODE,
    INDEX,
    MADE,
    NOW,
    STATUS,
    STRANGER,
    TODAY,
    TOKEN,
    World,
    code,
    entry,
    text_of,
)
from verify import cbor
from verify.cose import EDDSA
from verify.days import DAY_S
from verify.errors import CardsvcError
from verify.keylist import KeyUse
from verify.phone import ChipProof
from verify.reader.stdio import Readers
from verify.rules import LONGEST_LOOK_BACK_S, Assurance, Hours, Policy, Quota

KIT = Path(__file__).parents[1] / "verify" / "reader" / "kit"
LIBRARY, BUS = 3, 1
#: What of a verdict every reader must say, and say so.
JUDGED = ("verdict", "reason", "opens", "card", "valid_until", "assurance", "data_age_s", "noted", "repeated")


class Kit:
    """The steps so far, each already answered by the reference reader."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self._readers = Readers()
        self._count = 0

    def reader(self, world: World, *, role: str = "gate", name: str | None = None) -> str:
        """A reader that was given the root by hand and then this world's bundle."""
        self._count += 1
        reader = f"{name or 'reader'}-{self._count}"
        self.step(
            f"{reader}: root by hand", {"op": "pin", "reader": reader, "root": w.root().hex(), "now": NOW}
        )
        self.bundle(reader, "bundle", world.bundle(), role=role)
        return reader

    def bundle(
        self,
        reader: str,
        name: str,
        bundle: bytes,
        reason: str | None = None,
        *,
        now: int = NOW,
        role: str = "gate",
    ) -> None:
        """Offer a bundle; ``reason`` is what it must be refused for."""
        send = {"op": "accept", "reader": reader, "bundle": bundle.hex(), "now": now, "role": role}
        self.step(f"{reader}: {name}", send, reason)

    def judge(
        self, reader: str, name: str, shown: str | bytes, reason: str, now: int = NOW, **more: Any
    ) -> None:
        """Show a code; ``reason`` is what its verdict must say."""
        about = {"text": shown} if isinstance(shown, str) else {"cose": shown.hex()}
        send = {"op": "judge", "reader": reader, "now": now, "service": LIBRARY, **about, **more}
        result = self.step(f"{reader}: {name}", send)
        if result["reason"] != reason:
            raise SystemExit(f"{name}: meant {reason}, the reference reader says {result['reason']}")

    def step(self, name: str, send: Mapping[str, Any], reason: str | None = None) -> Mapping[str, Any]:
        """One step, answered by the reference reader."""
        try:
            result: Any = self._readers.operations[send["op"]](send)
        except CardsvcError as error:
            if error.reason != reason:
                raise SystemExit(f"{name}: meant {reason}, refused for {error.reason}: {error}") from error
            self.steps.append({"name": name, "send": send, "expect": {"reason": reason}})
            return {}
        if reason is not None:
            raise SystemExit(f"{name}: was meant to be refused for {reason}")
        members = JUDGED if send["op"] == "judge" else ()
        expect = {"result": {member: result[member] for member in members}}
        self.steps.append({"name": name, "send": send, "expect": expect})
        return result


def cards(kit: Kit) -> None:
    """Printed codes at one library door: every step of the verdict."""
    reader = kit.reader(
        World(entitlements={LIBRARY: {INDEX + 1: 2, INDEX + 2: (3, TODAY + 3), INDEX + 3: 1}})
    )
    good = text_of(code())
    kit.judge(reader, "a sound gate code", good, "ok")
    kit.judge(reader, "the same again", good, "ok")
    kit.judge(reader, "a sound identity code", text_of(code(w.IDENTITY_CODE)), "ok")
    kit.judge(reader, "COSE bytes instead of text", code(), "ok")
    kit.judge(reader, "tag 61 around tag 18", b"\xd8\x3d" + code(), "ok")
    kit.judge(reader, "somebody else's QR code", "https://card.example/", "not_ours")
    kit.judge(reader, "lower case", good[:3] + good[3:].lower(), "malformed")
    kit.judge(
        reader, "one character changed", good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1], "malformed"
    )
    kit.judge(reader, "cut in half", good[: len(good) // 2], "malformed")
    kit.judge(reader, "longer than any QR code", "NCF" + "0" * 4294, "malformed")
    kit.judge(reader, "no service asked for", good, "ok", service=None)
    kit.judge(reader, "leaving", text_of(code(by=STRANGER)), "ok", direction="out")
    kit.judge(reader, "a key nobody listed", text_of(code(by=STRANGER)), "unknown_key")
    forged = code()[:-1] + bytes([code()[-1] ^ 1])
    kit.judge(reader, "a signature of other bytes", text_of(forged), "bad_signature")
    kit.judge(reader, "signed by a status key", text_of(code(by=STATUS)), "wrong_key_use")
    kit.judge(reader, "of another city", text_of(code(issuer="cn-shao")), "wrong_key_use")
    kit.judge(reader, "made before its key", text_of(code(issued_at=NOW - 61 * DAY_S)), "wrong_key_use")
    kit.judge(reader, "not valid yet", text_of(code(not_before=NOW + 1)), "not_yet_valid")
    kit.judge(reader, "in its last second", text_of(code(expires=NOW + 1)), "ok")
    kit.judge(reader, "expired this second", text_of(code(expires=NOW)), "expired")
    kit.judge(
        reader,
        "a list that is not here",
        on_list("https://card.example/s/zzz"),
        "permit_unknown",
        service=None,
    )
    kit.judge(reader, "an index past the list's end", at_index(1024), "status_unknown")
    kit.judge(reader, "a permit day that has passed", text_of(code(permit_day=TODAY - 1)), "ok")
    kit.judge(reader, "no permit day at all", text_of(code(permit_day=None)), "permit_unknown")
    kit.judge(reader, "a service the card has not", text_of(code(services=1 << BUS)), "no_entitlement")
    kit.judge(reader, "a service with another list", good, "status_unknown", service=BUS)
    kit.judge(reader, "withdrawn by list", at_index(INDEX + 1), "entitlement_withdrawn")
    kit.judge(reader, "granted to a day", at_index(INDEX + 2, services=0), "ok")
    kit.judge(reader, "granted", at_index(INDEX + 3, services=0), "ok")
    kit.judge(
        reader,
        "printed to a day that has ended",
        text_of(code(service_days={LIBRARY: TODAY - 1})),
        "no_entitlement",
    )
    kit.judge(reader, "an unknown claim", text_of(code(unknown={99: "x"}, city_unknown={40: 1})), "ok")
    kit.judge(reader, "an unknown critical claim", text_of(code(city_unknown={-5: 1})), "unsupported")
    kit.judge(reader, "a mask of 2^53", bent(lambda city: city | {2: 1 << 53}), "malformed")
    kit.judge(reader, "true for an integer", bent(lambda city: city | {1: True}), "malformed")
    kit.judge(reader, "crit in the header", under({1: EDDSA, 2: [99], 4: CARD.public.kid}), "unsupported")
    kit.judge(reader, "an algorithm nobody knows", under({1: -999, 4: CARD.public.kid}), "unsupported")
    kit.judge(reader, "an object with a typ", under({1: EDDSA, 4: CARD.public.kid, 16: "x"}), "malformed")
    kit.judge(reader, "Ed25519 by its other number", under({1: -19, 4: CARD.public.kid}), "ok")
    kit.judge(reader, "a byte behind the item", code() + b"\x00", "malformed")
    kit.judge(reader, "clock ten years back", good, "clock_suspect", NOW - 3650 * DAY_S)
    kit.judge(reader, "clock two minutes back", good, "ok", MADE - 120)
    kit.judge(reader, "data a day old", good, "data_stale", MADE + DAY_S + 1)
    kit.judge(reader, "data a week old", good, "data_expired", MADE + 7 * DAY_S + 1)
    kit.judge(reader, "clock five years on", good, "expired", NOW + 1826 * DAY_S)


def statuses(kit: Kit) -> None:
    """What became of a card since it was printed."""
    worlds = {
        "revoked": (World(status={INDEX: 1}), "revoked"),
        "suspended": (World(status={INDEX: 2}), "suspended"),
        "replaced": (World(status={INDEX: 3}), "replaced"),
        "a stay extended by list": (World(permits={INDEX: TODAY + 5}), "ok"),
        "a stay that ended yesterday, by list": (World(permits={INDEX: TODAY - 1}), "permit_unknown"),
        "a class without permits": (
            World(policy=replace(Policy(), permit_free=frozenset({1})).encode()),
            "ok",
        ),
        "a stolen key, the card genuine": (World(distrusted={CARD.public.kid: [CODE.encode()]}), "ok"),
        "a stolen key, the card not issued": (World(distrusted={CARD.public.kid: []}), "distrusted_key"),
        "a stolen key, no issued list": (World(distrusted={CARD.public.kid: None}), "distrusted_key"),
        "a key past the trust in it": (
            World(keys=(entry(CARD, KeyUse.CARD, sign_until=NOW - 60, trust_until=NOW), *w.KEYS[1:])),
            "unknown_key",
        ),
        "a key of other classes": (
            World(keys=(entry(CARD, KeyUse.CARD, classes=frozenset({2})), *w.KEYS[1:])),
            "wrong_key_use",
        ),
    }
    for name, (world, reason) in worlds.items():
        shown = text_of(code(permit_day=None)) if "class" in name and reason == "ok" else text_of(code())
        kit.judge(kit.reader(world), name, shown, reason)


def venues(kit: Kit) -> None:
    """The venue's own rules."""
    rules = {
        "takes chips and phones only": (
            replace(Policy(), accept=frozenset({Assurance.CHIP, Assurance.PHONE})),
            "low_assurance",
        ),
        "closed since ten o'clock": (replace(Policy(), hours=(Hours(1, 480, 600),)), "outside_hours"),
        "open over midnight from Sunday": (replace(Policy(), hours=(Hours(64, 1200, 601),)), "ok"),
        "opens on stale data": (
            replace(Policy(), stale_after_s=60, opens_on=frozenset({"data_stale"})),
            "data_stale",
        ),
        "does not open on stale data": (replace(Policy(), stale_after_s=60), "data_stale"),
    }
    for name, (policy, reason) in rules.items():
        kit.judge(kit.reader(World(policy=policy.encode())), name, text_of(code()), reason)
    seller = kit.reader(World(entitlements={9: {INDEX: 1}}), role="seller")
    kit.judge(seller, "a seller sees no number", text_of(code()), "ok", service=None)


def phones(kit: Kit) -> None:
    """Rotating codes of phones."""
    reader = kit.reader(World())
    fresh = w.phone_code()
    kit.judge(reader, "a phone's code", text_of(fresh), "ok")
    kit.judge(reader, "the camera reads it twice", text_of(fresh), "ok", NOW + 3)
    kit.judge(reader, "shown again later", text_of(fresh), "replayed", NOW + 4)
    kit.judge(reader, "60 s old", text_of(w.phone_code(NOW - 60)), "ok")
    kit.judge(reader, "61 s old", text_of(w.phone_code(NOW - 61)), "stale_code")
    kit.judge(reader, "30 s early", text_of(w.phone_code(NOW + 30)), "ok")
    kit.judge(reader, "31 s early", text_of(w.phone_code(NOW + 31)), "stale_code")
    kit.judge(reader, "without the phone's signature", text_of(code(w.TOKEN_CARD, TOKEN)), "stripped_binding")
    kit.judge(
        reader, "another phone's signature", text_of(w.phone_code(NOW - 1, phone=w.CHIP)), "bad_signature"
    )
    sellers = replace(
        w.TOKEN_CARD,
        number="0123456789abcdef0123",
        issued_at=NOW - 3600,
        expires=NOW + 3600,
        card_class=0,
        print_number=0,
        services=1 << 9,
        status=None,
        permit_day=TODAY,
    )
    shown = text_of(w.phone_code(NOW - 2, sellers, consent=frozenset({9})))
    seller = kit.reader(World(entitlements={9: {}}), role="seller")
    kit.judge(seller, "a seller's token at a seller", shown, "ok", service=None)
    kit.judge(reader, "a seller's token anywhere else", shown, "no_entitlement", service=None)
    asked = text_of(w.phone_code(NOW - 3, sellers, consent=frozenset({9})))
    kit.judge(reader, "a seller's token where a standing is asked for", asked, "no_entitlement", service=9)
    answer = w.phone_code(NOW - 5000, challenge=bytes(range(16)), audience="door")
    challenge = {"nonce": bytes(range(16)).hex(), "audience": "door", "shown_at": NOW - 10}
    kit.judge(reader, "an answer to the reader's challenge", text_of(answer), "ok", challenge=challenge)
    other = challenge | {"audience": "window"}
    kit.judge(reader, "an answer to another reader", text_of(answer), "stale_code", NOW, challenge=other)


def chips(kit: Kit) -> None:
    """Codes on chips."""
    reader, uid = kit.reader(World()), w.CHIP_UID.hex()
    shown = code(w.CHIP_CODE)
    kit.judge(reader, "a chip's code read as print", shown, "ok")
    kit.judge(reader, "on its chip", shown, "ok", tag_uid=uid)
    kit.judge(reader, "on a copy", shown, "wrong_chip", tag_uid="04a1b2c3d4e581")
    kit.judge(reader, "a chip that proves itself", shown, "ok", tag_uid=uid, chip_proof=proof(w.chip_proof()))
    late = replace(w.chip_proof(), took_s=2.5)
    kit.judge(
        reader, "a proof that took too long", shown, "chip_not_proved", tag_uid=uid, chip_proof=proof(late)
    )
    false = w.chip_proof(chip=w.PHONE)
    kit.judge(reader, "another chip's proof", shown, "chip_not_proved", tag_uid=uid, chip_proof=proof(false))


def bundles(kit: Kit) -> None:
    """Bundles in their order, and what must be refused; the last good one serves on."""
    reader = kit.reader(World(seq=5))
    good = text_of(code())
    flipped = bytearray(World(seq=6).bundle())
    flipped[-1] ^= 1
    kit.bundle(reader, "one bit flipped", bytes(flipped), "bad_signature")
    kit.bundle(reader, "cut short", World(seq=6).bundle()[:-40], "malformed")
    kit.bundle(reader, "older than the last", World(seq=4).bundle(), "rollback")
    kit.bundle(reader, "another of the same seq", World(seq=5, status={1: 1}).bundle(), "rollback")
    kit.bundle(reader, "the same again", World(seq=5).bundle())
    ahead = World(seq=6, iat=NOW + 121, exp=NOW + 9 * DAY_S).bundle()
    kit.step("new: root by hand", {"op": "pin", "reader": "new", "root": w.root().hex(), "now": NOW})
    kit.bundle("new", "dated ahead", ahead, "future_iat")
    kit.bundle(reader, "a list dated back", World(seq=6, lists_iat=MADE - 1).bundle(), "rollback")
    too_long = Policy(quota=Quota(1, LONGEST_LOOK_BACK_S + 1)).encode()
    kit.bundle(
        reader,
        "a quota over longer than visits are kept",
        World(seq=6, policy=too_long).bundle(),
        "unsupported_policy",
    )
    too_long = Policy(passback_s=LONGEST_LOOK_BACK_S + 1).encode()
    kit.bundle(reader, "a passback of longer", World(seq=6, policy=too_long).bundle(), "unsupported_policy")
    kit.judge(reader, "the last good bundle serves on", good, "ok")
    kit.bundle(reader, "the next", World(seq=6, status={INDEX: 1}).bundle())
    kit.judge(reader, "and is judged by", good, "revoked")
    distrust = kit.reader(World(seq=1, distrusted={CARD.public.kid: []}))
    kit.bundle(distrust, "distrust taken back", World(seq=2).bundle())
    kit.judge(distrust, "distrust is for ever", good, "distrusted_key")
    late = kit.reader(World())
    kit.judge(late, "a bundle past its own end", good, "data_expired", w.LISTS_EXP)


def on_list(uri: str) -> str:
    """A sound card of another list, its permit day passed."""
    return text_of(code(status=w.StatusRef(uri, 1), permit_day=TODAY - 1))


def at_index(index: int, **changes: Any) -> str:
    """A sound card at another index."""
    return text_of(code(status=w.StatusRef(w.URI, index), **changes))


def bent(change: Callable[[dict[Any, Any]], dict[Any, Any]]) -> str:
    """A signed card whose city claims were changed."""
    claims = w.claims_of()
    claims[-70001] = change(claims[-70001])
    return text_of(w.sign_claims(claims))


def under(header: Mapping[int, object]) -> str:
    """A signed card under a protected header of one's own."""
    return text_of(w.sign_under(cbor.encode(dict(header)), CODE.encode()))


def proof(made: ChipProof) -> dict[str, object]:
    """A chip's proof as the kit sends it."""
    parts = {"key": made.key, "challenge": made.challenge, "signature": made.signature}
    return {name: data.hex() for name, data in parts.items()} | {"took_s": made.took_s}


def make() -> Kit:
    """The whole kit."""
    kit = Kit()
    for chapter in (cards, statuses, venues, phones, chips, bundles):
        chapter(kit)
    return kit


def files(kit: Kit) -> Iterator[tuple[str, bytes]]:
    """The kit as files: the steps, and samples to begin with."""
    lines = (json.dumps(step, ensure_ascii=False, separators=(",", ":")) for step in kit.steps)
    yield "kit.jsonl", ("\n".join(lines) + "\n").encode()
    yield "root.cose", w.root()
    yield "library.cose", World().bundle()
    yield "gate-code.txt", (text_of(code()) + "\n").encode()
    yield "identity-code.txt", (text_of(code(w.IDENTITY_CODE)) + "\n").encode()
    yield "gate-code.cose", code()


def main(arguments: Sequence[str]) -> int:
    """Write the kit."""
    folder = Path(arguments[0]) if arguments else KIT
    folder.mkdir(parents=True, exist_ok=True)
    kit = make()
    for name, data in files(kit):
        (folder / name).write_bytes(data)
    print(f"{len(kit.steps)} steps in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
