"""Files of applications: JSON, JSON Lines or CSV in, one raw application after another out.

A broken line costs that application alone; a file that cannot be read at all is one error.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePath
from typing import BinaryIO, NoReturn

from issuance.errors import ApplicationRefused, FieldError, FileRefused
from issuance.fields import MAX_PORTRAIT_TEXT, shown

#: A whole JSON file is held in memory: some 500 applications with portraits of 300 KB inside.
MAX_JSON_BYTES = 256 * 2**20
#: One line holds one application with its portrait and not much beside.
MAX_LINE_BYTES = MAX_PORTRAIT_TEXT + 64 * 1024
#: Cells of CSV are short (``csv`` itself stops at 128 KiB): portraits there are paths.
ENCODING = "utf-8-sig"  # a byte-order mark, as spreadsheets write it, is no part of the first name

Raw = Mapping[str, object]
Item = tuple[int, Raw | ApplicationRefused]


def load_applications(path: Path) -> Iterator[Item]:
    """Give every raw application of a file with its place, by the ending .json, .jsonl, .ndjson or .csv.

    The place is the position in a JSON list, from 1, or else the line of the file. What cannot be read
    comes as :class:`ApplicationRefused` in its place, and the rest goes on. Raises :class:`FileRefused`
    when the file as a whole cannot be read.
    """
    reader = _reader_of(path.name)
    try:
        with path.open("rb") as file:
            yield from reader(path.name, file)
    except OSError as error:
        words = f"{path.name} cannot be read ({error.strerror}); check the path and who may read it."
        raise FileRefused("unreadable", words) from error


def read_applications(name: str, data: bytes) -> Iterator[Item]:
    """The same for a file that is in memory already, and shall lie on no disk in the clear."""
    yield from _reader_of(name)(name, BytesIO(data))


def _reader_of(name: str) -> Callable[[str, BinaryIO], Iterator[Item]]:
    readers = {".json": _json, ".jsonl": _json_lines, ".ndjson": _json_lines, ".csv": _csv}
    reader = readers.get(PurePath(name).suffix.lower())
    if reader is None:
        words = f"{name}: a file ending in {', '.join(readers)} was expected; save it as one of them."
        raise FileRefused("unknown_form", words)
    return reader


def _json(name: str, file: BinaryIO) -> Iterator[Item]:
    data = file.read(MAX_JSON_BYTES + 1)
    if len(data) > MAX_JSON_BYTES:
        limit = MAX_JSON_BYTES // 2**20
        raise FileRefused("too_large", f"{name}: at most {limit} MiB are read; use JSON Lines instead.")
    try:
        whole = _decode(data)
    except ValueError as error:
        raise FileRefused("malformed", f"{name} is no JSON: {error}; correct it there.") from error
    if isinstance(whole, dict) and set(whole) == {"applications"}:
        whole = whole["applications"]
    if not isinstance(whole, list):
        words = f'{name}: a list, or {{"applications": [...]}}, was expected; put the applications in [ ].'
        raise FileRefused("malformed", words)
    for place, item in enumerate(whole, 1):
        yield place, _mapping(item)


def _json_lines(name: str, file: BinaryIO) -> Iterator[Item]:
    for place, line in _lines(file):
        if isinstance(line, ApplicationRefused):
            yield place, line
            continue
        try:
            yield place, _mapping(_decode(line))
        except ValueError as error:
            yield place, _refused("malformed", f"Line {place} is no JSON: {error}; correct this line.")


def _csv(name: str, file: BinaryIO) -> Iterator[Item]:
    """One line is one application: a cell cannot hold a line break, so an open quote harms its line alone."""
    header: list[str] | None = None
    for place, line in _lines(file):
        cells = line if isinstance(line, ApplicationRefused) else _cells(place, line)
        if header is None:
            if isinstance(cells, ApplicationRefused):
                raise FileRefused("malformed", f"{name}: the line of names cannot be read. {cells}")
            header = [column.strip() for column in cells]
            if len(set(header)) != len(header) or "" in header:
                words = f"{name}: the first line must name every column once; correct the names."
                raise FileRefused("malformed", words)
        elif isinstance(cells, ApplicationRefused):
            yield place, cells
        elif len(cells) != len(header):
            words = f"Line {place} has {len(cells)} cells, {len(header)} were expected; correct this line."
            yield place, _refused("malformed", words)
        else:
            yield place, _row(dict(zip(header, cells, strict=True)))
    if header is None:
        raise FileRefused("malformed", f"{name} is empty; a first line with the names was expected.")


def _cells(place: int, line: bytes) -> list[str] | ApplicationRefused:
    try:
        return next(csv.reader([line.decode(ENCODING if place == 1 else "utf-8")], strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        return _refused("malformed", f"Line {place} is no CSV in UTF-8: {error}; correct this line.")


def _row(cells: Mapping[str, str]) -> Raw | ApplicationRefused:
    """Empty cells are left out; services stand in one cell as ``bus;library:2027-01-31``."""
    row: dict[str, object] = {name: cell for name, cell in cells.items() if cell.strip()}
    if "services" not in row:
        return row
    services: dict[str, object] = {}
    for part in cells["services"].split(";"):
        name, colon, last = (piece.strip() for piece in part.partition(":"))
        if not name and not colon:
            continue  # a semicolon at the end
        if name in services:
            return _refused("duplicate", f"{shown(name)} is named twice; leave one out.", "services")
        services[name] = last if colon else None
    return {**row, "services": services}


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | ApplicationRefused]]:
    """The lines that are not blank, numbered from 1; one over the limit is skipped to its end."""
    place = 0
    while line := file.readline(MAX_LINE_BYTES):
        place += 1
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            words = f"Line {place} is longer than {MAX_LINE_BYTES} bytes; give the portrait as a path."
            yield place, _refused("too_large", words)
        elif line.strip():
            yield place, line.rstrip(b"\r\n")


def _decode(data: bytes) -> object:
    """Strict JSON: UTF-8, no key twice, no NaN; every failure is a ``ValueError`` (as JSON's own are)."""
    try:
        return json.loads(data.decode(ENCODING), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    whole = dict(pairs)
    if len(whole) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{shown(twice)} is named twice")
    return whole


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _mapping(item: object) -> Raw | ApplicationRefused:
    if isinstance(item, dict):
        return item
    return _refused("malformed", f"An application in {{ }} was expected, {shown(item)} came; correct it.")


def _refused(reason: str, words: str, field: str = "application") -> ApplicationRefused:
    return ApplicationRefused([FieldError(field, reason, words)])
