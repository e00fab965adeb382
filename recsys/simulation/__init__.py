"""The simulated market: the default data set, whose true probabilities are known."""

from recsys.simulation.oracle import Oracle
from recsys.simulation.source import SimulatedMarket

__all__ = ["Oracle", "SimulatedMarket"]
