"""The exported artifact, and recommending from it: numpy, pyarrow and safetensors only."""

from recsys.serve.artifact import load, write
from recsys.serve.contents import Contents
from recsys.serve.new_products import NewProduct
from recsys.serve.offer_table import OfferTable
from recsys.serve.offers import FirmOffer, FirmOffers, Offer, Reason, Recommendation
from recsys.serve.product_features import ProductFeatures
from recsys.serve.recommend import Artifact

__all__ = [
    "Artifact", "Contents", "FirmOffer", "FirmOffers", "NewProduct", "Offer", "OfferTable",
    "ProductFeatures", "Reason", "Recommendation", "load", "write",
]  # fmt: skip
