"""What `recsys forget` does not change: databases and lakes of the firm, spreadsheets, links."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from recsys.data.source import Source
from recsys.data.sources.delta import Delta
from recsys.data.sources.sql.source import Sql
from recsys.privacy.person import Person
from recsys.privacy.places.all_places import is_delta
from recsys.privacy.places.databases import is_of_mlflow
from recsys.tracking.sqlite_file import is_sqlite

_CUSTOMERS = {
    "interactions": "customer_id", "customers": "customer_id", "decisions": "customer_id",
    "identities": "id_a", "records": "customer_id",
}  # fmt: skip
_ENDINGS = (".xlsx", ".duckdb")


def words_about(source: Source, person: Person) -> list[str]:
    """What to delete in a source that is not a folder of files, and how: a line.

    Args:
        source: of `data=`.
        person: whose ids are named as the source has them.
    """
    ids = _quoted(person.ids)
    if isinstance(source, Sql):
        tables = ", ".join(name for name in source.queries if name in _CUSTOMERS)
        return [
            f"not ours: in the database, DELETE FROM each of {tables} WHERE customer_id IN ({ids}) "
            "(identities: id_a or id_b), then VACUUM"
        ]
    if isinstance(source, Delta):
        tables = ", ".join(name for name in source.tables if name in _CUSTOMERS)
        return [
            f'not ours: in Delta, DeltaTable(URI).delete("customer_id IN ({ids})") for each of '
            f"{tables} (identities: id_a or id_b), then .vacuum(0, dry_run=False, "
            "enforce_retention_duration=False)"
        ]
    return [f"not ours: {type(source).__name__} reads tables of others; delete the person there"]


def foreign_below(folders: Sequence[Path], person: Person) -> Iterator[str]:
    """A line for each thing below the folders that was not changed, and could hold the person."""
    ids = _quoted(person.ids)
    for folder in folders:
        for root, names, files in os.walk(folder):
            for name in sorted((*names, *files)):
                path = Path(root) / name
                if path.is_symlink():
                    yield f"not followed: {path} is a link; name its target in in="
                elif is_delta(path):
                    yield (
                        f"not ours: Delta table {path}: "
                        f'DeltaTable(...).delete("customer_id IN ({ids})"), then vacuum'
                    )
                elif path.suffix.lower() in _ENDINGS or (is_sqlite(path) and _is_foreign(path)):
                    yield f"not ours: {path}: delete the rows of {ids} in the program that wrote it"


def _is_foreign(path: Path) -> bool:
    # Optuna's studies hold settings and scores, and nobody's ids.
    return not is_of_mlflow(path) and path.name != "study.db"


def _quoted(ids: Iterable[str]) -> str:
    """Ids as SQL lists them."""
    return ", ".join("'" + each.replace("'", "''") + "'" for each in sorted(ids))
