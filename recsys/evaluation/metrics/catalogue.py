"""Metrics of what is recommended, whatever is relevant: how much of the catalogue, how varied.

Lists [Q, k] hold row numbers of products, -1 for none. A value that has no meaning for a query, as
the diversity of one product, is nan: leave those queries out of a mean.
"""

import numpy as np
from scipy.sparse import csr_array
from scipy.special import rel_entr

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.metrics.ranking import ratio

ALPHA = 0.01
"""Share of the history mixed into the list by `category_calibration`, as in the paper: a category
that is missing from the list has a finite cost."""


def catalogue_coverage(products: IntArray, eligible: BoolArray) -> float:
    """Share of the eligible products that are on at least one list.

    coverage = |union of all lists| / |eligible| (Ge, Delgado-Battenfeld and Jannach, 2010). It
    grows with the number of queries: compare models on the same ones.

    Args:
        products: [Q, k] row numbers of eligible products, -1 for none.
        eligible: [P] whether each product can be recommended; at least one can.

    Returns:
        Between 0 and 1.
    """
    return float((times_shown(products, len(eligible))[eligible] > 0).mean())


def gini(products: IntArray, eligible: BoolArray) -> float:
    """Gini index: how unequally the positions of all lists are shared among products.

    0 where every eligible product is shown equally often, (n - 1) / n where only one is. With n
    eligible products and the times each was shown in ascending order x_1 <= ... <= x_n,

        gini = sum_i (2 i - n - 1) x_i / (n sum_i x_i)

    Products that were never shown count (Fleder and Hosanagar, 2009, for recommendations).

    Args:
        products: [Q, k] row numbers of eligible products, -1 for none.
        eligible: [P] whether each product can be recommended; at least one can.

    Returns:
        Between 0 and 1; nan where nothing was shown.
    """
    shown = np.sort(times_shown(products, len(eligible))[eligible]).astype(np.float64)
    total, count = shown.sum(), len(shown)
    if not total:
        return float("nan")
    return float((2 * np.arange(1, count + 1) - count - 1) @ shown / (count * total))


def novelty(products: IntArray, customers: IntArray, population: int) -> FloatArray:
    """Mean self-information of the products on a list, in bits.

    novelty = mean over the list of log2(population / customers_p) (Zhou et al., 2010): 0 for what
    everybody has, log2(population) for what one customer has. A product that nobody has would be
    infinitely novel and would decide every mean; it counts as one that a single customer has.

    Args:
        products: [Q, k] row numbers, -1 for none.
        customers: [P] number of customers who had the product before the window.
        population: number of all customers, at least `customers.max()`.

    Returns:
        [Q] float64, bits; nan for an empty list.
    """
    return mean_of_list(products, np.log2(population / np.maximum(customers, 1)))


def popularity_lift(
    products: IntArray, history: csr_array, popularity: FloatArray | IntArray
) -> FloatArray:
    """Mean popularity of the list over that of the customer's earlier products, less 1.

    lift = (mean popularity of the list - mean popularity of the history) / the latter
    (Abdollahpouri et al., 2020). 0 is as popular as the history, 1 twice as popular, -1 only
    unknown products. The paper divides averages of a group of customers; here each customer has a
    value, so that intervals and slices can be made: a customer of unpopular products weighs more
    in its mean.

    Args:
        products: [Q, k] row numbers, -1 for none.
        history: [Q, P] CSR, not 0 where the customer had the product; how often does not count.
        popularity: [P] events or customers of each product before the window.

    Returns:
        [Q] float64, at least -1; nan without a list or without a history of any popularity.
    """
    owned = history.astype(bool).astype(np.float64)
    usual = ratio(owned @ popularity, owned.sum(axis=1))
    return ratio(mean_of_list(products, popularity), usual) - 1


def intra_list_diversity(products: IntArray, vectors: csr_array | FloatArray) -> FloatArray:
    """Mean of 1 - cosine over all pairs of products on a list: how different they are.

    ild = 1 / (n (n - 1)) * sum_{p != q} (1 - cos(v_p, v_q)) (Smyth and McClave, 2001). The sum over
    pairs is taken as |sum of unit vectors|^2 less its diagonal, so no pair is formed.

    Measure it on vectors that the compared models did not learn: product features, or one-hot
    categories, where it is the share of pairs from two categories.

    Args:
        products: [Q, k] row numbers, no product twice on a list, -1 for none.
        vectors: [P, D], dense or CSR; a vector of zeros is different from every other.

    Returns:
        [Q] float64 between 0 and 2, at most 1 where no vector has negative parts; nan for a list of
        fewer than two products.
    """
    unit = csr_array(vectors).astype(np.float64)
    length = np.sqrt(unit.power(2).sum(axis=1))
    unit.data /= np.repeat(np.where(length > 0, length, 1), np.diff(unit.indptr))
    lists = as_matrix(products, len(length))
    similarity = (lists @ unit).power(2).sum(axis=1) - lists @ unit.power(2).sum(axis=1)
    count = lists.sum(axis=1)
    return 1 - ratio(similarity, count * (count - 1))


def category_calibration(
    products: IntArray, history: csr_array, categories: IntArray
) -> FloatArray:
    """Kullback-Leibler divergence of the list's categories from the history's; 0 is calibrated.

    With p(g) the share of category g in the history and q(g) in the list (Steck, 2018),

        calibration = sum_g p(g) ln(p(g) / q'(g)),   q' = (1 - alpha) q + alpha p,   alpha = 0.01

    Lower is better. All positions of the list weigh the same.

    Args:
        products: [Q, k] row numbers, -1 for none.
        history: [Q, P] CSR, how much the customer had of each product, not negative.
        categories: [P] codes from 0 on, -1 for a product without category, which is left out.

    Returns:
        [Q] float64 between 0 and ln(1 / alpha) = 4.61; nan where the list or the history has no
        product with a category.
    """
    member = one_hot(categories)
    wanted = _shares(history.astype(np.float64) @ member)
    given = _shares(as_matrix(products, len(categories)) @ member)
    divergence = rel_entr(wanted, (1 - ALPHA) * given + ALPHA * wanted)
    return np.asarray(divergence.sum(axis=1), np.float64)


def as_matrix(products: IntArray, width: int) -> csr_array:
    """[Q, P] float64 CSR with 1 for each product on the list [Q, k]; P is `width`."""
    queries, positions = np.nonzero(products >= 0)
    columns = products[queries, positions]
    return csr_array((np.ones(len(queries)), (queries, columns)), shape=(len(products), width))


def one_hot(categories: IntArray) -> csr_array:
    """[P, G] float64 CSR with 1 for the category of each product, from codes [P]; -1 has none."""
    coded = np.flatnonzero(categories >= 0)
    return csr_array(
        (np.ones(len(coded)), (coded, categories[coded])),
        shape=(len(categories), int(categories.max(initial=0)) + 1),
    )


def times_shown(products: IntArray, width: int) -> IntArray:
    """[P] int64, on how many lists [Q, k] each product is; P is `width`."""
    return np.bincount(products[products >= 0], minlength=width)


def mean_of_list(products: IntArray, values: FloatArray | IntArray) -> FloatArray:
    """[Q] mean of values [P] over the products of each list [Q, k]; nan for an empty list."""
    listed = products >= 0
    return ratio(np.where(listed, values[products], 0).sum(axis=1), listed.sum(axis=1))


def _shares(amounts: csr_array) -> FloatArray:
    total = amounts.sum(axis=1)[:, None]
    return ratio(amounts.toarray(), np.broadcast_to(total, amounts.shape))
