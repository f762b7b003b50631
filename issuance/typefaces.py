"""The typefaces of a card: which one writes a character, and small subsets of them to embed in a PDF.

A face is opened once and kept. HarfBuzz makes a subset of a prepared face in about 0.1 ms, so every card
carries exactly the glyphs it shows; making it from an unprepared face, or with another library, costs
up to thousands of times that (docs/performance.md).
"""

import hashlib
import unicodedata
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

import uharfbuzz as hb

from issuance.errors import IssuanceError


class Weight(StrEnum):
    """The two weights that are printed; the value ends the file name."""

    REGULAR = "400Regular"
    STRONG = "600SemiBold"


#: Rare Han characters, beyond the basic plane. One weight, and no npm package: the set-up takes it from the
#: system where it can, and cards are printed without it until such a name comes.
RARE_HAN = "HanaMinB"
_OPTIONAL = frozenset({RARE_HAN})

#: ISO 15924 script to the families that write it, best first. Latin, Cyrillic and Greek are the base.
_BY_SCRIPT: Mapping[str, tuple[str, ...]] = {
    "Latn": ("NotoSans",),
    "Cyrl": ("NotoSans",),
    "Grek": ("NotoSans",),
    "Arab": ("NotoNaskhArabic",),
    "Hebr": ("NotoSansHebrew",),
    "Deva": ("NotoSansDevanagari", "NotoSans"),
    "Beng": ("NotoSansBengali",),
    "Taml": ("NotoSansTamil",),
    "Thai": ("NotoSansThai",),
    "Ethi": ("NotoSansEthiopic",),
    "Mymr": ("NotoSansMyanmar",),
    "Gujr": ("NotoSansGujarati",),
    "Guru": ("NotoSansGurmukhi",),
    "Telu": ("NotoSansTelugu",),
    "Knda": ("NotoSansKannada",),
    "Mlym": ("NotoSansMalayalam",),
    "Sinh": ("NotoSansSinhala",),
    "Khmr": ("NotoSansKhmer",),
    "Laoo": ("NotoSansLao",),
    "Geor": ("NotoSansGeorgian",),
    "Armn": ("NotoSansArmenian",),
    "Hang": ("NotoSansKR",),
    "Hira": ("NotoSansJP",),
    "Kana": ("NotoSansJP",),
    "Hani": ("NotoSansSC", "NotoSansJP", "NotoSansKR", RARE_HAN),
}

#: A language (ISO 639-3) that wants another family than its script's first: Urdu readers expect
#: nastaliq, and Han characters have the shapes of the reader's own country.
_BY_LANGUAGE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("urd", "Arab"): ("NotoNastaliqUrdu", "NotoNaskhArabic"),
    ("jpn", "Hani"): ("NotoSansJP", "NotoSansSC", "NotoSansKR", RARE_HAN),
    ("kor", "Hani"): ("NotoSansKR", "NotoSansSC", "NotoSansJP", RARE_HAN),
}

_LAYOUT_TABLES = (
    "GSUB",
    "GPOS",
    "GDEF",
    "BASE",
    "STAT",
    "cmap",
    "name",
    "OS/2",
    "post",
    "gasp",
    "vhea",
    "vmtx",
    "VORG",
    "DSIG",
    "meta",
)


@lru_cache(maxsize=4096)
def script_of(char: str) -> str | None:
    """The ISO 15924 script of one character, None for what belongs to every script (spaces, marks)."""
    buffer = hb.Buffer()
    buffer.add_codepoints([ord(char)])
    buffer.guess_segment_properties()
    return str(buffer.script) if buffer.script else None


def character_name(char: str) -> str:
    """How a message names a character: ``U+13000 EGYPTIAN HIEROGLYPH A001``."""
    return f"U+{ord(char):04X} {unicodedata.name(char, 'without a name')}"


@dataclass(frozen=True, slots=True)
class Subset:
    """A font cut down to the glyphs of one card: what the PDF needs to embed it."""

    name: str  #: PostScript name with its six-letter tag, "ABCDEF+NotoSans"
    program: bytes  #: the TrueType file, zlib-compressed
    length: int  #: its length before compression
    codes: Mapping[tuple[int, str], int]  #: (glyph of the whole font, what it stands for) to its code
    glyph_map: bytes  #: code to glyph of the subset (CIDToGIDMap), zlib-compressed
    widths: tuple[float, ...]  #: advance of each code, 1/1000 em
    bounds: tuple[int, int, int, int]  #: xmin, ymin, xmax, ymax, 1/1000 em
    to_unicode: bytes  #: the ToUnicode CMap, zlib-compressed


