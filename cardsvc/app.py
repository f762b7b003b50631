"""The service: the only place that wires its parts together. Nothing is created at import."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI

import cardsvc.audit.routes
import cardsvc.departments.routes
import cardsvc.departments.work
import cardsvc.desk.routes
import cardsvc.desk.tap_routes
import cardsvc.desk.work
import cardsvc.holder.routes
import cardsvc.holder.work
import cardsvc.http.health
import cardsvc.police.oversight_routes
import cardsvc.police.routes
import cardsvc.police.work
import cardsvc.readers.device_routes
import cardsvc.readers.reader_routes
import cardsvc.readers.report_routes
import cardsvc.readers.venue_routes
import cardsvc.readers.work
import cardsvc.staff.routes
import cardsvc.trust.routes
from cardsvc.audit.keeping import Keeping
from cardsvc.errors import ServiceError
from cardsvc.http.headers import Shell
from cardsvc.http.jobs import Jobs
from cardsvc.http.logging import RequestLog, make_logger
from cardsvc.http.metrics import Metrics
from cardsvc.http.openapi import install_openapi
from cardsvc.http.pages import default_folder, pages_router
from cardsvc.http.problems import install_problems
from cardsvc.http.serving import Serving
from cardsvc.installation import ServedInstallation, open_served
from cardsvc.settings import Settings, check_served
from cardsvc.staff.founding import Founding
from cardsvc.staff.oidc import provider_of
from cardsvc.staff.passwords import Passwords
from cardsvc.trust.reconciling import reconcile
from keys.client import SignerClient
from verify.errors import CardsvcError

Opening = Callable[[Settings], AbstractContextManager[ServedInstallation]]

#: Every room's routes; the order is that of the OpenAPI document.
ROUTERS = (
    cardsvc.http.health.router,
    cardsvc.staff.routes.router,
    cardsvc.desk.routes.router,
    cardsvc.desk.tap_routes.router,
    cardsvc.departments.routes.router,
    cardsvc.holder.routes.router,
    cardsvc.audit.routes.router,
    cardsvc.trust.routes.router,
    cardsvc.readers.device_routes.router,
    cardsvc.readers.venue_routes.router,
    cardsvc.readers.report_routes.router,
    cardsvc.readers.reader_routes.router,
    cardsvc.police.routes.router,
    cardsvc.police.oversight_routes.router,
)


@contextmanager
def open_with_signer(settings: Settings) -> Iterator[ServedInstallation]:
    """The records, and the signer behind its socket."""
    with open_served(settings, SignerClient(settings.signer_socket)) as installation:
        yield installation


def utc_now() -> datetime:
    """The one place of the service that reads the clock."""
    return datetime.now(UTC)


@contextmanager
def _told(logger: Any) -> Iterator[None]:
    """Say in the log why the service does not start; the server itself only says that it does not."""
    try:
        yield
    except CardsvcError as error:
        logger.error("refused", reason=error.reason, words=str(error))
        raise


def _check_address(settings: Settings, installation: ServedInstallation) -> None:
    """Passkeys and the signer know one address for ever: that of ``init``."""
    fixed = installation.issuer.public_url
    if settings.public_url.rstrip("/") != fixed:
        words = f"CARDSVC_PUBLIC_URL says {settings.public_url}; this installation was made for {fixed}"
        raise ServiceError("wrong_public_url", words)


def create_app(
    settings: Settings,
    *,
    opening: Opening = open_with_signer,
    clock: Callable[[], datetime] = utc_now,
    passwords: Passwords | None = None,
    logger: Any = None,
) -> FastAPI:
    """The application: ``opening`` gives the records and the signer while it runs, ``clock`` the time."""
    check_served(settings)
    logger, metrics, provider = logger or make_logger(), Metrics(), provider_of(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with _told(logger), opening(settings) as installation:
            _check_address(settings, installation)
            difference = reconcile(installation, clock())
            logger.info("reconciled", **asdict(difference))
            jobs = Jobs(logger)
            serving = Serving(
                installation=installation,
                clock=clock,
                jobs=jobs,
                metrics=metrics,
                logger=logger,
                passwords=passwords or Passwords(),
                provider=provider,
            )
            cardsvc.desk.work.register(serving)
            cardsvc.departments.work.register(serving)
            cardsvc.holder.work.register(serving)
            cardsvc.readers.work.register(serving)
            cardsvc.police.work.register(serving)
            app.state.serving = serving
            if settings.checkpoints is not None:
                jobs.register("checkpoints", Keeping(serving, settings.checkpoints).step)
            jobs.register("founding", Founding(installation, serving.clock).step)
            jobs.start()
            logger.info("started", issuer=installation.issuer.iss, origin=settings.origin)
            try:
                yield
            finally:
                jobs.stop()
                app.state.serving = None
                logger.info("stopped")

    app = FastAPI(
        title="cardsvc",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    install_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(pages_router(settings.pages or default_folder()))
    install_openapi(app)
    # The last one added is the outermost.
    app.add_middleware(Shell, origin=settings.origin)
    app.add_middleware(RequestLog, logger=logger, metrics=metrics)
    return app
