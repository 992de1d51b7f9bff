"""Files that a user brings: where a card looks for them, and what it says when they are not there.

A card's files lie in ``NEURODECODE_DATA/<source.folder>``; the folder is the card's name where the
card says nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurodecode.core.card import Card
from neurodecode.core.errors import DownloadError
from neurodecode.core.paths import data_folder


def data_file(card: Card, name: str, must_exist: bool = True) -> Path:
    """Path of a file of a card.

    Raises
    ------
    DownloadError
        It is not there: the message names the file, where it comes from and where to put it.
    """
    folder = data_folder() / card.source.get("folder", card.name)
    path = folder / name
    if must_exist and not path.is_file():
        raise DownloadError(
            f"{card.name}: {name} is not on this machine",
            found=f"no file {path}",
            expected=f"the files of {card.source.get('where', card.citation)}: "
            + ", ".join(file_names(card)),
            fix=f"put them into {folder}, or set NEURODECODE_DATA to the folder above it",
        )
    return path


def file_names(card: Card) -> list[str]:
    """Names of all files that ``[source]`` of a card mentions, in order."""
    return list(dict.fromkeys(_mentioned(card.source)))


def _mentioned(table: Any) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _mentioned(value)
        elif key == "file":
            yield value


def have_all(card: Card) -> bool:
    """Whether every file of a card is there."""
    return all(data_file(card, name, must_exist=False).is_file() for name in file_names(card))
