"""Columns with ids of customers under the names that a firm gives them."""

from recsys.data.sources.files import Files
from recsys.privacy.person import ID_COLUMNS


def id_columns(source: Files) -> frozenset[str]:
    """The firm's names, in lower case, of columns that hold ids of customers or of records."""
    pairs = [(theirs, ours) for names in source.rename.values() for theirs, ours in names.items()]
    if source.mapping is not None:
        for table in source.mapping.tables.values():
            pairs += table.columns.items()
    return frozenset(str(theirs).lower() for theirs, ours in pairs if ours in ID_COLUMNS)
