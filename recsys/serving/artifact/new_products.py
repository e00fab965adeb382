"""Products that the training has not seen, added to the catalogue by their features."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recsys.arrays import IdArray, IntArray
from recsys.errors import InputError
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.fold_in_arrays import FoldInArrays
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.new_product import NewProduct
from recsys.serving.artifact.product_features import Coded, ProductFeatures
from recsys.serving.artifact.product_table import ProductTable

_log = logging.getLogger(__name__)
_LOGGED = 20
"""Texts that are named in warnings; further ones are counted."""


def grown(
    contents: Contents, products: SortedIds, new: Sequence[NewProduct]
) -> tuple[Contents, SortedIds]:
    """The contents with new products after the old ones, and the ids of all.

    Existing rows, vectors and events stay as they are, and so do `FoldInArrays.gram` and the
    offers: customers without a new product have not rejected it.

    A product without any feature that has an effect is refused: its vector would be that of an
    average product. Texts that no product of the training had, such as a new category, add nothing
    to the vector; a warning names product and text.

    Args:
        contents: of an artifact.
        products: its ids.
        new: the products; they become the rows from P on, in this order.

    Returns:
        The larger contents, and the sorted ids of all products.

    Raises:
        InputError: the artifact keeps no features, decides by a policy about products, or a product
            does not fit it; the message names the product.
    """
    features, old = features_of(contents), contents.products
    if contents.decisions is not None and contents.offers is None:
        raise InputError(
            "new products: the artifact decides by a policy, whose rules are compiled for the "
            "products of the export; export again with them"
        )
    ids = _all_ids(contents, products, new)
    coded = [product.coded(features) for product in new]
    _warn(features, new)
    sorted_ids = SortedIds.build("product", ids)
    count = len(old)
    starts = [product.seconds("valid_from", OPEN_START) for product in new]
    ends = [product.seconds("valid_to", OPEN_END) for product in new]
    table = ProductTable(
        vectors=np.concatenate([old.vectors, features.vectors_of(coded)]),
        ids=sorted_ids.by_row(),
        names=_with_texts(old.names, [product.text("name") for product in new], count),
        categories=_with_texts(
            old.categories, [product.text("category") for product in new], count
        ),
        valid_from=_with_dates(old.valid_from, starts, OPEN_START, count),
        valid_to=_with_dates(old.valid_to, ends, OPEN_END, count),
    )
    fold_in = contents.fold_in
    if fold_in is not None and features.factors is not None:
        fold_in = _with_factors(fold_in, features, coded)
    return replace(contents, products=table, fold_in=fold_in), sorted_ids


def _with_factors(
    fold_in: FoldInArrays, features: ProductFeatures, coded: Sequence[Coded]
) -> FoldInArrays:
    scale, factors = features.fold_in_scale, features.factors_of(coded)
    assert factors is not None
    if fold_in.scale is not None and scale is not None:
        scale = np.concatenate([fold_in.scale, np.repeat(scale, len(coded))])
    return replace(fold_in, factors=np.concatenate([fold_in.factors, factors]), scale=scale)


def features_of(contents: Contents) -> ProductFeatures:
    """The artifact's features. Raises `InputError` where it has none."""
    if contents.features is None:
        raise InputError(
            "the artifact does not say how features become a vector; export it again with this "
            "version, from data whose products table has features"
        )
    return contents.features


def _all_ids(contents: Contents, products: SortedIds, new: Sequence[NewProduct]) -> IdArray:
    new_ids = [product.id_like(products) for product in new]
    starts, ends = products.find(new_ids)
    for product, start, end in zip(new, starts, ends, strict=True):
        if start < end:
            raise InputError(f"{product.label}: already among the products; give a new id")
    most = Counter(new_ids).most_common(1)
    if most and most[0][1] > 1:
        raise InputError(f"new product '{most[0][0]}': given twice; give each once")
    if isinstance(products.ids, np.ndarray):
        return np.append(np.asarray(contents.products.ids), np.array(new_ids, np.int64))
    ids = np.empty(len(products.rows) + len(new_ids), dtype=object)
    ids[: len(products.rows)] = contents.products.ids[:]
    ids[len(products.rows) :] = new_ids
    return ids


def _warn(features: ProductFeatures, new: Sequence[NewProduct]) -> None:
    count = 0
    for product in new:
        for message in product.unknown_texts(features):
            count += 1
            if count <= _LOGGED:
                _log.warning("%s: %s and adds nothing to its vector", product.label, message)
    if count > _LOGGED:
        _log.warning("and %s more texts of new products that add nothing", f"{count - _LOGGED:,}")


def _with_dates(
    old: IntArray | None, new: Sequence[int], open_end: int, count: int
) -> IntArray | None:
    if old is None and all(moment == open_end for moment in new):
        return None
    return np.append(np.full(count, open_end) if old is None else old, np.array(new, np.int64))


def _with_texts(
    old: Sequence[str | None] | None, new: Sequence[str | None], count: int
) -> list[str | None] | None:
    if old is None and all(text is None for text in new):
        return None
    return [*([None] * count if old is None else old), *new]
