"""The exported artifact, and recommending from it: numpy, pyarrow and safetensors only."""

from recsys.serve.artifact import load, write
from recsys.serve.contents import Contents
from recsys.serve.offers import Offer, Reason, Recommendation
from recsys.serve.recommend import Artifact

__all__ = ["Artifact", "Contents", "Offer", "Reason", "Recommendation", "load", "write"]
