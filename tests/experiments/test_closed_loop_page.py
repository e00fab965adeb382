from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from recsys.experiments.closed_loop.arms import arms
from recsys.experiments.closed_loop.settings import LoopSettings
from recsys.reports.closed_loop import picture
from recsys.reports.closed_loop.figures import differences, exploring, mean_interval, totals
from recsys.reports.closed_loop.tracked import write_report
from recsys.reports.closed_loop.words import thousands
from recsys.reports.drawing import empty_figure

# All differences of the made-up markets are equal, and the t test says so.
pytestmark = pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")

SETTINGS = LoopSettings(
    market="made <up>", rounds=2, seeds=3, epsilon=0.1, policy="made", policy_version="1"
)
EARNS = {"popularity": 10, "segment": 12, "one_to_one": 20, "oracle": 40}


def rounds_of(seeds=3):
    """Arms that earn EARNS + seed a round, exploring ones 1 less, their best offers 2 more."""
    rows = []
    for seed in range(seeds):
        for arm in arms(0.1):
            plain = arm.name.removesuffix("_exploring")
            expected = EARNS[plain] + seed - (arm.name != plain)
            greedy = expected + 3 * (arm.name != plain)
            for number in range(2):
                rows.append(
                    {
                        "seed": seed, "arm": arm.name, "round": number, "decisions": 100,
                        "outbound": 40, "accepted": 10, "reward": 5.0, "expected": expected,
                        "greedy": greedy, "smallest_propensity": 0.01,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def checks_of():
    return pd.DataFrame(
        [
            {"seed": 0, "arm": "segment", "decisions": 1_200, "consent": 0, "two_a_week": 0},
            {"seed": 0, "arm": "oracle", "decisions": 1_000, "consent": 0, "two_a_week": 1},
        ]
    )


def test_intervals_are_those_of_students_t_in_fractions():
    mean, low, high = mean_interval(np.array([1.0, 2.0, 6.0]))
    variance = Fraction(1, 2) * ((1 - 3) ** 2 + (2 - 3) ** 2 + (6 - 3) ** 2)
    half = stats.t.ppf(0.975, 2) * float(variance / 3) ** 0.5
    assert mean == 3
    assert (low, high) == pytest.approx((3 - half, 3 + half))
    assert np.isnan(mean_interval(np.array([1.0, 2.0]))[1])


def test_totals_are_means_over_markets_and_shares_of_the_oracle():
    table = totals(rounds_of()).set_index("arm")
    # Seeds 0, 1, 2: two rounds of 20, 21, 22 against 40, 41, 42.
    assert table.loc["one_to_one", "expected"] == 2 * 21
    share = (Fraction(20, 40) + Fraction(21, 41) + Fraction(22, 42)) / 3
    assert table.loc["one_to_one", "of_oracle"] == pytest.approx(float(share))
    assert table.loc["segment", "accepted"] == 0.1
    assert table.loc["segment", "reward"] == 10


def test_differences_are_paired_by_market():
    generator = np.random.default_rng(0)
    table = rounds_of(5)
    noise = generator.normal(0, 0.01, len(table))
    found = differences(table.assign(expected=table["expected"] + noise))
    by_pair = found.set_index(["arm", "other"])
    assert by_pair.loc[("one_to_one", "segment"), "difference"] == pytest.approx(16, abs=0.1)
    assert by_pair.loc[("one_to_one", "segment"), "verdict"] == "win"
    assert by_pair.loc[("segment_exploring", "segment"), "verdict"] == "loss"
    assert by_pair.loc[("oracle", "one_to_one"), "times"] == pytest.approx(42 / 22, rel=0.01)


def test_exploring_costs_what_its_best_offers_would_have_earned_more():
    found = exploring(rounds_of()).set_index("arm")
    assert found.loc["segment_exploring", "cost"] == 2 * 3
    assert found.loc["segment_exploring", "learned"] == 2 * 2


def test_the_page_holds_all_tables_and_loads_nothing(tmp_path):
    report = write_report(tmp_path, SETTINGS, rounds_of(), checks_of())
    lines = report.note.split("\n\n")
    assert "2,200 decisions" in lines[-1]
    assert "1 break one" in lines[-1]
    page = (tmp_path / "closed_loop.html").read_text()
    assert "made &lt;up&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace('http-equiv="Content', "")
    assert "one-to-one, exploring" in page
    assert (tmp_path / "closed_loop.png").read_bytes()[:4] == b"\x89PNG"
    names = {path.name for path in tmp_path.iterdir()}
    assert {"rounds.csv", "totals.csv", "differences.csv", "exploring.csv"} <= names
    assert set(report.files) == names
    assert report.metrics["violations"] == 1
    over = report.metrics["segment_exploring/reward.over_segment"]
    assert over.low <= over.mean <= over.high
    assert report.params["rounds"] == SETTINGS.rounds


@pytest.mark.parametrize("markets", [1, 2])
def test_few_markets_have_no_interval_and_no_verdict_and_are_told_so(tmp_path, markets):
    lines = write_report(tmp_path, SETTINGS, rounds_of(markets), checks_of()).note
    assert "[" not in lines
    assert ": a win" not in lines
    assert f"No intervals and no verdicts: the loop ran on {markets} market" in lines
    page = (tmp_path / "closed_loop.html").read_text()
    assert "nan" not in page
    assert "too few markets" in page
    figure = empty_figure(4)
    picture._draw(figure, rounds_of(markets))
    assert figure.legends[0].get_title().get_text().endswith("No intervals: they take 3 markets.")


def test_three_markets_are_not_told_to_be_few(tmp_path):
    assert "No intervals" not in write_report(tmp_path, SETTINGS, rounds_of(3), checks_of()).note


def test_the_axis_follows_the_means_and_not_wide_bands():
    rounds = rounds_of()
    apart = rounds["arm"].eq("one_to_one") * 15 * (rounds["seed"] - 1)
    figure = empty_figure(4)
    picture._draw(figure, rounds.assign(expected=rounds["expected"] + apart))
    # Means of shares: from about 26 % (popularity, exploring) to about 52 % (one-to-one).
    low, high = figure.axes[1].get_ylim()
    assert 0 <= low < 26
    assert 52 < high < 75


def test_what_rounds_to_zero_has_no_minus() -> None:
    assert thousands(-300, -5_400, 400) == "0 [-5, 0]"
    assert thousands(-300, -400, 1_600, "+") == "+0 [+0, +2]"
    assert thousands(-2_000, np.nan, np.nan) == "-2"
