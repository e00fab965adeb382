"""The one fit loop: batches, steps, validation, early stop, checkpoints."""

from recsys.train.loop.fit import Fit, fit
from recsys.train.loop.network import Network

__all__ = ["Fit", "Network", "fit"]
