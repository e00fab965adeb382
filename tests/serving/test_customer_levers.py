"""Levers of customers: factors on offers that a table brings into decisions."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from artifact_contents import AS_OF
from hypothesis import given
from hypothesis import strategies as st
from policy_part import deciding
from test_decide import brute_force
from test_plan import limited, planned

from recsys.cli.decide import main as decide
from recsys.errors import InputError
from recsys.policy.arbitration.customer_levers import ALL_OFFERS, CustomerLevers
from recsys.serving import Artifact, load, write
from recsys.serving.decide.levers import with_levers

FEW = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-1, 2), st.sampled_from([0, 0.5, 1, 2, 3])), max_size=9
)


def written(path: Path, rows: list[tuple[Any, ...]], columns: str = "") -> Path:
    names = (columns or "customer_id offer_id factor as_of").split()
    frame = pd.DataFrame(rows, columns=names[: len(rows[0])])
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path


@given(rows=FEW, asked=st.lists(st.integers(-1, 4), min_size=1, max_size=6))
def test_factors_multiply_in_each_pair(
    rows: list[tuple[int, int, float]], asked: list[int]
) -> None:
    customers, offers, factors = (np.array([row[i] for row in rows]) for i in range(3))
    levers = CustomerLevers.of(customers.astype(int), offers.astype(int), factors, 5)
    gains = np.array([3.0, 5.0, 7.0], np.float32)
    expected = [
        [gain * np.prod([f for c, o, f in rows if c == customer and o in (offer, ALL_OFFERS)])
         for offer, gain in enumerate(gains)]
        for customer in asked
    ]  # fmt: skip
    np.testing.assert_allclose(levers.times(gains, np.array(asked)), expected, rtol=1e-6)
    assert gains.tolist() == [3, 5, 7]


def test_a_lever_raises_the_offer_of_its_customer_alone(tmp_path: Path) -> None:
    contents = deciding(seed=3)
    artifact = Artifact.of(contents)
    offer = str(contents.offers.ids[6])
    ids = [str(customer) for customer in contents.customers.ids]
    rows = [(ids[2], offer, 1000.0), (ids[5], None, 0.0), ("nobody", offer, 9.0)]
    raised = with_levers(artifact, written(tmp_path / "l.parquet", rows), AS_OF)
    at = AS_OF + 5 * 3600
    for row in range(12):
        got = raised.decide(ids[row], at=at, k=4)
        if row == 5:
            assert not got.offers
            continue
        levers = contents.decisions.levers.copy()
        if row == 2:
            levers[contents.offers.ids == offer] *= 1000
        changed = replace(contents.decisions, levers=levers)
        expected = brute_force(replace(contents, decisions=changed), row, at, 4)
        assert [made.offer_id for made in got.offers] == [pair[0] for pair in expected]
        np.testing.assert_allclose(
            [made.expected_value for made in got.offers], [p[4] for p in expected], rtol=1e-4
        )
    assert raised.decide(ids[2], at=at).offers[0].offer_id == offer


def test_places_at_a_scarce_touchpoint_go_to_the_customers_with_factors(tmp_path: Path) -> None:
    contents = limited()
    ids = contents.customers.ids
    file = written(tmp_path / "l.csv", [(str(ids[r]), 50.0) for r in range(0, 60, 2)],
                   "customer_id factor")  # fmt: skip
    raised = with_levers(Artifact.of(contents), file, AS_OF).contents
    scarce = ["branch", "email"]
    counts = []
    for made in (contents, raised):
        plan, table = planned(made, tmp_path / "plan.parquet", explore=False)
        assert plan.decisions
        rows = table[table.touchpoint.isin(scarce)].customer_id.map(list(ids).index)
        counts.append((len(rows), int((rows % 2 == 0).sum())))
    (before, even_before), (after, even_after) = counts
    assert even_after == after > 0
    assert even_before < before


@pytest.mark.parametrize("rows", [0, 2])
def test_a_column_of_empty_offers_is_every_offer(tmp_path: Path, rows: int) -> None:
    contents = limited()
    ids = [str(name) for name in contents.customers.ids[:rows]]
    table = pd.DataFrame({"customer_id": ids, "offer_id": [None] * rows, "factor": [2.0] * rows})
    table.to_parquet(tmp_path / "l.parquet")
    raised = with_levers(Artifact.of(contents), tmp_path / "l.parquet", AS_OF)
    levers = raised.contents.decisions.customer_levers
    assert levers.offers.tolist() == [ALL_OFFERS] * rows


def test_offers_that_are_numbers_may_have_empty_cells_beside_them(tmp_path: Path) -> None:
    contents = deciding(seed=3)
    numbered = replace(contents.offers, ids=np.arange(len(contents.offers)))
    artifact = Artifact.of(replace(contents, offers=numbered))
    ids = [str(customer) for customer in contents.customers.ids[:2]]
    # pandas makes floats of whole numbers with an empty cell among them.
    path = written(tmp_path / "l.parquet", [(ids[0], 6, 3.0), (ids[1], None, 2.0)])
    part = with_levers(artifact, path, AS_OF).contents.decisions
    assert part.customer_levers.offers.tolist() == [6, ALL_OFFERS]


def test_levers_are_kept_with_the_artifact(tmp_path: Path) -> None:
    contents = deciding()
    rows = [(str(contents.customers.ids[r]), str(contents.offers.ids[r]), 2.0) for r in range(9)]
    raised = with_levers(Artifact.of(contents), written(tmp_path / "l.parquet", rows), AS_OF)
    write(tmp_path / "a", raised.contents)
    part = load(tmp_path / "a").contents.decisions
    everyone = np.arange(-1, 40)
    np.testing.assert_array_equal(part.gains(everyone), raised.contents.decisions.gains(everyone))
    assert (part.gains(everyone) != contents.decisions.gains(everyone)).any()


def test_the_command_reads_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contents = deciding(seed=3)
    write(tmp_path / "a", contents)
    customer, offer = str(contents.customers.ids[2]), str(contents.offers.ids[6])
    file = written(tmp_path / "l.csv", [(customer, offer, 1000.0)])
    at = pd.Timestamp(AS_OF + 5 * 3600, unit="s").isoformat()
    words = [f"artifact={tmp_path / 'a'}", f"customer={customer}", f"at={at}"]
    decide(words)
    before = capsys.readouterr().out
    decide([*words, f"levers={file}"])
    after = capsys.readouterr().out
    assert offer in after
    assert after != before


LATER = pd.Timestamp(AS_OF + 60, unit="s", tz="UTC")


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ([("{id}", 2.0)], "customer_id times", "column 'factor' is missing; it has customer_id"),
        ([("nobody", None, 2.0)], "", "the artifact knows none of its customers, such as 'nobody'"),
        ([("{id}", "moon", 2.0)], "", "row 0, column 'offer_id': the artifact has no offer 'moon'"),
        ([("{id}", None, 1.0), ("{id}", None, -1.0)], "",
         "row 1, column 'factor': expected a number of 0 or more, got -1"),
        ([("{id}", None, np.nan)], "", "row 0, column 'factor': expected a number of 0 or more"),
        ([("{id}", None, "two")], "", "column 'factor': expected numbers"),
        ([("{id}", None, 1.0), (None, None, 1.0)], "", "row 1, column 'customer_id': expected a"),
        ([("{id}", None, 1.0, None), ("{id}", None, 1.0, LATER)], "",
         "row 1, column 'as_of': expected no moment after the decisions, got"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_refused(
    rows: list[tuple[Any, ...]], columns: str, message: str, tmp_path: Path
) -> None:
    artifact = Artifact.of(deciding())
    own = str(artifact.contents.customers.ids[0])
    filled = [tuple(own if cell == "{id}" else cell for cell in row) for row in rows]
    file = written(tmp_path / "l.parquet", filled, columns)
    with pytest.raises(InputError, match=message) as refused:
        with_levers(artifact, file, AS_OF)
    assert "\n" not in str(refused.value)
