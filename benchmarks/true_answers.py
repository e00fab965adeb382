"""What the decisions of a plan bring, by the truth of a market."""

import pandas as pd

from recsys.arrays import FloatArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.simulation import SimulatedMarket


def true_answers(
    plan: pd.DataFrame, market: SimulatedMarket, data: Dataset
) -> tuple[FloatArray, FloatArray]:
    """[D] true probability of acceptance, and net euros: it x the reward, less the cost.

    Args:
        plan: D decisions, as `decide_everyone` writes them.
        market: that knows the truth.
        data: of the market, with offers and touchpoints.
    """
    chance = market.acceptance_probability(
        plan[columns.CUSTOMER].to_numpy(object), plan[columns.OFFER].to_numpy(object),
        plan[columns.TOUCHPOINT].to_numpy(object), plan[columns.TIMESTAMP],
    )  # fmt: skip
    tables = data.side_tables
    reward = tables["offers"].drop_duplicates(columns.OFFER).set_index(columns.OFFER)
    cost = tables["touchpoints"].set_index(columns.TOUCHPOINT)[columns.COST].fillna(0)
    euros = chance * plan[columns.OFFER].map(reward[columns.REWARD]).to_numpy(float)
    return chance, euros - plan[columns.TOUCHPOINT].map(cost).to_numpy(float)
