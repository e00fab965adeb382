"""The one fit loop: batches, steps, validation, early stop, checkpoints."""

from recsys.training.loop.fit import Fit, fit
from recsys.training.loop.state import Network

__all__ = ["Fit", "Network", "fit"]
