"""The keys that the commands about purposes share."""

from collections.abc import Mapping

from recsys.cli.customer_files import AT
from recsys.cli.words import Key
from recsys.data import columns

PURPOSE_KEYS = {
    "column": Key("column of products that has the purposes; null finds them in the graph",
                  default=columns.CATEGORY),
    **AT,
    "open": Key("least probability of going on for a strand to count as open", default="0.1"),
}  # fmt: skip


def column_of(given: Mapping[str, str]) -> str | None:
    """The column of products that has the purposes; None for the graph."""
    return None if given["column"] == "null" else given["column"]
