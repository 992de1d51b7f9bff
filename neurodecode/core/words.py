"""Numbers as people read them: one spelling for the terminal, the report and every repr.

Scores are fractions in the code and percent on the page; differences are points. A missing number
is a word (`NONE`, `NOT_APPLICABLE`), never an empty cell or ``nan``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

NONE = "none"
NOT_APPLICABLE = "–"
MINUS = "−"

_SMALL = "no one two three four five six seven eight nine ten eleven twelve".split()


def missing(value: float | None) -> bool:
    """True for None and NaN.

    Examples
    --------
    >>> missing(None), missing(float("nan")), missing(0.0)
    (True, True, False)
    """
    return value is None or math.isnan(value)


def percent(score: float | None, n: int | None = None) -> str:
    """A score in percent: one decimal, none when fewer than 50 trials carry it.

    Parameters
    ----------
    score : fraction, or None or NaN for "does not apply"
    n : number of trials behind the score

    Examples
    --------
    >>> percent(0.719), percent(0.719, n=42), percent(-0.02), percent(None)
    ('71.9', '72', '−2.0', '–')
    """
    if score is None or missing(score):
        return NOT_APPLICABLE
    return _plain(100 * score, 0 if n is not None and n < 50 else 1)


def interval_words(low: float | None, high: float | None, n: int | None = None) -> str:
    """A 95 % interval of a score in percent, in brackets.

    Examples
    --------
    >>> interval_words(0.68, 0.751), interval_words(None, None)
    ('[68.0, 75.1]', '–')
    """
    if low is None or high is None or missing(low) or missing(high):
        return NOT_APPLICABLE
    return f"[{percent(low, n)}, {percent(high, n)}]"


def signed(points: float | None, decimals: int = 1) -> str:
    """A difference with its sign, with a true minus.

    Examples
    --------
    >>> signed(-1.2), signed(5), signed(0.02), signed(None)
    ('−1.2', '+5.0', '0.0', '–')
    """
    if points is None or missing(points):
        return NOT_APPLICABLE
    text = _plain(points, decimals)
    return text if float(f"{points:.{decimals}f}") <= 0 else f"+{text}"


def p_words(p: float | None) -> str:
    """A p value after the letter p: three decimals, no leading zero, never ``= .000``.

    Examples
    --------
    >>> p_words(0.034), p_words(0.0002), p_words(1.0), p_words(None)
    ('= .034', '< .001', '= 1', 'not testable')
    """
    if p is None or missing(p):
        return "not testable"
    if p < 0.001:
        return "< .001"
    return "= 1" if p >= 0.9995 else f"= {p:.3f}".replace("0.", ".")


def seconds_words(seconds: float | None) -> str:
    """A duration in the unit that suits it.

    Examples
    --------
    >>> seconds_words(0.8), seconds_words(49), seconds_words(276), seconds_words(35000)
    ('0.8 s', '49 s', '4.6 min', '9.7 h')
    >>> seconds_words(0.0312), seconds_words(None)
    ('0.03 s', '–')
    """
    if seconds is None or missing(seconds):
        return NOT_APPLICABLE
    if seconds < 0.1:
        return "< 0.01 s" if seconds < 0.005 else f"{seconds:.2f} s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 5970:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def count_words(count: float | None) -> str:
    """A large count in three digits: as it is below 1000, then k, M and G.

    Examples
    --------
    >>> count_words(708), count_words(3400), count_words(789572), count_words(5.8e6)
    ('708', '3.4 k', '790 k', '5.8 M')
    """
    if count is None or missing(count):
        return NOT_APPLICABLE
    value, unit = float(count), ""
    for unit in ("", "k", "M", "G"):
        if value < 999.5 or unit == "G":
            break
        value /= 1000
    if not unit:
        return f"{value:.0f}"
    return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"


def grouped(count: int) -> str:
    """An exact count with its thousands apart.

    Examples
    --------
    >>> grouped(2592)
    '2,592'
    """
    return f"{count:,}"


def plural(count: int, singular: str, many: str | None = None) -> str:
    """A count and its noun.

    Examples
    --------
    >>> plural(1, "subject"), plural(2592, "trial"), plural(2, "class", "classes")
    ('1 subject', '2,592 trials', '2 classes')
    """
    return f"{grouped(count)} {singular if count == 1 else many or singular + 's'}"


def small_number(count: int) -> str:
    """A count inside a sentence: a word up to twelve, figures above.

    Examples
    --------
    >>> small_number(2), small_number(40)
    ('two', '40')
    """
    return _SMALL[count] if 0 <= count < len(_SMALL) else grouped(count)


def join_words(items: Sequence[str]) -> str:
    """A list as a sentence has it.

    Examples
    --------
    >>> join_words(["mdm"]), join_words(["mdm", "xdawn-ts", "csp-lda"])
    ('mdm', 'mdm, xdawn-ts and csp-lda')
    """
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def html_table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """A small table of words and what they say, for notebooks.

    Examples
    --------
    >>> html_table("a < b", [])
    '<table><caption>a &lt; b</caption><tbody></tbody></table>'
    """
    body = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(word)}</th>'
        f'<td style="text-align:left">{escape(text)}</td></tr>'
        for word, text in rows
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{body}</tbody></table>"


def _plain(value: float, decimals: int) -> str:
    text = f"{abs(value):.{decimals}f}"
    return MINUS + text if value < 0 and float(text) != 0 else text
