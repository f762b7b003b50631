"""Rules for every test: nothing leaves this machine, and where all is required nothing is left out."""

import ipaddress
import os
import socket
import sys

import pytest
from hypothesis import settings

from tests.city import City, make_city

REQUIRE_ALL = os.environ.get("CARDSVC_REQUIRE_ALL") == "1"

# Two tests share two cores with others; a deadline would measure the neighbours.
settings.register_profile("cardsvc", deadline=None, derandomize=REQUIRE_ALL, print_blob=True)

#: How the names of packages begin whose files take long: browsers, killed processes, whole days.
LONG = ("web", "crash", "readers", "simulation", "police")

#: How the names of packages begin whose tests watch other processes (browsers, doors, services being killed).
WATCHING = ("web", "crash", "gate", "reader", "simulation", "chips")

_skipped: dict[str, str] = {}


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("cardsvc")
    sys.addaudithook(_stay_at_home)


def _stay_at_home(event: str, args: tuple[object, ...]) -> None:
    """Refuses connections beyond loopback: a test that needs a network is wrong."""
    if event != "socket.connect":
        return
    sock, address = args
    assert isinstance(sock, socket.socket)
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    assert isinstance(address, tuple)
    host = str(address[0])
    if host != "localhost" and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        raise OSError(f"tests stay on this machine: connection to {host} refused")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Packages whose files take long go first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: not item.path.parent.name.startswith(LONG))
    for item in items:
        # docs/decisions/0031: once more, in the complete run only, and never in silence.
        if REQUIRE_ALL and item.path.parent.name.startswith(WATCHING):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # An expected failure is reported as skipped too, but it ran.
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped[report.nodeid] = _words(report.longrepr)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped[report.nodeid] = _words(report.longrepr)


def _words(longrepr: object) -> str:
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    # The workers of pytest-xdist hand their reports to the controller, which alone decides.
    if REQUIRE_ALL and _skipped and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if again := terminalreporter.stats.get("rerun", []):
        terminalreporter.section("run a second time, because the first failed", red=True)
        for report in again:
            terminalreporter.line(f"{report.nodeid}\n{report.longreprtext}\n", red=True)
    if REQUIRE_ALL and _skipped:
        terminalreporter.section("left out, though CARDSVC_REQUIRE_ALL=1 allows nothing to be", red=True)
        for nodeid, words in sorted(_skipped.items()):
            terminalreporter.line(f"{nodeid}: {words}", red=True)


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """Two cards, a root document and a bundle, made by the commands that an operator types."""
    return make_city(tmp_path_factory.mktemp("city"))
