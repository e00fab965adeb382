"""Where an artifact's vectors are kept for others to serve from."""

import re
from pathlib import Path

from recsys.serving.stores.parquet import ParquetStore
from recsys.serving.stores.pgvector import PgvectorStore
from recsys.serving.stores.store import Store, StoredOffer

__all__ = ["ParquetStore", "PgvectorStore", "Store", "StoredOffer", "open_store"]

_KEYWORDS = re.compile(r"\s*(host|hostaddr|port|dbname|user|password|passfile|service)\s*=")


def open_store(place: str) -> Store:
    """The store that a text names.

    Args:
        place: `postgresql://USER@HOST/DATABASE` or `host=HOST dbname=DATABASE`; else a folder for
            Parquet.
    """
    if place.startswith(("postgresql://", "postgres://")) or _KEYWORDS.match(place):
        return PgvectorStore(place)
    return ParquetStore(Path(place))
