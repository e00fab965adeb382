"""The probability that a customer accepts an offer at a touchpoint at a moment.

A send is an offer put to a customer; `read_sends` reads a table of them. `answers`, `contacts`,
`behaviour` and `affinity` compute features of each send from what happened strictly before it. A
learner (`Pairwise` or `Boosting`) turns features into probabilities, and `Acceptance` calibrates
them on customers that the learner did not see.
"""

from recsys.models.acceptance.acceptance import Acceptance, Learner
from recsys.models.acceptance.affinity import affinity
from recsys.models.acceptance.behaviour import CustomerEvents, behaviour
from recsys.models.acceptance.boosting import Boosting
from recsys.models.acceptance.contacts import contacts
from recsys.models.acceptance.features import Features, beside, feature_block
from recsys.models.acceptance.pairwise import Pairwise
from recsys.models.acceptance.response_features import answers
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
    "affinity",
    "answers",
    "behaviour",
    "beside",
    "contacts",
    "feature_block",
    "overall_rate",
    "read_sends",
]
