"""A PDF put together from finished streams, with ReportLab's objects and none of its drawing.

ReportLab counts objects and writes the file; its canvas, which spends most of its time re-encoding streams,
is left out, and no setting of it is changed for others in the process.
"""

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image
from reportlab.pdfbase.pdfdoc import (
    PDFArray,
    PDFDictionary,
    PDFDocument,
    PDFInfo,
    PDFObject,
    PDFObjectReference,
    PDFPage,
    PDFStream,
    PDFString,
)

from issuance.art import num
from issuance.errors import FieldError
from issuance.layout import PAGE_POINTS
from issuance.pdftext import Lettered
from issuance.qr import Matrix
from issuance.typefaces import Subset

References = Mapping[str, PDFObjectReference]


@dataclass(frozen=True, slots=True)
class Art:
    """The art of one side: its operators, the curves they repeat, the patterns they name."""

    content: bytes
    curves: Mapping[str, bytes]
    patterns: str


class _Raw(PDFObject):  # type: ignore[misc]  # ReportLab has no types
    """A dictionary that is text already, with the fonts put in."""

    def __init__(self, text: str) -> None:
        self._text = text

    def format(self, document: PDFDocument) -> bytes:
        """The text as it stands."""
        return self._text.encode("ascii")


class _Info(PDFInfo):  # type: ignore[misc]  # ReportLab has no types
    """Information without a date, so that the same card is the same file."""

    def format(self, document: PDFDocument) -> bytes:
        """Title and producer, nothing else."""
        entries = {"Title": PDFString("Card"), "Producer": PDFString("cardsvc")}
        return bytes(PDFDictionary(entries).format(document))


class Document:
    """One PDF being put together from finished streams."""

    def __init__(self) -> None:
        self._document = PDFDocument(compression=1, invariant=1)
        self._document.info = _Info()

    def finish(self) -> bytes:
        """The file."""
        return bytes(self._document.GetPDFData(None))

    def page(self, content: str, fonts: References, objects: References) -> None:
        """Add a page of card size that draws ``content`` with these fonts and XObjects by name."""
        page = PDFPage()
        page.MediaBox = PDFArray([0, 0, _Raw(f"{PAGE_POINTS[0]:.2f}"), _Raw(f"{PAGE_POINTS[1]:.2f}")])
        page.Resources = PDFDictionary(
            {"Font": PDFDictionary(dict(fonts)), "XObject": PDFDictionary(dict(objects))}
        )
        page.Contents = self._stream({}, zlib.compress(content.encode("ascii"), 6))
        self._document.addPage(page)

    def art(self, drawn: Art, fonts: References) -> PDFObjectReference:
        """Art as a form XObject over the whole page."""
        curves = {name: self._form(path, "<< >>") for name, path in drawn.curves.items()}
        names = [
            PDFDictionary(dict(group)).format(self._document).decode("ascii") for group in (fonts, curves)
        ]
        return self._form(drawn.content, f"<< /Font {names[0]} /XObject {names[1]} {drawn.patterns} >>")

    def _form(self, content: bytes, resources: str) -> PDFObjectReference:
        """A form XObject; its box is generous, because curves are stored around the origin."""
        reach = num(2 * PAGE_POINTS[0])
        entries = {
            "Type": "/XObject",
            "Subtype": "/Form",
            "Resources": _Raw(resources),
            "BBox": f"[-{reach} -{reach} {reach} {reach}]",
        }
        return self._document.Reference(self._stream(entries, content))

    def mask(self, matrix: Matrix) -> PDFObjectReference:
        """Modules as a 1-bit mask, one sample a module: an XObject, because inline bytes get corrupted."""
        entries = {
            "Type": "/XObject",
            "Subtype": "/Image",
            "ImageMask": "true",
            "BitsPerComponent": 1,
            "Width": matrix.size,
            "Height": matrix.size,
            "Decode": "[1 0]",
            "Interpolate": "false",
        }
        return self._document.Reference(self._stream(entries, zlib.compress(matrix.rows, 9)))

    def picture(self, jpeg: bytes) -> tuple[PDFObjectReference, int, int]:
        """A JPEG as it is, with its width and height."""
        try:
            with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
                (width, height), mode = image.size, image.mode
        except OSError as error:
            raise FieldError(
                "portrait", "bad_picture", "portrait: a JPEG was expected for printing"
            ) from error
        if mode not in ("RGB", "L"):
            raise FieldError("portrait", "bad_picture", f"portrait: RGB or grey was expected, not {mode}")
        entries = {
            "Type": "/XObject",
            "Subtype": "/Image",
            "Width": width,
            "Height": height,
            "BitsPerComponent": 8,
            "ColorSpace": "/DeviceRGB" if mode == "RGB" else "/DeviceGray",
        }
        return self._document.Reference(self._stream(entries, jpeg, "/DCTDecode")), width, height

    def fonts(self, lettered: Lettered) -> dict[str, PDFObjectReference]:
        """Embed every subset; gives the references by resource name."""
        return {name: self._font(subset) for name, subset in lettered.subsets.values()}

    def _font(self, subset: Subset) -> PDFObjectReference:
        """A Type 0 font with two-byte glyph numbers (ISO 32000-1, 9.7)."""
        add = self._document.Reference
        program = add(self._stream({"Length1": subset.length}, subset.program))
        box = " ".join(str(value) for value in subset.bounds)
        descriptor = add(
            PDFDictionary(
                {
                    "Type": "/FontDescriptor",
                    "FontName": f"/{subset.name}",
                    "Flags": 4,
                    "FontBBox": f"[{box}]",
                    "ItalicAngle": 0,
                    "Ascent": subset.bounds[3],
                    "Descent": subset.bounds[1],
                    "CapHeight": 714,
                    "StemV": 80,
                    "FontFile2": program,
                }
            )
        )
        widths = " ".join(num(width) for width in subset.widths)
        descendant = add(
            PDFDictionary(
                {
                    "Type": "/Font",
                    "Subtype": "/CIDFontType2",
                    "BaseFont": f"/{subset.name}",
                    "CIDSystemInfo": "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>",
                    "FontDescriptor": descriptor,
                    "CIDToGIDMap": add(self._stream({}, subset.glyph_map)),
                    "DW": 1000,
                    "W": f"[0 [{widths}]]",
                }
            )
        )
        return add(
            PDFDictionary(
                {
                    "Type": "/Font",
                    "Subtype": "/Type0",
                    "BaseFont": f"/{subset.name}",
                    "Encoding": "/Identity-H",
                    "DescendantFonts": PDFArray([descendant]),
                    "ToUnicode": add(self._stream({}, subset.to_unicode)),
                }
            )
        )

    @staticmethod
    def _stream(entries: Mapping[str, object], content: bytes, encoding: str = "/FlateDecode") -> PDFStream:
        return PDFStream(PDFDictionary({**entries, "Filter": encoding}), content, filters=[])
