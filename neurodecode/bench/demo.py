"""The main job: recipes of every family on the data sets that come along."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import joblib

from neurodecode.bench.benchmarking import benchmark
from neurodecode.bench.dataset import BenchData, open_data
from neurodecode.bench.result import Result
from neurodecode.bench.table import text_table
from neurodecode.core.files import atomic_write
from neurodecode.core.words import plural, seconds_words

DATA_SETS = (
    "HandMovementDirection",
    "Blink",
    "SelfRegulationSCP1",
    "SelfRegulationSCP2",
    "EyesOpenShut",
    "FingerMovements",
    "sim-mi",
)
# Fixed before any test score was seen, the same for all data sets; what a recipe has to choose
# it chooses inside its training data.
RECIPES = (
    "window-lda",
    "bandpower-lda",
    "csp-lda",
    "tangent-lr",
    "mdm",
    "erp-ts",
    "xdawn-ts",
    "ea-tangent-lr",
    "minirocket",
    "eegnet",
    "shallow",
    "conformer",
    "spiking-lif",
)
DOWNLOADED = ("eegbci",)
_JOBS = 2


def run_demo(out: str | Path = "demo", download: bool = False, quiet: bool = False) -> Result:
    """Benchmark all families on the embedded data sets; write a table and a page.

    The published train and test parts are used where a set has them; the simulated motor
    imagery is split by subject. Run again, it goes on where it ended.

    Parameters
    ----------
    out : path, default "demo"
        Folder of `table.csv`, `report.html` and the finished runs.
    download : bool, default False
        Add PhysioNet motor imagery, subjects 1 to 3, through MNE's fetcher.
    quiet : bool, default False
        Print nothing.

    Returns
    -------
    result : Result

    Raises
    ------
    MissingDependency : the extra that brings the real data sets is not installed.
    DownloadError : `download` was asked for and failed.

    Examples
    --------
    >>> from neurodecode.bench import run_demo
    >>> run_demo("demo")                      # doctest: +SKIP
    """
    out = Path(out)
    say = (lambda text: None) if quiet else _say
    names = [*DATA_SETS, *(DOWNLOADED if download else ())]
    with warnings.catch_warnings():
        # The lines below say in words what these warnings say.
        warnings.simplefilter("ignore")
        data_sets = open_data(names)
        lines = [_data_line(data) for data in data_sets]
    say(_opening(len(names), download))
    for line in lines:
        say(line)
    say("")
    result = benchmark(
        data_sets,
        list(RECIPES),
        split="card",
        jobs=min(_JOBS, joblib.cpu_count()),
        out=out,
        quiet=quiet,
    )
    assert result is not None
    _write(result, out)
    for line in _closing(result, out):
        say(line)
    return result


def _write(result: Result, out: Path) -> None:
    with atomic_write(out / "table.csv") as path:
        result.frame.to_csv(path, index=False)
    with atomic_write(out / "report.html") as path:
        result.report(path)


def _opening(n_sets: int, download: bool) -> str:
    from neurodecode import __version__

    fetched = "eegbci is fetched from PhysioNet once" if download else "nothing to download"
    return (
        f"neurodecode {__version__} · {plural(len(RECIPES), 'recipe')} · "
        f"{plural(n_sets, 'data set')} · {fetched} · about 3 min on 2 cores\n"
    )


def _data_line(data: BenchData) -> str:
    """One data set: what is in it, how it is split, and whether its card knows a flaw."""
    epochs, card = data.epochs, data.card
    info = data.info(card.split["kind"] if card else "within-session", "")
    parts = info["parts"]
    trials = " + ".join(map(str, parts.values())) if parts else str(info["n_trials"])
    n_classes = plural(len(data.classes), "class", "classes")
    facts = [f"{trials} trials", info["channel_text"], n_classes]
    if info["n_subjects"] > 1:
        facts.append(plural(info["n_subjects"], "subject"))
    facts.append(f"{info['split']} split")
    repaired = [flaw for flaw in (card.flaws if card else []) if flaw.kind != "other"]
    name = data.name + (" (simulated)" if epochs.simulated else "")
    line = f"  {name:<24}{' · '.join(facts):<68}{'!' if repaired else '✓'}"
    return "\n".join([line, *(f"    {_shortened(flaw.text)}" for flaw in repaired)])


def _shortened(text: str, width: int = 94) -> str:
    first = text.split(". ")[0]
    return first if len(first) <= width else first[: width - 1].rsplit(" ", 1)[0] + " …"


def _closing(result: Result, out: Path) -> list[str]:
    info = result.info
    n_ok = info["n_cells"] - info["n_not_applicable"] - info["n_failed"]
    if info["n_from_earlier"] == n_ok:
        counts = f"{n_ok} of {n_ok} runs found in {out}, same stamps: nothing to do"
        table = [text_table(result, by="best")]
    else:
        counts = (
            f"{info['n_cells']} runs: {n_ok} finished, {info['n_not_applicable']} do not apply, "
            f"{info['n_failed']} failed"
        )
        table = [text_table(result)]
    return [
        *table,
        f"  {counts} · {seconds_words(info['elapsed_s'])}",
        f"  {out / 'table.csv'}    one row a subject, fold and metric",
        f"  {out / 'report.html'}  open this one",
        "  next: tutorials/01_first_pipeline.py",
    ]


def _say(text: str) -> None:
    """Print, also where the terminal's encoding has no such signs."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()
