"""Copies the typefaces that the card needs from ``node_modules`` to ``templates/fonts``.

Run by the set-up after ``npm ci``. Only the two weights that are printed are copied; the font files are
not kept in the repository (``.gitignore``), the licence of each family is written beside them.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "node_modules" / "@expo-google-fonts"
TARGET = ROOT / "templates" / "fonts"

#: Every typeface is printed in these two weights: labels, and what must be read first.
WEIGHTS = ("400Regular", "600SemiBold")

FAMILIES = {
    "NotoSans": "noto-sans",
    "NotoSansSC": "noto-sans-sc",
    "NotoSansJP": "noto-sans-jp",
    "NotoSansKR": "noto-sans-kr",
    "NotoNaskhArabic": "noto-naskh-arabic",
    "NotoNastaliqUrdu": "noto-nastaliq-urdu",
    "NotoSansHebrew": "noto-sans-hebrew",
    "NotoSansDevanagari": "noto-sans-devanagari",
    "NotoSansBengali": "noto-sans-bengali",
    "NotoSansTamil": "noto-sans-tamil",
    "NotoSansThai": "noto-sans-thai",
    "NotoSansEthiopic": "noto-sans-ethiopic",
    "NotoSansMyanmar": "noto-sans-myanmar",
    "NotoSansGujarati": "noto-sans-gujarati",
    "NotoSansGurmukhi": "noto-sans-gurmukhi",
    "NotoSansTelugu": "noto-sans-telugu",
    "NotoSansKannada": "noto-sans-kannada",
    "NotoSansMalayalam": "noto-sans-malayalam",
    "NotoSansSinhala": "noto-sans-sinhala",
    "NotoSansKhmer": "noto-sans-khmer",
    "NotoSansLao": "noto-sans-lao",
    "NotoSansGeorgian": "noto-sans-georgian",
    "NotoSansArmenian": "noto-sans-armenian",
}

#: Rare Han characters (U+20000 and on): no npm package has them as TrueType. Where systems keep the file;
#: Debian and Ubuntu: fonts-hanazono, Homebrew: font-hanamina.
RARE = "HanaMinB.ttf"
RARE_PLACES = (
    Path("/usr/share/fonts/truetype/hanazono"),
    Path("/usr/share/fonts/hanazono"),
    Path("/usr/share/fonts/TTF"),
    Path("/Library/Fonts"),
    Path.home() / "Library" / "Fonts",
)
RARE_LICENCE = (
    "HanaMinB: Hanazono Mincho, copyright GlyphWiki Project; Hanazono Font License (free use) or SIL OFL 1.1."
)


def copy_fonts(source: Path, target: Path) -> list[Path]:
    """Copy every weight and licence that is missing or differs in size; returns the font files."""
    target.mkdir(parents=True, exist_ok=True)
    fonts = []
    notes = ["The typefaces in this folder, each under the licence named here (full texts beside it).", ""]
    for family, package in FAMILIES.items():
        folder = source / package
        if not folder.is_dir():
            raise SystemExit(f"fonts: {folder} is missing. Run `npm ci` first, then this script again.")
        for weight in WEIGHTS:
            name = f"{family}_{weight}.ttf"
            fonts.append(_copy(folder / weight / name, target / name))
        licence = folder / "LICENSE_FONT"
        _copy(licence, target / f"{family}.LICENSE.txt")
        notes.append(f"{family}: {licence.read_text('utf-8').strip().splitlines()[0]}")
    rare = next((place / RARE for place in RARE_PLACES if (place / RARE).is_file()), None)
    if rare is not None:
        fonts.append(_copy(rare, target / "HanaMinB_400Regular.ttf"))
        notes.append(RARE_LICENCE)
    (target / "LICENSES.txt").write_text("\n".join(notes) + "\n", "utf-8")
    return fonts


def _copy(source: Path, target: Path) -> Path:
    """Copy unless a file of the same size is there already; 50 MB need not be written at every start."""
    if not target.exists() or target.stat().st_size != source.stat().st_size:
        shutil.copyfile(source, target)
    return target


def main() -> int:
    """Copy, and say where to."""
    fonts = copy_fonts(SOURCE, TARGET)
    print(f"fonts: {len(fonts)} files in {TARGET.relative_to(ROOT)}")
    if not any(path.name.startswith("HanaMinB") for path in fonts):
        print(f"fonts: no {RARE} on this system; names with characters like U+20000 are refused until it is")
    return 0


if __name__ == "__main__":
    sys.exit(main())
