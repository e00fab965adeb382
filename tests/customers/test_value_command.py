"""`recsys value`: its file, its page and its bands."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.cli.value import main
from recsys.customers.levers import lever_table, worth_factors
from recsys.customers.lifetime_value.bands import band_of, banded, shares_of
from recsys.customers.lifetime_value.estimate import Estimate
from recsys.errors import InputError


def test_the_file_has_a_row_for_each_buyer_and_the_page_says_how_good_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, page = tmp_path / "value.parquet", tmp_path / "value.html"
    main(["data.events=6000", "days=90", "holdout=60", f"out={out}", f"page={page}"])
    table = pd.read_parquet(out)
    for name in ("expected_purchases", "expected_value"):
        low, mean, high = (table[f"{name}{end}"] for end in ("_low", "", "_high"))
        assert (low <= mean).all()
        assert (mean <= high).all()
    assert table["customer_id"].is_unique
    assert table["probability_active"].between(0, 1).all()
    order = table.groupby("value_band")["expected_value"].min()
    assert order["high"] >= order["medium"] >= order["low"]
    text = capsys.readouterr().out
    assert "last period again" in text
    assert "last period again" in page.read_text()


def test_levers_are_of_the_cut_off_and_feed_a_decision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, levers = tmp_path / "value.csv", tmp_path / "levers.parquet"
    main(["data.events=6000", "at=2025-09-01", "strength=0.5", f"out={out}", f"levers={levers}"])
    assert "bought before 2025-09-01" in capsys.readouterr().out
    worth, table = pd.read_csv(out)["expected_value"], pd.read_parquet(levers)
    assert (table["as_of"] == pd.Timestamp("2025-09-01", tz="UTC")).all()
    assert table["offer_id"].isna().all()
    expected = np.sqrt(worth / worth.mean()).clip(0.1, 10)
    np.testing.assert_allclose(table["factor"], expected, rtol=1e-9)
    with pytest.raises(InputError, match="at: expected a moment from"):
        main(["data.events=6000", "at=2035-09-01"])


def test_factors_are_in_proportion_and_bounded() -> None:
    worth = np.array([0.0, 1.0, 2.0, 17.0])
    assert worth_factors(worth).tolist() == pytest.approx([0.1, 0.2, 0.4, 3.4])
    assert worth_factors(worth, 0.0).tolist() == [1, 1, 1, 1]
    assert worth_factors(np.append(np.full(99, 1.0), 901.0)).max() == pytest.approx(10)
    assert worth_factors(np.zeros(3)).tolist() == [1, 1, 1]
    with pytest.raises(InputError, match="levers: row 1, column 'factor'"):
        lever_table(np.array(["a", "b"]), np.array([1.0, -1.0]), 0)


def test_bands_are_the_stated_shares_and_equal_customers_go_by_row() -> None:
    bands = band_of(np.array([1.0, 5.0, 1.0, 9.0, 1.0]), (0.2, 0.4))
    assert bands == ["medium", "medium", "low", "high", "low"]


def test_a_band_has_the_mean_of_its_customers_and_their_share() -> None:
    worth = Estimate(
        mean=np.array([6.0, 2.0, 2.0]), low=np.array([5.0, 1, 1]), high=np.array([7.0, 3, 5])
    )
    high, low = banded(worth, ["high", "low", "low"])
    assert (high.customers, high.mean, high.share) == (1, 6.0, 0.6)
    assert (low.customers, low.mean, low.low, low.high, low.share) == (2, 2.0, 1.0, 4.0, 0.4)


@pytest.mark.parametrize("text", ["0.2", "0.2,0.9", "0,0.5", "a,b", "0.1,0.1,0.1"])
def test_impossible_shares_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="bands: expected the shares of high and medium"):
        shares_of(text)
