"""Settings of implicit ALS, converted between this library, implicit, Spark and LensKit.

All minimise, over all pairs of customer and product,

    sum_cp c_cp (1[r_cp > 0] - x_c . y_p)^2 + sum_c l_c |x_c|^2 + sum_p l_p |y_p|^2

(Hu, Koren and Volinsky, 2008) with c = 1 where the strength r of a pair is 0. They differ in what
the confidence c of the others is, and in what multiplies the squared norms:

    library    settings                c                        l
    recsys     alpha, l2               1 + alpha r / mean(r)    l2
    implicit   alpha, regularization   alpha r                  regularization
    spark      alpha, regParam         1 + alpha r              regParam x pairs of that row
    lenskit    weight, regularization  1 + weight               regularization, or one a side
               with use_ratings        1 + weight r             as above

Two different l of customers and products are those of one l, their geometric mean: longer vectors
of one side make up for shorter ones of the other, and scores stay as they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from recsys.errors import InputError
from recsys.models.pair_strengths import PairStrengths

Library: TypeAlias = Literal["recsys", "implicit", "spark", "lenskit"]

DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "recsys": {
            "dim": 64, "epochs": 10, "alpha": 10.0, "l2": 1.0,
            "customer_exponent": 0.5, "product_exponent": 0.5,
        },
        "implicit": {"factors": 100, "iterations": 15, "alpha": 1.0, "regularization": 0.01},
        "spark": {"rank": 10, "maxIter": 10, "alpha": 1.0, "regParam": 0.1},
        "lenskit": {
            "embedding_size": 50, "epochs": 10, "weight": 40.0, "regularization": 0.1,
            "use_ratings": False,
        },
    }
)  # fmt: skip
"""Library -> settings of ALS with defaults: length of vectors, alternations, c, l, others."""

_EXPONENTS = {"customer_exponent": 0.0, "product_exponent": 0.0}
"""Strengths of the other libraries are not divided by degrees."""


@dataclass(frozen=True, kw_only=True)
class ConvertedALS:
    """Settings of another library for the same problem.

    Attributes:
        settings: by the names of the target's constructor.
        customer_scale: the source's customer vectors times this, and its product vectors divided by
            it, are those of the target.
        is_exact: whether both minimise the same; False where one multiplies l by numbers of pairs
            that differ: then l is right for a customer and a product with mean numbers.
    """

    settings: Mapping[str, Any]
    customer_scale: float
    is_exact: bool


@dataclass(frozen=True)
class _Problem:
    """c = base + slope r; l of customers and products, times their pairs if `by_pairs`."""

    base: float
    slope: float
    l2: tuple[float, float]
    by_pairs: bool = False


def convert_als(
    settings: Mapping[str, Any], source: Library, target: Library, strengths: PairStrengths
) -> ConvertedALS:
    """Settings of ALS in one library as those of another, for the same pairs.

    Args:
        settings: of the source by its own names; what is absent has the default there.
        source: whose settings they are.
        target: whose are wanted. recsys is `recsys.models.als.ALS`.
        strengths: of the pairs that both are fitted on.

    Raises:
        InputError: a library or setting is not known, or the target cannot express the confidences
            of the source; says what to do.
    """
    for name in (source, target):
        if name not in DEFAULTS:
            raise InputError(f"ALS: expected one of {', '.join(DEFAULTS)}, got {name!r}")
    known = DEFAULTS[source]
    values = {**known, **settings}
    odd = [name for name in settings if name not in known]
    if odd:
        raise InputError(
            f"ALS of {source}: expected {', '.join(known)}, got {odd[0]}={values[odd[0]]}"
        )
    if any(values.get(name, 0) for name in _EXPONENTS):
        raise InputError(
            f"ALS of {source}: no other library divides strengths by degrees; set "
            "customer_exponent=0 and product_exponent=0"
        )
    problem = _PROBLEMS[source](values, strengths)
    dim, epochs = (values[name] for name in list(known)[:2])
    own, (l2, scale) = list(DEFAULTS[target]), _l2(problem, target, strengths)
    return ConvertedALS(
        settings={
            own[0]: dim,
            own[1]: epochs,
            **_CONFIDENCES[target](problem, strengths),
            own[3]: l2,
        },
        customer_scale=scale,
        is_exact=problem.by_pairs == (target == "spark") or strengths.is_even,
    )


def _of_lenskit(values: Mapping[str, Any], _: PairStrengths) -> _Problem:
    l2 = values["regularization"]
    if isinstance(l2, Mapping) and set(l2) != {"user", "item"}:
        raise InputError(
            f"ALS of lenskit: regularization: expected a number, or user and item, got {dict(l2)}"
        )
    both = (l2["user"], l2["item"]) if isinstance(l2, Mapping) else _plain(l2)
    weight = values["weight"]
    if values["use_ratings"]:
        return _Problem(1, weight, both)
    return _Problem(1 + weight, 0, both)


def _plain(l2: float) -> tuple[float, float]:
    return l2, l2


_PROBLEMS: Mapping[str, Callable[[Mapping[str, Any], PairStrengths], _Problem]] = {
    "recsys": lambda v, r: _Problem(1, v["alpha"] / r.mean, _plain(v["l2"])),
    "implicit": lambda v, _: _Problem(0, v["alpha"], _plain(v["regularization"])),
    "spark": lambda v, _: _Problem(1, v["alpha"], _plain(v["regParam"]), by_pairs=True),
    "lenskit": _of_lenskit,
}
"""Library -> its settings as a problem."""


def _slope(problem: _Problem, base: float, strengths: PairStrengths, target: str) -> float:
    """The slope with another base; any base will do where all strengths are equal."""
    if problem.base == base:
        return problem.slope
    if strengths.lowest == strengths.highest:
        return (problem.base + problem.slope * strengths.highest - base) / strengths.highest
    if target == "implicit":
        raise InputError(
            f"ALS of implicit: its confidence is alpha times the strength, without the 1 of the "
            f"source; give it the matrix 1 + {problem.slope:g} x strength with alpha=1"
        )
    raise InputError(
        f"ALS of {target}: its confidence is 1 + alpha times the strength, that of the source is "
        f"{problem.base:g} + {problem.slope:g} times it, and strengths range from "
        f"{strengths.lowest:g} to {strengths.highest:g}; fit both on strengths of 1"
    )


def _of_recsys(problem: _Problem, strengths: PairStrengths) -> dict[str, Any]:
    alpha = _positive(_slope(problem, 1, strengths, "recsys") * strengths.mean, "recsys")
    return {"alpha": alpha, **_EXPONENTS}


def _to_lenskit(problem: _Problem, strengths: PairStrengths) -> dict[str, Any]:
    if problem.slope == 0 or strengths.lowest == strengths.highest:
        observed = problem.base + problem.slope * strengths.highest
        return {"weight": _positive(observed - 1, "lenskit"), "use_ratings": False}
    return {"weight": _slope(problem, 1, strengths, "lenskit"), "use_ratings": True}


_CONFIDENCES: Mapping[str, Callable[[_Problem, PairStrengths], dict[str, Any]]] = {
    "recsys": _of_recsys,
    "implicit": lambda p, r: {"alpha": _slope(p, 0, r, "implicit")},
    "spark": lambda p, r: {"alpha": _positive(_slope(p, 1, r, "spark"), "spark")},
    "lenskit": _to_lenskit,
}
"""Library -> the settings that give it the confidences of a problem."""


def _positive(value: float, target: str) -> float:
    if value > 0:
        return value
    raise InputError(
        f"ALS of {target}: the source gives pairs with events a confidence of 1 or less, as "
        "those without; expected more, such as implicit's alpha above 1 on strengths of 1"
    )


def _l2(problem: _Problem, target: str, strengths: PairStrengths) -> tuple[float, float]:
    """The one setting of l in the target, and `ConvertedALS.customer_scale`."""
    pairs = (strengths.customer_pairs, strengths.product_pairs)
    before, after = (
        pairs if by_pairs else (1.0, 1.0) for by_pairs in (problem.by_pairs, target == "spark")
    )
    customers, products = (l2 * unit for l2, unit in zip(problem.l2, before, strict=True))
    if not customers and not products:
        return 0.0, 1.0
    if not (customers > 0 and products > 0):
        raise InputError(
            "ALS: expected weights of squared norms above 0, or 0 for both sides, got "
            f"{customers:g} of customers and {products:g} of products"
        )
    common = sqrt(customers * products / (after[0] * after[1]))
    return common, sqrt(customers / (common * after[0]))
