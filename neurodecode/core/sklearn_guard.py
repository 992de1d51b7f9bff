"""Say plainly when a scikit-learn tool insists on a table of two dimensions."""

from __future__ import annotations

import sys

from neurodecode.core.errors import DataError


def refuse_two_dimensional(shape: tuple[int, int, int]) -> None:
    """Raise our message when `check_array` is about to refuse epochs for being 3-D.

    Bagging, one-vs-one, self-training and stacking with passthrough convert `X` to a 2-D array
    themselves. Their own message advises reshaping, which would destroy what the trials mean.

    Parameters
    ----------
    shape : (n_trials, n_channels, n_times)

    Raises
    ------
    DataError
        The conversion was asked for by `check_array` without `allow_nd`, or by a stack that
        joins predictions and input.
    """
    frame = sys._getframe(2)
    for _ in range(6):  # numpy's asarray and the array-API wrapper lie between
        if frame is None:
            return
        theirs = frame.f_globals.get("__name__", "").startswith("sklearn")
        if theirs and frame.f_code.co_name == "_concatenate_predictions":  # stacking, passthrough
            break
        if theirs and frame.f_code.co_name == "check_array":
            if not frame.f_locals.get("allow_nd", False):
                break
            return
        frame = frame.f_back
    else:
        return
    n, channels, times = shape
    raise DataError(
        "this scikit-learn tool takes only tables of two dimensions",
        found=f"epochs: {n} trials x {channels} channels x {times} times",
        expected="(n_trials, n_features)",
        fix="put the tool after a feature step, "
        "make_pipeline(nd.features.WindowMeans(8), BaggingClassifier()); "
        "or use Voting, Stacking without passthrough, OneVsRest, CalibratedClassifierCV",
    )
