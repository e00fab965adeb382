"""Places that an artifact's vectors are kept in for others to serve from."""

from pathlib import Path

from recsys.serve.stores.parquet import ParquetStore
from recsys.serve.stores.pgvector import PgvectorStore
from recsys.serve.stores.store import Store, StoredOffer

__all__ = ["ParquetStore", "PgvectorStore", "Store", "StoredOffer", "open_store"]


def open_store(place: str) -> Store:
    """The store that a text names: `postgresql://USER@HOST/DATABASE`, or a folder for Parquet."""
    if place.startswith(("postgresql://", "postgres://")):
        return PgvectorStore(place)
    return ParquetStore(Path(place))