class Typeface:
    """One font file, opened once; shapes with HarfBuzz and gives subsets of itself."""

    def __init__(self, path: Path) -> None:
        """Open the file; the prepared copy for subsets is made when the first one is asked for."""
        self.name = path.stem.partition("_")[0]
        self._face = hb.Face(hb.Blob.from_file_path(str(path)))
        self.font = hb.Font(self._face)
        self.per_mille = 1000 / self._face.upem
        self._prepared: hb.Face | None = None
        self._extents: dict[int, tuple[float, float]] = {}
        self._nominal: dict[str, bool] = {}

    def has(self, char: str) -> bool:
        """Whether the face has a glyph for this character by itself."""
        found = self._nominal.get(char)
        if found is None:
            found = self._nominal[char] = self.font.get_nominal_glyph(ord(char)) is not None
        return found

    def ink(self, gid: int) -> tuple[float, float]:
        """Lowest and highest ink of a glyph over the base line, 1/1000 em."""
        found = self._extents.get(gid)
        if found is None:
            box = self.font.get_glyph_extents(gid)
            top = box.y_bearing * self.per_mille if box else 0.0
            found = self._extents[gid] = (top + (box.height * self.per_mille if box else 0.0), top)
        return found

    def subset(self, pairs: Collection[tuple[int, str]]) -> Subset:
        """A subset for ``pairs`` of a glyph and the characters it stands for, perhaps none.

        The same glyph gets a code for each meaning: Arabic letters share shapes and differ in their dots.
        """
        if self._prepared is None:
            self._prepared = hb.subset_preprocess(self._face)
        wanted = hb.SubsetInput()
        wanted.sets(hb.SubsetInputSets.GLYPH_INDEX).update({gid for gid, _ in pairs})
        wanted.sets(hb.SubsetInputSets.DROP_TABLE_TAG).update(_tag(name) for name in _LAYOUT_TABLES)
        wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE
        plan = hb.SubsetPlan(self._prepared, wanted)
        program = bytes(plan.execute().blob.data)
        kept = plan.old_to_new_glyph_mapping
        codes = {pair: code for code, pair in enumerate(sorted(pairs), 1)}
        gids = [0, *(gid for gid, _ in codes)]
        lows, highs = zip(*(self.ink(gid) for gid in gids), strict=True)
        widths = tuple(round(self.font.get_glyph_h_advance(gid) * self.per_mille, 2) for gid in gids)
        glyph_map = b"".join(int(kept[gid]).to_bytes(2, "big") for gid in gids)
        return Subset(
            name=f"{_subset_tag(program)}+{self.name}",
            program=zlib.compress(program, 6),
            length=len(program),
            codes=codes,
            glyph_map=zlib.compress(glyph_map, 6),
            widths=widths,
            bounds=(-500, int(min(lows)) - 1, int(max(widths)) + 500, int(max(highs)) + 1),
            to_unicode=zlib.compress(
                _to_unicode({code: text for (_, text), code in codes.items() if text}), 6
            ),
        )


@cache
def open_typefaces(folder: Path) -> "Typefaces":
    """The typefaces of a folder, opened once in a process however many layouts print with them."""
    return Typefaces(folder)


class Typefaces:
    """All faces of a folder, opened when first needed and kept."""

    def __init__(self, folder: Path) -> None:
        """``folder`` holds the files that ``scripts/fonts.py`` copies."""
        self._folder = folder
        self._complete = all(self._path(family, Weight.REGULAR).is_file() for family in _OPTIONAL)
        self._open: dict[tuple[str, Weight], Typeface] = {}

    def face(self, family: str, weight: Weight) -> Typeface:
        """One face; `IssuanceError` ``font_missing`` says which file is expected where."""
        weight = Weight.REGULAR if family in _OPTIONAL else weight
        found = self._open.get((family, weight))
        if found is None:
            path = self._path(family, weight)
            if not path.is_file():
                raise IssuanceError(
                    "font_missing",
                    f"the font {path} is not there: run `npm ci`, then `python scripts/fonts.py`",
                )
            found = self._open[family, weight] = Typeface(path)
        return found

    def families(self, script: str | None, language: str | None) -> tuple[str, ...]:
        """The families that write ``script`` for readers of ``language``, best first; only those at hand."""
        if script is None:
            return ("NotoSans",)
        own = _BY_LANGUAGE.get((language or "", script)) or _BY_SCRIPT.get(script, ())
        return own if self._complete else tuple(family for family in own if family not in _OPTIONAL)

    def _path(self, family: str, weight: Weight) -> Path:
        return self._folder / f"{family}_{weight.value}.ttf"


def _tag(name: str) -> int:
    return int.from_bytes(name.encode("ascii"), "big")


def _subset_tag(program: bytes) -> str:
    """Six letters that differ when the subset differs (ISO 32000-1, 9.6.4)."""
    digest = hashlib.sha256(program).digest()
    return "".join(chr(ord("A") + byte % 26) for byte in digest[:6])


def _to_unicode(texts: Mapping[int, str]) -> bytes:
    """A ToUnicode CMap (ISO 32000-1, 9.10.3) for two-byte codes."""
    lines = [f"<{gid:04X}> <{text.encode('utf-16-be').hex().upper()}>" for gid, text in sorted(texts.items())]
    head = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
    )
    blocks = "".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in _blocks(lines, 100)
    )
    return (head + blocks + "endcmap CMapName currentdict /CMap defineresource pop end end\n").encode("ascii")


def _blocks(lines: list[str], size: int) -> Iterable[list[str]]:
    """The lines in groups: a CMap takes at most 100 entries a block."""
    return (lines[start : start + size] for start in range(0, len(lines), size))
