"""A corpus cut recording by recording: threads run ahead of the disk, a few parts in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from neurodecode.core.ahead import ahead
from neurodecode.core.card import Card
from neurodecode.core.runtime import progress
from neurodecode.core.study import Study

if TYPE_CHECKING:
    from neurodecode.core.epochs import Epochs
    from neurodecode.core.recording import Recording

# Filters leave Python's lock, readers do not: more threads than these only take memory.
THREADS = 4

CutSome = Callable[[Study | list["Recording"]], "Epochs"]


def cut_ahead(one: CutSome, recordings: Iterable[Recording] | Study) -> Iterator[Epochs]:
    """Trials of each recording, in order, cut by a few threads.

    Parameters
    ----------
    one : function of a study, or a list, of one recording
    recordings : opened one after the other
    """
    threads = max(1, min(THREADS, os.cpu_count() or 1))
    if isinstance(recordings, Study):
        n = len(recordings)
        singles: Iterator[Study | list[Recording]] = (recordings[i : i + 1] for i in range(n))
    else:
        n = len(recordings) if isinstance(recordings, list) else 0
        singles = ([recording] for recording in recordings)
    with progress(n, "cutting recordings") as advance:
        for part in ahead(one, singles, threads):
            yield part
            advance()


def card_words(card: Card, wishes: Mapping[str, Any]) -> str:
    """What `load` was asked for, for people who look into the store."""
    told = [
        f"{name}={value!r}" for name, value in wishes.items() if value not in (None, [], "same")
    ]
    return " · ".join([card.name, *told])
