"""The exported artifact, and recommending from it: numpy, pyarrow and safetensors only."""

from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.new_products import NewProduct
from recsys.serving.artifact.offer_table import OfferTable
from recsys.serving.artifact.product_features import ProductFeatures
from recsys.serving.artifact.storage import load, write
from recsys.serving.query.artifact import Artifact
from recsys.serving.query.offers import FirmOffer, FirmOffers, Offer, Reason, Recommendation

__all__ = [
    "Artifact", "Contents", "FirmOffer", "FirmOffers", "NewProduct", "Offer", "OfferTable",
    "ProductFeatures", "Reason", "Recommendation", "load", "write",
]  # fmt: skip
