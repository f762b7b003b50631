"""The reader's configuration: TOML, every table and key known, every mistake named by line and key."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from verify.errors import Refused
from verify.reader.journal import DEFAULT_MIB
from verify.reader.phrases import LANGUAGES
from verify.reader.uploads import UPLOAD_S
from verify.services import Service
from verify.verdict import Role
from verify.verifier import Direction

#: A configuration is written by hand; more than this is another file.
MAX_BYTES: Final = 64 * 1024
EVENTS: Final = ("open", "allow", "deny", "attention", "any")


@dataclass(frozen=True, slots=True)
class InputConfig:
    """One source of codes; ``options`` are those of its kind, checked already."""

    kind: str
    direction: Direction
    service: int | None
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OutputConfig:
    """One lamp, door or screen."""

    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a reader is told; paths are absolute or relative to the file."""

    state: Path
    root: Path
    reader: str | None
    venue: str | None
    role: Role
    languages: tuple[str, ...]
    online: bool
    ca: Path | None
    sync_s: float
    upload_s: float
    folder: Path | None
    journal_mib: int
    sign_every: int
    inputs: tuple[InputConfig, ...]
    outputs: tuple[OutputConfig, ...]


def read_config(path: Path) -> Config:
    """Read the file; raises ``wrong_config`` with file, line and key."""
    try:
        data = path.read_bytes()[: MAX_BYTES + 1]
        if len(data) > MAX_BYTES:
            raise Refused("wrong_config", f"{path}: more than {MAX_BYTES} bytes")
        text = data.decode("utf-8")
        raw = tomllib.loads(text)
    except OSError as error:
        raise Refused("wrong_config", f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # Also what is no TOML, with its line, and what is no UTF-8.
        raise Refused("wrong_config", f"{path}: {error}") from error
    return _config(_Table(raw, "", _Source(path, text)), path.parent)


def _config(top: "_Table", here: Path) -> Config:
    reader, journal = top.table("reader"), top.table("journal", required=False)
    service = top.table("service", required=False) if top.has("service") else None
    folder = top.table("folder") if top.has("folder") else None
    asked = reader.choice("service", [known.label for known in Service], None)
    config = Config(
        state=here / reader.text("state"),
        root=here / reader.text("root"),
        reader=reader.maybe("id"),
        venue=reader.maybe("venue"),
        role=Role(reader.choice("role", [role.value for role in Role], "gate") or "gate"),
        languages=tuple(reader.texts("languages", LANGUAGES, ["zh", "en"])),
        online=service is not None,
        ca=None if service is None or not service.has("ca") else here / service.text("ca"),
        sync_s=0 if service is None else service.number("sync_s", 0, 21_600, 0),
        upload_s=UPLOAD_S if service is None else service.number("upload_s", 1, 86_400, UPLOAD_S),
        folder=None if folder is None else here / folder.text("path"),
        journal_mib=int(journal.number("max_mib", 1, 65_536, DEFAULT_MIB)),
        sign_every=int(journal.number("sign_every", 1, 500, 100)),
        inputs=tuple(_input(table, asked) for table in top.tables("input")),
        outputs=tuple(_output(table) for table in top.tables("output")),
    )
    if not config.online and config.folder is None:
        raise top.wrong("service", "a reader needs [service] or [folder], or it would never get a bundle")
    if config.online == (config.reader is not None):
        raise reader.wrong("id", "belongs to a reader without [service] and to no other; enrolling gives one")
    for table in (top, reader, journal, service, folder):
        if table is not None:
            table.finish()
    return config


def _input(table: "_Table", asked: str | None) -> InputConfig:
    kind = table.choice("kind", ["lines", "serial", "tcp", "camera", "chip"])
    direction = Direction(table.choice("direction", [way.value for way in Direction], "in") or "in")
    service = table.choice("service", [known.label for known in Service], asked)
    options: dict[str, Any] = {}
    if kind == "serial":
        options = {"device": table.text("device"), "baud": int(table.number("baud", 300, 4_000_000, 9600))}
    elif kind == "tcp":
        listen, connect = table.maybe("listen"), table.maybe("connect")
        if (listen is None) == (connect is None):
            raise table.wrong("listen", 'give either listen = "127.0.0.1:9004" or connect = "HOST:PORT"')
        address = table.address("connect" if listen is None else "listen")
        options = {"listens": listen is not None, "address": address}
    elif kind == "camera":
        options = {"device": table.text("device", "0")}
    elif kind == "chip":
        options = {"reader": table.maybe("reader")}
    table.finish()
    return InputConfig(kind or "", direction, None if service is None else Service[service.upper()], options)


def _output(table: "_Table") -> OutputConfig:
    kind = table.choice("kind", ["terminal", "command", "gpio", "mqtt"])
    options: dict[str, Any] = {}
    if kind == "terminal":
        options = {
            "form": table.choice("form", ["words", "json"], "words"),
            "bell": table.flag("bell", False),
        }
    elif kind == "command":
        options = {
            "command": table.texts("command", None, None),
            "on": table.texts("on", EVENTS, ["open"]),
            "timeout_s": table.number("timeout_s", 0.1, 60, 5),
        }
    elif kind == "gpio":
        pins = ("green", "amber", "red", "buzzer", "door")
        options = {name: table.whole(name, 0, 64) for name in pins if table.has(name)}
        if not options:
            raise table.wrong("door", f"name at least one pin: {', '.join(pins)}")
        options |= {
            "open_s": table.number("open_s", 0.1, 60, 3),
            "active_high": table.flag("active_high", True),
        }
    elif kind == "mqtt":
        options = {
            "host": table.text("host"),
            "port": int(table.number("port", 1, 65_535, 1883)),
            "topic": _topic(table),
            "open_s": table.number("open_s", 0.1, 60, 3),
            "ca": table.maybe("ca"),
            "username": table.maybe("username"),
            "password_file": table.maybe("password_file"),
        }
    table.finish()
    return OutputConfig(kind or "", options)


def _topic(table: "_Table") -> str:
    topic = table.text("topic")
    if set(topic) & set("+#\0"):
        raise table.wrong("topic", "an order to open goes to one topic: no + and no #")
    return topic


class _Source:
    """The text of the file, to find in which line a key stands."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self._lines = path, text.split("\n")

    def line(self, table: str, key: str) -> int | None:
        """The line of ``key`` in ``table`` (``input[2]``), of the table where the key is missing."""
        name, _, number = table.rstrip("]").partition("[")
        header = rf"\s*\[\[\s*{name}\s*\]\]" if number else rf"\s*\[\s*{name}\s*\](?!\])"
        seen, inside, found = 0, not name, None
        for at, line in enumerate(self._lines, 1):
            if line.lstrip().startswith("["):
                is_header = bool(name) and re.match(header, line) is not None
                seen += is_header
                inside = is_header and seen == int(number or 1)
                found = at if inside else found
                if not name and re.match(rf"\s*\[+\s*{re.escape(key)}\s*\]", line):
                    return at
            elif inside and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
                return at
        return found


class _Table:
    """One table of the file; every key that nobody asked for is a mistake."""

    def __init__(self, raw: Mapping[str, object], name: str, source: _Source) -> None:
        self._raw, self._name, self._source = raw, name, source
        self._asked: set[str] = set()

    def wrong(self, key: str, words: str) -> Refused:
        """The refusal: file, line, key, what was expected."""
        line = self._source.line(self._name, key)
        place = f"{self._source.path}{'' if line is None else f', line {line}'}"
        return Refused("wrong_config", f"{place}: {self._name}{'.' if self._name else ''}{key}: {words}")

    def has(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._raw

    def table(self, key: str, *, required: bool = True) -> "_Table":
        value = self._raw.get(key, None if required else {})
        self._asked.add(key)
        if not isinstance(value, dict):
            raise self.wrong(key, f"expected a table [{key}]")
        return _Table(value, key, self._source)

    def tables(self, key: str) -> list["_Table"]:
        value = self._raw.get(key)
        self._asked.add(key)
        if not (isinstance(value, list) and value and all(isinstance(part, dict) for part in value)):
            raise self.wrong(key, f"expected at least one table [[{key}]]")
        return [_Table(part, f"{key}[{at}]", self._source) for at, part in enumerate(value, 1)]

    def maybe(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else None

    def text(self, key: str, *default: str) -> str:
        value = self._value(key, default)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, f"expected text, found {value!r:.60}")
        return value

    def choice(self, key: str, known: list[str], *default: str | None) -> str | None:
        value = self._value(key, default)
        if value is None and default:
            return None
        if value not in known:
            raise self.wrong(key, f"expected one of {', '.join(known)}; found {value!r:.60}")
        return str(value)

    def texts(self, key: str, known: tuple[str, ...] | None, default: list[str] | None) -> list[str]:
        value = self._value(key, () if default is None else (default,))
        if not (isinstance(value, list) and value and all(isinstance(part, str) for part in value)):
            raise self.wrong(key, f"expected a list of texts, found {value!r:.60}")
        for part in value:
            if known is not None and part not in known:
                raise self.wrong(key, f"{part!r:.60} is none of {', '.join(known)}")
        return value

    def number(self, key: str, least: float, most: float, default: float) -> float:
        value = self._value(key, (default,))
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.wrong(key, f"expected a number from {least} to {most}, found {value!r:.60}")
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        value = self._value(key, ())
        if type(value) is not int or not least <= value <= most:
            raise self.wrong(key, f"expected a whole number from {least} to {most}, found {value!r:.60}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._value(key, (default,))
        if type(value) is not bool:
            raise self.wrong(key, f"expected true or false, found {value!r:.60}")
        return value

    def address(self, key: str) -> tuple[str, int]:
        host, _, port = self.text(key).rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
            raise self.wrong(key, "expected HOST:PORT")
        return host.strip("[]"), int(port)

    def finish(self) -> None:
        """Refuse keys that mean nothing: a slip of the keyboard must not be a rule that never holds."""
        for key in self._raw.keys() - self._asked:
            raise self.wrong(key, f"is not known here; known are {', '.join(sorted(self._asked))}")

    def _value(self, key: str, default: tuple[object, ...]) -> object:
        self._asked.add(key)
        if key in self._raw:
            return self._raw[key]
        if not default:
            raise self.wrong(key, "is missing")
        return default[0]
