"""Negatives for training: seeded, vectorised, and never a positive unless asked for."""

from recsys.training.sampling.hard import Hard
from recsys.training.sampling.in_batch import BatchNegatives, InBatch
from recsys.training.sampling.negatives import Negatives, NegativeSampler
from recsys.training.sampling.positives import Positives
from recsys.training.sampling.weighted import WeightedSampler, by_popularity, uniform

__all__ = [
    "BatchNegatives",
    "Hard",
    "InBatch",
    "NegativeSampler",
    "Negatives",
    "Positives",
    "WeightedSampler",
    "by_popularity",
    "uniform",
]
