"""Which touchpoint suits a customer and a product: a smoothed log-linear model on counts.

For models that do not know touchpoints themselves. In the pairwise form of the project the score of
touchpoint t for customer c and product p is `c.t + p.t`; here

    c.t = log((n_ct + k share_t) / (n_c + k)),    p.t = the same over p's events, less log share_t

that is, the log of P(t | c) P(t | p) / P(t): the customer and the product speak independently.
Only `c.t` and `p.t` change; the ranking of products without a touchpoint stays as it is.
"""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.action_weights import event_action_weights
from recsys.models.base import Embeddings


def with_touchpoints(embeddings: Embeddings, data: Dataset, prior: float = 10.0) -> Embeddings:
    """Adds touchpoint vectors to a model that has none.

    Customers and products get 2 T more columns, [log P(t|c), 0] and [0, log P(t|p) - log P(t)];
    a touchpoint's vector is 1 in its own column of both blocks, so no product of a customer with
    a product vector changes.

    Args:
        embeddings: without touchpoints.
        data: whose events count, each once, where their action does by the default of
            `recsys.graph.action_weights`.
        prior: weight of the overall shares, in events.

    Returns:
        the same embeddings where the data know no touchpoint, else [., d + 2 T] ones.
    """
    count = len(data.touchpoints)
    if embeddings.touchpoints is not None or count == 0:
        return embeddings
    events = data.interactions
    useful = (event_action_weights(data, None) > 0) & (events.touchpoints >= 0)
    touchpoints = events.touchpoints[useful]
    share = overall_shares(data)
    by_customer = _log_shares(
        events.customers[useful], touchpoints, len(data.customers), share, prior
    )
    by_product = _log_shares(
        events.products[useful], touchpoints, len(data.products), share, prior
    ) - np.log(share)
    customers, products = embeddings.customers, embeddings.products
    nobody = embeddings.default_customer
    if nobody is not None:
        nobody = np.concatenate([nobody, np.log(share), np.zeros(count)]).astype(np.float32)
    block = np.eye(count, dtype=np.float32)
    return Embeddings(
        customers=_columns(customers, by_customer, np.zeros_like(by_customer)),
        products=_columns(products, np.zeros_like(by_product), by_product),
        touchpoints=_columns(np.zeros((count, customers.shape[1])), block, block),
        default_customer=nobody,
    )


def overall_shares(data: Dataset) -> FloatArray:
    """[T] share of each touchpoint in the events that count, smoothed by one event."""
    events = data.interactions
    useful = (event_action_weights(data, None) > 0) & (events.touchpoints >= 0)
    counts = np.bincount(events.touchpoints[useful], minlength=len(data.touchpoints)) + 1.0
    shares: FloatArray = counts / counts.sum()
    return shares


def _log_shares(
    rows: IntArray, touchpoints: IntArray, size: int, share: FloatArray, prior: float
) -> FloatArray:
    known = rows >= 0
    flat = rows[known].astype(np.int64) * len(share) + touchpoints[known]
    counts = np.bincount(flat, minlength=size * len(share)).reshape(size, len(share))
    smoothed = (counts + prior * share) / (counts.sum(axis=1, keepdims=True) + prior)
    logs: FloatArray = np.log(smoothed)
    return logs


def _columns(*blocks: FloatArray) -> FloatArray:
    return np.hstack(blocks).astype(np.float32)
