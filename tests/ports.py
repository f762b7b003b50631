"""Ports for programs that a test starts in a moment."""

import random
import socket

#: Below those that connections going out are given (net.ipv4.ip_local_port_range).
PORTS = range(20_000, 32_000)


def free_port(count: int = 1) -> int:
    """The first of so many ports in a row that nobody listens on, nor will by chance."""
    while True:
        first = random.SystemRandom().choice(PORTS)
        if not any(_is_taken(port) for port in range(first, first + count)):
            return first


def _is_taken(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
