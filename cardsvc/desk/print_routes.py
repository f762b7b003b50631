"""The routes of printing: jobs, their files, what became of the blanks."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from cardsvc.desk import asks, print_shapes
from cardsvc.desk.case_routes import Served, actor_of
from cardsvc.desk.printshop import Order, PrintShop, job_view
from cardsvc.http.access import Caller, Serving, roles
from issuance.sheets import Form

router = APIRouter(prefix="/api/desk", tags=["printing"])

Printing = Annotated[Caller, roles("printer", "clerk")]
Stock = Annotated[Caller, roles("printer", "clerk", "operator")]
JobId = Annotated[asks.Id, Path(description="The print job.")]
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {}}, "description": "The pages."}
}


def _shop(serving: Serving, caller: Caller) -> PrintShop:
    return PrintShop(serving.installation, actor_of(caller), serving.clock())


def _job(serving: Serving, caller: Caller, job: str) -> dict[str, Any]:
    with serving.installation.store.reading() as tx:
        return job_view(tx, _shop(serving, caller).found(tx, job))


@router.post("/print-jobs", status_code=201, response_model=print_shapes.JobAnswer)
def file(serving: Served, caller: Printing, body: asks.PrintBody) -> Any:
    """Have cards printed together."""
    job = _shop(serving, caller).file(Order(body.cards, Form(body.form), body.printer))
    serving.jobs.wake()
    return _job(serving, caller, job)


@router.get("/print-jobs", response_model=print_shapes.JobsAnswer)
def jobs(serving: Served, caller: Printing) -> Any:
    """The jobs of the caller's offices, newest first."""
    with serving.installation.store.reading() as tx:
        return {"jobs": [job_view(tx, one) for one in tx.print_jobs.page(caller.offices)]}


@router.get("/print-jobs/{job}", response_model=print_shapes.JobAnswer)
def job(serving: Served, caller: Printing, job: JobId) -> Any:
    """One job, with its progress."""
    return _job(serving, caller, job)


@router.get("/print-jobs/{job}/file", response_class=Response, responses=_PDF)
def pages(serving: Served, caller: Printing, job: JobId) -> Response:
    """The pages, every one of them read back."""
    return Response(_shop(serving, caller).file_of(job), media_type="application/pdf")


@router.post("/print-jobs/{job}/release", response_model=print_shapes.JobAnswer)
def release(serving: Served, caller: Printing, job: JobId, body: asks.ReleaseBody) -> Any:
    """Say what became of the blanks; the file is destroyed."""
    _shop(serving, caller).release(job, body.spoiled, body.blanks_used)
    return _job(serving, caller, job)


@router.get("/to-print", response_model=print_shapes.ToPrintAnswer)
def to_print(serving: Served, caller: Printing) -> Any:
    """Issued cards that no job has released yet."""
    return {"rows": _shop(serving, caller).to_print()}


@router.get("/blanks", response_model=print_shapes.StockAnswer)
def blanks(serving: Served, caller: Stock) -> Any:
    """The blanks of the caller's offices."""
    with serving.installation.store.reading() as tx:
        found = tx.print_jobs.stock(caller.offices)
    return {"offices": [{"office": one.office, "count": one.blanks} for one in found]}


@router.put("/blanks", response_model=print_shapes.StockAnswer)
def count(serving: Served, caller: Stock, body: asks.BlanksBody) -> Any:
    """Write down a count."""
    _shop(serving, caller).count_blanks(body.office, body.count)
    return blanks(serving, caller)
