"""A PostgreSQL for the tests: the one named, else the local one, else a temporary cluster of our own."""

import getpass
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.ports import free_port

VARIABLE = "CARDSVC_TEST_POSTGRES_URL"
LOCAL_USERS = ("postgres", "root", getpass.getuser())


@contextmanager
def server_url() -> Iterator[str | None]:
    """The URL of a server where databases may be made; None where there is no way to have one."""
    named = os.environ.get(VARIABLE)
    if named:
        yield named
        return
    for user in dict.fromkeys(LOCAL_USERS):
        url = f"postgresql://{user}@127.0.0.1:5432/postgres"
        if answers(url):
            yield url
            return
    with temporary_cluster() as url:
        yield url


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """A database that exists only inside the ``with``."""
    name = f"cardsvc_test_{os.getpid()}_{secrets.token_hex(4)}"
    plain = make_url(server).set(drivername="postgresql")
    admin = plain.render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield plain.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def temporary_cluster() -> Iterator[str | None]:
    """A cluster in a directory of its own, stopped and removed afterwards."""
    programs = _programs()
    if programs is None:
        yield None
        return
    directory = Path(tempfile.mkdtemp(prefix="cardsvc-postgres-"))
    # initdb refuses to run as root; Debian's package brings a user for this.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(directory, "postgres")
    data = directory / "data"

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=300, cwd=directory)

    try:
        run("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync")
        port = free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={directory}"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(directory / "log"), "-o", options, "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None
