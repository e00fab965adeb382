"""Look-alikes of a list: all customers ranked by likeness to some, judged on hidden ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.customers.similar.judgement import Judgement, judged
from recsys.errors import InputError
from recsys.evaluation.auc import auc

FEWEST_SEEDS = 20
FOLDS = 5
_MOST_REST = 50_000
"""Customers besides the seeds that one fit takes at most, drawn at random."""
_HIDDEN = 4
"""One in so many of a fold's customers is hidden when the fold chooses its scorer."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LookAlikes:
    """Customers ranked by likeness to seeds.

    Attributes:
        scores: [n] float64; each was made without knowing whether the customer is a seed.
        is_seed: [n].
        scorers: which scorer each fold chose.
        judgement: how well the scores find hidden seeds.
        size: customers besides the seeds down to where a customer is no longer more likely to be a
            seed than customers are in the mean; 0 where scores do not find hidden seeds.
    """

    scores: FloatArray
    is_seed: BoolArray
    scorers: tuple[str, ...]
    judgement: Judgement
    size: int

    def ranked(self) -> IntArray:
        """[m] positions of the customers who are no seeds, the most alike first; ties as given."""
        rest = np.flatnonzero(~self.is_seed)
        return rest[np.argsort(-self.scores[rest], kind="stable")]


def look_alikes(
    vectors: FloatArray,
    is_seed: BoolArray,
    activity: FloatArray,
    features: FloatArray | None = None,
    seed: int = 0,
) -> LookAlikes:
    """Ranks customers by likeness to seeds.

    Customers are dealt into five folds, and those of a fold scored by what the other four show: the
    cosine with the mean direction of their seeds, or a logistic regression with L2 of seeds against
    the rest on vectors and activity (positive and unlabelled: the order is that of the probability
    to be a seed if the list holds such customers at random; Elkan and Noto, 2008). Which of them,
    and how much L2, each fold chooses on a quarter of its own customers. So no score knows whether
    its customer is a seed, and the ranking that is judged is the ranking that is given.

    Args:
        vectors: [n, d] of length 1, in an order that means nothing.
        is_seed: [n].
        activity: [n] number of events, the baseline.
        features: [n, f] further columns for the regression, each of about unit scale.
        seed: deals the folds.

    Raises:
        InputError: there are fewer than `FEWEST_SEEDS` seeds, or everybody is one.
    """
    # Imported late: it takes long.
    from scipy.stats import rankdata

    count = int(is_seed.sum())
    if count < FEWEST_SEEDS or len(is_seed) - count < FEWEST_SEEDS:
        raise InputError(
            f"seeds: expected at least {FEWEST_SEEDS} customers with events in the list, and as "
            f"many beside it, got {count:,} and {len(is_seed) - count:,}"
        )
    rng = np.random.default_rng(seed)
    fold = _dealt(is_seed, FOLDS, rng)
    table = _scaled(vectors, activity, features)
    scores, scorers = np.empty(len(is_seed)), []
    for number in range(FOLDS):
        shown = np.flatnonzero(fold != number)
        name = _chosen(vectors, table, is_seed, shown, rng)
        scored = np.flatnonzero(fold == number)
        made = _SCORERS[name](vectors, table, is_seed, _thinned(shown, is_seed, rng), scored)
        # Folds have different fits, so that only places within a fold are comparable.
        scores[scored] = rankdata(made) / len(made)
        scorers.append(name)
    judgement = judged(scores, activity, is_seed)
    return LookAlikes(
        scores=scores,
        is_seed=is_seed,
        scorers=tuple(scorers),
        judgement=judgement,
        size=_size(scores, is_seed) if judgement.area.low > 0.5 else 0,
    )


def _dealt(is_seed: BoolArray, parts: int, rng: np.random.Generator) -> IntArray:
    """[n] which part each customer is in, with the same share of seeds in all."""
    part = np.empty(len(is_seed), np.int64)
    for kind in (is_seed, ~is_seed):
        rows = rng.permutation(np.flatnonzero(kind))
        part[rows] = np.arange(len(rows)) % parts
    return part


def _scaled(vectors: FloatArray, activity: FloatArray, features: FloatArray | None) -> FloatArray:
    """[n, d + 1 + f] what a regression sees; vectors of length 1 say nothing about activity."""
    table = np.column_stack([vectors, np.log1p(activity)])
    spread = table.std(axis=0)
    scaled = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return scaled if features is None else np.hstack([scaled, features])


def _thinned(rows: IntArray, is_seed: BoolArray, rng: np.random.Generator) -> IntArray:
    """All seeds among some rows, and at most so many others."""
    rest = rows[~is_seed[rows]]
    if len(rest) > _MOST_REST:
        rest = np.sort(rng.choice(rest, _MOST_REST, replace=False))
    return np.concatenate([rows[is_seed[rows]], rest])


def _chosen(
    vectors: FloatArray, table: FloatArray, is_seed: BoolArray, shown: IntArray,
    rng: np.random.Generator,
) -> str:  # fmt: skip
    """The scorer that finds hidden ones of the shown seeds best; of equals the first."""
    hidden = _dealt(is_seed[shown], _HIDDEN, rng) == 0
    fitted = _thinned(shown[~hidden], is_seed, rng)
    areas = {
        name: auc(scorer(vectors, table, is_seed, fitted, shown[hidden]), is_seed[shown[hidden]])
        for name, scorer in _SCORERS.items()
    }
    return max(areas, key=lambda name: areas[name].mean)


def _by_centroid(
    vectors: FloatArray, table: FloatArray, is_seed: BoolArray, fitted: IntArray, scored: IntArray
) -> FloatArray:
    return np.asarray(vectors[scored] @ vectors[fitted[is_seed[fitted]]].mean(axis=0), np.float64)


def _by_regression(strength: float) -> Callable[..., FloatArray]:
    def scores(
        vectors: FloatArray, table: FloatArray, is_seed: BoolArray, fitted: IntArray,
        scored: IntArray,
    ) -> FloatArray:  # fmt: skip
        # Imported late: it takes long.
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
        model.fit(table[fitted], is_seed[fitted])
        return np.asarray(model.decision_function(table[scored]), np.float64)

    return scores


_SCORERS: Mapping[str, Callable[..., FloatArray]] = {
    "mean direction": _by_centroid,
    "regression, strong L2": _by_regression(1e-3),
    "regression, medium L2": _by_regression(1e-2),
    "regression, weak L2": _by_regression(1e-1),
}


def _size(scores: FloatArray, is_seed: BoolArray) -> int:
    """Others above the score that parts seeds and others best: Youden's (1950) index."""
    order = np.argsort(-scores, kind="stable")
    seeds = np.cumsum(is_seed[order]) / is_seed.sum()
    rest = np.cumsum(~is_seed[order])
    return int(rest[np.argmax(seeds - rest / rest[-1])])
