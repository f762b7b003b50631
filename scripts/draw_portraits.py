"""Draw the portraits of the examples: people who do not exist, by formula, so that nobody's face is used.

    python -m scripts.draw_portraits [--out examples/portraits] [--sheet FILE]

The drawings are illustrations in the manner of the design board: flat colours, soft shading, plain ground.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image

from scripts.portraits.artist import Artist
from scripts.portraits.canvas import Person

#: The most bytes of a portrait file in the repository.
FILE_MAX = 40 * 1024

PEOPLE = (
    Person("salim", "#d6a078", "#221813", "#d7e6e0", "#24443b", extras=frozenset({"beard"}), collar="open",
           brow=1.15),
    Person("haneul", "#efc9a8", "#1c1614", "#dfe4ee", "#394a6b", cut="bob", collar="blazer", lips="#c4605c",
           brow=0.8, wide=0.97),
    Person("asha", "#b97f55", "#1a1210", "#efe3d3", "#a8324a", cut="bun", collar="sari", lips="#a2433f",
           accent="#e3a83b", extras=frozenset({"earrings"}), wide=0.96),
    Person("rahim", "#a66f48", "#17110f", "#dbe7ea", "#e9ecec", cut="side", collar="band",
           extras=frozenset({"moustache", "glasses"}), brow=1.1),
    Person("mehr", "#dcab84", "#2a1c16", "#e6e2ee", "#51436f", scarf="#6b5b95", lips="#b9605d", brow=0.9,
           wide=0.95),
    Person("taro", "#ecc7a0", "#20191a", "#d9e6e3", "#2f3640", cut="fringe", collar="suit", accent="#7d2e3a",
           extras=frozenset({"glasses"})),
    Person("ivan", "#f0cdb4", "#8a5a33", "#dde6ea", "#46627a", cut="swept", collar="turtle",
           extras=frozenset({"stubble"}), eyes="#4d6a7d", wide=1.04),
    Person("somsri", "#d8a67a", "#1d1513", "#f0e4d8", "#d98a3d", cut="long", collar="crew", lips="#b7504f",
           brow=0.85, wide=0.98),
    Person("abebe", "#6f4630", "#120d0b", "#e2e8d9", "#3c5a3a", cut="crop", collar="open", brow=1.1,
           extras=frozenset({"goatee"})),
    Person("mai", "#f0caa5", "#1f1716", "#e3ece3", "#f3f0e8", cut="long", collar="mandarin", lips="#cc6a66",
           accent="#2e7d6b", brow=0.8, wide=0.94),
    Person("especimen", "#c9956c", "#3a2a22", "#e9e2da", "#23324d", cut="receding", collar="suit",
           accent="#1f6b4f", extras=frozenset({"grey", "moustache"}), wide=1.05),
    Person("noor", "#d9a880", "#241813", "#e2ece8", "#2f6f6a", scarf="#e8d9c8", lips="#b5605a", brow=0.9,
           wide=0.95),
    Person("layan", "#dcac84", "#2b1b15", "#f1e7dc", "#e0a94a", cut="pigtails", collar="crew",
           lips="#c26f68", child=True, brow=0.75),
    Person("kim", "#e6bb95", "#5a4a40", "#dfe3e3", "#6a5a4d", cut="short", collar="crew",
           extras=frozenset({"grey", "glasses"})),
)  # fmt: skip


def to_jpeg(picture: Image.Image) -> bytes:
    """The best of a few qualities that stays within ``FILE_MAX``."""
    for quality in (92, 88, 84, 78, 70):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True, subsampling="4:2:0")
        if len(out.getvalue()) <= FILE_MAX:
            break
    return out.getvalue()


def main() -> None:
    """Draw everybody, and a contact sheet where one is asked for."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("examples/portraits"))
    parser.add_argument("--sheet", type=Path, help="also write all of them in one picture, to look at")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pictures = [Artist(person).draw() for person in PEOPLE]
    for person, picture in zip(PEOPLE, pictures, strict=True):
        data = to_jpeg(picture)
        (options.out / f"{person.file}.jpg").write_bytes(data)
        print(f"{person.file}.jpg  {len(data):,} bytes")
    if options.sheet:
        sheet = Image.new("RGB", (7 * 220, 2 * 283), "white")
        for number, picture in enumerate(pictures):
            sheet.paste(picture.resize((210, 270)), (number % 7 * 220 + 5, number // 7 * 283 + 6))
        sheet.save(options.sheet)


if __name__ == "__main__":
    main()
