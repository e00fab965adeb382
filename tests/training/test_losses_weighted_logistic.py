import math

import numpy as np
import pytest
import torch
from in_memory import dataset_of

from recsys.errors import InputError
from recsys.training.losses import weighted_logistic
from recsys.training.objectives import Logistic
from recsys.training.sampling import Positives


def test_by_hand() -> None:
    # sigmoid(ln 3) = 3/4, so -log of it is ln (4/3), and that of the rest ln 4.
    positive = torch.tensor([3.0, 1.0], dtype=torch.float64).log()
    negative = torch.tensor([[3.0, 1.0], [1.0, 1.0]], dtype=torch.float64).log()
    loss = weighted_logistic(
        positive, negative,
        positive_weights=torch.tensor([1.0, 2.0]),
        negative_weights=torch.tensor([[1.0, 3.0], [0.0, 0.0]]),
    )  # fmt: skip
    wanted = (math.log(4 / 3) + 2 * math.log(2) + math.log(4) + 3 * math.log(2)) / 2
    assert loss.item() == pytest.approx(wanted, abs=1e-12)


def test_large_scores_stay_finite_in_half_precision() -> None:
    scores = torch.tensor([60_000.0, -60_000.0], dtype=torch.float16)
    ones = torch.ones(2)
    loss = weighted_logistic(
        scores, scores[:, None], positive_weights=ones, negative_weights=ones[:, None]
    )
    assert loss.item() == pytest.approx(60_000, rel=1e-3)


def test_no_pair_has_no_loss() -> None:
    nothing = torch.zeros(0)
    loss = weighted_logistic(
        nothing, torch.zeros(0, 3), positive_weights=nothing, negative_weights=torch.zeros(0, 3)
    )
    assert loss.item() == 0


def test_weights_of_another_shape_are_refused() -> None:
    scores, negative = torch.zeros(2), torch.zeros(2, 3)
    with pytest.raises(InputError, match=r"scores \[2, 3\] and weights \[3\]"):
        weighted_logistic(
            scores, negative, positive_weights=scores, negative_weights=torch.zeros(3)
        )


def test_the_objective_weighs_by_degrees() -> None:
    """Customers a with x and y, b with y; a third product z of nobody is in the table."""
    data = dataset_of(
        {"customer_id": list("aab"), "product_id": list("xyy")}, {"products": {"product_id": ["z"]}}
    )
    objective = Logistic(negative_weight=4, plain_weight=0.5, degree_weight=2)
    objective.prepare(Positives.of(data), torch.device("cpu"))
    customers = torch.zeros(len(data.customers), 1)
    products = torch.zeros(len(data.products), 1)
    batch = objective.batch(torch.arange(objective.examples))
    loss = objective.loss(customers, products, batch, slice(0, 2), torch.Generator())
    # Degrees: a 2, b 1; x 1, y 2, z 0. b_cp = 1 / d_c sqrt((d_c + 1) / (d_p + 1)).
    ax, ay, az = (0.5 + 2 * 0.5 * math.sqrt(3 / (degree + 1)) for degree in (1, 2, 0))
    bx, by, bz = (0.5 + 2 * math.sqrt(2 / (degree + 1)) for degree in (1, 2, 0))
    # Two pairs of a, whose only negative is z; one of b, whose negatives x and z count half each.
    negatives = 2 * 4 * az + 4 * (bx + bz) / 2
    # Scores of 0 are lowered by ln 5, so that a sigmoid is 1/6.
    wanted = ((ax + ay + by) * math.log(6) + negatives * math.log(6 / 5)) / 3
    assert loss.item() == pytest.approx(wanted, rel=1e-6)


def test_drawn_negatives_stand_for_all() -> None:
    generator = np.random.default_rng(0)
    rows = generator.integers(0, 20, 150)
    data = dataset_of({"customer_id": rows, "product_id": generator.integers(0, 30, 150)})
    positives = Positives.of(data)
    vectors = [torch.rand(size, 3, generator=torch.Generator().manual_seed(1)) for size in (20, 30)]
    mean = {}
    for negatives in (10, 30):
        objective = Logistic(negatives=negatives)
        objective.prepare(positives, torch.device("cpu"))
        batch = objective.batch(torch.arange(20))
        mean[negatives] = np.mean([
            objective.loss(
                *vectors, batch, slice(0, 20), torch.Generator().manual_seed(seed)
            ).item()
            for seed in range(300)
        ])  # fmt: skip
    assert mean[10] == pytest.approx(mean[30], rel=0.02)
