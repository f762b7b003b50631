"""How the command speaks: JSON on standard output where asked for, people's words on standard error."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from verify.errors import CardsvcError


class Speaker:
    """Words for people, objects for programs; never both on one stream."""

    def __init__(self, *, as_json: bool) -> None:
        """``as_json``: one object, or JSON Lines, on standard output."""
        self.as_json = as_json
        self._words = Console(stderr=True, highlight=False)

    def say(self, words: str) -> None:
        """A sentence for people."""
        self._words.print(words, markup=False)

    def line(self, words: str) -> None:
        """A line for people to copy: never broken, however narrow the terminal is."""
        self._words.print(words, markup=False, soft_wrap=True)

    def give(self, item: dict[str, object]) -> None:
        """An object for programs; nothing without ``--json``."""
        if self.as_json:
            print(json.dumps(item, ensure_ascii=False), flush=True)

    def fail(self, error: CardsvcError) -> None:
        """A refusal: words and reason for people, both in an object for programs."""
        self.give({"error": error.reason, "words": str(error)})
        self.say(f"cardsvc: {error} [{error.reason}]")

    def table(self, title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        """A table for people; programs that asked for objects have had them already."""
        if self.as_json:
            return
        table = Table(title=title, title_justify="left")
        for column in columns:
            # What people copy, a number or a key's name, stays in one piece.
            table.add_column(column, overflow="fold", no_wrap=column in ("kid", "card"))
        for row in rows:
            table.add_row(*map(Text, row))  # as it came: brackets in it are not styles
        self._words.print(table)

    @contextmanager
    def progress(self, title: str) -> Iterator["Advance"]:
        """A bar while something long goes on, on a terminal only."""
        columns = (SpinnerColumn(), TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._words, disable=not sys.stderr.isatty()) as bar:
            yield Advance(bar, bar.add_task(title, total=None))


class Advance:
    """Moves one progress bar on."""

    def __init__(self, bar: Progress, task: int) -> None:
        """Move ``task`` of ``bar``; a task id is an int to rich."""
        self._bar, self._task = bar, task

    def __call__(self, count: int) -> None:
        """So many more are done."""
        self._bar.update(self._task, advance=count)  # type: ignore[arg-type]  # TaskID is a NewType of int
