"""Three Parquet files in a folder, for warehouses and for those who bring their own index."""

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
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.customer_table import CustomerTable
from recsys.serving.artifact.event_table import EventTable
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.product_table import ProductTable
from recsys.serving.artifact.times import OPEN_END, OPEN_START, Moment
from recsys.serving.artifact.touchpoint_table import TouchpointTable
from recsys.serving.query.artifact import Artifact
from recsys.serving.stores.store import StoredOffer
from recsys.serving.stores.tables import NAMES, facts, matrix, tables

_FACTS = b"recsys"


class ParquetStore:
    """A folder of customers.parquet, products.parquet and touchpoints.parquet.

    Answers come from the tables alone, read when they are first asked for.

    Args:
        folder: where; made by `put`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, artifact: Artifact) -> None:
        """As `Store.put`; a folder that holds other things is left alone."""
        place, about = self.folder.resolve(), json.dumps(facts(artifact.contents))
        _require_free(place)
        try:
            with replaced(place, lambda: _require_free(place)) as draft:
                for name, table in tables(artifact.contents).items():
                    whole = table.replace_schema_metadata({_FACTS: about})
                    pq.write_table(whole, draft / f"{name}.parquet", compression="zstd")
        except OSError as error:
            raise InputError(f"to={place} cannot be written: {reason(error)}") from None
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
        found = self._artifact.recommend(
            customer_id, k=k, touchpoint=touchpoint, at=at, exclude=exclude, strict=True
        )
        return [
            StoredOffer(
                product_id=_plain(one.product_id), score=one.score, touchpoint=one.touchpoint
            )
            for one in found.offers
        ]

    @cached_property
    def _artifact(self) -> Artifact:
        """The tables as arrays: the rules of serving are written once."""
        try:
            return _artifact(_whole(self.folder))
        except (OSError, LookupError, TypeError, pa.ArrowException) as error:
            raise InputError(
                f"{self.folder} holds no tables of an artifact ({error}); run scripts/store.py"
            ) from None


def _whole(folder: Path) -> dict[str, pa.Table]:
    """The tables of one put: a folder once opened stays the same, whatever takes its name."""
    while True:
        place = os.open(folder, os.O_RDONLY)
        try:
            return {name: _read(f"{name}.parquet", place) for name in NAMES}
        except FileNotFoundError:
            # Replaced and deleted meanwhile, or incomplete from the start.
            if os.path.samestat(os.fstat(place), folder.stat()):
                raise
        finally:
            os.close(place)


def _read(name: str, place: int) -> pa.Table:
    with open(name, "rb", opener=lambda path, flags: os.open(path, flags, dir_fd=place)) as file:
        # pq.read_table would import pandas where it is installed.
        return pq.ParquetFile(file).read()


def _plain(product_id: Any) -> str | int:
    return product_id if isinstance(product_id, int) else str(product_id)


def _artifact(kept: dict[str, pa.Table]) -> Artifact:
    customers, products, touchpoints = (kept[name] for name in NAMES)
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
            customers=seen_by, products=seen, weights=np.zeros(len(seen), np.float32)
        ),
        # Tables of former versions keep the cut-off as the moment of all questions.
        facts={"clock": about["clock"], "as_of": about.get("as_of", about.get("at"))},
    )
    return Artifact.of(contents)


def _ids(column: Any) -> IdArray:
    is_integer = pa.types.is_integer(column.type)
    ids = np.empty(len(column), np.int64 if is_integer else object)
    ids[:] = column.to_pylist()
    return ids


def _dates(column: Any, open_: int) -> IntArray:
    return np.array([open_ if one is None else one for one in column.to_pylist()], np.int64)


def _consent(column: Any, names: list[str]) -> BoolArray | None:
    if column.null_count:
        return None
    permitted = [set(one) for one in column.to_pylist()]
    return np.array([[name in one for name in names] for one in permitted], bool)


def _seen(column: Any, products: SortedIds) -> tuple[IntArray, IntArray]:
    """Customer rows and product rows of all pairs that were seen."""
    lists = column.to_pylist()
    who = np.repeat(np.arange(len(lists)), [len(one) for one in lists])
    starts, ends = products.find(product for one in lists for product in one)
    return who, products.rows[expand_ranges(starts, ends)[1]]


def _require_free(place: Path) -> None:
    ours = {f"{name}.parquet" for name in NAMES}
    if place.is_file():
        raise InputError(f"to={place} is a file; give a folder or postgresql://...")
    strangers = {path.name for path in place.iterdir()} - ours if place.exists() else set()
    if strangers:
        raise InputError(
            f"to={place} also holds {', '.join(sorted(strangers)[:3])}, which replacing the tables "
            "would delete; name another folder"
        )
