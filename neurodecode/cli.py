"""The command line: thin. It reads arguments, calls public functions and prints what they give.

Exit codes: 0 success, 1 a check found something wrong or the work failed, 2 misuse, 130 Ctrl-C.
Answers go to standard output, errors to standard error, files where `--out` says.
"""

from __future__ import annotations

import datetime
import functools
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from neurodecode.core.errors import DataError, DownloadError, NeurodecodeError, TrainingError
from neurodecode.core.runtime import QUIET

if TYPE_CHECKING:
    from neurodecode.bench.card_checks import CheckedData

app = typer.Typer(
    name="neurodecode",
    help="Decode brain recordings: recordings in, a trusted table out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
datasets_app = typer.Typer(help="Data sets: list the cards, check data against them.")
recipes_app = typer.Typer(help="Recipes: pipelines by name.")
nets_app = typer.Typer(help="Networks by name.")
cache_app = typer.Typer(help="The folder of things that can be made again.")
app.add_typer(datasets_app, name="datasets")
app.add_typer(recipes_app, name="recipes")
app.add_typer(nets_app, name="nets")
app.add_typer(cache_app, name="cache")

_GLOBAL_FLAGS = ("--quiet", "--debug")
_state = {"debug": False}
_MARKS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "bad": ("✗", "red"), "": ("", "")}
_MARK_COLUMN = 95
# For terminals that cannot show the first; whatever else they lack becomes a question mark.
_PLAIN = str.maketrans(
    {"━": "#", "·": "-", "✓": "ok", "✗": "NO", "−": "-", "×": "x", "┊": "|", "–": "-", "…": "...",
     "†": "+", "µ": "u", "●": "*", "◆": "#", "─": "-", "├": "|", "┤": "|"}
)  # fmt: skip

