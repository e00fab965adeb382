"""Training losses: pure functions of tensors, a scalar out, the mean over a batch.

Half precision is converted to float32 before anything is exponentiated or summed; float32 and
float64 are not changed. The loss of an empty batch is 0.
"""

from recsys.training.losses.bilateral_softmax import bilateral_softmax
from recsys.training.losses.contrastive import (
    bpr,
    cosine_contrastive,
    info_nce,
    weighted_cosine_contrastive,
)
from recsys.training.losses.scores import pair_scores, unit
from recsys.training.losses.softmax import in_batch_softmax, sampled_softmax
from recsys.training.losses.softmax_over_all import softmax_over_all
from recsys.training.losses.weighted_logistic import weighted_logistic
from recsys.training.losses.whole_data import whole_data

__all__ = [
    "bilateral_softmax",
    "bpr",
    "cosine_contrastive",
    "in_batch_softmax",
    "info_nce",
    "pair_scores",
    "sampled_softmax",
    "softmax_over_all",
    "unit",
    "weighted_cosine_contrastive",
    "weighted_logistic",
    "whole_data",
]
