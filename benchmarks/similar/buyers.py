"""Do look-alikes of the buyers of something buy it next, more often than the active do?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.suite import ends
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.customers.segments.summary import mean
from recsys.customers.similar.judgement import Judgement, judged
from recsys.customers.similar.look_alikes import FEWEST_SEEDS, look_alikes
from recsys.customers.similar.vectors import CustomerVectors
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.evaluation.auc import auc
from recsys.evaluation.catalogue_statistics import has_categories, product_categories
from recsys.evaluation.intervals import Interval
from recsys.models.base import Embeddings


@dataclass(frozen=True, kw_only=True)
class Found:
    """How well scores find those who first buy something in a window.

    Attributes:
        by_likeness: with likeness to earlier buyers as score.
        by_model: area with the model's own score of the products as score.
    """

    by_likeness: Judgement
    by_model: Interval


def found(window: Window, vectors: CustomerVectors, model: Embeddings, most: int) -> list[Found]:
    """One of each category, or product without categories, the most bought first.

    Seeds are those who bought it before the window. All others are ranked; wanted are those who buy
    it in the window.

    Args:
        window: after the fit.
        vectors: of customers.
        model: that the vectors are of.
        most: things, each with at least `FEWEST_SEEDS` seeds and as many new buyers.
    """
    past, activity = window.past, window.past.history_lengths[vectors.customers].astype(float)
    kind_of = _kinds(past)
    before = _bought(past, kind_of)[vectors.customers]
    relevant = window.queries.relevant
    after = np.zeros((len(past.customers), before.shape[1]), dtype=bool)
    rows, products = relevant.nonzero()
    known = kind_of[products] >= 0
    after[window.queries.customers[rows[known]], kind_of[products[known]]] = True
    is_new = after[vectors.customers] & ~before
    enough = (before.sum(axis=0) >= FEWEST_SEEDS) & (is_new.sum(axis=0) >= FEWEST_SEEDS)
    enough &= (~before).sum(axis=0) >= FEWEST_SEEDS
    kinds = np.argsort(-(is_new.sum(axis=0) * enough), kind="stable")[: min(most, enough.sum())]
    made = []
    for kind in kinds:
        rest = ~before[:, kind]
        scores = look_alikes(vectors.vectors, ~rest, activity).scores
        centre = model.products[kind_of == kind].mean(axis=0)
        own = model.customers[vectors.customers] @ centre
        made.append(
            Found(
                by_likeness=judged(scores[rest], activity[rest], is_new[rest, kind]),
                by_model=auc(own[rest], is_new[rest, kind]),
            )
        )
    return made


def figures(things: list[Found]) -> Mapping[str, float]:
    """Means over things, with Student's intervals; a thing is one observation."""
    if not things:
        return {"things": 0.0}
    values: dict[str, FloatArray] = {
        "auc": _all(things, lambda each: each.by_likeness.area.mean),
        "auc_activity": _all(things, lambda each: each.by_likeness.activity.mean),
        "auc_model_score": _all(things, lambda each: each.by_model.mean),
        "auc_among_equally_active": _all(things, lambda each: each.by_likeness.among_equals.mean),
        "auc_beyond_activity": _all(things, lambda each: each.by_likeness.beyond.mean),
    }
    values["auc_beyond_model_score"] = values["auc"] - values["auc_model_score"]
    for at, top in enumerate(("1", "5", "10")):
        lifts = [each.by_likeness.lifts[at] for each in things]
        values[f"lift_{top}"] = np.array([lift.lift.value for lift in lifts])
        values[f"lift_{top}_activity"] = np.array([lift.activity.value for lift in lifts])
    made = {
        "things": float(len(things)),
        "things_won": float(sum(each.by_likeness.beyond.verdict == "win" for each in things)),
        "things_lost": float(sum(each.by_likeness.beyond.verdict == "loss" for each in things)),
    }
    for name, each in values.items():
        estimate = mean(each)
        made |= ends(name, Interval(estimate.value, estimate.low, estimate.high, len(each)))
    return made


def _all(things: list[Found], get: Callable[[Found], float]) -> FloatArray:
    return np.array([get(each) for each in things])


def _kinds(data: Dataset) -> IntArray:
    """[P] category of each product, or the product itself where there are none; -1 for none."""
    return product_categories(data) if has_categories(data) else np.arange(len(data.products))


def _bought(data: Dataset, kind_of: IntArray) -> BoolArray:
    """[C, K] whether a customer had a target event with a kind of product."""
    events = data.interactions.select(data.is_target)
    kinds = kind_of[events.products]
    bought = np.zeros((len(data.customers), int(kind_of.max()) + 1), dtype=bool)
    bought[events.customers[kinds >= 0], kinds[kinds >= 0]] = True
    return bought