Names = Annotated[str, typer.Option(help="Names, separated by commas.")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; default: what this process was started with.

    Raises
    ------
    SystemExit
        Always, with the exit code.

    Examples
    --------
    >>> main(["--version"])
    Traceback (most recent call last):
    SystemExit: 0
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    # The two flags may stand anywhere; the parser wants them before the command.
    flags = [word for word in given if word in _GLOBAL_FLAGS]
    app(args=flags + [word for word in given if word not in _GLOBAL_FLAGS])


def say(text: str = "", style: str = "", mark: str = "", error: bool = False) -> None:
    """Print a line; `mark` ("ok", "warn", "bad") stands at the right margin."""
    sign, colour = _MARKS[mark]
    line = f"{text:<{_MARK_COLUMN}} {sign}" if sign else text
    console = Console(stderr=error, highlight=False, markup=False, soft_wrap=True)
    if not (console.encoding or "").lower().startswith("utf"):
        encoding = console.encoding or "ascii"
        line = line.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    console.print(line, style=style or (colour if mark in ("warn", "bad") else None))


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors into messages and exit codes; `--debug` lets them through."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt as stopped:
            say(str(stopped) or "Stopped.", style="yellow", error=True)
            raise typer.Exit(130) from None
        except (NeurodecodeError, OSError) as problem:
            if _state["debug"]:
                raise
            _explain(problem)
            failed_work = isinstance(problem, (DownloadError, TrainingError))
            raise typer.Exit(1 if failed_work else 2) from None

    return run


def _explain(problem: Exception) -> None:
    if isinstance(problem, OSError) and problem.filename:
        problem = DataError(
            str(problem.strerror),
            found=str(problem.filename),
            expected="a place that can be read and written",
            fix="give another path",
        )
    first, *rest = (str(problem) or type(problem).__name__).splitlines()
    say(f"Error: {first}", style="red", error=True)
    for line in rest:
        say(line, error=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        from neurodecode import __version__

        say(f"neurodecode {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no hints.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of errors.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    _state["debug"] = debug
    if quiet:
        os.environ[QUIET] = "1"  # worker processes inherit it


def _quiet() -> bool:
    return bool(os.environ.get(QUIET))


@app.command()
@guarded
def demo(
    out: Annotated[Path, typer.Option(help="Folder of table and report.")] = Path("demo"),
    download: Annotated[
        bool, typer.Option("--download", help="Add PhysioNet's motor imagery, subjects 1 to 3.")
    ] = False,
) -> None:
    """Run 13 recipes on the data sets that come along; a table and a page come out."""
    from neurodecode.bench import run_demo

    run_demo(out=out, download=download, quiet=_quiet())


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@app.command()
@guarded
def benchmark(
    datasets: Names,
    recipes: Names,
    split: Annotated[str, typer.Option(help="Kind of split, or card.")] = "card",
    k: Annotated[int, typer.Option(help="Folds.", min=2)] = 5,
    seeds: Annotated[
        int, typer.Option(min=1, help="Runs of recipes that draw random numbers.")
    ] = 1,
    metric: Annotated[str, typer.Option(help="Main metric.")] = "auto",
    jobs: Annotated[int, typer.Option(help="Processes on this machine; -1: one a core.")] = 1,
    backend: Annotated[str | None, typer.Option(help="dask, for a cluster.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="The cluster's address.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results.")] = None,
    compat: Annotated[str | None, typer.Option(help="moabb, for MOABB's own numbers.")] = None,
    n_calibration: Annotated[int, typer.Option(help="Labelled trials a class of the tested.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run, and run nothing.")
    ] = False,
) -> None:
    """Score recipes on data sets; the same command again goes on where it was stopped."""
    from neurodecode import bench

    result = bench.benchmark(
        _names(datasets),
        _names(recipes),
        split=split,
        k=k,
        seeds=seeds,
        metric=metric,
        jobs=jobs,
        backend=backend,
        scheduler=scheduler,
        out=out,
        compat=compat,
        n_calibration=n_calibration,
        dry_run=dry_run,
        quiet=_quiet(),
    )
    if result is None:
        return
    say(result.table())
    failed = result.failures().to_dict("records")
    for row in failed:
        cell = f"{row['recipe']} · {row['dataset']} · fold {row['fold']}"
        say(f"failed  {cell}: {row['failure']}", style="red")
    if out is not None and not _quiet():
        say(f"next: neurodecode report {out}")
    if failed:
        raise typer.Exit(1)


@app.command()
@guarded
def report(
    folder: Annotated[Path, typer.Argument(help="Folder that a benchmark wrote.")],
    compare: Annotated[str | None, typer.Option(help="Two recipes: first,second.")] = None,
    metric: Annotated[str | None, typer.Option(help="Any metric; the main one if absent.")] = None,
    latex: Annotated[bool, typer.Option("--latex", help="The table for a paper.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the page here.")] = None,
) -> None:
    """Print the table of a finished or stopped benchmark, and write its page."""
    from neurodecode.bench import Result

    result = Result.load(folder)
    say(result.table(format="latex" if latex else "text", metric=metric))
    if compare is not None:
        first, _, second = compare.partition(",")
        say(str(result.compare(first, second, metric=metric)))
    if html is not None:
        say(str(result.report(html)))


@datasets_app.callback(invoke_without_command=True)
def _datasets(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_datasets()


@datasets_app.command("list")
@guarded
def list_datasets() -> None:
    """One line a card."""
    from neurodecode.core import read_card, registry

    for name in registry.names("dataset"):
        card = read_card(name)
        classes = f"{len(card.classes)} classes" if card.classes else "continuous"
        people = f"{len(card.subjects)} subject" + "s" * (len(card.subjects) != 1)
        repaired = any(flaw.repair for flaw in card.flaws)
        title = card.title + (" · repaired on load" if repaired else "")
        say(f"{name:<22} {card.modality:<7}{classes:<12}{people:<12}{title}")


@datasets_app.command("check")
@guarded
def check_datasets(
    names: Annotated[list[str] | None, typer.Argument(help="Names of cards.")] = None,
    present: Annotated[
        bool, typer.Option("--present", help="Every data set that needs no download.")
    ] = False,
) -> None:
    """Compare data with what their cards say; look for known and unknown flaws."""
    from neurodecode.bench import check_dataset
    from neurodecode.loaders import present_datasets

    if not names and not present:
        raise typer.BadParameter("name a data set, or give --present")
    checked = []
    for name in names or present_datasets():
        checked.append(check_dataset(name))
        if names or not checked[-1].ok:
            say(str(checked[-1]))
        else:
            say(f"{name:<24} {checked[-1].verdict}", mark=_check_mark(checked[-1]))
    n_wrong = sum(not each.ok for each in checked)
    if not names:
        say(f"{len(checked)} checked: {len(checked) - n_wrong} as their cards say, {n_wrong} not")
    if n_wrong:
        raise typer.Exit(1)


def _check_mark(checked: CheckedData) -> str:
    return "warn" if any(flaw.repair for flaw in checked.card.flaws) else "ok"


@recipes_app.callback(invoke_without_command=True)
def _recipes(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_recipes()


@recipes_app.command("list")
@guarded
def list_recipes() -> None:
    """One line a recipe: name, family, steps."""
    from neurodecode.bench import find_recipe
    from neurodecode.core import registry

    for name in registry.names("recipe"):
        recipe = find_recipe(name)
        say(f"{name:<16} {recipe.family:<12} {recipe.words()}")


@recipes_app.command("show")
@guarded
def show_recipe(name: Annotated[str, typer.Argument(help="Name of a recipe.")]) -> None:
    """The text of a recipe: copy it, change it, give the file's path to benchmark."""
    from neurodecode.bench import find_recipe
    from neurodecode.core import registry

    find_recipe(name)
    say(Path(registry.target("recipe", name)).read_text(encoding="utf-8").rstrip())


@nets_app.callback(invoke_without_command=True)
def _nets(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_nets()


@nets_app.command("list")
@guarded
def list_nets() -> None:
    """One line a network: name and where it is built."""
    from neurodecode.core import registry

    for name in registry.names("net"):
        say(f"{name:<16} {registry.target('net', name)}")


@nets_app.command("load-report")
@guarded
def show_load_report(
    name: Annotated[str, typer.Argument(help="Name of an encoder, or the path of its card.")],
    path: Annotated[Path, typer.Argument(help="A checkpoint, or a folder that holds one.")],
) -> None:
    """What loading a checkpoint would fill, miss and leave over; exit code 1 if too little."""
    from neurodecode.nets import load_report, read_encoder_card

    report = load_report(name, path)
    least = read_encoder_card(name).min_match
    say(str(report))
    if report.fraction < least:
        say(f"refused: the card asks for {least:.0%} of the numbers", mark="bad")
        raise typer.Exit(1)


@app.command()
@guarded
def inspect(
    path: Annotated[Path, typer.Argument(help="A recording.")],
    html: Annotated[Path | None, typer.Option(help="Write a page with traces here.")] = None,
) -> None:
    """Look at a recording: channels, amplitudes, spectrum, gaps, events."""
    from neurodecode.loaders import inspect_recording

    inspection = inspect_recording(path)
    say(str(inspection))
    if html is not None:
        inspection.to_html(html)
        say(str(html))


@app.command()
@guarded
def doctor() -> None:
    """Examine this installation: versions, device, kernels, extras, cache, known faults."""
    from neurodecode.core.doctor import check_up
    from neurodecode.linalg._native.library import words

    checkup = check_up(kernels=words())
    for i, line in enumerate(checkup.lines):
        if not line.text or i == 0:
            say(f"{line.word}   {line.text}".rstrip(), style="bold" if i == 0 else "")
        else:
            say(f"  {line.word:<10} {line.text}", mark=line.mark)
    if not checkup.healthy:
        raise typer.Exit(1)


@cache_app.callback(invoke_without_command=True)
def _cache(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        cache_info()


@cache_app.command("info")
@guarded
def cache_info() -> None:
    """Where the cache is, how large, and the stored epochs, last used first."""
    from neurodecode.core.doctor import folder_size
    from neurodecode.core.memory import bytes_words
    from neurodecode.core.paths import cache_folder
    from neurodecode.core.words import plural
    from neurodecode.loaders import EpochStore

    count, size = folder_size(cache_folder())
    say(f"{cache_folder()}   {bytes_words(size)} in {plural(count, 'file')}")
    store = EpochStore()
    entries = store.entries()
    if entries:
        stored = bytes_words(sum(entry.n_bytes for entry in entries))
        limit = bytes_words(store.max_bytes)
        say(f"epochs   {stored} in {plural(len(entries), 'entry', 'entries')}, at most {limit}")
    for entry in entries:
        day = datetime.date.fromtimestamp(entry.used)
        say(f"  {bytes_words(entry.n_bytes):>7}  {day}  {entry.text}")


@cache_app.command("clear")
@guarded
def cache_clear(
    max_size: Annotated[
        str | None,
        typer.Option(help="Keep the stored epochs used last, up to this size: '20 GB'."),
    ] = None,
) -> None:
    """Delete the cache; what is needed again is made or fetched again."""
    from neurodecode.core.doctor import folder_size
    from neurodecode.core.memory import bytes_words
    from neurodecode.core.paths import cache_folder, parse_bytes
    from neurodecode.loaders import EpochStore

    if max_size is not None:
        freed = EpochStore().clean(parse_bytes(max_size))
        say(f"{bytes_words(freed)} freed in {EpochStore().folder}")
        return
    _, size = folder_size(cache_folder())
    shutil.rmtree(cache_folder(), ignore_errors=True)
    say(f"{bytes_words(size)} freed in {cache_folder()}")
