"""The probability that a customer accepts an offer at a touchpoint at a moment.

A send is an offer put to a customer; `read_sends` reads a table of them. `response_features`,
`contact_features`, `behaviour_features` and `affinity_features` describe each send by what happened
strictly before it; `concatenate` puts them side by side. A learner (`Pairwise` or `Boosting`) turns
features into probabilities, and `Acceptance` calibrates them on customers that the learner did not
see.
"""

from recsys.models.acceptance.acceptance import Acceptance, Learner
from recsys.models.acceptance.affinity import affinity_features
from recsys.models.acceptance.behaviour import CustomerEvents, behaviour_features
from recsys.models.acceptance.boosting import Boosting
from recsys.models.acceptance.contacts import contact_features
from recsys.models.acceptance.features import Features, concatenate, feature_block
from recsys.models.acceptance.pairwise import Pairwise
from recsys.models.acceptance.response_features import response_features
from recsys.models.acceptance.sends import Sends, read_sends
from recsys.models.acceptance.smoothed_rates import Rates, overall_rate

__all__ = [
    "Acceptance",
    "Boosting",
    "CustomerEvents",
    "Features",
    "Learner",
    "Pairwise",
    "Rates",
    "Sends",
    "affinity_features",
    "behaviour_features",
    "concatenate",
    "contact_features",
    "feature_block",
    "overall_rate",
    "read_sends",
    "response_features",
]
