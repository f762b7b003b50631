"""The gate: what is shown is judged, recorded, and then acted on, in this order, by one thread.

Nothing opens that is not recorded: a verdict without its record (a full disk, no key to seal to) lets nobody
in, and is counted. Leaving is always allowed. No data, no trust, a mistake of ours: nobody goes in.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from verify.cose import PublicKey
from verify.errors import CardsvcError, Unchecked
from verify.keylist import KeyUse
from verify.memory import CodeMemory
from verify.phone import SAME_SCAN_S, SeenSet
from verify.reader.journal import ALARM_SHARE, Journal, Standing
from verify.reader.line import Log
from verify.reader.months import MonthKeys, month_of
from verify.reader.outputs import Banner, Output, Shown
from verify.reader.phrases import LEAVING, language_of, phrase
from verify.reader.records import Entry
from verify.reader.uploads import nowhere
from verify.rules import Assurance
from verify.trust import Trust
from verify.verdict import Answer, Role, Verdict
from verify.verifier import CLOCK_TOLERANCE_S, Direction, Presentation, Verifier

#: How often a gate that nobody uses looks at itself.
TICK_S: Final = 5.0
#: What waits to be judged; a scanner that sends faster waits itself.
MAX_WAITING: Final = 64

#: What was shown longer ago, while the gate hung, opens nothing: somebody else may stand there by now.
LATE_S: Final = 10.0

#: What was shown comes with the moment it was, by a clock that nobody sets.
Event = tuple[float, Presentation] | Trust | None

_PHONES: Final = (Assurance.PHONE, Assurance.PHONE_PROVED)
#: What makes two scans one: what was shown, for which service, and which way. Shown again in other letters,
#: or at the reader's other side, a code is judged as one that was shown before.
_Scan = tuple[str | bytes, int | None, Direction]


class Gate:
    """One reader at work. Only :meth:`use` and :meth:`shown` may be called from other threads."""

    def __init__(
        self,
        *,
        reader: str,
        journal: Journal,
        seen: SeenSet,
        months: MonthKeys,
        outputs: Sequence[Output],
        languages: Sequence[str],
        role: Role,
        clock: Callable[[], int],
        log: Log,
        problems: Callable[[], Sequence[str]] = tuple,
        at: Callable[[str], None] = nowhere,
        uptime: Callable[[], float] = time.monotonic,
    ) -> None:
        """``problems`` says what errands and inputs fail with, for the banner."""
        self._reader, self._journal, self._seen, self._months = reader, journal, seen, months
        self._outputs, self._languages, self._role = tuple(outputs), tuple(languages), role
        self._clock, self._log, self._problems, self._at = clock, log, problems, at
        self._uptime = uptime
        self._memory = CodeMemory()
        self._trust: Trust | None = None
        self._verifier: Verifier | None = None
        #: Phone codes of the last seconds: when, and what was shown for them.
        self._scanned: dict[_Scan, tuple[int, Shown]] = {}
        #: Why the last verdict without a record has none; not known of those before this start.
        self._unrecorded = ""
        self._events: queue.Queue[Event] = queue.Queue(MAX_WAITING)

    @property
    def has_trust(self) -> bool:
        """Whether any bundle serves yet."""
        return self._trust is not None

    @property
    def bundle(self) -> tuple[int, int] | None:
        """(epoch, seq) of the bundle that serves, or None before the first."""
        return None if self._trust is None else (self._trust.epoch, self._trust.seq)

    # From other threads.

    def use(self, trust: Trust) -> None:
        """From now on judge by this trust."""
        self._events.put(trust)

    def shown(self, presentation: Presentation) -> None:
        """Judge this next; waits while many others do."""
        self._events.put((self._uptime(), presentation))

    def end(self) -> None:
        """Finish what was shown before, then stop."""
        self._events.put(None)

    # In its own thread.

    def run(self, stop: threading.Event, tick: Callable[[], None] = lambda: None) -> None:
        """Judge until :meth:`end` or ``stop``; ``tick`` is called every few seconds at least."""
        self.stand()
        while not stop.is_set():
            tick()
            try:
                event = self._events.get(timeout=TICK_S)
            except queue.Empty:
                self.stand()
                continue
            if event is None:
                return
            if isinstance(event, Trust):
                self.take(event)
                self.stand()
            else:
                at, presentation = event
                self.handle(presentation, self._uptime() - at)

    def take(self, trust: Trust) -> None:
        """Judge by this trust; what was learnt of codes' signatures stays."""
        verifier = Verifier(
            trust, role=self._role, seen=self._seen, history=self._journal, memory=self._memory
        )
        self._trust, self._verifier = trust, verifier

    def handle(self, presentation: Presentation, waited_s: float = 0.0) -> Shown:
        """One presentation, from its code to the open door; ``waited_s`` ago it was shown."""
        now = self._clock()
        verdict = self._judged(presentation, now, waited_s)
        self._at("judged")
        # A camera read one picture twice: it is one visit (section 6).
        first = self._scanned.get(_scan(presentation)) if verdict.repeated else None
        shown = self._fresh(verdict, presentation, now) if first is None else first[1].again()
        self._at("recorded")
        for output in self._outputs:
            with self._said():
                output.show(shown)
        self._at("shown")
        return shown

    def _fresh(self, verdict: Verdict, presentation: Presentation, now: int) -> Shown:
        """A verdict of its own: recorded, put into words, and a phone's kept for the next reading."""
        if verdict.repeated:
            # A repeated scan is not judged by quota and passback: its own verdict says too little.
            why = "this phone code was shown here a moment ago; ask for a fresh one"
            verdict = _shut(presentation, "replayed", why, verdict._replace(repeated=False))
        verdict, seq = self._recorded(verdict, presentation, now)
        leaving = presentation.direction is Direction.OUT and verdict.opens
        # Whoever is let in on old data is not sent to the staff; what was found stands in line and record.
        told = LEAVING if leaving else "ok" if verdict.opens else verdict.reason
        words = phrase(told, self._languages, language_of(verdict.language))
        shown = Shown(verdict, words, presentation.direction.value, seq)
        if verdict.assurance in _PHONES:
            late = {scan: one for scan, one in self._scanned.items() if 0 <= now - one[0] <= SAME_SCAN_S}
            self._scanned = late | {_scan(presentation): (now, shown)}
        return shown

    def _judged(self, presentation: Presentation, now: int, waited_s: float) -> Verdict:
        if waited_s > LATE_S and presentation.direction is not Direction.OUT:
            words = f"this was shown {waited_s:.0f} s ago, while this reader hung: show it again"
            self._log(f"reader_fault: {words}")
            return _shut(presentation, "reader_fault", words)
        if self._verifier is None:
            return _shut(
                presentation,
                "no_data",
                "this reader has no data yet; bring it on line, or a bundle on a stick",
            )
        try:
            return self._verifier.judge(presentation, now)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must neither open the door nor end the gate
            self._log(f"reader_fault: {type(error).__name__}: {error}")
            return _shut(presentation, "reader_fault", "this reader has a fault; please tell the staff")

    def _recorded(self, verdict: Verdict, presentation: Presentation, now: int) -> tuple[Verdict, int | None]:
        """The verdict with its record's seq; one that could not be recorded lets nobody in."""
        try:
            seal_to = self._seal_key(now)
            if seal_to is None:
                self._journal.miss()
                raise Unchecked(
                    "no_seal_key", "no key is here to seal the log to; this reader needs a newer bundle"
                )
            keeps = self._verifier is not None and bool(self._verifier.policy.asks_history)
            number = verdict.card if keeps else None
            return verdict, self._journal.append(self._entry(verdict, presentation, now), seal_to, number)
        except CardsvcError as error:
            self._log(f"{error.reason}: {error}")
            self._unrecorded = str(error)
            if verdict.answer is not Answer.ALLOW and not verdict.opens:
                return verdict, None
            return _shut(presentation, error.reason, str(error), verdict), None

    def _entry(self, verdict: Verdict, presentation: Presentation, now: int) -> Entry:
        trust, who, month = self._trust, None, None
        if trust is not None and verdict.card is not None:
            month = month_of(now, trust.day_offset_s)
            who = self._months.pseudonym(verdict.card, month)
        return Entry(
            time=max(0, now),
            direction=presentation.direction.value,
            venue="" if trust is None else trust.venue,
            service=presentation.service,
            who=who,
            month=None if who is None else month,
            answer=verdict.answer.value,
            reason=verdict.reason,
            bundle=(0, 0) if trust is None else (trust.epoch, trust.seq),
            opened=verdict.opens,
            noted=verdict.noted,
            assurance=None if verdict.assurance is None else int(verdict.assurance),
        )

    def _seal_key(self, now: int) -> PublicKey | None:
        """The service's newest key to seal to; an expired one still, where there is no newer."""
        listed = [] if self._trust is None else [key for keys in self._trust.keys.values() for key in keys]
        seals = [key for key in listed if key.use is KeyUse.SEAL]
        begun = [key for key in seals if key.sign_from <= now] or seals
        return max(begun, key=lambda key: key.sign_from).public if begun else None

    # How it stands.

    def stand(self) -> Banner:
        """Tell the outputs how this reader stands."""
        banner = self.banner()
        for output in self._outputs:
            with self._said():
                output.stand(banner)
        return banner

    @contextmanager
    def _said(self) -> Iterator[None]:
        """An output that fails is said, and holds up nobody."""
        try:
            yield
        except CardsvcError as error:
            self._log(f"{error.reason}: {error}")
        except Exception as error:  # noqa: BLE001 - a library's own error must not end the gate either
            self._log(f"output_failed: {type(error).__name__}: {error}")

    def banner(self) -> Banner:
        """The age of the data, what waits, and every alarm."""
        now, trust = self._clock(), self._trust
        try:
            log: Standing | None = self._journal.standing()
        except CardsvcError:
            log = None
        alarms = [*self._alarms(log, now), *self._problems()]
        age = (
            None
            if trust is None
            else max(0, now - min((made for _, made in trust.lists.iats()), default=trust.iat))
        )
        return Banner(
            None if trust is None else trust.venue, age, 0 if log is None else log.waiting, tuple(alarms)
        )

    def _alarms(self, log: Standing | None, now: int) -> list[str]:
        trust, found = self._trust, []
        if trust is None:
            found.append("NO DATA: nobody is let in")
        elif self._verifier is not None:
            age, policy = now - trust.iat, self._verifier.policy
            if age < -CLOCK_TOLERANCE_S:
                found.append("CLOCK WRONG: set it right")
            elif age > policy.expired_after_s or now >= trust.exp:
                found.append("DATA EXPIRED: sync it")
            elif age > policy.stale_after_s:
                found.append("data stale: sync it")
        if log is None:
            return [*found, "LOG FAILS: nobody is let in"]
        if log.missed:
            why = f": {self._unrecorded}" if self._unrecorded else ""
            found.append(f"{log.missed} verdicts were not recorded{why}")
        elif log.share >= ALARM_SHARE:
            found.append(f"log {log.share:.0%} full: bring this reader on line, or raise its max_mib")
        if log.refused:
            found.append(f"the service refused {log.refused} records")
        return found


def _scan(presentation: Presentation) -> _Scan:
    return presentation.code, presentation.service, presentation.direction


def _shut(presentation: Presentation, reason: str, words: str, found: Verdict | None = None) -> Verdict:
    """A verdict that lets nobody in, and everybody out."""
    verdict = Verdict(Answer.ATTENTION, reason, words, False, service=presentation.service)
    if found is not None:
        verdict = found._replace(answer=Answer.ATTENTION, reason=reason, words=words, opens=False)
    noted = tuple(dict.fromkeys((*verdict.noted, reason)))
    if presentation.direction is Direction.OUT:
        return verdict._replace(
            answer=Answer.ALLOW, reason="ok", words="Leaving is always allowed.", opens=True, noted=noted
        )
    return verdict._replace(noted=noted)
