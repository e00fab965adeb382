"""Log-odds of acceptance as sums of parts: of an offer, a touchpoint, and an offer at one."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.policy.compiled import Zones
from recsys.policy.compiled.times import DAY, DAYPART, OPEN_END
from recsys.serving.artifact.contents import Contents
from recsys.serving.query.default_vector import fill_default


@dataclass(frozen=True, kw_only=True, eq=False)
class Logits:
    """What is the same for all customers, for O offers and T touchpoints in D dayparts.

    The log-odds of `recsys.serving.artifact.acceptance_odds` are the sum of the three parts. D is 1
    where the artifact has no daypart vectors: any part of the day is as good as another.

    Attributes:
        offers: [O, d] float32 vectors, times the weight of the score.
        of_offers: [O] float32 what an offer adds for all customers.
        touchpoints: [T, D, d] float32 vectors, times the weight of the touchpoint's score.
        of_touchpoints: [T] float32 what a touchpoint adds for all customers.
        pairs: [O, T, D] float32 what an offer adds at a touchpoint; -inf where it is not made.
    """

    offers: FloatArray
    of_offers: FloatArray
    touchpoints: FloatArray
    of_touchpoints: FloatArray
    pairs: FloatArray

    @classmethod
    def of(cls, contents: Contents) -> "Logits":
        """The parts for an artifact with decisions."""
        part = contents.decisions
        assert part is not None
        intercept, score, touchpoint_score = part.odds.line
        offers = contents.offer_vectors
        touchpoints = _touchpoint_vectors(contents) * touchpoint_score
        pairs = np.einsum("od,tpd->otp", offers, touchpoints, dtype=np.float32, optimize=True)
        pairs[~part.rules.pairs()] = -np.inf
        return cls(
            offers=np.ascontiguousarray(offers * score),
            of_offers=intercept + part.odds.offers,
            touchpoints=touchpoints,
            of_touchpoints=part.odds.touchpoints,
            pairs=pairs,
        )

    @property
    def dayparts(self) -> int:
        """D."""
        return int(self.touchpoints.shape[1])

    def by_daypart(self, times: IntArray) -> IntArray:
        """[B, T, D] first permitted moments, of those by part of the day [B, T, 4]."""
        if self.dayparts == 1:
            return np.asarray(times.min(axis=2, keepdims=True))
        return times

    def of_customers(self, vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """[B, O] and [B, T, D] float32 parts of offers and of touchpoints, of vectors [B, d]."""
        logits = vectors @ self.offers.T
        logits += self.of_offers
        flat = self.touchpoints.reshape(-1, vectors.shape[1])
        touchpoint_logits = (vectors @ flat.T).reshape(len(vectors), *self.touchpoints.shape[:2])
        touchpoint_logits += self.of_touchpoints[:, None]
        return logits, touchpoint_logits


def customer_vectors(contents: Contents, rows: IntArray) -> FloatArray:
    """[B, d] float32 vectors of known customers, by popularity where nothing is known of them."""
    vectors, _ = fill_default(contents, contents.customers.vectors[rows], np.arange(len(rows)))
    return vectors


def dayparts(zones: Zones, rows: IntArray, at: IntArray) -> IntArray:
    """[B] int64 part of the own day of customers [B], -1 for unknown ones, at UTC seconds [B]."""
    return np.asarray(zones.local(rows, at) % DAY // DAYPART)


def close(touchpoint_logits: FloatArray, times: IntArray) -> None:
    """Sets log-odds [B, T, D] to -inf, in place, where there is no permitted moment [B, T, D]."""
    touchpoint_logits[times == OPEN_END] = -np.inf


def _touchpoint_vectors(contents: Contents) -> FloatArray:
    """[T, D, d] float32, zeros where the model does not know touchpoints."""
    table = contents.touchpoints
    if table.daypart_vectors is not None:
        return table.daypart_vectors
    if table.vectors is None:
        return np.zeros((len(table), 1, contents.dim), np.float32)
    return table.vectors[:, None]
