"""Files of applications: looked through first, then taken over row by row as drafts.

A file is kept sealed until its rows are taken over, so that a lost connection loses nothing, and no longer
than a week. A row that was taken over is dropped from it; taken over twice, it is one case.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cardsvc.desk.acts import card_office
from cardsvc.desk.cases import CaseDesk
from cardsvc.desk.caseview import told_error, warning_view
from cardsvc.desk.duplicates import Likely, duplicates
from cardsvc.desk.judging import PORTRAIT, TYPED, check_shape, judge
from cardsvc.desk.parts import in_parts
from cardsvc.errors import ServiceError
from cardsvc.installation import Site
from cardsvc.records import ImportRecord, Transaction
from issuance.errors import ApplicationRefused
from issuance.fields import PORTRAIT_ENDINGS
from issuance.intake import read_applications
from verify.errors import CardsvcError

#: A day's work of a desk; a larger file is cut into several.
MOST_ROWS = 2000
#: So many rows of a file are compared with everybody at one look; the others as soon as they are cases.
MOST_COMPARED = 100
#: Rows that nobody took over in a working week are wanted by nobody.
KEPT = timedelta(days=7)
_ELSEWHERE = "Another office may know this person; the case will say more, once it is one."


class Imports:
    """Taking files in, for one member of staff at one instant."""

    def __init__(self, desk: CaseDesk) -> None:
        """Act as the member of staff whose desk it is."""
        self._desk, self._site = desk, desk.installation

    def take(self, name: str, text: str) -> str:
        """Keep a file's rows and return the import's id; raises what reading the file raises."""
        rows: list[dict[str, Any]] = []
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            raise ServiceError("malformed", "the file holds characters that Unicode does not know") from error
        for place, raw in read_applications(name, data):
            if len(rows) >= MOST_ROWS:
                raise ServiceError("too_large", f"more than {MOST_ROWS} rows; cut the file into several")
            rows.append(_row(place, raw))
        with self._site.store.transaction() as tx:
            actor, now = self._desk.actor, self._desk.now
            row = tx.cases.add_import(actor.office, actor.id, {"rows": rows, "cases": {}}, now=now)
            tx.audit.append(actor.id, "file_taken_in", row, {"rows": len(rows)}, now)
        return row

    def view(self, import_id: str) -> dict[str, Any]:
        """Every row with what is wrong in which cell, and who it may be already; the look-up is audited."""
        with self._site.store.reading() as tx:
            record = self._found(tx, import_id)
            cases = record.content["cases"]
            rows, compared = [], 0
            for row in record.content["rows"]:
                view, whole = self._judged(row, cases)
                if whole and compared < MOST_COMPARED:
                    compared += 1
                    view["warnings"] = self._likely(tx, row["application"])
                rows.append(view)
        if compared:
            with self._site.store.transaction() as tx:
                details = {"rows": compared, "likely": sum(bool(row["warnings"]) for row in rows)}
                tx.audit.append(self._desk.actor.id, "file_compared", import_id, details, self._desk.now)
        return {"import": import_id, "rows": rows}

    def accept(self, import_id: str, places: Sequence[int]) -> list[dict[str, Any]]:
        """Make drafts of these rows; raises ``no_such_row``, and then makes none.

        They are taken over part by part: cut short, the same once more goes on where it ended.
        """
        wanted = list(dict.fromkeys(places))
        with self._site.store.reading() as tx:
            rows = {row["row"]: row for row in self._found(tx, import_id).content["rows"]}
        for place in wanted:
            if place not in rows or rows[place]["refused"]:
                raise ServiceError("no_such_row", f"row {place} cannot be taken over")
        accepted = []
        for part in in_parts(wanted):
            accepted += self._accept_part(import_id, part)
        return accepted

    def _accept_part(self, import_id: str, places: Sequence[int]) -> list[dict[str, Any]]:
        with self._site.store.transaction() as tx:
            record = self._found(tx, import_id)
            rows = {row["row"]: row for row in record.content["rows"]}
            cases = dict(record.content["cases"])
            for place in places:
                if str(place) not in cases:
                    cases[str(place)] = self._desk.add(tx, rows[place]["application"])
            tx.cases.change_import(import_id, dict(record.content) | {"cases": cases})
        for place in places:
            self._add_portrait(cases[str(place)], rows[place].get(PORTRAIT))
        self._drop(import_id, set(places))
        return [{"row": place, "case": cases[str(place)]} for place in places]

    def _drop(self, import_id: str, places: set[int]) -> None:
        """Keep nothing of rows that are cases now but where they went."""
        with self._site.store.transaction() as tx:
            content = dict(self._found(tx, import_id).content)
            content["rows"] = [
                {"row": row["row"], "application": {}, "refused": []} if row["row"] in places else row
                for row in content["rows"]
            ]
            tx.cases.change_import(import_id, content)

    def _add_portrait(self, case: str, portrait: str | None) -> None:
        """A portrait that came in the file; one that cannot be used leaves its error beside the case."""
        if not portrait:
            return
        try:
            data = base64.b64decode(portrait.partition("base64,")[2] or portrait, validate=True)
            with self._site.store.reading() as tx:
                record = tx.cases.get(case)
            if not record.has_portrait:
                self._desk.set_portrait(case, record.version, data, None)
        except (CardsvcError, binascii.Error, ValueError):
            return

    def _found(self, tx: Transaction, import_id: str) -> ImportRecord:
        record = tx.cases.get_import(import_id)
        self._desk.actor.check_office(record.office, "import_not_found", f"import {import_id}")
        return record

    def _judged(self, row: dict[str, Any], cases: dict[str, str]) -> tuple[dict[str, Any], bool]:
        """A row as it is shown, and whether it is whole but for a portrait, so that it can be compared."""
        errors, whole = [told_error(*error) for error in row["refused"]], False
        case = cases.get(str(row["row"]))
        if not errors and case is None:
            judged = judge(
                row["application"],
                has_portrait=bool(row.get(PORTRAIT)),
                settings=self._site.settings,
                now=self._desk.now,
            )
            errors = [told_error(error.field, error.reason, str(error)) for error in judged.errors]
            whole = all(error.field == PORTRAIT for error in judged.errors)
        shown = {"row": row["row"], "application": row["application"], "errors": errors}
        return shown | {"warnings": [], "case": case}, whole

    def _likely(self, tx: Transaction, raw: dict[str, Any]) -> list[dict[str, Any]]:
        found = duplicates(tx, raw, self._desk.now, self._desk.actor)
        return [self._discreet(tx, one) for one in found]

    def _discreet(self, tx: Transaction, one: Likely) -> dict[str, Any]:
        """Of other offices' people a file learns that there is somebody, and nothing about them."""
        view = warning_view(one)
        if one.card is None or card_office(tx, one.card) in self._desk.actor.offices:
            return view
        return view | {"card": None, "words": _ELSEWHERE, "name": "", "birth": None, "face": None}


