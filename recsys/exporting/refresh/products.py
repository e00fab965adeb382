"""Products that the training has not seen, from the new table of products."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.vocabulary import Vocabulary
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.new_product import NewProduct
from recsys.serving.artifact.product_features import ProductFeatures


def new_products(contents: Contents, data: Dataset) -> tuple[list[NewProduct], int]:
    """The products that become rows, and the number of those that no feature describes.

    A product without a feature that has an effect would get the vector of an average product: it
    waits for a training. So do all new ones where the artifact keeps no features.

    Args:
        contents: of the artifact.
        data: the new data set, see `checks.require_refreshable`.
    """
    known = Vocabulary("product", np.asarray(contents.products.ids))
    is_new = known.rows(data.products.ids) < 0
    features = contents.features
    if features is None or not is_new.any():
        return [], int(is_new.sum())
    table = data.side_tables["products"]
    described = table[data.products.rows(table[columns.PRODUCT]) >= 0]
    described = described[known.rows(described[columns.PRODUCT]) < 0]
    products = [_product(line, features) for line in described.to_dict("records")]
    kept = [product for product in products if product.is_described(features)]
    return kept, int(is_new.sum()) - len(kept)


def _product(line: Mapping[Any, Any], features: ProductFeatures) -> NewProduct:
    """Name and dates are left to the tables, which are read again for all products."""
    return NewProduct(
        product_id=line[columns.PRODUCT],
        features={
            column: _value(line[column], is_text=None not in values)
            for column, values in features.terms.items()
        },
    )


def _value(cell: Any, is_text: bool) -> Any:
    if pd.isna(cell):
        return None
    return str(cell) if is_text else cell
