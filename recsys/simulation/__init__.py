"""The simulated market: the project's embedded default data set and its laboratory."""

from recsys.simulation.oracle import Oracle
from recsys.simulation.source import SimulatedMarket

__all__ = ["Oracle", "SimulatedMarket"]
