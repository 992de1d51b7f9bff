"""The walls around every test."""

from __future__ import annotations

import os
import socket

import pytest


def test_sockets_reach_this_machine_only():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    client.close()
    server.close()
    with pytest.raises(OSError, match="tests may not reach"):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)
    with pytest.raises(OSError, match="tests may not reach"):
        socket.getaddrinfo("example.org", 443)


def test_caches_are_this_runs_own():
    for variable in ("NEURODECODE_CACHE", "NEURODECODE_DATA", "MNE_DATA"):
        assert "neurodecode-tests-" in os.environ[variable]
