"""Rules that share each conversion among its contacts: all to the last, or more to later ones."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.evaluation.attribution.attribution import Attribution
from recsys.evaluation.attribution.journeys import Journeys


def last_touch(journeys: Journeys) -> Attribution:
    """All credit of a conversion to its last contact, as in most reports."""
    return _shared(journeys, journeys.is_last.astype(np.float64))


def time_decay(journeys: Journeys, half_life: float) -> Attribution:
    """Credit of a conversion among all its contacts, halved with every half-life before it.

        credit of a contact = 2^(-age / half_life) / sum of the same over the journey

    This is the "time decay" model of web analytics; its usual half-life is seven days.

    Args:
        journeys: whose `ages` count.
        half_life: in units of their clock, above 0.
    """
    # From the last contact on, so that the weights of an old journey are not all 0.
    youngest = np.full(len(journeys.customers), np.inf)
    np.minimum.at(youngest, journeys.owner, journeys.ages.astype(np.float64))
    return _shared(journeys, np.exp2((youngest[journeys.owner] - journeys.ages) / half_life))


def _shared(journeys: Journeys, weights: FloatArray) -> Attribution:
    """Credit in proportion to the weights [N] within each converted journey."""
    earned = journeys.converted[journeys.owner]
    owner = journeys.owner[earned]
    total = np.bincount(owner, weights[earned], minlength=len(journeys.customers))
    people, person = np.unique(journeys.customers, return_inverse=True)
    credit = csr_array(
        (weights[earned] / total[owner], (person[owner], journeys.channels[earned])),
        shape=(len(people), journeys.width),
    )
    return Attribution(amounts=credit.toarray(), read=_in_all)


def _in_all(credit: FloatArray) -> FloatArray:
    """[R, T] credit as shares of all credit."""
    with np.errstate(invalid="ignore"):  # without conversions there is nothing to share
        return np.asarray(credit / credit.sum(axis=1, keepdims=True))
