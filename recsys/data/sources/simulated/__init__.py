"""The simulated market: the project's embedded default data set and its laboratory."""

from recsys.data.sources.simulated.oracle import Oracle
from recsys.data.sources.simulated.source import SimulatedMarket

__all__ = ["Oracle", "SimulatedMarket"]
