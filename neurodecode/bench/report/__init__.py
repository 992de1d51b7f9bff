"""The report of a benchmark: one self-contained page, readable without JavaScript or network.

Numbers come from `neurodecode.bench.summary.Findings` and nowhere else. This package must not know
how runs are made.
"""

from typing import TYPE_CHECKING

from neurodecode.core import lazy

if TYPE_CHECKING:
    from neurodecode.bench.report.page import render_report as render_report
    from neurodecode.bench.report.page import write_report as write_report

__getattr__, __dir__, __all__ = lazy.attach(
    __name__, {"render_report": "page", "write_report": "page"}
)
