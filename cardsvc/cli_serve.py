"""``cardsvc serve``: the web service of this data directory, until told to stop."""

import logging
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from cardsvc.settings import read_settings

#: Each may hold a body of 8 MiB. Connections beyond these are answered a plain 503 at once, not queued.
MOST_AT_ONCE: Final = 200
#: How long requests in hand may still take after SIGTERM.
GRACE_S: Final = 10


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    proxies: Annotated[
        str, typer.Option(help="Addresses whose X-Forwarded-For is believed, with commas between.")
    ] = "127.0.0.1",
) -> None:
    """Serve pages and interfaces; any number of these may run on one database, behind one address."""
    # The whole web service; no other command should wait for it.
    import uvicorn

    from cardsvc.app import create_app
    from cardsvc.http.logging import ToStructlog, make_logger

    settings = read_settings(serving=True)
    logger = make_logger()
    uvicorn.run(
        create_app(settings, logger=logger),
        host=host,
        port=port,
        access_log=False,  # It would write addresses and queries.
        log_config=_quiet(lambda: ToStructlog(logger)),
        server_header=False,
        forwarded_allow_ips=proxies,
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=GRACE_S,
    )


def _quiet(to_structlog: Callable[[], logging.Handler]) -> dict[str, Any]:
    """The server's own lines in the service's form."""
    handler = {"()": to_structlog, "level": logging.INFO}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"structlog": handler},
        "root": {"handlers": ["structlog"], "level": "WARNING"},
        "loggers": {"uvicorn.error": {"level": "INFO"}},
    }
