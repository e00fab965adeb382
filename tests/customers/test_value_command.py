"""`recsys value`: its file, its page and its bands."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.cli.value import main
from recsys.customers.lifetime_value.estimate import Estimate
from recsys.errors import InputError
from recsys.reports.lifetime_value.bands import band_of, banded, shares_of


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
