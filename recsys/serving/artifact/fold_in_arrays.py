"""What turns events into a customer's vector, and splits a score over events."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.policy.compiled.checks import got
from recsys.serving.artifact import checks

STORED = {
    "factors": "fold_in_products", "gram": "fold_in_gram", "action_weights": "fold_in_actions",
    "rule": "fold_in_rule", "scale": "fold_in_scale", "rest": "fold_in_rest",
    "degrees": "fold_in_degrees",
}  # fmt: skip
"""Arrays, and their names on disk."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldInArrays:
    """The formula of `recsys.ops.fold_in` for P products, in plain float32 arrays.

    With any of these, events explain scores. With `rule`, fresh events can be folded in, for
    customers without a row only with `rest`.

    Attributes:
        factors: [P, m] rows f, m <= d, that make up the first m columns of a customer's vector.
        gram: [m, m], symmetric and positive definite; None where events add up linearly.
        action_weights: [A] what a fresh event of each of `Contents.action_names` counts.
        rule: [3] offset b, exponent a, and 1 where vectors are scaled to length 1, else 0: fresh
            events that count r_j together weigh `b + scale_j r_j (sum r)^-a`; None where fresh
            events cannot be weighed.
        scale: [P] of that formula; None for 1.
        rest: [d - m] columns of a customer without any event; None where unknown.
        degrees: [C] sum r of the customers' stored events; None where a is 0.

    Raises:
        InputError: types or shapes do not fit together; the message names the field.
    """

    factors: FloatArray
    gram: FloatArray | None = None
    action_weights: FloatArray | None = None
    rule: FloatArray | None = None
    scale: FloatArray | None = None
    rest: FloatArray | None = None
    degrees: FloatArray | None = None

    def __post_init__(self) -> None:
        checks.matrix("fold_in.factors", self.factors)
        if self.gram is not None:
            checks.matrix("fold_in.gram", self.gram, self.width, self.width)
            checks.positive_definite("fold_in.gram", self.gram)
        if self.rule is not None:
            checks.vector("fold_in.rule", self.rule, 3)
            if self.action_weights is None:
                raise InputError("contents.fold_in.rule: needs action_weights beside it")

    @property
    def width(self) -> int:
        """m: how many columns of a customer's vector events make up."""
        return int(self.factors.shape[1])

    def require_fits(self, customers: int, products: int, dim: int, actions: int) -> None:
        """Raises `InputError` unless it fits so many rows, vectors of size `dim`, and actions."""
        if len(self.factors) != products:
            checks.matrix("fold_in.factors", self.factors, products)
        if self.width > dim:
            raise InputError(
                f"contents.fold_in.factors: expected at most {dim} columns, {got(self.factors)}"
            )
        sizes = {
            "action_weights": actions, "scale": products, "rest": dim - self.width,
            "degrees": customers,
        }  # fmt: skip
        for name, size in sizes.items():
            value = getattr(self, name)
            if value is not None:
                checks.vector(f"fold_in.{name}", value, size)

    def arrays(self) -> dict[str, FloatArray]:
        """The arrays kept with the vectors, by their names on disk."""
        kept = {stored: getattr(self, name) for name, stored in STORED.items()}
        return {stored: values for stored, values in kept.items() if values is not None}


def restored(arrays: Mapping[str, Any]) -> FoldInArrays | None:
    """The arrays of `FoldInArrays.arrays`; None where there are none.

    Raises:
        InputError: `fold_in_products` is missing beside what needs it.
    """
    kept: dict[str, Any] = {name: arrays.get(stored) for name, stored in STORED.items()}
    if kept["factors"] is not None:
        return FoldInArrays(**kept)
    for name in ("gram", "rule"):
        if kept[name] is not None:
            raise InputError(f"contents.fold_in.{name}: needs factors beside it")
    return None
