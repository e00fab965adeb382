"""Stores that keep an artifact's vectors for other systems to serve from."""

import re
from pathlib import Path

from recsys.serving.stores.parquet import ParquetStore
from recsys.serving.stores.pgvector import PgvectorStore
from recsys.serving.stores.store import Store, StoredOffer

__all__ = ["ParquetStore", "PgvectorStore", "Store", "StoredOffer", "open_store"]

_KEYWORDS = re.compile(r"\s*(host|hostaddr|port|dbname|user|password|passfile|service)\s*=")


def open_store(target: str) -> Store:
    """The store at a database or in a folder.

    Args:
        target: `postgresql://USER@HOST/DATABASE` or `host=HOST dbname=DATABASE`; else a folder for
            Parquet.
    """
    if target.startswith(("postgresql://", "postgres://")) or _KEYWORDS.match(target):
        return PgvectorStore(target)
    return ParquetStore(Path(target))
