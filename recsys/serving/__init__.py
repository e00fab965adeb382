"""The exported artifact, and recommending from it: numpy, pyarrow and safetensors only."""

from recsys.ops.filter_seen import FilterSeen
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.customer_table import CustomerTable
from recsys.serving.artifact.decision_part import DecisionPart
from recsys.serving.artifact.event_table import EventTable
from recsys.serving.artifact.fold_in_arrays import FoldInArrays
from recsys.serving.artifact.moment_part import MomentPart
from recsys.serving.artifact.new_product import NewProduct
from recsys.serving.artifact.offer_table import OfferTable
from recsys.serving.artifact.product_features import ProductFeatures
from recsys.serving.artifact.product_table import ProductTable
from recsys.serving.artifact.touchpoint_table import TouchpointTable
from recsys.serving.decide.decision import DecidedOffer, Decision
from recsys.serving.decide.prices import Prices
from recsys.serving.decide.recent_contacts import RecentContact
from recsys.serving.query.artifact import Artifact
from recsys.serving.query.offers import FirmOffer, FirmOffers, Offer, Reason, Recommendation
from recsys.serving.query.session_moment import SessionEvent, SessionMoment
from recsys.serving.query.similar import SimilarCustomer, SimilarCustomers
from recsys.serving.storage import load, write

__all__ = [
    "Artifact", "Contents", "CustomerTable", "DecidedOffer", "Decision", "DecisionPart",
    "EventTable", "FilterSeen", "FirmOffer", "FirmOffers", "FoldInArrays", "MomentPart",
    "NewProduct", "Offer", "OfferTable", "Prices", "ProductFeatures", "ProductTable", "Reason",
    "RecentContact", "Recommendation", "SessionEvent", "SessionMoment", "SimilarCustomer",
    "SimilarCustomers", "TouchpointTable", "load", "write",
]  # fmt: skip
