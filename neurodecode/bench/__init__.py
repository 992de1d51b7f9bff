"""Recipes run over data sets: cells and batches, the runner, results, card checks, the report.

This room calls public functions of the rooms below. It knows no file format and no network.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.bench.benchmarking import benchmark as benchmark
    from neurodecode.bench.card_checks import check_dataset as check_dataset
    from neurodecode.bench.demo import run_demo as run_demo
    from neurodecode.bench.recipes import find_recipe as find_recipe
    from neurodecode.bench.recipes import recipe as recipe
    from neurodecode.bench.result import Result as Result

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "Result": "result",
        "benchmark": "benchmarking",
        "check_dataset": "card_checks",
        "find_recipe": "recipes",
        "recipe": "recipes",
        "run_demo": "demo",
    },
)
