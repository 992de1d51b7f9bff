"""Progress of a benchmark: live lines on a terminal, a plain line every 30 s elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

PLAIN_EVERY_S = 30.0


class RunProgress:
    """Counts finished cells. Use as a context; everything goes to standard error.

    Parameters
    ----------
    total : int, cells of the request
    n_earlier : int, cells found finished
    quiet : bool, print nothing
    """

    def __init__(self, total: int, n_earlier: int, quiet: bool = False):
        self.total, self.n_earlier, self.quiet = total, n_earlier, quiet
        self.n_done, self.n_failed = n_earlier, 0
        self.under_way: dict[str, str] = {}
        self._start = self._last_line = time.monotonic()
        self._console = Console(stderr=True)
        self._live: Live | None = None

    def __enter__(self) -> RunProgress:
        if not self.quiet and self._console.is_terminal:
            self._live = Live(console=self._console, transient=True, get_renderable=self._lines)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def started(self, batch_id: str, label: str) -> None:
        """A batch was handed out."""
        self.under_way[batch_id] = label

    def finished(self, batch_id: str, n_cells: int, n_failed: int) -> None:
        """A batch came back."""
        self.under_way.pop(batch_id, None)
        self.n_done += n_cells
        self.n_failed += n_failed
        now = time.monotonic()
        if self._live or self.quiet or now - self._last_line < PLAIN_EVERY_S:
            return
        self._last_line = now
        sys.stderr.write(self._plain_line() + "\n")
        sys.stderr.flush()

    def _times(self) -> tuple[float, float | None]:
        """Seconds gone and, once anything is finished, seconds left."""
        gone = time.monotonic() - self._start
        n_new = self.n_done - self.n_earlier
        return gone, gone / n_new * (self.total - self.n_done) if n_new else None

    def _plain_line(self) -> str:
        gone, left = self._times()
        now = next(iter(self.under_way.values()), "")
        parts = [f"{self.n_failed} failed", now, f"{clock(left)} left" if left is not None else ""]
        counts = f"{clock(gone):>7}  {self.n_done}/{self.total} runs  "
        return counts + " · ".join(filter(None, parts))

    def _lines(self) -> Text:
        gone, left = self._times()
        filled = round(60 * self.n_done / max(self.total, 1))
        full, empty = ("━", "─") if self._console.encoding.startswith("utf") else ("#", "-")
        text = Text("  runs  ")
        text.append(full * filled, style="green").append(empty * (60 - filled), style="dim")
        text.append(f"  {self.n_done}/{self.total}  {clock(gone)}")
        text.append(f" + {clock(left)} left\n" if left is not None else "\n")
        for label in list(self.under_way.values())[:4]:
            text.append(f"        {label}\n", style="dim")
        state = f"        failed {self.n_failed} · from an earlier run {self.n_earlier}"
        return text.append(state, style="red" if self.n_failed else "dim")


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any.

    Examples
    --------
    >>> clock(98), clock(7384)
    ('1:38', '2:03:04')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
