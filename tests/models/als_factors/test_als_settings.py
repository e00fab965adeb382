"""Settings of ALS converted between libraries, held to the vectors that those libraries fit.

`make_factors.py` made the data and the vectors. With the same confidences and regularisation our
least-squares step gives a library's customer vectors from its product vectors, to float32.
"""

import inspect
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from recsys import ALS, Dataset
from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix
from recsys.models.als_settings import DEFAULTS, convert_als
from recsys.models.pair_strengths import PairStrengths
from recsys.training.exact_least_squares import solved
from recsys.training.row_systems import Entries

FOLDER = Path(__file__).parent
LIBRARIES = ("implicit", "spark", "lenskit")
EXPONENTS = ("customer_exponent", "product_exponent")
TOLERANCE = 2e-5  # Spark and LensKit solve in float32


@cache
def stored(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


FITS = [
    pytest.param(library, fit, id=f"{library}-{number}-{fit['data']}")
    for library in LIBRARIES
    for number, fit in enumerate(stored(library)["fits"])
]


@cache
def dataset(name: str) -> Dataset:
    """One event a pair whose weight is the strength."""
    pairs = pd.DataFrame(stored("data")["pairs"][name], columns=["c", "p", "weight"])
    return Dataset.from_frames(
        pd.DataFrame(
            {
                "customer_id": [f"c{c}" for c in pairs["c"]],
                "product_id": [f"p{p}" for p in pairs["p"]],
                "weight": pairs["weight"].astype(float),
            }
        )
    )


def rows(name: str) -> tuple[list[int], list[int]]:
    """Row numbers of customers c0, c1, ... and of products p0, p1, ... in the data set."""
    data, sizes = dataset(name), stored("data")
    return (
        data.customers.rows([f"c{c}" for c in range(sizes["customers"])]).tolist(),
        data.products.rows([f"p{p}" for p in range(sizes["products"])]).tolist(),
    )


def strengths(name: str) -> csr_array:
    return interaction_matrix(dataset(name))


def step(confidence: csr_array, products: FloatArray, l2: float) -> FloatArray:
    """Our customer vectors for product vectors, as `ALS` solves for them."""
    entries = Entries.of(confidence.astype(np.float32), np, "cpu")
    return solved(entries, products.astype(np.float32), l2, np)


def confidence_of(library: str, settings: dict[str, Any], strength: csr_array) -> csr_array:
    """As the table at the top of `als_settings` says, with `settings` in full."""
    result = strength.astype(np.float64)
    if library == "implicit":
        result.data = settings["alpha"] * result.data
    elif library == "spark":
        result.data = 1 + settings["alpha"] * result.data
    elif settings["use_ratings"]:
        result.data = 1 + settings["weight"] * result.data
    else:
        result.data = np.full(result.nnz, 1.0 + settings["weight"])
    return result


@pytest.mark.parametrize(("library", "fit"), FITS)
def test_the_table_says_what_each_library_solves(library: str, fit: dict[str, Any]) -> None:
    settings, strength = fit["settings"], strengths(fit["data"])
    customers, products = rows(fit["data"])
    wanted = np.zeros((strength.shape[0], len(fit["customers"][0])))
    wanted[customers] = fit["customers"]
    factors = np.zeros((strength.shape[1], wanted.shape[1]))
    factors[products] = fit["products"]
    l2 = settings.get("regularization", settings.get("regParam"))
    l2 = l2["user"] if isinstance(l2, dict) else l2
    confidence = confidence_of(library, settings, strength)
    for row, count in enumerate(np.diff(strength.indptr)):
        own = l2 * count if library == "spark" else l2
        found = step(confidence[[row]], factors, own)[0]
        np.testing.assert_allclose(found, wanted[row], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(("library", "fit"), FITS)
def test_converted_settings_give_their_customer_vectors(library: str, fit: dict[str, Any]) -> None:
    data, strength = dataset(fit["data"]), strengths(fit["data"])
    try:
        converted = convert_als(fit["settings"], library, "recsys", PairStrengths.of(strength))
    except InputError:
        # implicit has no 1 + in its confidence, which strengths that vary would need.
        assert (library, fit["data"]) == ("implicit", "ragged")
        return
    customers, products = rows(fit["data"])
    model = ALS(**converted.settings, device="cpu")
    factors = np.zeros((strength.shape[1], model.dim))
    factors[products] = np.asarray(fit["products"]) / converted.customer_scale
    found = step(model.confidence(data), factors, model.l2)[customers] / converted.customer_scale
    worst = np.abs(found - fit["customers"]).max()
    uneven = library == "spark" and fit["data"] == "ragged"
    assert converted.is_exact is not uneven
    assert (worst > 0.01) if uneven else (worst < TOLERANCE), worst


def pairs(even: bool = True, lowest: float = 1, highest: float = 1) -> PairStrengths:
    return PairStrengths(
        mean=(lowest + highest) / 2, lowest=lowest, highest=highest, customer_pairs=4,
        product_pairs=9, is_even=even,
    )  # fmt: skip


def test_by_hand() -> None:
    # Spark: c = 1 + 2 r, l = .1 x 4 of customers and .1 x 9 of products, that is .1 x 6 of both.
    one = convert_als({"alpha": 2.0}, "spark", "recsys", pairs(highest=3))
    assert one.settings == pytest.approx(
        {"dim": 10, "epochs": 10, "alpha": 4.0, "l2": 0.6, "customer_exponent": 0,
         "product_exponent": 0}
    )  # fmt: skip
    # implicit: c = 41 for strengths of 1, which is 1 + 40.
    two = convert_als({"alpha": 41.0}, "implicit", "lenskit", pairs())
    assert two.settings == {
        "embedding_size": 100, "epochs": 15, "weight": 40.0, "use_ratings": False,
        "regularization": pytest.approx(0.01),
    }  # fmt: skip
    three = convert_als({}, "lenskit", "implicit", pairs(highest=1))
    assert three.settings["alpha"] == 41


@pytest.mark.parametrize("source", DEFAULTS)
@pytest.mark.parametrize("target", DEFAULTS)
def test_there_and_back_is_the_same(source: str, target: str) -> None:
    other = {"implicit": {"alpha": 3.0}, "recsys": dict.fromkeys(EXPONENTS, 0)}
    start = {**DEFAULTS[source], **other.get(source, {})}
    there = convert_als(start, source, target, pairs())  # type: ignore[arg-type]
    back = convert_als(there.settings, target, source, pairs())  # type: ignore[arg-type]
    assert {name: back.settings[name] for name in start} == pytest.approx(start)
    assert there.is_exact


def test_two_regularisations_are_one_between_other_lengths() -> None:
    converted = convert_als(
        {"regularization": {"user": 0.2, "item": 0.8}}, "lenskit", "implicit", pairs()
    )
    assert converted.settings["regularization"] == pytest.approx(0.4)
    assert converted.customer_scale == pytest.approx(0.25**0.25)


def test_no_regularisation_stays_none() -> None:
    converted = convert_als({"alpha": 3.0, "regularization": 0.0}, "implicit", "spark", pairs())
    assert (converted.settings["regParam"], converted.customer_scale) == (0, 1)


def test_numbers_of_pairs_are_counted_among_those_that_have_one() -> None:
    matrix = csr_array(np.array([[1, 2, 0], [0, 3, 0], [0, 0, 0]], np.float32))
    found = PairStrengths.of(matrix)
    assert (found.mean, found.lowest, found.highest) == (2, 1, 3)
    assert (found.customer_pairs, found.product_pairs, found.is_even) == (1.5, 1.5, False)
    with pytest.raises(InputError, match="expected a matrix with entries"):
        PairStrengths.of(csr_array((2, 2)))


def test_what_cannot_be_converted_is_refused() -> None:
    varied = pairs(highest=3)
    for message, settings, source, target in (
        (r"implicit: .* give it the matrix 1 \+ 2 x strength", {"alpha": 2.0}, "spark", "implicit"),
        (r"spark: its confidence is 1 \+ alpha", {"alpha": 9.0}, "implicit", "spark"),
        (r"confidence of 1 or less", {}, "implicit", "recsys"),
        (r"expected rank, .*, got nonnegative=True", {"nonnegative": True}, "spark", "recsys"),
        (r"set customer_exponent=0 and product_exponent=0", {"product_exponent": 0}, "recsys",
         "spark"),
        (r"expected a number, or user and item, got {'user': 1}", {"regularization": {"user": 1}},
         "lenskit", "implicit"),
        (r"above 0, or 0 for both sides, got 0 of customers and 2 of products",
         {"regularization": {"user": 0, "item": 2}}, "lenskit", "implicit"),
        (r"expected one of recsys, implicit, spark, lenskit, got 'als'", {}, "spark", "als"),
    ):  # fmt: skip
        of = pairs() if "or less" in message else varied
        with pytest.raises(InputError, match=message):
            convert_als(settings, source, target, of)  # type: ignore[arg-type]


def test_our_defaults_are_those_of_the_model() -> None:
    constructor = inspect.signature(ALS).parameters
    for name, value in DEFAULTS["recsys"].items():
        assert constructor[name].default == value, name
