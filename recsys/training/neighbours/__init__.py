"""Mini-batches of graphs that do not fit: trees of neighbours, each edge earlier than its seed."""

from recsys.training.neighbours.loader import temporal_links
from recsys.training.neighbours.sampler import TemporalSampler

__all__ = ["TemporalSampler", "temporal_links"]
