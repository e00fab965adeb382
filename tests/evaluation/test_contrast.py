import numpy as np
import pytest

from recsys.evaluation.contrast import contrast
from recsys.ops.temporal_counts import earlier


def test_rates_by_hand() -> None:
    accepted = np.array([1.0, 0, 0, 1, 1, 0])
    trait = np.array([1.0, 1, 1, 0, 0, np.nan])
    found = contrast(accepted, trait, np.array([0, 0, 1, 1, 2, 3]))
    assert found.with_it.mean == pytest.approx(1 / 3)
    assert found.without_it.mean == 1
    assert found.difference.mean == pytest.approx(-2 / 3)
    # The last event says nothing of its customer: two are left on each side.
    assert [one.customers for one in (found.with_it, found.without_it)] == [2, 2]


def test_the_difference_is_paired_by_customer() -> None:
    """Who accepts more does so with the trait and without it: the difference is surer than both."""
    generator = np.random.default_rng(0)
    willing = generator.random(400)
    values, trait = np.repeat(willing, 2) + np.tile([0.1, 0], 400), np.tile([1.0, 0], 400)
    found = contrast(values, trait, np.repeat(np.arange(400), 2))
    assert found.difference.mean == pytest.approx(0.1)
    assert found.difference.high - found.difference.low < 0.01
    assert found.with_it.high - found.with_it.low > 0.05


def test_chance_is_no_difference_and_a_planted_one_is_found() -> None:
    generator = np.random.default_rng(1)
    trait, customers = generator.integers(0, 2, 2000).astype(float), np.arange(2000) // 2
    chance = contrast((generator.random(2000) < 0.2).astype(float), trait, customers)
    assert chance.difference.low < 0 < chance.difference.high
    planted = contrast((generator.random(2000) < 0.2 + 0.1 * trait).astype(float), trait, customers)
    assert planted.difference.low > 0


@pytest.mark.parametrize("trait", [0.0, 1.0, np.nan])
def test_a_side_without_events_is_not_known(trait: float) -> None:
    found = contrast(np.ones(5), np.full(5, trait), np.arange(5), resamples=20)
    assert np.isnan(found.difference.mean)
    assert np.isnan(found.difference.low)
    sides = {0.0: (0, 5), 1.0: (5, 0)}.get(trait, (0, 0))
    assert (found.with_it.customers, found.without_it.customers) == sides
    assert found.difference.customers == 0


def test_earlier_by_hand() -> None:
    groups, when = np.array([0, 0, 0, 7]), np.array([1, 5, 5, 2])
    asked = np.array([0, 0, 0, 7, 7, 3])
    moments = np.array([5, 6, 1, 2, 9, 9])
    assert earlier(groups, when, asked, moments).tolist() == [1, 3, 0, 0, 1, 0]
    assert earlier(groups, when, asked, moments, within=1).tolist() == [0, 2, 0, 0, 0, 0]
    assert earlier(groups, when, asked[:0], moments[:0]).tolist() == []
    assert earlier(groups[:0], when[:0], asked, moments).tolist() == [0] * 6


def test_earlier_is_what_counting_one_by_one_gives() -> None:
    generator = np.random.default_rng(2)
    groups, asked = generator.integers(0, 9, 200) * 10**17, generator.integers(0, 9, 50) * 10**17
    when, moments = generator.integers(-50, 50, 200), generator.integers(-60, 60, 50)
    for within in (None, 13):
        since = moments - (within if within is not None else 1000)
        counted = [
            ((groups == group) & (when < moment) & (when >= start)).sum()
            for group, moment, start in zip(asked, moments, since, strict=True)
        ]
        assert earlier(groups, when, asked, moments, within).tolist() == counted
