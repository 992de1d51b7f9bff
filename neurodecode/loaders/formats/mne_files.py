"""Which of MNE's readers opens a path, and what its warnings and errors mean to a user."""

from __future__ import annotations

import contextlib
import io
import re
import threading
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from neurodecode.core.errors import DataError, MissingDependency
from neurodecode.loaders.formats.damage import check_bti, check_content, check_fif, content_of

# ending -> name of the reader in mne.io; endings that several formats share are told apart below
READERS = {
    ".edf": "edf", ".bdf": "bdf", ".gdf": "gdf", ".rec": "edf",
    ".vhdr": "brainvision", ".ahdr": "brainvision",
    ".fif": "fif", ".fif.gz": "fif",
    ".set": "eeglab", ".mff": "egi", ".raw": "egi",
    ".eeg": "nihon", ".lay": "persyst", ".nxe": "eximia", ".nedf": "nedf", ".mefd": "mef",
    ".data": "nicolet", ".cdt": "curry", ".dap": "curry", ".rs3": "curry",
    ".sqd": "kit", ".con": "kit", ".ds": "ctf", ".asc": "eyelink",
    ".snirf": "snirf", ".hdr": "nirx", ".txt": "boxy", ".mat": "fieldtrip",
    ".ns2": "nsx", ".ns3": "nsx", ".ns4": "nsx", ".ns5": "nsx", ".ns6": "nsx",
    ".cnt": "cnt", ".dat": "curry", ".bin": "artemis123",
}  # fmt: skip
_BINARY = ("edf", "bdf", "gdf", "fif", "eeglab", "fieldtrip", "cnt", "snirf", "nsx", "kit")
_SAMPLE_BYTES = {"single": 4, "double": 8, "int": 4, "short": 2}
# Catching warnings and output changes them for all threads of the process.
_ONE_AT_A_TIME = threading.Lock()
_EPOCHED = "nd.Epochs.from_mne(mne.{reader}({path!r}))"


def reader_name(path: Path) -> str | None:
    """Name of the reader in `mne.io` for a path, or None where none is known.

    Endings shared by several formats are decided by the first bytes or by the files beside.

    Examples
    --------
    >>> reader_name(Path("a.vhdr")), reader_name(Path("a.xyz"))
    ('brainvision', None)
    """
    if path.is_dir() and path.suffix.lower() not in (".ds", ".mff", ".mefd"):
        return _folder_format(path)
    name = path.name.lower()
    suffix = ".fif.gz" if name.endswith(".fif.gz") else path.suffix.lower()
    if suffix == ".cnt" and _first_bytes(path) in (b"RIFF", b"RF64"):
        return "ant"
    if suffix == ".txt" and _first_bytes(path) != b"BOXY":
        return None
    if suffix == ".dat" and not _beside(path, ".dap", ".rs3", ".cef"):
        return "bci2k"
    if suffix == ".bin" and not _beside(path, ".txt"):
        return "fil"
    if suffix not in READERS and path.is_file() and _bti_parts(path):
        return "bti"
    return READERS.get(suffix)


def _folder_format(folder: Path) -> str | None:
    endings = {entry.suffix.lower() for entry in folder.iterdir()}
    if ".ncs" in endings:
        return "neuralynx"
    if ".hdr" in endings and ".wl1" in endings:
        return "nirx"
    return None


def _beside(path: Path, *suffixes: str) -> bool:
    return any(path.with_suffix(suffix).exists() for suffix in suffixes)


def _first_bytes(path: Path, n: int = 4) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as handle:
        return handle.read(n)


def _bti_parts(path: Path) -> dict[str, str]:
    """Configuration and head shape that 4D/BTi keeps beside its data, by content of the name."""
    parts = {}
    for entry in sorted(path.parent.iterdir()):
        if entry == path or not entry.is_file():
            continue
        if "config" in entry.name.lower():
            parts["config_fname"] = str(entry)
        elif entry.name.lower() == "hs_file" or "_hs_" in entry.name.lower():
            parts["head_shape_fname"] = str(entry)
    return parts if "config_fname" in parts and path.suffix == "" else {}


