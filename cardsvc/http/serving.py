"""What a running application holds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cardsvc.http.budget import PICTURES, TAPS, Budget
from cardsvc.http.jobs import Jobs
from cardsvc.http.metrics import Metrics
from cardsvc.installation import ServedInstallation
from cardsvc.settings import Settings
from cardsvc.staff.oidc import Provider
from cardsvc.staff.passwords import Passwords


@dataclass(frozen=True, slots=True)
class Serving:
    """The running service: one a process."""

    installation: ServedInstallation
    clock: Callable[[], datetime]
    jobs: Jobs
    metrics: Metrics
    logger: Any
    passwords: Passwords
    provider: Provider | None = None
    beginnings: Budget = field(default_factory=Budget)
    pictures: Budget = field(default_factory=lambda: Budget(PICTURES))
    taps: Budget = field(default_factory=lambda: Budget(TAPS))

    @property
    def settings(self) -> Settings:
        """The settings it was made with."""
        return self.installation.settings
