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
        touchpoints: name -> euros of one decision there; 0 where it is absent.
        budget: euros of value that one euro of costs has to earn beyond itself.

    Raises:
        InputError: a price is not a number of at least 0.
    """

    touchpoints: Mapping[str, float]
    budget: float = 0.0

    def __post_init__(self) -> None:
        for name, price in {**self.touchpoints, "budget": self.budget}.items():
            is_number = isinstance(price, int | float) and not isinstance(price, bool)
            if not is_number or not 0 <= price < np.inf:
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
        charged = np.array([self.touchpoints.get(name, 0.0) for name in names])
        return np.asarray(charged + self.budget * costs)

    def text(self) -> str:
        """As JSON, for the metadata of a plan."""
        return json.dumps({"touchpoints": dict(self.touchpoints), "budget": self.budget})


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
        return Prices(touchpoints=body["touchpoints"], budget=body["budget"])
    except (OSError, pa.ArrowException, LookupError, TypeError, ValueError):
        raise refused from None
