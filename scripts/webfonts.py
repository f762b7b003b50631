"""Cuts the typefaces of ``templates/fonts`` into the pieces that a browser fetches when a page shows them.

Run by the set-up before the pages are built. Writes ``cardsvc/web/src/shared/fonts``: the pieces and
``fonts.css`` with one ``@font-face`` a piece and its ``unicode-range`` (CSS Fonts 4 section 4.5), so that a
page in English fetches 60 kB and an Amharic name brings its own letters. Nothing of it is in the repository.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import uharfbuzz as hb

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "templates" / "fonts"
TARGET = ROOT / "cardsvc" / "web" / "src" / "shared" / "fonts"
#: Where the pages' own words stand: the desk's in catalogues, the others' beside their screens.
PAGES = ROOT / "cardsvc" / "web" / "src"

#: The two weights that the pages use, as files and as CSS calls them.
WEIGHTS = {"400Regular": 400, "600SemiBold": 600}
FAMILY = "Noto Sans Web"

LATIN = [range(0x0020, 0x0250), range(0x2000, 0x2070), range(0x20A0, 0x20C0), range(0x2190, 0x2200)]
OTHER_LATIN = [range(0x0250, 0x0590), range(0x1D00, 0x2000), range(0x2070, 0x20A0), range(0x2200, 0x2300)]
HAN_MARKS = [range(0x3000, 0x3040), range(0xFF00, 0xFFF0)]
HAN = [range(0x2E80, 0x3000), range(0x3100, 0x3130), range(0x3400, 0x4DC0), range(0x4E00, 0xA000)]

#: Scripts of names; each is one piece of the family that draws it.
SCRIPTS = {
    "NotoNaskhArabic": [
        range(0x0600, 0x0700), range(0x0750, 0x0780), range(0x08A0, 0x0900), range(0xFB50, 0xFE00),
        range(0xFE70, 0xFF00),
    ],
    "NotoSansHebrew": [range(0x0590, 0x0600), range(0xFB1D, 0xFB50)],
    "NotoSansDevanagari": [range(0x0900, 0x0980), range(0xA8E0, 0xA900)],
    "NotoSansBengali": [range(0x0980, 0x0A00)],
    "NotoSansTamil": [range(0x0B80, 0x0C00)],
    "NotoSansThai": [range(0x0E00, 0x0E80)],
    "NotoSansMyanmar": [range(0x1000, 0x10A0)],
    "NotoSansGujarati": [range(0x0A80, 0x0B00)],
    "NotoSansGurmukhi": [range(0x0A00, 0x0A80)],
    "NotoSansTelugu": [range(0x0C00, 0x0C80)],
    "NotoSansKannada": [range(0x0C80, 0x0D00)],
    "NotoSansMalayalam": [range(0x0D00, 0x0D80)],
    "NotoSansSinhala": [range(0x0D80, 0x0E00)],
    "NotoSansKhmer": [range(0x1780, 0x1800)],
    "NotoSansLao": [range(0x0E80, 0x0F00)],
    "NotoSansGeorgian": [range(0x10A0, 0x1100), range(0x1C90, 0x1CC0)],
    "NotoSansArmenian": [range(0x0530, 0x0590)],
    "NotoSansEthiopic": [range(0x1200, 0x13A0), range(0x2D80, 0x2DE0)],
    "NotoSansKR": [range(0x1100, 0x1200), range(0x3130, 0x3190), range(0xAC00, 0xD7B0)],
    "NotoSansJP": [range(0x3040, 0x3100), range(0x31F0, 0x3200)],
}  # fmt: skip

#: Rare characters come in pieces of this many: 1.4 MB each.
RARE_PIECE = 4096

#: A rule of fonts.css.
FACE = """@font-face {{
  font-family: "{family}";
  font-weight: {weight};
  font-display: swap;
  src: url("./{file}") format("truetype");
  unicode-range: {ranges};
}}
"""


def main() -> int:
    """Write every piece and the style sheet that names them."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.iterdir():
        old.unlink()
    rules = []
    for name, family, wanted in pieces():
        whole = family == "NotoSansSC" and name != "han-pages"
        ranges = span_of(wanted) if whole else ranges_of(sorted(wanted))
        for weight, number in WEIGHTS.items():
            face = hb.Face((SOURCE / f"{family}_{weight}.ttf").read_bytes())
            file = f"{name}-{number}.ttf"
            (TARGET / file).write_bytes(subset(face, wanted))
            rules.append(FACE.format(family=FAMILY, weight=number, file=file, ranges=ranges))
    (TARGET / "fonts.css").write_text("".join(rules), "utf-8")
    return 0


def pieces() -> Iterator[tuple[str, str, frozenset[int]]]:
    """Name, family and characters of every piece. Where two hold a character, the browser takes the later."""
    spoken = {ord(sign) for path in PAGES.rglob("*.ts*") for sign in path.read_text("utf-8")}
    common = frozenset(common_han())
    drawn = frozenset(hb.Face((SOURCE / "NotoSansSC_400Regular.ttf").read_bytes()).unicodes)
    rare = sorted((flat(HAN) & drawn) - common)
    for start in range(0, len(rare), RARE_PIECE):
        yield f"han-rare-{start // RARE_PIECE}", "NotoSansSC", frozenset(rare[start : start + RARE_PIECE])
    said = flat(HAN) & spoken
    yield "han-common", "NotoSansSC", common - said
    yield "han-pages", "NotoSansSC", said | flat(HAN_MARKS)
    for family, ranges in SCRIPTS.items():
        yield family, family, flat(ranges)
    yield "latin-other", "NotoSans", flat(OTHER_LATIN)
    yield "latin", "NotoSans", flat(LATIN)


def common_han() -> Iterator[int]:
    """The 3,755 characters of GB 2312 level 1: rows 16 to 55, sorted by use when the standard was made."""
    for row in range(0xB0, 0xD8):
        for cell in range(0xA1, 0xFF):
            try:
                yield ord(bytes([row, cell]).decode("gb2312"))
            except UnicodeDecodeError:
                continue  # the last row is not full


def flat(ranges: Iterable[range]) -> frozenset[int]:
    """All code points of some ranges."""
    return frozenset(point for one in ranges for point in one)


def subset(face: hb.Face, points: Iterable[int]) -> bytes:
    """The face with these characters and what shaping them needs; no hints, which no screen here asks for."""
    wanted = hb.SubsetInput()
    wanted.flags = hb.SubsetFlags.NO_HINTING
    for point in points:
        wanted.unicode_set.add(point)
    return bytes(hb.subset(face, wanted).blob.data)


def span_of(points: Iterable[int]) -> str:
    """From the first to the last: for pieces whose gaps a later rule fills, so that the list stays short."""
    ordered = sorted(points)
    return f"U+{ordered[0]:X}-{ordered[-1]:X}"


def ranges_of(points: list[int]) -> str:
    """``U+41-5A, U+E9`` for sorted code points."""
    runs: list[list[int]] = []
    for point in points:
        if runs and point == runs[-1][1] + 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    return ", ".join(f"U+{first:X}" if first == last else f"U+{first:X}-{last:X}" for first, last in runs)


if __name__ == "__main__":
    sys.exit(main())
