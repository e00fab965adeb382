"""Policies that explore, and the exact probability of each decision they take.

`Epsilon` and `Softmax` choose by values; `Thompson` by samples of a posterior. All three choose k
slots among permitted candidates. Randomness comes from `Draws`, whose numbers depend only on the
seed, the customer and the moment, so that replaying a log gives the same decisions.
"""

from recsys.policy.exploration.draws import Draws
from recsys.policy.exploration.epsilon import Epsilon
from recsys.policy.exploration.posteriors import BetaPosterior, GaussianPosterior
from recsys.policy.exploration.slots import Choice
from recsys.policy.exploration.softmax import Softmax
from recsys.policy.exploration.thompson import Thompson

__all__ = [
    "BetaPosterior",
    "Choice",
    "Draws",
    "Epsilon",
    "GaussianPosterior",
    "Softmax",
    "Thompson",
]
