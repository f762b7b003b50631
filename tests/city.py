"""A small city made through the command line, for tests that look at what comes out of it from outside."""

import base64
import io
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image, ImageDraw

from tests.commands import run
from verify import cbor
from verify.cose import PublicKey, decode_sign

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent

# Labels of the bundle and the key list (docs/format.md), read here without the code under test.
_KEY_LIST, _STATUS_LISTS, _ENTRIES, _COSE_KEY = 24, 26, 15, 1


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """The files of one card."""

    number: str
    pdf: Path
    gate_text: str
    identity_text: str
    ndef: bytes


@dataclass(frozen=True, slots=True)
class City:
    """An initialised service with two cards: the first allowed, the second suspended."""

    folder: Path
    cards: tuple[IssuedCard, ...]

    @property
    def root_document(self) -> Path:
        return self.folder / "root"

    @property
    def bundle(self) -> Path:
        """The bundle of the venue that serves everything."""
        return self.folder / "bundle"

    def status_lists(self) -> list[bytes]:
        """The status lists of the bundle, as the COSE_Sign1 messages they travel as."""
        lists = self._bundle_claims()[_STATUS_LISTS]
        assert isinstance(lists, list)
        return lists

    def keys(self) -> Mapping[bytes, PublicKey]:
        """All keys of the key list by kid."""
        key_list = self._bundle_claims()[_KEY_LIST]
        assert isinstance(key_list, bytes)
        claims = cbor.decode(decode_sign(key_list).payload)
        assert isinstance(claims, dict)
        found = [PublicKey.from_cose_key(entry[_COSE_KEY]) for entry in claims[_ENTRIES]]
        return {public.kid: public for public in found}

    def _bundle_claims(self) -> dict[object, object]:
        claims = cbor.decode(decode_sign(self.bundle.read_bytes()).payload)
        assert isinstance(claims, dict)
        return claims


def make_city(folder: Path) -> City:
    """Runs init, issue, suspend, root and bundle in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    applications = folder / "applications.json"
    applications.write_text(json.dumps([_application("A"), _application("B")]), "utf-8")
    cardsvc(folder, "init")
    people = ("--submitted-by", "clerk1", "--approved-by", "chief1")
    cardsvc(folder, "issue", str(applications), *people, "--out", str(folder / "out"))
    manifest = (folder / "out" / "manifest.jsonl").read_text("utf-8").splitlines()
    numbers = [line["number"] for line in map(json.loads, manifest) if line.get("number")]
    assert len(numbers) == 2
    cardsvc(folder, "suspend", numbers[1], "--reason", "a test")
    cardsvc(folder, "root", "--out", str(folder / "root"))
    cardsvc(folder, "bundle", "centre", "--out", str(folder / "bundle"))
    return City(folder, tuple(_issued(folder / "out", number) for number in numbers))


def cardsvc(folder: Path, *arguments: str) -> str:
    """Runs one command on the city in ``folder``; fails with its words unless it succeeds."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CARDSVC_")}
    environment = kept | {"CARDSVC_DATA": str(folder / "data")}
    return run(environment, *arguments, cwd=folder)


def _issued(out: Path, number: str) -> IssuedCard:
    return IssuedCard(
        number,
        out / f"{number}.pdf",
        (out / f"{number}.gate.txt").read_text("ascii").strip("\r\n"),
        (out / f"{number}.identity.txt").read_text("ascii").strip("\r\n"),
        (out / f"{number}.ndef").read_bytes(),
    )


def _application(letter: str) -> dict[str, object]:
    today = datetime.now(UTC).date()
    return {
        "surname": "O'Brien-Haddad" if letter == "A" else "Mwangi",
        "given_names": "Amina Zeynep",
        "nationality": "KEN",
        "birth": "1990-02-28",
        "sex": "F",
        "passport": f"{letter}1234567",
        "passport_country": "KEN",
        "passport_expiry": (today + timedelta(days=2000)).isoformat(),
        "name_chinese": "阿米娜",
        "permit_kind": "residence",
        "permit": f"RP{letter}00123",
        "permit_expiry": (today + timedelta(days=500)).isoformat(),
        "permit_class": "A",
        "class": "merchant",
        "services": ["bus", "hospital", "library"],
        "portrait": _portrait(),
        "reference": f"test-{letter}",
    }


def _portrait() -> str:
    """A face of nobody, as base64."""
    image = Image.new("RGB", (480, 640), (214, 226, 236))
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 470, 420, 900), fill=(52, 84, 104))
    draw.ellipse((140, 130, 340, 410), fill=(198, 152, 120))
    draw.pieslice((130, 100, 350, 330), 180, 360, fill=(46, 34, 30))
    for left in (190, 265):
        draw.ellipse((left, 250, left + 25, 265), fill=(40, 30, 30))
    draw.arc((200, 300, 280, 360), 20, 160, fill=(130, 60, 60), width=6)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=92)
    return base64.b64encode(file.getvalue()).decode("ascii")
