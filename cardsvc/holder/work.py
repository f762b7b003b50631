"""What is done about phones and their applications without anybody asking."""

from cardsvc.holder import applying, moving
from cardsvc.http.serving import Serving


def register(serving: Serving) -> None:
    """Have this process take its share; any number of processes may."""
    serving.jobs.register("phones", lambda: moving.settle(serving.installation, serving.clock()) > 0)
    serving.jobs.register(
        "preapplications", lambda: applying.forget(serving.installation, serving.clock()) > 0
    )
