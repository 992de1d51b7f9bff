"""What is installed here, what is missing, and which known faults this installation has.

Facts come from package metadata, so a broken library is named instead of crashing the check;
only torch and torchaudio are imported, because device and fault cannot be read otherwise.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from neurodecode.core.dependencies import DISTRIBUTION, install_line, installed_version
from neurodecode.core.memory import bytes_words
from neurodecode.core.paths import cache_folder
from neurodecode.core.words import plural

# Extras for people who change neurodecode; users need not hear about them.
_DEVELOPER_EXTRAS = {"all", "dev", "docs"}
_SHOWN = ("torch", "mne", "scikit-learn", "braindecode", "pyriemann", "numpy")


@dataclass(frozen=True)
class Line:
    """One line of a check-up: the word the eye scans, the text, and a mark."""

    word: str
    text: str
    mark: str = ""  # "ok", "warn", "bad" or nothing


@dataclass(frozen=True)
class Extra:
    """An optional part of the installation."""

    name: str
    missing: tuple[str, ...]

    @property
    def line(self) -> str:
        """Command that installs it."""
        return install_line(self.name)


@dataclass(frozen=True)
class Fault:
    """A known fault, what cures it, and whether the package works all the same."""

    text: str
    cure: str
    worked_round: bool


@dataclass(frozen=True)
class Checkup:
    """State of one installation: facts first, `lines` to read, `healthy` to decide on."""

    version: str
    machine: str
    device: str
    kernels: str
    versions: dict[str, str]
    cores: int
    threads: int
    cache: Path
    cache_bytes: int
    cache_files: int
    extras: tuple[Extra, ...]
    faults: tuple[Fault, ...]

    @property
    def healthy(self) -> bool:
        """True when everything in the base install works."""
        return all(fault.worked_round for fault in self.faults)

    @property
    def lines(self) -> list[Line]:
        """The check-up as a person reads it."""
        versions = " · ".join(f"{name} {number}" for name, number in self.versions.items())
        size = f"{bytes_words(self.cache_bytes)}, {plural(self.cache_files, 'file')}"
        return [
            Line(f"neurodecode {self.version}", self.machine),
            Line("", ""),
            Line("device", self.device, "ok"),
            Line("kernels", self.kernels, "ok"),
            Line("packages", versions),
            Line("threads", _thread_words(self.threads, self.cores), "ok"),
            Line("cache", f"{self.cache}   {size} · empty it: neurodecode cache clear"),
            Line("", ""),
            *_extra_lines(self.extras),
            Line("", ""),
            *_fault_lines(self.faults),
            Line("", ""),
            Line(_verdict(self.faults), ""),
        ]


def check_up(kernels: str) -> Checkup:
    """Examine this installation.

    Parameters
    ----------
    kernels : str
        What the room of mathematics says of its compiled kernels; this room may not ask it.

    Returns
    -------
    checkup : Checkup

    Examples
    --------
    >>> state = check_up(kernels="AVX2, 4 lanes")
    >>> state.cores >= 1 and "numpy" in state.versions
    True
    """
    from neurodecode import __version__

    cache = cache_folder()
    count, size = folder_size(cache)
    requirements = _requirements()
    return Checkup(
        version=__version__,
        machine=_machine_words(),
        device=_device_words(),
        kernels=kernels,
        versions={name: installed_version(name) or "missing" for name in _SHOWN},
        cores=_cores(),
        threads=int(os.environ.get("OMP_NUM_THREADS", "0") or 0) or _cores(),
        cache=cache,
        cache_bytes=size,
        cache_files=count,
        extras=tuple(find_extras(requirements)),
        faults=tuple(find_faults(requirements)),
    )


def find_extras(requirements: Iterable[Requirement]) -> list[Extra]:
    """Extras of this distribution and the packages each still lacks.

    Parameters
    ----------
    requirements : iterable of packaging Requirement
        The distribution's requirements, extras included.

    Examples
    --------
    >>> wants = Requirement('no-such-package>=1; extra == "spikes"')
    >>> find_extras([wants])
    [Extra(name='spikes', missing=('no-such-package',))]
    """
    missing: dict[str, list[str]] = {}
    for requirement in requirements:
        for extra in _extras_of(requirement):
            if extra not in _DEVELOPER_EXTRAS:
                lacks = missing.setdefault(extra, [])
                if not _satisfied(requirement):
                    lacks.append(requirement.name)
    return [Extra(name, tuple(lacks)) for name, lacks in missing.items()]


def find_faults(requirements: Iterable[Requirement]) -> list[Fault]:
    """Known faults of this installation, the base install's versions included.

    Parameters
    ----------
    requirements : iterable of packaging Requirement
        The distribution's requirements; those of extras are skipped.

    Examples
    --------
    >>> [fault.cure for fault in find_faults([Requirement("no-such-package>=1")])][:1]
    ['pip install "no-such-package>=1"']
    """
    faults = []
    for requirement in requirements:
        if not _extras_of(requirement) and not _satisfied(requirement):
            found = installed_version(requirement.name) or "nothing"
            text = f"{requirement.name}: found {found}, expected {requirement.specifier}"
            faults.append(Fault(text, f'pip install "{_bare(requirement)}"', False))
    faults += [fault for fault in (_torchaudio_fault(), _stranger_fault()) if fault]
    return faults


def folder_size(folder: Path) -> tuple[int, int]:
    """Number of files below a folder and their bytes; zeros when it does not exist.

    Examples
    --------
    >>> folder_size(Path("no such folder"))
    (0, 0)
    """
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def _requirements() -> list[Requirement]:
    try:
        return [Requirement(text) for text in metadata.requires(DISTRIBUTION) or []]
    except metadata.PackageNotFoundError:
        return []  # run from a bare source tree: nothing declares what it needs


def _extras_of(requirement: Requirement) -> list[str]:
    """Names of the extras a requirement belongs to, read from its marker."""
    marker = str(requirement.marker or "")
    parts = marker.replace("'", '"').split("extra == ")[1:]
    return [part.split('"')[1] for part in parts]


def _bare(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _satisfied(requirement: Requirement) -> bool:
    found = installed_version(requirement.name)
    return found is not None and requirement.specifier.contains(found, prereleases=True)


def _torchaudio_fault() -> Fault | None:
    """Braindecode imports torchaudio; a build made for another torch cannot be loaded."""
    found, torch = installed_version("torchaudio"), installed_version("torch")
    if found is None or torch is None:
        return None
    if not _loads_whole("torchaudio"):
        return Fault(
            f"torchaudio {found} beside torch {torch}: it cannot be loaded, and braindecode "
            "imports it. Worked round here.",
            "install torch and torchaudio from one source, both CPU or both CUDA",
            worked_round=True,
        )
    return None


def _loads_whole(module: str) -> bool:
    try:
        importlib.import_module(module)
    except (ImportError, OSError, RuntimeError):
        return False
    # Where a net was built before, its work-around has put a stand-in in the extension's place.
    return not hasattr(sys.modules.get(f"{module}._extension"), "_IS_STAND_IN")


def _stranger_fault() -> Fault | None:
    """The distribution called `neurodecode` is somebody else's and holds the same folder."""
    found = installed_version("neurodecode")
    if found is None:
        return None
    return Fault(
        f"the distribution neurodecode {found} is another project's; both write the folder "
        "neurodecode/",
        f"pip uninstall neurodecode, then pip install --force-reinstall --no-deps {DISTRIBUTION}",
        worked_round=False,
    )


