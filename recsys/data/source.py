"""`Source`: what a source of data has to offer. `sources/` has those of the library."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from recsys.data import columns
from recsys.data.filter_seen import FilterSeenLike, parse_filter_seen
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen

_MEMBERS = ("name", "version", "cutoffs", "filter_seen", "targets", "load")


@dataclass(frozen=True, kw_only=True)
class Cutoffs:
    """Where `TimeSplit` splits by default: train | valid | test.

    Attributes:
        valid_from: the first moment of valid: a UTC timestamp, or a position in the column `order`.
        test_from: the first moment of test, of the same kind and later.
    """

    valid_from: pd.Timestamp | int
    test_from: pd.Timestamp | int


class Source(Protocol):
    """Where tables come from. For data of your own write a class with these members.

    No base class is needed, and plain class attributes will do. `load` returns the tables with the
    column names of `recsys.data.columns`; types, ids and dates are checked afterwards, so it does
    not have to check them. Settings are keyword arguments of the constructor.

    In Python, `Dataset.from_source(Shop(...))` loads it. For runs, write `data/shop.yaml` in a
    folder of your own with `_target_: mybank.Shop` and the arguments, and start
    `recsys train --config-dir=FOLDER data=shop allow=[mybank]`.

    >>> class Shop:
    ...     name = "shop"
    ...     version = "1"
    ...     cutoffs = None
    ...     filter_seen = True
    ...     targets = ("purchase",)
    ...
    ...     def load(self) -> Tables:
    ...         events = {"customer_id": ["ann", "bob"], "product_id": ["tea", "jam"]}
    ...         return Tables(interactions=pd.DataFrame(events))
    >>> from recsys import Dataset
    >>> len(Dataset.from_source(Shop()).interactions)
    2
    """

    @property
    def name(self) -> str:
        """What the data are called in comparisons; part of the fingerprint."""
        ...

    @property
    def version(self) -> str:
        """Change it when the same files give other tables; part of the fingerprint."""
        ...

    @property
    def cutoffs(self) -> Cutoffs | None:
        """The published or agreed cut-offs; None if there are none, then a split sets its own."""
        ...

    @property
    def filter_seen(self) -> FilterSeenLike | FilterSeen:
        """Which products that a customer had before the cut-off are left out of the ranking.

        True for all, False where customers buy the same products again, as groceries; the actions
        that count, or each with an age. See `recsys.data.filter_seen`.
        """
        ...

    @property
    def targets(self) -> tuple[str, ...]:
        """The actions, of `recsys.data.columns.ACTIONS`, that make a product relevant."""
        ...

    def load(self) -> Tables:
        """Reads the tables; called once per run.

        A source that knows when its data end returns `EndingTables`: later dates are then refused.

        Raises:
            InputError: a file or column is missing; names it, and says what to do.
        """
        ...


def load_tables(source: Source) -> Tables:
    """The tables of a source, which is checked before it loads them.

    Raises:
        InputError: the source lacks a member or has no usable targets or `filter_seen`, `load` does
            not return `Tables`, or raises it.
    """
    kind = type(source).__name__
    missing = [member for member in _MEMBERS if not hasattr(source, member)]
    if missing:
        raise InputError(
            f"data: expected a source with {', '.join(_MEMBERS)}, got {kind} without "
            f"{', '.join(missing)}; add what recsys.data.source.Source describes"
        )
    require_targets(source.targets)
    parse_filter_seen(source.filter_seen)
    tables = source.load()
    if not isinstance(tables, Tables):
        raise InputError(
            f"data: expected that {kind}.load returns recsys.data.tables.Tables, got "
            f"{type(tables).__name__}; return Tables(interactions=...)"
        )
    return tables


def require_targets(targets: Sequence[str]) -> None:
    """Raises `InputError` unless there is at least one target and all are actions."""
    actions = ", ".join(columns.ACTIONS)
    if not targets:
        raise InputError(
            f"data.targets: expected at least one action, got none; actions are {actions}"
        )
    for action in targets:
        if action not in columns.ACTIONS:
            raise InputError(f"data.targets: no action '{action}'; actions are {actions}")
