"""File patterns with fields: "data/sub-{subject}_ses-{session}_task-mi.vhdr"."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from neurodecode.core.errors import DataError
from neurodecode.core.events import natural_order

_FIELD = re.compile(r"\{(\w+)\}")


def is_pattern(path: str) -> bool:
    """True when a path names fields in braces, or uses `*`.

    Examples
    --------
    >>> is_pattern("sub-{subject}.edf"), is_pattern("sub-01.edf")
    (True, False)
    """
    return bool(_FIELD.search(path)) or "*" in path


def match_files(pattern: str) -> list[tuple[Path, dict[str, str]]]:
    """Files that a pattern finds, with the value of each field, in natural order.

    A field takes one or more characters other than a path separator; a field that is named twice
    must have one value. `*` takes any characters within a name, `**` also whole folders.

    Parameters
    ----------
    pattern : str

    Returns
    -------
    files : list of (path, {field: value})
        "sub-2" comes before "sub-10".

    Raises
    ------
    DataError
        Nothing matches; the message says how far the pattern could be followed.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("sub-10.edf", "sub-2.edf"):
    ...     (folder / name).touch()
    >>> [fields["subject"] for _, fields in match_files(f"{folder}/sub-{{subject}}.edf")]
    ['2', '10']
    """
    pattern = str(Path(pattern).expanduser())
    expression = re.compile(_expression(Path(pattern).as_posix()))
    wide = _FIELD.sub("\0", pattern)
    wide = "*".join(_keep_stars(part) for part in wide.split("\0"))
    found = []
    for name in glob.glob(wide, recursive=True):
        if match := expression.fullmatch(Path(name).as_posix()):
            found.append((Path(name), match.groupdict()))
    if not found:
        raise _nothing_found(pattern)
    return sorted(found, key=lambda item: natural_order(item[0].as_posix()))


def _expression(pattern: str) -> str:
    """The pattern as a regular expression with one named group a field."""
    pieces, seen = [], set()
    for piece in re.split(r"(\{\w+\}|\*\*/|\*)", pattern):
        field = _FIELD.fullmatch(piece)
        if field and field[1] in seen:
            pieces.append(f"(?P={field[1]})")
        elif field:
            seen.add(field[1])
            pieces.append(f"(?P<{field[1]}>[^/]+?)")
        else:
            pieces.append({"**/": "(?:.*/)?", "*": "[^/]*"}.get(piece, re.escape(piece)))
    return "".join(pieces)


def _keep_stars(text: str) -> str:
    """Escape what glob would read as its own, except stars."""
    return re.sub(r"([\[?])", r"[\1]", text)


def _nothing_found(pattern: str) -> DataError:
    """Name the deepest folder that exists, and what lies in it."""
    folder = Path(pattern).parent
    while _FIELD.search(str(folder)) or "*" in str(folder) or not folder.is_dir():
        if folder == folder.parent:
            break
        folder = folder.parent
    entries = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    listed = ", ".join(entries[:6]) + (f" and {len(entries) - 6} more" if len(entries) > 6 else "")
    return DataError(
        "no file fits the pattern",
        found=f"in {folder}: {listed or 'nothing'}",
        expected=pattern,
        fix="write every part that changes as {field}, and the rest as it is in the names",
    )
