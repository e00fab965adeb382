"""Training objectives: which pairs make a batch, how negatives are drawn, and the loss.

An objective is a loss of `training.losses` with its sampler and its settings. Models of vectors
take any of them, and score as they were trained: by cosine or by inner product.
"""

from recsys.training.objectives.base import Batch, Objective
from recsys.training.objectives.bilateral_softmax import BilateralSoftmax
from recsys.training.objectives.customers import Softmax, WholeData
from recsys.training.objectives.in_batch import InBatchSoftmax
from recsys.training.objectives.pairs import BPR, CosineContrastive, SampledSoftmax
from recsys.training.objectives.shared_negatives import Logistic, SharedCosineContrastive

__all__ = [
    "BPR",
    "Batch",
    "BilateralSoftmax",
    "CosineContrastive",
    "InBatchSoftmax",
    "Logistic",
    "Objective",
    "SampledSoftmax",
    "SharedCosineContrastive",
    "Softmax",
    "WholeData",
]
