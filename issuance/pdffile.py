"""A PDF put together from finished streams: ReportLab keeps the objects, their numbers and the file's table.

Its canvas is left out, because glyphs are placed here and streams come compressed. No date and no random
identifier: the same objects give the same bytes. There is no transparency, because card printers flatten it
badly.
"""

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image
from reportlab import rl_config
from reportlab.pdfbase.pdfdoc import (
    BasicFonts,
    PDFArray,
    PDFDictionary,
    PDFDocument,
    PDFInfo,
    PDFName,
    PDFObjectReference,
    PDFPage,
    PDFStream,
    PDFString,
    ViewerPreferencesPDFDictionary,
)

from issuance.art import num
from issuance.errors import FieldError
from issuance.pdftext import Lettered
from issuance.qr import Matrix
from issuance.typefaces import Subset

# Base85 would make streams a quarter larger, and dates the same card another file.
rl_config.useA85 = 0
rl_config.invariant = 1

#: How another object is named.
Reference: TypeAlias = PDFObjectReference
#: Lower left and upper right corner in points.
Box = tuple[float, float, float, float]
#: What a printer is told about both sides came with this version (ISO 32000-1, 12.2).
_PDF_VERSION = (1, 7)
_XOBJECT, _FORM, _IMAGE = PDFName("XObject"), PDFName("Form"), PDFName("Image")
_NO_RESOURCES = PDFDictionary()


@dataclass(frozen=True, slots=True)
class Art:
    """The art of one side: its operators, the curves they repeat, the shadings and patterns they name."""

    content: bytes
    curves: Mapping[str, bytes]
    patterns: Mapping[str, str]


class _Info(PDFInfo):  # type: ignore[misc]  # ReportLab has no types
    """Title and producer; ReportLab's own would give a date, if an invariant one."""

    def format(self, document: PDFDocument) -> bytes:
        """Both entries, as PDF."""
        entries = {"Title": PDFString(self.title), "Producer": PDFString("cardsvc")}
        return bytes(PDFDictionary(entries).format(document))


