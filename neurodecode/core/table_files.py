"""Tables as Parquet files that come back with the types they had."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from neurodecode.core.errors import DataError


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table, its index left out, as Parquet.

    Raises
    ------
    DataError
        A column holds values of several kinds.
    """
    import pyarrow as pa

    try:
        table.to_parquet(path, index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise DataError(
            "the trial table has a column that cannot be written",
            found=str(error),
            expected="columns of one kind each: text, whole numbers, numbers, or truth values",
            fix="epochs.with_trials(epochs.trials.drop(columns=[...]))",
        ) from error


def read_table(path: Path) -> pd.DataFrame:
    """The table that `write_table` wrote, its text as Python objects where it was.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.parquet"
    >>> write_table(path, pd.DataFrame({"subject": pd.Series(["1", None], dtype=object)}))
    >>> read_table(path)["subject"].tolist()
    ['1', None]
    """
    from pyarrow import parquet

    stored = parquet.read_table(path, use_threads=False)
    table, columns = stored.to_pandas(), stored.schema.pandas_metadata["columns"]
    # pandas 3 reads all text as its own type; what was written as objects comes back as objects.
    for name in [each["name"] for each in columns if each["numpy_type"] == "object"]:
        column = table[name].astype(object)
        table[name] = column.where(column.notna(), None)
    return table
