"""``cardsvc-verify``: check codes on a gate, with a bundle and nothing else."""

import argparse
import io
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from verify.errors import CardsvcError, Refused
from verify.phone import SeenSet
from verify.pictures import read_pages
from verify.reader import commands
from verify.reader.keeper import Keeper, offer_or_last
from verify.services import Service
from verify.store import UNUSABLE, SeenInMemory, StateDirectory
from verify.trust import Trust, TrustState, accept
from verify.verdict import Answer, Role, Verdict
from verify.verifier import Direction, Presentation, Verifier

ALL_ALLOWED, ANY_DENIED, ANY_UNCHECKED, WRONG_USAGE, TRUST_REFUSED = 0, 1, 2, 64, 65


class _Parser(argparse.ArgumentParser):
    """Exit 64 on wrong usage, since 2 already says that a card could not be checked."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


class _Version(argparse.Action):
    """Say which version this is; looked up only when asked, for a copied folder has no metadata."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(parser.prog, version("cardsvc-verify"))
        parser.exit()


@dataclass(frozen=True, slots=True)
class _Trusted:
    """What judges: the trust of a bundle, and why the bundle that was given is not the one, if so."""

    trust: Trust
    refused: CardsvcError | None
    seen: SeenSet


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is the product's (0, 1, 2, 64, 65)."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # Not every terminal's locale has every letter of the words.
        sys.stdout.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    code: int = options.run(options)
    return code


def _check_all(options: argparse.Namespace) -> int:
    now = options.at
    try:
        texts = _texts(options.text, options.image)
    except Refused as error:
        print(f"cardsvc-verify: {error}", file=sys.stderr)
        return WRONG_USAGE
    with ExitStack() as stack:
        try:
            trusted = _trust(options, now, stack)
            verifier = Verifier(trusted.trust, role=Role(options.role), seen=trusted.seen)
        except CardsvcError as error:
            if error.reason in UNUSABLE:
                print(f"cardsvc-verify: --state: {error.reason}: {error}", file=sys.stderr)
                return WRONG_USAGE
            print(f"cardsvc-verify: root or bundle refused: {error.reason}: {error}", file=sys.stderr)
            return TRUST_REFUSED
        answers = [_check(verifier, text, trusted, options, now) for text in texts]
    if not answers:
        return _no_code(options.image)
    return _exit_code(answers)


def _no_code(image: Path | None) -> int:
    if image is None:
        print("cardsvc-verify: no code was given", file=sys.stderr)
        return WRONG_USAGE
    words = f"no code found in {image}: give the whole code at 300 dpi or more"
    print(f"cardsvc-verify: {words}", file=sys.stderr)
    return ANY_UNCHECKED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="cardsvc-verify", description="Check merchant-friend cards without a network.")
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is")
    subparsers = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    commands.add(subparsers)
    check = subparsers.add_parser(
        "check",
        help="judge codes with a root document and a bundle",
        description="One JSON object a code. Exit: 0 all allowed, 1 any denied, else 2 any could not be "
        "checked, 64 wrong usage, 65 root or bundle refused.",
    )
    check.set_defaults(run=_check_all)
    check.add_argument("--root", type=Path, required=True, help="the root document, given by hand once")
    check.add_argument("--bundle", type=Path, required=True, help="the venue's bundle")
    check.add_argument("--service", type=_service, help="what the holder asks for; without it the card alone")
    check.add_argument("--direction", choices=[way.value for way in Direction], default="in")
    roles = [role.value for role in Role]
    check.add_argument("--role", choices=roles, default="gate", help="who sees the verdict")
    check.add_argument("--tag-uid", type=_hexadecimal, help="the UID of the chip the code was read from")
    check.add_argument("--at", type=_instant, default=None, help="judge at this time (RFC 3339), not now")
    check.add_argument(
        "--state",
        type=Path,
        help="a directory that remembers bundles and seen phone codes; without it seen phone codes are "
        "remembered for this one run only",
    )
    check.add_argument("--image", type=Path, help="read the codes from a PNG, JPEG or PDF page")
    check.add_argument(
        "text", nargs="*", metavar="TEXT", help="codes; without any, one a line on standard input"
    )
    return parser


def _service(name: str) -> Service:
    try:
        return Service[name.upper()]
    except KeyError:
        names = ", ".join(service.label for service in Service)
        raise argparse.ArgumentTypeError(f"no service is called {name!r}; there are {names}") from None


def _hexadecimal(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", ""))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not hexadecimal") from None


def _instant(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time like 2027-03-01T09:30:00+08:00")
    return int(moment.timestamp())


def _texts(given: Sequence[str], image: Path | None) -> list[str]:
    if image is not None:
        return [*given, *(text for page in read_pages(image) for text in page)]
    if given:
        return list(given)
    # A space is a symbol of Base45: only the line's end is cut off.
    lines = sys.stdin.buffer.read().decode("utf-8", "replace").split("\n")
    return [line.rstrip("\r") for line in lines if line.strip("\r")]


def _trust(options: argparse.Namespace, now: int | None, stack: ExitStack) -> _Trusted:
    """Accept the bundle, or go on with the last good one where a state directory has it."""
    instant = _now(now)
    root, bundle = _read(options.root, "root document"), _read(options.bundle, "bundle")
    if options.state is None:
        _, trust = accept(TrustState.pin(root, now=instant), bundle, instant)
        return _Trusted(trust, None, SeenInMemory())
    directory = StateDirectory(options.state)
    stack.enter_context(directory.locked())
    trust, refused = offer_or_last(Keeper(directory, root, instant), bundle, instant)
    if refused is not None:
        words = f"bundle refused, the last good one serves: {refused.reason}: {refused}"
        print(f"cardsvc-verify: {words}", file=sys.stderr)
    return _Trusted(trust, refused, directory.seen())


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused("unreadable", f"the {what} cannot be read: {error}") from error


def _check(
    verifier: Verifier, text: str, trusted: _Trusted, options: argparse.Namespace, now: int | None
) -> Answer:
    shown = Presentation(text, options.service, Direction(options.direction), options.tag_uid)
    verdict = verifier.judge(shown, _now(now))
    print(json.dumps(_object(verdict, trusted)), flush=True)
    return verdict.answer


def _object(verdict: Verdict, trusted: _Trusted) -> dict[str, object]:
    trust = trusted.trust
    bundle: dict[str, object] = {"venue": trust.venue, "epoch": trust.epoch, "seq": trust.seq}
    bundle["made_at"] = datetime.fromtimestamp(trust.iat, UTC).isoformat()
    bundle["newer_refused"] = None if trusted.refused is None else trusted.refused.reason
    return verdict.to_json() | {"bundle": bundle}


def _now(at: int | None) -> int:
    """The one place of the gate that reads the clock."""
    return int(datetime.now(UTC).timestamp()) if at is None else at


def _exit_code(answers: Sequence[Answer]) -> int:
    if Answer.DENY in answers:
        return ANY_DENIED
    return ANY_UNCHECKED if Answer.ATTENTION in answers else ALL_ALLOWED


if __name__ == "__main__":
    sys.exit(main())