def open_raw(path: Path, options: dict[str, Any]) -> tuple[Any, list[str]]:
    """Open a file with MNE, reading no samples; its warnings come back as notes.

    Parameters
    ----------
    path : Path
        A file, or the folder of formats that are folders.
    options : dict
        Passed to MNE's reader.

    Returns
    -------
    raw : mne.io.BaseRaw
    notes : list of str

    Raises
    ------
    DataError
        No reader for this ending, or the reader fails.
    MissingDependency
        The reader needs a package that is not installed.
    """
    name = reader_name(path)
    if name is None:
        raise DataError(
            "no reader for this kind of file",
            found=path.name,
            expected="an ending such as " + " ".join(list(READERS)[:14]),
            fix="open it with its own library, then nd.Recording(array, channels=..., sfreq=...)",
        )
    reader, defaults = _reader(name, path)
    for each in _binary_parts(name, path):
        check_content(each)
    if name == "fif" and path.suffix == ".fif":
        check_fif(path)
    if name == "bti":
        check_bti(path)
    import mne

    arguments = {**defaults, **options}
    # Some readers print their progress whatever they are told; nobody asked for it here.
    with (
        _ONE_AT_A_TIME,
        warnings.catch_warnings(record=True) as caught,
        mne.utils.catch_logging("warning"),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("always")
        try:
            raw = reader(path, **arguments)
        except Exception as error:  # on damaged files readers raise all there is
            raise _reader_failed(path, name, error) from error
    return raw, _notes(caught) + _silent_repairs(raw, name, path)


def _binary_parts(name: str, path: Path) -> list[Path]:
    """Files of a recording that hold no text at all."""
    if name == "brainvision":
        return [path.with_suffix(each) for each in (".eeg", ".dat", ".avg")]
    return [path] if name in _BINARY else []


def _silent_repairs(raw: Any, name: str, path: Path) -> list[str]:
    """What MNE's readers make up for without a word."""
    extras = raw._raw_extras[0] if raw._raw_extras else {}
    if name in ("edf", "bdf") and "n_samps" in extras:
        return _rates_note(raw, extras)
    if name == "brainvision":
        frame = len(raw.ch_names) * _SAMPLE_BYTES.get(getattr(raw, "orig_format", ""), 1)
        data = Path(raw.filenames[0])
        rest = data.stat().st_size % frame
        if rest:
            return [
                f"{data.name} ends inside a sample ({rest} of {frame} bytes): it was cut short, or "
                "lost or gained bytes on the way"
            ]
    return []


def _rates_note(raw: Any, extras: dict[str, Any]) -> list[str]:
    """Channels that were recorded more slowly than the fastest, which MNE interpolates."""
    import numpy as np

    samples = np.asarray(extras["n_samps"])[np.asarray(extras["sel"])]
    slow = np.flatnonzero(samples < extras["max_samp"])
    if not len(slow):
        return []
    sfreq = raw.info["sfreq"]
    rates = sorted({f"{sfreq * samples[i] / extras['max_samp']:g}" for i in slow})
    names = [raw.ch_names[i] for i in slow if i < len(raw.ch_names)]
    return [
        f"{', '.join(names[:6])}{' and more' if len(names) > 6 else ''}: recorded at "
        f"{', '.join(rates)} Hz, brought to {sfreq:g} Hz by interpolation"
    ]


def _reader(name: str, path: Path) -> tuple[Callable[..., Any], dict[str, Any]]:
    import mne

    defaults: dict[str, Any] = {}
    if name == "fif":
        defaults = {"allow_maxshield": "yes"}  # opens; MNE's warning becomes a note
    elif name == "fieldtrip":
        defaults = {"info": None, "data_name": "data"}
    elif name == "bti":
        defaults = {"head_shape_fname": None, "rename_channels": True, **_bti_parts(path)}
    elif name == "nicolet":
        defaults = {"ch_type": "eeg"}
    reader = getattr(mne.io, f"read_raw_{name}", None)
    if reader is None:
        raise DataError(
            f"this version of MNE has no reader for {path.name}",
            found=f"MNE {version('mne')} without read_raw_{name}",
            fix="pip install --upgrade mne",
        )
    return reader, defaults


def _reader_failed(path: Path, name: str, error: Exception) -> Exception:
    text = str(error).strip()
    first = text.splitlines()[0] if text else type(error).__name__
    if isinstance(error, ImportError) or "could not be imported" in text or "is required" in text:
        module = re.search(r"module ([\w-]+)", text)
        return MissingDependency(
            f"{path.name} needs a package that is not installed",
            found=first,
            expected=f"what mne.io.read_raw_{name} imports",
            fix=f"pip install {module[1]}" if module else "pip install the package named above",
        )
    if name == "fif" and path.name.lower().endswith(("-eve.fif", "_eve.fif", "-eve.fif.gz")):
        return DataError(
            f"{path.name} holds events, not a recording",
            found=first,
            fix=f'nd.read("recording_raw.fif", events={path.name!r})',
        )
    if name == "fif" and (
        "raw data" in text or path.name.lower().endswith(("-epo.fif", "_epo.fif"))
    ):
        return _not_continuous(path, "read_epochs", first)
    if name == "eeglab" and "trials" in text:
        return _not_continuous(path, "read_epochs_eeglab", first)
    if name == "egi" and "evoked" in text.lower():
        return _not_continuous(path, "read_evokeds_mff", first)
    if "no associated original unit" in text:
        return DataError(
            f"{path.name} names two channels alike",
            found=first,
            expected="a name of its own for every channel",
            fix="rename one of them in the header, a text file",
        )
    what = content_of(path)
    return DataError(
        f"{path.name} cannot be read",
        found=f"{type(error).__name__}: {first}" + (f"; it is {what}" if what else ""),
        expected=f"a file that mne.io.read_raw_{name} opens",
        fix="check that all files of the recording are there and whole; further arguments of "
        "nd.read go to that reader",
    )


def _not_continuous(path: Path, reader: str, found: str) -> DataError:
    return DataError(
        f"{path.name} holds no continuous recording",
        found=found,
        expected="a raw recording",
        fix=_EPOCHED.format(reader=reader, path=str(path)),
    )


def _notes(caught: list[warnings.WarningMessage]) -> list[str]:
    """MNE's warnings, each once and in one line; those about the house's own business left out."""
    notes = []
    for warning in caught:
        if issubclass(warning.category, (DeprecationWarning, FutureWarning)):
            continue
        if "does not conform to MNE naming conventions" in str(warning.message):
            continue
        notes.append(" ".join(str(warning.message).split()))
    notes = list(dict.fromkeys(notes))
    more = [f"{len(notes) - 5} more warnings of the reader"] if len(notes) > 6 else []
    shown = notes[:5] if more else notes
    return [note if len(note) < 240 else note[:239] + "…" for note in shown] + more
