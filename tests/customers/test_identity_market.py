"""Who is who in the simulated market, with all defaults and without labels."""

import pandas as pd
import pytest

from recsys.customers.identity.evaluation import evaluate_identities
from recsys.customers.identity.resolve import resolve
from recsys.data.check import check_table
from recsys.simulation import SimulatedMarket

pytest.importorskip("splink", reason="needs recsys[identity]")


def test_moves_errors_shared_phones_and_twins_are_resolved() -> None:
    market = SimulatedMarket(events=40_000, seed=5, records=True)
    table = check_table("records", market.load().records)  # type: ignore[arg-type]
    truth = pd.factorize(market.persons_of(table["record_id"].to_numpy()))[0]
    made = resolve(table)
    errors = evaluate_identities(made.cluster, truth, resamples=100)
    assert errors.metrics["pair_precision"].mean >= 0.99
    assert errors.metrics["pair_recall"].mean >= 0.95
    reasons = made.unused["reason"].str.split(",").str[0]
    assert {"given names differ", "birth dates differ"} <= set(reasons)
