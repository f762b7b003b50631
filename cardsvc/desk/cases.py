"""Cases: what a clerk does with an application until somebody else decides it.

Every change is a saved draft. Two clerks may work on one case: fields that only one of them touched are
merged, a field that both touched is a conflict which names the other. Nothing here asks the signer.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cardsvc.desk import likeness
from cardsvc.desk.actor import APPROVER, Actor
from cardsvc.desk.judging import TYPED, Raw, check_shape, filled, judge
from cardsvc.desk.letters import REASONS, letters
from cardsvc.errors import Explained, ServiceError
from cardsvc.installation import Site
from cardsvc.records import CaseRecord, CaseState, Transaction
from cardsvc.records.traces import CASE
from issuance.errors import ApplicationRefused
from issuance.portrait import PRINT_SIZE, Crop, Portrait, prepare_portrait
from verify import cbor
from verify.errors import CardsvcError

#: Letters and digits that nobody takes for one another, on the telephone or in handwriting.
_REFERENCE_LETTERS = "ACDEFGHJKMNPQRTUVWXY34679"
#: How many earlier values of a field are kept, so that what two clerks typed can be told apart.
KEPT_CHANGES = 30
#: A sentence or two to the clerk or the resident.
MAX_WORDS = 500
#: The fields a case is found by.
_TRACED = frozenset(
    {"mrz", "surname", "given_names", "name_native", "name_chinese", "birth", "passport"}
    | {"passport_country", "reference"}
)
#: A case in these states may be written on.
OPEN = frozenset({CaseState.DRAFT, CaseState.FAILED})


class ChangedMeanwhile(Explained):
    """Somebody else changed the very fields that are to be written now."""

    def __init__(self, by: str, version: int, theirs: Mapping[str, object]) -> None:
        """Say who, which version there is now, and the fields as the other left them."""
        fields = ", ".join(sorted(theirs)) or "it"
        words = f"{by} has changed {fields} meanwhile; look at both, then do it again"
        members = {"by": by, "version": version, "theirs": dict(theirs)}
        super().__init__("changed_meanwhile", words, members=members)


@dataclass(frozen=True, slots=True)
class CaseDesk:
    """The acts of one member of staff on cases, at one instant."""

    installation: Site
    actor: Actor
    now: datetime

    def create(self, raw: Raw) -> str:
        """Open a draft, perhaps with fields already filled, and return its id."""
        check_shape(raw)
        with self.installation.store.transaction() as tx:
            return self.add(tx, raw)

    def add(self, tx: Transaction, raw: Raw, known: str | None = None) -> str:
        """Open a draft inside a transaction; ``known`` is a reference that the resident has already."""
        content = {"application": dict(raw), "changes": {}, "notes": []}
        reference = known or new_reference()
        case = tx.cases.add(reference, self.actor.office, self.actor.id, content, now=self.now)
        self._trace(tx, case, reference, raw)
        tx.audit.append(self.actor.id, "case_opened", case, {"reference": reference}, self.now)
        return case

    def add_declared(
        self, tx: Transaction, raw: Raw, declared: Mapping[str, Any], pictures: Mapping[str, Any]
    ) -> str:
        """Open a draft of what a resident sent: ``declared`` stays beside it, ``pictures`` come along."""
        case = self.add(tx, raw, str(declared["reference"]))
        content = dict(tx.cases.get(case).content) | {"declared": dict(declared)}
        described = pictures.get("described")
        if described is not None:
            content["portrait"] = described
        values: dict[str, object] = {"content": content}
        values |= {name: pictures[name] for name in ("portrait", "picture") if pictures.get(name)}
        tx.cases.change(case, values, now=self.now)
        return case

    def found(self, tx: Transaction, case: str) -> CaseRecord:
        """A case of the actor's offices; any other is ``case_not_found``, as if it were not there."""
        record = tx.cases.get(case)
        self.actor.check_office(record.office, "case_not_found", f"case {case}")
        return record

    def open(self, case: str) -> CaseRecord:
        """Read a case; that an approver looked at this version is recorded."""
        if self.actor.role != APPROVER:
            with self.installation.store.reading() as tx:
                return self.found(tx, case)
        with self.installation.store.transaction() as tx:
            record = self.found(tx, case)
            if tx.cases.opened(case, self.actor.id, record.version, now=self.now):
                tx.audit.append(self.actor.id, "case_looked_at", case, {"version": record.version}, self.now)
            return record

    def save(self, case: str, version: int, raw: Raw) -> None:
        """Save what a clerk sees; ``version`` is the one the clerk began from.

        Raises :class:`ChangedMeanwhile`, ``case_not_open``, ``version_ahead``.
        """
        check_shape(raw)
        with self.installation.store.transaction() as tx:
            record = self._open_case(tx, case)
            _check_ahead(record, version)
            merged, touched = self._merge(record, version, raw)
            if not touched:
                return
            content = dict(record.content)
            content["application"] = merged
            content["changes"] = remembered(record, touched, self.actor.id)
            self._write(tx, record, {"content": content})
            if _TRACED & set(touched):
                self._trace(tx, case, record.reference, merged)
            if record.owner != self.actor.id:
                tx.cases.change(case, {"owner": self.actor.id}, now=self.now)
                tx.audit.append(self.actor.id, "case_taken_over", case, {"from": record.owner}, self.now)

    def set_portrait(self, case: str, version: int, data: bytes | None, crop: Crop | None) -> None:
        """Take a portrait, or cut the one there anew.

        ``version`` is the case as it was looked at: a crop belongs to the very picture that was framed.
        Raises ``portrait_…``, ``portrait_missing``, and :class:`ChangedMeanwhile` when another picture came.
        """
        with self.installation.store.reading() as tx:
            record = self._open_case(tx, case)
            _check_ahead(record, version)
            before = _taken(record)
            if data is None and before[0] > version:
                raise _other_portrait(record)
            original = data if data is not None else tx.cases.portrait(case)
        if original is None:
            raise ServiceError("portrait_missing", "there is no portrait yet; take or upload one first")
        made = prepare_portrait(original, crop=crop)  # slow, and so outside the writing transaction
        with self.installation.store.transaction() as tx:
            record = self._open_case(tx, case)
            if _taken(record)[0] != before[0]:
                raise _other_portrait(record)
            taken = before if data is None else (record.version + 1, self.actor.id)
            content = dict(record.content) | {"portrait": describe(made) | {"taken": list(taken)}}
            values: dict[str, object] = {"content": content, "picture": packed(made)}
            if data is not None:
                values["portrait"] = data
            self._write(tx, record, values)

    def submit(self, case: str, version: int) -> None:
        """Hand a case over to an approver; raises :class:`ApplicationRefused` while errors stand."""
        with self.installation.store.transaction() as tx:
            record = self._open_case(tx, case)
            check_version(record, version)
            judged = judge(
                record.content["application"],
                has_portrait=record.has_portrait,
                settings=self.installation.settings,
                now=self.now,
                office=record.office,
            )
            if judged.application is None:
                raise ApplicationRefused(judged.errors)
            values = {
                "state": CaseState.SUBMITTED,
                "submitted_by": self.actor.id,
                "submitted_at": self.now,
                "decided_by": None,
                "decided_at": None,
            }
            self._write(tx, record, values)
            tx.audit.append(self.actor.id, "case_submitted", case, {"version": version + 1}, self.now)

    def recall(self, case: str, version: int) -> None:
        """Take a submitted case back to correct it; the approver has not begun."""
        self._step(case, version, {CaseState.SUBMITTED}, CaseState.DRAFT, "case_recalled", None)

    def withdraw(self, case: str, version: int) -> None:
        """End a case that nobody wants any more."""
        states = {CaseState.DRAFT, CaseState.SUBMITTED, CaseState.FAILED}
        self._step(case, version, states, CaseState.WITHDRAWN, "case_withdrawn", None)

    def give_back(self, case: str, version: int, words: str) -> None:
        """The approver's way: back to the clerk, with words."""
        words = checked_words(words)
        self._step(case, version, {CaseState.SUBMITTED}, CaseState.DRAFT, "case_returned", words)

    def refuse(self, case: str, version: int, reason: str, words: str) -> None:
        """Refuse a case for good, with a letter in the resident's language; raises ``unknown_reason``."""
        with self.installation.store.transaction() as tx:
            record = self._decidable(tx, case, version)
            refusal = self._refusal(record, reason, words)
            content = self._noted(record, "case_refused", refusal["words"]) | {"refusal": refusal}
            values = {
                "state": CaseState.REFUSED,
                "decided_by": self.actor.id,
                "decided_at": self.now,
                "content": content,
            }
            self._write(tx, record, values)
            tx.audit.append(self.actor.id, "case_refused", case, {"reason": reason}, self.now)

    def letter(self, case: str, version: int, reason: str, words: str) -> dict[str, str]:
        """The letter that :meth:`refuse` would send, by language; nothing is decided by looking at it."""
        with self.installation.store.reading() as tx:
            record = self._decidable(tx, case, version)
        letter: dict[str, str] = self._refusal(record, reason, words)["letter"]
        return letter

    def _refusal(self, record: CaseRecord, reason: str, words: str) -> dict[str, Any]:
        if reason not in REASONS:
            raise ServiceError("unknown_reason", f"a refusal gives one of the reasons {', '.join(REASONS)}")
        words = checked_words(words) if words.strip() else ""
        raw = filled(record.content["application"], self.now)
        language = str(raw.get("language") or "en")
        text = letters(
            language, reason, raw=raw, reference=record.reference, day=self.now.date(), words=words
        )
        return {"reason": reason, "words": words, "language": language, "letter": text}

    def _decidable(self, tx: Transaction, case: str, version: int) -> CaseRecord:
        record = self.found(tx, case)
        if record.state is not CaseState.SUBMITTED:
            raise ServiceError("case_not_submitted", f"the case is {record.state.value}, not submitted")
        check_version(record, version)
        if record.submitted_by == self.actor.id:
            raise ServiceError("own_submission", "who submitted a case does not decide it; another must")
        return record

    def _step(
        self,
        case: str,
        version: int,
        expected: set[CaseState],
        to: CaseState,
        action: str,
        words: str | None,
    ) -> None:
        with self.installation.store.transaction() as tx:
            record = self.found(tx, case)
            if record.state not in expected:
                named = " or ".join(sorted(state.value for state in expected))
                raise ServiceError("case_not_open", f"the case is {record.state.value}, not {named}")
            check_version(record, version)
            if action == "case_returned" and record.submitted_by == self.actor.id:
                raise ServiceError("own_submission", "who submitted a case does not decide it")
            values: dict[str, object] = {"state": to}
            if words is not None:
                values["content"] = self._noted(record, action, words)
            if to is CaseState.WITHDRAWN:
                values |= {"portrait": None, "picture": None}
            self._write(tx, record, values)
            tx.audit.append(self.actor.id, action, case, {"version": record.version + 1}, self.now)

    def _noted(self, record: CaseRecord, action: str, words: str) -> dict[str, Any]:
        """The content with what somebody wrote about the case; it is sealed, the audit never has it."""
        note = {"at": self.now.isoformat(), "by": self.actor.id, "action": action, "words": words}
        return dict(record.content) | {"notes": [*record.content["notes"], note]}

    def _open_case(self, tx: Transaction, case: str) -> CaseRecord:
        record = self.found(tx, case)
        if record.state not in OPEN:
            words = f"the case is {record.state.value}; only a draft can be changed"
            raise ServiceError("case_not_open", words)
        return record

    def _merge(
        self, record: CaseRecord, version: int, raw: Raw
    ) -> tuple[dict[str, object], dict[str, object]]:
        """The fields as they shall stand, and those that change with what stood there before."""
        current: Raw = record.content["application"]
        merged, touched, theirs, by = dict(current), {}, {}, record.owner
        for field in sorted(TYPED):
            ours, present = raw.get(field), current.get(field)
            if ours == present:
                continue
            later = [one for one in record.content["changes"].get(field, ()) if one[0] > version]
            if later and later[0][2] == ours:
                continue  # Untouched here, changed elsewhere: the other's value stays.
            if later:
                theirs[field], by = present, later[-1][1]
                continue
            touched[field] = present
            merged[field] = ours
        if theirs:
            raise ChangedMeanwhile(by, record.version, theirs)
        return {name: value for name, value in merged.items() if value is not None}, touched

    def _write(self, tx: Transaction, record: CaseRecord, values: Mapping[str, object]) -> None:
        tx.cases.change(record.id, {**values, "version": record.version + 1}, now=self.now)

    def _trace(self, tx: Transaction, case: str, reference: str, raw: Raw) -> None:
        who = filled(raw, self.now)
        things = likeness.traces(likeness.identity_of(who)) + likeness.words_of(who)
        things.append((likeness.REFERENCE, reference))
        if isinstance(who.get("reference"), str):
            things.append((likeness.REFERENCE, str(who["reference"])))
        tx.traces.put(CASE, case, things)


