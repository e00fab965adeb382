"""Preferred touchpoints of customers and products: a smoothed log-linear model on counts.

For models without touchpoints of their own. The score of touchpoint t for customer c and product p
is `c.t + p.t`, with

    c.t = log((n_ct + k share_t) / (n_c + k)),    p.t = the same over p's events, less log share_t,

which is the log of P(t | c) P(t | p) / P(t): customer and product are taken as independent given
the touchpoint. The ranking of products without a touchpoint does not change.
"""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.action_weights import event_action_weights
from recsys.models.base import Embeddings


def with_touchpoints(embeddings: Embeddings, data: Dataset, prior: float = 10.0) -> Embeddings:
    """Adds touchpoint vectors to embeddings that have none.

    Customers and products get 2 T more columns, [log P(t|c), 0] and [0, log P(t|p) - log P(t)]. A
    touchpoint's vector is 1 in its own column of both blocks. Inner products of a customer with a
    product do not change.

    Args:
        embeddings: [C, d] and [P, d].
        data: the events; each counts once if its action has a weight above 0 by the default of
            `recsys.graph.action_weights`.
        prior: weight of the overall shares, in events.

    Returns:
        Embeddings with d + 2 T columns; `embeddings` unchanged if they have touchpoints already or
        the data have none.
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
    default = embeddings.default_customer
    if default is not None:
        default = np.concatenate([default, np.log(share), np.zeros(count)]).astype(np.float32)
    block = np.eye(count, dtype=np.float32)
    return Embeddings(
        customers=_columns(customers, by_customer, np.zeros_like(by_customer)),
        products=_columns(products, np.zeros_like(by_product), by_product),
        touchpoints=_columns(np.zeros((count, customers.shape[1])), block, block),
        default_customer=default,
    )


def overall_shares(data: Dataset) -> FloatArray:
    """Share [T] float64 of each touchpoint in the events that count, smoothed by one event."""
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
    # Rounded block by block: joined in float64 they would take twice the memory of the result.
    return np.hstack(blocks, dtype=np.float32, casting="same_kind")
