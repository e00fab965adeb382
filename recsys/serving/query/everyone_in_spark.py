"""Offers for all customers of an artifact, computed by the workers of Spark.

Each worker process unpacks the artifact and loads it once, and then answers ranges of customers as
`recsys.serving.query.everyone` does on one machine: the same lists and scores.
"""

import os
import secrets
import tempfile
import zipfile
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recsys.errors import InputError
from recsys.ops.whole_folder import current
from recsys.serving.query.artifact import Artifact
from recsys.serving.query.everyone import AT_ONCE, offers_table
from recsys.serving.storage import load

_MESSAGE_CHARACTERS = 300


def recommend_everyone_in_spark(
    spark: Any, folder: str | os.PathLike[str], out: str, **query: Any
) -> int:
    """Writes the offers of `recommend_everyone` as Parquet parts, in the order of ids.

    The columns are those of its .parquet file. Ids travel in Arrow, so that none is rounded.

    Args:
        spark: session; its workers can import this library, and have room for the artifact.
        folder: of the artifact.
        out: folder or address of the parts, which does not exist; Spark adds _SUCCESS at the end.
        query: `k`, `touchpoint`, `at`, `exclude` and `allow`, as for `recommend_everyone`; `at` is
            a moment, because workers start at different ones.

    Returns:
        How many customers there are.

    Raises:
        InputError: as for `recommend_everyone`, or Spark cannot write.
    """
    from pyspark.errors import PySparkException

    artifact = load(folder)
    artifact.query(**query)
    count = len(artifact.customers.groups[0])
    parts = -(-count // AT_ONCE)
    # A name for each call: Spark does not unpack another archive over one of the same name.
    name = f"artifact-{secrets.token_hex(8)}"
    with tempfile.TemporaryDirectory() as packed:
        spark.sparkContext.addArchive(f"{_packed(Path(folder), Path(packed))}#{name}")
        numbers = spark.range(0, parts, 1, parts)
        answer = partial(_offers, name=name, query=query, size=AT_ONCE)
        offers = numbers.mapInArrow(answer, _schema(artifact))
        try:
            offers.write.mode("errorifexists").parquet(out)
        except PySparkException as error:
            reason = " ".join(str(error).split())[:_MESSAGE_CHARACTERS]
            raise InputError(f"out={out}: Spark cannot write it: {reason}") from None
    return count


def _packed(folder: Path, into: Path) -> Path:
    """The artifact as one file: Spark sends no folders to the workers of a cluster."""
    path, source = into / "artifact.zip", current(folder)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for member in sorted(source.rglob("*")):
            if member.is_file():
                file.write(member, member.relative_to(source))
    return path


def _offers(
    numbers: Iterator[pa.RecordBatch], name: str, query: dict[str, Any], size: int
) -> Iterator[pa.RecordBatch]:
    from pyspark import SparkFiles

    artifact = _loaded(SparkFiles.get(name))
    starts, ends = artifact.customers.groups
    built = artifact.query(**query)
    for batch in numbers:
        for number in batch.column(0).to_pylist():
            part = slice(number * size, (number + 1) * size)
            table = offers_table(artifact, starts[part], ends[part], built)
            yield from table.replace_schema_metadata(None).combine_chunks().to_batches()


@lru_cache(maxsize=1)
def _loaded(path: str) -> Artifact:
    return load(path)


def _schema(artifact: Artifact) -> str:
    customers, products = (
        "bigint" if np.issubdtype(ids.dtype, np.integer) else "string"
        for ids in (artifact.contents.customers.ids, artifact.contents.products.ids)
    )
    return (
        f"customer_id {customers}, product_id array<{products}>, score array<float>, "
        "touchpoint array<string>, short_because string, basis string"
    )