def check_version(record: CaseRecord, version: int) -> None:
    """Refuse to decide about anything but what was seen; raises ``changed_meanwhile``."""
    if record.version != version:
        raise ChangedMeanwhile(record.owner, record.version, {})


def _check_ahead(record: CaseRecord, version: int) -> None:
    if version > record.version:
        words = f"the case has version {record.version}, {version} was never given out"
        raise ServiceError("version_ahead", words)


def _taken(record: CaseRecord) -> tuple[int, str]:
    """Which version brought the picture that the portrait is cut from, and by whom; 0 where nobody noted."""
    told = record.content.get("portrait") or {}
    version, by = told.get("taken", (0, record.owner))
    return version, by


def _other_portrait(record: CaseRecord) -> ChangedMeanwhile:
    version, by = _taken(record)
    return ChangedMeanwhile(by, record.version, {"portrait": version})


def remembered(record: CaseRecord, touched: Mapping[str, object], by: str) -> dict[str, Any]:
    """The changes of a case with these fields, each with what stood there before: the next version's."""
    changes = dict(record.content["changes"])
    for field, before in touched.items():
        change = [record.version + 1, by, before]
        changes[field] = [*changes.get(field, ()), change][-KEPT_CHANGES:]
    return changes


def checked_words(words: str) -> str:
    """Words that say something and are no letter; raises ``words_missing``, ``words_too_long``."""
    words = words.strip()
    if not words:
        raise ServiceError("words_missing", "say in a few words why")
    if len(words) > MAX_WORDS:
        raise ServiceError("words_too_long", f"{len(words)} characters of {MAX_WORDS}; say it shorter")
    return words


