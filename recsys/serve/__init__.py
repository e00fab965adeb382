"""The exported artifact, and recommending from it: numpy, pyarrow and safetensors only."""

from recsys.serve.artifact import load, write
from recsys.serve.contents import Contents
from recsys.serve.offer_table import OfferTable
from recsys.serve.offers import FirmOffer, FirmOffers, Offer, Reason, Recommendation
from recsys.serve.recommend import Artifact

__all__ = [
    "Artifact", "Contents", "FirmOffer", "FirmOffers", "Offer", "OfferTable", "Reason",
    "Recommendation", "load", "write",
]  # fmt: skip
