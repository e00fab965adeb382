"""Plans and single decisions under random rules, at the odd hours of the calendar, break none."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.policy.compiled.violations import violations
from recsys.serving import Artifact, Contents, CustomerTable, ProductTable, TouchpointTable
from recsys.serving.artifact.acceptance_odds import AcceptanceOdds
from recsys.serving.artifact.decision_part import DecisionPart
from recsys.serving.decide.plan import decide_everyone
from tests.policy.compiled.random_rules import (
    CUSTOMERS,
    OFFERS,
    TOUCHPOINTS,
    random_moment,
    random_rules,
)

KINDS = (
    None,
    {"kind": "epsilon", "epsilon": 0.7, "seed": 1},
    {"kind": "softmax", "temperature": 5.0, "seed": 1},
)


def contents(random: np.random.Generator, at: int) -> Contents:
    """Random vectors under random rules; two touchpoints carry at most two decisions."""
    vectors = random.standard_normal((TOUCHPOINTS, 3)).astype(np.float32)
    rules = random_rules(random, at)
    capacity = np.where(random.random(TOUCHPOINTS) < 0.5, np.inf, 2.0)
    rules = type(rules)(**{
        **{name: getattr(rules, name) for name in rules.__dataclass_fields__},
        "capacity": capacity, "budget": float(random.choice([np.inf, 2.5])),
    })  # fmt: skip
    return Contents(
        customers=CustomerTable(
            vectors=random.standard_normal((CUSTOMERS, 3)).astype(np.float32),
            ids=np.arange(CUSTOMERS),
            default_vector=np.ones(3, np.float32),
        ),
        products=ProductTable(
            vectors=random.standard_normal((OFFERS, 3)).astype(np.float32), ids=np.arange(OFFERS)
        ),
        touchpoints=TouchpointTable(
            names=[f"t{row}" for row in range(TOUCHPOINTS)],
            vectors=vectors,
            daypart_vectors=(
                vectors[:, None] + random.normal(0, 1, (TOUCHPOINTS, 4, 3))
            ).astype(np.float32),
        ),
        decisions=DecisionPart(
            rules=rules,
            odds=AcceptanceOdds(
                line=np.array([-1, 0.5, 0.5], np.float32),
                touchpoints=np.zeros(TOUCHPOINTS, np.float32),
                offers=np.zeros(OFFERS, np.float32),
            ),
            values=random.gamma(2, 5, OFFERS).astype(np.float32),
            levers=np.ones(OFFERS, np.float32),
            costs=random.random(TOUCHPOINTS).astype(np.float32),
            exploration=KINDS[random.integers(0, 3)],
        ),
        facts={"clock": "timestamp", "as_of": at},
    )  # fmt: skip


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_plans_break_no_rule(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    random = np.random.default_rng(seed)
    at = random_moment(random)
    given_contents = contents(random, at)
    path = tmp_path_factory.getbasetemp() / "any.parquet"
    decide_everyone(Artifact.of(given_contents), path, at=at)
    table, part = pq.read_table(path), given_contents.decisions
    counts = violations(
        part.rules,
        table["customer_id"].to_numpy(),
        table["offer_id"].to_numpy(),
        np.array([int(name[1:]) for name in table["touchpoint"].to_pylist()], np.int64),
        table["timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64),
        costs=part.costs.astype(np.float64),
        start=at,
    )
    assert not any(counts.values()), counts


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_single_decisions_break_no_rule(seed: int) -> None:
    random = np.random.default_rng(seed)
    at = random_moment(random)
    given_contents = contents(random, at)
    artifact, rules = Artifact.of(given_contents), given_contents.decisions.rules
    for customer in (*range(CUSTOMERS), 99):
        touchpoint = None if random.random() < 0.5 else f"t{random.integers(0, TOUCHPOINTS)}"
        made = artifact.decide(customer, touchpoint, at, k=1, explore=True).offers
        counts = violations(
            rules,
            np.array([customer if customer < CUSTOMERS else -1] * len(made), np.int64),
            np.array([offer.offer_id for offer in made], np.int64),
            np.array([int(offer.touchpoint[1:]) for offer in made], np.int64),
            np.array([int(offer.send_at.timestamp()) for offer in made], np.int64),
            start=at,
        )
        assert not any(counts.values()), counts
