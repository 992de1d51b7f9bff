"""Who computes what, when several processes share a folder of results.

Results are correct without claims: files appear whole or not at all, and the same batch always
has the same file. Claims only keep two processes from doing the same work.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

from neurodecode.core.files import atomic_write, file_lock

HEARTBEAT_S = 5.0
STALE_S = 60.0


class Claims:
    """Batches that this process is computing, told to others that share the folder.

    A claim whose holder is dead (same machine) or silent for `STALE_S` is taken over. Use as a
    context: a thread keeps the claims fresh inside it, and all are given back at its end.
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self.folder = Path(folder) / "claims"
        # Beside the folder, not in it: whoever leaves last removes the folder.
        self._lock = Path(folder) / "claims.lock"
        self.held: dict[str, None] = {}
        self._stop = threading.Event()

    def __enter__(self) -> Claims:
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._stop.set()
        for batch_id in list(self.held):
            self.release(batch_id)
        with self._locked(), contextlib.suppress(OSError):  # others still have claims here
            self.folder.rmdir()

    def take(self, batch_id: str) -> bool:
        """Claim a batch; False when another living process holds it."""
        path = self.folder / f"{batch_id}.json"
        with self._locked():
            if _is_alive(path):
                return False
            with atomic_write(path) as temporary:
                temporary.write_text(json.dumps({"host": socket.gethostname(), "pid": os.getpid()}))
            self.held[batch_id] = None
            return True

    def release(self, batch_id: str) -> None:
        """Give a batch back."""
        self.held.pop(batch_id, None)
        (self.folder / f"{batch_id}.json").unlink(missing_ok=True)

    def others(self) -> list[str]:
        """Batches that other living processes hold."""
        paths = sorted(self.folder.glob("*.json"))
        return [p.stem for p in paths if p.stem not in self.held and _is_alive(p)]

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        return file_lock(self._lock, timeout=120, stale=30)

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_S):
            for batch_id in list(self.held):
                try:
                    os.utime(self.folder / f"{batch_id}.json")
                except FileNotFoundError:
                    continue  # released, or taken over while this machine slept


def _is_alive(path: Path) -> bool:
    """Whether the holder of a claim still lives, as far as can be told from here."""
    try:
        holder = json.loads(path.read_text())
        silent = time.time() - path.stat().st_mtime
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    same_machine = holder["host"] == socket.gethostname()
    return silent < STALE_S and not (same_machine and _is_gone(holder["pid"]))


def _is_gone(pid: int) -> bool:
    """Whether a process of this machine has certainly ended."""
    if os.name != "posix":  # signal 0 would end the process on Windows: wait for STALE_S there
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
