"""What the desk does without being asked: finish approvals, give back what ran out, print."""

from cardsvc.desk import asserting, enacting, imports, printshop, tracing
from cardsvc.http.serving import Serving


def register(serving: Serving) -> None:
    """Have this process take its share; any number of processes may."""

    def approvals() -> bool:
        now = serving.clock()
        settled = asserting.recover(serving.installation, now=now)
        return settled + enacting.recover_acts(serving.installation, now) > 0

    serving.jobs.register("approvals", approvals)
    untraced = True

    def traces() -> bool:
        # Who is recorded now is traced in the same transaction, so once nobody is left, nobody ever is.
        nonlocal untraced
        untraced = untraced and tracing.trace_people(serving.installation, serving.clock()) > 0
        return untraced

    serving.jobs.register("traces", traces)
    serving.jobs.register("imports", lambda: imports.forget(serving.installation, serving.clock()) > 0)
    worker = printshop.new_worker()
    serving.jobs.register("printing", lambda: printshop.work(serving.installation, worker, serving.clock()))
