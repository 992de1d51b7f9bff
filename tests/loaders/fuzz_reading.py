"""Read damaged copies of recordings: every answer is a recording or one of our errors.

Run as ``python tests/loaders/fuzz_reading.py FOLDER --mutations 20``. Every case is a process of
its own with 10 s and 2 GB; it is forked from one that has imported the readers already. Other
exceptions, crashes and hangs are listed, with the seed that makes the same file again.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import random
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path

os.environ["NUMBA_DISABLE_JIT"] = "1"  # compiling takes longer than a case may
SECONDS, MEMORY = 10, 2 << 30
HEAD = 4096  # bytes in which most formats keep what decides all the rest
FOLDERS = (".ds", ".mff", ".mefd")
READERS = ("mne", "mne.io", "scipy.io", "h5py", "nibabel", "pynwb", "pyxdf", "neo", "pymatreader")


def mutate(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    """One damage of a file: its name and the bytes that are left."""
    n = len(content)
    kind = rng.choice(["cut", "empty", "flip", "flip head", "noise", "crlf", "drop", "repeat"])
    place = rng.randrange(max(1, n))
    if kind == "cut":
        return kind, content[:place]
    if kind == "empty":
        return kind, b""
    if kind in ("flip", "flip head"):
        changed = bytearray(content)
        for _ in range(rng.choice([1, 4, 32]) if n else 0):
            where = rng.randrange(min(n, HEAD) if kind == "flip head" else n)
            changed[where] = rng.randrange(256)
        return kind, bytes(changed)
    if kind == "noise":
        block = rng.randbytes(min(64, n - place)) if n else b""
        return kind, content[:place] + block + content[place + len(block) :]
    if kind == "crlf":
        return kind, content.replace(b"\n", b"\r\n")
    length = rng.choice([1, 7, 512])
    if kind == "drop":
        return kind, content[:place] + content[place + length :]
    return kind, content[:place] + content[place : place + length] * 2 + content[place + length :]


def copy_beside(source: Path, root: Path, target: Path, content: bytes) -> Path:
    """A folder like the source's with one file changed; the rest are links."""
    top = root / source.relative_to(root).parts[0]
    for each in top.rglob("*") if top.is_dir() else [top]:
        place = target / each.relative_to(root)
        if each.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            if each == source:
                place.write_bytes(content)
            else:
                place.symlink_to(each)
    return target / source.relative_to(root)


def what_to_read(path: Path, root: Path) -> Path:
    """The file, or the outermost folder that is a recording with the file inside."""
    for parent in reversed([path, *path.parents]):
        inside = parent != root and root in parent.parents
        if inside and parent.is_dir():
            names = {each.suffix.lower() for each in parent.iterdir()}
            if parent.suffix.lower() in FOLDERS or ".ncs" in names or ".wl1" in names:
                return parent
    return path


def read_all(path: Path) -> None:
    """Open a recording and read its first and last samples."""
    import neurodecode as nd

    made = nd.read(path)
    for recording in getattr(made, "members", {"": made}).values():
        if hasattr(recording, "read"):
            recording.read(0, min(100, recording.n_times))
            recording.read(max(0, recording.n_times - 100), recording.n_times)


def warm_up(path: Path) -> None:
    """Read an undamaged file; what it says does not matter."""
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        read_all(path)


def one_case(path: Path) -> str:
    """Run a case in a child; "" for a recording, "E ..." for our error, else what went wrong."""
    answer, put = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(answer)
        with contextlib.suppress(OSError):
            os.write(put, _answer(path).encode("utf-8", "replace")[:60_000])
        os._exit(0)
    os.close(put)
    with os.fdopen(answer, "rb") as pipe:
        text = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        timers = (signal.SIGALRM, signal.SIGPROF)
        return "hang" if number in timers else f"crash by {signal.Signals(number).name}"
    return text


def _answer(path: Path) -> str:
    from neurodecode.core.errors import NeurodecodeError

    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    # Seconds of this process, not of a busy machine; the alarm ends what waits for ever.
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.alarm(12 * SECONDS)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    warnings.simplefilter("ignore")
    try:
        read_all(path)
    except NeurodecodeError as error:
        return f"E {type(error).__name__}"
    except BaseException:
        return traceback.format_exc()
    return ""


def main() -> int:
    """Print the count, list what went wrong, and say with the exit code whether anything did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mutations", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="part of a file's path")
    options = parser.parse_args()
    for name in READERS:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    import neurodecode.loaders.reading  # noqa: F401

    outcomes: Counter[str] = Counter()
    files = sorted(each for each in options.folder.rglob("*") if each.is_file())
    for source in files:  # readers import more when they are first used: once, not in every child
        if options.only in source.as_posix():
            warm_up(what_to_read(source, options.folder))
    for source in files:
        name = source.relative_to(options.folder).as_posix()
        if source.suffix in (".md", ".json") or options.only not in name:
            continue
        content = source.read_bytes()
        for number in range(options.mutations):
            seed = f"{options.seed} {number} {name}"
            kind, changed = mutate(content, random.Random(seed))
            with tempfile.TemporaryDirectory() as target:
                path = copy_beside(source, options.folder, Path(target), changed)
                outcome = one_case(what_to_read(path, Path(target)))
            short = outcome if len(outcome) < 40 else "traceback"
            outcomes["recording" if not outcome else short] += 1
            if outcome and not outcome.startswith("E "):
                print(f"--- {seed!r} ({kind})\n{outcome}")
    wrong = sum(n for what, n in outcomes.items() if what != "recording" and what[:2] != "E ")
    total = sum(outcomes.values())
    print(f"{total} damaged files: {wrong} went wrong; {dict(outcomes.most_common())}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
