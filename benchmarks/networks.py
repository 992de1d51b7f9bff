"""Networks beside classical recipes: score, gain, size and training time on each data set.

Run as ``python benchmarks/networks.py``. The folder of sample recordings is ``--data``, else
``NEURODECODE_SHARED``, else ``../shared/data`` beside the checkout. Every cell is kept in
``--out``: the same call again goes on where the last one ended. ``--quick`` is one seed, five
passes over the trials, two folds and one person a set: it shows that all runs, not how good
networks are. ``--only`` and ``--nets`` run some sets and networks, ``--write`` puts the tables
into ``docs/networks.md``.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import pandas as pd  # noqa: E402
from harness import machine, page_with  # noqa: E402
from network_rows import (  # noqa: E402
    CLASSICAL,
    FULL,
    NETS,
    QUICK,
    SETS,
    Effort,
    Set,
    Transfer,
    gain_over_chance,
    gains_from_transfer,
    macs,
    scored,
    spec_of,
    transferred,
)

import neurodecode as nd  # noqa: E402

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs" / "networks.md"
HEADER = (
    "recipe", "score", "95 %", "gain over chance", "of what there is", "from transfer",
    "parameters", "MACs a trial", "s a fit",
)  # fmt: skip


def section(each: Set, nets: Sequence[str], effort: Effort, out: Path | None, jobs: int) -> str:
    """One data set: what it is, its table, and where networks lose."""
    result = scored(each, nets, effort, out, jobs)
    findings = result.findings()
    rows = findings.scores.set_index("recipe")
    gains: dict[str, Transfer] = {}
    if each.n_calibration and not effort.quick:
        people = transferred(each, nets, effort, out, jobs).findings().people
        gains = gains_from_transfer(people)
    spec = spec_of(each, effort)
    lines = ["| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    for name in [*CLASSICAL, *nets]:
        size = macs(name, spec) if name in nets else None
        lines.append("| " + " | ".join(cells(rows.loc[name], size, gains.get(name))) + " |")
    ran = rows[rows["score"].notna()]
    n_people = int(ran["n_subjects"].max())
    counts = (
        f"{int(ran['n'].max())} test trials, {n_people} {'people' if n_people > 1 else 'person'}"
    )
    words = f"{findings.metrics[each.card]}, chance {ran['chance'].max():.2f}, {counts}."
    return "\n".join([f"### {each.card}", "", words, verdict(rows, nets), "", *lines])


def cells(row: pd.Series, size: int | None, transfer: Transfer | None) -> list[str]:
    """A row in words; what did not run says why."""
    if pd.isna(row["score"]):
        why = " ".join(str(row["failure"]).split())
        return [f"`{row.name}`", "-", why.replace("|", "/")[:120], *["-"] * 6]
    gain, share = gain_over_chance(row["score"], row["chance"])
    moved = "-" if transfer is None else f"{transfer.gain:+.2f} (p {transfer.p:.2f})"
    return [
        f"`{row.name}`", f"{row['score']:.2f}", f"{row['ci_low']:.2f} to {row['ci_high']:.2f}",
        f"{gain:+.2f}", f"{share:+.2f}", moved, f"{row['parameters']:,.0f}",
        "-" if size is None else f"{size / 1e6:.2f} M", f"{row['fit_seconds']:.1f}",
    ]  # fmt: skip


def verdict(rows: pd.DataFrame, nets: Sequence[str]) -> str:
    """Whether networks win or lose against the better classical recipe."""
    classical = rows.loc[[*CLASSICAL], "score"].dropna()
    networks = rows.loc[[*nets], "score"].dropna()
    if classical.empty or networks.empty:
        return "No comparison: one side did not run."
    best, first = classical.max(), networks.idxmax()
    lose = int((networks < best).sum())
    guess = int(rows.loc[networks.index, "at_chance"].astype(bool).sum())
    word = "loses to" if networks.max() < best else "is not below"
    return (
        f"The best network, `{first}` ({networks.max():.2f}), {word} `{classical.idxmax()}` "
        f"({best:.2f}); {lose} of {len(networks)} networks lose to it, and of {guess} the interval "
        "reaches chance."
    )


def sections(
    sets: Sequence[Set], nets: Sequence[str], effort: Effort, out: Path | None, jobs: int
) -> Iterator[str]:
    """Sections, each as soon as it is computed."""
    for each in sets:
        start = time.monotonic()
        text = section(each, nets, effort, out, jobs)
        yield f"{text}\n"
        print(f"{each.card}: {time.monotonic() - start:.0f} s\n", flush=True)


def main() -> None:
    """Compute the tables, print them as they come, and write the page if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    shared = os.environ.get("NEURODECODE_SHARED", CHECKOUT.parent / "shared" / "data")
    names = [each.card for each in SETS]
    parser.add_argument("--data", type=Path, default=Path(shared), help="folder of recordings")
    parser.add_argument("--out", type=Path, help="folder that keeps what nd.benchmark computed")
    parser.add_argument("--only", metavar="CARD", nargs="+", choices=names, default=names)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=NETS)
    parser.add_argument("--jobs", type=int, default=1, help="processes; networks use all cores")
    parser.add_argument("--quick", action="store_true", help="one seed, few passes, one person")
    parser.add_argument("--write", action="store_true", help=f"the tables into {PAGE.name}")
    options = parser.parse_args()
    if not options.data.is_dir():
        parser.error(f"no folder of sample recordings at {options.data}")
    warnings.simplefilter("ignore")
    os.environ["NEURODECODE_DATA"] = str(options.data.resolve())
    effort = QUICK if options.quick else FULL
    done = []
    chosen = [each for each in SETS if each.card in options.only]
    for text in sections(chosen, options.nets, effort, options.out, options.jobs):
        done.append(text)
        print(text, flush=True)
    if options.write:
        said = f"{effort}; neurodecode {nd.__version__}, {machine('torch', 'scikit-learn')}."
        PAGE.write_text(page_with(PAGE.read_text("utf-8"), "\n".join([*done, said])), "utf-8")


if __name__ == "__main__":
    main()
