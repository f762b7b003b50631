"""Brings the log to the service, oldest first; nothing is deleted that the service has not confirmed."""

from collections.abc import Callable
from typing import Final

from verify.reader.journal import Journal
from verify.reader.service import Service

#: A batch of 500 is followed by the next at once; otherwise the log is brought about once a minute.
UPLOAD_S: Final = 60.0
#: What the service would not take is offered again at every start and once a day: it may have learnt since.
RETRY_REFUSED_S: Final = 86_400.0


def nowhere(point: str) -> None:
    """The points of a run that a test may end it at; in a door nothing happens there."""


class Uploads:
    """One errand of a reader with a service."""

    def __init__(
        self,
        journal: Journal,
        service: Service,
        *,
        clock: Callable[[], int],
        uptime: Callable[[], float],
        every_s: float = UPLOAD_S,
        at: Callable[[str], None] = nowhere,
    ) -> None:
        """``clock`` dates checkpoints (epoch seconds), ``uptime`` counts the days between second offers."""
        self._journal, self._service, self._clock, self._uptime = journal, service, clock, uptime
        self._every_s, self._at = every_s, at
        self._retry = uptime()  # At once: a bus is switched off every night.

    def __call__(self) -> float:
        """Send one batch; gives the seconds until the next. None while more waits: bundles get a turn."""
        if self._uptime() >= self._retry:
            self._journal.retry_refused()
            self._retry = self._uptime() + RETRY_REFUSED_S
        batch = self._journal.batch(self._clock())
        if batch is None:
            return self._every_s
        answers = self._service.upload(batch.to_json())
        self._at("uploaded")
        sent = {seq for seq, _ in batch.records}
        answers = {seq: answer for seq, answer in answers.items() if seq in sent}
        if not answers:
            return self._every_s  # It said nothing about any of them: asked again later, not in a circle.
        self._journal.acknowledge(answers)
        self._at("acknowledged")
        return 0.0
