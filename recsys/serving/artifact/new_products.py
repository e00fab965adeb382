"""Products that training has not seen, put behind the catalogue by what is known of them."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np

from recsys.arrays import IdArray, IntArray
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.fold_in_arrays import FoldInArrays
from recsys.serving.artifact.ids import SortedIds, whole_id
from recsys.serving.artifact.product_features import Coded, ProductFeatures, Value
from recsys.serving.artifact.product_table import ProductTable
from recsys.serving.artifact.times import OPEN_END, OPEN_START, Moment, seconds

_log = logging.getLogger(__name__)
_SAID = 20
"""Products of which is said what of them is unknown; the others are counted."""
CATEGORY = "category"
"""The column of features that a product's category stands for where its features do not say."""


@dataclass(frozen=True, kw_only=True)
class NewProduct:
    """A product and what is known of it.

    Attributes:
        product_id: of the kind that the artifact's ids are; a number or UUID may be given as text.
        features: column -> value; what is left out is unknown. At least one must say something:
            a number, a flag, or a text that a product of the training had.
        name: for people to read.
        category: likewise; also a feature, where the artifact has one of that name.
        valid_from: since when it is on offer, a `times.Moment`; None for always.
        valid_to: when the offer has ended; None for never.
    """

    product_id: str | int | UUID
    features: Mapping[str, Value]
    name: str | None = None
    category: str | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None


def grown(
    contents: Contents, products: SortedIds, new: Sequence[NewProduct]
) -> tuple[Contents, SortedIds]:
    """The contents with new products behind the old, and the ids of all.

    Rows, vectors and events of what was there stay as they are, and so do `fold_in_gram` and the
    offers: nobody has turned a new product down by not having it.

    A product without any feature that says something is refused: its vector would be that of an
    average product. Of one that has such a feature beside texts that no product of the training
    had, as a new category, those texts add nothing, and a warning names product and text.

    Args:
        contents: of an artifact.
        products: its ids.
        new: in whatever order; they become the rows from P on in this order.

    Raises:
        InputError: the artifact keeps no features, or a product does not fit it; the message names
            the product.
    """
    features, old = features_of(contents), contents.products
    ids = _all_ids(contents, products, new)
    coded = [_coded(features, product) for product in new]
    _warn(features, new)
    sorted_ids = SortedIds.build("product", ids)
    count = len(old)
    starts = [_seconds(product, "valid_from", OPEN_START) for product in new]
    ends = [_seconds(product, "valid_to", OPEN_END) for product in new]
    table = ProductTable(
        vectors=np.concatenate([old.vectors, features.vectors_of(coded)]),
        ids=sorted_ids.by_row(),
        names=_with_texts(old.names, [_text(product, "name") for product in new], count),
        categories=_with_texts(
            old.categories, [_text(product, "category") for product in new], count
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
    """How features become vectors; `InputError` where the artifact does not say."""
    if contents.features is None:
        raise InputError(
            "the artifact does not say how features become a vector; export it again with this "
            "version, from data whose products table has features"
        )
    return contents.features


def _all_ids(contents: Contents, products: SortedIds, new: Sequence[NewProduct]) -> IdArray:
    wanted = [_id(products, one) for one in new]
    starts, ends = products.find(wanted)
    for one, start, end in zip(new, starts, ends, strict=True):
        if start < end:
            raise InputError(f"{_named(one)}: already among the products; give a new id")
    most = Counter(wanted).most_common(1)
    if most and most[0][1] > 1:
        raise InputError(f"new product '{most[0][0]}': given twice; give each once")
    if isinstance(products.ids, np.ndarray):
        return np.append(np.asarray(contents.products.ids), np.array(wanted, np.int64))
    ids = np.empty(len(products.rows) + len(wanted), dtype=object)
    ids[: len(products.rows)] = contents.products.ids[:]
    ids[len(products.rows) :] = wanted
    return ids


def _id(products: SortedIds, one: NewProduct) -> str | int | UUID:
    given = one.product_id
    if isinstance(products.ids, np.ndarray):
        whole = whole_id(given)
        if whole is not None:
            return whole
        expected = "a whole number"
    elif products.is_uuid:
        try:
            return UUID(str(given))
        except ValueError:
            expected = "a UUID"
    elif isinstance(given, str):
        return str(given)
    else:
        expected = "a text"
    example = products.ids[0]
    raise InputError(
        f"{_named(one)}: expected {expected} as id, such as {example}, got {shown(given)}"
    )


def _coded(features: ProductFeatures, one: NewProduct) -> Coded:
    try:
        coded = features.coded(_said(features, one))
    except InputError as error:
        raise InputError(f"{_named(one)}: {error}") from None
    if not _says_something(coded):
        unknown = "".join(f"; {why}" for why in _unknown(features, one))
        raise InputError(
            f"{_named(one)}: no feature says anything of it, expected at least one of "
            f"{', '.join(features.places)}{unknown}; leave the product out until a training has "
            "seen it"
        )
    return coded


def is_described(features: ProductFeatures, one: NewProduct) -> bool:
    """Whether any feature of a product is one that the artifact has learned from."""
    return _says_something(features.coded(_said(features, one)))


def _says_something(coded: Coded) -> bool:
    # The first row is what every product has.
    return len(coded[0]) > 1


def _said(features: ProductFeatures, one: NewProduct) -> Mapping[str, Value]:
    if one.category is not None and CATEGORY in features.places:
        return {CATEGORY: one.category, **one.features}
    return one.features


def _unknown(features: ProductFeatures, one: NewProduct) -> Iterator[str]:
    """Each text of a product that no product of the training had, in words."""
    for column, value in _said(features, one).items():
        terms = features.places[column]
        if isinstance(value, str) and None not in terms and value not in terms:
            yield f"{column} {shown(value)} is not among the {len(terms):,} learned"


def _warn(features: ProductFeatures, new: Sequence[NewProduct]) -> None:
    told = 0
    for one in new:
        for why in _unknown(features, one):
            told += 1
            if told <= _SAID:
                _log.warning("%s: %s and adds nothing to its vector", _named(one), why)
    if told > _SAID:
        _log.warning("and %s more texts of new products that add nothing", f"{told - _SAID:,}")


def _seconds(one: NewProduct, name: str, open_end: int) -> int:
    moment = getattr(one, name)
    if moment is None:
        return open_end
    return seconds(f"{_named(one)}: {name}", moment)


def _text(one: NewProduct, name: str) -> str | None:
    said: Any = getattr(one, name)
    if said is not None and not isinstance(said, str):
        raise InputError(f"{_named(one)}: {name}: expected a text, got {shown(said)}")
    return said


def _named(one: NewProduct) -> str:
    given = one.product_id
    named = shown(str(given) if isinstance(given, UUID) else given)
    return f"new product {named if isinstance(given, str | UUID) else repr(named)}"


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
