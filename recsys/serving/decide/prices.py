"""What a day's plan charges for scarce touchpoints and money, so that one answer fits the plan."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.ops.shown_text import shown

METADATA = b"recsys_prices"
"""Key in the metadata of a plan's Parquet file."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Dual prices of a plan.

    Attributes:
        touchpoints: name -> euros of one decision there, inf where nothing fits any more; 0 where a
            name is absent.
        budget: euros that one euro more of the budget would earn.

    Raises:
        InputError: a price is not a number of at least 0.
    """

    touchpoints: Mapping[str, float]
    budget: float = 0.0

    def __post_init__(self) -> None:
        for name, price in {**self.touchpoints, "budget": self.budget}.items():
            is_number = isinstance(price, int | float) and not isinstance(price, bool)
            if not is_number or not price >= 0:
                raise InputError(
                    f"prices: expected a number of at least 0 for {name}, got {shown(price)}"
                )

    def of_touchpoints(self, names: list[str], costs: FloatArray) -> FloatArray:
        """[T] euros that a decision at each touchpoint is charged.

        Raises:
            InputError: a price is of a touchpoint that the artifact does not have.
        """
        unknown = sorted(set(self.touchpoints) - set(names))
        if unknown:
            raise InputError(
                f"prices: the artifact has no touchpoint {shown(unknown[0])}; it has "
                f"{', '.join(names)}; take the prices of a plan of this artifact"
            )
        charged = np.array([self.touchpoints.get(name, 0.0) for name in names], np.float64)
        return np.asarray(charged + np.where(costs > 0, self.budget * costs, 0))

    def text(self) -> str:
        """As JSON, for the metadata of a plan; null for inf, which JSON does not have."""
        prices = self.touchpoints.items()
        plain = {name: None if price == np.inf else float(price) for name, price in prices}
        budget = None if self.budget == np.inf else float(self.budget)
        return json.dumps({"touchpoints": plain, "budget": budget})


PricesLike = Prices | Mapping[str, float] | str | os.PathLike[str]
"""Prices, touchpoint -> euros, or the file of a plan."""


def prices_of(given: PricesLike | None) -> Prices | None:
    """The prices that were given, or those of a plan's file.

    Raises:
        InputError: it is neither, or the file is no plan.
    """
    if given is None or isinstance(given, Prices):
        return given
    if isinstance(given, Mapping):
        return Prices(touchpoints=given)
    if isinstance(given, str | os.PathLike):
        return read_prices(Path(given))
    raise InputError(f"prices: expected a plan's file or its prices, got {shown(given)}")


def read_prices(path: Path) -> Prices:
    """The prices in the metadata of a plan.

    Raises:
        InputError: the file cannot be read, or is no plan.
    """
    refused = InputError(
        f"prices={path}: expected a plan that `recsys decide` wrote; plan the day first"
    )
    try:
        metadata = pq.read_schema(path).metadata or {}
        body: Any = json.loads(metadata[METADATA])
        prices = {name: _number(price) for name, price in body["touchpoints"].items()}
        return Prices(touchpoints=prices, budget=_number(body["budget"]))
    except (OSError, pa.ArrowException, LookupError, TypeError, ValueError, AttributeError):
        raise refused from None


def _number(price: Any) -> float:
    return np.inf if price is None else price
