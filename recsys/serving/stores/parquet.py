"""Three Parquet files in a folder, for data warehouses and for other search indexes."""

import json
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.arrays import BoolArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.ops.csr import expand_ranges
from recsys.ops.whole_file import reason
from recsys.ops.whole_folder import replaced
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.customer_table import CustomerTable
from recsys.serving.artifact.event_table import EventTable
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.product_table import ProductTable
from recsys.serving.artifact.times import Moment
from recsys.serving.artifact.touchpoint_table import TouchpointTable
from recsys.serving.query.artifact import Artifact
from recsys.serving.stores.store import StoredOffer
from recsys.serving.stores.tables import NAMES, facts, matrix, tables

_FACTS = b"recsys"


class ParquetStore:
    """A folder of customers.parquet, products.parquet and touchpoints.parquet.

    Answers need only the tables, which are read at the first query.

    Args:
        folder: of the files; `put` creates it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, artifact: Artifact) -> None:
        """As `Store.put`; raises `InputError` where the folder holds other files too."""
        folder, about = self.folder.resolve(), json.dumps(facts(artifact.contents))
        _require_free(folder)
        try:
            with replaced(folder, lambda: _require_free(folder)) as draft:
                for name, table in tables(artifact.contents).items():
                    described = table.replace_schema_metadata({_FACTS: about})
                    pq.write_table(described, draft / f"{name}.parquet", compression="zstd")
        except OSError as error:
            raise InputError(f"to={folder} cannot be written: {reason(error)}") from None
        self.__dict__.pop("_artifact", None)

    def recommend(
        self,
        customer_id: str | int | UUID,
        k: int = 10,
        touchpoint: str | None = None,
        at: Moment | None = None,
        exclude: Sequence[str | int | UUID] = (),
    ) -> Sequence[StoredOffer]:
        """As `Store.recommend`."""
        answer = self._artifact.recommend(
            customer_id, k=k, touchpoint=touchpoint, at=at, exclude=exclude, strict=True
        )
        return [
            StoredOffer(
                product_id=_plain(offer.product_id), score=offer.score, touchpoint=offer.touchpoint
            )
            for offer in answer.offers
        ]

    @cached_property
    def _artifact(self) -> Artifact:
        """The tables as an artifact, which has the rules of serving."""
        try:
            return _artifact(_read_tables(self.folder))
        except (OSError, LookupError, TypeError, pa.ArrowException) as error:
            raise InputError(
                f"{self.folder} holds no tables of an artifact ({error}); run recsys store"
            ) from None


def _read_tables(folder: Path) -> dict[str, pa.Table]:
    """The tables of one `put`: an open folder stays the same when another takes its name."""
    while True:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            return {name: _read(f"{name}.parquet", descriptor) for name in NAMES}
        except FileNotFoundError:
            # Try again where the folder was replaced meanwhile; else a file is missing.
            if os.path.samestat(os.fstat(descriptor), folder.stat()):
                raise
        finally:
            os.close(descriptor)


def _read(name: str, folder: int) -> pa.Table:
    with open(name, "rb", opener=lambda path, flags: os.open(path, flags, dir_fd=folder)) as file:
        # pq.read_table would import pandas where it is installed.
        return pq.ParquetFile(file).read()


def _plain(product_id: Any) -> str | int:
    return product_id if isinstance(product_id, int) else str(product_id)


def _artifact(stored: dict[str, pa.Table]) -> Artifact:
    customers, products, touchpoints = (stored[name] for name in NAMES)
    about = json.loads(customers.schema.metadata[_FACTS])
    product_ids = SortedIds.build("product", _ids(products["product_id"]))
    names = touchpoints["touchpoint"].to_pylist()
    seen_by, seen = _seen(customers["seen"], product_ids)
    customer_vectors, product_vectors = matrix(customers["vector"]), matrix(products["vector"])
    if customer_vectors is None or product_vectors is None:
        raise LookupError("no vectors")
    contents = Contents(
        customers=CustomerTable(
            vectors=customer_vectors,
            ids=_ids(customers["customer_id"]),
            strands=np.array(customers["strand"].to_pylist(), np.int64),
            consent=_consent(customers["consent"], names),
        ),
        products=ProductTable(
            vectors=product_vectors,
            ids=_ids(products["product_id"]),
            valid_from=_dates(products["valid_from"], OPEN_START),
            valid_to=_dates(products["valid_to"], OPEN_END),
        ),
        touchpoints=TouchpointTable(names=names, vectors=matrix(touchpoints["vector"])),
        events=EventTable(
            customers=seen_by,
            products=seen,
            weights=np.zeros(len(seen), np.float32),
            until=_until(customers),
        ),
        # Tables of older versions keep the cut-off as `at`, the moment of all queries.
        facts={"clock": about["clock"], "as_of": about.get("as_of", about.get("at"))},
    )
    return Artifact.of(contents)


def _ids(column: Any) -> IdArray:
    is_integer = pa.types.is_integer(column.type)
    ids = np.empty(len(column), np.int64 if is_integer else object)
    ids[:] = column.to_pylist()
    return ids


def _dates(column: Any, open_end: int) -> IntArray:
    dates = [open_end if date is None else date for date in column.to_pylist()]
    return np.array(dates, np.int64)


def _consent(column: Any, names: list[str]) -> BoolArray | None:
    if column.null_count:
        return None
    permitted = [set(touchpoints) for touchpoints in column.to_pylist()]
    return np.array([[name in row for name in names] for row in permitted], bool)


def _seen(column: Any, products: SortedIds) -> tuple[IntArray, IntArray]:
    """Customer rows and product rows of all pairs of a customer and a product seen."""
    lists = column.to_pylist()
    customers = np.repeat(np.arange(len(lists)), list(map(len, lists)))
    starts, ends = products.find(product for seen in lists for product in seen)
    return customers, products.rows[expand_ranges(starts, ends)[1]]


def _until(customers: pa.Table) -> IntArray | None:
    """[n] moments of the pairs of `_seen`; None where they hold for ever, as in older tables."""
    if "seen_until" not in customers.column_names:
        return None
    return _dates(pa.chunked_array([customers["seen_until"].combine_chunks().flatten()]), OPEN_END)


def _require_free(folder: Path) -> None:
    ours = {f"{name}.parquet" for name in NAMES}
    if folder.is_file():
        raise InputError(f"to={folder} is a file; give a folder or postgresql://...")
    others = {path.name for path in folder.iterdir()} - ours if folder.exists() else set()
    if others:
        raise InputError(
            f"to={folder} also holds {', '.join(sorted(others)[:3])}, which replacing the tables "
            "would delete; name another folder"
        )
