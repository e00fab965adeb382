"""Negatives for training: seeded, vectorised, and never a positive unless asked for."""

from recsys.train.sampling.hard import Hard
from recsys.train.sampling.in_batch import BatchNegatives, InBatch
from recsys.train.sampling.negatives import Negatives, NegativeSampler
from recsys.train.sampling.positives import Positives
from recsys.train.sampling.weighted import WeightedSampler, by_popularity, uniform

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