class Document:
    """One PDF being put together from finished streams."""

    def __init__(self, *, title: str = "Card", duplex: str = "") -> None:
        """``duplex`` is what a printer is told: empty, ``FlipLongEdge`` or ``FlipShortEdge``."""
        self._document = PDFDocument(compression=1, invariant=1, pdfVersion=_PDF_VERSION)
        self._document.info = _Info()
        self._document.setTitle(title)
        # A printer must not scale cards to its paper; where both sides are printed, it must turn them right.
        preferences = ViewerPreferencesPDFDictionary()
        preferences["PrintScaling"] = "None"
        if duplex:
            preferences["Duplex"] = f"Duplex{duplex}"
        self._document.Catalog.ViewerPreferences = preferences

    def finish(self) -> bytes:
        """The file."""
        return bytes(self._document.GetPDFData(None))

    def page(self, content: str, resources: Reference, size: tuple[float, float]) -> None:
        """Add a page of ``size`` points that draws ``content`` with these resources."""
        page = PDFPage()
        page.MediaBox = PDFArray([0, 0, *size])
        page.Resources = resources
        page.setCompression(1)
        page.setStream(content.encode("ascii"))
        self._document.updateSignature(page.stream)
        self._document.addPage(page)

    def resources(self, fonts: Reference, objects: Mapping[str, Reference]) -> Reference:
        """Fonts and XObjects under the names that a content stream uses."""
        return self._add({"Font": fonts, "XObject": PDFDictionary(dict(objects))})

    def art(self, drawn: Art, fonts: Reference, box: Box) -> Reference:
        """Art as a form XObject."""
        # Curves are stored around the origin and turned from there: their boxes are generous.
        reach = max(box) * 2
        curves = {
            name: self.form(path, _NO_RESOURCES, (-reach, -reach, reach, reach))
            for name, path in drawn.curves.items()
        }
        entries = {"Font": fonts, "XObject": PDFDictionary(curves), **drawn.patterns}
        return self.form(drawn.content, PDFDictionary(entries), box)

    def form(self, content: bytes, resources: Reference | PDFDictionary, box: Box) -> Reference:
        """A form XObject of compressed operators; what leaves its box is cut."""
        corners = PDFArray([num(value) for value in box])
        return self._stream(
            {"Type": _XOBJECT, "Subtype": _FORM, "BBox": corners, "Resources": resources}, content
        )

    def mask(self, matrix: Matrix) -> Reference:
        """Modules as a 1-bit mask, one sample a module."""
        entries = {
            "Type": _XOBJECT,
            "Subtype": _IMAGE,
            "ImageMask": "true",
            "BitsPerComponent": 1,
            "Decode": "[1 0]",
            "Interpolate": "false",
            "Width": matrix.size,
            "Height": matrix.size,
        }
        return self._stream(entries, zlib.compress(matrix.rows, 9))

    def picture(self, jpeg: bytes) -> tuple[Reference, int, int]:
        """A JPEG as it is, with its width and height."""
        width, height, mode = picture_size(jpeg)
        entries = {
            "Type": _XOBJECT,
            "Subtype": _IMAGE,
            "Width": width,
            "Height": height,
            "BitsPerComponent": 8,
            "ColorSpace": PDFName("DeviceRGB" if mode == "RGB" else "DeviceGray"),
        }
        return self._stream(entries, jpeg, "DCTDecode"), width, height

    def fonts(self, *lettered: Lettered) -> Reference:
        """Embed every subset of these; gives the dictionary of all fonts by resource name."""
        embedded = self._document.idToObject[BasicFonts]
        for one in lettered:
            for name, subset in one.subsets.values():
                embedded[name] = self._font(subset)
        return PDFObjectReference(BasicFonts)

    def _font(self, subset: Subset) -> Reference:
        """A Type 0 font with two-byte glyph numbers (9.7)."""
        name, kind = PDFName(subset.name), PDFName("Font")
        descriptor = self._add(
            {
                "Type": PDFName("FontDescriptor"),
                "FontName": name,
                "Flags": 4,
                "FontBBox": PDFArray(subset.bounds),
                "ItalicAngle": 0,
                "Ascent": subset.bounds[3],
                "Descent": subset.bounds[1],
                "CapHeight": 714,
                "StemV": 80,
                "FontFile2": self._stream({"Length1": subset.length}, subset.program),
            }
        )
        widths = " ".join(num(width) for width in subset.widths)
        descendant = self._add(
            {
                "Type": kind,
                "Subtype": PDFName("CIDFontType2"),
                "BaseFont": name,
                "CIDSystemInfo": "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>",
                "FontDescriptor": descriptor,
                "CIDToGIDMap": self._stream({}, subset.glyph_map),
                "DW": 1000,
                "W": f"[0 [{widths}]]",
            }
        )
        return self._add(
            {
                "Type": kind,
                "Subtype": PDFName("Type0"),
                "BaseFont": name,
                "Encoding": PDFName("Identity-H"),
                "DescendantFonts": PDFArray([descendant]),
                "ToUnicode": self._stream({}, subset.to_unicode),
            }
        )

    def _add(self, entries: Mapping[str, object]) -> Reference:
        """A dictionary as an object of its own."""
        return self._document.Reference(PDFDictionary(dict(entries)))

    def _stream(
        self, entries: Mapping[str, object], content: bytes, encoding: str = "FlateDecode"
    ) -> Reference:
        """A stream whose content is encoded already and stays as it is."""
        self._document.updateSignature(content)
        entries = {**entries, "Filter": PDFName(encoding)}
        return self._document.Reference(PDFStream(PDFDictionary(entries), content, filters=[]))


def picture_size(jpeg: bytes) -> tuple[int, int, str]:
    """Width, height and mode of a JPEG that can be printed; raises `FieldError` ``bad_picture``."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            (width, height), mode = image.size, image.mode
    except OSError as error:
        raise FieldError("portrait", "bad_picture", "portrait: a JPEG was expected for printing") from error
    if mode not in ("RGB", "L"):
        raise FieldError("portrait", "bad_picture", f"portrait: RGB or grey was expected, not {mode}")
    return width, height, mode