def forget(site: Site, now: datetime) -> int:
    """Destroy the files that are older than they are kept; returns how many."""
    with site.store.reading() as tx:
        old = tx.cases.imports_before(now - KEPT)
    if old:
        with site.store.transaction() as tx:
            for one in old:
                if tx.cases.forget_import(one):
                    tx.audit.append("service", "file_forgotten", one, {}, now)
    return len(old)


def _row(place: int, raw: Any) -> dict[str, Any]:
    """A row as it is kept: its fields, its portrait apart, and why it cannot be read where it cannot."""
    if isinstance(raw, ApplicationRefused):
        refused = [[error.field, error.reason, _plain(str(error))] for error in raw.errors]
        return {"row": place, "application": {}, "refused": refused}
    fields = {name: value for name, value in raw.items() if name in TYPED}
    words = "There is no such field; rename the column."
    strangers = [name for name in raw if name not in TYPED and name != PORTRAIT]
    refused = [[_plain(str(name)[:40]), "unknown_field", words] for name in strangers]
    if not refused:
        try:
            check_shape(fields)
        except ServiceError as error:
            refused, fields = [["application", error.reason, _plain(str(error))]], {}
    portrait = raw.get(PORTRAIT)
    # A path leads nowhere from here: the picture is taken or uploaded beside the case.
    inside = isinstance(portrait, str) and not portrait.lower().endswith(PORTRAIT_ENDINGS)
    if inside and not portrait.isascii():
        refused, inside = [*refused, [PORTRAIT, "portrait_format", "The portrait is no base64."]], False
    kept = {PORTRAIT: portrait} if inside else {}
    return {"row": place, "application": fields, "refused": refused} | kept


def _plain(text: str) -> str:
    """A text that can be written down: halves of characters, which JSON may name, become question marks."""
    return text.encode("utf-8", "replace").decode()
