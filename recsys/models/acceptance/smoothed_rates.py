"""Smoothed rates of acceptance before a moment: features, and rivals of every model."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.interactions import NEVER
from recsys.models.acceptance.event_history import EventHistory
from recsys.models.acceptance.sends import Sends


class Rates:
    """Rates of the cells of past sends, as an offer, a segment or a customer.

    rate = (accepted + prior * towards) / (sends + prior), over the sends of the cell that were
    resolved strictly before the moment.

    Args:
        history: all sends; those without an outcome are left out.
        cells: [H] cell of each.
    """

    def __init__(self, history: Sends, cells: IntArray) -> None:
        told = (history.outcome >= 0) & (history.resolved < NEVER)
        self._ledger = EventHistory(np.where(told, cells, -1), history.resolved, history.outcome)

    def before(
        self, moments: IntArray, cells: IntArray, prior: float, towards: FloatArray | float
    ) -> FloatArray:
        """[n] rates of cells [n] before moments [n].

        Args:
            moments: UTC microseconds.
            cells: what is asked; a cell without sends has the rate `towards`.
            prior: weight of `towards`, in sends.
            towards: [n], or one for all.
        """
        accepted = self._ledger.total(cells, moments)
        rates: FloatArray = (accepted + prior * towards) / (
            self._ledger.count(cells, moments) + prior
        )
        return rates


def overall_rate(history: Sends, moments: IntArray) -> FloatArray:
    """[n] the rate of all sends before moments [n]; one half before the first."""
    everything = Rates(history, np.zeros(len(history), np.int64))
    return everything.before(moments, np.zeros(len(moments), np.int64), 2.0, 0.5)
