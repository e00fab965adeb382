"""`Source`: what a source of data has to offer. `sources/` has those of the library."""

from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from recsys.data.tables import Tables


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

    In Python, `Dataset.from_source(Shop(...))` loads it. In a run, a YAML file in `conf/data`, or
    in the folder given by `--config-dir`, names the class as `_target_: mybank.Shop` and sets its
    arguments; `allow=[mybank]` permits classes of that package.

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
        """What comparisons call the data; runs of different names are never ranked together."""
        ...

    @property
    def version(self) -> str:
        """Change it when the same files give other tables: it is part of the fingerprint."""
        ...

    @property
    def cutoffs(self) -> Cutoffs | None:
        """The published or agreed cut-offs; None if there are none, then a split sets its own."""
        ...

    @property
    def filter_seen(self) -> bool:
        """Whether products that a customer had before the cut-off are left out of the ranking.

        False where customers buy the same products again, as groceries.
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
