"""Makes `data.json`, and the vectors that other libraries' ALS fits to these data.

Run by hand, one library at a time, in an environment that has it; the tests read the files:

    python tests/models/als_factors/make_factors.py data
    python tests/models/als_factors/make_factors.py LIBRARY

Versions: implicit 0.7.3, pyspark 4.3.0 (Java 17), lenskit 2025.8.1. The vectors of customers are
those that the library solves from the products' vectors that are stored with them.
"""

import importlib.metadata
import json
import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
CUSTOMERS, PRODUCTS, DIM = 24, 12, 3

Pairs = list[tuple[int, int, int]]
"""Customer, product and strength."""


def data() -> dict[str, Pairs]:
    """Pairs with equally many a row and a column, and others; of strengths 1, and of others."""
    draw = random.Random(0)
    even = [(c, (c + step) % PRODUCTS) for c in range(CUSTOMERS) for step in (0, 1, 3, 7)]
    ragged = {(c, p) for c in range(CUSTOMERS) for p in range(PRODUCTS) if draw.random() < c / 40}
    ragged |= {(c, c % PRODUCTS) for c in range(CUSTOMERS)}  # everybody has a pair
    return {
        "even": [(c, p, draw.randint(1, 4)) for c, p in even],
        "ragged": [(c, p, draw.randint(1, 4)) for c, p in sorted(ragged)],
        "even_ones": [(c, p, 1) for c, p in even],
        "ragged_ones": [(c, p, 1) for c, p in sorted(ragged)],
    }


def implicit(pairs: Pairs, settings: Mapping[str, Any]) -> tuple[Any, Any]:
    """`implicit.als.AlternatingLeastSquares` with exact steps."""
    import numpy as np
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    customers, products, strengths = zip(*pairs, strict=True)
    matrix = csr_matrix(
        (np.array(strengths, np.float64), (customers, products)), (CUSTOMERS, PRODUCTS)
    )
    model = AlternatingLeastSquares(
        **settings, dtype=np.float64, use_cg=False, use_native=True, num_threads=1, random_state=0
    )
    model.fit(matrix, show_progress=False)
    return model.recalculate_user(np.arange(CUSTOMERS), matrix), model.item_factors


def spark(pairs: Pairs, settings: Mapping[str, Any]) -> tuple[Any, Any]:
    """`pyspark.ml.recommendation.ALS`, which solves for users last."""
    import numpy as np
    from pyspark.ml.recommendation import ALS
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    table = (
        session.config("spark.sql.shuffle.partitions", 1)
        .getOrCreate()
        .createDataFrame(
            [(c, p, float(r)) for c, p, r in pairs], "user int, item int, rating float"
        )
    )
    model = ALS(implicitPrefs=True, seed=1, **settings).fit(table)
    sides = []
    for count, table in ((CUSTOMERS, model.userFactors), (PRODUCTS, model.itemFactors)):
        vectors = np.zeros((count, DIM))
        for row in table.collect():
            vectors[row.id] = row.features
        sides.append(vectors)
    return sides[0], sides[1]


def lenskit(pairs: Pairs, settings: Mapping[str, Any]) -> tuple[Any, Any]:
    """`lenskit.als.ImplicitMFScorer`, with users as it folds them in when it recommends."""
    import numpy as np
    import pandas as pd
    from lenskit.als import ImplicitMFScorer
    from lenskit.data import ItemList, from_interactions_df
    from lenskit.training import TrainingOptions

    table = pd.DataFrame(pairs, columns=["user_id", "item_id", "rating"])
    scorer = ImplicitMFScorer(**settings, user_embeddings=True)
    scorer.train(from_interactions_df(table), TrainingOptions(rng=0))
    vectors = np.zeros((CUSTOMERS, DIM))
    for customer, rows in table.groupby("user_id"):
        items = ItemList(item_ids=rows["item_id"].to_numpy(), rating=rows["rating"].to_numpy(float))
        vectors[customer] = scorer.new_user_embedding(None, items)[0]
    order = scorer.items.numbers(np.arange(PRODUCTS))
    return vectors, scorer.item_embeddings[order]


FITS: dict[str, tuple[Callable[..., tuple[Any, Any]], str, list[tuple[str, dict[str, Any]]]]] = {
    "implicit": (
        implicit,
        "implicit",
        [
            (name, {"factors": DIM, "iterations": 6, "alpha": 5.0, "regularization": 0.3})
            for name in ("ragged", "ragged_ones", "even_ones")
        ],
    ),
    "spark": (
        spark,
        "pyspark",
        [
            (name, {"rank": DIM, "maxIter": 6, "alpha": 2.0, "regParam": 0.1})
            for name in ("even", "ragged", "even_ones")
        ],
    ),
    "lenskit": (
        lenskit,
        "lenskit",
        [
            (name, {"embedding_size": DIM, "epochs": 6, "weight": 5.0, "regularization": l2,
                    "use_ratings": use_ratings})
            for name, use_ratings in (("even", True), ("ragged", True), ("ragged_ones", False))
            for l2 in (0.3, {"user": 0.2, "item": 0.8})
        ],
    ),
}  # fmt: skip


def main(name: str) -> None:
    """Writes the data, or the vectors of a library."""
    if name == "data":
        _write("data", {"customers": CUSTOMERS, "products": PRODUCTS, "pairs": data()})
        return
    function, package, wanted = FITS[name]
    pairs = json.loads((FOLDER / "data.json").read_text(encoding="utf-8"))["pairs"]
    fits = []
    for of, settings in wanted:
        customers, products = function(pairs[of], settings)
        fits.append({
            "data": of, "settings": settings,
            "customers": customers.tolist(), "products": products.tolist(),
        })  # fmt: skip
    _write(name, {package: importlib.metadata.version(package), "fits": fits})


def _write(name: str, content: object) -> None:
    text = json.dumps(content, separators=(",", ":")) + "\n"
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
