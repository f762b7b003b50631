"""What the log says of the process itself: whole sentences, and an error as one."""

import io
import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from cardsvc.http.logging import ToStructlog, make_logger
from tests.ports import free_port


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The lines of the web server, in the service's form."""
    stream, server = io.StringIO(), logging.getLogger("uvicorn.error")
    handler, level = ToStructlog(make_logger(stream)), server.level
    server.addHandler(handler)
    server.setLevel(logging.INFO)
    yield stream
    server.removeHandler(handler)
    server.setLevel(level)


def _lines(log: io.StringIO) -> list[tuple[str, str]]:
    said = [json.loads(line) for line in log.getvalue().splitlines()]
    return [(one["level"], one["words"]) for one in said]


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application that nobody asks."""


def _server(port: int) -> uvicorn.Server:
    config = uvicorn.Config(_nothing, port=port, log_config=None, lifespan="off", timeout_notify=0)
    server = uvicorn.Server(config)

    async def stop() -> None:
        server.should_exit = True

    config.callback_notify = stop
    return server


def test_the_address_of_the_service_is_a_sentence(log: io.StringIO) -> None:
    port = free_port()
    _server(port).run()
    assert ("info", f"Uvicorn running on http://127.0.0.1:{port} (Press CTRL+C to quit)") in _lines(log)


def test_an_address_in_use_is_an_error(log: io.StringIO) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(SystemExit):
        _server(other.getsockname()[1]).run()
    assert [words for level, words in _lines(log) if level == "error" and "address already in use" in words]


def test_values_in_other_lines_of_libraries_stay_out(log: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("%s asked for what is not there", "203.0.113.7")
    assert _lines(log) == [("warning", "%s asked for what is not there")]
