"""Smoothed rates of acceptance before a moment, used as features and as baselines."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.interactions import NEVER
from recsys.models.acceptance.sends import Sends
from recsys.ops.temporal_counts import EventHistory


class Rates:
    """Rates of acceptance by cell, where a cell is for example an offer, a segment or a customer.

    rate = (accepted + prior * towards) / (sends + prior), over the sends of the cell that were
    resolved strictly before the moment.

    Args:
        history: [H] all sends; those without an outcome are left out.
        cells: [H] cell of each send.
    """

    def __init__(self, history: Sends, cells: IntArray) -> None:
        resolved = (history.outcome >= 0) & (history.resolved < NEVER)
        self._outcomes = EventHistory(
            np.where(resolved, cells, -1), history.resolved, history.outcome
        )

    def before(
        self, moments: IntArray, cells: IntArray, prior: float, towards: FloatArray | float
    ) -> FloatArray:
        """Rate [n] float64 of each cell strictly before each moment.

        Args:
            moments: [n] UTC microseconds.
            cells: [n] cells; one without sends has the rate `towards`.
            prior: weight of `towards`, in sends.
            towards: [n], or one number for all.
        """
        accepted = self._outcomes.total(cells, moments)
        sends = self._outcomes.count(cells, moments)
        rates: FloatArray = (accepted + prior * towards) / (sends + prior)
        return rates


def overall_rate(history: Sends, moments: IntArray) -> FloatArray:
    """Rate [n] float64 of all sends before moments [n]; 0.5 before the first."""
    rates = Rates(history, np.zeros(len(history), np.int64))
    return rates.before(moments, np.zeros(len(moments), np.int64), 2.0, 0.5)
