"""Training losses: pure functions of tensors, a scalar out, the mean over a batch.

Half precision is raised to float32 before anything is exponentiated or summed; float32 and float64
stay what they are. An empty batch loses 0.
"""

from recsys.training.losses.bpr import bpr
from recsys.training.losses.cosine_contrastive import cosine_contrastive
from recsys.training.losses.info_nce import info_nce
from recsys.training.losses.scores import pair_scores, unit
from recsys.training.losses.softmax import in_batch_softmax, sampled_softmax
from recsys.training.losses.softmax_over_all import softmax_over_all
from recsys.training.losses.whole_data import whole_data

__all__ = [
    "bpr",
    "cosine_contrastive",
    "in_batch_softmax",
    "info_nce",
    "pair_scores",
    "sampled_softmax",
    "softmax_over_all",
    "unit",
    "whole_data",
]
