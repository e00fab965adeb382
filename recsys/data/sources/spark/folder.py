"""Tables in a folder as data frames of Spark, with the place of each row."""

import re
from typing import Any

import pandas as pd
import pyarrow as pa

from recsys.data.arrow_frame import frame_of
from recsys.data.sources.driver_errors import driver_words
from recsys.data.sources.parts import Partitions, typed_partition
from recsys.errors import InputError
from recsys.ops.masking import masked

FILE, ROW = "_file", "_row"
"""Columns that say where a row stands: its file, and its position there, from 0."""

_INDEX = re.compile(r"__index_level_[0-9]+__")
"""How pandas names an index without a name in a Parquet file; it is no column of the table."""


class SparkFolder:
    """Parquet tables under an address that Spark can read.

    Args:
        spark: session.
        root: a folder, or an address such as hdfs://NAME/tables or s3a://BUCKET/tables.
        partitions: how values in names of folders are read, text where not set.
    """

    def __init__(self, spark: Any, root: str, partitions: Partitions) -> None:
        self.spark, self.root, self.partitions = spark, root.rstrip("/"), partitions
        # Otherwise Spark makes 7 of a folder branch=007.
        spark.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")

    def table(self, name: str) -> Any:
        """The table in NAME.parquet or NAME/ as a data frame; None if there is none.

        Raises:
            InputError: it cannot be read.
        """
        from pyspark.errors import AnalysisException, PySparkException

        for path in (f"{self.root}/{name}.parquet", f"{self.root}/{name}"):
            try:
                rows = self.spark.read.parquet(path)
                return rows.drop(*(name for name in rows.columns if _INDEX.fullmatch(name)))
            except AnalysisException as error:
                if error.getCondition() == "PATH_NOT_FOUND":
                    continue
                raise _unreadable(name, self.root, error) from None
            except PySparkException as error:
                raise _unreadable(name, self.root, error) from None
        return None

    def frame(self, name: str) -> pd.DataFrame | None:
        """A side table in memory, with its rows in the order of files and rows.

        Raises:
            InputError: it cannot be read.
        """
        table = self.table(name)
        if table is None:
            return None
        rows = in_order(collected(with_places(table), name, self.root))
        return typed_partitions(frame_of(rows.drop_columns([FILE, ROW])), self.partitions)


def typed_partitions(frame: pd.DataFrame, partitions: Partitions) -> pd.DataFrame:
    """Columns of texts from names of folders, read as `recsys.data.sources.parts` does it."""
    for name in partitions:
        if name not in frame:
            continue
        codes, texts = pd.factorize(frame[name])
        typed = typed_partition(name, list(texts), codes, partitions)
        frame = frame.drop(columns=name) if typed is None else frame.assign(**{name: typed})
    return frame


def with_places(table: Any) -> Any:
    """The table with the columns `FILE` and `ROW`."""
    from pyspark.sql.functions import col

    return table.select(
        "*", col("_metadata.file_path").alias(FILE), col("_metadata.row_index").alias(ROW)
    )


def in_order(rows: pa.Table) -> pa.Table:
    """Rows with their places, in order of files and rows, as a load of one machine has them."""
    return rows.sort_by([(FILE, "ascending"), (ROW, "ascending")])


def collected(table: Any, name: str, root: str) -> pa.Table:
    """All rows of a data frame of Spark.

    Args:
        table: the data frame.
        name: of the table, for the error.
        root: of its folder, for the error.

    Raises:
        InputError: it cannot be read.
    """
    from pyspark.errors import PySparkException

    try:
        return table.toArrow()
    except PySparkException as error:
        raise _unreadable(name, root, error) from None


def _unreadable(name: str, root: str, error: Exception) -> InputError:
    words = driver_words(error, root)
    if "TIMESTAMP(NANOS" in words:
        return InputError(
            f"{name}: expected times in microseconds, which Spark reads, got nanoseconds; write "
            "the table with pandas' to_parquet(coerce_timestamps='us')"
        )
    return InputError(f"{name} in {masked(root)} cannot be read as Parquet by Spark: {words}")