def new_reference() -> str:
    """A case's own reference, short enough to be read out: ``7KM3-QXTA``."""
    drawn = "".join(secrets.choice(_REFERENCE_LETTERS) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"


def declared_of(record: CaseRecord) -> Raw | None:
    """What the resident had sent from a phone, for a case that was made of it."""
    declared = record.content.get("declared")
    return None if declared is None else declared["application"]


def packed(made: Portrait) -> bytes:
    """What the card needs of a portrait, as one sealed column."""
    return cbor.encode([made.print_jpeg, made.face_webp])


def unpacked(picture: bytes) -> tuple[bytes, bytes]:
    """The printed picture and the face again."""
    both = cbor.decode(picture)
    if not (isinstance(both, list) and len(both) == 2):
        raise CardsvcError("bad_picture", "a case's picture does not read back")
    return both[0], both[1]


def portrait_of(tx: Transaction, record: CaseRecord) -> Portrait | None:
    """The portrait as the card will have it; None where there is none."""
    picture = tx.cases.portrait(record.id, "picture")
    if picture is None:
        return None
    printed, face = unpacked(picture)
    told = record.content["portrait"]
    width, height = told["size"]
    return Portrait(printed, PRINT_SIZE, face, (width, height), Crop(**told["crop"]), ())


def describe(made: Portrait) -> dict[str, Any]:
    """What a case remembers of a portrait beside the pictures."""
    crop = made.crop
    return {
        "size": list(made.size),
        "crop": {"x": crop.x, "y": crop.y, "w": crop.w, "h": crop.h},
        "findings": [[one.reason, one.words] for one in made.findings],
    }
