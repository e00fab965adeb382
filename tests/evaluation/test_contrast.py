import numpy as np
import pytest

from recsys.evaluation.contrast import contrast
from recsys.ops.temporal_counts import earlier


def test_rates_by_hand() -> None:
    accepted = np.array([1.0, 0, 0, 1, 1, 0])
    trait = np.array([1.0, 1, 1, 0, 0, np.nan])
    result = contrast(accepted, trait, np.array([0, 0, 1, 1, 2, 3]))
    assert result.with_it.mean == pytest.approx(1 / 3)
    assert result.without_it.mean == 1
    assert result.difference.mean == pytest.approx(-2 / 3)
    # The last event says nothing of its customer: two are left on each side.
    assert [side.customers for side in (result.with_it, result.without_it)] == [2, 2]


def test_the_difference_is_paired_by_customer() -> None:
    """Who accepts more does so with the trait and without it: the difference is surer than both."""
    generator = np.random.default_rng(0)
    willing = generator.random(400)
    values, trait = np.repeat(willing, 2) + np.tile([0.1, 0], 400), np.tile([1.0, 0], 400)
    result = contrast(values, trait, np.repeat(np.arange(400), 2))
    assert result.difference.mean == pytest.approx(0.1)
    assert result.difference.high - result.difference.low < 0.01
    assert result.with_it.high - result.with_it.low > 0.05


def test_chance_is_no_difference_and_a_planted_one_is_found() -> None:
    generator = np.random.default_rng(1)
    trait, customers = generator.integers(0, 2, 2000).astype(float), np.arange(2000) // 2
    chance = contrast((generator.random(2000) < 0.2).astype(float), trait, customers)
    assert chance.difference.low < 0 < chance.difference.high
    planted = contrast((generator.random(2000) < 0.2 + 0.1 * trait).astype(float), trait, customers)
    assert planted.difference.low > 0


@pytest.mark.parametrize("trait", [0.0, 1.0, np.nan])
def test_a_side_without_events_is_not_known(trait: float) -> None:
    result = contrast(np.ones(5), np.full(5, trait), np.arange(5), resamples=20)
    assert np.isnan(result.difference.mean)
    assert np.isnan(result.difference.low)
    sides = {0.0: (0, 5), 1.0: (5, 0)}.get(trait, (0, 0))
    assert (result.with_it.customers, result.without_it.customers) == sides
    assert result.difference.customers == 0


def test_earlier_by_hand() -> None:
    groups, when = np.array([0, 0, 0, 7]), np.array([1, 5, 5, 2])
    wanted_groups = np.array([0, 0, 0, 7, 7, 3])
    moments = np.array([5, 6, 1, 2, 9, 9])
    assert earlier(groups, when, wanted_groups, moments).tolist() == [1, 3, 0, 0, 1, 0]
    assert earlier(groups, when, wanted_groups, moments, within=1).tolist() == [0, 2, 0, 0, 0, 0]
    assert earlier(groups, when, wanted_groups[:0], moments[:0]).tolist() == []
    assert earlier(groups[:0], when[:0], wanted_groups, moments).tolist() == [0] * 6


def test_earlier_is_what_counting_one_by_one_gives() -> None:
    generator = np.random.default_rng(2)
    groups, wanted_groups = (
        generator.integers(0, 9, 200) * 10**17,
        generator.integers(0, 9, 50) * 10**17,
    )
    when, moments = generator.integers(-50, 50, 200), generator.integers(-60, 60, 50)
    for within in (None, 13):
        since = moments - (within if within is not None else 1000)
        counted = [
            ((groups == group) & (when < moment) & (when >= start)).sum()
            for group, moment, start in zip(wanted_groups, moments, since, strict=True)
        ]
        assert earlier(groups, when, wanted_groups, moments, within).tolist() == counted
