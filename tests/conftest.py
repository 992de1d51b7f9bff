"""What every test shares: seeds, one thread, no screen, no network, caches of its own."""

from __future__ import annotations

import os
import random
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Set before NumPy, torch, MNE or Matplotlib is imported: each reads these once.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
os.environ["MPLBACKEND"] = "Agg"
_CACHES = Path(tempfile.mkdtemp(prefix="neurodecode-tests-"))
os.environ["NEURODECODE_CACHE"] = str(_CACHES / "cache")
os.environ["NEURODECODE_DATA"] = str(_CACHES / "data")
os.environ["MNE_DATA"] = str(_CACHES / "mne")

CHECKOUT = Path(__file__).resolve().parents[1]
_LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "", None}
_network = {"open": False}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Open the network to tests marked `net` only."""
    _network["open"] = item.get_closest_marker("net") is not None


def pytest_sessionfinish() -> None:
    """Remove this process's caches."""
    shutil.rmtree(_CACHES, ignore_errors=True)


class NetworkBlocked(OSError):
    """A test tried to leave this machine."""


def _refuse(address: object) -> None:
    if _network["open"]:
        return
    host = address[0] if isinstance(address, tuple) else None  # str and bytes: Unix sockets
    host = host.decode() if isinstance(host, bytes) else host
    if host not in _LOCAL_HOSTS and not str(host).startswith("127."):
        raise NetworkBlocked(f"tests may not reach {host!r}: mark it `net`, or use local data")


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuse connections and look-ups that leave this machine."""
    connect, connect_ex, look_up = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.getaddrinfo,
    )

    def guarded_connect(self: socket.socket, address: object) -> None:
        _refuse(address)
        return connect(self, address)  # type: ignore[arg-type]

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        _refuse(address)
        return connect_ex(self, address)  # type: ignore[arg-type]

    def guarded_look_up(host: object, *rest: object, **named: object) -> object:
        # The machine's own name is looked up by cluster libraries; it stays on this machine.
        if host != socket.gethostname():
            _refuse((host,))
        return look_up(host, *rest, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(autouse=True)
def _seeds() -> None:
    """Seed the global generators, for libraries that still use them."""
    random.seed(0)
    import numpy as np

    np.random.seed(0)  # noqa: NPY002


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Root of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of sample recordings: beside the checkout, or where NEURODECODE_SHARED points."""
    folder = Path(os.environ.get("NEURODECODE_SHARED", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no sample recordings at {folder} (set NEURODECODE_SHARED to their folder)")
    return folder
