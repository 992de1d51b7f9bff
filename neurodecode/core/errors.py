"""Errors that say what was found, what was expected, and how to fix it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class NeurodecodeError(Exception):
    """Root of all errors raised on purpose.

    Parameters
    ----------
    summary : str
        What went wrong, in one line.
    found, expected, fix : str, optional
        The three parts of every message.

    Examples
    --------
    >>> print(DataError("two rates", found="250 and 500 Hz", fix="nd.preprocessing.Resample(250)"))
    two rates
      found      250 and 500 Hz
      fix        nd.preprocessing.Resample(250)
    """

    def __init__(
        self,
        summary: str,
        *,
        found: str | None = None,
        expected: str | None = None,
        fix: str | None = None,
    ):
        self.summary, self.found, self.expected, self.fix = summary, found, expected, fix
        parts = [("found", found), ("expected", expected), ("fix", fix)]
        lines = [summary] + [f"  {word:<10} {text}" for word, text in parts if text]
        super().__init__("\n".join(lines))

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions cross process borders (joblib, Dask); keyword arguments would be lost.
        return _rebuild, (type(self), self.args[0], self.__dict__.copy())


def _rebuild(cls: type[NeurodecodeError], message: str, state: dict[str, Any]) -> NeurodecodeError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class DataError(NeurodecodeError, ValueError):
    """Data that cannot be used as they are."""


class CardError(NeurodecodeError, ValueError):
    """A data set card that is malformed or contradicts its data."""


class RecipeError(NeurodecodeError, ValueError):
    """A recipe that is malformed or names things that do not exist."""


class LeakageError(NeurodecodeError, ValueError):
    """Test data that would reach training.

    Attributes
    ----------
    trials : tuple
        Identifiers of the offending trials.
    """

    def __init__(self, summary: str, *, trials: Iterable[Any] = (), **parts: Any):
        super().__init__(summary, **parts)
        self.trials = tuple(trials)


class MissingDependency(NeurodecodeError, ImportError):
    """An optional package that is not installed."""


class DownloadError(NeurodecodeError, OSError):
    """A download that failed or delivered something else."""


class TrainingError(NeurodecodeError, RuntimeError):
    """A training run that cannot go on."""


class UnknownName(NeurodecodeError, LookupError):
    """A name that is registered nowhere."""


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Guess the typo.

    Parameters
    ----------
    name : str
        What was asked for.
    options : iterable of str
        What exists.

    Returns
    -------
    guess : str
        ``"did you mean 'x'?"``, or an empty string when nothing is near.

    Examples
    --------
    >>> did_you_mean("tangnet-lr", ["tangent-lr", "csp-lda"])
    "did you mean 'tangent-lr'?"
    """
    by_lower = {option.lower(): option for option in options}
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.6)
    return f"did you mean {by_lower[near[0]]!r}?" if near else ""