def _machine_words() -> str:
    memory = _memory_words()
    python = f"Python {platform.python_version()}"
    system = f"{platform.system()} {platform.machine().replace('_', '-')}"
    return "   ".join(
        [python, system, plural(_cores(), "core") + (f", {memory}" if memory else "")]
    )


def _memory_words() -> str:
    """Memory and what is free of it, where the system tells without a helper library."""
    try:
        page, total = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
        free = os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf; macOS lacks the last
        return ""
    return f"{bytes_words(page * total)}, {bytes_words(page * free)} free"


def _cores() -> int:
    # A container or a batch system may grant fewer cores than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _device_words() -> str:
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError):
        return "none: torch cannot be imported"
    if torch.cuda.is_available():
        return f"CUDA: {torch.cuda.get_device_name()}"
    if torch.backends.mps.is_available():
        return "MPS (Apple)"
    return "CPU (no CUDA device, no MPS)"


def _thread_words(threads: int, cores: int) -> str:
    return f"{threads} on {plural(cores, 'core')}; a run with several jobs gives each one thread"


def _extra_lines(extras: Iterable[Extra]) -> list[Line]:
    word, lines = "extras", []
    for extra in extras:
        state = f"missing   {', '.join(extra.missing):<32} {extra.line}"
        lines.append(Line(word, f"{extra.name:<9} {state if extra.missing else 'installed'}"))
        word = ""
    return lines or [Line("extras", f"unknown: {DISTRIBUTION} is not installed here")]


def _fault_lines(faults: Iterable[Fault]) -> list[Line]:
    word, lines = "faults", []
    for fault in faults:
        lines.append(Line(word, fault.text, "warn" if fault.worked_round else "bad"))
        lines.append(Line("", f"For good: {fault.cure}" if fault.worked_round else fault.cure))
        word = ""
    return lines or [Line("faults", "none known", "ok")]


def _verdict(faults: tuple[Fault, ...]) -> str:
    broken = sum(not fault.worked_round for fault in faults)
    if broken:
        return f"{plural(broken, 'fault')} to cure before results can be trusted."
    count = f"{plural(len(faults), 'fault')}, worked round" if faults else "No known fault"
    return f"{count}. Everything in the base install works."
