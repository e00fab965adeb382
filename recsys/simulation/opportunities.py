"""Chances to make an offer: when a customer and the firm are in contact, whatever the policy.

They do not depend on what is offered, so that policies can be compared on the same ones: the end of
each session that a customer starts at the app, the web or a branch, as in the tables of the market,
and moments at which the firm could write or call. The market's own policy uses about one in ten
of the sessions.
"""

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.simulation import calendar
from recsys.simulation.chunk import CUSTOMERS, Stage, draw_latent, draw_sessions, generator
from recsys.simulation.decisions import SECONDS_AFTER, SHOWN, contacts
from recsys.simulation.keys import customer_ids
from recsys.simulation.names import TOUCHPOINT_NAMES
from recsys.simulation.sessions import pace

CONTACTS = 6.0
"""How often the firm could write or call, in terms of how often the market's own policy does."""

OUTBOUND = "outbound"


def opportunities(seed: int, number: int, count: int, version: int = 1) -> pd.DataFrame:
    """The opportunities of the first `count` customers of a chunk, in order of time.

    Returns:
        customer_id, touchpoint, timestamp, outbound (whether the firm starts the contact); a
        customer has at most one a second. Outbound ones only where the customer consents.
    """
    true = draw_latent(seed, number, version)
    visits, rng = draw_sessions(true, seed, number)
    steps = pace(visits, rng)
    shows = SHOWN[visits.touchpoint] > 0
    ends = steps.second[steps.is_last] + SECONDS_AFTER
    outbound = contacts(true.people, generator(seed, number, Stage.CONTACTS), CONTACTS)
    rows = np.concatenate([visits.customer[shows], outbound[0]])
    touchpoint = np.concatenate([visits.touchpoint[shows], outbound[1]])
    second = np.concatenate([ends[shows], outbound[2]])
    names = np.array(TOUCHPOINT_NAMES, object)
    table = pd.DataFrame(
        {
            "row": rows,
            columns.TOUCHPOINT: names[touchpoint],
            columns.TIMESTAMP: calendar.timestamps(second),
            OUTBOUND: np.arange(len(rows)) >= shows.sum(),
        }
    )
    table = table[(table["row"] < count) & (second >= 0) & (second < calendar.END)]
    table = table.sort_values([columns.TIMESTAMP, "row"], kind="stable")
    table = table.drop_duplicates(["row", columns.TIMESTAMP], ignore_index=True)
    ids = customer_ids(number * CUSTOMERS + table.pop("row").to_numpy())
    table.insert(0, columns.CUSTOMER, ids.to_numpy())
    return table
